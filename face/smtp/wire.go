package smtp

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

const (
	bufferSize   = 16 << 10         // holds the longest line that any command may have
	parkAfter    = 2 * time.Second  // a connection that says nothing this long gives its buffer back
	maxReplies   = 4 << 10          // replies that wait for the end of a pipelined batch
	writeTimeout = 60 * time.Second // a client that doesn't take a reply
)

// What readLine says of a line that is no command line. The connection can go on after each.
var (
	errBareLineEnd = errors.New("smtp: CR or LF alone within a line")
	errLineTooLong = errors.New("smtp: line too long")
)

// errInterrupted ends the wait for a command when the server closes.
var errInterrupted = errors.New("smtp: the server is closing")

type waitFor bool

const (
	command waitFor = true
	text    waitFor = false
)

var buffers = sync.Pool{New: func() any { b := make([]byte, bufferSize); return &b }}

// wire is a connection with its buffers: lines in, replies out. While nothing is under way it holds no buffer.
type wire struct {
	conn    net.Conn // what is spoken over: the socket, or TLS on it
	raw     net.Conn // the socket
	buf     *[]byte  // nil while parked
	r, w    int      // buf[r:w] is unread
	out     []byte   // replies not yet sent
	swallow bool     // the present line was refused already; what is left of it is thrown away
	parked  [1]byte

	interrupted atomic.Bool // by interrupt; from then on no command is waited for
}

// interrupt ends a wait for a command, now or later, with errInterrupted. A letter that is being read goes on. It
// may be called by any goroutine.
func (c *wire) interrupt() {
	c.interrupted.Store(true)
	_ = c.raw.SetReadDeadline(time.Unix(1, 0)) // a connection that is gone needs no waking
}

// readLine returns the next line without its CR LF; the slice is good until the next read. It waits until
// deadline. A line that holds CR or LF alone, or that is too long, is thrown away up to its CR LF and told as an
// error: at once, even where the CR LF has not come yet, since a client that never sends one waits for an answer.
func (c *wire) readLine(deadline time.Time) ([]byte, error) {
	seen := 0
	for {
		if c.buf != nil {
			line, err, ok := c.takeLine(&seen)
			if ok {
				return line, err
			}
		}
		if err := c.fill(deadline, command); err != nil {
			return nil, err
		}
	}
}

// takeLine looks for a line in the buffer; ok is false when more input is needed. seen is how much of the unread
// part was searched before.
func (c *wire) takeLine(seen *int) (line []byte, err error, ok bool) {
	b := (*c.buf)[c.r:c.w]
	end := bytes.Index(b[*seen:], []byte("\r\n"))
	if end >= 0 {
		line = b[:*seen+end]
		c.r += len(line) + 2
		*seen = 0
		if c.swallow {
			c.swallow = false
			return c.takeLine(seen)
		}
		if bytes.IndexByte(line, '\n') >= 0 || bytes.IndexByte(line, '\r') >= 0 {
			return nil, errBareLineEnd, true
		}
		return line, nil, true
	}
	if hasBareLineEnd(b) {
		c.discardLine()
		*seen = 0
		return nil, errBareLineEnd, true
	}
	if len(b) == bufferSize || c.swallow {
		refused := c.swallow
		c.discardLine()
		*seen = 0
		return nil, errLineTooLong, !refused
	}
	*seen = max(0, len(b)-1) // a CR may be the last octet
	return nil, nil, false
}

// hasBareLineEnd looks at a line that has not ended; a CR at its very end may still get its LF.
func hasBareLineEnd(b []byte) bool {
	i := bytes.IndexByte(b, '\r')
	return bytes.IndexByte(b, '\n') >= 0 || i >= 0 && i < len(b)-1
}

// discardLine throws the beginning of a line away, and marks the rest for it; a CR that may belong to the line's
// end stays.
func (c *wire) discardLine() {
	c.swallow = true
	if b := (*c.buf)[c.r:c.w]; len(b) > 0 && b[len(b)-1] == '\r' {
		c.r = c.w - 1
		return
	}
	c.r = c.w
}

// readSome returns what is unread, reading where nothing is; the caller says with advance how much of it was used.
func (c *wire) readSome(deadline time.Time) ([]byte, error) {
	if c.r == c.w {
		if err := c.fill(deadline, text); err != nil {
			return nil, err
		}
	}
	return (*c.buf)[c.r:c.w], nil
}

func (c *wire) advance(n int) { c.r += n }

// pending reports whether the client sent more than was read of it.
func (c *wire) pending() bool { return c.r < c.w }

// discard throws unread input away.
func (c *wire) discard() { c.r, c.w, c.swallow = 0, 0, false }

// fill sends the waiting replies and reads once. It parks the connection where nothing comes for a while.
func (c *wire) fill(deadline time.Time, want waitFor) error {
	if err := c.flush(); err != nil {
		return err
	}
	if c.r < c.w {
		if c.r > 0 {
			c.w = copy(*c.buf, (*c.buf)[c.r:c.w])
			c.r = 0
		}
		return c.readInto(deadline, want)
	}
	c.r, c.w = 0, 0
	if park := time.Now().Add(parkAfter); want == command && park.Before(deadline) {
		err := c.readInto(park, want)
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			return err
		}
		return c.park(deadline)
	}
	return c.readInto(deadline, want)
}

// readInto reads behind what is unread, into a buffer that it takes where there is none.
func (c *wire) readInto(deadline time.Time, want waitFor) error {
	if c.buf == nil {
		c.buf = buffers.Get().(*[]byte)
	}
	n, err := c.read((*c.buf)[c.w:], deadline, want)
	c.w += n
	return err
}

// read reads at least one octet into p, or says why not.
func (c *wire) read(p []byte, deadline time.Time, want waitFor) (int, error) {
	for {
		if err := c.conn.SetReadDeadline(deadline); err != nil {
			return 0, err
		}
		// After the deadline is set, since interrupt sets the mark before its own deadline: one of both sees the other.
		if want == command && c.interrupted.Load() {
			return 0, errInterrupted
		}
		n, err := c.conn.Read(p)
		switch {
		case n > 0:
			return n, nil
		case err == nil:
			return 0, io.ErrNoProgress
		case !errors.Is(err, os.ErrDeadlineExceeded) || !c.interrupted.Load() || !time.Now().Before(deadline):
			return 0, err
		}
	}
}

// park waits for one octet with no buffer held.
func (c *wire) park(deadline time.Time) error {
	c.release()
	c.out = nil
	n, err := c.read(c.parked[:], deadline, command)
	if n == 0 {
		return err
	}
	c.buf = buffers.Get().(*[]byte)
	(*c.buf)[0] = c.parked[0]
	c.r, c.w = 0, 1
	return nil
}

// release gives the buffer back; what is unread is lost.
func (c *wire) release() {
	if c.buf != nil {
		clear(*c.buf) // a password, or a patient's letter, was in it
		buffers.Put(c.buf)
		c.buf = nil
	}
	c.r, c.w = 0, 0
}

// reply lays r by until input is wanted again, so that a pipelined batch is answered by one write (RFC 2920 §3.2).
func (c *wire) reply(r Reply, utf8OK bool) error {
	c.out = appendReply(c.out, r, utf8OK)
	if len(c.out) > maxReplies {
		return c.flush()
	}
	return nil
}

func (c *wire) flush() error {
	if len(c.out) == 0 {
		return nil
	}
	if err := c.conn.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
		return err
	}
	_, err := c.conn.Write(c.out)
	c.out = c.out[:0]
	return err
}
