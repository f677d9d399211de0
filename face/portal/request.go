package portal

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"runtime/debug"
	"strings"
	"time"

	"github.com/a-h/templ"

	"haven"
	"haven/face/portal/assets"
	"haven/face/portal/page"
	"haven/people/account"
	"haven/people/session"
	"haven/people/texts"
	"haven/platform/errs"
	"haven/platform/notify"
)

// request is one request of a browser, with who is logged in there.
type request struct {
	s     *Server
	w     http.ResponseWriter
	r     *http.Request
	route route
	visit string           // the browser's own secret, which its forms are made from
	token session.Token    // "" for nobody
	ses   *session.Session // nil: nobody
	frame page.Frame
	kept  bool // the form could not be sent, and is kept

	policyDue time.Time // from when on the person can't go on without having accepted the rules of use; zero: nothing is due
}

func (q *request) ctx() context.Context { return q.r.Context() }
func (q *request) now() time.Time       { return q.s.o.Clock.Now() }

// place is the network address that the browser comes from.
func (q *request) place() string {
	host, _, err := net.SplitHostPort(q.r.RemoteAddr)
	if err != nil {
		return q.r.RemoteAddr
	}
	return host
}

// actor is who acts, for the audit log.
func (q *request) actor() haven.Actor {
	if q.ses == nil {
		return haven.Actor{Place: q.place(), Program: "portal"}
	}
	a := q.ses.Actor()
	a.Place = q.place()
	return a
}

// value is what a form says in a field, without spaces around.
func (q *request) value(name string) string { return strings.TrimSpace(q.r.PostFormValue(name)) }

// Cookies. The one of the visit is there before anybody logs in; that of the session holds its token.
const (
	visitCookie   = "haven-visit"
	sessionCookie = "haven-session"
)

func (s *Server) cookieName(name string) string { return cookieName(name, s.o.Loopback) }

func cookieName(name string, loopback bool) string {
	if loopback {
		return name
	}
	return "__Host-" + name
}

// SessionCookie is the name of the cookie that holds the token of a session, for faces beside the pages.
func SessionCookie(loopback bool) string { return cookieName(sessionCookie, loopback) }

func (q *request) cookie(name string) string {
	c, err := q.r.Cookie(q.s.cookieName(name))
	if err != nil {
		return ""
	}
	return c.Value
}

// setCookie gives the browser a cookie that ends with it; without a value it takes it away.
func (q *request) setCookie(name, value string) {
	c := &http.Cookie{Name: q.s.cookieName(name), Value: value, Path: "/", Secure: !q.s.o.Loopback, HttpOnly: true, SameSite: http.SameSiteLaxMode}
	if value == "" {
		c.MaxAge = -1
	}
	http.SetCookie(q.w, c)
}

// newVisit gives the browser another secret, so that forms from before do nothing.
func (q *request) newVisit() {
	var b [24]byte
	_, _ = rand.Read(b[:]) // never fails (crypto/rand)
	q.visit = base64.RawURLEncoding.EncodeToString(b[:])
	q.setCookie(visitCookie, q.visit)
}

// formToken is what the forms of this browser and a session carry.
func (q *request) formToken(of session.Token) string {
	sum := sha256.Sum256([]byte("form\x00" + q.visit + "\x00" + string(of)))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// formOf reports whether the form that was sent stood on a page of this browser and a session.
func (q *request) formOf(t session.Token) bool {
	return subtle.ConstantTimeCompare([]byte(q.r.PostFormValue("form")), []byte(q.formToken(t))) == 1
}

// page answers the requests of a route: whatever holds for all of them is here.
func (s *Server) page(rt route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		q := &request{s: s, w: w, r: r, route: rt}
		defer func() {
			if p := recover(); p != nil {
				s.o.Logger.Error("a page failed", "route", rt.pattern, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
				q.fail(errs.E(errs.Internal, ""))
			}
		}()
		q.headers()
		done, err := q.begin()
		if err == nil && !done {
			err = q.enter()
		}
		if err == nil && r.Method == http.MethodPost {
			err = q.dropForm()
		}
		if err != nil {
			q.fail(err)
		}
	})
}

// headers are those of every page. Nothing is loaded from elsewhere, nothing is framed, and no cache keeps what a page says.
func (q *request) headers() {
	h := q.w.Header()
	h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
	if !q.s.o.Loopback {
		h.Set("Strict-Transport-Security", "max-age=63072000; includeSubDomains")
	}
}

