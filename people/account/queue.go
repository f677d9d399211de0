package account

import (
	"context"
	"sync"
	"time"

	"haven/platform/clock"
	"haven/platform/errs"
)

// queue lets few through at once and the others wait in turn: each place has its own line, and the lines are
// served one after the other, so that a place that asks a thousand times delays itself and not the others. No
// more than most wait, and none longer than maxWait.
type queue struct {
	clock   clock.Clock
	most    int
	maxWait time.Duration

	mu      sync.Mutex
	free    int
	waiting int
	lines   map[string][]*waiter
	turns   []string // places with a line, next first
}

type waiter struct {
	place string
	turn  chan struct{} // closed when it is the waiter's turn
}

func newQueue(slots, most int, maxWait time.Duration, c clock.Clock) *queue {
	return &queue{clock: c, most: most, maxWait: maxWait, free: max(slots, 1), lines: make(map[string][]*waiter)}
}

var errBusy = errs.E(errs.Transient, "Many people are signing in just now. Try again in a minute.")

// enter waits for a slot; whoever got one has to leave. It fails as Transient, and nothing was done, when the
// line is too long, the wait too long, or ctx ends.
func (q *queue) enter(ctx context.Context, place string) error {
	w, err := q.join(place)
	if w == nil || err != nil {
		return err
	}
	t := q.clock.NewTimer(q.maxWait)
	defer t.Stop()
	select {
	case <-w.turn:
		return nil
	case <-t.C():
		err = errBusy
	case <-ctx.Done():
		err = errs.Wrap(errs.Transient, ctx.Err(), "")
	}
	if q.quit(w) {
		return err
	}
	return nil // its turn came at the same moment
}

// join takes a free slot at once (nil waiter) or stands in line.
func (q *queue) join(place string) (*waiter, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.free > 0 {
		q.free--
		return nil, nil
	}
	if q.waiting >= q.most {
		return nil, errBusy
	}
	w := &waiter{place: place, turn: make(chan struct{})}
	if len(q.lines[place]) == 0 {
		q.turns = append(q.turns, place)
	}
	q.lines[place] = append(q.lines[place], w)
	q.waiting++
	return w, nil
}

// leave hands the slot to the first of the next line.
func (q *queue) leave() {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.turns) == 0 {
		q.free++
		return
	}
	place := q.turns[0]
	line := q.lines[place]
	close(line[0].turn)
	q.waiting--
	q.turns = q.turns[1:]
	if len(line) == 1 {
		delete(q.lines, place)
		return
	}
	q.lines[place] = line[1:]
	q.turns = append(q.turns, place)
}

// quit takes w out of its line; false if its turn had come.
func (q *queue) quit(w *waiter) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	line := q.lines[w.place]
	for i, other := range line {
		if other != w {
			continue
		}
		q.waiting--
		q.lines[w.place] = append(line[:i:i], line[i+1:]...)
		if len(line) == 1 {
			delete(q.lines, w.place)
			q.dropTurn(w.place)
		}
		return true
	}
	return false
}

func (q *queue) dropTurn(place string) {
	for i, p := range q.turns {
		if p == place {
			q.turns = append(q.turns[:i:i], q.turns[i+1:]...)
			return
		}
	}
}
