package attachment

import (
	"bytes"
	"encoding/binary"
	"strings"
)

// nameScan looks for what can be seen of archives and documents without unpacking: names of zip entries, wherever they
// stand, also of archives within that are stored as they are, and also where the files are encrypted; the directory entry
// that each old office document with macros has; and what one of XML has. It is an io.Writer, for pieces of any size.
type nameScan struct {
	l    *Looker
	head []byte // what the file begins with, as far as it tells an old office document
	bad  bool
	tail []byte // of the piece before: what is looked for may begin in it

	at     int64 // octets that went by
	places zipPlaces
}

var macroName = utf16le("_VBA_PROJECT")

// hasName finds a name in a directory, which Office reads without regard to case.
func hasName(b, name []byte) bool {
	for {
		i := bytes.IndexByte(b, name[0])
		if i < 0 || len(b)-i < len(name) {
			return false
		}
		if b = b[i:]; bytes.EqualFold(b[:len(name)], name) {
			return true
		}
		b = b[1:]
	}
}

// macroMarks are what a document of XML with macros can't do without: Word's of 2003, and those of today, whole or as the
// parts of an archive. Each is looked for by its capital, which is rare, and stands in octets or in pairs of them.
var macroMarks = []struct {
	capital      int
	narrow, wide []byte
}{
	{3, []byte("docSuppData"), utf16le("docSuppData")},
	{17, []byte("relationships/vbaProject"), utf16le("relationships/vbaProject")},
	{16, []byte("relationships/xlMacrosheet"), utf16le("relationships/xlMacrosheet")},
}

func hasMacroMark(b []byte) bool {
	for _, m := range macroMarks {
		for at := 0; ; at++ {
			i := bytes.IndexByte(b[at:], m.narrow[m.capital])
			if i < 0 {
				break
			}
			at += i
			if at >= m.capital && bytes.HasPrefix(b[at-m.capital:], m.narrow) || at >= 2*m.capital && bytes.HasPrefix(b[at-2*m.capital:], m.wide) {
				return true
			}
		}
	}
	return false
}

func utf16le(s string) []byte {
	var b []byte
	for i := 0; i < len(s); i++ {
		b = append(b, s[i], 0)
	}
	return b
}

// scanOverlap is the longest thing that is looked for.
const scanOverlap = zipCentreHeader + maxEntryName + maxEntryExtra

// Write never fails.
func (n *nameScan) Write(p []byte) (int, error) {
	at := n.at
	if n.at += int64(len(p)); n.bad {
		return len(p), nil
	}
	// Here, since the first octets go by before anybody can tell what they begin.
	n.head = append(n.head, p[:min(len(p), len(magicOLE)-len(n.head))]...)
	n.bad = n.sees(p, at)
	if len(n.tail) > 0 {
		at -= int64(len(n.tail))
		n.tail = append(n.tail, p[:min(len(p), scanOverlap)]...)
		n.bad = n.bad || n.sees(n.tail, at)
	} else {
		n.tail = append(n.tail, p[max(0, len(p)-scanOverlap):]...)
	}
	if len(p) >= scanOverlap {
		n.tail = append(n.tail[:0], p[len(p)-scanOverlap:]...)
	}
	n.tail = n.tail[:copy(n.tail, n.tail[max(0, len(n.tail)-scanOverlap):])]
	return len(p), nil
}

// sees looks at octets that stand there in the file.
func (n *nameScan) sees(b []byte, at int64) bool {
	return bytes.Equal(n.head, magicOLE) && hasName(b, macroName) || hasMacroMark(b) || n.headersHarm(b, at)
}

// zipHeader says where a header has what (APPNOTE 4.3.7, 4.3.12).
type zipHeader struct {
	lengthAt, extraAt, end int
}

var (
	localHeader  = zipHeader{26, 28, zipLocalHeader}
	centreHeader = zipHeader{28, 30, zipCentreHeader}
)

// headersHarm looks at the names of all zip entries whose headers b holds whole, and notes where what else of archives stands.
func (n *nameScan) headersHarm(b []byte, at int64) bool {
	for {
		i := bytes.Index(b, zipMark)
		if i < 0 {
			return false
		}
		b, at = b[i:], at+int64(i)
		switch {
		case bytes.HasPrefix(b, zipLocal):
			if n.nameHarms(b, localHeader, at) {
				return true
			}
		case bytes.HasPrefix(b, zipCentre):
			if n.nameHarms(b, centreHeader, at) {
				return true
			}
		case bytes.HasPrefix(b, zipEnding) && len(b) >= zipEndLength, bytes.HasPrefix(b, zipEnding4) && len(b) >= zipEnd4Length:
			if n.l.names -= nameCost; n.l.names < 0 {
				return true
			}
			n.places.end(b, at)
		}
		b, at = b[len(zipMark):], at+int64(len(zipMark))
	}
}

// nameHarms looks at the name in the header that b begins with. One that b doesn't hold whole comes again.
func (n *nameScan) nameHarms(b []byte, h zipHeader, at int64) bool {
	if len(b) < h.end {
		return false
	}
	length := min(int(binary.LittleEndian.Uint16(b[h.lengthAt:])), maxEntryName)
	if len(b) < h.end+length {
		return false
	}
	name, extra := string(b[h.end:h.end+length]), b[h.end+length:]
	s := n.l.entry(name)
	if s == Remove || n.l.calledWorse(b, h, extra, s) {
		return true
	}
	if has := min(int(binary.LittleEndian.Uint16(b[h.extraAt:])), maxEntryExtra); h == centreHeader && has <= len(extra) && saneListed(b) {
		n.places.list(b, name, extra[:has], s == Look && !strings.HasSuffix(name, "/"), at)
	}
	return false
}

// saneListed tells an entry of a directory from octets that are there by chance.
func saneListed(b []byte) bool {
	le := binary.LittleEndian
	return b[6] <= 63 && b[7] <= 20 && le.Uint16(b[10:]) <= 99 && le.Uint16(b[8:])>>14 == 0
}

// calledWorse reports whether the extra fields behind an entry's name give it another name that is thought worse of. Fields longer than those that are
// looked at stand before a content, where readEntry has them whole, and in a directory nobody who means well has them.
func (l *Looker) calledWorse(e []byte, h zipHeader, extra []byte, than Suspicion) bool {
	has := int(binary.LittleEndian.Uint16(e[h.extraAt:]))
	if has > maxEntryExtra {
		return h == centreHeader && saneListed(e)
	}
	return has <= len(extra) && l.otherName(extra[:has]) > than // else it comes again whole
}

// otherName judges an entry by the name that some programs take for its own: in UTF-8, in an extra field (APPNOTE 4.6.9).
func (l *Looker) otherName(extra []byte) (s Suspicion) {
	const id, before = 0x7075, 5 // octets before the name: a version, and a sum
	for len(extra) >= 4 {
		field, n := binary.LittleEndian.Uint16(extra), int(binary.LittleEndian.Uint16(extra[2:]))
		if extra = extra[4:]; n > len(extra) {
			break
		}
		if field == id && n > before {
			s = max(s, l.entry(string(extra[before:n])))
		}
		extra = extra[n:]
	}
	return s
}
