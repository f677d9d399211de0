package jmap

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"runtime/debug"
	"slices"
	"strings"

	"haven/platform/errs"
)

// The paths of the face.
const (
	wellKnown    = "/.well-known/jmap"
	apiPath      = "/jmap/api"
	uploadPath   = "/jmap/upload/"
	downloadPath = "/jmap/download/"
	eventsPath   = "/jmap/events"
	socketPath   = "/jmap/ws"
)

// Paths are the patterns under which the face stands beside others.
func Paths() []string { return []string{wellKnown, "/jmap/"} }

func (s *Server) routes() *http.ServeMux {
	mux := http.NewServeMux()
	for pattern, show := range map[string]func(*visit) error{
		"GET " + wellKnown:                                (*visit).sessionResource,
		"POST " + apiPath:                                 (*visit).api,
		"POST " + uploadPath + "{account}":                (*visit).upload,
		"POST " + uploadPath + "{account}/{$}":            (*visit).upload,
		"GET " + downloadPath + "{account}/{blob}/{name}": (*visit).download,
		"GET " + eventsPath:                               (*visit).events,
		"GET " + socketPath:                               (*visit).socket,
		"/jmap/":                                          (*visit).nothing,
	} {
		mux.Handle(pattern, s.page(show))
	}
	return mux
}

// visit is one HTTP request.
type visit struct {
	srv     *Server
	w       http.ResponseWriter
	r       *http.Request
	session *Session
	cookie  bool // signed in by the pages' cookie
}

func (v *visit) ctx() context.Context { return v.r.Context() }

// page answers the requests of a route: who is there, and what goes wrong.
func (s *Server) page(show func(*visit) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v := &visit{srv: s, w: w, r: r}
		defer func() {
			if p := recover(); p != nil {
				if p == http.ErrAbortHandler { //nolint:errorlint // net/http compares it so
					panic(p)
				}
				s.panicked("a request", p)
				v.fail(errs.E(errs.Internal, ""))
			}
		}()
		v.headers()
		err := v.signIn()
		if err == nil {
			err = show(v)
		}
		if err != nil {
			v.fail(err)
		}
	})
}

// panicked notes a fault that was caught at the edge of a request or a method.
func (s *Server) panicked(where string, p any) {
	if f := s.o.Metrics.Panic; f != nil {
		f()
	}
	s.log.Error("jmap: "+where+" failed", "panic", p, "stack", string(debug.Stack()))
}

// headers are those of every answer: no cache keeps it, nothing frames it, and nothing in it runs.
func (v *visit) headers() {
	h := v.w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Date", v.srv.now().UTC().Format(http.TimeFormat)) // of the service's time, by which deadlines run (RFC 9110 §6.6.1)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox; frame-ancestors 'none'")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Referrer-Policy", "no-referrer")
	if v.secure() {
		h.Set("Strict-Transport-Security", "max-age=63072000; includeSubDomains")
	}
}

// secure reports whether the request came over HTTPS.
func (v *visit) secure() bool {
	return v.r.TLS != nil || strings.TrimRight(v.srv.o.Portal, "/") == "https://"+v.r.Host
}

// origin is our own, as the client sees it.
func (v *visit) origin() string {
	if v.secure() {
		return "https://" + v.r.Host
	}
	return "http://" + v.r.Host
}

// place is the network address that the request comes from.
func (v *visit) place() string {
	host, _, err := net.SplitHostPort(v.r.RemoteAddr)
	if err != nil {
		return v.r.RemoteAddr
	}
	return host
}

// program is what the client calls itself, short enough for a record.
func (v *visit) program() string {
	name := strings.Map(func(r rune) rune {
		if r < 32 || r == 127 {
			return -1
		}
		return r
	}, strings.ToValidUTF8(v.r.UserAgent(), ""))
	for i := range name {
		if i > 80 {
			return name[:i]
		}
	}
	return name
}

// problem is an answer of RFC 7807 (RFC 9457), as RFC 8620 §3.6.1 asks.
type problem struct {
	Type   string `json:"type"`
	Title  string `json:"title,omitempty"`
	Status int    `json:"status"`
	Detail string `json:"detail,omitempty"`
	Limit  string `json:"limit,omitempty"` // which limit, for urn:ietf:params:jmap:error:limit
	Rule   string `json:"rule,omitempty"`  // the rule that decided
}

func (p *problem) Error() string { return p.Type + ": " + p.Detail }

