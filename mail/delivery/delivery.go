// Package delivery takes letters over: from other servers (inbound), and from our own people (submission). Each is
// checked, decided upon and filed for all its recipients here in one commit; what goes to others is queued in that
// same commit. The order is always: body durable, then rows, then the client's 250.
//
// The faces of the mail ports translate; everything that is decided about a letter is decided here.
package delivery

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"log/slog"
	"net/netip"
	"strings"
	"time"

	"haven"
	"haven/mail/authn"
	"haven/mail/mailbox"
	"haven/mail/outbox"
	"haven/platform/blob"
	"haven/platform/clock"
	"haven/platform/db"
	"haven/platform/errs"
	"haven/platform/limit"
	"haven/platform/policy"
	"haven/platform/secret"
)

// Directory knows whose mailbox an address is; people/account is behind it.
type Directory interface {
	// Resolve finds the mailbox of an address. NotFound: there is none. Denied: there is one that receives nothing,
	// and the sentence may be told to a stranger.
	Resolve(ctx context.Context, a haven.Address) (Recipient, error)
	// Serves reports whether a domain, in lower case, is ours.
	Serves(ctx context.Context, domain string) (bool, error)
}

// Recipient is a mailbox that receives.
type Recipient struct {
	Account haven.AccountNo
	Address haven.Address   // the mailbox's main address, whichever of its addresses was written to
	ID      haven.AccountID // of the same account, for the ids of its folders
}

// Senders knows as whom a person may send.
type Senders interface {
	// MayUse answers with errs.Denied where the person may not, whether or not the address exists.
	MayUse(ctx context.Context, who Submitter, a haven.Address) (Use, error)
}

// Use is how a person may use an address.
type Use struct {
	Account  haven.AccountNo // whose address it is: the own account, or a shared mailbox
	ID       haven.AccountID // of the same account, for the audit log
	OnBehalf bool            // Sender: must name the person (Rules 3)
}

// Store is what delivery needs of mail/mailbox.
type Store interface {
	NewLetter(ctx context.Context) (*mailbox.LetterWriter, error)
	File(ctx context.Context, filings []mailbox.Filing, also func(tx *db.Tx) error) ([]mailbox.Filed, error)
	CanFile(ctx context.Context, account haven.AccountNo, path []string) (there, makeable bool, err error)
	FolderByID(ctx context.Context, account haven.AccountNo, owner haven.AccountID, id string) (path []string, err error)
}

// Room says whether a mailbox has room for so many octets: OverQuota where it has not.
type Room interface {
	Room(ctx context.Context, account haven.AccountNo, octets int64) error
}

// Outbox queues what goes to other servers; mail/outbox is behind it.
type Outbox interface {
	Enqueue(tx *db.Tx, item outbox.Item) (outbox.ID, error)
	Wake(to ...outbox.Recipient)
}

// Keys give an account's data key; platform/secret is behind it.
type Keys interface {
	Account(ctx context.Context, no haven.AccountNo) (*secret.AccountKeys, error)
}

// Options are what the service stands on.
type Options struct {
	Host       string        // our name in Received and Authentication-Results
	Postmaster haven.Address // gets what is written to postmaster where the directory knows none
	Store      Store
	Room       Room // nil: a full mailbox is noticed when the letter is filed, for all its recipients
	Bodies     *blob.Store
	Keys       Keys // opens nothing; wraps the keys of removed originals
	Directory  Directory
	Senders    Senders        // for submission
	Outbox     Outbox         // for submission, and the service's own letters
	Returns    Returns        // nil: none of them comes back
	Replies    Replies        // nil: nobody is ever away
	Footers    Footers        // nil: letters end as they are written
	Filters    Filters        // nil: nobody has a script
	Sieve      policy.Sieve   // where scripts may send letters on
	Checker    *authn.Checker // nil: nothing from outside is checked
	DB         *db.DB         // with Sealer, for letters with more recipients here than one commit takes; nil: there are none
	Sealer     Sealer
	Policy     policy.Sending
	Clock      clock.Clock
	Logger     *slog.Logger
}

