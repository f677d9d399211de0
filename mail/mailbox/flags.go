package mailbox

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"haven"
	"haven/platform/db"
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

// sibling is a place of a message.
type sibling struct {
	placed
	changed haven.Seq
}

// Store changes flags. What it changes in one placement it changes in all placements of the message, except \Deleted. It
// goes in steps of a few hundred rows; each step is durable by itself, and after an error the result names what was done.
func (s *Service) Store(ctx context.Context, v Viewer, mb haven.MailboxNo, uids []Range, ch FlagChange) (StoreResult, error) {
	ch.Flags &= settable
	var res StoreResult
	var own []haven.UID // changed by an earlier step, through another place of their message
	for w := newWalk(uids, s.step); ; {
		part := w.next()
		if len(part) == 0 {
			return res, nil
		}
		step, beyond, err := s.storeStep(ctx, v, mb, part, ch, own)
		if err != nil {
			return res, err
		}
		own = append(own, beyond...)
		res.Rows = append(res.Rows, step.Rows...)
		res.Before = append(res.Before, step.Before...)
		res.Modified = append(res.Modified, step.Modified...)
		last := haven.UID(0)
		if n := len(step.Rows); n > 0 {
			last = step.Rows[n-1].UID
		}
		w.done(part, len(step.Rows), last)
	}
}

// storeStep changes the rows of one step. beyond are UIDs of the mailbox outside the step that changed with them, and
// meet the condition of the STORE nonetheless; own are those of earlier steps.
func (s *Service) storeStep(ctx context.Context, v Viewer, mb haven.MailboxNo, part []Range, ch FlagChange, own []haven.UID) (res StoreResult, beyond []haven.UID, err error) {
	err = s.write(ctx, v, haven.Write, s.step, func(tx *db.Tx, l *lock) error {
		res, beyond = StoreResult{}, nil
		bits, err := s.keywordBits(tx, v.Account, ch.Keywords, ch.Op != RemoveFlags)
		if err != nil {
			return err
		}
		b, err := rowsForWrite(tx, v.Account, mb, part, s.step)
		if err != nil {
			return err
		}
		if b, err = s.joined(tx, v, l, b, part); err != nil {
			return err
		}
		f := flagWriter{tx: tx, account: v.Account, lock: l, batch: b, counts: map[haven.MailboxNo]*delta{}}
		if ch.Op != AddFlags {
			if err := f.guard(s, ch.Op == ReplaceFlags); err != nil {
				return err
			}
		}
		if l.reads == each {
			if f.own, err = newOwnWriter(tx, v, l, b); err != nil {
				return err
			}
		}
		late := make([]bool, len(b.rows)) // told before anything changes: one place of a message changes another's MODSEQ
		for i, row := range b.rows {
			res.Before = append(res.Before, row.Changed)
			late[i] = ch.UnchangedSince != nil && row.Changed > *ch.UnchangedSince && !slices.Contains(own, row.UID)
		}
		for i := range b.rows {
			if late[i] {
				res.Modified = append(res.Modified, b.rows[i].UID)
			} else if err := f.apply(i, ch, bits); err != nil {
				return err
			}
		}
		f.finish()
		res.Rows, beyond = b.rows, f.beyond
		return nil
	})
	return res, beyond, err
}

// batch is rows of one mailbox in UID order, in the middle of a writing transaction.
type batch struct {
	mb   haven.MailboxNo
	rows []Row
	raw  []Flags // their flags column, with many
}

// index is where a UID lies in the batch, or -1.
func (b *batch) index(mb haven.MailboxNo, uid haven.UID) int {
	i, ok := slices.BinarySearchFunc(b.rows, uid, func(r Row, uid haven.UID) int { return cmp.Compare(r.UID, uid) })
	if !ok || mb != b.mb {
		return -1
	}
	return i
}

// rowsForWrite reads rows together with their raw flags column, at most limit of each range.
func rowsForWrite(tx *db.Tx, account haven.AccountNo, mb haven.MailboxNo, part []Range, limit int) (*batch, error) {
	b := &batch{mb: mb}
	err := tx.QueryEach(sqlRows, len(part),
		func(i int) []any {
			return []any{int64(account), int64(mb), int64(part[i].Lo), int64(part[i].Hi), int64(limit)}
		},
		func(_ int, r db.Row) error {
			b.rows = append(b.rows, scanRow(r))
			b.raw = append(b.raw, Flags(r.Int64(2)))
			return nil
		})
	return b, err
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
	batch   *batch
	beyond  []haven.UID // of the batch's mailbox: unchanged until a row of the batch was
	counts  map[haven.MailboxNo]*delta
	own     *ownWriter // where each reads for oneself
	keep    uint64     // keywords that a replacement of all leaves as they are
	stays   uint64     // keywords that nobody takes away
	hidden  bool       // \Deleted changed somewhere
}

