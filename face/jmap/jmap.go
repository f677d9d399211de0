// Package jmap is the JMAP face: the core of RFC 8620 over HTTP, its event source (§7.3), and WebSockets (RFC 8887).
//
// A method decodes its arguments, makes one call and renders the answer. What holds of every request stands in request.go, of
// every method of one kind (get, changes, set, copy, query) in a file of that name, so that a type is only its own code. Who may
// read what is the store's to decide, in the transaction that reads.
//
// Deviations: an object holds at most policy.JMAP.Values values in one request and policy.JMAP.Depth levels; the answers of one
// request, and those that one person waits for at once, are at most policy.JMAP.AnswerOctets together; what is over is refused by the
// limit that it passes. A request with the cookie of the pages names its person (docs/decisions/025).
package jmap

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"time"

	"haven"
	"haven/mail/mailbox"
	"haven/mail/push"
	"haven/mail/work"
	"haven/platform/change"
	"haven/platform/clock"
	"haven/platform/policy"
)

// Login is what somebody who signs in with a program gives.
type Login struct {
	User, Password string // User is person@domain, or person@domain/shared@domain
	Place          string // network address
	Program        string // as User-Agent tells
}

// Session is who is signed in, and with what. It is a fact of one moment: Holds asks again.
type Session struct {
	Person  haven.AccountNo
	ID      haven.AccountID
	Address haven.Address
	Name    string

	Place, Program string
	ByProgram      bool            // signed in with a password in a program, not on the pages
	Only           haven.AccountNo // the one account that the credential opens; 0: all that the person may open
	Shared         bool            // at a computer that others use too (Rules 6)
	Offline        time.Duration   // for how long a page may open what its browser keeps of mail without us; 0: it keeps none
	Idle           time.Duration   // after which it locks if the person does nothing; 0: it does not
	Credential     push.Credential // what it was opened with, as push subscriptions name it

	// Holds asks whether what the session was opened with is still good. It is no use of it: a session on the pages locks all the same.
	Holds func(context.Context) error
	// Lasts asks the same, and tells when the session locks or ends by itself; nil: it does not.
	Lasts func(context.Context) (until time.Time, err error)
	// Use notes that the person did something, as a page that is opened does; nil: nothing is noted.
	Use func(context.Context) error
}

// Account is an account of a session.
type Account struct {
	No       haven.AccountNo
	ID       haven.AccountID
	Address  haven.Address
	Name     string
	Personal bool // the person's own
	Rights   haven.Rights
}

// JMAP is the account's id here: "A" and its id (RFC 8620 §1.2 advises against ids that begin with a digit).
func (a Account) JMAP() string { return accountID(a.ID) }

func accountID(id haven.AccountID) string { return "A" + id.String() }

// People says who signs in, and what they may open.
type People interface {
	// ByPassword signs a program in.
	ByPassword(ctx context.Context, l Login) (Session, error)
	// ByCookie is the session on the pages that a token opens: Private where there is none, or it is locked or waits for the second
	// factor; Denied where the password has to be changed first. The call is no use of the session.
	ByCookie(ctx context.Context, token string) (Session, error)
	// Accounts lists what a session may open: the own account, and each shared mailbox.
	Accounts(ctx context.Context, s *Session) ([]Account, error)
}

// Blob is an opened blob: octets and their type.
type Blob interface {
	io.ReaderAt
	Size() int64
	Type() string // as it was uploaded or as its part says; "" unknown
	Close()
}

// Blobs keeps what is uploaded, and opens whatever has a blob id (RFC 8620 §6).
type Blobs interface {
	// Put keeps what r gives for policy.JMAP.UploadKept. An error of r leaves nothing. The viewer has the right to write.
	Put(ctx context.Context, v mailbox.Viewer, typ string, r io.Reader) (id string, size int64, err error)
	// Open opens a blob; NotFound where there is none that the viewer may read.
	Open(ctx context.Context, v mailbox.Viewer, blobID string) (Blob, error)
	// Copy makes a blob of one account one of another, which is v's; NotFound where from has none of that id.
	Copy(ctx context.Context, from, to mailbox.Viewer, blobID string) (id string, err error)
}

