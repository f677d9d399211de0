package portal

import (
	"net/http"
	"strings"

	"haven"
	"haven/face/portal/page"
	"haven/people/account"
	"haven/people/secondfactor"
)

// What the policy asks of whom: a second factor of owners, or of everybody (Rules 6).

const factorPath = secondStepPath + "/required"

func (q *request) duty() (secondfactor.Duty, error) {
	return q.s.o.SecondFactor.DutyOf(q.ctx(), q.actor(), q.ses.Person)
}

// mayOwn is nil where the person does what only owners do: not without the second factor, once it is required. An action that is refused is recorded.
func (q *request) mayOwn(mailbox haven.AccountID) error {
	d, err := q.duty()
	if err != nil {
		return err
	}
	refusal := d.Refusal()
	if refusal != nil && q.r.Method == http.MethodPost {
		if err := q.s.o.SecondFactor.RefusedOwner(q.ctx(), q.actor(), mailbox); err != nil {
			return err
		}
	}
	return refusal
}

// mayEnter is mayOwn for every page, where a second factor is required of everybody. What sets one up stays open.
func (q *request) mayEnter() error {
	_, path, _ := strings.Cut(q.route.pattern, " ")
	if !q.s.o.Policy.SecondFactor.Staff || q.route.who == changing || path == "/prove" || strings.HasPrefix(path, secondStepPath) {
		return nil
	}
	d, err := q.duty()
	if err != nil {
		return err
	}
	return d.Refusal()
}

// afterLogIn is where a log in without a second factor leads: to its set-up, where that is required by now.
func (q *request) afterLogIn(actor haven.Actor, who account.Account, next string) (string, error) {
	d, err := q.s.o.SecondFactor.DutyOf(q.ctx(), actor, who)
	if err != nil || d.Verdict.Allowed {
		return next, err
	}
	return page.WithNext(factorPath, next), nil
}

// factorPage says why a second step is needed, and leads to it and back.
func factorPage(q *request) error {
	d, err := q.duty()
	if err != nil {
		return err
	}
	if d.Due.IsZero() {
		return q.redirect(q.next(home))
	}
	return q.showFactor(http.StatusOK, d, q.next(home))
}

// turnedBack is the page for whoever can't go on without a second step; what was typed is kept, and the way leads back to it.
func (q *request) turnedBack() error {
	d, err := q.duty()
	if err != nil {
		return err
	}
	back, err := q.keepForm(q.ses.Person, q.here())
	if err != nil {
		return err
	}
	return q.showFactor(http.StatusForbidden, d, back)
}

func (q *request) showFactor(code int, d secondfactor.Duty, back string) error {
	v := page.Factor{Owner: d.Owner, SetUp: page.WithNext(secondStepPath, back)}
	if d.Verdict.Allowed {
		v.Due = day(d.Due)
	} else {
		v.Rule = string(d.Verdict.Rule)
	}
	if !q.s.o.Policy.SecondFactor.Staff || d.Verdict.Allowed {
		v.Later = home
	}
	q.frame.Title = "Set up your second step"
	return q.show(code, page.FactorPage(q.frame, v))
}
