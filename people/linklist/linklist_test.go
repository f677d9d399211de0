package linklist_test

import (
	"strings"
	"testing"

	"haven"
	"haven/people/linklist"
	"haven/people/organisation"
	"haven/people/peopletest"
	"haven/people/sharedmailbox"
	"haven/platform/errs"
)

func TestParsePattern(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"example.org": "example.org", " *.NHS.uk ": "*.nhs.uk", "a-b.xn--p1ai": "a-b.xn--p1ai", "10.0.0.1": "10.0.0.1",
		"": "", "localhost": "", "*": "", "*.": "", "*.*.uk": "", "https://a.test": "", "a.test/x": "", "a.test:80": "", "a..test": "", "-a.test": "", "пример.test": "", "a test.org": "", "u@a.test": "",
		strings.Repeat("a", 64) + ".org": "", strings.Repeat("a.", 130) + "org": "",
	} {
		p, v := linklist.ParsePattern(text)
		if v.Allowed != (want != "") || v.Allowed && p.String() != want || v.Rule != linklist.RuleHost {
			t.Errorf("%q is %s, %+v, want %q", text, p, v, want)
		}
	}
}

func TestMayEnter(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		verdict linklist.Verdict
		reason  string
		rule    haven.Rule
		want    bool
	}{
		{linklist.Allow, "", linklist.RuleEntry, true},
		{linklist.Block, "It copies our log in.", linklist.RuleEntry, true},
		{linklist.Block, "", linklist.RuleReason, false},
		{linklist.Warn, "", linklist.RuleReason, false},
		{linklist.Warn, strings.Repeat("x", 201), linklist.RuleReason, false},
		{linklist.Warn, "over\u202eturned", linklist.RuleReason, false},
		{linklist.Unknown, "x", linklist.RuleEntry, false},
		{linklist.Verdict(9), "x", linklist.RuleEntry, false},
	} {
		if v := linklist.MayEnter(c.verdict, c.reason, 200); v.Allowed != c.want || v.Rule != c.rule {
			t.Errorf("%s, %q: %+v", c.verdict, c.reason, v)
		}
	}
}

// entry reads "block *.evil.test".
func entry(t *testing.T, text string) linklist.Entry {
	t.Helper()
	verdict, pattern, _ := strings.Cut(text, " ")
	p, v := linklist.ParsePattern(pattern)
	if !v.Allowed {
		t.Fatal(pattern)
	}
	return linklist.Entry{Pattern: p, Verdict: linklist.ParseVerdict(verdict), Reason: "because"}
}

func TestJudge(t *testing.T) {
	t.Parallel()
	var all []linklist.Entry
	for _, text := range []string{"allow *.nhs.uk", "block old.nhs.uk", "warn *.forms.test", "allow good.forms.test", "block *.forms.test", "allow *.com.test", "block evil.com.test"} {
		all = append(all, entry(t, text))
	}
	for host, want := range map[string]string{
		"nhs.uk": "allow", "www.nhs.uk": "allow", "WWW.NHS.UK.": "allow", "old.nhs.uk": "block", "very.old.nhs.uk": "allow", "evilnhs.uk": "unknown", "nhs.uk.evil.test": "unknown",
		"forms.test": "block", "a.forms.test": "block", "good.forms.test": "allow", "evil.com.test": "block", "uk": "unknown", "": "unknown",
	} {
		if e, ok := linklist.Judge(all, host); e.Verdict.String() != want || ok != (want != "unknown") {
			t.Errorf("%s: %s, want %s", host, e.Verdict, want)
		}
	}
}

// Each group has its own list, which holds in its premises' mailboxes and in those of who works there.
func TestEachGroupHasItsOwn(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *peopletest.House) {
		ctx, actor := t.Context(), peopletest.Operator
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		must(h.DB.Migrate(ctx, linklist.Schema))
		s := linklist.New(linklist.Options{DB: h.DB, Places: h.Places, Policy: h.Policy.Organisation, Clock: h.Clock})
		aisha, dev := h.Person("Aisha", "Rahman"), h.Person("Dev", "Anand")
		box := func(code, parent organisation.Code, owner haven.AccountNo) haven.AccountNo {
			t.Helper()
			o, err := h.Places.Add(ctx, actor, organisation.Organisation{Kind: organisation.Pharmacy, Code: code, Name: "ELM PHARMACY", Place: "LEEDS", Parent: parent, Status: organisation.Active})
			must(err)
			must(h.Places.AddPost(ctx, actor, organisation.Post{Person: owner, Organisation: o.ID, Role: "owner", From: h.Clock.Now()}))
			a, err := h.Shared.Create(ctx, actor, sharedmailbox.Spec{Name: string(code), Address: haven.Address{Local: strings.ToLower(string(code)), Domain: h.Accounts.Domain()}, Display: string(code), Organisation: o.ID, Owners: []haven.AccountNo{owner}})
			must(err)
			return a.No
		}
		grouped, alone := box("FAA01", "P0AA", aisha.No), box("FAA02", "", dev.No)
		set := func(group organisation.Code, text string) error {
			e := entry(t, text)
			e.Group = group
			return s.Set(ctx, actor, e)
		}
		must(set("P0AA", "warn forms.test"))
		must(set("P0AA", "block forms.test")) // in its place
		must(set("FAA02", "allow forms.test"))
		if err := set("P0ZZ", "allow forms.test"); !errs.Is(err, errs.NotFound) {
			t.Errorf("a group that is none: %v", err)
		}
		if err := set("FAA01", "allow forms.test"); !errs.Is(err, errs.Invalid) {
			t.Errorf("a premises of a group: %v", err)
		}
		for no, want := range map[haven.AccountNo]string{grouped: "block", aisha.No: "block", alone: "allow", dev.No: "allow"} {
			all, err := s.Of(ctx, no)
			must(err)
			if e, _ := linklist.Judge(all, "forms.test"); e.Verdict.String() != want || len(all) != 1 || e.By == "" {
				t.Errorf("in %d: %+v, want %s", no, all, want)
			}
		}
		for n := range h.Policy.Organisation.Links - 1 {
			must(set("P0AA", "allow a"+strings.Repeat("x", n%40)+".n"+strings.Repeat("y", n/40)+".test"))
		}
		if err := set("P0AA", "allow one-more.test"); !errs.Is(err, errs.TooMany) {
			t.Errorf("one more: %v", err)
		}
		p, _ := linklist.ParsePattern("forms.test")
		must(s.Remove(ctx, actor, "P0AA", p))
		if err := s.Remove(ctx, actor, "P0AA", p); !errs.Is(err, errs.NotFound) {
			t.Errorf("again: %v", err)
		}
	})
}
