package portal

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"haven"
	"haven/face/portal/page"
	"haven/people/openinghours"
	"haven/people/registration"
	"haven/platform/errs"
)

// foundShown is how many premises a search lists.
const foundShown = 20

// registerPage finds the premises.
func registerPage(q *request) error {
	text := strings.TrimSpace(q.r.FormValue("q"))
	v := page.Find{Text: text}
	q.frame.Title, q.frame.Back = "Register a premises", "/"
	if text == "" {
		if q.r.URL.Query().Has("q") {
			q.frame.Errors = []page.Problem{{Field: "q", Say: "Enter a code, a postcode, or a part of the name"}}
		}
		return q.show(http.StatusOK, page.RegisterPage(q.frame, v))
	}
	found, err := q.s.o.Places.Find(q.ctx(), text, foundShown)
	if say, ok := sayOf(err); ok {
		q.frame.Errors = []page.Problem{{Field: "q", Say: say}}
		return q.show(http.StatusUnprocessableEntity, page.RegisterPage(q.frame, v))
	}
	if err != nil {
		return err
	}
	v.Asked, v.More = true, found.More
	for _, h := range found.Hits {
		v.Hits = append(v.Hits, page.Hit{Href: "/register/" + string(h.Code), Name: h.Name, Place: h.Place, Postcode: h.Postcode, Code: string(h.Code), State: h.State(), Mailbox: h.Mailbox})
	}
	return q.show(http.StatusOK, page.RegisterPage(q.frame, v))
}

// premisesPage shows a premises, and asks for its GPhC number, or says why it can't be registered here and what to do.
func premisesPage(q *request) error { return q.showPremises(http.StatusOK, "") }

func (q *request) showPremises(code int, gphc string, problems ...page.Problem) error {
	e, err := q.s.o.Registration.Begin(q.ctx(), q.r.PathValue("code"))
	if err != nil {
		return err
	}
	p := e.Premises
	q.frame.Title, q.frame.Back = "Register a premises", "/register"
	if !e.Verdict.Allowed {
		m := page.Message{Heading: "This premises can't be registered here", Say: []string{e.Verdict.Reason}, Rule: string(e.Verdict.Rule),
			Next: []page.Link{{Href: "/register", Text: "Find another premises"}, {Href: "/help", Text: "Get help"}}}
		if p.Name != "" {
			m.Heading = p.Name + ", " + p.Place
		}
		if c := e.Central; c.Contact != "" {
			m.Say = append(m.Say, c.Contact+", "+c.Email.String())
		}
		if e.Verdict.Rule == "registration.no-contact" {
			m.Next = append([]page.Link{{Href: "/register/" + string(p.Code) + "/approval", Text: "Apply without a passcode"}}, m.Next...)
		}
		return q.show(http.StatusOK, page.MessagePage(q.frame, m))
	}
	q.frame.Errors = problems
	return q.show(code, page.PremisesPage(q.frame, premisesOf(p), gphc))
}

func premisesOf(p registration.Premises) page.Premises {
	return page.Premises{Code: string(p.Code), Name: p.Name, Place: p.Place, Postcode: p.Postcode, Email: p.Email}
}

// askPasscode has a passcode sent to the registered e-mail, if the number is the premises'. The page says the same if not.
func askPasscode(q *request) error {
	gphc := q.value("gphc")
	if gphc == "" {
		return q.showPremises(http.StatusUnprocessableEntity, gphc, page.Problem{Field: "gphc", Say: "Enter the GPhC number of the premises"})
	}
	pass, err := q.s.o.Registration.Ask(q.ctx(), q.actor(), q.r.PathValue("code"), gphc)
	if say, ok := sayOf(err); ok {
		return q.showPremises(http.StatusUnprocessableEntity, gphc, page.Problem{Field: "gphc", Say: say})
	}
	if err != nil {
		return err
	}
	q.s.o.Notices.Nudge()
	return q.redirect("/register/passcode?ref=" + url.QueryEscape(string(pass.Ref)) + "&to=" + url.QueryEscape(pass.To))
}

func passcodePage(q *request) error { return q.showPasscode(http.StatusOK) }

