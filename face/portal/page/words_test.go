package page

import (
	"testing"
	"time"
)

func TestSpan(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	for d, want := range map[time.Duration]string{
		time.Minute: "1 minute", 10 * time.Minute: "10 minutes", time.Hour: "an hour", 90 * time.Minute: "90 minutes", 12 * time.Hour: "12 hours",
		day: "1 day", 36 * time.Hour: "36 hours", 3 * day: "3 days", 90 * time.Second: "2 minutes",
	} {
		if got := span(d); got != want {
			t.Errorf("%v: %q, want %q", d, got, want)
		}
	}
}
