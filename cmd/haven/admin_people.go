package main

import (
	"context"
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"time"

	"haven"
	"haven/mail/push"
	"haven/mail/sending"
	"haven/people/account"
	"haven/people/activation"
	"haven/people/organisation"
	"haven/people/sharedmailbox"
	"haven/people/sharenotification"
	"haven/platform/audit"
	"haven/platform/db"
	"haven/platform/errs"
)

// account reads a call of so many words, the first of which is an address, and finds its account.
func (c *adminCall) account(ctx context.Context, h *house, words int) (account.Account, error) {
	if err := c.need(words, words); err != nil {
		return account.Account{}, err
	}
	return h.accountOf(ctx, c.words[0])
}

// accountOf finds an account by one of its addresses.
func (h *house) accountOf(ctx context.Context, address string) (account.Account, error) {
	a, err := haven.ParseAddress(address)
	if err != nil {
		return account.Account{}, err
	}
	acc, err := h.accounts.Resolve(ctx, a)
	return acc, errNotFound("account", address, err)
}

// mailboxOf finds a shared mailbox by one of its addresses.
func (h *house) mailboxOf(ctx context.Context, address string) (account.Account, error) {
	a, err := h.accountOf(ctx, address)
	if err == nil && a.Kind != haven.Shared {
		err = fmt.Errorf("%s is a person's account and no shared mailbox; haven admin mailbox list shows those there are", a.Address)
	}
	return a, err
}

// newPassword is 20 letters and digits that are not taken for each other: 99 bits.
func newPassword() (string, error) {
	const letters = "abcdefghjkmnpqrstuvwxyz23456789"
	b := make([]byte, 20)
	for i := range b {
		n, err := rand.Int(rand.Reader, big.NewInt(int64(len(letters))))
		if err != nil {
			return "", err
		}
		b[i] = letters[n.Int64()]
	}
	return string(b), nil
}

func accountAdd(ctx context.Context, h *house, c *adminCall) error {
	address := c.flags.String("address", "", "`ADDRESS` instead of first.last")
	state := c.flags.String("state", "active", "`STATE`: active, or invited until activated")
	if err := c.need(2, 2); err != nil {
		return err
	}
	st, err := stateOf(*state)
	if err != nil {
		return err
	}
	pw, err := newPassword()
	if err != nil {
		return err
	}
	n := account.NewPersonal{First: c.words[0], Last: c.words[1], State: st, Password: pw, Temporary: st == account.Invited}
	if *address != "" {
		if n.Address, err = haven.ParseAddress(*address); err != nil {
			return err
		}
	}
	acc, err := h.accounts.CreatePersonal(ctx, c.actor, n)
	if err != nil {
		return err
	}
	c.say("%s  password %s  (shown this once)", acc.Address, pw)
	if !h.conf.Policy.Account.PasswordsInPrograms {
		c.say("Mail programs take no account passwords here; for one of theirs: haven admin account app-password %s \"NAME OF THE PROGRAM\"", acc.Address)
	}
	return nil
}

// accountContact sets how a person is reached outside the service.
func accountContact(ctx context.Context, h *house, c *adminCall) error {
	email := c.flags.String("email", "", "personal e-mail `ADDRESS`")
	mobile := c.flags.String("mobile", "", "UK mobile `NUMBER`")
	proven := c.flags.Bool("proven", false, "the person has shown you that they are the own, as an operator's mobile has to be")
	a, err := c.account(ctx, h, 1)
	if err != nil {
		return err
	}
	if *email == "" && *mobile == "" {
		return errors.New("say how the person is reached: --email, --mobile, or both")
	}
	set := map[account.ContactKind]string{}
	if *email != "" {
		addr, err := haven.ParseAddress(*email)
		if err != nil {
			return err
		}
		set[account.PersonalEmail] = addr.String()
	}
	if *mobile != "" {
		number, v := account.ParseMobile(*mobile)
		if !v.Allowed {
			return errors.New(v.Reason)
		}
		set[account.Mobile] = number
	}
	if err := h.setContacts(ctx, c.actor, a, set, *proven); err != nil {
		return err
	}
	c.say("%s is reached by what was set. It serves a forgotten password after %d hours.", a.Address, int(h.conf.Policy.Reset.SettledFor.Hours()))
	return nil
}

