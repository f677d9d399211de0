package main

import (
	"time"

	"haven"
	"haven/people/account"
	"haven/people/form"
	"haven/people/leaver"
	"haven/people/openinghours"
	"haven/people/organisation"
	"haven/people/profile"
	"haven/people/request"
	"haven/people/sharedmailbox"
	"haven/people/signature"
	"haven/platform/db"
)

// wireOwnAccount makes what a person does under My account.
func (h *house) wireOwnAccount() {
	h.forms = form.New(form.Options{DB: h.db, Keys: personal{h}, Clock: h.clock, Policy: h.conf.Policy.Session})
	h.profiles = profile.New(profile.Options{DB: h.db, Accounts: h.accounts, Contacts: h.contacts, Places: h.organisations, Owns: sharedmailbox.OwnsIn, Keys: personal{h}, Notices: told{h}, Policy: h.conf.Policy, Clock: h.clock})
	h.signatures = signature.New(signature.Options{DB: h.db, Access: h.access, Shared: h.shared, Keys: personal{h}, Job: h.profiles.Job, Policy: h.conf.Policy.Signature, Clock: h.clock})
	h.leavers = leaver.New(leaver.Options{DB: h.db, Accounts: h.accounts, Contacts: h.contacts, Places: h.organisations, Shared: h.shared, Notices: told{h}, Policy: h.conf.Policy, Clock: h.clock})
	h.requests = request.New(request.Options{DB: h.db, Accounts: h.accounts, Profiles: h.profiles, Places: h.organisations, Shared: h.shared, Notices: told{h}, Policy: h.conf.Policy, Clock: h.clock})
}

// What people are told of changes of their own account.

// proofs are the notices that carry a code to a new mobile or e-mail.
var proofs = map[account.ContactKind]string{account.Mobile: "mobile.prove", account.PersonalEmail: "email.prove"}

// ContactCode sends the code that shows a new mobile or e-mail to be the person's own.
func (n told) ContactCode(tx *db.Tx, who account.Account, kind account.ContactKind, to, code string, good time.Duration) error {
	return n.sendFor(tx, good, proofs[kind], to, who, map[string]string{"code": code, "minutes": inMinutes(good)})
}

// changes are the notices of a contact that was changed, by which it was and by where the notice goes.
var changes = map[[2]account.ContactKind]string{
	{account.Mobile, account.Mobile}:               "mobile.changed",
	{account.Mobile, account.PersonalEmail}:        "mobile.changed-mail",
	{account.PersonalEmail, account.PersonalEmail}: "email.changed",
	{account.PersonalEmail, account.Mobile}:        "email.changed-text",
}

// ContactChanged tells a person of a change, at a contact that was there before.
func (n told) ContactChanged(tx *db.Tx, who account.Account, changed account.ContactKind, at account.Contact, when time.Time) error {
	return n.send(tx, changes[[2]account.ContactKind{changed, at.Kind}], at.Value, who, map[string]string{"time": clockOf(when)})
}

// QuestionsChanged tells a person, at an address, that the security questions are others.
func (n told) QuestionsChanged(tx *db.Tx, who account.Account, email string, at time.Time) error {
	return n.send(tx, "questions.changed", email, who, map[string]string{"time": clockOf(at)})
}

func clockOf(t time.Time) string { return t.In(openinghours.London).Format(clockForm) }

// RequestMade tells an owner of a request that waits for a decision.
func (n told) RequestMade(tx *db.Tx, owner account.Account, r request.Request) error {
	return n.send(tx, "request.made", owner.Address.String(), owner, map[string]string{"who": r.Person.Display, "what": r.Kind.String(), "new": r.Says(), "portal": n.page("/requests")})
}

// RequestDecided tells who asked.
func (n told) RequestDecided(tx *db.Tx, r request.Request) error {
	values := map[string]string{"what": r.Kind.String(), "new": r.Says(), "reason": r.Reason, "mailbox": r.Person.Address.String(), "portal": n.page("/account")}
	return n.send(tx, "request."+r.State.String(), r.Person.Address.String(), r.Person, values)
}

// RequestSettled tells an owner that nothing is left to be decided.
func (n told) RequestSettled(tx *db.Tx, owner account.Account, r request.Request, by string) error {
	return n.send(tx, "request.settled", owner.Address.String(), owner, map[string]string{"who": r.Person.Display, "what": r.Kind.String(), "how": r.State.String(), "by": by})
}

// Left tells a person that the posts at a place have ended.
func (n told) Left(tx *db.Tx, to string, l leaver.Leaving, by string) error {
	if by == "" {
		by = "You"
	}
	values := map[string]string{"premises": shownName(l.Place), "by": by, "time": clockOf(n.h.clock.Now()), "portal": n.page("/account")}
	if !l.Last {
		return n.send(tx, "leaver.left", to, l.Person, values)
	}
	values["until"] = clockOf(l.Deleted)
	return n.send(tx, "leaver.last", to, l.Person, values)
}

// Disputed opens a call in which somebody says that the end of a post was wrong.
func (n told) Disputed(tx *db.Tx, actor haven.Actor, who account.Account, place organisation.Organisation, reason string) error {
	return n.h.helpdesk.DisputedIn(tx, actor, who, place, reason)
}

// SaysWrong tells an owner that somebody says so.
func (n told) SaysWrong(tx *db.Tx, owner, who account.Account, place organisation.Organisation) error {
	return n.send(tx, "leaver.disputed", owner.Address.String(), owner, map[string]string{"who": who.Display, "premises": shownName(place)})
}

// HasLeft tells an owner that somebody has left.
func (n told) HasLeft(tx *db.Tx, owner account.Account, l leaver.Leaving) error {
	return n.send(tx, "leaver.has-left", owner.Address.String(), owner, map[string]string{"who": l.Person.Display, "premises": shownName(l.Place), "time": clockOf(n.h.clock.Now())})
}

// Succeeds tells somebody who is the owner of a mailbox now.
func (n told) Succeeds(tx *db.Tx, who, mailbox account.Account, l leaver.Leaving) error {
	return n.send(tx, "leaver.succeeds", who.Address.String(), who, map[string]string{"who": l.Person.Display, "mailbox": mailbox.Display, "portal": n.page("/mailbox/" + mailbox.ID.String())})
}
