package backup_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"haven"
	"haven/mail/mailbox"
	"haven/mail/mailbox/mailboxtest"
	"haven/mail/search"
	"haven/platform/backup"
	"haven/platform/blob"
	"haven/platform/change"
	"haven/platform/clock"
	"haven/platform/db"
	"haven/platform/db/dbtest"
	"haven/platform/policy"
	"haven/platform/secret"
)

var (
	schemas    = []db.Schema{blob.Schema, mailbox.Schema, search.Schema, numbered}
	keySchemas = []db.Schema{secret.Schema}
	rebuilt    = []backup.Rebuilt{{Concept: "searchindex", Tables: []string{"index_word"}}}
)

// numbered is a concept whose table begins with a row, as that of account numbers does.
var numbered = db.Schema{Concept: "numbered", Steps: []string{`CREATE TABLE numbered_next (one {int} PRIMARY KEY, next {int} NOT NULL);
INSERT INTO numbered_next (one, next) VALUES (1, 1);`}}

// place is where a store lies, or shall lie.
type place struct {
	main, keys     db.Config
	bodies, master string
	at             time.Time // when it is opened
}

func newPlace(t testing.TB, engine string) place {
	t.Helper()
	dir := t.TempDir()
	p := place{main: dbtest.Config(t, engine), keys: dbtest.Config(t, engine),
		bodies: filepath.Join(dir, "bodies"), master: filepath.Join(t.TempDir(), "master.key"), at: mailboxtest.Start}
	return p
}

// sources says how to back a place up, the keys into a folder of their own.
func (p place) sources(t testing.TB) backup.Sources {
	return backup.Sources{Main: p.main, Keys: p.keys, Bodies: p.bodies, KeysDir: filepath.Join(t.TempDir(), "keys"), Rebuilt: rebuilt, Program: "test"}
}

func (p place) target() backup.Target {
	return backup.Target{Main: p.main, Keys: p.keys, Bodies: p.bodies, Schemas: schemas, KeySchemas: keySchemas, After: newNumbers}
}

// newNumbers is what the doc comment of Target.After asks for.
func newNumbers(tx *db.Tx) error {
	mailbox.Restored(tx, mailboxtest.Start.Unix())
	search.Restored(tx)
	return nil
}

// house is an open store.
type house struct {
	*mailbox.Service
	db, keysDB *db.DB
	bodies     *blob.Store
	keys       *secret.Keys
	grants     mailboxtest.Grants
}

func open(t testing.TB, p place) *house {
	t.Helper()
	ctx := context.Background()
	h := &house{db: dbtest.OpenConfig(t, p.main, schemas...), keysDB: dbtest.OpenConfig(t, p.keys, keySchemas...)}
	var bound string
	must(t, h.db.Read(ctx, func(tx *db.Tx) (err error) {
		bound, err = blob.BoundTo(tx)
		return err
	}))
	var err error
	h.bodies, err = blob.Open(p.bodies, blob.Options{Identity: bound})
	must(t, err)
	must(t, h.db.Write(ctx, func(tx *db.Tx) error { return blob.Bind(tx, h.bodies.Identity()) }))
	h.keys, err = secret.Open(ctx, h.keysDB, secret.NewFileKMS(p.master, rand.Reader), secret.Options{})
	must(t, err)
	pol, err := policy.Profile("nhsmail-2017")
	must(t, err)
	h.Service = mailbox.New(mailbox.Options{DB: h.db, Bodies: h.bodies, Keys: h.keys, Hub: &change.Hub{}, Access: &h.grants,
		Clock: clock.NewFake(p.at), Policy: pol})
	t.Cleanup(func() {
		must(t, h.Check(ctx, func(f mailbox.Fault) { t.Error("invariant broken: " + f.String()) }))
		h.keys.Close()
		must(t, h.bodies.Close())
	})
	return h
}

func (h *house) account(t testing.TB, no haven.AccountNo) {
	t.Helper()
	ctx := context.Background()
	must(t, h.keys.Create(ctx, no))
	must(t, h.db.Write(ctx, func(tx *db.Tx) error { return h.Provision(tx, no, haven.Personal) }))
}

// deliver files note n, which is long enough for a file of its own where large is set.
func (h *house) deliver(ctx context.Context, to haven.AccountNo, n int, large bool) error {
	w, err := h.NewLetter(ctx)
	if err != nil {
		return err
	}
	text := note(n)
	if large {
		b := make([]byte, 1<<20)
		_, _ = rand.Read(b) // never fails
		text += fmt.Sprintf("%x\r\n", b)
	}
	if _, err := w.Write([]byte(text)); err != nil {
		w.Abort()
		return err
	}
	l, err := w.Finish(ctx)
	if err != nil {
		return err
	}
	_, err = h.File(ctx, []mailbox.Filing{{Account: to, Letter: l}}, nil)
	return err
}

// words stand in every letter, and in no file of a back-up.
var words = []string{"warfarin", "Ward Seven", "ward7@hospital.test", "discharge note"}

func note(n int) string {
	return mailboxtest.CRLF(fmt.Sprintf("From: Ward Seven <ward7@hospital.test>\nTo: pharmacy@haven.test\nSubject: discharge note %d\n"+
		"Message-ID: <%d@hospital.test>\nDate: Sun, 22 Nov 2026 08:00:00 +0000\n\nTwo warfarin tablets, note %d.\n", n, n, n))
}

const inbox = haven.MailboxNo(1)

var everything = []mailbox.Range{{Lo: 1, Hi: mailbox.MaxUID}}

// notes reads every letter of an Inbox and returns the first line of each text by UID.
func (h *house) notes(t testing.TB, no haven.AccountNo) map[haven.UID]string {
	t.Helper()
	ctx := context.Background()
	h.grants.Set(no, no, haven.Own)
	v := mailboxtest.Own(no)
	var rows []mailbox.Row
	must(t, h.Rows(ctx, v, inbox, everything, 0, func(r []mailbox.Row) error {
		rows = append(rows, r...)
		return nil
	}))
	out := map[haven.UID]string{}
	for _, r := range rows {
		b, err := h.Body(ctx, v, r.Msg)
		must(t, err)
		var text strings.Builder
		_, err = b.WriteTo(&text)
		must(t, err)
		b.Close()
		_, body, _ := strings.Cut(text.String(), "\r\n\r\n")
		out[r.UID], _, _ = strings.Cut(body, "\r\n")
	}
	return out
}

func (h *house) validity(t testing.TB, no haven.AccountNo) uint32 {
	t.Helper()
	h.grants.Set(no, no, haven.Own)
	f, err := h.FolderAt(context.Background(), mailboxtest.Own(no), []string{"INBOX"})
	must(t, err)
	return f.UIDValidity
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// filled is a store with two accounts of twelve letters each, one of them long, that is closed again.
func filled(t testing.TB, engine string) (place, *house) {
	t.Helper()
	p := newPlace(t, engine)
	h := open(t, p)
	for no := haven.AccountNo(1); no <= 2; no++ {
		h.account(t, no)
		for n := range 12 {
			must(t, h.deliver(context.Background(), no, n, n == 11))
		}
	}
	return p, h
}

// patience bounds a test's waiting.
const patience = 2 * time.Minute

var errStop = errors.New("stopped by the test")
