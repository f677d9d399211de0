// Package imap is the IMAP face: IMAP4rev1 (RFC 3501) and IMAP4rev2 (RFC 9051) over the mail store.
//
// A handler decodes a command, makes one call and renders the answer. What a person may do is the store's to decide. A
// session that waits for its next command holds a goroutine and a few kilobytes and no buffer at all (see session).
//
// Beyond the two: IDLE 2177, NAMESPACE 2342, ID 2971, CHILDREN 3348, MULTIAPPEND 3502, BINARY 3516, UNSELECT 3691, ACL 4314,
// UIDPLUS 4315, ESEARCH 4731, SASL-IR 4959, WITHIN 5032, ENABLE 5161, SEARCHRES 5182, SORT and THREAD 5256, LIST-EXTENDED 5258,
// ESORT 5267 (without contexts), LIST-STATUS 5819, SORT=DISPLAY 5957, SPECIAL-USE and CREATE-SPECIAL-USE 6154, MOVE 6851,
// UTF8=ACCEPT 6855, CONDSTORE and QRESYNC 7162, LITERAL+ 7888, APPENDLIMIT 7889, STATUS=SIZE 8438, LIST-MYRIGHTS 8440,
// OBJECTID 8474, PREVIEW 8970, QUOTA 9208.
//
// Deviations: \Recent is never set. A mailbox right of RFC 4314 covers the whole account, and the letters that are one right
// of ours go together. BODY and TEXT of SEARCH match at the beginning of words (package search). Subscriptions begin set.
// An APPENDed message that holds NUL is given back as it came by BODY[], in a literal that a client must expect to hold it.
// The client may not send a synchronising literal without waiting: the connection ends, for octets of one that is refused
// could else be taken for commands.
package imap

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"haven"
	"haven/mail/mailbox"
)

// Login is what somebody who signs in gives.
type Login struct {
	User, Password string
	AuthzID        string // whose mail to show at the root; "" unless SASL gave one (RFC 4616)
	Place          string // network address
	Program        string // as ID told (RFC 2971), "" before
}

// Session says who signed in and whose mail stands at the root: the person's own, or that of a shared mailbox.
type Session struct {
	Person    haven.AccountNo
	Account   haven.AccountNo
	AccountID haven.AccountID
	Address   string // of Account

	// Holds asks whether what the session was opened with is still good; nil: for as long as the connection.
	Holds func(context.Context) error
}

// SharedBox is a shared mailbox that a person may open.
type SharedBox struct {
	Account   haven.AccountNo
	AccountID haven.AccountID
	Address   string
	Rights    haven.Rights
}

// People is what the face asks about people.
type People interface {
	// Authenticate tells who signs in. A wrong secret is errs.Private; one that expired has the rule password.expired.
	Authenticate(ctx context.Context, l Login) (Session, error)
	// Shared lists the mailboxes that the person may open, besides the own.
	Shared(ctx context.Context, person haven.AccountNo) ([]SharedBox, error)
}

// Member is one line of a mailbox's access list.
type Member struct {
	Address string
	Rights  haven.Rights
}

// AccessLists shows and changes who may open a mailbox. Every call refuses a person without the right to manage.
type AccessLists interface {
	Members(ctx context.Context, person, account haven.AccountNo) ([]Member, error)
	// SetMember gives the person with that address what of makes of the rights held there now, 0 without a membership; none takes
	// the membership away.
	SetMember(ctx context.Context, person, account haven.AccountNo, address string, of func(now haven.Rights) haven.Rights) error
}

// Metrics are called as things happen; a nil one is left out. They must not block.
type Metrics struct {
	Connections func(delta int)
	Command     func(name string, took time.Duration, ok bool)
	Login       func(ok bool)
	Panic       func()
}

