package mailbox_test

import (
	"slices"
	"testing"

	"haven"
	"haven/mail/mailbox"
	"haven/mail/mailbox/mailboxtest"
	"haven/platform/policy"
)

// One letter goes into several folders in one commit: one message, counted once, with a placement in each; what is to be made is made, and what can't be is the Inbox.
func TestFileInto(t *testing.T) {
	t.Parallel()
	mailboxtest.Each(t, func(t *testing.T, s *mailboxtest.Store) {
		an := s.Account()
		v, ctx := mailboxtest.Own(an), t.Context()
		clinic, err := s.CreateFolder(ctx, v, []string{"Clinic"}, mailbox.NoRole)
		must(t, err)
		file := func(f mailbox.Filing) mailbox.Filed {
			t.Helper()
			f.Account, f.Letter = an, s.Letter("Subject: x\n\nHello\n")
			filed, err := s.File(ctx, []mailbox.Filing{f}, nil)
			must(t, err)
			return filed[0]
		}
		at := func(path ...string) mailbox.Folder {
			t.Helper()
			f, err := s.FolderAt(ctx, v, path)
			must(t, err)
			return f
		}
		got := file(mailbox.Filing{Role: mailbox.Junk, Flags: mailbox.Flagged, Keywords: []string{"rota"},
			Into: []mailbox.Into{{Path: []string{"Clinic"}}, {Path: []string{"New", "Deep"}, Create: true}, {Path: []string{"clinic"}, Create: true}, {Path: []string{"Clinic"}}, {}}})
		if got.Mailbox != clinic.No || got.UID != 1 || got.Astray {
			t.Errorf("filed %+v", got)
		}
		for _, path := range [][]string{{"Clinic"}, {"New", "Deep"}, {"clinic"}, {"Junk"}} {
			f := at(path...)
			r := rows(t, s, v, f.No)
			if f.Total != 1 || f.Unseen != 1 || len(r) != 1 || r[0].Msg != got.Msg || r[0].Flags != mailbox.Flagged || r[0].Keywords != 1 {
				t.Errorf("%q: %+v, %+v", path, f, r)
			}
		}
		if f := at("New"); f.Total != 0 {
			t.Errorf("%+v", f)
		}
		if q, _ := s.Quota(ctx, v); q.Messages != 1 {
			t.Errorf("quota %+v", q)
		}
		for _, into := range []mailbox.Into{{Path: []string{"Gone"}}, {Path: []string{"a/b"}, Create: true}, {Path: []string{"inbox"}}} {
			if got := file(mailbox.Filing{Into: []mailbox.Into{into, {Path: []string{"INBOX"}}}}); got.Mailbox != 1 || got.Astray != (into.Path[0] != "inbox") {
				t.Errorf("%v: %+v", into, got)
			}
		}
		if f := at("INBOX"); f.Total != 3 {
			t.Errorf("%+v", f)
		}
		var id haven.AccountID
		path, err := s.FolderByID(ctx, an, id, mailbox.MailboxID(id, clinic.No))
		if err != nil || !slices.Equal(path, []string{"Clinic"}) {
			t.Errorf("by id: %q, %v", path, err)
		}
	})
}

// A filter makes no more folders than a mailbox may have, and none of a path that is too long.
func TestFileIntoTooMany(t *testing.T) {
	t.Parallel()
	s := mailboxtest.New(t, "sqlite", func(p *policy.Policy) { p.Mailbox.Folders = 8 })
	an := s.Account()
	for i, want := range []bool{false, true} {
		there, can, err := s.CanFile(t.Context(), an, []string{"a", "b"})
		if there != (i == 1) || can != (i == 0) || err != nil {
			t.Errorf("%d: there %t, can be made %t, %v", i, there, can, err)
		}
		path := []string{"a", "b"}
		if i == 1 {
			path = []string{"c", "d"}
		}
		filed, err := s.File(t.Context(), []mailbox.Filing{{Account: an, Letter: s.Letter("Subject: x\n\nHello\n"), Into: []mailbox.Into{{Path: path, Create: true}}}}, nil)
		if err != nil || filed[0].Astray != want {
			t.Errorf("%d: %+v, %v", i, filed, err)
		}
	}
	if all, err := s.Folders(t.Context(), mailboxtest.Own(an)); err != nil || len(all) != 8 {
		t.Errorf("%d folders, %v", len(all), err)
	}
}
