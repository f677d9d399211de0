// Package sharenotification tells people that their rights in a shared mailbox changed (RFC 9670 §3).
//
// Whoever changes rights records it in the same transaction, so that no change goes untold and none is told that did not happen. A person has so many
// notifications at most, for so long; who gives and takes the same right again and again makes one of them.
package sharenotification

import (
	"time"

	"haven"
	"haven/people/account"
	"haven/platform/errs"
)

// Change is that a person may do something else in a mailbox than before.
type Change struct {
	Person   haven.AccountNo
	Mailbox  account.Account
	By       haven.AccountID // who changed it; zero: the service itself, or the time that was given
	Old, New haven.Rights    // 0: none
	At       time.Time
}

// Notification is a change as its person is told of it.
type Notification struct {
	Seq      int64 // of the person; it never comes again
	Made     time.Time
	By       account.Account // number 0: the service itself
	Mailbox  haven.AccountID
	Name     string // of the mailbox, at that time
	Old, New haven.Rights
}

// Changes is what happened to a person's notifications after a state: those that were made and are there, and those that were there and are gone.
type Changes struct {
	State           int64
	More            bool
	Made, Dismissed []int64
}

// ErrLost is the answer for a state that is too old, or is none of the person's.
var ErrLost = &errs.Error{Kind: errs.Conflict, Rule: "sharenotification.state-lost", Say: "What changed since then is not known any more. Read all notifications again."}

var errUnknown = &errs.Error{Kind: errs.NotFound, Rule: "sharenotification.unknown", Say: "There is no such notification."}
