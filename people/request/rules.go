package request

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"haven"
	"haven/people/account"
	"haven/platform/policy"
)

// Facts are what MayDecide looks at.
type Facts struct {
	State  State
	Self   bool // who decides is who asks
	Owner  bool // who decides owns a mailbox at a place where the person holds a post
	Desk   bool // who decides is the desk
	Owners int  // others who could decide
	Made   time.Time
}

// IsDesks says whether a request is the desk's to decide: where no owner can, or none did in time.
func IsDesks(owners int, made time.Time, p policy.Request, now time.Time) bool {
	return owners == 0 || !now.Before(made.Add(p.OwnersFor))
}

// MayDecide says whether somebody accepts or refuses a request: never the own one (Rules 2). Whoever has nothing to do with it is told that there is none.
func MayDecide(f Facts, p policy.Request, now time.Time) haven.Verdict {
	switch {
	case f.Self, !f.Owner && !f.Desk:
		return haven.Refuse("request.none", "There is no such request.")
	case f.State != Open:
		return haven.Refuse("request.decided", "This request was decided or withdrawn already.")
	case f.Owner:
		return haven.Allow("request.owner")
	case !IsDesks(f.Owners, f.Made, p, now):
		return haven.Refuse("request.owners-first", "The owners of the person's mailbox decide this first.")
	}
	return haven.Allow("request.desk")
}

// ParseReason reads why a request is refused.
func ParseReason(s string, p policy.Request) (string, haven.Verdict) {
	s = strings.Join(strings.Fields(s), " ")
	if s == "" || utf8.RuneCountInString(s) > p.ReasonRunes || !utf8.ValidString(s) || strings.ContainsFunc(s, account.NotShown) {
		return "", haven.Refuse("request.reason", fmt.Sprintf("Say why, in at most %d characters. Your colleague reads it.", p.ReasonRunes))
	}
	return s, haven.Allow("request.reason")
}
