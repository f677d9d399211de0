package imap

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"haven"
	"haven/face/imap/wire"
	"haven/mail/mailbox"
	"haven/platform/change"
	"haven/platform/errs"
)

// state is a session's state (RFC 9051 §3), as a bit so that a command can name several.
type state uint8

const (
	notAuthenticated state = 1 << iota
	authenticated
	inMailbox
	loggedOut
)

// session is one connection.
//
// Its goroutine waits for octets on a shallow stack with an array of 64 octets (serve). When some came, a second
// goroutine takes buffers from the pool, runs commands until the input is used up, gives the buffers back and ends
// (busy): so a session that waits costs neither buffers nor a stack that once grew. mu is held while commands run, and
// by the waker's workers while they tell an idling session what is new.
type session struct {
	srv   *Server
	raw   net.Conn      // as accepted
	conn  net.Conn      // raw, or TLS over it after STARTTLS
	place string        // the client's network address
	turn  chan struct{} // the busy goroutine is done

	first [64]byte // what came while the session waited
	n     int

	mu     sync.Mutex
	io     *buffers // nil while parked
	state  state
	closed bool
	tls    bool

	rev2, utf8, condstore, qresync bool

	bad, failures int
	who           Session
	program       string
	sel           *selected
	saved         []mailbox.Range // the result of SEARCH RETURN (SAVE), RFC 5182

	idleTag string               // IDLE is on when not ""
	sub     *change.Subscription // while IDLE is on
	dirty   atomic.Bool          // something changed since the last look, while idling
	queued  atomic.Bool          // the waker has it in hand
	gone    atomic.Bool          // the connection was cut
	own     *change.Subscription // to the person's account, once signed in
	doubt   atomic.Bool          // something happened to that account: what was proven at log in may not hold
	proven  time.Time            // when it was proven last
	since   time.Time            // when it connected, until somebody signed in
}

// selected is the mailbox that a session has open.
type selected struct {
	place    place
	viewer   mailbox.Viewer
	no       haven.MailboxNo
	validity uint32
	readOnly bool
	rights   haven.Rights
	uids     *mailbox.Runs // as the client counts them; shared, never changed
	seq      haven.Seq     // what the client was told up to
	keywords []string
}

// buffers are what a busy session works with.
type buffers struct {
	r   *bufio.Reader
	dec *wire.Decoder
	enc *wire.Encoder

	slow time.Duration // how long a write may wait for the client

	told []told // what the command in hand said of messages, for the look at its end
}

const readBuffer = 16 << 10

var bufferPool = sync.Pool{New: func() any {
	r := bufio.NewReaderSize(nil, readBuffer)
	return &buffers{r: r, dec: wire.NewDecoder(r, wire.DefaultLimits), enc: wire.NewEncoder(nil)}
}}

func newSession(srv *Server, conn net.Conn, place string) *session {
	_, isTLS := conn.(*tls.Conn)
	return &session{srv: srv, raw: conn, conn: conn, place: place, turn: make(chan struct{}), state: notAuthenticated, tls: isTLS, since: time.Now()}
}

// serve lives as long as the connection. Keep its stack shallow: it is what an idle session costs.
func (s *session) serve() {
	s.deep(s.greet)
	for !s.gone.Load() {
		if s.srv.stop.Load() {
			s.deep(s.restart)
			break
		}
		s.n = 0
		s.mu.Lock()
		_ = s.conn.SetReadDeadline(s.deadline())
		s.unlock()
		n, err := s.conn.Read(s.first[:])
		s.n = n
		if n > 0 {
			s.deep(s.busy)
		} else if err != nil {
			if errors.Is(err, os.ErrDeadlineExceeded) {
				s.deep(s.timedOut)
			}
			break
		}
	}
	s.deep(s.end)
	s.srv.leave(s)
}

// deep runs f on another goroutine and waits for it. A panic ends the connection, not the process.
func (s *session) deep(f func()) {
	s.srv.crew.do(func() {
		defer func() { s.turn <- struct{}{} }()
		defer s.srv.recovered(s.cut)
		f()
	})
	<-s.turn
}

var errPanic = errs.E(errs.Internal, "")

// recovered is deferred at the edge of a connection: it logs and counts a panic and then calls after.
func (srv *Server) recovered(after func()) {
	r := recover()
	if r == nil {
		return
	}
	what := fmt.Sprintf("%T", r) // a value could hold content
	if e, ok := r.(runtime.Error); ok {
		what = e.Error()
	}
	srv.log.Error("imap: a command panicked", "panic", what, "stack", string(debug.Stack()))
	if f := srv.metrics.Panic; f != nil {
		f()
	}
	after()
}

// deadline is when a waiting session is given up.
func (s *session) deadline() time.Time {
	if s.state == notAuthenticated {
		return s.since.Add(s.srv.limits.Login)
	}
	return time.Now().Add(s.srv.limits.Idle)
}

// Read gives the octets that ended the wait, then those of the connection.
func (s *session) Read(p []byte) (int, error) {
	if s.n > 0 {
		n := copy(p, s.first[:s.n])
		s.n = copy(s.first[:], s.first[n:s.n])
		return n, nil
	}
	at := time.Now().Add(s.srv.limits.Command)
	if s.state == notAuthenticated {
		at = s.deadline()
	}
	_ = s.conn.SetReadDeadline(at)
	return s.conn.Read(p)
}

// Write writes to the connection with a deadline.
func (s *session) Write(p []byte) (int, error) {
	_ = s.conn.SetWriteDeadline(time.Now().Add(s.io.slow))
	return s.conn.Write(p)
}

