package portal

import (
	"net/http"
	"strconv"

	"haven/face/portal/page"
	"haven/people/account"
	"haven/people/activation"
	"haven/people/texts"
	"haven/platform/errs"
)

// stepPages are the pages of the steps.
var stepPages = map[activation.Step]string{
	activation.Policy: "/activation/policy", activation.Password: "/activation/password",
	activation.Questions: "/activation/questions", activation.Directory: "/activation/directory",
}

var stepNames = map[activation.Step]string{
	activation.Policy: "Read and accept the rules of use", activation.Password: "Choose your password",
	activation.Questions: "Set your security questions", activation.Directory: "Say who sees your mobile number",
}

// activatePage tells how an account is activated; it leads to the log in.
func activatePage(q *request) error {
	q.frame.Title, q.frame.Back = "Activate your account", "/"
	return q.show(http.StatusOK, page.ActivatePage(q.frame))
}

// activationPage is the list of what is left to do.
func activationPage(q *request) error {
	if q.ses.Person.State != account.Invited {
		return q.redirect(home)
	}
	p, err := q.s.o.Activation.Progress(q.ctx(), q.ses.Person.No)
	if err != nil {
		return err
	}
	var tasks []page.Task
	open := true // the first that isn't done, and all that are
	for _, s := range activation.Steps {
		t := page.Task{Name: stepNames[s], Done: p.Has(s)}
		if t.Done || open {
			t.Href = stepPages[s]
		}
		open = open && t.Done
		tasks = append(tasks, t)
	}
	q.frame.Title = "Activate your account"
	return q.show(http.StatusOK, page.ActivationPage(q.frame, tasks))
}

// onward goes to the next step of an account that is not active yet, or makes it active after the last; of an account that was, to the place from
// which the page was reached.
func (q *request) onward(otherwise string) error {
	if q.ses.Person.State != account.Invited {
		return q.redirect(otherwise)
	}
	p, err := q.s.o.Activation.Progress(q.ctx(), q.ses.Person.No)
	if err != nil {
		return err
	}
	if next := p.Next(); next != activation.Done {
		return q.redirect(stepPages[next])
	}
	if err := q.s.o.Activation.Finish(q.ctx(), q.actor(), q.ses.Person.No); err != nil {
		return err
	}
	return q.redirect("/activation/done")
}

func activationDone(q *request) error {
	if q.ses.Person.State == account.Invited {
		return q.redirect("/activation")
	}
	duty, err := q.duty()
	if err != nil {
		return err
	}
	due := ""
	if duty.Verdict.Allowed && !duty.Due.IsZero() {
		due = day(duty.Due)
	}
	q.frame.Title = "Your account is active"
	return q.show(http.StatusOK, page.ActivationDonePage(q.frame, due))
}

func policyPage(q *request) error { return q.showPolicy(http.StatusOK) }

func (q *request) showPolicy(code int, problems ...page.Problem) error {
	p, err := q.s.o.Activation.Current(q.ctx())
	if err != nil {
		return err
	}
	q.frame.Title, q.frame.Errors, q.frame.Back = "Rules of use", problems, q.backOf(home)
	if q.mustAccept() {
		q.frame.Back = ""
	}
	return q.show(code, page.PolicyPage(q.frame, page.UsePolicy{Version: strconv.Itoa(p.Version), Parts: texts.Parse(p.Text)}))
}

// backOf is where the back link of a step leads.
func (q *request) backOf(otherwise string) string {
	if q.ses.Person.State == account.Invited {
		return "/activation"
	}
	return otherwise
}

func acceptPolicy(q *request) error {
	version, err := strconv.Atoi(q.value("version"))
	if err != nil || q.value("accept") != "yes" {
		return q.showPolicy(http.StatusUnprocessableEntity, page.Problem{Field: "accept", Say: "Tick the box if you accept the rules"})
	}
	err = q.s.o.Activation.Accept(q.ctx(), q.actor(), q.ses.Person.No, version)
	if say, ok := sayOf(err); ok {
		return q.showPolicy(http.StatusUnprocessableEntity, page.Problem{Field: "accept", Say: say})
	}
	if err != nil {
		return err
	}
	return q.onward(home)
}

// firstPasswordOpen reports whether it is the turn of the first password; afterwards the present one is asked for.
func (q *request) firstPasswordOpen() (bool, error) {
	if q.ses.Person.State != account.Invited {
		return false, nil
	}
	p, err := q.s.o.Activation.Progress(q.ctx(), q.ses.Person.No)
	return !p.Password, err
}

func firstPasswordPage(q *request) error {
	if open, err := q.firstPasswordOpen(); err != nil {
		return err
	} else if !open {
		return q.redirect("/account/password")
	}
	return q.showFirstPassword(http.StatusOK)
}

func (q *request) showFirstPassword(code int, problems ...page.Problem) error {
	q.frame.Title, q.frame.Errors, q.frame.Back = "Choose your password", problems, "/activation"
	p := q.s.o.Policy.Password
	return q.show(code, page.FirstPasswordPage(q.frame, page.NewPassword{Least: p.MinLength, History: p.History}))
}

// firstPassword takes the person's own password in place of the temporary one, which opened this session.
func firstPassword(q *request) error {
	if open, err := q.firstPasswordOpen(); err != nil {
		return err
	} else if !open {
		return q.redirect("/account/password")
	}
	now := q.r.PostFormValue("new")
	if p := newPasswordProblems(now, q.r.PostFormValue("again")); len(p) > 0 {
		return q.showFirstPassword(http.StatusUnprocessableEntity, p...)
	}
	problem, err := q.setPassword(now)
	if err != nil {
		return err
	}
	if problem != "" {
		return q.showFirstPassword(http.StatusUnprocessableEntity, page.Problem{Field: "new", Say: problem})
	}
	return q.onward(home)
}

