package review

import (
	"testing"
	"time"

	"haven"
	"haven/platform/policy"
)

var noon = time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)

func TestStand(t *testing.T) {
	t.Parallel()
	p := policy.SharedMailbox{ReviewEvery: 90 * 24 * time.Hour, ReviewWithin: 14 * 24 * time.Hour}
	ago := func(days int) time.Time { return noon.AddDate(0, 0, -days) }
	for _, c := range []struct {
		name          string
		last, created time.Time
		due, overdue  bool
	}{
		{"a new mailbox", time.Time{}, noon, false, false},
		{"89 days old, never reviewed", time.Time{}, ago(89), false, false},
		{"90 days old, never reviewed", time.Time{}, ago(90), true, false},
		{"reviewed yesterday, years old", ago(1), ago(2000), false, false},
		{"reviewed 90 days ago", ago(90), ago(2000), true, false},
		{"reviewed 103 days ago", ago(103), ago(2000), true, false},
		{"reviewed 104 days ago", ago(104), ago(2000), true, true},
	} {
		if _, due, overdue := Stand(c.last, c.created, p, noon); due != c.due || overdue != c.overdue {
			t.Errorf("%s: due %t, overdue %t", c.name, due, overdue)
		}
	}
	if at, due, overdue := Stand(time.Time{}, ago(2000), policy.SharedMailbox{}, noon); !at.IsZero() || due || overdue {
		t.Error("where nobody is asked, it is due")
	}
}

func TestMay(t *testing.T) {
	t.Parallel()
	people := func(all ...haven.AccountNo) []haven.AccountNo { return all }
	for _, c := range []struct {
		name string
		f    Facts
		rule haven.Rule
		ok   bool
	}{
		{"all are kept", Facts{Access: people(1, 2, 3), Shown: people(1, 2, 3), Owner: 1}, "review.made", true},
		{"one ends", Facts{Access: people(1, 2, 3), Shown: people(3, 2, 1), Ends: people(2), Owner: 1}, "review.made", true},
		{"somebody came in meanwhile", Facts{Access: people(1, 2, 3), Shown: people(1, 2), Owner: 1}, "review.changed", false},
		{"somebody went meanwhile", Facts{Access: people(1, 2), Shown: people(1, 2, 3), Owner: 1}, "review.made", true},
		{"somebody went meanwhile who was to go", Facts{Access: people(1, 2), Shown: people(1, 2, 3), Ends: people(3), Owner: 1}, "review.changed", false},
		{"the owner's own", Facts{Access: people(1, 2), Shown: people(1, 2), Ends: people(1), Owner: 1}, "review.self", false},
		{"a stranger ends", Facts{Access: people(1, 2), Shown: people(1, 2), Ends: people(9), Owner: 1}, "review.changed", false},
	} {
		if v := May(c.f); v.Allowed != c.ok || v.Rule != c.rule || !v.Allowed && v.Reason == "" {
			t.Errorf("%s: %+v, want %s", c.name, v, c.rule)
		}
	}
}
