package managesieve

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
	"time"

	"haven"
	"haven/mail/sieve"
	"haven/platform/errs"
)

// session is one connection. One goroutine reads, answers and writes; hurry and cut are called from others.
type session struct {
	srv   *Server
	raw   net.Conn // as accepted
	place string
	since time.Time // when it connected, or signed out

	mu      sync.Mutex // over conn and waiting
	conn    net.Conn   // raw, or TLS over it
	waiting bool       // for a command

	d       decoder
	tls     bool
	in      bool // somebody signed in
	who     Session
	bad     int // commands in a row that made no sense
	failed  int // log ins
	closed  bool
	pending string // what is written at the end of the command
}

func newSession(srv *Server, conn net.Conn, place string) *session {
	return &session{srv: srv, raw: conn, conn: conn, place: place, since: time.Now()}
}

// serve lives as long as the connection. A panic ends the connection, not the process.
func (s *session) serve() {
	defer s.srv.leave(s)
	defer s.end()
	defer s.recovered()
	s.attach(s.conn)
	s.write(s.capabilities() + answer("OK", "", "Haven is ready."))
	for !s.closed {
		if s.srv.stop.Load() {
			s.bye("TRYLATER", "The service restarts. Connect again in a moment.")
			return
		}
		s.step()
	}
}

func (s *session) recovered() {
	r := recover()
	if r == nil {
		return
	}
	what := fmt.Sprintf("%T", r) // a value could hold content
	if e, ok := r.(runtime.Error); ok {
		what = e.Error()
	}
	s.srv.o.Logger.Error("managesieve: a command panicked", "panic", what, "stack", string(debug.Stack()))
	if f := s.srv.o.Metrics.Panic; f != nil {
		f()
	}
}

func (s *session) end() {
	s.signOut()
	s.cut()
}

// attach begins to read from a connection.
func (s *session) attach(conn net.Conn) {
	s.mu.Lock()
	s.conn = conn
	s.mu.Unlock()
	s.d.r = bufio.NewReaderSize(readFrom{s}, 4<<10)
}

// readFrom reads with a deadline: long while nothing is under way, short within a command.
type readFrom struct{ s *session }

func (r readFrom) Read(p []byte) (int, error) {
	s := r.s
	s.mu.Lock()
	at := time.Now().Add(s.srv.o.Limits.Command)
	switch {
	case s.srv.stop.Load() && s.waiting:
		at = time.Now()
	case !s.in:
		at = s.since.Add(s.srv.o.Limits.Login)
	case s.waiting:
		at = time.Now().Add(s.srv.o.Limits.Idle)
	}
	conn := s.conn
	_ = conn.SetReadDeadline(at)
	s.mu.Unlock()
	n, err := conn.Read(p)
	s.mu.Lock()
	s.waiting = false
	s.mu.Unlock()
	return n, err
}

// hurry has a session that waits for a command look up, so that it sees that the server stops.
func (s *session) hurry() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.waiting {
		_ = s.conn.SetReadDeadline(time.Now())
	}
}

// cut closes the connection under whatever the session does.
func (s *session) cut() { _ = s.raw.Close() }

func (s *session) write(text string) {
	_ = s.conn.SetWriteDeadline(time.Now().Add(s.srv.o.Limits.Write))
	if _, err := io.WriteString(s.conn, text); err != nil {
		s.closed = true
	}
}

func (s *session) bye(code, text string) {
	s.write(answer("BYE", code, text))
	s.closed = true
}

// limits are what the client may send: a stranger needs room for a name and a password.
func (s *session) limits() {
	s.d.line, s.d.most, s.d.drop = s.srv.o.Limits.Line, s.srv.o.Limits.Literal, max(1<<20, s.srv.o.Limits.Literal)
	if !s.in {
		s.d.most, s.d.drop = 4<<10, 64<<10
	}
}

