package main

import (
	"strconv"
	"strings"
	"time"

	"haven"
	"haven/people/account"
	"haven/people/activation"
	"haven/people/locum"
	"haven/people/openinghours"
	"haven/people/organisation"
	"haven/people/registration"
	"haven/people/sharedmailbox"
	"haven/platform/db"
	"haven/platform/notify"
)

// told writes what people are told, in the words of package notify.
type told struct{ h *house }

// page is the address of a page of ours, for a link in a notice.
func (n told) page(path string) string {
	base := strings.TrimSuffix(n.h.conf.Service.Portal, "/")
	if at := n.h.portalAt.Load(); base == "" && at != nil {
		base = *at
	}
	return base + path
}

// send writes a notice that is of use for as long as the policy tries such.
func (n told) send(tx *db.Tx, template, to string, who account.Account, values map[string]string) error {
	return n.sendUntil(tx, time.Time{}, template, to, who, values)
}

// sendFor writes one that is good for some time from now on, and of no use later.
func (n told) sendFor(tx *db.Tx, good time.Duration, template, to string, who account.Account, values map[string]string) error {
	return n.sendUntil(tx, n.h.clock.Now().Add(good), template, to, who, values)
}

func (n told) sendUntil(tx *db.Tx, until time.Time, template, to string, who account.Account, values map[string]string) error {
	_, err := n.h.notify.Send(tx, notify.Message{Template: template, To: to, Values: values, About: who.ID, Until: until})
	return err
}

// clockForm is how notices name a time, in London's.
const clockForm = "15:04 on 2 January 2006"

func inMinutes(d time.Duration) string { return strconv.Itoa(int(d.Minutes())) }

func inDays(d time.Duration) string { return strconv.Itoa(int(d.Hours() / 24)) }

func (n told) Username(tx *db.Tx, who account.Account, email string) error {
	return n.send(tx, "activation.username", email, who, map[string]string{"username": who.Address.String(), "portal": n.page("/activate")})
}

func (n told) TemporaryPassword(tx *db.Tx, who account.Account, mobile, password string, good time.Duration) error {
	return n.sendFor(tx, good, "activation.password", mobile, who, map[string]string{"password": password, "days": inDays(good)})
}

func (n told) Activated(tx *db.Tx, who account.Account, email string, at time.Time) error {
	return n.send(tx, "activation.done", email, who, map[string]string{"time": at.In(openinghours.London).Format(clockForm)})
}

func (n told) ResetLink(tx *db.Tx, who account.Account, email, link string, good time.Duration) error {
	return n.sendFor(tx, good, "reset.link", email, who, map[string]string{"link": n.page("/reset/" + link), "minutes": inMinutes(good)})
}

func (n told) ResetCode(tx *db.Tx, who account.Account, mobile, code string, good time.Duration) error {
	return n.sendFor(tx, good, "reset.code", mobile, who, map[string]string{"code": code, "minutes": inMinutes(good)})
}

// resetsDone are the notices of a new password, by where they go.
var resetsDone = map[account.ContactKind]string{account.PersonalEmail: "reset.done", account.Mobile: "reset.done-text"}

func (n told) ResetDone(tx *db.Tx, who account.Account, to account.Contact, at time.Time, place string) error {
	return n.send(tx, resetsDone[to.Kind], to.Value, who, map[string]string{"time": at.In(openinghours.London).Format(clockForm), "place": place})
}

// Details answers somebody who lost the own details or the mailbox's.
func (n told) Details(tx *db.Tx, who account.Account, email string, mailboxes []haven.Address) error {
	var names []string
	for _, m := range mailboxes {
		names = append(names, m.String())
	}
	return n.send(tx, "details.found", email, who, map[string]string{"username": who.Address.String(), "mailboxes": strings.Join(names, ", "), "portal": n.page("/log-in")})
}

// LetIn tells an owner that somebody let a locum in.
func (n told) LetIn(tx *db.Tx, owner, mailbox account.Account, p locum.Pass) error {
	by := p.By.Display
	if by == "" {
		by = "The service"
	}
	return n.send(tx, "locum.let-in", owner.Address.String(), owner, map[string]string{"who": by, "locum": p.Locum.Display + " (" + p.Locum.Address.String() + ")",
		"mailbox": mailbox.Display, "until": p.Until.In(openinghours.London).Format(clockForm), "portal": n.page("/mailbox/" + mailbox.ID.String())})
}

// shownName is a premises as notices name it.
func shownName(o organisation.Organisation) string {
	return sharedmailbox.Capitals(o.Name) + ", " + sharedmailbox.Capitals(o.Place)
}

func (n told) notUs(t registration.Token) string { return n.page("/not-us/" + string(t)) }

// Passcode tells the registered e-mail of a premises the passcode of an application.
func (n told) Passcode(tx *db.Tx, a registration.Attempt) error {
	return n.sendUntil(tx, a.Until, "registration.passcode", a.To.String(), account.Account{}, map[string]string{"premises": shownName(a.Premises), "code": a.Passcode,
		"minutes": inMinutes(n.h.conf.Policy.Registration.PasscodeFor), "reference": string(a.Ref), "link": n.notUs(a.NotUs)})
}

// Attempted tells it of an application without one.
func (n told) Attempted(tx *db.Tx, a registration.Attempt) error {
	return n.sendFor(tx, n.h.conf.Policy.Registration.FreezeWithin, "registration.attempt", a.To.String(), account.Account{}, map[string]string{"premises": shownName(a.Premises), "reference": string(a.Ref), "link": n.notUs(a.NotUs)})
}

