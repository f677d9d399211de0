package portal

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"haven"
	"haven/face/portal/page"
	"haven/people/helpdesk"
	"haven/people/locum"
	"haven/people/openinghours"
	"haven/people/sharedmailbox"
	"haven/platform/errs"
)

func locumCodePage(q *request) error {
	q.frame.Title, q.frame.Back = "Stand in at a premises", "/account"
	return q.show(http.StatusOK, page.LocumCodePage(q.frame, "", ""))
}

// locumCode shows a person a code to read out.
func locumCode(q *request) error {
	c, err := q.s.o.Locum.NewCode(q.ctx(), q.actor())
	if err != nil {
		return err
	}
	half := len(c.Digits) / 2
	q.frame.Title, q.frame.Back = "Stand in at a premises", "/account"
	return q.show(http.StatusOK, page.LocumCodePage(q.frame, c.Digits[:half]+" "+c.Digits[half:], clockTime(c.Until)))
}

func locumPage(q *request) error {
	o, err := q.opened()
	if err != nil {
		return err
	}
	return q.showLocum(http.StatusOK, o, page.LocumView{})
}

const passesShown = 50

func (q *request) showLocum(code int, o sharedmailbox.Opened, v page.LocumView, problems ...page.Problem) (err error) {
	v.Path, v.Mailbox, v.Owner = mailboxPath(o), o.Account.Display, o.Rights.Has(haven.Manage)
	if v.Allowed, err = q.s.o.Locum.Allowed(q.ctx(), o.Account.No); err != nil {
		return err
	}
	if v.Untils, err = q.untils(o); err != nil {
		return err
	}
	if v.Until == "" {
		v.Until = v.Untils[0].Value
	}
	if v.Owner {
		passes, err := q.s.o.Locum.Passes(q.ctx(), q.ses.Person.No, o.Account.No, passesShown)
		if err != nil {
			return err
		}
		for _, p := range passes {
			v.Passes = append(v.Passes, passRow(p))
		}
	}
	q.frame.Title, q.frame.Errors, q.frame.Back = "Let a locum in", problems, mailboxPath(o)
	return q.show(code, page.LocumPage(q.frame, v))
}

func passRow(p locum.Pass) page.PassRow {
	const form = "15:04 on 2 January 2006"
	row := page.PassRow{Name: p.Locum.Display, Address: p.Locum.Address.String(), By: "Let in by " + p.By.Display,
		When: "From " + p.From.In(openinghours.London).Format(form) + " until " + untilWords(p.Until)}
	if p.By.No == 0 {
		row.By = "Let in by the service"
	}
	return row
}

// untilWords names the end of a time: midnight is the end of the day before.
func untilWords(t time.Time) string {
	t = t.In(openinghours.London)
	if t.Hour() == 0 && t.Minute() == 0 {
		return "the end of " + t.AddDate(0, 0, -1).Format("Monday 2 January 2006")
	}
	return t.Format("15:04 on Monday 2 January 2006")
}

// untils are the ends that a pass from now on can have: closing time first, then the end of each day as long as a pass lasts.
func (q *request) untils(o sharedmailbox.Opened) (all []page.Choice, err error) {
	h, err := q.s.o.Hours.Of(q.ctx(), o.Account.No)
	if err != nil {
		return nil, err
	}
	if closes, ok := h.Closes(q.now()); ok && !closes.Equal(locum.EndOfDay(q.now(), 0)) {
		all = append(all, page.Choice{Value: "closing", Label: "Closing time today, " + closes.In(openinghours.London).Format("15:04")})
	}
	for n := 0; locum.MayLast(q.now(), locum.EndOfDay(q.now(), n), q.now(), q.s.o.Policy.Locum).Allowed; n++ {
		label := "The end of " + q.now().In(openinghours.London).AddDate(0, 0, n).Format("Monday 2 January")
		if n == 0 {
			label = "The end of today"
		}
		all = append(all, page.Choice{Value: strconv.Itoa(n), Label: label})
	}
	return all, nil
}

// until is the end that somebody chose among untils.
func (q *request) until(o sharedmailbox.Opened, choice string) (t time.Time, ok bool, err error) {
	if choice == "closing" {
		h, err := q.s.o.Hours.Of(q.ctx(), o.Account.No)
		return locum.Closing(h, q.now()), err == nil, err
	}
	n, ok := shortNumber(choice)
	return locum.EndOfDay(q.now(), n), ok, nil
}

