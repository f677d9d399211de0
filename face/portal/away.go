package portal

import (
	"net/http"
	"strings"
	"time"

	"haven"
	"haven/face/portal/page"
	"haven/mail/vacation"
	"haven/people/account"
	"haven/people/locum"
	"haven/people/openinghours"
)

// answering is whose automatic reply a page is about: the mailbox that its path names, which has to be one's to manage, or the own account.
func (q *request) answering() (a account.Account, path string, err error) {
	if q.r.PathValue("id") == "" {
		return q.ses.Person, "/account", nil
	}
	o, err := q.owned()
	return o.Account, mailboxPath(o), err
}

func awayPage(q *request) error {
	a, path, err := q.answering()
	if err != nil {
		return err
	}
	r, err := q.s.o.Vacation.Of(q.ctx(), q.ses.Person.No, a.No)
	if err != nil {
		return err
	}
	return q.showAway(http.StatusOK, a, path, r, awayView(r))
}

// awayView is a reply as its form shows it.
func awayView(r vacation.Reply) page.AwayView {
	v := page.AwayView{Inside: r.Inside, Outside: r.Outside, Strangers: "no"}
	if r.Outside != "" {
		v.Strangers = "yes"
	}
	if !r.On {
		return v
	}
	if !r.From.IsZero() {
		v.From = typedDate(r.From)
	}
	if !r.Until.IsZero() {
		v.Until = typedDate(r.Until.Add(-time.Second))
	}
	return v
}

func typedDate(t time.Time) page.Date {
	t = t.In(openinghours.London)
	return page.Date{Day: t.Format("2"), Month: t.Format("1"), Year: t.Format("2006")}
}

func (q *request) showAway(code int, a account.Account, path string, r vacation.Reply, v page.AwayView, problems ...page.Problem) error {
	v.Path, v.On = path, r.On
	if a.Kind == haven.Shared {
		v.Name = a.Display
	}
	switch now := q.now(); {
	case r.Stands(now) && r.Until.IsZero():
		v.Stands = "It is on until somebody turns it off. Each sender is answered once."
	case r.Stands(now):
		v.Stands = "It is on until " + untilWords(r.Until) + ". Each sender is answered once."
	case r.On && now.Before(r.From):
		v.Stands = "It begins on " + day(r.From) + "."
	case r.On:
		v.On, v.Stands = false, "It ended on "+day(r.Until.Add(-time.Second))+"."
	default:
		v.Stands = "It is off. While it is on, each sender is answered once; letters arrive as ever."
	}
	q.frame.Title, q.frame.Errors, q.frame.Back = "Automatic reply", problems, path
	return q.show(code, page.AwayPage(q.frame, v))
}

// setAway turns an automatic reply on, or changes what it says.
func setAway(q *request) error {
	a, path, err := q.answering()
	if err != nil {
		return err
	}
	was, err := q.s.o.Vacation.Of(q.ctx(), q.ses.Person.No, a.No)
	if err != nil {
		return err
	}
	r, v, problems := q.away()
	if len(problems) > 0 {
		return q.showAway(http.StatusUnprocessableEntity, a, path, was, v, problems...)
	}
	err = q.s.o.Vacation.Set(q.ctx(), q.actor(), vacation.Whose{Person: q.ses.Person.No, Account: a.No, ID: a.ID}, r)
	if say, ok := sayOf(err); ok {
		return q.showAway(http.StatusUnprocessableEntity, a, path, was, v, page.Problem{Field: "inside", Say: say})
	}
	if err != nil {
		return err
	}
	q.frame.Done = "The automatic reply is saved."
	return q.showAway(http.StatusOK, a, path, r, awayView(r))
}

// away reads the form.
func (q *request) away() (r vacation.Reply, v page.AwayView, problems []page.Problem) {
	lines := func(name string) string {
		return strings.TrimSpace(strings.ReplaceAll(q.r.PostFormValue(name), "\r\n", "\n"))
	}
	v = page.AwayView{Inside: lines("inside"), Outside: lines("outside"), Strangers: q.value("strangers")}
	r = vacation.Reply{On: true, Inside: v.Inside, Outside: v.Outside}
	for _, f := range []struct {
		name  string
		typed *page.Date
		into  *time.Time
		ends  bool
	}{{"from", &v.From, &r.From, false}, {"until", &v.Until, &r.Until, true}} {
		typed, date, ok := q.date(f.name)
		*f.typed = typed
		t, err := time.ParseInLocation(time.DateOnly, string(date), openinghours.London)
		switch {
		case ok && date == "":
		case !ok || err != nil:
			problems = append(problems, page.Problem{Field: f.name, Say: "Enter a day, or leave it empty"})
		case f.ends:
			*f.into = locum.EndOfDay(t, 0)
		default:
			*f.into = t
		}
	}
	if !r.Until.IsZero() && (!r.Until.After(r.From) || !r.Until.After(q.now())) {
		problems = append(problems, page.Problem{Field: "until", Say: "The last day comes after the first, and is not past"})
	}
	if v.Inside == "" {
		problems = append(problems, page.Problem{Field: "inside", Say: "Write what colleagues are told"})
	}
	switch {
	case v.Strangers == "no":
		r.Outside = ""
	case v.Strangers != "yes":
		problems = append(problems, page.Problem{Field: "strangers", Say: "Say whether others are answered too"})
	case v.Outside == "":
		problems = append(problems, page.Problem{Field: "outside", Say: "Write what others are told"})
	}
	return r, v, problems
}

// endAway turns an automatic reply off, and keeps what it says for the next time.
func endAway(q *request) error {
	a, path, err := q.answering()
	if err != nil {
		return err
	}
	r, err := q.s.o.Vacation.Of(q.ctx(), q.ses.Person.No, a.No)
	if err != nil {
		return err
	}
	r.On, r.From, r.Until = false, time.Time{}, time.Time{}
	if err := q.s.o.Vacation.Set(q.ctx(), q.actor(), vacation.Whose{Person: q.ses.Person.No, Account: a.No, ID: a.ID}, r); err != nil {
		return err
	}
	q.frame.Done = "The automatic reply is off."
	return q.showAway(http.StatusOK, a, path, r, awayView(r))
}
