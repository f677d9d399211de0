package reset

import (
	"time"

	"haven"
	"haven/people/account"
	"haven/platform/policy"
)

// Facts are what decides whether a person resets the own password.
type Facts struct {
	State         account.State
	Email, Mobile bool      // there is one
	EmailChanged  time.Time // when it was set
	MobileChanged time.Time
	WithinTheHour int // resets that were begun
}

// May says whether link and code are sent (Rules 6): where there is a mobile and an e-mail, neither changed a short time ago, and the account is
// one that is logged in to. The rule is for the audit log; the person is told nothing of it.
func May(f Facts, p policy.Reset, now time.Time) haven.Verdict {
	no := func(rule haven.Rule) haven.Verdict { return haven.Verdict{Rule: rule} }
	switch {
	case !account.MayLogin(account.LoginFacts{Kind: haven.Personal, State: f.State, Face: account.Web}, now).Allowed:
		return no("reset.account")
	case !f.Email || !f.Mobile:
		return no("reset.no-contact")
	case now.Sub(f.EmailChanged) < p.SettledFor || now.Sub(f.MobileChanged) < p.SettledFor:
		return no("reset.contact-changed")
	case f.WithinTheHour >= p.PerHour:
		return no("reset.rate")
	}
	return haven.Verdict{Allowed: true, Rule: "reset.begun"}
}
