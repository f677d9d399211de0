package access

import (
	"testing"
	"time"

	"haven"
	"haven/people/account"
)

var noon = time.Date(2017, 9, 1, 12, 0, 0, 0, time.UTC)

// member is an active person who is a live member of an active shared mailbox; change makes a case of it.
func member(change func(*Facts)) Facts {
	f := Facts{PersonKind: haven.Personal, PersonState: account.Active, AccountKind: haven.Shared,
		AccountState: account.Active, Member: true, Rights: haven.Member, From: noon.AddDate(0, 0, -1)}
	if change != nil {
		change(&f)
	}
	return f
}

// self is an active person looking at the own account.
func self(change func(*Facts)) Facts {
	f := Facts{Same: true, PersonKind: haven.Personal, PersonState: account.Active, AccountKind: haven.Personal, AccountState: account.Active}
	if change != nil {
		change(&f)
	}
	return f
}

func state(s account.State) func(*Facts) { return func(f *Facts) { f.PersonState = s } }

func box(s account.State, r haven.Rights) func(*Facts) {
	return func(f *Facts) { f.AccountState, f.Rights = s, r }
}

func span(from, until time.Duration) func(*Facts) {
	return func(f *Facts) {
		f.From = noon.Add(from)
		if until != 0 {
			f.Until = noon.Add(until)
		}
	}
}

// vouched limits a person by the vouching of an owner of the mailbox, which change makes a case of.
func vouched(f Facts, change func(*Facts)) Facts {
	f.Vouched = account.Vouched{By: 7}
	f.Voucher = Voucher{State: account.Active, Rights: haven.Owner, From: noon.AddDate(0, 0, -1)}
	if change != nil {
		change(&f)
	}
	return f
}

// Who is vouched for opens the mailboxes of the owner who did, and nothing else, until it is confirmed and a day has passed (Rules 6).
func TestDecideVouched(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		f     Facts
		want  haven.Rights
		rule  haven.Rule
		holds time.Duration // 0: for always
	}{
		{"the owner's mailbox", vouched(member(nil), nil), haven.Member, "access.member", 0},
		{"who vouched is no member here", vouched(member(nil), func(f *Facts) { f.Voucher = Voucher{} }), 0, "vouch.limited", 0},
		{"who vouched reads here alone", vouched(member(nil), func(f *Facts) { f.Voucher.Rights = haven.Member }), 0, "vouch.limited", 0},
		{"who vouched was an owner here", vouched(member(nil), func(f *Facts) { f.Voucher.Until = noon }), 0, "vouch.limited", 0},
		{"who vouched is an owner until tonight", vouched(member(nil), func(f *Facts) { f.Voucher.Until = noon.Add(8 * time.Hour) }), haven.Member, "access.member", 8 * time.Hour},
		{"who vouched will be an owner", vouched(member(nil), func(f *Facts) { f.Voucher.From = noon.Add(1) }), 0, "vouch.limited", 0},
		{"who vouched is blocked", vouched(member(nil), func(f *Facts) { f.Voucher.State = account.Blocked }), 0, "vouch.limited", 0},
		{"who vouched is vouched for", vouched(member(nil), func(f *Facts) { f.Voucher.Vouched.By = 8 }), 0, "vouch.limited", 0},
		{"who vouched was vouched for", vouched(member(nil), func(f *Facts) { f.Voucher.Vouched = account.Vouched{By: 8, Until: noon} }), haven.Member, "access.member", 0},
		{"an owner has no say in who has access", vouched(member(func(f *Facts) { f.Rights = haven.Owner }), nil), haven.Owner &^ haven.Manage, "access.owner", 0},
		{"a reader stays one", vouched(member(func(f *Facts) { f.Rights = haven.Read }), nil), haven.Read, "access.member", 0},
		{"a pass that has ended", vouched(member(span(-2*time.Hour, -time.Hour)), nil), 0, "access.ended", 0},
		{"a mailbox that was left", vouched(member(func(f *Facts) { f.Member = false }), nil), 0, "access.no-member", 0},
		{"the own mailbox", vouched(self(nil), nil), 0, "vouch.limited", 0},
		{"the own mailbox, of a leaver", vouched(self(state(account.Leaver)), nil), 0, "vouch.limited", 0},
		{"a vouching that ended", vouched(member(nil), func(f *Facts) { f.Vouched.By, f.Voucher = account.NobodyVouches, Voucher{} }), 0, "vouch.limited", 0},
		{"confirmed, within the day", vouched(self(nil), func(f *Facts) { f.Vouched.Until = noon.Add(time.Hour) }), 0, "vouch.limited", time.Hour},
		{"confirmed, elsewhere, within the day", vouched(member(nil), func(f *Facts) { f.Vouched.Until, f.Voucher = noon.Add(time.Hour), Voucher{} }), 0, "vouch.limited", time.Hour},
		{"confirmed, and the day is over", vouched(self(nil), func(f *Facts) { f.Vouched.Until = noon }), haven.Own, "access.own", 0},
		{"confirmed, elsewhere, and the day is over", vouched(member(nil), func(f *Facts) { f.Vouched.Until, f.Voucher = noon, Voucher{} }), haven.Member, "access.member", 0},
	} {
		a := Decide(c.f, noon)
		holds := time.Duration(0)
		if !a.Holds.IsZero() {
			holds = a.Holds.Sub(noon)
		}
		if a.Rights != c.want || a.Verdict.Rule != c.rule || holds != c.holds && c.rule != "access.ended" {
			t.Errorf("%s: %s by %s for %s, want %s by %s for %s", c.name, a.Rights, a.Verdict.Rule, holds, c.want, c.rule, c.holds)
		}
	}
}

