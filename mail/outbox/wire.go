package outbox

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// Bounds on what another server may make us read and keep.
const (
	maxReplyLine  = 4096 // RFC 5321 §4.5.3.1.5 allows 512; some write more
	maxReplyLines = 100
	maxReplyKept  = 1000 // octets of a reply's text that are remembered
)

// Reply is a server's answer to a command (RFC 5321 §4.2).
type Reply struct {
	Code  int
	Lines []string // text after the code, one per line, printable
}

// Text is the reply on one line, cut to what is remembered.
func (r Reply) Text() string {
	s := strings.TrimSpace(strings.Join(r.Lines, " "))
	if len(s) <= maxReplyKept {
		return s
	}
	cut := maxReplyKept
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + "…"
}

var (
	errReplySyntax = errors.New("the server's answer is no SMTP")
	errReplyLong   = errors.New("the server's answer has no end")
)

// readReply reads one reply of any number of lines. A line that is no reply line, differing codes, and answers
// without end are errors, after which the connection is of no use.
func readReply(br *bufio.Reader) (Reply, error) {
	var r Reply
	for range maxReplyLines {
		line, err := readReplyLine(br)
		if err != nil {
			return r, err
		}
		code, more, text, ok := splitReply(line)
		if !ok || r.Code != 0 && code != r.Code {
			return r, errReplySyntax
		}
		r.Code = code
		r.Lines = append(r.Lines, text)
		if !more {
			return r, nil
		}
	}
	return r, errReplyLong
}

func readReplyLine(br *bufio.Reader) ([]byte, error) {
	line, err := br.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) || len(line) > maxReplyLine {
		return nil, errReplyLong
	}
	if err != nil {
		if len(line) > 0 && errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return nil, err
	}
	return bytes.TrimRight(line, "\r\n"), nil
}

// splitReply takes "250-text", "250 text" and "250" apart (RFC 5321 §4.2: Reply-line).
func splitReply(line []byte) (code int, more bool, text string, ok bool) {
	if len(line) < 3 {
		return 0, false, "", false
	}
	for _, c := range line[:3] {
		if c < '0' || c > '9' {
			return 0, false, "", false
		}
		code = code*10 + int(c-'0')
	}
	if code < 200 || code > 599 {
		return 0, false, "", false
	}
	if len(line) > 3 {
		if line[3] != ' ' && line[3] != '-' {
			return 0, false, "", false
		}
		more, text = line[3] == '-', printable(line[4:])
	}
	return code, more, text, true
}

// printable makes a server's words safe for logs, rows and notices: control characters and broken UTF-8 become "?".
func printable(b []byte) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == utf8.RuneError || 0x80 <= r && r < 0xa0 {
			return '?'
		}
		return r
	}, string(b))
}

// crlfReader gives the letter with every line end as CRLF: bare CR and bare LF are never sent, since servers differ
// in what they take them for (RFC 5321 §2.3.8). Signing and sending read through it, so both see the same octets.
type crlfReader struct {
	r    io.Reader
	in   []byte // read and not yet given out
	buf  [16 << 10]byte
	cr   bool // a CR was read, and nothing is known of its LF
	last byte // last octet given out
	over [1]byte
	rest []byte // of over: the LF of a line end that the reader had no room for
	err  error
}

func newCRLFReader(r io.Reader) *crlfReader { return &crlfReader{r: r, last: '\n'} }

func (c *crlfReader) Read(p []byte) (int, error) {
	if len(c.rest) > 0 || len(p) == 0 {
		n := copy(p, c.rest)
		c.rest = c.rest[n:]
		return n, nil
	}
	if len(p) == 1 {
		return c.readOne(p)
	}
	n := 0
	for n == 0 {
		if len(c.in) == 0 && !c.fill() {
			return c.finish(p)
		}
		n = c.convert(p)
	}
	c.last = p[n-1]
	return n, nil
}

// readOne serves a reader with room for one octet, although a line end takes two.
func (c *crlfReader) readOne(p []byte) (int, error) {
	var two [2]byte
	n, err := c.Read(two[:])
	if n == 2 {
		c.over[0] = two[1]
		c.rest = c.over[:]
	}
	return copy(p, two[:n]), err
}

func (c *crlfReader) fill() bool {
	for c.err == nil {
		n, err := c.r.Read(c.buf[:])
		c.in, c.err = c.buf[:n], err
		if n > 0 {
			return true
		}
	}
	return false
}

// finish ends a line that the letter leaves open, then reports how reading ended.
func (c *crlfReader) finish(p []byte) (int, error) {
	if errors.Is(c.err, io.EOF) && (c.cr || c.last != '\n') {
		c.cr, c.last = false, '\n'
		return copy(p, "\r\n"), nil
	}
	return 0, c.err
}

// convert copies from c.in to p as far as either goes, run by run between line ends.
func (c *crlfReader) convert(p []byte) int {
	n := 0
	for len(c.in) > 0 && n+2 <= len(p) {
		if c.cr {
			n += copy(p[n:], "\r\n")
			c.cr = false
			if c.in[0] == '\n' {
				c.in = c.in[1:]
			}
			continue
		}
		run := c.in[:min(len(c.in), len(p)-n)]
		if i := bytes.IndexByte(run, '\n'); i >= 0 {
			run = run[:i]
		}
		if i := bytes.IndexByte(run, '\r'); i >= 0 {
			run = run[:i]
		}
		n += copy(p[n:], run)
		c.in = c.in[len(run):]
		if len(c.in) > 0 && (c.in[0] == '\r' || c.in[0] == '\n') {
			c.cr = true
			if c.in[0] == '\r' {
				c.in = c.in[1:]
			}
		}
	}
	return n
}

// stuff copies a letter of whole CRLF lines to w with the dots of RFC 5321 §4.5.2, and the line that ends it.
// beat is called before each block is written, to move the deadline on.
func stuff(w *bufio.Writer, letter io.Reader, beat func()) error {
	buf := make([]byte, 32<<10)
	start := true
	for {
		n, err := letter.Read(buf)
		beat()
		for block := buf[:n]; len(block) > 0; {
			if start && block[0] == '.' {
				w.WriteByte('.')
			}
			line := block
			if i := bytes.IndexByte(block, '\n'); i >= 0 {
				line = block[:i+1]
			}
			start = line[len(line)-1] == '\n'
			if _, werr := w.Write(line); werr != nil {
				return werr
			}
			block = block[len(line):]
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return &letterError{err}
		}
	}
	w.WriteString(".\r\n")
	beat()
	return w.Flush()
}

// letterError is a fault of ours in reading the letter, which is none of the server's.
type letterError struct{ err error }

func (e *letterError) Error() string { return fmt.Sprintf("reading the letter: %v", e.err) }
func (e *letterError) Unwrap() error { return e.err }
