package policy

import (
	"testing"
	"time"

	"haven/platform/errs"
)

func TestProfilesHoldTheRules(t *testing.T) {
	t.Parallel()
	nhs, new24, load := must(t, ""), must(t, "connect-2024"), must(t, "bench")
	for _, c := range []struct {
		what string
		ok   bool
	}{
		{"the default is the reference page", nhs.Name == "nhsmail-2017"},
		{"2017: unused for 90 days is inactive (Rules 7)", nhs.LifeCycle.Inactive == 90*day},
		{"2017: inactive for 90 days is deleted (Rules 7)", nhs.LifeCycle.InactiveDeleted == 90*day},
		{"2024: 30 and 30 (Rules 7)", new24.LifeCycle.Inactive == 30*day && new24.LifeCycle.InactiveDeleted == 30*day},
		{"leaver 30 days in both (Rules 7)", nhs.LifeCycle.LeaverDeleted == 30*day && new24.LifeCycle.LeaverDeleted == 30*day},
		{"2017: passwords expire after 90 days (Rules 6)", nhs.Password.MaxAge == 90*day},
		{"2024: passwords expire after 365 days (Rules 6)", new24.Password.MaxAge == 365*day},
		{"12 characters (Rules 6, ours)", nhs.Password.MinLength == 12},
		{"argon2id 19 MiB, 2 passes, 1 lane", nhs.Password.Argon2KiB == 19456 && nhs.Password.Argon2Pass == 2 && nhs.Password.Argon2Lanes == 1},
		{"three new accounts (Rules 4)", nhs.Registration.NewAccounts == 3},
		{"passcodes: 8 digits, 30 minutes, 5 tries, 5 a day (Rules 4)", nhs.Registration.PasscodeDigits == 8 &&
			nhs.Registration.PasscodeFor == 30*time.Minute && nhs.Registration.PasscodeTries == 5 && nhs.Registration.PasscodesADay == 5},
		{"\"this wasn't us\" for 7 days (Rules 4)", nhs.Registration.FreezeWithin == 7*day},
		{"half-filled forms are kept 20 hours (Rules 6)", nhs.Session.FormKept == 20*time.Hour},
		{"ten in 2024 (Rules 4)", new24.Registration.NewAccounts == 10},
		{"250 members, 100 owners (Rules 3)", nhs.Shared.Members == 250 && nhs.Shared.Owners == 100},
		{"2 % of closures (Rules 1)", nhs.Organisation.ClosePerMille == 20},
		{"35 MB (Rules 10)", nhs.Sending.MessageOctets == 35<<20},
		{"3,600 an hour (Rules 10)", nhs.Sending.ReceivePerHour == 3600},
		{"restore 30 days (STORE)", nhs.Mailbox.RestoreFor == 30*day},
		{"lock: 30 failures, 30 minutes (Rules 6)", nhs.Lockout.LockAfter == 30 && nhs.Lockout.LockFor == 30*time.Minute},
		{"a second factor is required of owners, a fortnight after they were asked, and not of staff (Rules 6)", nhs.SecondFactor == SecondFactor{Owners: true, Grace: 14 * day} && new24.SecondFactor == nhs.SecondFactor},
		{"account passwords in programs are off (Rules 6)", !nhs.Account.PasswordsInPrograms},
		{"bench has no receive limit", load.Sending.ReceivePerHour == 0},
		{"bench has no lock-out", load.Lockout.LockAfter == 0 && load.Lockout.SlowAfter == 0},
		{"bench has no connection limit", load.Connection.PerPlace == 0 && load.Connection.Total == 0},
		{"bench hashes as the service does", load.Password.Argon2KiB == nhs.Password.Argon2KiB},
	} {
		if !c.ok {
			t.Errorf("not so: %s", c.what)
		}
	}
}

func TestUnknownProfile(t *testing.T) {
	t.Parallel()
	if _, err := Profile("nhsmail-1999"); !errs.Is(err, errs.Invalid) {
		t.Errorf("unknown profile: %v, want Invalid", err)
	}
}

