// Package lang is the Sieve language (RFC 5228 and the extensions that Extensions lists): a script's text becomes a checked tree, and running the tree over a letter
// gives a list of actions, which somebody else carries out.
//
// A script is somebody's program in our process. Its text, its depth, what it does and how much it looks at are bounded by Limits, and nothing in the language loops: what
// goes beyond ends in an error, after which the letter is kept. There are no regular expressions.
package lang

import (
	"fmt"
	"io"
	"strings"
	"time"

	"haven"
	"haven/mail/mime"
)

// Limits bound a script. Each but Redirects and Edits is more than 0.
type Limits struct {
	Octets       int           // of a script's text
	Nesting      int           // blocks and tests inside each other
	Includes     int           // scripts that include each other, in depth
	Actions      int           // that one run decides on
	Redirects    int           // among them
	Variables    int           // set in one run
	VariableText int           // octets kept of one variable
	Edits        int           // header fields added in one run
	Body         int           // octets of the letter's text that one body test looks at
	Work         int64         // octets looked at and commands done in one run, all included scripts together
	VacationMin  time.Duration // shortest time after which a sender is told again
	VacationMost time.Duration
	SeenMost     time.Duration // longest memory of the duplicate test
}

// Error is what is wrong with a script, and where.
type Error struct {
	Line   int
	Script string // of an included script its name; "" for the script itself
	Say    string
}

func (e Error) Error() string {
	if e.Script != "" {
		return fmt.Sprintf("%q, line %d: %s", e.Script, e.Line, e.Say)
	}
	return fmt.Sprintf("line %d: %s", e.Line, e.Say)
}

// Errors are what is wrong with a script, in the order of its lines; no more than ten are told.
type Errors []Error

func (e Errors) Error() string {
	all := make([]string, len(e))
	for i, one := range e {
		all[i] = one.Error()
	}
	return strings.Join(all, "\n")
}

// Script is a script that was checked. It is never changed, and serves any number of runs at once.
type Script struct {
	body   []*command
	octets int
}

// Octets is how long the script's text is.
func (s *Script) Octets() int { return s.octets }

// Compile reads and checks a script. What is wrong comes back as Errors.
func Compile(text string, lim Limits) (*Script, error) {
	if len(text) > lim.Octets {
		return nil, Errors{{Line: 1, Say: fmt.Sprintf("A script has at most %d octets.", lim.Octets)}}
	}
	tree, bad := parse(text, lim.Nesting)
	if bad != nil {
		return nil, Errors{*bad}
	}
	s, err := check(tree)
	if err != nil {
		return nil, err
	}
	s.octets = len(text)
	return s, nil
}

// Letter is what a script is run over.
type Letter struct {
	Header mime.Header // as it will be filed; what we wrote in front of it, included
	Traced int         // octets of Header that are ours: seen, and never edited
	From   haven.Address
	To     haven.Address // as the envelope named this recipient
	Size   int64
	Now    time.Time // in the recipient's time zone
	Spam   int       // 0: nobody looked; else 1 to 10 (RFC 5235 §2.2)
	Virus  int       // 0: nobody looked; else 1 to 5 (RFC 5235 §3.2)
	Items  map[string]string
}

// House is what a script asks of the place where it runs. An error other than one of the script's own ends the run, and is given back as it is.
type House interface {
	// Body is the letter's structure and its octets, from the first of the header as it was stored.
	Body() (*mime.Message, io.ReaderAt, error)
	// HasMailbox reports whether letters can be filed into a folder by its name, levels separated by "/".
	HasMailbox(name string) (bool, error)
	// MailboxNamed finds a folder's name by its id (RFC 9042); "": there is none.
	MailboxNamed(id string) (string, error)
	// Include finds another script of the same account; nil: there is none. Of scripts for everybody there are none.
	Include(name string) (*Script, error)
	// Seen reports whether a mark of the duplicate test is remembered.
	Seen(mark string) (bool, error)
}

// Kind is what an action does.
type Kind uint8

const (
	Keep Kind = iota + 1
	FileInto
	Redirect
	Discard
	Reject  // by whatever way protects others best
	EReject // the same; it only says that the server chooses the way (RFC 5429 §2.1)
	Vacation
)

// Action is one thing that a script decided.
type Action struct {
	Kind    Kind
	Line    int
	Mailbox string        // FileInto
	Create  bool          // FileInto: makes the folder where there is none (RFC 5490 §3.2)
	Flags   []string      // Keep, FileInto: system flags and keywords, each once
	To      haven.Address // Redirect
	Text    string        // Reject, EReject: the reason
	Reply   *Reply        // Vacation
	Header  mime.Header   // Keep, FileInto, Redirect: the edited header of the letter, without ours and with its empty line; "": as it came
}

// Reply is what a vacation action answers (RFC 5230).
type Reply struct {
	Every     time.Duration // a sender is told again after it; 0: each letter is answered
	Subject   string        // "": the letter's own, marked
	From      string        // as the script wrote it; may be no address
	Addresses []string      // further ones of the recipient
	MIME      bool          // Text is a MIME entity
	Text      string
	Handle    string // the same for replies that are one and the same
}

// Mark is what the duplicate test remembers once the run's actions are done.
type Mark struct {
	Key string
	For time.Duration
}

// Work is what a letter is for those who work in the mailbox together.
type Work struct {
	Category string        // small letters, digits and hyphens
	Within   time.Duration // until it has to be done; 0: no time is set
	AllHours bool          // the time runs on days on which the premises is closed too
}

// Result is what a run decided.
type Result struct {
	Actions []Action // in order; a letter that stays has a Keep, and one that was thrown away a Discard
	Marks   []Mark
	Work    *Work // of what is kept and filed; nil: nothing was said
}
