package lang

import (
	"strings"
	"unicode/utf8"
)

type tokenKind uint8

const (
	tokEnd tokenKind = iota
	tokWord
	tokTag
	tokNumber
	tokString
	tokSign // one of []{}(),;
)

type token struct {
	kind tokenKind
	line int
	text string // of a tag without its colon, in lower case; of a word in lower case
	num  int64
}

// lexer cuts a script into tokens (RFC 5228 §8.1). Its first error stays.
type lexer struct {
	s    string
	i    int
	line int
	bad  *Error
}

func (l *lexer) fail(say string) token {
	if l.bad == nil {
		l.bad = &Error{Line: l.line, Say: say}
	}
	l.i = len(l.s)
	return token{kind: tokEnd, line: l.line}
}

// next is the next token; tokEnd at the end and after an error.
func (l *lexer) next() token {
	if !l.space() {
		return l.fail("A comment /* has no end */.")
	}
	if l.i >= len(l.s) {
		return token{kind: tokEnd, line: l.line}
	}
	start, line := l.i, l.line
	switch c := l.s[l.i]; {
	case strings.IndexByte("[]{}(),;", c) >= 0:
		l.i++
		return token{kind: tokSign, line: line, text: string(c)}
	case c == '"':
		return l.quoted()
	case isDigit(c):
		return l.number()
	case c == ':':
		l.i++
		word := l.word()
		if word == "" {
			return l.fail("A colon stands before the name of an argument, such as :is.")
		}
		return token{kind: tokTag, line: line, text: word}
	case isLetter(c):
		word := l.word()
		if word == "text" && l.i < len(l.s) && l.s[l.i] == ':' {
			l.i++
			return l.lines()
		}
		return token{kind: tokWord, line: line, text: word}
	}
	r, _ := utf8.DecodeRuneInString(l.s[start:])
	return l.fail("The character " + quote(string(r)) + " has no meaning here. Text stands in quotes.")
}

func isDigit(c byte) bool  { return c >= '0' && c <= '9' }
func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' || c == '_' }

func (l *lexer) word() string {
	start := l.i
	for l.i < len(l.s) && (isLetter(l.s[l.i]) || l.i > start && isDigit(l.s[l.i])) {
		l.i++
	}
	return strings.ToLower(l.s[start:l.i])
}

// space passes over white space and comments; false: a comment has no end.
func (l *lexer) space() bool {
	for l.i < len(l.s) {
		switch c := l.s[l.i]; {
		case c == '\n':
			l.line++
			l.i++
		case c == ' ' || c == '\t' || c == '\r':
			l.i++
		case c == '#':
			n := strings.IndexByte(l.s[l.i:], '\n')
			if n < 0 {
				n = len(l.s) - l.i
			}
			l.i += n
		case strings.HasPrefix(l.s[l.i:], "/*"):
			n := strings.Index(l.s[l.i+2:], "*/")
			if n < 0 {
				return false
			}
			l.line += strings.Count(l.s[l.i:l.i+n+4], "\n")
			l.i += n + 4
		default:
			return true
		}
	}
	return true
}

// mostNumber is the largest number that a script may write; RFC 5228 §2.4.1 asks for 2147483647 at least.
const mostNumber = 1 << 50

func (l *lexer) number() token {
	n := int64(0)
	for l.i < len(l.s) && isDigit(l.s[l.i]) {
		if n = n*10 + int64(l.s[l.i]-'0'); n > mostNumber {
			return l.fail("That number is too large.")
		}
		l.i++
	}
	if l.i < len(l.s) {
		shift := strings.IndexByte("kmg", l.s[l.i]|0x20) + 1
		if shift > 0 {
			l.i++
			n <<= 10 * shift
		}
		if n > mostNumber {
			return l.fail("That number is too large.")
		}
		if l.i < len(l.s) && (isLetter(l.s[l.i]) || isDigit(l.s[l.i])) {
			return l.fail("A number ends with a digit, or with K, M or G.")
		}
	}
	return token{kind: tokNumber, line: l.line, num: n}
}

// quoted reads a quoted string, in which a backslash gives the next octet as it is (RFC 5228 §2.4.2).
func (l *lexer) quoted() token {
	line := l.line
	var b strings.Builder
	for l.i++; l.i < len(l.s); l.i++ {
		c := l.s[l.i]
		switch {
		case c == '"':
			l.i++
			return token{kind: tokString, line: line, text: b.String()}
		case c == '\\' && l.i+1 < len(l.s):
			l.i++
			c = l.s[l.i]
		}
		if c == '\n' {
			l.line++
		}
		b.WriteByte(c)
	}
	l.line = line
	return l.fail("The text that begins here has no closing quote.")
}

// lines reads a multi-line string after "text:" (RFC 5228 §2.4.2): up to a line with a dot alone; a dot at the beginning of a line is doubled.
func (l *lexer) lines() token {
	line := l.line
	rest, found := strings.TrimLeft(l.s[l.i:], " \t"), false
	first, rest, found := strings.Cut(rest, "\n")
	if first = strings.TrimSuffix(first, "\r"); !found || first != "" && first[0] != '#' {
		return l.fail("The text begins in the line after text:.")
	}
	l.line++
	var b strings.Builder
	for rest != "" {
		var one string
		if one, rest, found = strings.Cut(rest, "\n"); found {
			l.line++
		}
		if strings.TrimSuffix(one, "\r") == "." {
			l.i = len(l.s) - len(rest)
			return token{kind: tokString, line: line, text: b.String()}
		}
		b.WriteString(strings.TrimPrefix(one, "."))
		if found {
			b.WriteByte('\n')
		}
	}
	l.line = line
	return l.fail("The text that begins here has no line with a dot alone at its end.")
}

// quote is a piece of a script as a sentence shows it.
func quote(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return '\uFFFD'
		}
		return r
	}, s)
	if r := []rune(s); len(r) > 60 {
		s = string(r[:60]) + "…"
	}
	return `"` + s + `"`
}
