package push

import (
	"context"
	"time"

	"haven"
	"haven/platform/db"
)

// seen is what is looked at of a row.
type seen struct {
	id      ID
	holder  Holder
	changed int64
}

// look takes over what changed of subscriptions since the last look, or, now and then, all of them. A row that commits late is seen by the next look, since each
// goes back over the last minute.
func (x *Sender) look(ctx context.Context, now time.Time) error {
	whole, from := x.lookFrom(now)
	rows, err := x.rows(ctx, from)
	if err != nil {
		x.lookSoon()
		return err
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	there := make(map[ID]bool, len(rows))
	for _, r := range rows {
		there[r.id] = true
		x.meet(r)
	}
	if x.looked = now; whole {
		x.whole = now
		for id, w := range x.all {
			if !there[id] {
				x.forget(w)
			}
		}
	}
	return nil
}

func (x *Sender) lookFrom(now time.Time) (whole bool, from int64) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.looked.IsZero() || now.Sub(x.whole) >= lookWhole || now.Before(x.looked) {
		return true, 0
	}
	return false, x.looked.Add(-lookBack).UnixMicro()
}

// rows are the subscriptions that changed from a moment on.
func (x *Sender) rows(ctx context.Context, from int64) (all []seen, err error) {
	for last := (seen{}); ; {
		var page []seen
		err := x.s.o.DB.Read(ctx, func(tx *db.Tx) error {
			page = nil
			return tx.Query(sqlSince, []any{from, last.changed, int64(last.id), int64(lookStep)}, func(r db.Row) error {
				page = append(page, seen{ID(r.Int64(0)), Holder{haven.AccountNo(r.Int64(1)), Credential(r.Text(2))}, r.Int64(3)})
				return nil
			})
		})
		if err != nil {
			return nil, err
		}
		if all = append(all, page...); len(page) < lookStep {
			return all, nil
		}
		last = page[len(page)-1]
	}
}

// meet begins to watch a subscription, or notes that it changed. x.mu is held.
func (x *Sender) meet(r seen) {
	w := x.all[r.id]
	if w == nil {
		w = &watched{id: r.id, holder: r.holder, accounts: []haven.AccountNo{r.holder.Person}}
		w.wait = x.o.Hub.Subscribe(func(haven.AccountNo) { x.mark(w) }, r.holder.Person)
		x.all[r.id] = w
	} else if w.changed == r.changed {
		return
	}
	w.changed = r.changed
	if w.dirty = true; !w.busy {
		x.ready[w.id] = w
	}
}
