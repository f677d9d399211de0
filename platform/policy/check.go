package policy

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Fault is a number that can't be meant.
type Fault struct {
	Field string // as the configuration names it, below policy: "password.min_length"
	Want  string // what it has to be
}

// Check says what of p can't be meant: what an operator overrode still has to be a policy. Each bound keeps the service
// from what it could not do (an argon2 computation without passes, an import in steps of no rows) or from what no service
// for health may do (passwords of six letters).
func (p Policy) Check() (faults []Fault) {
	for _, part := range [][]bound{p.Address.bounds(), p.Account.bounds(), p.Password.bounds(), p.Lockout.bounds(), p.Shared.bounds(), p.Locum.bounds(),
		p.Organisation.bounds(p.JMAP), p.Push.bounds(), p.Sending.bounds(), p.Sieve.bounds(), p.Mailbox.bounds(p.Sending), p.Connection.bounds(), p.JMAP.bounds(), p.Work.bounds(), p.others()} {
		for _, b := range part {
			if !b.ok {
				faults = append(faults, Fault{b.field, b.want})
			}
		}
	}
	return faults
}

// bound is one question to a field, answered.
type bound struct {
	field string
	ok    bool
	want  string
}

type number interface {
	~int | ~int64 | ~uint8 | ~uint32
}

func least[N number](field string, n N, min int64) bound {
	return bound{field, int64(n) >= min, fmt.Sprintf("at least %d", min)}
}

func between[N number](field string, n N, min, max int64) bound {
	return bound{field, int64(n) >= min && int64(n) <= max, fmt.Sprintf("between %d and %d", min, max)}
}

// some wants a time that is longer than none.
func some(field string, d time.Duration) bound {
	return bound{field, d > 0, "longer than none"}
}

func (b bound) because(why string) bound { b.want += why; return b }