func (q *request) showPasscode(code int, problems ...page.Problem) error {
	q.frame.Title, q.frame.Errors, q.frame.Back = "Enter the passcode", problems, "/register"
	return q.show(code, page.PasscodePage(q.frame, q.r.FormValue("ref"), q.r.FormValue("to"), int(q.s.o.Policy.Registration.PasscodeFor.Minutes())))
}

const applicationCookie = "haven-application"

// givePasscode proves the premises, and lets this browser go on with the application.
func givePasscode(q *request) error {
	ref, code := q.value("ref"), q.value("passcode")
	var problems []page.Problem
	parsed, v := registration.ParseRef(ref)
	if !v.Allowed {
		problems = append(problems, page.Problem{Field: "ref", Say: v.Reason})
	}
	if code == "" {
		problems = append(problems, page.Problem{Field: "passcode", Say: "Enter the passcode"})
	}
	if len(problems) > 0 {
		return q.showPasscode(http.StatusUnprocessableEntity, problems...)
	}
	token, err := q.s.o.Registration.Prove(q.ctx(), q.actor(), ref, code)
	if say, again := wrongPassword(err); again {
		return q.showPasscode(http.StatusUnprocessableEntity, page.Problem{Field: "passcode", Say: say})
	}
	if err != nil {
		return err
	}
	q.setCookie(applicationCookie, string(parsed)+"."+string(token))
	return q.redirect("/register/people")
}

// passcodeAgain has another passcode sent, to go on in this browser.
func passcodeAgain(q *request) error {
	pass, err := q.s.o.Registration.Again(q.ctx(), q.actor(), q.value("ref"))
	if say, ok := sayOf(err); ok {
		return q.showPasscode(http.StatusUnprocessableEntity, page.Problem{Field: "ref", Say: say})
	}
	if errs.Is(err, errs.NotFound) {
		return q.showPasscode(http.StatusUnprocessableEntity, page.Problem{Field: "ref", Say: "There is no application with this reference. Look at it again, or begin a new one."})
	}
	if err != nil {
		return err
	}
	q.s.o.Notices.Nudge()
	return q.redirect("/register/passcode?ref=" + url.QueryEscape(string(pass.Ref)) + "&to=" + url.QueryEscape(pass.To))
}

// application is the one that this browser goes on with. Where there is none, the page leads to the passcode.
func (q *request) application() (ref registration.Ref, t registration.Token, d registration.Draft, err error) {
	r, token, _ := strings.Cut(q.cookie(applicationCookie), ".")
	ref, t = registration.Ref(r), registration.Token(token)
	d, err = q.s.o.Registration.Answers(q.ctx(), ref, t)
	return ref, t, d, err
}

// goOn runs fn with the application of this browser, or leads to the passcode where it has none.
func (q *request) goOn(fn func(ref registration.Ref, t registration.Token, d registration.Draft) error) error {
	ref, t, d, err := q.application()
	if errs.Is(err, errs.Private) || errs.Is(err, errs.NotFound) {
		return q.redirect("/register/passcode")
	}
	if err != nil {
		return err
	}
	return fn(ref, t, d)
}

// peoplePage lists the people so far, or asks for the first.
func peoplePage(q *request) error {
	return q.goOn(func(_ registration.Ref, _ registration.Token, d registration.Draft) error {
		if d.State == registration.Submitted {
			return q.redirect("/register/where?ref=" + url.QueryEscape(string(d.Ref)))
		}
		if len(d.People) == 0 {
			return q.redirect("/register/person?n=1")
		}
		return q.showPeople(http.StatusOK, d)
	})
}

func (q *request) showPeople(code int, d registration.Draft, problems ...page.Problem) error {
	q.frame.Title, q.frame.Errors, q.frame.Back = "People for the mailbox", problems, "/register/person?n="+strconv.Itoa(len(d.People))
	return q.show(code, page.PeoplePage(q.frame, q.draft(d)))
}

// draft is an application as the pages show it.
func (q *request) draft(d registration.Draft) page.Draft {
	v := page.Draft{Ref: string(d.Ref), Premises: premisesOf(d.Premises), Most: q.s.o.Policy.Registration.NewAccounts, Until: d.Until.In(openinghours.London).Format("15:04 on 2 January")}
	for i, p := range d.People {
		v.People = append(v.People, page.Applicant{N: strconv.Itoa(i + 1), First: p.First, Last: p.Last, Spelled: p.Spelled, Email: p.Email, Mobile: p.Mobile, Owner: i == 0})
	}
	return v
}

