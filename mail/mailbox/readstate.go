package mailbox

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"haven"
	"haven/platform/db"
)

// Read state per person (Rules 3, docs/decisions/006). A mailbox reads as one unless its owner chose otherwise: \Seen lies in the
// placement, and nothing here costs anything. Where each reads for oneself, \Seen of a placement stays as it was, and what a person
// does is a mark of that person on the message (seen_by), which the flags column of the message's placements announces (marked), so
// that a reader who meets no such bit looks no further.
//
// What a person sees of a message is the own mark; without one, that of anyone, if it was made before the person became a reader;
// else the placement's \Seen. So everybody begins with what was read by then. How far a person's unread differ from the folder's is
// counted as it changes (reader_count).

// marked, in the flags column alone, says that people may have marks of their own on the message.
const marked Flags = 1 << 18

// inner are the bits of the flags column that are no flags.
const inner = many | marked | weighed | attached

// reads is how an account's letters count as read.
type reads int64

const (
	asOne    reads = iota // read by one is read for all
	each                  // everybody for oneself
	settling              // as one again: marks that are left are being joined, message by message
)

// anyone is under whom it is marked that some person read a message. Who is no reader yet sees what anyone read.
const anyone haven.AccountNo = 0

// mark is a person's word on a message; the zero one is none.
type mark struct {
	seen    bool
	changed haven.Seq
}

// marks are those on one message, by person.
type marks map[haven.AccountNo]mark

// reader is a person, from when on what others read no longer counts; the zero one is anyone.
type reader struct {
	person haven.AccountNo
	since  haven.Seq
}

// reads reports whether a message counts as read by the reader: by the own mark, anyone's, and the placement's \Seen.
func (r reader) reads(own, any mark, shared bool) bool {
	switch {
	case own.changed != 0:
		return own.seen
	case any.changed != 0 && any.changed <= r.since:
		return true
	}
	return shared
}

// changed is when what the reader sees of a placement changed last.
func (r reader) changed(own, any mark, placement haven.Seq) haven.Seq {
	if any.changed > r.since {
		any.changed = 0
	}
	return max(placement, own.changed, any.changed)
}

const (
	sqlReader       = `SELECT since FROM reader WHERE an = $1 AND person = $2`
	sqlReaders      = `SELECT person, since FROM reader WHERE an = $1 ORDER BY person`
	sqlPutReader    = `INSERT INTO reader (an, person, since) VALUES ($1, $2, $3) ON CONFLICT (an, person) DO NOTHING`
	sqlBeginCounts  = `INSERT INTO reader_count (an, person, mb, unseen, hiseq) SELECT an, $2, mb, unseen, hiseq FROM reader_count WHERE an = $1 AND person = 0`
	sqlReaderCounts = `SELECT mb, unseen, hiseq FROM reader_count WHERE an = $1 AND person = $2`
	sqlAddCount     = `INSERT INTO reader_count (an, person, mb, unseen, hiseq) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (an, person, mb) DO UPDATE SET unseen = reader_count.unseen + excluded.unseen,
		hiseq = CASE WHEN excluded.hiseq > reader_count.hiseq THEN excluded.hiseq ELSE reader_count.hiseq END`
	sqlMarks    = `SELECT person, seen, changed FROM seen_by WHERE an = $1 AND msg = $2`
	sqlOwnMarks = sqlMarks + ` AND person IN (0, $3)`
	sqlPutMark  = `INSERT INTO seen_by (an, msg, person, seen, changed) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (an, msg, person) DO UPDATE SET seen = excluded.seen, changed = excluded.changed`
	sqlForgetMarks = `DELETE FROM seen_by WHERE an = $1 AND msg = $2`
	sqlSetInner    = `UPDATE placement SET flags = $4 WHERE an = $1 AND mb = $2 AND uid = $3`
	// The unary plus keeps both planners on seen_by_changed: what one person marked lately is few.
	sqlMarkedSince = `SELECT p.uid, p.msg, p.flags, p.kw, p.size, p.received, p.created, p.changed, p.thread FROM seen_by s
		JOIN placement p ON p.msg = s.msg AND +p.an = s.an WHERE s.an = $1 AND s.person = $2 AND s.changed > $3 AND s.changed <= $4 AND +p.mb = $5`
	sqlSeenDown = `SELECT p.uid, p.flags, COALESCE(o.seen, 0), COALESCE(o.changed, 0), COALESCE(a.changed, 0) FROM placement p
		LEFT JOIN seen_by o ON o.an = p.an AND o.msg = p.msg AND o.person = $3
		LEFT JOIN seen_by a ON a.an = p.an AND a.msg = p.msg AND a.person = 0
		WHERE p.an = $1 AND p.mb = $2 ORDER BY p.uid DESC LIMIT $4`
)

