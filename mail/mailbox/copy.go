package mailbox

import (
	"context"

	"haven"
	"haven/platform/db"
)

// Copy puts messages into another mailbox, of the same account or another that the person may write to, all or none
// (RFC 9051 §6.4.7). A copy carries the flags, except \Deleted. Within an account it is the same message in a further
// place; between accounts it is a new message over the same body, without those keywords that the other account has no
// room for.
func (s *Service) Copy(ctx context.Context, v Viewer, mb haven.MailboxNo, uids []Range, to Viewer, dst haven.MailboxNo) (Copied, error) {
	t := transfer{v: v, mb: mb, to: to, dst: dst}
	c, err := s.transfer(ctx, t, uids)
	if err == nil || len(c.To) == 0 {
		return c, err
	}
	// A large copy goes in steps; what the earlier steps made is taken away again, whatever the person may do by now.
	if undone := s.undo(context.WithoutCancel(ctx), t, c.To); undone != nil {
		s.log.Error("part of a copy that failed stays behind", "error", undone)
	}
	return Copied{}, err
}

// undo takes away what a copy made.
func (s *Service) undo(ctx context.Context, t transfer, made []haven.UID) error {
	for w := newWalk(rangesOf(made), s.step); ; {
		part := w.next()
		if len(part) == 0 {
			return nil
		}
		var gone []haven.UID
		err := s.writeEach(ctx, map[haven.AccountNo]int{t.to.Account: s.step}, func(tx *db.Tx, locks map[haven.AccountNo]*lock) (err error) {
			gone, err = s.expungeIn(tx, t.to.Account, locks[t.to.Account], t.dst, part, halfCopied)
			return err
		})
		if err != nil {
			return err
		}
		w.done(part, len(gone), lastOf(gone))
	}
}

// Move is Copy and removal from the source in one commit for each message (RFC 6851): on an error those moved so far
// are moved, and named in the answer, and the others untouched.
func (s *Service) Move(ctx context.Context, v Viewer, mb haven.MailboxNo, uids []Range, to Viewer, dst haven.MailboxNo) (Copied, error) {
	return s.transfer(ctx, transfer{v: v, mb: mb, to: to, dst: dst, move: true}, uids)
}

// transfer is a copy or a move from one mailbox to another.
type transfer struct {
	v    Viewer
	mb   haven.MailboxNo
	to   Viewer
	dst  haven.MailboxNo
	move bool
}

// may asks for the rights that the transfer needs at both ends.
func (t transfer) may(s *Service, tx *db.Tx) error {
	need := haven.Read
	if t.move {
		need |= haven.Write
	}
	if _, err := s.need(tx, t.v, need); err != nil {
		return err
	}
	_, err := s.need(tx, t.to, haven.Write)
	return err
}

// stepped is what one step of a transfer did, and how far it read.
type stepped struct {
	Copied
	rows int
	last haven.UID
}

func (s *Service) transfer(ctx context.Context, t transfer, uids []Range) (all Copied, err error) {
	step := s.transferWithin
	if t.v.Account != t.to.Account {
		step = s.transferAcross
	}
	// What a copy into the same mailbox makes is not copied again: the ranges end at the last UID of the start.
	last, err := s.lastUID(ctx, t)
	if err != nil || last == 0 {
		return all, err
	}
	for w := newWalk(intersect([]Range{{1, last}}, uids), s.step); ; {
		part := w.next()
		if len(part) == 0 {
			return all, nil
		}
		c, err := step(ctx, t, part)
		if err != nil {
			return all, err
		}
		if len(c.To) > 0 {
			all.UIDValidity = c.UIDValidity
			all.From, all.To = append(all.From, c.From...), append(all.To, c.To...)
		}
		w.done(part, c.rows, c.last)
	}
}

// lastUID checks both ends of a transfer, so that one of nothing is refused like one of much, and gives the source's last UID.
func (s *Service) lastUID(ctx context.Context, t transfer) (last haven.UID, err error) {
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		if err := t.may(s, tx); err != nil {
			return err
		}
		f, err := folderNo(tx, t.v.Account, t.mb)
		if err != nil {
			return err
		}
		last = f.UIDNext - 1
		if f, err = folderNo(tx, t.to.Account, t.dst); err == nil && f.Role == Scheduled {
			err = errScheduled
		}
		return err
	})
	return last, err
}

func (s *Service) transferWithin(ctx context.Context, t transfer, part []Range) (st stepped, err error) {
	an := t.v.Account
	err = s.writeEach(ctx, map[haven.AccountNo]int{an: 2 * s.step}, func(tx *db.Tx, locks map[haven.AccountNo]*lock) error {
		st = stepped{}
		if err := t.may(s, tx); err != nil {
			return err
		}
		f, err := folderNo(tx, an, t.dst)
		if err != nil {
			return err
		}
		b, err := rowsForWrite(tx, an, t.mb, part, s.step)
		if err != nil || len(b.rows) == 0 {
			return err
		}
		l := locks[an]
		r := remover{tx: tx, account: an, lock: l, now: micros(s.clock.Now())}
		if err := r.learnRows(b.rows, b.raw, t.move); err != nil {
			return err
		}
		ps := make([]placing, len(b.rows))
		for i, row := range b.rows {
			ps[i] = placing{msg: row.Msg, thread: row.Thread, flags: b.raw[i] &^ Deleted, kw: row.Keywords, size: row.Size, received: micros(row.Received)}
			if err := r.leave(t, row, b.raw[i], &ps[i]); err != nil {
				return err
			}
			ps[i].seq = l.take()
		}
		if t.move {
			r.finish(t.mb)
		}
		first, err := place(tx, an, t.dst, ps)
		st = steppedOver(f, b.rows, first)
		return err
	})
	return st, err
}

// leave is what a transfer within an account does to the source: a move takes it away, a copy marks both as having others.
func (r *remover) leave(t transfer, row Row, raw Flags, p *placing) error {
	if t.move {
		return r.remove(t.mb, going{placed{t.mb, row.UID, raw, row.Keywords}, row.Msg, row.Size, 0, row.Created, row.Thread}, moved)
	}
	if p.flags |= many; raw&many == 0 {
		r.tx.Exec(sqlMarkMany, int64(r.account), int64(t.mb), int64(row.UID), int64(raw|many))
	}
	return nil
}

// steppedOver is a step that gave the rows UIDs from first on.
func steppedOver(f Folder, rows []Row, first haven.UID) stepped {
	st := stepped{Copied: Copied{UIDValidity: f.UIDValidity}, rows: len(rows)}
	for i, row := range rows {
		st.From, st.To = append(st.From, row.UID), append(st.To, first+haven.UID(i))
		st.last = row.UID
	}
	return st
}
