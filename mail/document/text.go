package document

import (
	"bytes"
	"errors"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/net/html/charset"

	"haven/mail/mime"
)

var (
	errUnreadable = errors.New("the document can't be read: it is damaged, encrypted, or no such document")
	errTooMuch    = errors.New("the document holds more than is read of one")
)

// Extract is the text inside a document of a kind that needs no other program, at most limit octets of UTF-8. It is for the child, and for
// tests: a service reads no stranger's file in its own process. What was read before a fault is returned with it.
func Extract(called Kind, b []byte, limit int) (string, error) {
	t := &text{left: limit}
	err := errUnreadable
	switch k := sniff(called, b); k {
	case Office, OpenDocument:
		err = readZip(b, t)
	case RTF:
		err = readRTF(b, t)
	case HTML:
		err = readHTML(b, t)
	case Plain:
		err = readPlain(b, t)
	}
	return strings.ToValidUTF8(t.String(), "\ufffd"), err
}

// text collects what is read, up to a bound.
type text struct {
	strings.Builder
	left   int
	parted bool // a gap came last
}

// add reports whether there is room for more.
func (t *text) add(s []byte) bool {
	s = s[:min(len(s), max(t.left, 0))]
	t.Write(s)
	t.parted = t.parted && len(s) == 0
	t.left -= len(s)
	return t.left > 0
}

// gap parts what comes from what was there, once.
func (t *text) gap(c byte) bool {
	if !t.parted && t.Len() > 0 {
		t.add([]byte{c})
	}
	t.parted = true
	return t.left > 0
}

// readHTML takes the character set from the document, as browsers do.
func readHTML(b []byte, t *text) error {
	r, err := charset.NewReader(bytes.NewReader(b), "")
	if err != nil {
		return errUnreadable
	}
	t.add([]byte(mime.HTMLText(r, max(t.left, 0))))
	return nil
}

// readPlain takes text for UTF-16 if its mark says so, for UTF-8 if it is that, and for what Windows writes in the west otherwise.
func readPlain(b []byte, t *text) error {
	switch {
	case bytes.HasPrefix(b, []byte("\xff\xfe")):
		b = fromUTF16(b[2:], 0)
	case bytes.HasPrefix(b, []byte("\xfe\xff")):
		b = fromUTF16(b[2:], 1)
	case !utf8.Valid(b):
		b = toUTF8("windows-1252", b)
	}
	if bytes.IndexByte(b, 0) >= 0 {
		return errUnreadable // no text
	}
	t.add(bytes.TrimPrefix(b, []byte("\ufeff")))
	return nil
}

// fromUTF16 reads units whose high octet stands first or second.
func fromUTF16(b []byte, low int) []byte {
	units := make([]uint16, len(b)/2)
	for i := range units {
		units[i] = uint16(b[2*i+low]) | uint16(b[2*i+1-low])<<8
	}
	return []byte(string(utf16.Decode(units)))
}
