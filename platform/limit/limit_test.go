package limit

import (
	"fmt"
	"sync"
	"testing"
	"time"
)

type clock struct{ t time.Time }

func (c *clock) now() time.Time           { return c.t }
func (c *clock) advance(by time.Duration) { c.t = c.t.Add(by) }

func newClock() *clock { return &clock{time.Unix(1_700_000_000, 0).Truncate(10 * time.Minute)} }

func TestRecentForgetsTheLongestUnused(t *testing.T) {
	t.Parallel()
	r := NewRecent[string, int](2)
	r.Put("a", 1)
	r.Put("b", 2)
	r.Get("a")
	r.Put("c", 3)
	if _, ok := r.Get("b"); ok {
		t.Error("b is still remembered, though a was used after it")
	}
	if v, ok := r.Get("a"); !ok || v != 1 {
		t.Errorf("a = %d, %v", v, ok)
	}
	r.Forget("a")
	if r.Len() != 1 {
		t.Errorf("Len = %d, want 1", r.Len())
	}
}

func TestRecentIsBounded(t *testing.T) {
	t.Parallel()
	r := NewRecent[string, int](100)
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range 1000 {
				r.Update(fmt.Sprint(g, i), func(n int) int { return n + 1 })
			}
		})
	}
	wg.Wait()
	if r.Len() != 100 {
		t.Errorf("Len = %d, want 100", r.Len())
	}
}

func TestWindows(t *testing.T) {
	t.Parallel()
	c := newClock()
	w := NewWindows(10*time.Minute, 10, c.now)
	for i := 1; i <= 10; i++ {
		if got := w.Add("a", 1); got != i {
			t.Fatalf("after %d: %d", i, got)
		}
	}
	for _, step := range []struct {
		by   time.Duration
		want int
	}{
		{9 * time.Minute, 10}, // still the same part
		{time.Minute, 10},     // the part before counts whole at the seam
		{5 * time.Minute, 5},  // half of it
		{5 * time.Minute, 0},  // gone
	} {
		c.advance(step.by)
		if got := w.Count("a"); got != step.want {
			t.Errorf("after another %v: %d, want %d", step.by, got, step.want)
		}
	}
	w.Add("a", 3)
	w.Forget("a")
	if w.Count("a") != 0 || w.Count("never seen") != 0 {
		t.Error("a forgotten key still counts")
	}
}

func TestBuckets(t *testing.T) {
	t.Parallel()
	c := newClock()
	b := NewBuckets(60, time.Hour, 5, 10, c.now) // one a minute, five saved up
	for _, step := range []struct {
		name    string
		advance time.Duration
		key     string
		n       int
		wait    time.Duration
	}{
		{"a full bucket gives five", 0, "a", 5, 0},
		{"the sixth waits a minute", 0, "a", 1, time.Minute},
		{"another key is not concerned", 0, "b", 1, 0},
		{"half a minute later, half a minute to go", 30 * time.Second, "a", 1, 30 * time.Second},
		{"then it is there", 30 * time.Second, "a", 1, 0},
		{"a wait takes nothing", 0, "a", 1, time.Minute},
		{"an hour fills no more than the bucket", time.Hour, "a", 5, 0},
		{"and not one more", 0, "a", 1, time.Minute},
		{"a crowd is granted when the bucket is full", time.Hour, "a", 20, 0},
		{"and paid for after", 0, "a", 1, 16 * time.Minute},
	} {
		c.advance(step.advance)
		if got := b.Take(step.key, step.n); got != step.wait {
			t.Errorf("%s: wait %v, want %v", step.name, got, step.wait)
		}
	}
}

func TestNoLimit(t *testing.T) {
	t.Parallel()
	b := NewBuckets(0, time.Hour, 0, 10, newClock().now)
	for range 1000 {
		if b.Take("a", 1) != 0 {
			t.Fatal("a rate of zero is no limit")
		}
	}
}
