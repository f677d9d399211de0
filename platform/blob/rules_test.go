package blob

import (
	"testing"
	"time"
)

func TestPackFull(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		why               string
		off, total, limit int64
		want              bool
	}{
		{"an empty pack takes any group", fileHeader, 9 << 20, 4 << 20, false},
		{"room left", 1 << 20, 1 << 20, 4 << 20, false},
		{"exactly full is not over", 3 << 20, 1 << 20, 4 << 20, false},
		{"one octet over", 3<<20 + 1, 1 << 20, 4 << 20, true},
	} {
		if got := packFull(c.off, c.total, c.limit); got != c.want {
			t.Errorf("%s: %v", c.why, got)
		}
	}
}

func TestNextPackStep(t *testing.T) {
	t.Parallel()
	now := time.Date(2017, 6, 1, 12, 0, 0, 0, time.UTC)
	old, fresh := now.Add(-25*time.Hour), now.Add(-23*time.Hour)
	const pack, large = 4, 5
	for _, c := range []struct {
		why  string
		p    packFacts
		want packStep
	}{
		{"mostly alive", packFacts{number: pack, size: 100, ended: old, live: 60, rows: 3}, packKeep},
		{"half alive: a copy would free no more than it costs", packFacts{number: pack, size: 100, ended: old, live: 50, rows: 3}, packKeep},
		{"mostly dead", packFacts{number: pack, size: 100, ended: old, live: 49, rows: 3}, packCopy},
		{"mostly dead, bodies may wait for their rows", packFacts{number: pack, size: 100, ended: fresh, live: 10, rows: 1}, packKeep},
		{"mostly dead, still appended to", packFacts{number: pack, size: 100, ended: old, written: true, live: 10, rows: 1}, packKeep},
		{"no rows, still appended to", packFacts{number: pack, size: 100, ended: old, written: true}, packKeep},
		{"no rows yet", packFacts{number: pack, size: 100, ended: fresh}, packKeep},
		{"no rows, seen first", packFacts{number: pack, size: 100, ended: old}, packEmpty},
		{"no rows, readers may hold a location", packFacts{number: pack, size: 100, ended: old, emptied: now.Add(-59 * time.Minute)}, packKeep},
		{"no rows for an hour", packFacts{number: pack, size: 100, ended: old, emptied: now.Add(-time.Hour)}, packUnlink},
		{"rows after all", packFacts{number: pack, size: 100, ended: old, live: 90, rows: 1, emptied: now.Add(-time.Hour)}, packKeep},
		{"one body's file is never copied", packFacts{number: large, size: 100, ended: old, live: 10, rows: 1}, packKeep},
		{"one body's file, given up", packFacts{number: large, size: 100, ended: old, emptied: old}, packUnlink},
	} {
		if got := nextPackStep(c.p, 24*time.Hour, time.Hour, now); got != c.want {
			t.Errorf("%s: step %d, want %d", c.why, got, c.want)
		}
	}
}
