package attachment

import (
	"bytes"
	"encoding/binary"
	"strconv"
)

// isRTF tells a text of RTF, whatever it is named: Word opens it by its beginning.
func isRTF(head []byte) bool {
	head = bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\ufeff")), " \t\r\n\x00")
	return bytes.HasPrefix(head, []byte(`{\rt`))
}

var rtfObject = []byte(`\objdata`)

// rtf looks at the objects in a text of RTF: whatever stands behind the word for them, since programs differ in what they pass over before it.
func (l *Looker) rtf(rest []byte, depth int) (bool, error) {
	for {
		i := bytes.IndexByte(rest, '\\')
		if i < 0 {
			return false, nil
		}
		if rest = rest[i:]; len(rest) < len(rtfObject) || !bytes.EqualFold(rest[:len(rtfObject)], rtfObject) {
			rest = rest[1:]
			continue
		}
		rest = rest[len(rtfObject):]
		object, ok := rtfOctets(rest)
		if !ok {
			return true, nil
		}
		if bad, err := l.oleObject(object, depth); bad || err != nil {
			return true, nil
		}
	}
}

// rtfOctets reads the octets of an object up to the end of its group: digits with spaces and ends of lines among them, or octets that \bin announces.
// Programs that mean well write nothing else there, and those that read it differ in what they make of it; then ok is false.
func rtfOctets(b []byte) (octets []byte, ok bool) {
	high, half := byte(0), false
	if len(b) > 0 && (b[0] >= '0' && b[0] <= '9' || b[0] == '-') {
		return nil, false // a number that belongs to the word, or digits
	}
	for len(b) > 0 && b[0] != '}' {
		c := b[0]
		digit, isDigit := hexDigit(c)
		switch {
		case isDigit && half:
			octets, half = append(octets, high<<4|digit), false
		case isDigit:
			high, half = digit, true
		case c == '\\':
			raw, rest, ok := rtfBinary(b)
			if !ok {
				return nil, false
			}
			octets, b = append(octets, raw...), rest
			continue
		case c != ' ' && c != '\t' && c != '\r' && c != '\n':
			return nil, false
		}
		b = b[1:]
	}
	return octets, true
}

// rtfBinary takes the octets that \bin and their number announce.
func rtfBinary(b []byte) (raw, rest []byte, ok bool) {
	b, ok = bytes.CutPrefix(b, []byte(`\bin`))
	if !ok {
		return nil, nil, false
	}
	n := 0
	for n < len(b) && n < 9 && b[n] >= '0' && b[n] <= '9' {
		n++
	}
	number, err := strconv.Atoi(string(b[:n]))
	if b = b[n:]; err != nil || len(b) == 0 || b[0] != ' ' || number > len(b)-1 {
		return nil, nil, false
	}
	return b[1 : 1+number], b[1+number:], true
}

func hexDigit(c byte) (byte, bool) {
	switch {
	case c >= '0' && c <= '9':
		return c - '0', true
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return c | 0x20 - 'a' + 10, true
	}
	return 0, false
}

// oleObject looks at an object as programs store it in texts ([MS-OLEDS] 2.2): embedded, with its class and octets. One that is only a link fetches
// something from elsewhere, and counts as harmful, as does one that can't be read.
func (l *Looker) oleObject(b []byte, depth int) (bool, error) {
	const embedded = 2
	le := binary.LittleEndian
	if l.left -= int64(len(b)); l.left < 0 {
		return true, nil
	}
	if len(b) < 8 || le.Uint32(b[4:]) != embedded {
		return len(bytes.Trim(b[min(4, len(b)):], "\x00")) > 0, nil // behind the version there is none, or a link
	}
	var class []byte
	rest := b[8:]
	for i := range 3 { // class, topic, item
		text, after, ok := lengthPrefixed(rest)
		if !ok {
			return true, nil
		}
		if rest = after; i == 0 {
			class = bytes.ToLower(bytes.TrimRight(text, "\x00"))
		}
	}
	content, _, ok := lengthPrefixed(rest)
	if !ok {
		content = rest[min(4, len(rest)):] // cut off; programs take what is there
	}
	if string(class) == "ole2link" || rootClass(content) == classLink {
		return true, nil
	}
	return l.packaged(content, string(class) == "package", depth)
}

func lengthPrefixed(b []byte) (text, rest []byte, ok bool) {
	if len(b) < 4 {
		return nil, nil, false
	}
	n := int64(binary.LittleEndian.Uint32(b))
	if b = b[4:]; n > int64(len(b)) {
		return nil, nil, false
	}
	return b[:n], b[n:], true
}
