// Package handover is handing over mail before a post ends (Rules 7): whoever is about to leave a premises is shown which letters of the own mailbox were
// exchanged with those whom the premises writes with too, and can copy them into its mailbox.
//
// Nobody but the person does it, and nothing is chosen for them. The owners of the premises' mailbox see how many letters of how many correspondents
// were handed over, or could be; never of whom, nor what they say.
package handover

import (
	"time"

	"haven"
)

// Letter is what is looked at of a letter.
type Letter struct {
	Mailbox haven.MailboxNo // where it lies
	UID     haven.UID
	ID      string          // the same for the same letter in two mailboxes: its Message-ID, or what else tells it apart
	From    []haven.Address // bounded, as To is
	To      []haven.Address // and Cc
	At      time.Time
	Octets  int64
}

// Correspondent is somebody with whom both the person and the premises write.
type Correspondent struct {
	Address haven.Address
	Letters int // of the person that can be handed over
	Newest  time.Time
}

// Offered is what a person can hand over.
type Offered struct {
	Correspondents []Correspondent // whose last letter is the newest first
	More           bool            // there are more correspondents than are shown at once
	letters        []offered       // the newest first
}

// offered is a letter with those with whom it was exchanged.
type offered struct {
	Letter
	with []string
}

// Count is what owners see.
type Count struct {
	Letters, Correspondents int
}

// Handed is one time that somebody handed letters over.
type Handed struct {
	Person haven.AccountNo
	At     time.Time
	Count
}

// Who hands over, and to which mailbox.
type Who struct {
	Person    haven.AccountNo
	PersonID  haven.AccountID
	Name      string // as the folder is called
	Mailbox   haven.AccountNo
	MailboxID haven.AccountID
}
