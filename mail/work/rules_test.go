package work

import (
	"strings"
	"testing"
	"time"

	"haven"
)

const (
	aisha haven.AccountNo = 1
	ben   haven.AccountNo = 2
	cara  haven.AccountNo = 3
)

var noon = time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)

func TestMayChange(t *testing.T) {
	t.Parallel()
	fresh := Item{}
	bens := Item{Status: Handled, Holder: ben, Since: noon}
	own := Item{Status: Handled, Holder: aisha, Since: noon}
	done := Item{Status: Done, DoneBy: ben, Since: noon}
	claim := Wish{Move: true, Status: Handled, Holder: aisha}
	toCara := Wish{Move: true, Status: Handled, Holder: cara}
	over := func(w Wish) Wish { w.TakeOver = true; return w }
	category := func(s string) Wish { return Wish{Category: &s} }
	for _, c := range []struct {
		name        string
		it          Item
		w           Wish
		held, opens bool // the holder may still open the mailbox; so may who is to hold it
		rule        haven.Rule
		ok          bool
	}{
		{"claim what is new", fresh, claim, false, true, RuleChange, true},
		{"claim what a colleague handles", bens, claim, true, true, RuleClaimed, false},
		{"take it over expressly", bens, over(claim), true, true, RuleChange, true},
		{"claim what somebody holds who has left", bens, claim, false, true, RuleChange, true},
		{"claim one's own again", own, claim, true, true, RuleChange, true},
		{"hand one's own over", own, toCara, true, true, RuleChange, true},
		{"assign what is new", fresh, toCara, false, true, RuleChange, true},
		{"assign to who has no access", fresh, toCara, false, false, RuleNoAccess, false},
		{"assign to who has no access, expressly", bens, over(toCara), true, false, RuleNoAccess, false},
		{"pass on what a colleague handles", bens, toCara, true, true, RuleClaimed, false},
		{"do what a colleague handles", bens, Wish{Move: true, Status: Done}, true, false, RuleClaimed, false},
		{"do what nobody handles", fresh, Wish{Move: true, Status: Done}, false, false, RuleChange, true},
		{"do one's own", own, Wish{Move: true, Status: Done}, true, false, RuleChange, true},
		{"do what is done", done, Wish{Move: true, Status: Done}, false, false, RuleChange, true},
		{"reopen", done, Wish{Move: true, Status: Unhandled}, false, false, RuleChange, true},
		{"claim what is done", done, claim, false, true, RuleDone, false},
		{"claim what is done, expressly", done, over(claim), false, true, RuleChange, true},
		{"give one's own back", own, Wish{Move: true, Status: Unhandled}, true, false, RuleChange, true},
		{"give back what a colleague handles", bens, Wish{Move: true, Status: Unhandled}, true, false, RuleClaimed, false},
		{"a category, whoever handles it", bens, category("referral"), true, false, RuleChange, true},
		{"a category that is none", fresh, category("Mrs Jones"), false, false, RuleCategory, false},
		{"a category that is too long", fresh, category(strings.Repeat("a", 41)), false, false, RuleCategory, false},
	} {
		v := MayChange(Facts{Item: c.it, By: aisha, Name: "Ben Okafor", HeldOpens: c.held, NewOpens: c.opens}, c.w)
		if v.Rule != c.rule || v.Allowed != c.ok {
			t.Errorf("%s: %+v, want %s", c.name, v, c.rule)
		}
		if v.Rule == RuleClaimed && !strings.Contains(v.Reason, "Ben Okafor handles this since 12:00 on 27 November") {
			t.Errorf("%s: %q does not say who and since when", c.name, v.Reason)
		}
	}
}

