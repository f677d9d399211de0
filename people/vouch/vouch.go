// Package vouch lets a colleague in again who has lost the password and has no other way: an owner of a mailbox says how the colleague was identified, and
// to which mobile a temporary password goes (Rules 6).
//
// Until the colleague has confirmed it from the personal e-mail, or with the own second factor, and for a day at least, the account opens the mailboxes of
// that owner alone; package access decides that for every face, by what stands at the account (account.Vouched).
package vouch

import (
	"time"

	"haven"
	"haven/people/account"
)

// How is how an owner made sure of who it is.
type How string

// The ways. A voice on the telephone is none of them.
const (
	Met      How = "met"      // who works together, and met
	Document How = "document" // by a document with a photo
	Video    How = "video"    // who works together, and saw each other by video
)

// ways are all of them, with what they are in words.
var ways = map[How]string{
	Met:      "in person, by somebody who knows the person",
	Document: "by a passport, driving licence or staff card",
	Video:    "by video call, by somebody who knows the person",
}

func (h How) String() string { return ways[h] }

// Vouching is what an owner says.
type Vouching struct {
	Mailbox haven.AccountNo // that both are members of, the owner as its owner
	Person  haven.AccountNo
	How     How
	Mobile  string // as it was typed
	Forgot  bool   // the person does not know the answers to the security questions
	Asked   time.Time
}

// Needs is what has to be said of a person before anybody vouches.
type Needs struct {
	Person account.Account
	Forgot bool // whether the answers to the security questions are forgotten: with them the person would get in
	Reach  bool // there is a personal e-mail, or an own second factor, with which to confirm
}

// Standing is a vouching as its person sees it.
type Standing struct {
	Person    account.Account
	Owner     account.Account
	Mailbox   account.Account
	How       How
	Made      time.Time
	Confirmed time.Time // zero: not yet
	Ends      time.Time // when the limit ends, once it is confirmed
	Email     bool      // there is a personal e-mail to confirm from
	Ended     bool      // without having been confirmed
}

// Link is what stands in the e-mail from which a person confirms.
type Link string
