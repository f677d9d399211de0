package review

import (
	"slices"
	"time"

	"haven"
	"haven/people/sharedmailbox"
	"haven/platform/policy"
)

// Stand says how a review stands: last is when the last one was made, created when the mailbox was.
func Stand(last, created time.Time, p policy.SharedMailbox, now time.Time) (due time.Time, isDue, overdue bool) {
	if p.ReviewEvery == 0 {
		return time.Time{}, false, false
	}
	if last.IsZero() {
		last = created
	}
	due = last.Add(p.ReviewEvery)
	return due, !now.Before(due), !now.Before(due.Add(p.ReviewWithin))
}

// Facts are what decides whether an owner's review is taken.
type Facts struct {
	Access []haven.AccountNo // who has access as the transaction sees it
	Shown  []haven.AccountNo // whom the owner saw
	Ends   []haven.AccountNo
	Owner  haven.AccountNo // who reviews
}

// May says whether a review is taken: it is of the people who have access now, each of whom the owner saw.
func May(f Facts) haven.Verdict {
	for _, no := range f.Access {
		if !slices.Contains(f.Shown, no) {
			return haven.Refuse("review.changed", "Somebody was given access meanwhile. Look at the list again.")
		}
	}
	for _, no := range f.Ends {
		switch {
		case no == f.Owner:
			return haven.Refuse("review.self", "Your own access doesn't end here. You leave a mailbox on its page.")
		case !slices.Contains(f.Access, no):
			return haven.Refuse("review.changed", "Somebody's access ended meanwhile. Look at the list again.")
		}
	}
	return haven.Allow("review.made")
}

// listed holds for those whom a review is about: whose access has not ended.
func listed(m sharedmailbox.Membership, now time.Time) bool {
	return m.Until.IsZero() || now.Before(m.Until)
}
