package notify

import (
	"testing"
	"time"

	"haven/platform/policy"
)

func TestLapses(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC)
	p := policy.Notify{KeepContent: 14 * 24 * time.Hour, TryFor: 72 * time.Hour}
	for _, c := range []struct {
		name        string
		until, want time.Time
	}{
		{"nothing said", time.Time{}, now.Add(72 * time.Hour)},
		{"a code of half an hour", now.Add(30 * time.Minute), now.Add(30 * time.Minute)},
		{"a temporary password", now.Add(14 * 24 * time.Hour), now.Add(14 * 24 * time.Hour)},
		{"longer than it is kept", now.Add(30 * 24 * time.Hour), now.Add(14 * 24 * time.Hour)},
		{"over already", now.Add(-time.Second), now.Add(-time.Second)},
	} {
		if got := lapses(c.until, now, p); !got.Equal(c.want) {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func TestWaits(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		tries int64
		share float64
		want  time.Duration
	}{
		{0, 0, 20 * time.Second}, {0, 1, 25 * time.Second}, {1, 0, 40 * time.Second}, {5, 0, 640 * time.Second}, {7, 0, 30 * time.Minute}, {1 << 40, 0, 30 * time.Minute}, {1 << 40, 1, 37*time.Minute + 30*time.Second},
	} {
		if got := sendWait(c.tries, c.share); got != c.want {
			t.Errorf("%d tries, %v: %s, want %s", c.tries, c.share, got, c.want)
		}
	}
	for tries, want := range map[int64]time.Duration{0: time.Minute, 1: 2 * time.Minute, 5: 26 * time.Minute, 20: 6 * time.Hour, 1 << 40: 6 * time.Hour} {
		if got := askWait(tries); got != want {
			t.Errorf("asked %d times: %s, want %s", tries, got, want)
		}
	}
	for range 100 {
		if j := jitter(); j < 0 || j > 1 {
			t.Fatalf("a share of %v", j)
		}
	}
}

func TestReturnReason(t *testing.T) {
	t.Parallel()
	for status, want := range map[string]string{"5.1.1": "there is no such address (5.1.1)", "5.1.10": "there is no such address (5.1.10)", "5.2.1": "the mailbox is switched off (5.2.1)",
		"5.2.2": "the mailbox is full (5.2.2)", "5.4.4": "the other mail server can't be found or reached (5.4.4)", "5.7.1": "the other mail server refuses it (5.7.1)", "5.0.0": "the other mail server refuses it (5.0.0)",
		"5.4.7": "it waited for longer than it was of use (5.4.7)",
		"4.4.7": "it was tried for as long as it was of use, and the other mail server did not take it (4.4.7)", "4.2.2": "it was tried for as long as it was of use, and the other mail server did not take it (4.2.2)"} {
		if got := returnReason(status); got != want {
			t.Errorf("%s: %q, want %q", status, got, want)
		}
	}
}
