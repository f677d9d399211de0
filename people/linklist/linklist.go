// Package linklist keeps where on the web the letters of a group's premises may lead: its head office says which places are allowed, warned of or blocked, and why.
// A premises without a head office keeps a list of its own. What no list names is unknown; it is shown whole before it is opened.
package linklist

import (
	"time"

	"haven/people/organisation"
)

// Verdict is what is said of a place.
type Verdict uint8

const (
	Unknown Verdict = iota // no list names it
	Allow
	Warn
	Block
)

var verdictNames = [...]string{"unknown", "allow", "warn", "block"}

func (v Verdict) String() string {
	if int(v) < len(verdictNames) {
		return verdictNames[v]
	}
	return verdictNames[Unknown]
}

// ParseVerdict reads what String wrote; Unknown for all else.
func ParseVerdict(s string) Verdict {
	for i, name := range verdictNames {
		if s == name {
			return Verdict(i)
		}
	}
	return Unknown
}

// Entry is one line of a list.
type Entry struct {
	Group   organisation.Code // whose list: a head office, or a premises that has none
	By      string            // its name, where it is known
	Pattern Pattern
	Verdict Verdict
	Reason  string
	At      time.Time // when it was decided
}
