package main

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"testing"
	"time"

	"haven"
	"haven/face/jmap"
	"haven/mail/push"
	"haven/people/account"
	"haven/people/session"
	"haven/platform/db"
	"haven/platform/errs"
	"haven/platform/webpush/webpushtest"
)

// woken is somebody whose browser and phone are woken, in a house that is wired as it serves.
type woken struct {
	h        *house
	t        *testing.T
	outside  *webpushtest.Service
	log      *output
	who, box account.Account
	password string
	devices  map[string]*webpushtest.Device
}

func newWoken(t *testing.T) *woken {
	t.Helper()
	return newWokenIn(t, install(t))
}

func newWokenIn(t *testing.T, i *installation) *woken {
	t.Helper()
	i.serve()
	w := &woken{t: t, outside: webpushtest.New(t), log: newOutput(), devices: map[string]*webpushtest.Device{}}
	owner, password := i.person("Aisha", "Rahman")
	i.admin("organisation", "add", "pharmacy", "FX002", "Test Pharmacy", "Leeds")
	i.admin("account", "contact", owner, "--mobile", "07700 900123", "--proven")
	i.admin("mailbox", "add", "FX002", "--owner", owner)
	i.stop()
	w.password = password
	w.opens(i)
	var err error
	w.who, err = w.h.accountOf(t.Context(), owner)
	w.must(err)
	w.box, err = w.h.accountOf(t.Context(), box)
	w.must(err)
	return w
}

// opens opens the house of an installation, which pushes to the service outside.
func (w *woken) opens(i *installation) {
	w.t.Helper()
	conf, err := loadConfig(i.conf)
	w.must(err)
	conf.Policy.Push.Every, conf.Listen.PagesOnHTTP = policyLeast, true
	h, err := openHouse(w.t.Context(), conf, slog.New(slog.NewTextHandler(w.log, nil)))
	w.must(err)
	w.t.Cleanup(func() { w.must(h.close()) })
	h.push = h.newPush(w.outside.Client(w.t, h.clock))
	w.h = h
}

// policyLeast is the least time between two messages that a policy may name.
const policyLeast = 100 * time.Millisecond

func (w *woken) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// signIn opens a session of the pages.
func (w *woken) signIn() (session.Token, session.Session) {
	w.t.Helper()
	in, err := w.h.accounts.Authenticate(w.t.Context(), account.Login{User: w.who.Address.String(), Password: w.password, Place: "192.0.2.7", Face: account.Web})
	w.must(err)
	token, ses, err := w.h.sessions.Open(w.t.Context(), session.Start{Person: in.Person, Proof: in.Proof, Place: "192.0.2.7", Program: "Firefox"})
	w.must(err)
	return token, ses
}

// app signs a program in with an app password for a mailbox.
func (w *woken) app(box account.Account) push.Holder {
	w.t.Helper()
	secret, err := w.h.accounts.NewAppPassword(w.t.Context(), haven.Actor{}, w.who.No, box.No, "phone")
	w.must(err)
	in, err := w.h.accounts.Authenticate(w.t.Context(), account.Login{User: w.who.Address.String(), Password: secret, Place: "192.0.2.7"})
	w.must(err)
	return push.Holder{Person: w.who.No, Credential: proofCredential(in.Proof)}
}

// subscribe makes a subscription and brings its code back; the states that it is told at first are taken.
func (w *woken) subscribe(path string, of push.Holder) {
	w.t.Helper()
	w.devices[path] = webpushtest.NewDevice(w.t)
	p256dh, auth := w.devices[path].Keys()
	made, err := w.h.push.Create(w.t.Context(), haven.Actor{Person: w.who.ID}, of, push.New{Device: path, URL: w.outside.URL(path), P256dh: p256dh, Auth: auth})
	w.must(err)
	var v struct{ VerificationCode string }
	w.next(path, &v)
	_, err = w.h.push.Update(w.t.Context(), of, made.ID, push.Change{Code: &v.VerificationCode})
	w.must(err)
	w.told(path)
}

func (w *woken) next(path string, into any) {
	w.t.Helper()
	select {
	case p := <-w.outside.Pushes:
		text, err := w.devices[p.Path].Open(p.Body)
		w.must(err)
		if p.Path != path || json.NewDecoder(bytes.NewReader(text)).Decode(into) != nil {
			w.t.Fatalf("%s is told %s, and not %s", p.Path, text, path)
		}
	case <-time.After(20 * time.Second):
		w.t.Fatalf("%s is told nothing", path)
	}
}

func (w *woken) told(path string) push.States {
	w.t.Helper()
	var c struct{ Changed push.States }
	w.next(path, &c)
	if len(c.Changed) == 0 {
		w.t.Fatalf("%s is told nothing that changed", path)
	}
	return c.Changed
}