// Options are what the server stands on. Mail, People and Search are needed.
type Options struct {
	Mail   *mailbox.Service
	People People
	Search Searcher
	Access AccessLists // nil: GETACL and SETACL answer NOPERM

	TLS                *tls.Config // for STARTTLS; nil: not offered. A listener may do TLS itself
	AllowPlaintextAuth bool        // log in without TLS: on loopback, in demos and tests
	Limits             Limits
	Metrics            Metrics
	Logger             *slog.Logger
	Now                func() time.Time // nil: time.Now
}

// Server answers IMAP connections.
type Server struct {
	mail    *mailbox.Service
	people  People
	search  Searcher
	access  AccessLists
	tls     *tls.Config
	plain   bool
	limits  Limits
	metrics Metrics
	log     *slog.Logger
	now     func() time.Time
	waker   *waker
	crew    crew
	views   sharedViews

	ctx    context.Context // ends when Shutdown gives up waiting
	cancel context.CancelFunc
	stop   atomic.Bool
	wg     sync.WaitGroup // sessions

	mu        sync.Mutex
	listeners map[net.Listener]struct{}
	sessions  map[*session]struct{}
	open      tally
}

// New makes a server; its workers run until Shutdown.
func New(o Options) *Server {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	ctx, cancel := context.WithCancel(context.Background())
	srv := &Server{
		mail: o.Mail, people: o.People, search: o.Search, access: o.Access,
		tls: o.TLS, plain: o.AllowPlaintextAuth, limits: o.Limits.withDefaults(),
		metrics: o.Metrics, log: o.Logger, now: o.Now, ctx: ctx, cancel: cancel,
		listeners: map[net.Listener]struct{}{}, sessions: map[*session]struct{}{},
	}
	srv.waker = newWaker(srv.wake)
	return srv
}

// ErrClosed is what Serve returns after Shutdown.
var ErrClosed = errors.New("imap: the server is shut down")

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
			srv.log.Warn("imap: accepting a connection failed", "err", err)
			if !srv.sleep(pause) {
				return ErrClosed
			}
			pause = min(2*pause, time.Second)
		default:
			pause = 5 * time.Millisecond
			srv.admit(conn)
		}
	}
}

func (srv *Server) sleep(d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-srv.ctx.Done():
		return false
	}
}

// admit starts a session, or refuses one too many.
func (srv *Server) admit(conn net.Conn) {
	srv.mu.Lock()
	defer srv.mu.Unlock()
	place := placeOf(conn)
	if srv.stop.Load() || len(srv.sessions) >= srv.limits.Connections || !srv.open.arrive(place, srv.limits.PerPlace) {
		_ = conn.Close()
		return
	}
	s := newSession(srv, conn, place)
	srv.sessions[s] = struct{}{}
	srv.wg.Add(1)
	if f := srv.metrics.Connections; f != nil {
		f(1)
	}
	go s.serve()
}

// enlist counts a session for the person who signed in; it reports false when there are too many of them.
func (srv *Server) enlist(person haven.AccountNo) bool {
	srv.mu.Lock()
	defer srv.mu.Unlock()
	return srv.open.enter(person, srv.limits.PerPerson)
}

// leave is a session's last call.
func (srv *Server) leave(s *session) {
	srv.mu.Lock()
	delete(srv.sessions, s)
	srv.open.depart(s.place, s.who.Person)
	srv.mu.Unlock()
	if f := srv.metrics.Connections; f != nil {
		f(-1)
	}
	srv.wg.Done()
}

// Shutdown stops accepting, lets every session finish the command in hand, says BYE and closes. When ctx ends first, the
// connections are cut and ctx's error is returned; all goroutines are gone in either case.
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
	gone := make(chan struct{})
	go func() {
		var some errgroup.Group
		var late sync.WaitGroup
		some.SetLimit(64) // some clients take a while to hear it
		for _, s := range open {
			some.Go(func() error {
				if !s.byeIfParked(restartText) {
					late.Go(func() { s.byeWhenParked(restartText) }) // it has a goroutine at work: one more each is no flood
				}
				return nil
			})
		}
		_ = some.Wait()
		srv.wg.Wait()
		late.Wait()
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
	srv.waker.close()
	srv.crew.close()
	return err
}
