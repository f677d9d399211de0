package mailbox_test

import (
	"errors"
	"testing"

	"haven/mail/mailbox"
	"haven/mail/mailbox/mailboxtest"
	"haven/platform/db"
	"haven/platform/errs"
)

// Letters of several folders come into one folder of another account; what was gone is left out, and a step is made whole or not at all.
func TestGather(t *testing.T) {
	t.Parallel()
	mailboxtest.Each(t, func(t *testing.T, s *mailboxtest.Store) {
		ctx, from, to := t.Context(), mailboxtest.Own(s.Account()), mailboxtest.Own(s.Account())
		deliver(t, s, from.Account, 4)
		kept, err := s.CreateFolder(ctx, from, []string{"Kept"}, mailbox.NoRole)
		must(t, err)
		_, err = s.Move(ctx, from, inbox, only(3, 4), from, kept.No)
		must(t, err)
		flag(t, s, from, inbox, only(1), mailbox.Flagged|mailbox.Seen)
		expunge(t, s, from, inbox, only(2))
		wanted := []mailbox.Source{{Mailbox: inbox, UID: 1}, {Mailbox: inbox, UID: 2}, {Mailbox: kept.No, UID: 1}, {Mailbox: kept.No, UID: 2}}

		refused := errors.New("refused")
		n, err := s.Gather(ctx, from, wanted, to, inbox, func(*db.Tx, []mailbox.Source) error { return refused })
		if n != 0 || !errors.Is(err, refused) || len(rows(t, s, to, inbox)) != 0 {
			t.Errorf("%d, %v", n, err)
		}
		var told []mailbox.Source
		n, err = s.Gather(ctx, from, wanted, to, inbox, func(_ *db.Tx, made []mailbox.Source) error { told = append(told, made...); return nil })
		there, was := rows(t, s, to, inbox), rows(t, s, from, inbox)
		if n != 3 || err != nil || len(told) != 3 || len(there) != 3 || there[0].Flags != mailbox.Flagged|mailbox.Seen || !there[0].Received.Equal(was[0].Received) {
			t.Fatalf("%d, %v, told %v, there %+v", n, err, told, there)
		}

		// The room counts for what the step makes from all folders together.
		q, err := s.Quota(ctx, to)
		must(t, err)
		must(t, s.DB.Write(ctx, func(tx *db.Tx) error {
			tx.Exec(`UPDATE account_seq SET quota = $2 WHERE an = $1`, int64(to.Account), q.Bytes+there[0].Size+1)
			return nil
		}))
		if _, err = s.Gather(ctx, from, wanted, to, inbox, func(*db.Tx, []mailbox.Source) error { return nil }); !errs.Is(err, errs.OverQuota) || len(rows(t, s, to, inbox)) != 3 {
			t.Errorf("over quota: %v", err)
		}
		newest, err := s.Newest(ctx, to, inbox, 2)
		if err != nil || len(newest) != 2 || newest[0] != there[2] || newest[1] != there[1] {
			t.Errorf("%+v, %v", newest, err)
		}
		if _, err := s.Newest(ctx, from.As(to.Account), inbox, 2); !errs.Is(err, errs.NotFound) {
			t.Errorf("a stranger: %v", err)
		}
		if _, err := s.Gather(ctx, from, wanted, from.As(to.Account), inbox, nil); !errs.Is(err, errs.NotFound) {
			t.Errorf("into a stranger's mailbox: %v", err)
		}
	})
}
