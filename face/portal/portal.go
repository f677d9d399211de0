// Package portal is the pages: where premises register, people activate their accounts, log in, and keep their mailboxes.
//
// Every page is made by the server and works without script. A handler decodes a form, makes one call and shows a page; who may
// come to which page stands in one table (routes.go), and what holds for every request in one place (request.go).
package portal

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"haven"
	"haven/mail/handover"
	"haven/mail/vacation"
	"haven/people/account"
	"haven/people/activation"
	"haven/people/directory"
	"haven/people/form"
	"haven/people/helpdesk"
	"haven/people/leaver"
	"haven/people/legal"
	"haven/people/lockout"
	"haven/people/locum"
	"haven/people/notice"
	"haven/people/openinghours"
	"haven/people/operator"
	"haven/people/organisation"
	"haven/people/profile"
	"haven/people/registration"
	requests "haven/people/request"
	"haven/people/reset"
	"haven/people/review"
	"haven/people/secondfactor"
	"haven/people/session"
	"haven/people/sharedmailbox"
	"haven/people/signature"
	"haven/people/texts"
	"haven/people/vouch"
	"haven/platform/audit"
	"haven/platform/clock"
	"haven/platform/limit"
	"haven/platform/notify"
	"haven/platform/policy"
)

// Options are what the pages stand on. Every field without a remark is needed.
type Options struct {
	Accounts      *account.Service
	Sessions      *session.Service
	Reset         *reset.Service
	Lockout       *lockout.Service
	Places        *organisation.Service
	Registration  *registration.Service
	Helpdesk      *helpdesk.Service
	Operators     *operator.Service
	StatusNotices *notice.Service
	Texts         *texts.Service
	Shared        *sharedmailbox.Service
	Activation    *activation.Service
	SecondFactor  *secondfactor.Service
	Profiles      *profile.Service
	Requests      *requests.Service
	Leavers       *leaver.Service
	Directory     *directory.Service
	Forms         *form.Service
	Hours         *openinghours.Service
	Legal         *legal.Service
	Locum         *locum.Service
	Vouch         *vouch.Service
	Review        *review.Service
	Vacation      *vacation.Service
	Handover      *handover.Service
	Signatures    *signature.Service

	// Audit reads the records that concern an account, the newest before a place first.
	Audit func(ctx context.Context, id haven.AccountID, before audit.Place, most int) ([]audit.Found, error)

	Notices *notify.Service
	Policy  policy.Policy
	Clock   clock.Clock
	Logger  *slog.Logger

	Service    string // the service's name; "Haven" where empty
	OpenOutbox bool   // anybody reads the outbox: a demo, on this machine alone

	// MoveClock moves the time of a demo on; nil: it is no demo.
	MoveClock func(by time.Duration) error

	// Loopback says that browsers come over HTTP on the machine itself, as in a demo: cookies are then neither Secure nor
	// under the __Host- prefix, which browsers take over HTTPS alone.
	Loopback bool

	// Programs is where mail programs find the service.
	Programs Programs

	// Status tells how the service does; nil: it is not known.
	Status func() Status
}

// Programs is what somebody types into a mail program.
type Programs struct {
	Domains            []string // of the addresses that people have
	IMAPHost, SMTPHost string
	IMAPPort, SMTPPort int // TLS from the start; 0: not served
}

// Status is how the service does, for anybody to see.
type Status struct {
	Working bool
	Lines   []string // in words: what waits, what stands still
}

// The bounds of what one browser may send.
const (
	maxForm     = 64 << 10 // octets
	posts       = 60       // forms from one network in postsIn; more wait
	postsIn     = time.Minute
	postsAtOnce = 30
	networks    = 100_000 // networks that are watched at once

	ownPosts     = 60 // forms of one person in postsIn
	mailboxPosts = 120
	watched      = 100_000 // people and mailboxes that are watched at once, each
)

// Server shows the pages. It is safe for many goroutines.
type Server struct {
	o      Options
	mux    *http.ServeMux
	cross  *http.CrossOriginProtection
	posted *limit.Buckets // by network

	byPerson, byMailbox *limit.Buckets

	busy  chan struct{} // a token for each that is done after its answer
	doing sync.WaitGroup
}

// New makes the pages.
func New(o Options) *Server {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Service == "" {
		o.Service = "Haven"
	}
	s := &Server{o: o, mux: http.NewServeMux(), cross: http.NewCrossOriginProtection(),
		posted:    limit.NewBuckets(posts, postsIn, postsAtOnce, networks, o.Clock.Now),
		byPerson:  limit.NewBuckets(ownPosts, postsIn, ownPosts, watched, o.Clock.Now),
		byMailbox: limit.NewBuckets(mailboxPosts, postsIn, mailboxPosts, watched, o.Clock.Now), busy: make(chan struct{}, laterAtOnce)}
	for _, r := range routes {
		s.mux.Handle(r.pattern, s.page(r))
	}
	s.mux.HandleFunc("GET /assets/{name}", s.asset)
	s.mux.Handle("/", s.page(route{who: anybody, show: notFound}))
	return s
}

// ServeHTTP answers a browser.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }
