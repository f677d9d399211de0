package notify

import (
	"bytes"
	"crypto/rand"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"haven/platform/audit"
	"haven/platform/clock"
	"haven/platform/db"
	"haven/platform/db/dbtest"
	"haven/platform/notify/notifytest"
	"haven/platform/policy"
	"haven/platform/secret"
)

// post is a service over a database, real keys and the stand-in of Notify.
type post struct {
	*Service
	t      *testing.T
	db     *db.DB
	clock  *clock.Fake
	notify *notifytest.Server
	log    *bytes.Buffer
	sealer *secret.Sealer
	key    string // that Notify is shown
	keyErr error
}

func each(t *testing.T, fn func(t *testing.T, p *post), change ...func(*Options)) {
	t.Helper()
	dbtest.EachEngine(t, func(t *testing.T, engine string) {
		main, keysDB := dbtest.Stores(t, engine)
		must(t, main.Migrate(t.Context(), audit.Schema, Schema))
		must(t, keysDB.Migrate(t.Context(), secret.Schema))
		p := &post{t: t, key: notifytest.Key, db: main, clock: clock.NewFake(morning), log: &bytes.Buffer{}}
		keys, err := secret.Open(t.Context(), keysDB, secret.NewFileKMS(filepath.Join(t.TempDir(), "master.key"), rand.Reader), secret.Options{Now: p.clock.Now})
		must(t, err)
		t.Cleanup(keys.Close)
		p.sealer, err = keys.Sealer(t.Context(), "notify.seal")
		must(t, err)
		p.notify = notifytest.New(t, p.clock.Now)
		g := &GovUK{URL: p.notify.URL, Key: func() (string, error) { return p.key, p.keyErr }, TextTemplate: notifytest.TextTemplate, EmailTemplate: notifytest.EmailTemplate, Clock: p.clock}
		o := Options{DB: main, Sealer: p.sealer, Clock: p.clock, Policy: numbers, Texts: g, Emails: g,
			Logger: slog.New(slog.NewTextHandler(p.log, &slog.HandlerOptions{Level: slog.LevelDebug}))}
		for _, c := range change {
			c(&o)
		}
		p.Service = New(o)
		fn(t, p)
		if text := p.log.String(); strings.Contains(text, "kestrel") || strings.Contains(text, "7700900123") {
			t.Errorf("the log holds what a notice says:\n%s", text)
		}
	})
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

var numbers = policy.Notify{KeepContent: 14 * 24 * time.Hour, KeepRecord: 365 * 24 * time.Hour, TryFor: 72 * time.Hour, LateAfter: time.Minute, AskFor: 5 * 24 * time.Hour, KeyPause: 2 * time.Minute}

var morning = time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC)

// password is good for 14 days.
var password = Message{Until: morning.Add(14 * 24 * time.Hour), Template: "activation.password", To: "+447700900123", Values: map[string]string{"password": "kestrel-lamp-tide-42", "days": "14"}}

func (p *post) write(m Message) (id int64) {
	p.t.Helper()
	must(p.t, p.db.Write(p.t.Context(), func(tx *db.Tx) (err error) {
		id, err = p.Send(tx, m)
		return err
	}))
	return id
}

func (p *post) step() {
	p.t.Helper()
	for _, ch := range []Channel{Text, Email} {
		_, err := p.Step(p.t.Context(), ch)
		must(p.t, err)
	}
}

func (p *post) want(state State, sent int, reason string) {
	p.t.Helper()
	all, err := p.List(p.t.Context(), p.clock.Now().Add(time.Second), 10)
	must(p.t, err)
	if len(all) != 1 || all[0].State != state || !strings.Contains(all[0].Reason, reason) || len(p.notify.Sent()) != sent {
		p.t.Fatalf("%+v, %d sent; want %s, %d sent, %q", all, len(p.notify.Sent()), state, sent, reason)
	}
}
