package attachmenttest

import (
	"bytes"
	"compress/zlib"
	"slices"
)

// Zlibbed packs octets (RFC 1950).
func Zlibbed(b []byte) []byte {
	var out bytes.Buffer
	w := zlib.NewWriter(&out)
	_, err := w.Write(b)
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		panic(err) // a buffer takes everything
	}
	return out.Bytes()
}

// CMS is content enclosed in what has an OID, as far as anybody here reads it (RFC 5652 §5, RFC 3274 §1.1).
func CMS(oid, content []byte) []byte {
	tlv := func(tag byte, parts ...[]byte) []byte {
		body := slices.Concat(parts...)
		return append([]byte{tag, 0x84, byte(len(body) >> 24), byte(len(body) >> 16), byte(len(body) >> 8), byte(len(body))}, body...)
	}
	data := []byte{0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01}
	return tlv(0x30, oid, tlv(0xa0, tlv(0x30, []byte{2, 1, 0}, tlv(0x30, nil), tlv(0x30, data, tlv(0xa0, tlv(4, content))))))
}

// PackedLetter is a letter of S/MIME that is packed (RFC 8551 §3.6).
func PackedLetter(letter []byte) []byte {
	oid := []byte{0x06, 0x0b, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x10, 0x01, 0x09}
	return CMS(oid, Zlibbed(letter))
}