// Completed tells it that the premises is registered.
func (n told) Completed(tx *db.Tx, c registration.Completion) error {
	return n.sendUntil(tx, c.Until, "registration.completed", c.To.String(), c.Mailbox, map[string]string{"premises": shownName(c.Premises), "mailbox": c.Mailbox.Address.String(),
		"reference": string(c.Ref), "until": c.Until.In(openinghours.London).Format(clockForm), "link": n.notUs(c.NotUs)})
}

// GroupAttempted tells a head office that somebody wants to register a premises of its own.
func (n told) GroupAttempted(tx *db.Tx, a registration.Attempt) error {
	return n.sendFor(tx, n.h.conf.Policy.Registration.FreezeWithin, "registration.group-attempt", a.To.String(), account.Account{}, map[string]string{"premises": shownName(a.Premises), "reference": string(a.Ref), "link": n.notUs(a.NotUs)})
}

// GroupCompleted tells it that the premises is registered.
func (n told) GroupCompleted(tx *db.Tx, c registration.Completion) error {
	return n.sendUntil(tx, c.Until, "registration.group-completed", c.To.String(), c.Mailbox, map[string]string{"premises": shownName(c.Premises), "mailbox": c.Mailbox.Address.String(),
		"reference": string(c.Ref), "until": c.Until.In(openinghours.London).Format(clockForm), "link": n.notUs(c.NotUs)})
}

// Corrected tells who had a mobile or personal e-mail that an owner replaced, there.
func (n told) Corrected(tx *db.Tx, who account.Account, kind account.ContactKind, old string) error {
	template := "activation.corrected-email"
	if kind == account.Mobile {
		template = "activation.corrected-mobile"
	}
	return n.send(tx, template, old, who, nil)
}

// ApprovalAsked tells who applied without proof that the application waits.
func (n told) ApprovalAsked(tx *db.Tx, a registration.ApprovalNotice) error {
	return n.sendUntil(tx, a.Until, "registration.approval-asked", a.To.String(), account.Account{}, map[string]string{"premises": shownName(a.Premises), "who": a.Name,
		"reference": string(a.Ref), "until": a.Until.In(openinghours.London).Format(clockForm)})
}

// ApprovalAttempted tells the registered e-mail of it, where there is one, and the head office.
func (n told) ApprovalAttempted(tx *db.Tx, a registration.ApprovalNotice) error {
	return n.sendFor(tx, n.h.conf.Policy.Registration.FreezeWithin, "registration.approval-attempt", a.To.String(), account.Account{}, map[string]string{"premises": shownName(a.Premises), "who": a.Name,
		"reference": string(a.Ref), "link": n.notUs(a.NotUs)})
}

// Approved brings who applied a passcode.
func (n told) Approved(tx *db.Tx, a registration.ApprovalNotice) error {
	return n.sendUntil(tx, a.Until, "registration.approved", a.To.String(), account.Account{}, map[string]string{"premises": shownName(a.Premises), "code": a.Passcode, "reference": string(a.Ref),
		"minutes": inMinutes(n.h.conf.Policy.Registration.PasscodeFor), "days": inDays(n.h.conf.Policy.Registration.ApprovedFor), "portal": n.page("/register/passcode?ref=" + string(a.Ref))})
}

// NotApproved tells who applied why not.
func (n told) NotApproved(tx *db.Tx, a registration.ApprovalNotice) error {
	return n.sendUntil(tx, a.Until, "registration.not-approved", a.To.String(), account.Account{}, map[string]string{"premises": shownName(a.Premises), "reference": string(a.Ref), "reason": a.Reason,
		"portal": n.page("/help")})
}

// FurtherDecided tells an owner what became of the request for one more account.
func (n told) FurtherDecided(tx *db.Tx, owner account.Account, who string, mailbox account.Account, reason string) error {
	values := map[string]string{"who": who, "mailbox": mailbox.Display}
	if reason == "" {
		return n.send(tx, "registration.further-granted", owner.Address.String(), owner, values)
	}
	values["reason"] = reason
	return n.send(tx, "registration.further-refused", owner.Address.String(), owner, values)
}

// Named tells somebody who was named: one who is new gets the username by e-mail and the password by text, never both by one (Rules 5); one who has an
// account is asked in it.
func (n told) Named(tx *db.Tx, i registration.Invitation) error {
	as, by := "a reader", i.By
	if i.Owner {
		as = "the owner"
	}
	if by == "" {
		by = "Somebody"
	}
	values := map[string]string{"premises": shownName(i.Premises), "who": by, "as": as, "link": n.page("/not-me/" + string(i.NotMe)), "portal": n.page("/mailboxes")}
	if !i.New {
		return n.sendUntil(tx, i.Until, "registration.named", i.Account.Address.String(), i.Account, values)
	}
	values["username"], values["portal"] = i.Account.Address.String(), n.page("/activate")
	if err := n.sendUntil(tx, i.Until, "registration.invited", i.Email, i.Account, values); err != nil {
		return err
	}
	activation.InvitedIn(tx, i.Account.No, n.h.clock.Now())
	return n.TemporaryPassword(tx, i.Account, i.Mobile, i.Password, n.h.conf.Policy.Activation.TempPassword)
}
