package attachment

import (
	"bytes"
	"compress/zlib"
	"io"
)

// What carries its content within, in DER: signed (RFC 5652 §5), and packed (RFC 3274 §1.1).
var (
	oidData   = []byte{0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01}
	oidSigned = []byte{0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02}
	oidPacked = []byte{0x06, 0x0b, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x10, 0x01, 0x09}
)

// isSigned tells a signed letter of S/MIME that hides its text (RFC 8551 §3.5.2). What is encrypted has another name.
func isSigned(head []byte) bool {
	return len(head) > 20 && head[0] == 0x30 && bytes.Contains(head[:20], oidSigned)
}

// isPacked tells a packed letter of S/MIME (RFC 8551 §3.6).
func isPacked(head []byte) bool {
	return len(head) > 24 && head[0] == 0x30 && bytes.Contains(head[:24], oidPacked)
}

// signed looks at what a signature encloses. One whose form can't be read can't be looked into.
func (l *Looker) signed(all []byte, depth int) (bool, error) {
	content, ok := enclosed(all)
	if !ok {
		return true, nil
	}
	return l.letterOrFile(content, depth+1)
}

// packed looks at what is enclosed packed by zlib (RFC 3274).
func (l *Looker) packed(all []byte, depth int) (bool, error) {
	content, ok := enclosed(all)
	if !ok {
		return true, nil
	}
	z, err := zlib.NewReader(bytes.NewReader(content))
	if err != nil {
		return true, nil
	}
	text, err := io.ReadAll(io.LimitReader(unpacking{l, z}, maxLetter+1))
	if err != nil || len(text) > maxLetter {
		return err == nil, err
	}
	return l.letterOrFile(text, depth+1)
}

// letterOrFile looks at what mail programs take for a letter, and programs for signed files for whatever it is.
func (l *Looker) letterOrFile(content []byte, depth int) (bool, error) {
	bad, err := l.letter(unpacking{l, bytes.NewReader(content)}, depth)
	if bad || err != nil || letterAt(content[:min(len(content), headOctets)]) == 0 {
		return bad, err
	}
	return l.look(bytes.NewReader(content), depth)
}

// enclosed finds what is marked as mere octets in ContentInfo, SignedData or CompressedData, EncapsulatedContentInfo (RFC 5652 §3, §5; RFC 3274 §1.1).
func enclosed(b []byte) (content []byte, ok bool) {
	info, _, ok := ber(b, 0)
	if !ok {
		return nil, false
	}
	wrapped, ok := child(info.body, 1) // behind the type
	if !ok {
		return nil, false
	}
	data, ok := child(wrapped.body, 0)
	if !ok {
		return nil, false
	}
	encap, ok := child(data.body, 2) // behind version and digests, or the way of packing
	if !ok {
		return nil, false
	}
	if !bytes.HasPrefix(encap.body, oidData) {
		return nil, false // another signature, say, without what tells it
	}
	wrapped, ok = child(encap.body, 1)
	if !ok {
		return nil, true // signed apart from its text: there is none within
	}
	octets, ok := child(wrapped.body, 0)
	if !ok {
		return nil, false
	}
	return octets.octets(nil, 0)
}

// berValue is an element in BER (X.690): its tag and what is in it.
type berValue struct {
	tag  byte
	body []byte
}

const (
	berConstructed = 0x20
	maxBER         = 16 // elements within elements
)

// child is the n-th element, from 0, of those that stand in b.
func child(b []byte, n int) (v berValue, ok bool) {
	for i := 0; i <= n; i++ {
		if v, b, ok = ber(b, 0); !ok {
			return v, false
		}
	}
	return v, true
}

// ber takes the element that b begins with.
func ber(b []byte, depth int) (v berValue, rest []byte, ok bool) {
	if len(b) < 2 || depth > maxBER || b[0]&0x1f == 0x1f { // tags over 30 are in no such letter
		return v, nil, false
	}
	v.tag = b[0]
	length := int(b[1])
	b = b[2:]
	switch {
	case length == 0x80:
		return v.indefinite(b, depth)
	case length > 0x84:
		return v, nil, false
	case length > 0x80:
		n := length & 0x7f
		if len(b) < n {
			return v, nil, false
		}
		length = 0
		for _, c := range b[:n] {
			length = length<<8 | int(c)
		}
		b = b[n:]
	}
	if length > len(b) {
		return v, nil, false
	}
	v.body = b[:length]
	return v, b[length:], true
}

// indefinite takes elements up to the mark of their end.
func (v berValue) indefinite(b []byte, depth int) (berValue, []byte, bool) {
	if v.tag&berConstructed == 0 {
		return v, nil, false
	}
	for rest := b; ; {
		if len(rest) >= 2 && rest[0] == 0 && rest[1] == 0 {
			v.body = b[:len(b)-len(rest)]
			return v, rest[2:], true
		}
		var ok bool
		if _, rest, ok = ber(rest, depth+1); !ok {
			return v, nil, false
		}
	}
}

// octets appends an octet string, which may come in pieces.
func (v berValue) octets(dst []byte, depth int) ([]byte, bool) {
	if v.tag&berConstructed == 0 {
		return append(dst, v.body...), true
	}
	for rest := v.body; len(rest) > 0; {
		var piece berValue
		var ok bool
		if piece, rest, ok = ber(rest, 0); !ok || depth > maxBER {
			return nil, false
		}
		if dst, ok = piece.octets(dst, depth+1); !ok {
			return nil, false
		}
	}
	return dst, true
}
