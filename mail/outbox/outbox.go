// Package outbox takes letters to other servers: a durable queue, its workers, and the notices about what became of
// each letter (RFC 5321, RFC 3461, RFC 3464).
//
// A letter enters the queue in the transaction that accepts it, and leaves it in the transaction that records the
// last of its recipients' fates. Between the two it is never in memory alone: whoever sends holds a lease on the
// recipient rows, and if the process dies another one takes them up. A process that dies between the other
// server's 250 and our commit sends the letter once more; no other way sends it twice, and none loses it.
//
// Several processes may work one queue.
package outbox

import (
	"context"
	"crypto/tls"
	"io"
	"log/slog"
	"net"
	"time"

	"haven"
	"haven/platform/blob"
	"haven/platform/clock"
	"haven/platform/db"
)

// ID names a letter in the queue. Ids grow with time.
type ID int64

// Item is a letter to be queued.
type Item struct {
	Body    blob.ID         // durable, with its row by the end of the transaction
	Key     blob.Key        // opens it; sealed under the service key before it becomes a row
	Size    int64           // octets of the body
	Trace   []byte          // header lines of this submission (Received), CRLF at each end; stand before the body
	From    haven.Address   // reverse-path; the null path for notices
	Account haven.AccountNo // who sends; 0 for the service itself
	SignAs  string          // domain to sign for (DKIM d=); empty: the domain of From
	UTF8    bool            // needs SMTPUTF8 on the way (RFC 6531 §3.2)
	Eight   bool            // holds octets over 127 (RFC 6152)
	Secure  bool            // goes over verified TLS only (Rules 10, patient data)
	Return  Return          // DSN RET
	EnvID   string          // DSN ENVID, xtext as given
	Until   time.Time       // it is of no use later, and given up then; zero: as long as Policy.Lifetime says
	To      []Recipient     // at least one, at most Policy.Recipients
}

// Recipient is one address that a letter goes to.
type Recipient struct {
	Address haven.Address
	Notify  Notify // DSN NOTIFY; 0 where none was given
	ORcpt   string // DSN ORCPT, "type;xtext" as given
}

// Return is DSN RET: how much of the letter a notice brings back (RFC 3461 §4.3).
type Return uint8

const (
	ReturnDefault Return = iota
	ReturnHeaders
	ReturnFull
)

// Notify is DSN NOTIFY (RFC 3461 §4.1). Zero is "not given": failure and delay are told, success is not.
type Notify uint8

const (
	NotifyNever Notify = 1 << iota
	NotifySuccess
	NotifyFailure
	NotifyDelay
)

// State is where a recipient stands.
type State uint8

const (
	Waiting State = iota // for its due time, or being sent while a lease is on it
	Held                 // by an operator, until released
	Telling              // its fate is known; the sender is still to be told
)

func (s State) String() string {
	return [...]string{"waiting", "held", "telling"}[min(s, Telling)]
}

// Fate is what became of a recipient.
type Fate uint8

const (
	Unknown   Fate = iota
	Delayed        // tried without success, and will be tried again
	Failed         // given up
	Relayed        // taken by a server that sends no notices (RFC 3461 §5.2.2)
	Delivered      // taken by a server that looks after the notices itself
)

// Policy is the outbox's numbers. The zero value of a field takes its default.
type Policy struct {
	Retry        []time.Duration // pause after the first, second, … try without success; the last one repeats
	Jitter       float64         // pauses vary by this share to both sides; default 0.2
	Lifetime     time.Duration   // a letter is given up after this; default 5 days (RFC 5321 §4.5.4.1)
	WarnAfter    time.Duration   // the sender is told that it is late; default 4 hours
	PerDomain    int             // connections to one domain at once; default 5
	Workers      int             // connections in all; default 50
	Turn         int             // letters over one connection while other domains wait; default 20
	Linger       time.Duration   // a connection with nothing to do is kept for this; default 2 seconds, under 1 ms: not
	Hosts        int             // addresses tried in one attempt; default 6
	Down         time.Duration   // a domain whose servers can't be reached is left alone for this; default 1 minute
	Recipients   int             // recipients of one letter; default 10,000
	ReturnOctets int64           // most octets of a letter brought back whole by a notice; default 1 MiB
	Lease        time.Duration   // a process silent for this loses what it was sending; default 2 minutes
	Times        Timeouts
}

// Timeouts of RFC 5321 §4.5.3.2, on the wall clock.
type Timeouts struct {
	Connect, Greeting, Command, DataInit, DataBlock, DataEnd time.Duration
	Attempt                                                  time.Duration // a whole letter to one server; default 30 minutes
}

