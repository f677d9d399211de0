// Package sharedmailbox keeps the mailboxes of premises: their form of address, their members and owners.
//
// A shared mailbox is an account without any credential. Only a person signs in; a row here decides what opens
// (Rules 3). At least one owner stays through every step that is not taken for safety.
package sharedmailbox

import (
	"time"

	"haven"
	"haven/people/account"
	"haven/people/organisation"
)

// Spec is a shared mailbox to be made.
type Spec struct {
	Kind         organisation.Kind
	Organisation organisation.ID   // 0: none
	ODS          organisation.Code // "" for a ward and the like
	Name, Place  string            // of the premises, as the national list or the registration has them
	Domain       string            // "": the service's first
	Address      haven.Address     // null: by Rules 2
	Display      string            // "": by Rules 2
	Owners       []haven.AccountNo // at least one
	Members      []haven.AccountNo
}

// Grant is what a person shall be able to do in a mailbox.
type Grant struct {
	Person haven.AccountNo
	Rights haven.Rights
	From   time.Time // zero: now
	Until  time.Time // zero: no end
}

// Change is what becomes of a membership. What it leaves zero stays as it is: rights that change give nobody more time.
type Change struct {
	Person  haven.AccountNo
	Rights  haven.Rights
	Until   time.Time
	Endless bool // takes the end away
}

// of is the grant that a membership becomes.
func (c Change) of(m Membership) Grant {
	g := Grant{Person: c.Person, Rights: m.Rights, From: m.From, Until: m.Until}
	if c.Rights != 0 {
		g.Rights = c.Rights
	}
	if c.Endless || !c.Until.IsZero() {
		g.Until = c.Until
	}
	return g
}

// Membership is one person's row of one mailbox.
type Membership struct {
	Person    account.Account
	Rights    haven.Rights
	From      time.Time
	Until     time.Time // zero: no end
	GrantedBy haven.AccountID
}

// Owner reports whether the membership holds the right to manage.
func (m Membership) Owner() bool { return m.Rights.Has(haven.Manage) }

// Opened is a shared mailbox that a person may open, and what the person may do there now.
type Opened struct {
	Account account.Account
	Rights  haven.Rights
	Verdict haven.Verdict
	Until   time.Time // of the membership; zero: no end
	Shut    bool      // to mail programs: it opens on the pages alone
}
