package mailbox_test

import (
	"sync/atomic"
	"testing"

	"haven"
	"haven/mail/mailbox"
	"haven/mail/mailbox/mailboxtest"
	"haven/platform/db"
)

// must ends the test at an error.
func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func only(uids ...haven.UID) []mailbox.Range {
	var out []mailbox.Range
	for _, uid := range uids {
		out = append(out, mailbox.Range{Lo: uid, Hi: uid})
	}
	return out
}

// deliver files n notes into an account's Inbox, some in each commit.
func deliver(t testing.TB, s *mailboxtest.Store, an haven.AccountNo, n int) []mailbox.Filed {
	t.Helper()
	var all []mailbox.Filed
	for lo := 0; lo < n; lo += 100 {
		var filings []mailbox.Filing
		for i := lo; i < min(lo+100, n); i++ {
			filings = append(filings, mailbox.Filing{Account: an, Letter: s.Letter(note(i))})
		}
		filed, err := s.File(t.Context(), filings, nil)
		must(t, err)
		all = append(all, filed...)
	}
	return all
}

func flag(t testing.TB, s *mailboxtest.Store, v mailbox.Viewer, mb haven.MailboxNo, uids []mailbox.Range, f mailbox.Flags) {
	t.Helper()
	_, err := s.Store(t.Context(), v, mb, uids, mailbox.FlagChange{Op: mailbox.AddFlags, Flags: f})
	must(t, err)
}

// expunge marks messages and removes them.
func expunge(t testing.TB, s *mailboxtest.Store, v mailbox.Viewer, mb haven.MailboxNo, uids []mailbox.Range) {
	t.Helper()
	flag(t, s, v, mb, uids, mailbox.Deleted)
	_, err := s.Expunge(t.Context(), v, mb, uids)
	must(t, err)
}

// count is a query's one number.
func count(t testing.TB, s *mailboxtest.Store, sql string, args ...any) (n int64) {
	t.Helper()
	must(t, s.DB.Read(t.Context(), func(tx *db.Tx) error {
		return tx.Query(sql, args, func(r db.Row) error { n = r.Int64(0); return nil })
	}))
	return n
}

// once calls fn at the first change of an account, in the goroutine that made the change, before its call returns.
func once(t testing.TB, s *mailboxtest.Store, an haven.AccountNo, fn func()) {
	t.Helper()
	var done atomic.Bool
	sub := s.Watch(func(haven.AccountNo) {
		if done.CompareAndSwap(false, true) {
			fn()
		}
	}, an)
	t.Cleanup(sub.Close)
}
