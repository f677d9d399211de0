package mailbox_test

import (
	"slices"
	"strings"
	"testing"

	"haven"
	"haven/mail/mailbox"
	"haven/mail/mailbox/mailboxtest"
	"haven/platform/db"
)

// faults are what Check finds, in a few words.
func faults(t *testing.T, s *mailboxtest.Store) (all []string) {
	t.Helper()
	must(t, s.Check(t.Context(), func(f mailbox.Fault) {
		all = append(all, f.What)
		if !f.Derived {
			t.Errorf("%s: not to be repaired", f.What)
		}
	}))
	return all
}

func repair(t *testing.T, s *mailboxtest.Store) {
	t.Helper()
	done := 0
	must(t, s.Repair(t.Context(), func(accounts, of int) {
		if done++; accounts != done || accounts > of {
			t.Errorf("%d of %d accounts", accounts, of)
		}
	}))
}

// Each thing that Check calls derived is broken, found, and rebuilt; the mailbox is then what it was.
func TestRepair(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, sql, found string }{
		{"counters", `UPDATE mailbox_count SET total = total + 3, unseen = 7, deleted = 2, bytes = 0`, "total, unseen, deleted or bytes differ"},
		{"room", `UPDATE account_seq SET bytes = 1, messages = 0`, "octets are counted as used"},
		{"no counters", `DELETE FROM mailbox_count WHERE mb = 1`, "has no counters"},
		{"modseq behind", `UPDATE mailbox_count SET hiseq = 1`, "newer than the folder's modseq"},
		{"modseq ahead", `UPDATE mailbox_count SET hiseq = 100000`, "newer than the account's"},
		{"seen", `UPDATE placement SET seen = 1 - seen`, "seen column"},
		{"unmarked", `UPDATE placement SET flags = flags & 31`, "not marked so"},
		{"size", `UPDATE placement SET size = size + 1`, "another size"},
		{"no thread", `UPDATE message SET thread = 0`, "it has no thread"},
		{"references lead nowhere", `DELETE FROM thread_ref`, "its references lead to none"},
		{"sealed", `UPDATE message SET sealed = key`, "sealed column doesn't open"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			mailboxtest.Each(t, func(t *testing.T, s *mailboxtest.Store) { breakAndRepair(t, s, c.sql, c.found) })
		})
	}
}

// A letter that comes after the repair joins the thread that it would have joined before.
func TestRepairedThreadsAreJoined(t *testing.T) {
	t.Parallel()
	mailboxtest.Each(t, func(t *testing.T, s *mailboxtest.Store) {
		an := s.Account()
		first := s.Deliver(an, "Message-ID: <1@ward.test>\nSubject: x\n\nx\n")
		must(t, s.DB.Write(t.Context(), func(tx *db.Tx) error { tx.Exec(`DELETE FROM thread_ref`); return nil }))
		repair(t, s)
		reply := s.Deliver(an, "Message-ID: <2@ward.test>\nReferences: <1@ward.test>\nSubject: x\n\nx\n")
		if n := count(t, s, `SELECT COUNT(*) FROM message WHERE thread = $1`, int64(first.Msg)); n != 2 {
			t.Errorf("%d letters in the thread of %d; the reply is %d", n, first.Msg, reply.Msg)
		}
	})
}

func breakAndRepair(t *testing.T, s *mailboxtest.Store, sql, found string) {
	an := s.Account()
	v, ctx := mailboxtest.Own(an), t.Context()
	deliver(t, s, an, 6)
	_, err := s.Copy(ctx, v, inbox, only(1), v, trash)
	must(t, err)
	flag(t, s, v, inbox, only(2, 3), mailbox.Seen)
	flag(t, s, v, inbox, only(3), mailbox.Deleted)
	expunge(t, s, v, inbox, only(6))
	before, err := s.View(ctx, v, inbox)
	must(t, err)
	was, room, info := rows(t, s, v, inbox), quota(t, s, v), subjects(t, s, v)
	must(t, s.DB.Write(ctx, func(tx *db.Tx) error { tx.Exec(sql); return nil }))
	if all := faults(t, s); !slices.ContainsFunc(all, func(f string) bool { return strings.Contains(f, found) }) {
		t.Fatalf("found %q", all)
	}
	repair(t, s)
	if all := faults(t, s); len(all) > 0 {
		t.Fatalf("after the repair: %q", all)
	}
	after, err := s.View(ctx, v, inbox)
	must(t, err)
	if after.Folder.HighestModSeq <= before.Folder.HighestModSeq || after.Folder.UIDNext != before.Folder.UIDNext ||
		after.Folder.Unseen != before.Folder.Unseen || after.Folder.Deleted != before.Folder.Deleted || !slices.Equal(after.UIDs.Ranges(), before.UIDs.Ranges()) {
		t.Errorf("the folder was %+v and is %+v", before, after)
	}
	if now := rows(t, s, v, inbox); !slices.Equal(was, now) || quota(t, s, v) != room || !slices.Equal(subjects(t, s, v), info) {
		t.Errorf("rows were %+v and are %+v; %q", was, now, subjects(t, s, v))
	}
}

func quota(t *testing.T, s *mailboxtest.Store, v mailbox.Viewer) mailbox.Quota {
	t.Helper()
	q, err := s.Quota(t.Context(), v)
	must(t, err)
	return q
}

func subjects(t *testing.T, s *mailboxtest.Store, v mailbox.Viewer) (all []string) {
	t.Helper()
	var ids []haven.MessageID
	for _, r := range rows(t, s, v, inbox) {
		ids = append(ids, r.Msg)
	}
	must(t, s.Infos(t.Context(), v, ids, func(_ int, i *mailbox.Info) error {
		all = append(all, i.Meta.Envelope.Subject)
		return nil
	}))
	return all
}

