package search

import (
	"testing"
	"time"
)

func TestWorkerRestsWhileMailIsInARush(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		took   time.Duration
		writes int64
		want   time.Duration
	}{
		{time.Second, 0, 0},
		{time.Second, 700, 0},
		{time.Second, 701, 4 * time.Second},
		{100 * time.Millisecond, 500, 400 * time.Millisecond},
		{time.Minute, 100_000, 10 * time.Second},
		{0, 1, 0},
	} {
		if got := rest(c.took, c.writes); got != c.want {
			t.Errorf("after %v and %d writes: %v, want %v", c.took, c.writes, got, c.want)
		}
	}
}
