package outbox

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"sync"
	"sync/atomic"
	"time"

	"haven/platform/db"
)

// Bounds on what one process keeps in memory about the queue.
const (
	maxHints  = 10_000 // domains with new mail; beyond it the next look at the queue finds them
	scanLimit = 1_000  // domains taken from one look at the queue
	scanEvery = 30 * time.Second
	scanPause = time.Second // least time between two looks that nobody asked for
)

// Outbox is the queue and its workers. Enqueue and the operator's calls work without Start; nothing is sent then.
type Outbox struct {
	cfg    Config          // complete
	self   map[string]bool // names and addresses of this server
	holder int64           // names this process in leases
	lastID atomic.Int64
	flight atomic.Int64 // number of the last batch
	counts counts

	cancel context.CancelFunc // ends what is being sent
	stop   chan struct{}      // closed: nothing new is claimed
	once   sync.Once
	group  sync.WaitGroup // what ends by itself once stop is closed
	beats  sync.WaitGroup // the heartbeat, which lasts for as long as something is being sent
	wake   chan struct{}  // capacity 1
	tell   chan struct{}  // capacity 1

	mu      sync.Mutex
	closed  bool
	lanes   map[string]*laneWork
	hints   map[string]int // domains with new mail, and how many recipients
	full    bool           // look at the whole queue
	queue   []string       // domains that wait for a worker
	running int
	down    map[string]downMark
	flying  map[int64]bool // batches that workers have, by flight
	strays  map[int64]ID   // letters of leases of ours without a worker, as of the last heartbeat, by flight
}

// New makes an outbox. Start sets it to work.
func New(c Config) *Outbox {
	c = c.withDefaults()
	o := &Outbox{
		cfg:  c,
		self: map[string]bool{hostName(c.Hostname): true},
		stop: make(chan struct{}), wake: make(chan struct{}, 1), tell: make(chan struct{}, 1), cancel: func() {},
		lanes: make(map[string]*laneWork), hints: make(map[string]int), down: make(map[string]downMark),
		flying: make(map[int64]bool),
	}
	for _, s := range c.Self {
		o.self[hostName(s)] = true
	}
	var b [8]byte
	rand.Read(b[:]) // never fails (crypto/rand)
	o.holder = int64(binary.BigEndian.Uint64(b[:])>>1 | 1)
	return o
}

// Start sets the workers going. Close ends them.
func (o *Outbox) Start(ctx context.Context) error {
	if o.cfg.Alone {
		if err := o.cfg.DB.Write(ctx, func(tx *db.Tx) error {
			tx.Exec(sqlOnlyHolder, o.holder)
			return nil
		}); err != nil {
			return err
		}
	}
	if err := o.beat(ctx); err != nil {
		return err
	}
	ctx, o.cancel = context.WithCancel(context.WithoutCancel(ctx))
	o.group.Go(func() { o.dispatch(ctx) })
	o.group.Go(func() { o.tellLoop(ctx) })
	o.beats.Go(func() { o.heartbeat(ctx) })
	return nil
}

// Close claims nothing more, gives what is being sent until ctx ends, then cuts it off; what was cut off goes back
// into the queue. It returns once every goroutine has ended.
func (o *Outbox) Close(ctx context.Context) error {
	o.once.Do(func() {
		o.mu.Lock()
		o.closed = true
		o.mu.Unlock()
		close(o.stop)
	})
	done := make(chan struct{})
	go func() { o.group.Wait(); close(done) }()
	select {
	case <-done:
	case <-ctx.Done():
	}
	o.cancel()
	<-done
	o.beats.Wait()
	return o.cfg.DB.Write(context.WithoutCancel(ctx), func(tx *db.Tx) error {
		now := o.cfg.Clock.Now().UnixMicro()
		tx.Exec(sqlUnhold, o.holder, now-o.cfg.Policy.Lease.Microseconds())
		return nil
	})
}

func (o *Outbox) stopping() bool {
	select {
	case <-o.stop:
		return true
	default:
		return false
	}
}

// heartbeat keeps this process's leases alive until ctx ends, and takes up what dead processes left behind.
func (o *Outbox) heartbeat(ctx context.Context) {
	for {
		t := o.cfg.Clock.NewTimer(o.cfg.Policy.Lease / 4)
		select {
		case <-t.C():
		case <-ctx.Done():
			t.Stop()
			return
		}
		if err := o.beat(ctx); err != nil && ctx.Err() == nil {
			o.cfg.Log.Error("the outbox's lease could not be renewed", "error", err)
		}
		if err := o.freeStrays(ctx); err != nil && ctx.Err() == nil {
			o.cfg.Log.Error("leases without a worker could not be looked for", "error", err)
		}
	}
}

