package mailbox

import (
	"context"
	"slices"

	"haven"
	"haven/platform/blob"
	"haven/platform/db"
)

// Imported is a message that was put into an account.
type Imported struct {
	Msg, Thread haven.MessageID
	Size        int64
}

// Import puts a letter into some folders of an account, at least one, as one message, in one commit (RFC 8621 §4.8). Between before and after nothing but this happened.
func (s *Service) Import(ctx context.Context, v Viewer, into []haven.MailboxNo, it Append) (im Imported, before, after State, err error) {
	if len(into) == 0 {
		return im, before, after, errHomeless
	}
	j, err := s.prepareAppend(ctx, v, into[0], it, s.clock.Now())
	if err != nil {
		return im, before, after, err
	}
	j.sent = sentKey{} // what is imported is what the person wishes to have, once more or not
	err = s.write(ctx, v, haven.Write, 2*len(into)+1, func(tx *db.Tx, l *lock) error {
		before, after, err = around(tx, v, func() error {
			im, err = s.importOne(tx, v, into, j, l)
			return err
		})
		return err
	})
	return im, before, after, err
}

func (s *Service) importOne(tx *db.Tx, v Viewer, into []haven.MailboxNo, j *appending, l *lock) (Imported, error) {
	e := editor{s: s, tx: tx, v: v, lock: l}
	if err := e.known(into); err != nil {
		return Imported{}, err
	}
	im := Imported{Msg: j.msg, Size: j.Letter.Size()}
	p, err := s.appendMessage(tx, v, j, l)
	if err != nil {
		return Imported{}, err
	}
	im.Thread = p.thread
	return im, e.placeNew(p, into, j.refs)
}

// placeNew puts a new message into each of some folders, and tells of it.
func (e *editor) placeNew(p placing, into []haven.MailboxNo, refs []int64) error {
	if _, err := placeEach(e.tx, e.v.Account, slices.Compact(slices.Sorted(slices.Values(into))), p); err != nil {
		return err
	}
	return e.s.came(e.tx, e.v.Account, e.lock, Coming{Msg: p.msg, Thread: p.thread, Refs: refs, At: e.s.clock.Now()})
}

// CopyMessage makes a message of one account one of another too, over the same body, in one commit (RFC 8621 §4.7). It lies in the folders, and
// has the flags, keywords and time of arrival, that are given. The viewers are one person, who may read here and write there.
func (s *Service) CopyMessage(ctx context.Context, from Viewer, msg haven.MessageID, to Viewer, into []haven.MailboxNo, it Append) (im Imported, before, after State, err error) {
	if len(into) == 0 {
		return im, before, after, errHomeless
	}
	x, err := s.readForCopy(ctx, from, msg, to)
	if err != nil {
		return im, before, after, err
	}
	numbers := map[haven.AccountNo]int{from.Account: 0, to.Account: 2*len(into) + 1}
	err = s.writeEach(ctx, numbers, func(tx *db.Tx, locks map[haven.AccountNo]*lock) error {
		if _, err := s.need(tx, from, haven.Read); err != nil {
			return err
		}
		if _, err := s.admit(tx, to, haven.Write, locks[to.Account]); err != nil {
			return err
		}
		before, after, err = around(tx, to, func() error {
			im, err = s.copyIn(tx, from, to, x, into, it, locks[to.Account])
			return err
		})
		return err
	})
	return im, before, after, err
}

// readForCopy reads a message and seals it anew for the other account.
func (s *Service) readForCopy(ctx context.Context, from Viewer, msg haven.MessageID, to Viewer) (x crossing, err error) {
	here, err := s.keysFor(ctx, from)
	if err != nil {
		return x, err
	}
	there, err := s.keysFor(ctx, to)
	if err != nil {
		return x, err
	}
	found := false
	err = s.read(ctx, from, func(tx *db.Tx) error {
		return tx.Query(sqlMessage, []any{int64(msg), int64(from.Account)}, func(r db.Row) error {
			found = true
			x = crossing{row: Row{Msg: msg, Size: r.Int64(2)}, msg: s.ids.next(s.clock.Now()), body: r.Int64(0), received: r.Int64(3)}
			return x.reseal(here, there, r.Bytes(1), r.Bytes(5))
		})
	})
	if err == nil && !found {
		err = errNoMessage
	}
	return x, err
}

// copyIn makes the new message, with both accounts locked.
func (s *Service) copyIn(tx *db.Tx, from, to Viewer, x crossing, into []haven.MailboxNo, it Append, l *lock) (Imported, error) {
	places, err := placesOf(tx, from.Account, x.row.Msg)
	if err != nil {
		return Imported{}, err
	}
	places = inSight(places)
	if len(places) == 0 {
		return Imported{}, errNoMessage
	}
	e := editor{s: s, tx: tx, v: to, lock: l}
	if err := e.known(into); err != nil {
		return Imported{}, err
	}
	if err := s.room(l, x.row.Size); err != nil {
		return Imported{}, err
	}
	kw, err := s.keywordBits(tx, to.Account, it.Keywords, true)
	if err != nil {
		return Imported{}, err
	}
	thread, err := thread(tx, to.Account, x.msg, x.refs)
	if err != nil {
		return Imported{}, err
	}
	received := x.received
	if !it.Received.IsZero() {
		received = micros(it.Received)
	}
	tx.Exec(sqlInsertMessage, int64(x.msg), int64(to.Account), x.body, x.wrapped, x.row.Size, received, int64(thread), x.sealed)
	tx.Exec(sqlInsertTodo, int64(x.msg), int64(to.Account), int64(0))
	tx.Exec(sqlUse, int64(to.Account), x.row.Size, int64(1))
	ps := []placing{{msg: x.msg, thread: thread, flags: it.Flags&settable&^Deleted | places[0].raw&attachment, kw: kw, size: x.row.Size, received: received, seq: l.take()}}
	if err := ownSeen(tx, to, l, ps); err != nil {
		return Imported{}, err
	}
	if err := e.placeNew(ps[0], into, x.refs); err != nil {
		return Imported{}, err
	}
	return Imported{x.msg, thread, x.row.Size}, blob.Retained(tx, blob.ID(x.body))
}

// known refuses folders that there are not.
func (e *editor) known(into []haven.MailboxNo) error {
	if err := e.begin(nil); err != nil {
		return err
	}
	for _, mb := range into {
		if !e.folders[mb] {
			return errNoSuchFolder
		}
		if mb == e.lock.scheduled {
			return errScheduled
		}
	}
	return nil
}
