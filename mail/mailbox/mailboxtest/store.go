// Package mailboxtest opens real mail stores for tests: a database of either engine, packs and a key store in a
// temporary folder. Each store is checked for broken invariants when its test ends.
package mailboxtest

import (
	"context"
	"crypto/rand"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"haven"
	"haven/mail/mailbox"
	"haven/platform/blob"
	"haven/platform/change"
	"haven/platform/clock"
	"haven/platform/db"
	"haven/platform/db/dbtest"
	"haven/platform/policy"
	"haven/platform/secret"
)

// Store is a mail store of a test, with all that it stands on.
type Store struct {
	*mailbox.Service
	DB     *db.DB
	Packs  *blob.Store
	Keys   *secret.Keys
	KeysDB *db.DB
	Dir    string // holds packs and the master key
	Hub    *change.Hub
	Clock  *clock.Fake
	Grants *Grants

	// Withdrawn is mailbox.Options.Withdrawn, where a test sets it before it begins.
	Withdrawn func(tx *db.Tx, account haven.AccountNo, msg haven.MessageID, seq haven.Seq) error
	// Reported is mailbox.Options.Reported, likewise.
	Reported func(tx *db.Tx, account haven.AccountNo, r mailbox.Report, seq haven.Seq) error

	t  testing.TB
	mu sync.Mutex
	no haven.AccountNo
}

// Start is when a test's clock begins.
var Start = time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)

// Each runs fn as a subtest on every engine.
func Each(t *testing.T, fn func(t *testing.T, s *Store)) {
	t.Helper()
	dbtest.EachEngine(t, func(t *testing.T, engine string) {
		fn(t, New(t, engine))
	})
}

// New opens an empty store with the default policy, changed by the functions given.
func New(t testing.TB, engine string, change_ ...func(*policy.Policy)) *Store {
	t.Helper()
	return NewSteps(t, engine, 0, change_...)
}

// NewSteps is New with so many rows in a step, so that a few messages show what happens between steps; 0 is the default.
func NewSteps(t testing.TB, engine string, step int, change_ ...func(*policy.Policy)) *Store {
	t.Helper()
	ctx := context.Background()
	main, keysDB := dbtest.Stores(t, engine)
	must(t, main.Migrate(ctx, blob.Schema, mailbox.Schema))
	must(t, keysDB.Migrate(ctx, secret.Schema))
	dir := t.TempDir()
	bodies, err := blob.Open(filepath.Join(dir, "packs"), blob.Options{})
	must(t, err)
	keys, err := secret.Open(ctx, keysDB, secret.NewFileKMS(filepath.Join(dir, "master.key"), rand.Reader), secret.Options{})
	must(t, err)
	p, err := policy.Profile("nhsmail-2017")
	must(t, err)
	for _, fn := range change_ {
		fn(&p)
	}
	s := &Store{DB: main, Packs: bodies, Keys: keys, KeysDB: keysDB, Dir: dir, Hub: &change.Hub{}, Clock: clock.NewFake(Start), Grants: &Grants{}, t: t}
	s.Service = mailbox.New(mailbox.Options{DB: main, Bodies: bodies, Keys: keys, Hub: s.Hub, Access: s.Grants, Clock: s.Clock, Policy: p, Step: step,
		Withdrawn: func(tx *db.Tx, account haven.AccountNo, msg haven.MessageID, seq haven.Seq) error {
			if s.Withdrawn == nil {
				return nil
			}
			return s.Withdrawn(tx, account, msg, seq)
		},
		Reported: func(tx *db.Tx, account haven.AccountNo, r mailbox.Report, seq haven.Seq) error {
			if s.Reported == nil {
				return nil
			}
			return s.Reported(tx, account, r, seq)
		}})
	t.Cleanup(func() {
		s.check()
		keys.Close()
		if err := bodies.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// check holds the store against its invariants.
func (s *Store) check() {
	err := s.Check(context.Background(), func(f mailbox.Fault) { s.t.Error("invariant broken: " + f.String()) })
	if err != nil {
		s.t.Error("the store can't be checked:", err)
	}
}

// Account makes an account with its folders and returns it; its owner is itself.
func (s *Store) Account() haven.AccountNo {
	s.t.Helper()
	s.mu.Lock()
	s.no++
	no := s.no
	s.mu.Unlock()
	must(s.t, s.Keys.Create(context.Background(), no))
	must(s.t, s.DB.Write(context.Background(), func(tx *db.Tx) error { return s.Provision(tx, no, haven.Personal) }))
	s.Grants.Set(no, no, haven.Own)
	return no
}

// Own is the account looking at itself.
func Own(no haven.AccountNo) mailbox.Viewer { return mailbox.Viewer{Person: no, Account: no} }

// Letter stores a letter whose lines may end in LF alone.
func (s *Store) Letter(text string) *mailbox.Letter {
	s.t.Helper()
	w, err := s.NewLetter(context.Background())
	must(s.t, err)
	if _, err := w.Write([]byte(CRLF(text))); err != nil {
		w.Abort()
		s.t.Fatal(err)
	}
	l, err := w.Finish(context.Background())
	must(s.t, err)
	return l
}

// CRLF makes every line of a test's text end as on the wire.
func CRLF(text string) string {
	return strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\n", "\r\n")
}

// Deliver files a letter into an account's Inbox.
func (s *Store) Deliver(to haven.AccountNo, text string) mailbox.Filed {
	s.t.Helper()
	filed, err := s.File(context.Background(), []mailbox.Filing{{Account: to, Letter: s.Letter(text)}}, nil)
	must(s.t, err)
	return filed[0]
}

// Text reads a whole message.
func (s *Store) Text(v mailbox.Viewer, msg haven.MessageID) string {
	s.t.Helper()
	b, err := s.Body(context.Background(), v, msg)
	must(s.t, err)
	defer b.Close()
	var out strings.Builder
	_, err = b.WriteTo(&out)
	must(s.t, err)
	return out.String()
}

// Grants is a table of rights that stands in for people/access where a test is about mail alone.
type Grants struct {
	mu     sync.Mutex
	rights map[[2]haven.AccountNo]haven.Rights
}

// Set gives a person rights over an account; 0 takes them away.
func (g *Grants) Set(person, account haven.AccountNo, r haven.Rights) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.rights == nil {
		g.rights = map[[2]haven.AccountNo]haven.Rights{}
	}
	g.rights[[2]haven.AccountNo{person, account}] = r
}

// In answers mailbox.Access.
func (g *Grants) In(_ *db.Tx, person, account haven.AccountNo) (haven.Rights, haven.Verdict, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	r := g.rights[[2]haven.AccountNo{person, account}]
	return r, haven.Verdict{Allowed: r != 0, Rule: "access.member"}, nil
}

// InByProgram answers mailbox.Access: no mailbox here is shut to programs.
func (g *Grants) InByProgram(tx *db.Tx, person, account haven.AccountNo) (haven.Rights, haven.Verdict, error) {
	return g.In(tx, person, account)
}
