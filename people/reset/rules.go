package reset

import (
	"slices"
	"time"

	"haven"
	"haven/people/account"
	"haven/platform/policy"
)

// Way is something by which a person shows who it is. Any two of them are enough (Rules 6).
type Way uint8

// The ways.
const (
	ByLink     Way = 1 // sent to the personal e-mail
	ByText     Way = 2 // a code sent to the mobile
	ByAnswers  Way = 3 // to the security questions
	ByRecovery Way = 4 // a recovery code of the second factor
	ByPasskey  Way = 5
)

var wayWords = map[Way]string{ByLink: "link", ByText: "text", ByAnswers: "answers", ByRecovery: "recovery", ByPasskey: "passkey"}

func (w Way) String() string { return wayWords[w] }

// ParseWay reads a way as String writes it; 0 is none.
func ParseWay(text string) Way {
	for w, word := range wayWords {
		if word == text {
			return w
		}
	}
	return 0
}

// enough is how many ways it takes.
const enough = 2

// Facts are what decides whether a link and a code are sent.
type Facts struct {
	State         account.State
	Email, Mobile bool      // there is one
	EmailChanged  time.Time // when it was set
	MobileChanged time.Time
	Others        int // of the other ways, that the person has
	WithinTheHour int // resets that were begun
}

// Serves says by which of the two a person is shown to be there: one that is settled. Who has taken over a session would change it first.
func (f Facts) Serves(p policy.Reset, now time.Time) (email, mobile bool) {
	return f.Email && now.Sub(f.EmailChanged) >= p.SettledFor, f.Mobile && now.Sub(f.MobileChanged) >= p.SettledFor
}

// May says whether anything is sent (Rules 6): a link to an e-mail and a code to a mobile that did not change a short time ago, where with what else there is they
// are enough, and the account is one that is logged in to. The rule is for the audit log; the person is told nothing of it.
func May(f Facts, p policy.Reset, now time.Time) haven.Verdict {
	have := f.Others
	email, mobile := f.Serves(p, now)
	for _, serves := range []bool{email, mobile} {
		if serves {
			have++
		}
	}
	switch {
	case !opens(f.State, now):
		return haven.Refuse("reset.account", "")
	case have < enough && !(f.Email && f.Mobile):
		return haven.Refuse("reset.no-contact", "")
	case have < enough || !email && !mobile:
		return haven.Refuse("reset.contact-changed", "")
	case f.WithinTheHour >= p.PerHour:
		return haven.Refuse("reset.rate", "")
	}
	return haven.Allow("reset.begun")
}

func opens(s account.State, now time.Time) bool {
	return account.MayLogin(account.LoginFacts{Kind: haven.Personal, State: s, Face: account.Web}, now).Allowed
}

// FinishFacts are what MayFinish looks at.
type FinishFacts struct {
	Known bool // there is such a person
	State account.State
	Given []Way // what somebody has shown, each named once or more often
	Good  []Way // of these, what is right
}

// MayFinish says whether a person has shown enough for a new password: two different ways, and nothing that was wrong. Whatever is wrong is told in the same words,
// but of the code that goes with a link, whose person is known.
func MayFinish(f FinishFacts, now time.Time) haven.Verdict {
	ways := slices.Compact(slices.Sorted(slices.Values(f.Given)))
	all := f.Known && opens(f.State, now)
	for _, w := range ways {
		all = all && slices.Contains(f.Good, w)
	}
	switch {
	case all && len(ways) >= enough:
		return haven.Allow("reset.two-ways")
	case slices.Equal(ways, []Way{ByLink, ByText}) && slices.Contains(f.Good, ByLink):
		return haven.Refuse("reset.code", "This is not the code that we sent to your mobile. Look at the newest text.")
	}
	return haven.Refuse("reset.ways", "What you gave does not show that the account is yours. Look at each of the two again, or take two others.")
}

// MayTry says whether somebody may try again, with whatever but link and code, after so many tries within the hour.
func MayTry(tries int, p policy.Reset) haven.Verdict {
	if tries > p.Tries {
		return haven.Refuse("reset.tries", "You have tried too often. Wait an hour, use the link in the e-mail with the code in the text, or call the helpdesk.")
	}
	return haven.Allow("reset.try")
}
