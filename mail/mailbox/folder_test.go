package mailbox_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"haven"
	"haven/mail/mailbox"
	"haven/mail/mailbox/mailboxtest"
	"haven/platform/db"
	"haven/platform/errs"
	"haven/platform/policy"
)

func TestRenames(t *testing.T) {
	t.Parallel()
	mailboxtest.Each(t, func(t *testing.T, s *mailboxtest.Store) {
		v := mailboxtest.Own(s.Account())
		for _, path := range []string{"a", "a/b", "a/b/c", "INBOX/x", "Ab"} {
			must(t, create(s, v, strings.Split(path, "/")...))
		}
		deep := strings.Repeat("d/", 17) + "d" // a/b/c has two levels below it
		for _, c := range []struct {
			from, to string
			want     error
		}{
			{"a", "a/new/b", errs.E(errs.Invalid, "")}, // through a parent that is made for it
			{"a", "a/b/c/d", errs.E(errs.Invalid, "")},
			{"a", "a", errs.E(errs.Conflict, "")},
			{"a", "Ab", errs.E(errs.Conflict, "")},
			{"a", "inbox", errs.E(errs.Conflict, "")},
			{"INBOX/x", "inbox/x/y", errs.E(errs.Invalid, "")},
			{"INBOX/x", "inbox/y", nil},
			{"Inbox/y", "x", nil},
			{"nobody", "x2", errs.E(errs.NotFound, "")},
			{"Sent", "x2", errs.E(errs.Denied, "")},
			{"a", deep + "/e", errs.E(errs.Invalid, "")}, // 21 with what lies below
			{"a", deep, nil},
			{deep, "Sent/a", nil},
			{"Sent/a/b", "b", nil},
		} {
			err := s.RenameFolder(t.Context(), v, strings.Split(c.from, "/"), strings.Split(c.to, "/"))
			if (err == nil) != (c.want == nil) || err != nil && errs.KindOf(err) != errs.KindOf(c.want) {
				t.Errorf("%s to %s: %v, want %v", c.from, c.to, err, c.want)
			}
		}
		want := []string{"Archive", "Ab", "Drafts", "INBOX", "Junk", "Sent", "Sent/a", "Trash", "b", "b/c", "x"}
		slices.Sort(want)
		var got []string
		folders, err := s.Folders(t.Context(), v)
		must(t, err)
		for _, f := range folders {
			if path := strings.Join(f.Path, "/"); !strings.HasPrefix(path, "d") {
				got = append(got, path)
			}
		}
		if slices.Sort(got); !slices.Equal(got, want) {
			t.Errorf("folders %q, want %q", got, want)
		}
	})
}

func TestFolderLimits(t *testing.T) {
	t.Parallel()
	s := mailboxtest.New(t, "sqlite", func(p *policy.Policy) {
		p.Mailbox.Folders, p.Mailbox.FolderDepth, p.Mailbox.FolderOctets = 10, 3, 5
	})
	v := mailboxtest.Own(s.Account())
	wantKind(t, create(s, v, "a", "b", "c", "d"), errs.Invalid)
	wantKind(t, create(s, v, "sixsix"), errs.Invalid)
	must(t, create(s, v, "a", "b", "c")) // 9
	wantKind(t, create(s, v, "e", "f"), errs.TooMany)
	must(t, create(s, v, "e"))
	wantKind(t, create(s, v, "g"), errs.TooMany)
	wantKind(t, s.RenameFolder(t.Context(), v, []string{"e"}, []string{"h", "e"}), errs.TooMany)
	must(t, s.RenameFolder(t.Context(), v, []string{"e"}, []string{"h"}))
	must(t, s.DeleteFolder(t.Context(), v, []string{"h"}))
	must(t, create(s, v, "g"))
}

