package search

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"haven"
	"haven/mail/mailbox"
)

func TestOuterUIDs(t *testing.T) {
	t.Parallel()
	few, many, none := UIDs{{Lo: 7, Hi: 9}, {Lo: 3, Hi: 4}}, UIDs{{Lo: 4, Hi: mailbox.MaxUID}}, UIDs{}
	for _, c := range []struct {
		q    Query
		want string
	}{
		{All{}, "[]"},
		{few, "[{3 4} {7 9}]"},
		{UIDs{{Lo: 5, Hi: 8}, {Lo: 1, Hi: 2}, {Lo: 2, Hi: 4}, {Lo: 9, Hi: 3}}, "[{1 8}]"},
		{And{many, All{}, And{Subject("x"), few}}, "[{4 4} {7 9}]"},
		{And{many, Or{few}}, "[{4 4294967295}]"},
		{And{many, Not{few}}, "[{4 4294967295}]"},
		{Or{few, many}, "[]"},
		{And{few, none}, "[]"},
	} {
		if got := fmt.Sprint(outerUIDs(c.q)); got != c.want {
			t.Errorf("%#v: %s, want %s", c.q, got, c.want)
		}
	}
	if outerUIDs(And{few, none}) == nil || outerUIDs(All{}) != nil {
		t.Error("a set of no UIDs and no set are mixed up")
	}
}

// TestRangesLikeSets: the arithmetic of ranges is that of the sets that they stand for.
func TestRangesLikeSets(t *testing.T) {
	t.Parallel()
	rnd := rand.New(rand.NewPCG(8, 9))
	some := func() (set []mailbox.Range) {
		for range rnd.IntN(5) {
			set = append(set, mailbox.Range{Lo: haven.UID(1 + rnd.IntN(20)), Hi: haven.UID(rnd.IntN(22))})
		}
		return set
	}
	within := func(set []mailbox.Range, uid haven.UID) bool {
		for _, r := range set {
			if r.Lo <= uid && uid <= r.Hi {
				return true
			}
		}
		return false
	}
	for range 5_000 {
		a, b, cut := some(), some(), haven.UID(rnd.IntN(22))
		for uid := haven.UID(1); uid < 24; uid++ {
			if inRanges(joined(a), uid) != within(a, uid) {
				t.Fatalf("joined %v at %d", a, uid)
			}
			if within(common(joined(a), joined(b)), uid) != (within(a, uid) && within(b, uid)) {
				t.Fatalf("common of %v and %v at %d", a, b, uid)
			}
			if within(after(joined(a), cut), uid) != (within(a, uid) && uid > cut) {
				t.Fatalf("%v after %d at %d", a, cut, uid)
			}
		}
	}
}

// TestDayOf: a day is that of the zone which the time is in.
func TestDayOf(t *testing.T) {
	t.Parallel()
	east, west := time.FixedZone("", 13*3600), time.FixedZone("", -11*3600)
	for _, c := range []struct {
		at   time.Time
		want Day
	}{
		{time.Unix(0, 0).UTC(), 0},
		{time.Unix(-1, 0).UTC(), -1},
		{time.Date(2026, 11, 22, 0, 30, 0, 0, east), DayAt(2026, time.November, 22)},
		{time.Date(2026, 11, 22, 23, 30, 0, 0, west), DayAt(2026, time.November, 22)},
		{time.Date(1906, 3, 1, 12, 0, 0, 0, time.UTC), DayAt(1906, time.March, 1)},
	} {
		if got := DayOf(c.at); got != c.want {
			t.Errorf("%v is day %d, want %d", c.at, got, c.want)
		}
	}
}
