package mailbox

import (
	"context"
	"slices"

	"haven"
	"haven/platform/db"
)

const (
	sqlReads     = `SELECT reads FROM account_seq WHERE an = $1`
	sqlSetReads  = `UPDATE account_seq SET reads = $2 WHERE an = $1`
	sqlSettling  = `SELECT DISTINCT q.an FROM reader q JOIN account_seq a ON a.an = q.an WHERE a.reads = 2 ORDER BY q.an`
	sqlWithMarks = `SELECT DISTINCT msg FROM seen_by WHERE an = $1 ORDER BY msg LIMIT $2`
	sqlGoneSeen  = `UPDATE gone SET flags = flags & $3 | $4 WHERE +an = $1 AND msg = $2 AND msg <> 0`
)

// endReaders ends the counts of people in an account without marks.
var endReaders = []string{
	`DELETE FROM reader_count WHERE an = $1`,
	`DELETE FROM reader WHERE an = $1`,
	`UPDATE account_seq SET reads = 0 WHERE an = $1`,
}

// ReadsEachIn reports whether each person reads an account's letters for oneself.
func (s *Service) ReadsEachIn(tx *db.Tx, account haven.AccountNo) (on bool, err error) {
	err = tx.Query(sqlReads, []any{int64(account)}, func(r db.Row) error {
		on = reads(r.Int64(0)) == each
		return nil
	})
	return on, err
}

// SetReadsEachIn decides how an account's letters count as read, in the transaction of who has decided it. Switched on, the people, who are
// all that may read it, begin with what was read by then, and whoever opens the account later with what anyone read until then. Switched
// off, what somebody has read is read: who calls it calls Settle after the commit, else Maintain does what is left.
func (s *Service) SetReadsEachIn(tx *db.Tx, account haven.AccountNo, on bool, people []haven.AccountNo) error {
	l, err := takeSeq(tx, account, 0)
	if err != nil || on == (l.reads == each) {
		return err
	}
	if !on {
		tx.Exec(sqlSetReads, int64(account), int64(settling))
		return nil
	}
	tx.Exec(sqlSetReads, int64(account), int64(each))
	tx.Exec(`UPDATE mailbox_count SET reads = 1 WHERE an = $1`, int64(account))
	tx.Exec(sqlPutReader, int64(account), int64(anyone), int64(0))
	for _, p := range people {
		if _, err := enrol(tx, account, p, l); err != nil {
			return err
		}
	}
	return nil
}

// Settle joins the marks that people left in an account that reads as one again, in small steps.
func (s *Service) Settle(ctx context.Context, account haven.AccountNo) error {
	for done := false; !done; {
		err := s.writeEach(ctx, map[haven.AccountNo]int{account: s.step}, func(tx *db.Tx, locks map[haven.AccountNo]*lock) (err error) {
			done, err = s.settle(tx, account, locks[account])
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// settleStep settles what was left undone, all of it.
func (s *Service) settleStep(ctx context.Context) (int, error) {
	var left []haven.AccountNo
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		left = nil
		return tx.Query(sqlSettling, nil, func(r db.Row) error {
			left = append(left, haven.AccountNo(r.Int64(0)))
			return nil
		})
	})
	for i := 0; i < len(left) && err == nil; i++ {
		err = s.Settle(ctx, left[i])
	}
	return 0, err
}

// settle joins some messages' marks; done is true when there are none left, or when they are to stay.
func (s *Service) settle(tx *db.Tx, account haven.AccountNo, l *lock) (done bool, err error) {
	if l.reads != settling {
		return true, nil
	}
	var msgs []haven.MessageID
	err = tx.Query(sqlWithMarks, []any{int64(account), int64(s.step)}, func(r db.Row) error {
		msgs = append(msgs, haven.MessageID(r.Int64(0)))
		return nil
	})
	if err != nil || len(msgs) > 0 {
		return false, join(tx, account, l, msgs, err)
	}
	for _, sql := range endReaders {
		tx.Exec(sql, int64(account))
	}
	// Every folder counts as changed, since nobody's modseq may go back.
	tx.Exec(`UPDATE mailbox_count SET reads = 0, hiseq = $2 WHERE an = $1`, int64(account), int64(l.take()))
	return true, nil
}

// join makes the marks on messages \Seen of their placements: read where it was before, or where somebody has read it. An error goes through.
func join(tx *db.Tx, account haven.AccountNo, l *lock, msgs []haven.MessageID, err error) error {
	if err != nil {
		return err
	}
	c := counting{tx: tx, account: account}
	if err := c.learn(msgs...); err != nil {
		return err
	}
	f := flagWriter{tx: tx, account: account, lock: l, counts: map[haven.MailboxNo]*delta{}}
	for _, msg := range msgs {
		read := false
		for person, m := range c.marks[msg] {
			read = read || person != anyone && m.seen
		}
		places, err := siblings(tx, account, msg)
		if err != nil {
			return err
		}
		for _, p := range places {
			c.placed(p.mb, msg, p.flags, -1)
			flags := p.flags
			if read {
				flags |= Seen
			}
			p.flags &^= marked
			f.set(p.placed, flags, p.kw)
		}
		tx.Exec(sqlGoneSeen, int64(account), int64(msg), int64(settable|parted), int64(withSeen(0, read)))
		tx.Exec(sqlForgetMarks, int64(account), int64(msg))
	}
	f.finish()
	c.finish()
	return nil
}

// joined joins the marks on the rows of a batch in an account that is being settled, and then reads them again.
func (s *Service) joined(tx *db.Tx, v Viewer, l *lock, b *batch, part []Range) (*batch, error) {
	if l.reads == each {
		return b, nil
	}
	var msgs []haven.MessageID
	for i, raw := range b.raw {
		if raw&marked != 0 {
			msgs = append(msgs, b.rows[i].Msg)
		}
	}
	if len(msgs) == 0 {
		return b, nil
	}
	slices.Sort(msgs)
	msgs = slices.Compact(msgs)
	if err := join(tx, v.Account, l, msgs, nil); err != nil {
		return nil, err
	}
	return rowsForWrite(tx, v.Account, b.mb, part, s.step)
}
