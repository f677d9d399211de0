// Package directory is where people who are activated find each other, and the mailboxes of premises (Rules 8).
//
// What it shows is always read from where it is kept: the tables of accounts, posts, profiles and shared mailboxes, which this package reads and
// never writes. Its own tables are an index of words, made from the same rows: whatever locks an account puts it on a list (account.Changed), and
// Refresh works the list off within a second. What was found is held against the words once more before it is shown, so that an index which lags
// behind finds nobody by a former name.
package directory

import (
	"time"

	"haven"
	"haven/people/account"
	"haven/people/organisation"
)

// Entry is a person or a shared mailbox as the directory shows it to somebody.
type Entry struct {
	Account          account.Account
	Job              string // of a person
	Speciality, Note string // of a person, on a card
	Telephone        string // a person's own at work, or the premises'
	Mobile           string // on a card, where the person shows it
	Places           []Place
	About            string // what owners say about a mailbox
	Own              bool   // of a place where the person who looks holds a post
}

// Place is an organisation where a person holds a post, or whose mailbox it is.
type Place struct {
	ID        organisation.ID
	Kind      organisation.Kind
	Code      organisation.Code
	Name      string
	Town      string
	Lines     []string // of the address, without the empty ones
	Postcode  string
	Telephone string
}

// Found is what a search found: the best of it.
type Found struct {
	Entries []Entry
	More    bool // there may be others; more words would tell them apart
}

// facts is what one entry is made of.
type facts struct {
	account    account.Account
	job        string // as approved
	telephone  string
	posts      []organisation.Post
	postPlaces []Place // of posts, in their order
	place      Place   // of a shared mailbox
	name, town string  // of a shared mailbox, as its address has them
	code       string
	about      string
}

// held are the places where a person holds a post now, each once.
func (f facts) held(now time.Time) (all []Place) {
	seen := map[organisation.ID]bool{}
	for i, p := range f.posts {
		if p.HeldAt(now) && !seen[p.Organisation] {
			seen[p.Organisation] = true
			all = append(all, f.postPlaces[i])
		}
	}
	return all
}

// turns is when the clock alone changes the entry next: a post begins or ends; zero: never.
func (f facts) turns(now time.Time) (next time.Time) {
	for _, p := range f.posts {
		for _, t := range []time.Time{p.From, p.Until} {
			if t.After(now) && (next.IsZero() || t.Before(next)) {
				next = t
			}
		}
	}
	return next
}

// places are those of the entry, where a person holds a post or of a mailbox.
func (f facts) places(now time.Time) []Place {
	if f.account.Kind != haven.Shared {
		return f.held(now)
	}
	if f.place.ID == 0 {
		return []Place{{Code: organisation.Code(f.code), Name: f.name, Town: f.town}}
	}
	f.place.Name, f.place.Town = f.name, f.town // as they were corrected
	return []Place{f.place}
}
