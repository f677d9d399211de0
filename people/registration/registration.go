// Package registration is the portal's application: somebody proves a premises, names people, and the premises has its
// mailbox and they their accounts, each once (Rules 4).
//
// It tells a stranger nothing about who has an account already: whoever is likely to have one is not made twice, is asked
// in the own account, and the applicant reads the same words.
package registration

import (
	"strings"
	"time"

	"haven"
	"haven/people/account"
	"haven/people/organisation"
	"haven/platform/db"
)

// Ref names an application to who made it: HV-7K4M-2Q9D. It is no proof.
type Ref string

// Token is what proves something to a page: that a browser goes on with an application, or that a letter reached
// somebody. It is a secret; the rows hold its hash.
type Token string

// State is where an application stands.
type State uint8

const (
	Asked     State = 1 // a passcode was asked for
	Proven    State = 2 // the passcode was given
	Submitted State = 3 // accounts and mailbox were made
	Lost      State = 4 // another application for the premises was first
	Ended     State = 5 // the premises said that it was not theirs
	Lapsed    State = 6 // not sent in time
	// One that can't be proven waits for two approvals; then it is Asked, or Refused.
	WaitsApproval State = 7
	Refused       State = 8
)

// Person is somebody whom an application names. Either name may be empty, not both.
type Person struct {
	First, Last string
	Spelled     string // the name in the letters a to z, where it has others: for the address alone
	Email       string // personal, outside the service
	Mobile      string // of the United Kingdom
}

// Name is the whole name, as it is shown.
func (p Person) Name() string { return strings.TrimSpace(p.First + " " + p.Last) }

// Premises is what an applicant sees of a premises.
type Premises struct {
	Code     organisation.Code
	Name     string
	Place    string
	Postcode string
	Email    string // where the passcode goes, masked
}

// Entry is whether a premises can be registered, or why not.
type Entry struct {
	Premises Premises // empty where there is none
	Verdict  haven.Verdict
	Central  organisation.Central // whom to ask, where the group registers centrally
}

// Pass is what an applicant gets who asked for a passcode, whether or not one was sent.
type Pass struct {
	Ref   Ref
	To    string    // masked
	Until time.Time // how long a passcode serves
}

// Draft is an application as who makes it sees it.
type Draft struct {
	Ref      Ref
	State    State
	Premises Premises
	People   []Person
	Until    time.Time // how long it is kept unless it is changed or sent

	changed int64
}

// Done is the end of an application. It says the same whoever was named.
type Done struct {
	Ref  Ref
	Says string
}

// Written is all that an applicant is told of the people.
const Written = "We’ve written to each person."

// Standing is the answer to "where is my application": for whoever has the reference, so it names nobody.
type Standing struct {
	State State
	At    time.Time // of a sent one: when
	Until time.Time // of one that is not sent: how long it is kept
	Says  string
}

// Naming is a registration that named somebody who has an account, who is asked in it.
type Naming struct {
	Ref      Ref
	Place    int // among the application's people; the first is its owner
	Premises Premises
	By       string // the name of the owner, where that is another person
	At       time.Time
}

// Owner reports whether the person was named as the owner.
func (n Naming) Owner() bool { return n.Place == 0 }

// Task is something that only people can settle: the desk's list.
type Task struct {
	Kind     TaskKind
	Ref      Ref
	Place    int // of the person, where one is concerned
	Premises organisation.ID
	At       time.Time
}

// TaskKind is what a task is about.
type TaskKind uint8

const (
	TaskNotUs   TaskKind = 1 // the premises says that the registration was not theirs; it is frozen
	TaskNotMe   TaskKind = 2 // somebody who was named says not to be meant
	TaskOwner   TaskKind = 3 // the mailbox waits for the yes of its owner, who has an account already
	TaskFurther TaskKind = 4 // an owner asks for one more account than the premises gets by itself
	// TaskApproval is an application for a premises that can't be proven, which two people approve.
	TaskApproval TaskKind = 5
)

var taskWords = map[TaskKind]string{TaskNotUs: "not-us", TaskNotMe: "not-me", TaskOwner: "owner", TaskFurther: "further", TaskApproval: "approval"}

func (k TaskKind) String() string { return taskWords[k] }

// ParseTaskKind reads a kind as String writes it; 0 is none.
func ParseTaskKind(text string) TaskKind { return keyOf(taskWords, text) }

// keyOf is the key that has a word; the zero one where none has.
func keyOf[K comparable](words map[K]string, word string) (key K) {
	for k, w := range words {
		if w == word {
			key = k
		}
	}
	return key
}

// Attempt is what the registered e-mail of a premises is told when somebody asks for a passcode (Rules 4).
type Attempt struct {
	To       haven.Address
	Premises organisation.Organisation
	Ref      Ref
	Passcode string // "" where the number that was given is not that of the premises
	Until    time.Time
	NotUs    Token // for "this wasn't us"
}

// Completion is what the premises is told when it was registered.
type Completion struct {
	To       haven.Address
	Premises organisation.Organisation
	Ref      Ref
	Mailbox  account.Account
	NotUs    Token
	Until    time.Time // of the token
}

// Invitation is what somebody is told who was named: for a new account the user name and, by another way, the temporary
// password; for somebody who has an account that there is a question in it.
type Invitation struct {
	Account  account.Account
	New      bool
	Email    string // of a new account: where the user name goes
	Mobile   string // of a new account: where the password goes
	Password string // of a new account: temporary
	Premises organisation.Organisation
	By       string // the name of the owner, where that is another person
	Owner    bool
	NotMe    Token
	Until    time.Time // of the token
}

// Notices writes down, in the transaction, what is to be sent; what fails makes the step fail. It does no more than SQL.
type Notices interface {
	ApprovalNotices
	Passcode(tx *db.Tx, a Attempt) error
	Attempted(tx *db.Tx, a Attempt) error
	Completed(tx *db.Tx, c Completion) error
	// GroupAttempted and GroupCompleted tell the head office of a premises, which sees no passcode.
	GroupAttempted(tx *db.Tx, a Attempt) error
	GroupCompleted(tx *db.Tx, c Completion) error
	Named(tx *db.Tx, i Invitation) error
	// Corrected tells who had a mobile or personal e-mail that an owner replaced, there.
	Corrected(tx *db.Tx, who account.Account, kind account.ContactKind, old string) error
	// FurtherDecided tells an owner what became of the request for one more account; an empty reason says that it was granted.
	FurtherDecided(tx *db.Tx, owner account.Account, who string, mailbox account.Account, reason string) error
}
