// Package managesieve is the face by which programs keep the filters of a mailbox (RFC 5804).
//
// A handler decodes a command, makes one call of mail/sieve and renders the answer. Somebody signs in as for IMAP: for the own mailbox, or with an authorisation identity
// for a shared one, whose owners alone keep its filters.
package managesieve

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"haven"
	"haven/mail/sieve"
)

// Login is what somebody who signs in gives.
type Login struct {
	User, Password string
	AuthzID        string // whose filters; "": the own (RFC 4616)
	Place          string // network address
}

// Session says who signed in and whose filters it is about.
type Session struct {
	Person    haven.AccountNo
	PersonID  haven.AccountID
	Account   haven.AccountNo
	AccountID haven.AccountID
	Address   string // of Account

	// Holds asks whether what the session was opened with is still good; nil: for as long as the connection.
	Holds func(context.Context) error
}

// People is what the face asks about people.
type People interface {
	// Authenticate tells who signs in. A wrong secret is errs.Private; one that expired has the rule password.expired.
	Authenticate(ctx context.Context, l Login) (Session, error)
}

// Scripts keeps the filters; mail/sieve does.
type Scripts interface {
	List(ctx context.Context, v sieve.Viewer) (sieve.Listing, error)
	Get(ctx context.Context, v sieve.Viewer, ref sieve.Ref) (sieve.Script, string, error)
	Check(text string) error
	HaveSpace(ctx context.Context, v sieve.Viewer, name string, octets int64) error
	Put(ctx context.Context, actor haven.Actor, v sieve.Viewer, ref sieve.Ref, text string) (sieve.Script, error)
	Rename(ctx context.Context, actor haven.Actor, v sieve.Viewer, ref sieve.Ref, to string) (sieve.Script, error)
	Delete(ctx context.Context, actor haven.Actor, v sieve.Viewer, ref sieve.Ref) error
	SetActive(ctx context.Context, actor haven.Actor, v sieve.Viewer, ref sieve.Ref) error
}

// Metrics are called as things happen; a nil one is left out. They must not block.
type Metrics struct {
	Connections func(delta int)
	Login       func(ok bool)
	Panic       func()
}

// Options are what the server stands on. Scripts and People are needed.
type Options struct {
	Scripts            Scripts
	People             People
	Extensions         []string    // what scripts may require
	Redirects          int         // that a script does with one letter
	TLS                *tls.Config // for STARTTLS; nil: not offered
	AllowPlaintextAuth bool        // log in without TLS: on loopback, in demos and tests
	Limits             Limits
	Metrics            Metrics
	Logger             *slog.Logger
}

// Server answers ManageSieve connections.
type Server struct {
	o      Options
	ctx    context.Context // ends when Shutdown gives up waiting
	cancel context.CancelFunc
	stop   atomic.Bool
	wg     sync.WaitGroup // sessions

	mu        sync.Mutex
	listeners map[net.Listener]struct{}
	sessions  map[*session]struct{}
	open      tally
}

// New makes a server.
func New(o Options) *Server {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	o.Limits = o.Limits.withDefaults()
	ctx, cancel := context.WithCancel(context.Background())
	return &Server{o: o, ctx: ctx, cancel: cancel, listeners: map[net.Listener]struct{}{}, sessions: map[*session]struct{}{}, open: newTally()}
}

// ErrClosed is what Serve returns after Shutdown.
var ErrClosed = errors.New("managesieve: the server is shut down")

// Serve answers connections of l until Shutdown, or until l fails for good.
func (srv *Server) Serve(l net.Listener) error {
	srv.mu.Lock()
	if srv.stop.Load() {
		srv.mu.Unlock()
		_ = l.Close()
		return ErrClosed
	}
	srv.listeners[l] = struct{}{}
	srv.mu.Unlock()
	for pause := 5 * time.Millisecond; ; {
		conn, err := l.Accept()
		switch {
		case srv.stop.Load():
			if err == nil {
				_ = conn.Close()
			}
			return ErrClosed
		case errors.Is(err, net.ErrClosed):
			return err
		case err != nil: // out of descriptors, or a client gone before it was accepted: wait and go on
			srv.o.Logger.Warn("managesieve: accepting a connection failed", "err", err)
			select {
			case <-time.After(pause):
			case <-srv.ctx.Done():
				return ErrClosed
			}
			pause = min(2*pause, time.Second)
		default:
			pause = 5 * time.Millisecond
			srv.admit(conn)
		}
	}
}

// admit starts a session, or refuses one too many.
func (srv *Server) admit(conn net.Conn) {
	srv.mu.Lock()
	defer srv.mu.Unlock()
	place := placeOf(conn)
	if srv.stop.Load() || len(srv.sessions) >= srv.o.Limits.Connections || !add(srv.open.places, place, srv.o.Limits.PerPlace) {
		_ = conn.Close()
		return
	}
	s := newSession(srv, conn, place)
	srv.sessions[s] = struct{}{}
	srv.wg.Add(1)
	if f := srv.o.Metrics.Connections; f != nil {
		f(1)
	}
	go s.serve()
}

// enlist counts a session for the person who signed in; it reports false when there are too many of them.
func (srv *Server) enlist(person haven.AccountNo) bool {
	srv.mu.Lock()
	defer srv.mu.Unlock()
	return add(srv.open.persons, person, srv.o.Limits.PerPerson)
}

// delist takes a person back who signed out.
func (srv *Server) delist(person haven.AccountNo) {
	srv.mu.Lock()
	defer srv.mu.Unlock()
	drop(srv.open.persons, person)
}

// leave is a session's last call.
func (srv *Server) leave(s *session) {
	srv.mu.Lock()
	delete(srv.sessions, s)
	drop(srv.open.places, s.place)
	srv.mu.Unlock()
	if f := srv.o.Metrics.Connections; f != nil {
		f(-1)
	}
	srv.wg.Done()
}

// Shutdown stops accepting, lets every session finish the command in hand, says BYE and closes. When ctx ends first, the connections are cut and ctx's error is
// returned; all goroutines are gone in either case.
func (srv *Server) Shutdown(ctx context.Context) error {
	srv.mu.Lock()
	srv.stop.Store(true)
	for l := range srv.listeners {
		_ = l.Close()
	}
	open := make([]*session, 0, len(srv.sessions))
	for s := range srv.sessions {
		open = append(open, s)
	}
	srv.mu.Unlock()
	for _, s := range open {
		s.hurry()
	}
	gone := make(chan struct{})
	go func() {
		srv.wg.Wait()
		close(gone)
	}()
	var err error
	select {
	case <-gone:
	case <-ctx.Done():
		err = ctx.Err()
		srv.cancel()
		for _, s := range open {
			s.cut()
		}
		<-gone
	}
	srv.cancel()
	return err
}

// placeOf is the client's network address without its port.
func placeOf(conn net.Conn) string {
	addr := conn.RemoteAddr()
	if addr == nil {
		return ""
	}
	host, _, err := net.SplitHostPort(addr.String())
	if err != nil {
		return addr.String()
	}
	return host
}
