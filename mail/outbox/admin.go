package outbox

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"haven"
	"haven/platform/audit"
	"haven/platform/db"
	"haven/platform/errs"
)

// Filter chooses recipients of the queue; empty fields choose all. An operator sees envelopes, never a letter.
type Filter struct {
	Queue  ID
	Domain string // recipients' domain
	From   string // sender's address
	State  string // "waiting", "sending", "held", "telling"
	After  ID     // List goes on behind this letter
	Limit  int    // letters of one List; default 100, at most 1,000
}

// Listed is a letter in the queue, as an operator sees it.
type Listed struct {
	ID      ID
	From    haven.Address
	Account haven.AccountNo
	Created time.Time
	Size    int64
	To      []ListedRecipient // those that the filter chose; at most 1,000
}

// ListedRecipient is one recipient with the last reply about it.
type ListedRecipient struct {
	Address  haven.Address
	State    string
	Due      time.Time
	Attempts int
	Tried    time.Time // zero: not yet
	Last     Result
}

var stateNames = [...]string{rowWaiting: "waiting", rowSending: "sending", rowHeld: "held", rowTelling: "telling"}

// args are the filter as the parameters $1 to $4 of sqlChosen.
func (f Filter) args() ([]any, error) {
	state := int64(-1)
	for i, name := range stateNames {
		if f.State == name {
			state = int64(i)
		}
	}
	if f.State != "" && state < 0 {
		return nil, errs.E(errs.Invalid, "%q is no state of the queue; use waiting, sending, held or telling.", f.State)
	}
	return []any{int64(f.Queue), f.Domain, f.From, state}, nil
}

// List gives letters with chosen recipients, oldest first.
func (o *Outbox) List(ctx context.Context, f Filter) ([]Listed, error) {
	args, err := f.args()
	if err != nil {
		return nil, err
	}
	if f.Limit <= 0 {
		f.Limit = 100
	}
	f.Limit = min(f.Limit, 1000)
	var list []Listed
	err = o.cfg.DB.Read(ctx, func(tx *db.Tx) error {
		list = nil
		var ids []ID
		err := tx.Query(sqlListed, append(args, int64(f.After), int64(f.Limit)), func(r db.Row) error {
			ids = append(ids, ID(r.Int64(0)))
			return nil
		})
		for _, id := range ids {
			var l *Listed
			if l, err = o.listed(tx, id, args); err != nil {
				return err
			}
			list = append(list, *l)
		}
		return err
	})
	return list, err
}

// Show gives one letter with its recipients. NotFound: it has left the queue, or never was there.
func (o *Outbox) Show(ctx context.Context, id ID) (Listed, error) {
	list, err := o.List(ctx, Filter{Queue: id})
	if err == nil && len(list) == 0 {
		err = errs.E(errs.NotFound, "There is no letter %d in the queue.", int64(id))
	}
	if err != nil {
		return Listed{}, err
	}
	return list[0], nil
}

func (o *Outbox) listed(tx *db.Tx, id ID, args []any) (*Listed, error) {
	e, err := readEntry(tx, id)
	if err != nil || e == nil {
		return &Listed{ID: id}, err
	}
	l := &Listed{ID: id, From: e.From, Account: e.Account, Created: time.UnixMicro(e.Created), Size: e.Size}
	err = tx.Query(sqlListedRcpts, []any{int64(id), args[1], args[3], int64(1000)}, func(r db.Row) error {
		rc, err := scanRcpt(r)
		if err != nil {
			return err
		}
		lr := ListedRecipient{Address: rc.Address, State: stateNames[rc.state], Due: time.UnixMicro(rc.due), Attempts: rc.attempts, Last: rc.last}
		if rc.tried != 0 {
			lr.Tried = time.UnixMicro(rc.tried)
		}
		l.To = append(l.To, lr)
		return nil
	})
	return l, err
}

// Hold stops chosen recipients from being tried until Release. It tells how many; those being sent go on.
func (o *Outbox) Hold(ctx context.Context, actor haven.Actor, f Filter) (int64, error) {
	return o.move(ctx, deed{actor, "outbox.held"}, f, rowWaiting, sqlMoveTo, int64(rowHeld))
}

// Release lets held recipients be tried, at once. Their lifetime went on meanwhile.
func (o *Outbox) Release(ctx context.Context, actor haven.Actor, f Filter) (int64, error) {
	return o.move(ctx, deed{actor, "outbox.released"}, f, rowHeld, sqlMoveTo, int64(rowWaiting))
}

