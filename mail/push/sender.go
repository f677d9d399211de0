package push

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"haven"
	"haven/platform/change"
	"haven/platform/clock"
	"haven/platform/limit"
	"haven/platform/webpush"
)

// How the sender looks after itself: nothing of it is seen by anybody.
const (
	lookShared   = 2 * time.Second  // for what other processes changed of subscriptions
	lookAlone    = 30 * time.Second // where there are none
	lookBack     = time.Minute      // what is late to be seen is not older than this
	lookWhole    = 10 * time.Minute // subscriptions that are gone are forgotten
	lookStep     = 500
	roundAtMost  = 10 * time.Second // so that the turn is kept
	flightLimit  = 75 * time.Second // far less than a turn lasts
	partsAtOnce  = 4                // messages of one flight: each within policy.Push.Within
	bucketsAtAll = 100_000          // subscriptions whose rate is remembered
)

// TurnFor is how long one of several processes has the turn to push.
const TurnFor = 2 * time.Minute

// SenderOptions are what a Sender stands on; Turn may be nil.
type SenderOptions struct {
	Service *Service
	Hub     *change.Hub
	States  Stater
	Turn    func(context.Context) (bool, error) // whether this process is the one that pushes (job.Leases.Turn, for TurnFor); nil: there is no other
}

// Sender watches the accounts of everybody who has a subscription, and pushes what changed. What it knows of states is in memory: after a start, or a change of
// turns, each subscription is told once how things stand.
type Sender struct {
	o       SenderOptions
	s       *Service
	clock   clock.Clock
	rate    *limit.Buckets
	flights sync.WaitGroup
	wake    chan struct{}
	counts  [4]atomic.Int64 // by webpush.Outcome

	mu     sync.Mutex
	all    map[ID]*watched
	ready  map[ID]*watched // those that something may have to be said to, and nobody does
	people map[haven.AccountNo]int
	flying int
	looked time.Time // when subscriptions were looked at last; zero: never in this turn
	whole  time.Time // when all of them were
	soon   bool      // they are looked at in the next round
}

// watched is a subscription as the Sender knows it. What only a flight touches is touched by one at a time.
type watched struct {
	id      ID
	holder  Holder
	changed int64 // of the row, as it was seen last
	wait    *change.Subscription

	dirty, busy, gone bool      // under Sender.mu
	due               time.Time // under Sender.mu: nothing is said before

	accounts []haven.AccountNo // a flight's
	last     States            // a flight's; nil: nothing was said in this turn
	failed   int               // a flight's: tries in a row
}

// NewSender makes a sender; Run sets it going.
func NewSender(o SenderOptions) *Sender {
	p, c := o.Service.o.Policy, o.Service.o.Clock
	burst := max(p.PerHour/10, 1) // after a quiet while so many may follow each other
	return &Sender{o: o, s: o.Service, clock: c, rate: limit.NewBuckets(p.PerHour, time.Hour, burst, bucketsAtAll, c.Now), wake: make(chan struct{}, 1),
		all: map[ID]*watched{}, ready: map[ID]*watched{}, people: map[haven.AccountNo]int{}}
}

// Watched is how many subscriptions this process pushes to.
func (x *Sender) Watched() int {
	x.mu.Lock()
	defer x.mu.Unlock()
	return len(x.all)
}

// Count is how many messages ended so.
func (x *Sender) Count(o webpush.Outcome) int64 { return x.counts[int(o)%len(x.counts)].Load() }

// Run pushes until ctx ends, and returns when nothing is on the way any more.
func (x *Sender) Run(ctx context.Context) {
	defer x.forgetAll()
	defer x.flights.Wait()
	for {
		next := x.clock.NewTimer(x.round(ctx))
		select {
		case <-ctx.Done():
			next.Stop()
			return
		case <-x.wake:
		case <-x.s.wake:
			x.lookSoon()
		case <-next.C():
		}
		next.Stop()
	}
}

// Step does what is due now, and waits for it.
func (x *Sender) Step(ctx context.Context) {
	x.lookSoon()
	for more := true; more && ctx.Err() == nil; more = x.isDue() {
		x.round(ctx)
		x.flights.Wait()
	}
}

// isDue reports whether somebody waited for room alone.
func (x *Sender) isDue() bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	now := x.clock.Now()
	for _, w := range x.ready {
		if !w.due.After(now) {
			return true
		}
	}
	return false
}

func (x *Sender) lookSoon() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.soon = true
}

func (x *Sender) rouse() {
	select {
	case x.wake <- struct{}{}:
	default: // it is awake
	}
}

// round begins what is due, and says when to come again.
func (x *Sender) round(ctx context.Context) time.Duration {
	every := lookAlone
	if x.o.Turn != nil {
		every = lookShared
		ours, err := x.o.Turn(ctx)
		if err != nil && ctx.Err() == nil {
			x.s.o.Logger.Warn("push: whose turn it is can't be told", "err", err)
		}
		if !ours || err != nil {
			x.forgetAll()
			return every
		}
	}
	now := x.clock.Now()
	if x.isToLook(now, every) {
		if err := x.look(ctx, now); err != nil && ctx.Err() == nil {
			x.s.o.Logger.Error("push: subscriptions can't be read", "err", err)
			return every
		}
	}
	return x.begin(ctx, now, min(every, roundAtMost))
}

func (x *Sender) isToLook(now time.Time, every time.Duration) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	due := x.soon || now.Sub(x.looked) >= every || now.Before(x.looked)
	x.soon = false
	return due
}

// begin sets going what is due and has room; the rest waits for whoever comes back, or for its time.
func (x *Sender) begin(ctx context.Context, now time.Time, next time.Duration) time.Duration {
	p := x.s.o.Policy
	x.mu.Lock()
	defer x.mu.Unlock()
	for id, w := range x.ready {
		if wait := w.due.Sub(now); wait > 0 {
			next = min(next, wait)
			continue
		}
		if x.flying >= p.AtOnce || x.people[w.holder.Person] >= p.PerPerson {
			continue
		}
		delete(x.ready, id)
		w.busy, w.dirty = true, false
		x.flying++
		x.people[w.holder.Person]++
		x.flights.Go(func() { x.land(w, x.fly(ctx, w)) })
	}
	return next
}

// landing is how a flight ended.
type landing struct {
	after time.Duration // nothing is said before
	again bool          // there is more to say
	over  bool          // the subscription is no more
}

func (x *Sender) land(w *watched, l landing) {
	x.mu.Lock()
	w.busy = false
	x.flying--
	if x.people[w.holder.Person]--; x.people[w.holder.Person] == 0 {
		delete(x.people, w.holder.Person)
	}
	w.due = x.clock.Now().Add(l.after)
	if l.over {
		x.forget(w)
	} else if (w.dirty || l.again) && !w.gone {
		w.dirty = true
		x.ready[w.id] = w
	}
	x.mu.Unlock()
	x.rouse()
}

// mark notes that something may have to be said to a subscription. It is called by whoever announces a change, and blocks nobody.
func (x *Sender) mark(w *watched) {
	x.mu.Lock()
	if !w.gone {
		w.dirty = true
		if !w.busy {
			x.ready[w.id] = w
		}
	}
	x.mu.Unlock()
	x.rouse()
}

// forget stops watching one. x.mu is held.
func (x *Sender) forget(w *watched) {
	w.gone = true
	w.wait.Close()
	delete(x.ready, w.id)
	if x.all[w.id] == w {
		delete(x.all, w.id)
	}
}

func (x *Sender) forgetAll() {
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, w := range x.all {
		x.forget(w)
	}
	x.looked, x.whole = time.Time{}, time.Time{}
}