// anotherPerson is the answer to whether somebody else is to be named.
func anotherPerson(q *request) error {
	return q.goOn(func(_ registration.Ref, _ registration.Token, d registration.Draft) error {
		switch q.value("another") {
		case "yes":
			return q.redirect("/register/person?n=" + strconv.Itoa(len(d.People)+1))
		case "no":
			return q.redirect("/register/check")
		}
		return q.showPeople(http.StatusUnprocessableEntity, d, page.Problem{Field: "another", Say: "Say whether you want to name another person"})
	})
}

// personAt is which person a page is about, counted from 0; never behind the next one.
func (q *request) personAt(d registration.Draft) (int, bool) {
	n, err := strconv.Atoi(q.r.FormValue("n"))
	return n - 1, err == nil && n >= 1 && n <= min(len(d.People)+1, q.s.o.Policy.Registration.NewAccounts)
}

func personPage(q *request) error {
	return q.goOn(func(_ registration.Ref, _ registration.Token, d registration.Draft) error {
		n, ok := q.personAt(d)
		if !ok {
			return q.redirect("/register/people")
		}
		var who registration.Person
		if n < len(d.People) {
			who = d.People[n]
		}
		return q.showPerson(http.StatusOK, n, who)
	})
}

func (q *request) showPerson(code, n int, who registration.Person, problems ...page.Problem) error {
	q.frame.Title, q.frame.Errors, q.frame.Back = "Who reads the mailbox?", problems, "/register/people"
	if n == 0 {
		q.frame.Title, q.frame.Back = "Who is the owner of the mailbox?", "/register"
	}
	return q.show(code, page.PersonPage(q.frame, page.Applicant{N: strconv.Itoa(n + 1), First: who.First, Last: who.Last, Spelled: who.Spelled, Email: who.Email, Mobile: who.Mobile, Owner: n == 0}))
}

// keepPerson keeps one person's answers.
func keepPerson(q *request) error {
	return q.goOn(func(ref registration.Ref, t registration.Token, d registration.Draft) error {
		n, ok := q.personAt(d)
		if !ok {
			return q.redirect("/register/people")
		}
		who := registration.Person{First: q.value("first"), Last: q.value("last"), Spelled: q.value("spelled"), Email: q.value("email"), Mobile: q.value("mobile")}
		people := append([]registration.Person{}, d.People...)
		if n == len(people) {
			people = append(people, who)
		} else {
			people[n] = who
		}
		_, faults := registration.CheckPeople(people, q.s.o.Policy)
		var problems []page.Problem
		for _, f := range faults {
			if f.Person == n {
				problems = append(problems, page.Problem{Field: f.Field, Say: f.Verdict.Reason})
			}
		}
		if len(problems) == 0 && len(faults) > 0 {
			problems = []page.Problem{{Field: faults[0].Field, Say: faults[0].Verdict.Reason}}
		}
		if len(problems) > 0 {
			return q.showPerson(http.StatusUnprocessableEntity, n, who, problems...)
		}
		if err := q.s.o.Registration.SetPeople(q.ctx(), q.actor(), ref, t, people); err != nil {
			return err
		}
		return q.redirect("/register/people")
	})
}

// dropPerson takes somebody out again.
func dropPerson(q *request) error {
	return q.goOn(func(ref registration.Ref, t registration.Token, d registration.Draft) error {
		n, ok := q.personAt(d)
		if !ok || n >= len(d.People) || len(d.People) == 1 {
			return q.redirect("/register/people")
		}
		people := append(append([]registration.Person{}, d.People[:n]...), d.People[n+1:]...)
		if err := q.s.o.Registration.SetPeople(q.ctx(), q.actor(), ref, t, people); err != nil {
			return err
		}
		return q.redirect("/register/people")
	})
}

