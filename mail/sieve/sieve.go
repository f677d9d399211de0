// Package sieve keeps the filters of accounts and runs the active one over each letter that arrives: what the language says stands in lang, where a letter then goes is
// done by mail/delivery.
//
// An account has any number of scripts, of which at most one is active. Whoever manages the account keeps them: the person, or the owners of a shared mailbox. Texts and names
// are sealed by the account's key.
package sieve

import (
	"io"

	"haven"
	"haven/mail/mailbox"
	"haven/mail/mime"
	"haven/mail/sieve/lang"
)

// Viewer is a person at the scripts of an account: the own one, or a shared mailbox.
type Viewer struct {
	Person, Account haven.AccountNo
	ID              haven.AccountID // of the account, for the audit log
	ByProgram       bool            // comes with a program, and not on the pages: some mailboxes are shut to those
	Held            *mailbox.Held   // what has to be so still when the scripts change; nil: nothing
}

// Script is a script without its text.
type Script struct {
	ID      string // within its account, for good; never given again
	Name    string
	Active  bool
	Octets  int
	Created int64 // state of the account's scripts in which it came
	Changed int64 // state in which its name, text or being active changed last
}

// Ref names a script: by its id, or else by its name.
type Ref struct{ ID, Name string }

// ByID and ByName make a Ref.
func ByID(id string) Ref { return Ref{ID: id} }

// ByName names a script by its name.
func ByName(name string) Ref { return Ref{Name: name} }

// Edit is what a script is to become; what is nil stays.
type Edit struct{ Name, Text *string }

// Listing is all scripts of an account, and the state of which that is true. The state grows with every change.
type Listing struct {
	Scripts []Script // in the order in which they came
	State   int64
}

// Changes are what happened after a state.
type Changes struct {
	Created, Changed, Gone []string // ids; one that came and went since is in none
	State                  int64
}

// Facts are what is known of a letter when filters run.
type Facts struct {
	Header mime.Header // with what we wrote in front of it
	Traced int         // octets of Header that are ours
	From   haven.Address
	To     haven.Address // as the envelope named the recipient
	Size   int64
	Spam   int // 0: nobody looked; else 1 to 10
	Virus  int // 0: nobody looked; else 1 to 5
	Items  map[string]string
}

// Place is where a letter would be filed; mail/delivery is behind it.
type Place interface {
	Body() (*mime.Message, io.ReaderAt, error)
	HasMailbox(name string) (bool, error)
	MailboxNamed(id string) (string, error)
}

// Active is an account's active script.
type Active struct {
	Account haven.AccountNo
	state   int64
	id      int64
}

// Mark is what the duplicate test remembers of a letter.
type Mark = lang.Mark
