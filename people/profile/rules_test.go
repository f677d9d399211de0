package profile

import (
	"strings"
	"testing"
	"time"

	"haven"
	"haven/people/account"
	"haven/people/organisation"
	"haven/platform/policy"
)

var now = time.Date(2017, 9, 4, 9, 0, 0, 0, time.UTC)

func numbers(t *testing.T) policy.Policy {
	t.Helper()
	p, err := policy.Profile("")
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestMayAsk(t *testing.T) {
	t.Parallel()
	p := numbers(t).Contact
	for _, c := range []struct {
		name string
		f    AskFacts
		want haven.Rule
	}{
		{"a new number", AskFacts{Kind: account.Mobile}, "profile.code-sent"},
		{"the same one, proven", AskFacts{Kind: account.Mobile, Known: true}, "profile.same"},
		{"the same address, proven", AskFacts{Kind: account.PersonalEmail, Known: true}, "profile.same"},
		{"the last that may be sent", AskFacts{WithinTheHour: p.PerHour - 1}, "profile.code-sent"},
		{"one too many", AskFacts{WithinTheHour: p.PerHour}, "profile.rate"},
	} {
		if v := MayAsk(c.f, p); v.Rule != c.want || v.Allowed == (v.Reason != "") {
			t.Errorf("%s: %+v, want %s", c.name, v, c.want)
		}
	}
}

func TestCheckCode(t *testing.T) {
	t.Parallel()
	p := numbers(t).Contact
	for _, c := range []struct {
		name string
		f    CodeFacts
		want haven.Rule
	}{
		{"none", CodeFacts{Good: true}, "profile.code-none"},
		{"good", CodeFacts{Asked: now, Good: true}, "profile.code"},
		{"wrong", CodeFacts{Asked: now}, "profile.code"},
		{"good, at the last try", CodeFacts{Asked: now, Tries: p.Tries - 1, Good: true}, "profile.code"},
		{"wrong, at the last try", CodeFacts{Asked: now, Tries: p.Tries - 1}, "profile.code"},
		{"good, after the last try", CodeFacts{Asked: now, Tries: p.Tries, Good: true}, "profile.code-tries"},
		{"good, a moment before it expires", CodeFacts{Asked: now.Add(time.Second - p.CodeFor), Good: true}, "profile.code"},
		{"good, expired", CodeFacts{Asked: now.Add(-p.CodeFor), Good: true}, "profile.code-expired"},
	} {
		v := CheckCode(c.f, p, now)
		if v.Rule != c.want || v.Allowed != (c.f.Good && c.want == "profile.code") || v.Allowed == (v.Reason != "") {
			t.Errorf("%s: %+v, want %s", c.name, v, c.want)
		}
	}
}

func TestParseContact(t *testing.T) {
	t.Parallel()
	ours := func(domain string) bool { return domain == "haven.example" }
	for _, c := range []struct {
		kind     account.ContactKind
		in, want string
		rule     haven.Rule
	}{
		{account.Mobile, " 07700 900123 ", "+447700900123", "contact.mobile"},
		{account.Mobile, "+44 (0)7700 900123", "+447700900123", "contact.mobile"},
		{account.Mobile, "", "", "contact.mobile"},
		{account.Mobile, "0113 496 0123", "", "contact.mobile"},
		{account.Mobile, "07700 90012\u06f3", "", "contact.mobile"},
		{account.Mobile, "<script>alert(1)</script>", "", "contact.mobile"},
		{account.PersonalEmail, " Ann@Home.example ", "Ann@home.example", "profile.email"},
		{account.PersonalEmail, "", "", "profile.email"},
		{account.PersonalEmail, "ann@home", "", "profile.email"},
		{account.PersonalEmail, "\U0001f600@home.example", "", "profile.email"},
		{account.PersonalEmail, "ann@haven.example", "", "profile.email-ours"},
		{account.PersonalEmail, "ann@" + strings.Repeat("a.", 150) + "example", "", "profile.email"},
	} {
		got, v := ParseContact(c.kind, c.in, ours)
		if got != c.want || v.Rule != c.rule || v.Allowed != (c.want != "") || v.Allowed == (v.Reason != "") {
			t.Errorf("%q: %q, %+v, want %q by %s", c.in, got, v, c.want, c.rule)
		}
	}
}

func TestParseTelephone(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		in, want string
		ok       bool
	}{
		{"", "", true},
		{"  ", "", true},
		{" 0113  496 0123 ", "0113 496 0123", true},
		{"+44 (113) 496-0123", "+44 (113) 496-0123", true},
		{"0113 496 0123 ext 12", "0113 496 0123 ext 12", true},
		{"0113 496 0123x12", "0113 496 0123 ext 12", true},
		{"0113 496 0123 Ext", "", false},
		{"0113 496 0123 ext 1234567", "", false},
		{"0113 496 0123 ext +1", "", false},
		{"1234", "", false},
		{"0123456789012345", "", false},
		{"01 13 496 0123 or 0124", "", false},
		{"0113 496\u06f3", "", false},
		{"<script>", "", false},
		{"\u202e0113 496 0123", "", false},
		{"0113 496 0123 \U0001f600", "", false},
		{strings.Repeat("0113 ", 2000), "", false},
		{"0((((((((((((((((((((((((((((((((((((((((((((113 4", "", false},
	} {
		got, v := ParseTelephone(c.in)
		if got != c.want || v.Allowed != c.ok || v.Allowed == (v.Reason != "") {
			t.Errorf("%q: %q, %+v, want %q, %t", c.in, got, v, c.want, c.ok)
		}
	}
}

