// Package notifytest is a server for tests that answers as GOV.UK Notify's API does: it verifies the token, the template and the number, keeps
// what was sent, and fails where a test says so.
package notifytest

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// Key and the templates are those that the server knows.
const (
	iss           = "26785a09-ab16-4eb0-8407-a37497a57506"
	secret        = "3d844edf-8d35-48ac-975b-e847b4f122b0"
	Key           = "made-up-key-" + iss + "-" + secret
	TextTemplate  = "f33517ff-2a88-4f6e-b855-c550268ce08a"
	EmailTemplate = "0c1e2f3a-4b5c-4d6e-8f70-112233445566"
)

// Sent is one notification that was taken.
type Sent struct {
	ID, To, Reference, Subject, Body string
}

// Server is a stand-in for Notify.
type Server struct {
	URL string

	t      testing.TB
	now    func() time.Time
	mu     sync.Mutex
	sent   []Sent
	fail   []answer // for the next requests
	before func()   // run while the next request waits
	status string
}

type answer struct {
	code int
	kind string
}

// New starts a server that ends with the test.
func New(t testing.TB, now func() time.Time) *Server {
	t.Helper()
	s := &Server{t: t, now: now, status: "delivered"}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v2/notifications/sms", func(w http.ResponseWriter, r *http.Request) { s.take(w, r, "phone_number", TextTemplate) })
	mux.HandleFunc("POST /v2/notifications/email", func(w http.ResponseWriter, r *http.Request) { s.take(w, r, "email_address", EmailTemplate) })
	mux.HandleFunc("GET /v2/notifications/{id}", s.state)
	srv := httptest.NewServer(mux)
	t.Cleanup(srv.Close)
	s.URL = srv.URL
	return s
}

// Sent is what was taken so far.
func (s *Server) Sent() []Sent {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Sent(nil), s.sent...)
}

// Fail has the next n requests answered with a code and a type of error.
func (s *Server) Fail(n, code int, kind string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for range n {
		s.fail = append(s.fail, answer{code, kind})
	}
}

// Meanwhile has fn run while the next request waits for its answer.
func (s *Server) Meanwhile(fn func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.before = fn
}

// next is what the next request gets: an answer that a test wants, or none; and what happens meanwhile.
func (s *Server) next() (fail *answer, before func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	before, s.before = s.before, nil
	if len(s.fail) > 0 {
		fail, s.fail = &s.fail[0], s.fail[1:]
	}
	return fail, before
}

// Status is what the server says became of every notification from now on.
func (s *Server) Status(status string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.status = status
}

func refuse(w http.ResponseWriter, code int, kind string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(map[string]any{"status_code": code, "errors": []map[string]string{{"error": kind, "message": "words that change"}}})
}

// admitted verifies the token: who signed it, and that it is not older than 30 seconds.
func (s *Server) admitted(w http.ResponseWriter, r *http.Request) bool {
	fail, before := s.next()
	if before != nil {
		before()
	}
	if fail != nil {
		refuse(w, fail.code, fail.kind)
		return false
	}
	part := strings.Split(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "), ".")
	if len(part) != 3 {
		refuse(w, http.StatusUnauthorized, "AuthError")
		return false
	}
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(part[0] + "." + part[1]))
	var head struct{ Typ, Alg string }
	var claims struct {
		Iss string
		Iat int64
	}
	enc := base64.RawURLEncoding
	sig, err := enc.DecodeString(part[2])
	for i, into := range []any{&head, &claims} {
		text, failed := enc.DecodeString(part[i])
		if failed != nil || json.Unmarshal(text, into) != nil {
			err = fmt.Errorf("part %d", i)
		}
	}
	age := s.now().Sub(time.Unix(claims.Iat, 0))
	if err != nil || !hmac.Equal(sig, mac.Sum(nil)) || head.Alg != "HS256" || head.Typ != "JWT" || claims.Iss != iss || age > 30*time.Second || age < -30*time.Second {
		refuse(w, http.StatusForbidden, "AuthError")
		return false
	}
	return true
}

var (
	mobile  = regexp.MustCompile(`^\+447\d{9}$`)
	address = regexp.MustCompile(`^[^@\s]+@[^@\s]+\.[^@\s]+$`)
)

func (s *Server) take(w http.ResponseWriter, r *http.Request, to, template string) {
	if !s.admitted(w, r) {
		return
	}
	var in map[string]json.RawMessage
	if json.NewDecoder(r.Body).Decode(&in) != nil {
		refuse(w, http.StatusBadRequest, "ValidationError")
		return
	}
	text := func(name string) (v string) { _ = json.Unmarshal(in[name], &v); return v }
	var places map[string]string
	_ = json.Unmarshal(in["personalisation"], &places)
	who := text(to)
	switch {
	case text("template_id") != template || places["body"] == "":
		refuse(w, http.StatusBadRequest, "BadRequestError")
		return
	case to == "phone_number" && !mobile.MatchString(who), to == "email_address" && !address.MatchString(who):
		refuse(w, http.StatusBadRequest, "ValidationError")
		return
	}
	var b [16]byte
	_, _ = rand.Read(b[:])
	one := Sent{ID: fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:]), To: who, Reference: text("reference"), Subject: places["subject"], Body: places["body"]}
	s.mu.Lock()
	s.sent = append(s.sent, one)
	s.mu.Unlock()
	w.WriteHeader(http.StatusCreated)
	_ = json.NewEncoder(w).Encode(map[string]string{"id": one.ID, "reference": one.Reference})
}

func (s *Server) state(w http.ResponseWriter, r *http.Request) {
	if !s.admitted(w, r) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, one := range s.sent {
		if one.ID == r.PathValue("id") {
			_ = json.NewEncoder(w).Encode(map[string]string{"id": one.ID, "status": s.status})
			return
		}
	}
	refuse(w, http.StatusNotFound, "NoResultFound")
}
