package attachment

import (
	"bufio"
	"cmp"
	"encoding/binary"
	"io"
	"slices"
)

// zipPlaces is where in a file the headers of archives stand. Programs open an archive from its end: a record there says where the directory begins,
// which says where each entry does (APPNOTE 4.3). The look goes from entry to entry, so a directory may lead to nothing else than the look came to,
// and has to say the same of it.
type zipPlaces struct {
	listed map[int64]zipListed // entries of directories, by where they stand
	ends   map[int64]zipEnd    // what ends an archive, likewise
	walked bool                // somebody went through the file as an archive
	read   []zipRead           // and came to these, in their order
}

// zipFacts are what both headers of an entry say.
type zipFacts struct {
	name           string
	method         uint16
	encrypted      bool
	size, unpacked int64
}

// zipListed is an entry of a directory.
type zipListed struct {
	zipFacts
	at     int64 // where the entry stands, counted from where the archive begins
	length int64 // of what the directory has of it
	looked bool  // its name says that its content is looked at
}

// zipEnd is a record that ends an archive: where it stands and ends, and what it says of the directory.
type zipEnd struct {
	at, behind      int64
	directory, size int64
}

// zipRead is an entry that the look came to.
type zipRead struct {
	zipFacts
	at, content, end int64
	came             int64 // octets when unpacked
	later            bool  // its sizes stand behind the content
}

var (
	zipMark    = []byte("PK")
	zipEnding  = []byte("PK\x05\x06") // APPNOTE 4.3.16
	zipEnding4 = []byte("PK\x06\x06") // of a large archive, 4.3.14; another end follows
)

const (
	zipEndLength  = 22
	zipEnd4Length = 56
)

// list notes an entry of a directory. b begins with it, and has its name and what is looked at of its extra fields whole.
func (p *zipPlaces) list(b []byte, name string, extra []byte, looked bool, at int64) {
	le := binary.LittleEndian
	c := zipListed{at: int64(le.Uint32(b[42:])), looked: looked, zipFacts: factsOf(b[8:], name, le.Uint32(b[20:]), le.Uint32(b[24:]))}
	c.length = zipCentreHeader + int64(le.Uint16(b[28:])) + int64(le.Uint16(b[30:])) + int64(le.Uint16(b[32:]))
	zip64(extra, &c.unpacked, &c.size, &c.at)
	if p.listed == nil {
		p.listed = map[int64]zipListed{}
	}
	p.listed[at] = c
}

// factsOf reads what stands in a header from its flags on.
func factsOf(b []byte, name string, size, unpacked uint32) zipFacts {
	le := binary.LittleEndian
	return zipFacts{name, le.Uint16(b[2:]), le.Uint16(b)&zipEncrypted != 0, int64(size), int64(unpacked)}
}

// zip64 reads, in their order, the numbers for which a header has no room, as it says by the largest that it has room for (APPNOTE 4.5.3).
func zip64(extra []byte, fields ...*int64) {
	for len(extra) >= 4 {
		id, n := binary.LittleEndian.Uint16(extra), int(binary.LittleEndian.Uint16(extra[2:]))
		if extra = extra[4:]; n > len(extra) {
			return
		}
		field := extra[:n]
		if extra = extra[n:]; id != 1 {
			continue
		}
		for _, f := range fields {
			if *f == 1<<32-1 && len(field) >= 8 {
				*f, field = int64(min(binary.LittleEndian.Uint64(field), 1<<62)), field[8:]
			}
		}
		return
	}
}

// end notes the end of an archive, which b begins with.
func (p *zipPlaces) end(b []byte, at int64) {
	le := binary.LittleEndian
	e := zipEnd{at: at}
	if b[2] == zipEnding[2] {
		e.size, e.directory, e.behind = int64(le.Uint32(b[12:])), int64(le.Uint32(b[16:])), at+zipEndLength+int64(le.Uint16(b[20:]))
	} else {
		e.size, e.directory, e.behind = int64(min(le.Uint64(b[40:]), 1<<62)), int64(min(le.Uint64(b[48:]), 1<<62)), -1
	}
	if p.ends == nil {
		p.ends = map[int64]zipEnd{}
	}
	p.ends[at] = e
}

