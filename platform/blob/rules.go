package blob

import "time"

// packFull says whether a pack that reaches to off should be closed before a group of total octets. A pack that
// holds nothing takes any group.
func packFull(off, total, limit int64) bool {
	return off > fileHeader && off+total > limit
}

// packFacts is what maintenance knows of one file.
type packFacts struct {
	number  int64
	size    int64     // octets on disk
	ended   time.Time // last change of the file
	written bool      // some process still appends to it
	live    int64     // octets of records that a row points to
	rows    int64
	emptied time.Time // when it was first seen without rows; zero if it was not
}

// packStep is what maintenance does next with a file.
type packStep uint8

const (
	packKeep   packStep = iota
	packCopy            // copy what is live into another pack
	packEmpty           // remember that nothing lives in it from now
	packUnlink          // remove it
)

// nextPackStep decides. Until grace has passed since the last append, bodies in the file may still wait for their
// row. A file without rows stays for linger, for readers that hold an old location. A pack is copied when less than half
// of it lives: then each octet that is copied frees at least one.
func nextPackStep(p packFacts, grace, linger time.Duration, now time.Time) packStep {
	switch {
	case p.written || now.Sub(p.ended) < grace:
		return packKeep
	case p.rows == 0 && p.emptied.IsZero():
		return packEmpty
	case p.rows == 0 && now.Sub(p.emptied) >= linger:
		return packUnlink
	case p.rows > 0 && !isLarge(p.number) && p.live < p.size/2:
		return packCopy
	}
	return packKeep
}
