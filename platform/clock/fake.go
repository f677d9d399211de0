package clock

import (
	"context"
	"slices"
	"sync"
	"time"
)

// Fake is a clock that stands still until a test moves it. Timers fire in the order of their times, within the
// call that moves the clock over them. The zero value stands at the zero time; NewFake begins somewhere sensible.
type Fake struct {
	mu     sync.Mutex
	now    time.Time
	timers []*fakeTimer  // those that are to fire, in the order of their times
	more   chan struct{} // closed and renewed when a timer is added
}

// NewFake gives a clock that stands at start.
func NewFake(start time.Time) *Fake { return &Fake{now: start} }

// Now is where the clock stands.
func (f *Fake) Now() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.now
}

// Advance moves the clock on by d, stopping at each timer on the way.
func (f *Fake) Advance(d time.Duration) { f.Set(f.Now().Add(d)) }

// Set moves the clock to t. Backwards it only sets the time, as when an operator corrects a clock.
func (f *Fake) Set(t time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for len(f.timers) > 0 && !f.timers[0].at.After(t) {
		due := f.timers[0]
		f.timers = f.timers[1:]
		f.now = due.at
		due.c <- f.now // there is room: a timer fires once, and Reset empties the channel
	}
	f.now = t
}

// Await waits until n timers at least are to fire: then the goroutines under test wait for the clock. It returns
// the error of ctx if that ends first.
func (f *Fake) Await(ctx context.Context, n int) error {
	for {
		f.mu.Lock()
		if len(f.timers) >= n {
			f.mu.Unlock()
			return nil
		}
		if f.more == nil {
			f.more = make(chan struct{})
		}
		more := f.more
		f.mu.Unlock()
		select {
		case <-more:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// NewTimer gives a timer that fires when the clock is moved by d.
func (f *Fake) NewTimer(d time.Duration) Timer {
	t := &fakeTimer{clock: f, c: make(chan time.Time, 1)}
	t.Reset(d)
	return t
}

// After is NewTimer(d).C().
func (f *Fake) After(d time.Duration) <-chan time.Time { return f.NewTimer(d).C() }

// Sleep waits until the clock was moved by d, or ctx ends.
func (f *Fake) Sleep(ctx context.Context, d time.Duration) error { return sleep(ctx, f, d) }

type fakeTimer struct {
	clock *Fake
	c     chan time.Time
	at    time.Time
}

func (t *fakeTimer) C() <-chan time.Time { return t.c }

func (t *fakeTimer) Stop() bool {
	t.clock.mu.Lock()
	defer t.clock.mu.Unlock()
	return t.stop()
}

func (t *fakeTimer) stop() bool {
	select {
	case <-t.c:
	default:
	}
	i := slices.Index(t.clock.timers, t)
	if i < 0 {
		return false
	}
	t.clock.timers = slices.Delete(t.clock.timers, i, i+1)
	return true
}

func (t *fakeTimer) Reset(d time.Duration) bool {
	f := t.clock
	f.mu.Lock()
	defer f.mu.Unlock()
	was := t.stop()
	t.at = f.now.Add(d)
	if d <= 0 {
		t.c <- f.now
		return was
	}
	i, _ := slices.BinarySearchFunc(f.timers, t.at, func(o *fakeTimer, at time.Time) int {
		if o.at.After(at) {
			return 1
		}
		return -1 // behind those of the same time
	})
	f.timers = slices.Insert(f.timers, i, t)
	if f.more != nil {
		close(f.more)
		f.more = nil
	}
	return was
}
