package managesieve

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

// decoder reads commands (RFC 5804 §4). Its first error of syntax stays until the line is over; one of the connection stays for good.
type decoder struct {
	r     *bufio.Reader
	line  int   // octets that a line may have besides its literals
	most  int64 // octets of a literal that is kept
	drop  int64 // octets of a literal that is read to be refused
	used  int
	bad   string // what is wrong with the command in hand
	over  bool   // a literal was larger than most
	ended bool   // the line's end was read
	err   error
}

// What ends a connection: octets could else be taken for commands.
var (
	errFlood = errors.New("managesieve: more than a command may have")
	errWaits = errors.New("managesieve: a literal that waits to be asked for") // there are none in this direction (RFC 5804 §4)
)

// begin is before each command.
func (d *decoder) begin() { d.used, d.bad, d.over, d.ended = 0, "", false, false }

func (d *decoder) wrong(say string) {
	if d.bad == "" && d.err == nil {
		d.bad = say
	}
}

func (d *decoder) octet() byte {
	if d.err != nil || d.ended {
		return '\n'
	}
	b, err := d.r.ReadByte()
	switch {
	case err != nil:
		d.err = err
	case b == '\n':
		d.ended = true
	default:
		if d.used++; d.used > d.line {
			d.err = errFlood
		}
	}
	if d.err != nil {
		return '\n'
	}
	return b
}

func (d *decoder) peek() byte {
	if d.err != nil || d.ended {
		return '\n'
	}
	b, err := d.r.Peek(1)
	if err != nil {
		d.err = err
		return '\n'
	}
	return b[0]
}

// word is a command's name, in upper case.
func (d *decoder) word() string {
	var b []byte
	for c := d.peek(); c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' || c == '-'; c = d.peek() {
		b = append(b, d.octet())
	}
	if len(b) == 0 {
		d.wrong("Here should be a command.")
	}
	return strings.ToUpper(string(b))
}

// more reports whether another argument follows.
func (d *decoder) more() bool { return d.bad == "" && d.err == nil && d.peek() == ' ' }

func (d *decoder) space() {
	if d.bad != "" || d.err != nil {
		return
	}
	if d.peek() != ' ' {
		d.wrong("Here should be a space and one more argument.")
		return
	}
	d.octet()
}

// text is a string after a space: quoted, or a literal that is sent without waiting.
func (d *decoder) text() string {
	d.space()
	return d.bare()
}

// bare is a string where no space stands before it.
func (d *decoder) bare() string {
	if d.bad != "" || d.err != nil {
		return ""
	}
	s := ""
	switch d.peek() {
	case '"':
		s = d.quoted()
	case '{':
		s = d.literal()
	default:
		d.wrong("Here should be a text in quotes, or a literal.")
	}
	if !utf8.ValidString(s) || strings.IndexByte(s, 0) >= 0 {
		d.wrong("A text is in UTF-8.")
	}
	return s
}

func (d *decoder) quoted() string {
	var b []byte
	for d.octet(); ; {
		c := d.octet()
		switch c {
		case '"':
			return string(b)
		case '\n', '\r':
			d.wrong("The text has no closing quote.")
			return ""
		case '\\':
			if c = d.octet(); c != '"' && c != '\\' {
				d.wrong("Only a quote and a backslash stand after a backslash.")
				return ""
			}
		}
		b = append(b, c)
	}
}

func (d *decoder) literal() string {
	d.octet()
	n := d.digits()
	if d.peek() == '}' && d.bad == "" {
		d.err = errWaits
		return ""
	}
	for _, want := range "+}\r\n" {
		if d.bad == "" && d.octet() != byte(want) {
			d.wrong("A literal is announced by {octets+} and sent at once.")
		}
	}
	if d.bad != "" || d.err != nil {
		return ""
	}
	d.ended = false // its line goes on behind it
	return d.octets(n)
}

// octets reads n octets, or passes over them where that are too many.
func (d *decoder) octets(n int64) string {
	if n > d.drop {
		d.err = errFlood
		return ""
	}
	if n > d.most {
		d.over = true
		_, d.err = io.CopyN(io.Discard, d.r, n)
		return ""
	}
	b := make([]byte, n)
	_, d.err = io.ReadFull(d.r, b)
	return string(b)
}

func (d *decoder) digits() int64 {
	s := ""
	for c := d.peek(); c >= '0' && c <= '9'; c = d.peek() {
		s += string(d.octet())
	}
	n, err := strconv.ParseInt(s, 10, 33)
	switch {
	case errors.Is(err, strconv.ErrRange):
		d.err = errFlood
	case err != nil:
		d.wrong("Here should be a number.")
	}
	return n
}

// number is a number after a space.
func (d *decoder) number() int64 {
	if d.space(); d.bad != "" || d.err != nil {
		return 0
	}
	return d.digits()
}

// end takes the line's end, and reports whether the command can be done.
func (d *decoder) end() bool {
	if d.bad == "" && d.err == nil && !d.ended {
		if d.octet() != '\r' || d.octet() != '\n' {
			d.wrong("Here should be the end of the line.")
		}
	}
	d.skip()
	return d.bad == "" && d.err == nil
}

// skip passes over the rest of a command that is wrong, with its literals, so that none of them is taken for a command.
func (d *decoder) skip() {
	tail := ""
	for d.err == nil {
		c := d.octet()
		if !d.ended {
			tail = lastOctets(tail, c)
			continue
		}
		n, ok := announced(tail)
		if !ok || d.err != nil {
			return
		}
		d.ended, tail = false, ""
		if n > d.drop {
			d.err = errFlood
			return
		}
		_, d.err = io.CopyN(io.Discard, d.r, n)
	}
}

// lastOctets are the last of a line: as many as announce a literal.
func lastOctets(tail string, c byte) string {
	if tail += string([]byte{c}); len(tail) > 64 {
		tail = tail[1:]
	}
	return tail
}

// announced reads the literal that a line's end announces.
func announced(tail string) (n int64, ok bool) {
	tail, ok = strings.CutSuffix(tail, "+}\r")
	i := strings.LastIndexByte(tail, '{')
	if !ok || i < 0 {
		return 0, false
	}
	if strings.Trim(tail[i+1:], "0123456789") != "" || tail[i+1:] == "" {
		return 0, false
	}
	if n, err := strconv.ParseInt(tail[i+1:], 10, 33); err == nil {
		return n, true
	}
	return 1 << 62, true
}

// encode writes a text as a string of the protocol: in quotes where that is possible, else as a literal.
func encode(s string) string {
	if len(s) > 1000 || strings.ContainsAny(s, "\r\n\x00") {
		return fmt.Sprintf("{%d}\r\n%s", len(s), s)
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}
