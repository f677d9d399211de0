package portal

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"time"

	"haven"
	"haven/face/portal/page"
	"haven/people/activation"
	"haven/people/reset"
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
	return q.show(http.StatusOK, page.ForgottenSentPage(q.frame, text, int(q.s.o.Policy.Reset.GoodFor.Minutes())))
}

// resetWays are those of which somebody without the link chooses two.
func (q *request) resetWays() []page.Choice {
	all := []page.Choice{
		{Value: reset.ByText.String(), Label: "The code that we sent to my mobile"},
		{Value: reset.ByAnswers.String(), Label: "The answers to my security questions"},
		{Value: reset.ByRecovery.String(), Label: "A recovery code of my second step"},
	}
	if q.s.o.SecondFactor.Passkeys() {
		all = append(all, page.Choice{Value: reset.ByPasskey.String(), Label: "A passkey", Hint: "On my phone or on a security key"})
	}
	return all
}

// forgottenWays asks which two ways somebody has, and then for both.
func forgottenWays(q *request) error {
	address, err := haven.ParseAddress(q.value("address"))
	if err != nil {
		return q.redirect("/forgotten-password")
	}
	ways := q.ways()
	if len(ways) == 2 {
		return q.showReset(http.StatusOK, address, ways)
	}
	code, problems := http.StatusOK, []page.Problem(nil)
	if q.value("chosen") != "" {
		code, problems = http.StatusUnprocessableEntity, []page.Problem{{Field: "way", Say: "Choose two"}}
	}
	q.frame.Title, q.frame.Errors, q.frame.Back = "Which two have you got?", problems, "/forgotten-password"
	return q.show(code, page.WaysPage(q.frame, address.String(), q.resetWays(), q.r.PostForm["way"]))
}

// ways are those that the form names, without the link.
func (q *request) ways() (ways []reset.Way) {
	for _, c := range q.resetWays() {
		if slices.Contains(q.r.PostForm["way"], c.Value) {
			ways = append(ways, reset.ParseWay(c.Value))
		}
	}
	return ways
}

// resetPage is what the link in the e-mail opens. It asks for the code that was sent with it, or for something else that its address names.
func resetPage(q *request) error {
	way := reset.ParseWay(q.r.URL.Query().Get("with"))
	if !slices.ContainsFunc(q.resetWays(), func(c page.Choice) bool { return c.Value == way.String() }) {
		way = reset.ByText
	}
	return q.showReset(http.StatusOK, haven.Address{}, []reset.Way{way})
}

// showReset asks for what somebody has to show, and for a new password. Without an address it is the person of the link.
func (q *request) showReset(code int, address haven.Address, ways []reset.Way, problems ...page.Problem) error {
	p := q.s.o.Policy.Password
	v := page.Reset{NewPassword: page.NewPassword{Least: p.MinLength, History: p.History}, Path: "/forgotten-password/reset", Address: address.String(), Passkeys: q.s.o.SecondFactor.Passkeys()}
	q.frame.Back = "/forgotten-password"
	if address.IsNull() {
		v.Path, v.Address = q.r.URL.Path, ""
		if err := q.s.o.Reset.Look(q.ctx(), q.r.PathValue("link")); err != nil {
			return err
		}
	}
	for _, w := range ways {
		v.Ways = append(v.Ways, w.String())
	}
	var err error
	if slices.Contains(ways, reset.ByAnswers) {
		if v.Questions, err = q.resetQuestions(address); err != nil {
			return err
		}
		if len(v.Questions) == 0 { // of the person of a link
			return q.showReset(http.StatusUnprocessableEntity, address, []reset.Way{reset.ByText}, page.Problem{Say: "No security questions were set for this account. Use something else."})
		}
	}
	if slices.Contains(ways, reset.ByPasskey) {
		c, err := q.s.o.SecondFactor.AskAnybody(q.ctx())
		if err != nil {
			return err
		}
		v.Ceremony = string(c)
	}
	q.frame.Title, q.frame.Errors = "Choose a new password", problems
	return q.show(code, page.ResetPage(q.frame, v))
}