// A name is the same however its letters are composed (RFC 9051 §5.1).
func TestNamesAreFoundDecomposed(t *testing.T) {
	t.Parallel()
	s := mailboxtest.New(t, "sqlite")
	v, ctx := mailboxtest.Own(s.Account()), t.Context()
	must(t, create(s, v, "Ång", "B\u0308r"))
	f, err := s.FolderAt(ctx, v, []string{"A\u030ang", "B\u0308r"})
	if err != nil || f.Path[0] != "Ång" {
		t.Fatal(f, err)
	}
	must(t, s.Subscribe(ctx, v, []string{"A\u030ang"}, false))
	must(t, s.RenameFolder(ctx, v, []string{"A\u030ang", "B\u0308r"}, []string{"inbox", "e\u0301"}))
	if f, err = s.FolderAt(ctx, v, []string{"Inbox", "é"}); err != nil || !slices.Equal(f.Path, []string{"INBOX", "é"}) {
		t.Fatal(f, err)
	}
	must(t, s.DeleteFolder(ctx, v, []string{"iNBOX", "e\u0301"}))
}

// Subscriptions are each person's own; a folder that is made again begins subscribed.
func TestSubscriptions(t *testing.T) {
	t.Parallel()
	mailboxtest.Each(t, func(t *testing.T, s *mailboxtest.Store) {
		shared, one, two := s.Account(), s.Account(), s.Account()
		s.Grants.Set(one, shared, haven.Read)
		s.Grants.Set(two, shared, haven.Member)
		a, b := mailboxtest.Own(one).As(shared), mailboxtest.Own(two).As(shared)
		path := []string{"Referrals"}
		must(t, create(s, b, path...))
		must(t, s.Subscribe(t.Context(), a, path, false)) // reading is enough
		must(t, s.Subscribe(t.Context(), a, path, false))
		is := func(v mailbox.Viewer) string {
			f, err := s.FolderAt(t.Context(), v, path)
			return fmt.Sprint(f.Subscribed, err)
		}
		if is(a) != "false <nil>" || is(b) != "true <nil>" {
			t.Errorf("%s and %s", is(a), is(b))
		}
		must(t, s.DeleteFolder(t.Context(), b, path))
		must(t, create(s, b, path...))
		if is(a) != "true <nil>" {
			t.Error("made again:", is(a))
		}
	})
}

// Whoever deletes a folder as one without messages takes nothing away that somebody else wants in it meanwhile; and what is held is asked for until something changes.
func TestRemoveFolderLeavesWhatCame(t *testing.T) {
	t.Parallel()
	mailboxtest.Each(t, func(t *testing.T, s *mailboxtest.Store) {
		an := s.Account()
		me := mailboxtest.Own(an)
		f, err := s.CreateFolder(t.Context(), me, []string{"Orders"}, mailbox.NoRole)
		must(t, err)
		deliver(t, s, an, 1)
		_, err = s.Move(t.Context(), me, 1, only(1), me, f.No)
		must(t, err)
		flag(t, s, me, f.No, only(1), mailbox.Deleted)
		asked := 0
		me.Held = mailbox.Hold(func(tx *db.Tx, _ mailbox.States) (bool, error) {
			if asked++; asked == 1 { // somebody wants it after all
				tx.Exec(`UPDATE placement SET flags = 0 WHERE an = $1 AND mb = $2`, int64(an), int64(f.No))
				tx.Exec(`UPDATE mailbox_count SET deleted = 0 WHERE an = $1 AND mb = $2`, int64(an), int64(f.No))
			}
			return true, nil
		})
		var e *errs.Error
		if err := s.RemoveFolder(t.Context(), me, f.No, false); !errors.As(err, &e) || e.Rule != mailbox.RuleFolderMail || asked != 2 {
			t.Errorf("asked %d times: %v", asked, err)
		}
		if n := count(t, s, `SELECT COUNT(*) FROM placement WHERE an = $1 AND mb = $2`, int64(an), int64(f.No)); n != 1 {
			t.Errorf("%d messages are left", n)
		}
		must(t, s.RemoveFolder(t.Context(), me, f.No, true))
	})
}
