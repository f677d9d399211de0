package openinghours

import (
	"testing"
	"time"
)

func TestWithin(t *testing.T) {
	t.Parallel()
	shop := Hours{}
	for d := time.Monday; d <= time.Friday; d++ {
		shop.Week[d] = Day{{9 * 60, 17*60 + 30}}
	}
	saturdays := shop
	saturdays.Week[time.Saturday] = Day{{9 * 60, 13 * 60}}
	shut := shop
	shut.Except = map[Date]Day{"2026-11-25": nil}
	at := func(s string) time.Time {
		m, err := time.ParseInLocation("2006-01-02 15:04", s, London)
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	for _, c := range []struct {
		name       string
		h          Hours
		from, want string
		within     time.Duration
	}{
		{"in the week, nights count", shop, "2026-11-23 10:00", "2026-11-26 10:00", 72 * time.Hour},
		{"a weekend does not", shop, "2026-11-26 16:00", "2026-12-01 16:00", 72 * time.Hour},
		{"a Saturday that is open does", saturdays, "2026-11-26 16:00", "2026-11-30 16:00", 72 * time.Hour},
		{"a letter on a Sunday begins on Monday", shop, "2026-11-22 12:00", "2026-11-26 00:00", 72 * time.Hour},
		{"a day that is different", shut, "2026-11-24 10:00", "2026-11-26 10:00", 24 * time.Hour},
		{"Christmas and Boxing Day in lieu", shop, "2026-12-24 12:00", "2026-12-31 12:00", 72 * time.Hour},
		{"the night when the clocks go back has an hour more", Hours{Week: [7]Day{{{0, 1440}}, {{0, 1440}}, {{0, 1440}}, {{0, 1440}}, {{0, 1440}}, {{0, 1440}}, {{0, 1440}}}}, "2026-10-24 12:00", "2026-10-25 11:00", 24 * time.Hour},
		{"nobody said when it opens", Hours{}, "2026-11-27 16:00", "2026-11-30 16:00", 72 * time.Hour},
		{"it never opens", Hours{Except: map[Date]Day{"2026-11-25": nil}}, "2026-11-27 16:00", "2026-11-30 16:00", 72 * time.Hour},
		{"no time", shop, "2026-11-23 10:00", "2026-11-23 10:00", 0},
	} {
		if got := c.h.Within(at(c.from), c.within); !got.Equal(at(c.want)) {
			t.Errorf("%s: %s, want %s", c.name, got.In(London), c.want)
		}
	}
}
