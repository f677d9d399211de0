package secondfactor

import (
	"strings"
	"time"

	"haven"
	"haven/platform/policy"
)

const (
	period     = 30 * time.Second // RFC 6238 §4: the usual step
	drift      = 1                // steps that an app's clock may be ahead or behind
	digits     = 6
	recoveries = 10 // codes, for printing
)

// Needed says whether a log in goes on without a code (Rules 6): where there is no second factor, or the browser is trusted.
func Needed(on, trusted bool) (bool, haven.Rule) {
	switch {
	case !on:
		return false, "second-factor.none"
	case trusted:
		return false, "second-factor.trusted"
	}
	return true, "second-factor.asked"
}

// Clean is what was typed without spaces and dashes, in lower case.
func Clean(text string) string {
	return strings.ToLower(strings.Map(func(r rune) rune {
		if r == ' ' || r == '-' || r == '\u00a0' {
			return -1
		}
		return r
	}, text))
}

// IsCode reports whether a text looks like a code of an app, and not like a recovery code.
func IsCode(clean string) bool {
	return len(clean) == digits && strings.Trim(clean, "0123456789") == ""
}

// Steps are those whose code is good at a time, the present one first, but none up to the last that was used: a code serves once
// (RFC 6238 §5.2).
func Steps(now time.Time, last int64) (all []int64) {
	at := now.Unix() / int64(period/time.Second)
	for _, n := range []int64{at, at - drift, at + drift} {
		if n > last {
			all = append(all, n)
		}
	}
	return all
}

// DutyFacts are what MayGoOn looks at.
type DutyFacts struct {
	Owner bool      // of an active mailbox
	On    bool      // there is a second factor
	Asked time.Time // when the person was first asked to have one; zero: never
	Once  bool      // there was one, and the person took it away
}

// MayGoOn says whether a person does what a second factor is required for (Rules 6), and until when that is so without one: zero where
// nothing is required, or there is one. Who was never asked has the whole grace before them, and who had one has none.
func MayGoOn(f DutyFacts, p policy.SecondFactor, now time.Time) (v haven.Verdict, due time.Time) {
	switch {
	case f.On:
		return haven.Allow("factor.on"), time.Time{}
	case !p.Staff && !(p.Owners && f.Owner):
		return haven.Allow("factor.optional"), time.Time{}
	}
	if f.Asked.IsZero() {
		f.Asked = now
	}
	due = f.Asked.Add(p.Grace)
	if f.Once || !now.Before(due) {
		who := "Who owns a mailbox"
		if p.Staff {
			who = "Everybody here"
		}
		return haven.Refuse(RuleRequired, who+" logs in with a second step. Set yours up first: it takes two minutes."), due
	}
	return haven.Allow("factor.grace"), due
}

// RuleRequired is the rule by which somebody is turned back who has no second factor and needs one.
const RuleRequired haven.Rule = "factor.required"
