package document

import (
	"bytes"
	"io"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"

	"haven/mail/mime"
)

// maxGroups is how deep groups of RTF may stand in one another.
const maxGroups = 1000

// rtfGroup is what a group inherits and may change for itself.
type rtfGroup struct {
	hidden bool // its text isn't the document's
	skip   int  // characters for programs that don't know Unicode, behind each that \u gives
}

// rtfReader reads the text of RTF 1.9.1: control words are \letters and a number, groups stand in braces, \'hh is a character in the
// document's code page, \uN one of UTF-16.
type rtfReader struct {
	b       []byte
	t       *text
	groups  []rtfGroup
	charset string
	octets  []byte // in the code page, not decoded yet
	high    uint16 // half of a character of UTF-16
	pass    int    // characters that still stand for the one before
	full    bool
}

func readRTF(b []byte, t *text) error {
	i := bytes.Index(b[:min(len(b), headOctets)], []byte(`{\rt`))
	if i < 0 {
		return errUnreadable
	}
	r := &rtfReader{b: b[i:], t: t, groups: []rtfGroup{{skip: 1}}, charset: "windows-1252"}
	for len(r.b) > 0 && !r.full {
		if len(r.groups) > maxGroups {
			return errTooMuch
		}
		r.next()
	}
	r.flush()
	return nil
}

func (r *rtfReader) group() *rtfGroup { return &r.groups[len(r.groups)-1] }

// next takes a brace, a control or a character.
func (r *rtfReader) next() {
	c := r.b[0]
	switch r.b = r.b[1:]; c {
	case '{':
		r.flush()
		r.groups, r.pass = append(r.groups, *r.group()), 0
	case '}':
		r.flush()
		if len(r.groups) > 1 {
			r.groups = r.groups[:len(r.groups)-1]
		}
		r.pass = 0
	case '\\':
		r.control()
	case '\r', '\n', 0:
	default:
		r.octet(c)
	}
}

func (r *rtfReader) control() {
	if len(r.b) == 0 {
		return
	}
	if c := r.b[0]; c|0x20 < 'a' || c|0x20 > 'z' {
		r.b = r.b[1:]
		r.symbol(c)
		return
	}
	n := 1
	for n < len(r.b) && n < 32 && r.b[n]|0x20 >= 'a' && r.b[n]|0x20 <= 'z' {
		n++
	}
	word := string(r.b[:n])
	r.b = r.b[n:]
	number, has := r.number()
	if len(r.b) > 0 && r.b[0] == ' ' {
		r.b = r.b[1:]
	}
	r.word(word, number, has)
}

func (r *rtfReader) number() (n int, has bool) {
	at := 0
	if len(r.b) > 0 && r.b[0] == '-' {
		at = 1
	}
	for at < len(r.b) && at < 11 && r.b[at] >= '0' && r.b[at] <= '9' {
		at++
	}
	n, err := strconv.Atoi(string(r.b[:at]))
	if err != nil {
		return 0, false
	}
	r.b = r.b[at:]
	return n, true
}

// symbol is a control of one sign.
func (r *rtfReader) symbol(c byte) {
	switch c {
	case '*': // what follows is for programs that know it
		r.group().hidden = true
	case '\'':
		if len(r.b) < 2 {
			r.b = nil
			return
		}
		v, err := strconv.ParseUint(string(r.b[:2]), 16, 8)
		if r.b = r.b[2:]; err == nil {
			r.octet(byte(v))
		}
	case '~':
		r.octet(' ')
	case '_':
		r.octet('-')
	case '\\', '{', '}':
		r.octet(c)
	case '\r', '\n':
		r.space('\n')
	}
}

// destinations hold no text of the document.
func isDestination(word string) bool {
	switch word {
	case "fonttbl", "colortbl", "stylesheet", "info", "pict", "objdata", "themedata", "colorschememapping", "datastore", "latentstyles",
		"listtable", "listoverridetable", "rsidtbl", "generator", "xmlnstbl", "filetbl", "fldinst", "bkmkstart", "bkmkend", "nonshppict":
		return true
	}
	return false
}

func (r *rtfReader) word(word string, number int, has bool) {
	switch word {
	case "par", "line", "row", "sect", "page":
		r.space('\n')
	case "tab", "cell", "nestcell", "emspace", "enspace":
		r.space(' ')
	case "footnote", "annotation", "shptxt": // for programs that know them, which this is
		r.group().hidden = len(r.groups) > 1 && r.groups[len(r.groups)-2].hidden
		r.space(' ')
	case "u":
		r.unicode(number)
	case "uc":
		r.group().skip = min(max(number, 0), 100)
	case "bin":
		r.b = r.b[min(max(number, 0), len(r.b)):]
	case "ansicpg":
		if name := "windows-" + strconv.Itoa(number); has && mime.KnownCharset(name) {
			r.charset = name
		}
	case "mac":
		r.charset = "macintosh"
	case "emdash", "endash", "bullet":
		r.space(' ')
	case "lquote", "rquote":
		r.octet('\'')
	default:
		if isDestination(word) {
			r.group().hidden = true
		}
	}
}

// octet takes a character of the code page.
func (r *rtfReader) octet(c byte) {
	if r.pass > 0 {
		r.pass--
		return
	}
	if r.group().hidden {
		return
	}
	r.octets = append(r.octets, c)
	if len(r.octets) >= 4096 && c < utf8.RuneSelf {
		r.flush()
	}
}

func (r *rtfReader) space(c byte) {
	if r.flush(); !r.group().hidden && !r.t.gap(c) {
		r.full = true
	}
}

// unicode takes half a character of UTF-16, or all of one, as a number that may be negative.
func (r *rtfReader) unicode(number int) {
	r.flush()
	r.pass = r.group().skip
	if r.group().hidden {
		return
	}
	unit := uint16(number)
	char := rune(unit)
	switch {
	case utf16.IsSurrogate(char) && unit < 0xdc00:
		r.high = unit
		return
	case utf16.IsSurrogate(char):
		char = utf16.DecodeRune(rune(r.high), char)
	}
	r.high = 0
	r.full = r.full || !r.t.add(utf8.AppendRune(nil, char))
}

// flush decodes what came in the code page.
func (r *rtfReader) flush() {
	if len(r.octets) == 0 {
		return
	}
	r.full = !r.t.add(toUTF8(r.charset, r.octets)) || r.full
	r.octets = r.octets[:0]
}

func toUTF8(charset string, b []byte) []byte {
	out, err := io.ReadAll(mime.ToUTF8(charset, bytes.NewReader(b)))
	if err != nil {
		return nil
	}
	return out
}
