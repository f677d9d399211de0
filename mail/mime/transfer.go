package mime

import (
	"bytes"
	"errors"
	"io"

	"haven/platform/errs"
)

// ErrEncoding is returned where content can't be decoded as its Content-Transfer-Encoding says; RFC 3516 §4.3 answers
// it with NO [UNKNOWN-CTE].
var ErrEncoding = errs.E(errs.Invalid, "The part is not encoded as it says.")

// octetDecoder turns encoded octets into plain ones, appending to dst; flush ends the content.
type octetDecoder interface {
	decode(dst, src []byte) []byte
	flush(dst []byte) []byte
	failed() bool
}

// NewDecoder reads content that r gives in a Content-Transfer-Encoding. It takes what other programs write: white space
// anywhere, missing padding, broken escapes, several base64 texts one after another; an unknown encoding is passed on as it is.
func NewDecoder(encoding string, r io.Reader) io.Reader {
	d, _ := newOctetDecoder(encoding)
	if d == nil {
		return r
	}
	return &decodeReader{src: r, dec: d}
}

// NewStrictDecoder is NewDecoder that reports ErrEncoding for an unknown encoding and for content that isn't validly encoded.
func NewStrictDecoder(encoding string, r io.Reader) io.Reader {
	d, known := newOctetDecoder(encoding)
	switch {
	case !known:
		return errorReader{ErrEncoding}
	case d == nil:
		return r
	}
	return &decodeReader{src: r, dec: d, strict: true}
}

// newOctetDecoder returns nil for an encoding that changes nothing or that nobody knows.
func newOctetDecoder(encoding string) (d octetDecoder, known bool) {
	switch encoding {
	case "base64":
		return &base64Decoder{}, true
	case "quoted-printable":
		return &quotedDecoder{}, true
	case "", "7bit", "8bit", "binary":
		return nil, true
	}
	return nil, false
}

type errorReader struct{ err error }

func (r errorReader) Read([]byte) (int, error) { return 0, r.err }

// decodeReader runs an octetDecoder over a reader.
type decodeReader struct {
	src    io.Reader
	dec    octetDecoder
	strict bool
	in     []byte
	out    []byte
	pos    int
	err    error
}

func (r *decodeReader) Read(b []byte) (int, error) {
	if len(b) == 0 {
		return 0, nil
	}
	for r.pos == len(r.out) {
		if r.err != nil {
			return 0, r.err
		}
		r.fill()
	}
	n := copy(b, r.out[r.pos:])
	r.pos += n
	return n, nil
}

func (r *decodeReader) fill() {
	if r.in == nil {
		r.in = make([]byte, 8<<10)
	}
	n, err := r.src.Read(r.in)
	r.out = r.dec.decode(r.out[:0], r.in[:n])
	r.pos = 0
	if errors.Is(err, io.EOF) {
		r.out = r.dec.flush(r.out)
	}
	if r.strict && r.dec.failed() {
		r.out, err = r.out[:0], ErrEncoding
	}
	r.err = err
}

// base64Decoder reads RFC 2045 §6.8.
type base64Decoder struct {
	acc   uint32
	n     int  // letters in acc
	ended bool // padding came, so the text should be over
	due   int  // padding that is still to come
	bad   bool
}

const (
	b64Space = 0x40 // white space
	b64Pad   = 0x41
	b64Bad   = 0x80
)

var b64Table = func() (t [256]byte) {
	for i := range t {
		t[i] = b64Bad
	}
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	for i := range letters {
		t[letters[i]] = byte(i)
	}
	t['='] = b64Pad
	for _, c := range " \t\r\n" {
		t[c] = b64Space
	}
	return t
}()

func (d *base64Decoder) decode(dst, src []byte) []byte {
	for i := 0; i < len(src); {
		if d.n == 0 && !d.ended {
			for i+4 <= len(src) {
				a, b, c, e := b64Table[src[i]], b64Table[src[i+1]], b64Table[src[i+2]], b64Table[src[i+3]]
				if (a|b|c|e)&0xC0 != 0 {
					break
				}
				v := uint32(a)<<18 | uint32(b)<<12 | uint32(c)<<6 | uint32(e)
				dst = append(dst, byte(v>>16), byte(v>>8), byte(v))
				i += 4
			}
			if i == len(src) {
				break
			}
		}
		dst = d.letter(dst, b64Table[src[i]])
		i++
	}
	return dst
}

