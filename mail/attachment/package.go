package attachment

import (
	"bytes"
	"encoding/binary"
	"io"
	"strings"
)

// native looks at a file that was dropped into a document: its names, and itself ([MS-OLEDS] 2.3.6, and what the Packager writes within). What another
// program put there is looked at as it is.
func (l *Looker) native(r io.Reader, strict bool, depth int) (bool, error) {
	all, err := io.ReadAll(io.LimitReader(r, maxLetter+1))
	if err != nil || len(all) > maxLetter {
		return true, err
	}
	if len(all) < 4 {
		return false, nil
	}
	return l.packaged(all[4:], strict, depth)
}

// packaged looks at what the Packager writes. strict says that nobody else may have written it; then what can't be read as such is harmful.
func (l *Looker) packaged(b []byte, strict bool, depth int) (bool, error) {
	p, ok := unpackage(b)
	switch {
	case !ok && strict:
		return true, nil
	case !ok:
		return l.look(bytes.NewReader(b), depth+1)
	case p.command:
		return true, nil
	}
	for _, name := range p.names {
		if l.entry(name) == Remove {
			return true, nil
		}
	}
	for _, kind := range kindsOf(p.names) {
		if bad, err := l.lookAs(bytes.NewReader(p.content), kind, depth+1); bad || err != nil {
			return bad, err
		}
	}
	return false, nil
}

// dropped is a file as the Packager keeps it.
type dropped struct {
	names   []string
	content []byte
	command bool // what stands here is run or fetched, and not held
}

// unpackage takes a mark, a label, a path, what it is, a path and the octets of the file, and perhaps the three texts once more in UTF-16, which go first.
func unpackage(b []byte) (p dropped, ok bool) {
	const embedded = 3
	le := binary.LittleEndian
	if len(b) < 2 || le.Uint16(b) != 2 {
		return p, false
	}
	b = b[2:]
	for range 2 {
		name, rest, found := bytes.Cut(b, []byte{0})
		if !found {
			return p, false
		}
		p.names, b = append(p.names, string(name)), rest
	}
	if len(b) < 4 {
		return p, false
	}
	p.command = le.Uint16(b[2:]) != embedded
	path, b, ok := lengthPrefixed(b[4:])
	if !ok {
		return p, false
	}
	p.names = append(p.names, string(bytes.TrimRight(path, "\x00")))
	if p.content, b, ok = lengthPrefixed(b); !ok {
		return p, false
	}
	for range 3 {
		if len(b) < 4 {
			break
		}
		octets := 2 * int64(le.Uint32(b))
		if b = b[4:]; octets > int64(len(b)) {
			break // what stands behind is no text
		}
		p.names, b = append(p.names, strings.TrimRight(tnefText(b[:octets], true), "\x00")), b[octets:]
	}
	return p, true
}
