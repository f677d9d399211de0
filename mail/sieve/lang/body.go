package lang

import (
	"io"
	"strings"

	"haven/mail/mime"
)

// bodyTest looks into the letter's body (RFC 5173): as it came, at parts of some types, or at its text. No more than Limits.Body octets are looked at.
func (m *machine) bodyTest(c *command) (bool, error) {
	message, r, err := m.house.Body()
	if err != nil {
		return false, err
	}
	var values []string
	switch {
	case c.has("raw"):
		values, err = m.rawBody(message, r)
	case c.has("content"):
		types, err := m.texts(c.tags["content"])
		if err != nil {
			return false, err
		}
		if values, err = m.partsOf(message.Root, r, types); err != nil {
			return false, err
		}
	default:
		err = message.SearchText(r, m.lim.Body, func(from mime.Source, text string) bool {
			if from == mime.FromBody {
				values = append(values, text)
			}
			return true
		})
	}
	if err != nil {
		return false, err
	}
	for _, v := range values {
		if err := m.spend(int64(len(v))); err != nil {
			return false, err
		}
	}
	return m.match(c, values, c.args[0])
}

func (m *machine) rawBody(message *mime.Message, r io.ReaderAt) ([]string, error) {
	s, err := readUpTo(io.NewSectionReader(r, message.Root.Body, message.Size-message.Root.Body), m.lim.Body)
	return []string{s}, err
}

func readUpTo(r io.Reader, octets int) (string, error) {
	var b strings.Builder
	_, err := io.Copy(&b, io.LimitReader(r, int64(octets)))
	return b.String(), err
}

// partsOf are the contents of the parts of some types (RFC 5173 §5.2): of a multipart what stands around its parts, of a letter within the letter its header, and of
// all others what they hold, decoded, text in UTF-8.
func (m *machine) partsOf(root *mime.Part, r io.ReaderAt, types []string) (values []string, err error) {
	left := m.lim.Body
	take := func(src io.Reader) {
		if err != nil || left <= 0 {
			return
		}
		var s string
		s, err = readUpTo(src, left)
		left -= len(s)
		values = append(values, s)
	}
	section := func(from, to int64) io.Reader { return io.NewSectionReader(r, from, max(to-from, 0)) }
	root.Walk(func(p *mime.Part) bool {
		if !isOfType(p, types) {
			return true
		}
		switch {
		case p.IsMultipart():
			take(section(p.Body, p.Children[0].Header))
			take(section(p.Children[len(p.Children)-1].End, p.End))
		case p.Envelope != nil:
			take(section(p.Children[0].Header, p.Children[0].Body))
		case p.Type == "text":
			take(p.Text(r))
		default:
			take(p.Content(r))
		}
		return err == nil
	})
	return values, err
}

// isOfType compares as RFC 5173 §5.2 says: "" is every type, "text" all of a kind, "text/html" one. Anything else is none.
func isOfType(p *mime.Part, types []string) bool {
	for _, t := range types {
		t = strings.ToLower(t)
		if t == "" || t == p.Type || strings.Count(t, "/") == 1 && p.Is(t) {
			return true
		}
	}
	return false
}
