package portal

import (
	"net/http"
	"slices"
	"strconv"

	"haven/face/portal/page"
	"haven/people/account"
	requests "haven/people/request"
	"haven/platform/errs"
)

const mostAsked = 20 // of a person's newest requests, among which the open ones are

// asked are the person's own open requests.
func (q *request) asked() (open map[requests.Kind]requests.Request, err error) {
	all, err := q.s.o.Requests.Of(q.ctx(), q.ses.Person.No, mostAsked)
	open = map[requests.Kind]requests.Request{}
	for _, r := range all {
		if r.State == requests.Open {
			open[r.Kind] = r
		}
	}
	return open, err
}

// newWish is the page of a request: the form, or the request that is open.
func (q *request) newWish(k requests.Kind) (v page.Wish, open bool, err error) {
	asked, err := q.asked()
	if err != nil {
		return v, false, err
	}
	v = page.Wish{Job: k == requests.Job, What: k.String()}
	r, open := asked[k]
	if open {
		v.ID, v.New, v.Made, v.Decides = strconv.FormatInt(r.ID, 10), r.Says(), day(r.Made), decides(r)
	}
	return v, open, nil
}

// decides says who decides a request.
func decides(r requests.Request) string {
	if r.Desk {
		return "the helpdesk"
	}
	return "an owner of the mailbox where you work"
}

func namePage(q *request) error {
	p, err := q.s.o.Profiles.Of(q.ctx(), q.ses.Person.No)
	if err != nil {
		return err
	}
	return q.showWish(http.StatusOK, requests.Wish{Kind: requests.Name, Name: account.NewName{First: p.First, Last: p.Last}})
}

func jobPage(q *request) error {
	p, err := q.s.o.Profiles.Of(q.ctx(), q.ses.Person.No)
	if err != nil {
		return err
	}
	return q.showWish(http.StatusOK, requests.Wish{Kind: requests.Job, Job: p.Job})
}

func (q *request) showWish(code int, w requests.Wish, problems ...page.Problem) error {
	v, open, err := q.newWish(w.Kind)
	if err != nil {
		return err
	}
	q.frame.Title, q.frame.Back = "Your "+v.What, "/account"
	if open {
		return q.show(http.StatusOK, page.WishAskedPage(q.frame, v))
	}
	q.frame.Errors = problems
	v.First, v.Last, v.Spelled, v.JobTitle = w.Name.First, w.Name.Last, w.Name.Spelled, w.Job
	return q.show(code, page.WishPage(q.frame, v))
}

func askName(q *request) error {
	w := requests.Wish{Kind: requests.Name, Name: account.NewName{First: q.value("first"), Last: q.value("last"), Spelled: q.value("spelled")}}
	_, field, v := account.CheckName(w.Name, q.s.o.Policy)
	if !v.Allowed {
		return q.showWish(http.StatusUnprocessableEntity, w, page.Problem{Field: field, Say: v.Reason})
	}
	return q.ask(w, "first")
}

func askJob(q *request) error {
	return q.ask(requests.Wish{Kind: requests.Job, Job: q.value("job")}, "job")
}

// ask makes a request, and shows that it waits.
func (q *request) ask(w requests.Wish, field string) error {
	_, err := q.s.o.Requests.Make(q.ctx(), q.actor(), w)
	if errs.Is(err, errs.Conflict) { // sent twice: the page shows what is open
		return q.showWish(http.StatusOK, w)
	}
	if say, ok := sayOf(err); ok {
		return q.showWish(http.StatusUnprocessableEntity, w, page.Problem{Field: field, Say: say})
	}
	if err != nil {
		return err
	}
	q.s.o.Notices.Nudge()
	return q.showWish(http.StatusOK, w)
}

func withdraw(q *request) error {
	id, err := strconv.ParseInt(q.value("id"), 10, 64)
	if err != nil {
		return errs.E(errs.NotFound, "")
	}
	if err := q.s.o.Requests.Withdraw(q.ctx(), q.actor(), id); err != nil {
		return err
	}
	q.frame.Done = "Your request is taken back."
	return accountPage(q)
}

// deciders are those who decide requests on a page of theirs.
type deciders struct {
	path, title, back string
	list              func(q *request) ([]requests.Request, error)
	decide            func(q *request, id int64, a requests.Answer) (requests.Request, error)
}

