package wire

import (
	"io"
	"strconv"
	"time"
	"unicode/utf8"
)

// flushAt is how many octets are gathered before they are written in one call.
const flushAt = 64 << 10

// Encoder writes responses. Everything is appended to one buffer that is written when it holds 64 KiB, or on Flush.
// After an error of the writer it writes nothing more. It is not safe for several goroutines.
type Encoder struct {
	w    io.Writer
	buf  []byte
	err  error
	hold bool

	// UTF8 lets quoted strings and mailbox names hold UTF-8 (RFC 6855, RFC 9051).
	UTF8 bool
}

// NewEncoder writes to w.
func NewEncoder(w io.Writer) *Encoder { return &Encoder{w: w} }

// Reset makes the encoder new over w and keeps its buffer's memory.
func (e *Encoder) Reset(w io.Writer) { *e = Encoder{w: w, buf: e.buf[:0]} }

// Cap is how much memory the buffer holds, Len how many octets wait in it.
func (e *Encoder) Cap() int { return cap(e.buf) }

// Len is how many octets wait to be written.
func (e *Encoder) Len() int { return len(e.buf) }

// Err is the writer's first error.
func (e *Encoder) Err() error { return e.err }

// Hold keeps everything in memory until Release: for use inside a callback that must not wait for the client. The
// caller bounds what is written meanwhile.
func (e *Encoder) Hold() { e.hold = true }

// Release ends Hold.
func (e *Encoder) Release() {
	e.hold = false
	e.full()
}

// Truncate takes back what was written since Len was n, under Hold.
func (e *Encoder) Truncate(n int) { e.buf = e.buf[:n] }

// Flush writes what waits.
func (e *Encoder) Flush() error {
	if len(e.buf) > 0 && e.err == nil {
		_, e.err = e.w.Write(e.buf)
	}
	e.buf = e.buf[:0]
	return e.err
}

func (e *Encoder) full() {
	if len(e.buf) >= flushAt && !e.hold {
		_ = e.Flush() // kept in e.err
	}
}

// Write appends p, so that an Encoder is an io.Writer for the octets of a literal.
func (e *Encoder) Write(p []byte) (int, error) {
	if len(p) >= flushAt && !e.hold {
		if e.Flush() == nil {
			_, e.err = e.w.Write(p)
		}
	} else {
		e.buf = append(e.buf, p...)
		e.full()
	}
	if e.err != nil {
		return 0, e.err
	}
	return len(p), nil
}

// Raw appends s as it is.
func (e *Encoder) Raw(s string) *Encoder {
	e.buf = append(e.buf, s...)
	return e
}

// Byte appends one octet.
func (e *Encoder) Byte(c byte) *Encoder {
	e.buf = append(e.buf, c)
	return e
}

// SP appends a space.
func (e *Encoder) SP() *Encoder { return e.Byte(' ') }

// CRLF ends a response.
func (e *Encoder) CRLF() *Encoder {
	e.buf = append(e.buf, '\r', '\n')
	e.full()
	return e
}

// Num appends a number.
func (e *Encoder) Num(n uint64) *Encoder {
	e.buf = strconv.AppendUint(e.buf, n, 10)
	return e
}

// Ranges appends a set of numbers.
func (e *Encoder) Ranges(rs []NumRange) *Encoder {
	e.buf = AppendRanges(e.buf, rs)
	return e
}

// NIL appends NIL.
func (e *Encoder) NIL() *Encoder { return e.Raw("NIL") }

// DateTime appends a quoted date-time.
func (e *Encoder) DateTime(t time.Time) *Encoder {
	e.buf = AppendDateTime(e.buf, t)
	return e
}

// String appends a quoted string where s allows it, and a literal where not.
func (e *Encoder) String(s string) *Encoder {
	if !e.quotable(s) {
		return e.LiteralString(s)
	}
	return e.Quoted(s)
}

// NString is String, or NIL for "".
func (e *Encoder) NString(s string) *Encoder {
	if s == "" {
		return e.NIL()
	}
	return e.String(s)
}

// AString appends an atom where s is one.
func (e *Encoder) AString(s string) *Encoder {
	if s == "" || upper(s) == "NIL" {
		return e.String(s)
	}
	for i := 0; i < len(s); i++ {
		if !isAStringChar(s[i]) {
			return e.String(s)
		}
	}
	return e.Raw(s)
}

func (e *Encoder) quotable(s string) bool {
	if len(s) > 4096 {
		return false
	}
	ascii := true
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == 0 || c == '\r' || c == '\n':
			return false
		case c >= 0x80:
			ascii = false
		}
	}
	return ascii || e.UTF8 && utf8.ValidString(s)
}

// Quoted appends a quoted string; s holds no CR, LF or NUL.
func (e *Encoder) Quoted(s string) *Encoder {
	e.buf = append(e.buf, '"')
	from := 0
	for i := 0; i < len(s); i++ {
		if s[i] == '"' || s[i] == '\\' {
			e.buf = append(append(e.buf, s[from:i]...), '\\')
			from = i
		}
	}
	e.buf = append(append(e.buf, s[from:]...), '"')
	return e
}

// LiteralString appends s as a literal. NUL, which no literal may hold, becomes a space.
func (e *Encoder) LiteralString(s string) *Encoder {
	e.LiteralHead(int64(len(s)), false)
	at := len(e.buf)
	e.buf = append(e.buf, s...)
	for i := at; i < len(e.buf); i++ {
		if e.buf[i] == 0 {
			e.buf[i] = ' '
		}
	}
	e.full()
	return e
}

// LiteralHead appends {n} or ~{n} and the line end; n octets must follow.
func (e *Encoder) LiteralHead(n int64, binary bool) *Encoder {
	if binary {
		e.buf = append(e.buf, '~')
	}
	e.buf = append(e.buf, '{')
	e.buf = strconv.AppendInt(e.buf, n, 10)
	e.buf = append(e.buf, '}', '\r', '\n')
	return e
}

// Mailbox appends a mailbox name: UTF-8 where the client asked for it, else modified UTF-7.
func (e *Encoder) Mailbox(name string) *Encoder {
	if !e.UTF8 {
		name = EncodeUTF7(name)
	}
	return e.AString(name)
}

// Text is what waits, for an encoder that is used to make a piece of text.
func (e *Encoder) Text() string { return string(e.buf) }

// Tail is what waits from octet n on; it is good until the next call.
func (e *Encoder) Tail(n int) []byte { return e.buf[n:] }
