package profile

import (
	"slices"
	"time"

	"haven"
	"haven/people/account"
	"haven/platform/policy"
)

// DateFacts are what Dates looks at. A zero time is none.
type DateFacts struct {
	State           account.State
	Since           time.Time // in this state
	Used            time.Time // the last log in on the web
	PasswordExpires time.Time
	RulesDue        time.Time // to accept a new version of the rules of use
	FactorDue       time.Time // from when on a second factor is required
	ResetFrom       time.Time // from when a forgotten password is replaced by the person again, after a mobile or e-mail changed
	Accesses        []Access
}

// Access is a mailbox that a person may open until a moment.
type Access struct {
	Mailbox string
	Until   time.Time
}

// Date is something that happens to an account at a moment if nobody does anything.
type Date struct {
	At   time.Time
	Rule haven.Rule
	Of   string // the mailbox that it concerns
}

// Dates are what is coming for an account, the next one first (Rules 7).
func Dates(f DateFacts, p policy.LifeCycle, now time.Time) (all []Date) {
	add := func(at time.Time, rule haven.Rule, of string) {
		if !at.IsZero() && now.Before(at) {
			all = append(all, Date{at, rule, of})
		}
	}
	add(f.PasswordExpires, "password.expired", "")
	add(f.RulesDue, "activation.policy", "")
	add(f.FactorDue, "factor.required", "")
	add(f.ResetFrom, "reset.contact-changed", "")
	switch f.State {
	case account.Active:
		add(f.Used.Add(p.Inactive), "account.inactive", "")
	case account.Leaver:
		add(f.Since.Add(p.LeaverDeleted), "leaver.deleted", "")
	}
	for _, a := range f.Accesses {
		add(a.Until, "access.ended", a.Mailbox)
	}
	slices.SortStableFunc(all, func(a, b Date) int { return a.At.Compare(b.At) })
	return all
}
