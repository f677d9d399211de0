package policy

import (
	"time"

	"haven/platform/errs"
)

const day = 24 * time.Hour

// Default is the name of the profile that a configuration without one gets.
const Default = "nhsmail-2017"

// Names lists the profiles that Profile knows.
func Names() []string { return []string{Default, "connect-2024", "bench"} }

// Profile returns the policy of that name; "" is the default. An unknown name is Invalid, and the sentence
// lists the known ones.
func Profile(name string) (Policy, error) {
	switch name {
	case "", Default:
		return nhsmail2017(), nil
	case "connect-2024":
		return connect2024(), nil
	case "bench":
		return bench(), nil
	}
	return Policy{}, errs.E(errs.Invalid, "there is no policy %q; use nhsmail-2017, connect-2024 or bench", name)
}

// nhsmail2017 is the reference page, and our own numbers where the page is silent.
func nhsmail2017() Policy {
	return Policy{
		Name:         Default,
		Address:      addresses(),
		Account:      Account{AppPasswordsPer: 30, NameRunes: 64},
		Password:     passwords(),
		Lockout:      lockout(),
		Session:      sessions(),
		SecondFactor: SecondFactor{Owners: true, Grace: 14 * day},
		Reset:        Reset{GoodFor: 30 * time.Minute, CodeDigits: 8, Tries: 5, PerHour: 5, SettledFor: 72 * time.Hour, DeskTries: 5, VouchLimits: day, VouchesADay: 3, VouchLinkFor: 14 * day, VouchLinks: 5, MobileSettle: day, Questions: 3},
		Activation:   Activation{TempPassword: 14 * day, ResendPerHour: 3, AcceptPolicy: 14 * day, InactiveAfter: 30 * day},
		Contact:      Contact{CodeDigits: 8, CodeFor: 30 * time.Minute, Tries: 5, PerHour: 5, JobRunes: 80, NoteRunes: 200},
		Request:      Request{OwnersFor: 7 * day, ReasonRunes: 500},
		Registration: Registration{NewAccounts: 3, Further: 5, PasscodeDigits: 8, PasscodeFor: 30 * time.Minute, PasscodeTries: 5, PasscodesADay: 5, FreezeWithin: 7 * day,
			PlaceAsks: 60, Approvals: 3, ApprovalFor: 14 * day, ApprovedFor: 7 * day, Kept: 90 * day},
		Shared: SharedMailbox{Members: 250, Owners: 100, MinOwners: 1, AskedOwners: 2, KeptPeople: 2, Object: day, DraftKept: 30 * day,
			ClosedRead: 90 * day, VerifyMembers: 14 * day, ReviewEvery: 90 * day, ReviewWithin: 14 * day, AboutRunes: 1000,
			Notifications: 100, NotificationsKept: 90 * day, NotificationsWithin: time.Hour},
		Locum:        Locum{Longest: 7 * day, Ahead: 90 * day, CodeDigits: 6, CodeFor: 10 * time.Minute, Tries: 5, TriesIn: time.Hour, OnDuty: time.Hour, Passes: 2, Within: 30 * day},
		Organisation: Organisation{ClosePerMille: 20, FileOctets: 64 << 20, LineOctets: 8 << 10, Refusals: 1000, StepRows: 200, FindResults: 20, Links: 1000, LinkRunes: 200, HoursExceptions: 60, LegalNames: 20, LegalRunes: 300},
		LifeCycle: LifeCycle{Inactive: 90 * day, InactiveDeleted: 90 * day, LeaverDeleted: 30 * day, Restorable: 30 * day,
			DisabledDeleted: 548 * day, WebUse: 90 * day, Reminders: []int{30, 14, 7, 2, 1}, NobodyReads: day},
		Directory: Directory{MobileShown: false, SearchesADay: 300, ResultsAtOnce: 20, LeastLetters: 2, Typed: 20, TypedFor: 30 * time.Second, Colleagues: 300, StepEntries: 50},
		Sending:   sending(),
		Vacation:  Vacation{PerHour: 200, ToldFor: 120 * day},
		Sieve:     filters(),
		Handover:  Handover{Letters: 2000, Correspondents: 200, Named: 20, AtOnce: 4, Wait: 30 * time.Second, Shown: 5, Within: 10 * time.Minute},
		Signature: Signature{Lines: 10, Runes: 1000},
		Notify:    Notify{KeepContent: 14 * day, KeepRecord: 365 * day, TryFor: 3 * day, LateAfter: time.Minute, AskFor: 5 * day, KeyPause: 2 * time.Minute},
		Operator: Operator{NoticeTitle: 100, NoticeText: 2000, NoticesAtOnce: 20, NoticeAhead: 366 * day, BannerBefore: 7 * day, SolvedFor: day, TextRunes: 20_000,
			Tokens: 50, TokenFor: 366 * day, TokenPerMin: 300},
		Push:       pushes(),
		Mailbox:    mailboxes(),
		Documents:  Documents{Octets: 32 << 20, Memory: 256 << 20, Within: 10 * time.Second, Waiting: 32},
		Connection: connections(),
		JMAP:       jmap(),
		Work: Work{PresenceFor: 30 * time.Second, Presences: 200, Notes: 200, NoteOctets: 8 << 10, Marked: 200, Deadlines: 10, DeadlineMost: 90 * day,
			Warn: day, HeadOfficeTime: 4 * time.Hour, LocalTeamTime: day, CheckWithin: time.Hour, ClimbEvery: 20 * time.Second, TextEvery: 15 * time.Minute, AnsweredFor: 3 * day, AgainWithin: 10 * time.Minute,
			ReleaseEvery: time.Minute, BoardRows: 1_000_000, Filings: 20, RecordYears: 8, TakeBackWithin: day, ReferenceRunes: 60, ReportDays: 31, ReportLate: 200},
	}
}