// questionsPage asks for the security questions. Who has an active account gives the password again first, so that no answer is typed in vain.
func questionsPage(q *request) error {
	if q.ses.Person.State != account.Invited {
		if asked, err := q.recently("/account/questions"); asked || err != nil {
			return err
		}
	}
	return q.showQuestions(http.StatusOK, nil)
}

func (q *request) showQuestions(code int, given []page.GivenAnswer, problems ...page.Problem) error {
	var list []page.Choice
	for _, one := range activation.QuestionList {
		list = append(list, page.Choice{Value: strconv.Itoa(one.ID), Label: one.Text})
	}
	for len(given) < q.s.o.Policy.Reset.Questions {
		given = append(given, page.GivenAnswer{})
	}
	q.frame.Title, q.frame.Errors, q.frame.Back = "Security questions", problems, q.backOf("/account")
	return q.show(code, page.QuestionsPage(q.frame, q.stepPath(activation.Questions), list, given))
}

// setQuestions keeps the answers; what was typed is not given back, since somebody may look over the person's shoulder later.
func setQuestions(q *request) error {
	var answers []activation.Answer
	var given []page.GivenAnswer
	for i := range q.s.o.Policy.Reset.Questions {
		n := strconv.Itoa(i + 1)
		id, err := strconv.Atoi(q.value("question-" + n))
		if err != nil {
			id = 0
		}
		answers = append(answers, activation.Answer{Question: id, Text: q.value("answer-" + n)})
		given = append(given, page.GivenAnswer{Question: q.value("question-" + n)})
	}
	if v, at := activation.CheckAnswers(answers, len(answers)); !v.Allowed {
		field := "answer-" + strconv.Itoa(at+1)
		if v.Rule == "questions.unknown" || v.Rule == "questions.twice" {
			field = "question-" + strconv.Itoa(at+1)
		}
		return q.showQuestions(http.StatusUnprocessableEntity, given, page.Problem{Field: field, Say: v.Reason})
	}
	if q.ses.Person.State != account.Invited {
		if asked, err := q.recently("/account/questions"); asked || err != nil {
			return err
		}
	}
	if err := q.s.o.Activation.SetAnswers(q.ctx(), q.actor(), q.ses.Person.No, answers); err != nil {
		return err
	}
	q.s.o.Notices.Nudge()
	return q.saved("Your security questions are changed.")
}

// ownPages are where somebody whose account is active changes what the steps of the activation set.
var ownPages = map[activation.Step]string{activation.Questions: "/account/questions", activation.Directory: "/account/mobile/shown"}

// stepPath is where the form of a step goes.
func (q *request) stepPath(s activation.Step) string {
	if q.ses.Person.State == account.Invited {
		return stepPages[s]
	}
	return ownPages[s]
}

// saved goes on with the activation, or says on the own page what was done.
func (q *request) saved(done string) error {
	if q.ses.Person.State == account.Invited {
		return q.onward("/account")
	}
	q.frame.Done = done
	return accountPage(q)
}

func directoryPage(q *request) error {
	given := ""
	if q.ses.Person.State != account.Invited {
		p, err := q.s.o.Profiles.Of(q.ctx(), q.ses.Person.No)
		if err != nil {
			return err
		}
		if given = "no"; p.MobileShown {
			given = "yes"
		}
	}
	return q.showDirectory(http.StatusOK, given)
}

func (q *request) showDirectory(code int, given string, problems ...page.Problem) error {
	q.frame.Title, q.frame.Errors, q.frame.Back = "Your mobile number", problems, q.backOf("/account")
	return q.show(code, page.DirectoryPage(q.frame, q.stepPath(activation.Directory), given))
}

func setDirectory(q *request) error {
	show := q.value("show")
	if show != "yes" && show != "no" {
		return q.showDirectory(http.StatusUnprocessableEntity, "", page.Problem{Field: "show", Say: "Say whether colleagues may see your mobile number"})
	}
	if err := q.s.o.Activation.ShowMobile(q.ctx(), q.actor(), q.ses.Person.No, show == "yes"); err != nil {
		return err
	}
	if show == "yes" {
		return q.saved("The directory shows your mobile number.")
	}
	return q.saved("The directory hides your mobile number.")
}

// newPasswordProblems is what is wrong with a new password and its repetition, before the rules are asked.
func newPasswordProblems(now, again string) (problems []page.Problem) {
	if now == "" {
		problems = append(problems, page.Problem{Field: "new", Say: "Enter a new password"})
	} else if now != again {
		problems = append(problems, page.Problem{Field: "again", Say: "The new password and its repetition are not the same"})
	}
	return problems
}

// setPassword gives the session's person a new password, with which the session goes on. A problem is something to say on the same page.
func (q *request) setPassword(now string) (problem string, err error) {
	err = q.s.o.Accounts.SetPassword(q.ctx(), q.actor(), q.ses.Person.No, now, false)
	if say, ok := sayOf(err); ok && errs.Is(err, errs.Invalid) {
		return say, nil
	}
	if err != nil {
		return "", err
	}
	found, err := q.authenticate(q.ses.Person.Address.String(), now)
	if err != nil {
		return "", err
	}
	return "", q.s.o.Sessions.Prove(q.ctx(), q.token, found.Proof, found.Person.No)
}