func (w *woken) letter(to account.Account) {
	w.t.Helper()
	w.must(w.h.delivery.File(w.t.Context(), to.Address, []byte("From: <postmaster@haven.example>\r\nTo: <a@b.test>\r\nSubject: Note\r\n\r\nHello.\r\n"), nil))
}

func (w *woken) rows() (n int64) {
	w.t.Helper()
	w.must(w.h.db.Read(w.t.Context(), func(tx *db.Tx) error {
		return tx.Query(`SELECT COUNT(*) FROM push_subscription`, nil, func(r db.Row) error { n = r.Int64(0); return nil })
	}))
	return n
}

// A browser and a phone are woken by a letter while they are signed in; a log out, and an app password that is revoked, end it at once.
func TestPushEndsWithTheLogIn(t *testing.T) {
	t.Parallel()
	w := newWoken(t)
	s := newServing(w.h)
	t.Cleanup(func() { w.must(s.stop()) })
	ctx, cancel := context.WithCancel(t.Context())
	s.workers = cancel
	s.startPush(ctx)
	token, ses := w.signIn()
	browser, phone := push.Holder{Person: w.who.No, Credential: sessionCredential(ses.ID)}, w.app(w.box)
	w.subscribe("/browser", browser)
	w.subscribe("/phone", phone)
	w.letter(w.who)
	if c := w.told("/browser"); len(c) != 1 {
		t.Errorf("the browser is told %v", c)
	}
	w.must(w.h.sessions.Close(t.Context(), token, ses.Actor()))
	if n := w.rows(); n != 1 {
		t.Errorf("%d subscriptions after the log out", n)
	}
	if all, err := w.h.push.Of(t.Context(), browser); err != nil || len(all) != 0 {
		t.Errorf("%v, %v", all, err)
	}
	w.letter(w.box)
	if c := w.told("/phone"); len(c) != 1 || c[jmap.Account{ID: w.box.ID}.JMAP()] == nil {
		t.Errorf("the phone is told %v", c)
	}
	all, err := w.h.accounts.AppPasswords(t.Context(), w.who.No)
	w.must(err)
	w.must(w.h.accounts.RevokeAppPassword(t.Context(), haven.Actor{}, w.who.No, all[0].ID)) // announces the person, so that the sender looks
	for deadline := time.Now().Add(20 * time.Second); w.rows() > 0 && time.Now().Before(deadline); {
		time.Sleep(time.Millisecond)
	}
	w.letter(w.box)
	if n, told := w.rows(), len(w.outside.Pushes); n != 0 || told != 0 {
		t.Errorf("%d subscriptions and %d messages after the app password was revoked", n, told)
	}
}

// What a subscription is told of is what its credential opens: all that the person may read, or the one shared mailbox of an app password, but none
// that is shut to programs where it was a program that signed in.
func TestPushTellsOfWhatTheCredentialOpens(t *testing.T) {
	t.Parallel()
	w := newWoken(t)
	_, ses := w.signIn()
	browser := push.Holder{Person: w.who.No, Credential: sessionCredential(ses.ID)}
	own, shared := w.app(w.who), w.app(w.box)
	opens := func(what string, of push.Holder, want ...haven.AccountNo) {
		t.Helper()
		got, err := readable{w.h}.Accounts(t.Context(), of)
		if err != nil || len(got) != len(want) {
			t.Errorf("%s: %v, %v, want %v", what, got, err, want)
			return
		}
		for i := range want {
			if got[i] != want[i] {
				t.Errorf("%s: %v, want %v", what, got, want)
			}
		}
	}
	opens("a session", browser, w.who.No, w.box.No)
	opens("an app password for the own mailbox", own, w.who.No, w.box.No)
	opens("an app password for the shared mailbox", shared, w.box.No)
	w.must(w.h.accounts.SetPrograms(t.Context(), haven.Actor{}, w.box.No, false))
	opens("a session, with the mailbox shut to programs", browser, w.who.No, w.box.No)
	opens("an app password for the own mailbox, with the shared one shut to programs", own, w.who.No)
	opens("an app password for a mailbox that is shut to programs", shared)
	for what, of := range map[string]push.Holder{"nothing": {}, "another person's session": {Person: w.box.No, Credential: browser.Credential}, "another person's proof": {Person: w.box.No, Credential: own.Credential},
		"nonsense": {Person: w.who.No, Credential: "proof 1.2"}, "no number": {Person: w.who.No, Credential: "session x"}} {
		if err := (credentials{w.h}).Holds(t.Context(), of); !errs.Is(err, errs.NotFound) && !errs.Is(err, errs.Private) {
			t.Errorf("%s holds: %v", what, err)
		}
	}
	for what, of := range map[string]push.Holder{"the session": browser, "the app password": own} {
		if err := (credentials{w.h}).Holds(t.Context(), of); err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
}
