package portal

import (
	"errors"
	"net/http"
	"net/url"

	"haven/face/portal/page"
	"haven/people/account"
	"haven/people/session"
	"haven/platform/errs"
)

// home is where somebody comes to after the log in.
const home = "/mailboxes"

func start(q *request) error {
	if q.ses != nil {
		return q.redirect(home)
	}
	q.frame.Title = "Secure mail for your pharmacy"
	return q.show(http.StatusOK, page.Start(q.frame, q.banners()))
}

func logInPage(q *request) error {
	if q.ses != nil {
		return q.redirect(q.next(home))
	}
	return q.showLogIn(http.StatusOK, page.LogIn{Shared: "yes", Next: q.next(home), Kept: q.r.URL.Query().Has("kept")})
}

func (q *request) showLogIn(code int, in page.LogIn, problems ...page.Problem) error {
	q.frame.Title, q.frame.Errors, q.frame.Back = "Log in", problems, "/"
	return q.show(code, page.LogInPage(q.frame, in))
}

// logIn lets a person in who proves the password. Whatever was wrong, the page says the same.
func logIn(q *request) error {
	in := page.LogIn{User: q.value("user"), Shared: q.value("shared"), Next: q.next(home)}
	if in.Shared != "no" {
		in.Shared = "yes"
	}
	var missing []page.Problem
	if in.User == "" {
		missing = append(missing, page.Problem{Field: "user", Say: "Enter your address"})
	}
	password := q.r.PostFormValue("password") // spaces around belong to it
	if password == "" {
		missing = append(missing, page.Problem{Field: "password", Say: "Enter your password"})
	}
	if len(missing) > 0 {
		return q.showLogIn(http.StatusUnprocessableEntity, in, missing...)
	}
	found, err := q.authenticate(in.User, password)
	if say, again := wrongPassword(err); again {
		in.Refused = true
		return q.showLogIn(http.StatusUnprocessableEntity, in, page.Problem{Field: "user", Say: say})
	}
	if err != nil {
		return err
	}
	if q.ses != nil { // somebody else's, at this browser
		if err := q.s.o.Sessions.Close(q.ctx(), q.token, q.actor()); err != nil {
			return err
		}
	}
	pending, err := q.needsCode(found.Person)
	if err != nil {
		return err
	}
	token, ses, err := q.s.o.Sessions.Open(q.ctx(), session.Start{Person: found.Person, Proof: found.Proof, Shared: in.Shared == "yes", Pending: pending, Place: q.place(), Program: q.r.UserAgent()})
	if err != nil {
		return err
	}
	q.newVisit()
	q.setCookie(sessionCookie, string(token))
	if pending {
		return q.redirect("/log-in/code?next=" + url.QueryEscape(in.Next))
	}
	if found.Person.State == account.Invited {
		return q.redirect("/activation")
	}
	if found.Changes || ses.Changes {
		return q.redirect("/account/password")
	}
	to, err := q.afterLogIn(ses.Actor(), found.Person, in.Next)
	if err != nil {
		return err
	}
	return q.redirect(to)
}

// authenticate asks whether a password is a person's. A person's own account only: a mailbox that several share is opened by logging in as oneself.
func (q *request) authenticate(user, password string) (account.Session, error) {
	return q.s.o.Accounts.Authenticate(q.ctx(), account.Login{User: user, Password: password, Place: q.place(), Program: q.r.UserAgent(), Face: account.Web})
}

// wrongPassword reports whether a log in failed so that the person tries again on the same page, and what to say.
func wrongPassword(err error) (say string, again bool) {
	e := (*errs.Error)(nil)
	if errors.As(err, &e) && (e.Kind == errs.Private || e.Kind == errs.NotFound || e.Kind == errs.TooMany) {
		return e.Say, true
	}
	return "", false
}

// logOut ends the session, and has the browser forget the pages.
func logOut(q *request) error {
	if q.ses != nil {
		if err := q.s.o.Sessions.Close(q.ctx(), q.token, q.actor()); err != nil {
			return err
		}
	}
	q.setCookie(sessionCookie, "")
	q.newVisit()
	if !q.s.o.Loopback { // over HTTP browsers do not know it
		q.w.Header().Set("Clear-Site-Data", `"cache", "storage"`)
	}
	return q.redirect(q.next("/"))
}

