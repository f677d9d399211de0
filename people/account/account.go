// Package account keeps the accounts of the service: what kind they are, in which state, under which addresses
// they are reached, and how a person proves to be the one who signs in.
//
// A shared mailbox is an account too, and can never have a credential: the table of credentials takes personal
// accounts only, and Authenticate looks for nothing else (Rules 3).
package account

import (
	"fmt"
	"time"

	"haven"
)

// State is where an account stands in its life (Rules 7). A state is stored; what follows from it is decided by
// the pure rules of this package and of package access.
type State uint8

const (
	Invited  State = 1  // created, not activated: nothing can be sent or read (Rules 5)
	Active   State = 2  //
	Inactive State = 3  // not used for long; still receives
	Disabled State = 4  // long leave; still receives
	Leaver   State = 5  // no post left; keeps address and mail until joined or deleted
	Blocked  State = 6  // shut out for safety
	Died     State = 7  // mail is held, nobody is written to
	Deleted  State = 8  // restorable, else gone
	Closing  State = 9  // shared: the premises closed, owners may read
	Sealed   State = 10 // shared: kept until its retention date, opened by nobody
)

var stateNames = map[State]string{
	Invited: "invited", Active: "active", Inactive: "inactive", Disabled: "disabled", Leaver: "leaver",
	Blocked: "blocked", Died: "died", Deleted: "deleted", Closing: "closing", Sealed: "sealed",
}

func (s State) String() string {
	if n, ok := stateNames[s]; ok {
		return n
	}
	return fmt.Sprintf("state %d", uint8(s))
}

// ParseState reads what String wrote.
func ParseState(s string) (State, bool) {
	for st, n := range stateNames {
		if n == s {
			return st, true
		}
	}
	return 0, false
}

// Account is what the service knows of one account. Display is the name that others see.
type Account struct {
	No        haven.AccountNo
	ID        haven.AccountID
	Kind      haven.AccountKind
	State     State
	Display   string
	Address   haven.Address // the primary address
	AccessVer int64         // grows with every change of who may do what
	Created   time.Time
}

// Login is one attempt to sign in.
type Login struct {
	User     string // person@domain, or person@domain/shared@domain
	Authzid  string // SASL authorisation identity (RFC 4616 §2): "" or an address
	Password string
	Place    string // network address without port
	Program  string // what the program calls itself; with Place it makes the place of Rules 6
	Face     Face
}

// Face says by which kind of door somebody comes in.
type Face uint8

const (
	Program Face = iota // a mail program: IMAP, submission, ManageSieve, DAV
	Web                 // the web client and the portal
)

// Session is who signed in and which account is open (ARCHITECTURE §2). It is a fact of the moment of log in:
// every later look at data asks package access again.
type Session struct {
	Person  Account
	Target  Account // the person's own account, or the shared mailbox that the log in named
	Rights  haven.Rights
	Verdict haven.Verdict // why Rights
	Expires time.Time     // of the password; zero: never
	Changes bool          // the password has to be changed before anything else (web only)
	Proof   Proof         // of the log in; see Holds
}

// Shared reports whether the session opens another account than the person's own.
func (s Session) Shared() bool { return s.Person.No != s.Target.No }

// Actor is the session's person for an audit record.
func (s Session) Actor(place, program string) haven.Actor {
	return haven.Actor{Person: s.Person.ID, As: s.Target.ID, Place: place, Program: program}
}
