package document

import (
	"archive/zip"
	"bytes"
	"cmp"
	"encoding/binary"
	"io"
	"path"
	"slices"
	"strings"
)

// The bounds of a document that is an archive of XML.
const (
	maxEntries  = 10_000
	maxUnpacked = 64 << 20 // octets of the parts that hold text
)

// readZip reads documents of Office Open XML (ECMA-376) and of OpenDocument, which tell themselves apart by the names of their parts.
func readZip(b []byte, t *text) error {
	if !fewEntries(b) {
		return errTooMuch
	}
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return errUnreadable
	}
	parts := slices.DeleteFunc(slices.Clone(z.File), func(f *zip.File) bool { _, kind := rank(f.Name); return kind == nil })
	if len(parts) == 0 {
		return errUnreadable
	}
	slices.SortStableFunc(parts, func(a, b *zip.File) int { // slide 10 behind slide 9
		ra, _ := rank(a.Name)
		rb, _ := rank(b.Name)
		return cmp.Or(cmp.Compare(ra, rb), cmp.Compare(len(a.Name), len(b.Name)), cmp.Compare(a.Name, b.Name))
	})
	left := int64(maxUnpacked)
	for _, f := range parts {
		if fault := readPart(f, &left, t); fault != nil {
			err = fault
		}
		if t.left <= 0 || left <= 0 {
			break
		}
	}
	return err
}

// readPart reads the text of one part, of which so much may be unpacked.
func readPart(f *zip.File, left *int64, t *text) error {
	r, err := f.Open()
	if err != nil {
		return errUnreadable
	}
	defer r.Close()
	_, kind := rank(f.Name)
	err = readXML(&taking{r, left}, kind, t)
	if t.Len() > 0 {
		t.gap('\n')
	}
	return err
}

// taking counts what is unpacked, and ends when it is too much.
type taking struct {
	r    io.Reader
	left *int64
}

func (t *taking) Read(p []byte) (int, error) {
	if *t.left <= 0 {
		return 0, errTooMuch
	}
	n, err := t.r.Read(p[:min(int64(len(p)), *t.left)])
	*t.left -= int64(n)
	return n, err
}

// fewEntries looks at what ends an archive (APPNOTE 4.3.16), before a directory is read that may be as long as the file.
func fewEntries(b []byte) bool {
	i := bytes.LastIndex(b[max(0, len(b)-(64<<10)-22):], []byte("PK\x05\x06"))
	end := b[max(0, len(b)-(64<<10)-22):]
	if i < 0 || len(end)-i < 22 {
		return true // no archive; whoever opens it says so
	}
	return binary.LittleEndian.Uint16(end[i+10:]) <= maxEntries // a larger one, which ZIP64 can tell, stands here as 65,535
}

// rank is where a part's text comes among the others', and how it is read; nil for a part without text.
func rank(name string) (int, *grammar) {
	name = strings.ToLower(strings.TrimPrefix(name, "/"))
	dir, file := path.Split(name)
	begins := func(s string) bool { return strings.HasPrefix(file, s) && strings.HasSuffix(file, ".xml") }
	switch {
	case name == "content.xml":
		return 0, &openDocument
	case name == "styles.xml": // of an OpenDocument: what stands at the head and foot of its pages
		return 2, &openStyles
	case dir == "word/" && begins("document"), dir == "ppt/slides/" && begins("slide"), name == "xl/sharedstrings.xml":
		return 0, &office
	case dir == "word/" && (begins("footnotes") || begins("endnotes") || begins("comments")), dir == "ppt/notesslides/" && begins("notesslide"),
		dir == "xl/worksheets/" && begins("sheet"), dir == "ppt/comments/", dir == "xl/" && begins("comments"), dir == "word/diagrams/" && begins("data"):
		return 1, &office
	case dir == "word/" && (begins("header") || begins("footer")):
		return 2, &office
	}
	return 0, nil
}
