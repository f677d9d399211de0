package mailbox

import (
	"cmp"
	"maps"
	"slices"

	"haven"
	"haven/platform/db"
)

// Marks being made and counted. What a person's unread count less the folder's is, changes when the person marks something, and when a
// message with marks is placed or goes; a delivery brings a message without marks.

// tally is what a transaction changes in people's counts.
type tally map[tallyKey]*tallied

type tallyKey struct {
	person haven.AccountNo
	mb     haven.MailboxNo
}

type tallied struct {
	unseen int64
	seq    haven.Seq
}

func (t tally) add(person haven.AccountNo, mb haven.MailboxNo, unseen int64, seq haven.Seq) {
	k := tallyKey{person, mb}
	if t[k] == nil {
		t[k] = &tallied{}
	}
	t[k].unseen += unseen
	t[k].seq = max(t[k].seq, seq)
}

func (t tally) write(tx *db.Tx, account haven.AccountNo) {
	keys := slices.SortedFunc(maps.Keys(t), func(a, b tallyKey) int {
		return cmp.Or(cmp.Compare(a.person, b.person), cmp.Compare(a.mb, b.mb))
	})
	for _, k := range keys {
		tx.Exec(sqlAddCount, int64(account), int64(k.person), int64(k.mb), t[k].unseen, int64(t[k].seq))
	}
}

// counting keeps people's counts while messages with marks are placed and go.
type counting struct {
	tx      *db.Tx
	account haven.AccountNo
	readers []reader
	marks   map[haven.MessageID]marks
	tally   tally
}

// learn reads the marks on messages, and once the readers.
func (c *counting) learn(msgs ...haven.MessageID) error {
	msgs = slices.DeleteFunc(slices.Clone(msgs), func(m haven.MessageID) bool { return c.marks[m] != nil })
	if len(msgs) == 0 {
		return nil
	}
	if c.tally == nil {
		c.tally, c.marks = tally{}, map[haven.MessageID]marks{}
		err := c.tx.Query(sqlReaders, []any{int64(c.account)}, func(r db.Row) error {
			c.readers = append(c.readers, reader{haven.AccountNo(r.Int64(0)), haven.Seq(r.Int64(1))})
			return nil
		})
		if err != nil {
			return err
		}
	}
	for _, m := range msgs {
		c.marks[m] = marks{}
	}
	args := func(i int) []any { return []any{int64(c.account), int64(msgs[i])} }
	return c.tx.QueryEach(sqlMarks, len(msgs), args, func(i int, r db.Row) error {
		c.marks[msgs[i]][haven.AccountNo(r.Int64(0))] = mark{r.Bool(1), haven.Seq(r.Int64(2))}
		return nil
	})
}

// placed counts a placement of a message that was learnt: by is 1 where it came, -1 where it goes.
func (c *counting) placed(mb haven.MailboxNo, msg haven.MessageID, flags Flags, by int64) {
	m, shared := c.marks[msg], flags&Seen != 0
	for _, r := range c.readers {
		if differs := unread(r.reads(m[r.person], m[anyone], shared)) - unread(shared); differs != 0 {
			c.tally.add(r.person, mb, by*differs, 0)
		}
	}
}

func (c *counting) finish() { c.tally.write(c.tx, c.account) }

// unread is 1 for what is not read.
func unread(read bool) int64 {
	if read {
		return 0
	}
	return 1
}

// countPlaced counts the marks on messages that were just placed.
func countPlaced(tx *db.Tx, account haven.AccountNo, mb haven.MailboxNo, ps []placing) error {
	var msgs []haven.MessageID
	for _, p := range ps {
		if p.flags&marked != 0 {
			msgs = append(msgs, p.msg)
		}
	}
	if len(msgs) == 0 {
		return nil
	}
	c := counting{tx: tx, account: account}
	if err := c.learn(msgs...); err != nil {
		return err
	}
	for _, p := range ps {
		if p.flags&marked != 0 {
			c.placed(mb, p.msg, p.flags, 1)
		}
	}
	c.finish()
	return nil
}

