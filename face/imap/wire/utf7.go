package wire

import (
	"encoding/base64"
	"errors"
	"unicode/utf16"
	"unicode/utf8"
)

var utf7Encoding = base64.NewEncoding("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,").WithPadding(base64.NoPadding)

var errUTF7 = errors.New("the mailbox name is no modified UTF-7")

// DecodeUTF7 reads a mailbox name in modified UTF-7 (RFC 3501 §5.1.3). Only what EncodeUTF7 writes is taken, so that
// a mailbox has one name.
func DecodeUTF7(s string) (string, error) {
	var out []byte
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c < 0x20 || c > 0x7e {
			return "", errUTF7
		}
		if c != '&' {
			out = append(out, c)
			continue
		}
		end := i + 1
		for end < len(s) && s[end] != '-' {
			end++
		}
		if end == len(s) {
			return "", errUTF7
		}
		if end == i+1 {
			out = append(out, '&')
		} else {
			var err error
			if out, err = decodeShift(out, s[i+1:end]); err != nil {
				return "", err
			}
		}
		i = end
	}
	if EncodeUTF7(string(out)) != s {
		return "", errUTF7
	}
	return string(out), nil
}

// decodeShift reads what stands between "&" and "-": UTF-16 big endian in base64.
func decodeShift(out []byte, s string) ([]byte, error) {
	b, err := utf7Encoding.DecodeString(s)
	if err != nil || len(b)%2 != 0 || len(b) == 0 {
		return nil, errUTF7
	}
	units := make([]uint16, len(b)/2)
	for i := range units {
		units[i] = uint16(b[2*i])<<8 | uint16(b[2*i+1])
	}
	for _, r := range utf16.Decode(units) {
		if r == utf8.RuneError || r >= 0x20 && r <= 0x7e {
			return nil, errUTF7
		}
		out = utf8.AppendRune(out, r)
	}
	return out, nil
}

// EncodeUTF7 writes a mailbox name in modified UTF-7.
func EncodeUTF7(s string) string {
	if isPlainName(s) {
		return s
	}
	out := make([]byte, 0, len(s)+16)
	for i := 0; i < len(s); {
		c := s[i]
		switch {
		case c == '&':
			out = append(out, '&', '-')
			i++
		case c >= 0x20 && c <= 0x7e:
			out = append(out, c)
			i++
		default:
			j := i
			for j < len(s) && (s[j] < 0x20 || s[j] > 0x7e) {
				j++
			}
			out = encodeShift(out, s[i:j])
			i = j
		}
	}
	return string(out)
}

func isPlainName(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < 0x20 || s[i] > 0x7e || s[i] == '&' {
			return false
		}
	}
	return true
}

func encodeShift(out []byte, s string) []byte {
	units := utf16.Encode([]rune(s))
	b := make([]byte, 0, 2*len(units))
	for _, u := range units {
		b = append(b, byte(u>>8), byte(u))
	}
	out = append(out, '&')
	out = utf7Encoding.AppendEncode(out, b)
	return append(out, '-')
}
