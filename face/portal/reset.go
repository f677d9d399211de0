package portal

import (
	"context"
	"errors"
	"net/http"
	"time"

	"haven"
	"haven/face/portal/page"
	"haven/platform/errs"
)

// later does something after the answer, so that its time tells nothing. Close waits for it.
func (s *Server) later(fn func(ctx context.Context) error) error {
	select {
	case s.busy <- struct{}{}:
	default:
		return errBusy
	}
	s.doing.Go(func() {
		defer func() { <-s.busy }()
		ctx, cancel := context.WithTimeout(context.Background(), laterTime)
		defer cancel()
		if err := fn(ctx); err != nil {
			s.o.Logger.Error("what was to be done after an answer failed", "error", err)
		}
	})
	return nil
}

const (
	laterTime   = 30 * time.Second
	laterAtOnce = 32
)

// Close waits until what is done after answers is done.
func (s *Server) Close() { s.doing.Wait() }

func forgottenPage(q *request) error { return q.showForgotten(http.StatusOK, "") }

func (q *request) showForgotten(code int, address string, problems ...page.Problem) error {
	q.frame.Title, q.frame.Errors, q.frame.Back = "Forgotten your password", problems, "/log-in"
	return q.show(code, page.ForgottenPage(q.frame, address))
}

// forgotten says the same of every address, at once; what is sent is sent afterwards.
func forgotten(q *request) error {
	text := q.value("address")
	if text == "" {
		return q.showForgotten(http.StatusUnprocessableEntity, "", page.Problem{Field: "address", Say: "Enter your address"})
	}
	address, err := haven.ParseAddress(text)
	if err != nil {
		return q.showForgotten(http.StatusUnprocessableEntity, text, page.Problem{Field: "address", Say: "Enter the whole address, like name@" + q.s.o.Accounts.Domain()})
	}
	actor := q.actor()
	err = q.s.later(func(ctx context.Context) error {
		begun, err := q.s.o.Reset.Begin(ctx, actor, address)
		if begun {
			q.s.o.Notices.Nudge()
		}
		return err
	})
	if err != nil {
		return err
	}
	q.frame.Title = "Look at your e-mail and your phone"
	return q.show(http.StatusOK, page.ForgottenSentPage(q.frame, int(q.s.o.Policy.Reset.GoodFor.Minutes())))
}

func resetPage(q *request) error {
	if err := q.s.o.Reset.Look(q.ctx(), q.r.PathValue("link")); err != nil {
		return err
	}
	return q.showReset(http.StatusOK)
}

func (q *request) showReset(code int, problems ...page.Problem) error {
	q.frame.Title, q.frame.Errors = "Choose a new password", problems
	p := q.s.o.Policy.Password
	return q.show(code, page.ResetPage(q.frame, q.r.URL.Path, page.NewPassword{Least: p.MinLength, History: p.History}))
}

func resetPassword(q *request) error {
	now := q.r.PostFormValue("new")
	problems := newPasswordProblems(now, q.r.PostFormValue("again"))
	if q.value("code") == "" {
		problems = append([]page.Problem{{Field: "code", Say: "Enter the code that we sent to your mobile"}}, problems...)
	}
	if len(problems) > 0 {
		return q.showReset(http.StatusUnprocessableEntity, problems...)
	}
	err := q.s.o.Reset.Finish(q.ctx(), q.actor(), q.r.PathValue("link"), q.value("code"), now)
	if e := (*errs.Error)(nil); errors.As(err, &e) {
		switch e.Kind {
		case errs.Private:
			return q.showReset(http.StatusUnprocessableEntity, page.Problem{Field: "code", Say: e.Say})
		case errs.Invalid:
			return q.showReset(http.StatusUnprocessableEntity, page.Problem{Field: "new", Say: e.Say})
		}
	}
	if err != nil {
		return err
	}
	q.s.o.Notices.Nudge()
	q.frame.Title = "Your password is changed"
	return q.show(http.StatusOK, page.ResetDonePage(q.frame))
}
