// Package session keeps who is signed in on the pages: one row for each browser in which a person logged in.
//
// The browser holds a token of 256 random bits; the row holds its hash. Everything else is here, so that a session can be listed,
// locked and ended from anywhere, and nothing in the browser says whose it is.
package session

import (
	"time"

	"haven"
	"haven/people/account"
)

// Token is what the browser shows with each request. It is a secret.
type Token string

// Session is a person signed in at one browser.
type Session struct {
	ID      int64 // names the session in lists; no secret
	Person  account.Account
	Shared  bool // a computer that others use too (Rules 6)
	Created time.Time
	Seen    time.Time // the last request, to a minute
	Proven  time.Time // when the person last gave the password
	Place   string    // network address
	Program string    // the browser, as it calls itself
	Until   time.Time // when it locks, or ends, if it is not used; as Find and Look tell
	Locked  bool      // the person has to give the password before anything is shown
	Pending bool      // the second factor was not shown yet: nothing is open but the page that asks for it
	Changes bool      // only the page that changes the password, or activates the account, is open

	ver int64 // of the password
}

// Recent reports whether the person gave the password within the time that grave changes ask for (Rules 6).
func (s Session) Recent(now time.Time, within time.Duration) bool {
	return !s.Locked && !s.Pending && now.Sub(s.Proven) < within
}

// Actor is who acts in the session, for the audit log.
func (s Session) Actor() haven.Actor {
	return haven.Actor{Person: s.Person.ID, Place: s.Place, Program: "portal"}
}
