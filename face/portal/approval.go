package portal

import (
	"net/http"
	"slices"
	"strings"

	"haven/face/portal/page"
	"haven/people/registration"
)

// approvalPage takes an application for a premises that can't be proven, or says why there is none to make.
func approvalPage(q *request) error { return q.showApproval(http.StatusOK, page.Unproven{}) }

func (q *request) showApproval(code int, v page.Unproven, problems ...page.Problem) error {
	e, err := q.s.o.Registration.Begin(q.ctx(), q.r.PathValue("code"))
	if err != nil {
		return err
	}
	if !registration.MayAskApproval(e.Verdict, 0, 0, q.s.o.Policy.Registration).Allowed {
		return q.showPremises(http.StatusOK, "") // which says why
	}
	v.Premises = premisesOf(e.Premises)
	q.frame.Title, q.frame.Errors, q.frame.Back = "Apply without a passcode", problems, "/register/"+v.Code
	return q.show(code, page.ApprovalPage(q.frame, v))
}

// askApproval shows the answers, and sends them once they are right.
func askApproval(q *request) error {
	v := page.Unproven{Name: q.value("name"), Email: q.value("email"), Number: q.value("gphc"), Why: q.value("why")}
	u, faults := registration.CheckUnproven(registration.Unproven{Name: v.Name, Email: v.Email, Number: v.Number, Why: v.Why}, q.s.o.Policy)
	if len(faults) > 0 {
		var problems []page.Problem
		for _, f := range faults {
			problems = append(problems, page.Problem{Field: f.Field, Say: f.Verdict.Reason})
		}
		return q.showApproval(http.StatusUnprocessableEntity, v, problems...)
	}
	if q.value("back") != "" {
		return q.showApproval(http.StatusOK, v)
	}
	if q.value("sure") == "yes" {
		pass, err := q.s.o.Registration.AskApproval(q.ctx(), q.actor(), q.r.PathValue("code"), u)
		if say, ok := sayOf(err); ok {
			return q.showApproval(http.StatusUnprocessableEntity, v, page.Problem{Say: say})
		}
		if err != nil {
			return err
		}
		q.s.o.Notices.Nudge()
		q.frame.Title = "We have your application"
		return q.show(http.StatusOK, page.ApprovalAskedPage(q.frame, string(pass.Ref), pass.To))
	}
	e, err := q.s.o.Registration.Begin(q.ctx(), q.r.PathValue("code"))
	if err != nil {
		return err
	}
	if !registration.MayAskApproval(e.Verdict, 0, 0, q.s.o.Policy.Registration).Allowed {
		return q.showPremises(http.StatusOK, "")
	}
	v = page.Unproven{Premises: premisesOf(e.Premises), Name: u.Name, Email: u.Email, Number: u.Number, Why: u.Why}
	q.frame.Title, q.frame.Back = "Check your answers", "/register/"+v.Code+"/approval"
	return q.show(http.StatusOK, page.ApprovalCheckPage(q.frame, v))
}

// approvePrefix is how a decision to approve begins; the side follows.
const approvePrefix = "approve-"

// sideNames are whom an approval speaks for, in words.
var sideNames = map[registration.Side]string{registration.HeadOffice: "the head office", registration.LocalTeam: "the local team", registration.Desk: "the desk"}

// approvalWords are what can be done about an application that waits, and what whoever decides has to know.
func (q *request) approvalWords(t registration.Task, w page.TaskWords) (page.TaskWords, []page.Row, error) {
	a, err := q.s.o.Registration.ApprovalOf(q.ctx(), t.Ref)
	if err != nil {
		return w, nil, err
	}
	telephone, mail := a.Telephone, a.Premises.Email
	if telephone == "" {
		telephone = "None in the national list: find it elsewhere, and never ask whoever applied"
	}
	if mail == "" {
		mail = "None"
	}
	rows := []page.Row{{Key: "Telephone", Value: telephone}, {Key: "Who applied", Value: a.Name}, {Key: "E-mail of who applied", Value: a.Email}, {Key: "GPhC number", Value: numberInWords(a.Number, a.Registered)},
		{Key: "Registered e-mail", Value: mail}, {Key: "Why", Value: a.Why}}
	open := a.Open(q.ses.Person.ID)
	w.Do = slices.DeleteFunc(slices.Clone(w.Do), func(c page.Choice) bool {
		side := registration.ParseSide(strings.TrimPrefix(c.Value, approvePrefix))
		return side != 0 && !slices.Contains(open, side)
	})
	for _, g := range a.Given {
		rows = append(rows, page.Row{Key: "Approved", Value: g.By.Display + ", for " + sideNames[g.Side] + ", " + moment(g.At)})
	}
	return w, rows, nil
}

// numberInWords is the GPhC number that was given, beside the registered one, which is shown to nobody who has not got it.
func numberInWords(given, registered string) string {
	switch {
	case given == "" && registered == "":
		return "Not given, and none is registered"
	case given == "":
		return "Not given, though one is registered"
	case registered == "":
		return given + ": none is registered"
	case given == registered:
		return given + ": as registered"
	}
	return given + ": not the registered one"
}

// approve gives an approval, and says what it leaves to be done.
func (q *request) approve(t registration.Task, do string) (say string, err error) {
	done, err := q.s.o.Registration.Approve(q.ctx(), q.actor(), t.Ref, registration.ParseSide(strings.TrimPrefix(do, approvePrefix)))
	if err != nil || !done {
		return "Your approval is written down. Another person has to give the second one.", err
	}
	q.s.o.Notices.Nudge()
	return "Both approvals are there. A passcode is on its way to whoever applied.", nil
}
