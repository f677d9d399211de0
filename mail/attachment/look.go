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
	maxNames    = 16 << 20  // octets of names judged, and nameCost for each
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
		{2, []byte("-lh")}, {0, []byte("MSWIM\x00\x00\x00")}, {0, []byte("vhdxfile")}, {0x8001, []byte("CD001")},
	}
)

// headOctets are what is looked at to tell a file's format; the mark of a disk image lies furthest behind.
const headOctets = 0x8001 + 5

// Looker looks into the files of one letter. It is for one goroutine.
type Looker struct {
	left  int64 // octets that may still be unpacked
	names int   // octets of names that may still be judged
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
	if depth > maxDepth || l.left < 0 || l.names < 0 {
		return true, nil
	}
	names := nameScan{l: l}
	br := bufio.NewReaderSize(io.TeeReader(r, &names), 2*headOctets)
	head, err := br.Peek(headOctets)
	if err != nil && !errors.Is(err, io.EOF) {
		return false, err
	}
	names.ole = bytes.HasPrefix(head, magicOLE)
	if isProgram(head) || isClosed(head) {
		return true, nil
	}
	if bad, err = l.lookWithin(br, head, depth); bad || err != nil {
		return bad, err
	}
	_, err = io.Copy(io.Discard, br)
	return names.bad, err
}

// lookWithin opens an archive.
func (l *Looker) lookWithin(br *bufio.Reader, head []byte, depth int) (bool, error) {
	switch {
	case bytes.HasPrefix(head, magicGzip):
		return l.gzip(br, depth)
	case bytes.HasPrefix(head, magicBzip):
		return l.look(unpacking{l, bzip2.NewReader(br)}, depth+1)
	case isTar(head):
		return l.tar(br, depth)
	case isTNEF(head):
		return l.tnef(br, depth)
	case isSigned(head):
		return l.signed(br, depth)
	}
	return l.zip(br, depth)
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
	return false
}
