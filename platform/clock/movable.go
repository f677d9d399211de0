package clock

import (
	"context"
	"sync"
	"time"
)

// Movable is the machine's clock, which can be moved on by hand: a demo lives through weeks in minutes. Timers fire as the moved time reaches them. The zero
// value shows the machine's time.
type Movable struct {
	mu     sync.Mutex
	ahead  time.Duration
	timers map[*movableTimer]struct{} // those that are to fire
}

// Behind is a clock that is to begin in the past; Move brings it to the present.
func Behind(d time.Duration) *Movable { return &Movable{ahead: -d} }

// Now is the machine's time and what it was moved on.
func (m *Movable) Now() time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.now()
}

func (m *Movable) now() time.Time { return time.Now().Add(m.ahead) }

// Ahead is how far the clock was moved on.
func (m *Movable) Ahead() time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.ahead
}

// Move moves the clock on, and fires what is due by then. A clock is never moved back.
func (m *Movable) Move(d time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if d <= 0 {
		return
	}
	m.ahead += d
	now := m.now()
	for t := range m.timers {
		t.real.Stop()
		if left := t.at.Sub(now); left > 0 {
			t.real.Reset(left)
		} else {
			t.fire(now)
		}
	}
}

// NewTimer gives a timer of the moved time.
func (m *Movable) NewTimer(d time.Duration) Timer {
	t := &movableTimer{m: m, c: make(chan time.Time, 1)}
	m.mu.Lock()
	defer m.mu.Unlock()
	t.start(d)
	return t
}

// After is the channel of a timer that nobody needs to stop.
func (m *Movable) After(d time.Duration) <-chan time.Time { return m.NewTimer(d).C() }

// Sleep waits on a timer and on ctx.
func (m *Movable) Sleep(ctx context.Context, d time.Duration) error { return sleep(ctx, m, d) }

type movableTimer struct {
	m    *Movable
	c    chan time.Time
	at   time.Time
	real *time.Timer
}

// start has the timer fire after d. The clock is locked.
func (t *movableTimer) start(d time.Duration) {
	t.at = t.m.now().Add(d)
	if d <= 0 {
		t.c <- t.at
		return
	}
	if t.m.timers == nil {
		t.m.timers = map[*movableTimer]struct{}{}
	}
	t.m.timers[t] = struct{}{}
	t.real = time.AfterFunc(d, t.due)
}

// due is called when the machine's time has run off.
func (t *movableTimer) due() {
	t.m.mu.Lock()
	defer t.m.mu.Unlock()
	if _, waits := t.m.timers[t]; waits && !t.m.now().Before(t.at) {
		t.fire(t.m.now())
	}
}

// fire has the timer fire once. The clock is locked.
func (t *movableTimer) fire(now time.Time) {
	delete(t.m.timers, t)
	t.c <- now // there is room: Reset empties the channel
}

func (t *movableTimer) C() <-chan time.Time { return t.c }

func (t *movableTimer) Stop() bool {
	t.m.mu.Lock()
	defer t.m.mu.Unlock()
	return t.stop()
}

func (t *movableTimer) stop() bool {
	_, waited := t.m.timers[t]
	if waited {
		delete(t.m.timers, t)
		t.real.Stop()
	}
	select {
	case <-t.c:
	default:
	}
	return waited
}

func (t *movableTimer) Reset(d time.Duration) bool {
	t.m.mu.Lock()
	defer t.m.mu.Unlock()
	waited := t.stop()
	t.start(d)
	return waited
}