// guard looks which keywords are not the client's to take away, and where all are replaced which are not its own to set.
func (f *flagWriter) guard(s *Service, all bool) error {
	set, err := s.keywordSet(f.tx, f.account)
	if f.stays = set.find(KeywordMDNSent); all {
		f.keep = set.ourBits()
	}
	return err
}

// apply changes row i of the batch, and the other places of its message, which may lie in the batch too.
func (f *flagWriter) apply(i int, ch FlagChange, bits uint64) error {
	row, raw := &f.batch.rows[i], f.batch.raw[i]
	flags, kw := combine(row.Flags, row.Keywords, ch, bits)
	kw = kw&^f.keep | row.Keywords&(f.keep|f.stays)
	if flags == row.Flags && kw == row.Keywords {
		return nil
	}
	if f.own != nil {
		if (flags^row.Flags)&Seen != 0 {
			if err := f.mark(i, flags&Seen != 0, ch); err != nil {
				return err
			}
			raw = f.batch.raw[i]
		}
		if flags = withSeen(flags, raw&Seen != 0); flags == raw&settable && kw == row.Keywords {
			return nil
		}
	}
	shared := (flags^raw)&settable&^Deleted != 0 || kw != row.Keywords
	f.setRow(i, flags, kw)
	if flags&^raw&Deleted != 0 {
		if err := f.lock.withdraw(f.tx, f.account, f.batch.mb, row.Msg); err != nil {
			return err
		}
	}
	if raw&many == 0 || !shared {
		return nil
	}
	others, err := siblings(f.tx, f.account, row.Msg)
	if err != nil {
		return err
	}
	for _, o := range others {
		to := flags&^Deleted | o.flags&Deleted
		if k := f.batch.index(o.mb, o.uid); k < 0 {
			f.set(o.placed, to, kw)
			if o.mb == f.batch.mb && (ch.UnchangedSince == nil || o.changed <= *ch.UnchangedSince) {
				f.beyond = append(f.beyond, o.uid)
			}
		} else if k != i {
			f.setRow(k, to, kw)
		}
	}
	return nil
}

// setRow writes a row of the batch, and keeps the batch as the table is.
func (f *flagWriter) setRow(i int, flags Flags, kw uint64) {
	row := &f.batch.rows[i]
	old := placed{f.batch.mb, row.UID, f.batch.raw[i], row.Keywords}
	shown := flags & settable
	if f.own != nil {
		shown = withSeen(shown, row.Flags&Seen != 0)
	}
	row.Flags, row.Keywords, row.Changed = shown, kw, f.set(old, flags, kw)
	f.batch.raw[i] = flags&settable | f.batch.raw[i]&inner
}

// set writes one placement's flags, keeping its inner bits, and returns its new seq. Placements beyond the block of
// numbers share its last: a seq may be shared, it may not go back.
func (f *flagWriter) set(p placed, flags Flags, kw uint64) haven.Seq {
	seq := f.lock.take()
	f.tx.Exec(sqlSetFlags, int64(f.account), int64(p.mb), int64(p.uid), int64(flags&settable|p.flags&inner), flags&Seen != 0, int64(kw), int64(seq))
	f.hidden = f.hidden || (flags^p.flags)&Deleted != 0
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

func (f *flagWriter) finish() {
	for _, mb := range slices.Sorted(maps.Keys(f.counts)) {
		d := f.counts[mb]
		f.tx.Exec(sqlCount, int64(f.account), int64(mb), d.gone, d.unseen, d.deleted, d.bytes, int64(d.seq))
	}
	if f.hidden {
		f.tx.Exec(sqlTouchThreads, int64(f.account))
	}
	if f.own != nil {
		f.own.tally.write(f.tx, f.account)
	}
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
func siblings(tx *db.Tx, account haven.AccountNo, msg haven.MessageID) ([]sibling, error) {
	var out []sibling
	err := tx.Query(sqlSiblings, []any{int64(account), int64(msg)}, func(r db.Row) error {
		out = append(out, sibling{placed{haven.MailboxNo(r.Int64(0)), haven.UID(r.Int64(1)), Flags(r.Int64(2)), uint64(r.Int64(3))}, haven.Seq(r.Int64(4))})
		return nil
	})
	return out, err
}
