package mailbox

import (
	"cmp"
	"context"
	"slices"
	"time"

	"haven"
	"haven/platform/db"
	"haven/platform/errs"
)

// parted, in the flags column of gone alone, marks a UID whose message was not expunged there: it moved, within its
// account or to another, or the service took a double copy away.
const parted Flags = 1 << 17

// Expunged names messages by when they were expunged, from Since on and before Until, and by the folder that they were
// in last; 0 is every folder.
type Expunged struct {
	Since, Until time.Time
	Folder       haven.MailboxNo
}

// ExpungedFrom is what was expunged from one folder and can be put back.
type ExpungedFrom struct {
	Folder      haven.MailboxNo
	Path        []string // nil where the folder is no more
	Messages    int64
	Bytes       int64
	First, Last time.Time // when they were expunged
}

// lost is an expunged message that no folder holds.
type lost struct {
	mb  haven.MailboxNo
	uid haven.UID
	at  int64
	msg haven.MessageID
	placing
}

// lostOf are the messages of an account that w names, in the order of folders and their UIDs there. What went on to another account is lost only where it is kept here
// (Change.Keep).
func lostOf(tx *db.Tx, account haven.AccountNo, w Expunged) (out []lost, err error) {
	err = tx.Query(sqlLost, []any{int64(account), micros(w.Since), micros(w.Until)}, func(r db.Row) error {
		l := lost{mb: haven.MailboxNo(r.Int64(0)), uid: haven.UID(r.Int64(1)), at: r.Int64(2), msg: haven.MessageID(r.Int64(3))}
		flags := Flags(r.Int64(4))
		if flags&parted != 0 && !r.Bool(9) || w.Folder != 0 && l.mb != w.Folder {
			return nil
		}
		l.placing = placing{msg: l.msg, thread: haven.MessageID(r.Int64(8)), flags: flags & (settable | marked | attachment) &^ Deleted, kw: uint64(r.Int64(5)), size: r.Int64(6), received: r.Int64(7)}
		out = append(out, l)
		return nil
	})
	slices.SortFunc(out, func(a, b lost) int { return cmp.Or(cmp.Compare(a.mb, b.mb), cmp.Compare(a.uid, b.uid)) })
	return out, err
}

// Expunged counts what Undelete would put back, a row for each folder, in the order of their numbers. No viewer is asked: it is for
// those who keep the service, and says nothing of what the messages hold.
func (s *Service) Expunged(ctx context.Context, account haven.AccountNo, w Expunged) (out []ExpungedFrom, err error) {
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		out = nil
		all, err := lostOf(tx, account, w)
		if err != nil || len(all) == 0 {
			return err
		}
		t, err := folders(tx, Viewer{Account: account})
		for _, l := range all {
			at := fromMicros(l.at)
			if n := len(out); n == 0 || out[n-1].Folder != l.mb {
				out = append(out, ExpungedFrom{Folder: l.mb, Path: t.path(l.mb), First: at, Last: at})
			}
			f := &out[len(out)-1]
			f.Messages++
			f.Bytes += l.size
			if at.Before(f.First) {
				f.First = at
			}
			if at.After(f.Last) {
				f.Last = at
			}
		}
		return err
	})
	return out, err
}

// FolderOf is the number of an account's folder, for those who keep the service.
func (s *Service) FolderOf(ctx context.Context, account haven.AccountNo, path []string) (no haven.MailboxNo, err error) {
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		t, err := folders(tx, Viewer{Account: account})
		if err != nil {
			return err
		}
		f, ok := t.at(path)
		if !ok {
			return errNoFolder
		}
		no = f.No
		return nil
	})
	return no, err
}

// Undelete puts back what was expunged and is still kept (policy.Mailbox.RestoreFor), with the flags and keywords that it had,
// into the folder that it was in last, or into the Inbox where that folder is no more; into, when not 0, takes all of
// it. Each message gets a new UID, in the order of its old ones, and counts against the quota again; its id, thread and
// date are what they were. It goes in steps, each durable by itself together with what
// also does, which is told what came back in it; after an error the result names all that came back. No viewer is asked: who
// calls it has decided.
func (s *Service) Undelete(ctx context.Context, account haven.AccountNo, w Expunged, into haven.MailboxNo, also func(tx *db.Tx, back []Filed)) (back []Filed, err error) {
	var all []lost
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		all, err = lostOf(tx, account, w)
		return err
	})
	if err != nil {
		return nil, err
	}
	for part := range slices.Chunk(all, s.step) {
		var step []Filed
		err := s.writeEach(ctx, map[haven.AccountNo]int{account: len(part)}, func(tx *db.Tx, locks map[haven.AccountNo]*lock) (err error) {
			if step, err = s.putBack(tx, account, locks[account], part, into); err == nil && len(step) > 0 {
				also(tx, step)
			}
			return err
		})
		if err != nil {
			return back, err
		}
		back = append(back, step...)
	}
	return back, nil
}

// putBack places those of the messages that are still lost.
func (s *Service) putBack(tx *db.Tx, account haven.AccountNo, l *lock, part []lost, into haven.MailboxNo) (back []Filed, err error) {
	still, bytes, err := stillLost(tx, account, part)
	if err != nil || len(still) == 0 {
		return nil, err
	}
	if err := s.room(l, bytes); err != nil {
		return nil, err
	}
	for len(still) > 0 {
		from := still[0].mb
		n := slices.IndexFunc(still, func(m lost) bool { return m.mb != from })
		if n < 0 || into != 0 {
			n = len(still)
		}
		to, err := destination(tx, account, from, into)
		if err != nil {
			return nil, err
		}
		ps := make([]placing, n)
		for i, m := range still[:n] {
			ps[i] = m.placing
			ps[i].seq = l.take()
			tx.Exec(sqlInsertTodo, int64(m.msg), int64(account), int64(0))
		}
		first, err := place(tx, account, to, ps)
		if err != nil {
			return nil, err
		}
		for i, p := range ps {
			back = append(back, Filed{Account: account, Mailbox: to, UID: first + haven.UID(i), Msg: p.msg, Seq: p.seq})
		}
		still = still[n:]
	}
	tx.Exec(sqlUse, int64(account), bytes, int64(len(back)))
	return back, nil
}

// destination is the folder that messages lost from a folder go back into.
func destination(tx *db.Tx, account haven.AccountNo, from, into haven.MailboxNo) (haven.MailboxNo, error) {
	want := cmp.Or(into, from)
	f, err := folderNo(tx, account, want)
	switch {
	case errs.Is(err, errs.NotFound) && into == 0:
		return provisioned(Inbox), nil
	case err == nil && f.Role == Scheduled && into == 0:
		return provisioned(Drafts), nil // it is not sent any more
	case err == nil && f.Role == Scheduled:
		return 0, errScheduled
	}
	return want, err
}

// stillLost leaves out what came back or lapsed since it was read, and adds up the room that the rest needs.
func stillLost(tx *db.Tx, account haven.AccountNo, part []lost) (still []lost, bytes int64, err error) {
	lost := make([]bool, len(part))
	err = tx.QueryEach(sqlStillLost, len(part), func(i int) []any { return []any{int64(account), int64(part[i].msg)} }, func(i int, _ db.Row) error {
		lost[i] = true
		return nil
	})
	for i, m := range part {
		if lost[i] {
			still = append(still, m)
			bytes += m.size
		}
	}
	return still, bytes, err
}
