package portal

import (
	"net/http"
	"slices"
	"strconv"

	"haven"
	"haven/face/portal/page"
	"haven/people/review"
	"haven/people/sharedmailbox"
	"haven/platform/errs"
)

// reviewOf is who has access to a mailbox, as its owner looks at it. The directory says what somebody does and where, and nothing of whom it does not show.
func (q *request) reviewOf(o sharedmailbox.Opened) (v page.Review, people []review.Person, err error) {
	v = page.Review{Path: mailboxPath(o) + "/review", Back: mailboxPath(o), Mailbox: o.Account.Display, Every: page.Span(q.s.o.Policy.Shared.ReviewEvery)}
	if people, err = q.s.o.Review.People(q.ctx(), q.ses.Person.No, o.Account.No); err != nil {
		return v, nil, err
	}
	st, err := q.s.o.Review.Of(q.ctx(), o.Account.No)
	if err != nil {
		return v, nil, err
	}
	for _, s := range st {
		if !s.Last.IsZero() {
			v.Last = day(s.Last)
		}
	}
	var numbers []haven.AccountNo
	for _, p := range people {
		numbers = append(numbers, p.Person.No)
	}
	shown, err := q.s.o.Directory.Shown(q.ctx(), q.actor(), numbers)
	if err != nil {
		return v, nil, err
	}
	for _, p := range people {
		m := q.member(p.Membership, o)
		row := page.Reviewed{ID: p.Person.ID.String(), Name: m.Name, Address: m.Address, Rights: m.Rights, State: m.State, You: m.You, Used: "Never logged in"}
		row.Job, row.Places = workOf(shown[p.Person.No])
		if !p.Used.IsZero() {
			row.Used = "Last logged in on " + day(p.Used)
		}
		row.Ends = slices.Contains(q.r.PostForm["end"], row.ID)
		v.People = append(v.People, row)
	}
	return v, people, nil
}

func reviewPage(q *request) error {
	o, err := q.owned()
	if err != nil {
		return err
	}
	v, _, err := q.reviewOf(o)
	if err != nil {
		return err
	}
	return q.showReview(http.StatusOK, v)
}

func (q *request) showReview(code int, v page.Review, problems ...page.Problem) error {
	q.frame.Title, q.frame.Errors, q.frame.Back = "Check who has access", problems, v.Back
	return q.show(code, page.ReviewPage(q.frame, v))
}

// makeReview shows what an owner said, and does it once that is confirmed.
func makeReview(q *request) error {
	o, err := q.owned()
	if err != nil {
		return err
	}
	v, people, err := q.reviewOf(o)
	if err != nil {
		return err
	}
	if q.value("sure") != "yes" {
		q.frame.Title, q.frame.Back = "Check your answers", v.Path
		return q.show(http.StatusOK, page.ReviewCheckPage(q.frame, v))
	}
	in := review.Answer{Mailbox: o.Account.No}
	for _, p := range people {
		id := p.Person.ID.String()
		if slices.Contains(q.r.PostForm["shown"], id) {
			in.Shown = append(in.Shown, p.Person.No)
		}
		if slices.Contains(q.r.PostForm["end"], id) {
			in.Ends = append(in.Ends, p.Person.No)
		}
	}
	done, err := q.s.o.Review.Make(q.ctx(), q.actor(), in)
	if say, ok := sayOf(err); ok && !errs.Is(err, errs.NotFound) {
		return q.showReview(http.StatusUnprocessableEntity, v, page.Problem{Field: "end", Say: say})
	}
	if err != nil {
		return err
	}
	next := ""
	if every := q.s.o.Policy.Shared.ReviewEvery; every > 0 {
		next = day(q.now().Add(every))
	}
	q.frame.Title = "You have checked who has access"
	return q.show(http.StatusOK, page.ReviewDonePage(q.frame, v, strconv.Itoa(done.Kept), strconv.Itoa(done.Ended), next))
}

// reviews are the mailboxes of which the person is an owner and whose review is due.
func (q *request) reviews(opened []sharedmailbox.Opened) (all []page.Link, err error) {
	var owned []haven.AccountNo
	for _, o := range opened {
		if o.Rights.Has(haven.Manage) {
			owned = append(owned, o.Account.No)
		}
	}
	standing, err := q.s.o.Review.Of(q.ctx(), owned...)
	if err != nil {
		return nil, err
	}
	for _, o := range opened {
		if slices.ContainsFunc(standing, func(st review.Standing) bool { return st.Mailbox == o.Account.No && st.IsDue }) {
			all = append(all, page.Link{Href: mailboxPath(o) + "/review", Text: o.Account.Display})
		}
	}
	return all, nil
}

// overdue are the mailboxes whose owners have not looked, for an operator.
func (q *request) overdue() (rows []page.OverdueRow, err error) {
	all, err := q.s.o.Review.Overdue(q.ctx(), mostWaiting)
	for _, o := range all {
		row := page.OverdueRow{Mailbox: o.Mailbox.Display, Address: o.Mailbox.Address.String(), Due: day(o.Due)}
		for _, w := range o.Owners {
			row.Owners = append(row.Owners, w.Display+", "+w.Address.String())
		}
		rows = append(rows, row)
	}
	return rows, err
}
