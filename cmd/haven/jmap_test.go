package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"haven"
	"haven/face/jmap"
	"haven/face/jmap/jmapclient"
	"haven/people/account"
	"haven/people/session"
	"haven/people/sharedmailbox"
	"haven/platform/clock"
)

// jmapWorld is JMAP over a whole house, whose clock the test moves: Ann owns a pharmacy's mailbox.
type jmapWorld struct {
	*house
	t     *testing.T
	clock *clock.Fake
	http  *httptest.Server
	ann   account.Account
	shop  account.Account
}

const jmapPassword = "violet kettle tramway"

var jmapActor = haven.Actor{Program: "admin"}

func newJMAPWorld(t *testing.T) *jmapWorld {
	t.Helper()
	i := install(t, `policy.jmap: push_delay = "0s"`)
	if err := os.MkdirAll(i.data, 0o700); err != nil {
		t.Fatal(err)
	}
	conf, err := loadConfig(i.conf)
	if err != nil {
		t.Fatal(err)
	}
	w := &jmapWorld{t: t, clock: clock.NewFake(time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)), house: newHouse(conf, slog.New(slog.NewTextHandler(io.Discard, nil)))}
	w.house.clock = w.clock
	if _, err := w.open(t.Context(), w.openStores, w.wirePeople, w.wireStore, w.wireNotify, w.wireTold, w.wireMail, w.wireTrust); err != nil {
		t.Fatal(err)
	}
	w.ann = w.person("Ann", "Example")
	if w.shop, err = w.shared.Create(t.Context(), jmapActor, sharedmailbox.Spec{ODS: "FX002", Name: "ROWAN PHARMACY", Place: "LEEDS", Owners: []haven.AccountNo{w.ann.No}}); err != nil {
		t.Fatal(err)
	}
	s := newServing(w.house)
	face := s.jmapFace()
	w.http = httptest.NewServer(face)
	t.Cleanup(func() {
		face.Close()
		w.http.Close()
		if err := w.close(); err != nil {
			t.Error(err)
		}
	})
	return w
}

func (w *jmapWorld) person(first, last string) account.Account {
	w.t.Helper()
	a, err := w.accounts.CreatePersonal(w.t.Context(), jmapActor, account.NewPersonal{First: first, Last: last, State: account.Active, Password: jmapPassword})
	if err != nil {
		w.t.Fatal(err)
	}
	return a
}

func (w *jmapWorld) client(h http.Header) *jmapclient.Client {
	w.t.Helper()
	c, err := jmapclient.Open(w.t.Context(), w.http.Client(), w.http.URL, h)
	if err != nil {
		w.t.Fatal(err)
	}
	return c
}

// page logs somebody in on the pages.
func (w *jmapWorld) page(a account.Account) (*jmapclient.Client, session.Token, session.Session) {
	w.t.Helper()
	in, err := w.accounts.Authenticate(w.t.Context(), account.Login{User: a.Address.String(), Password: jmapPassword, Face: account.Web})
	if err != nil {
		w.t.Fatal(err)
	}
	token, ses, err := w.sessions.Open(w.t.Context(), session.Start{Person: in.Person, Proof: in.Proof, Shared: true})
	if err != nil {
		w.t.Fatal(err)
	}
	c := w.client(http.Header{"Cookie": {"haven-session=" + string(token)}, "Origin": {w.http.URL}})
	c.Header.Set("Haven-Person", c.Session.Person)
	return c, token, ses
}

func (w *jmapWorld) socket(c *jmapclient.Client) *jmapclient.Socket {
	w.t.Helper()
	s, err := c.Socket(w.t.Context(), nil)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = s.Conn.CloseNow() })
	w.echo(s)
	return s
}

func (w *jmapWorld) echo(s *jmapclient.Socket) {
	w.t.Helper()
	if _, err := s.Call(w.t.Context(), jmapclient.Call{Name: "Core/echo"}); err != nil {
		w.t.Fatal(err)
	}
}

func (w *jmapWorld) wantClosed(s *jmapclient.Socket, reason string) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), patience)
	defer cancel()
	for {
		_, err := s.Next(ctx)
		var e websocket.CloseError
		if err != nil && (!errors.As(err, &e) || e.Reason != reason) {
			w.t.Errorf("%v, want %s", err, reason)
		}
		if err != nil {
			return
		}
	}
}

func (w *jmapWorld) wantRefused(err error, status int, rule string) {
	w.t.Helper()
	p := (*jmapclient.Problem)(nil)
	if !errors.As(err, &p) || p.Status != status || p.Rule != rule {
		w.t.Errorf("%v, want %d %s", err, status, rule)
	}
}

