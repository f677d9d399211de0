package portal

import (
	"fmt"
	"net/http"
	"strconv"
	"time"

	"haven"
	"haven/face/portal/page"
	"haven/people/account"
	"haven/people/helpdesk"
	"haven/people/texts"
	"haven/platform/errs"
)

// mailboxes is the start page of whoever is logged in.
func mailboxes(q *request) error {
	opened, err := q.s.o.Shared.For(q.ctx(), q.ses.Person.No)
	if err != nil {
		return err
	}
	standing, err := q.s.o.Accounts.Standing(q.ctx(), q.ses.Person.No)
	if err != nil {
		return err
	}
	h := page.Home{Own: page.Mailbox{Name: q.ses.Person.Display, Address: q.ses.Person.Address.String(), Rights: "Yours alone", Mail: mailOf(q.ses.Person)}}
	for _, o := range opened {
		h.Shared = append(h.Shared, page.Mailbox{Name: o.Account.Display, Address: o.Account.Address.String(), Rights: rightsInWords(o.Rights), Href: mailboxPath(o), Mail: mailOf(o.Account), Until: lastDay(o.Until)})
	}
	if !standing.Expires.IsZero() && standing.Expires.Sub(q.now()) < q.s.o.Policy.Password.FirstReminder() {
		h.Notices = append(h.Notices, "Your password expires on "+standing.Expires.Format("2 January 2006")+". Change it before then under My account.")
	}
	waiting, err := q.s.o.Requests.For(q.ctx(), q.ses.Person.No)
	if err != nil {
		return err
	}
	h.Requests = len(waiting)
	duty, err := q.duty()
	if err != nil {
		return err
	}
	if !duty.Due.IsZero() {
		h.FactorDue, h.FactorPast = day(duty.Due), !duty.Verdict.Allowed
	}
	if !q.policyDue.IsZero() {
		h.PolicyDue = day(q.policyDue)
	}
	if err := q.named(&h); err != nil {
		return err
	}
	if h.Reviews, err = q.reviews(opened); err != nil {
		return err
	}
	if h.Limited, err = q.limited(); err != nil {
		return err
	}
	if h.Limited != nil {
		h.Own.Rights, h.Own.Mail = "Does not open at the moment", ""
	}
	h.Status = q.banners()
	q.frame.Title = "My mailboxes"
	return q.show(http.StatusOK, page.HomePage(q.frame, h))
}

// named adds the premises at which somebody named the person.
func (q *request) named(h *page.Home) error {
	all, err := q.s.o.Registration.NamedFor(q.ctx(), q.ses.Person.No)
	for _, n := range all {
		as := "a reader"
		if n.Owner() {
			as = "the owner"
		}
		h.Named = append(h.Named, page.Naming{Ref: string(n.Ref), Place: strconv.Itoa(n.Place), Premises: n.Premises.Name + ", " + n.Premises.Place, By: n.By, As: as})
	}
	return err
}

// mailOf is where the web client shows a mailbox.
func mailOf(a account.Account) string { return "/mail/" + clientPrefix + a.ID.String() }

// rightsInWords says what a person may do in a mailbox.
func rightsInWords(r haven.Rights) string {
	switch {
	case r.Has(haven.Manage):
		return "You are an owner: you read, answer, and say who has access"
	case r.Has(haven.Read | haven.Write | haven.SendAs):
		return "You read and answer"
	case r.Has(haven.Read | haven.Write):
		return "You read and file, and don't answer as the mailbox"
	}
	return "You read"
}

// desk says whether the helpdesk is open, and what to do meanwhile (Rules 9).
func (s *Server) desk(now time.Time) string {
	open, changes := helpdesk.Hours(now)
	if open {
		return "The pharmacy helpdesk is open until " + changes.Format("15:04") + "."
	}
	day := changes.Format("Monday 2 January")
	if y, m, d := now.In(changes.Location()).AddDate(0, 0, 1).Date(); changes.Year() == y && changes.Month() == m && changes.Day() == d {
		day = "tomorrow"
	}
	if y, m, d := now.In(changes.Location()).Date(); changes.Year() == y && changes.Month() == m && changes.Day() == d {
		day = "today"
	}
	return fmt.Sprintf("The pharmacy helpdesk opens %s at %s. The national helpdesk resets passwords and unlocks accounts meanwhile.", day, changes.Format("15:04"))
}

// help is the one place for help: the desks' hours now, and the operator's words.
func help(q *request) error { return q.showText(texts.Help) }

// showText is a page whose words the operator writes.
func (q *request) showText(n texts.Name) error {
	t := q.s.o.Texts.Shown(q.ctx(), n)
	v := page.Words{Title: n.Title(), Body: texts.Parse(t.Body), Version: versionLine(t.Version, t.At), Desk: n == texts.Help}
	q.frame.Title, q.frame.Back = v.Title, "/"
	return q.show(http.StatusOK, page.TextPage(q.frame, v))
}

// versionLine says how old a text is; "" of the one that ships.
func versionLine(version int, at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return "Version " + strconv.Itoa(version) + ", " + day(at)
}

// about is a page about the service; the rules of use are those that people accept.
func about(q *request) error {
	switch n := texts.Name(q.r.PathValue("text")); n {
	case texts.Training, texts.Privacy, texts.Accessibility, texts.Cookies:
		return q.showText(n)
	case rulesOfUse:
		p, err := q.s.o.Activation.Current(q.ctx())
		if err != nil {
			return err
		}
		v := page.Words{Title: rulesTitle, Body: texts.Parse(p.Text), Version: versionLine(p.Version, p.Since)}
		if p.Holds.After(q.now()) {
			v.Version += ". They hold from " + day(p.Holds)
		}
		q.frame.Title, q.frame.Back = v.Title, "/"
		return q.show(http.StatusOK, page.TextPage(q.frame, v))
	}
	return errs.E(errs.NotFound, "")
}