// forOwners are the requests of colleagues, forDesk those that no owner can decide, or did in time.
var (
	forOwners = deciders{"/requests", "Requests of your colleagues", home,
		func(q *request) ([]requests.Request, error) { return q.s.o.Requests.For(q.ctx(), q.ses.Person.No) },
		func(q *request, id int64, a requests.Answer) (requests.Request, error) {
			return q.s.o.Requests.Decide(q.ctx(), q.actor(), id, a)
		}}
	forDesk = deciders{"/operator/requests", "Requests", operatorHome, deskRequests,
		func(q *request, id int64, a requests.Answer) (requests.Request, error) {
			return q.s.o.Requests.DecideForDesk(q.ctx(), q.actor(), id, a)
		}}
)

// deskRequests are those that wait for an operator; nobody decides the own one.
func deskRequests(q *request) ([]requests.Request, error) {
	all, err := q.s.o.Requests.ForDesk(q.ctx(), mostWaiting)
	return slices.DeleteFunc(all, func(r requests.Request) bool { return r.Person.No == q.ses.Person.No }), err
}

// requestsPage lists what waits.
func requestsPage(d deciders) func(*request) error {
	return func(q *request) error { return q.showRequests(d) }
}

func (q *request) showRequests(d deciders) error {
	all, err := d.list(q)
	if err != nil {
		return err
	}
	var rows []page.Row
	for _, r := range all {
		rows = append(rows, page.Row{Key: r.Person.Display, Value: "Asks for another " + r.Kind.String() + ": " + r.Says(), Change: d.path + "/" + strconv.FormatInt(r.ID, 10), Verb: "Decide", What: "about the " + r.Kind.String() + " of " + r.Person.Display})
	}
	q.frame.Title, q.frame.Back = d.title, d.back
	return q.show(http.StatusOK, page.RequestsPage(q.frame, rows))
}

// waiting is the request that the address names, if it waits for whoever is logged in.
func (q *request) waiting(d deciders) (requests.Request, error) {
	all, err := d.list(q)
	if err != nil {
		return requests.Request{}, err
	}
	for _, r := range all {
		if strconv.FormatInt(r.ID, 10) == q.r.PathValue("id") {
			return r, nil
		}
	}
	return requests.Request{}, errs.E(errs.NotFound, "There is no such request, or somebody has decided it.")
}

func requestPage(d deciders) func(*request) error {
	return func(q *request) error {
		r, err := q.waiting(d)
		if err != nil {
			return err
		}
		return q.showRequest(http.StatusOK, d, r, "", "")
	}
}

func (q *request) showRequest(code int, d deciders, r requests.Request, answer, reason string, problems ...page.Problem) error {
	v := page.Deciding{Path: d.path + "/" + strconv.FormatInt(r.ID, 10), Who: r.Person.Display, What: r.Kind.String(), Answer: answer, Reason: reason, Renames: r.Kind == requests.Name}
	v.Rows = []page.Row{{Key: "Who asks", Value: r.Person.Display + ", " + r.Person.Address.String()}, {Key: "Now", Value: orNone(r.Was)}, {Key: "To be", Value: r.Says()}, {Key: "Asked on", Value: day(r.Made)}}
	q.frame.Title, q.frame.Errors, q.frame.Back = "A request of "+r.Person.Display, problems, d.path
	return q.show(code, page.RequestPage(q.frame, v))
}

// decideRequest accepts or refuses.
func decideRequest(d deciders) func(*request) error {
	return func(q *request) error {
		r, err := q.waiting(d)
		if err != nil {
			return err
		}
		answer, reason, field := q.value("answer"), q.value("reason"), "answer"
		if answer != "yes" && answer != "no" {
			return q.showRequest(http.StatusUnprocessableEntity, d, r, answer, reason, page.Problem{Field: field, Say: "Say whether you accept it"})
		}
		if answer == "no" {
			field = "reason"
		}
		done, err := d.decide(q, r.ID, requests.Answer{Accept: answer == "yes", Reason: reason})
		if say, ok := sayOf(err); ok {
			return q.showRequest(http.StatusUnprocessableEntity, d, r, answer, reason, page.Problem{Field: field, Say: say})
		}
		if err != nil {
			return err
		}
		q.s.o.Notices.Nudge()
		q.frame.Done = "The request of " + done.Person.Display + " is " + done.State.String() + "."
		return q.showRequests(d)
	}
}
