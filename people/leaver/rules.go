package leaver

import (
	"slices"
	"time"

	"haven"
	"haven/people/account"
	"haven/people/sharedmailbox"
	"haven/platform/policy"
)

// MailboxFacts are what MayLeave looks at, of each mailbox that the person loses.
type MailboxFacts struct {
	Sole      bool // the only owner who can act
	Successor bool // somebody is named who can be
	Few       bool // IsFew
}

// MayLeave says whether a person's posts at a place may end (Rules 3, 7).
func MayLeave(boxes []MailboxFacts, why Reason) haven.Verdict {
	for _, b := range boxes {
		if b.Sole && !b.Successor {
			return haven.Refuse("leaver.successor", "Say who becomes the owner. A mailbox keeps at least one.")
		}
	}
	for _, b := range boxes {
		if b.Few && !slices.Contains([]Reason{NoneYet, Soon, Closing}, why) {
			return haven.Refuse("leaver.continuity", "Say why the mailbox may be left with so few people.")
		}
	}
	return haven.Allow("leaver.post-ended")
}

// IsFew says whether a mailbox that has people enough would be left with too few (Rules 7, continuity guard).
func IsFew(before, after int, p policy.SharedMailbox) bool {
	return before >= p.KeptPeople && after < p.KeptPeople
}

// IsLeaver says whether somebody becomes a leaver: with no post left, and in no mailbox to which an owner elsewhere gave access without an end.
func IsLeaver(s account.State, posts, elsewhere int) bool {
	return posts == 0 && elsewhere == 0 && (s == account.Active || s == account.Inactive || s == account.Disabled)
}

// isLive holds for a member who can act and whose access has no end.
func isLive(m sharedmailbox.Membership, now time.Time) bool {
	return m.Person.State == account.Active && !now.Before(m.From) && m.Until.IsZero()
}

// DisputeFacts are what MayDispute looks at.
type DisputeFacts struct {
	Ended    time.Time // by somebody else; zero: it was not
	Holds    bool      // the person works there again
	Disputed time.Time
}

// MayDispute says whether a person can still say that the end of a post was wrong (Rules 7): for as long as a leaver's account is kept.
func MayDispute(f DisputeFacts, p policy.LifeCycle, now time.Time) haven.Verdict {
	switch {
	case f.Ended.IsZero() || f.Holds:
		return haven.Refuse("leaver.no-ending", "Nobody has ended a post of yours there.")
	case !f.Disputed.IsZero():
		return haven.Refuse("leaver.disputed", "You have said so already. The owners and the helpdesk know.")
	case now.Sub(f.Ended) >= p.LeaverDeleted:
		return haven.Refuse("leaver.dispute-late", "It was too long ago to be changed here. Ask an owner there to take you on, or call the helpdesk.")
	}
	return haven.Allow("leaver.dispute")
}
