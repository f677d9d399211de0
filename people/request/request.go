// Package request is a change of a person's name or job title that somebody else approves: an owner of a mailbox at a place where the person
// holds a post, or the desk where there is no such owner but the person (Rules 2).
package request

import (
	"time"

	"haven/people/account"
)

// Kind is what somebody asks for.
type Kind uint8

const (
	Name Kind = 1
	Job  Kind = 2
)

func (k Kind) String() string {
	if k == Job {
		return "job title"
	}
	return "name"
}

// State is how far a request is.
type State uint8

const (
	Open      State = 1
	Accepted  State = 2
	Refused   State = 3
	Withdrawn State = 4
)

func (s State) String() string {
	return map[State]string{Open: "open", Accepted: "accepted", Refused: "refused", Withdrawn: "withdrawn"}[s]
}

// Wish is what a person asks for: a name, or a job title.
type Wish struct {
	Kind Kind
	Name account.NewName
	Job  string
}

// Says is the wish in one line.
func (w Wish) Says() string {
	if w.Kind == Job {
		return w.Job
	}
	return w.Name.Display()
}

// Request is a wish that somebody decides.
type Request struct {
	ID     int64
	Person account.Account // as the account is now
	Wish
	Was     string // when it was made: for who decides, and the desk
	Made    time.Time
	State   State
	Reason  string // of a refusal
	Decided time.Time
	Desk    bool // while open: it is the desk's turn
}