// Service takes letters over. It is safe for many goroutines.
type Service struct {
	o Options

	received, sent, sentRcpts, sentFrom *limit.Windows

	wake  chan struct{} // a crowd waits
	looks chan struct{} // a token each look into a letter's files
	ends  chan struct{} // a token each letter that gets its footer
}

// maxLooks is how many letters are looked into at once; looking needs a processor, and up to twice a letter in memory.
const maxLooks = 2

// maxEnds is how many letters get their footer at once, beside those that are looked into: it needs next to no processor, and up to thirty times a letter's text in
// memory where that is written anew in another character set, which all together is no more than 120 MiB. A letter with more than largeText takes its turn with those that are
// looked into.
const maxEnds = 16

// largeText is the most octets of text that are no burden; nobody types as much.
const largeText = 256 << 10

// Most mailboxes and people whose rates are watched at once.
const watched = 100_000

// New makes the service.
func New(o Options) *Service {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return &Service{
		o:         o,
		wake:      make(chan struct{}, 1),
		looks:     make(chan struct{}, maxLooks),
		ends:      make(chan struct{}, maxEnds),
		received:  limit.NewWindows(time.Hour, watched, o.Clock.Now),
		sent:      limit.NewWindows(time.Hour, watched, o.Clock.Now),
		sentRcpts: limit.NewWindows(24*time.Hour, watched, o.Clock.Now),
		sentFrom:  limit.NewWindows(time.Hour, watched, o.Clock.Now),
	}
}

// Client is what the connection tells of who hands a letter over.
type Client struct {
	Addr     netip.Addr
	Hello    string // unproven
	Protocol string // the "with" keyword: "ESMTPS" (RFC 3848)
	TLS      string // "TLS 1.3", empty in the clear
}

// refusal is an error with the SMTP codes that say more than its kind does.
type refusal struct {
	err      *errs.Error
	code     int
	enhanced string
}

// SMTP gives the exact codes, for the faces.
func (r *refusal) SMTP() (int, string) { return r.code, r.enhanced }

func (r *refusal) Error() string { return r.err.Error() }

// Unwrap gives the error with its kind.
func (r *refusal) Unwrap() error { return r.err }

func refuse(k errs.Kind, rule haven.Rule, code int, enhanced, say string, args ...any) error {
	e := errs.E(k, say, args...)
	e.Rule = string(rule)
	return &refusal{e, code, enhanced}
}

// Names of the rules that refuse or alter a letter.
const (
	RuleRelay       haven.Rule = "delivery.relay"        // not for us
	RuleLoop        haven.Rule = "delivery.loop"         // went round too often
	RuleReceiveRate haven.Rule = "delivery.receive-rate" // too many letters for one mailbox
	RuleRecipients  haven.Rule = "delivery.recipients"   // too many recipients here
	RuleReturns     haven.Rule = "delivery.returns"      // no notice about a letter of the service's own
	RuleHeader      haven.Rule = "delivery.header"       // a header that can't be taken
	RuleAttachment  haven.Rule = "delivery.attachment"   // a file was taken out
	RuleReleased    haven.Rule = "delivery.released"     // an original was put back
	RuleSender      haven.Rule = "submission.sender"     // not an address of the person
	RuleSendRate    haven.Rule = "submission.rate"       // too many letters
	RuleSendNoFrom  haven.Rule = "submission.no-from"    // no From that could be read
)

var idText = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

// newID names a letter in Received, in the reply to its sender, and in the log.
func newID() string {
	var b [10]byte
	rand.Read(b[:]) // never fails: crypto/rand ends the program instead
	return idText.EncodeToString(b[:])
}