// freeStrays gives back what is leased to this process and no worker has, at two heartbeats in a row: a claim whose
// commit went through although its answer was lost.
func (o *Outbox) freeStrays(ctx context.Context) error {
	seen := make(map[int64]ID)
	err := o.cfg.DB.Read(ctx, func(tx *db.Tx) error {
		clear(seen)
		return tx.Query(sqlLeased, []any{o.holder}, func(r db.Row) error {
			seen[r.Int64(0)] = ID(r.Int64(1))
			return nil
		})
	})
	if err != nil {
		return err
	}
	o.mu.Lock()
	lost := make(map[int64]ID)
	for f, id := range seen {
		if o.flying[f] {
			delete(seen, f)
		} else if _, again := o.strays[f]; again {
			lost[f] = id
		}
	}
	o.strays = seen
	o.mu.Unlock()
	if len(lost) == 0 {
		return nil
	}
	o.cfg.Log.Warn("leases without a worker are given back", "batches", len(lost))
	defer o.Wake()
	return o.cfg.DB.Write(ctx, func(tx *db.Tx) error {
		for f, id := range lost {
			tx.Exec(sqlFreeStray, id, f, o.holder, o.cfg.Clock.Now().UnixMicro())
		}
		return nil
	})
}

// fly notes that a worker has a batch, or has it no more.
func (o *Outbox) fly(b *batch, has bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if has {
		o.flying[b.flight] = true
	} else {
		delete(o.flying, b.flight)
	}
}

// beat renews the lease, then frees what belongs to nobody alive.
func (o *Outbox) beat(ctx context.Context) error {
	now := o.cfg.Clock.Now()
	freed := int64(0)
	err := o.cfg.DB.Write(ctx, func(tx *db.Tx) (err error) {
		tx.Exec(sqlHold, o.holder, now.Add(o.cfg.Policy.Lease).UnixMicro())
		freed, err = tx.Change(sqlFree, now.UnixMicro())
		return err
	})
	if freed > 0 {
		o.cfg.Log.Warn("recipients of a process that ended are tried again", "recipients", freed)
		o.Wake()
	}
	return err
}

// waitFor ends when c is signalled, d has passed, or the outbox closes.
func (o *Outbox) waitFor(c <-chan struct{}, d time.Duration) {
	t := o.cfg.Clock.NewTimer(max(d, time.Millisecond))
	defer t.Stop()
	select {
	case <-c:
	case <-t.C():
	case <-o.stop:
	}
}

// Wake tells the workers that letters to these recipients have committed; without any, that the queue as a whole
// has changed. Calling it before the commit would find nothing. It never blocks.
func (o *Outbox) Wake(to ...Recipient) {
	o.mu.Lock()
	o.full = o.full || len(to) == 0
	for _, t := range to {
		domain := lane(t)
		if _, ok := o.hints[domain]; !ok && len(o.hints) >= maxHints {
			o.full = true
			break
		}
		o.hints[domain]++
	}
	o.mu.Unlock()
	o.signal(o.wake)
}

func (o *Outbox) signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// dispatch looks for mail that is due and sees to it that somebody works on it.
func (o *Outbox) dispatch(ctx context.Context) {
	var scanAt time.Time // the next look at the queue; zero: at once
	for !o.stopping() {
		now := o.cfg.Clock.Now()
		if o.takeHints(ctx) || !now.Before(scanAt) {
			scanAt = o.scan(ctx, now)
		}
		o.waitFor(o.wake, scanAt.Sub(o.cfg.Clock.Now()))
	}
}

// takeHints hands domains with new mail to workers. True says that the whole queue is to be looked at.
func (o *Outbox) takeHints(ctx context.Context) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	for domain, n := range o.hints {
		o.offer(ctx, domain, n)
	}
	clear(o.hints)
	full := o.full
	o.full = false
	return full
}

// scan hands every domain with due mail to workers, and tells when to look again.
func (o *Outbox) scan(ctx context.Context, now time.Time) time.Time {
	next := now.Add(scanEvery)
	type found struct {
		domain string
		n      int
	}
	var list []found
	err := o.cfg.DB.Read(ctx, func(tx *db.Tx) error {
		list = list[:0]
		err := tx.Query(sqlDueDomains, []any{now.UnixMicro(), int64(scanLimit)}, func(r db.Row) error {
			list = append(list, found{r.Text(0), int(r.Int64(1))})
			return nil
		})
		if err != nil {
			return err
		}
		return tx.Query(sqlNextDue, []any{int64(rowWaiting), now.UnixMicro()}, func(r db.Row) error {
			if due := time.UnixMicro(r.Int64(0)); !r.Null(0) && due.Before(next) {
				next = due
			}
			return nil
		})
	})
	if err != nil {
		o.cfg.Log.Error("the queue could not be looked at", "error", err)
		return now.Add(scanPause)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.forgetDown(now)
	for _, f := range list {
		o.offer(ctx, f.domain, f.n)
	}
	if len(list) == scanLimit || next.Before(now.Add(scanPause)) {
		next = now.Add(scanPause)
	}
	return next
}
