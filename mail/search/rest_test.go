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
		late bool
		want time.Duration
	}{
		{time.Second, 0, false, 0},
		{time.Second, 150, false, 0},
		{time.Second, 151, false, time.Second},
		{time.Second, 151, true, 0},
		{time.Second, 1_500, false, time.Second},
		{time.Second, 1_500, true, 0},
		{time.Second, 1_501, false, 4 * time.Second},
		{time.Second, 1_501, true, time.Second},
		{100 * time.Millisecond, 500, false, 400 * time.Millisecond},
		{time.Minute, 100_000, false, 10 * time.Second},
		{time.Minute, 100_000, true, 10 * time.Second},
		{0, 1, false, 0},
	} {
		if got := rest(c.took, c.uses, c.late); got != c.want {
			t.Errorf("after %v and %d uses, late %v: %v, want %v", c.took, c.uses, c.late, got, c.want)
		}
	}
}

// TestLate: letters are late once they have waited; those that wait since a rebuild put them there are not.
func TestLate(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, h *house) {
		no := h.Account()
		want := func(when string, late bool) {
			t.Helper()
			if got := h.search.late(t.Context()); got != late {
				t.Errorf("%s: late %v", when, got)
			}
		}
		want("nothing waits", false)
		h.Deliver(no, "Subject: x\n\nmetformin\n")
		h.Clock.Advance(2 * time.Second)
		want("a moment ago", false)
		h.Clock.Advance(2 * time.Second)
		want("four seconds ago", true)
		h.settle()
		want("all is indexed", false)
		if err := h.search.Rebuild(t.Context()); err != nil {
			t.Fatal(err)
		}
		h.Clock.Advance(2 * time.Hour)
		want("hours ago", false)
		h.Deliver(no, "Subject: y\n\nmetformin\n")
		h.Clock.Advance(4 * time.Second)
		want("a new one waits", true)
	})
}
