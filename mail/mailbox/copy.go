package mailbox

import (
	"context"
	"slices"

	"haven"
	"haven/platform/blob"
	"haven/platform/db"
)

// Copy puts messages into another mailbox, of the same account or another that the person may write to, all or none
// (RFC 9051 §6.4.7). A copy carries the flags, except \Deleted. Within an account it is the same message in a further
// place; between accounts it is a new message over the same body.
func (s *Service) Copy(ctx context.Context, v Viewer, mb haven.MailboxNo, uids []Range, to Viewer, dst haven.MailboxNo) (Copied, error) {
	c, err := s.transfer(ctx, transfer{v: v, mb: mb, to: to, dst: dst}, uids)
	if err != nil && len(c.To) > 0 {
		// A large copy goes in steps; what the earlier steps made is taken away again.
		only := map[haven.UID]bool{}
		for _, uid := range c.To {
			only[uid] = true
		}
		undo := context.WithoutCancel(ctx)
		for lo := c.To[0]; ; {
			gone, more, undoErr := s.expungeStep(undo, to, dst, Range{lo, c.To[len(c.To)-1]}, allMessages, only)
			if undoErr != nil || !more || len(gone) == 0 {
				break
			}
			lo = gone[len(gone)-1] + 1
		}
		return Copied{}, err
	}
	return c, err
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

func (s *Service) transfer(ctx context.Context, t transfer, uids []Range) (Copied, error) {
	var all Copied
	step := s.transferWithin
	if t.v.Account != t.to.Account {
		step = s.transferAcross
	}
	// What a copy into the same mailbox makes is not copied again: the range ends at the last UID of the start.
	last, err := s.lastUID(ctx, t)
	if err != nil {
		return all, err
	}
	for _, rg := range joinRanges(slices.Clone(uids)) {
		for rg.Hi = min(rg.Hi, last); rg.Lo <= rg.Hi && rg.Lo != 0; {
			c, err := step(ctx, t, rg)
			if err != nil {
				return all, err
			}
			all.UIDValidity = c.UIDValidity
			all.From, all.To = append(all.From, c.From...), append(all.To, c.To...)
			if len(c.From) < stepRows {
				break
			}
			rg.Lo = c.From[len(c.From)-1] + 1
		}
	}
	return all, nil
}

// lastUID checks both ends of a transfer, so that one of nothing is refused like one of much, and gives the source's last UID.
func (s *Service) lastUID(ctx context.Context, t transfer) (last haven.UID, err error) {
	need := haven.Read
	if t.move {
		need |= haven.Write
	}
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		if _, err := s.need(tx, t.v, need); err != nil {
			return err
		}
		if _, err := s.need(tx, t.to, haven.Write); err != nil {
			return err
		}
		f, err := folderNo(tx, t.v.Account, t.mb)
		if err != nil {
			return err
		}
		last = f.UIDNext - 1
		_, err = folderNo(tx, t.to.Account, t.dst)
		return err
	})
	return last, err
}

func (s *Service) transferWithin(ctx context.Context, t transfer, rg Range) (c Copied, err error) {
	now := micros(s.clock.Now())
	err = s.write(ctx, t.v, haven.Write, 2*stepRows, func(tx *db.Tx, l *lock) error {
		c = Copied{}
		rows, raw, err := rowsForWrite(tx, t.v.Account, t.mb, rg, stepRows)
		if err != nil {
			return err
		}
		f, err := folderNo(tx, t.v.Account, t.dst)
		if err != nil || len(rows) == 0 {
			return err
		}
		r := remover{tx: tx, account: t.v.Account, lock: l, now: now}
		ps := make([]placing, len(rows))
		for i, row := range rows {
			ps[i] = placing{msg: row.Msg, flags: raw[i] &^ Deleted, kw: row.Keywords, size: row.Size, received: micros(row.Received)}
			if err := r.leave(t, row, raw[i], &ps[i]); err != nil {
				return err
			}
			ps[i].seq = l.take()
		}
		if t.move {
			r.finish(t.mb)
		}
		first, err := place(tx, t.v.Account, t.dst, ps)
		c = copied(f, rows, first)
		return err
	})
	return c, err
}

// leave is what a transfer within an account does to the source: a move takes it away, a copy marks both as having others.
func (r *remover) leave(t transfer, row Row, raw Flags, p *placing) error {
	if t.move {
		return r.remove(t.mb, going{placed{t.mb, row.UID, raw, row.Keywords}, row.Msg, row.Size, 0}, false)
	}
	if p.flags |= many; raw&many == 0 {
		r.tx.Exec(`UPDATE placement SET flags = $4 WHERE an = $1 AND mb = $2 AND uid = $3`, int64(r.account), int64(t.mb), int64(row.UID), int64(raw|many))
	}
	return nil
}

func copied(f Folder, rows []Row, first haven.UID) Copied {
	c := Copied{UIDValidity: f.UIDValidity, From: make([]haven.UID, len(rows)), To: make([]haven.UID, len(rows))}
	for i, row := range rows {
		c.From[i], c.To[i] = row.UID, first+haven.UID(i)
	}
	return c
}

// transferAcross copies or moves between accounts: what is sealed is opened and sealed anew for the other account
// outside the transaction, which then makes sure that the source is as it was read.
func (s *Service) transferAcross(ctx context.Context, t transfer, rg Range) (c Copied, err error) {
	batch, err := s.readCrossing(ctx, t, rg)
	if err != nil || len(batch) == 0 {
		return Copied{}, err
	}
	var srcSeq, dstSeq haven.Seq
	err = s.db.Write(ctx, func(tx *db.Tx) error {
		src, dst, err := lockBoth(tx, t.v.Account, t.to.Account, stepRows)
		if err != nil {
			return err
		}
		srcSeq, dstSeq = src.last, dst.last
		c, err = s.cross(tx, t, batch, src, dst)
		return err
	})
	if err != nil {
		return Copied{}, err
	}
	s.hub.Announce(t.to.Account, dstSeq)
	if t.move {
		s.hub.Announce(t.v.Account, srcSeq)
	}
	return c, nil
}

