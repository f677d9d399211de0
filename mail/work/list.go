package work

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"haven"
	"haven/mail/mailbox"
	"haven/platform/db"
)

// board is the states of an account's threads, as far as something was said of them.
type board struct {
	mu    sync.Mutex
	seq   haven.Seq
	epoch uint32
	of    map[haven.MessageID]standing
}

// standing is what a listing needs of an item.
type standing struct {
	status   Status
	holder   haven.AccountNo
	category string
}

// get is an account's board, which is made where there is none. Where all of them hold too much, all are forgotten: they are only read anew.
func (b *boards) get(account haven.AccountNo) *board {
	b.mu.Lock()
	defer b.mu.Unlock()
	if x, ok := b.at[account]; ok {
		return x
	}
	if len(b.at) >= b.most { // an empty one takes room too
		clear(b.at)
	}
	x := &board{of: map[haven.MessageID]standing{}}
	b.at[account] = x
	return x
}

// weigh forgets all boards but one where they hold too much.
func (b *boards) weigh(account haven.AccountNo, keep *board) {
	b.mu.Lock()
	defer b.mu.Unlock()
	rows := 0
	for _, x := range b.at {
		if x == keep {
			rows += len(x.of)
		} else if x.mu.TryLock() {
			rows += len(x.of)
			x.mu.Unlock()
		}
	}
	if rows > b.most {
		clear(b.at)
		b.at[account] = keep
	}
}

// advance reads what changed since the board was read last. The caller holds mu.
func (x *board) advance(tx *db.Tx, account haven.AccountNo, epoch uint32) (grown bool, err error) {
	if x.epoch != epoch { // a restore gives numbers again
		x.epoch, x.seq = epoch, 0
		clear(x.of)
	}
	err = tx.Query(sqlItems, []any{int64(account), int64(x.seq)}, func(r db.Row) error {
		it := scanItem(r)
		x.of[it.Thread] = standing{it.Status, it.Holder, it.Category}
		x.seq, grown = max(x.seq, it.Changed), true
		return nil
	})
	return grown, err
}

// Listed is what a listing finds, and how far mail and items had come.
type Listed struct {
	Threads []haven.MessageID
	States  States
}

// List finds the threads of a folder by who handles them, the newest first.
func (s *Service) List(ctx context.Context, v mailbox.Viewer, f Filter) (l Listed, err error) {
	var due map[haven.MessageID]time.Time
	x, err := s.board(ctx, v, func(tx *db.Tx, st States) error {
		l.States = st
		if f.DueBy.IsZero() && !f.ByDue {
			return nil
		}
		due, err = dueTimes(tx, v.Account)
		return err
	})
	if err != nil {
		return l, err
	}
	defer x.mu.Unlock()
	folder := cmp.Or(f.Folder, 1)
	err = s.o.Mail.Overview(ctx, v, func(o *mailbox.Overview) error {
		l.States.Mail = o.State().Mail
		o.EachThread(folder, func(thread haven.MessageID, _ *mailbox.Brief) bool {
			at := x.of[thread]
			if f.View.has(at, v.Person) && (f.Category == "" || f.Category == at.category) && f.dueIn(due, thread) {
				l.Threads = append(l.Threads, thread)
			}
			return true
		})
		return nil
	})
	if f.ByDue {
		byDue(l.Threads, due)
	}
	return l, err
}

func (f Filter) dueIn(due map[haven.MessageID]time.Time, thread haven.MessageID) bool {
	if f.DueBy.IsZero() {
		return true
	}
	at, ok := due[thread]
	return ok && !at.After(f.DueBy)
}

// byDue puts those with a deadline first, the earliest before the others; the rest stays in its order.
func byDue(threads []haven.MessageID, due map[haven.MessageID]time.Time) {
	slices.SortStableFunc(threads, func(a, b haven.MessageID) int {
		x, xok := due[a]
		y, yok := due[b]
		switch {
		case xok && yok:
			return x.Compare(y)
		case xok:
			return -1
		case yok:
			return 1
		}
		return 0
	})
}

func dueTimes(tx *db.Tx, account haven.AccountNo) (map[haven.MessageID]time.Time, error) {
	due := map[haven.MessageID]time.Time{}
	err := tx.Query(sqlDueBy, []any{int64(account)}, func(r db.Row) error {
		due[haven.MessageID(r.Int64(0))] = db.Moment(r.Int64(1))
		return nil
	})
	return due, err
}

// has reports whether a thread is in a view of a person's.
func (w View) has(at standing, person haven.AccountNo) bool {
	switch w {
	case Unassigned:
		return at.status == Unhandled
	case Mine:
		return at.status == Handled && at.holder == person
	case Others:
		return at.status == Handled && at.holder != person
	case Finished:
		return at.status == Done
	}
	return true
}

// board is an account's, brought up to date and locked; also looks at what else is needed in the same snapshot. It is locked before the snapshot
// is had: who waits for a board keeps no connection from who has it.
func (s *Service) board(ctx context.Context, v mailbox.Viewer, also func(tx *db.Tx, st States) error) (*board, error) {
	x, grown := s.boards.get(v.Account), false
	x.mu.Lock()
	err := s.o.Mail.Look(ctx, v, func(tx *db.Tx, mail mailbox.States) error {
		st, err := states(tx, v.Account, mail)
		if err == nil {
			err = also(tx, st)
		}
		if err == nil {
			grown, err = x.advance(tx, v.Account, mail.Epoch)
		}
		return err
	})
	if err != nil {
		x.mu.Unlock()
		return nil, err
	}
	if grown {
		s.boards.weigh(v.Account, x)
	}
	return x, nil
}

// Count counts the threads of a folder by who handles them; folder 0 is the Inbox.
func (s *Service) Count(ctx context.Context, v mailbox.Viewer, folder haven.MailboxNo) (n Counts, err error) {
	x, err := s.board(ctx, v, func(*db.Tx, States) error { return nil })
	if err != nil {
		return n, err
	}
	defer x.mu.Unlock()
	err = s.o.Mail.Overview(ctx, v, func(o *mailbox.Overview) error {
		o.EachThread(cmp.Or(folder, 1), func(thread haven.MessageID, _ *mailbox.Brief) bool {
			n.add(x.of[thread], v.Person)
			return true
		})
		return nil
	})
	return n, err
}

func (n *Counts) add(at standing, person haven.AccountNo) {
	switch {
	case at.status == Unhandled:
		n.Unassigned++
	case at.status == Done:
		n.Done++
	case at.holder == person:
		n.Mine++
	default:
		n.Others++
	}
}
