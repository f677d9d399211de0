package mailbox

import (
	"context"
	"slices"

	"haven"
	"haven/platform/db"
)

// which says what an expunge takes.
type which bool

const (
	deletedOnly which = false // those with \Deleted
	allMessages which = true
)

// Expunge removes the messages that carry \Deleted, those in the ranges only when uids is not nil, and returns their
// UIDs. A message whose last placement goes stays restorable for policy.Mailbox.RestoreFor, outside quota and search.
func (s *Service) Expunge(ctx context.Context, v Viewer, mb haven.MailboxNo, uids []Range) (gone []haven.UID, err error) {
	if uids == nil {
		uids = []Range{{1, MaxUID}}
	}
	for _, rg := range joinRanges(slices.Clone(uids)) {
		for more := true; more; {
			var step []haven.UID
			if step, more, err = s.expungeStep(ctx, v, mb, rg, deletedOnly, nil); err != nil {
				return gone, err
			}
			if gone = append(gone, step...); len(step) > 0 {
				rg.Lo = step[len(step)-1]
			}
		}
	}
	return gone, nil
}

// expungeStep removes at most stepRows messages of a range; more is true when it may not have been all. only, when
// not nil, leaves all other UIDs alone.
func (s *Service) expungeStep(ctx context.Context, v Viewer, mb haven.MailboxNo, rg Range, w which, only map[haven.UID]bool) (gone []haven.UID, more bool, err error) {
	now := micros(s.clock.Now())
	err = s.write(ctx, v, haven.Write, stepRows, func(tx *db.Tx, l *lock) error {
		gone, more = nil, false
		f, err := folderNo(tx, v.Account, mb)
		if err != nil || w == deletedOnly && f.Deleted == 0 {
			return err
		}
		rows, err := removable(tx, v.Account, mb, rg, w, only)
		if err != nil || len(rows) == 0 {
			return err
		}
		more = len(rows) == stepRows
		r := remover{tx: tx, account: v.Account, lock: l, now: now}
		for _, row := range rows {
			if err := r.remove(mb, row, true); err != nil {
				return err
			}
			gone = append(gone, row.uid)
		}
		r.finish(mb)
		return nil
	})
	return gone, more, err
}

// going is a placement about to be removed.
type going struct {
	placed
	msg            haven.MessageID
	size, received int64
}

func removable(tx *db.Tx, account haven.AccountNo, mb haven.MailboxNo, rg Range, w which, only map[haven.UID]bool) ([]going, error) {
	sql := sqlDeleted
	if w == allMessages {
		sql = `SELECT uid, msg, flags, kw, size FROM placement WHERE an = $1 AND mb = $2 AND uid BETWEEN $3 AND $4 ORDER BY uid LIMIT $5`
	}
	var out []going
	err := tx.Query(sql, []any{int64(account), int64(mb), int64(rg.Lo), int64(rg.Hi), int64(stepRows)}, func(r db.Row) error {
		if uid := haven.UID(r.Int64(0)); only == nil || only[uid] {
			out = append(out, going{placed{mb, uid, Flags(r.Int64(2)), uint64(r.Int64(3))}, haven.MessageID(r.Int64(1)), r.Int64(4), 0})
		}
		return nil
	})
	return out, err
}

// remover takes placements of one folder away in one transaction.
type remover struct {
	tx      *db.Tx
	account haven.AccountNo
	lock    *lock
	now     int64
	delta   delta
	bytes   int64 // of messages whose last placement went
	lost    int64 // such messages
}

// remove deletes one placement and remembers that its UID vanished. With last, a message without any placement left leaves quota and search
// (a move removes the source and leaves the message where it goes).
func (r *remover) remove(mb haven.MailboxNo, g going, last bool) error {
	seq := r.lock.take()
	an := int64(r.account)
	r.tx.Exec(sqlDeletePlacement, an, int64(mb), int64(g.uid))
	r.tx.Exec(sqlInsertGone, an, int64(mb), int64(g.uid), int64(seq), int64(g.msg), r.now)
	r.delta.gone++
	r.delta.bytes += g.size
	r.delta.unseen -= int64(bit(g.flags, Seen, false))
	r.delta.deleted -= int64(bit(g.flags, Deleted, true))
	r.delta.seq = seq
	if !last {
		return nil
	}
	if g.flags&many != 0 {
		left, err := siblings(r.tx, r.account, g.msg)
		if err != nil || len(left) > 0 {
			return err
		}
	}
	r.bytes += g.size
	r.lost++
	r.tx.Exec(sqlInsertTodo, int64(g.msg), an, int64(1))
	return nil
}

func (r *remover) finish(mb haven.MailboxNo) {
	d := r.delta
	r.tx.Exec(sqlCount, int64(r.account), int64(mb), d.gone, d.unseen, d.deleted, d.bytes, int64(d.seq))
	if r.lost > 0 {
		r.tx.Exec(sqlUse, int64(r.account), -r.bytes, -r.lost)
	}
}
