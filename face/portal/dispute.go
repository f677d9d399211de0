package portal

import (
	"net/http"
	"strconv"

	"haven/face/portal/page"
	"haven/people/leaver"
	"haven/people/organisation"
	"haven/platform/errs"
)

func disputePath(id organisation.ID) string {
	return "/account/posts/" + strconv.FormatInt(int64(id), 10) + "/dispute"
}

// ending is a post of the person's that somebody else has ended, and about which the person has not said anything yet.
func (q *request) ending() (e leaver.Ended, err error) {
	all, err := q.s.o.Leavers.Endings(q.ctx(), q.ses.Person.No)
	for _, e := range all {
		if strconv.FormatInt(int64(e.Place.ID), 10) == q.r.PathValue("org") && e.Disputed.IsZero() {
			return e, nil
		}
	}
	if err == nil {
		err = errs.E(errs.NotFound, "")
	}
	return e, err
}

func disputePage(q *request) error {
	e, err := q.ending()
	if err != nil {
		return err
	}
	return q.showDispute(http.StatusOK, e, "")
}

func (q *request) showDispute(code int, e leaver.Ended, reason string, problems ...page.Problem) error {
	q.frame.Title, q.frame.Errors, q.frame.Back = "Your post should not have ended", problems, "/account"
	return q.show(code, page.DisputePage(q.frame, page.Dispute{Path: disputePath(e.Place.ID), Place: placeName(e.Place), At: moment(e.At), Reason: reason}))
}

// dispute tells the owners and the helpdesk; who has access stays theirs to say.
func dispute(q *request) error {
	e, err := q.ending()
	if err != nil {
		return err
	}
	reason := q.value("reason")
	err = q.s.o.Leavers.Dispute(q.ctx(), q.actor(), q.ses.Person.No, e.Place.ID, reason)
	if say, ok := sayOf(err); ok {
		return q.showDispute(http.StatusUnprocessableEntity, e, reason, page.Problem{Field: "reason", Say: say})
	}
	if err != nil {
		return err
	}
	q.frame.Done = "The owners at " + placeName(e.Place) + " and the helpdesk know that you say so."
	return accountPage(q)
}
