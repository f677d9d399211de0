package delivery

import (
	"errors"
	"strings"
	"unicode/utf8"

	"haven"
	"haven/mail/mime"
	"haven/platform/errs"
)

// Bounds of the fields that say who a letter is from. A longer one is no person's.
const (
	maxAuthorField = 4 << 10
	maxAuthors     = 50 // in all these fields of a letter together: each costs a look into the directory
)

var (
	errAuthorLong    = errors.New("is longer than 4 KB")
	errAuthorMany    = errors.New("holds more than 50 addresses")
	errAuthorControl = errors.New("holds control characters or text that is not UTF-8")
	errAuthorComment = errors.New("has a bracket or a quotation mark that is not closed")
	errAuthorForm    = errors.New("is not a list of plain mail addresses: write Name <name@example.test>, a name with special characters in quotation marks, and no groups")
)

// wellFormed refuses a submission's header that holds lines which are no fields (RFC 5322 §2.2), or lines of white space
// alone, which nobody may write (§3.2.2): programs differ in what they take them for, an empty line among others.
func wellFormed(h mime.Header) error {
	for f := range h.Fields() {
		if f.Name == "" || !strings.HasPrefix(f.Raw[len(f.Name):], ":") {
			return refuse(errs.Invalid, RuleHeader, 550, "5.6.0", "The letter's header holds a line that is no field: a name, a colon and a text.")
		}
		_, folded, _ := strings.Cut(f.Raw, "\n")
		for line := range strings.Lines(folded) {
			if strings.TrimSpace(line) == "" {
				return refuse(errs.Invalid, RuleHeader, 550, "5.6.0", "The letter's header holds a line of white space alone, in the field %s.", f.Name)
			}
		}
	}
	return nil
}

// authors reads a field that says who a letter is from, which is a list of mailboxes (RFC 5322 §3.6.2). It takes only
// what every reader understands alike: no groups, routes or empty entries, nothing behind an address, and nothing that
// the forgiving reader of package mime reads differently.
func authors(f mime.Field) ([]haven.Address, error) {
	if len(f.Body) > maxAuthorField {
		return nil, errAuthorLong
	}
	text := strings.ReplaceAll(f.Body, "\r\n", "")
	if !utf8.ValidString(text) || strings.ContainsFunc(text, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }) {
		return nil, errAuthorControl
	}
	s := authorScanner{rest: text}
	var out []haven.Address
	for more := true; more && s.err == nil; {
		var a haven.Address
		a, more = s.mailbox()
		if out = append(out, a); len(out) > maxAuthors {
			return nil, errAuthorMany
		}
	}
	if s.err == nil && !readAlike(out, mime.ParseAddresses(f.Value())) {
		s.err = errAuthorForm
	}
	return out, s.err
}

// readAlike reports whether the forgiving reader finds the same addresses.
func readAlike(strict []haven.Address, forgiving []mime.Address) bool {
	if len(strict) != len(forgiving) {
		return false
	}
	for i, a := range forgiving {
		if got, err := a.Haven(); err != nil || got != strict[i] {
			return false
		}
	}
	return true
}

// authorScanner walks over a list of mailboxes. Its first error stays.
type authorScanner struct {
	rest string
	err  error
}

func (s *authorScanner) fail(err error) {
	if s.err == nil {
		s.err = err
	}
	s.rest = ""
}

// mailbox reads one entry and the comma behind it; more tells whether that came.
func (s *authorScanner) mailbox() (a haven.Address, more bool) {
	plain := s.words()
	if s.next() == '<' {
		if strings.Contains(plain, "@") {
			s.fail(errAuthorForm) // an address as the name of another, not in quotation marks
		}
		s.take()
		plain = s.words()
		if s.next() != '>' {
			s.fail(errAuthorForm)
		}
		s.take()
		s.comments()
	}
	switch s.next() {
	case ',':
		s.take()
		more = true
	case 0:
	default:
		s.fail(errAuthorForm)
	}
	a, err := haven.ParseAddress(plain)
	if err != nil {
		s.fail(errAuthorForm)
	}
	return a, more
}

// words reads atoms, quoted strings, @ and comments. What it returns is an address only where it was written in one
// piece: words that stand apart come with a space between them. Of a quoted string that is no local part only the marks
// are given, so that an @ in a name may stand within them.
func (s *authorScanner) words() string {
	var b strings.Builder
	for {
		before := len(s.rest)
		s.comments()
		if before != len(s.rest) && b.Len() > 0 && wordOctet(s.next()) {
			b.WriteByte(' ')
		}
		switch c := s.next(); {
		case c == '"':
			q := s.quoted()
			if s.next() != '@' {
				q = `""`
			}
			b.WriteString(q)
		case wordOctet(c):
			b.WriteByte(c)
			s.take()
		default:
			return b.String()
		}
	}
}

// wordOctet tells what may stand in atoms and in an address (RFC 5322 §3.2.3), and in a name with dots (§4.1).
func wordOctet(c byte) bool {
	return c > ' ' && strings.IndexByte(`()<>:;,\`, c) < 0
}

func (s *authorScanner) next() byte {
	if s.rest == "" {
		return 0
	}
	return s.rest[0]
}

func (s *authorScanner) take() {
	if s.rest != "" {
		s.rest = s.rest[1:]
	}
}

// quoted takes a quoted string, with its marks (RFC 5322 §3.2.4).
func (s *authorScanner) quoted() string {
	for i := 1; i < len(s.rest); i++ {
		switch s.rest[i] {
		case '\\':
			i++
		case '"':
			q := s.rest[:i+1]
			s.rest = s.rest[i+1:]
			return q
		}
	}
	s.fail(errAuthorComment)
	return ""
}

// comments passes over white space and comments, which may be nested (RFC 5322 §3.2.2).
func (s *authorScanner) comments() {
	deep := 0
	for i := 0; i < len(s.rest); i++ {
		switch c := s.rest[i]; {
		case c == '(':
			deep++
		case c == ')' && deep > 0:
			deep--
		case c == '\\' && deep > 0:
			i++
		case deep == 0 && c != ' ' && c != '\t':
			s.rest = s.rest[i:]
			return
		}
	}
	if s.rest = ""; deep > 0 {
		s.fail(errAuthorComment)
	}
}
