// Package organisation keeps the premises, head offices and other organisations that people work for, imports
// them from the national list, and knows who holds which post where.
package organisation

import (
	"fmt"
	"time"

	"haven"
)

// Kind is what an organisation is (Rules 1).
type Kind uint8

const (
	Pharmacy   Kind = 1
	HeadOffice Kind = 2
	GPPractice Kind = 3
	CareHome   Kind = 4
	Hospital   Kind = 5 // a trust, or a ward of one
	LocalTeam  Kind = 6 // the commissioner
	Desk       Kind = 7
	Locum      Kind = 8 // a self-employed locum
	Other      Kind = 9
)

var kindNames = map[Kind]string{
	Pharmacy: "pharmacy", HeadOffice: "head office", GPPractice: "GP practice", CareHome: "care home",
	Hospital: "hospital", LocalTeam: "local team", Desk: "service desk", Locum: "locum", Other: "organisation",
}

func (k Kind) String() string {
	if n, ok := kindNames[k]; ok {
		return n
	}
	return fmt.Sprintf("kind %d", uint8(k))
}

// Status is what the national list says of a premises.
type Status uint8

const (
	Active  Status = 1
	Closed  Status = 2
	Pending Status = 3 // listed, not open yet or no longer
)

func (s Status) String() string {
	switch s {
	case Active:
		return "active"
	case Closed:
		return "closed"
	case Pending:
		return "pending"
	}
	return fmt.Sprintf("status %d", uint8(s))
}

// ID names an organisation for good. Codes change; the id does not.
type ID int64

// Date is a day without time or zone, as yyyymmdd; 0 is none.
type Date int32

// DateOf is the day of a moment, in UTC.
func DateOf(t time.Time) Date {
	y, m, d := t.UTC().Date()
	return Date(y*10000 + int(m)*100 + d)
}

func (d Date) String() string {
	if d == 0 {
		return ""
	}
	return fmt.Sprintf("%04d-%02d-%02d", d/10000, d/100%100, d%100)
}

// Organisation is one row. Fields that the national list does not give stay empty.
type Organisation struct {
	ID        ID
	Kind      Kind
	Code      Code // ODS code; "" for one that has none (a ward, a locum)
	Name      string
	Place     string // town, as it stands in addresses and display names
	Lines     [5]string
	Postcode  string
	Telephone string
	Status    Status
	SubType   int // of a pharmacy: 1 pharmacy, 2 appliance contractor, 3 oxygen
	Opened    Date
	Closed    Date
	Parent    Code // head office
	Joined    Date // the head office
	Left      Date
	CareBoard string
}

// Post is one role of one person at one organisation (Rules 1). A person may hold several.
type Post struct {
	Person       haven.AccountNo
	Organisation ID
	Role         string
	From, Until  time.Time // zero Until: still held
}

// HeldAt reports whether the post is held at a moment.
func (p Post) HeldAt(now time.Time) bool {
	return !now.Before(p.From) && (p.Until.IsZero() || now.Before(p.Until))
}