// setContacts writes how a person is reached, and whether somebody vouches that it is the own.
func (h *house) setContacts(ctx context.Context, actor haven.Actor, a account.Account, set map[account.ContactKind]string, proven bool) error {
	for _, kind := range []account.ContactKind{account.PersonalEmail, account.Mobile} {
		value, ok := set[kind]
		if !ok {
			continue
		}
		sealed, err := h.contacts.Seal(ctx, a.No, kind, value)
		if err != nil {
			return err
		}
		err = h.db.Write(ctx, func(tx *db.Tx) error {
			if err := account.Lock(tx, a.No); err != nil {
				return err
			}
			if err := h.contacts.PutIn(tx, actor, sealed); err != nil || !proven {
				return err
			}
			h.contacts.ProveIn(tx, a.No, kind)
			audit.Record(tx, audit.Entry{At: h.clock.Now(), Actor: actor, What: "account.contact-proven", On: a.ID, Rule: "account.contact", Note: kind.String()})
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func accountInvite(ctx context.Context, h *house, c *adminCall) error {
	a, err := c.account(ctx, h, 1)
	if err != nil {
		return err
	}
	if err := h.activation.Invite(ctx, c.actor, a.No, activation.Both); err != nil {
		return err
	}
	h.notify.Nudge()
	c.say("the username is on its way by e-mail, and a temporary password by text, to %s", a.Address)
	return nil
}

// stateOf reads the states that an operator may set.
func stateOf(s string) (account.State, error) {
	for _, st := range []account.State{account.Invited, account.Active, account.Inactive, account.Disabled, account.Leaver, account.Blocked} {
		if st.String() == s {
			return st, nil
		}
	}
	return 0, fmt.Errorf("%q is no state; use invited, active, inactive, disabled, leaver or blocked", s)
}

func accountList(ctx context.Context, h *house, c *adminCall) error {
	if err := c.need(0, 0); err != nil {
		return err
	}
	return h.eachAccount(ctx, func(a account.Account) {
		c.say("%-9s %-9s %-50s %s", a.Kind, a.State, a.Address, a.Display)
	})
}

func (h *house) eachAccount(ctx context.Context, fn func(account.Account)) error {
	for after := haven.AccountNo(0); ; {
		page, err := h.accounts.List(ctx, after, 500)
		if err != nil || len(page) == 0 {
			return err
		}
		for _, a := range page {
			fn(a)
		}
		after = page[len(page)-1].No
	}
}

func accountShow(ctx context.Context, h *house, c *adminCall) error {
	a, err := c.account(ctx, h, 1)
	if err != nil {
		return err
	}
	addrs, err := h.accounts.Addresses(ctx, a.No, true)
	if err != nil {
		return err
	}
	c.say("%s\n  %s account, %s, made %s\n  id %s", a.Display, a.Kind, a.State, a.Created.Format(time.DateOnly), a.ID)
	for _, addr := range addrs {
		c.say("  address %s", addr)
	}
	if open, err := h.accounts.Programs(ctx, a.No); err != nil {
		return err
	} else if !open {
		c.say("  shut to mail programs; haven admin account programs %s open opens it", a.Address)
	}
	if a.Kind == haven.Shared {
		return h.sayMembers(ctx, c, a.No)
	}
	if err := h.sayStanding(ctx, c, a); err != nil {
		return err
	}
	opened, err := h.shared.For(ctx, a.No)
	for _, o := range opened {
		c.say("  opens %s: %s", o.Account.Address, o.Rights)
	}
	return err
}

// sayStanding prints what somebody who helps the account's person with log ins has to know.
func (h *house) sayStanding(ctx context.Context, c *adminCall, a account.Account) error {
	s, err := h.accounts.Standing(ctx, a.No)
	if err != nil {
		return err
	}
	c.say("  %s", passwordOf(s))
	c.say("  app passwords: %d, last used %s", s.Apps, dayOf(s.AppUsed, "never"))
	if !s.LockedUntil.IsZero() {
		c.say("  locked until %s for places where the person never logged in; haven admin account unlock %s ends it", s.LockedUntil.Local().Format(minuteForm), a.Address)
	}
	if !s.Login.Allowed {
		c.say("  mail programs are refused now: %s", s.Login.Reason)
	}
	return nil
}

// passwordOf says in a line what there is of an account's own password.
func passwordOf(s account.Standing) string {
	switch {
	case !s.Password:
		return "password: none"
	case !s.InPrograms:
		return "password: expires " + dayOf(s.Expires, "never") + "; mail programs may not use it, but app passwords"
	}
	return "password: expires " + dayOf(s.Expires, "never") + "; mail programs may use it"
}

// dayOf is the day of a time that may be none.
func dayOf(t time.Time, none string) string {
	if t.IsZero() {
		return none
	}
	return t.Local().Format(time.DateOnly)
}

func accountState(ctx context.Context, h *house, c *adminCall) error {
	if err := c.need(2, 2); err != nil {
		return err
	}
	st, err := stateOf(c.words[1])
	if err != nil {
		return err
	}
	a, err := h.accountOf(ctx, c.words[0])
	if err != nil {
		return err
	}
	left, err := h.shared.SetState(ctx, c.actor, a.No, st, "account.operator")
	if err != nil {
		return err
	}
	c.say("%s is %s now", a.Address, st)
	c.warnOwnerless(left...)
	return h.warnNoOperator(ctx, c)
}

// warnNoOperator tells that nobody runs the service on its pages any more, and what to do.
func (h *house) warnNoOperator(ctx context.Context, c *adminCall) error {
	up, err := h.operators.SetUp(ctx)
	if err != nil || !up {
		return err
	}
	n, err := h.operators.Serving(ctx)
	if err == nil && n == 0 {
		c.say("WARNING: nobody is an operator any more who can act; name one: haven admin operator add PERSON")
	}
	return err
}

// accountPurge deletes an account and destroys the key of its mail, which ends what back-ups hold of it once the last
// back-up of the keys is gone. A mailbox that several share is never purged by hand.
func accountPurge(ctx context.Context, h *house, c *adminCall) error {
	sure := c.flags.String("sure", "", "the same `ADDRESS` once more, since this can't be undone")
	a, err := c.account(ctx, h, 1)
	if err != nil {
		return err
	}
	switch {
	case a.Kind == haven.Shared:
		return fmt.Errorf("%s is a premises' mailbox; its mail belongs to the premises and is kept", a.Address)
	case *sure != a.Address.String():
		return fmt.Errorf("this destroys the mail of %s for good; if that is meant, add --sure %s", a.Address, a.Address)
	}
	if _, err := h.shared.SetState(ctx, c.actor, a.No, account.Deleted, "account.purge"); err != nil {
		return err // the last owner of a mailbox among others, so that none is left without one
	}
	if err := h.keys.Destroy(ctx, a.No); err != nil {
		return err
	}
	if err := h.db.Write(ctx, func(tx *db.Tx) error { forget(tx, a.No); return nil }); err != nil {
		return err
	}
	at, err := h.keys.DestroyedAt(ctx, a.No)
	if err != nil {
		return err
	}
	c.say("%s is deleted and its mail can't be read; it is final on %s, when no copy of the keys from before is left", a.Address,
		at.Add(h.conf.Policy.Mailbox.KeyBackup).Format(time.DateOnly))
	return nil
}

// forget deletes of a person what no key of the person's seals, or would go on being told to the person. All else ends with the key.
func forget(tx *db.Tx, person haven.AccountNo) {
	account.ForgetIn(tx, person)
	sharenotification.ForgetIn(tx, person)
	push.ForgetIn(tx, person)
	sending.ForgetIn(tx, person)
}

// warnOwnerless tells of mailboxes that a step for safety left without an owner, and what to do.
func (c *adminCall) warnOwnerless(left ...haven.Address) {
	for _, a := range left {
		c.say("WARNING: %s has no owner any more who can act; name one: haven admin member set %s PERSON --rights owner (member add for somebody new)", a, a)
	}
}

func accountPassword(ctx context.Context, h *house, c *adminCall) error {
	a, err := c.account(ctx, h, 1)
	if err != nil {
		return err
	}
	pw, err := newPassword()
	if err != nil {
		return err
	}
	if err := h.accounts.SetPassword(ctx, c.actor, a.No, pw, false); err != nil {
		return err
	}
	c.say("%s  password %s  (shown this once)", a.Address, pw)
	return nil
}

func accountUnlock(ctx context.Context, h *house, c *adminCall) error {
	a, err := c.account(ctx, h, 1)
	if err != nil {
		return err
	}
	until, err := h.accounts.Unlock(ctx, c.actor, a.No)
	if err != nil {
		return err
	}
	if until.IsZero() {
		c.say("%s was not locked; failed log ins are forgotten, and no place is slowed for them any more", a.Address)
		return nil
	}
	c.say("%s was locked until %s, and is open again", a.Address, until.Local().Format(minuteForm))
	return nil
}

func accountKnown(ctx context.Context, h *house, c *adminCall) error {
	a, err := c.account(ctx, h, 1)
	if err != nil {
		return err
	}
	if err := h.vouch.Lift(ctx, c.actor, a.No); err != nil {
		return err
	}
	c.say("%s opens everything again", a.Address)
	return nil
}

func accountPrograms(ctx context.Context, h *house, c *adminCall) error {
	a, err := c.account(ctx, h, 2)
	if err != nil {
		return err
	}
	switch c.words[1] {
	case "open":
		err = h.accounts.SetPrograms(ctx, c.actor, a.No, true)
	case "shut":
		err = h.accounts.SetPrograms(ctx, c.actor, a.No, false)
	default:
		return fmt.Errorf("%q is neither open nor shut", c.words[1])
	}
	if err != nil {
		return err
	}
	c.say("%s is %s to mail programs", a.Address, c.words[1])
	return nil
}

func accountAlias(ctx context.Context, h *house, c *adminCall) error {
	a, err := c.account(ctx, h, 2)
	if err != nil {
		return err
	}
	alias, err := haven.ParseAddress(c.words[1])
	if err != nil {
		return err
	}
	if err := h.accounts.AddAlias(ctx, c.actor, a.No, alias); err != nil {
		return err
	}
	c.say("%s leads to %s", alias, a.Address)
	return nil
}

func accountAppPassword(ctx context.Context, h *house, c *adminCall) error {
	box := c.flags.String("mailbox", "", "shared `MAILBOX` instead of the person's own")
	a, err := c.account(ctx, h, 2)
	if err != nil {
		return err
	}
	target := a
	if *box != "" {
		if target, err = h.accountOf(ctx, *box); err != nil {
			return err
		}
	}
	pw, err := h.accounts.NewAppPassword(ctx, c.actor, a.No, target.No, c.words[1])
	if target.No != a.No && errs.Is(err, errs.NotFound) {
		return fmt.Errorf("%s has no access to %s; haven admin member add gives it", a.Address, target.Address)
	} else if err != nil {
		return err
	}
	c.say("%s for %s  password %s  (shown this once)", a.Address, target.Address, pw)
	return nil
}

func accountAppPasswords(ctx context.Context, h *house, c *adminCall) error {
	a, err := c.account(ctx, h, 1)
	if err != nil {
		return err
	}
	all, err := h.accounts.AppPasswords(ctx, a.No)
	if err != nil {
		return err
	}
	for _, p := range all {
		target, err := h.accounts.ByNo(ctx, p.Target)
		if err != nil {
			return err
		}
		c.say("%4d  %-50s %-30s made %s  used %s", p.ID, target.Address, p.Name, dayOf(p.Made, ""), dayOf(p.Used, "never"))
	}
	return nil
}

func accountRevokeAppPassword(ctx context.Context, h *house, c *adminCall) error {
	a, err := c.account(ctx, h, 2)
	if err != nil {
		return err
	}
	id, err := strconv.ParseInt(c.words[1], 10, 64)
	if err != nil {
		return fmt.Errorf("%q is no id; haven admin account app-passwords %s shows them", c.words[1], a.Address)
	}
	if err := h.accounts.RevokeAppPassword(ctx, c.actor, a.No, id); errs.Is(err, errs.NotFound) {
		return fmt.Errorf("%s has no app password %d; haven admin account app-passwords %s shows them", a.Address, id, a.Address)
	} else if err != nil {
		return err
	}
	c.say("app password %d of %s is revoked", id, a.Address)
	return nil
}

// addresses is a flag that may stand several times.
type addresses []string

func (a *addresses) String() string     { return strings.Join(*a, ",") }
func (a *addresses) Set(s string) error { *a = append(*a, s); return nil }

func mailboxAdd(ctx context.Context, h *house, c *adminCall) error {
	var owners, members addresses
	c.flags.Var(&owners, "owner", "`ADDRESS` of an owner; at least one")
	c.flags.Var(&members, "member", "`ADDRESS` of a member")
	closed := c.flags.Bool("closed-anyway", false, "also for premises that are closed")
	if err := c.need(1, 1); err != nil {
		return err
	}
	org, err := h.organisationOf(ctx, c.words[0])
	if err != nil {
		return err
	}
	if org.Status == organisation.Closed && !*closed {
		return fmt.Errorf("%s (%s, %s) closed%s; if it shall have a mailbox all the same, say --closed-anyway", org.Code, org.Name, org.Place, onDay(org.Closed))
	}
	if len(owners) == 0 {
		return errors.New("a mailbox has an owner; name one with --owner ADDRESS")
	}
	if have, err := h.shared.Of(ctx, org.ID); err != nil || len(have) > 0 {
		return errors.Join(err, fmt.Errorf("%s has its mailbox already; haven admin ods show %s names it", org.Code, org.Code))
	}
	spec := sharedmailbox.Spec{Kind: org.Kind, Organisation: org.ID, ODS: org.Code, Name: org.Name, Place: org.Place}
	if spec.Owners, err = h.numbersOf(ctx, owners); err != nil {
		return err
	}
	if spec.Members, err = h.numbersOf(ctx, members); err != nil {
		return err
	}
	a, err := h.shared.Create(ctx, c.actor, spec)
	if err != nil {
		return err
	}
	c.say("%s  %s", a.Address, a.Display)
	return nil
}

// onDay is " on" a day that may not be known.
func onDay(d organisation.Date) string {
	if d == 0 {
		return ""
	}
	return " on " + d.String()
}

func (h *house) numbersOf(ctx context.Context, list []string) (out []haven.AccountNo, err error) {
	for _, address := range list {
		a, err := h.accountOf(ctx, address)
		if err != nil {
			return nil, err
		}
		out = append(out, a.No)
	}
	return out, nil
}

// organisationOf finds an organisation by its code, of whatever kind.
func (h *house) organisationOf(ctx context.Context, code string) (organisation.Organisation, error) {
	o, err := h.organisations.ByCode(ctx, organisation.Code(strings.ToUpper(strings.ReplaceAll(code, " ", ""))))
	return o, errNotFound("organisation", code, err)
}

func mailboxList(ctx context.Context, h *house, c *adminCall) error {
	if err := c.need(0, 0); err != nil {
		return err
	}
	return h.eachAccount(ctx, func(a account.Account) {
		if a.Kind == haven.Shared {
			c.say("%-70s %-9s %s", a.Address, a.State, a.Display)
		}
	})
}

func memberList(ctx context.Context, h *house, c *adminCall) error {
	if err := c.need(1, 1); err != nil {
		return err
	}
	box, err := h.mailboxOf(ctx, c.words[0])
	if err != nil {
		return err
	}
	return h.sayMembers(ctx, c, box.No)
}

func (h *house) sayMembers(ctx context.Context, c *adminCall, box haven.AccountNo) error {
	members, err := h.shared.Members(ctx, 0, box)
	for _, m := range members {
		c.say("  %-40s %s%s%s", m.Person.Address, m.Rights, endOf(m), notActive(m.Person))
	}
	return err
}

// notActive says of a member in which state the account is, unless all is as usual.
func notActive(a account.Account) string {
	if a.State == account.Active {
		return ""
	}
	return "  (" + a.State.String() + ")"
}

func memberAdd(ctx context.Context, h *house, c *adminCall) error {
	m, err := h.memberCall(ctx, c, haven.Member)
	if err != nil {
		return err
	}
	err = h.shared.AddMember(ctx, c.actor, m.box.No, sharedmailbox.Grant{Person: m.person.No, Rights: m.rights, Until: m.until})
	if errs.Is(err, errs.Conflict) {
		return fmt.Errorf("%s is a member of %s already; haven admin member set changes the rights or the end", m.person.Address, m.box.Address)
	} else if err != nil {
		return err
	}
	return h.sayMember(ctx, c, m)
}

func memberSet(ctx context.Context, h *house, c *adminCall) error {
	m, err := h.memberCall(ctx, c, 0)
	if err != nil {
		return err
	}
	if m.rights == 0 && !m.named {
		return errors.New("say what becomes of the membership: --rights, --until, or both")
	}
	err = h.shared.ChangeMember(ctx, c.actor, m.box.No, sharedmailbox.Change{Person: m.person.No, Rights: m.rights, Until: m.until, Endless: m.named && m.until.IsZero()})
	if errs.Is(err, errs.NotFound) {
		return fmt.Errorf("%s is no member of %s; haven admin member add lets a person in", m.person.Address, m.box.Address)
	} else if err != nil {
		return err
	}
	return h.sayMember(ctx, c, m)
}

// memberCall is what a call says of a membership.
type memberCall struct {
	box, person account.Account
	rights      haven.Rights
	until       time.Time
	named       bool // --until is among the words
}

// memberCall reads the words of member add and member set; without --rights they are as given.
func (h *house) memberCall(ctx context.Context, c *adminCall, rights haven.Rights) (m memberCall, err error) {
	rightsText := c.flags.String("rights", rights.String(), "`RIGHTS`, separated by commas")
	until := c.flags.String("until", "", "last `DAY`, such as 2026-12-31, or the end of a shift: 2026-12-31T18:30; never: no end")
	if err := c.need(2, 2); err != nil {
		return m, err
	}
	m.rights = rights
	c.flags.Visit(func(f *flag.Flag) {
		switch f.Name {
		case "until":
			m.named = true
		case "rights":
			if m.rights, err = haven.ParseRights(*rightsText); err == nil && m.rights == 0 {
				err = errors.New("no rights are no membership; use haven admin member remove")
			}
		}
	})
	if err != nil {
		return m, err
	}
	if m.until, err = parseUntil(*until); err != nil {
		return m, err
	}
	if m.box, err = h.mailboxOf(ctx, c.words[0]); err != nil {
		return m, err
	}
	m.person, err = h.accountOf(ctx, c.words[1])
	return m, err
}

// sayMember prints a membership as it is now.
func (h *house) sayMember(ctx context.Context, c *adminCall, m memberCall) error {
	members, err := h.shared.Members(ctx, 0, m.box.No)
	for _, now := range members {
		if now.Person.No == m.person.No {
			c.say("%s: %s%s", now.Person.Address, now.Rights, endOf(now))
		}
	}
	return err
}

// endOf is the end of a membership, as it is printed behind the rights.
func endOf(m sharedmailbox.Membership) string {
	if m.Until.IsZero() {
		return ""
	}
	return "  until " + m.Until.Local().Format(minuteForm)
}

const minuteForm = "2006-01-02 15:04"

// parseUntil reads the end of a membership: a day, which still belongs to it, or a time. Both are the service's own local
// time where no zone is named; never, and the empty text, are no end.
func parseUntil(text string) (time.Time, error) {
	if text == "" || text == "never" {
		return time.Time{}, nil
	}
	at, day, err := parseTime(text)
	if day {
		at = at.AddDate(0, 0, 1)
	}
	return at, err
}

// parseTime reads a time, or a day's beginning, in the service's own local time where no zone is named; the empty text is the zero time.
func parseTime(text string) (at time.Time, day bool, err error) {
	if text == "" {
		return time.Time{}, false, nil
	}
	for _, form := range []string{time.DateOnly, "2006-01-02T15:04", "2006-01-02T15:04:05", time.RFC3339Nano} {
		if at, err := time.ParseInLocation(form, text, time.Local); err == nil {
			return at, form == time.DateOnly, nil
		}
	}
	return time.Time{}, false, fmt.Errorf("%q is no day and no time; write it as 2026-12-31 or 2026-12-31T18:30", text)
}

func memberRemove(ctx context.Context, h *house, c *adminCall) error {
	safety := c.flags.Bool("safety", false, "for safety: never refused, the last owner's neither")
	if err := c.need(2, 2); err != nil {
		return err
	}
	box, err := h.mailboxOf(ctx, c.words[0])
	if err != nil {
		return err
	}
	person, err := h.accountOf(ctx, c.words[1])
	if err != nil {
		return err
	}
	remove := h.shared.RemoveMember
	if *safety {
		remove = h.shared.RemoveForSafety
	}
	if err := remove(ctx, c.actor, box.No, person.No); errs.Is(err, errs.NotFound) {
		return fmt.Errorf("%s has no access to %s", person.Address, box.Address)
	} else if err != nil {
		return err
	}
	c.say("%s has no access to %s any more", person.Address, box.Address)
	left, err := h.shared.Members(ctx, 0, box.No)
	if err == nil && sharedmailbox.LiveOwners(left, h.clock.Now()) == 0 {
		c.warnOwnerless(box.Address)
	}
	return err
}