// step takes one command.
func (s *session) step() {
	s.limits()
	s.d.begin()
	s.mu.Lock()
	s.waiting = s.d.r.Buffered() == 0
	s.mu.Unlock()
	s.d.peek()
	if s.d.err != nil {
		s.lost()
		return
	}
	name := s.d.word()
	cmd, known := commands[name]
	ctx, cancel := context.WithTimeout(s.srv.ctx, s.srv.o.Limits.Command)
	defer cancel()
	var err error
	switch {
	case s.d.bad != "":
	case !known:
		s.d.wrong("There is no such command.")
	case cmd.inside && !s.in:
		s.d.wrong("Log in first.")
	case cmd.outside && s.in:
		s.d.wrong("You are logged in already.")
	default:
		err = s.holds(ctx)
		if err == nil {
			err = cmd.do(s, ctx)
		} else {
			s.d.skip()
			s.bye("", errs.Say(err))
			return
		}
	}
	if !s.d.ended {
		s.d.skip()
	}
	s.settle(name, err)
}

// settle answers a command that did not answer itself.
func (s *session) settle(name string, err error) {
	switch {
	case s.closed:
	case s.d.err != nil:
		s.lost()
	case s.d.over:
		s.refused(name, &errs.Error{Kind: errs.OverQuota, Rule: ruleSize, Say: fmt.Sprintf("A text has at most %d octets.", s.d.most)})
	case s.d.bad != "":
		if s.bad++; s.bad >= s.srv.o.Limits.Bad {
			s.bye("", "Too many commands that make no sense.")
			return
		}
		s.write(answer("NO", "", s.d.bad))
	case err != nil:
		s.bad = 0
		s.refused(name, err)
	default:
		s.bad = 0
		s.write(s.pending)
	}
	s.pending = ""
}

// refused answers NO. Faults of ours go to the log with their cause; the client sees none of it.
func (s *session) refused(name string, err error) {
	if errs.Is(err, errs.Internal) {
		s.srv.o.Logger.Error("managesieve: a command failed", "command", name, "err", err)
	}
	s.write(answer("NO", codeOf(err), errs.Say(err)))
}

// lost ends a session whose connection is over, or too slow, or too much.
func (s *session) lost() {
	switch {
	case s.srv.stop.Load():
		s.bye("TRYLATER", "The service restarts. Connect again in a moment.")
	case errors.Is(s.d.err, errWaits):
		s.bye("", "A literal is announced by {octets+} and sent at once.")
	case errors.Is(s.d.err, errFlood):
		s.bye("", "That is more than a command may have.")
	case errors.Is(s.d.err, os.ErrDeadlineExceeded) && !s.in:
		s.bye("", "You took too long to log in.")
	case errors.Is(s.d.err, os.ErrDeadlineExceeded):
		s.bye("", "Logged out: nothing came for a long time.")
	default:
		s.closed = true
	}
}

// holds asks whether the session's log in is still good. Where nobody can be asked, neither will the command get an answer.
func (s *session) holds(ctx context.Context) error {
	if !s.in || s.who.Holds == nil {
		return nil
	}
	err := s.who.Holds(ctx)
	if errs.Is(err, errs.Transient) {
		return nil
	}
	return err
}

func (s *session) signOut() {
	if s.in {
		s.srv.delist(s.who.Person)
	}
	s.in, s.who, s.since = false, Session{}, time.Now()
}

func (s *session) viewer() sieve.Viewer {
	return sieve.Viewer{Person: s.who.Person, Account: s.who.Account, ID: s.who.AccountID, ByProgram: true}
}

func (s *session) actor() haven.Actor {
	return haven.Actor{Person: s.who.PersonID, As: s.who.AccountID, Place: s.place, Program: "managesieve"}
}

// mayAuth tells whether a password may come over this connection.
func (s *session) mayAuth() bool { return s.tls || s.srv.o.AllowPlaintextAuth }

// startTLS begins TLS on the connection; octets that came before it could be anybody's.
func (s *session) startTLS(ctx context.Context) error {
	s.write(answer("OK", "", "Begin TLS."))
	t := tls.Server(s.conn, s.srv.o.TLS)
	_ = s.conn.SetDeadline(s.since.Add(s.srv.o.Limits.Login))
	if err := t.HandshakeContext(ctx); err != nil {
		return err
	}
	_ = s.conn.SetDeadline(time.Time{})
	s.tls = true
	s.attach(t)
	return nil
}