// Config is what an Outbox is made of. DB, Bodies, Sealer and Hostname must be given.
type Config struct {
	DB       *db.DB
	Bodies   *blob.Store
	Sealer   Sealer
	Hostname string // EHLO name and Reporting-MTA
	Notices  string // From: of notices; default "postmaster@" and Hostname

	Policy   Policy
	Resolver Resolver // default: the operating system's
	Routes   []Route  // asked in order before DNS
	Self     []string // names and addresses under which this server is known: mail for them would loop
	// AllowLoopback lets DNS send mail to addresses of this machine. Unless it is set they count as Self.
	AllowLoopback bool
	Alone         bool   // no other process sends from this queue: what was under way is tried again at Start, not when a lease ends
	Source        net.IP // source address of connections; nil: the system's choice
	Port          string // of MX hosts; default "25"
	Dial          Dialer // default net.Dialer
	TLS           TLSPolicy
	Roots         *tls.Config // base for TLS; nil: the system's roots
	Signer        Signer      // nil: nothing is signed
	Local         Local       // nil: every notice is sent by SMTP
	Own           Own         // nil: no letter is the service's own
	Fates         Fates       // nil: nobody asks what became of a letter

	Clock  clock.Clock    // default: the real one
	Random func() float64 // [0,1) for jitter and for shuffling equal MX hosts; safe for many goroutines
	Log    *slog.Logger
	Notify func(Event) // called after each commit that changed a recipient's fate; must not block
}

// Event is what became of recipients in one commit, for metrics and for whoever waits.
type Event struct {
	Queue     ID
	Domain    string // empty for a notice
	Delivered int    // recipients by result
	Deferred  int
	Failed    int
	Notice    bool // the sender was told
	Last      Result
}

// Sealer seals a body's key under a service key. ad is bound to what is sealed.
type Sealer interface {
	Seal(dst, plain, ad []byte) ([]byte, error)
	Open(dst, sealed, ad []byte) ([]byte, error)
}

// Signer makes DKIM-Signature lines (RFC 6376) for a letter, each ended by CRLF. No line and no error means that
// nothing is signed for that domain.
type Signer interface {
	Sign(ctx context.Context, domain string, letter io.Reader) ([]byte, error)
}

// Resolver asks DNS. *net.Resolver is one. Errors are *net.DNSError; one that says IsNotFound is final.
type Resolver interface {
	LookupMX(ctx context.Context, domain string) ([]*net.MX, error)
	LookupHost(ctx context.Context, host string) ([]string, error)
}

// Dialer opens connections; *net.Dialer is one.
type Dialer interface {
	DialContext(ctx context.Context, network, address string) (net.Conn, error)
}

// Route sends a domain's mail to one server whatever DNS says: a smart host, a neighbour, a test.
type Route struct {
	Domain string // "example.test", ".example.test" for all below, "*" for all
	Host   string // host or address, with port
	TLS    TLSLevel
}

// TLSPolicy says how a domain's server must be spoken to; MTA-STS (RFC 8461) and DANE (RFC 7672) answer here.
type TLSPolicy interface {
	// For is asked for each server before it is connected to. An error of kind Transient puts the letter off; a
	// rule with Refuse set leaves that server out.
	For(ctx context.Context, domain, host string) (TLSRule, error)
}

// TLSLevel says what a connection needs before a letter goes over it.
type TLSLevel uint8

const (
	MayTLS    TLSLevel = iota // TLS where offered, certificate not looked at; clear where not (RFC 7435)
	MustTLS                   // TLS, certificate not looked at
	VerifyTLS                 // TLS with a certificate that Verify, or the host's name, approves
)

// TLSRule is a policy's answer for one server.
type TLSRule struct {
	Level  TLSLevel
	Refuse bool                            // this server isn't one of the domain's (RFC 8461 §4.1)
	Verify func(tls.ConnectionState) error // nil: by the host's name and the system's roots
}

// Local files notices for senders whose mailbox is here.
type Local interface {
	// File puts notice into the mailbox of to and runs also in the same commit. NotFound means that to has no
	// mailbox here; nothing was done then, and the notice goes out by SMTP.
	File(ctx context.Context, to haven.Address, notice []byte, also func(*db.Tx) error) error
}

// Fates learns what becomes of recipients.
type Fates interface {
	// Note writes down what became of some recipients of a letter, in the transaction that records it. It locks nothing: others wait for the letter's rows.
	Note(tx *db.Tx, letter ID, told []Told) error
}

// Told is what became of one recipient.
type Told struct {
	To     haven.Address
	Fate   Fate
	Result Result
}

// Own learns what an operator did to letters that the service itself wrote.
type Own interface {
	// Ours reports whether letters of the service come back to an address.
	Ours(back haven.Address) bool
	// Dropped notes in tx that an operator took the letter that comes back to an address out of the queue: it will not arrive.
	Dropped(tx *db.Tx, back haven.Address) error
}
