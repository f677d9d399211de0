package smtp

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"runtime/debug"
	"time"
)

// conn is one connection: the state of RFC 5321 §4.1.4, and the loop over its commands.
type conn struct {
	wire
	s       *Server
	peer    Peer
	session Session
	crowded bool // the server was full when this one came

	began    bool // MAIL was accepted
	mail     MailParams
	rcpts    int
	letters  int
	faults   int // commands wrong in form or order
	unknown  int // recipients refused
	badAuths int

	chunk *chunks // the letter that BDAT is at
	quit  bool    // the reply just given was the last

	said221 bool // the client asked for the end
}

// How long and for how many octets an ended connection is listened to; see lastWords.
const (
	lingerTime   = 500 * time.Millisecond
	lingerOctets = 1 << 20
)

func newConn(s *Server, nc net.Conn) *conn {
	c := &conn{s: s, wire: wire{conn: nc, raw: nc}}
	c.peer.Addr = addrPort(nc.RemoteAddr()).Addr()
	c.peer.Local = addrPort(nc.LocalAddr())
	return c
}

// run serves the connection until it ends. It leaves nothing open.
func (c *conn) run(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer c.raw.Close()
	defer c.release()
	defer c.recovered()
	if c.crowded || !c.s.places.enter(c.peer.Addr) {
		c.turnAway(Reply{421, "4.7.0", "Too many connections. Try again in a minute."})
		return
	}
	defer c.s.places.leave(c.peer.Addr)
	if !c.s.AllowEarlyTalk && !c.s.ImplicitTLS && talksEarly(c.raw) {
		c.turnAway(Reply{554, "5.5.1", "Wait for the greeting before you speak."})
		return
	}
	if c.s.ImplicitTLS && !c.handshake(ctx) {
		return
	}
	session, err := c.s.Backend.Connect(ctx, &c.peer)
	if err != nil {
		c.turnAway(ReplyFor(err, StageEnvelope))
		return
	}
	c.session = session
	defer session.Close()
	defer c.endTransaction()
	c.say(220, "", c.s.Name+" ESMTP Haven")
	c.serve(ctx)
	c.lastWords()
}

// recovered ends a connection whose handler panicked; the others go on.
func (c *conn) recovered() {
	if p := recover(); p != nil {
		c.s.Counters.Panics.Add(1)
		c.s.logger().Error("smtp: panic in a connection", "panic", p, "stack", string(debug.Stack()))
		c.turnAway(Reply{421, "4.3.0", "Something went wrong on our side. Try again later."})
	}
}

func (c *conn) turnAway(r Reply) {
	c.s.Counters.Turned.Add(1)
	_ = c.reply(r, false) // as below
	c.lastWords()
}

// lastWords sends what is left to say, and waits a moment for the client to take it: a socket that is closed with
// input unread resets the connection, and the client would never see why. A client that is gone misses nothing,
// so no error here matters.
func (c *conn) lastWords() {
	if c.flush() != nil {
		return
	}
	if half, ok := c.conn.(interface{ CloseWrite() error }); ok {
		_ = half.CloseWrite()
	}
	if !c.pending() && c.said221 {
		return
	}
	_ = c.raw.SetReadDeadline(time.Now().Add(lingerTime))
	_, _ = io.CopyN(io.Discard, c.raw, lingerOctets)
}

// serve reads commands until one is the last.
func (c *conn) serve(ctx context.Context) {
	for !c.quit {
		line, err := c.readLine(time.Now().Add(c.s.Timeouts.Command))
		switch {
		case err == nil:
			c.s.Counters.Commands.Add(1)
			c.command(ctx, line)
		case errors.Is(err, errBareLineEnd):
			c.wrong(500, "5.5.2", "The line has CR or LF alone. Lines end with CR LF.")
		case errors.Is(err, errLineTooLong):
			c.wrong(500, "5.5.2", "The line is too long.")
		case errors.Is(err, errInterrupted):
			c.hangUp(421, "4.3.2", c.s.Name+" is closing. Try again in a minute.")
		case errors.Is(err, os.ErrDeadlineExceeded):
			c.hangUp(421, "4.4.2", "Nothing was heard for too long.")
		default:
			if !errors.Is(err, io.EOF) && !errors.Is(err, net.ErrClosed) {
				c.s.logger().Debug("smtp: connection lost", "place", c.peer.Addr, "err", err)
			}
			return
		}
	}
}

// say answers. The reply is sent when the next input is waited for.
func (c *conn) say(code int, enhanced, text string) { c.answer(Reply{code, enhanced, text}) }

func (c *conn) answer(r Reply) {
	if c.reply(r, c.mail.UTF8) != nil || r.Code == 421 {
		c.quit = true
	}
}

func (c *conn) hangUp(code int, enhanced, text string) {
	c.say(code, enhanced, text)
	c.quit = true
}

// wrong answers a command that is wrong in form or order, and hangs up on a client that makes a habit of it.
func (c *conn) wrong(code int, enhanced, text string) {
	c.s.Counters.Errors.Add(1)
	c.say(code, enhanced, text)
	if c.faults++; c.faults >= c.s.Limits.Errors {
		c.hangUp(421, "4.7.0", "Too many errors.")
	}
}

func (c *conn) endTransaction() {
	if c.chunk != nil {
		c.chunk.abort()
		c.chunk = nil
	}
	if c.began {
		c.session.Reset()
	}
	c.began, c.rcpts, c.mail = false, 0, MailParams{}
}

// handshake begins TLS. When it returns false the connection is of no use any more.
func (c *conn) handshake(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, c.s.Timeouts.Handshake)
	defer cancel()
	tc := tls.Server(c.raw, c.s.TLS)
	if err := c.raw.SetDeadline(time.Now().Add(c.s.Timeouts.Handshake)); err != nil {
		return false
	}
	if err := tc.HandshakeContext(ctx); err != nil {
		c.s.Counters.Turned.Add(1)
		c.s.logger().Info("smtp: no TLS came about", "place", c.peer.Addr, "err", err)
		return false
	}
	state := tc.ConnectionState()
	c.conn = tc
	c.peer.TLS = &state
	return true
}
