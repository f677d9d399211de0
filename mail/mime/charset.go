package mime

import (
	"bufio"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/ianaindex"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// findCharset looks a character set up by any of its names, first as browsers do: a letter that says ISO-8859-1 or
// us-ascii and holds Windows' quotation marks reads as its sender saw it. It returns nil for one that nobody knows.
func findCharset(name string) encoding.Encoding {
	if len(name) > 64 {
		return nil
	}
	name = strings.Trim(name, " \t\"'")
	if strings.EqualFold(name, "utf-16") { // which browsers take as little-endian; in mail its mark decides, RFC 2781 §4.3
		return unicode.UTF16(unicode.BigEndian, unicode.UseBOM)
	}
	if e, err := htmlindex.Get(name); err == nil && e != encoding.Replacement {
		return e
	}
	if e, err := ianaindex.MIME.Encoding(name); err == nil && e != nil {
		return e
	}
	return nil
}

// isUTF8 reports whether text in that character set needs no conversion, whatever octets under 128 it holds.
func isUTF8(charset string) bool {
	return strings.EqualFold(charset, "utf-8") || strings.EqualFold(charset, "utf8")
}

func isPlainASCII(charset string) bool {
	return charset == "" || strings.EqualFold(charset, "us-ascii") || strings.EqualFold(charset, "ascii")
}

// isASCII reports whether s has octets under 128 only.
func isASCII[T string | []byte](s T) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// decodeCharset converts s to valid UTF-8. It is not ok for a character set that nobody knows.
func decodeCharset(charset, s string) (string, bool) {
	switch {
	case isUTF8(charset):
		return strings.ToValidUTF8(s, "\uFFFD"), true
	case isPlainASCII(charset):
		return fromUnlabelled(s), true
	}
	e := findCharset(charset)
	if e == nil {
		return "", false
	}
	out, err := e.NewDecoder().String(s)
	if err != nil {
		return "", false
	}
	return out, true
}

// fromUnlabelled converts octets that say nothing of their character set: UTF-8 if they are (RFC 6532), else what Western
// mail programs wrote before.
func fromUnlabelled(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	out, err := charmap.Windows1252.NewDecoder().String(s)
	if err != nil {
		return strings.ToValidUTF8(s, "\uFFFD")
	}
	return out
}

// ToUTF8 reads text in charset from r as valid UTF-8; what can't be converted becomes U+FFFD. Text that says us-ascii, or a
// character set that nobody knows, is judged by its first 4 KiB: UTF-8 if they are, else Windows-1252.
func ToUTF8(charset string, r io.Reader) io.Reader {
	if isPlainASCII(charset) {
		return &guessReader{src: r}
	}
	e := findCharset(charset)
	if e == nil {
		return &guessReader{src: r}
	}
	return transform.NewReader(r, e.NewDecoder())
}

// guessReader decides on a character set when it is first read.
type guessReader struct{ src, text io.Reader }

func (g *guessReader) Read(b []byte) (int, error) {
	if g.text == nil {
		br := bufio.NewReaderSize(g.src, 4<<10)
		head, err := br.Peek(4 << 10) // an error comes again when it is read
		e := encoding.Encoding(charmap.Windows1252)
		if utf8.Valid(head) || err == nil && utf8.Valid(wholeRunes(head)) {
			e = unicode.UTF8
		}
		g.text = transform.NewReader(br, e.NewDecoder())
	}
	return g.text.Read(b)
}

// wholeRunes leaves a character at the end out that may go on.
func wholeRunes(b []byte) []byte {
	for i := 1; i <= utf8.UTFMax && i <= len(b); i++ {
		if utf8.RuneStart(b[len(b)-i]) {
			return b[:len(b)-i]
		}
	}
	return b
}

// KnownCharset reports whether ToUTF8 can convert that character set; IMAP and JMAP tell their client if not.
func KnownCharset(name string) bool { return findCharset(name) != nil }
