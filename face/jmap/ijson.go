package jmap

import (
	"errors"
	"strconv"
	"unicode/utf8"
)

// scan is one pass over a JSON text that is to be I-JSON (RFC 7493): UTF-8, no surrogate alone, no member twice, nothing behind it. It keeps
// the names of the objects that are open and nothing else, so that what it costs is bounded by the values that it takes.
type scan struct {
	text   []byte
	at     int
	values int // that may still come
	depth  int // that may still be gone down
}

var (
	errSyntax    = errors.New("is no JSON")
	errUTF8      = errors.New("is no UTF-8")
	errDuplicate = errors.New("has a member twice in one object")
	errDeep      = errors.New("is nested too deep")
	errValues    = errors.New("has too many values")
)

// checkIJSON is why text is not to be read: errDeep and errValues are limits of ours, anything else is a fault of the text.
func checkIJSON(text []byte, depth, values int) error {
	if !utf8.Valid(text) {
		return errUTF8
	}
	s := scan{text: text, values: values, depth: depth}
	s.space()
	if err := s.value(); err != nil {
		return err
	}
	if s.space(); s.at != len(text) {
		return errSyntax
	}
	return nil
}

func (s *scan) space() {
	for s.at < len(s.text) {
		switch s.text[s.at] {
		case ' ', '\t', '\n', '\r':
			s.at++
		default:
			return
		}
	}
}

func (s *scan) next() byte {
	if s.at < len(s.text) {
		return s.text[s.at]
	}
	return 0
}

func (s *scan) accept(c byte) bool {
	if s.next() == c && s.at < len(s.text) {
		s.at++
		return true
	}
	return false
}

func (s *scan) value() error {
	if s.values--; s.values < 0 {
		return errValues
	}
	switch c := s.next(); {
	case c == '{':
		return s.nested(s.object)
	case c == '[':
		return s.nested(s.array)
	case c == '"':
		return s.skip()
	case c == '-' || '0' <= c && c <= '9':
		return s.number()
	}
	return s.word()
}

func (s *scan) nested(fn func() error) error {
	if s.depth--; s.depth < 0 {
		return errDeep
	}
	s.at++
	s.space()
	err := fn()
	s.depth++
	return err
}

// members calls one for each member or item up to the end of what is open.
func (s *scan) members(end byte, one func() error) error {
	if s.space(); s.accept(end) {
		return nil
	}
	for {
		if err := one(); err != nil {
			return err
		}
		s.space()
		if s.accept(end) {
			return nil
		}
		if !s.accept(',') {
			return errSyntax
		}
		s.space()
	}
}

// part is the next value, as it stands.
func (s *scan) part() ([]byte, error) {
	begin := s.at
	err := s.value()
	return s.text[begin:s.at:s.at], err
}

func (s *scan) array() error { return s.members(']', s.value) }

func (s *scan) object() error {
	var first string
	var names map[string]struct{} // of the second member on
	n := 0
	return s.members('}', func() error {
		name, err := s.string()
		if err != nil {
			return err
		}
		if n++; n == 1 {
			first = name
		} else {
			if names == nil {
				names = map[string]struct{}{first: {}}
			}
			if _, twice := names[name]; twice {
				return errDuplicate
			}
			names[name] = struct{}{}
		}
		if s.space(); !s.accept(':') {
			return errSyntax
		}
		s.space()
		return s.value()
	})
}

// skip goes over a string.
func (s *scan) skip() error {
	s.at++
	for s.at < len(s.text) {
		c := s.text[s.at]
		s.at++
		switch {
		case c == '"':
			return nil
		case c < ' ':
			return errSyntax
		case c == '\\':
			if _, err := s.escape(); err != nil {
				return err
			}
		}
	}
	return errSyntax
}

// string reads a string, as what it stands for: "a" is the same name as "\u0061".
func (s *scan) string() (string, error) {
	if !s.accept('"') {
		return "", errSyntax
	}
	begin := s.at
	for s.at < len(s.text) {
		switch c := s.text[s.at]; {
		case c == '"':
			s.at++
			return string(s.text[begin : s.at-1]), nil
		case c == '\\':
			return s.escaped(append([]byte(nil), s.text[begin:s.at]...))
		case c < ' ':
			return "", errSyntax
		}
		s.at++
	}
	return "", errSyntax
}

// escaped goes on with a string in which there are escapes.
func (s *scan) escaped(out []byte) (string, error) {
	for s.at < len(s.text) {
		c := s.text[s.at]
		s.at++
		switch {
		case c == '"':
			return string(out), nil
		case c < ' ':
			return "", errSyntax
		case c != '\\':
			out = append(out, c)
			continue
		}
		r, err := s.escape()
		if err != nil {
			return "", err
		}
		out = utf8.AppendRune(out, r)
	}
	return "", errSyntax
}

var escapes = map[byte]rune{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

func (s *scan) escape() (rune, error) {
	c := s.next()
	s.at++
	if r, ok := escapes[c]; ok {
		return r, nil
	}
	if c != 'u' {
		return 0, errSyntax
	}
	r, err := s.hex()
	if err != nil || r < 0xd800 || r > 0xdfff {
		return r, err
	}
	if r > 0xdbff || !s.accept('\\') || !s.accept('u') {
		return 0, errSyntax // a surrogate alone (RFC 7493 §2.1)
	}
	low, err := s.hex()
	if err != nil || low < 0xdc00 || low > 0xdfff {
		return 0, errSyntax
	}
	return (r-0xd800)<<10 | (low - 0xdc00) + 0x10000, nil
}

func (s *scan) hex() (rune, error) {
	if s.at+4 > len(s.text) {
		return 0, errSyntax
	}
	n, err := strconv.ParseUint(string(s.text[s.at:s.at+4]), 16, 16)
	s.at += 4
	if err != nil {
		return 0, errSyntax
	}
	return rune(n), nil
}

// number reads a number of RFC 8259 §6.
func (s *scan) number() error {
	s.accept('-')
	if !s.accept('0') && s.digits() == 0 {
		return errSyntax
	}
	if s.accept('.') && s.digits() == 0 {
		return errSyntax
	}
	if s.accept('e') || s.accept('E') {
		if !s.accept('+') {
			s.accept('-')
		}
		if s.digits() == 0 {
			return errSyntax
		}
	}
	return nil
}

func (s *scan) digits() (n int) {
	for c := s.next(); '0' <= c && c <= '9'; c = s.next() {
		s.at++
		n++
	}
	return n
}

func (s *scan) word() error {
	for _, w := range []string{"true", "false", "null"} {
		if len(s.text)-s.at >= len(w) && string(s.text[s.at:s.at+len(w)]) == w {
			s.at += len(w)
			return nil
		}
	}
	return errSyntax
}
