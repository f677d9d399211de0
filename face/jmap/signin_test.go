package jmap

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"haven/face/jmap/jmapclient"
	"haven/platform/errs"
)

// browser is a page of a person: the cookie, and what a browser says of where a request comes from.
func (w *world) browser(person string) *jmapclient.Client {
	w.t.Helper()
	h := http.Header{"Cookie": {"haven-session=" + person}, "Origin": {w.http.URL}, "Sec-Fetch-Site": {"same-origin"}, "Sec-Fetch-Mode": {"cors"}}
	c, err := jmapclient.Open(w.t.Context(), w.http.Client(), w.http.URL, h)
	if err != nil {
		w.t.Fatal(err)
	}
	c.Header.Set(personHeader, c.Session.Person)
	c.Using = append(c.Using, thingsURN)
	return c
}

// wantStatus makes a request that is refused with a status, by a rule.
func wantStatus(t *testing.T, name string, err error, status int, rule string) *jmapclient.Problem {
	t.Helper()
	p := (*jmapclient.Problem)(nil)
	if !errors.As(err, &p) {
		t.Errorf("%s: %v, want %d %s", name, err, status, rule)
		return &jmapclient.Problem{}
	}
	if p.Status != status || p.Rule != rule {
		t.Errorf("%s: %v %s, want %d %s", name, err, p.Rule, status, rule)
	}
	return p
}

func TestSignInWithAPassword(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, x := range []struct{ name, auth, rule string }{
		{"Basic", jmapclient.Basic(anna, "secret").Get("Authorization"), ""},
		{"basic", strings.Replace(jmapclient.Basic(anna, "secret").Get("Authorization"), "Basic", "basic", 1), ""},
		{"for a shared mailbox", jmapclient.Basic(anna+"/"+pharmacy, "secret").Get("Authorization"), ""},
		{"a token", "Bearer " + Token(anna, "secret"), ""},
		{"a token, padded", "Bearer " + Token(anna, "secret") + "==", ""},
		{"a token for a shared mailbox", "Bearer " + Token(anna+"/"+pharmacy, "secret"), ""},
		{"a wrong password", jmapclient.Basic(anna, "wrong").Get("Authorization"), "-"},
		{"a mailbox that is not to be known of", jmapclient.Basic(ben+"/"+archive, "secret").Get("Authorization"), "jmap.nobody"},
		{"nobody", "", "jmap.nobody"},
		{"no base64", "Basic !", "jmap.nobody"},
		{"no colon", "Basic YW5uYQ==", "jmap.nobody"},
		{"no UTF-8", "Basic //86/w==", "jmap.nobody"},
		{"no password", "Bearer " + Token(anna, ""), "jmap.nobody"},
		{"another scheme", "Digest a", "jmap.scheme"},
	} {
		h := http.Header{}
		if x.auth != "" {
			h.Set("Authorization", x.auth)
		}
		_, err := jmapclient.Open(t.Context(), w.http.Client(), w.http.URL, h)
		switch x.rule {
		case "":
			if err != nil {
				t.Errorf("%s: %v", x.name, err)
			}
		case "-":
			wantStatus(t, x.name, err, http.StatusUnauthorized, "")
		default:
			p := wantStatus(t, x.name, err, http.StatusUnauthorized, x.rule)
			if got := p.Header.Values("WWW-Authenticate"); len(got) != 2 {
				t.Errorf("%s: challenged with %q", x.name, got)
			}
		}
	}
	w.people.mu.Lock()
	w.people.down = errs.E(errs.TooMany, "Too many failed tries.")
	w.people.mu.Unlock()
	_, err := jmapclient.Open(t.Context(), w.http.Client(), w.http.URL, jmapclient.Basic(anna, "secret"))
	if p := wantStatus(t, "slowed", err, http.StatusTooManyRequests, ""); p.Header.Get("Retry-After") == "" {
		t.Error("when to come again is not said")
	}
}