// letIn shows who the locum is whose code a colleague typed, and lets the locum in once the colleague has said that it is the one.
func letIn(q *request) error {
	o, err := q.opened()
	if err != nil {
		return err
	}
	v := page.LocumView{Code: q.value("code"), Until: q.value("until")}
	until, ok, err := q.until(o, v.Until)
	if err != nil {
		return err
	}
	var problems []page.Problem
	if v.Code == "" {
		problems = append(problems, page.Problem{Field: "code", Say: "Enter the code that the locum reads out"})
	}
	if !ok {
		problems = append(problems, page.Problem{Field: "until", Say: "Say until when"})
	}
	if len(problems) > 0 {
		return q.showLocum(http.StatusUnprocessableEntity, o, v, problems...)
	}
	in := locum.LettingIn{Mailbox: o.Account.No, Proven: q.ses.Proven, Code: v.Code}
	if q.value("sure") == "yes" {
		return q.letInNow(o, v, in, until)
	}
	who, err := q.s.o.Locum.Whose(q.ctx(), q.actor(), in)
	if err != nil {
		return q.notLetIn(o, v, err)
	}
	v.Path, v.Mailbox, v.Name, v.Address, v.UntilInWords = mailboxPath(o), o.Account.Display, who.Display, who.Address.String(), untilWords(until)
	q.frame.Title, q.frame.Back = "Is this the locum?", mailboxPath(o)+"/locum"
	return q.show(http.StatusOK, page.LocumCheckPage(q.frame, v))
}

func (q *request) letInNow(o sharedmailbox.Opened, v page.LocumView, in locum.LettingIn, until time.Time) error {
	p, err := q.s.o.Locum.LetIn(q.ctx(), q.actor(), in, until)
	if err != nil {
		return q.notLetIn(o, v, err)
	}
	q.frame.Done = p.Locum.Display + " reads and answers here until " + untilWords(p.Until) + "."
	return mailboxPage(q)
}

// notLetIn says on the form why a locum was not let in; who logged in too long ago does so again.
func (q *request) notLetIn(o sharedmailbox.Opened, v page.LocumView, err error) error {
	if e := (*errs.Error)(nil); errors.As(err, &e) && e.Rule == "locum.on-duty" {
		return q.redirect("/prove?next=" + mailboxPath(o) + "/locum")
	}
	if say, ok := sayOf(err); ok {
		return q.showLocum(http.StatusUnprocessableEntity, o, v, page.Problem{Field: "code", Say: say})
	}
	return err
}

func allowLocums(q *request) error {
	o, err := q.owned()
	if err != nil {
		return err
	}
	if asked, err := q.recently(mailboxPath(o) + "/locum"); asked || err != nil {
		return err
	}
	yes := q.value("allow") == "yes"
	if err := q.s.o.Locum.Allow(q.ctx(), q.actor(), o.Account.No, yes); err != nil {
		return err
	}
	q.frame.Done = "Only owners let locums in from now on."
	if yes {
		q.frame.Done = "Colleagues who are at work let locums in from now on."
	}
	return q.showLocum(http.StatusOK, o, page.LocumView{})
}

func passPage(q *request) error {
	o, err := q.owned()
	if err != nil {
		return err
	}
	return q.showPass(http.StatusOK, o, page.PassView{Days: "1"})
}

func (q *request) showPass(code int, o sharedmailbox.Opened, v page.PassView, problems ...page.Problem) error {
	v.Path, v.Mailbox = mailboxPath(o), o.Account.Display
	for n := 1; time.Duration(n)*24*time.Hour <= q.s.o.Policy.Locum.Longest; n++ {
		label := strconv.Itoa(n) + " days"
		if n == 1 {
			label = "That day, until you close"
		}
		v.DayChoices = append(v.DayChoices, page.Choice{Value: strconv.Itoa(n), Label: label})
	}
	q.frame.Title, q.frame.Errors, q.frame.Back = "Give a locum a pass", problems, mailboxPath(o)+"/locum"
	return q.show(code, page.PassPage(q.frame, v))
}

