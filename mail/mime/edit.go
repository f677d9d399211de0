package mime

import (
	"bufio"
	"bytes"
	"errors"
	"io"

	"haven/platform/errs"
)

// HeaderField is a field to write. Name and Body are written as they are: Body is encoded and folded already and has no
// line break at its end.
type HeaderField struct {
	Name string
	Body string
}

// Edit says what to change in a letter's header while the letter streams by. Everything else stays as it is, octet for octet,
// so that signatures over it stay valid (RFC 6376 §3.4). The zero value changes nothing.
type Edit struct {
	Remove  func(Field) bool // fields to leave out, such as Bcc; nil leaves none out
	Prepend []HeaderField    // trace fields, in the order in which they shall stand at the top (RFC 5321 §4.4)
	Missing []HeaderField    // added at the header's end where no field of that name is left, such as Date and Message-ID
	Limit   int              // octets that the header may have; default 1 MiB
}

// ErrHeaderTooLong is returned for a header over Edit.Limit: what is to be removed must never pass because it was not seen.
var ErrHeaderTooLong = errs.E(errs.Invalid, "The message's header is too long.")

// RemoveNamed is an Edit.Remove for fields by name, without regard to case.
func RemoveNamed(names ...string) func(Field) bool {
	return func(f Field) bool {
		for _, n := range names {
			if f.Is(n) {
				return true
			}
		}
		return false
	}
}

// Reader reads src's header and returns the edited letter. It reads from src as it is read. The error is
// ErrHeaderTooLong or src's.
func (e Edit) Reader(src io.Reader) (io.Reader, error) {
	limit := e.Limit
	if limit <= 0 {
		limit = 1 << 20
	}
	br := bufio.NewReaderSize(src, 16<<10)
	head, err := readHead(br, limit)
	if err != nil {
		return nil, err
	}
	return io.MultiReader(bytes.NewReader(e.header(head)), br), nil
}

// readHead reads up to and with the empty line, or to the end of the letter.
func readHead(br *bufio.Reader, limit int) ([]byte, error) {
	var head []byte
	blank := true // nothing of the current line has come yet
	for {
		piece, err := br.ReadSlice('\n')
		if len(head)+len(piece) > limit {
			return nil, ErrHeaderTooLong
		}
		start := blank
		head = append(head, piece...)
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			blank = false
		case errors.Is(err, io.EOF):
			return head, nil
		case err != nil:
			return nil, err
		case start && (len(piece) == 1 || len(piece) == 2 && piece[0] == '\r'):
			return head, nil
		default:
			blank = true
		}
	}
}

// header edits a header block that may end with its empty line.
func (e Edit) header(head []byte) []byte {
	out := make([]byte, 0, len(head)+512)
	for _, f := range e.Prepend {
		out = appendField(out, f)
	}
	rest := string(head)
	missing := make([]bool, len(e.Missing))
	for i := range missing {
		missing[i] = true
	}
	for rest != "" {
		f, n := cutField(rest)
		if n == 0 {
			break
		}
		rest = rest[n:]
		if f.Name != "" && e.Remove != nil && e.Remove(f) {
			continue
		}
		for i, m := range e.Missing {
			missing[i] = missing[i] && !f.Is(m.Name)
		}
		out = append(out, f.Raw...)
	}
	for i, f := range e.Missing {
		if !missing[i] {
			continue
		}
		if len(out) > 0 && out[len(out)-1] != '\n' {
			out = append(out, "\r\n"...)
		}
		out = appendField(out, f)
	}
	return append(out, rest...)
}

func appendField(b []byte, f HeaderField) []byte {
	b = append(b, f.Name...)
	b = append(b, ": "...)
	b = append(b, f.Body...)
	return append(b, "\r\n"...)
}

// Cut replaces the octets [From, To) of a letter by With.
type Cut struct {
	From, To int64
	With     []byte
}

// Splice reads the letter of size octets in src with the cuts made, which are in ascending order and don't overlap. Octets
// outside of them are passed on as they are.
func Splice(src io.ReaderAt, size int64, cuts []Cut) io.Reader {
	readers := make([]io.Reader, 0, 2*len(cuts)+1)
	at := int64(0)
	for _, c := range cuts {
		readers = append(readers, io.NewSectionReader(src, at, c.From-at), bytes.NewReader(c.With))
		at = c.To
	}
	return io.MultiReader(append(readers, io.NewSectionReader(src, at, size-at))...)
}

// IsProtected reports whether a part must not be altered because what is in it is signed or encrypted (RFC 1847, RFC 8551).
func (p *Part) IsProtected() bool {
	if p.Type == "multipart" {
		return p.Subtype == "signed" || p.Subtype == "encrypted"
	}
	return p.Type == "application" &&
		(p.Subtype == "pkcs7-mime" || p.Subtype == "x-pkcs7-mime" || p.Subtype == "pgp-encrypted")
}

// ReplaceParts puts a text in the place of each part for which decide gives one, and returns the letter so changed and the
// parts that are gone. decide is asked for parts without parts, and for whole messages within the message, in order; never for
// what is signed or encrypted, nor for anything inside of that. Nothing else changes: neighbours, delimiters and a top-level
// header keep their octets, but for the Content- fields of a letter that is itself such a part.
func ReplaceParts(src io.ReaderAt, m *Message, decide func(*Part) (text string, ok bool)) (io.Reader, []*Part, error) {
	var cuts []Cut
	var gone []*Part
	var err error
	root := m.Root // the message root that was met last
	m.Root.Walk(func(p *Part) bool {
		if p.Envelope != nil {
			defer func() { root = p.Children[0] }()
		}
		if p.IsProtected() || err != nil {
			return false
		}
		if p.IsMultipart() {
			return true
		}
		text, ok := decide(p)
		if !ok {
			return true
		}
		var with []byte
		if with, err = notice(src, p, p == root, text); err == nil {
			cuts = append(cuts, Cut{p.Header, p.End, with})
			gone = append(gone, p)
		}
		return false
	})
	if err != nil {
		return nil, nil, err
	}
	return Splice(src, m.Size, cuts), gone, nil
}

// notice is the part that stands in for p. The root of a message keeps the fields that aren't about its content.
func notice(src io.ReaderAt, p *Part, root bool, text string) ([]byte, error) {
	if !root {
		return NewText(text).Append(nil), nil
	}
	b, err := p.fieldsBut(src, true, isContentField)
	if err != nil {
		return nil, err
	}
	return NewText(text).Append(b), nil
}
