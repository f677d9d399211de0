package portal

import (
	"errors"
	"net/http"

	"haven/face/portal/page"
	"haven/people/account"
	"haven/people/vouch"
	"haven/platform/errs"
)

// hows are the answers to how an owner made sure of who it is.
var hows = []page.Choice{
	{Value: string(vouch.Met), Label: "I know my colleague, and we met in person"},
	{Value: string(vouch.Document), Label: "I saw a passport, driving licence or staff card with a photo"},
	{Value: string(vouch.Video), Label: "I know my colleague, and we saw each other by video"},
}

// vouching is the colleague whom a page is about, for an owner who may vouch.
func (q *request) vouching() (v page.Vouching, in vouch.Vouching, err error) {
	o, m, err := q.membership()
	if err != nil {
		return v, in, err
	}
	n, err := q.s.o.Vouch.Begin(q.ctx(), q.actor(), o.Account.No, m.Person.No)
	if err != nil {
		return v, in, err
	}
	member := mailboxPath(o) + "/member/" + m.Person.ID.String()
	v = page.Vouching{Path: member + "/vouch", Back: mailboxPath(o), Mailbox: o.Account.Display, Name: m.Person.Display, AsksForgot: n.Forgot, Reach: n.Reach, Hows: hows,
		How: q.value("how"), Forgot: q.value("forgot"), Mobile: q.value("mobile")}
	v.HowInWords = choice(hows, v.How)
	in = vouch.Vouching{Mailbox: o.Account.No, Person: m.Person.No, How: vouch.How(v.How), Mobile: v.Mobile, Forgot: v.Forgot == "yes"}
	return v, in, nil
}

func vouchPage(q *request) error {
	v, _, err := q.vouching()
	if err != nil {
		return err
	}
	return q.showVouch(http.StatusOK, v, page.VouchBegin)
}

// showVouch asks a question. On the last page the owner is asked for the password and the second step, whenever they were given before.
func (q *request) showVouch(code int, v page.Vouching, ask string, problems ...page.Problem) (err error) {
	v.Ask = ask
	q.frame.Title, q.frame.Errors, q.frame.Back = "Vouch for "+v.Name, problems, v.Back
	if ask == page.VouchCheck {
		st, err := q.s.o.SecondFactor.Of(q.ctx(), q.ses.Person.No)
		if err != nil {
			return err
		}
		v.Proof = page.Proof{Code: true, App: st.App}
		if v.Proof.Passkey, err = q.ceremony(); err != nil {
			return err
		}
		q.frame.Title = "Check your answers"
	}
	return q.show(code, page.VouchPage(q.frame, v))
}

// giveVouch takes the answer to one question and asks the next; the last answer vouches.
func giveVouch(q *request) error {
	v, in, err := q.vouching()
	if err != nil {
		return err
	}
	at := q.value("at")
	if at == page.VouchBegin {
		return q.showVouch(http.StatusOK, v, page.VouchHow)
	}
	if ask, problem := lacking(&v, at); problem.Say != "" {
		return q.showVouch(http.StatusUnprocessableEntity, v, ask, problem)
	}
	switch {
	case at == page.VouchHow && v.AsksForgot:
		return q.showVouch(http.StatusOK, v, page.VouchForgot)
	case at == page.VouchHow || at == page.VouchForgot:
		return q.showVouch(http.StatusOK, v, page.VouchMobile)
	case at != page.VouchCheck:
		return q.showVouch(http.StatusOK, v, page.VouchCheck)
	}
	problem, err := q.proveAgain(true)
	if err != nil {
		return err
	}
	if problem != "" {
		return q.showVouch(http.StatusUnprocessableEntity, v, page.VouchCheck, page.Problem{Field: "password", Say: problem})
	}
	in.Asked = q.now()
	err = q.s.o.Vouch.Vouch(q.ctx(), q.actor(), in)
	if e := (*errs.Error)(nil); errors.As(err, &e) && e.Kind == errs.Invalid {
		return q.showVouch(http.StatusUnprocessableEntity, v, page.VouchMobile, page.Problem{Field: "mobile", Say: e.Say})
	}
	if err != nil {
		return err
	}
	q.s.o.Notices.Nudge()
	q.frame.Title = "You have vouched for " + v.Name
	return q.show(http.StatusOK, page.VouchDonePage(q.frame, v))
}