func TestParseJob(t *testing.T) {
	t.Parallel()
	p := numbers(t).Contact
	for _, c := range []struct {
		in, want string
		ok       bool
	}{
		{"  Senior   dispenser ", "Senior dispenser", true},
		{"Fferyllydd", "Fferyllydd", true},
		{strings.Repeat("é", p.JobRunes), strings.Repeat("é", p.JobRunes), true},
		{strings.Repeat("é", p.JobRunes+1), "", false},
		{"", "", false},
		{"a\x00b", "", false},
		{"a\u202eb", "", false},
		{"\xff", "", false},
		{"<b>Chief</b>", "", false},
	} {
		got, v := ParseJob(c.in, p)
		if got != c.want || v.Allowed != c.ok || v.Allowed == (v.Reason != "") {
			t.Errorf("%q: %q, %+v, want %q, %t", c.in, got, v, c.want, c.ok)
		}
	}
}

func TestMayRemove(t *testing.T) {
	t.Parallel()
	if v := MayRemove(true); v.Allowed || v.Reason == "" {
		t.Errorf("an owner: %+v", v)
	}
	if v := MayRemove(false); !v.Allowed {
		t.Errorf("somebody else: %+v", v)
	}
}

func TestShown(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ chosen, show, policy, want bool }{
		{false, false, false, false}, {false, false, true, true}, {true, false, true, false}, {true, true, false, true},
	} {
		if got := shown(c.chosen, c.show, policy.Directory{MobileShown: c.policy}); got != c.want {
			t.Errorf("%+v: %t", c, got)
		}
	}
}

func TestJobOf(t *testing.T) {
	t.Parallel()
	posts := []organisation.Post{{Role: "locum", From: now.Add(-2 * time.Hour), Until: now.Add(-time.Hour)}, {Role: "dispenser", From: now.Add(-time.Hour)}}
	for _, c := range []struct {
		approved string
		posts    []organisation.Post
		want     string
	}{{"manager", posts, "manager"}, {"", posts, "dispenser"}, {"", posts[:1], ""}, {"", nil, ""}} {
		if got := JobOf(c.approved, c.posts, now); got != c.want {
			t.Errorf("%+v: %q", c, got)
		}
	}
}
