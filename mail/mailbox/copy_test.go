package mailbox_test

import (
	"slices"
	"testing"

	"haven"
	"haven/mail/mailbox"
	"haven/mail/mailbox/mailboxtest"
	"haven/platform/errs"
	"haven/platform/policy"
)

// A message that lies twice in one folder is flagged once and counted right.
func TestTwiceInOneFolder(t *testing.T) {
	t.Parallel()
	mailboxtest.Each(t, func(t *testing.T, s *mailboxtest.Store) {
		an := s.Account()
		v, ctx := mailboxtest.Own(an), t.Context()
		deliver(t, s, an, 2)
		if _, err := s.Copy(ctx, v, inbox, all, v, inbox); err != nil {
			t.Fatal(err)
		}
		view, err := s.View(ctx, v, inbox)
		must(t, err)
		since := view.Folder.HighestModSeq
		flag(t, s, v, inbox, only(2), mailbox.Deleted)
		res, err := s.Store(ctx, v, inbox, all, mailbox.FlagChange{Op: mailbox.AddFlags, Flags: mailbox.Seen, Keywords: []string{"done"}, UnchangedSince: &since})
		must(t, err)
		// UID 2 changed since; its other place did not, and through that one both become read.
		if !slices.Equal(res.Modified, []haven.UID{2}) || len(res.Rows) != 4 {
			t.Fatalf("%+v", res)
		}
		for i, r := range rows(t, s, v, inbox) {
			if r.Flags&mailbox.Seen == 0 || r.Keywords != 1 || r != res.Rows[i] {
				t.Errorf("row %+v, told %+v", r, res.Rows[i])
			}
		}
		if f, _ := s.View(ctx, v, inbox); f.Folder.Unseen != 0 || f.Folder.Deleted != 1 || f.Folder.Total != 4 {
			t.Errorf("counted %+v", f.Folder)
		}
		if q, _ := s.Quota(ctx, v); q.Messages != 2 {
			t.Errorf("quota %+v", q)
		}
	})
}

// One STORE doesn't take its own changes for another's, where a message's other place lies in a later step.
func TestStoreKnowsItsOwnChanges(t *testing.T) {
	t.Parallel()
	mailboxtest.Each(t, func(t *testing.T, s *mailboxtest.Store) {
		an := s.Account()
		v, ctx := mailboxtest.Own(an), t.Context()
		deliver(t, s, an, 300)
		_, err := s.Copy(ctx, v, inbox, []mailbox.Range{{Lo: 1, Hi: 10}}, v, inbox)
		must(t, err)
		view, err := s.View(ctx, v, inbox)
		must(t, err)
		res, err := s.Store(ctx, v, inbox, all, mailbox.FlagChange{Op: mailbox.AddFlags, Flags: mailbox.Flagged, UnchangedSince: &view.Folder.HighestModSeq})
		if err != nil || len(res.Modified) > 0 || len(res.Rows) != 310 {
			t.Errorf("%d rows, left alone %v, %v", len(res.Rows), res.Modified, err)
		}
	})
}

// Naming every other message costs as few commits as naming all.
func TestScatteredRanges(t *testing.T) {
	t.Parallel()
	mailboxtest.Each(t, func(t *testing.T, s *mailboxtest.Store) {
		an := s.Account()
		v, ctx := mailboxtest.Own(an), t.Context()
		deliver(t, s, an, 600)
		var odd []haven.UID
		for u := haven.UID(1); u <= 600; u += 2 {
			odd = append(odd, u)
		}
		// A transaction takes a block of numbers, so the account's sequence tells how many there were.
		few := func(what string, numbers int64, fn func() error) {
			t.Helper()
			const seq = `SELECT seq FROM account_seq WHERE an = $1`
			before := count(t, s, seq, int64(an))
			must(t, fn())
			if took := count(t, s, seq, int64(an)) - before; took != numbers {
				t.Errorf("%s took %d numbers, want %d", what, took, numbers)
			}
		}
		few("store", 2*250, func() error {
			res, err := s.Store(ctx, v, inbox, only(odd...), mailbox.FlagChange{Op: mailbox.AddFlags, Flags: mailbox.Deleted})
			if len(res.Rows) != 300 {
				t.Errorf("%d rows", len(res.Rows))
			}
			return err
		})
		few("copy", 2*500, func() error {
			c, err := s.Copy(ctx, v, inbox, only(odd...), v, trash)
			if !slices.Equal(c.From, odd) || len(c.To) != 300 || c.UIDValidity == 0 {
				t.Errorf("copied %d, validity %d", len(c.From), c.UIDValidity)
			}
			return err
		})
		few("rows", 0, func() error {
			n := 0
			err := s.Rows(ctx, v, inbox, only(odd...), 0, func(r []mailbox.Row) error { n += len(r); return nil })
			if n != 300 {
				t.Errorf("%d rows", n)
			}
			return err
		})
		few("expunge", 2*250, func() error {
			gone, err := s.Expunge(ctx, v, inbox, nil)
			if !slices.Equal(gone, odd) {
				t.Errorf("gone %v", gone)
			}
			return err
		})
		few("expunge of nothing", 0, func() error { _, err := s.Expunge(ctx, v, inbox, nil); return err })
	})
}

