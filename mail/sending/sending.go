// Package sending has letters sent that lie in a mailbox as messages (RFC 8621 §6 and §7): now, after a moment in which they can be called back, or later.
//
// A submission is checked when it is made exactly as a mail program's letter is, and handed to mail/delivery when its time comes, as its person, whose rights are
// asked again then. The commit that takes the letter ends the submission, so that it is sent once whatever process dies when. What becomes of it afterwards the
// outbox tells.
package sending

import (
	"context"
	"log/slog"
	"strconv"
	"time"

	"haven"
	"haven/mail/delivery"
	"haven/mail/mailbox"
	"haven/platform/clock"
	"haven/platform/db"
	"haven/platform/policy"
	"haven/platform/secret"
)

// ID names a submission or an identity within its account.
type ID int64

func (id ID) text() string { return strconv.FormatInt(int64(id), 36) }

func parseID(prefix, s string) (ID, bool) {
	if len(s) < 2 || s[:1] != prefix {
		return 0, false
	}
	n, err := strconv.ParseInt(s[1:], 36, 64)
	return ID(n), err == nil && n > 0 && prefix+ID(n).text() == s
}

// SubmissionID is how a submission is named outside.
func SubmissionID(id ID) string { return "S" + id.text() }

// ParseSubmissionID reads what SubmissionID wrote.
func ParseSubmissionID(s string) (ID, bool) { return parseID("S", s) }

// IdentityID is how an identity is named outside.
func IdentityID(id ID) string { return "I" + id.text() }

// ParseIdentityID reads what IdentityID wrote.
func ParseIdentityID(s string) (ID, bool) { return parseID("I", s) }

// Undo says whether a letter can be called back (RFC 8621 §7).
type Undo uint8

const (
	Pending  Undo = iota // it can
	Final                // it went
	Canceled             // it was, or could not be sent: nobody gets it
)

func (u Undo) String() string { return [...]string{"pending", "final", "canceled"}[min(u, Canceled)] }

// Party is an address of an envelope with the parameters of its SMTP command (RFC 8621 §7), by names in upper case; nil: one without a value.
type Party struct {
	Email      string
	Parameters map[string]*string
}

// Envelope is from where a letter goes, and where to.
type Envelope struct {
	From Party
	To   []Party
}

// Delivered says whether a recipient has the letter (RFC 8621 §7).
type Delivered string

const (
	Queued Delivered = "queued"
	Yes    Delivered = "yes"
	No     Delivered = "no"
	Maybe  Delivered = "unknown"
)

// Status is what is known of one recipient.
type Status struct {
	Reply     string // as an SMTP server would say it, in one line
	Delivered Delivered
}

// Brief is a submission without what is sealed.
type Brief struct {
	ID          ID
	Identity    ID
	Msg, Thread haven.MessageID
	SendAt      time.Time
	Undo        Undo
	Created     haven.Seq
	Changed     haven.Seq
}

// Submission is a letter that was, is, or will be sent.
type Submission struct {
	Brief
	Envelope  Envelope
	Status    map[string]Status // by the addresses of Envelope.To; nil until it went
	Scheduled bool              // it stands in the folder of role Scheduled until it goes

	DSNs, MDNs []haven.MessageID // messages of the mailbox that report on it: whether it arrived, and what became of it then; in the order in which they came
}

// New is what a submission is made of.
type New struct {
	Identity ID
	Msg      haven.MessageID
	Envelope *Envelope // nil: what the letter says
}

// By is who sends, and with what.
type By struct {
	Viewer mailbox.Viewer     // the mailbox that the letter lies in
	Who    delivery.Submitter // the same person
}

// People answers who sends, and as whom.
type People interface {
	// Submitter is a person as they are now. NotFound or Denied where they may not send any more.
	Submitter(ctx context.Context, person haven.AccountNo) (delivery.Submitter, error)
	// MayUse is delivery.Senders'.
	MayUse(ctx context.Context, who delivery.Submitter, a haven.Address) (delivery.Use, error)
	// Address is a mailbox's main address, and its name.
	Address(ctx context.Context, account haven.AccountNo) (haven.Address, string, error)
	// Signature is how a person's letters from a mailbox end; "" where nobody wrote one.
	Signature(ctx context.Context, person, account haven.AccountNo) (text, html string, err error)
}

// Post takes letters over; mail/delivery is behind it.
type Post interface {
	BeginSubmission(ctx context.Context, client delivery.Client, who delivery.Submitter, e delivery.Envelope) (*delivery.Submission, error)
	File(ctx context.Context, to haven.Address, text []byte, also func(*db.Tx) error) error
}

// Keys give an account's data key; platform/secret is behind it.
type Keys interface {
	Account(ctx context.Context, no haven.AccountNo) (*secret.AccountKeys, error)
}

// Sealer seals what the outbox told until it is read; secret.Sealer does.
type Sealer interface {
	Seal(dst, plain, ad []byte) ([]byte, error)
	Open(dst, sealed, ad []byte) ([]byte, error)
}

// Options are what the service stands on; every field but Logger is needed.
type Options struct {
	DB         *db.DB
	Mail       *mailbox.Service
	Post       Post
	People     People
	Keys       Keys
	Sealer     Sealer
	Postmaster haven.Address // from whom people hear that a letter was not sent
	Alone      bool          // no other process sends: what was under way is taken up at the start of Run, not when a lease ends
	Policy     policy.Sending
	Clock      clock.Clock
	Logger     *slog.Logger
}

// Service has letters sent. It is safe for many goroutines.
type Service struct {
	o    Options
	wake chan struct{}
}

// NewService makes the service over tables that Schema made.
func NewService(o Options) *Service {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return &Service{o: o, wake: make(chan struct{}, 1)}
}

// Wake lets Run know that something is to be done sooner than it thought.
func (s *Service) Wake() {
	select {
	case s.wake <- struct{}{}:
	default: // it is awake
	}
}

// Limits are what programs are told of.
type Limits struct {
	Delay  time.Duration // longest that a letter can wait
	Octets int64         // of a letter
}

// Limits are the policy's.
func (s *Service) Limits() Limits {
	return Limits{max(s.o.Policy.SendLater, s.o.Policy.UndoMost), s.o.Policy.MessageOctets}
}
