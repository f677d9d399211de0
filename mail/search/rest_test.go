package search

import (
	"testing"
	"time"
)

func TestWorkerRestsWhileOthersWait(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		took time.Duration
		uses int64
		want time.Duration
	}{
		{time.Second, 0, 0},
		{time.Second, 150, 0},
		{time.Second, 151, time.Second},
		{time.Second, 700, time.Second},
		{time.Second, 701, 4 * time.Second},
		{100 * time.Millisecond, 500, 400 * time.Millisecond},
		{time.Minute, 100_000, 10 * time.Second},
		{0, 1, 0},
	} {
		if got := rest(c.took, c.uses); got != c.want {
			t.Errorf("after %v and %d uses: %v, want %v", c.took, c.uses, got, c.want)
		}
	}
}
