// Package haven is the vocabulary that every part of Haven shares: typed nouns with no I/O behind them.
//
// It imports the standard library only. Whatever a noun can do without a database, a clock or a network is a
// method here; whatever needs one lives in the folder that is named after the concept.
package haven

import (
	"crypto/rand"
	"encoding/base32"
	"fmt"
	"strings"
)

// AccountID names an account for good: 128 random bits, never given out twice. An address is an attribute of
// an account and may change; the id does not. The zero value names nobody.
type AccountID [16]byte

var idEncoding = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// NewAccountID draws a fresh id from the operating system's random source.
func NewAccountID() AccountID {
	var id AccountID
	if _, err := rand.Read(id[:]); err != nil {
		panic("haven: the operating system gives no random numbers: " + err.Error())
	}
	return id
}

// String is 26 lower-case letters and digits 2 to 7, safe in a URL and as an OBJECTID (RFC 8474 §4).
func (id AccountID) String() string { return idEncoding.EncodeToString(id[:]) }

// ParseAccountID reads what String wrote.
func ParseAccountID(s string) (id AccountID, ok bool) {
	b, err := idEncoding.DecodeString(s)
	if err != nil || len(b) != len(id) || idEncoding.EncodeToString(b) != s {
		return AccountID{}, false
	}
	return AccountID(b), true
}

// IsZero reports whether id names nobody.
func (id AccountID) IsZero() bool { return id == AccountID{} }

// AccountKind says what an account is for.
type AccountKind uint8

const (
	Personal    AccountKind = 1 // one person, for a whole career; has credentials
	Shared      AccountKind = 2 // a premises' mailbox; has no credential of any sort (Rules 3)
	Application AccountKind = 3 // a program's account
)

func (k AccountKind) String() string {
	switch k {
	case Personal:
		return "personal"
	case Shared:
		return "shared"
	case Application:
		return "application"
	}
	return fmt.Sprintf("kind %d", uint8(k))
}

// AccountNo is the store's own short number for an account. It keys every row of mail and never leaves the
// process: no protocol, log line or page shows it.
type AccountNo int64

// Seq is a position in an account's one sequence of changes. It is IMAP's mod-sequence, JMAP's state and
// DAV's sync-token at once (RFC 7162 §3.1: 63 bits). Zero is before everything.
type Seq int64

// UID is a message's number within one mailbox of one account (RFC 9051 §2.3.1.1). Zero is no message.
type UID uint32

// MessageID names a message row of the store; ids grow with time. It is not the Message-ID header.
type MessageID int64

// MailboxNo names a mailbox (folder) within its account.
type MailboxNo int64

// Rights are what one person may do with one account's mail (Rules 3).
type Rights uint16

const (
	Read         Rights = 1 << iota // open, list, fetch, search
	Write                           // flags, move, copy in, delete, folders
	SendAs                          // send with the mailbox's address alone
	SendOnBehalf                    // send with the mailbox's address, and Sender: the person
	Manage                          // owner: members, settings
	Insert                          // deliver into it: what the service itself holds when it files mail
)

// Member and Owner are the rights given by default (Rules 3); Own is what a person holds over the own account.
const (
	Member = Read | Write | SendAs
	Owner  = Read | Write | SendAs | SendOnBehalf | Manage
	Own    = Owner
)

// Has reports whether every right in need is held.
func (r Rights) Has(need Rights) bool { return r&need == need }

var rightNames = []struct {
	r    Rights
	name string
}{
	{Read, "read"}, {Write, "write"}, {SendAs, "send-as"}, {SendOnBehalf, "send-on-behalf"}, {Manage, "manage"},
}

// String lists the rights by name, separated by commas: "read,write,send-as".
func (r Rights) String() string {
	var names []string
	for _, n := range rightNames {
		if r.Has(n.r) {
			names = append(names, n.name)
		}
	}
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ",")
}

// ParseRights reads what String wrote; "member" and "owner" stand for their defaults.
func ParseRights(s string) (Rights, error) {
	var r Rights
	for _, part := range strings.Split(s, ",") {
		switch part = strings.TrimSpace(strings.ToLower(part)); part {
		case "member":
			r |= Member
		case "owner":
			r |= Owner
		case "none", "":
		default:
			found := false
			for _, n := range rightNames {
				if n.name == part {
					r |= n.r
					found = true
				}
			}
			if !found {
				return 0, fmt.Errorf("%q is not a right; use read, write, send-as, send-on-behalf, manage, member or owner", part)
			}
		}
	}
	return r, nil
}

// Rule is the stable name of a rule, such as "leaver.purge" or "password.expired". The audit log, the log file,
// the helpdesk's explain and the tests all use it.
type Rule string

// Verdict is what a rule decided, and why, in words for the person concerned.
type Verdict struct {
	Allowed bool
	Rule    Rule
	Reason  string // one sentence; for a refusal it tells what to do next
}

// Allow is the verdict of a rule that says yes.
func Allow(r Rule) Verdict { return Verdict{Allowed: true, Rule: r} }

// Refuse is the verdict of a rule that says no, for a reason.
func Refuse(r Rule, reason string) Verdict { return Verdict{Rule: r, Reason: reason} }

// Actor is who does something, through which account and from where: what an audit record needs.
type Actor struct {
	Person  AccountID // who signed in; zero for the service itself
	As      AccountID // the account acted upon or for; zero means the person's own
	Place   string    // network address
	Program string    // "imap", "submission", "admin", "job purge", and the program's own name where it gave one
}
