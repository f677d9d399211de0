// Package locum lets somebody who stands in for a day into the mailbox of a premises, and out again by the clock.
//
// An owner gives a pass from a moment until another. Where the owner allows it, a colleague on duty does: the locum reads out a code from the
// own page, and the colleague types it. Either way a pass is a membership with an end, written down as a pass; it ends in open sessions too.
package locum

import (
	"time"

	"haven"
	"haven/people/account"
)

// Rights are what a pass gives: reading, filing and answering as the premises; never who has access.
const Rights = haven.Member

// Pass is one locum's time in one mailbox.
type Pass struct {
	Locum       account.Account
	By          account.Account // who let the locum in; the zero account: the service itself
	Given       time.Time
	From, Until time.Time
	Colleague   bool // by code, by somebody who is no owner
}

// Code is what a locum reads out.
type Code struct {
	Digits string
	Until  time.Time
}

// LettingIn is a colleague at a mailbox who lets somebody in.
type LettingIn struct {
	Mailbox haven.AccountNo
	Proven  time.Time // when the colleague last gave the password in this session
	Code    string    // as it was typed
}
