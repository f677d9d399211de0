// Package mailbox is the mail store: folders, messages, flags, threads, quota. Every face calls it and none goes round it.
//
// Each call names a Viewer and asks people/access itself, in the transaction that reads the data, so that rights
// taken away hold from the next call. What a viewer may not know of is errs.NotFound.
//
// A message row belongs to one account and points to a sealed body that deliveries share. A placement puts a
// message into a mailbox under a UID. Every change takes a number of the account's one sequence (haven.Seq).
package mailbox

import (
	"time"

	"haven"
	"haven/mail/mime"
)

// Viewer is a person looking at an account's mail. The zero value may see nothing.
type Viewer struct {
	Person  haven.AccountNo // who signed in
	Account haven.AccountNo // whose mail: the own account, or a shared mailbox
	Place   string          // network address, for the audit log
	Program string          // "imap", …

	ByProgram bool // comes with a mail program, and not on the pages: some mailboxes are shut to those

	Held *Held // what has to be so still when the viewer changes something; nil: nothing
}

// As is the same person looking at another account.
func (v Viewer) As(account haven.AccountNo) Viewer {
	v.Account = account
	return v
}

// Role is what a folder is for (RFC 6154, RFC 8621 §2). Each account has at most one folder of each role; those in
// Provisioned exist from the start and can be neither deleted nor renamed.
type Role string

const (
	NoRole  Role = ""
	Inbox   Role = "inbox"
	Sent    Role = "sent"
	Drafts  Role = "drafts"
	Trash   Role = "trash"
	Archive Role = "archive"
	Junk    Role = "junk"

	Scheduled Role = "scheduled" // letters that are sent later; made when the first one is, see scheduled.go
)

// Provisioned are the folders that each account is created with, in this order, with their names at the root.
var Provisioned = []struct {
	Role Role
	Name string
}{
	{Inbox, "INBOX"}, {Sent, "Sent"}, {Drafts, "Drafts"}, {Trash, "Trash"}, {Archive, "Archive"}, {Junk, "Junk"},
}

// Folder is a mailbox of an account with its counters as of one moment.
type Folder struct {
	No            haven.MailboxNo
	Parent        haven.MailboxNo // 0 at the root
	Name          string          // leaf name, UTF-8, NFC, no "/"
	Path          []string        // from the root, the leaf last; {"INBOX"} for the Inbox
	Role          Role
	UIDValidity   uint32
	UIDNext       haven.UID
	Total         int64
	Unseen        int64
	Deleted       int64     // placements that carry \Deleted
	Bytes         int64     // sizes of the placements
	HighestModSeq haven.Seq // at least 1
	Subscribed    bool      // by the viewer
	Children      bool
	Sort          int64 // where people see it among its neighbours, the smallest first (RFC 8621 §2 sortOrder)
	own           bool  // people have marks of their own in it, which its counters here leave out until ownCounts adds the viewer's
}

// Kept reports whether it is one of the folders that every account has, which can be neither deleted nor renamed.
func (f Folder) Kept() bool { return f.No <= haven.MailboxNo(len(Provisioned)) }

// Flags are the system flags of RFC 9051 §2.3.2. \Recent is not kept: RFC 9051 dropped it, and RFC 3501 sessions are told 0.
type Flags uint32

const (
	Seen Flags = 1 << iota
	Answered
	Flagged
	Deleted // of this placement alone; the others belong to the message in all its placements
	Draft
)

// settable are the flags that a client may set.
const settable = Seen | Answered | Flagged | Deleted | Draft

// Row is what is known of a placement without opening anything sealed.
type Row struct {
	UID      haven.UID
	Msg      haven.MessageID // OBJECTID EMAILID is derived from it
	Flags    Flags
	Keywords uint64 // bit n is keyword n of the account's Keywords
	Size     int64  // octets of the whole message as Body reads it
	Received time.Time
	Created  haven.Seq
	Changed  haven.Seq // MODSEQ
	Thread   haven.MessageID
}

// Range is a run of UIDs, both ends included. Hi may be MaxUID for "*" and beyond.
type Range struct{ Lo, Hi haven.UID }

// MaxUID as the end of a Range means "up to the last".
const MaxUID = ^haven.UID(0)

// Info is what is sealed of a message: envelope, structure, preview, thread. Offsets in the structure are those of Body.
type Info struct {
	Msg    haven.MessageID
	Thread haven.MessageID // OBJECTID THREADID is derived from it; never changes
	Meta   mime.Meta
}

// FlagOp says how Store combines flags.
type FlagOp uint8

const (
	AddFlags FlagOp = iota + 1
	RemoveFlags
	ReplaceFlags
)

// FlagChange is a STORE: what to do with which flags and keywords.
type FlagChange struct {
	Op       FlagOp
	Flags    Flags
	Keywords []string // compared without regard to case; a new one is made while there is room (64 an account)
	// UnchangedSince, when not nil, leaves rows alone whose MODSEQ is greater (RFC 7162 §3.1.3).
	UnchangedSince *haven.Seq
}

// StoreResult is what a STORE did.
type StoreResult struct {
	Rows     []Row       // every row asked for that exists, as it is now, in UID order
	Before   []haven.Seq // when each of Rows had changed last before this
	Modified []haven.UID // rows left alone by UnchangedSince
}

// Changes are what happened in a mailbox after a point of the sequence.
type Changes struct {
	Folder   Folder  // now; Folder.HighestModSeq is the next point to ask from
	New      []Row   // arrived since, in UID order, still there
	Changed  []Row   // were there already and changed, in UID order
	Vanished []Range // gone since; may name UIDs that the asker never saw, never one that is there
}

// Copied maps what COPY and MOVE did (RFC 4315 COPYUID): From[i] became To[i].
type Copied struct {
	UIDValidity uint32
	From, To    []haven.UID
}

// Quota is an account's use of room.
type Quota struct {
	Bytes, Messages int64
	LimitBytes      int64 // 0: no limit
}

// Append is one message of an APPEND.
type Append struct {
	Letter   *Letter
	Flags    Flags
	Keywords []string
	Received time.Time // zero: now
}

// Filing puts a letter into an account: one recipient of a delivery, or the Sent copy of a submission.
type Filing struct {
	Account  haven.AccountNo
	Letter   *Letter
	Role     Role   // where to; Inbox when empty
	Into     []Into // where to instead, each folder once: one message with a placement in each
	Trace    []byte // header lines of this recipient alone (Return-Path, Delivered-To), CRLF at each end; stand before the body
	Flags    Flags
	Keywords []string
	SentBy   haven.AccountNo // set on a Sent copy: whose program may append its own, which is then folded into this one
	Duty     *Duty           // what it is for those who work in the mailbox together; nil: nothing was said
	Of       *Sending        // set on a Sent copy of what was a message of the account before: one of the two stays
}

// Into is a folder that a letter is filed into. One that isn't there, and can't be made or isn't to be, is the Inbox: a letter is worth more than its place.
type Into struct {
	Path   []string // from the root; none: the folder of Filing.Role
	Create bool     // make it, and the parents that it lacks
}

// Filed says where a filing went: of several folders the first.
type Filed struct {
	Account haven.AccountNo
	Mailbox haven.MailboxNo
	UID     haven.UID
	Msg     haven.MessageID
	Seq     haven.Seq
	Astray  bool // some folder that was named was not there
}
