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
)

// nameScan looks for what can be seen of archives and documents without unpacking: names of zip entries, wherever they
// stand, also of archives within that are stored as they are, and also where the files are encrypted; and the
// directory entry that each old office document with macros has. It is an io.Writer, for pieces of any size.
type nameScan struct {
	l    *Looker
	ole  bool // the file is an old office document
	bad  bool
	tail []byte // of the piece before: what is looked for may begin in it
}

var macroName = utf16le("_VBA_PROJECT")

func utf16le(s string) []byte {
	var b []byte
	for i := 0; i < len(s); i++ {
		b = append(b, s[i], 0)
	}
	return b
}

// scanOverlap is the longest thing that is looked for.
const scanOverlap = zipCentreHeader + maxEntryName

// Write never fails.
func (n *nameScan) Write(p []byte) (int, error) {
	if n.bad {
		return len(p), nil
	}
	n.bad = n.sees(p)
	if len(n.tail) > 0 {
		n.tail = append(n.tail, p[:min(len(p), scanOverlap)]...)
		n.bad = n.bad || n.sees(n.tail)
	} else {
		n.tail = append(n.tail, p[max(0, len(p)-scanOverlap):]...)
	}
	if len(p) >= scanOverlap {
		n.tail = append(n.tail[:0], p[len(p)-scanOverlap:]...)
	}
	n.tail = n.tail[:copy(n.tail, n.tail[max(0, len(n.tail)-scanOverlap):])]
	return len(p), nil
}

func (n *nameScan) sees(b []byte) bool {
	return n.ole && bytes.Contains(b, macroName) ||
		n.l.namesHarm(b, zipLocal, 26, zipLocalHeader) || n.l.namesHarm(b, zipCentre, 28, zipCentreHeader)
}

// namesHarm looks at the names of all zip entries of one kind that b holds whole.
func (l *Looker) namesHarm(b, magic []byte, lengthAt, nameAt int) bool {
	for {
		i := bytes.Index(b, magic)
		if i < 0 || len(b)-i < nameAt {
			return false
		}
		e := b[i:]
		length := min(int(binary.LittleEndian.Uint16(e[lengthAt:])), maxEntryName)
		if name := e[nameAt:]; length <= len(name) && l.entry(string(name[:length])) == Remove {
			return true
		}
		b = e[len(magic):]
	}
}

// zipEntry is the header that stands before an entry's content.
type zipEntry struct {
	flags, method uint16
	size          int64 // as stored; known unless later
	name          string
}

const (
	zipEncrypted = 1 << 0
	zipSizeLater = 1 << 3 // sizes stand behind the content
)

// zip opens the entries that may hold harm. What is no zip is passed over.
func (l *Looker) zip(br *bufio.Reader, depth int) (bool, error) {
	for {
		found, err := skipTo(br, zipLocal)
		if !found {
			return false, err
		}
		e, sane, err := readEntry(br)
		if err != nil {
			return false, err
		}
		if !sane || e.flags&zipEncrypted != 0 {
			continue
		}
		if len(e.name) > maxEntryName {
			return true, nil
		}
		if l.entry(e.name) != Harmless {
			if bad, err := l.content(br, e, depth+1); bad || err != nil {
				return true, nil // one that can't be unpacked can't be looked into
			}
		}
	}
}

// content looks into the content of a zip entry, which br stands before.
func (l *Looker) content(br *bufio.Reader, e zipEntry, depth int) (bool, error) {
	switch e.method {
	case 0:
		if e.flags&zipSizeLater != 0 {
			return true, nil // nobody can tell where it ends
		}
		return l.lookAs(io.LimitReader(br, e.size), KindOf(e.name), depth)
	case 8:
		return l.lookAs(unpacking{l, flate.NewReader(br)}, KindOf(e.name), depth)
	case 12:
		return l.lookAs(unpacking{l, bzip2.NewReader(br)}, KindOf(e.name), depth)
	}
	return true, nil
}

// skipTo goes to the next mark and stands before it; found is false at the end.
func skipTo(br *bufio.Reader, mark []byte) (found bool, err error) {
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
func readEntry(br *bufio.Reader) (e zipEntry, sane bool, err error) {
	h, err := br.Peek(zipLocalHeader)
	if errors.Is(err, io.EOF) {
		_, err = br.Discard(len(zipLocal))
		return e, false, err
	}
	if err != nil {
		return e, false, err
	}
	le := binary.LittleEndian
	e = zipEntry{flags: le.Uint16(h[6:]), method: le.Uint16(h[8:]), size: int64(le.Uint32(h[18:]))}
	if version, system := h[4], h[5]; version > 63 || system > 20 || e.method > 99 || e.flags>>14 != 0 {
		_, err = br.Discard(len(zipLocal))
		return e, false, err
	}
	length, extra := int(le.Uint16(h[26:])), int(le.Uint16(h[28:]))
	if _, err = br.Discard(zipLocalHeader); err != nil {
		return e, false, err
	}
	rest := make([]byte, length+extra) // 128 KiB at most
	if _, err = io.ReadFull(br, rest); errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return e, false, nil
	} else if err != nil {
		return e, false, err
	}
	e.name = string(rest[:length])
	e.size = size64(e.size, rest[length:])
	return e, true, nil
}

// size64 finds the size of an entry whose header has no room for it (APPNOTE 4.5.3).
func size64(size int64, extra []byte) int64 {
	if size != 1<<32-1 {
		return size
	}
	for len(extra) >= 4 {
		id, n := binary.LittleEndian.Uint16(extra), int(binary.LittleEndian.Uint16(extra[2:]))
		if extra = extra[4:]; n > len(extra) {
			break
		}
		if id == 1 && n >= 16 {
			return int64(min(binary.LittleEndian.Uint64(extra[8:]), 1<<62))
		}
		extra = extra[n:]
	}
	return size
}