// cut closes the connection under whatever the session does.
func (s *session) cut() {
	s.gone.Store(true)
	if t, ok := s.raw.(*tls.Conn); ok {
		_ = t.NetConn().Close() // no farewell that could wait for the client
		return
	}
	_ = s.raw.Close()
}

// enter takes the lock and buffers, leave gives them back.
func (s *session) enter() {
	s.mu.Lock()
	s.takeBuffers()
}

// wireLimits are what the client may send.
func (s *session) wireLimits() wire.Limits {
	lim := wire.DefaultLimits
	lim.Line, lim.Literal = s.srv.limits.Line, s.srv.limits.Literal
	if s.state == notAuthenticated { // a stranger needs room for a name and a password
		lim = wire.Limits{Line: min(lim.Line, 16<<10), Literal: min(lim.Literal, 8<<10), Discard: 64 << 10, Set: 100, Depth: 5}
	}
	return lim
}

func (s *session) takeBuffers() {
	b := bufferPool.Get().(*buffers)
	b.r.Reset(s)
	b.dec.Reset(b.r, s.wireLimits())
	b.dec.Continue, b.dec.Pending = s.goAhead, s.pending
	b.enc.Reset(s)
	b.enc.UTF8 = s.utf8 || s.rev2
	b.slow = s.srv.limits.Write
	s.io = b
}

func (s *session) leave() {
	if err := s.io.enc.Flush(); err != nil {
		s.closed = true
	}
	b := s.io
	s.io = nil
	b.told = nil
	b.r.Reset(nil)
	b.dec.Continue, b.dec.Pending = nil, nil
	b.enc.Reset(nil)
	if b.enc.Cap() <= 256<<10 {
		bufferPool.Put(b)
	}
	if s.closed {
		s.gone.Store(true)
	}
	s.unlock()
}

// unlock gives the lock back. The waker passes over a session that is locked: what changed meanwhile is looked at now.
func (s *session) unlock() {
	idling := s.idleTag != ""
	s.mu.Unlock()
	if idling && s.dirty.Load() {
		s.srv.waker.add(s)
	}
}

// goAhead asks for a synchronising literal (RFC 9051 §7.6).
func (s *session) goAhead() error {
	s.io.enc.Raw("+ Go ahead.\r\n")
	return s.io.enc.Flush()
}

// pending tells whether the client goes on although its literal was refused: then what comes is the literal, whatever
// it looks like. One that waits for the answer sends nothing in this moment.
func (s *session) pending() bool {
	if s.n > 0 {
		return true
	}
	_ = s.conn.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
	n, err := s.conn.Read(s.first[:])
	s.n = n
	return n > 0 || err != nil && !errors.Is(err, os.ErrDeadlineExceeded)
}

// greet does the TLS handshake where the listener left it to us, and says hello.
func (s *session) greet() {
	if t, ok := s.conn.(*tls.Conn); ok {
		_ = s.conn.SetDeadline(s.deadline())
		ctx, cancel := context.WithDeadline(s.srv.ctx, s.deadline())
		err := t.HandshakeContext(ctx)
		cancel()
		if err != nil {
			s.cut()
			return
		}
		_ = s.conn.SetDeadline(time.Time{})
	}
	s.enter()
	defer s.leave()
	s.io.enc.Raw("* OK [CAPABILITY ").Raw(s.capabilities()).Raw("] Haven is ready.").CRLF()
}

// busy runs commands until what came in is used up.
func (s *session) busy() {
	s.enter()
	defer s.leave()
	for !s.closed {
		if s.srv.stop.Load() {
			return // serve says good-bye
		}
		s.step()
		if s.n == 0 && s.io.r.Buffered() == 0 {
			return
		}
	}
}

// step runs one command, or takes the line that ends IDLE.
func (s *session) step() {
	d := s.io.dec
	d.Begin()
	if s.idleTag != "" {
		s.idleLine()
	} else {
		s.command()
	}
	if s.io.enc.Err() != nil {
		s.closed = true
	}
}

// timedOut is RFC 9051 §5.4.
func (s *session) timedOut() {
	s.enter()
	defer s.leave()
	if s.state == notAuthenticated {
		s.bye("", "You took too long to log in.")
	} else {
		s.bye("", "Logged out: nothing came for a long time.")
	}
}

// restart is what a session hears at Shutdown that was busy just then.
func (s *session) restart() {
	s.enter()
	defer s.leave()
	s.bye("", restartText)
}

const restartText = "The service restarts. Connect again in a moment."

// bye says good-bye and ends the session.
func (s *session) bye(code, text string) {
	e := s.io.enc
	e.Raw("* BYE ")
	if code != "" {
		e.Byte('[').Raw(code).Raw("] ")
	}
	e.Raw(text).CRLF()
	s.closed = true
}

// byeIfParked ends a session that waits for a command. It is false where somebody is at the session: a command, which
// looks at Server.stop when it is done, or the waker, which doesn't.
func (s *session) byeIfParked(text string) bool {
	if !s.mu.TryLock() {
		return false
	}
	defer s.mu.Unlock()
	s.farewell(text)
	return true
}

// byeWhenParked waits for whoever is at the session.
func (s *session) byeWhenParked(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.farewell(text)
}

// farewell says good-bye on a connection that nobody reads or writes; the caller holds the lock.
func (s *session) farewell(text string) {
	if s.closed {
		return
	}
	_ = s.conn.SetWriteDeadline(time.Now().Add(time.Second))
	_, _ = io.WriteString(s.conn, "* BYE "+text+"\r\n")
	s.gone.Store(true)
	_ = s.conn.Close()
}

// end gives up what the session held.
func (s *session) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	s.stopIdle()
	if s.own != nil {
		s.own.Close()
	}
	s.sel = nil
	_ = s.conn.Close()
}
