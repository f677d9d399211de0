package mailbox

import (
	"context"
	"slices"

	"haven"
	"haven/platform/db"
	"haven/platform/errs"
)

// many marks, in the flags column alone, a message that may have further placements in its account, so that the common
// one with a single placement is changed without looking for others.
const many Flags = 1 << 16

// placed is a placement in the middle of a writing transaction.
type placed struct {
	mb    haven.MailboxNo
	uid   haven.UID
	flags Flags // with many
	kw    uint64
}

// Store changes flags. What it changes in one placement it changes in all placements of the message, except \Deleted (STORE.md, Copies).
// It goes in steps of a few hundred rows; each step is durable by itself.
func (s *Service) Store(ctx context.Context, v Viewer, mb haven.MailboxNo, uids []Range, ch FlagChange) (StoreResult, error) {
	ch.Flags &= settable
	var res StoreResult
	for _, rg := range joinRanges(slices.Clone(uids)) {
		for lo := rg.Lo; ; {
			step, last, err := s.storeStep(ctx, v, mb, Range{lo, rg.Hi}, ch)
			if err != nil {
				return res, err
			}
			res.Rows = append(res.Rows, step.Rows...)
			res.Modified = append(res.Modified, step.Modified...)
			if last == 0 || last >= rg.Hi {
				break
			}
			lo = last + 1
		}
	}
	return res, nil
}

// storeStep changes at most stepRows rows; last is the UID that it reached, 0 when there was no further row.
func (s *Service) storeStep(ctx context.Context, v Viewer, mb haven.MailboxNo, rg Range, ch FlagChange) (res StoreResult, last haven.UID, err error) {
	err = s.write(ctx, v, haven.Write, stepRows, func(tx *db.Tx, l *lock) error {
		res, last = StoreResult{}, 0
		bits, err := keywordBits(tx, v.Account, ch.Keywords, ch.Op != RemoveFlags)
		if err != nil {
			return err
		}
		rows, raw, err := rowsForWrite(tx, v.Account, mb, rg, stepRows)
		if err != nil {
			return err
		}
		if len(rows) == stepRows {
			last = rows[len(rows)-1].UID
		}
		f := flagWriter{tx: tx, account: v.Account, lock: l, counts: map[haven.MailboxNo]*delta{}}
		for i := range rows {
			if ch.UnchangedSince != nil && rows[i].Changed > *ch.UnchangedSince {
				res.Modified = append(res.Modified, rows[i].UID)
				continue
			}
			if err := f.apply(mb, &rows[i], raw[i], ch, bits); err != nil {
				return err
			}
		}
		res.Rows = rows
		return f.finish()
	})
	return res, last, err
}

// rowsForWrite reads rows together with their raw flags column.
func rowsForWrite(tx *db.Tx, account haven.AccountNo, mb haven.MailboxNo, rg Range, limit int) (rows []Row, raw []Flags, err error) {
	err = tx.Query(sqlRows, []any{int64(account), int64(mb), int64(rg.Lo), int64(rg.Hi), int64(limit)}, func(r db.Row) error {
		rows = append(rows, scanRow(r))
		raw = append(raw, Flags(r.Int64(2)))
		return nil
	})
	return rows, raw, err
}

// delta is what a transaction changes in a folder's counters.
type delta struct {
	gone, unseen, deleted, bytes int64
	seq                          haven.Seq
}

// flagWriter changes flags in one transaction and keeps the counters.
type flagWriter struct {
	tx      *db.Tx
	account haven.AccountNo
	lock    *lock
	counts  map[haven.MailboxNo]*delta
}

func (f *flagWriter) apply(mb haven.MailboxNo, row *Row, raw Flags, ch FlagChange, bits uint64) error {
	flags, kw := combine(row.Flags, row.Keywords, ch, bits)
	if flags == row.Flags && kw == row.Keywords {
		return nil
	}
	shared := (flags^row.Flags)&^Deleted != 0 || kw != row.Keywords
	old := placed{mb, row.UID, raw, row.Keywords}
	row.Flags, row.Keywords, row.Changed = flags, kw, f.set(old, flags, kw)
	if raw&many == 0 || !shared {
		return nil
	}
	others, err := siblings(f.tx, f.account, row.Msg)
	if err != nil {
		return err
	}
	for _, o := range others {
		if o.mb != mb || o.uid != row.UID {
			f.set(o, flags&^Deleted|o.flags&Deleted, kw)
		}
	}
	return nil
}

// set writes one placement's flags, keeping its many mark, and returns its new seq. Placements beyond the block of
// numbers share its last: a seq may be shared, it may not go back.
func (f *flagWriter) set(p placed, flags Flags, kw uint64) haven.Seq {
	seq := f.lock.take()
	f.tx.Exec(sqlSetFlags, int64(f.account), int64(p.mb), int64(p.uid), int64(flags|p.flags&many), flags&Seen != 0, int64(kw), int64(seq))
	d := f.count(p.mb)
	d.unseen += int64(bit(flags, Seen, false)) - int64(bit(p.flags, Seen, false))
	d.deleted += int64(bit(flags, Deleted, true)) - int64(bit(p.flags, Deleted, true))
	d.seq = seq
	return seq
}

func (f *flagWriter) count(mb haven.MailboxNo) *delta {
	d := f.counts[mb]
	if d == nil {
		d = &delta{}
		f.counts[mb] = d
	}
	return d
}

func (f *flagWriter) finish() error {
	for mb, d := range f.counts {
		f.tx.Exec(sqlCount, int64(f.account), int64(mb), d.gone, d.unseen, d.deleted, d.bytes, int64(d.seq))
	}
	return nil
}

// bit is 1 when the flag is set as wanted.
func bit(f, flag Flags, want bool) int {
	if (f&flag != 0) == want {
		return 1
	}
	return 0
}

func combine(flags Flags, kw uint64, ch FlagChange, bits uint64) (Flags, uint64) {
	switch ch.Op {
	case AddFlags:
		return flags | ch.Flags, kw | bits
	case RemoveFlags:
		return flags &^ ch.Flags, kw &^ bits
	case ReplaceFlags:
		return ch.Flags, bits
	}
	return flags, kw
}

// siblings are all placements of a message in its account.
func siblings(tx *db.Tx, account haven.AccountNo, msg haven.MessageID) ([]placed, error) {
	var out []placed
	err := tx.Query(sqlSiblings, []any{int64(account), int64(msg)}, func(r db.Row) error {
		out = append(out, placed{haven.MailboxNo(r.Int64(0)), haven.UID(r.Int64(1)), Flags(r.Int64(2)), uint64(r.Int64(3))})
		return nil
	})
	return out, err
}

var errReadOnly = errs.E(errs.Denied, "This folder is filled by the service and can't be changed.")
