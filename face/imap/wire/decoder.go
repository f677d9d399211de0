// Package wire reads and writes the tokens of IMAP (RFC 9051 §9, RFC 3501 §9): the decoder with a sticky error, the
// encoder as its twin, mailbox names, sets of numbers, dates and flags. It imports the standard library only.
package wire

import (
	"bufio"
	"errors"
	"io"
	"strconv"
	"unicode/utf8"
)

// Limits bound what one command may make the decoder keep.
type Limits struct {
	Line    int   // octets of a command outside its literals
	Literal int64 // octets of all literals that are kept in memory, in one command
	Discard int64 // octets of refused literals that are read away before the connection is given up
	Set     int   // items of a set of numbers
	Depth   int   // nested parentheses
}

// DefaultLimits serve a session that is signed in.
var DefaultLimits = Limits{Line: 64 << 10, Literal: 64 << 10, Discard: 1 << 20, Set: 10_000, Depth: 50}

// SyntaxError is a command that does not follow the grammar. It is answered BAD and the connection goes on.
type SyntaxError struct{ Text string }

func (e *SyntaxError) Error() string { return e.Text }

// ErrTooBig is a literal or line over its limit. It is answered NO or BAD, and the connection goes on when Discard can.
var ErrTooBig = errors.New("too big")

// ErrGiveUp says that what follows on the connection can't be told from a refused literal's octets.
var ErrGiveUp = errors.New("the rest of the command can't be skipped safely")

// Decoder reads commands token by token. After the first error each method returns a zero value, and Err tells the
// error; Discard then skips what is left of the command. It is not safe for several goroutines.
type Decoder struct {
	r    *bufio.Reader
	lim  Limits
	err  error
	done bool // the CRLF at the end of the command was read

	line    int   // octets of this command so far, outside literals
	kept    int64 // octets of kept literals so far
	depth   int
	open    int64 // octets of the streamed literal not yet read
	refused bool  // a synchronising literal was refused: its octets must not come

	// Continue asks for a synchronising literal: it writes a continuation request and flushes. Nil refuses them all.
	Continue func() error

	// Pending reports whether octets come without having been asked for; it is called where a synchronising literal was
	// refused, and may wait a moment. Nil: only octets that are buffered already count.
	Pending func() bool
}

// NewDecoder reads from r.
func NewDecoder(r *bufio.Reader, lim Limits) *Decoder { return &Decoder{r: r, lim: lim} }

// Reset makes the decoder new over r, with all its limits unused.
func (d *Decoder) Reset(r *bufio.Reader, lim Limits) {
	*d = Decoder{r: r, lim: lim, Continue: d.Continue, Pending: d.Pending}
}

// Allow sets other limits from the next thing that is read on: who signed in may send more.
func (d *Decoder) Allow(lim Limits) { d.lim = lim }

// Begin starts the next command.
func (d *Decoder) Begin() {
	d.err, d.done, d.line, d.kept, d.depth, d.open, d.refused = nil, false, 0, 0, 0, 0, false
}

// Err is the first error since Begin.
func (d *Decoder) Err() error { return d.err }

// Fail makes err the decoder's error unless it has one already; it always returns false.
func (d *Decoder) Fail(err error) bool {
	if d.err == nil {
		d.err = err
	}
	return false
}

// Bad fails with a SyntaxError.
func (d *Decoder) Bad(text string) bool { return d.Fail(&SyntaxError{text}) }

// Peek is the next octet, without taking it. ok is false after an error.
func (d *Decoder) Peek() (c byte, ok bool) {
	if d.err != nil {
		return 0, false
	}
	b, err := d.r.Peek(1)
	if err != nil {
		d.Fail(noEOF(err))
		return 0, false
	}
	return b[0], true
}

// PeekPast is the octet after the next, when the next is c.
func (d *Decoder) PeekPast(c byte) (after byte, ok bool) {
	if p, ok := d.Peek(); !ok || p != c {
		return 0, false
	}
	b, err := d.r.Peek(2)
	if err != nil {
		d.Fail(noEOF(err))
		return 0, false
	}
	return b[1], true
}