// Retry tries waiting recipients now, also in domains that could not be reached a moment ago.
func (o *Outbox) Retry(ctx context.Context, actor haven.Actor, f Filter) (int64, error) {
	o.mu.Lock()
	clear(o.down)
	o.mu.Unlock()
	return o.move(ctx, deed{actor, "outbox.retried"}, f, rowWaiting, sqlMoveTo, int64(rowWaiting))
}

// Drop ends chosen recipients that are waiting or held. With tell, senders get a notice that an operator did it, unless
// they asked not to be told of failures (RFC 3461 §4.1); otherwise nobody hears of it. A letter of the service's own is known to be lost either way.
func (o *Outbox) Drop(ctx context.Context, actor haven.Actor, f Filter, tell bool) (int64, error) {
	d := deed{actor, "outbox.dropped"}
	if tell {
		d.what = "outbox.dropped-and-told"
	}
	total := int64(0)
	if f.State != "" && f.State != stateNames[rowWaiting] && f.State != stateNames[rowHeld] {
		return 0, errNotNow(f.State)
	}
	for _, from := range []int{rowWaiting, rowHeld} {
		if f.State != "" && f.State != stateNames[from] {
			continue
		}
		n, err := o.drop(ctx, d, f, from, tell)
		total += n
		if err != nil {
			return total, err
		}
	}
	return total, nil
}

func errNotNow(state string) error {
	return errs.E(errs.Invalid, "Recipients that are %s can't be changed so.", state)
}

// deed is what an operator does to letters in the queue, and who does it.
type deed struct {
	actor haven.Actor
	what  string
}

// record writes down one step of it: how many recipients it reached, and of which letters. Their addresses have no place in a record.
func (d deed) record(tx *db.Tx, now time.Time, recipients, first, last int64) {
	note := fmt.Sprintf("letter %d, recipients %d", first, recipients)
	if last != first {
		note = fmt.Sprintf("letters %d to %d, recipients %d", first, last, recipients)
	}
	audit.Record(tx, audit.Entry{At: now, Actor: d.actor, What: d.what, Note: note})
}

// stepRows bounds what one transaction changes: bigger work goes behind mail.
const stepRows = 500

// move brings chosen recipients in state from to another state, in steps.
func (o *Outbox) move(ctx context.Context, d deed, f Filter, from int, statement string, to int64) (int64, error) {
	return o.inSteps(ctx, d, f, from, func(tx *db.Tx, id ID, n int64, now int64) (int64, error) {
		return tx.Change(statement, id, n, int64(from), to, now)
	})
}

func (o *Outbox) drop(ctx context.Context, d deed, f Filter, from int, tell bool) (int64, error) {
	return o.inSteps(ctx, d, f, from, func(tx *db.Tx, id ID, n int64, now int64) (int64, error) {
		e, err := readEntry(tx, id)
		if err != nil || e == nil {
			return 0, err
		}
		if there, err := lockEntry(tx, id, nil); err != nil || !there {
			return 0, err
		}
		if err := o.noteDropped(tx, id, n, from); err != nil {
			return 0, err
		}
		own := o.cfg.Own != nil && o.cfg.Own.Ours(e.From)
		if tell && !own && !e.From.IsNull() {
			told, err := tx.Change(sqlDropTell, id, n, int64(from), now, droppedBy)
			if err != nil || told != 0 {
				return told, err
			}
		}
		changed, err := tx.Change(sqlDropRcpt, id, n, int64(from))
		if err == nil && own && changed != 0 {
			err = o.cfg.Own.Dropped(tx, e.From)
		}
		if err != nil {
			return changed, err
		}
		return changed, o.dropIfDone(tx, id)
	})
}

// droppedBy is what is said of a recipient whom an operator took out of the queue.
const droppedBy = "an operator of this service took the message out of the queue"

// noteDropped lets whoever asks know that a recipient is about to be taken out of the queue.
func (o *Outbox) noteDropped(tx *db.Tx, id ID, n int64, from int) error {
	if o.cfg.Fates == nil {
		return nil
	}
	var told []Told
	err := tx.Query(`SELECT address FROM queue_rcpt WHERE queue = $1 AND n = $2 AND state = $3`, []any{id, n, int64(from)}, func(r db.Row) error {
		to, err := storedAddress(r.Text(0))
		told = append(told, Told{to, Failed, Result{Outcome: Refused, Status: "5.7.1", Text: droppedBy}})
		return err
	})
	if err != nil {
		return err
	}
	return o.note(tx, id, told)
}

