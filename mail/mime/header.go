package mime

import (
	"io"
	"iter"
	"strings"
)

// Header is a header block as written, with or without its empty line. Lines end with CRLF or LF.
type Header string

// Field is one field of a header, as written.
type Field struct {
	Name string // without the colon; "" for a line that is no field
	Body string // what follows the colon, with its folding, without the last line break
	Raw  string // the whole field with its line breaks
}

// Value is the body unfolded and trimmed (RFC 5322 §2.2.3), without CR, LF and NUL.
func (f Field) Value() string { return unfold(f.Body) }

// Is compares the field's name, without regard to case.
func (f Field) Is(name string) bool {
	return len(f.Name) == len(name) && strings.EqualFold(f.Name, name)
}

// Fields yields the fields in order, up to the empty line.
func (h Header) Fields() iter.Seq[Field] {
	return func(yield func(Field) bool) {
		rest := string(h)
		for rest != "" {
			f, n := cutField(rest)
			if n == 0 || !yield(f) {
				return
			}
			rest = rest[n:]
		}
	}
}

// cutField takes the first field with its continuation lines off s; n is 0 at the empty line and at the end.
func cutField(s string) (f Field, n int) {
	if s == "" || s[0] == '\n' || strings.HasPrefix(s, "\r\n") {
		return Field{}, 0
	}
	for n < len(s) {
		i := strings.IndexByte(s[n:], '\n')
		if i < 0 {
			n = len(s)
			break
		}
		n += i + 1
		if n >= len(s) || s[n] != ' ' && s[n] != '\t' {
			break
		}
	}
	f.Raw = s[:n]
	line := strings.TrimSuffix(strings.TrimSuffix(f.Raw, "\n"), "\r")
	i := strings.IndexByte(line, ':')
	if i <= 0 || !isFieldName(line[:i]) {
		f.Body = line
		return f, n
	}
	f.Name = strings.TrimRight(line[:i], " \t") // obsolete syntax allows space before the colon, RFC 5322 §4.5
	f.Body = line[i+1:]
	return f, n
}

// isFieldName allows printable ASCII (RFC 5322 §3.6.8), and space at the end only.
func isFieldName(s string) bool {
	s = strings.TrimRight(s, " \t")
	for i := 0; i < len(s); i++ {
		if s[i] <= ' ' || s[i] >= 0x7f {
			return false
		}
	}
	return s != ""
}

// Get is the unfolded value of the last field of that name, "" if there is none. The last one is what a DKIM signature
// covers first (RFC 6376 §5.4.2) and what JMAP shows (RFC 8621 §4.1.3).
func (h Header) Get(name string) string {
	v := ""
	for f := range h.Fields() {
		if f.Is(name) {
			v = f.Body
		}
	}
	return unfold(v)
}

// Has reports whether there is a field of that name.
func (h Header) Has(name string) bool {
	for f := range h.Fields() {
		if f.Is(name) {
			return true
		}
	}
	return false
}

// Count tells how many fields of that name there are.
func (h Header) Count(name string) int {
	n := 0
	for f := range h.Fields() {
		if f.Is(name) {
			n++
		}
	}
	return n
}

// Values yields the unfolded values of all fields of that name, from the top.
func (h Header) Values(name string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for f := range h.Fields() {
			if f.Is(name) && !yield(f.Value()) {
				return
			}
		}
	}
}

// AppendFields appends the fields that keep wants to dst as written, and an empty line: what BODY[HEADER.FIELDS]
// and BODY[HEADER.FIELDS.NOT] return (RFC 9051 §6.4.5.1).
func (h Header) AppendFields(dst []byte, keep func(name string) bool) []byte {
	for f := range h.Fields() {
		if f.Name == "" || !keep(f.Name) {
			continue
		}
		dst = append(dst, f.Raw...)
		if !strings.HasSuffix(f.Raw, "\n") {
			dst = append(dst, "\r\n"...)
		}
	}
	return append(dst, "\r\n"...)
}

// ReadHeader reads the part's header as written, at most limit octets of it.
func (p *Part) ReadHeader(r io.ReaderAt, limit int64) (Header, error) {
	n := min(p.Body-p.Header, limit)
	b := make([]byte, n)
	got, err := r.ReadAt(b, p.Header)
	if int64(got) == n {
		err = nil
	}
	return Header(b[:got]), err
}

// unfold takes line breaks and NUL out and trims white space. It allocates only where there is something to take.
func unfold(s string) string {
	s = strings.Trim(s, " \t\r\n\x00")
	if len(s) > maxValue {
		s = strings.TrimRight(s[:maxValue], " \t\r\n\x00")
	}
	if strings.IndexByte(s, '\n') < 0 && strings.IndexByte(s, '\r') < 0 && strings.IndexByte(s, 0) < 0 {
		return s
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if c := s[i]; c != '\r' && c != '\n' && c != 0 {
			b = append(b, c)
		}
	}
	return string(b)
}