func addresses() Address {
	return Address{
		LocalOctets: 64, PlaceOctets: 30, Namesakes: 100_000, AliasesPer: 20,
		PharmacyPrefix: "nhspharmacy", PharmacyAlias: "pharmacy",
		HeadOfficePre: "nhspharmacyheadoffice", GPPrefix: "nhsgp", CareHomePrefix: "nhscarehome",
		HospitalPrefix: "nhstrust", LocalTeamPrefix: "nhslocalteam", DeskPrefix: "nhsdesk", OtherPrefix: "nhs",
	}
}

func passwords() Password {
	return Password{
		MinLength: 12, MaxLength: 256, History: 4, MaxAge: 90 * day, Reminders: []int{18, 10, 5, 2, 1},
		Argon2KiB: 19 << 10, Argon2Pass: 2, Argon2Lanes: 1,
		Waiting: 1000, MaxWait: 10 * time.Second, Remember: 10 * time.Minute, Remembered: 200_000,
	}
}

func lockout() Lockout {
	return Lockout{
		Window: 10 * time.Minute, SlowAfter: 10, SlowNetwork: 100, SlowEvery: 10 * time.Second,
		LockAfter: 30, LockFor: 30 * time.Minute,
		KnownPlaces: 50, KnownFor: 365 * day, Places: 100_000,
		CodeDigits: 8, CodeFor: 30 * time.Minute, CodeTries: 5, CodesPerHour: 5,
	}
}

func sessions() Session {
	return Session{
		MaxAge: 12 * time.Hour, IdleShared: 10 * time.Minute, IdleOwn: time.Hour, Offline: day, AskAgain: 5 * time.Minute,
		TrustedPlace: 30 * day, FormKept: 20 * time.Hour, Most: 30, Passkeys: 20, Emergency: time.Hour, NewFactor: day,
	}
}

func sending() Sending {
	return Sending{
		MessageOctets: 35 << 20, Recipients: 500, RecipientsIn: 1000, OneCommit: 100,
		ReceivePerHour: 3600, SendPerHour: 500, SendRcptsPerDay: 5000, SendPerMailbox: 1000,
		QueueFor: 5 * day, DelayNotice: 4 * time.Hour, Hops: 100, RemovedKept: 30 * day,
		UndoDelay: 10 * time.Second, UndoMost: time.Minute, SendLater: 30 * day, SubmissionsPer: 1000, SubmissionsKept: 30 * day, Identities: 20, IdentityOctets: 64 << 10,
	}
}

