package attachment

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"unicode/utf16"
)

// Outlook packs what a letter carries into one file, winmail.dat ([MS-OXTNEF]): a signature, a key, and attributes.
var magicTNEF = []byte{0x78, 0x9f, 0x3e, 0x22}

// Attributes that are looked at (2.1.3.4).
const (
	tnefTitle      = 0x00018010 // a file's short name
	tnefData       = 0x0006800f // its content
	tnefProperties = 0x00069005 // its properties, the long name among them

	maxTNEFName = 4 << 10
)

func isTNEF(head []byte) bool { return bytes.HasPrefix(head, magicTNEF) }

func (l *Looker) tnef(br *bufio.Reader, depth int) (bool, error) {
	if _, err := br.Discard(len(magicTNEF) + 2); err != nil {
		return false, err
	}
	for {
		var h [9]byte // level, attribute, length
		if _, err := io.ReadFull(br, h[:]); errors.Is(err, io.EOF) {
			return false, nil
		} else if err != nil {
			return false, err
		}
		id, length := binary.LittleEndian.Uint32(h[1:]), int64(binary.LittleEndian.Uint32(h[5:]))
		data := io.LimitReader(br, length)
		if bad, err := l.attribute(id, length, data, depth); bad || err != nil {
			return bad, err
		}
		if _, err := io.Copy(io.Discard, data); err != nil {
			return false, err
		}
		if _, err := br.Discard(2); err != nil { // the checksum
			return false, err
		}
	}
}

// attribute looks at one attribute.
func (l *Looker) attribute(id uint32, length int64, data io.Reader, depth int) (bool, error) {
	switch id {
	case tnefData:
		return l.look(data, depth+1)
	case tnefTitle:
		if length > maxTNEFName {
			return true, nil
		}
		name, err := io.ReadAll(data)
		return l.entry(string(bytes.TrimRight(name, "\x00"))) == Remove, err
	case tnefProperties:
		return l.properties(data, length, depth)
	}
	return false, nil
}

// properties looks at a file's properties. Names stand in them as text of either kind; rather than read each kind of
// property, every text that looks like a name is judged, and whatever begins as a letter of Outlook's or a document does.
func (l *Looker) properties(data io.Reader, length int64, depth int) (bool, error) {
	if length > maxLetter {
		return true, nil
	}
	all, err := io.ReadAll(data)
	if err != nil {
		return false, err
	}
	bad, err := l.look(bytes.NewReader(all), depth+1)
	if bad || err != nil {
		return bad, err
	}
	for _, magic := range [][]byte{magicTNEF, magicOLE} {
		for rest := all; ; rest = rest[1:] {
			i := bytes.Index(rest, magic)
			if i < 0 {
				break
			}
			rest = rest[i:]
			bad, err := l.look(unpacking{l, bytes.NewReader(rest)}, depth+1)
			if bad || errors.Is(err, errTooMuch) { // any other error says that it was none, or that other properties follow
				return true, nil
			}
		}
	}
	return l.propertyNames(all), nil
}

// Properties that hold a name (2.1.3.4.2, [MS-OXPROPS]): display name, extension, file name, long file name.
var tnefNames = map[uint16]bool{0x3001: true, 0x3703: true, 0x3704: true, 0x3707: true}

// propertyNames judges the values of properties that hold a name: type, property, number of values, length, text.
func (l *Looker) propertyNames(b []byte) bool {
	le := binary.LittleEndian
	for i := 0; i+12 <= len(b); i++ {
		typ, id := le.Uint16(b[i:]), le.Uint16(b[i+2:])
		if typ != 0x1e && typ != 0x1f || !tnefNames[id] || le.Uint32(b[i+4:]) != 1 {
			continue
		}
		length, rest := int64(le.Uint32(b[i+8:])), b[i+12:]
		if length > int64(len(rest)) {
			continue
		}
		if length > maxTNEFName || l.entry(tnefText(rest[:length], typ == 0x1f)) == Remove {
			return true
		}
	}
	return false
}

func tnefText(b []byte, wide bool) string {
	if !wide {
		return string(bytes.TrimRight(b, "\x00"))
	}
	units := make([]uint16, len(b)/2)
	for i := range units {
		units[i] = binary.LittleEndian.Uint16(b[2*i:])
	}
	return string(bytes.TrimRight([]byte(string(utf16.Decode(units))), "\x00"))
}
