package smtp

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// Server answers SMTP on any number of listeners. Set the fields before the first Serve and leave them. The zero
// value of each is the strict or the usual choice.
type Server struct {
	Name    string  // our name in the greeting and in EHLO; required
	Backend Backend // required
	Log     *slog.Logger

	TLS         *tls.Config // nil: no STARTTLS is offered
	ImplicitTLS bool        // the connection begins with TLS (RFC 8314 §3.3)

	AuthRequired       bool // nothing but signing in before AUTH (RFC 6409 §4.3)
	AllowPlaintextAuth bool // AUTH in the clear; only for the demo on loopback
	AllowEarlyTalk     bool // input before the greeting is no reason to hang up
	DSN                bool // offer RFC 3461; the backend must then honour the parameters

	Limits   Limits
	Timeouts Timeouts

	Counters Counters

	places places

	mu        sync.Mutex
	closing   bool
	listeners map[net.Listener]struct{}
	conns     map[*conn]struct{}
	wg        sync.WaitGroup
	base      context.Context
	cancel    context.CancelFunc
}

// Limits bound what one client can take. A zero field stands for the default beside it; a negative one for none.
type Limits struct {
	MessageSize      int64 // octets of a letter; 35 MiB (Rules 10)
	Recipients       int   // of a letter; 1000, RFC 5321 §4.5.3.1.8 asks for 100 at least
	Connections      int   // at once; 10,000
	PerPlace         int   // at once from one address, or one /64 of IPv6; 50
	Letters          int   // over one connection; 1000
	Errors           int   // commands refused as wrong in form or order before we hang up; 20
	UnknownAddresses int   // recipients refused before we hang up; 200
	AuthFailures     int   // 3
}

// Timeouts are those of RFC 5321 §4.5.3.2. A zero field stands for the default beside it.
type Timeouts struct {
	Command   time.Duration // wait for a command; 5 min
	Text      time.Duration // wait for more of a letter; 3 min
	Letter    time.Duration // a whole letter; 1 h
	Handshake time.Duration // TLS; 30 s
}

// Counters count for the metrics. They only grow, but for Open.
type Counters struct {
	Open            atomic.Int64 // connections now
	Accepted        atomic.Int64 // connections
	Turned          atomic.Int64 // connections turned away: limits, early talk, TLS that failed
	Commands        atomic.Int64
	Errors          atomic.Int64 // commands refused as wrong in form or order
	Letters         atomic.Int64 // letters taken over with 250
	LettersRefused  atomic.Int64 // letters refused after DATA or BDAT
	Recipients      atomic.Int64 // accepted
	RecipientsWrong atomic.Int64 // refused
	Octets          atomic.Int64 // of letters
	AuthGood        atomic.Int64
	AuthBad         atomic.Int64
	Panics          atomic.Int64
}

// none stands for "no limit": a number that nobody reaches, and that fits into every int.
const none = 1 << 30

func orDefault[T int | int64 | time.Duration](v, otherwise T) T {
	switch {
	case v == 0:
		return otherwise
	case v < 0:
		return none
	}
	return v
}

func (l Limits) withDefaults() Limits {
	return Limits{
		MessageSize:      orDefault(l.MessageSize, 35<<20),
		Recipients:       orDefault(l.Recipients, 1000),
		Connections:      orDefault(l.Connections, 10000),
		PerPlace:         orDefault(l.PerPlace, 50),
		Letters:          orDefault(l.Letters, 1000),
		Errors:           orDefault(l.Errors, 20),
		UnknownAddresses: orDefault(l.UnknownAddresses, 200),
		AuthFailures:     orDefault(l.AuthFailures, 3),
	}
}

func (t Timeouts) withDefaults() Timeouts {
	return Timeouts{
		Command:   orDefault(t.Command, 5*time.Minute),
		Text:      orDefault(t.Text, 3*time.Minute),
		Letter:    orDefault(t.Letter, time.Hour),
		Handshake: orDefault(t.Handshake, 30*time.Second),
	}
}

// ErrClosed is what Serve returns after Shutdown.
var ErrClosed = errors.New("smtp: server closed")

// Serve accepts connections until the listener or the server closes. It may run for several listeners at once.
func (s *Server) Serve(l net.Listener) error {
	if !s.open(l) {
		_ = l.Close() // the server is closed already
		return ErrClosed
	}
	defer s.forget(l)
	for {
		nc, err := l.Accept()
		if err == nil {
			s.start(nc)
			continue
		}
		if s.isClosing() {
			return ErrClosed
		}
		var ne net.Error
		if errors.As(err, &ne) && ne.Timeout() || isOutOfFiles(err) {
			s.logger().Warn("smtp: accept", "err", err)
			s.pause(50 * time.Millisecond)
			continue
		}
		return err
	}
}

func (s *Server) open(l net.Listener) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing {
		return false
	}
	if s.base == nil {
		s.base, s.cancel = context.WithCancel(context.Background())
		s.conns = make(map[*conn]struct{})
		s.listeners = make(map[net.Listener]struct{})
		s.Limits, s.Timeouts = s.Limits.withDefaults(), s.Timeouts.withDefaults()
		s.places.perPlace = s.Limits.PerPlace
	}
	s.listeners[l] = struct{}{}
	return true
}

func (s *Server) forget(l net.Listener) {
	_ = l.Close() // Shutdown may have closed it before
	s.mu.Lock()
	delete(s.listeners, l)
	s.mu.Unlock()
}

func (s *Server) isClosing() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closing
}

func (s *Server) pause(d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-s.base.Done():
	}
}

func (s *Server) logger() *slog.Logger {
	if s.Log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return s.Log
}

// start gives the connection a goroutine of its own, which Shutdown waits for.
func (s *Server) start(nc net.Conn) {
	c := newConn(s, nc)
	s.mu.Lock()
	if s.closing {
		s.mu.Unlock()
		_ = nc.Close()
		return
	}
	c.crowded = len(s.conns) >= s.Limits.Connections
	s.conns[c] = struct{}{}
	s.wg.Add(1)
	s.mu.Unlock()
	s.Counters.Accepted.Add(1)
	s.Counters.Open.Add(1)
	go func() {
		defer s.wg.Done()
		c.run(s.base)
		s.mu.Lock()
		delete(s.conns, c)
		s.mu.Unlock()
		s.Counters.Open.Add(-1)
	}()
}

// Shutdown stops accepting, lets every connection finish the command or the letter that it is at, says 421 and
// closes it. When ctx ends first, what is left is cut off. It returns when no connection is left.
func (s *Server) Shutdown(ctx context.Context) error {
	s.mu.Lock()
	s.closing = true
	for l := range s.listeners {
		_ = l.Close() // its Serve returns ErrClosed whatever Close said
	}
	for c := range s.conns {
		c.interrupt()
	}
	cancel := s.cancel
	s.mu.Unlock()

	done := make(chan struct{})
	go func() {
		s.wg.Wait()
		close(done)
	}()
	var err error
	select {
	case <-done:
	case <-ctx.Done():
		err = ctx.Err()
		s.mu.Lock()
		for c := range s.conns {
			_ = c.raw.Close() // this is the cut
		}
		s.mu.Unlock()
	}
	if cancel != nil {
		cancel()
	}
	<-done
	return err
}