// ownSeen makes \Seen of new messages, which are about to be placed, a mark of the person who puts them there.
func ownSeen(tx *db.Tx, v Viewer, l *lock, ps []placing) error {
	if l.reads != each {
		return nil
	}
	var r reader
	for i := range ps {
		p := &ps[i]
		if p.flags&Seen == 0 {
			continue
		}
		if r.person == 0 {
			var err error
			if r, err = enrol(tx, v.Account, v.Person, l); err != nil {
				return err
			}
		}
		p.flags = p.flags&^Seen | marked
		tx.Exec(sqlPutMark, int64(v.Account), int64(p.msg), int64(r.person), true, int64(p.seq))
		if r.person != anyone {
			tx.Exec(sqlPutMark, int64(v.Account), int64(p.msg), int64(anyone), true, int64(p.seq))
		}
	}
	return nil
}

// ownWriter writes the marks of one person in a STORE.
type ownWriter struct {
	reader
	pairs map[haven.MessageID]*pair
	tally tally
}

// newOwnWriter reads the marks on a batch of rows and makes the rows what the person sees.
func newOwnWriter(tx *db.Tx, v Viewer, l *lock, b *batch) (*ownWriter, error) {
	r, err := enrol(tx, v.Account, v.Person, l)
	if err != nil {
		return nil, err
	}
	msgs := make([]haven.MessageID, len(b.rows))
	for i, row := range b.rows {
		msgs[i] = row.Msg
	}
	ps, err := r.pairs(tx, v.Account, msgs)
	if err != nil {
		return nil, err
	}
	o := &ownWriter{reader: r, pairs: make(map[haven.MessageID]*pair, len(msgs)), tally: tally{}}
	for i := range b.rows {
		row, p := &b.rows[i], &ps[i]
		o.pairs[row.Msg] = p
		row.Flags = withSeen(row.Flags, r.reads(p.own, p.any, row.Flags&Seen != 0))
		row.Changed = r.changed(p.own, p.any, row.Changed)
	}
	return o, nil
}

// mark writes what the person says of row i's message, for all its places.
func (f *flagWriter) mark(i int, seen bool, ch FlagChange) error {
	o, row := f.own, f.batch.rows[i]
	places := []sibling{{placed{f.batch.mb, row.UID, f.batch.raw[i], row.Keywords}, 0}}
	if f.batch.raw[i]&many != 0 {
		var err error
		if places, err = siblings(f.tx, f.account, row.Msg); err != nil {
			return err
		}
	}
	p, now := o.pairs[row.Msg], mark{seen, f.lock.take()}
	first := seen && p.any.changed == 0 && o.person != anyone
	for _, q := range places {
		shared := q.flags&Seen != 0
		o.tally.add(o.person, q.mb, unread(seen)-unread(o.reads(p.own, p.any, shared)), now.changed)
		if first {
			o.tally.add(anyone, q.mb, -unread(shared), now.changed)
		}
		if q.flags&marked == 0 {
			f.tx.Exec(sqlSetInner, int64(f.account), int64(q.mb), int64(q.uid), int64(q.flags|marked))
		}
		f.marked(q, o.changed(p.own, p.any, q.changed), now, ch)
	}
	f.tx.Exec(sqlPutMark, int64(f.account), int64(row.Msg), int64(o.person), seen, int64(now.changed))
	p.own = now
	if first {
		f.tx.Exec(sqlPutMark, int64(f.account), int64(row.Msg), int64(anyone), true, int64(now.changed))
		p.any = now
	}
	return nil
}

// marked keeps the batch as the person sees it, and notes what changed beside it. before is when the place had changed last.
func (f *flagWriter) marked(q sibling, before haven.Seq, now mark, ch FlagChange) {
	if k := f.batch.index(q.mb, q.uid); k >= 0 {
		f.batch.raw[k] |= marked
		f.batch.rows[k].Flags = withSeen(f.batch.rows[k].Flags, now.seen)
		f.batch.rows[k].Changed = now.changed
	} else if q.mb == f.batch.mb && (ch.UnchangedSince == nil || before <= *ch.UnchangedSince) {
		f.beyond = append(f.beyond, q.uid)
	}
}
