package adminapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"runtime/debug"
	"strconv"
	"strings"

	"haven"
	"haven/people/account"
	"haven/platform/errs"
)

// request is one request of a program.
type request struct {
	s     *Server
	r     *http.Request
	actor haven.Actor
	token bool // it came with a token, and not over the local socket
}

// problem is an error as RFC 9457 has it. Its type says nothing; the rule does.
type problem struct {
	Type   string `json:"type" doc:"always about:blank"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail,omitempty" doc:"a sentence for people: what happened and what to do"`
	Rule   string `json:"rule,omitempty" doc:"stable name of the rule that decided"`
}

// codes is the one table from an error's kind to the code that a program gets.
var codes = map[errs.Kind]int{
	errs.Internal: http.StatusInternalServerError, errs.Transient: http.StatusServiceUnavailable, errs.NotFound: http.StatusNotFound, errs.Denied: http.StatusForbidden,
	errs.Private: http.StatusUnauthorized, errs.OverQuota: http.StatusInsufficientStorage, errs.Invalid: http.StatusUnprocessableEntity, errs.Conflict: http.StatusConflict,
	errs.TooMany: http.StatusTooManyRequests,
}

// answer does what a route says: whatever holds for all of them is here.
func (s *Server) answer(rt route, token bool) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		q := &request{s: s, r: r, token: token}
		defer func() {
			if p := recover(); p != nil {
				s.o.Logger.Error("the admin API failed", "route", rt.path, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
				s.fail(w, rt, errs.E(errs.Internal, ""))
			}
		}()
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		err := q.enter(token)
		var out any
		if err == nil {
			out, err = rt.do(q)
		}
		switch {
		case err != nil:
			s.fail(w, rt, err)
		case rt.out == nil:
			w.WriteHeader(http.StatusNoContent)
		default:
			s.write(w, http.StatusOK, "application/json", out)
		}
	})
}

// enter finds out who asks.
func (q *request) enter(token bool) error {
	q.actor = haven.Actor{Program: "admin api", Place: "local socket"}
	if !token {
		return nil
	}
	host, _, err := net.SplitHostPort(q.r.RemoteAddr)
	if err != nil {
		host = q.r.RemoteAddr
	}
	q.actor.Place = host
	scheme, secret, _ := strings.Cut(q.r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		secret = ""
	}
	t, err := q.s.o.Operators.UseToken(q.r.Context(), secret)
	if errs.Is(err, errs.Private) && q.s.refused.Take(account.NetworkOf(host), 1) > 0 {
		return errBusy
	}
	if err != nil {
		return err
	}
	if q.s.spent.Take(strconv.FormatInt(t.ID, 10), 1) > 0 {
		return errBusy
	}
	q.actor.Program = "admin api " + t.Name
	return nil
}

var errBusy = &errs.Error{Kind: errs.TooMany, Rule: "token.rate", Say: "Too many requests. Wait some seconds and go on more slowly."}

func (s *Server) fail(w http.ResponseWriter, rt route, err error) {
	kind := errs.KindOf(err)
	if kind == errs.Internal || kind == errs.Transient {
		s.o.Logger.Error("the admin API could not answer", "route", rt.path, "error", err)
	}
	code := codes[kind]
	p := problem{Type: "about:blank", Title: http.StatusText(code), Status: code, Detail: errs.Say(err)}
	if e := (*errs.Error)(nil); errors.As(err, &e) {
		p.Rule = e.Rule
	}
	switch code {
	case http.StatusUnauthorized:
		w.Header().Set("WWW-Authenticate", "Bearer") // RFC 6750 §3
	case http.StatusTooManyRequests:
		w.Header().Set("Retry-After", "10")
	}
	s.write(w, code, "application/problem+json", p)
}

func (s *Server) write(w http.ResponseWriter, code int, kind string, out any) {
	h := w.Header()
	h.Set("Content-Type", kind)
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(code)
	if err := json.NewEncoder(w).Encode(out); err != nil {
		s.o.Logger.Debug("a program did not take its answer", "error", err)
	}
}

// nothing answers what is no route.
func (s *Server) nothing(w http.ResponseWriter, _ *http.Request) {
	s.fail(w, route{}, errs.E(errs.NotFound, "There is no such address. GET "+base+"/openapi.json says what there is."))
}

// body reads the JSON of a request: one value, with nothing in it that nobody asked for.
func body[T any](q *request) (in T, err error) {
	if kind, _, err := mime.ParseMediaType(q.r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return in, errs.E(errs.Invalid, "Send JSON, and say so: Content-Type: application/json.")
	}
	d := json.NewDecoder(q.r.Body)
	d.DisallowUnknownFields()
	if err := d.Decode(&in); err != nil {
		return in, errs.E(errs.Invalid, "The body can't be read: %v.", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return in, errs.E(errs.Invalid, "The body holds more than one value.")
	}
	return in, nil
}

// id is a number of the address.
func (q *request) id() (int64, error) {
	n, err := strconv.ParseInt(q.r.PathValue("id"), 10, 64)
	if err != nil || n <= 0 {
		return 0, errs.E(errs.NotFound, "There is nothing of this id.")
	}
	return n, nil
}

// limit is how many items an answer may hold.
func (q *request) limit() (int, error) {
	text := q.r.URL.Query().Get("limit")
	if text == "" {
		return usual, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > mostAtOne {
		return 0, errs.E(errs.Invalid, "limit is a number from 1 to %d.", mostAtOne)
	}
	return n, nil
}
