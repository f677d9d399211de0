package leaver

import (
	"testing"

	"haven"
	"haven/people/account"
	"haven/platform/policy"
)

func TestMayLeave(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		boxes []MailboxFacts
		why   Reason
		want  haven.Rule
		ok    bool
	}{
		{"no mailbox", nil, "", "leaver.post-ended", true},
		{"one of several owners", []MailboxFacts{{}}, "", "leaver.post-ended", true},
		{"the only owner", []MailboxFacts{{}, {Sole: true}}, Soon, "leaver.successor", false},
		{"the only owner, with a successor", []MailboxFacts{{Sole: true, Successor: true}}, "", "leaver.post-ended", true},
		{"too few stay", []MailboxFacts{{Few: true}}, "", "leaver.continuity", false},
		{"too few stay, for no known reason", []MailboxFacts{{Few: true}}, "why not", "leaver.continuity", false},
		{"too few stay, with a reason", []MailboxFacts{{Few: true}}, NoneYet, "leaver.post-ended", true},
		{"both", []MailboxFacts{{Few: true, Sole: true}}, "", "leaver.successor", false},
	} {
		if v := MayLeave(c.boxes, c.why); v.Rule != c.want || v.Allowed != c.ok || v.Allowed == (v.Reason != "") {
			t.Errorf("%s: %+v, want %s", c.name, v, c.want)
		}
	}
}

func TestIsFew(t *testing.T) {
	t.Parallel()
	p := policy.SharedMailbox{KeptPeople: 2}
	for _, c := range []struct {
		before, after int
		want          bool
	}{{3, 2, false}, {2, 1, true}, {1, 0, false}, {2, 2, false}} {
		if got := IsFew(c.before, c.after, p); got != c.want {
			t.Errorf("%+v: %t", c, got)
		}
	}
}

func TestIsLeaver(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		state            account.State
		posts, elsewhere int
		want             bool
	}{
		{account.Active, 0, 0, true}, {account.Active, 1, 0, false}, {account.Active, 0, 1, false}, {account.Inactive, 0, 0, true}, {account.Disabled, 0, 0, true},
		{account.Invited, 0, 0, false}, {account.Blocked, 0, 0, false}, {account.Died, 0, 0, false}, {account.Leaver, 0, 0, false},
	} {
		if got := IsLeaver(c.state, c.posts, c.elsewhere); got != c.want {
			t.Errorf("%+v: %t", c, got)
		}
	}
}