// Ahead reports whether word, in upper case, comes next in any case. It waits for no more octets than it must.
func (d *Decoder) Ahead(word string) bool {
	if d.err != nil {
		return false
	}
	for n := 1; n <= len(word); n++ {
		b, err := d.r.Peek(n)
		if err != nil {
			return d.Fail(noEOF(err))
		}
		c := b[n-1]
		if 'a' <= c && c <= 'z' {
			c -= 'a' - 'A'
		}
		if c != word[n-1] {
			return false
		}
	}
	return true
}

func noEOF(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// next takes one octet and counts it.
func (d *Decoder) next() (byte, bool) {
	if d.err != nil {
		return 0, false
	}
	if d.line >= d.lim.Line {
		return 0, d.Fail(ErrTooBig)
	}
	c, err := d.r.ReadByte()
	if err != nil {
		return 0, d.Fail(noEOF(err))
	}
	d.line++
	return c, true
}

// Accept takes c when it comes next.
func (d *Decoder) Accept(c byte) bool {
	if p, ok := d.Peek(); !ok || p != c {
		return false
	}
	_, ok := d.next()
	return ok
}

// Expect takes c, or fails.
func (d *Decoder) Expect(c byte) bool {
	if d.err != nil {
		return false
	}
	return d.Accept(c) || d.Bad("expected "+strconv.QuoteRune(rune(c)))
}

// SP takes the one space between arguments, or fails.
func (d *Decoder) SP() bool {
	if d.err != nil {
		return false
	}
	return d.Accept(' ') || d.Bad("expected a space and another argument")
}

// CRLF takes the end of the command, or fails. A bare LF is no line end.
func (d *Decoder) CRLF() bool {
	if d.err != nil {
		return false
	}
	if p, ok := d.Peek(); !ok || p != '\r' {
		if ok {
			d.Bad("too many arguments")
		}
		return false
	}
	d.next()
	if c, ok := d.next(); !ok || c != '\n' {
		d.done = c == '\n'
		return d.Bad("a line ends with CR LF")
	}
	d.done = true
	return true
}

// IsAtomChar tells ATOM-CHAR: any CHAR but the specials of RFC 9051 §9.
func IsAtomChar(c byte) bool {
	switch c {
	case '(', ')', '{', ' ', '%', '*', '"', '\\', ']':
		return false
	}
	return c > 0x20 && c < 0x7f
}

func isAStringChar(c byte) bool { return IsAtomChar(c) || c == ']' }
func isListChar(c byte) bool    { return isAStringChar(c) || c == '%' || c == '*' || c >= 0x80 }
func isTagChar(c byte) bool     { return isAStringChar(c) && c != '+' }

// run takes octets while ok says so; an empty run fails with what.
func (d *Decoder) run(ok func(byte) bool, what string) string {
	if d.err != nil {
		return ""
	}
	var small [64]byte
	b := small[:0]
	for {
		c, peeked := d.Peek()
		if !peeked || !ok(c) {
			break
		}
		if _, taken := d.next(); !taken {
			break
		}
		b = append(b, c)
	}
	if d.err != nil {
		return ""
	}
	if len(b) == 0 {
		d.Bad("expected " + what)
		return ""
	}
	return string(b)
}

// Tag reads a command's tag (RFC 9051 §2.2.1).
func (d *Decoder) Tag() string { return d.run(isTagChar, "a tag") }

// Atom reads one or more ATOM-CHARs.
func (d *Decoder) Atom() string { return d.run(IsAtomChar, "an atom") }

// Keyword reads an atom and gives it in upper case, as command and item names are compared.
func (d *Decoder) Keyword() string { return upper(d.Atom()) }

// Word reads letters, digits and the signs in more; it fails when there is none. It gives upper case.
func (d *Decoder) Word(more string) string {
	return upper(d.run(func(c byte) bool {
		if 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' {
			return true
		}
		for i := 0; i < len(more); i++ {
			if more[i] == c {
				return true
			}
		}
		return false
	}, "a word"))
}

// Base64 reads base64 as SASL answers have it, "=" for an empty one (RFC 4959 §3); it is not decoded.
func (d *Decoder) Base64() string {
	return d.run(func(c byte) bool {
		return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '+' || c == '/' || c == '='
	}, "base64")
}

