package mailbox

import (
	"context"
	"slices"

	"haven"
	"haven/platform/db"
)

// spot is where a message is, as a viewer sees it.
type spot struct {
	mb haven.MailboxNo
	Row
	raw Flags
}

func scanSpot(r db.Row) spot {
	raw := Flags(r.Int64(3))
	return spot{mb: haven.MailboxNo(r.Int64(0)), raw: raw, Row: Row{
		UID: haven.UID(r.Int64(1)), Msg: haven.MessageID(r.Int64(2)), Flags: raw & settable, Keywords: uint64(r.Int64(4)), Size: r.Int64(5),
		Received: fromMicros(r.Int64(6)), Created: haven.Seq(r.Int64(7)), Changed: haven.Seq(r.Int64(8)), Thread: haven.MessageID(r.Int64(9)),
	}}
}

// showPlaces makes places what the viewer sees, where people have marks of their own.
func showPlaces(tx *db.Tx, v Viewer, places []spot) error {
	var rows []Row
	var of []int
	for i := range places {
		if places[i].raw&marked != 0 {
			rows, of = append(rows, places[i].Row), append(of, i)
		}
	}
	if len(rows) == 0 {
		return nil
	}
	err := showOwn(tx, v, rows)
	for k, i := range of {
		places[i].Row = rows[k]
	}
	return err
}

// brief is a message by its places; ok is false where none is to be seen.
func brief(places []spot) (b Brief, ok bool) {
	for _, p := range places {
		switch {
		case p.Flags&Deleted != 0 || ok && b.In(p.mb):
		case ok:
			b.More = append(b.More, p.mb)
		default:
			ok = true
			b = Brief{Msg: p.Msg, Thread: p.Thread, Received: micros(p.Received), Size: p.Size, Keywords: p.Keywords,
				Flags: p.Flags | p.raw&attachment, Folder: p.mb, Created: p.Created}
		}
		if ok {
			b.Created = min(b.Created, p.Created)
		}
	}
	return b, ok
}

// overviewPage is how many places are read in one snapshot.
const overviewPage = 20_000

// loadOverview reads an account whole, a page at a time. What changes meanwhile is read again by the first advance: the state is that
// of before the first page.
func (s *Service) loadOverview(ctx context.Context, v Viewer) (*Overview, error) {
	o := &Overview{at: map[haven.MessageID]int32{}, threads: map[haven.MessageID]int32{}}
	err := s.read(ctx, v, func(tx *db.Tx) (err error) {
		o.state, err = states(tx, v)
		return err
	})
	if err != nil {
		return nil, err
	}
	several := map[haven.MessageID][]spot{}
	for mb, uid := haven.MailboxNo(0), haven.UID(0); ; {
		page, err := s.readPlaces(ctx, v, mb, uid)
		if err != nil {
			return nil, err
		}
		for _, p := range page {
			o.take(p, several)
		}
		if len(page) < overviewPage {
			break
		}
		mb, uid = page[len(page)-1].mb, page[len(page)-1].UID
	}
	for _, places := range several {
		if b, ok := brief(places); ok {
			o.append(b)
		}
	}
	slices.SortFunc(o.order, o.byArrival)
	seen := o.state
	err = s.read(ctx, v, func(tx *db.Tx) error { return o.learn(tx, v) })
	o.state = seen
	return o, err
}

// take adds a place that was read; messages that may have others are put together in several.
func (o *Overview) take(p spot, several map[haven.MessageID][]spot) {
	if _, twice := o.at[p.Msg]; p.raw&many != 0 && !twice {
		several[p.Msg] = append(several[p.Msg], p)
		return
	} else if twice {
		return // it moved while it was read, and is read again
	}
	if b, ok := brief([]spot{p}); ok {
		o.append(b)
	}
}

// append adds a message without putting it in order.
func (o *Overview) append(b Brief) {
	if _, twice := o.at[b.Msg]; twice {
		return
	}
	o.order = append(o.order, o.store(b))
}