func switchPage(q *request) error {
	q.frame.Title, q.frame.Back = "Switch person", home
	return q.show(http.StatusOK, page.SwitchPage(q.frame))
}

// unlock opens a locked session to its own person.
func unlock(q *request) error {
	next := q.next(home)
	if !q.ses.Locked {
		return q.redirect(next)
	}
	problem, err := q.openAgain()
	if err != nil {
		return err
	}
	if problem != "" {
		return q.showLocked(http.StatusUnprocessableEntity, next, page.Problem{Field: "password", Say: problem})
	}
	return q.redirect(next)
}

// openAgain opens a locked session by its person's password, or by a passkey, with which the device has verified the person. The passkey opens the page and no
// more: what is grave asks for the password still.
func (q *request) openAgain() (problem string, err error) {
	if q.value("credential") == "" && q.value("with") != "passkey" {
		return q.proveAgain(false)
	}
	if say, err := q.checkCode(); say != "" || err != nil {
		return say, err
	}
	return "", q.s.o.Sessions.Unlock(q.ctx(), q.token, q.ses.Person.No)
}

func (q *request) showLocked(code int, next string, problems ...page.Problem) error {
	passkey, err := q.ceremony()
	if err != nil {
		return err
	}
	q.frame.Title, q.frame.Errors = "This page is locked", problems
	return q.show(code, page.LockedPage(q.frame, page.Proof{Next: next, Passkey: passkey}))
}

// proveAgain asks the session's person for the password, and for a code too where that is wanted. A problem is something to say on the
// same page.
func (q *request) proveAgain(withCode bool) (problem string, err error) {
	password := q.r.PostFormValue("password")
	if password == "" {
		return "Enter your password", nil
	}
	found, err := q.authenticate(q.ses.Person.Address.String(), password)
	if say, again := wrongPassword(err); again {
		return say, nil
	}
	if err != nil {
		return "", err
	}
	if withCode {
		if say, err := q.checkCode(); say != "" || err != nil {
			return say, err
		}
	}
	return "", q.s.o.Sessions.Prove(q.ctx(), q.token, found.Proof, found.Person.No)
}

// recently has a person who gave the password longer ago than grave changes ask for give it again, and come back to a page.
// Whoever was vouched for can do nothing grave until it is confirmed (Rules 6).
func (q *request) recently(back string) (asked bool, err error) {
	if err := q.s.o.Accounts.Free(q.ctx(), q.ses.Person.No); err != nil {
		return false, err
	}
	if q.ses.Recent(q.now(), q.s.o.Policy.Session.AskAgain) {
		return false, nil
	}
	back, err = q.keepForm(q.ses.Person, back)
	if err != nil {
		return false, err
	}
	return true, q.redirect("/prove?next=" + url.QueryEscape(back))
}

func provePage(q *request) error { return q.showProve(http.StatusOK, q.next(home)) }

func (q *request) showProve(code int, next string, problems ...page.Problem) error {
	st, err := q.s.o.SecondFactor.Of(q.ctx(), q.ses.Person.No)
	if err != nil {
		return err
	}
	passkey, err := q.ceremony()
	if err != nil {
		return err
	}
	q.frame.Title, q.frame.Errors, q.frame.Back = "Your password, please", problems, home
	return q.show(code, page.ProvePage(q.frame, whyProve, page.Proof{Next: next, Code: st.On, App: st.App, Passkey: passkey}))
}

const whyProve = "What comes next is asked of you alone, so we make sure that it is you."

func prove(q *request) error {
	next := q.next(home)
	st, err := q.s.o.SecondFactor.Of(q.ctx(), q.ses.Person.No)
	if err != nil {
		return err
	}
	problem, err := q.proveAgain(st.On)
	if err != nil {
		return err
	}
	if problem != "" {
		return q.showProve(http.StatusUnprocessableEntity, next, page.Problem{Field: "password", Say: problem})
	}
	return q.redirect(next)
}
