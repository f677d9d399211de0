package job

import (
	"context"
	"sync"
	"time"

	"haven/platform/clock"
	"haven/platform/db"
	"haven/platform/errs"
)

// Leases let one of many processes do something. A lease is a row with an end, after which anybody may take it:
// a process that died holds nobody up for longer.
//
// The end is by the clocks of the processes. A holder stops before it; clocks that differ by less than that
// reserve do no harm.
type Leases struct {
	db     *db.DB
	clock  clock.Clock
	holder string
}

// NewLeases gives the leases of a process. holder is different in every process and in every start of one.
func NewLeases(d *db.DB, c clock.Clock, holder string) *Leases {
	return &Leases{db: d, clock: c, holder: holder}
}

// Take gets the lease of that name for d from now, or makes it longer if it is ours. It returns false if another
// holds it. Who takes a lease stops what it is for before d is over, or takes it again.
func (l *Leases) Take(ctx context.Context, name string, d time.Duration) (ours bool, err error) {
	err = l.db.Write(ctx, func(tx *db.Tx) error {
		ours, err = l.TakeIn(tx, name, d)
		return err
	})
	return ours && err == nil, err
}

// TakeIn is Take within a transaction: what that changes happens only if the lease is held when it commits.
func (l *Leases) TakeIn(tx *db.Tx, name string, d time.Duration) (bool, error) {
	if name == "" || d <= 0 {
		return false, errs.E(errs.Invalid, "A lease needs a name and a length.")
	}
	now := l.clock.Now()
	n, err := tx.Change(sqlTake, name, l.holder, now.Add(d).UnixMicro(), now.UnixMicro())
	return n == 1, err
}

// Release gives a lease back before its end. One that isn't ours is left alone.
func (l *Leases) Release(ctx context.Context, name string) error {
	return l.db.Write(ctx, func(tx *db.Tx) error {
		tx.Exec(sqlRelease, name, l.holder)
		return nil
	})
}

// Turn is for a loop that only one process runs: it reports whether this one may go on, and takes or lengthens the lease for d when
// a third of it is over. What is done in one round takes less than the rest. Several loops of a process may share a turn.
func (l *Leases) Turn(name string, d time.Duration) func(ctx context.Context) (bool, error) {
	var mu sync.Mutex
	var taken time.Time
	return func(ctx context.Context) (bool, error) {
		mu.Lock()
		defer mu.Unlock()
		asked := l.clock.Now() // and not when it was answered: the lease may be of before that
		if !taken.IsZero() && asked.Sub(taken) < d/3 && !asked.Before(taken) {
			return true, nil
		}
		ours, err := l.Take(ctx, name, d)
		if taken = (time.Time{}); ours {
			taken = asked
		}
		return ours, err
	}
}