func TestDecide(t *testing.T) {
	t.Parallel()
	const readWrite = haven.Read | haven.Write
	for _, c := range []struct {
		name string
		f    Facts
		want haven.Rights
		rule haven.Rule
	}{
		{"nothing known", Facts{}, 0, "access.no-person"},
		{"own account", self(nil), haven.Own, "access.own"},
		{"own, invited", self(state(account.Invited)), 0, "account.not-activated"},
		{"own, inactive", self(state(account.Inactive)), 0, "account.inactive"},
		{"own, on long leave", self(state(account.Disabled)), 0, "account.disabled"},
		{"own, leaver keeps mail", self(state(account.Leaver)), readWrite, "leaver.own-mail"},
		{"own, blocked", self(state(account.Blocked)), 0, "account.blocked"},
		{"own, died", self(state(account.Died)), 0, "account.blocked"},
		{"own, deleted", self(state(account.Deleted)), 0, "account.blocked"},
		{"own, a state nobody knows", self(state(200)), 0, "account.blocked"},
		{"own, no state", self(state(0)), 0, "account.blocked"},
		{"an application's own", self(func(f *Facts) { f.PersonKind, f.AccountKind = haven.Application, haven.Application }), readWrite | haven.SendAs, "access.own"},
		{"an application, blocked", self(func(f *Facts) { f.PersonKind, f.PersonState = haven.Application, account.Blocked }), 0, "account.blocked"},
		{"a shared mailbox is no person, not even to itself", self(func(f *Facts) { f.PersonKind, f.AccountKind = haven.Shared, haven.Shared }), 0, "access.no-person"},
		{"a kind nobody knows", self(func(f *Facts) { f.PersonKind = 9 }), 0, "access.no-person"},
		{"member", member(nil), haven.Member, "access.member"},
		{"owner", member(box(account.Active, haven.Owner)), haven.Owner, "access.owner"},
		{"reader", member(box(account.Active, haven.Read)), haven.Read, "access.member"},
		{"sender on behalf", member(box(account.Active, haven.Read|haven.SendOnBehalf)), haven.Read | haven.SendOnBehalf, "access.member"},
		{"a row without rights", member(box(account.Active, 0)), 0, "access.no-rights"},
		{"a row with the service's own right", member(box(account.Active, haven.Read|haven.Insert)), haven.Read, "access.member"},
		{"a row with nothing but strange bits", member(box(account.Active, 1<<12)), 0, "access.no-rights"},
		{"no member", member(func(f *Facts) { f.Member = false }), 0, "access.no-member"},
		{"no member, rights left over", member(func(f *Facts) { f.Member, f.Rights = false, haven.Owner }), 0, "access.no-member"},
		{"member, invited", member(state(account.Invited)), 0, "account.not-activated"},
		{"member, inactive", member(state(account.Inactive)), 0, "account.inactive"},
		{"member, on long leave", member(state(account.Disabled)), 0, "account.disabled"},
		{"member, leaver", member(state(account.Leaver)), 0, "leaver.shared"},
		{"member, blocked", member(state(account.Blocked)), 0, "account.blocked"},
		{"owner, blocked", member(func(f *Facts) { f.PersonState, f.Rights = account.Blocked, haven.Owner }), 0, "account.blocked"},
		{"member, died", member(state(account.Died)), 0, "account.blocked"},
		{"member, deleted", member(state(account.Deleted)), 0, "account.blocked"},
		{"begins this moment", member(span(0, time.Hour)), haven.Member, "access.member"},
		{"begins in a moment", member(span(1, time.Hour)), 0, "access.not-yet"},
		{"a locum's shift is on", member(span(-time.Hour, time.Hour)), haven.Member, "access.member"},
		{"ends in a moment", member(span(-time.Hour, 1)), haven.Member, "access.member"},
		{"ended this moment", member(func(f *Facts) { f.Until = noon }), 0, "access.ended"},
		{"ended yesterday", member(span(-72*time.Hour, -24*time.Hour)), 0, "access.ended"},
		{"begins after it ends", member(span(2*time.Hour, time.Hour)), 0, "access.not-yet"},
		{"closing, owner reads", member(box(account.Closing, haven.Owner)), haven.Read, "mailbox.closing"},
		{"closing, member", member(box(account.Closing, haven.Member)), 0, "mailbox.closing"},
		{"closing, manager who can't read", member(box(account.Closing, haven.Manage)), 0, "mailbox.closing"},
		{"sealed, owner", member(box(account.Sealed, haven.Owner)), 0, "mailbox.sealed"},
		{"mailbox shut for safety", member(box(account.Blocked, haven.Owner)), 0, "mailbox.blocked"},
		{"mailbox deleted", member(box(account.Deleted, haven.Owner)), 0, "account.unknown"},
		{"mailbox in a state for persons", member(box(account.Invited, haven.Owner)), 0, "account.unknown"},
		{"mailbox without a state", member(box(0, haven.Owner)), 0, "account.unknown"},
		{"another person's account, though a row says member", member(func(f *Facts) { f.AccountKind, f.Rights = haven.Personal, haven.Owner }), 0, "access.not-yours"},
		{"an application's account", member(func(f *Facts) { f.AccountKind = haven.Application }), 0, "access.not-yours"},
		{"an application as member", member(func(f *Facts) { f.PersonKind = haven.Application }), 0, "access.application"},
		{"an account of no kind", member(func(f *Facts) { f.AccountKind = 0 }), 0, "access.not-yours"},
	} {
		a := Decide(c.f, noon)
		if a.Rights != c.want || a.Verdict.Rule != c.rule || a.Verdict.Allowed != (c.want != 0) || a.Verdict.Reason == "" {
			t.Errorf("%s: %v %+v, want %v %s", c.name, a.Rights, a.Verdict, c.want, c.rule)
		}
		if a.Rights.Has(haven.Insert) {
			t.Errorf("%s: a person may never hold the service's own right", c.name)
		}
	}
}

func TestHolds(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		f    Facts
		want time.Time
	}{
		{"for good", member(nil), time.Time{}},
		{"own", self(nil), time.Time{}},
		{"until the shift ends", member(span(-time.Hour, time.Hour)), noon.Add(time.Hour)},
		{"until the shift begins", member(span(time.Hour, 2*time.Hour)), noon.Add(time.Hour)},
		{"ended, for good", member(span(-2*time.Hour, -time.Hour)), time.Time{}},
	} {
		if got := Decide(c.f, noon).Holds; !got.Equal(c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}