// readerOf is as whom a person reads; enrolled is false for one who sees what anyone read.
func readerOf(tx *db.Tx, account, person haven.AccountNo) (r reader, enrolled bool, err error) {
	err = tx.Query(sqlReader, []any{int64(account), int64(person)}, func(row db.Row) error {
		r, enrolled = reader{person, haven.Seq(row.Int64(0))}, person != anyone
		return nil
	})
	return r, enrolled, err
}

// enrol makes a person a reader, who from now on is not told what others read; up to now what anyone read is read. The account is locked.
func enrol(tx *db.Tx, account, person haven.AccountNo, l *lock) (reader, error) {
	r, enrolled, err := readerOf(tx, account, person)
	if err != nil || enrolled || person <= 0 {
		return r, err
	}
	r = reader{person, l.next}
	tx.Exec(sqlPutReader, int64(account), int64(person), int64(r.since))
	tx.Exec(sqlBeginCounts, int64(account), int64(person))
	return r, nil
}

// ownCounts makes folders' counters those of the viewer.
func ownCounts(tx *db.Tx, v Viewer, fs []Folder) error {
	r, _, err := readerOf(tx, v.Account, v.Person)
	if err != nil {
		return err
	}
	return r.counts(tx, v.Account, fs)
}

func (r reader) counts(tx *db.Tx, account haven.AccountNo, fs []Folder) error {
	return tx.Query(sqlReaderCounts, []any{int64(account), int64(r.person)}, func(row db.Row) error {
		for i := range fs {
			if fs[i].No == haven.MailboxNo(row.Int64(0)) {
				fs[i].Unseen += row.Int64(1)
				fs[i].HighestModSeq = max(fs[i].HighestModSeq, haven.Seq(row.Int64(2)))
			}
		}
		return nil
	})
}

// pair is a reader's mark on a message, and anyone's.
type pair struct{ own, any mark }

func (r reader) pairs(tx *db.Tx, account haven.AccountNo, msgs []haven.MessageID) ([]pair, error) {
	out := make([]pair, len(msgs))
	args := func(i int) []any { return []any{int64(account), int64(msgs[i]), int64(r.person)} }
	err := tx.QueryEach(sqlOwnMarks, len(msgs), args, func(i int, row db.Row) error {
		m := mark{row.Bool(1), haven.Seq(row.Int64(2))}
		if person := haven.AccountNo(row.Int64(0)); person == r.person {
			out[i].own = m
		} else {
			out[i].any = m
		}
		return nil
	})
	return out, err
}

// show makes rows those that the reader sees.
func (r reader) show(tx *db.Tx, account haven.AccountNo, rows []Row) error {
	msgs := make([]haven.MessageID, len(rows))
	for i := range rows {
		msgs[i] = rows[i].Msg
	}
	ps, err := r.pairs(tx, account, msgs)
	if err != nil {
		return err
	}
	for i, p := range ps {
		row := &rows[i]
		row.Flags = withSeen(row.Flags, r.reads(p.own, p.any, row.Flags&Seen != 0))
		row.Changed = r.changed(p.own, p.any, row.Changed)
	}
	return nil
}

func withSeen(f Flags, seen bool) Flags {
	if seen {
		return f | Seen
	}
	return f &^ Seen
}

// showOwn is show for a viewer.
func showOwn(tx *db.Tx, v Viewer, rows []Row) error {
	r, _, err := readerOf(tx, v.Account, v.Person)
	if err != nil {
		return err
	}
	return r.show(tx, v.Account, rows)
}

