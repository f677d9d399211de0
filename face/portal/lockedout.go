package portal

import (
	"context"
	"net/http"

	"haven"
	"haven/face/portal/page"
	"haven/people/account"
)

// A locked account is opened for one browser by a texted code, or by a passkey (Rules 6). Every page says the same of every address.

func lockedOutPage(q *request) error { return q.showLockedOut(http.StatusOK, "") }

func (q *request) showLockedOut(code int, address string, problems ...page.Problem) error {
	q.frame.Title, q.frame.Errors, q.frame.Back = "Your account is locked", problems, "/log-in"
	return q.show(code, page.LockedOutPage(q.frame, address))
}

// sendOpenCode says the same of every address, at once; what is sent is sent afterwards.
func sendOpenCode(q *request) error {
	text := q.value("address")
	if text == "" {
		return q.showLockedOut(http.StatusUnprocessableEntity, "", page.Problem{Field: "address", Say: "Enter your address"})
	}
	address, err := haven.ParseAddress(text)
	if err != nil {
		return q.showLockedOut(http.StatusUnprocessableEntity, text, page.Problem{Field: "address", Say: "Enter the whole address, like name@" + q.s.o.Accounts.Domain()})
	}
	actor := q.actor()
	err = q.s.later(func(ctx context.Context) error {
		sent, err := q.s.o.Lockout.Send(ctx, actor, address)
		if sent {
			q.s.o.Notices.Nudge()
		}
		return err
	})
	if err != nil {
		return err
	}
	return q.showOpenCode(http.StatusOK, text)
}

func (q *request) showOpenCode(code int, address string, problems ...page.Problem) error {
	ceremony, err := q.s.o.SecondFactor.AskAnybody(q.ctx())
	if err != nil {
		return err
	}
	q.frame.Title, q.frame.Errors, q.frame.Back = "Open your account for this browser", problems, "/locked"
	return q.show(code, page.OpenHerePage(q.frame, address, string(ceremony), int(q.s.o.Policy.Lockout.CodeFor.Minutes())))
}

// openHere opens the lock for the browser that asks. The password is asked for afterwards.
func openHere(q *request) error {
	text, at := q.value("address"), account.Login{Place: q.place(), Program: q.r.UserAgent(), Face: account.Web}
	var err error
	switch credential := q.value("credential"); {
	case credential != "":
		err = q.s.o.Lockout.ByPasskey(q.ctx(), q.actor(), credential, at)
	case q.value("with") == "passkey":
		return q.showOpenCode(http.StatusUnprocessableEntity, text, page.Problem{Field: "code", Say: noPasskey})
	case q.value("code") == "":
		return q.showOpenCode(http.StatusUnprocessableEntity, text, page.Problem{Field: "code", Say: "Enter the code that we sent to your mobile"})
	default:
		address, bad := haven.ParseAddress(text)
		if bad != nil {
			return q.redirect("/locked")
		}
		err = q.s.o.Lockout.ByCode(q.ctx(), q.actor(), address, q.value("code"), at)
	}
	if say, again := wrongPassword(err); again {
		return q.showOpenCode(http.StatusUnprocessableEntity, text, page.Problem{Field: "code", Say: say})
	}
	if err != nil {
		return err
	}
	q.frame.Title = "Your account is open in this browser"
	return q.show(http.StatusOK, page.OpenedHerePage(q.frame))
}
