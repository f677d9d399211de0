// Package page is what the portal's pages look like: templates over small view types, and nothing that decides.
//
// The components are those of the NHS design system (nhsuk-frontend), written out here once each. Run make generate after a change
// of a .templ file.
package page

//go:generate go tool templ generate

import (
	"strings"

	"haven/people/session"
	"haven/platform/policy"
)

// Frame is what stands around every page.
type Frame struct {
	Title    string // without the service's name; a page with errors says so in front
	Service  string // the service's name
	Whose    *Whose // who is logged in; nil: nobody
	Demo     bool   // its outbox is open
	NoTexts  bool   // none are sent, to nobody
	NoEmails bool
	Back     string // where the back link leads; "": there is none
	Form     string // the token that every form carries
	Errors   []Problem
	Done     string         // what has just been done, in a banner
	Desk     string         // whether the helpdesk is open now, and what to do meanwhile
	National string         // how the national desk is reached
	Policy   *policy.Policy // the numbers that pages name
	Ask      bool           // the form asks for the password, which was given too long ago
	AskFor   Proof          // and for what besides
}

// Whose is whose page it is.
type Whose struct {
	Name, Address string
	ID            string // every form carries it, so that another person's page does nothing
	Shared        bool   // at a shared computer
	Operator      bool   // has the role
	Here          string // where the page is opened again, after a lock
	Locked        bool   // the page shows nothing but who can open it
}

// Problem is something that a person typed and that can't be taken.
type Problem struct {
	Field string // id of the field; "" for the page
	Say   string
}

// idle is after how many seconds without use the page locks.
func (f Frame) idle() int {
	return int(session.Idle(f.Whose.Shared, f.Policy.Session).Seconds())
}

// Head is the page's title in the browser.
func (f Frame) Head() string {
	title := f.Title + " – " + f.Service
	if len(f.Errors) > 0 {
		title = "Error: " + title
	}
	return title
}

// Problem is what is wrong with a field; "" where nothing is.
func (f Frame) Problem(field string) string {
	for _, p := range f.Errors {
		if p.Field == field {
			return p.Say
		}
	}
	return ""
}

// Field is one thing to type.
type Field struct {
	Name         string // also its id
	Label        string
	Hint         string
	Value        string
	Type         string // "text" where empty
	Autocomplete string
	InputMode    string
	Width        string // "5", "10", "20": characters; "": as wide as it gets
	Heading      bool   // the label is the page's heading
}

func (f Field) kind() string {
	if f.Type == "" {
		return "text"
	}
	return f.Type
}

func (f Field) class() string {
	if f.Width == "" {
		return "nhsuk-input"
	}
	return "nhsuk-input nhsuk-input--width-" + f.Width
}

// describedBy names the hint and the error of a field, for those who hear the page.
func describedBy(name, hint, problem string) string {
	var ids []string
	if hint != "" {
		ids = append(ids, name+"-hint")
	}
	if problem != "" {
		ids = append(ids, name+"-error")
	}
	return strings.Join(ids, " ")
}

func groupClass(problem string) string {
	if problem != "" {
		return "nhsuk-form-group nhsuk-form-group--error"
	}
	return "nhsuk-form-group"
}

// Choice is one of several answers.
type Choice struct{ Value, Label, Hint string }

// Row is a line of a summary: a question, its answer, and where to change it.
type Row struct {
	Key, Value   string
	Change, What string // link, and what it changes, for those who hear the page
	Verb         string // the link's word; "Change" where empty
}

func (r Row) verb() string {
	if r.Verb == "" {
		return "Change"
	}
	return r.Verb
}

// anyChange reports whether a summary has a link in some row, so that the others keep its column free.
func anyChange(rows []Row) bool {
	for _, r := range rows {
		if r.Change != "" {
			return true
		}
	}
	return false
}
