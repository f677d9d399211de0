package locum

import (
	"fmt"
	"strings"
	"time"

	"haven"
	"haven/people/openinghours"
	"haven/platform/policy"
)

// Facts are what decides whether a colleague may let a locum in.
type Facts struct {
	Same    bool         // the colleague is the locum
	Allowed bool         // the mailbox's owners let colleagues do it
	Rights  haven.Rights // of the colleague in the mailbox, now
	Passing bool         // the colleague's own access has an end
	Proven  time.Time    // when the colleague last gave the password
	Passes  int          // that the locum had in this mailbox lately; none while the code is not known to be good
}

// MayLetIn says whether a colleague on duty may let a locum in. An owner may whatever the owners chose, and however often.
func MayLetIn(f Facts, p policy.Locum, now time.Time) haven.Verdict {
	switch {
	case f.Same:
		return haven.Refuse("locum.self", "Nobody lets in themselves. A colleague at this mailbox types your code.")
	case now.Sub(f.Proven) >= p.OnDuty:
		return haven.Refuse("locum.on-duty", "Log in again first: a locum is let in by somebody who is at work here now.")
	case f.Rights.Has(haven.Manage):
		return haven.Allow("locum.owner")
	case !f.Rights.Has(Rights) || f.Passing:
		return haven.Refuse("locum.colleague", "A locum is let in by one of the team, who reads and answers here without an end date.")
	case !f.Allowed:
		return haven.Refuse("locum.not-allowed", "The owners of this mailbox let locums in themselves. Ask one of them.")
	case f.Passes >= p.Passes:
		return haven.Refuse("locum.often", fmt.Sprintf("This locum has had %d passes here within %d days. Another one needs an owner of the mailbox.", f.Passes, int(p.Within.Hours()/24)))
	}
	return haven.Allow("locum.colleague")
}

// MayLast says whether a pass may run from one moment until another.
func MayLast(from, until, now time.Time, p policy.Locum) haven.Verdict {
	switch {
	case !until.After(from) || !until.After(now):
		return haven.Refuse("locum.time", "A pass ends after it begins, and not in the past.")
	case until.After(after(from, p.Longest)):
		return haven.Refuse("locum.longest", fmt.Sprintf("A pass lasts %d days at most. Give a longer access as a member.", int(p.Longest.Hours()/24)))
	case from.Sub(now) > p.Ahead:
		return haven.Refuse("locum.ahead", fmt.Sprintf("A pass begins within %d days.", int(p.Ahead.Hours()/24)))
	}
	return haven.Allow("locum.time")
}

// after is a moment some time later, by London's calendar: a day in which the clocks change is a day.
func after(t time.Time, d time.Duration) time.Time {
	const day = 24 * time.Hour
	return t.In(openinghours.London).AddDate(0, 0, int(d/day)).Add(d % day)
}

// Closing is when a pass ends that begins at a moment, where nobody says otherwise: when the premises closes that day; at midnight where that is
// not known, or past.
func Closing(h openinghours.Hours, from time.Time) time.Time {
	if closes, ok := h.Closes(from); ok {
		return closes
	}
	return EndOfDay(from, 0)
}

// EndOfDay is the midnight in London that ends the day of a moment, or one some days later.
func EndOfDay(t time.Time, later int) time.Time {
	y, m, d := t.In(openinghours.London).Date()
	return time.Date(y, m, d+1+later, 0, 0, 0, 0, openinghours.London)
}

// clean is a code as it was typed, without spaces and dashes.
func clean(code string) string {
	return strings.Map(func(r rune) rune {
		if r == ' ' || r == '-' || r == '\u00a0' {
			return -1
		}
		return r
	}, code)
}
