// Package work keeps who handles what in a mailbox: of each thread whether it is new, handled by a named person, or done; what
// colleagues note about it, who looks at it or writes an answer now, until when it has to be done, and what of it was filed to patients' records.
//
// A thread of which nothing was ever said is new and nobody's, without a row. Every change takes a number of the account's one sequence,
// and stands as a keyword on the thread's messages in the same commit. Nothing of it ever leaves with a letter.
package work

import (
	"time"

	"haven"
)

// Status is how far the handling of a thread is.
type Status uint8

const (
	Unhandled Status = iota // new: nobody handles it
	Handled                 // Holder does
	Done
)

var statusNames = [...]string{"new", "handled", "done"}

func (s Status) String() string {
	if int(s) < len(statusNames) {
		return statusNames[s]
	}
	return "unknown"
}

// ParseStatus reads what String wrote.
func ParseStatus(s string) (Status, bool) {
	for i, name := range statusNames {
		if s == name {
			return Status(i), true
		}
	}
	return Unhandled, false
}

// Item is the handling of one thread.
type Item struct {
	Thread     haven.MessageID
	Status     Status
	Holder     haven.AccountNo // who handles it; 0 unless Handled
	Since      time.Time       // when it became so; zero where nothing was ever said
	DoneBy     haven.AccountNo // 0 unless Done
	AnsweredBy haven.AccountNo // who sent the mailbox's last letter in the thread; 0: nobody yet
	AnsweredAt time.Time
	Category   string
	Created    haven.Seq // 0: nothing was ever said of it
	Changed    haven.Seq

	answer int64 // names the last letter sent, as mailbox.Coming.Refs does
}

// Wish is what is to become of an item.
type Wish struct {
	Move     bool // to Status, and with Handled to Holder
	Status   Status
	Holder   haven.AccountNo
	TakeOver bool    // also where a colleague handles it, or it is done
	Category *string // nil: as it is
	Note     string  // kept with the thread, for whoever handles it next; "": none
}

// Note is what somebody wrote about a thread for colleagues.
type Note struct {
	ID       haven.Seq
	Thread   haven.MessageID
	Author   haven.AccountNo
	At       time.Time
	EditedAt time.Time // zero: it is as it was written
	Text     string
	Created  haven.Seq
	Changed  haven.Seq
}

// Filing is that somebody put a message into a patient's record, in another system: Haven keeps that it was done, for whom, and until when the message is kept therefore.
type Filing struct {
	ID        haven.Seq
	Msg       haven.MessageID
	Thread    haven.MessageID
	By        haven.AccountNo
	At        time.Time
	KeepUntil time.Time // the first moment at which it need not be kept any more
	Formats   []Format  // as what it was given out
	Patient   haven.NHSNumber
	Reference string // the number of the record at the place, if it has one
	Created   haven.Seq
	Changed   haven.Seq
}

// Format is as what a message is given out for a record.
type Format string

const (
	PDF  Format = "pdf"
	EML  Format = "eml"
	FHIR Format = "fhir" // a DocumentReference of FHIR R4
)

// Doing is what somebody does at a thread now.
type Doing uint8

const (
	Viewing Doing = iota + 1
	Writing
)

func (d Doing) String() string {
	if d == Writing {
		return "writing"
	}
	return "viewing"
}

// Presence is somebody at a thread.
type Presence struct {
	Thread haven.MessageID
	Person haven.AccountNo
	Doing  Doing
	Until  time.Time
}

// Counting is which hours a deadline counts.
type Counting uint8

const (
	OpenDays Counting = iota // all hours of days on which the premises is open (Rules 12)
	AllHours
)

// Deadline is until when a thread has to be done. Only done ends it (Rules 12).
type Deadline struct {
	ID      haven.Seq
	Thread  haven.MessageID
	Rule    string // what asks for it, such as "discharge-referral"
	Starts  time.Time
	Stages  Stages
	EndedAt time.Time // zero: it runs
	Told    int       // stages that were told of
	Steps   []Step    // when, and to how many; read by Deadlines alone
	Created haven.Seq
	Changed haven.Seq
}

// Stages are when somebody is told of a deadline: the one who handles the thread, then, once it has passed, those who answer for the mailbox.
type Stages struct {
	Warn, Due, HeadOffice, LocalTeam time.Time // the owners are told when it is due
}

// all are the stages in their order.
func (s Stages) all() [4]time.Time { return [4]time.Time{s.Warn, s.Due, s.HeadOffice, s.LocalTeam} }

// Stage is how far a deadline has climbed: who was told last.
type Stage uint8

const (
	Warned     Stage = iota + 1 // whoever looks at the mailbox: it is due soon
	Owners                      // it is due
	HeadOffice                  // nobody has done it since
	LocalTeam
)

var stageNames = [...]string{"", "warned", "owners", "head-office", "local-team"}

func (s Stage) String() string {
	if int(s) < len(stageNames) {
		return stageNames[s]
	}
	return "unknown"
}

// Step is a stage that was told of.
type Step struct {
	Stage Stage
	At    time.Time
	Reached
}

// View is which threads of a folder are listed.
type View uint8

const (
	Everything View = iota
	Unassigned      // new
	Mine            // handled by the viewer
	Others          // handled by somebody else
	Finished        // done
)

// Filter says which threads are listed. The zero value lists all of the Inbox.
type Filter struct {
	View     View
	Folder   haven.MailboxNo // 0: the Inbox
	Category string          // "": any
	DueBy    time.Time       // with a deadline that runs and ends by then; zero: any
	ByDue    bool            // the earliest deadline first, and then the newest; else the newest first
}

// Counts are how many threads of a folder there are by view.
type Counts struct {
	Unassigned, Mine, Others, Done int
}
