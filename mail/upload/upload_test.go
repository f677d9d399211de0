package upload_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"haven"
	"haven/mail/mailbox"
	"haven/mail/mailbox/mailboxtest"
	"haven/mail/upload"
	"haven/platform/blob"
	"haven/platform/db"
	"haven/platform/errs"
	"haven/platform/policy"
)

// world is uploads beside a real mail store, with a person and a shared mailbox.
type world struct {
	*mailboxtest.Store
	*upload.Service
	t         *testing.T
	anna, box haven.AccountNo
}

func each(t *testing.T, fn func(w *world), change ...func(*policy.Policy)) {
	mailboxtest.Each(t, func(t *testing.T, s *mailboxtest.Store) {
		if err := s.DB.Migrate(t.Context(), upload.Schema); err != nil {
			t.Fatal(err)
		}
		p, err := policy.Profile("")
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range change {
			c(&p)
		}
		w := &world{Store: s, t: t, anna: s.Account(), box: s.Account()}
		w.Grants.Set(w.anna, w.box, haven.Member)
		w.Service = upload.New(upload.Options{DB: s.DB, Bodies: s.Packs, Keys: s.Keys, Access: s.Grants, Room: s.Service, Policy: p.JMAP, Clock: s.Clock})
		fn(w)
	})
}

func (w *world) at(no haven.AccountNo) mailbox.Viewer {
	return mailbox.Viewer{Person: w.anna, Account: no}
}

func (w *world) put(v mailbox.Viewer, what string) upload.Upload {
	w.t.Helper()
	u, err := w.Put(w.t.Context(), v, "text/plain", strings.NewReader(what))
	if err != nil {
		w.t.Fatal(err)
	}
	return u
}

func (w *world) read(v mailbox.Viewer, id string) (string, error) {
	f, err := w.Open(w.t.Context(), v, id)
	if err != nil {
		return "", err
	}
	defer f.Close()
	if f.Type() != "text/plain" {
		w.t.Errorf("type %q", f.Type())
	}
	b, err := f.AppendTo(nil)
	return string(b), err
}

func (w *world) wants(v mailbox.Viewer, id, want string) {
	w.t.Helper()
	if got, err := w.read(v, id); err != nil || got != want {
		w.t.Errorf("%q, %v; want %q", got, err, want)
	}
}

func (w *world) wantsNone(v mailbox.Viewer, id string) {
	w.t.Helper()
	if _, err := w.read(v, id); !errs.Is(err, errs.NotFound) {
		w.t.Errorf("%v, want not found", err)
	}
}

// bodies is how many bodies have a row.
func (w *world) bodies() (n int) {
	w.t.Helper()
	err := w.DB.Read(w.t.Context(), func(tx *db.Tx) error {
		page, err := blob.After(tx, 0, 1000)
		n = len(page)
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return n
}

func TestKeptForItsAccount(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		long := strings.Repeat("The tablets were not in stock. ", 100_000) // a file of its own
		for _, what := range []string{"", "short", long} {
			u := w.put(w.at(w.box), what)
			if u.Size != int64(len(what)) || !upload.IsID(u.ID) || u.Type != "text/plain" {
				t.Errorf("%+v", u)
			}
			w.wants(w.at(w.box), u.ID, what)
			w.wantsNone(w.at(w.anna), u.ID)
		}
		u := w.put(w.at(w.box), "ours")
		ben := w.Account()
		w.Grants.Set(ben, w.box, haven.Read)
		w.wantsNone(mailbox.Viewer{Person: ben, Account: w.box}, u.ID)
		if _, err := w.Put(t.Context(), mailbox.Viewer{Person: ben, Account: w.box}, "", strings.NewReader("x")); !errs.Is(err, errs.Denied) {
			t.Errorf("who only reads uploads: %v", err)
		}
		if _, err := w.Put(t.Context(), mailbox.Viewer{Person: ben, Account: w.anna}, "", strings.NewReader("x")); !errs.Is(err, errs.NotFound) {
			t.Errorf("a stranger uploads: %v", err)
		}
		w.Grants.Set(ben, w.box, haven.Member)
		w.wants(mailbox.Viewer{Person: ben, Account: w.box}, u.ID, "ours")
		for _, id := range []string{"", "U", "Uaaaaaaaaaaaaaaaaaaaaaaaaaa", u.ID + "a", strings.ToUpper(u.ID), "M" + u.ID[1:]} {
			w.wantsNone(w.at(w.box), id)
		}
	})
}

func TestCopied(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		u := w.put(w.at(w.box), "to and fro")
		c, err := w.Copy(t.Context(), w.at(w.box), w.at(w.anna), u.ID)
		if err != nil || c.ID == u.ID || c.Size != u.Size {
			t.Fatalf("%+v, %v", c, err)
		}
		w.wants(w.at(w.anna), c.ID, "to and fro")
		w.wantsNone(w.at(w.box), c.ID)
		if n := w.bodies(); n != 1 {
			t.Errorf("%d bodies, want the same one", n)
		}
		w.Grants.Set(w.anna, w.box, haven.Read)
		if _, err := w.Copy(t.Context(), w.at(w.anna), w.at(w.box), c.ID); !errs.Is(err, errs.Denied) {
			t.Errorf("into what is read alone: %v", err)
		}
	})
}