func (q *request) resetQuestions(address haven.Address) (texts []string, err error) {
	ids, err := q.questionsOf(address)
	for _, id := range ids {
		texts = append(texts, activation.QuestionText(id))
	}
	return texts, err
}

func (q *request) questionsOf(address haven.Address) ([]int, error) {
	if address.IsNull() {
		return q.s.o.Reset.QuestionsBy(q.ctx(), q.r.PathValue("link"))
	}
	return q.s.o.Reset.QuestionsOf(q.ctx(), address)
}

// resetByLink takes what goes with the link, resetByAddress two ways without it.
func resetByLink(q *request) error {
	ways := q.ways()
	if len(ways) == 0 {
		ways = []reset.Way{reset.ByText}
	}
	return q.reset(haven.Address{}, reset.Claim{Link: q.r.PathValue("link")}, ways[:1])
}

func resetByAddress(q *request) error {
	address, err := haven.ParseAddress(q.value("address"))
	ways := q.ways()
	if err != nil || len(ways) != 2 {
		return q.redirect("/forgotten-password")
	}
	return q.reset(address, reset.Claim{Address: address}, ways)
}

func (q *request) reset(address haven.Address, c reset.Claim, ways []reset.Way) error {
	problems, err := q.claim(&c, address, ways)
	if err != nil {
		return err
	}
	now := q.r.PostFormValue("new")
	if problems = append(problems, newPasswordProblems(now, q.r.PostFormValue("again"))...); len(problems) > 0 {
		return q.showReset(http.StatusUnprocessableEntity, address, ways, problems...)
	}
	err = q.s.o.Reset.Finish(q.ctx(), q.actor(), c, now)
	if e := (*errs.Error)(nil); errors.As(err, &e) {
		switch {
		case e.Kind == errs.Private && slices.Equal(ways, []reset.Way{reset.ByText}):
			return q.showReset(http.StatusUnprocessableEntity, address, ways, page.Problem{Field: "code", Say: e.Say})
		case e.Kind == errs.Private || e.Kind == errs.TooMany:
			return q.showReset(http.StatusUnprocessableEntity, address, ways, page.Problem{Say: e.Say})
		case e.Kind == errs.Invalid:
			return q.showReset(http.StatusUnprocessableEntity, address, ways, page.Problem{Field: "new", Say: e.Say})
		}
	}
	if err != nil {
		return err
	}
	q.s.o.Notices.Nudge()
	q.frame.Title = "Your password is changed"
	return q.show(http.StatusOK, page.ResetDonePage(q.frame))
}

// claim reads what the form shows, and says what lacks.
func (q *request) claim(c *reset.Claim, address haven.Address, ways []reset.Way) (problems []page.Problem, err error) {
	lacks := func(field, say string) { problems = append(problems, page.Problem{Field: field, Say: say}) }
	for _, w := range ways {
		switch w {
		case reset.ByText:
			if c.Code = q.value("code"); c.Code == "" {
				lacks("code", "Enter the code that we sent to your mobile")
			}
		case reset.ByRecovery:
			if c.Recovery = q.value("recovery"); c.Recovery == "" {
				lacks("recovery", "Enter a recovery code")
			}
		case reset.ByPasskey:
			if c.Passkey = q.value("credential"); c.Passkey == "" {
				lacks("", "Your browser showed no passkey. Turn script on, or use something else")
			}
		case reset.ByAnswers:
			ids, err := q.questionsOf(address)
			if err != nil {
				return nil, err
			}
			for i, id := range ids {
				field := "answer-" + strconv.Itoa(i+1)
				c.Answers = append(c.Answers, activation.Answer{Question: id, Text: q.value(field)})
				if q.value(field) == "" {
					lacks(field, "Answer the question")
				}
			}
		}
	}
	return problems, nil
}
