package limit

import "time"

// Windows counts events per key over the time just gone. The count is that of the running part and of the part
// before it in proportion, so that no more than twice the limit can ever pass at a seam, and it costs three
// numbers a key. It is safe for many goroutines.
type Windows struct {
	window time.Duration
	now    func() time.Time
	keys   *Recent[string, windowCount]
}

type windowCount struct {
	part         int64 // number of the running part since the epoch
	before, this int
}

// NewWindows counts over window for at most keys keys.
func NewWindows(window time.Duration, keys int, now func() time.Time) *Windows {
	return &Windows{window: max(window, time.Millisecond), now: now, keys: NewRecent[string, windowCount](keys)}
}

// Add counts n events for key and returns the count with them.
func (w *Windows) Add(key string, n int) int {
	now := w.now()
	c := w.keys.Update(key, func(c windowCount) windowCount {
		c = c.at(w.part(now))
		c.this += n
		return c
	})
	return w.count(c, now)
}

// Count returns the count of key without adding to it.
func (w *Windows) Count(key string) int {
	now := w.now()
	c, ok := w.keys.Get(key)
	if !ok {
		return 0
	}
	return w.count(c.at(w.part(now)), now)
}

// Forget sets key back to nothing.
func (w *Windows) Forget(key string) { w.keys.Forget(key) }

func (w *Windows) part(t time.Time) int64 { return t.UnixNano() / int64(w.window) }

// at moves the count on to the part that is running.
func (c windowCount) at(part int64) windowCount {
	switch part - c.part {
	case 0:
		return c
	case 1:
		return windowCount{part: part, before: c.this}
	}
	return windowCount{part: part}
}

func (w *Windows) count(c windowCount, now time.Time) int {
	gone := float64(now.UnixNano()%int64(w.window)) / float64(w.window)
	return c.this + int(float64(c.before)*(1-gone)+0.5)
}

// Buckets is a token bucket per key: up to burst at once, then one each period/rate. It is the generic cell
// rate algorithm: one time a key. It is safe for many goroutines.
type Buckets struct {
	every time.Duration // one token
	slack time.Duration // a full bucket
	now   func() time.Time
	keys  *Recent[string, time.Time] // when the bucket is full again
}

// NewBuckets gives each key rate tokens per period and lets it save up burst of them. A rate of zero or less is
// no limit: Take grants all.
func NewBuckets(rate int, period time.Duration, burst, keys int, now func() time.Time) *Buckets {
	b := &Buckets{now: now, keys: NewRecent[string, time.Time](keys)}
	if rate > 0 {
		b.every = max(period/time.Duration(rate), 1)
		b.slack = b.every * time.Duration(max(burst, 1))
	}
	return b
}

// Take takes n tokens of key. It returns 0 where they were there, else how long until they would be, and takes
// nothing. More tokens than a full bucket holds are granted when it is full.
func (b *Buckets) Take(key string, n int) time.Duration {
	if b.every == 0 || n <= 0 {
		return 0
	}
	now, cost := b.now(), b.every*time.Duration(n)
	var wait time.Duration
	b.keys.Update(key, func(full time.Time) time.Time {
		if full.Before(now) {
			full = now
		}
		if over := full.Add(min(cost, b.slack)).Sub(now) - b.slack; over > 0 {
			wait = over
			return full
		}
		return full.Add(cost)
	})
	return wait
}
