package outbox

import (
	"context"
	"slices"
	"time"
)

// laneWork counts a domain's workers.
type laneWork struct {
	running int
	queued  bool        // is in Outbox.queue
	again   bool        // mail came while all workers of the domain were busy
	idle    []chan bool // of workers that keep their connection open: true is work, false asks them to leave
}

// downMark is a domain whose servers could not be reached: until then nobody tries, and letters get the same result.
type downMark struct {
	until time.Time
	res   Result
}

// offer starts workers for n recipients of a domain as far as the limits allow; the rest waits. o.mu is held.
func (o *Outbox) offer(ctx context.Context, domain string, n int) {
	w := o.lanes[domain]
	if w == nil {
		w = new(laneWork)
		o.lanes[domain] = w
	}
	for ; n > 0; n-- {
		switch {
		case o.closed:
			return
		case len(w.idle) > 0:
			w.rouse(true)
			continue
		case w.running >= o.cfg.Policy.PerDomain:
			w.again = true
			return
		case o.running >= o.cfg.Policy.Workers:
			o.line(w, domain)
			o.evict()
			return
		}
		w.running++
		o.running++
		o.group.Add(1)
		go o.work(ctx, domain)
	}
}

// rouse sends word to the worker that became idle last.
func (w *laneWork) rouse(work bool) {
	last := len(w.idle) - 1
	w.idle[last] <- work // there is room for the one word that each gets
	w.idle = w.idle[:last]
}

// line puts a domain behind those that wait for a place. o.mu is held.
func (o *Outbox) line(w *laneWork, domain string) {
	if !w.queued {
		w.queued = true
		o.queue = append(o.queue, domain)
	}
}

// evict asks one idle worker to give its place up. o.mu is held.
func (o *Outbox) evict() {
	for _, w := range o.lanes {
		if len(w.idle) > 0 {
			w.rouse(false)
			return
		}
	}
}

// linger keeps a worker with its connection open for a moment. True says that there is work.
func (o *Outbox) linger(domain string) bool {
	o.mu.Lock()
	w := o.lanes[domain]
	if again := w.again; again || o.closed || len(o.queue) > 0 || o.cfg.Policy.Linger < time.Millisecond {
		w.again = false
		o.mu.Unlock()
		return again
	}
	word := make(chan bool, 1)
	w.idle = append(w.idle, word)
	o.mu.Unlock()

	t := o.cfg.Clock.NewTimer(o.cfg.Policy.Linger)
	defer t.Stop()
	select {
	case work := <-word:
		return work
	case <-t.C():
	case <-o.stop:
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if i := slices.Index(w.idle, word); i >= 0 {
		w.idle = slices.Delete(w.idle, i, i+1)
		return false
	}
	return <-word // it came just now
}

// growEvery is after how many letters a worker takes a backlog for granted and asks for company.
const growEvery = 8

// grow starts another worker for a domain with a backlog, unless others wait for a place.
func (o *Outbox) grow(ctx context.Context, domain string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if w := o.lanes[domain]; len(o.queue) == 0 && w.running < o.cfg.Policy.PerDomain && o.running < o.cfg.Policy.Workers {
		o.offer(ctx, domain, 1)
	}
}

// work sends what is due for one domain, one letter after the other over one connection.
func (o *Outbox) work(ctx context.Context, domain string) {
	defer o.group.Done()
	w := &worker{o: o, domain: domain}
	defer w.hangUp()
	var last *outcome
	for turn := 1; ; turn++ {
		more := !o.stopping() && (turn <= o.cfg.Policy.Turn || !o.othersWait())
		b := w.next(ctx, last, more)
		last = nil
		if b != nil {
			if turn%growEvery == 0 {
				o.grow(ctx, domain)
			}
			last = w.attempt(ctx, b)
			continue
		}
		if more && w.c != nil && o.linger(domain) {
			continue
		}
		w.hangUp() // before the place is another's, so that there are never more connections than places
		if o.leave(ctx, domain, more) {
			return
		}
	}
}

func (o *Outbox) othersWait() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.queue) > 0
}

// leave gives the worker's place up, unless mail came meanwhile. done tells that the domain has nothing due; if not,
// the domain queues for its next turn. The place goes to the domain that waits longest.
func (o *Outbox) leave(ctx context.Context, domain string, done bool) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	w := o.lanes[domain]
	if done && w.again && !o.closed {
		w.again = false
		return false
	}
	w.running--
	o.running--
	if !done && !o.closed {
		o.line(w, domain)
	}
	if w.running == 0 && !w.queued {
		delete(o.lanes, domain)
	}
	if len(o.queue) > 0 && !o.closed {
		next := o.queue[0]
		o.queue = o.queue[1:]
		o.lanes[next].queued = false
		o.offer(ctx, next, 1)
	}
	return true
}

// markDown remembers that a domain's servers can't be reached.
func (o *Outbox) markDown(domain string, res Result) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.down) < maxHints {
		o.down[domain] = downMark{o.cfg.Clock.Now().Add(o.cfg.Policy.Down), res}
	}
}

func (o *Outbox) isDown(domain string) (Result, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	d, ok := o.down[domain]
	return d.res, ok && o.cfg.Clock.Now().Before(d.until)
}

// forgetDown drops marks that have run out. o.mu is held.
func (o *Outbox) forgetDown(now time.Time) {
	for domain, d := range o.down {
		if !now.Before(d.until) {
			delete(o.down, domain)
		}
	}
}
