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
	SecondFactor SecondFactor
	Reset        Reset
	Activation   Activation
	Contact      Contact
	Request      Request
	Registration Registration
	Shared       SharedMailbox
	Locum        Locum
	Organisation Organisation
	LifeCycle    LifeCycle
	Directory    Directory
	Sending      Sending
	Vacation     Vacation
	Sieve        Sieve
	Handover     Handover
	Signature    Signature
	Push         Push
	Notify       Notify
	Operator     Operator
	Mailbox      Mailbox
	Documents    Documents
	Connection   Connection
	JMAP         JMAP
	Work         Work
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

// FirstReminder is how long before the end of MaxAge a person is reminded first; 0: never.
func (p Password) FirstReminder() time.Duration {
	first := 0
	for _, days := range p.Reminders {
		first = max(first, days)
	}
	return time.Duration(first) * 24 * time.Hour
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

	CodeDigits   int           // of a texted code that opens the lock for one browser
	CodeFor      time.Duration // how long the code is good
	CodeTries    int           // codes that may be wrong
	CodesPerHour int           // codes that are sent to one person
}

// Session is how long somebody stays signed in on the web (Rules 6).
type Session struct {
	MaxAge       time.Duration // whatever happens
	IdleShared   time.Duration // on a shared computer
	IdleOwn      time.Duration // on an own device
	Offline      time.Duration // mail that a browser keeps on an own device is opened so long after the service was reached last; 0: none keeps any
	AskAgain     time.Duration // how old the last password may be for grave changes
	TrustedPlace time.Duration // how long one browser stays trusted for one person
	FormKept     time.Duration // half-filled forms
	Most         int           // sessions of one person at once; the oldest ends
	Passkeys     int           // most passkeys of one person
	Emergency    time.Duration // opening of a mailbox limited to named networks
	NewFactor    time.Duration // a renewed second factor waits so long before it serves owners and desks
}

// SecondFactor is of whom a second factor is required (Rules 6). Of operators and desks it always is (people/operator).
type SecondFactor struct {
	Owners bool          // of owners of mailboxes, for what only owners do
	Staff  bool          // of everybody, for every page; false: they may have one
	Grace  time.Duration // counted from the first log in at which somebody was asked, and for who never had one; 0: none
}