func TestJMAPOpensWhatAPersonMayOpen(t *testing.T) {
	t.Parallel()
	w := newJMAPWorld(t)
	both := w.client(jmapclient.Basic(w.ann.Address.String(), jmapPassword))
	if len(both.Session.Accounts) != 2 || both.Session.Own() == "" || both.Session.Named(w.shop.Display) == "" {
		t.Errorf("%+v", both.Session)
	}
	secret, err := w.accounts.NewAppPassword(t.Context(), haven.Actor{Person: w.ann.ID}, w.ann.No, w.shop.No, "labels")
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range []http.Header{jmapclient.Basic(w.ann.Address.String(), secret), {"Authorization": {"Bearer " + jmap.Token(w.ann.Address.String(), secret)}}} {
		if only := w.client(h); len(only.Session.Accounts) != 1 || only.Session.Named(w.shop.Display) == "" {
			t.Errorf("%+v", only.Session)
		}
	}
	s := w.socket(w.client(http.Header{"Authorization": {"Bearer " + jmap.Token(w.ann.Address.String(), secret)}}))
	if err := w.accounts.RevokeAppPassword(t.Context(), haven.Actor{Person: w.ann.ID}, w.ann.No, 1); err != nil {
		t.Fatal(err)
	}
	w.wantClosed(s, account.ErrRevoked.Rule)
	if err := w.accounts.SetPrograms(t.Context(), jmapActor, w.shop.No, false); err != nil {
		t.Fatal(err)
	}
	if own := w.client(jmapclient.Basic(w.ann.Address.String(), jmapPassword)); len(own.Session.Accounts) != 1 {
		t.Errorf("what is shut to programs: %+v", own.Session.Accounts)
	}
	if page, _, _ := w.page(w.ann); len(page.Session.Accounts) != 2 {
		t.Errorf("on the pages: %+v", page.Session.Accounts)
	}
}

func TestJMAPKeepsWhatIsUploaded(t *testing.T) {
	t.Parallel()
	w := newJMAPWorld(t)
	c, _, _ := w.page(w.ann)
	up, err := c.Upload(t.Context(), c.Session.Named(w.shop.Display), "text/plain", strings.NewReader("two tablets at night"))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := c.Download(t.Context(), up.Account, up.Blob, "a.txt", "text/plain", nil)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	if err != nil || string(b) != "two tablets at night" || resp.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("%q, %v, %v", b, err, resp.Header)
	}
	copied, err := c.Call(t.Context(), jmapclient.Call{Name: "Blob/copy", Args: jmapclient.Args{"fromAccountId": up.Account, "accountId": c.Session.Own(), "blobIds": []string{up.Blob}}})
	if err != nil || copied.Answers[0].Error() != "" || strings.Contains(string(copied.Answers[0].Args), "notFound") {
		t.Errorf("%+v, %v", copied, err)
	}
}

// What a page does by itself, over a socket or not, keeps no session from locking; the socket closes when it does (Rules 6).
func TestJMAPSessionLocks(t *testing.T) {
	t.Parallel()
	w := newJMAPWorld(t)
	c, _, _ := w.page(w.ann)
	s := w.socket(c)
	for range 9 {
		w.clock.Advance(time.Minute)
		w.echo(s)
		if _, err := c.Call(t.Context(), jmapclient.Call{Name: "Core/echo"}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := c.Do(t.Context(), jmapclient.Request{Using: c.Using, Act: true}); err != nil { // its person did something
		t.Fatal(err)
	}
	w.clock.Advance(9 * time.Minute)
	w.echo(s)
	w.clock.Advance(time.Minute)
	w.wantClosed(s, "session.locked")
	_, err := c.Call(t.Context(), jmapclient.Call{Name: "Core/echo"})
	w.wantRefused(err, http.StatusUnauthorized, "session.locked")
	_, err = c.Socket(t.Context(), nil)
	w.wantRefused(err, http.StatusUnauthorized, "session.locked")
}

func TestJMAPSocketEndsAtLogOut(t *testing.T) {
	t.Parallel()
	w := newJMAPWorld(t)
	c, token, ses := w.page(w.ann)
	other, _, _ := w.page(w.ann)
	s, stays := w.socket(c), w.socket(other)
	if err := w.sessions.Close(t.Context(), token, ses.Actor()); err != nil {
		t.Fatal(err)
	}
	w.wantClosed(s, "session.ended")
	w.echo(stays)
	if err := w.accounts.SetPassword(t.Context(), jmapActor, w.ann.No, "quiet amber lantern", false); err != nil {
		t.Fatal(err)
	}
	w.wantClosed(stays, "session.ended")
}

func TestJMAPIsForThePersonOfThePage(t *testing.T) {
	t.Parallel()
	w := newJMAPWorld(t)
	bob := w.person("Bob", "Example")
	c, _, _ := w.page(w.ann)
	b, _, _ := w.page(bob)
	c.Header.Set("Cookie", b.Header.Get("Cookie")) // Bob logs in in this browser; Ann's page is still open
	_, err := c.Call(t.Context(), jmapclient.Call{Name: "Core/echo"})
	w.wantRefused(err, http.StatusForbidden, "session.other-person")
}
