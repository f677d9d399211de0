// Package vacation answers letters while nobody reads them: the automatic reply of a person or of a premises (RFC 3834), and what a filter of theirs answers (RFC 5230).
// Where both would, the reply that stands on the page does, alone.
//
// Delivery notes, in the commit of a letter, that its sender may be owed an answer; nothing of it slows the letter down. Run writes the answers a moment
// later: once to each sender, never to programs and lists, and never to somebody who may not have written at all.
package vacation

import (
	"time"

	"haven"
	"haven/mail/mime"
)

// Reply is what an account answers, and when.
type Reply struct {
	On      bool
	From    time.Time // zero: at once
	Until   time.Time // zero: until it is turned off
	Subject string    // "": the letter's own, marked
	Inside  string    // to senders of this service
	Outside string    // to all others; "": they get no answer

	Version int64 `json:"-"` // as it was read: grows with each Set; 0: none was set yet
}

// Letter is what is looked at of a letter that came.
type Letter struct {
	From   haven.Address // the envelope's sender, to whom answers go (RFC 3834 §4)
	Header mime.Header
	Inside bool // the sender is one of our people, who signed in to send it
	Junk   bool
	Proven bool // the envelope's sender is who it says it is; always so inside
}

// To is a mailbox that got the letter.
type To struct {
	Account haven.AccountNo
	As      haven.Address // as the envelope named it
	Main    haven.Address
	Script  *Scripted // what a filter of the mailbox answers; nil: none does
}

// Scripted is an answer that a filter gives (RFC 5230).
type Scripted struct {
	Every   time.Duration // a sender is told again after it
	Subject string        // "": the letter's own, marked
	Text    string
	Handle  string          // the same for answers that are one and the same
	Also    []haven.Address // further addresses of the mailbox, by which the letter may name it
}

// Account is who answers.
type Account struct {
	No      haven.AccountNo
	Address haven.Address
	Name    string
}

// Answer is a letter that is sent.
type Answer struct {
	By        Account
	To        haven.Address
	ID        string // before the @ of its Message-ID
	Subject   string
	Text      string
	InReplyTo string // the letter's Message-ID with its angles; "": it had none
}