// lacking is the first question, up to the one just answered, whose answer is missing or wrong.
func lacking(v *page.Vouching, at string) (ask string, p page.Problem) {
	if v.HowInWords == "" {
		return page.VouchHow, page.Problem{Field: "how", Say: "Say how you made sure who it is"}
	}
	if at == page.VouchHow {
		return "", p
	}
	switch {
	case v.AsksForgot && v.Forgot == "no":
		return page.VouchForgot, page.Problem{Field: "forgot", Say: v.Name + " gets in with the answers, under Forgotten your password. There is nothing to vouch for"}
	case v.AsksForgot && v.Forgot != "yes":
		return page.VouchForgot, page.Problem{Field: "forgot", Say: "Say whether the answers are known"}
	case at == page.VouchForgot:
		return "", p
	}
	number, said := account.ParseMobile(v.Mobile)
	if !said.Allowed {
		return page.VouchMobile, page.Problem{Field: "mobile", Say: said.Reason}
	}
	v.MobileInWords = mobileInWords(number)
	return "", p
}

// vouchedView is a vouching for its person.
func vouchedView(q *request, st vouch.Standing) page.Vouched {
	return page.Vouched{Path: q.r.URL.Path, Owner: st.Owner.Display, Mailbox: st.Mailbox.Display, How: st.How.String(), When: moment(st.Made), Ends: moment(st.Made.Add(q.s.o.Policy.Reset.VouchLimits))}
}

// vouchedPage asks before a link in an e-mail does something: programs open links too.
func vouchedPage(q *request) error {
	st, err := q.s.o.Vouch.Look(q.ctx(), vouch.Link(q.r.PathValue("link")))
	if err != nil {
		return err
	}
	q.frame.Title = "Somebody vouched for you"
	return q.show(http.StatusOK, page.VouchedPage(q.frame, vouchedView(q, st)))
}

// vouched takes the person's answer.
func vouched(q *request) error {
	link := vouch.Link(q.r.PathValue("link"))
	st, err := q.s.o.Vouch.Look(q.ctx(), link)
	if err != nil {
		return err
	}
	v := vouchedView(q, st)
	switch v.Told = q.value("me"); v.Told {
	case "yes":
		st, err = q.s.o.Vouch.Confirm(q.ctx(), q.actor(), link)
		v.Ends, v.Over, q.frame.Title = moment(st.Ends), !q.now().Before(st.Ends), "Thank you, it is confirmed"
	case "no":
		_, err = q.s.o.Vouch.Deny(q.ctx(), q.actor(), link)
		q.frame.Title = "Thank you, it is stopped"
	default:
		q.frame.Title, q.frame.Errors = "Somebody vouched for you", []page.Problem{{Field: "me", Say: "Say whether it was you"}}
		return q.show(http.StatusUnprocessableEntity, page.VouchedPage(q.frame, v))
	}
	if err != nil {
		return err
	}
	q.s.o.Notices.Nudge()
	return q.show(http.StatusOK, page.VouchedDonePage(q.frame, v))
}

// vouchedAgain sends the person the link again.
func vouchedAgain(q *request) error {
	if err := q.s.o.Vouch.Again(q.ctx(), q.actor()); err != nil {
		return err
	}
	q.s.o.Notices.Nudge()
	q.frame.Done = "The link is on its way to your personal e-mail."
	return mailboxes(q)
}

// limited is what the start page says to whom somebody vouched for; nil to everybody else.
func (q *request) limited() (*page.Limited, error) {
	st, err := q.s.o.Vouch.Of(q.ctx(), q.ses.Person.No)
	if err != nil || st.Made.IsZero() {
		return nil, err
	}
	v := &page.Limited{Owner: st.Owner.Display, Email: st.Email, Ended: st.Ended, Earliest: moment(st.Made.Add(q.s.o.Policy.Reset.VouchLimits))}
	if !st.Confirmed.IsZero() {
		v.Ends = moment(st.Ends)
	}
	return v, nil
}

// passed has a vouching confirmed by the second step that a person has just passed.
func (q *request) passed(who account.Account) error {
	return q.s.o.Vouch.Passed(q.ctx(), q.actor(), who.No)
}
