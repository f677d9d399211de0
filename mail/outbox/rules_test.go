package outbox

import (
	"net"
	"slices"
	"testing"
	"time"
)

func TestJudge(t *testing.T) {
	t.Parallel()
	p := Policy{}.withDefaults()
	accepted, ours := Result{Outcome: Accepted, TellsItself: true}, Result{Outcome: Accepted}
	no, later := Result{Outcome: Refused}, Result{Outcome: TryLater}
	const early, late, over = time.Hour, 4 * time.Hour, 5 * 24 * time.Hour
	for _, c := range []struct {
		name   string
		res    Result
		age    time.Duration
		notify Notify
		null   bool
		warned bool
		fate   Fate
		tell   bool
		rule   string
	}{
		{"taken by one that tells", accepted, early, NotifySuccess, false, false, Delivered, false, "outbox.delivered"},
		{"taken, nobody asked", ours, early, 0, false, false, Relayed, false, "outbox.relayed"},
		{"taken, success asked", ours, early, NotifySuccess, false, false, Relayed, true, "outbox.relayed"},
		{"taken, success and failure asked", ours, early, NotifySuccess | NotifyFailure, false, false, Relayed, true, "outbox.relayed"},
		{"taken, only failure asked", ours, early, NotifyFailure, false, false, Relayed, false, "outbox.relayed"},
		{"taken, success asked by nobody", ours, early, NotifySuccess, true, false, Relayed, false, "outbox.relayed"},
		{"refused", no, early, 0, false, false, Failed, true, "outbox.refused"},
		{"refused, failure asked", no, early, NotifyFailure, false, false, Failed, true, "outbox.refused"},
		{"refused, only success asked", no, early, NotifySuccess, false, false, Failed, false, "outbox.refused"},
		{"refused, never", no, early, NotifyNever, false, false, Failed, false, "outbox.refused"},
		{"refused, null sender", no, early, 0, true, false, Failed, false, "outbox.refused"},
		{"refused, null sender who asks", no, early, NotifyFailure, true, false, Failed, false, "outbox.refused"},
		{"refused when already too old", no, over, 0, false, true, Failed, true, "outbox.refused"},
		{"taken when already too old", ours, over, 0, false, true, Relayed, false, "outbox.relayed"},
		{"later", later, early, 0, false, false, Delayed, false, "outbox.retry"},
		{"later, after four hours", later, late, 0, false, false, Delayed, true, "outbox.retry"},
		{"later, just before four hours", later, late - 1, 0, false, false, Delayed, false, "outbox.retry"},
		{"later, told before", later, late, 0, false, true, Delayed, false, "outbox.retry"},
		{"later, delay asked", later, late, NotifyDelay, false, false, Delayed, true, "outbox.retry"},
		{"later, only failure asked", later, late, NotifyFailure, false, false, Delayed, false, "outbox.retry"},
		{"later, never", later, late, NotifyNever, false, false, Delayed, false, "outbox.retry"},
		{"later, null sender", later, late, 0, true, false, Delayed, false, "outbox.retry"},
		{"later, just before the end", later, over - 1, 0, false, true, Delayed, false, "outbox.retry"},
		{"later, at the end", later, over, 0, false, true, Failed, true, "outbox.expired"},
		{"later, at the end, only delay asked", later, over, NotifyDelay, false, true, Failed, false, "outbox.expired"},
		{"later, at the end, never", later, over, NotifyNever, false, true, Failed, false, "outbox.expired"},
		{"later, at the end, null sender", later, over, 0, true, true, Failed, false, "outbox.expired"},
	} {
		v := Judge(p, Facts{Result: c.res, Attempts: 1, Created: testStart, Now: testStart.Add(c.age), Warned: c.warned,
			Notify: c.notify, NullSender: c.null, Random: 0.5})
		if v.Fate != c.fate || v.Tell != c.tell || v.Rule != c.rule {
			t.Errorf("%s: got %+v", c.name, v)
		}
		if (v.Fate == Delayed) != v.Next.After(testStart.Add(c.age)) {
			t.Errorf("%s: next try %v", c.name, v.Next)
		}
	}
}

// TestOfNoUse: a letter that is of no use after a while is tried until then, and given up.
func TestOfNoUse(t *testing.T) {
	t.Parallel()
	p := Policy{}.withDefaults()
	until := testStart.Add(30 * time.Minute)
	facts := Facts{Attempts: 4, Created: testStart, Until: until, Now: testStart.Add(20 * time.Minute), Random: 0.5, Notify: NotifyFailure}
	if v := Judge(p, facts); v.Fate != Delayed || !v.Next.Equal(until) {
		t.Errorf("before: %+v", v)
	}
	facts.Now = until
	if v := Judge(p, facts); v.Fate != Failed || !v.Tell || v.Rule != "outbox.expired" {
		t.Errorf("then: %+v", v)
	}
	facts.Result.Outcome = Accepted
	if v := Judge(p, facts); v.Fate != Relayed {
		t.Errorf("taken at the last moment: %+v", v)
	}
	if got := Expiry(p, testStart, testStart.Add(30*24*time.Hour)); !got.Equal(testStart.Add(p.Lifetime)) {
		t.Errorf("it outlives others: %v", got)
	}
}