func TestSignInOnThePages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.browser(anna)
	if c.Session.Person != w.account(anna) || c.Session.Own() != w.account(anna) {
		t.Errorf("%+v", c.Session)
	}
	call1(t, c, jmapclient.Call{Name: "Thing/get", Args: args{"accountId": w.account(anna)}})
	for _, x := range []struct {
		name   string
		header http.Header
		rule   string
	}{
		{"of somebody else's page", http.Header{"Haven-Person": {w.account(ben)}}, "session.other-person"},
		{"of a page that does not say whose it is", http.Header{"Haven-Person": nil}, "jmap.person"},
		{"of another site", http.Header{"Origin": {"https://elsewhere.test"}, "Sec-Fetch-Site": {"cross-site"}}, "jmap.cross-origin"},
		{"of another port of ours", http.Header{"Origin": {"http://127.0.0.1:1"}}, "jmap.cross-origin"},
		{"of the same host without TLS", http.Header{"Origin": {strings.Replace(w.http.URL, "http://", "https://", 1)}}, "jmap.cross-origin"},
		{"of a sister domain", http.Header{"Sec-Fetch-Site": {"same-site"}}, "jmap.cross-origin"},
		{"of nowhere", http.Header{"Origin": {"null"}}, "jmap.cross-origin"},
		{"without an origin", http.Header{"Origin": nil}, "jmap.cross-origin"},
	} {
		_, err := c.Send(t.Context(), http.MethodPost, c.Session.APIURL, "application/json", strings.NewReader(`{"using":[],"methodCalls":[]}`), x.header)
		wantStatus(t, x.name, err, http.StatusForbidden, x.rule)
	}
	_, err := c.Send(t.Context(), http.MethodPost, c.Session.APIURL, "text/plain", strings.NewReader(`{"using":[],"methodCalls":[]}`), nil)
	wantStatus(t, "a form of another type", err, http.StatusBadRequest, "")
	p := wantStatus(t, "a cookie of nobody", second(jmapclient.Open(t.Context(), w.http.Client(), w.http.URL, http.Header{"Cookie": {"haven-session=x"}})), http.StatusUnauthorized, "")
	if got := p.Header.Values("WWW-Authenticate"); len(got) != 1 || !strings.HasPrefix(got[0], "Bearer") {
		t.Errorf("a browser would ask for a password: %q", got)
	}
}

func second[T any](_ T, err error) error { return err }

// A browser that remembers a password sends it with what any page makes it send.
func TestPasswordOfABrowserIsNotForOtherSites(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *Options) { o.Origins = []string{"https://tools.surgery.test"} })
	c := w.as(anna)
	for origin, ok := range map[string]bool{"https://elsewhere.test": false, "https://tools.surgery.test": true, w.http.URL: true} {
		_, err := c.Send(t.Context(), http.MethodGet, w.http.URL+wellKnown, "", nil, http.Header{"Origin": {origin}, "Sec-Fetch-Site": {"cross-site"}})
		if origin == w.http.URL { // a browser that says cross-site of our own page errs
			ok = false
		}
		if (err == nil) != ok {
			t.Errorf("%s: %v", origin, err)
		}
	}
	resp, err := c.Send(t.Context(), http.MethodGet, w.http.URL+wellKnown, "", nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if got, want := resp.Header.Get("Date"), w.Clock.Now().UTC().Format(http.TimeFormat); got != want {
		t.Errorf("the date is %s, want the service's: %s", got, want)
	}
	if resp.Header.Get("Access-Control-Allow-Origin") != "" || resp.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("%v", resp.Header)
	}
}

// What a page does by itself is no use of the session; what its person did is told in the request (docs/decisions/025).
func TestUseIsWhatThePersonDid(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.browser(anna)
	call1(t, c, jmapclient.Call{Name: "Core/echo"})
	if w.people.used != 0 {
		t.Errorf("%d times used by itself", w.people.used)
	}
	if _, err := c.Do(t.Context(), jmapclient.Request{Using: c.Using, Act: true}); err != nil || w.people.used != 1 {
		t.Errorf("%d times used, %v", w.people.used, err)
	}
}

func TestLockedSession(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.browser(anna)
	w.end(&errs.Error{Kind: errs.Private, Rule: "session.locked", Say: "Give your password."})
	_, err := c.Call(t.Context(), jmapclient.Call{Name: "Core/echo"})
	wantStatus(t, "locked", err, http.StatusUnauthorized, "session.locked")
	w.end(&errs.Error{Kind: errs.Denied, Rule: "session.changes", Say: "Change your password."})
	_, err = c.Call(t.Context(), jmapclient.Call{Name: "Core/echo"})
	wantStatus(t, "to be changed", err, http.StatusForbidden, "session.changes")
}

func TestNothingElseIsThere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.as(anna)
	for _, path := range []string{"/jmap/", "/jmap/api/", "/jmap/other", "/jmap/upload/", "/jmap/api"} {
		_, err := c.Send(t.Context(), http.MethodGet, w.http.URL+path, "", nil, nil)
		wantStatus(t, path, err, http.StatusNotFound, "")
	}
}