// local finds the mailbox of an address of ours.
func (s *Service) local(ctx context.Context, to haven.Address) (Recipient, error) {
	postmaster := strings.EqualFold(to.Local, "postmaster")
	if to.Domain == "" {
		return s.o.Directory.Resolve(ctx, s.o.Postmaster)
	}
	r, err := s.o.Directory.Resolve(ctx, to)
	if postmaster && errs.Is(err, errs.NotFound) { // RFC 5321 §4.5.1: postmaster is there for every domain
		return s.o.Directory.Resolve(ctx, s.o.Postmaster)
	}
	if errs.Is(err, errs.NotFound) {
		return Recipient{}, refuse(errs.NotFound, "delivery.unknown", 550, "5.1.1", "There is no mailbox %s here.", to)
	}
	return r, err
}

// addressee is a mailbox that a letter goes to, and the address by which it was named.
type addressee struct {
	Recipient
	as     haven.Address
	notify outbox.Notify
	orcpt  string // as given
}

// Envelope is what MAIL said of a letter.
type Envelope struct {
	From   haven.Address // null for notices
	Size   int64         // declared; 0 where it was not
	UTF8   bool          // SMTPUTF8 was asked for
	Return outbox.Return
	EnvID  string // xtext as given
}

// addressees are the mailboxes of a letter, each once.
type addressees []addressee

func (a addressees) has(account haven.AccountNo) bool {
	for _, r := range a {
		if r.Account == account {
			return true
		}
	}
	return false
}

// ours reports whether a domain is served here; an error counts as no, and is logged.
func (s *Service) ours(ctx context.Context, domain string) bool {
	yes, err := s.o.Directory.Serves(ctx, domain)
	if err != nil {
		s.o.Logger.Warn("delivery: is a domain ours?", "domain", domain, "err", err)
	}
	return yes
}

func (a addressees) accounts() []haven.AccountNo {
	all := make([]haven.AccountNo, len(a))
	for i, r := range a {
		all[i] = r.Account
	}
	return all
}

// mayHear takes away notices that would go to somebody who never wrote: a letter whose sender is forged must not make us
// write to the one who is named. Of a sender who proves nothing either way, failures alone are told.
func (a addressees) mayHear(where destination) {
	for i := range a {
		switch {
		case where.role == mailbox.Junk, where.spf == authn.Fail, where.spf == authn.SoftFail:
			a[i].notify = outbox.NotifyNever
		case where.spf != "" && where.spf != authn.Pass && a[i].notify&outbox.NotifySuccess != 0:
			if a[i].notify &^= outbox.NotifySuccess; a[i].notify == 0 {
				a[i].notify = outbox.NotifyNever
			}
		}
	}
}

// inTurn does each of what isn't nil.
func inTurn(writes ...func(*db.Tx) error) func(*db.Tx) error {
	return func(tx *db.Tx) error {
		for _, write := range writes {
			if write == nil {
				continue
			}
			if err := write(tx); err != nil {
				return err
			}
		}
		return nil
	}
}

// fileFitting has a letter filed with all its recipients at once, or written down for all where they are a crowd. Where one
// mailbox turns out to be full, the others get it now, and the full one is tried again later. A mailbox that went after it was
// named has the letter put off, since its client names the others alone then: they would be refused with it.
func (s *Service) fileFitting(ctx context.Context, to addressees, size int64, file func(now, later addressees) error) error {
	if len(to) > s.o.Policy.OneCommit {
		return file(nil, to)
	}
	err := file(to, nil)
	if errs.Is(err, errs.NotFound) {
		return errs.Wrap(errs.Transient, err, "A mailbox went while the letter came. Try again.")
	}
	if !errs.Is(err, errs.OverQuota) || s.o.Room == nil || s.most(1<<30) == s.o.Policy.OneCommit {
		return err
	}
	var now, later addressees
	for _, r := range to {
		room := s.o.Room.Room(ctx, r.Account, size)
		switch {
		case room == nil:
			now = append(now, r)
		case errs.Is(room, errs.OverQuota):
			later = append(later, r)
		default:
			return room
		}
	}
	if len(now) == 0 || len(later) == 0 {
		return err
	}
	return file(now, later)
}