func lockBoth(tx *db.Tx, a, b haven.AccountNo, n int) (la, lb *lock, err error) {
	if a > b {
		lb, la, err = lockBoth(tx, b, a, n)
		return la, lb, err
	}
	if la, err = takeSeq(tx, a, n); err == nil {
		lb, err = takeSeq(tx, b, n)
	}
	return la, lb, err
}

// crossing is a message on its way from one account to another.
type crossing struct {
	row             Row
	raw             Flags
	keywords        []string
	msg             haven.MessageID // its id there
	body            int64
	received        int64
	wrapped, sealed []byte
	refs            []int64
}

func (s *Service) readCrossing(ctx context.Context, t transfer, rg Range) (batch []crossing, err error) {
	from, err := s.keys.Account(ctx, t.v.Account)
	if err != nil {
		return nil, err
	}
	to, err := s.keys.Account(ctx, t.to.Account)
	if err != nil {
		return nil, err
	}
	err = s.read(ctx, t.v, func(tx *db.Tx) error {
		batch = batch[:0]
		names, err := keywords(tx, t.v.Account)
		if err != nil {
			return err
		}
		rows, raw, err := rowsForWrite(tx, t.v.Account, t.mb, rg, stepRows)
		if err != nil {
			return err
		}
		return tx.QueryEach(sqlMessage, len(rows), func(i int) []any { return []any{int64(rows[i].Msg), int64(t.v.Account)} }, func(i int, r db.Row) error {
			x := crossing{row: rows[i], raw: raw[i], keywords: named(names, rows[i].Keywords), msg: s.ids.next(s.clock.Now()), body: r.Int64(0), received: r.Int64(3)}
			err := x.reseal(from, to, r.Bytes(1), r.Bytes(5))
			batch = append(batch, x)
			return err
		})
	})
	return batch, err
}

func named(names []string, kw uint64) []string {
	var out []string
	for i, name := range names {
		if kw&(1<<i) != 0 {
			out = append(out, name)
		}
	}
	return out
}

func (s *Service) cross(tx *db.Tx, t transfer, batch []crossing, src, dst *lock) (Copied, error) {
	need := haven.Read
	if t.move {
		need |= haven.Write
	}
	if _, err := s.need(tx, t.v, need); err != nil {
		return Copied{}, err
	}
	if _, err := s.need(tx, t.to, haven.Write); err != nil {
		return Copied{}, err
	}
	f, err := folderNo(tx, t.to.Account, t.dst)
	if err != nil {
		return Copied{}, err
	}
	batch, err = stillThere(tx, t, batch)
	if err != nil || len(batch) == 0 {
		return Copied{}, err
	}
	ps, rows, err := s.crossIn(tx, t, batch, dst)
	if err != nil {
		return Copied{}, err
	}
	if t.move {
		r := remover{tx: tx, account: t.v.Account, lock: src, now: micros(s.clock.Now())}
		for _, x := range batch {
			if err := r.remove(t.mb, going{placed{t.mb, x.row.UID, x.raw, x.row.Keywords}, x.row.Msg, x.row.Size, 0}, true); err != nil {
				return Copied{}, err
			}
		}
		r.finish(t.mb)
	}
	first, err := place(tx, t.to.Account, t.dst, ps)
	return copied(f, rows, first), err
}

// crossIn makes the new messages of the other account.
func (s *Service) crossIn(tx *db.Tx, t transfer, batch []crossing, dst *lock) (ps []placing, rows []Row, err error) {
	var bytes int64
	bodies := make([]blob.ID, len(batch))
	for i, x := range batch {
		bytes += x.row.Size
		bodies[i] = blob.ID(x.body)
	}
	if err := s.room(dst, bytes); err != nil {
		return nil, nil, err
	}
	for _, x := range batch {
		kw, err := keywordBits(tx, t.to.Account, x.keywords, true)
		if err != nil {
			return nil, nil, err
		}
		thread, err := thread(tx, t.to.Account, x.msg, x.refs)
		if err != nil {
			return nil, nil, err
		}
		tx.Exec(sqlInsertMessage, int64(x.msg), int64(t.to.Account), x.body, x.wrapped, x.row.Size, x.received, int64(thread), x.sealed)
		tx.Exec(sqlInsertTodo, int64(x.msg), int64(t.to.Account), int64(0))
		ps = append(ps, placing{msg: x.msg, flags: x.raw & settable &^ Deleted, kw: kw, size: x.row.Size, received: micros(x.row.Received), seq: dst.take()})
		rows = append(rows, x.row)
	}
	tx.Exec(sqlUse, int64(t.to.Account), bytes, int64(len(batch)))
	return ps, rows, blob.Retained(tx, bodies...)
}

// stillThere leaves out what was expunged since it was read.
func stillThere(tx *db.Tx, t transfer, batch []crossing) ([]crossing, error) {
	there := make([]bool, len(batch))
	err := tx.QueryEach(`SELECT flags FROM placement WHERE an = $1 AND mb = $2 AND uid = $3`, len(batch),
		func(i int) []any { return []any{int64(t.v.Account), int64(t.mb), int64(batch[i].row.UID)} },
		func(i int, r db.Row) error {
			there[i], batch[i].raw = true, Flags(r.Int64(0))
			return nil
		})
	var out []crossing
	for i, ok := range there {
		if ok {
			out = append(out, batch[i])
		}
	}
	return out, err
}
