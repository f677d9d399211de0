// Package review has the owners of a shared mailbox look, every three months, who has access to it (Rules 3): each person is confirmed or the access is taken
// away, in one step that the audit log keeps. Nothing ends by itself where nobody looks: the task stays, and whoever runs the service sees which are overdue.
package review

import (
	"time"

	"haven"
	"haven/people/account"
	"haven/people/sharedmailbox"
)

// Standing is how the review of one mailbox stands.
type Standing struct {
	Mailbox  haven.AccountNo
	Last     time.Time // zero: never
	By       haven.AccountID
	Due      time.Time // zero: reviews are not asked for
	IsDue    bool
	IsUnmade bool // overdue
}

// Person is somebody with access, as an owner looks at it.
type Person struct {
	sharedmailbox.Membership
	Used time.Time // of the account, to the day: the last log in, by page or program; zero: never
}

// Overdue is a mailbox whose review is overdue, with the owners who can make it.
type Overdue struct {
	Mailbox account.Account
	Due     time.Time
	Owners  []account.Account
}

// Answer is what an owner says: whom the page showed, and whose access ends.
type Answer struct {
	Mailbox haven.AccountNo
	Shown   []haven.AccountNo
	Ends    []haven.AccountNo
}

// Done is what a review did.
type Done struct{ Kept, Ended int }