func pushes() Push {
	return Push{
		Subscriptions: 30, MadePerHour: 30, URLOctets: 2000, TextOctets: 255, Types: 50, Longest: 7 * day, VerifyFor: time.Hour,
		PerHour: 360, Every: time.Second, Keep: 12 * time.Hour, Within: 15 * time.Second,
		Retry: 30 * time.Second, RetryMost: time.Hour, FailFor: 3 * day, AtOnce: 16, PerPerson: 2,
	}
}

func filters() Sieve {
	return Sieve{
		Scripts: 16, ScriptOctets: 64 << 10, NameOctets: 512, Nesting: 32, Includes: 10, Actions: 32, Redirects: 4, RedirectHops: 3,
		Variables: 128, VariableOctets: 4096, Edits: 20, BodyOctets: 1 << 20, Work: 20_000_000, RunAtOnce: 4,
		TellEvery: time.Hour, TellMost: 90 * day, SeenFor: 30 * day, SeenMost: 10_000, FaultEvery: day, Known: 30 * day,
	}
}

func mailboxes() Mailbox {
	return Mailbox{
		Quota: 4 << 30, RestoreFor: 30 * day, VanishedFor: 30 * day,
		SentMemory: 7 * day, SentBefore: 10 * time.Minute,
		Folders: 5000, FolderDepth: 20, FolderOctets: 255, KeywordsPer: 100, Keywords: 1000,
		KeyBackup: 30 * day, SweepAfter: day, UnlinkAfter: time.Hour, ContactsChecked: time.Minute,
		OverviewOctets: 256 << 20,
	}
}

func connections() Connection {
	return Connection{
		PerPlace: 500, PerAccount: 100, Total: 200_000,
		CommandTimeout: 5 * time.Minute, DataTimeout: 3 * time.Minute,
		IMAPIdle: 30 * time.Minute, LoginTimeout: time.Minute,
		LineOctets: 64 << 10, LiteralOctets: 1 << 20, BadCommands: 50, LoginTries: 5, OpenMailboxes: 1000,
	}
}

// jmap is what a web client and programs need, with what one of them may cost bounded.
func jmap() JMAP {
	return JMAP{RequestOctets: 10_000_000, Values: 200_000, Depth: 64, Requests: 8, Calls: 64, Get: 1000, Set: 500, AnswerOctets: 64 << 20, Conditions: 200,
		Results: 10_000, UploadOctets: 35 << 20, Uploads: 4, UploadKept: day, UploadsPer: 500, UploadsOctets: 500 << 20, Sources: 100, Sockets: 20, SocketsTotal: 50_000,
		PingEvery: 5 * time.Minute, AnswerWithin: time.Minute, WriteWithin: 30 * time.Second, PushDelay: 50 * time.Millisecond, LateAfter: time.Minute}
}

// connect2024 is what the real service moved to (Rules 4, 6, 7).
func connect2024() Policy {
	p := nhsmail2017()
	p.Name = "connect-2024"
	p.Password.MaxAge = 365 * day
	p.Registration.NewAccounts = 10
	p.LifeCycle.Inactive = 30 * day
	p.LifeCycle.InactiveDeleted = 30 * day
	return p
}

// bench is the reference policy without the limits that a load generator on one machine would run into: it
// measures the service, not its brakes. Never run a service with it.
func bench() Policy {
	p := nhsmail2017()
	p.Name = "bench"
	p.Account.PasswordsInPrograms = true
	p.Password.MaxAge = 0
	p.SecondFactor.Owners = false
	p.Lockout.SlowAfter, p.Lockout.SlowNetwork, p.Lockout.LockAfter = 0, 0, 0
	p.Sending.ReceivePerHour, p.Sending.SendPerHour = 0, 0
	p.Sending.SendRcptsPerDay, p.Sending.SendPerMailbox = 0, 0
	p.Mailbox.Quota = 0
	p.JMAP.Sockets, p.JMAP.SocketsTotal, p.JMAP.Requests = 1000, 0, 100
	p.Connection.PerPlace, p.Connection.PerAccount, p.Connection.Total = 0, 0, 0
	return p
}