// ownChanges makes what happened in a folder what the viewer is told of it: the own marks count, nobody else's.
func ownChanges(tx *db.Tx, v Viewer, ch *Changes, since haven.Seq) error {
	r, _, err := readerOf(tx, v.Account, v.Person)
	if err != nil {
		return err
	}
	fs := []Folder{ch.Folder}
	if err := r.counts(tx, v.Account, fs); err != nil {
		return err
	}
	if ch.Folder = fs[0]; ch.Folder.HighestModSeq <= since {
		return nil
	}
	if err := r.markedSince(tx, v.Account, ch, since); err != nil {
		return err
	}
	if err := r.show(tx, v.Account, ch.New); err != nil {
		return err
	}
	return r.show(tx, v.Account, ch.Changed)
}

// markedSince adds the placements to those that changed on which there are newer marks that the reader sees.
func (r reader) markedSince(tx *db.Tx, account haven.AccountNo, ch *Changes, since haven.Seq) error {
	known := make(map[haven.UID]bool, len(ch.New)+len(ch.Changed))
	for _, rows := range [][]Row{ch.New, ch.Changed} {
		for i := range rows {
			known[rows[i].UID] = true
		}
	}
	look := func(person haven.AccountNo, upTo haven.Seq) error {
		args := []any{int64(account), int64(person), int64(since), int64(upTo), int64(ch.Folder.No)}
		return tx.Query(sqlMarkedSince, args, func(row db.Row) error {
			if found := scanRow(row); !known[found.UID] {
				known[found.UID] = true
				ch.Changed = append(ch.Changed, found)
			}
			return nil
		})
	}
	err := look(r.person, ch.Folder.HighestModSeq)
	if err == nil && r.since > since {
		err = look(anyone, r.since)
	}
	slices.SortFunc(ch.Changed, func(a, b Row) int { return cmp.Compare(a.UID, b.UID) })
	return err
}

// unseenSearch is how many messages are looked at for the first that a person has not read. RFC 3501 lets a server not name it.
const unseenSearch = 10_000

var errAllUnseen = errors.New("all unseen messages are found")

// firstUnseen is the first message of a folder that the reader has not read, 0 where it is far back. f.Unseen is the reader's. It goes from the newest
// down: what is unread mostly lies there, and what was read long ago is most.
func (r reader) firstUnseen(tx *db.Tx, account haven.AccountNo, f Folder) (first haven.UID, err error) {
	left := f.Unseen
	if left <= 0 {
		return 0, nil
	}
	err = tx.Query(sqlSeenDown, []any{int64(account), int64(f.No), int64(r.person), int64(unseenSearch)}, func(row db.Row) error {
		own, any := mark{row.Bool(2), haven.Seq(row.Int64(3))}, mark{true, haven.Seq(row.Int64(4))}
		if r.reads(own, any, Flags(row.Int64(1))&Seen != 0) {
			return nil
		}
		first = haven.UID(row.Int64(0))
		if left--; left == 0 {
			return errAllUnseen
		}
		return nil
	})
	if errors.Is(err, errAllUnseen) {
		return first, nil
	}
	return 0, err
}

// openOwn makes a view that of its viewer; strange is true for one who has to be enrolled first.
func openOwn(tx *db.Tx, v Viewer, view *View) (strange bool, err error) {
	r, enrolled, err := readerOf(tx, v.Account, v.Person)
	if err != nil {
		return false, err
	}
	fs := []Folder{view.Folder}
	if err := r.counts(tx, v.Account, fs); err != nil {
		return false, err
	}
	view.Folder = fs[0]
	view.FirstUnseen, err = r.firstUnseen(tx, v.Account, view.Folder)
	return !enrolled && v.Person > 0, err
}

// enrolViewer makes who opens a mailbox for the first time a reader of it, where each reads for oneself.
func (s *Service) enrolViewer(ctx context.Context, v Viewer) error {
	return s.write(ctx, v, haven.Read, 0, func(tx *db.Tx, l *lock) error {
		if l.reads != each {
			return nil
		}
		_, err := enrol(tx, v.Account, v.Person, l)
		return err
	})
}
