package mailbox_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"haven"
	"haven/mail/mailbox"
	"haven/mail/mailbox/mailboxtest"
	"haven/platform/db"
	"haven/platform/errs"
	"haven/platform/policy"
)

const (
	inbox = haven.MailboxNo(1)
	sent  = haven.MailboxNo(2)
	trash = haven.MailboxNo(4)
)

var all = []mailbox.Range{{Lo: 1, Hi: mailbox.MaxUID}}

func note(n int) string {
	return fmt.Sprintf("From: Ward <ward@hospital.test>\nTo: pharmacy@haven.test\nSubject: discharge note %d\nMessage-ID: <%d@hospital.test>\nDate: Sun, 22 Nov 2026 08:00:00 +0000\n\nTwo tablets, note %d.\n", n, n, n)
}

func rows(t *testing.T, s *mailboxtest.Store, v mailbox.Viewer, mb haven.MailboxNo) []mailbox.Row {
	t.Helper()
	var out []mailbox.Row
	err := s.Rows(t.Context(), v, mb, all, 0, func(r []mailbox.Row) error {
		out = append(out, r...)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func uids(rs []mailbox.Row) []haven.UID {
	out := []haven.UID{}
	for _, r := range rs {
		out = append(out, r.UID)
	}
	return out
}

func wantKind(t *testing.T, err error, k errs.Kind) {
	t.Helper()
	if !errs.Is(err, k) {
		t.Fatalf("error %v is %v, want %v", err, errs.KindOf(err), k)
	}
}

func TestDeliverAndRead(t *testing.T) {
	t.Parallel()
	mailboxtest.Each(t, func(t *testing.T, s *mailboxtest.Store) {
		an := s.Account()
		v := mailboxtest.Own(an)
		l := s.Letter(note(1))
		trace := []byte("Return-Path: <ward@hospital.test>\r\nDelivered-To: pharmacy@haven.test\r\n")
		filed, err := s.File(t.Context(), []mailbox.Filing{{Account: an, Letter: l, Trace: trace}}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if filed[0].UID != 1 || filed[0].Mailbox != inbox {
			t.Fatalf("filed %+v", filed[0])
		}
		want := string(trace) + mailboxtest.CRLF(note(1))
		if got := s.Text(v, filed[0].Msg); got != want {
			t.Errorf("read %q\nwant %q", got, want)
		}
		got := rows(t, s, v, inbox)
		if len(got) != 1 || got[0].Size != int64(len(want)) || got[0].Flags != 0 || !got[0].Received.Equal(mailboxtest.Start) {
			t.Errorf("rows %+v", got)
		}
		err = s.Infos(t.Context(), v, []haven.MessageID{filed[0].Msg}, func(_ int, info *mailbox.Info) error {
			root := info.Meta.Root
			if info.Meta.Envelope.Subject != "discharge note 1" || want[root.Body:root.End] != "Two tablets, note 1.\r\n" || root.Header != 0 {
				t.Errorf("info %+v root %+v", info.Meta, root)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		part := make([]byte, 11)
		b, err := s.Body(t.Context(), v, filed[0].Msg)
		if err != nil {
			t.Fatal(err)
		}
		defer b.Close()
		if _, err := b.ReadAt(part, int64(len(trace))-4); err != nil || string(part) != want[len(trace)-4:len(trace)+7] {
			t.Errorf("across the trace lines: %q %v", part, err)
		}
	})
}

func TestStrangersSeeNothing(t *testing.T) {
	t.Parallel()
	mailboxtest.Each(t, func(t *testing.T, s *mailboxtest.Store) {
		an, other := s.Account(), s.Account()
		f := s.Deliver(an, note(1))
		v := mailboxtest.Own(an)
		v.Person = other
		ctx := t.Context()
		calls := map[string]func() error{
			"Folders":  func() error { _, err := s.Folders(ctx, v); return err },
			"View":     func() error { _, err := s.View(ctx, v, inbox); return err },
			"Changes":  func() error { _, err := s.Changes(ctx, v, inbox, 0); return err },
			"Vanished": func() error { _, err := s.Vanished(ctx, v, inbox, 0, nil); return err },
			"Rows":     func() error { return s.Rows(ctx, v, inbox, all, 0, func([]mailbox.Row) error { return nil }) },
			"Infos": func() error {
				return s.Infos(ctx, v, []haven.MessageID{f.Msg}, func(int, *mailbox.Info) error { return nil })
			},
			"Body": func() error { _, err := s.Body(ctx, v, f.Msg); return err },
			"Bodies": func() error {
				return s.Bodies(ctx, v, []haven.MessageID{f.Msg}, func(int, []byte) error { return nil })
			},
			"Keywords": func() error { _, err := s.Keywords(ctx, v); return err },
			"Store": func() error {
				_, err := s.Store(ctx, v, inbox, all, mailbox.FlagChange{Op: mailbox.AddFlags, Flags: mailbox.Seen})
				return err
			},
			"Append": func() error {
				_, _, err := s.Append(ctx, v, inbox, []mailbox.Append{{Letter: s.Letter(note(2))}})
				return err
			},
			"Copy out":  func() error { _, err := s.Copy(ctx, v, inbox, all, mailboxtest.Own(other), inbox); return err },
			"Copy in":   func() error { _, err := s.Copy(ctx, mailboxtest.Own(other), inbox, all, v, inbox); return err },
			"Move":      func() error { _, err := s.Move(ctx, v, inbox, all, mailboxtest.Own(other), inbox); return err },
			"Expunge":   func() error { _, err := s.Expunge(ctx, v, inbox, nil); return err },
			"Quota":     func() error { _, err := s.Quota(ctx, v); return err },
			"Rights":    func() error { _, err := s.Rights(ctx, v); return err },
			"Create":    func() error { _, err := s.CreateFolder(ctx, v, []string{"x"}, mailbox.NoRole); return err },
			"Delete":    func() error { return s.DeleteFolder(ctx, v, []string{"INBOX"}) },
			"Rename":    func() error { return s.RenameFolder(ctx, v, []string{"INBOX"}, []string{"x"}) },
			"Subscribe": func() error { return s.Subscribe(ctx, v, []string{"INBOX"}, false) },
		}
		for name, call := range calls {
			if err := call(); !errs.Is(err, errs.NotFound) {
				t.Errorf("%s: %v, want not found", name, err)
			}
		}
		// Who may only read is told so where something would change.
		s.Grants.Set(other, an, haven.Read)
		for _, name := range []string{"Store", "Append", "Copy in", "Move", "Expunge", "Create"} {
			if err := calls[name](); !errs.Is(err, errs.Denied) {
				t.Errorf("%s with read alone: %v, want denied", name, err)
			}
		}
	})
}

func TestFlagsAndConditions(t *testing.T) {
	t.Parallel()
	mailboxtest.Each(t, func(t *testing.T, s *mailboxtest.Store) {
		an := s.Account()
		v, ctx := mailboxtest.Own(an), t.Context()
		for i := range 3 {
			s.Deliver(an, note(i))
		}
		view, err := s.View(ctx, v, inbox)
		if err != nil || view.UIDs.Len() != 3 || view.FirstUnseen != 1 || view.Folder.Unseen != 3 {
			t.Fatalf("view %+v %v", view, err)
		}
		since := view.Folder.HighestModSeq
		res, err := s.Store(ctx, v, inbox, []mailbox.Range{{Lo: 2, Hi: 2}}, mailbox.FlagChange{Op: mailbox.AddFlags, Flags: mailbox.Seen | mailbox.Flagged, Keywords: []string{"$Forwarded", "done"}})
		if err != nil || len(res.Rows) != 1 || res.Rows[0].Flags != mailbox.Seen|mailbox.Flagged || res.Rows[0].Keywords != 3 || res.Rows[0].Changed <= since {
			t.Fatalf("store %+v %v", res, err)
		}
		if names, _ := s.Keywords(ctx, v); !slices.Equal(names, []string{"$Forwarded", "done"}) {
			t.Errorf("keywords %q", names)
		}
		ch, err := s.Changes(ctx, v, inbox, since)
		if err != nil || len(ch.Changed) != 1 || ch.Changed[0].UID != 2 || len(ch.New) != 0 || ch.Folder.Unseen != 2 {
			t.Errorf("changes %+v %v", ch, err)
		}
		// RFC 7162 §3.1.3: what changed since is left alone and named.
		res, err = s.Store(ctx, v, inbox, all, mailbox.FlagChange{Op: mailbox.ReplaceFlags, Flags: mailbox.Answered, UnchangedSince: &since})
		if err != nil || !slices.Equal(res.Modified, []haven.UID{2}) || len(res.Rows) != 3 || res.Rows[1].Flags != mailbox.Seen|mailbox.Flagged {
			t.Errorf("conditional store %+v %v", res, err)
		}
		// Keywords are found in any case, and removing one that nobody has makes none.
		res, err = s.Store(ctx, v, inbox, []mailbox.Range{{Lo: 2, Hi: 2}}, mailbox.FlagChange{Op: mailbox.RemoveFlags, Keywords: []string{"DONE", "nobody"}})
		if err != nil || res.Rows[0].Keywords != 1 {
			t.Errorf("remove %+v %v", res, err)
		}
		_, err = s.Store(ctx, v, inbox, all, mailbox.FlagChange{Op: mailbox.AddFlags, Keywords: []string{"not an atom"}})
		wantKind(t, err, errs.Invalid)
		many := make([]string, 64)
		for i := range many {
			many[i] = fmt.Sprint("k", i)
		}
		_, err = s.Store(ctx, v, inbox, all, mailbox.FlagChange{Op: mailbox.AddFlags, Keywords: many})
		wantKind(t, err, errs.TooMany)
	})
}

func TestCopyIsTheSameMessage(t *testing.T) {
	t.Parallel()
	mailboxtest.Each(t, func(t *testing.T, s *mailboxtest.Store) {
		an := s.Account()
		v, ctx := mailboxtest.Own(an), t.Context()
		f := s.Deliver(an, note(1))
		c, err := s.Copy(ctx, v, inbox, all, v, trash)
		if err != nil || !slices.Equal(c.From, []haven.UID{1}) || !slices.Equal(c.To, []haven.UID{1}) {
			t.Fatalf("copied %+v %v", c, err)
		}
		if _, err := s.Store(ctx, v, trash, all, mailbox.FlagChange{Op: mailbox.AddFlags, Flags: mailbox.Seen, Keywords: []string{"done"}}); err != nil {
			t.Fatal(err)
		}
		if r := rows(t, s, v, inbox)[0]; r.Msg != f.Msg || r.Flags != mailbox.Seen || r.Keywords != 1 {
			t.Errorf("the first place has %+v", r)
		}
		// The old way to move: copy, mark, expunge. One intact copy stays, without \Deleted.
		if _, err := s.Store(ctx, v, inbox, all, mailbox.FlagChange{Op: mailbox.AddFlags, Flags: mailbox.Deleted}); err != nil {
			t.Fatal(err)
		}
		gone, err := s.Expunge(ctx, v, inbox, nil)
		if err != nil || !slices.Equal(gone, []haven.UID{1}) {
			t.Fatalf("expunged %v %v", gone, err)
		}
		if r := rows(t, s, v, trash); len(r) != 1 || r[0].Flags != mailbox.Seen {
			t.Errorf("what stays is %+v", r)
		}
		if got := s.Text(v, f.Msg); got != mailboxtest.CRLF(note(1)) {
			t.Errorf("text %q", got)
		}
		if q, _ := s.Quota(ctx, v); q.Messages != 1 {
			t.Errorf("quota %+v", q)
		}
	})
}

func TestMoveBetweenAccounts(t *testing.T) {
	t.Parallel()
	mailboxtest.Each(t, func(t *testing.T, s *mailboxtest.Store) {
		person, shared := s.Account(), s.Account()
		s.Grants.Set(person, shared, haven.Member)
		own, ctx := mailboxtest.Own(person), t.Context()
		there := own.As(shared)
		for i := range 600 { // more than one step
			s.Deliver(shared, note(i))
		}
		if _, err := s.Store(ctx, there, inbox, all, mailbox.FlagChange{Op: mailbox.AddFlags, Flags: mailbox.Seen, Keywords: []string{"done"}}); err != nil {
			t.Fatal(err)
		}
		c, err := s.Move(ctx, there, inbox, []mailbox.Range{{Lo: 101, Hi: mailbox.MaxUID}}, own, inbox)
		if err != nil || len(c.From) != 500 || c.From[0] != 101 || c.To[0] != 1 {
			t.Fatalf("moved %d, %v", len(c.From), err)
		}
		left, came := rows(t, s, there, inbox), rows(t, s, own, inbox)
		if len(left) != 100 || len(came) != 500 || came[0].Flags != mailbox.Seen || came[0].Keywords != 1 {
			t.Fatalf("%d left, %d came, first %+v", len(left), len(came), came[0])
		}
		if got := s.Text(own, came[499].Msg); got != mailboxtest.CRLF(note(599)) {
			t.Errorf("text %q", got)
		}
		wantKind(t, func() error { _, err := s.Copy(ctx, there, inbox, all, own, 99); return err }(), errs.NotFound)
	})
}

func TestVanishedIsRemembered(t *testing.T) {
	t.Parallel()
	mailboxtest.Each(t, func(t *testing.T, s *mailboxtest.Store) {
		an := s.Account()
		v, ctx := mailboxtest.Own(an), t.Context()
		for i := range 10 {
			s.Deliver(an, note(i))
		}
		view, _ := s.View(ctx, v, inbox)
		since := view.Folder.HighestModSeq
		if _, err := s.Store(ctx, v, inbox, []mailbox.Range{{Lo: 3, Hi: 5}, {Lo: 9, Hi: 9}}, mailbox.FlagChange{Op: mailbox.AddFlags, Flags: mailbox.Deleted}); err != nil {
			t.Fatal(err)
		}
		// UID EXPUNGE (RFC 4315 §2.1) takes those named that are marked, and no others.
		if gone, err := s.Expunge(ctx, v, inbox, []mailbox.Range{{Lo: 1, Hi: 4}}); err != nil || !slices.Equal(gone, []haven.UID{3, 4}) {
			t.Fatalf("gone %v %v", gone, err)
		}
		if gone, err := s.Expunge(ctx, v, inbox, nil); err != nil || !slices.Equal(gone, []haven.UID{5, 9}) {
			t.Fatalf("gone %v %v", gone, err)
		}
		want := []mailbox.Range{{Lo: 3, Hi: 5}, {Lo: 9, Hi: 9}}
		if got, err := s.Vanished(ctx, v, inbox, since, nil); err != nil || !slices.Equal(got, want) {
			t.Errorf("vanished %v %v", got, err)
		}
		if got, _ := s.Vanished(ctx, v, inbox, since, []mailbox.Range{{Lo: 4, Hi: 8}}); !slices.Equal(got, []mailbox.Range{{Lo: 4, Hi: 5}}) {
			t.Errorf("vanished within %v", got)
		}
		if view, _ = s.View(ctx, v, inbox); !slices.Equal(view.UIDs.Ranges(), []mailbox.Range{{Lo: 1, Hi: 2}, {Lo: 6, Hi: 8}, {Lo: 10, Hi: 10}}) {
			t.Errorf("view %v", view.UIDs.Ranges())
		}
		// After 30 days the messages have gone for good and the UIDs are runs.
		s.Clock.Advance(31 * 24 * time.Hour)
		if err := s.Maintain(ctx); err != nil {
			t.Fatal(err)
		}
		if got, _ := s.Vanished(ctx, v, inbox, since, nil); !slices.Equal(got, want) {
			t.Errorf("vanished after a month %v", got)
		}
	})
}

func TestSentCopyStaysOne(t *testing.T) {
	t.Parallel()
	mailboxtest.Each(t, func(t *testing.T, s *mailboxtest.Store) {
		person, shared := s.Account(), s.Account()
		s.Grants.Set(person, shared, haven.Member)
		own, ctx := mailboxtest.Own(person), t.Context()
		there := own.As(shared)
		file := func(n int) {
			t.Helper()
			if _, err := s.File(ctx, []mailbox.Filing{{Account: shared, Letter: s.Letter(note(n)), Role: mailbox.Sent, Flags: mailbox.Seen, SentBy: person}}, nil); err != nil {
				t.Fatal(err)
			}
		}
		add := func(v mailbox.Viewer, n int) haven.UID {
			t.Helper()
			_, u, err := s.Append(ctx, v, sent, []mailbox.Append{{Letter: s.Letter(note(n)), Flags: mailbox.Seen}})
			if err != nil {
				t.Fatal(err)
			}
			return u[0]
		}
		file(1)
		// In the right folder the program's UID becomes ours.
		if uid := add(there, 1); uid != 2 || !slices.Equal(uids(rows(t, s, there, sent)), []haven.UID{2}) {
			t.Errorf("right folder: told %d, there %v", uid, uids(rows(t, s, there, sent)))
		}
		// In another Sent it vanishes at once.
		if uid := add(own, 1); uid != 1 || len(rows(t, s, own, sent)) != 0 {
			t.Errorf("other Sent: told %d, there %v", uid, rows(t, s, own, sent))
		}
		if gone, _ := s.Vanished(ctx, own, sent, 0, nil); !slices.Equal(gone, []mailbox.Range{{Lo: 1, Hi: 1}}) {
			t.Errorf("other Sent: vanished %v", gone)
		}
		// One that came before the submission is treated alike, wherever it came.
		add(own, 2)
		add(there, 3)
		file(2)
		file(3)
		if got := len(rows(t, s, own, sent)); got != 0 {
			t.Errorf("early copy in the other Sent stays: %d", got)
		}
		if got := uids(rows(t, s, there, sent)); len(got) != 3 {
			t.Errorf("the shared Sent holds %v", got)
		}
		// A quarter of an hour before is another letter; so is a colleague's; so is a draft.
		add(there, 4)
		s.Clock.Advance(15 * time.Minute)
		file(4)
		if got := len(rows(t, s, there, sent)); got != 5 {
			t.Errorf("an old copy was taken for the same: %d", got)
		}
	})
}

func TestThreads(t *testing.T) {
	t.Parallel()
	mailboxtest.Each(t, func(t *testing.T, s *mailboxtest.Store) {
		an := s.Account()
		mk := func(id, refs string) mailbox.Filed {
			return s.Deliver(an, "Message-ID: <"+id+">\nReferences: "+refs+"\nSubject: x\n\nx\n")
		}
		child, other := mk("c@x.test", "<p@x.test>"), mk("o@x.test", "")
		parent, grand := mk("p@x.test", "<g@x.test>"), mk("g@x.test", "")
		threads := map[haven.MessageID]haven.MessageID{}
		err := s.Infos(t.Context(), mailboxtest.Own(an), []haven.MessageID{child.Msg, other.Msg, parent.Msg, grand.Msg}, func(_ int, i *mailbox.Info) error {
			threads[i.Msg] = i.Thread
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if threads[parent.Msg] != child.Msg || threads[grand.Msg] != child.Msg || threads[other.Msg] != other.Msg {
			t.Errorf("threads %v", threads)
		}
	})
}

func TestFolders(t *testing.T) {
	t.Parallel()
	mailboxtest.Each(t, func(t *testing.T, s *mailboxtest.Store) {
		an := s.Account()
		v, ctx := mailboxtest.Own(an), t.Context()
		f, err := s.CreateFolder(ctx, v, []string{"Patients", "2026", "Å"}, mailbox.NoRole)
		if err != nil || f.UIDNext != 1 || f.UIDValidity == 0 {
			t.Fatalf("%+v %v", f, err)
		}
		_, err = s.CreateFolder(ctx, v, []string{"Patients", "2026", "A\u030a"}, mailbox.NoRole) // the same name, decomposed
		wantKind(t, err, errs.Conflict)
		_, err = s.CreateFolder(ctx, v, []string{"inbox"}, mailbox.NoRole)
		wantKind(t, err, errs.Conflict)
		for _, bad := range [][]string{{}, {""}, {"a/b"}, {"a\x00"}, {strings.Repeat("x", 256)}, strings.Split(strings.Repeat("x ", 21), " ")} {
			_, err = s.CreateFolder(ctx, v, bad, mailbox.NoRole)
			wantKind(t, err, errs.Invalid)
		}
		wantKind(t, s.DeleteFolder(ctx, v, []string{"Patients"}), errs.Invalid)
		wantKind(t, s.DeleteFolder(ctx, v, []string{"Sent"}), errs.Denied)
		wantKind(t, s.RenameFolder(ctx, v, []string{"Patients"}, []string{"Patients", "2026", "x"}), errs.Invalid)
		if err := s.RenameFolder(ctx, v, []string{"Patients", "2026"}, []string{"Old", "2026"}); err != nil {
			t.Fatal(err)
		}
		g, err := s.FolderAt(ctx, v, []string{"Old", "2026", "Å"})
		if err != nil || g.No != f.No || g.UIDValidity != f.UIDValidity {
			t.Fatalf("%+v %v", g, err)
		}
		// RFC 9051 §6.3.6: renaming INBOX moves its messages.
		s.Deliver(an, note(1))
		if err := s.RenameFolder(ctx, v, []string{"INBOX"}, []string{"Before"}); err != nil {
			t.Fatal(err)
		}
		before, _ := s.FolderAt(ctx, v, []string{"Before"})
		in, _ := s.FolderAt(ctx, v, []string{"Inbox"})
		if before.Total != 1 || in.Total != 0 {
			t.Errorf("before %+v inbox %+v", before, in)
		}
		if err := s.DeleteFolder(ctx, v, []string{"Before"}); err != nil {
			t.Fatal(err)
		}
		again, err := s.CreateFolder(ctx, v, []string{"Before"}, mailbox.NoRole)
		if err != nil || again.No == before.No || again.UIDValidity <= before.UIDValidity {
			t.Errorf("a folder made again: %+v after %+v, %v", again, before, err)
		}
		if err := s.Subscribe(ctx, v, []string{"Before"}, false); err != nil {
			t.Fatal(err)
		}
		if f, _ := s.FolderAt(ctx, v, []string{"Before"}); f.Subscribed {
			t.Error("still subscribed")
		}
	})
}

func TestQuota(t *testing.T) {
	t.Parallel()
	s := mailboxtest.New(t, "sqlite", func(p *policy.Policy) { p.Mailbox.Quota = 1000 })
	an := s.Account()
	v, ctx := mailboxtest.Own(an), t.Context()
	var err error
	n := 0
	for ; err == nil && n < 50; n++ {
		_, err = s.File(ctx, []mailbox.Filing{{Account: an, Letter: s.Letter(note(n))}}, nil)
	}
	wantKind(t, err, errs.OverQuota)
	_, _, err = s.Append(ctx, v, inbox, []mailbox.Append{{Letter: s.Letter(note(99))}})
	wantKind(t, err, errs.OverQuota)
	if _, err := s.Store(ctx, v, inbox, all, mailbox.FlagChange{Op: mailbox.AddFlags, Flags: mailbox.Deleted}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Expunge(ctx, v, inbox, nil); err != nil {
		t.Fatal(err)
	}
	s.Deliver(an, note(1))
}

func TestManyRecipientsOneCommit(t *testing.T) {
	t.Parallel()
	mailboxtest.Each(t, func(t *testing.T, s *mailboxtest.Store) {
		l := s.Letter(note(1))
		var filings []mailbox.Filing
		for range 20 {
			filings = append(filings, mailbox.Filing{Account: s.Account(), Letter: l})
		}
		// What also is written, and fails, takes all filings with it.
		_, err := s.File(t.Context(), filings, func(*db.Tx) error { return errs.E(errs.Transient, "no") })
		wantKind(t, err, errs.Transient)
		if got := rows(t, s, mailboxtest.Own(filings[3].Account), inbox); len(got) != 0 {
			t.Fatalf("%d messages of a failed commit", len(got))
		}
		if _, err := s.File(t.Context(), filings, nil); err != nil {
			t.Fatal(err)
		}
		for _, f := range filings {
			r := rows(t, s, mailboxtest.Own(f.Account), inbox)
			if len(r) != 1 || s.Text(mailboxtest.Own(f.Account), r[0].Msg) != mailboxtest.CRLF(note(1)) {
				t.Errorf("account %d: %v", f.Account, r)
			}
		}
	})
}

func TestWatchers(t *testing.T) {
	t.Parallel()
	s := mailboxtest.New(t, "sqlite")
	an := s.Account()
	heard := make(chan haven.AccountNo, 10)
	sub := s.Watch(func(no haven.AccountNo) { heard <- no }, an)
	defer sub.Close()
	s.Deliver(an, note(1))
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	select {
	case no := <-heard:
		if no != an {
			t.Errorf("heard %d", no)
		}
	case <-ctx.Done():
		t.Error("nothing heard")
	}
}
