package mailbox_test

import (
	"slices"
	"testing"

	"haven"
	"haven/mail/mailbox"
	"haven/mail/mailbox/mailboxtest"
	"haven/platform/errs"
)

// A keyword that is given once is in all places of the message, and is not given again, whatever its case.
func TestMarkOnce(t *testing.T) {
	t.Parallel()
	mailboxtest.Each(t, func(t *testing.T, s *mailboxtest.Store) {
		an := s.Account()
		v, ctx := mailboxtest.Own(an), t.Context()
		msg := s.Deliver(an, "Subject: x\n\nx\n").Msg
		_, err := s.Copy(ctx, v, inbox, all, v, inbox)
		must(t, err)
		mark := func(msg haven.MessageID, keyword string) (done bool, err error) {
			err = s.ChangeByItself(ctx, an, func(c *mailbox.Change) error {
				done, err = s.MarkOnce(c.Tx, an, msg, keyword)
				return err
			})
			return done, err
		}
		for i, want := range []bool{true, false} {
			done, err := mark(msg, []string{"$mdnsent", "$MDNSent"}[i])
			must(t, err)
			if done != want {
				t.Errorf("%d: %t", i, done)
			}
		}
		for _, r := range rows(t, s, v, inbox) {
			if r.Keywords != 1 {
				t.Errorf("%+v", r)
			}
		}
		for _, ch := range []mailbox.FlagChange{{Op: mailbox.RemoveFlags, Keywords: []string{"$MDNSent"}}, {Op: mailbox.ReplaceFlags, Flags: mailbox.Seen}} {
			_, err := s.Store(ctx, v, inbox, all, ch)
			must(t, err)
		}
		for _, e := range []mailbox.Edit{{Msg: msg, Unset: mailbox.Keywords{Names: []string{"$mdnsent"}}}, {Msg: msg, Replace: true}} {
			_, err := s.EditMessages(ctx, v, []mailbox.Edit{e})
			must(t, err)
		}
		for _, r := range rows(t, s, v, inbox) {
			if r.Keywords != 1 || r.Flags&mailbox.Seen != 0 {
				t.Errorf("after it was taken away: %+v", r)
			}
		}
		if _, err := mark(msg+1, "$mdnsent"); !errs.Is(err, errs.NotFound) {
			t.Errorf("one that there is not: %v", err)
		}
	})
}

func TestWithMessageID(t *testing.T) {
	t.Parallel()
	mailboxtest.Each(t, func(t *testing.T, s *mailboxtest.Store) {
		an := s.Account()
		v := mailboxtest.Own(an)
		first := s.Deliver(an, "Message-ID: <1@x>\nSubject: x\n\nx\n").Msg
		s.Deliver(an, "Message-ID: <2@x>\nReferences: <1@x>\nSubject: x\n\nx\n")
		again := s.Deliver(an, "Message-ID: <1@x>\nSubject: once more\n\nx\n").Msg
		find := func(id string) []haven.MessageID {
			t.Helper()
			got, err := s.WithMessageID(t.Context(), v, id)
			must(t, err)
			slices.Sort(got)
			return got
		}
		if got := find("1@x"); !slices.Equal(got, []haven.MessageID{first, again}) {
			t.Errorf("%v, want %v and %v", got, first, again)
		}
		if got := find("3@x"); got != nil {
			t.Errorf("what there is not: %v", got)
		}
		flag(t, s, v, inbox, only(1), mailbox.Deleted)
		if got := find("1@x"); !slices.Equal(got, []haven.MessageID{again}) {
			t.Errorf("with one out of sight: %v", got)
		}
	})
}