func (d *base64Decoder) letter(dst []byte, v byte) []byte {
	switch v {
	case b64Space:
		return dst
	case b64Bad:
		d.bad = true
		return dst
	case b64Pad:
		return d.pad(dst)
	}
	if d.ended { // another text begins
		d.bad, d.ended, d.due = true, false, 0
	}
	d.acc = d.acc<<6 | uint32(v)
	if d.n++; d.n == 4 {
		dst = append(dst, byte(d.acc>>16), byte(d.acc>>8), byte(d.acc))
		d.n, d.acc = 0, 0
	}
	return dst
}

// pad takes one =, which ends the text: one after three letters, two after two.
func (d *base64Decoder) pad(dst []byte) []byte {
	switch {
	case d.ended && d.due > 0:
		d.due--
	case d.n < 2:
		d.bad = true
	default:
		d.due = 3 - d.n
	}
	d.ended = true
	return d.partial(dst)
}

// partial gives the octets of a group that has fewer than four letters.
func (d *base64Decoder) partial(dst []byte) []byte {
	switch d.n {
	case 2:
		dst = append(dst, byte(d.acc>>4))
	case 3:
		dst = append(dst, byte(d.acc>>10), byte(d.acc>>2))
	}
	d.n, d.acc = 0, 0
	return dst
}

func (d *base64Decoder) flush(dst []byte) []byte {
	if d.n > 0 || d.due > 0 {
		d.bad = true
	}
	return d.partial(dst)
}

func (d *base64Decoder) failed() bool { return d.bad }

// quotedDecoder reads RFC 2045 §6.7.
type quotedDecoder struct {
	held []byte // white space that may be at the end of a line, or the beginning of an escape
	bad  bool
}

const maxHeld = 1000 // a longer run of white space is content

func (d *quotedDecoder) decode(dst, src []byte) []byte {
	for len(src) > 0 {
		i := bytes.IndexByte(src, '\n')
		if len(d.held) == 0 && i >= 0 && i < maxHeld {
			dst = d.line(dst, src[:i])
			src = src[i+1:]
			continue
		}
		n := len(src)
		if i >= 0 {
			n = i + 1
		}
		for _, c := range src[:n] {
			dst = d.octet(dst, c)
		}
		src = src[n:]
	}
	return dst
}

// line decodes a whole line, given without its line feed. It does what octet does, faster.
func (d *quotedDecoder) line(dst, line []byte) []byte {
	cr := len(line) > 0 && line[len(line)-1] == '\r'
	line = bytes.TrimRight(line, " \t\r")
	for {
		i := bytes.IndexByte(line, '=')
		if i < 0 {
			dst = append(dst, line...)
			break
		}
		dst = append(dst, line[:i]...)
		if line = line[i+1:]; len(line) == 0 {
			return dst // a soft line break
		}
		if len(line) > 1 && unhex(line[0]) >= 0 && unhex(line[1]) >= 0 {
			dst = append(dst, byte(unhex(line[0])<<4|unhex(line[1])))
			line = line[2:]
			continue
		}
		d.bad = true
		dst = append(dst, '=')
	}
	if cr {
		dst = append(dst, '\r')
	}
	return append(dst, '\n')
}

func (d *quotedDecoder) octet(dst []byte, c byte) []byte {
	if len(d.held) > 0 && d.held[0] == '=' {
		return d.escape(dst, c)
	}
	switch {
	case c == '=':
		dst = append(dst, d.held...)
		d.held = append(d.held[:0], c)
	case c == ' ' || c == '\t' || c == '\r':
		if len(d.held) >= maxHeld {
			dst = append(dst, d.held...)
			d.held = d.held[:0]
		}
		d.held = append(d.held, c)
	case c == '\n':
		if len(d.held) > 0 && d.held[len(d.held)-1] == '\r' {
			dst = append(dst, '\r')
		}
		d.held = d.held[:0]
		dst = append(dst, '\n')
	default:
		dst = append(dst, d.held...)
		d.held = d.held[:0]
		dst = append(dst, c)
	}
	return dst
}

