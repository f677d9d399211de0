package mailbox_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"haven"
	"haven/mail/mailbox"
	"haven/mail/mailbox/mailboxtest"
	"haven/platform/db"
	"haven/platform/errs"
)

const day = 24 * time.Hour

// A message is restorable for 30 days from when it left its last folder, however it came there.
func TestRestorableFromTheLastFolder(t *testing.T) {
	t.Parallel()
	mailboxtest.Each(t, func(t *testing.T, s *mailboxtest.Store) {
		an := s.Account()
		v, ctx := mailboxtest.Own(an), t.Context()
		f := s.Deliver(an, note(1))
		_, err := s.Move(ctx, v, inbox, all, v, trash)
		must(t, err)
		s.Clock.Advance(20 * day)
		expunge(t, s, v, trash, all)
		s.Clock.Advance(15 * day) // 35 days after the move
		must(t, s.Maintain(ctx))
		if got := s.Text(v, f.Msg); got != mailboxtest.CRLF(note(1)) {
			t.Fatalf("not restorable 15 days after it was expunged: %q", got)
		}
		s.Clock.Advance(16 * day)
		must(t, s.Maintain(ctx))
		_, err = s.Body(ctx, v, f.Msg)
		wantKind(t, err, errs.NotFound)
		if n := count(t, s, `SELECT COUNT(*) FROM body WHERE zero_since IS NULL`); n != 0 {
			t.Errorf("%d bodies are still referred to", n)
		}
	})
}

// What is in a folder that is deleted is restorable as long, and then goes.
func TestDeletedFolderIsForgotten(t *testing.T) {
	t.Parallel()
	mailboxtest.Each(t, func(t *testing.T, s *mailboxtest.Store) {
		an := s.Account()
		v, ctx := mailboxtest.Own(an), t.Context()
		filed := deliver(t, s, an, 300)
		f, err := s.CreateFolder(ctx, v, []string{"Old"}, mailbox.NoRole)
		must(t, err)
		_, err = s.Move(ctx, v, inbox, all, v, f.No)
		must(t, err)
		view, err := s.View(ctx, v, f.No)
		if err != nil || view.UIDs.Len() != 300 {
			t.Fatal(view, err)
		}
		must(t, s.DeleteFolder(ctx, v, []string{"Old"}))
		_, err = s.View(ctx, v, f.No)
		wantKind(t, err, errs.NotFound)
		_, err = s.Changes(ctx, v, f.No, 0)
		wantKind(t, err, errs.NotFound)
		if q, _ := s.Quota(ctx, v); q.Messages != 0 || q.Bytes != 0 {
			t.Errorf("room %+v", q)
		}
		if got := s.Text(v, filed[0].Msg); got != mailboxtest.CRLF(note(0)) {
			t.Errorf("read %q", got)
		}
		s.Clock.Advance(31 * day)
		must(t, s.Maintain(ctx))
		for _, table := range []string{"message", "placement", "gone WHERE mb > 6"} {
			if n := count(t, s, `SELECT COUNT(*) FROM `+table); n != 0 {
				t.Errorf("%d rows stay in %s", n, table)
			}
		}
	})
}

// Vanished UIDs become one row a run in whatever order they went; sessions of any age hear of all that they missed, and
// never of one that is there.
func TestVanishedJoin(t *testing.T) {
	t.Parallel()
	mailboxtest.Each(t, func(t *testing.T, s *mailboxtest.Store) {
		an := s.Account()
		v, ctx := mailboxtest.Own(an), t.Context()
		deliver(t, s, an, 30)
		var points []haven.Seq
		var after [][]haven.UID // what each point has still to hear of
		going := []haven.UID{9, 5, 7, 6, 8, 20, 22, 21, 12}
		for i, uid := range going {
			view, err := s.View(ctx, v, inbox)
			must(t, err)
			points, after = append(points, view.Folder.HighestModSeq), append(after, going[i:])
			expunge(t, s, v, inbox, only(uid))
			s.Clock.Advance(day)
		}
		check := func() {
			t.Helper()
			for i, since := range points {
				got, err := s.Vanished(ctx, v, inbox, since, nil)
				must(t, err)
				in := func(uid haven.UID) bool {
					return slices.ContainsFunc(got, func(r mailbox.Range) bool { return r.Lo <= uid && uid <= r.Hi })
				}
				for uid := haven.UID(1); uid <= 30; uid++ {
					if slices.Contains(after[i], uid) && !in(uid) || !slices.Contains(going, uid) && in(uid) {
						t.Errorf("since point %d vanished %v, UID %d", i, got, uid)
					}
				}
			}
		}
		check()
		s.Clock.Advance(25 * day)
		for range 20 {
			must(t, s.Maintain(ctx))
			check()
			s.Clock.Advance(day)
		}
		if n := count(t, s, `SELECT COUNT(*) FROM gone`); n != 3 {
			t.Errorf("%d rows for three runs", n)
		}
	})
}