// COPYUID names the UIDVALIDITY also when the last step found nothing.
func TestCopyEndsWithAnEmptyStep(t *testing.T) {
	t.Parallel()
	mailboxtest.Each(t, func(t *testing.T, s *mailboxtest.Store) {
		an := s.Account()
		v, ctx := mailboxtest.Own(an), t.Context()
		deliver(t, s, an, 600)
		expunge(t, s, v, inbox, []mailbox.Range{{Lo: 251, Hi: 600}})
		c, err := s.Copy(ctx, v, inbox, all, v, trash)
		if err != nil || len(c.To) != 250 || c.UIDValidity == 0 {
			t.Errorf("copied %d with UIDVALIDITY %d, %v", len(c.To), c.UIDValidity, err)
		}
		if c, err = s.Move(ctx, v, inbox, all, v, inbox); err != nil || len(c.To) != 250 || c.To[0] != 601 {
			t.Errorf("moved within the folder: %d, %v", len(c.To), err)
		}
	})
}

// A copy that fails in its third step leaves nothing behind, though others write there meanwhile and the right to do so is gone.
func TestFailedCopyLeavesNothing(t *testing.T) {
	t.Parallel()
	mailboxtest.Each(t, func(t *testing.T, s *mailboxtest.Store) {
		person, shared := s.Account(), s.Account()
		s.Grants.Set(person, shared, haven.Member)
		own, ctx := mailboxtest.Own(person), t.Context()
		deliver(t, s, person, 600)
		deliver(t, s, shared, 1)
		once(t, s, shared, func() {
			s.Deliver(shared, note(9000))
			s.Grants.Set(person, shared, haven.Read)
		})
		c, err := s.Copy(ctx, own, inbox, all, own.As(shared), inbox)
		wantKind(t, err, errs.Denied)
		if len(c.To) > 0 {
			t.Errorf("answered %+v", c)
		}
		there := rows(t, s, own.As(shared), inbox)
		if len(there) != 2 {
			t.Errorf("%d messages stay, want the two that were delivered", len(there))
		}
		// A move keeps what it did, and says so.
		s.Grants.Set(person, shared, haven.Member)
		once(t, s, person, func() { s.Grants.Set(person, shared, 0) })
		c, err = s.Move(ctx, own, inbox, all, own.As(shared), inbox)
		wantKind(t, err, errs.NotFound)
		if len(c.From) != 250 || len(rows(t, s, own, inbox)) != 350 {
			t.Errorf("moved %d, %d stay", len(c.From), len(rows(t, s, own, inbox)))
		}
	})
}

func TestCopyStopsAtQuota(t *testing.T) {
	t.Parallel()
	s := mailboxtest.New(t, "sqlite", func(p *policy.Policy) { p.Mailbox.Quota = 100_000 })
	person, shared := s.Account(), s.Account()
	s.Grants.Set(person, shared, haven.Member)
	own, ctx := mailboxtest.Own(person), t.Context()
	deliver(t, s, person, 400)
	deliver(t, s, shared, 200)
	before, err := s.Quota(ctx, own.As(shared))
	must(t, err)
	_, err = s.Copy(ctx, own, inbox, all, own.As(shared), inbox)
	wantKind(t, err, errs.OverQuota)
	if after, _ := s.Quota(ctx, own.As(shared)); after != before {
		t.Errorf("used %+v, before %+v", after, before)
	}
	// Within an account a copy takes no room.
	if _, err := s.Copy(ctx, own, inbox, all, own, trash); err != nil {
		t.Error(err)
	}
}

// Keywords that the other account has no room for stay behind; the letter doesn't.
func TestKeywordsThatDontFit(t *testing.T) {
	t.Parallel()
	s := mailboxtest.New(t, "sqlite", func(p *policy.Policy) { p.Mailbox.Keywords = 2 })
	person, shared := s.Account(), s.Account()
	s.Grants.Set(person, shared, haven.Member)
	own, ctx := mailboxtest.Own(person), t.Context()
	there := own.As(shared)
	s.Deliver(person, note(1))
	set := func(v mailbox.Viewer, names ...string) error {
		_, err := s.Store(ctx, v, inbox, all, mailbox.FlagChange{Op: mailbox.AddFlags, Keywords: names})
		return err
	}
	must(t, set(own, "red", "blue"))
	wantKind(t, set(own, "green"), errs.TooMany)
	wantKind(t, set(own, "K"+string(rune(0x212A))), errs.Invalid) // a Kelvin sign is no k
	s.Deliver(shared, note(2))
	must(t, set(there, "yellow", "BLUE"))
	c, err := s.Move(ctx, own, inbox, all, there, trash)
	must(t, err)
	if r := rows(t, s, there, trash); len(c.To) != 1 || r[0].Keywords != 2 {
		t.Errorf("moved %+v, %+v", c, r)
	}
	_, err = s.File(ctx, []mailbox.Filing{{Account: shared, Letter: s.Letter(note(3)), Keywords: []string{"$Junk", "blue"}}}, nil)
	must(t, err)
	if r := rows(t, s, there, inbox); r[1].Keywords != 2 {
		t.Errorf("filed %+v", r)
	}
}

// What changes nothing wakes nobody.
func TestNothingChangedWakesNobody(t *testing.T) {
	t.Parallel()
	s := mailboxtest.New(t, "sqlite")
	an := s.Account()
	v := mailboxtest.Own(an)
	deliver(t, s, an, 3)
	flag(t, s, v, inbox, all, mailbox.Seen)
	once(t, s, an, func() { t.Error("woken") })
	flag(t, s, v, inbox, all, mailbox.Seen)
	_, err := s.Expunge(t.Context(), v, inbox, nil)
	must(t, err)
	_, err = s.Move(t.Context(), v, trash, all, v, inbox)
	must(t, err)
}