func TestLapses(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		u := w.put(w.at(w.box), "old")
		w.Clock.Advance(24 * time.Hour)
		w.wantsNone(w.at(w.box), u.ID)
		young := w.put(w.at(w.box), "young")
		if err := w.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		w.wants(w.at(w.box), young.ID, "young")
		w.Clock.Advance(25 * time.Hour)
		if err := w.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		w.Clock.Advance(25 * time.Hour)
		keeper := blob.Keeper{Store: w.Packs, DB: w.DB, Referenced: upload.Referenced}
		if _, err := keeper.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n := w.bodies(); n > 1 { // the packs' clock is the machine's
			t.Logf("%d bodies wait for the sweep", n)
		}
		used := false
		err := w.DB.Read(t.Context(), func(tx *db.Tx) (err error) {
			used, err = upload.Referenced(tx, 1)
			return err
		})
		if err != nil || used {
			t.Errorf("a body that is none is referred to: %v", err)
		}
	})
}

// torn gives some octets, then fails, as a client does that goes away.
type torn struct{ n int }

var errGone = errors.New("gone")

func (r *torn) Read(p []byte) (int, error) {
	if r.n <= 0 {
		return 0, errGone
	}
	n := min(len(p), r.n)
	r.n -= n
	return rand.Read(p[:n])
}

func TestNothingIsLeft(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		ctx, v := t.Context(), w.at(w.box)
		for _, n := range []int{0, 100, 3 << 20} {
			if _, err := w.Put(ctx, v, "", &torn{n}); !errors.Is(err, errGone) {
				t.Errorf("torn after %d: %v", n, err)
			}
		}
		if _, err := w.Put(ctx, v, "", io.LimitReader(rand.Reader, 4<<20+1)); !isRule(err, upload.RuleSize) {
			t.Errorf("too large: %v", err)
		}
		if _, err := w.Put(ctx, v, "", bytes.NewReader(make([]byte, 4<<20))); err != nil {
			t.Errorf("as large as may be: %v", err)
		}
		for range 9 {
			w.put(v, "small")
		}
		if _, err := w.Put(ctx, w.at(w.anna), "", strings.NewReader("x")); !isRule(err, upload.RuleMost) {
			t.Errorf("the eleventh, wherever: %v", err)
		}
		if n := w.bodies(); n != 10 {
			t.Errorf("%d bodies, want 10", n)
		}
		w.Clock.Advance(25 * time.Hour)
		w.put(v, "the next day")
		if _, err := w.Put(context.Background(), v, "", io.LimitReader(rand.Reader, 4<<20)); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Put(ctx, v, "", io.LimitReader(rand.Reader, 4<<20)); !isRule(err, upload.RuleMost) {
			t.Errorf("more octets than one person may have: %v", err)
		}
	}, func(p *policy.Policy) {
		p.JMAP.UploadOctets, p.JMAP.UploadsPer, p.JMAP.UploadsOctets = 4<<20, 10, 6<<20
	})
}

func TestFullAccount(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		full := upload.New(upload.Options{DB: w.DB, Bodies: w.Packs, Keys: w.Keys, Access: w.Grants, Room: noRoom{}, Clock: w.Clock, Policy: policy.JMAP{UploadOctets: 100, UploadsPer: 1, UploadsOctets: 100, UploadKept: time.Hour}})
		if _, err := full.Put(t.Context(), w.at(w.box), "", strings.NewReader("x")); !errs.Is(err, errs.OverQuota) {
			t.Errorf("%v", err)
		}
	})
}

// noRoom is an account that is full.
type noRoom struct{}

func (noRoom) Room(context.Context, haven.AccountNo, int64) error {
	return errs.E(errs.OverQuota, "The mailbox is full.")
}

func isRule(err error, rule string) bool {
	e := (*errs.Error)(nil)
	return errors.As(err, &e) && e.Rule == rule
}

func TestCheckFindsWhatLacksItsBody(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		w.put(w.at(w.box), "here")
		var all []string
		look := func() {
			all = nil
			err := w.DB.Read(t.Context(), func(tx *db.Tx) error {
				return upload.Bodyless(tx, func(what string, _ blob.ID) { all = append(all, what) })
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		if look(); len(all) != 0 {
			t.Errorf("%v", all)
		}
		if err := w.DB.Write(t.Context(), func(tx *db.Tx) error { tx.Exec(`DELETE FROM body`); return nil }); err != nil {
			t.Fatal(err)
		}
		if look(); len(all) != 1 {
			t.Errorf("%v", all)
		}
	})
}