func checkPage(q *request) error {
	return q.goOn(func(_ registration.Ref, _ registration.Token, d registration.Draft) error {
		if len(d.People) == 0 {
			return q.redirect("/register/people")
		}
		q.frame.Title, q.frame.Back = "Check your answers", "/register/people"
		return q.show(http.StatusOK, page.CheckPage(q.frame, q.draft(d)))
	})
}

// submit makes the mailbox and the accounts. Sent twice it says the same again.
func submit(q *request) error {
	return q.goOn(func(ref registration.Ref, t registration.Token, d registration.Draft) error {
		done, err := q.s.o.Registration.Submit(q.ctx(), q.actor(), ref, t)
		if err != nil {
			return err
		}
		q.s.o.Notices.Nudge()
		q.frame.Title = "Your premises is registered"
		return q.show(http.StatusOK, page.RegisteredPage(q.frame, string(done.Ref), done.Says, premisesOf(d.Premises)))
	})
}

// wherePage tells whoever has its reference where an application is.
func wherePage(q *request) error {
	ref := strings.TrimSpace(q.r.FormValue("ref"))
	q.frame.Title, q.frame.Back = "Where is my application?", "/register"
	v := page.Where{Ref: ref}
	if ref == "" {
		return q.show(http.StatusOK, page.WherePage(q.frame, v))
	}
	w, err := q.s.o.Registration.Where(q.ctx(), q.actor(), ref)
	if say, ok := sayOf(err); ok || errs.Is(err, errs.NotFound) {
		if say == "" {
			say = "There is no application with this reference. Look at it again, or begin a new one."
		}
		q.frame.Errors = []page.Problem{{Field: "ref", Say: say}}
		return q.show(http.StatusUnprocessableEntity, page.WherePage(q.frame, v))
	}
	if err != nil {
		return err
	}
	v.Says, v.GoOn = w.Says, w.State == registration.Asked || w.State == registration.Proven
	if !w.Until.IsZero() {
		v.Until = w.Until.In(openinghours.London).Format("15:04 on 2 January")
	}
	return q.show(http.StatusOK, page.WherePage(q.frame, v))
}

// notUsPage and notMePage ask before a link in an e-mail does something: programs open links too.
func notUsPage(q *request) error {
	return q.showObjection("This was not us", "Say so, and the registration is stopped: its mailbox can't be opened until the helpdesk has spoken to you.", "It was not us")
}

func notMePage(q *request) error {
	return q.showObjection("It is not me who is meant", "Say so, and nobody gets access in your name. The helpdesk is told.", "It is not me")
}

func (q *request) showObjection(heading, what, button string) error {
	q.frame.Title = heading
	return q.show(http.StatusOK, page.ObjectionPage(q.frame, q.r.URL.Path, heading, what, button))
}

func notUs(q *request) error {
	if err := q.s.o.Registration.NotUs(q.ctx(), q.actor(), registration.Token(q.r.PathValue("token"))); err != nil {
		return err
	}
	return q.showStopped()
}

func notMe(q *request) error {
	if err := q.s.o.Registration.NotMe(q.ctx(), q.actor(), registration.Token(q.r.PathValue("token"))); err != nil {
		return err
	}
	return q.showStopped()
}

func (q *request) showStopped() error {
	q.frame.Title = "Thank you"
	return q.show(http.StatusOK, page.MessagePage(q.frame, page.Message{Heading: "Thank you", Say: []string{"It is stopped, and the helpdesk looks at it. There is nothing else to do."}}))
}

// confirmNamed and declineNamed are a person's answers to having been named at a premises.
func confirmNamed(q *request) error {
	return q.answerNamed(q.s.o.Registration.Confirm, "Thank you. The mailbox stands among yours once its registration is complete.")
}

func declineNamed(q *request) error {
	return q.answerNamed(q.s.o.Registration.Decline, "Thank you. You were taken out of the registration.")
}

func (q *request) answerNamed(answer func(context.Context, haven.Actor, registration.Ref, int) error, done string) error {
	place, err := strconv.Atoi(q.value("place"))
	if err != nil {
		return errs.E(errs.NotFound, "")
	}
	if err := answer(q.ctx(), q.actor(), registration.Ref(q.value("ref")), place); err != nil {
		return err
	}
	q.s.o.Notices.Nudge()
	q.frame.Done = done
	return mailboxes(q)
}
