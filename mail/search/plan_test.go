package search

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"haven"
	"haven/mail/mailbox"
	"haven/mail/mime"
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

// TestFoldedOnce: what a letter's fields cost depends on their size, not on how many keys look into them.
func TestFoldedOnce(t *testing.T) { // alone, since it counts what is allocated
	long := strings.Repeat("Très long ", 3_000)
	info := &mailbox.Info{}
	e := &info.Meta.Envelope
	e.Subject, e.MessageID, e.InReplyTo = long, "<"+long+"@a>", "<"+long+"@a>"
	e.From = []mime.Address{{Name: long, Mailbox: "anna", Host: "clinic.example"}}
	e.To, e.Cc, e.Bcc = e.From, e.From, e.From
	header := mime.Header("X-Place: " + long + "\r\nX-Other: " + long + "\r\nx-place: here\r\n\r\n")
	judge := func(q Query) float64 {
		p, err := newPlan(q, nil, time.Time{})
		if err != nil {
			t.Fatal(err)
		}
		return testing.AllocsPerRun(3, func() {
			if got := p.root.judge(&facts{info: info, header: p.headerValues(header)}); got != no {
				t.Errorf("%T: %d", q, got)
			}
		})
	}
	for _, key := range []func(want string) Query{
		func(want string) Query { return Subject(want) },
		func(want string) Query { return Header{"subject", want} },
		func(want string) Query { return Header{"Message-Id", want} },
		func(want string) Query { return Header{"In-Reply-To", want} },
		func(want string) Query { return Header{"X-Place", want} },
		func(want string) Query { return Header{"X-OTHER", want} },
		func(want string) Query { return Address{From, want} },
		func(want string) Query { return Address{To, want} },
		func(want string) Query { return Address{Cc, want} },
		func(want string) Query { return Address{Bcc, want} },
	} {
		var keys Or
		for n := range 900 {
			keys = append(keys, key(fmt.Sprint("missing", n)))
		}
		if one, all := judge(keys[:1]), judge(keys); all > one {
			t.Errorf("%T: %v allocations for one key, %v for all", keys[0], one, all)
		}
	}
}
