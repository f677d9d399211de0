// Package notice is the status notices: what an operator tells everybody of planned work, a problem, or one that is solved.
//
// They are for anybody to read, also without an account, so they never name a person or a premises. What was posted is never altered: it is
// ended, and another one posted; all of it stays in the history.
package notice

import (
	"time"

	"haven"
)

// Kind is what a notice is about.
type Kind uint8

const (
	Planned Kind = 1 // work that begins and ends when it says
	Problem Kind = 2 // something does not work
	Solved  Kind = 3 // it works again
)

// Kinds are all of them.
var Kinds = []Kind{Planned, Problem, Solved}

func (k Kind) String() string {
	switch k {
	case Planned:
		return "planned"
	case Problem:
		return "problem"
	case Solved:
		return "solved"
	}
	return "unknown"
}

// ParseKind reads what String wrote; 0 for anything else.
func ParseKind(s string) Kind {
	for _, k := range Kinds {
		if k.String() == s {
			return k
		}
	}
	return 0
}

// Draft is a notice to be posted.
type Draft struct {
	Kind  Kind
	Title string
	Text  string    // paragraphs, divided by line ends
	From  time.Time // when it begins; zero: now
	Until time.Time // when it ends; zero: when an operator ends it
}

// Notice is one that was posted.
type Notice struct {
	ID int64
	Draft
	Posted time.Time
	By     haven.AccountID // zero: from the command line, or by a program
	Ended  time.Time       // by an operator, before its time; zero: not
}

// Standing is where a notice stands.
type Standing uint8

const (
	Coming Standing = iota // it begins later
	Now
	Over
)
