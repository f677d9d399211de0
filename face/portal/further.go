package portal

import (
	"errors"
	"net/http"

	"haven/face/portal/page"
	"haven/people/registration"
	"haven/people/sharedmailbox"
	"haven/platform/errs"
)

// furtherPage asks for a colleague who has no account.
func furtherPage(q *request) error {
	o, err := q.owned()
	if err != nil {
		return err
	}
	return q.showFurther(http.StatusOK, o, page.Further{})
}

func (q *request) showFurther(code int, o sharedmailbox.Opened, v page.Further, problems ...page.Problem) error {
	org, err := q.s.o.Shared.Organisation(q.ctx(), o.Account.No)
	if err != nil {
		return err
	}
	if v.Left, err = q.s.o.Registration.Left(q.ctx(), org); err != nil {
		return err
	}
	v.Path, v.Mailbox = mailboxPath(o)+"/add/ask", o.Account.Display
	q.frame.Title, q.frame.Errors, q.frame.Back = "My colleague has no account", problems, mailboxPath(o)+"/add"
	return q.show(code, page.FurtherPage(q.frame, v))
}

// askFurther makes the account where the premises has one left, and asks the local team otherwise.
func askFurther(q *request) error {
	o, err := q.owned()
	if err != nil {
		return err
	}
	v := page.Further{First: q.value("first"), Last: q.value("last"), Spelled: q.value("spelled"), Email: q.value("email"), Mobile: q.value("mobile"), Reason: q.value("reason")}
	p := registration.Person{First: v.First, Last: v.Last, Spelled: v.Spelled, Email: v.Email, Mobile: v.Mobile}
	if _, faults := registration.CheckPeople([]registration.Person{p}, q.s.o.Policy); len(faults) > 0 {
		var problems []page.Problem
		for _, f := range faults {
			v.Spell = v.Spell || f.Field == "spelled"
			problems = append(problems, page.Problem{Field: f.Field, Say: f.Verdict.Reason})
		}
		return q.showFurther(http.StatusUnprocessableEntity, o, v, problems...)
	}
	if asked, err := q.recently(mailboxPath(o) + "/add/ask"); asked || err != nil {
		return err
	}
	made, err := q.s.o.Registration.Further(q.ctx(), q.actor(), o.Account.No, p, v.Reason)
	if e := (*errs.Error)(nil); errors.As(err, &e) && e.Say != "" && (e.Kind == errs.Invalid || e.Kind == errs.Denied) {
		return q.showFurther(http.StatusUnprocessableEntity, o, v, page.Problem{Field: "reason", Say: e.Say})
	}
	if err != nil {
		return err
	}
	q.s.o.Notices.Nudge()
	if !made {
		q.frame.Title = "Your local team has been asked"
		return q.show(http.StatusOK, page.AskedPage(q.frame, mailboxPath(o), "An account for "+p.Name()))
	}
	q.frame.Title = "We have written to " + p.Name()
	return q.show(http.StatusOK, page.FurtherDonePage(q.frame, mailboxPath(o), p.Name()))
}
