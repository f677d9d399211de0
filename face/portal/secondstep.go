package portal

import (
	"encoding/base64"
	"net/http"
	"time"

	"rsc.io/qr"

	"haven/face/portal/page"
	"haven/people/account"
	"haven/people/secondfactor"
	"haven/platform/errs"
)

const trustCookie = "haven-trust"

// needsCode reports whether a person who has given the password is asked for a code too.
func (q *request) needsCode(who account.Account) (bool, error) {
	st, err := q.s.o.SecondFactor.Of(q.ctx(), who.No)
	if err != nil || !st.On {
		return false, err
	}
	if runs, err := q.s.o.Operators.Has(q.ctx(), who.No); runs || err != nil {
		return true, err // an operator's browser is never trusted
	}
	trusted, err := q.s.o.SecondFactor.Trusts(q.ctx(), who.No, secondfactor.Trust(q.cookie(trustCookie)))
	needed, _ := secondfactor.Needed(st.On, trusted)
	return needed, err
}

// checkCode takes the code of a form, or the passkey that the browser showed; say is what to say of one that is not good.
func (q *request) checkCode() (say string, err error) {
	switch credential := q.value("credential"); {
	case credential != "":
		err = q.s.o.SecondFactor.CheckPasskey(q.ctx(), q.actor(), q.ses.Person, q.ses.Shared, credential)
		if say, again := wrongPassword(err); again {
			return say, nil
		}
		if err == nil {
			err = q.passed(q.ses.Person)
		}
		return "", err
	case q.value("with") == "passkey":
		return noPasskey, nil
	case q.value("code") == "":
		return "Enter the code that your app shows, or a recovery code", nil
	}
	_, err = q.s.o.SecondFactor.Check(q.ctx(), q.actor(), q.ses.Person, q.value("code"))
	if say, again := wrongPassword(err); again {
		return say, nil
	}
	if err == nil {
		err = q.passed(q.ses.Person)
	}
	return "", err
}

// noPasskey is said to a browser that sends none: without script it can't.
const noPasskey = "Your browser showed no passkey. Use a code, or turn script on"

// ceremony is what the browser needs to show a passkey of the person; "" where there is none.
func (q *request) ceremony() (string, error) {
	c, err := q.s.o.SecondFactor.ShowPasskey(q.ctx(), q.ses.Person)
	return string(c), err
}

func codePage(q *request) error {
	if !q.ses.Pending {
		return q.redirect(q.next(home))
	}
	return q.showCode(http.StatusOK, q.next(home))
}

func (q *request) showCode(code int, next string, problems ...page.Problem) error {
	st, err := q.s.o.SecondFactor.Of(q.ctx(), q.ses.Person.No)
	if err != nil {
		return err
	}
	passkey, err := q.ceremony()
	if err != nil {
		return err
	}
	q.frame.Title, q.frame.Errors = "The second step", problems
	return q.show(code, page.CodePage(q.frame, page.Proof{Next: next, App: st.App, Passkey: passkey}))
}

// giveCode is the second step of a log in.
func giveCode(q *request) error {
	next := q.next(home)
	if !q.ses.Pending {
		return q.redirect(next)
	}
	say, err := q.checkCode()
	if err != nil {
		return err
	}
	if say != "" {
		return q.showCode(http.StatusUnprocessableEntity, next, page.Problem{Field: "code", Say: say})
	}
	if err := q.s.o.Sessions.Passed(q.ctx(), q.token, q.ses.Person.No); err != nil {
		return err
	}
	if q.value("trust") == "yes" && !q.ses.Shared {
		trust, err := q.s.o.SecondFactor.TrustPlace(q.ctx(), q.actor(), q.ses.Person, AgentInWords(q.r.UserAgent()))
		if err != nil {
			return err
		}
		q.keepCookie(trustCookie, string(trust), q.s.o.Policy.Session.TrustedPlace)
	}
	if q.ses.Changes {
		return q.redirect(q.first())
	}
	return q.redirect(next)
}

// keepCookie gives the browser a cookie that stays when it is closed.
func (q *request) keepCookie(name, value string, keep time.Duration) {
	http.SetCookie(q.w, &http.Cookie{Name: q.s.cookieName(name), Value: value, Path: "/", Secure: !q.s.o.Loopback, HttpOnly: true, SameSite: http.SameSiteLaxMode, MaxAge: int(keep.Seconds())})
}

const secondStepPath = "/account/second-step"

func secondStep(q *request) error {
	st, err := q.s.o.SecondFactor.Of(q.ctx(), q.ses.Person.No)
	if err != nil {
		return err
	}
	v := page.SecondStep{On: st.On, App: st.App, Recovery: st.Recovery, Next: q.next("")}
	if st.On {
		v.Since = day(st.Since)
	}
	for _, k := range st.Passkeys {
		row := page.Passkey{ID: k.ID, Name: k.Name, Used: "Never used"}
		if !k.Used.IsZero() {
			row.Used = "Last used on " + day(k.Used)
		}
		v.Passkeys = append(v.Passkeys, row)
	}
	q.frame.Title, q.frame.Back = "Second step", "/account"
	return q.show(http.StatusOK, page.SecondStepPage(q.frame, v))
}