// givePass gives a locum a pass for a day to come, or some.
func givePass(q *request) error {
	o, err := q.owned()
	if err != nil {
		return err
	}
	v := page.PassView{Address: q.value("address"), Days: q.value("days")}
	typed, date, ok := q.date("from")
	v.From = typed
	who, problems, err := q.adding(page.Adding{Address: v.Address, Role: "member"})
	if err != nil {
		return err
	}
	days, counted := shortNumber(v.Days)
	if !ok {
		problems = append(problems, page.Problem{Field: "from", Say: "Enter a day, or leave it empty for today"})
	}
	if !counted || days < 1 {
		problems = append(problems, page.Problem{Field: "days", Say: "Say for how long"})
	}
	if len(problems) > 0 {
		return q.showPass(http.StatusUnprocessableEntity, o, v, problems...)
	}
	if asked, err := q.recently(mailboxPath(o) + "/locum/give"); asked || err != nil {
		return err
	}
	from, until, err := q.passTime(o, date, days)
	if err != nil {
		return err
	}
	p, err := q.s.o.Locum.Give(q.ctx(), q.actor(), o.Account.No, who.No, from, until)
	if say, ok := sayOf(err); ok {
		field := "from"
		if errs.Is(err, errs.Conflict) {
			field = "address"
		}
		return q.showPass(http.StatusUnprocessableEntity, o, v, page.Problem{Field: field, Say: say})
	}
	if err != nil {
		return err
	}
	q.frame.Done = fmt.Sprintf("%s has a pass from %s until %s.", p.Locum.Display, p.From.In(openinghours.London).Format("Monday 2 January"), untilWords(p.Until))
	return q.showLocum(http.StatusOK, o, page.LocumView{})
}

// passTime is from when until when a pass is good that begins on a day and lasts some: one of a day ends when the premises closes.
func (q *request) passTime(o sharedmailbox.Opened, date openinghours.Date, days int) (from, until time.Time, err error) {
	from = q.now()
	if date != "" && date != openinghours.DateOf(from) {
		if from, err = time.ParseInLocation(time.DateOnly, string(date), openinghours.London); err != nil {
			return from, until, err
		}
	}
	if days > 1 {
		return from, locum.EndOfDay(from, days-1), nil
	}
	h, err := q.s.o.Hours.Of(q.ctx(), o.Account.No)
	return from, locum.Closing(h, from), err
}

// locumAskPage asks for an account for a locum who has none.
func locumAskPage(q *request) error {
	o, err := q.owned()
	if err != nil {
		return err
	}
	return q.showLocumAsk(http.StatusOK, o, page.AskAccount{})
}

func (q *request) showLocumAsk(code int, o sharedmailbox.Opened, v page.AskAccount, problems ...page.Problem) error {
	v.Path, v.Mailbox = mailboxPath(o)+"/locum/ask", o.Account.Display
	q.frame.Title, q.frame.Errors, q.frame.Back = "The locum has no account", problems, mailboxPath(o)+"/locum"
	return q.show(code, page.AskAccountPage(q.frame, v))
}

func askLocum(q *request) error {
	o, err := q.owned()
	if err != nil {
		return err
	}
	v := page.AskAccount{First: q.value("first"), Last: q.value("last"), Reason: q.value("reason")}
	if problems := missing(v); len(problems) > 0 {
		return q.showLocumAsk(http.StatusUnprocessableEntity, o, v, problems...)
	}
	err = q.s.o.Helpdesk.Ask(q.ctx(), q.actor(), o.Account.No, helpdesk.LocumAccount, helpdesk.Lost{First: v.First, Last: v.Last, Reason: v.Reason})
	if say, ok := sayOf(err); ok {
		return q.showLocumAsk(http.StatusUnprocessableEntity, o, v, page.Problem{Field: "reason", Say: say})
	}
	if err != nil {
		return err
	}
	q.frame.Title = "Your local team has been asked"
	return q.show(http.StatusOK, page.AskedPage(q.frame, mailboxPath(o), "An account for "+v.First+" "+v.Last))
}

// missing says what an owner left out who asks for an account.
func missing(v page.AskAccount) (problems []page.Problem) {
	for _, f := range []struct{ name, value, say string }{
		{"first", v.First, "Enter the first name"}, {"last", v.Last, "Enter the last name"}, {"reason", v.Reason, "Say how the person is reached, and why"},
	} {
		if f.value == "" {
			problems = append(problems, page.Problem{Field: f.name, Say: f.say})
		}
	}
	return problems
}
