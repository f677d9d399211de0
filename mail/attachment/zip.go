package attachment

import (
	"bufio"
	"bytes"
	"compress/bzip2"
	"compress/flate"
	"encoding/binary"
	"errors"
	"io"
)

var (
	zipLocal  = []byte("PK\x03\x04")
	zipCentre = []byte("PK\x01\x02")
)

const (
	zipLocalHeader  = 30  // octets before an entry's name
	zipCentreHeader = 46  // the same in the directory at the end
	maxEntryName    = 512 // a longer one is nobody's who means well
	maxEntryExtra   = 640 // octets behind the name, in which its size and another name may stand; the directory has never more
)

// zipEntry is the header that stands before an entry's content.
type zipEntry struct {
	zipFacts
	flags uint16
	extra []byte
	hides bool // another header stands where only this one's name and extra fields should
}

const (
	zipEncrypted = 1 << 0
	zipSizeLater = 1 << 3 // sizes stand behind the content
)

// zip opens the entries that may hold harm, and notes which. What is no zip is passed over. br stands at that octet of the file whose places are noted.
func (l *Looker) zip(r *bufio.Reader, at int64, places *zipPlaces, depth int) (bool, error) {
	br := &counted{r, at}
	places.walked = true
	for {
		found, err := skipTo(br, zipLocal)
		if !found {
			return false, err
		}
		read := zipRead{at: br.at}
		e, sane, err := readEntry(br)
		if err != nil {
			return false, err
		}
		if e.hides || len(e.name) > maxEntryName {
			return true, nil
		}
		if !sane {
			continue
		}
		suspicion := l.entry(e.name)
		if l.otherName(e.extra) > suspicion {
			return true, nil
		}
		if suspicion == Harmless {
			continue
		}
		read.zipFacts, read.later, read.content = e.zipFacts, e.flags&zipSizeLater != 0, br.at
		if !e.encrypted {
			var bad bool
			if bad, read.came, err = l.content(br, e, depth+1); bad || err != nil {
				return true, nil // one that can't be unpacked can't be looked into
			}
		}
		read.end = br.at
		places.read = append(places.read, read)
	}
}

// content looks into the content of a zip entry, which br stands before, and tells how many octets it is when it is unpacked.
func (l *Looker) content(br *counted, e zipEntry, depth int) (bad bool, octets int64, err error) {
	var r io.Reader
	switch {
	case e.method == 0 && e.flags&zipSizeLater == 0: // else nobody can tell where it ends
		r = io.LimitReader(br, e.size)
	case e.method == 8:
		r = unpacking{l, flate.NewReader(br)}
	case e.method == 12 && e.flags&zipSizeLater == 0: // likewise: another may begin right behind
		packed := io.LimitReader(br, e.size)
		defer func() { _, _ = io.Copy(io.Discard, packed) }() // an error comes again when it is read on
		r = unpacking{l, bzip2.NewReader(packed)}
	default:
		return true, 0, nil
	}
	all := &tally{r: r}
	bad, err = l.lookAs(all, KindOf(e.name), depth)
	return bad, all.n, err
}

// skipTo goes to the next mark and stands before it; found is false at the end.
func skipTo(br *counted, mark []byte) (found bool, err error) {
	for {
		if _, err := br.Peek(len(mark)); errors.Is(err, io.EOF) {
			return false, nil
		} else if err != nil {
			return false, err
		}
		b, _ := br.Peek(br.Buffered())
		if i := bytes.Index(b, mark); i >= 0 {
			_, err = br.Discard(i)
			return true, err
		}
		if _, err := br.Discard(len(b) - len(mark) + 1); err != nil {
			return false, err
		}
	}
}

// readEntry reads the header that br stands before, and stands behind it then. sane is false where it only looks like
// one, and then br is a little further on: four octets by chance are not rare in a large file.
func readEntry(br *counted) (e zipEntry, sane bool, err error) {
	h, err := br.Peek(zipLocalHeader)
	if errors.Is(err, io.EOF) {
		_, err = br.Discard(len(zipLocal))
		return e, false, err
	}
	if err != nil {
		return e, false, err
	}
	le := binary.LittleEndian
	e = zipEntry{flags: le.Uint16(h[6:]), zipFacts: factsOf(h[6:], "", le.Uint32(h[18:]), le.Uint32(h[22:]))}
	if !saneEntry(h) {
		_, err = br.Discard(len(zipLocal))
		return e, false, err
	}
	length, extra := int(le.Uint16(h[26:])), int(le.Uint16(h[28:]))
	if _, err = br.Discard(zipLocalHeader); err != nil {
		return e, false, err
	}
	rest := make([]byte, length+extra) // 128 KiB at most
	n, err := io.ReadFull(br, rest)
	next, _ := br.Peek(len(zipLocal) - 1) // an error comes again when it is read
	e.hides = bytes.Contains(append(rest[:n:n], next...), zipLocal)
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return e, false, nil
	} else if err != nil {
		return e, false, err
	}
	e.name, e.extra = string(rest[:length]), rest[length:]
	zip64(e.extra, &e.unpacked, &e.size)
	return e, true, nil
}

// saneEntry tells a header from four octets that are there by chance.
func saneEntry(h []byte) bool {
	le := binary.LittleEndian
	return h[4] <= 63 && h[5] <= 20 && le.Uint16(h[8:]) <= 99 && le.Uint16(h[6:])>>14 == 0
}