func (a Address) bounds() []bound {
	all := []bound{
		between("address.local_octets", a.LocalOctets, 48, 64).because(" (RFC 5321 §4.5.3.1.1)"),
		between("address.place_octets", a.PlaceOctets, 1, 64),
		least("address.namesakes", a.Namesakes, 1),
		least("address.aliases_per", a.AliasesPer, 1).because(": a pharmacy has one from the start"),
	}
	for _, f := range []struct{ field, prefix string }{
		{"pharmacy_prefix", a.PharmacyPrefix}, {"pharmacy_alias", a.PharmacyAlias}, {"head_office_pre", a.HeadOfficePre},
		{"gp_prefix", a.GPPrefix}, {"care_home_prefix", a.CareHomePrefix}, {"hospital_prefix", a.HospitalPrefix},
		{"local_team_prefix", a.LocalTeamPrefix}, {"desk_prefix", a.DeskPrefix}, {"other_prefix", a.OtherPrefix},
	} {
		ok := f.prefix != "" && len(f.prefix) <= 24 && strings.Trim(f.prefix, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
		all = append(all, bound{"address." + f.field, ok, "1 to 24 lower-case letters, digits and hyphens"})
	}
	return all
}

func (a Account) bounds() []bound {
	return []bound{
		least("account.app_passwords_per", a.AppPasswordsPer, 1),
		between("account.name_runes", a.NameRunes, 16, 199),
	}
}

func (p Password) bounds() []bound {
	return []bound{
		{"password.min_length", p.MinLength >= 10 && p.MinLength <= p.MaxLength, "at least 10, and at most max_length"},
		between("password.max_length", p.MaxLength, 64, 1024),
		between("password.history", p.History, 1, 100),
		{"password.reminders", daysOf(p.Reminders), "days, each between 0 and 90"},
		between("password.argon2_kib", p.Argon2KiB, 7<<10, 1<<20),
		between("password.argon2_pass", p.Argon2Pass, 1, 100),
		between("password.argon2_lanes", p.Argon2Lanes, 1, 64),
		between("password.hashers", p.Hashers, 0, 1024),
		least("password.waiting", p.Waiting, 1),
		some("password.max_wait", p.MaxWait),
		least("password.remembered", p.Remembered, 1),
	}
}

func daysOf(days []int) bool {
	return !slices.ContainsFunc(days, func(n int) bool { return n < 0 || n > 90 })
}

func (l Lockout) bounds() []bound {
	return []bound{
		some("lockout.window", l.Window),
		some("lockout.slow_every", l.SlowEvery),
		some("lockout.lock_for", l.LockFor),
		least("lockout.known_places", l.KnownPlaces, 1),
		some("lockout.known_for", l.KnownFor),
		least("lockout.places", l.Places, 1),
		between("lockout.code_digits", l.CodeDigits, 6, 18),
		some("lockout.code_for", l.CodeFor),
		between("lockout.code_tries", l.CodeTries, 1, 20),
		least("lockout.codes_per_hour", l.CodesPerHour, 1),
	}
}

func (s SharedMailbox) bounds() []bound {
	return []bound{
		least("shared.min_owners", s.MinOwners, 1).because(": a mailbox is never without an owner"),
		{"shared.owners", s.Owners >= s.MinOwners && s.Owners <= s.Members, "between min_owners and members"},
		between("shared.members", s.Members, 1, 10_000),
	}
}

func (l Locum) bounds() []bound {
	return []bound{
		some("locum.longest", l.Longest),
		some("locum.ahead", l.Ahead),
		between("locum.code_digits", l.CodeDigits, 6, 18),
		some("locum.code_for", l.CodeFor),
		between("locum.tries", l.Tries, 1, 20),
		some("locum.tries_in", l.TriesIn),
		some("locum.on_duty", l.OnDuty),
		least("locum.passes", l.Passes, 0),
		some("locum.within", l.Within),
	}
}

func (o Organisation) bounds(j JMAP) []bound {
	return []bound{
		between("organisation.close_per_mille", o.ClosePerMille, 0, 1000),
		between("organisation.file_octets", o.FileOctets, 1<<10, 1<<30),
		between("organisation.line_octets", o.LineOctets, 1<<10, 1<<20),
		between("organisation.step_rows", o.StepRows, 1, 1000),
		between("organisation.find_results", o.FindResults, 1, 100),
		between("organisation.legal_names", o.LegalNames, 1, 100),
		between("organisation.legal_runes", o.LegalRunes, 50, 1000),
		{"organisation.links", o.Links >= 1 && o.Links <= j.Get, "at least 1, and at most jmap.get: a program reads a list at once"},
		between("organisation.link_runes", o.LinkRunes, 50, 1000),
		between("organisation.hours_exceptions", o.HoursExceptions, 1, 400),
	}
}

func (p Push) bounds() []bound {
	return []bound{
		between("push.subscriptions", p.Subscriptions, 0, 1000),
		between("push.made_per_hour", p.MadePerHour, 1, 1000),
		between("push.url_octets", p.URLOctets, 500, 8000),
		between("push.text_octets", p.TextOctets, 64, 1000),
		between("push.types", p.Types, 10, 1000),
		{"push.longest", p.Longest >= 2*day && p.Longest <= 30*day, "between 2 days (\"2d\") and 30: devices renew it once a day or so"},
		{"push.verify_for", p.VerifyFor >= time.Minute && p.VerifyFor <= day, "between a minute (\"1m\") and a day"},
		between("push.per_hour", p.PerHour, 1, 3600),
		{"push.every", p.Every >= 100*time.Millisecond && p.Every <= time.Hour, "between a tenth of a second (\"100ms\") and an hour"},
		{"push.keep", p.Keep >= 0 && p.Keep <= 28*day, "at most 28 days (\"28d\")"},
		{"push.within", p.Within >= time.Second && p.Within <= 15*time.Second, "between a second (\"1s\") and 15: whose turn it is to push is decided anew every two minutes"},
		some("push.retry", p.Retry),
		{"push.retry_most", p.RetryMost >= p.Retry && p.RetryMost <= day, "at least retry, and at most a day"},
		some("push.fail_for", p.FailFor),
		between("push.at_once", p.AtOnce, 1, 1000),
		{"push.per_person", p.PerPerson >= 1 && p.PerPerson <= p.AtOnce, "between 1 and at_once"},
	}
}

func (s Sending) bounds() []bound {
	return []bound{
		between("sending.message_octets", s.MessageOctets, 64<<10, 1<<30).because(" (RFC 5321 §4.5.3.1.7)"),
		least("sending.recipients", s.Recipients, 1),
		least("sending.recipients_in", s.RecipientsIn, 100).because(" (RFC 5321 §4.5.3.1.8)"),
		between("sending.one_commit", s.OneCommit, 1, 1000),
		some("sending.queue_for", s.QueueFor),
		some("sending.delay_notice", s.DelayNotice),
		between("sending.hops", s.Hops, 20, 1000).because(" (RFC 5321 §6.3)"),
		some("sending.removed_kept", s.RemovedKept),
		{"sending.undo_delay", s.UndoDelay >= 0 && s.UndoDelay <= s.UndoMost, "at most undo_most"},
		{"sending.undo_most", s.UndoMost >= 0 && s.UndoMost <= time.Hour, "at most an hour (\"1h\"): a letter that waits longer stands in Scheduled"},
		{"sending.send_later", s.SendLater >= 0 && s.SendLater <= 366*day, "at most 366 days (\"366d\"), or 0 for none"},
		between("sending.submissions_per", s.SubmissionsPer, 1, 100_000),
		{"sending.submissions_kept", s.SubmissionsKept >= day && s.SubmissionsKept <= 400*day, "between a day (\"1d\") and 400 days (\"400d\")"},
		between("sending.identities", s.Identities, 1, 1000),
		between("sending.identity_octets", s.IdentityOctets, 1<<10, 1<<20),
	}
}

func (s Sieve) bounds() []bound {
	return []bound{
		between("sieve.scripts", s.Scripts, 1, 100),
		between("sieve.script_octets", s.ScriptOctets, 4<<10, 1<<20),
		between("sieve.name_octets", s.NameOctets, 512, 1024).because(" (RFC 5804 §1.6, RFC 9661 §1.2.1)"),
		between("sieve.nesting", s.Nesting, 15, 100),
		between("sieve.includes", s.Includes, 1, 20),
		between("sieve.actions", s.Actions, 4, 50),
		between("sieve.redirects", s.Redirects, 0, 20),
		between("sieve.redirect_hops", s.RedirectHops, 1, 20),
		{"sieve.redirect_to", namesDomains(s.RedirectTo), "domains in lower case, such as \"trust.example\""},
		between("sieve.variables", s.Variables, 128, 1000).because(" (RFC 5229 §6)"),
		between("sieve.variable_octets", s.VariableOctets, 4000, 64<<10).because(" (RFC 5229 §6)"),
		between("sieve.edits", s.Edits, 1, 100),
		between("sieve.body_octets", s.BodyOctets, 4<<10, 16<<20),
		between("sieve.work", s.Work, 100_000, 1_000_000_000),
		between("sieve.run_at_once", s.RunAtOnce, 1, 1000),
		some("sieve.tell_every", s.TellEvery),
		{"sieve.tell_most", s.TellMost >= s.TellEvery && s.TellMost >= 30*day, "at least 30 days (\"30d\"), and at least tell_every (RFC 5230 §4.1)"},
		some("sieve.seen_for", s.SeenFor),
		between("sieve.seen_most", s.SeenMost, 100, 1_000_000),
		some("sieve.fault_every", s.FaultEvery),
		some("sieve.known", s.Known),
	}
}

// namesDomains holds for domains in lower case.
func namesDomains(all []string) bool {
	return !slices.ContainsFunc(all, func(d string) bool {
		return !strings.Contains(d, ".") || strings.Trim(d, "abcdefghijklmnopqrstuvwxyz0123456789.-") != "" || strings.HasPrefix(d, ".") || strings.HasSuffix(d, ".")
	})
}

func (m Mailbox) bounds(s Sending) []bound {
	return []bound{
		{"mailbox.quota", m.Quota == 0 || m.Quota >= s.MessageOctets, "at least sending.message_octets, or 0 for no limit"},
		least("mailbox.folders", m.Folders, 10),
		between("mailbox.folder_depth", m.FolderDepth, 1, 100),
		between("mailbox.folder_octets", m.FolderOctets, 32, 1000),
		least("mailbox.overview_octets", m.OverviewOctets, 1<<20),
		{"mailbox.key_backup", m.KeyBackup > 0 && m.KeyBackup <= 30*day, "at most 30 days (\"30d\"): while a copy of a key exists, deleted mail can be read"},
		some("mailbox.sweep_after", m.SweepAfter),
		some("mailbox.unlink_after", m.UnlinkAfter),
		some("mailbox.contacts_checked", m.ContactsChecked),
	}
}

func (c Connection) bounds() []bound {
	return []bound{
		some("connection.command_timeout", c.CommandTimeout),
		some("connection.data_timeout", c.DataTimeout),
		some("connection.imap_idle", c.IMAPIdle),
		some("connection.login_timeout", c.LoginTimeout),
		between("connection.line_octets", c.LineOctets, 8<<10, 1<<20).because(" (RFC 7162 §4)"),
		between("connection.literal_octets", c.LiteralOctets, 4<<10, 1<<30),
		least("connection.bad_commands", c.BadCommands, 1),
		least("connection.login_tries", c.LoginTries, 1),
		least("connection.open_mailboxes", c.OpenMailboxes, 1),
	}
}

func (j JMAP) bounds() []bound {
	return []bound{
		between("jmap.request_octets", j.RequestOctets, 64<<10, 100<<20),
		between("jmap.values", j.Values, 1000, 1_000_000),
		between("jmap.depth", j.Depth, 16, 256),
		between("jmap.requests", j.Requests, 1, 100),
		between("jmap.calls", j.Calls, 16, 1000).because(": what a program asks at its start goes in one request"),
		between("jmap.get", j.Get, 50, 10_000),
		between("jmap.set", j.Set, 50, 10_000),
		between("jmap.answer_octets", j.AnswerOctets, 1<<20, 1<<30),
		between("jmap.conditions", j.Conditions, 10, 1000),
		between("jmap.results", j.Results, 50, 1_000_000),
		between("jmap.upload_octets", j.UploadOctets, 64<<10, 256<<20),
		between("jmap.uploads", j.Uploads, 1, 100),
		{"jmap.upload_kept", j.UploadKept >= time.Hour && j.UploadKept <= 7*day, "between an hour (\"1h\", RFC 8620 §6) and 7 days (\"7d\")"},
		between("jmap.uploads_per", j.UploadsPer, 10, 100_000),
		{"jmap.uploads_octets", j.UploadsOctets >= j.UploadOctets, "at least upload_octets"},
		between("jmap.sources", j.Sources, 64, 10_000).because(": RFC 9404 §3.1 has 64 at least"),
		between("jmap.sockets", j.Sockets, 1, 1000),
		least("jmap.sockets_total", j.SocketsTotal, 0),
		{"jmap.ping_every", j.PingEvery >= time.Second && j.PingEvery <= time.Hour, "between a second (\"1s\") and an hour (\"1h\")"},
		{"jmap.answer_within", j.AnswerWithin >= time.Second && j.AnswerWithin <= 10*time.Minute, "between a second (\"1s\") and 10 minutes (\"10m\")"},
		some("jmap.write_within", j.WriteWithin),
		{"jmap.push_delay", j.PushDelay >= 0 && j.PushDelay <= time.Minute, "at most a minute (\"1m\")"},
		{"jmap.late_after", j.LateAfter >= time.Second && j.LateAfter <= time.Hour, "between a second (\"1s\") and an hour (\"1h\")"},
	}
}

func (w Work) bounds() []bound {
	return []bound{
		{"work.presence_for", w.PresenceFor >= 5*time.Second && w.PresenceFor <= 10*time.Minute, "between 5 seconds (\"5s\") and 10 minutes (\"10m\")"},
		between("work.presences", w.Presences, 10, 10_000),
		between("work.notes", w.Notes, 10, 10_000),
		between("work.note_octets", w.NoteOctets, 256, 1<<20),
		between("work.marked", w.Marked, 1, 1000),
		between("work.deadlines", w.Deadlines, 1, 100),
		some("work.deadline_most", w.DeadlineMost),
		some("work.warn", w.Warn),
		some("work.head_office_time", w.HeadOfficeTime),
		{"work.local_team_time", w.LocalTeamTime >= w.HeadOfficeTime, "at least head_office_time: it climbs to the head office first"},
		{"work.check_within", w.CheckWithin >= 0 && w.CheckWithin <= day, "between nothing and a day (\"24h\")"},
		{"work.climb_every", w.ClimbEvery >= time.Second && w.ClimbEvery <= time.Hour, "between a second (\"1s\") and an hour (\"1h\")"},
		{"work.text_every", w.TextEvery >= 0 && w.TextEvery <= time.Hour, "between nothing and an hour (\"1h\")"},
		some("work.answered_for", w.AnsweredFor),
		{"work.again_within", w.AgainWithin >= time.Minute && w.AgainWithin <= day, "between a minute (\"1m\") and a day (\"24h\")"},
		some("work.release_every", w.ReleaseEvery),
		between("work.board_rows", w.BoardRows, 1000, 100_000_000),
		between("work.filings", w.Filings, 1, 100),
		between("work.record_years", w.RecordYears, 1, 100),
		between("work.reference_runes", w.ReferenceRunes, 10, 200),
		between("work.report_days", w.ReportDays, 7, 366),
		between("work.report_late", w.ReportLate, 1, 10_000),
		{"work.take_back_within", w.TakeBackWithin >= time.Minute && w.TakeBackWithin <= 30*day, "between a minute (\"1m\") and 30 days (\"720h\")"},
	}
}

func (p Policy) others() []bound {
	return []bound{
		some("activation.temp_password", p.Activation.TempPassword),
		between("contact.code_digits", p.Contact.CodeDigits, 6, 18),
		some("contact.code_for", p.Contact.CodeFor),
		between("contact.tries", p.Contact.Tries, 1, 20),
		least("contact.per_hour", p.Contact.PerHour, 1),
		between("contact.note_runes", p.Contact.NoteRunes, 16, 1000),
		between("contact.job_runes", p.Contact.JobRunes, 16, 199),
		some("request.owners_for", p.Request.OwnersFor),
		between("request.reason_runes", p.Request.ReasonRunes, 50, 5000),
		some("reset.good_for", p.Reset.GoodFor),
		between("reset.code_digits", p.Reset.CodeDigits, 6, 18),
		between("reset.questions", p.Reset.Questions, 1, 10), // as many as there are to choose from
		between("reset.tries", p.Reset.Tries, 1, 20),
		some("reset.vouch_limits", p.Reset.VouchLimits),
		some("reset.vouch_link_for", p.Reset.VouchLinkFor),
		between("reset.vouch_links", p.Reset.VouchLinks, 1, 100),
		between("reset.vouches_aday", p.Reset.VouchesADay, 0, 100),
		between("documents.octets", p.Documents.Octets, 1<<20, 64<<20),
		between("documents.memory", p.Documents.Memory, 128<<20, 4<<30),
		{"documents.within", p.Documents.Within >= time.Second && p.Documents.Within <= time.Minute, "between a second and a minute (\"1m\")"},
		between("documents.at_once", p.Documents.AtOnce, 0, 64),
		between("documents.waiting", p.Documents.Waiting, 8, 1000),
		least("vacation.per_hour", p.Vacation.PerHour, 1),
		{"vacation.told_for", p.Vacation.ToldFor == 0 || p.Vacation.ToldFor >= p.Sieve.TellMost, "at least sieve.tell_most, or 0 for good"},
		between("handover.letters", p.Handover.Letters, 1, 20_000),
		between("handover.correspondents", p.Handover.Correspondents, 1, 500),
		between("handover.named", p.Handover.Named, 1, 1000),
		between("handover.at_once", p.Handover.AtOnce, 1, 100),
		between("handover.shown", p.Handover.Shown, 1, 50),
		some("handover.wait", p.Handover.Wait),
		some("handover.within", p.Handover.Within),
		between("signature.lines", p.Signature.Lines, 1, 50),
		between("signature.runes", p.Signature.Runes, 100, 5000),
		some("notify.keep_content", p.Notify.KeepContent),
		between("operator.notice_title", p.Operator.NoticeTitle, 20, 200),
		between("operator.notice_text", p.Operator.NoticeText, 100, 10_000),
		between("operator.notices_at_once", p.Operator.NoticesAtOnce, 1, 100),
		some("operator.notice_ahead", p.Operator.NoticeAhead),
		some("operator.solved_for", p.Operator.SolvedFor),
		between("operator.text_runes", p.Operator.TextRunes, 1000, 50_000),
		between("operator.tokens", p.Operator.Tokens, 1, 1000),
		some("operator.token_for", p.Operator.TokenFor),
		between("operator.token_per_min", p.Operator.TokenPerMin, 1, 100_000),
		{"notify.keep_record", p.Notify.KeepRecord >= p.Notify.KeepContent, "at least keep_content"},
		some("notify.try_for", p.Notify.TryFor),
		some("notify.late_after", p.Notify.LateAfter),
		some("notify.ask_for", p.Notify.AskFor),
		{"notify.key_pause", p.Notify.KeyPause > 0 && p.Notify.KeyPause <= time.Hour, "between a moment and an hour (\"1h\"): nobody waits longer for a text once the key is mended"},
		between("registration.further", p.Registration.Further, 1, 100),
		between("registration.new_accounts", p.Registration.NewAccounts, 1, 100),
		between("registration.passcode_digits", p.Registration.PasscodeDigits, 6, 18),
		some("registration.passcode_for", p.Registration.PasscodeFor),
		between("registration.passcode_tries", p.Registration.PasscodeTries, 1, 100),
		least("registration.passcodes_a_day", p.Registration.PasscodesADay, 1),
		some("registration.freeze_within", p.Registration.FreezeWithin),
		least("registration.place_asks", p.Registration.PlaceAsks, 1),
		between("registration.approvals", p.Registration.Approvals, 1, 100),
		some("registration.approval_for", p.Registration.ApprovalFor),
		some("registration.approved_for", p.Registration.ApprovedFor),
		{"registration.kept", p.Registration.Kept >= p.Registration.FreezeWithin, "at least freeze_within"},
		between("session.passkeys", p.Session.Passkeys, 1, 100),
		{"second_factor.grace", p.SecondFactor.Grace >= 0 && p.SecondFactor.Grace <= 90*day, "at most 90 days (\"90d\")"},
		{"session.offline", p.Session.Offline >= 0 && p.Session.Offline <= 24*time.Hour, "at most 24 hours (\"24h\")"},
		some("session.form_kept", p.Session.FormKept),
		least("directory.searches_a_day", p.Directory.SearchesADay, 1),
		between("directory.results_at_once", p.Directory.ResultsAtOnce, 1, 100),
		between("directory.least_letters", p.Directory.LeastLetters, 2, 5),
		between("directory.typed", p.Directory.Typed, 1, 100),
		{"directory.typed_for", p.Directory.TypedFor > 0 && p.Directory.TypedFor <= time.Hour, "between a moment and an hour (\"1h\")"},
		between("directory.colleagues", p.Directory.Colleagues, 0, 5000),
		between("directory.step_entries", p.Directory.StepEntries, 1, 1000),
		between("shared.about_runes", p.Shared.AboutRunes, 100, 5000),
		between("shared.notifications", p.Shared.Notifications, 10, 1000),
		{"shared.notifications_kept", p.Shared.NotificationsKept >= 7*day && p.Shared.NotificationsKept <= 400*day, "between 7 days (\"7d\") and 400 days (\"400d\")"},
		{"shared.notifications_within", p.Shared.NotificationsWithin >= 0 && p.Shared.NotificationsWithin <= day, "at most a day (\"24h\")"},
		{"life_cycle.reminders", daysOf(p.LifeCycle.Reminders), "days, each between 0 and 90"},
		some("life_cycle.inactive", p.LifeCycle.Inactive),
		some("life_cycle.inactive_deleted", p.LifeCycle.InactiveDeleted),
		some("life_cycle.leaver_deleted", p.LifeCycle.LeaverDeleted),
		some("life_cycle.disabled_deleted", p.LifeCycle.DisabledDeleted),
	}
}