// upper is ASCII upper case; it doesn't allocate where there is nothing to do.
func upper(s string) string {
	for i := 0; i < len(s); i++ {
		if 'a' <= s[i] && s[i] <= 'z' {
			b := []byte(s)
			for ; i < len(b); i++ {
				if 'a' <= b[i] && b[i] <= 'z' {
					b[i] -= 'a' - 'A'
				}
			}
			return string(b)
		}
	}
	return s
}

// Number reads a 32-bit number.
func (d *Decoder) Number() uint32 {
	n := d.Number64()
	if d.err == nil && n > 1<<32-1 {
		d.Bad("a number has at most 32 bits")
		return 0
	}
	return uint32(n)
}

// Number64 reads a 63-bit number (RFC 9051 number64).
func (d *Decoder) Number64() uint64 {
	s := d.run(func(c byte) bool { return '0' <= c && c <= '9' }, "a number")
	if d.err != nil {
		return 0
	}
	n, err := strconv.ParseUint(s, 10, 63)
	if err != nil {
		d.Bad("a number has at most 63 bits")
		return 0
	}
	return n
}

// AString reads an atom, a quoted string or a literal.
func (d *Decoder) AString() string {
	if c, ok := d.Peek(); ok && (c == '"' || c == '{') {
		return d.String()
	}
	return d.run(isAStringChar, "a string")
}

// String reads a quoted string or a literal.
func (d *Decoder) String() string {
	switch c, ok := d.Peek(); {
	case !ok:
		return ""
	case c == '"':
		return d.quoted()
	case c == '{':
		return d.literal()
	}
	d.Bad("expected a string")
	return ""
}

// NString reads a string or NIL, which is "" and false.
func (d *Decoder) NString() (s string, ok bool) {
	if c, peeked := d.Peek(); peeked && c != '"' && c != '{' {
		if d.Keyword() != "NIL" {
			d.Bad("expected a string or NIL")
		}
		return "", false
	}
	s = d.String()
	return s, d.err == nil
}

// ListMailbox reads a pattern of LIST: an astring in which "%" and "*" may stand (RFC 9051 list-mailbox).
func (d *Decoder) ListMailbox() string {
	if c, ok := d.Peek(); ok && (c == '"' || c == '{') {
		return d.String()
	}
	return d.run(isListChar, "a mailbox pattern")
}

// quoted reads a quoted string. UTF-8 is taken in any state, since programs send it; anything else above ASCII is not.
func (d *Decoder) quoted() string {
	d.Expect('"')
	var b []byte
	for {
		c, ok := d.next()
		if !ok {
			return ""
		}
		switch c {
		case '"':
			if !utf8.Valid(b) {
				d.Bad("a quoted string is ASCII or UTF-8")
				return ""
			}
			return string(b)
		case '\\':
			if c, ok = d.next(); !ok || c != '"' && c != '\\' {
				d.done = ok && c == '\n'
				d.Bad("only \\\" and \\\\ are escapes in a quoted string")
				return ""
			}
		case 0, '\r', '\n':
			d.done = c == '\n'
			d.Bad("a quoted string holds no NUL and no line end")
			return ""
		}
		b = append(b, c)
	}
}

// List reads a parenthesised list, calling item at the start of each; the items are parted by one space. An empty
// list is fine. The depth is bounded over all lists that are open.
func (d *Decoder) List(item func()) {
	if !d.Open() {
		return
	}
	if !d.Accept(')') {
		for d.err == nil {
			item()
			if d.Accept(')') || !d.SP() {
				break
			}
		}
	}
	d.depth--
}

// Open takes "(" and counts the depth; Close gives it back.
func (d *Decoder) Open() bool {
	if !d.Expect('(') {
		return false
	}
	if d.depth++; d.depth > d.lim.Depth {
		return d.Bad("too deeply nested")
	}
	return true
}

// Close takes ")".
func (d *Decoder) Close() bool {
	d.depth--
	return d.Expect(')')
}

// Nest counts a level of nesting that has no parenthesis of its own, such as NOT; Unnest gives it back.
func (d *Decoder) Nest() bool {
	if d.depth++; d.depth > d.lim.Depth {
		return d.Bad("too deeply nested")
	}
	return d.err == nil
}

// Unnest undoes Nest.
func (d *Decoder) Unnest() { d.depth-- }
