package portal

import (
	"net/http"

	"haven"
	"haven/face/portal/page"
	"haven/people/account"
	"haven/people/sharedmailbox"
)

func leavePage(q *request) error {
	o, err := q.opened()
	if err != nil {
		return err
	}
	return q.showLeave(http.StatusOK, o)
}

// successors are those who can become the owner of a mailbox whose only owner leaves; sole: the person who is logged in is that.
func (q *request) successors(o sharedmailbox.Opened) (all []account.Account, sole bool, err error) {
	if !o.Rights.Has(haven.Manage) {
		return nil, false, nil
	}
	members, err := q.s.o.Shared.Members(q.ctx(), q.ses.Person.No, o.Account.No)
	var stay []sharedmailbox.Membership
	for _, m := range members {
		if m.Person.No != q.ses.Person.No {
			stay = append(stay, m)
		}
	}
	for _, m := range stay {
		if sharedmailbox.MaySucceed(m, q.now()) {
			all = append(all, m.Person)
		}
	}
	return all, sharedmailbox.LiveOwners(stay, q.now()) < q.s.o.Policy.Shared.MinOwners, err
}

func (q *request) showLeave(code int, o sharedmailbox.Opened, problems ...page.Problem) error {
	all, sole, err := q.successors(o)
	if err != nil {
		return err
	}
	v := page.LeaveView{Path: mailboxPath(o), Name: o.Account.Display, Sole: sole, Successor: q.value("successor")}
	if o.Rights.Has(haven.Write) {
		v.HandOver = []page.Link{{Href: handoverPath(o), Text: o.Account.Display}}
	}
	if v.Candidates, err = q.choices(all); err != nil {
		return err
	}
	q.frame.Title, q.frame.Errors, q.frame.Back = "Leave this mailbox", problems, mailboxPath(o)
	return q.show(code, page.LeavePage(q.frame, v))
}

// leave ends the own access. The only owner names a successor in the same step, and gives the password again, since that gives rights (Rules 6).
func leave(q *request) error {
	o, err := q.opened()
	if err != nil {
		return err
	}
	all, sole, err := q.successors(o)
	if err != nil {
		return err
	}
	to := haven.AccountNo(0)
	for _, a := range all {
		if sole && a.ID.String() == q.value("successor") {
			to = a.No
		}
	}
	if sole && to == 0 && len(all) > 0 {
		return q.showLeave(http.StatusUnprocessableEntity, o, page.Problem{Field: "successor", Say: "Say who becomes the owner. A mailbox keeps at least one."})
	}
	if to != 0 {
		if asked, err := q.recently(mailboxPath(o) + "/leave"); asked || err != nil {
			return err
		}
	}
	err = q.s.o.Shared.Leave(q.ctx(), q.actor(), o.Account.No, to)
	if say, ok := sayOf(err); ok {
		return q.showLeave(http.StatusUnprocessableEntity, o, page.Problem{Say: say})
	}
	if err != nil {
		return err
	}
	q.frame.Done = "You have left " + o.Account.Display + "."
	return mailboxes(q)
}
