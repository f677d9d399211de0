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

func TestBetween(t *testing.T) {
	t.Parallel()
	shop := desk(t) // 9 to 1 and 2 to 5
	for _, c := range []struct {
		name     string
		h        Hours
		from, to string
		want     time.Duration
	}{
		{"within a morning", shop, "2026-11-24 09:30", "2026-11-24 10:15", 45 * time.Minute},
		{"over lunch", shop, "2026-11-24 12:30", "2026-11-24 14:30", time.Hour},
		{"over night", shop, "2026-11-24 16:50", "2026-11-25 09:05", 15 * time.Minute},
		{"over a weekend, and a Monday that is shut", shop, "2026-11-27 16:00", "2026-12-01 10:00", 2 * time.Hour},
		{"while it is shut", shop, "2026-11-28 09:00", "2026-11-29 17:00", 0},
		{"no time", shop, "2026-11-24 09:30", "2026-11-24 09:30", 0},
		{"backwards", shop, "2026-11-25 09:30", "2026-11-24 09:30", 0},
		{"nobody said when it opens", Hours{}, "2026-11-27 16:00", "2026-11-28 16:00", 24 * time.Hour},
	} {
		if got := c.h.Between(at(t, c.from), at(t, c.to)); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
	if opens, ok := shop.Opens(at(t, "2026-11-24 18:00")); !ok || opens.Format(form) != "2026-11-24 09:00" {
		t.Errorf("a Tuesday opens at %s, %t", opens, ok)
	}
	if _, ok := shop.Opens(at(t, "2026-11-28 10:00")); ok {
		t.Error("a Saturday opens")
	}
}
