package request

import (
	"strings"
	"testing"
	"time"

	"haven"
	"haven/platform/policy"
)

func TestMayDecide(t *testing.T) {
	t.Parallel()
	whole, err := policy.Profile("")
	if err != nil {
		t.Fatal(err)
	}
	p, now := whole.Request, time.Date(2017, 9, 4, 9, 0, 0, 0, time.UTC)
	old := now.Add(-p.OwnersFor)
	for _, c := range []struct {
		name string
		f    Facts
		want haven.Rule
		ok   bool
	}{
		{"an owner", Facts{State: Open, Owner: true, Owners: 1, Made: now}, "request.owner", true},
		{"an owner, late", Facts{State: Open, Owner: true, Owners: 1, Made: old}, "request.owner", true},
		{"nobody in particular", Facts{State: Open, Owners: 1, Made: now}, "request.none", false},
		{"whoever asks, as the desk", Facts{State: Open, Self: true, Desk: true, Made: now}, "request.none", false},
		{"whoever asks, as an owner", Facts{State: Open, Self: true, Owner: true, Made: now}, "request.none", false},
		{"the desk, where an owner can", Facts{State: Open, Desk: true, Owners: 1, Made: now}, "request.owners-first", false},
		{"the desk, where no owner did", Facts{State: Open, Desk: true, Owners: 1, Made: old}, "request.desk", true},
		{"the desk, a moment too early", Facts{State: Open, Desk: true, Owners: 1, Made: old.Add(time.Second)}, "request.owners-first", false},
		{"the desk, where there is no owner", Facts{State: Open, Desk: true, Made: now}, "request.desk", true},
		{"decided", Facts{State: Accepted, Owner: true, Owners: 1, Made: now}, "request.decided", false},
		{"withdrawn, for a stranger", Facts{State: Withdrawn, Owners: 1, Made: now}, "request.none", false},
	} {
		if v := MayDecide(c.f, p, now); v.Rule != c.want || v.Allowed != c.ok || v.Allowed == (v.Reason != "") {
			t.Errorf("%s: %+v, want %s", c.name, v, c.want)
		}
	}
	for in, want := range map[string]string{"  Not   the name on the\nregister. ": "Not the name on the register.", "": "", " \n": "", "a\x00": "", "a\u202eb": "", "\xff": "",
		strings.Repeat("a", p.ReasonRunes+1): "", "\U0001f600": "\U0001f600"} {
		if got, v := ParseReason(in, p); got != want || v.Allowed != (want != "") {
			t.Errorf("%.20q: %q, %+v", in, got, v)
		}
	}
}