// begin finds out who is there, and refuses forms that this browser was not given. It is done where the page has been answered already.
func (q *request) begin() (done bool, err error) {
	q.frame = page.Frame{Service: q.s.o.Service, Demo: q.s.o.OpenOutbox, Desk: q.s.desk(q.now()), National: q.s.o.Texts.Shown(q.ctx(), texts.NationalDesk).Body, Policy: &q.s.o.Policy}
	q.frame.NoTexts, q.frame.NoEmails = q.s.keeps(notify.Text), q.s.keeps(notify.Email)
	q.visit = q.cookie(visitCookie)
	known := q.visit != ""
	ended, err := q.findSession()
	if err != nil {
		return false, err
	}
	if q.r.Method == http.MethodPost {
		err := q.checkForm(known)
		if known && ended != "" && errors.Is(err, errNobody) {
			if done, failed := q.keepAfterEnd(ended); done || failed != nil {
				return done, failed
			}
		}
		if err != nil {
			return false, err
		}
	}
	if !known {
		q.newVisit()
	}
	q.frame.Form = q.formToken(q.token)
	return false, nil
}

// findSession finds who is logged in; ended is the token of a session that stands no more.
func (q *request) findSession() (ended session.Token, err error) {
	q.token = session.Token(q.cookie(sessionCookie))
	if q.token == "" {
		return "", nil
	}
	ses, err := q.s.o.Sessions.Find(q.ctx(), q.token)
	if errs.Is(err, errs.Private) {
		ended, q.token = q.token, ""
		q.setCookie(sessionCookie, "")
		return ended, nil
	}
	if err != nil {
		return "", err
	}
	q.setSession(ses)
	q.frame.Whose.Here = q.here()
	q.frame.Whose.Operator, err = q.s.o.Operators.Has(q.ctx(), ses.Person.No)
	return "", err
}

func (q *request) setSession(ses session.Session) {
	q.ses = &ses
	q.frame.Whose = &page.Whose{Name: ses.Person.Display, Address: ses.Person.Address.String(), ID: ses.Person.ID.String(), Shared: ses.Shared, Locked: ses.Locked}
}

var (
	errForm    = &errs.Error{Kind: errs.Conflict, Rule: "form.old", Say: "This page was open for too long, or your browser keeps no cookies. Go back, load the page again, and send it once more."}
	errNobody  = &errs.Error{Kind: errs.Private, Rule: "session.ended", Say: "You are not logged in any more. Log in to go on."}
	errYours   = &errs.Error{Kind: errs.TooMany, Rule: "form.rate-person", Say: "You have sent very much within a minute. Wait a minute and try again."}
	errMailbox = &errs.Error{Kind: errs.TooMany, Rule: "form.rate-mailbox", Say: "Very much is being changed at this mailbox. Wait a minute and try again."}
	errBusy    = &errs.Error{Kind: errs.TooMany, Rule: "form.rate", Say: "Too much comes from your network at the moment. Wait a minute and try again."}
)

// checkForm takes a form from this browser's own page only, and from the page of the person who is logged in now.
func (q *request) checkForm(known bool) error {
	if wait := q.s.posted.Take(account.NetworkOf(q.place()), 1); wait > 0 {
		return errBusy
	}
	if err := q.s.cross.Check(q.r); err != nil {
		return errForm
	}
	q.r.Body = http.MaxBytesReader(q.w, q.r.Body, maxForm)
	if err := q.r.ParseForm(); err != nil {
		return &errs.Error{Kind: errs.Invalid, Rule: "form.broken", Say: "What your browser sent could not be read. Go back and send it again."}
	}
	if person := q.r.Header.Get(personHeader); person != "" && ofClient[q.route.pattern] {
		return q.checkClient(person)
	}
	whose := q.r.PostFormValue("whose")
	if q.ses != nil && whose != q.ses.Person.ID.String() || q.ses == nil && whose != "" {
		return q.otherPerson()
	}
	if !known || !q.formOf(q.token) {
		return errForm
	}
	return q.takeTurn()
}

// personHeader is how the web client says whose it is (docs/decisions/025). Another site's page can't send it.
const personHeader = "Haven-Person"

// clientPrefix stands before a person's id where JMAP names it.
const clientPrefix = "A"

// ofClient are the actions that the web client takes, which has no forms.
var ofClient = map[string]bool{"POST /lock": true, "POST /log-out": true}

// checkClient is checkForm for the web client of a person.
func (q *request) checkClient(person string) error {
	switch {
	case q.ses == nil:
		return errNobody
	case person != clientPrefix+q.ses.Person.ID.String():
		return q.otherPerson()
	}
	return q.takeTurn()
}

