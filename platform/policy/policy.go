// Package policy holds every number of the rules as one typed struct.
//
// A number of the rules is a field here and never a constant elsewhere. Two named policies ship for services
// ("nhsmail-2017", the reference page, and "connect-2024", what the real service moved to); a third, "bench",
// takes the limits away that would measure themselves. An operator's configuration starts from one of them and
// overrides fields; Check says what can't be meant.
//
// In every field a duration is a time.Duration, a size is in octets, and a count is a plain int. Zero means
// "none allowed" unless the comment says "0: no limit".
package policy

import "time"

// Policy is the numbers by which one service runs. It is a value: copy it, change fields, hand it on. Nothing
// changes a Policy after the service has started.
type Policy struct {
	Name         string // the profile that it began as
	Address      Address
	Account      Account
	Password     Password
	Lockout      Lockout
	Session      Session
	Reset        Reset
	Activation   Activation
	Registration Registration
	Shared       SharedMailbox
	Organisation Organisation
	LifeCycle    LifeCycle
	Directory    Directory
	Sending      Sending
	Mailbox      Mailbox
	Connection   Connection
}

// Address is how addresses are made (Rules 2). A prefix stands first in the address of a premises' mailbox.
type Address struct {
	LocalOctets     int // most octets before the @ (RFC 5321 §4.5.3.1.1)
	PlaceOctets     int // most octets of the place in a premises' address; the name gets the rest
	Namesakes       int // most numbered namesakes of one name in one domain
	AliasesPer      int // most aliases of one account, those of former names not counted
	PharmacyPrefix  string
	PharmacyAlias   string // pharmacy.<ODS>
	HeadOfficePre   string
	GPPrefix        string
	CareHomePrefix  string
	HospitalPrefix  string
	LocalTeamPrefix string
	DeskPrefix      string
	OtherPrefix     string
}

// Account is what holds for every personal account.
type Account struct {
	PasswordsInPrograms bool // whether mail programs may use the account's own password (Rules 6: off; on in the demo)
	AppPasswordsPer     int  // most app passwords that one person holds
	NameRunes           int  // most characters of a first or last name
}

// Password is the rules for passwords and the cost of checking them (Rules 6).
type Password struct {
	MinLength   int           // characters
	MaxLength   int           // characters
	History     int           // how many earlier passwords may not be used again
	MaxAge      time.Duration // after it the password has expired; 0: never
	Reminders   []int         // days before the end of MaxAge
	Argon2KiB   uint32        // argon2id memory
	Argon2Pass  uint32        // argon2id passes
	Argon2Lanes uint8         // argon2id lanes
	Hashers     int           // argon2id computations at once; 0: one a core
	Waiting     int           // most log ins that wait for one
	MaxWait     time.Duration // longer waits are answered "try again" and are no failure
	Remember    time.Duration // how long a good or a bad secret is remembered in memory
	Remembered  int           // most remembered secrets
}

// Lockout is when failed log ins slow a place and lock an account (Rules 6).
type Lockout struct {
	Window      time.Duration // failures older than this don't count
	SlowAfter   int           // failures from one place within Window that slow it; 0: never
	SlowNetwork int           // failures from one network within Window, whatever the program calls itself, that slow it; 0: never
	SlowEvery   time.Duration // a slowed place or network gets one try in this time
	LockAfter   int           // failures on one account within Window that lock it; 0: never
	LockFor     time.Duration // how long places where the person has not logged in before are shut out
	KnownPlaces int           // most places remembered per account; the oldest goes
	KnownFor    time.Duration // a place not used for so long is unknown again
	Places      int           // most places that are watched at once
}

// Session is how long somebody stays signed in on the web (Rules 6).
type Session struct {
	MaxAge       time.Duration // whatever happens
	IdleShared   time.Duration // on a shared computer
	IdleOwn      time.Duration // on an own device
	AskAgain     time.Duration // how old the last password may be for grave changes
	TrustedPlace time.Duration // how long one browser stays trusted for one person
	FormKept     time.Duration // half-filled forms
	Emergency    time.Duration // opening of a mailbox limited to named networks
	NewFactor    time.Duration // a renewed second factor waits so long before it serves owners and desks
}

// Reset is how a forgotten password is reset (Rules 6).
type Reset struct {
	SettledFor   time.Duration // text and e-mail serve when unchanged so long
	DeskTries    int           // answers that a caller may try at the desk
	VouchLimits  time.Duration // how long a vouched account opens the voucher's mailboxes only
	MobileSettle time.Duration // a mobile changed by the desk serves resets after this
	Questions    int           // security questions
}

// Activation is the first log in (Rules 5).
type Activation struct {
	TempPassword  time.Duration // how long the texted password serves
	ResendPerHour int
	AcceptPolicy  time.Duration // to accept a new version of the acceptable-use policy
	InactiveAfter time.Duration // an account never activated
}

