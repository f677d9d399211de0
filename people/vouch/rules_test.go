package vouch

import (
	"testing"
	"time"

	"haven"
	"haven/people/account"
	"haven/platform/policy"
)

var noon = time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)

func numbers(t *testing.T) policy.Policy {
	t.Helper()
	p, err := policy.Profile("")
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestMay(t *testing.T) {
	t.Parallel()
	p := numbers(t)
	owner := func(change func(*Facts)) Facts {
		f := Facts{Owner: true, Factor: true, Asked: noon.Add(-time.Minute), Person: account.Active, Member: true, How: Met}
		change(&f)
		return f
	}
	for _, c := range []struct {
		name string
		f    Facts
		rule haven.Rule
		ok   bool
	}{
		{"an owner, of a colleague without a mobile", owner(func(*Facts) {}), "vouch.owner", true},
		{"of oneself", owner(func(f *Facts) { f.Same = true }), "vouch.self", false},
		{"a member who is no owner", owner(func(f *Facts) { f.Owner = false }), "vouch.owner", false},
		{"of a stranger to the mailbox", owner(func(f *Facts) { f.Member = false }), "vouch.member", false},
		{"of somebody who has not activated", owner(func(f *Facts) { f.Person = account.Invited }), "vouch.state", false},
		{"of somebody who has been away", owner(func(f *Facts) { f.Person = account.Inactive }), "vouch.owner", true},
		{"of somebody blocked", owner(func(f *Facts) { f.Person = account.Blocked }), "vouch.state", false},
		{"of a leaver", owner(func(f *Facts) { f.Person = account.Leaver }), "vouch.state", false},
		{"of an operator", owner(func(f *Facts) { f.Operator = true }), "vouch.operator", false},
		{"a mobile is on file", owner(func(f *Facts) { f.Mobile = true }), "vouch.mobile", false},
		{"without an own second factor", owner(func(f *Facts) { f.Factor = false }), "vouch.second-factor", false},
		{"the second of a day", owner(func(f *Facts) { f.Today = p.Reset.VouchesADay - 1 }), "vouch.owner", true},
		{"too often", owner(func(f *Facts) { f.Today = p.Reset.VouchesADay }), "vouch.often", false},
		{"asked almost too long ago", owner(func(f *Facts) { f.Asked = noon.Add(1 - p.Session.AskAgain) }), "vouch.owner", true},
		{"asked too long ago", owner(func(f *Facts) { f.Asked = noon.Add(-p.Session.AskAgain) }), "vouch.asked", false},
		{"never asked", owner(func(f *Facts) { f.Asked = time.Time{} }), "vouch.asked", false},
		{"nobody said how", owner(func(f *Facts) { f.How = "" }), "vouch.how", false},
		{"by telephone", owner(func(f *Facts) { f.How = "telephone" }), "vouch.how", false},
		{"by a document", owner(func(f *Facts) { f.How = Document }), "vouch.owner", true},
		{"by video", owner(func(f *Facts) { f.How = Video }), "vouch.owner", true},
		{"the answers would serve", owner(func(f *Facts) { f.Answers = true }), "vouch.answers", false},
		{"the answers are forgotten", owner(func(f *Facts) { f.Answers, f.Forgot = true, true }), "vouch.owner", true},
		{"the owner's own mobile, or another's", owner(func(f *Facts) { f.Taken = true }), "vouch.mobile-taken", false},
	} {
		if v := May(c.f, p, noon); v.Allowed != c.ok || v.Rule != c.rule || !v.Allowed && v.Reason == "" {
			t.Errorf("%s: %+v, want %s", c.name, v, c.rule)
		}
	}
}

// The limit lasts a day, and until the person has confirmed: whichever is later.
func TestLimit(t *testing.T) {
	t.Parallel()
	p := numbers(t).Reset
	day := noon.Add(p.VouchLimits)
	for _, c := range []struct {
		name      string
		confirmed time.Time
		at        time.Time
		limits    bool
	}{
		{"at once", time.Time{}, noon, true},
		{"never confirmed", time.Time{}, noon.AddDate(1, 0, 0), true},
		{"confirmed at once", noon, noon, true},
		{"confirmed at once, before the day is over", noon, day.Add(-1), true},
		{"confirmed at once, and the day is over", noon, day, false},
		{"confirmed days later", noon.AddDate(0, 0, 5), noon.AddDate(0, 0, 5), false},
	} {
		if l := Limit(7, noon, c.confirmed, p); l.By != 7 || l.Limits(c.at) != c.limits {
			t.Errorf("%s: %+v", c.name, l)
		}
	}
	if (account.Vouched{}).Limits(noon) {
		t.Error("nobody vouched, and it limits")
	}
	if !(account.Vouched{By: account.NobodyVouches}).Limits(noon) {
		t.Error("a vouching that ended limits nothing")
	}
}

func TestMayConfirm(t *testing.T) {
	t.Parallel()
	p := numbers(t).Reset
	for _, c := range []struct {
		name string
		st   Standing
		rule haven.Rule
		ok   bool
	}{
		{"fresh", Standing{Made: noon}, "vouch.confirm", true},
		{"no such link", Standing{}, "vouch.link", false},
		{"the last moment", Standing{Made: noon.Add(1 - p.VouchLinkFor)}, "vouch.confirm", true},
		{"too old", Standing{Made: noon.Add(-p.VouchLinkFor)}, "vouch.link", false},
		{"used", Standing{Made: noon, Confirmed: noon}, "vouch.confirmed", false},
		{"ended", Standing{Made: noon, Ended: true}, "vouch.link", false},
	} {
		if v := MayConfirm(c.st, noon, p); v.Allowed != c.ok || v.Rule != c.rule || !v.Allowed && v.Reason == "" {
			t.Errorf("%s: %+v, want %s", c.name, v, c.rule)
		}
	}
}
