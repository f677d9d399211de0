package attachment

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"io"
)

// Records of PowerPoint's ([MS-PPT] 2.13.24): one that holds an embedded object or the macros of a presentation, as they are or packed (2.10.34), and
// how the presentation is encrypted.
const (
	pptObject     = 0x1011
	pptEncryption = 0x2f14

	pptHeader = 8 // octets before a record's content
)

// slidesEncrypted reports what PowerPoint's stream of its user says ([MS-PPT] 2.3.2).
func slidesEncrypted(r io.Reader) (bool, error) {
	var atom [16]byte
	if _, err := io.ReadFull(r, atom[:]); err != nil {
		return false, err
	}
	return binary.LittleEndian.Uint32(atom[12:]) == 0xf3d1c4df, nil
}

// slides looks through a presentation's records, one after the other, and then for objects wherever they stand: PowerPoint goes by a table of places,
// which may lead into the middle of a record.
func (l *Looker) slides(r io.Reader, depth int) (bool, error) {
	b, err := io.ReadAll(unpacking{l, r})
	if err != nil {
		return true, err
	}
	le := binary.LittleEndian
	seen := map[int]bool{}
	for at := 0; at+pptHeader <= len(b); {
		id, length := le.Uint16(b[at+2:]), int64(le.Uint32(b[at+4:]))
		switch id {
		case pptEncryption:
			return true, nil
		case pptObject:
			seen[at] = true
			if bad, err := l.slidesObject(b[at:], depth+1); bad || err != nil {
				return bad, err
			}
		}
		at = int(min(int64(at)+pptHeader+length, int64(len(b))))
	}
	return l.strayObjects(b, seen, depth+1)
}

// strayObjects looks at what is an object by its header and its beginning, but for those that were seen.
func (l *Looker) strayObjects(b []byte, seen map[int]bool, depth int) (bool, error) {
	const inHeader = 2 // octets before the type
	for at := 0; ; at++ {
		i := bytes.Index(b[at:], []byte{pptObject & 0xff, pptObject >> 8})
		if i < 0 {
			return false, nil
		}
		at += i
		from := at - inHeader
		if from < 0 || seen[from] || b[from] != 0 && b[from] != 0x10 || b[from+1] != 0 || !beginsObject(b[from:]) {
			continue
		}
		if bad, err := l.slidesObject(b[from:], depth); bad || err != nil {
			return bad, err
		}
	}
}

// beginsObject reports whether behind a record's header stands what can be opened.
func beginsObject(record []byte) bool {
	content := record[min(pptHeader, len(record)):]
	if record[0] == 0 {
		return bytes.HasPrefix(content, magicOLE)
	}
	if len(content) < 4 {
		return false
	}
	_, err := zlib.NewReader(bytes.NewReader(content[4:]))
	return err == nil
}

// slidesObject looks at the object in the record that b begins with: as it is, or packed, with its length before it.
func (l *Looker) slidesObject(b []byte, depth int) (bool, error) {
	instance, length := binary.LittleEndian.Uint16(b)>>4, int64(binary.LittleEndian.Uint32(b[4:]))
	b = b[pptHeader:]
	b = b[:min(length, int64(len(b)))]
	switch {
	case instance == 0:
		return l.look(unpacking{l, bytes.NewReader(b)}, depth)
	case instance > 1 || len(b) < 4:
		return true, nil
	}
	z, err := zlib.NewReader(bytes.NewReader(b[4:]))
	if err != nil {
		return false, err
	}
	return l.look(unpacking{l, z}, depth)
}
