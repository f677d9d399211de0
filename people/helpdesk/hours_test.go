package helpdesk

import (
	"haven/people/openinghours"
	"testing"
	"time"
)

func TestHours(t *testing.T) {
	t.Parallel()
	const form = "2006-01-02 15:04"
	for _, c := range []struct {
		now     string
		open    bool
		changes string
	}{
		{"2026-11-25 09:00", true, "2026-11-25 17:00"},
		{"2026-11-25 08:59", false, "2026-11-25 09:00"},
		{"2026-11-25 16:59", true, "2026-11-25 17:00"},
		{"2026-11-25 17:00", false, "2026-11-26 09:00"},
		{"2026-11-27 18:00", false, "2026-11-30 09:00"}, // a Friday
		{"2026-11-28 12:00", false, "2026-11-30 09:00"}, // a Saturday
		{"2026-12-24 17:30", false, "2026-12-29 09:00"}, // Christmas on a Friday, and Boxing Day on Monday
		{"2026-04-02 20:00", false, "2026-04-07 09:00"}, // Easter
		{"2026-03-28 23:00", false, "2026-03-30 09:00"}, // the clocks go forward
	} {
		now, err := time.ParseInLocation(form, c.now, openinghours.London)
		if err != nil {
			t.Fatal(err)
		}
		open, changes := Hours(now)
		if got := changes.Format(form); open != c.open || got != c.changes {
			t.Errorf("%s: open %t until %s, want %t until %s", c.now, open, got, c.open, c.changes)
		}
	}
	if open, _ := Hours(time.Date(2026, 7, 1, 8, 30, 0, 0, time.UTC)); !open {
		t.Error("half past eight in UTC is half past nine in a London summer")
	}
}
