package job

import (
	"testing"
	"time"
)

func TestWaits(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name        string
		every       time.Duration
		random      float64
		first, next time.Duration
	}{
		{"often, earliest", time.Second, 0, 0, 900 * time.Millisecond},
		{"often, in the middle", time.Second, 0.5, 500 * time.Millisecond, time.Second},
		{"daily, in the middle", 24 * time.Hour, 0.5, 30 * time.Second, 24 * time.Hour},
		{"daily, late", 24 * time.Hour, 0.75, 45 * time.Second, 25*time.Hour + 12*time.Minute},
	} {
		if got := firstWait(c.every, c.random); got != c.first {
			t.Errorf("%s: first wait %v, want %v", c.name, got, c.first)
		}
		if got := nextWait(c.every, c.random); got != c.next {
			t.Errorf("%s: next wait %v, want %v", c.name, got, c.next)
		}
	}
}

func TestLeaseReserve(t *testing.T) {
	t.Parallel()
	for every, want := range map[time.Duration]time.Duration{
		time.Second:    2 * time.Second, // outlasts the wait for the next run, so the holder keeps it
		24 * time.Hour: time.Minute,     // nobody need wait two days for a dead process
	} {
		if got := leaseReserve(every); got != want {
			t.Errorf("every %v: reserve %v, want %v", every, got, want)
		}
	}
}
