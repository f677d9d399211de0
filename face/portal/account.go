package portal

import (
	"net/http"
	"strconv"

	"haven/face/portal/page"
	"haven/people/session"
	"haven/platform/errs"
)

func passwordPage(q *request) error { return q.showPassword(http.StatusOK) }

func (q *request) showPassword(code int, problems ...page.Problem) error {
	q.frame.Title, q.frame.Errors = "Choose a new password", problems
	if !q.ses.Changes {
		q.frame.Back = "/account"
	}
	p := q.s.o.Policy.Password
	return q.show(code, page.PasswordPage(q.frame, page.NewPassword{Must: q.ses.Changes, Least: p.MinLength, History: p.History}))
}

// changePassword takes a new password from whoever knows the present one. Every other browser and mail program that used the old one is logged
// out; this one stays.
func changePassword(q *request) error {
	old, now, again := q.r.PostFormValue("password"), q.r.PostFormValue("new"), q.r.PostFormValue("again")
	problems := newPasswordProblems(now, again)
	if old == "" {
		problems = append([]page.Problem{{Field: "password", Say: "Enter the password that you have now"}}, problems...)
	}
	if len(problems) > 0 {
		return q.showPassword(http.StatusUnprocessableEntity, problems...)
	}
	_, err := q.authenticate(q.ses.Person.Address.String(), old)
	if say, wrong := wrongPassword(err); wrong {
		return q.showPassword(http.StatusUnprocessableEntity, page.Problem{Field: "password", Say: say})
	}
	if err != nil {
		return err
	}
	problem, err := q.setPassword(now)
	if err != nil {
		return err
	}
	if problem != "" {
		return q.showPassword(http.StatusUnprocessableEntity, page.Problem{Field: "new", Say: problem})
	}
	q.frame.Title = "Your password is changed"
	return q.show(http.StatusOK, page.PasswordDonePage(q.frame))
}

func sessionsPage(q *request) error {
	all, err := q.s.o.Sessions.Of(q.ctx(), q.ses.Person.No)
	if err != nil {
		return err
	}
	var rows []page.Browser
	for _, s := range all {
		rows = append(rows, browserOf(s, s.ID == q.ses.ID))
	}
	q.frame.Title, q.frame.Back = "Where you are logged in", "/account"
	return q.show(http.StatusOK, page.SessionsPage(q.frame, rows))
}

func browserOf(s session.Session, here bool) page.Browser {
	computer := "your own device"
	if s.Shared {
		computer = "a shared computer"
	}
	return page.Browser{ID: strconv.FormatInt(s.ID, 10), Here: here, Locked: s.Locked, Program: AgentInWords(s.Program), Place: s.Place, Computer: computer,
		Since: s.Created.Format("2 January 2006 15:04"), Seen: s.Seen.Format("2 January 2006 15:04")}
}

func endSession(q *request) error {
	id, err := strconv.ParseInt(q.value("id"), 10, 64)
	if err != nil {
		return errs.E(errs.NotFound, "")
	}
	if err := q.s.o.Sessions.Revoke(q.ctx(), q.actor(), q.ses.Person, id); err != nil {
		return err
	}
	return q.redirect("/account/sessions")
}

func endOthers(q *request) error {
	if err := q.s.o.Sessions.RevokeOthers(q.ctx(), q.actor(), q.ses.Person, q.token); err != nil {
		return err
	}
	return q.redirect("/account/sessions")
}
