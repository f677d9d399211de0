// Package notify sends texts and e-mails to people outside the service: passcodes, usernames, temporary passwords, warnings (Rules 13).
//
// A notice is a row that is written in the transaction of what it tells about, so that one is never without the other. A
// worker sends it; what the gateway refuses for now is tried again until it would be of no use any more. Who gets it and what it says
// is sealed, under a key that is dropped some days later.
package notify

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"haven"
)

// Channel is how somebody is reached.
type Channel uint8

const (
	Text  Channel = 1 // to a mobile, E.164
	Email Channel = 2 // to a personal address
)

func (c Channel) String() string {
	switch c {
	case Text:
		return "text"
	case Email:
		return "e-mail"
	}
	return fmt.Sprintf("channel %d", uint8(c))
}

// Message is a notice to be sent. Values fill the template's places.
type Message struct {
	Template string
	To       string
	Values   map[string]string
	About    haven.AccountID // whom it concerns; zero: nobody in particular
	Until    time.Time       // it is of no use later, and not sent any more; zero: what the policy says. One with a secret has to say it
}

// State is how far a notice is.
type State uint8

const (
	Waiting   State = 1 // to be sent, or sent again
	Sent      State = 2 // the gateway has it
	Delivered State = 3 // the phone has it
	Failed    State = 4 // it will not arrive
	Lapsed    State = 5 // it would have been of no use any more, and was not sent
	Kept      State = 6 // there is no gateway: it is read in the outbox
)

var stateNames = map[State]string{Waiting: "waiting", Sent: "sent", Delivered: "delivered", Failed: "failed", Lapsed: "lapsed", Kept: "kept"}

func (s State) String() string { return stateNames[s] }

// Notice is what may be known of one without opening it.
type Notice struct {
	ID       int64
	At       time.Time
	Channel  Channel
	Template string
	What     string // it is, in words
	To       string // masked
	State    State
	Reason   string // why it failed, or is tried again
	About    haven.AccountID
	Tries    int64     // in vain, of one that waits
	Next     time.Time // when one that waits is tried again
}

// Content is what a notice says.
type Content struct {
	To, Subject, Body string
	Until             time.Time `json:"-"` // it is of no use later; of one that a gateway gets
}

// Mask hides most of an address or a number, so that who knows it recognises it: p•••@e•••, •••123.
func Mask(to string) string {
	local, domain, ok := strings.Cut(to, "@")
	if ok {
		return first(local) + "•••@" + first(domain) + "•••"
	}
	if len(to) <= 3 {
		return "•••"
	}
	return "•••" + to[len(to)-3:]
}

func first(s string) string {
	for _, r := range s {
		return string(r)
	}
	return ""
}

// fill puts values into a template's text. A place without a value, and a value without a place, are mistakes of ours.
func fill(text string, values map[string]string) (string, error) {
	var b strings.Builder
	for {
		before, rest, ok := strings.Cut(text, "((")
		b.WriteString(before)
		if !ok {
			return b.String(), nil
		}
		name, after, ok := strings.Cut(rest, "))")
		v, has := values[name]
		if !ok || !has {
			return "", fmt.Errorf("notify: no value for ((%s))", name)
		}
		b.WriteString(v)
		text = after
	}
}

// places are the names of a text's places.
func places(text string) (names []string) {
	for {
		_, rest, ok := strings.Cut(text, "((")
		if !ok {
			return names
		}
		name, after, _ := strings.Cut(rest, "))")
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
		text = after
	}
}
