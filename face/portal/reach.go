package portal

import (
	"net/http"

	"haven/face/portal/page"
	"haven/people/account"
	"haven/people/sharedmailbox"
	"haven/platform/errs"
	"haven/platform/notify"
)

// notActivated is what an owner may know of somebody who has not activated the account yet: how far the notices came, and whether they can be sent again here.
func (q *request) notActivated(o sharedmailbox.Opened, m sharedmailbox.Membership) (w *page.Waiting, err error) {
	if m.Person.State != account.Invited {
		return nil, nil
	}
	w = &page.Waiting{}
	if w.May, err = q.s.o.Registration.InvitedHere(q.ctx(), o.Account.No, m.Person); err != nil {
		return nil, err
	}
	all, err := q.s.o.Notices.About(q.ctx(), m.Person.ID, noticesAbout)
	for _, n := range all {
		if len(w.Sent) < shownNotices && (n.Channel == notify.Text || n.Channel == notify.Email) {
			w.Sent = append(w.Sent, page.SentNotice{At: moment(n.At), What: n.What, To: n.To, State: stateTags[n.State].say, Colour: stateTags[n.State].colour, Next: nextStep(n, w.May)})
		}
	}
	return w, err
}

// nextStep is what an owner does about a notice that does not arrive; may: the owner can have the password sent again, and correct where to.
func nextStep(n notify.Notice, may bool) string {
	switch {
	case n.State != notify.Failed && n.State != notify.Lapsed:
		return ""
	case !may:
		return "Ask the helpdesk to send it again."
	case n.Channel == notify.Text:
		return "Send the temporary password again. If the mobile number is wrong, correct it instead."
	}
	return "Send the username too. If the e-mail address is wrong, correct it instead."
}

// The newest notices about somebody, of which the page shows a few.
const (
	noticesAbout = 20
	shownNotices = 4
)

// invited is a member whose first password this owner may have sent again.
func (q *request) invited() (o sharedmailbox.Opened, m sharedmailbox.Membership, err error) {
	if o, m, err = q.membership(); err != nil {
		return o, m, err
	}
	may, err := q.s.o.Registration.InvitedHere(q.ctx(), o.Account.No, m.Person)
	if err == nil && !may {
		err = errs.E(errs.NotFound, "")
	}
	return o, m, err
}

func inviteAgain(q *request) error {
	o, m, err := q.invited()
	if err != nil {
		return err
	}
	if asked, err := q.recently(mailboxPath(o) + "/member/" + m.Person.ID.String()); asked || err != nil {
		return err
	}
	both := q.value("send") == "both"
	err = q.s.o.Registration.Resend(q.ctx(), q.actor(), o.Account.No, m.Person.No, both)
	if say, ok := sayOf(err); ok {
		return q.showMember(http.StatusUnprocessableEntity, o, m, page.Problem{Say: say})
	}
	if err != nil {
		return err
	}
	q.s.o.Notices.Nudge()
	q.frame.Done = "A new temporary password is on its way to " + m.Person.Display + ". The one before opens nothing any more."
	if both {
		q.frame.Done = "The username and a new temporary password are on their way to " + m.Person.Display + ". The password before opens nothing any more."
	}
	return q.showMember(http.StatusOK, o, m)
}

func reachPage(q *request) error {
	o, m, err := q.invited()
	if err != nil {
		return err
	}
	return q.showReach(http.StatusOK, o, m, page.Reach{})
}

func (q *request) showReach(code int, o sharedmailbox.Opened, m sharedmailbox.Membership, v page.Reach, problems ...page.Problem) error {
	v.Path, v.Name = mailboxPath(o)+"/member/"+m.Person.ID.String(), m.Person.Display
	q.frame.Title, q.frame.Errors, q.frame.Back = "What is wrong?", problems, v.Path
	return q.show(code, page.ReachPage(q.frame, v))
}

func (q *request) showReachValue(code int, o sharedmailbox.Opened, m sharedmailbox.Membership, v page.Reach, problems ...page.Problem) error {
	v.Path, v.Name = mailboxPath(o)+"/member/"+m.Person.ID.String(), m.Person.Display
	q.frame.Title, q.frame.Errors, q.frame.Back = "The right one", problems, v.Path+"/reach"
	return q.show(code, page.ReachValuePage(q.frame, v))
}

// correctReach asks one thing after the other, shows the answer, then replaces a mobile or e-mail that was wrong, and sends everything again.
func correctReach(q *request) error {
	o, m, err := q.invited()
	if err != nil {
		return err
	}
	v := page.Reach{What: q.value("what"), Value: q.value("value")}
	kind, ok := map[string]account.ContactKind{"mobile": account.Mobile, "email": account.PersonalEmail}[v.What]
	if !ok {
		return q.showReach(http.StatusUnprocessableEntity, o, m, v, page.Problem{Field: "what", Say: "Say what is wrong"})
	}
	if !q.r.PostForm.Has("value") || q.value("back") != "" {
		return q.showReachValue(http.StatusOK, o, m, v)
	}
	if v.Value == "" {
		return q.showReachValue(http.StatusUnprocessableEntity, o, m, v, page.Problem{Field: "value", Say: "Enter the right one"})
	}
	value, verdict := q.s.o.Registration.CheckReach(kind, v.Value)
	if !verdict.Allowed {
		return q.showReachValue(http.StatusUnprocessableEntity, o, m, v, page.Problem{Field: "value", Say: verdict.Reason})
	}
	if q.value("sure") != "yes" {
		v.Path, v.Name, v.Value = mailboxPath(o)+"/member/"+m.Person.ID.String(), m.Person.Display, value
		q.frame.Title, q.frame.Back = "Check your answers", v.Path+"/reach"
		return q.show(http.StatusOK, page.ReachCheckPage(q.frame, v))
	}
	if asked, err := q.recently(mailboxPath(o) + "/member/" + m.Person.ID.String() + "/reach"); asked || err != nil {
		return err
	}
	err = q.s.o.Registration.Correct(q.ctx(), q.actor(), o.Account.No, m.Person.No, kind, v.Value)
	if say, ok := sayOf(err); ok {
		return q.showReachValue(http.StatusUnprocessableEntity, o, m, v, page.Problem{Field: "value", Say: say})
	}
	if err != nil {
		return err
	}
	q.s.o.Notices.Nudge()
	q.frame.Done = "It is corrected. Username and a new temporary password are on their way to " + m.Person.Display + "."
	return q.showMember(http.StatusOK, o, m)
}