// inSteps runs fn over chosen recipients in state from, a bounded number in each transaction, in ascending order, and records each step.
func (o *Outbox) inSteps(ctx context.Context, d deed, f Filter, from int, fn func(tx *db.Tx, id ID, n, now int64) (int64, error)) (int64, error) {
	if f.State != "" && f.State != stateNames[from] {
		return 0, errNotNow(f.State)
	}
	f.State = stateNames[from]
	args, err := f.args()
	if err != nil {
		return 0, err
	}
	total, afterID, afterN := int64(0), int64(f.After), int64(-1)
	if f.After != 0 {
		afterN = 1 << 40
	}
	for {
		var keys [][2]int64
		changed := int64(0)
		lastID, lastN := afterID, afterN
		err := o.cfg.DB.Write(ctx, func(tx *db.Tx) error {
			keys, changed = keys[:0], 0
			now := o.cfg.Clock.Now().UnixMicro()
			err := tx.Query(sqlChosen, append(args[:4:4], lastID, lastN, int64(stepRows)), func(r db.Row) error {
				keys = append(keys, [2]int64{r.Int64(0), r.Int64(1)})
				return nil
			})
			for i := 0; i < len(keys) && err == nil; i++ {
				var n int64
				n, err = fn(tx, ID(keys[i][0]), keys[i][1], now)
				changed += n
			}
			if err == nil && changed > 0 {
				d.record(tx, o.cfg.Clock.Now(), changed, keys[0][0], keys[len(keys)-1][0])
			}
			return err
		})
		if err != nil {
			return total, err
		}
		total += changed
		if len(keys) < stepRows {
			o.Wake()
			o.signal(o.tell)
			return total, nil
		}
		afterID, afterN = keys[len(keys)-1][0], keys[len(keys)-1][1]
	}
}

// counts are what happened since the start.
type counts struct {
	delivered, deferred, failed, notices, clear, panics atomic.Int64
}

// count adds up a batch that was recorded, logs it and tells of it.
func (o *Outbox) count(domain string, out *outcome) {
	ev := Event{Queue: out.letter.ID, Domain: domain}
	for _, t := range out.to {
		switch {
		case out.aborted && !t.settled:
			continue
		case t.res.Outcome == Accepted:
			ev.Delivered++
		case t.res.Outcome == Refused:
			ev.Failed++
		default:
			ev.Deferred++
		}
		ev.Last = t.res
	}
	o.counts.delivered.Add(int64(ev.Delivered))
	o.counts.deferred.Add(int64(ev.Deferred))
	o.counts.failed.Add(int64(ev.Failed))
	o.cfg.Log.Info("tried", "queue", int64(ev.Queue), "domain", domain, "delivered", ev.Delivered, "deferred", ev.Deferred,
		"failed", ev.Failed, "host", ev.Last.Host, "code", ev.Last.Code, "status", ev.Last.Status)
	o.cfg.Notify(ev)
}

// Stats are figures for metrics: recipients in the queue by state, and what was done since the start.
type Stats struct {
	Waiting, Sending, Held, Telling int64
	Oldest                          time.Time // when the oldest letter in the queue came; zero: there is none
	Workers                         int       // at this moment, in this process
	Delivered, Deferred, Failed     int64     // tries of recipients, by result
	Notices                         int64     // notices filed or queued
	Clear                           int64     // connections that stayed in clear because TLS failed
	Panics                          int64     // faults of our own program that were caught
}

// Stats counts. It scans an index of the queue, so ask it a few times a minute.
func (o *Outbox) Stats(ctx context.Context) (Stats, error) {
	s := Stats{
		Delivered: o.counts.delivered.Load(), Deferred: o.counts.deferred.Load(), Failed: o.counts.failed.Load(),
		Notices: o.counts.notices.Load(), Clear: o.counts.clear.Load(), Panics: o.counts.panics.Load(),
	}
	o.mu.Lock()
	s.Workers = o.running
	o.mu.Unlock()
	err := o.cfg.DB.Read(ctx, func(tx *db.Tx) error {
		into := [...]*int64{rowWaiting: &s.Waiting, rowSending: &s.Sending, rowHeld: &s.Held, rowTelling: &s.Telling}
		err := tx.Query(sqlCountStates, nil, func(r db.Row) error {
			*into[r.Int64(0)] = r.Int64(1)
			return nil
		})
		if err != nil {
			return err
		}
		return tx.Query(sqlOldest, nil, func(r db.Row) error {
			if !r.Null(0) {
				s.Oldest = time.UnixMicro(r.Int64(0))
			}
			return nil
		})
	})
	return s, err
}