// The request errors of RFC 8620 §3.6.1.
const (
	typeUnknownCapability = "urn:ietf:params:jmap:error:unknownCapability"
	typeNotJSON           = "urn:ietf:params:jmap:error:notJSON"
	typeNotRequest        = "urn:ietf:params:jmap:error:notRequest"
	typeLimit             = "urn:ietf:params:jmap:error:limit"
)

func requestError(typ, detail string) *problem {
	return &problem{Type: typ, Title: "The request was refused", Status: http.StatusBadRequest, Detail: detail}
}

func overLimit(limit, detail string) *problem {
	p := requestError(typeLimit, detail)
	p.Limit = limit
	return p
}

// codes is the HTTP status for each kind of error.
var codes = map[errs.Kind]int{
	errs.Internal:  http.StatusInternalServerError,
	errs.Transient: http.StatusServiceUnavailable,
	errs.NotFound:  http.StatusNotFound,
	errs.Denied:    http.StatusForbidden,
	errs.Private:   http.StatusUnauthorized,
	errs.OverQuota: http.StatusInsufficientStorage,
	errs.Invalid:   http.StatusBadRequest,
	errs.Conflict:  http.StatusConflict,
	errs.TooMany:   http.StatusTooManyRequests,
}

// asProblem is what is told of an error.
func asProblem(err error) *problem {
	var p *problem
	if errors.As(err, &p) {
		return p
	}
	code := codes[errs.KindOf(err)]
	p = &problem{Type: "about:blank", Title: http.StatusText(code), Status: code, Detail: errs.Say(err)}
	if e := (*errs.Error)(nil); errors.As(err, &e) && e.Rule != "" {
		p.Rule = e.Rule
	}
	return p
}

func (v *visit) fail(err error) {
	p := asProblem(err)
	if p.Status >= http.StatusInternalServerError && v.ctx().Err() == nil {
		v.srv.log.Error("jmap: a request could not be answered", "path", v.r.URL.Path, "error", err)
	}
	switch p.Status {
	case http.StatusUnauthorized:
		v.challenge()
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		v.w.Header().Set("Retry-After", "10")
	}
	v.w.Header().Del("Content-Disposition")
	v.write(p.Status, "application/problem+json", p)
}

// challenge says how to sign in. A browser is not told of Basic, for it would ask its person for a password in a window of its own.
func (v *visit) challenge() {
	h := v.w.Header()
	if v.r.Header.Get("Sec-Fetch-Mode") == "" && !v.cookie {
		h.Add("WWW-Authenticate", `Basic realm="Haven", charset="UTF-8"`)
	}
	h.Add("WWW-Authenticate", `Bearer realm="Haven"`)
}

func (v *visit) write(code int, kind string, out any) {
	raw, err := json.Marshal(out)
	if err != nil {
		v.srv.log.Error("jmap: an answer could not be encoded", "error", err)
		code, raw = http.StatusInternalServerError, []byte(`{"type":"about:blank","status":500}`)
	}
	v.w.Header().Set("Content-Type", kind)
	v.w.WriteHeader(code)
	_, _ = v.w.Write(raw) // a client that is gone reads nothing more
}

func (v *visit) nothing() error { return errs.E(errs.NotFound, "There is no such address.") }

// fromOwnPage refuses what a page of another origin makes a browser send: of whatever signs in, since browsers keep passwords too.
func (v *visit) fromOwnPage() error {
	if origin := v.r.Header.Get("Origin"); origin != "" && origin != v.origin() && !slices.Contains(v.srv.o.Origins, origin) {
		return errCross
	}
	switch v.r.Header.Get("Sec-Fetch-Site") {
	case "", "same-origin", "none":
		return nil
	}
	if origin := v.r.Header.Get("Origin"); origin != "" && slices.Contains(v.srv.o.Origins, origin) {
		return nil
	}
	return errCross
}

// Problems of our own.
var (
	errCross       = &errs.Error{Kind: errs.Denied, Rule: "jmap.cross-origin", Say: "This was sent by a page of somewhere else."}
	errOtherPerson = &errs.Error{Kind: errs.Denied, Rule: "session.other-person", Say: "Somebody else has logged in on this computer. Nothing was done."}
	errNoPerson    = &errs.Error{Kind: errs.Denied, Rule: "jmap.person", Say: "A request of a page says whose page it is, in Haven-Person."}
	errNobody      = &errs.Error{Kind: errs.Private, Rule: "jmap.nobody", Say: "Sign in."}
	errScheme      = &errs.Error{Kind: errs.Private, Rule: "jmap.scheme", Say: "Sign in with Basic or Bearer."}
	errType        = &errs.Error{Kind: errs.Invalid, Rule: "jmap.content-type", Say: "Send JSON, and say so: Content-Type: application/json."}
)