func TestMaySend(t *testing.T) {
	t.Parallel()
	answered := Item{AnsweredBy: ben, AnsweredAt: noon}
	for _, c := range []struct {
		name string
		r    Reply
		now  time.Time
		rule haven.Rule
		ok   bool
	}{
		{"nobody has answered", Reply{}, noon, RuleFirstReply, true},
		{"one answered oneself", Reply{Item: Item{AnsweredBy: aisha, AnsweredAt: noon}}, noon, RuleFirstReply, true},
		{"a colleague has", Reply{Item: answered}, noon.Add(time.Minute), RuleAnswered, false},
		{"a colleague did days ago", Reply{Item: answered}, noon.Add(72 * time.Hour), RuleFirstReply, true},
		{"the letter refers to that answer", Reply{Item: answered, Knows: true}, noon.Add(time.Minute), RuleSawAnswer, true},
		{"one has looked since", Reply{Item: answered, Looked: noon.Add(time.Second)}, noon.Add(time.Minute), RuleSawAnswer, true},
		{"one looked before", Reply{Item: answered, Looked: noon.Add(-time.Second)}, noon.Add(time.Minute), RuleAnswered, false},
		{"it is sent again", Reply{Item: answered, Stopped: noon.Add(time.Minute)}, noon.Add(2 * time.Minute), RuleAgain, true},
		{"it is sent again much later", Reply{Item: answered, Stopped: noon.Add(time.Minute)}, noon.Add(12 * time.Minute), RuleAnswered, false},
		{"one was stopped for another answer", Reply{Item: answered, Stopped: noon.Add(-time.Minute)}, noon.Add(time.Minute), RuleAnswered, false},
	} {
		c.r.By, c.r.Name = aisha, "Ben Okafor"
		v := MaySend(c.r, 72*time.Hour, 10*time.Minute, c.now)
		if v.Rule != c.rule || v.Allowed != c.ok {
			t.Errorf("%s: %+v, want %s", c.name, v, c.rule)
		}
		if want := "Ben Okafor answered this at 12:00 on 27 November. Look at that answer first. To send yours all the same, send it again within 10 minutes."; !v.Allowed && v.Reason != want {
			t.Errorf("%s: says %q", c.name, v.Reason)
		}
	}
}

func TestRuns(t *testing.T) {
	t.Parallel()
	all := []Deadline{{Rule: "discharge", EndedAt: noon}, {Rule: "alert"}, {Rule: "referral", EndedAt: noon}, {Rule: "referral"}}
	for rule, want := range map[string]bool{"discharge": false, "alert": true, "referral": true, "query": false} {
		if runs(all, rule) != want {
			t.Errorf("%s runs: %t", rule, !want)
		}
	}
}

func TestCame(t *testing.T) {
	t.Parallel()
	done := Item{Status: Done, DoneBy: ben, Since: noon}
	for _, c := range []struct {
		name      string
		it        Item
		sentBy    haven.AccountNo
		delivered bool
		want      Status
		changed   bool
	}{
		{"somebody writes in what is done", done, 0, true, Unhandled, true},
		{"somebody writes in what is handled", Item{Status: Handled, Holder: ben}, 0, true, Handled, false},
		{"junk in what is done", done, 0, false, Done, false},
		{"the mailbox answers what is done", done, aisha, true, Done, true},
	} {
		is, changed := c.it.came(c.sentBy, c.delivered, 7, noon.Add(time.Hour))
		if is.Status != c.want || changed != c.changed || is.AnsweredBy != c.sentBy {
			t.Errorf("%s: %+v, changed %t", c.name, is, changed)
		}
	}
}

func TestMayWrite(t *testing.T) {
	t.Parallel()
	for text, ok := range map[string]bool{"Rang the surgery.\nThey ring back.": true, " \n": false, "": false, strings.Repeat("x", 101): false, "a\x00b": false, "a\xffb": false, "\x1b[2J": false, "Zoë, 3 pm\t☎": true} {
		if v := MayWrite(text, 100); v.Allowed != ok {
			t.Errorf("%q: %+v", text, v)
		}
	}
}

func TestMayRun(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		rule    string
		within  time.Duration
		running int
		want    haven.Rule
		ok      bool
	}{
		{"discharge-referral", 72 * time.Hour, 0, RuleDeadline, true},
		{"", 72 * time.Hour, 0, RuleDeadline, false},
		{"Discharge", 72 * time.Hour, 0, RuleDeadline, false},
		{"x", 0, 0, RuleDeadline, false},
		{"x", 91 * 24 * time.Hour, 0, RuleDeadline, false},
		{"x", time.Hour, 10, RuleDeadlines, false},
	} {
		if v := MayRun(c.rule, c.within, 90*24*time.Hour, c.running, 10); v.Rule != c.want || v.Allowed != c.ok {
			t.Errorf("%+v: %+v", c, v)
		}
	}
}