// starts are where programs look for the directory of an archive that ends so, and from where each counts: from the beginning of the file, or from
// where the archive has to begin if the directory stands right before its end.
func (e zipEnd) starts() (absolute, relative zipStart) {
	before := e.at - e.size
	return zipStart{e.directory, 0}, zipStart{before, before - e.directory}
}

// zipStart is where a directory begins, and from where it counts.
type zipStart struct{ at, base int64 }

// isArchive reports whether programs open a file of so many octets as an archive, whatever else it is.
func (p *zipPlaces) isArchive(octets int64) bool {
	for _, e := range p.ends {
		absolute, relative := e.starts()
		_, first := p.listed[absolute.at]
		_, second := p.listed[relative.at]
		if first || second && (e.behind == octets || e.behind < 0) {
			return true
		}
	}
	return false
}

// astray reports, at the end of a file, whether a directory in it leads to what nobody looked at, or says otherwise of it. Directories within the
// content of an entry were judged with that, unless somebody is led into it from outside.
func (p *zipPlaces) astray(l *Looker) bool {
	reached, gone := map[int64]bool{}, map[zipStart]bool{}
	for _, e := range p.ends {
		absolute, relative := e.starts()
		within := p.within(e.at)
		for _, s := range []zipStart{absolute, relative} {
			if _, there := p.listed[s.at]; !there || gone[s] {
				continue
			}
			switch {
			case within != nil && s == relative && within == p.within(s.at):
				continue
			case within != nil || p.within(s.at) != nil || p.leadsAstray(l, s, reached):
				return true
			}
			gone[s] = true
		}
	}
	for at, c := range p.listed {
		if c.looked && !reached[at] && p.within(at) == nil {
			return true // programs that mend archives may go by it
		}
	}
	return false
}

// leadsAstray goes through a directory.
func (p *zipPlaces) leadsAstray(l *Looker, s zipStart, reached map[int64]bool) bool {
	for {
		c, there := p.listed[s.at]
		if !there {
			return false
		}
		if l.names -= nameCost; l.names < 0 {
			return true
		}
		if reached[s.at] = true; c.looked && !p.cameTo(c, c.at+s.base) {
			return true
		}
		s.at += c.length
	}
}

// cameTo reports whether the look came to an entry that a directory speaks of.
func (p *zipPlaces) cameTo(c zipListed, at int64) bool {
	i, there := slices.BinarySearchFunc(p.read, at, func(r zipRead, at int64) int { return cmp.Compare(r.at, at) })
	if !there {
		return false
	}
	r := p.read[i]
	return r.name == c.name && r.method == c.method && r.encrypted == c.encrypted && (r.later || r.size == c.size && r.unpacked == c.unpacked) &&
		(r.encrypted || c.size == r.end-r.content && c.unpacked == r.came)
}

// within is the entry in whose content an octet of the file stands, or nil.
func (p *zipPlaces) within(at int64) *zipRead {
	i, there := slices.BinarySearchFunc(p.read, at, func(r zipRead, at int64) int { return cmp.Compare(r.at, at) })
	if there || i == 0 || at >= p.read[i-1].end {
		return nil
	}
	return &p.read[i-1]
}

// counted is a reader that knows where it stands. It is read by the methods here alone.
type counted struct {
	*bufio.Reader
	at int64
}

func (c *counted) Discard(n int) (int, error) {
	n, err := c.Reader.Discard(n)
	c.at += int64(n)
	return n, err
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.at += int64(n)
	return n, err
}

func (c *counted) ReadByte() (byte, error) {
	b, err := c.Reader.ReadByte()
	if err == nil {
		c.at++
	}
	return b, err
}

// tally counts what is read.
type tally struct {
	r io.Reader
	n int64
}

func (t *tally) Read(p []byte) (int, error) {
	n, err := t.r.Read(p)
	t.n += int64(n)
	return n, err
}
