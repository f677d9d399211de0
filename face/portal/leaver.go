package portal

import (
	"errors"
	"net/http"
	"strconv"

	"haven"
	"haven/face/portal/page"
	"haven/people/account"
	"haven/people/leaver"
	"haven/people/organisation"
	"haven/people/sharedmailbox"
	"haven/platform/errs"
)

// whyFew are the reasons for which a mailbox may be left with too few people.
var whyFew = []page.Choice{
	{Value: string(leaver.Soon), Label: "Somebody comes soon"},
	{Value: string(leaver.NoneYet), Label: "Nobody else works there"},
	{Value: string(leaver.Closing), Label: "The place closes"},
}

// leavingOf is who leaves where, by the address of the page, as whoever is logged in may know it.
type leavingOf func(q *request) (leaver.Leaving, page.Leaving, error)

// ownLeaving is of the person who is logged in.
func ownLeaving(q *request) (l leaver.Leaving, v page.Leaving, err error) {
	id, err := strconv.ParseInt(q.r.PathValue("org"), 10, 64)
	if err != nil {
		return l, v, errs.E(errs.NotFound, "")
	}
	l, err = q.s.o.Leavers.Plan(q.ctx(), q.actor(), q.ses.Person.No, organisation.ID(id))
	return l, page.Leaving{Path: "/account/posts/" + strconv.FormatInt(id, 10) + "/leave", Back: "/account", Own: true}, err
}

// memberLeaving is of a member of a mailbox, for its owners.
func memberLeaving(q *request) (l leaver.Leaving, v page.Leaving, err error) {
	o, m, err := q.membership()
	if err != nil {
		return l, v, err
	}
	at, err := q.s.o.Shared.Organisation(q.ctx(), o.Account.No)
	if err != nil {
		return l, v, err
	}
	member := mailboxPath(o) + "/member/" + m.Person.ID.String()
	l, err = q.s.o.Leavers.Plan(q.ctx(), q.actor(), m.Person.No, at)
	return l, page.Leaving{Path: member + "/left", Back: member}, err
}

func leavingPage(of leavingOf) func(*request) error {
	return func(q *request) error {
		l, v, err := of(q)
		if err != nil {
			return err
		}
		if asked, err := q.recently(v.Path); asked || err != nil {
			return err
		}
		return q.showLeaving(http.StatusOK, l, v)
	}
}

func (q *request) showLeaving(code int, l leaver.Leaving, v page.Leaving, problems ...page.Problem) error {
	v.Who, v.Place, v.Last, v.Reasons, v.Reason = l.Person.Display, placeName(l.Place), l.Last, whyFew, q.value("reason")
	if l.Last {
		v.Deleted = day(l.Deleted)
	}
	for _, b := range l.Mailboxes {
		m := page.LeftMailbox{Name: b.Mailbox.Display, Field: successorField(b), Sole: b.Sole, Add: "/mailbox/" + b.Mailbox.ID.String() + "/add", Successor: q.value(successorField(b))}
		candidates, err := q.choices(b.Candidates)
		if err != nil {
			return err
		}
		m.Candidates = candidates
		v.Mailboxes = append(v.Mailboxes, m)
		v.Few = v.Few || b.Few
		v.Stuck = v.Stuck || b.Sole && len(b.Candidates) == 0
	}
	if err := q.handedOver(l, &v); err != nil {
		return err
	}
	q.frame.Title, q.frame.Errors, q.frame.Back = "Leave "+v.Place, problems, v.Back
	if !v.Own {
		q.frame.Title = v.Who + " leaves " + v.Place
	}
	return q.show(code, page.LeavingPage(q.frame, v))
}

func successorField(b leaver.Left) string { return "successor-" + b.Mailbox.ID.String() }

// leavePost ends somebody's posts at a place.
func leavePost(of leavingOf) func(*request) error {
	return func(q *request) error {
		l, v, err := of(q)
		if err != nil {
			return err
		}
		if asked, err := q.recently(v.Path); asked || err != nil {
			return err
		}
		a := leaver.Answer{Successors: map[haven.AccountNo]haven.AccountNo{}, Reason: leaver.Reason(q.value("reason"))}
		for _, b := range l.Mailboxes {
			for _, c := range b.Candidates {
				if b.Sole && c.ID.String() == q.value(successorField(b)) {
					a.Successors[b.Mailbox.No] = c.No
				}
			}
		}
		l, err = q.s.o.Leavers.End(q.ctx(), q.actor(), l.Person.No, l.Place.ID, a)
		if say, ok := sayOf(err); ok {
			l, v, again := of(q)
			if again != nil {
				return again
			}
			return q.showLeaving(http.StatusUnprocessableEntity, l, v, page.Problem{Field: fieldAtFault(l, a, err), Say: say})
		}
		if err != nil {
			return err
		}
		q.s.o.Notices.Nudge()
		q.frame.Done = l.Person.Display + " has left " + placeName(l.Place) + "."
		if !v.Own {
			return mailboxPage(q)
		}
		q.frame.Done = "You have left " + placeName(l.Place) + "."
		return accountPage(q)
	}
}

// fieldAtFault is the first question whose answer lacks.
func fieldAtFault(l leaver.Leaving, a leaver.Answer, err error) string {
	for _, b := range l.Mailboxes {
		if b.Sole && a.Successors[b.Mailbox.No] == 0 {
			return successorField(b)
		}
	}
	if e := (*errs.Error)(nil); errors.As(err, &e) && e.Rule == "leaver.continuity" {
		return "reason"
	}
	return ""
}

// worksAt says whether a mailbox belongs to a place of work, and whether a person holds a post there.
func (q *request) worksAt(o sharedmailbox.Opened, who account.Account) (place, works bool, err error) {
	at, err := q.s.o.Shared.Organisation(q.ctx(), o.Account.No)
	if err != nil || at == 0 {
		return false, false, err
	}
	places, err := q.workplaces(who.No)
	for _, w := range places {
		works = works || w.ID == at
	}
	return true, works, err
}
