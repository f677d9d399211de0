package mailbox

import (
	"context"
	"slices"

	"haven"
	"haven/platform/db"
)

// which says what an expunge takes.
type which uint8

const (
	deletedOnly which = iota // those with \Deleted
	allMessages
	halfCopied // all, which a copy made that failed later
)

// Expunge removes the messages that carry \Deleted, those in the ranges only when uids is not nil, and returns their
// UIDs. A message whose last placement goes stays restorable for policy.Mailbox.RestoreFor, outside quota and search.
// It goes in steps, each durable by itself; after an error the result names what has gone.
func (s *Service) Expunge(ctx context.Context, v Viewer, mb haven.MailboxNo, uids []Range) (gone []haven.UID, err error) {
	if uids == nil {
		uids = []Range{{1, MaxUID}}
	}
	marked, err := s.marked(ctx, v, mb, uids)
	if err != nil {
		return nil, err
	}
	for w := newWalk(marked, s.step); ; {
		part := w.next()
		if len(part) == 0 {
			return gone, nil
		}
		step, err := s.expungeStep(ctx, v, mb, part, deletedOnly)
		if err != nil {
			return gone, err
		}
		gone = append(gone, step...)
		w.done(part, len(step), lastOf(step))
	}
}

func lastOf(uids []haven.UID) haven.UID {
	if len(uids) == 0 {
		return 0
	}
	return uids[len(uids)-1]
}

// marked are the UIDs that carry \Deleted. A large mailbox is gone through here, in a snapshot, so that the writer meets
// only what is to go; and a mailbox where nothing is to go costs no commit.
func (s *Service) marked(ctx context.Context, v Viewer, mb haven.MailboxNo, uids []Range) (out []Range, err error) {
	rest := joinRanges(slices.Clone(uids))
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		var found []haven.UID
		if _, err := s.need(tx, v, haven.Write); err != nil {
			return err
		}
		f, err := folderNo(tx, v.Account, mb)
		if err != nil || f.Deleted == 0 {
			return err
		}
		err = tx.QueryEach(sqlMarked, len(rest),
			func(i int) []any {
				return []any{int64(v.Account), int64(mb), int64(rest[i].Lo), int64(rest[i].Hi)}
			},
			func(_ int, r db.Row) error {
				found = append(found, haven.UID(r.Int64(0)))
				return nil
			})
		out = rangesOf(found)
		return err
	})
	return out, err
}

// expungeStep removes at most a step of messages of each range and returns their UIDs.
func (s *Service) expungeStep(ctx context.Context, v Viewer, mb haven.MailboxNo, part []Range, w which) (gone []haven.UID, err error) {
	err = s.write(ctx, v, haven.Write, s.step, func(tx *db.Tx, l *lock) error {
		if _, err := folderNo(tx, v.Account, mb); err != nil {
			return err
		}
		gone, err = s.expungeIn(tx, v.Account, l, mb, part, w)
		return err
	})
	return gone, err
}

func (s *Service) expungeIn(tx *db.Tx, account haven.AccountNo, l *lock, mb haven.MailboxNo, part []Range, w which) (gone []haven.UID, err error) {
	rows, err := removable(tx, account, mb, part, w, s.step)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	r := remover{tx: tx, account: account, lock: l, now: micros(s.clock.Now())}
	if err := r.learn(rows); err != nil {
		return nil, err
	}
	why := expunged
	if w == halfCopied {
		why = left
	}
	for _, row := range rows {
		if err := r.remove(mb, row, why); err != nil {
			return nil, err
		}
		gone = append(gone, row.uid)
	}
	r.finish(mb)
	return gone, nil
}

// going is a placement about to be removed.
type going struct {
	placed
	msg            haven.MessageID
	size, received int64
	created        haven.Seq
	thread         haven.MessageID // where it goes elsewhere
}

func removable(tx *db.Tx, account haven.AccountNo, mb haven.MailboxNo, part []Range, w which, limit int) ([]going, error) {
	sql := sqlDeleted
	if w != deletedOnly {
		sql = sqlRemovable
	}
	var out []going
	err := tx.QueryEach(sql, len(part),
		func(i int) []any {
			return []any{int64(account), int64(mb), int64(part[i].Lo), int64(part[i].Hi), int64(limit)}
		},
		func(_ int, r db.Row) error {
			out = append(out, going{placed{mb, haven.UID(r.Int64(0)), Flags(r.Int64(2)), uint64(r.Int64(3))}, haven.MessageID(r.Int64(1)), r.Int64(4), 0, haven.Seq(r.Int64(5)), 0})
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
	people  counting
}

// parting is why a placement goes.
type parting uint8

const (
	expunged parting = iota // a person did away with it: it can be put back
	left                    // its message lives on in another account, or was a double: as gone as one expunged, but nothing to put back
	moved                   // its message gets another place in the same transaction
)

// remove deletes one placement and remembers that its UID vanished, with what Undelete needs. Unless it moved, a message
// that has no placement left leaves quota and search.
func (r *remover) remove(mb haven.MailboxNo, g going, why parting) error {
	if err := r.lock.withdraw(r.tx, r.account, mb, g.msg); err != nil {
		return err
	}
	seq := r.lock.take()
	kept := g.flags & (settable | marked | attachment)
	if why != expunged {
		kept |= parted
	}
	an := int64(r.account)
	r.tx.Exec(sqlDeletePlacement, an, int64(mb), int64(g.uid))
	r.tx.Exec(sqlInsertGone, an, int64(mb), int64(g.uid), int64(seq), int64(g.msg), r.now, int64(kept), int64(g.kw), int64(g.created))
	r.delta.gone++
	r.delta.bytes += g.size
	r.delta.unseen -= int64(bit(g.flags, Seen, false))
	r.delta.deleted -= int64(bit(g.flags, Deleted, true))
	r.delta.seq = seq
	if g.flags&marked != 0 {
		if err := r.learn([]going{g}); err != nil {
			return err
		}
		r.people.placed(mb, g.msg, g.flags, -1)
	}
	if why == moved {
		return nil
	}
	if g.flags&many != 0 {
		others, err := siblings(r.tx, r.account, g.msg)
		if err != nil || len(others) > 0 {
			return err
		}
	}
	r.bytes += g.size
	r.lost++
	r.tx.Exec(sqlInsertTodo, int64(g.msg), an, int64(1))
	return nil
}

// learn reads people's marks on what is to go, all at once.
func (r *remover) learn(rows []going) error {
	var msgs []haven.MessageID
	for _, g := range rows {
		if g.flags&marked != 0 {
			msgs = append(msgs, g.msg)
		}
	}
	r.people.tx, r.people.account = r.tx, r.account
	return r.people.learn(msgs...)
}

// learnRows is learn for rows with their flags columns, where they are to go away.
func (r *remover) learnRows(rows []Row, raw []Flags, away bool) error {
	var gs []going
	for i, row := range rows {
		if away && raw[i]&marked != 0 {
			gs = append(gs, going{placed: placed{flags: raw[i]}, msg: row.Msg})
		}
	}
	return r.learn(gs)
}

func (r *remover) finish(mb haven.MailboxNo) {
	d := r.delta
	r.tx.Exec(sqlCount, int64(r.account), int64(mb), d.gone, d.unseen, d.deleted, d.bytes, int64(d.seq))
	if r.lost > 0 {
		r.tx.Exec(sqlUse, int64(r.account), -r.bytes, -r.lost)
	}
	r.people.finish()
}