func TestMemoriesOfSentLettersLapse(t *testing.T) {
	t.Parallel()
	mailboxtest.Each(t, func(t *testing.T, s *mailboxtest.Store) {
		an := s.Account()
		for n := range 150 {
			_, err := s.File(t.Context(), []mailbox.Filing{{Account: an, Letter: s.Letter(note(n)), Role: mailbox.Sent, SentBy: an}}, nil)
			must(t, err)
		}
		s.Clock.Advance(6 * day)
		must(t, s.Maintain(t.Context()))
		if n := count(t, s, `SELECT COUNT(*) FROM sent`); n < 150 {
			t.Errorf("%d are left too early", n)
		}
		s.Clock.Advance(2 * day)
		must(t, s.Maintain(t.Context()))
		if n := count(t, s, `SELECT COUNT(*) FROM sent`); n != 0 {
			t.Errorf("%d are left", n)
		}
	})
}

// After a restore no UID, and no folder's number, can stand for another thing than before.
func TestRestored(t *testing.T) {
	t.Parallel()
	mailboxtest.Each(t, func(t *testing.T, s *mailboxtest.Store) {
		an := s.Account()
		v, ctx := mailboxtest.Own(an), t.Context()
		s.Deliver(an, note(1))
		for range 5 { // ahead of the clock
			must(t, create(s, v, "Patients"))
			must(t, s.DeleteFolder(ctx, v, []string{"Patients"}))
		}
		must(t, create(s, v, "Patients"))
		_, err := s.View(ctx, v, inbox)
		must(t, err)
		before, err := s.Folders(ctx, v)
		must(t, err)
		for range 2 {
			must(t, s.DB.Write(ctx, func(tx *db.Tx) error {
				mailbox.Restored(tx, s.Clock.Now().Unix())
				return nil
			}))
			now, err := s.Folders(ctx, v)
			must(t, err)
			for i := range now {
				if now[i].UIDValidity <= before[i].UIDValidity || int64(now[i].UIDValidity) <= s.Clock.Now().Unix() || now[i].No != before[i].No {
					t.Errorf("%v had UIDVALIDITY %d and has %d", now[i].Path, before[i].UIDValidity, now[i].UIDValidity)
				}
			}
			before = now
		}
		view, err := s.View(ctx, v, inbox) // whatever the cache held
		if err != nil || view.UIDs.Len() != 1 || view.Folder.UIDValidity != before[0].UIDValidity {
			t.Errorf("view %+v, %v", view, err)
		}
		f, err := s.CreateFolder(ctx, v, []string{"New"}, mailbox.NoRole)
		if err != nil || f.No < 1000 || f.UIDValidity <= before[0].UIDValidity {
			t.Errorf("a new folder %+v, %v", f, err)
		}
	})
}

// One back-up that is restored twice becomes two stores that share no number given out since, also while a former restore has
// put the numbers ahead of the clock.
func TestRestoredTwice(t *testing.T) {
	t.Parallel()
	mailboxtest.Each(t, func(t *testing.T, s *mailboxtest.Store) {
		an := s.Account()
		v, ctx := mailboxtest.Own(an), t.Context()
		var snapshot [2]int64
		restore := func() mailbox.Folder {
			t.Helper()
			must(t, s.DB.Write(ctx, func(tx *db.Tx) error {
				mailbox.Restored(tx, s.Clock.Now().Unix())
				return nil
			}))
			f, err := s.CreateFolder(ctx, v, []string{"New"}, mailbox.NoRole)
			must(t, err)
			return f
		}
		back := func() {
			t.Helper()
			must(t, s.DeleteFolder(ctx, v, []string{"New"}))
			must(t, s.DB.Write(ctx, func(tx *db.Tx) error {
				tx.Exec(`UPDATE account_mail SET next_mb = $1, validity = $2 WHERE an = $3`, snapshot[0], snapshot[1], int64(an))
				return nil
			}))
		}
		for _, ahead := range []bool{false, true} {
			must(t, s.DB.Read(ctx, func(tx *db.Tx) error {
				return tx.Query(`SELECT next_mb, validity FROM account_mail WHERE an = $1`, []any{int64(an)}, func(r db.Row) error {
					snapshot = [2]int64{r.Int64(0), r.Int64(1)}
					return nil
				})
			}))
			first := restore()
			back()
			s.Clock.Advance(time.Minute)
			second := restore()
			if first.No == second.No || first.UIDValidity == second.UIDValidity {
				t.Errorf("ahead %v: folders %d and %d with UIDVALIDITY %d and %d", ahead, first.No, second.No, first.UIDValidity, second.UIDValidity)
			}
			must(t, s.DeleteFolder(ctx, v, []string{"New"}))
		}
	})
}

func create(s *mailboxtest.Store, v mailbox.Viewer, path ...string) error {
	_, err := s.CreateFolder(context.Background(), v, path, mailbox.NoRole)
	return err
}
