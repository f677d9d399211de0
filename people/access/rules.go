// Package access holds the one answer to "may this person do that there", with its reason.
//
// Every face and every use case asks here, at every look at data; nothing else decides it. Decide is the rule,
// pure; Service looks the facts up and remembers the answer as long as both accounts' access versions stay.
package access

import (
	"time"

	"haven"
	"haven/people/account"
)

// Facts are what the rule looks at.
type Facts struct {
	Same         bool // the account is the person's own
	PersonKind   haven.AccountKind
	PersonState  account.State
	AccountKind  haven.AccountKind
	AccountState account.State
	Member       bool // there is a membership
	Rights       haven.Rights
	From, Until  time.Time // of the membership; zero Until: no end
	Vouched      account.Vouched
	Voucher      Voucher // who vouched for the person, in this account; looked up where Vouched limits
}

// Voucher is the owner who vouched for a person, as a member of the mailbox that is looked at.
type Voucher struct {
	State       account.State
	Vouched     account.Vouched
	Rights      haven.Rights
	From, Until time.Time
}

// owns says whether the voucher is an owner of the mailbox now, who could act.
func (v Voucher) owns(now time.Time) bool {
	return v.State == account.Active && !v.Vouched.Limits(now) && v.Rights.Has(haven.Manage) && !now.Before(v.From) && (v.Until.IsZero() || now.Before(v.Until))
}

// Answer is what a person may do, why, and until when that holds if nobody changes anything: zero for always.
type Answer struct {
	Rights  haven.Rights
	Verdict haven.Verdict
	Holds   time.Time
}

// Decide is the rule (Rules 3, 5, 7; ARCHITECTURE §2). Default is to deny. No rights means that the person may
// not know of the account.
func Decide(f Facts, now time.Time) Answer {
	if f.PersonKind != haven.Personal && f.PersonKind != haven.Application {
		return deny("access.no-person", "Nobody is signed in.")
	}
	if v, ok := personOpens(f.PersonState); !ok {
		return Answer{Verdict: v}
	}
	limited := f.Vouched.Limits(now)
	switch {
	case f.Same && limited:
		return closed(f)
	case f.Same:
		return own(f)
	case f.AccountKind != haven.Shared:
		return deny("access.not-yours", "This account belongs to somebody else.")
	case f.PersonKind == haven.Application:
		return deny("access.application", "A program opens its own account only.")
	case !f.Member:
		return deny("access.no-member", "You are not a member of this mailbox. One of its owners can add you.")
	}
	a := shared(f, now)
	if limited {
		return through(f, a, now)
	}
	return a
}

// closed is the answer where somebody vouched for the person, and this is not what it opens (Rules 6).
func closed(f Facts) Answer {
	a := deny(account.RuleVouched, "Somebody vouched for you. Until you have confirmed it, and for a day at least, your account opens the mailboxes of that owner alone.")
	a.Holds = f.Vouched.Until
	return a
}

// through is what remains of an answer for a person for whom somebody vouched: the mailboxes that the owner owns who did, and no say in who has access.
func through(f Facts, a Answer, now time.Time) Answer {
	if !f.Voucher.owns(now) {
		return closed(f)
	}
	a.Rights &^= haven.Manage
	for _, t := range []time.Time{f.Vouched.Until, f.Voucher.Until} {
		if !t.IsZero() && (a.Holds.IsZero() || t.Before(a.Holds)) {
			a.Holds = t
		}
	}
	return a
}

// personOpens says whether somebody in this state opens anything at all.
func personOpens(s account.State) (haven.Verdict, bool) {
	switch s {
	case account.Active, account.Leaver:
		return haven.Verdict{}, true
	case account.Invited:
		return haven.Refuse("account.not-activated", "Activate your account first."), false
	case account.Inactive:
		return haven.Refuse("account.inactive", "Your account is inactive. Sign in on the web to use it again."), false
	case account.Disabled:
		return haven.Refuse("account.disabled", "Your account is resting during your leave."), false
	}
	return haven.Refuse("account.blocked", "This account is closed to you. The helpdesk can tell you more."), false
}

func own(f Facts) Answer {
	switch {
	case f.PersonKind == haven.Application:
		return allow(haven.Read|haven.Write|haven.SendAs, "access.own", "It is the program's own account.")
	case f.PersonState == account.Leaver:
		return allow(haven.Read|haven.Write, "leaver.own-mail", "Without a post you keep your mail, and can't send.")
	}
	return allow(haven.Own, "access.own", "It is your own account.")
}

func shared(f Facts, now time.Time) Answer {
	switch {
	case f.PersonState == account.Leaver:
		return deny("leaver.shared", "With your last post your shared mailboxes ended.")
	case now.Before(f.From):
		return Answer{Verdict: haven.Refuse("access.not-yet", "Your access begins on "+day(f.From)+"."), Holds: f.From}
	case !f.Until.IsZero() && !now.Before(f.Until):
		return deny("access.ended", "Your access ended on "+day(f.Until)+". One of the owners can add you again.")
	}
	a := mailbox(f)
	a.Holds = f.Until
	return a
}

// mailbox is what a live membership opens in a mailbox of this state.
func mailbox(f Facts) Answer {
	rights := f.Rights & haven.Owner // a row can't hold more than an owner has
	switch f.AccountState {
	case account.Active:
		if rights == 0 {
			return deny("access.no-rights", "Your membership holds no right. One of the owners can give you some.")
		}
		if rights.Has(haven.Manage) {
			return allow(rights, "access.owner", "You are an owner of this mailbox.")
		}
		return allow(rights, "access.member", "You are a member of this mailbox.")
	case account.Closing:
		if rights.Has(haven.Manage | haven.Read) {
			return allow(haven.Read, "mailbox.closing", "The premises is closed: its owners read the mailbox for 90 days, and nothing is sent.")
		}
		return deny("mailbox.closing", "The premises is closed, and its mailbox opens to its owners only.")
	case account.Sealed:
		return deny("mailbox.sealed", "The mailbox is kept, and opens to nobody.")
	case account.Blocked:
		return deny("mailbox.blocked", "The mailbox is shut for safety. The helpdesk can tell you more.")
	}
	return deny("account.unknown", "There is no such mailbox.")
}

// ByProgram is what remains of an answer for who comes with a mail program, to a mailbox that is shut to them or not.
func ByProgram(a Answer, shut bool) Answer {
	if !shut || a.Rights == 0 {
		return a
	}
	return deny(account.RuleShut, "This mailbox does not open to mail programs. Read it on the pages.")
}

func allow(r haven.Rights, rule haven.Rule, reason string) Answer {
	return Answer{Rights: r, Verdict: haven.Verdict{Allowed: true, Rule: rule, Reason: reason}}
}

func deny(rule haven.Rule, reason string) Answer { return Answer{Verdict: haven.Refuse(rule, reason)} }

func day(t time.Time) string { return t.UTC().Format("2 January 2006") }