// Reset is how a forgotten password is reset (Rules 6).
type Reset struct {
	GoodFor      time.Duration // a link and a code
	CodeDigits   int           // of a code by text
	Tries        int           // wrong codes that spend a link; and tries of a person within the hour with whatever but link and code
	PerHour      int           // resets of one account that are begun
	SettledFor   time.Duration // text and e-mail serve when unchanged so long
	DeskTries    int           // answers that a caller may try at the desk
	VouchLimits  time.Duration // how long a vouched account opens the voucher's mailboxes only, at least
	VouchesADay  int           // vouchings by one owner within a day
	VouchLinkFor time.Duration // how long the link serves with which a person confirms a vouching
	VouchLinks   int           // such links that are sent within a day
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

// Contact is how a person changes the own mobile and e-mail, and what others find (Rules 6, 8).
type Contact struct {
	CodeDigits int           // of the code that goes to a new mobile or e-mail
	CodeFor    time.Duration // how long it is good
	Tries      int           // codes that may be wrong
	PerHour    int           // codes that are sent to the contacts of one person
	JobRunes   int           // most characters of a job title, and of a speciality
	NoteRunes  int           // most characters of what a person says to colleagues in the directory
}

// Request is a change of a name or a job title that somebody else approves (Rules 2).
type Request struct {
	OwnersFor   time.Duration // the owners decide within this; then the desk may too
	ReasonRunes int           // most characters of the reason for a refusal
}

// Registration is the portal's application (Rules 4).
type Registration struct {
	NewAccounts    int           // new personal accounts per premises
	Further        int           // most requests of one premises for more that wait for the local team
	PasscodeDigits int           //
	PasscodeFor    time.Duration //
	PasscodeTries  int           //
	PasscodesADay  int           // per premises
	FreezeWithin   time.Duration // "this wasn't us", and "not me", after they were told
	PlaceAsks      int           // passcodes asked for, passcodes tried and references looked up from one network in an hour
	Approvals      int           // applications of one premises that wait for two approvals at once, since it can't be proven
	ApprovalFor    time.Duration // such a one waits so long
	ApprovedFor    time.Duration // and goes on so long after both
	Kept           time.Duration // applications that ended, and questions to people who were named
}

// Notify is the numbers of texts and e-mails to the outside (Rules 13).
type Notify struct {
	KeepContent time.Duration // what a notice says is kept so long, then dropped with its key
	KeepRecord  time.Duration // that there was one is kept so long: when, by which template, what became of it
	TryFor      time.Duration // one that says no end of its own is tried so long
	LateAfter   time.Duration // one that waits so long is late, which the operator is told
	AskFor      time.Duration // whether one arrived is asked so long
	KeyPause    time.Duration // a gateway that refuses our key is left alone so long
}

// Operator is the numbers of what an operator posts, writes and hands out.
type Operator struct {
	NoticeTitle   int           // characters of a status notice's title
	NoticeText    int           // characters of what it says
	NoticesAtOnce int           // status notices that are not over
	NoticeAhead   time.Duration // how far ahead planned work may begin
	BannerBefore  time.Duration // planned work stands on the start page so long before it begins
	SolvedFor     time.Duration // a notice that a problem is solved is shown so long where no end is named
	TextRunes     int           // characters of a page's text
	Tokens        int           // tokens of the admin API at once
	TokenFor      time.Duration // how long one serves at most
	TokenPerMin   int           // requests with one token in a minute
}

// SharedMailbox is the numbers of shared mailboxes (Rules 3).
type SharedMailbox struct {
	Members       int           // most members, owners among them
	Owners        int           // most owners
	MinOwners     int           // kept through every step
	AskedOwners   int           // asked for
	KeptPeople    int           // people who stay once there were as many, unless somebody gives a reason (Rules 7)
	Object        time.Duration // to object to a new owner of an ownerless mailbox
	DraftKept     time.Duration // a draft whose author lost access
	ClosedRead    time.Duration // owners read a closed premises' mail so long
	VerifyMembers time.Duration // after a change of owner the new head office reconfirms owners within this
	ReviewEvery   time.Duration // owners look who has access so often; 0: they are not asked
	ReviewWithin  time.Duration // a review that is due and not made for so long is overdue, which whoever runs the service sees
	AboutRunes    int           // most characters of what owners say about the mailbox

	Notifications       int           // of one person that rights changed; the oldest goes when another comes
	NotificationsKept   time.Duration // that nobody dismissed
	NotificationsWithin time.Duration // changes of one hand in one mailbox that come so soon after each other are one
}

// Locum is the numbers of a locum's pass.
type Locum struct {
	Longest    time.Duration // of a pass
	Ahead      time.Duration // a pass begins within this
	CodeDigits int           // of the code that a locum reads out
	CodeFor    time.Duration // how long the code is good
	Tries      int           // codes that were nobody's, of one colleague within TriesIn
	TriesIn    time.Duration
	OnDuty     time.Duration // a colleague who lets a locum in gave the password within this
	Passes     int           // passes of one locum at one mailbox within Within; another needs an owner
	Within     time.Duration
}

// Organisation is the numbers of imports and opening hours (Rules 1).
type Organisation struct {
	ClosePerMille   int   // a file that closes more of the active premises is refused unless told otherwise
	FileOctets      int64 // longest import file
	LineOctets      int   // longest line in it
	Refusals        int   // most refused lines that a report names; the rest is counted
	StepRows        int   // rows written in one transaction
	FindResults     int   // most premises that a search gives
	LegalNames      int   // most partners whose names stand in letters; with more, the place where their list can be inspected (Rules 11)
	LegalRunes      int   // longest text of one field of legal particulars
	Links           int   // most places in a head office's list of links
	LinkRunes       int   // longest reason in it
	HoursExceptions int   // most days to come on which one premises is open at other hours
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
	SearchesADay  int  // per person; the next one is refused, and alarms
	ResultsAtOnce int
	LeastLetters  int           // of the longest word that is looked for
	Typed         int           // requests that are one search while its words are typed
	TypedFor      time.Duration // such a request comes within this after the one before
	Colleagues    int           // most people of the own places that are looked at first
	StepEntries   int           // entries brought up to date in one transaction
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

	UndoDelay       time.Duration // a letter sent by JMAP can be called back for this, where its sender asks for nothing else
	UndoMost        time.Duration // one that waits for longer is sent later: it stands in Scheduled
	SendLater       time.Duration // longest that a letter can wait (RFC 4865); 0: none waits longer than UndoMost
	SubmissionsPer  int           // letters of one mailbox that wait at once
	SubmissionsKept time.Duration // what became of a letter can be asked for this
	Identities      int           // that a person may make in one mailbox
	IdentityOctets  int           // of what one says, its signatures included
}

// Vacation is the numbers of automatic replies.
type Vacation struct {
	PerHour int           // answers of one account; more letters within the hour get none
	ToldFor time.Duration // whom a filter has told is remembered so long; 0: for good
}

// Sieve is what filters may be and do (RFC 5228, RFC 5804).
type Sieve struct {
	Scripts        int           // of one account
	ScriptOctets   int           // of one script
	NameOctets     int           // of a script's name (RFC 5804 §1.6: at least 128 characters; RFC 9661 §1.2.1: 512 octets)
	Nesting        int           // blocks and tests inside each other
	Includes       int           // scripts that include each other, in depth
	Actions        int           // that one run decides on
	Redirects      int           // among them
	RedirectHops   int           // redirects that one letter goes through before a loop is assumed
	RedirectTo     []string      // domains of others to which filters send letters on, over verified TLS; our own are always among them
	Variables      int           // set in one run
	VariableOctets int           // kept of one variable (RFC 5229 §6: at least 4000)
	Edits          int           // header fields that one run adds
	BodyOctets     int           // of a letter's text that one test of the body looks at
	Work           int           // octets looked at and commands done in one run
	RunAtOnce      int           // letters that filters look at at the same time; others wait
	TellEvery      time.Duration // the shortest time after which an automatic reply of a filter tells a sender again
	TellMost       time.Duration // the longest
	SeenFor        time.Duration // longest memory of the test for duplicates
	SeenMost       int           // letters remembered by it for one account
	FaultEvery     time.Duration // an owner is told of a filter that fails once in this time
	Known          time.Duration // scripts that were deleted are remembered so long, for programs that ask what changed
}

// Handover is the numbers of handing over mail (Rules 7).
type Handover struct {
	Letters        int           // the newest of each mailbox that are looked through
	Correspondents int           // most that are shown at once
	Named          int           // most addresses of one letter that are looked at
	AtOnce         int           // who look through letters at the same time; others wait
	Wait           time.Duration // so long at most
	Shown          int           // most earlier times that are listed
	Within         time.Duration // by then one is done, or has failed
}

// Signature is the numbers of signatures.
type Signature struct {
	Lines int // most
	Runes int // most characters
}

// Push is the numbers of push subscriptions, which wake browsers and phones.
type Push struct {
	Subscriptions int           // of one person at once; 0: none is made
	MadePerHour   int           // made by one person, ended ones too: each has a stranger's address asked once
	URLOctets     int           // longest address at a push service
	TextOctets    int           // longest name of a device, and of a type of data
	Types         int           // most types of data that one subscription names
	Longest       time.Duration // after which a subscription ends unless it is renewed (RFC 8620 §7.2)
	VerifyFor     time.Duration // one whose code did not come back by then ends
	PerHour       int           // messages to one subscription
	Every         time.Duration // between two messages to one subscription; what changes meanwhile goes together
	Keep          time.Duration // the push service keeps a message so long for a device that is away
	Within        time.Duration // the push service has taken a message by then, or it is tried again
	Retry         time.Duration // before the second try; each further one waits twice as long
	RetryMost     time.Duration // at most
	FailFor       time.Duration // a subscription that takes nothing for so long ends
	AtOnce        int           // messages that are on the way at the same time
	PerPerson     int           // of one person
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
	OverviewOctets  int64         // of memory for what is known of accounts that were lately looked at whole
}

// Documents is what reading the text inside an attachment may take, for a search to find it.
type Documents struct {
	Octets  int64         // a longer one is not searched inside
	Memory  int64         // octets of the process that reads one
	Within  time.Duration // by the clock, and of the processor's time
	AtOnce  int           // read at the same time; 0: as many as there are processors
	Waiting int           // wait for their turn; further ones come again later
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

// Work is the numbers of who handles what in a mailbox (package work).
type Work struct {
	PresenceFor    time.Duration // somebody looks at a thread or writes for so long after the last word of it
	Presences      int           // at once in one mailbox
	Notes          int           // of one thread
	NoteOctets     int           // of one note
	Marked         int           // messages of one thread that carry its state as a keyword, the newest
	Deadlines      int           // of one thread that run
	DeadlineMost   time.Duration // the longest time that can be set
	Warn           time.Duration // before a deadline ends, whoever handles it is warned
	HeadOfficeTime time.Duration // after it ended, the head office is told
	LocalTeamTime  time.Duration // after it ended, the local team is told
	CheckWithin    time.Duration // after a premises opens, its mailbox should have been checked
	ClimbEvery     time.Duration // how often is looked whether somebody has to be told
	TextEvery      time.Duration // those who answer for a mailbox are told no more often; what comes meanwhile is told together
	AnsweredFor    time.Duration // a colleague's answer stops a second one for so long
	AgainWithin    time.Duration // a letter that was stopped goes if it is sent again within this time
	ReleaseEvery   time.Duration // how often is looked whether somebody holds what is closed to that person by now
	BoardRows      int           // states of threads that are kept in memory
	Filings        int           // of one message to patients' records
	RecordYears    int           // what was filed to a record is kept to the end of this many years after the year in which it was filed
	TakeBackWithin time.Duration // who filed something can take it back for so long
	ReferenceRunes int           // longest number of a record at the place
	ReportDays     int           // of one report to owners
	ReportLate     int           // of what was late, in one report
}

// JMAP is what one request, upload or socket may ask of the service (RFC 8620 §2, RFC 8887).
type JMAP struct {
	RequestOctets int64         // longest request (maxSizeRequest)
	Values        int           // most values in one request: members, items and what is in them
	Depth         int           // most levels that a request is nested
	Requests      int           // requests of one person at once (maxConcurrentRequests)
	Calls         int           // calls of one request (maxCallsInRequest)
	Get           int           // objects read with one call (maxObjectsInGet)
	Set           int           // objects changed with one call (maxObjectsInSet)
	AnswerOctets  int64         // longest answer to one request, and of all that one person waits for at once
	Conditions    int           // conditions and operators of one filter
	Results       int           // ids that one query gives at once
	UploadOctets  int64         // longest upload (maxSizeUpload)
	Uploads       int           // uploads of one person at once (maxConcurrentUpload)
	UploadKept    time.Duration // an upload that nothing was made of
	UploadsPer    int           // such uploads of one person
	UploadsOctets int64         // and what they may hold together
	Sources       int           // data sources of one blob that a request makes (maxDataSources, RFC 9404)
	Sockets       int           // WebSockets and event sources of one person
	SocketsTotal  int           // of everybody; 0: no limit
	PingEvery     time.Duration // a socket from which nothing comes is asked whether it is there
	AnswerWithin  time.Duration // one request is answered, or what is left of it refused
	WriteWithin   time.Duration // a client that takes no more for so long is dropped
	PushDelay     time.Duration // after a push, what changes within this time is pushed together
	LateAfter     time.Duration // a letter that is on its way for longer is late
}
