// Package adminapi is what `haven admin` does, for programs: JSON over HTTP under /admin/v1, described by an OpenAPI document that is made from the
// same table that answers.
//
// Over the network it asks for the bearer token of an operator (RFC 6750); over the local socket, which only the service's own user opens, for
// nothing. It makes the same service calls as the command line and decides nothing. No letter's content goes through it.
package adminapi

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"haven"
	"haven/mail/delivery"
	"haven/mail/outbox"
	"haven/people/account"
	"haven/people/activation"
	"haven/people/helpdesk"
	"haven/people/notice"
	"haven/people/operator"
	"haven/people/organisation"
	"haven/people/registration"
	"haven/people/sharedmailbox"
	"haven/people/texts"
	"haven/platform/blob"
	"haven/platform/clock"
	"haven/platform/limit"
	"haven/platform/policy"
)

// Queue is the letters on their way out; *outbox.Outbox is one.
type Queue interface {
	List(ctx context.Context, f outbox.Filter) ([]outbox.Listed, error)
	Show(ctx context.Context, id outbox.ID) (outbox.Listed, error)
	Hold(ctx context.Context, actor haven.Actor, f outbox.Filter) (int64, error)
	Release(ctx context.Context, actor haven.Actor, f outbox.Filter) (int64, error)
	Retry(ctx context.Context, actor haven.Actor, f outbox.Filter) (int64, error)
}

// Held is the originals of letters out of which a file was taken.
type Held interface {
	Held(ctx context.Context, no haven.AccountNo) ([]delivery.Held, error)
	Release(ctx context.Context, actor haven.Actor, no haven.AccountNo, id haven.AccountID, body blob.ID) error
}

// Options are what the API stands on. Every field without a remark is needed.
type Options struct {
	Operators    *operator.Service
	Accounts     *account.Service
	Places       *organisation.Service
	Shared       *sharedmailbox.Service
	Helpdesk     *helpdesk.Service
	Registration *registration.Service
	Activation   *activation.Service
	Notices      *notice.Service
	Texts        *texts.Service
	Queue        Queue
	Held         Held
	Policy       policy.Operator
	Clock        clock.Clock
	Logger       *slog.Logger // nil: nothing is logged
	Version      string       // of the program, for the document
}

// The bounds of what one program may send.
const (
	maxBody   = 256 << 10 // octets
	refusals  = 20        // requests without a good token from one network in a minute
	networks  = 10_000    // networks that are watched at once
	mostAtOne = 500       // items of one answer
	usual     = 100       // items where no limit is named
)

// Server answers programs. It is safe for many goroutines.
type Server struct {
	o       Options
	mux     *http.ServeMux // over the network
	local   *http.ServeMux
	spent   *limit.Buckets // by token
	refused *limit.Buckets // by network
	openapi []byte
}

// New makes the API.
func New(o Options) (*Server, error) {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	s := &Server{o: o, mux: http.NewServeMux(), local: http.NewServeMux(),
		spent:   limit.NewBuckets(o.Policy.TokenPerMin, time.Minute, o.Policy.TokenPerMin/2, o.Policy.Tokens, o.Clock.Now),
		refused: limit.NewBuckets(refusals, time.Minute, refusals, networks, o.Clock.Now)}
	var err error
	if s.openapi, err = document(o.Version); err != nil {
		return nil, err
	}
	for _, r := range routes {
		s.mux.Handle(r.method+" "+base+r.path, s.answer(r, true))
		s.local.Handle(r.method+" "+base+r.path, s.answer(r, false))
	}
	for _, mux := range []*http.ServeMux{s.mux, s.local} {
		mux.HandleFunc("GET "+base+"/openapi.json", s.document)
		mux.HandleFunc("/", s.nothing)
	}
	return s, nil
}

// ServeHTTP answers a program on the network.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// Local answers a program on the local socket, which the file's permission keeps others from.
func (s *Server) Local() http.Handler { return s.local }

func (s *Server) document(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(s.openapi) // the program's own loss
}
