package locum

import (
	"testing"
	"time"

	"haven"
	"haven/people/openinghours"
	"haven/platform/policy"
)

var noon = time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)

func numbers(t *testing.T) policy.Locum {
	t.Helper()
	p, err := policy.Profile("")
	if err != nil {
		t.Fatal(err)
	}
	return p.Locum
}

func TestMayLetIn(t *testing.T) {
	t.Parallel()
	p := numbers(t)
	colleague := func(change func(*Facts)) Facts {
		f := Facts{Allowed: true, Rights: haven.Member, Proven: noon.Add(-time.Minute)}
		change(&f)
		return f
	}
	for _, c := range []struct {
		name string
		f    Facts
		rule haven.Rule
		ok   bool
	}{
		{"a colleague on duty", colleague(func(*Facts) {}), "locum.colleague", true},
		{"the locum", colleague(func(f *Facts) { f.Same = true }), "locum.self", false},
		{"an owner with the own code", colleague(func(f *Facts) { f.Same, f.Rights = true, haven.Owner }), "locum.self", false},
		{"logged in an hour ago", colleague(func(f *Facts) { f.Proven = noon.Add(-p.OnDuty) }), "locum.on-duty", false},
		{"logged in almost an hour ago", colleague(func(f *Facts) { f.Proven = noon.Add(-p.OnDuty + 1) }), "locum.colleague", true},
		{"an owner who logged in an hour ago", colleague(func(f *Facts) { f.Rights, f.Proven = haven.Owner, noon.Add(-p.OnDuty) }), "locum.on-duty", false},
		{"never logged in", colleague(func(f *Facts) { f.Proven = time.Time{} }), "locum.on-duty", false},
		{"owners do it themselves", colleague(func(f *Facts) { f.Allowed = false }), "locum.not-allowed", false},
		{"an owner, where colleagues may not", colleague(func(f *Facts) { f.Allowed, f.Rights = false, haven.Owner }), "locum.owner", true},
		{"a reader", colleague(func(f *Facts) { f.Rights = haven.Read }), "locum.colleague", false},
		{"a stranger", colleague(func(f *Facts) { f.Rights = 0 }), "locum.colleague", false},
		{"another locum", colleague(func(f *Facts) { f.Passing = true }), "locum.colleague", false},
		{"the second pass", colleague(func(f *Facts) { f.Passes = p.Passes - 1 }), "locum.colleague", true},
		{"the third pass", colleague(func(f *Facts) { f.Passes = p.Passes }), "locum.often", false},
		{"the third pass, by an owner", colleague(func(f *Facts) { f.Passes, f.Rights = p.Passes, haven.Owner }), "locum.owner", true},
	} {
		if v := MayLetIn(c.f, p, noon); v.Allowed != c.ok || v.Rule != c.rule || !v.Allowed && v.Reason == "" {
			t.Errorf("%s: %+v, want %s", c.name, v, c.rule)
		}
	}
}

func TestMayLast(t *testing.T) {
	t.Parallel()
	p := numbers(t)
	for _, c := range []struct {
		name        string
		from, until time.Duration
		rule        haven.Rule
		ok          bool
	}{
		{"to closing time", 0, 6 * time.Hour, "locum.time", true},
		{"a week", 0, p.Longest, "locum.time", true},
		{"more than a week", 0, p.Longest + 1, "locum.longest", false},
		{"next month, for a day", p.Ahead, p.Ahead + time.Hour, "locum.time", true},
		{"too far ahead", p.Ahead + 1, p.Ahead + time.Hour, "locum.ahead", false},
		{"ends before it begins", time.Hour, 0, "locum.time", false},
		{"no time at all", 0, 0, "locum.time", false},
		{"over by now", -2 * time.Hour, -time.Hour, "locum.time", false},
	} {
		if v := MayLast(noon.Add(c.from), noon.Add(c.until), noon, p); v.Allowed != c.ok || v.Rule != c.rule {
			t.Errorf("%s: %+v, want %s", c.name, v, c.rule)
		}
	}
}

// Seven days in which the clocks go back are seven days.
func TestClocksChange(t *testing.T) {
	t.Parallel()
	from := time.Date(2026, 10, 22, 0, 0, 0, 0, openinghours.London)
	if v := MayLast(from, EndOfDay(from, 6), from, numbers(t)); !v.Allowed {
		t.Errorf("%+v", v)
	}
	if v := MayLast(from, EndOfDay(from, 6).Add(1), from, numbers(t)); v.Allowed {
		t.Error("more than seven days")
	}
}

func TestClosing(t *testing.T) {
	t.Parallel()
	var h openinghours.Hours
	h.Week[time.Thursday] = openinghours.Day{{Opens: 9 * 60, Closes: 13 * 60}, {Opens: 14 * 60, Closes: 18*60 + 30}}
	midnight := time.Date(2026, 11, 27, 0, 0, 0, 0, openinghours.London)
	for name, c := range map[string]struct {
		h          openinghours.Hours
		from, want time.Time
	}{
		"while it is open":         {h, noon, time.Date(2026, 11, 26, 18, 30, 0, 0, openinghours.London)},
		"after it closed":          {h, noon.Add(7 * time.Hour), midnight},
		"on a day when it is shut": {h, noon.AddDate(0, 0, 1), midnight.AddDate(0, 0, 1)},
		"nobody knows the hours":   {openinghours.Hours{}, noon, midnight},
	} {
		if got := Closing(c.h, c.from); !got.Equal(c.want) {
			t.Errorf("%s: until %v, want %v", name, got, c.want)
		}
	}
}