// TestCheck is each number that can't be meant, by the field that has to be named.
func TestCheck(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		field  string
		change func(*Policy)
	}{
		{"address.local_octets", func(p *Policy) { p.Address.LocalOctets = 65 }},
		{"address.aliases_per", func(p *Policy) { p.Address.AliasesPer = 0 }},
		{"address.pharmacy_prefix", func(p *Policy) { p.Address.PharmacyPrefix = "NHS Pharmacy" }},
		{"account.app_passwords_per", func(p *Policy) { p.Account.AppPasswordsPer = 0 }},
		{"password.min_length", func(p *Policy) { p.Password.MinLength = 6 }},
		{"password.min_length", func(p *Policy) { p.Password.MinLength = 300 }},
		{"password.history", func(p *Policy) { p.Password.History = 0 }},
		{"password.argon2_kib", func(p *Policy) { p.Password.Argon2KiB = 0 }},
		{"password.argon2_pass", func(p *Policy) { p.Password.Argon2Pass = 0 }},
		{"password.argon2_lanes", func(p *Policy) { p.Password.Argon2Lanes = 0 }},
		{"password.max_wait", func(p *Policy) { p.Password.MaxWait = 0 }},
		{"lockout.slow_every", func(p *Policy) { p.Lockout.SlowEvery = 0 }},
		{"shared.min_owners", func(p *Policy) { p.Shared.MinOwners = 0 }},
		{"shared.owners", func(p *Policy) { p.Shared.Owners = 300 }},
		{"contact.code_digits", func(p *Policy) { p.Contact.CodeDigits = 4 }},
		{"contact.per_hour", func(p *Policy) { p.Contact.PerHour = 0 }},
		{"locum.code_digits", func(p *Policy) { p.Locum.CodeDigits = 4 }},
		{"locum.on_duty", func(p *Policy) { p.Locum.OnDuty = 0 }},
		{"organisation.step_rows", func(p *Policy) { p.Organisation.StepRows = 0 }},
		{"registration.further", func(p *Policy) { p.Registration.Further = 0 }},
		{"registration.new_accounts", func(p *Policy) { p.Registration.NewAccounts = 0 }},
		{"registration.passcode_for", func(p *Policy) { p.Registration.PasscodeFor = 0 }},
		{"registration.passcode_tries", func(p *Policy) { p.Registration.PasscodeTries = 0 }},
		{"registration.passcodes_a_day", func(p *Policy) { p.Registration.PasscodesADay = 0 }},
		{"registration.freeze_within", func(p *Policy) { p.Registration.FreezeWithin = 0 }},
		{"registration.place_asks", func(p *Policy) { p.Registration.PlaceAsks = 0 }},
		{"registration.approvals", func(p *Policy) { p.Registration.Approvals = 0 }},
		{"registration.approval_for", func(p *Policy) { p.Registration.ApprovalFor = 0 }},
		{"registration.approved_for", func(p *Policy) { p.Registration.ApprovedFor = 0 }},
		{"registration.kept", func(p *Policy) { p.Registration.Kept = day }},
		{"session.passkeys", func(p *Policy) { p.Session.Passkeys = 0 }},
		{"session.offline", func(p *Policy) { p.Session.Offline = 25 * time.Hour }},
		{"session.form_kept", func(p *Policy) { p.Session.FormKept = 0 }},
		{"organisation.legal_names", func(p *Policy) { p.Organisation.LegalNames = 0 }},
		{"organisation.legal_runes", func(p *Policy) { p.Organisation.LegalRunes = 0 }},
		{"organisation.links", func(p *Policy) { p.Organisation.Links = 0 }},
		{"organisation.links", func(p *Policy) { p.Organisation.Links = p.JMAP.Get + 1 }},
		{"organisation.link_runes", func(p *Policy) { p.Organisation.LinkRunes = 0 }},
		{"organisation.hours_exceptions", func(p *Policy) { p.Organisation.HoursExceptions = 0 }},
		{"organisation.find_results", func(p *Policy) { p.Organisation.FindResults = 0 }},
		{"organisation.close_per_mille", func(p *Policy) { p.Organisation.ClosePerMille = 1001 }},
		{"vacation.told_for", func(p *Policy) { p.Vacation.ToldFor = day }},
		{"vacation.per_hour", func(p *Policy) { p.Vacation.PerHour = 0 }},
		{"sieve.scripts", func(p *Policy) { p.Sieve.Scripts = 0 }},
		{"sieve.script_octets", func(p *Policy) { p.Sieve.ScriptOctets = 100 }},
		{"sieve.name_octets", func(p *Policy) { p.Sieve.NameOctets = 511 }},
		{"sieve.nesting", func(p *Policy) { p.Sieve.Nesting = 1000 }},
		{"sieve.includes", func(p *Policy) { p.Sieve.Includes = 0 }},
		{"sieve.actions", func(p *Policy) { p.Sieve.Actions = 51 }},
		{"sieve.redirects", func(p *Policy) { p.Sieve.Redirects = -1 }},
		{"sieve.redirect_hops", func(p *Policy) { p.Sieve.RedirectHops = 0 }},
		{"sieve.redirect_to", func(p *Policy) { p.Sieve.RedirectTo = []string{"trust.example", "*.example"} }},
		{"sieve.variables", func(p *Policy) { p.Sieve.Variables = 100 }},
		{"sieve.variable_octets", func(p *Policy) { p.Sieve.VariableOctets = 1 << 20 }},
		{"sieve.edits", func(p *Policy) { p.Sieve.Edits = 0 }},
		{"sieve.body_octets", func(p *Policy) { p.Sieve.BodyOctets = 0 }},
		{"sieve.work", func(p *Policy) { p.Sieve.Work = 0 }},
		{"sieve.run_at_once", func(p *Policy) { p.Sieve.RunAtOnce = 0 }},
		{"sieve.tell_every", func(p *Policy) { p.Sieve.TellEvery = 0 }},
		{"sieve.tell_most", func(p *Policy) { p.Sieve.TellMost = day }},
		{"sieve.seen_for", func(p *Policy) { p.Sieve.SeenFor = 0 }},
		{"sieve.seen_most", func(p *Policy) { p.Sieve.SeenMost = 0 }},
		{"sieve.fault_every", func(p *Policy) { p.Sieve.FaultEvery = 0 }},
		{"sieve.known", func(p *Policy) { p.Sieve.Known = 0 }},
		{"work.presence_for", func(p *Policy) { p.Work.PresenceFor = time.Second }},
		{"work.presences", func(p *Policy) { p.Work.Presences = 1 }},
		{"work.notes", func(p *Policy) { p.Work.Notes = 0 }},
		{"work.note_octets", func(p *Policy) { p.Work.NoteOctets = 1 }},
		{"work.marked", func(p *Policy) { p.Work.Marked = 0 }},
		{"work.deadlines", func(p *Policy) { p.Work.Deadlines = 0 }},
		{"work.deadline_most", func(p *Policy) { p.Work.DeadlineMost = 0 }},
		{"work.warn", func(p *Policy) { p.Work.Warn = 0 }},
		{"work.head_office_time", func(p *Policy) { p.Work.HeadOfficeTime = 0 }},
		{"work.local_team_time", func(p *Policy) { p.Work.LocalTeamTime = time.Hour }},
		{"work.check_within", func(p *Policy) { p.Work.CheckWithin = 2 * day }},
		{"work.climb_every", func(p *Policy) { p.Work.ClimbEvery = 0 }},
		{"work.text_every", func(p *Policy) { p.Work.TextEvery = 5 * time.Hour }},
		{"work.answered_for", func(p *Policy) { p.Work.AnsweredFor = 0 }},
		{"work.again_within", func(p *Policy) { p.Work.AgainWithin = 0 }},
		{"work.release_every", func(p *Policy) { p.Work.ReleaseEvery = 0 }},
		{"work.board_rows", func(p *Policy) { p.Work.BoardRows = 1 }},
		{"work.filings", func(p *Policy) { p.Work.Filings = 0 }},
		{"work.record_years", func(p *Policy) { p.Work.RecordYears = 0 }},
		{"work.reference_runes", func(p *Policy) { p.Work.ReferenceRunes = 0 }},
		{"work.report_days", func(p *Policy) { p.Work.ReportDays = 1 }},
		{"work.report_late", func(p *Policy) { p.Work.ReportLate = 0 }},
		{"work.take_back_within", func(p *Policy) { p.Work.TakeBackWithin = 0 }},
		{"reset.questions", func(p *Policy) { p.Reset.Questions = 0 }},
		{"reset.questions", func(p *Policy) { p.Reset.Questions = 11 }},
		{"documents.octets", func(p *Policy) { p.Documents.Octets = 0 }},
		{"documents.memory", func(p *Policy) { p.Documents.Memory = 1 << 20 }},
		{"documents.within", func(p *Policy) { p.Documents.Within = 0 }},
		{"documents.at_once", func(p *Policy) { p.Documents.AtOnce = -1 }},
		{"documents.waiting", func(p *Policy) { p.Documents.Waiting = 0 }},
		{"handover.letters", func(p *Policy) { p.Handover.Letters = 0 }},
		{"handover.correspondents", func(p *Policy) { p.Handover.Correspondents = 0 }},
		{"handover.named", func(p *Policy) { p.Handover.Named = 0 }},
		{"handover.at_once", func(p *Policy) { p.Handover.AtOnce = 0 }},
		{"handover.shown", func(p *Policy) { p.Handover.Shown = 51 }},
		{"handover.wait", func(p *Policy) { p.Handover.Wait = 0 }},
		{"handover.within", func(p *Policy) { p.Handover.Within = 0 }},
		{"signature.lines", func(p *Policy) { p.Signature.Lines = 0 }},
		{"signature.runes", func(p *Policy) { p.Signature.Runes = 99 }},
		{"push.subscriptions", func(p *Policy) { p.Push.Subscriptions = 1001 }},
		{"push.made_per_hour", func(p *Policy) { p.Push.MadePerHour = 0 }},
		{"push.url_octets", func(p *Policy) { p.Push.URLOctets = 100 }},
		{"push.text_octets", func(p *Policy) { p.Push.TextOctets = 10 }},
		{"push.types", func(p *Policy) { p.Push.Types = 0 }},
		{"push.longest", func(p *Policy) { p.Push.Longest = 400 * day }},
		{"push.verify_for", func(p *Policy) { p.Push.VerifyFor = 0 }},
		{"push.per_hour", func(p *Policy) { p.Push.PerHour = 0 }},
		{"push.every", func(p *Policy) { p.Push.Every = 0 }},
		{"push.keep", func(p *Policy) { p.Push.Keep = 100 * day }},
		{"push.within", func(p *Policy) { p.Push.Within = time.Hour }},
		{"push.retry", func(p *Policy) { p.Push.Retry = 0 }},
		{"push.retry_most", func(p *Policy) { p.Push.RetryMost = time.Second }},
		{"push.fail_for", func(p *Policy) { p.Push.FailFor = 0 }},
		{"push.at_once", func(p *Policy) { p.Push.AtOnce = 1001 }},
		{"push.per_person", func(p *Policy) { p.Push.PerPerson = 17 }},
		{"sending.message_octets", func(p *Policy) { p.Sending.MessageOctets = 1 }},
		{"sending.recipients_in", func(p *Policy) { p.Sending.RecipientsIn = 99 }},
		{"sending.undo_delay", func(p *Policy) { p.Sending.UndoDelay = 2 * time.Minute }},
		{"sending.undo_most", func(p *Policy) { p.Sending.UndoMost = 2 * time.Hour }},
		{"sending.send_later", func(p *Policy) { p.Sending.SendLater = 1000 * day }},
		{"sending.submissions_per", func(p *Policy) { p.Sending.SubmissionsPer = 0 }},
		{"sending.submissions_kept", func(p *Policy) { p.Sending.SubmissionsKept = time.Hour }},
		{"sending.identity_octets", func(p *Policy) { p.Sending.IdentityOctets = 0 }},
		{"sending.identities", func(p *Policy) { p.Sending.Identities = 0 }},
		{"sending.hops", func(p *Policy) { p.Sending.Hops = 0 }},
		{"mailbox.quota", func(p *Policy) { p.Mailbox.Quota = 1 }},
		{"mailbox.key_backup", func(p *Policy) { p.Mailbox.KeyBackup = 4000 * day }},
		{"connection.line_octets", func(p *Policy) { p.Connection.LineOctets = 10 }},
		{"connection.login_tries", func(p *Policy) { p.Connection.LoginTries = 0 }},
		{"jmap.request_octets", func(p *Policy) { p.JMAP.RequestOctets = 1000 }},
		{"jmap.values", func(p *Policy) { p.JMAP.Values = 10_000_000 }},
		{"jmap.depth", func(p *Policy) { p.JMAP.Depth = 4 }},
		{"jmap.requests", func(p *Policy) { p.JMAP.Requests = 0 }},
		{"jmap.calls", func(p *Policy) { p.JMAP.Calls = 1 }},
		{"jmap.get", func(p *Policy) { p.JMAP.Get, p.Organisation.Links = 1, 1 }},
		{"jmap.set", func(p *Policy) { p.JMAP.Set = 1 }},
		{"jmap.answer_octets", func(p *Policy) { p.JMAP.AnswerOctets = 0 }},
		{"jmap.conditions", func(p *Policy) { p.JMAP.Conditions = 1 }},
		{"jmap.results", func(p *Policy) { p.JMAP.Results = 1 }},
		{"jmap.upload_octets", func(p *Policy) { p.JMAP.UploadOctets = 1 }},
		{"jmap.uploads", func(p *Policy) { p.JMAP.Uploads = 0 }},
		{"jmap.upload_kept", func(p *Policy) { p.JMAP.UploadKept = time.Minute }},
		{"jmap.uploads_per", func(p *Policy) { p.JMAP.UploadsPer = 0 }},
		{"jmap.uploads_octets", func(p *Policy) { p.JMAP.UploadsOctets = 1 }},
		{"jmap.sources", func(p *Policy) { p.JMAP.Sources = 10 }},
		{"jmap.sockets", func(p *Policy) { p.JMAP.Sockets = 0 }},
		{"jmap.sockets_total", func(p *Policy) { p.JMAP.SocketsTotal = -1 }},
		{"jmap.ping_every", func(p *Policy) { p.JMAP.PingEvery = 0 }},
		{"jmap.answer_within", func(p *Policy) { p.JMAP.AnswerWithin = 0 }},
		{"jmap.write_within", func(p *Policy) { p.JMAP.WriteWithin = 0 }},
		{"jmap.push_delay", func(p *Policy) { p.JMAP.PushDelay = time.Hour }},
		{"jmap.late_after", func(p *Policy) { p.JMAP.LateAfter = 0 }},
		{"shared.notifications", func(p *Policy) { p.Shared.Notifications = 1 }},
		{"shared.notifications_kept", func(p *Policy) { p.Shared.NotificationsKept = time.Hour }},
		{"shared.notifications_within", func(p *Policy) { p.Shared.NotificationsWithin = 48 * time.Hour }},
		{"life_cycle.reminders", func(p *Policy) { p.LifeCycle.Reminders = []int{91} }},
	} {
		p := must(t, "")
		c.change(&p)
		if faults := p.Check(); len(faults) != 1 || faults[0].Field != c.field || faults[0].Want == "" {
			t.Errorf("%s: %v", c.field, faults)
		}
	}
}

func must(t *testing.T, name string) Policy {
	t.Helper()
	p, err := Profile(name)
	if err != nil {
		t.Fatal(err)
	}
	if faults := p.Check(); len(faults) > 0 {
		t.Fatalf("profile %q: %v", name, faults)
	}
	return p
}
