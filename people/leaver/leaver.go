// Package leaver is somebody who leaves a place of work. The posts there end, and with them its shared mailboxes, at once; a sole owner names a
// successor in the same step. Whoever works elsewhere too goes on there; only somebody with no post left is a leaver, who is joined again by an
// owner at the next place (Rules 1, 3, 7).
package leaver

import (
	"time"

	"haven"
	"haven/people/account"
	"haven/people/organisation"
)

// Leaving is what it means that a person leaves a place.
type Leaving struct {
	Person    account.Account
	Place     organisation.Organisation
	Roles     []string
	Mailboxes []Left
	Last      bool      // nothing is left elsewhere: the person becomes a leaver
	Deleted   time.Time // of a leaver: when the account is deleted unless somebody joins the person
}

// Left is a shared mailbox that a person loses.
type Left struct {
	Mailbox    account.Account
	Sole       bool // the person is its only owner who can act
	Few        bool // fewer people stay than a mailbox that had enough may have
	Candidates []account.Account
}

// Reason is why a premises may be left with fewer people than it should have.
type Reason string

const (
	NoneYet Reason = "none-yet" // nobody else works there yet
	Soon    Reason = "soon"     // somebody comes soon
	Closing Reason = "closing"  // the place closes
)

// Answer is what whoever ends the posts says besides.
type Answer struct {
	Successors map[haven.AccountNo]haven.AccountNo // by mailbox: who becomes its owner
	Reason     Reason                              // "": none is given
}