// escape goes on with an escape: two hexadecimal digits, or white space and the end of the line.
func (d *quotedDecoder) escape(dst []byte, c byte) []byte {
	first := byte(0)
	if len(d.held) > 1 {
		first = d.held[1]
	}
	switch {
	case unhex(first) >= 0 && unhex(c) >= 0:
		d.held = d.held[:0]
		return append(dst, byte(unhex(first)<<4|unhex(c)))
	case len(d.held) == 1 && unhex(c) >= 0,
		unhex(first) < 0 && (c == ' ' || c == '\t' || c == '\r') && len(d.held) < maxHeld:
		d.held = append(d.held, c)
		return dst
	case unhex(first) < 0 && c == '\n':
		d.held = d.held[:0]
		return dst
	}
	d.bad = true
	dst = append(dst, d.held...)
	d.held = d.held[:0]
	return d.octet(dst, c)
}

// flush ends the text; a lone = at its end is a soft line break without a line.
func (d *quotedDecoder) flush(dst []byte) []byte {
	if len(d.held) > 0 && d.held[0] == '=' {
		if len(d.held) > 1 && unhex(d.held[1]) >= 0 {
			d.bad = true
			dst = append(dst, d.held...)
		}
	}
	d.held = d.held[:0]
	return dst
}

func (d *quotedDecoder) failed() bool { return d.bad }

// Raw reads the part's body as it is in the letter.
func (p *Part) Raw(r io.ReaderAt) *io.SectionReader {
	return io.NewSectionReader(r, p.Body, p.End-p.Body)
}

// Content reads the part's body decoded, tolerantly.
func (p *Part) Content(r io.ReaderAt) io.Reader { return NewDecoder(p.Encoding, p.Raw(r)) }

// IsEncoded reports whether Content gives something else than what stands in the letter.
func (p *Part) IsEncoded() bool { return !isIdentity(p.Encoding) }

// KnownEncoding reports whether Content decodes the body; one in an encoding that it doesn't know is passed on as it is.
func (p *Part) KnownEncoding() bool {
	_, known := newOctetDecoder(p.Encoding)
	return known
}

// StrictContent reads the part's body decoded and reports ErrEncoding where it can't be (RFC 3516).
func (p *Part) StrictContent(r io.ReaderAt) io.Reader { return NewStrictDecoder(p.Encoding, p.Raw(r)) }

// Unpadded reads a body in base64 as programs do that pass over the marks of its end. It is nil where the body is well
// formed, so that there are none but at the end, or in another encoding.
func (p *Part) Unpadded(r io.ReaderAt) io.Reader {
	if p.Encoding != "base64" {
		return nil
	}
	if _, err := io.Copy(io.Discard, p.StrictContent(r)); !errors.Is(err, ErrEncoding) {
		return nil // an error of r's comes again
	}
	return NewDecoder("base64", paddingReader{p.Raw(r)})
}

// paddingReader leaves = out.
type paddingReader struct{ io.Reader }

func (r paddingReader) Read(b []byte) (int, error) {
	n, err := r.Reader.Read(b)
	return copy(b, bytes.ReplaceAll(b[:n], []byte("="), nil)), err
}

// Text reads the part's body decoded and converted to UTF-8.
func (p *Part) Text(r io.ReaderAt) io.Reader { return ToUTF8(p.Charset(), p.Content(r)) }

// KnowsDecodedSize reports whether DecodedSize, not strict, can tell without reading the body.
func (p *Part) KnowsDecodedSize() bool { return isIdentity(p.Encoding) || p.counted }

// DecodedSize is the length of the part's content when decoded, which BINARY.SIZE and JMAP's size are. It reads the body
// where that was not counted when the letter was parsed, or with strict, where content that isn't encoded as it says is ErrEncoding.
func (p *Part) DecodedSize(r io.ReaderAt, strict bool) (int64, error) {
	switch {
	case isIdentity(p.Encoding):
		return p.Octets(), nil
	case strict:
		return io.Copy(io.Discard, p.StrictContent(r))
	case p.counted:
		return p.decoded, nil
	}
	return io.Copy(io.Discard, p.Content(r))
}