func beginSecondStep(q *request) error {
	if asked, err := q.recently(page.WithNext(secondStepPath, q.next(""))); asked || err != nil {
		return err
	}
	if _, err := q.s.o.SecondFactor.Begin(q.ctx(), q.ses.Person); err != nil {
		return err
	}
	return q.redirect(page.WithNext(secondStepPath+"/confirm", q.next("")))
}

func confirmSecondStepPage(q *request) error { return q.showSetUp(http.StatusOK) }

// showSetUp shows the key that was begun, as a square code and as text, for those who can't photograph it.
func (q *request) showSetUp(code int, problems ...page.Problem) error {
	setup, err := q.s.o.SecondFactor.Begun(q.ctx(), q.ses.Person)
	if errs.Is(err, errs.NotFound) {
		return q.redirect(page.WithNext(secondStepPath, q.next("")))
	}
	if err != nil {
		return err
	}
	square, err := qr.Encode(setup.URL, qr.M)
	if err != nil {
		return err
	}
	q.frame.Title, q.frame.Errors, q.frame.Back = "Set up the second step", problems, page.WithNext(secondStepPath, q.next(""))
	return q.show(code, page.SetUpPage(q.frame, "data:image/png;base64,"+base64.StdEncoding.EncodeToString(square.PNG()), setup.Key, q.next("")))
}

func confirmSecondStep(q *request) error {
	if q.value("code") == "" {
		return q.showSetUp(http.StatusUnprocessableEntity, page.Problem{Field: "code", Say: "Enter the code that your app shows"})
	}
	codes, err := q.s.o.SecondFactor.Confirm(q.ctx(), q.actor(), q.ses.Person, q.value("code"))
	if say, again := wrongPassword(err); again {
		return q.showSetUp(http.StatusUnprocessableEntity, page.Problem{Field: "code", Say: say})
	}
	if err != nil {
		return err
	}
	return q.showRecovery("The second step is set up", codes)
}

func (q *request) showRecovery(done string, codes []string) error {
	q.frame.Title = done
	return q.show(http.StatusOK, page.RecoveryPage(q.frame, done, codes, q.next(secondStepPath)))
}

func renewRecovery(q *request) error {
	if asked, err := q.recently(page.WithNext(secondStepPath, q.next(""))); asked || err != nil {
		return err
	}
	codes, err := q.s.o.SecondFactor.Renew(q.ctx(), q.actor(), q.ses.Person)
	if err != nil {
		return err
	}
	return q.showRecovery("Your new recovery codes", codes)
}

func removeSecondStep(q *request) error {
	if asked, err := q.recently(page.WithNext(secondStepPath, q.next(""))); asked || err != nil {
		return err
	}
	if err := q.s.o.SecondFactor.Remove(q.ctx(), q.actor(), q.ses.Person); err != nil {
		return err
	}
	q.frame.Done = "The app is taken away."
	return secondStep(q)
}

const passkeyPath = secondStepPath + "/passkey"

func passkeyPage(q *request) error {
	if asked, err := q.recently(page.WithNext(passkeyPath, q.next(""))); asked || err != nil {
		return err
	}
	return q.showPasskey(http.StatusOK, "")
}

// showPasskey asks the browser to make a passkey.
func (q *request) showPasskey(code int, name string, problems ...page.Problem) error {
	c, err := q.s.o.SecondFactor.MakePasskey(q.ctx(), q.ses.Person, q.ses.Shared)
	if err != nil {
		return err
	}
	q.frame.Title, q.frame.Errors, q.frame.Back = "Add a passkey", problems, page.WithNext(secondStepPath, q.next(""))
	return q.show(code, page.PasskeyPage(q.frame, string(c), name, q.next("")))
}

func addPasskey(q *request) error {
	name, credential := q.value("name"), q.value("credential")
	var problems []page.Problem
	if name == "" {
		problems = append(problems, page.Problem{Field: "name", Say: "Give the passkey a name"})
	}
	if credential == "" {
		problems = append(problems, page.Problem{Field: "make", Say: "Your browser made no passkey. Try again, or use an app with codes"})
	}
	if len(problems) > 0 {
		return q.showPasskey(http.StatusUnprocessableEntity, name, problems...)
	}
	if asked, err := q.recently(page.WithNext(passkeyPath, q.next(""))); asked || err != nil {
		return err
	}
	codes, err := q.s.o.SecondFactor.AddPasskey(q.ctx(), q.actor(), q.ses.Person, name, q.ses.Shared, credential)
	if say, again := wrongPassword(err); again {
		return q.showPasskey(http.StatusUnprocessableEntity, name, page.Problem{Field: "make", Say: say})
	}
	if say, ok := sayOf(err); ok {
		return q.showPasskey(http.StatusUnprocessableEntity, name, page.Problem{Field: "name", Say: say})
	}
	if err != nil {
		return err
	}
	if codes != nil {
		return q.showRecovery("Your passkey is added", codes)
	}
	q.frame.Done = "The passkey is added."
	return secondStep(q)
}

func removePasskey(q *request) error {
	if asked, err := q.recently(page.WithNext(secondStepPath, q.next(""))); asked || err != nil {
		return err
	}
	if err := q.s.o.SecondFactor.RemovePasskey(q.ctx(), q.actor(), q.ses.Person, q.value("id")); err != nil {
		return err
	}
	q.frame.Done = "The passkey is taken away."
	return secondStep(q)
}
