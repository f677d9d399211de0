package mailbox

import (
	"context"

	"haven"
	"haven/platform/blob"
	"haven/platform/db"
)

// A copy or a move between accounts makes new messages: what is sealed is opened and sealed anew for the other account
// outside the transaction, which then makes sure that the source is as it was read. The body is shared.

// crossing is a message on its way from one account to another.
type crossing struct {
	row             Row
	raw             Flags
	seen            bool            // by who carries it
	msg             haven.MessageID // its id there
	body            int64
	received        int64
	wrapped, sealed []byte
	refs            []int64
}

func (s *Service) transferAcross(ctx context.Context, t transfer, part []Range) (st stepped, err error) {
	read, rows, err := s.readCrossing(ctx, t, part)
	if err != nil || len(rows) == 0 {
		return stepped{}, err
	}
	numbers := map[haven.AccountNo]int{t.v.Account: s.step, t.to.Account: s.step}
	err = s.writeEach(ctx, numbers, func(tx *db.Tx, locks map[haven.AccountNo]*lock) (err error) {
		st, err = s.cross(tx, t, read, locks)
		return err
	})
	st.rows, st.last = len(rows), rows[len(rows)-1].UID
	return st, err
}

func (s *Service) readCrossing(ctx context.Context, t transfer, part []Range) (read []crossing, rows []Row, err error) {
	from, err := s.keysFor(ctx, t.v)
	if err != nil {
		return nil, nil, err
	}
	to, err := s.keysFor(ctx, t.to)
	if err != nil {
		return nil, nil, err
	}
	err = s.read(ctx, t.v, func(tx *db.Tx) error {
		b, err := rowsForWrite(tx, t.v.Account, t.mb, part, s.step)
		if err != nil {
			return err
		}
		read, rows = make([]crossing, 0, len(b.rows)), b.rows
		return tx.QueryEach(sqlMessage, len(b.rows), func(i int) []any { return []any{int64(b.rows[i].Msg), int64(t.v.Account)} }, func(i int, r db.Row) error {
			x := crossing{row: b.rows[i], msg: s.ids.next(s.clock.Now()), body: r.Int64(0), received: r.Int64(3)}
			err := x.reseal(from, to, r.Bytes(1), r.Bytes(5))
			read = append(read, x)
			return err
		})
	})
	return read, rows, err
}

// cross makes the messages there, and for a move takes them away here, with both accounts locked.
func (s *Service) cross(tx *db.Tx, t transfer, read []crossing, locks map[haven.AccountNo]*lock) (stepped, error) {
	if err := t.may(s, tx); err != nil {
		return stepped{}, err
	}
	f, err := folderNo(tx, t.to.Account, t.dst)
	if err != nil {
		return stepped{}, err
	}
	there, err := stillThere(tx, t, read)
	if err != nil || len(there) == 0 {
		return stepped{}, err
	}
	ps, rows, err := s.crossIn(tx, t, there, locks[t.to.Account])
	if err != nil {
		return stepped{}, err
	}
	if t.move {
		r := remover{tx: tx, account: t.v.Account, lock: locks[t.v.Account], now: micros(s.clock.Now())}
		raw := make([]Flags, len(there))
		rows := make([]Row, len(there))
		for i, x := range there {
			rows[i], raw[i] = x.row, x.raw
		}
		if err := r.learnRows(rows, raw, true); err != nil {
			return stepped{}, err
		}
		for _, x := range there {
			if err := r.remove(t.mb, going{placed{t.mb, x.row.UID, x.raw, x.row.Keywords}, x.row.Msg, x.row.Size, 0, x.row.Created, x.row.Thread}, left); err != nil {
				return stepped{}, err
			}
		}
		r.finish(t.mb)
	}
	first, err := place(tx, t.to.Account, t.dst, ps)
	for i := 0; i < len(ps) && err == nil; i++ {
		err = s.came(tx, t.to.Account, locks[t.to.Account], Coming{Msg: ps[i].msg, Thread: ps[i].thread, Refs: there[i].refs, At: s.clock.Now()})
	}
	return steppedOver(f, rows, first), err
}

// crossIn makes the new messages of the other account.
func (s *Service) crossIn(tx *db.Tx, t transfer, there []crossing, l *lock) (ps []placing, rows []Row, err error) {
	var bytes int64
	bodies := make([]blob.ID, len(there))
	for i, x := range there {
		bytes += x.row.Size
		bodies[i] = blob.ID(x.body)
	}
	if err := s.room(l, bytes); err != nil {
		return nil, nil, err
	}
	l.bytes += bytes
	names, err := keywords(tx, t.v.Account)
	if err != nil {
		return nil, nil, err
	}
	set, err := s.keywordSet(tx, t.to.Account)
	if err != nil {
		return nil, nil, err
	}
	for _, x := range there {
		thread, err := thread(tx, t.to.Account, x.msg, x.refs)
		if err != nil {
			return nil, nil, err
		}
		tx.Exec(sqlInsertMessage, int64(x.msg), int64(t.to.Account), x.body, x.wrapped, x.row.Size, x.received, int64(thread), x.sealed)
		tx.Exec(sqlInsertTodo, int64(x.msg), int64(t.to.Account), int64(0))
		ps = append(ps, placing{msg: x.msg, thread: thread, flags: withSeen(x.raw&(settable|attachment)&^Deleted, x.seen), kw: set.kept(named(names, x.row.Keywords)),
			size: x.row.Size, received: micros(x.row.Received), seq: l.take()})
		rows = append(rows, x.row)
	}
	tx.Exec(sqlUse, int64(t.to.Account), bytes, int64(len(there)))
	if err := ownSeen(tx, t.to, l, ps); err != nil {
		return nil, nil, err
	}
	return ps, rows, blob.Retained(tx, bodies...)
}

// named are the keywords of a row by name.
func named(names []string, kw uint64) []string {
	var out []string
	for i, name := range names {
		if kw&(1<<i) != 0 {
			out = append(out, name)
		}
	}
	return out
}

// stillThere leaves out what was expunged since it was read, and reads again what may have changed.
func stillThere(tx *db.Tx, t transfer, read []crossing) ([]crossing, error) {
	var there []crossing
	marks := false
	err := tx.QueryEach(sqlFlags, len(read),
		func(i int) []any { return []any{int64(t.v.Account), int64(t.mb), int64(read[i].row.UID)} },
		func(i int, r db.Row) error {
			x := read[i]
			x.raw, x.row.Keywords = Flags(r.Int64(0)), uint64(r.Int64(1))
			x.seen = x.raw&Seen != 0
			marks = marks || x.raw&marked != 0
			there = append(there, x)
			return nil
		})
	if err != nil || !marks {
		return there, err
	}
	rows := make([]Row, len(there))
	for i, x := range there {
		rows[i] = Row{Msg: x.row.Msg, Flags: x.raw}
	}
	err = showOwn(tx, t.v, rows)
	for i := range rows {
		there[i].seen = rows[i].Flags&Seen != 0
	}
	return there, err
}
