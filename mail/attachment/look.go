package attachment

import (
	"bufio"
	"bytes"
	"compress/bzip2"
	"compress/gzip"
	"errors"
	"io"
	"slices"
)

// What looking into the files of one letter may cost, all archives within them together. What needs more can't be looked
// into, and counts as harmful. The bounds are of work, not of time: what is judged of a letter doesn't change with the load.
const (
	maxUnpacked = 256 << 20 // octets unpacked
	maxNames    = 16 << 20  // octets of names judged, and nameCost for each, and for each file looked at
	nameCost    = 64
	maxDepth    = 8        // archives within archives
	maxLetter   = 40 << 20 // octets of a letter within a file, which is read into memory
)

// Signatures of file formats.
var (
	magicOLE  = []byte{0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1} // Word, Excel and PowerPoint of old
	magicPE   = []byte("MZ")
	magicGzip = []byte{0x1f, 0x8b}
	magicBzip = []byte("BZh")

	magicPrograms = [][]byte{
		[]byte("\x7fELF"), {0x4c, 0, 0, 0, 0x01, 0x14, 0x02, 0}, // the second is a Windows shortcut
	}
	magicClosed = []struct {
		at    int
		magic []byte
	}{
		{0, []byte("7z\xbc\xaf\x27\x1c")}, {0, []byte("Rar!\x1a\x07")}, {0, []byte("MSCF\x00\x00\x00\x00")}, {0, []byte("\xfd7zXZ\x00")},
		{0, []byte("LZIP")}, {0, []byte{0x28, 0xb5, 0x2f, 0xfd}}, {0, []byte{0x60, 0xea}}, {7, []byte("**ACE**")}, {0, []byte{0x1f, 0x9d}},
		{0, []byte("!<arch>\n")}, {0, []byte("xar!\x00")}, {0, []byte{0xed, 0xab, 0xee, 0xdb}}, {0, []byte("\x89LZO\x00")},
		{0, []byte("ActiveMime")}, // macros and objects in a document that is a letter
		{2, []byte("-lh")}, {0, []byte("MSWIM\x00\x00\x00")}, {0, []byte("vhdxfile")}, {0x8001, []byte("CD001")},
	}
)

// headOctets are what is looked at to tell a file's format; the mark of a disk image lies furthest behind.
const headOctets = 0x8001 + 5

// Looker looks into the files of one letter. It is for one goroutine.
type Looker struct {
	left  int64 // octets that may still be unpacked
	names int   // octets of names that may still be judged
	free  []*bufio.Reader
}

// reader is a reader for one file of many; it is given back with reuse.
func (l *Looker) reader(r io.Reader) *bufio.Reader {
	last := len(l.free) - 1
	if last < 0 {
		return bufio.NewReaderSize(r, 2*headOctets)
	}
	br := l.free[last]
	l.free = l.free[:last]
	br.Reset(r)
	return br
}

func (l *Looker) reuse(br *bufio.Reader) {
	br.Reset(nil)
	l.free = append(l.free, br)
}

// NewLooker begins a look at a letter's files.
func NewLooker() *Looker { return &Looker{left: maxUnpacked, names: maxNames} }

// Harmful reads a file and reports whether it is a program, a document with macros, or an archive or a letter that holds
// either or can't be looked into. What is encrypted within an archive passes by its name alone. The error is r's.
func (l *Looker) Harmful(r io.Reader, kind Kind) (bool, error) {
	src := &source{r: r}
	bad, err := l.lookAs(src, kind, 0)
	if src.err != nil {
		return false, src.err // what the archives' readers made of it doesn't count
	}
	return bad || err != nil, nil
}

// source remembers the error of the letter's own reader, which is no fault of the file.
type source struct {
	r   io.Reader
	err error
}

func (s *source) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		s.err = err
	}
	return n, err
}

// entry judges a file within an archive by its name there; too many names are more than can be looked at.
func (l *Looker) entry(name string) Suspicion {
	if l.names -= len(name) + nameCost; l.names < 0 {
		return Remove
	}
	return suspectEntry(name)
}

var errTooMuch = errors.New("the archive unpacks to more than can be looked at")

// unpacking is what comes out of an archive. It ends with an error where that is too much.
type unpacking struct {
	l *Looker
	r io.Reader
}

func (u unpacking) Read(p []byte) (int, error) {
	n, err := u.r.Read(p)
	if u.l.left -= int64(n); u.l.left < 0 {
		return n, errTooMuch
	}
	return n, err
}

// lookAs looks at a file as what a program would take it for.
func (l *Looker) lookAs(r io.Reader, kind Kind, depth int) (bool, error) {
	if kind == Letter {
		return l.letter(r, depth)
	}
	return l.look(r, depth)
}

