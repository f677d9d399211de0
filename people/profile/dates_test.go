package profile

import (
	"slices"
	"testing"
	"time"

	"haven"
	"haven/people/account"
)

func TestDates(t *testing.T) {
	t.Parallel()
	p := numbers(t).LifeCycle
	day := 24 * time.Hour
	for _, c := range []struct {
		name string
		f    DateFacts
		want []haven.Rule
	}{
		{"nothing but the clock of use", DateFacts{State: account.Active, Used: now}, []haven.Rule{"account.inactive"}},
		{"the next one first", DateFacts{State: account.Active, Used: now, PasswordExpires: now.Add(5 * day), RulesDue: now.Add(2 * day), FactorDue: now.Add(4 * day), ResetFrom: now.Add(day),
			Accesses: []Access{{"A", now.Add(3 * day)}, {"B", time.Time{}}}}, []haven.Rule{"reset.contact-changed", "activation.policy", "access.ended", "factor.required", "password.expired", "account.inactive"}},
		{"what is past is not coming", DateFacts{State: account.Active, Used: now.Add(-p.Inactive), PasswordExpires: now, Accesses: []Access{{"A", now.Add(-day)}}}, nil},
		{"a leaver", DateFacts{State: account.Leaver, Since: now, Used: now}, []haven.Rule{"leaver.deleted"}},
	} {
		var got []haven.Rule
		for _, d := range Dates(c.f, p, now) {
			got = append(got, d.Rule)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
	if all := Dates(DateFacts{State: account.Leaver, Since: now.Add(-day)}, p, now); !all[0].At.Equal(now.Add(p.LeaverDeleted - day)) {
		t.Errorf("a leaver of yesterday: %v", all)
	}
}