// States tells the states of the types of some accounts of a session, for what is pushed (RFC 8620 §7.1): by account and type.
type States interface {
	States(ctx context.Context, s *Session, accounts []Account) (map[haven.AccountNo]map[string]string, error)
}

// Metrics are called as things happen; a nil one is left out. They must not block.
type Metrics struct {
	Sockets func(delta int) // WebSockets and event sources
	Method  func(name string, took time.Duration, err string)
	Login   func(ok bool)
	Panic   func()
}

// Options are what the face stands on. People, Hub and Policy are needed.
type Options struct {
	People People
	Mail   *mailbox.Service
	Search Searcher
	Work   *work.Service // nil: without urn:haven:work
	Blobs  Blobs         // nil: nothing is uploaded or downloaded

	Submissions Submissions // nil: nothing is sent
	Identities  Identities  // as whom; given with Submissions
	MDNs        MDNs        // nil: nobody is told what became of a letter; given with Submissions

	Late Lateness // nil: nobody is told that letters are late

	Vacations Vacations // nil: automatic replies are kept on the pages alone

	Directory Directory          // nil: without Principals
	Shares    ShareNotifications // given with Directory
	Pushes    Pushes             // nil: nobody is woken through a push service
	PushKey   string             // by which push services know us, in base64url (RFC 9749); given with Pushes
	Links     Links              // nil: nobody says where letters may lead
	Filters   Filters            // nil: filters are kept by ManageSieve alone
	Sieve     policy.Sieve       // what they may be; given with Filters

	States States // nil: nothing is pushed but that accounts changed
	Hub    *change.Hub

	Cookie  string   // name of the cookie in which the pages keep their session; "": none is taken
	Origins []string // other origins whose pages may call; none by default
	Portal  string   // web address of the pages as browsers see it; https:// where a server in front speaks HTTP with us

	Policy  policy.JMAP
	Mailbox policy.Mailbox
	Metrics Metrics
	Logger  *slog.Logger
	Clock   clock.Clock // nil: the machine's
}

// Server answers JMAP. It is safe for many goroutines.
type Server struct {
	o        Options
	log      *slog.Logger
	now      func() time.Time
	mux      *http.ServeMux
	methods  map[string]method
	features []capability
	busy     *turns // requests of a person at once, and what is held of their answers
	sending  *turns // uploads of a person at once
	sockets  *sockets

	ctx    context.Context // ends with Close
	cancel context.CancelFunc
}

// New makes the face. Nothing runs in it until somebody calls.
func New(o Options) *Server {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Clock == nil {
		o.Clock = clock.Real{}
	}
	s := &Server{o: o, log: o.Logger, now: o.Clock.Now, busy: newTurns(o.Policy.Requests, o.Policy.AnswerOctets), sending: newTurns(o.Policy.Uploads, 0), sockets: newSockets(o.Policy.Sockets, o.Policy.SocketsTotal)}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.methods = join(coreMethods, blobMethods, blobManagementMethods, mailMethods, quotaMethods, vacationMethods, principalMethods, shareMethods, sieveMethods, submissionMethods, mdnMethods, workMethods, latenessMethods, linkMethods)
	if o.Pushes != nil { // they are of the core capability, which is always there
		s.methods = join(s.methods, pushMethods)
	}
	s.features = s.capabilities()
	s.mux = s.routes()
	return s
}

// join makes one table of methods.
func join(tables ...map[string]method) map[string]method {
	all := map[string]method{}
	for _, t := range tables {
		for name, m := range t {
			all[name] = m
		}
	}
	return all
}

// ServeHTTP answers a program or a page.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// Close ends every WebSocket and event source and waits for them. Requests under way are the HTTP server's to wait for.
func (s *Server) Close() {
	s.cancel()
	s.sockets.close()
}