// TestNoticeInTime: the try after which the sender hears of a delay comes when the notice is due, not hours later.
func TestNoticeInTime(t *testing.T) {
	t.Parallel()
	p := Policy{}.withDefaults()
	facts := Facts{Attempts: 6, Created: testStart, Now: testStart.Add(3 * time.Hour), Random: 0.5}
	if v := Judge(p, facts); !v.Next.Equal(testStart.Add(4 * time.Hour)) {
		t.Errorf("got %v", v.Next)
	}
	facts.Now = testStart.Add(4 * time.Hour)
	if v := Judge(p, facts); !v.Next.Equal(testStart.Add(6*time.Hour)) || !v.Tell {
		t.Errorf("got %+v", v)
	}
}

func TestNextTry(t *testing.T) {
	t.Parallel()
	p := Policy{}.withDefaults()
	const day = 24 * time.Hour
	for _, c := range []struct {
		attempts int
		age      time.Duration
		random   float64
		want     time.Duration // after now
	}{
		{1, 0, 0.5, time.Minute}, {2, 0, 0.5, 5 * time.Minute}, {3, 0, 0.5, 15 * time.Minute}, {4, 0, 0.5, 30 * time.Minute},
		{5, 0, 0.5, time.Hour}, {6, 0, 0.5, 2 * time.Hour}, {7, 0, 0.5, 4 * time.Hour}, {99, 0, 0.5, 4 * time.Hour},
		{0, 0, 0.5, time.Minute}, {1, 0, 0, 48 * time.Second}, {5, 0, 0, 48 * time.Minute}, {5, 0, 0.75, 66 * time.Minute},
		{30, 5*day - time.Hour, 0.5, time.Hour}, {30, 5*day - 5*time.Hour, 0.5, 4 * time.Hour},
		{1, 5*day - time.Second, 0.5, time.Second}, {1, 6 * day, 0.5, time.Minute},
	} {
		now := testStart.Add(c.age)
		if got := NextTry(p, c.attempts, testStart.Add(p.Lifetime), now, c.random).Sub(now); got != c.want {
			t.Errorf("%+v: got %v", c, got)
		}
	}
}

func TestOrderMX(t *testing.T) {
	t.Parallel()
	mx := []*net.MX{{Host: "C.test.", Pref: 20}, {Host: "a.test.", Pref: 10}, {Host: "b.test", Pref: 10}, {Host: "me.test.", Pref: 20}}
	self := func(h string) bool { return h == "me.test" }
	nobody := func(string) bool { return false }
	if got, found := OrderMX(mx, self, func() float64 { return 0.99 }); !slices.Equal(got, []string{"a.test", "b.test"}) || !found {
		t.Errorf("got %v %v", got, found)
	}
	firsts := map[string]int{}
	x := 0.0
	for range 100 {
		got, found := OrderMX(mx, nobody, func() float64 { x += 0.377; return x - float64(int(x)) })
		if len(got) != 4 || found || got[0] != "a.test" && got[0] != "b.test" {
			t.Fatalf("got %v %v", got, found)
		}
		firsts[got[0]]++
	}
	if firsts["a.test"] < 20 || firsts["b.test"] < 20 {
		t.Errorf("equal hosts are not shuffled: %v", firsts)
	}
	if got, found := OrderMX([]*net.MX{{Host: "me.test.", Pref: 5}, {Host: "a.test.", Pref: 10}}, self, func() float64 { return 0 }); len(got) != 0 || !found {
		t.Errorf("got %v %v", got, found)
	}
}

func TestFromReply(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		code    int
		text    string
		outcome Outcome
		status  string
	}{
		{250, "2.1.5 ok", Accepted, "2.1.5"}, {250, "ok", Accepted, "2.9.9"}, {550, "5.1.1 nobody", Refused, "5.1.1"},
		{550, "nobody", Refused, "5.9.9"}, {450, "4.2.1 later", TryLater, "4.2.1"}, {450, "5.2.1 odd", TryLater, "4.9.9"},
		{550, "5.1", Refused, "5.9.9"}, {550, "5.1.", Refused, "5.9.9"}, {550, "5.1000.1 x", Refused, "5.9.9"}, {550, "5.1.x", Refused, "5.9.9"},
		{354, "go", TryLater, "4.9.9"}, {550, "", Refused, "5.9.9"},
	} {
		got := FromReply(Reply{Code: c.code, Lines: []string{c.text}}, "h", "9.9")
		if got.Outcome != c.outcome || got.Status != c.status || got.Code != c.code {
			t.Errorf("%d %q: got %+v", c.code, c.text, got)
		}
	}
}

func TestRouteFor(t *testing.T) {
	t.Parallel()
	routes := []Route{{Domain: "a.test", Host: "1"}, {Domain: ".a.test", Host: "2"}, {Domain: "*", Host: "3"}}
	for domain, want := range map[string]string{"a.test": "1", "b.a.test": "2", "ba.test": "3", "c.test": "3"} {
		if r, ok := routeFor(routes, domain); !ok || r.Host != want {
			t.Errorf("%s: got %v %v", domain, r, ok)
		}
	}
	if _, ok := routeFor(routes[:2], "c.test"); ok {
		t.Error("c.test has no route")
	}
}

func TestXtext(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{"": "", "a+2Bb": "a+b", "+": "+", "+2": "+2", "+zz": "+zz", "a+0D+0Ab": "a??b", "+2b": "+2b"} {
		if got := fromXtext(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}