// takeTurn holds back a person, or the people of one mailbox together, who send more than hands can.
func (q *request) takeTurn() error {
	if q.ses != nil && q.s.byPerson.Take(q.ses.Person.ID.String(), 1) > 0 {
		return errYours
	}
	if box, ok := strings.CutPrefix(q.r.URL.Path, "/mailbox/"); ok && q.ses != nil {
		box, _, _ = strings.Cut(box, "/")
		if q.s.byMailbox.Take(box, 1) > 0 {
			return errMailbox
		}
	}
	return nil
}

// otherPerson is for a form from a page that was shown to somebody else, in this browser (Rules 6).
func (q *request) otherPerson() error {
	if q.ses == nil {
		return errNobody
	}
	return &errs.Error{Kind: errs.Conflict, Rule: "session.other-person",
		Say: q.ses.Person.Display + " has logged in on this computer. Nothing was done. Switch person to go on as yourself."}
}

// enter shows the page to whoever may come to it, and something else to others.
func (q *request) enter() error {
	up, err := q.s.o.Operators.SetUp(q.ctx())
	switch {
	case err != nil:
		return err
	case !up:
		return q.notSetUp()
	case q.ses != nil && q.ses.Locked && !q.route.locked:
		back, err := q.keepForm(q.ses.Person, q.here())
		if err != nil {
			return err
		}
		return q.showLocked(http.StatusOK, back)
	case q.ses != nil && q.ses.Pending && !q.route.locked && !strings.HasSuffix(q.route.pattern, " /log-in/code"):
		return q.redirect("/log-in/code?next=" + url.QueryEscape(q.here()))
	case q.route.who == anybody:
		return q.route.show(q)
	case q.ses == nil:
		return q.redirect("/log-in?next=" + url.QueryEscape(q.here()))
	case q.route.who != changing && q.ses.Changes:
		return q.redirect(q.first())
	}
	return q.admit()
}

// admit shows the page to somebody who is logged in, unless the rules of use are to be accepted first, or it is an operator's.
func (q *request) admit() (err error) {
	if q.policyDue, err = q.s.o.Activation.PolicyDue(q.ctx(), q.ses.Person.No); err != nil {
		return err
	}
	if q.route.who != changing && q.mustAccept() {
		return q.redirect("/activation/policy")
	}
	if err := q.mayEnter(); err != nil {
		return err
	}
	if q.route.who == operating {
		if err := q.s.o.Operators.Check(q.ctx(), q.actor()); err != nil {
			return err
		}
	}
	return q.route.show(q)
}

// mustAccept reports whether the rules of use hold that the person has not accepted (Rules 5).
func (q *request) mustAccept() bool {
	return !q.policyDue.IsZero() && !q.now().Before(q.policyDue)
}

// notSetUp is all that the pages say before there is an operator.
func (q *request) notSetUp() error {
	q.frame.Title = "Not set up yet"
	return q.show(http.StatusServiceUnavailable, page.NotSetUpPage(q.frame))
}

// first is the page of what has to be done before all else.
func (q *request) first() string {
	if q.ses.Person.State == account.Invited {
		return "/activation"
	}
	return "/account/password"
}

// here is the address of the page, to come back to; of an action, the start page of whoever is logged in.
func (q *request) here() string {
	switch {
	case q.r.Method != http.MethodGet:
		return home
	case q.r.URL.Path == "/log-in":
		return q.next(home)
	}
	return q.r.URL.RequestURI()
}

// show writes a page.
func (q *request) show(code int, c templ.Component) error {
	var b bytes.Buffer
	if err := c.Render(q.ctx(), &b); err != nil {
		return errs.Wrap(errs.Internal, err, "")
	}
	if err := q.refill(code, &b); err != nil {
		return errs.Wrap(errs.Internal, err, "")
	}
	q.w.Header().Set("Content-Type", "text/html; charset=utf-8")
	q.w.WriteHeader(code)
	if q.r.Method != http.MethodHead {
		_, _ = b.WriteTo(q.w) // the browser's own loss
	}
	return nil
}

func (q *request) redirect(to string) error {
	http.Redirect(q.w, q.r, to, http.StatusSeeOther)
	return nil
}

// next is where a form wants to go afterwards, if that is a page of ours.
func (q *request) next(otherwise string) string {
	to := q.r.FormValue("next")
	u, err := url.Parse(to)
	if err != nil || u.IsAbs() || u.Host != "" || !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") || strings.ContainsAny(to, "\\\r\n") {
		return otherwise
	}
	return to
}

// asset sends a stylesheet or script. Its address holds its checksum, so that a browser may keep it for good.
func (s *Server) asset(w http.ResponseWriter, r *http.Request) {
	content, kind, ok := assets.Get(r.PathValue("name"))
	if !ok {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Set("Content-Type", kind)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "public, max-age=3600")
	if r.URL.Query().Has("v") {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
}