// Registration is the portal's application (Rules 4).
type Registration struct {
	NewAccounts    int           // new personal accounts per premises
	PasscodeDigits int           //
	PasscodeFor    time.Duration //
	PasscodeTries  int           //
	PasscodesADay  int           // per premises
	FreezeWithin   time.Duration // "this wasn't us" after registration
}

// SharedMailbox is the numbers of shared mailboxes (Rules 3).
type SharedMailbox struct {
	Members       int           // most members, owners among them
	Owners        int           // most owners
	MinOwners     int           // kept through every step
	AskedOwners   int           // asked for
	Object        time.Duration // to object to a new owner of an ownerless mailbox
	DraftKept     time.Duration // a draft whose author lost access
	ClosedRead    time.Duration // owners read a closed premises' mail so long
	VerifyMembers time.Duration // after a change of owner the new head office reconfirms owners within this
}

// Organisation is the numbers of imports and opening hours (Rules 1).
type Organisation struct {
	ClosePerMille int   // a file that closes more of the active premises is refused unless told otherwise
	FileOctets    int64 // longest import file
	LineOctets    int   // longest line in it
	Refusals      int   // most refused lines that a report names; the rest is counted
	StepRows      int   // rows written in one transaction
}

// LifeCycle is the table of Rules 7.
type LifeCycle struct {
	Inactive        time.Duration // not used: active to inactive
	InactiveDeleted time.Duration // inactive to deleted
	LeaverDeleted   time.Duration // leaver with no joiner to deleted
	Restorable      time.Duration // deleted to gone
	DisabledDeleted time.Duration // long leave to deleted
	WebUse          time.Duration // a mail program's polling counts as use while the last web log in is so young
	Reminders       []int         // days before each step
	NobodyReads     time.Duration // one notice per sender in this time
}

// Directory is the numbers of the directory (Rules 8).
type Directory struct {
	MobileShown   bool // shown unless hidden (2017); otherwise only where ticked
	SearchesADay  int  // per person, before the alarm
	ResultsAtOnce int
}

// Sending is what may leave and arrive (Rules 10).
type Sending struct {
	MessageOctets   int64         // largest message, as transmitted
	Recipients      int           // per message at submission
	RecipientsIn    int           // per transaction on port 25 (RFC 5321 §4.5.3.1.8: at least 100)
	OneCommit       int           // local recipients delivered in one commit before 250
	ReceivePerHour  int           // messages per mailbox; 0: no limit
	SendPerHour     int           // messages per person; 0: no limit
	SendRcptsPerDay int           // recipients per person; 0: no limit
	SendPerMailbox  int           // messages per hour per mailbox, whoever sends; 0: no limit
	QueueFor        time.Duration // a message that can't be sent is returned after this (RFC 5321 §4.5.4.1)
	DelayNotice     time.Duration // the sender is told that it is late
	Hops            int           // Received fields before a loop is assumed (RFC 5321 §6.3)
	RemovedKept     time.Duration // originals of removed executables
}

// Mailbox is what a mailbox holds.
type Mailbox struct {
	Quota           int64         // octets; 0: no limit
	RestoreFor      time.Duration // expunged messages stay restorable
	VanishedFor     time.Duration // vanished UIDs with modseq and message
	SentMemory      time.Duration // (person, Message-ID) of server-filed Sent copies
	SentBefore      time.Duration // an APPEND that came so long before the submission is the same letter
	Folders         int           // most folders
	FolderDepth     int           //
	FolderOctets    int           // longest name of one folder
	KeywordsPer     int           // most keywords of one message
	Keywords        int           // most different keywords in one account
	KeyBackup       time.Duration // longest life of a copy of the key store
	SweepAfter      time.Duration // an unreferenced body is swept
	UnlinkAfter     time.Duration // a compacted pack is unlinked
	SearchResults   int           // most messages in one answer; 0: no limit
	ContactsChecked time.Duration // how often unread mail is looked at for the alarm
}

// Connection is what one connection, place or person may hold of the server.
type Connection struct {
	PerPlace       int           // connections from one network address; 0: no limit
	PerAccount     int           // connections of one person; 0: no limit
	Total          int           // connections of one listener; 0: no limit
	CommandTimeout time.Duration // between commands (RFC 5321 §4.5.3.2.7: 5 minutes)
	DataTimeout    time.Duration // between blocks of data (RFC 5321 §4.5.3.2.5: 3 minutes)
	IMAPIdle       time.Duration // before auto log out (RFC 9051 §5.4: at least 30 minutes)
	LoginTimeout   time.Duration // to log in (RFC 9051 §5.4 allows less before authentication)
	LineOctets     int           // longest command line
	LiteralOctets  int64         // literals of one command, messages apart
	BadCommands    int           // wrong commands before the connection is closed
	LoginTries     int           // failed log ins before the connection is closed
	OpenMailboxes  int           // shared mailboxes that one session may list
}