// A letter whose trace lines were sealed in the broken column keeps its body, and what is counted follows.
func TestRepairLosesTraceLines(t *testing.T) {
	t.Parallel()
	mailboxtest.Each(t, func(t *testing.T, s *mailboxtest.Store) {
		an := s.Account()
		v := mailboxtest.Own(an)
		filed, err := s.File(t.Context(), []mailbox.Filing{{Account: an, Letter: s.Letter(note(1)), Trace: []byte("Return-Path: <a@b.test>\r\n")}}, nil)
		must(t, err)
		s.Deliver(an, note(2))
		must(t, s.DB.Write(t.Context(), func(tx *db.Tx) error {
			tx.Exec(`UPDATE message SET sealed = key WHERE id = $1`, int64(filed[0].Msg))
			return nil
		}))
		repair(t, s)
		want := mailboxtest.CRLF(note(1))
		if got := s.Text(v, filed[0].Msg); got != want {
			t.Errorf("read %q", got)
		}
		if r := rows(t, s, v, inbox); r[0].Size != int64(len(want)) || quota(t, s, v).Bytes != 2*int64(len(want)) {
			t.Errorf("%+v, %+v", r, quota(t, s, v))
		}
	})
}

// What can't be derived is found and left alone.
func TestCheckFindsWhatCantBeDerived(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, sql, undo, found string }{
		{"no body", `UPDATE message SET body = -body`, `UPDATE message SET body = -body`, "has no row"},
		{"no message", `UPDATE placement SET msg = -msg WHERE uid = 1`, `UPDATE placement SET msg = -msg WHERE uid = 1`, "has no message"},
		{"no folder", `UPDATE mailbox SET mb = 77 WHERE mb = 1`, `UPDATE mailbox SET mb = 1 WHERE mb = 77`, "there is no such folder"},
		{"no parent", `UPDATE mailbox SET parent = 99 WHERE mb = 3`, `UPDATE mailbox SET parent = 0 WHERE mb = 3`, "its parent is missing"},
		{"UID twice", `UPDATE mailbox_count SET uidnext = 1 WHERE mb = 1`, `UPDATE mailbox_count SET uidnext = 4 WHERE mb = 1`, "not below UIDNEXT"},
		{"there and gone", `UPDATE gone SET lo = 2, hi = 2`, `UPDATE gone SET lo = 3, hi = 3`, "is there and has vanished"},
		{"number again", `UPDATE account_mail SET next_mb = next_mb - 1`, `UPDATE account_mail SET next_mb = next_mb + 1`, "given to the next folder too"},
		{"validity again", `UPDATE account_mail SET validity = validity - 1`, `UPDATE account_mail SET validity = validity + 1`, "given to another folder"},
		{"no next number", `UPDATE account_mail SET an = -an`, `UPDATE account_mail SET an = -an`, "no number for the next folder"},
		{"nothing leads to it", `UPDATE gone SET msg = -msg`, `UPDATE gone SET msg = -msg`, "in no folder and was expunged from none"},
		{"flags differ", `UPDATE placement SET flags = flags | 4 WHERE mb = 4`, `UPDATE placement SET flags = flags & 65536 WHERE mb = 4`, "flags differ between places"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			mailboxtest.Each(t, func(t *testing.T, s *mailboxtest.Store) {
				an := s.Account()
				v := mailboxtest.Own(an)
				deliver(t, s, an, 3)
				expunge(t, s, v, inbox, only(3))
				_, err := s.Copy(t.Context(), v, inbox, only(1), v, trash)
				must(t, err)
				check := func(sql string) (all []string) {
					must(t, s.DB.Write(t.Context(), func(tx *db.Tx) error { tx.Exec(sql); return nil }))
					must(t, s.Check(t.Context(), func(f mailbox.Fault) { all = append(all, f.What) }))
					return all
				}
				if all := check(c.sql); !slices.ContainsFunc(all, func(f string) bool { return strings.Contains(f, c.found) }) {
					t.Errorf("found %q", all)
				}
				if all := check(c.undo); len(all) > 0 {
					t.Errorf("mended, and found %q", all)
				}
			})
		})
	}
}

// A question that the database can't answer keeps no other from being asked, of no account.
func TestCheckGoesOn(t *testing.T) {
	t.Parallel()
	mailboxtest.Each(t, func(t *testing.T, s *mailboxtest.Store) {
		for range 3 {
			deliver(t, s, s.Account(), 1)
		}
		exec := func(sql string) {
			t.Helper()
			must(t, s.DB.Write(t.Context(), func(tx *db.Tx) error { tx.Exec(sql); return nil }))
		}
		exec(`UPDATE mailbox_count SET total = total + 1 WHERE mb = 1`)
		exec(`ALTER TABLE account_mail RENAME TO account_mail_away`)
		before := s.DB.Stats().Reads
		found := map[haven.AccountNo]bool{}
		if err := s.Check(t.Context(), func(f mailbox.Fault) { found[f.Account] = true }); err == nil {
			t.Error("nothing is said of what could not be checked")
		}
		if len(found) != 3 {
			t.Errorf("faults were found of %v", found)
		}
		if n := s.DB.Stats().Reads - before; n < 3*15 { // a snapshot each
			t.Errorf("%d snapshots", n)
		}
		exec(`ALTER TABLE account_mail_away RENAME TO account_mail`)
		exec(`UPDATE mailbox_count SET total = total - 1 WHERE mb = 1`)
	})
}
