package mime

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"
)

// previewLength is how many characters a preview has at most (RFC 8970 §3.1; JMAP allows 256, RFC 8621 §4.1.4).
const previewLength = 200

// sample is the beginning of a text part's body, as it came.
type sample struct {
	part  *Part
	raw   []byte
	limit int
}

func (s *sample) reset() { s.part, s.raw, s.limit = nil, s.raw[:0], 0 }

// begin starts taking part's body, unless that of another part is there already.
func (s *sample) begin(part *Part, limit int) *sample {
	if s.part != nil && len(bytes.TrimSpace(s.raw)) > 0 {
		return nil
	}
	s.part, s.raw, s.limit = part, s.raw[:0], limit
	return s
}

func (s *sample) add(b []byte) {
	if room := s.limit - len(s.raw); room > 0 {
		s.raw = append(s.raw, b[:min(room, len(b))]...)
	}
}

// text is the sample decoded to UTF-8. It uses buf and may return a piece of it.
func (s *sample) text(buf []byte) []byte {
	out := s.raw
	if int64(len(out)) > s.part.Octets() {
		out = out[:s.part.Octets()] // the delimiter's line break came along
	}
	if d, _ := newOctetDecoder(s.part.Encoding); d != nil {
		out = d.flush(d.decode(buf[:0], out))
	}
	charset := s.part.Charset()
	if (isUTF8(charset) || isPlainASCII(charset)) && utf8.Valid(out) {
		return out
	}
	if isUTF8(charset) {
		return bytes.ToValidUTF8(out, []byte("\uFFFD"))
	}
	text, ok := decodeCharset(charset, string(out))
	if !ok {
		text = fromUnlabelled(string(out))
	}
	return []byte(text)
}

// preview makes the preview of what was sampled: plain text if there is any, else HTML without its tags.
func (b *buffers) preview() string {
	if b.plain.part != nil {
		b.text = growTo(b.text, len(b.plain.raw))
		if s := previewPlain(b.plain.text(b.text)); s != "" {
			return s
		}
	}
	if b.html.part == nil {
		return ""
	}
	b.text = growTo(b.text, len(b.html.raw))
	return previewHTML(b.html.text(b.text))
}

func growTo(b []byte, n int) []byte {
	if cap(b) < n+8 {
		return make([]byte, 0, n+8)
	}
	return b[:0]
}

// previewHTML is the preview of an HTML text in UTF-8.
func previewHTML(text []byte) string {
	var f folder
	htmlText(bytes.NewReader(text), f.add)
	return f.String()
}

// previewPlain is the preview of a plain text in UTF-8: what its writer wrote rather than what is quoted, and not the
// signature, unless there is nothing else.
func previewPlain(text []byte) string {
	var own, all folder
	for rest := text; len(rest) > 0 && !own.full(); {
		line := rest
		if i := bytes.IndexByte(rest, '\n'); i >= 0 {
			line, rest = rest[:i+1], rest[i+1:]
		} else {
			rest = nil
		}
		if bytes.Equal(bytes.TrimRight(line, "\r\n"), signatureMark) {
			break
		}
		if isQuote(line) || isAttribution(line) {
			all.add(line)
			continue
		}
		own.add(line)
	}
	if own.n > 0 {
		return own.String()
	}
	return all.String()
}

var signatureMark = []byte("-- ") // RFC 3676 §4.3

func isQuote(line []byte) bool { return len(line) > 0 && line[0] == '>' }

// isAttribution knows the line that mail programs put before a quotation, in the forms "… wrote:" and "---- Original …".
func isAttribution(line []byte) bool {
	line = bytes.TrimSpace(line)
	return bytes.HasSuffix(line, []byte(" wrote:")) || bytes.HasPrefix(line, []byte("-----Original Message")) ||
		bytes.HasPrefix(line, []byte("________________"))
}

// folder collects text up to previewLength characters with each run of white space as one space.
type folder struct {
	buf   [previewLength * utf8.UTFMax]byte
	len   int
	n     int // characters
	space bool
}

func (f *folder) full() bool { return f.n >= previewLength }

func (f *folder) add(text []byte) bool {
	for len(text) > 0 && !f.full() {
		r, size := rune(text[0]), 1
		if r >= utf8.RuneSelf {
			r, size = utf8.DecodeRune(text)
		}
		text = text[size:]
		switch {
		case isBlank(r):
			f.space = f.n > 0
			continue
		case isUnseen(r):
			continue
		}
		if f.space {
			f.put(' ')
		}
		if f.full() {
			return false
		}
		f.space = false
		f.put(r)
	}
	return !f.full()
}

func (f *folder) put(r rune) {
	if r < utf8.RuneSelf {
		f.buf[f.len] = byte(r)
		f.len++
	} else {
		f.len += utf8.EncodeRune(f.buf[f.len:], r)
	}
	f.n++
}

func (f *folder) String() string { return strings.TrimRight(string(f.buf[:f.len]), " ") }

func isBlank(r rune) bool {
	return r <= ' ' || r == 0x7f || r >= 0x80 && (unicode.IsSpace(r) || unicode.IsControl(r))
}

// isUnseen lists characters that newsletters fill their previews with: zero-width ones, soft hyphens, byte order marks.
func isUnseen(r rune) bool {
	switch r {
	case 0xAD, 0x34F, 0x200B, 0x200C, 0x200E, 0x200F, 0x2060, 0xFEFF:
		return true
	}
	return false
}