func (s *Service) readPlaces(ctx context.Context, v Viewer, mb haven.MailboxNo, uid haven.UID) (page []spot, err error) {
	err = s.read(ctx, v, func(tx *db.Tx) error {
		page = page[:0]
		err := tx.Query(sqlPlaces, []any{int64(v.Account), int64(mb), int64(uid), int64(overviewPage)}, func(r db.Row) error {
			page = append(page, scanSpot(r))
			return nil
		})
		if err != nil {
			return err
		}
		return showPlaces(tx, v, page)
	})
	return page, err
}

// advanceMost is how many changed messages are read one by one; where more changed, the account is read whole.
const advanceMost = 5_000

// advance brings an overview up to date.
func (s *Service) advance(ctx context.Context, v Viewer, e *overviewEntry) error {
	whole := false
	err := s.read(ctx, v, func(tx *db.Tx) error {
		st, err := states(tx, v)
		if err != nil || st.Mail <= e.o.state.Mail {
			return err
		}
		msgs, err := e.o.changedIn(tx, v, e.o.state.Mail)
		if err != nil {
			return err
		}
		if whole = len(msgs) >= advanceMost || st.Horizon > e.o.state.Mail || st.reads != e.o.state.reads; whole {
			return nil
		}
		if err := e.o.refresh(tx, v, msgs); err != nil {
			return err
		}
		if err := e.o.learn(tx, v); err != nil {
			return err
		}
		e.o.state, e.o.counts, e.o.lists, e.o.listed = st, nil, nil, nil
		return nil
	})
	if err != nil || !whole {
		return err
	}
	e.o, err = s.loadOverview(ctx, v)
	return err
}

// changedIn are the messages that changed after a point, at most advanceMost.
func (o *Overview) changedIn(tx *db.Tx, v Viewer, since haven.Seq) (msgs []haven.MessageID, err error) {
	add := func(r db.Row) error {
		msgs = append(msgs, haven.MessageID(r.Int64(0)))
		return nil
	}
	err = tx.Query(sqlMovedOn, []any{int64(v.Account), int64(since), int64(advanceMost)}, add)
	if err == nil && o.state.reads != asOne {
		err = tx.Query(sqlMarkedOn, []any{int64(v.Account), int64(v.Person), int64(since), int64(advanceMost)}, add)
	}
	slices.Sort(msgs)
	return slices.Compact(msgs), err
}

// refresh reads messages again.
func (o *Overview) refresh(tx *db.Tx, v Viewer, msgs []haven.MessageID) error {
	var places []spot
	err := tx.QueryEach(sqlPlacesOf, len(msgs), func(i int) []any { return []any{int64(v.Account), int64(msgs[i])} }, func(_ int, r db.Row) error {
		places = append(places, scanSpot(r))
		return nil
	})
	if err != nil {
		return err
	}
	if err := showPlaces(tx, v, places); err != nil {
		return err
	}
	for lo := 0; lo < len(places); {
		hi := lo + 1
		for hi < len(places) && places[hi].Msg == places[lo].Msg {
			hi++
		}
		if b, ok := brief(places[lo:hi]); ok {
			o.put(b)
		} else {
			o.drop(places[lo].Msg)
		}
		lo = hi
	}
	there := map[haven.MessageID]bool{}
	for _, p := range places {
		there[p.Msg] = true
	}
	for _, m := range msgs {
		if !there[m] {
			o.drop(m)
		}
	}
	return nil
}

// learn reads what is not of single messages: the keywords' names, and which folder is the trash.
func (o *Overview) learn(tx *db.Tx, v Viewer) (err error) {
	if o.names, err = keywords(tx, v.Account); err != nil {
		return err
	}
	o.trash = 0
	return tx.Query(sqlFolderRole, []any{int64(v.Account), string(Trash)}, func(r db.Row) error {
		o.trash = haven.MailboxNo(r.Int64(0))
		return nil
	})
}
