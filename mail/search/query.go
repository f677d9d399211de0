package search

import (
	"time"

	"haven"
	"haven/mail/mailbox"
)

// Query is a condition on a message: one of the types of this file. The keys of IMAP's SEARCH (RFC 9051 §6.4.4) that
// have no type are spelled with these: NEW and RECENT are Not{All{}}, UNSEEN is Not{Flags(mailbox.Seen)}, a
// set of message numbers is the UIDs that they stand for.
type Query interface{ query() }

type (
	// And is true if all of its parts are; an empty one is.
	And []Query
	// Or is true if any of its parts is; an empty one isn't.
	Or []Query
	// Not is true if its part isn't.
	Not struct{ Of Query }
	// All is true.
	All struct{}

	// UIDs is a set of UIDs, in any order.
	UIDs []mailbox.Range
	// Flags are system flags, all of which are set.
	Flags mailbox.Flags
	// Keyword is set; compared without regard to case.
	Keyword string
	// Larger than so many octets.
	Larger int64
	// Smaller than so many octets.
	Smaller int64
	// Received is about INTERNALDATE's day, in UTC as FETCH shows it.
	Received struct {
		When When
		Day  Day
	}
	// Sent is about the day of the Date field, as written there. A message without a valid one is on no day.
	Sent struct {
		When When
		Day  Day
	}
	// Younger than so many seconds, or as old (RFC 5032).
	Younger int64
	// Older than so many seconds, or as old (RFC 5032).
	Older int64
	// ModSeq is this or greater (RFC 7162 §3.1.5).
	ModSeq haven.Seq

	// Header is a field of that name which holds the text, in any case and with or without accents, encoded words
	// decoded. Without text any field of the name will do.
	Header struct{ Name, Contains string }
	// Address is one of the envelope's lists of addresses, written as "Name <local@domain>, …", that holds the text.
	Address struct {
		In       AddressField
		Contains string
	}
	// Subject holds the text.
	Subject string
	// Words all occur in the message, in any order, each at the beginning of a word (a deviation from RFC 9051, which
	// wants any substring). A word of one or two letters is that whole word. Text without a letter or a digit occurs nowhere;
	// empty text everywhere.
	Words struct {
		In   Place
		Text string
	}

	// EmailID is an OBJECTID (RFC 8474).
	EmailID string
	// ThreadID is an OBJECTID (RFC 8474).
	ThreadID string
)

func (And) query()      {}
func (Or) query()       {}
func (Not) query()      {}
func (All) query()      {}
func (UIDs) query()     {}
func (Flags) query()    {}
func (Keyword) query()  {}
func (Larger) query()   {}
func (Smaller) query()  {}
func (Received) query() {}
func (Sent) query()     {}
func (Younger) query()  {}
func (Older) query()    {}
func (ModSeq) query()   {}
func (Header) query()   {}
func (Address) query()  {}
func (Subject) query()  {}
func (Words) query()    {}
func (EmailID) query()  {}
func (ThreadID) query() {}

// AddressField is a list of addresses of the envelope.
type AddressField uint8

const (
	From AddressField = iota + 1
	To
	Cc
	Bcc
)

// Place is where Words are looked for.
type Place uint8

const (
	Body Place = iota + 1 // text parts and names of attachments
	Text                  // these, and the header fields that people read; see headWords
)

// When is how a day compares.
type When uint8

const (
	Before When = iota + 1
	On
	Since // on the day or later
)

// Day is a date without time and zone, in days since 1 January 1970.
type Day int32

// DayOf is t's date in t's own zone.
func DayOf(t time.Time) Day {
	_, offset := t.Zone()
	s := t.Unix() + int64(offset)
	d := s / 86400
	if s%86400 < 0 {
		d--
	}
	return Day(d)
}

// DayAt is a calendar date.
func DayAt(year int, month time.Month, day int) Day {
	return DayOf(time.Date(year, month, day, 0, 0, 0, 0, time.UTC))
}

// is compares d with the day asked for.
func (w When) is(d, asked Day) bool {
	switch w {
	case Before:
		return d < asked
	case On:
		return d == asked
	case Since:
		return d >= asked
	}
	return false
}