// look reads r to its end: an archive entry by entry, and beside that every octet for names in archives, so that
// nothing hides from a reader of archives that begins elsewhere. An error says that r couldn't be read.
func (l *Looker) look(r io.Reader, depth int) (bad bool, err error) {
	if l.names -= nameCost; depth > maxDepth || l.left < 0 || l.names < 0 {
		return true, nil
	}
	names := nameScan{l: l}
	br := l.reader(io.TeeReader(r, &names))
	defer l.reuse(br)
	head, err := br.Peek(headOctets)
	if err != nil && !errors.Is(err, io.EOF) {
		return false, err
	}
	if isProgram(head) || isClosed(head) {
		return true, nil
	}
	if bad, err = l.lookWithin(br, head, &names, depth); bad || err != nil {
		return bad, err
	}
	_, err = io.Copy(io.Discard, br)
	if names.places.walked {
		return names.bad || names.places.astray(l), err
	}
	return names.bad || names.places.isArchive(names.at), err
}

// lookWithin opens an archive.
func (l *Looker) lookWithin(br *bufio.Reader, head []byte, names *nameScan, depth int) (bool, error) {
	read, tarred := l.reads(head), isTar(head)
	switch {
	case read != nil && tarred:
		return true, nil // by its name it is the one or the other
	case read != nil:
		return l.whole(br, read, names, depth)
	case bytes.HasPrefix(head, magicGzip):
		return l.gzip(br, depth)
	case bytes.HasPrefix(head, magicBzip):
		return l.look(unpacking{l, bzip2.NewReader(br)}, depth+1)
	case tarred:
		return l.tar(br, names, depth)
	case isTNEF(head):
		return l.tnef(br, depth)
	}
	if at := letterAt(head); at >= 0 {
		return l.whole(br, func(all []byte, depth int) (bool, error) {
			return l.letter(unpacking{l, bytes.NewReader(all[at:])}, depth+1)
		}, names, depth)
	}
	return l.zip(br, 0, &names.places, depth)
}

// readFunc looks into a file of one kind that is read into memory.
type readFunc func(all []byte, depth int) (bool, error)

// reads is what looks into a file that begins like head, if that has to have it whole.
func (l *Looker) reads(head []byte) readFunc {
	switch {
	case bytes.HasPrefix(head, magicOLE):
		return l.compound
	case isRTF(head):
		return l.rtf
	case isSheet(head):
		return l.sheet
	case isSigned(head):
		return l.signed
	case isPacked(head):
		return l.packed
	}
	return nil
}

// whole reads a file of no more than the longest letter, and looks into it as what it begins like, and as an archive, for whoever opens it from its end.
func (l *Looker) whole(br *bufio.Reader, read readFunc, names *nameScan, depth int) (bool, error) {
	all, err := io.ReadAll(io.LimitReader(br, maxLetter+1))
	if err != nil || len(all) > maxLetter {
		return err == nil, err
	}
	if bad, err := read(all, depth); bad || err != nil {
		return bad, err
	}
	if bytes.HasPrefix(all, magicOLE) && !names.places.isArchive(names.at) {
		return false, nil // archives within lie in pieces, and were looked at by themselves
	}
	return l.zip(bufio.NewReader(bytes.NewReader(all)), 0, &names.places, depth)
}

func (l *Looker) gzip(br *bufio.Reader, depth int) (bool, error) {
	z, err := gzip.NewReader(br)
	if err != nil {
		return false, err
	}
	if z.Name != "" && l.entry(z.Name) == Remove {
		return true, nil
	}
	return l.lookAs(unpacking{l, z}, KindOf(z.Name), depth+1)
}

func isProgram(head []byte) bool {
	return bytes.HasPrefix(head, magicPE) && looksLikePE(head) ||
		slices.ContainsFunc(magicPrograms, func(magic []byte) bool { return bytes.HasPrefix(head, magic) })
}

// looksLikePE tells a program from a text that begins with MZ: the DOS header points to a PE, NE or LE one, or the file
// is binary from the start.
func looksLikePE(b []byte) bool {
	return len(b) < 64 || bytes.IndexByte(b[:64], 0) >= 0
}

func isClosed(head []byte) bool {
	for _, c := range magicClosed {
		if len(head) > c.at && bytes.HasPrefix(head[c.at:], c.magic) {
			return true
		}
	}
	return isCpio(head)
}

// isCpio tells an archive of cpio from a text that begins with a number: its whole header is one.
func isCpio(head []byte) bool {
	length, digits := 110, "0123456789abcdefABCDEF"
	switch {
	case bytes.HasPrefix(head, []byte("070707")):
		length, digits = 76, "01234567"
	case !bytes.HasPrefix(head, []byte("070701")) && !bytes.HasPrefix(head, []byte("070702")):
		return false
	}
	return len(head) >= length && len(bytes.Trim(head[:length], digits)) == 0
}
