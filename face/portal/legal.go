package portal

import (
	"net/http"
	"slices"
	"strings"

	"haven/face/portal/page"
	"haven/people/legal"
	"haven/people/sharedmailbox"
)

var legalKinds = []page.Choice{
	{Value: string(legal.Company), Label: "A company"},
	{Value: string(legal.LLP), Label: "A limited liability partnership"},
	{Value: string(legal.Trader), Label: "One person under a business name"},
	{Value: string(legal.Partnership), Label: "Partners under a business name"},
	{Value: string(legal.OwnNames), Label: "People under their own surnames", Hint: "Nothing but surnames in the name of the business, and initials or first names perhaps."},
}

func legalPage(q *request) error {
	o, err := q.owned()
	if err != nil {
		return err
	}
	return q.showLegal(http.StatusOK, o)
}

func (q *request) showLegal(code int, o sharedmailbox.Opened, problems ...page.Problem) error {
	p, complete, err := q.s.o.Legal.Of(q.ctx(), o.Account.No)
	if err != nil {
		return err
	}
	v := page.LegalView{Path: mailboxPath(o), Mailbox: o.Account.Display, Kind: string(p.Kind), Kinds: legalKinds, Complete: complete}
	if complete {
		v.Footer = legal.Footer(p)
	}
	q.frame.Title, q.frame.Errors, q.frame.Back = "Legal particulars", problems, mailboxPath(o)
	return q.show(code, page.LegalPage(q.frame, v))
}

// particularsPage asks what belongs to the sort of business that was chosen; what is written down of it already stands there.
func particularsPage(q *request) error {
	o, err := q.owned()
	if err != nil {
		return err
	}
	kind := legal.Kind(q.r.URL.Query().Get("kind"))
	p, _, err := q.s.o.Legal.Of(q.ctx(), o.Account.No)
	if err != nil {
		return err
	}
	if kind == "" {
		kind = p.Kind // a form that comes back after a lock
	}
	if !slices.Contains(legal.Kinds, kind) {
		return q.showLegal(http.StatusUnprocessableEntity, o, page.Problem{Field: "kind", Say: "Say what sort of business it is"})
	}
	p.Kind = kind
	return q.showParticulars(http.StatusOK, o, p)
}

func (q *request) showParticulars(code int, o sharedmailbox.Opened, p legal.Particulars, problems ...page.Problem) error {
	v := page.LegalView{Path: mailboxPath(o), Mailbox: o.Account.Display, Kind: string(p.Kind), Name: p.Name, Part: p.Part, Number: p.Number, Office: p.Office,
		Exempt: p.Exempt, Community: p.Community, Investment: p.Investment, PaidUp: p.PaidUp, Names: strings.Join(p.Names, "\n"), Address: p.Address, Principal: p.Principal,
		Many: q.s.o.Policy.Organisation.LegalNames}
	for _, part := range legal.Parts {
		v.Parts = append(v.Parts, page.Choice{Value: part, Label: part})
	}
	q.frame.Title, q.frame.Errors, q.frame.Back = "Legal particulars", problems, mailboxPath(o)+"/legal"
	return q.show(code, page.ParticularsPage(q.frame, v))
}

// setParticulars keeps them, and shows what letters say.
func setParticulars(q *request) error {
	o, err := q.owned()
	if err != nil {
		return err
	}
	p := legal.Tidy(legal.Particulars{Kind: legal.Kind(q.value("kind")), Name: q.value("name"), Part: q.value("part"), Number: q.value("number"), Office: q.value("office"),
		Exempt: q.value("exempt") == "yes", Community: q.value("community") == "yes", Investment: q.value("investment") == "yes", PaidUp: q.value("paid_up"),
		Names: strings.Split(q.value("names"), "\n"), Address: q.value("address"), Principal: q.value("principal")})
	if !slices.Contains(legal.Kinds, p.Kind) {
		return q.showLegal(http.StatusUnprocessableEntity, o, page.Problem{Field: "kind", Say: "Say what sort of business it is"})
	}
	var problems []page.Problem
	for _, f := range legal.Check(p, q.s.o.Policy.Organisation) {
		problems = append(problems, page.Problem{Field: f.Field, Say: f.Reason})
	}
	if len(problems) > 0 {
		return q.showParticulars(http.StatusUnprocessableEntity, o, p, problems...)
	}
	if err := q.s.o.Legal.Set(q.ctx(), q.actor(), o.Account.No, p); err != nil {
		return err
	}
	q.frame.Done = "The legal particulars are saved."
	return q.showLegal(http.StatusOK, o)
}
