package portal

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"haven/face/portal/page"
	"haven/people/openinghours"
	"haven/people/sharedmailbox"
)

// weekdays are the days as a week is written.
var weekdays = []time.Weekday{time.Monday, time.Tuesday, time.Wednesday, time.Thursday, time.Friday, time.Saturday, time.Sunday}

func hoursPage(q *request) error {
	o, err := q.owned()
	if err != nil {
		return err
	}
	return q.showHours(http.StatusOK, o, page.HoursView{})
}

// showHours shows the hours of a premises; what was typed and not taken stands where it was typed.
func (q *request) showHours(code int, o sharedmailbox.Opened, v page.HoursView, problems ...page.Problem) error {
	h, err := q.s.o.Hours.Of(q.ctx(), o.Account.No)
	if err != nil {
		return err
	}
	v.Path, v.Mailbox = mailboxPath(o), o.Account.Display
	if v.Days == nil {
		for _, d := range weekdays {
			value := h.Week[d].String()
			if !h.Known() {
				value = ""
			}
			v.Days = append(v.Days, page.HoursDay{Name: d.String(), Value: value})
		}
	}
	for _, date := range h.Coming(q.now()) {
		v.Except = append(v.Except, page.HoursDay{Name: when(date), Date: string(date), Value: h.Except[date].String()})
	}
	q.frame.Title, q.frame.Errors, q.frame.Back = "Opening hours", problems, mailboxPath(o)
	return q.show(code, page.HoursPage(q.frame, v))
}

func setHours(q *request) error {
	o, err := q.owned()
	if err != nil {
		return err
	}
	var week [7]openinghours.Day
	var v page.HoursView
	var problems []page.Problem
	for i, d := range weekdays {
		field := "day-" + strconv.Itoa(i)
		day, verdict := openinghours.ParseDay(q.value(field))
		if !verdict.Allowed {
			problems = append(problems, page.Problem{Field: field, Say: d.String() + ": " + verdict.Reason})
		}
		week[d] = day
		v.Days = append(v.Days, page.HoursDay{Name: d.String(), Value: q.value(field)})
	}
	if len(problems) > 0 {
		return q.showHours(http.StatusUnprocessableEntity, o, v, problems...)
	}
	if err := q.s.o.Hours.Set(q.ctx(), q.actor(), o.Account.No, week); err != nil {
		return err
	}
	q.frame.Done = "The opening hours are saved."
	return q.showHours(http.StatusOK, o, page.HoursView{})
}

// date is a day that was typed in three fields; ok is false where something was typed that is no day.
func (q *request) date(name string) (typed page.Date, date openinghours.Date, ok bool) {
	typed = page.Date{Day: q.value(name), Month: q.value(name + "-month"), Year: q.value(name + "-year")}
	if typed == (page.Date{}) {
		return typed, "", true
	}
	y, yes := shortNumber(typed.Year)
	m, and := shortNumber(typed.Month)
	d, also := shortNumber(typed.Day)
	if !yes || !and || !also {
		return typed, "", false
	}
	t := time.Date(y, time.Month(m), d, 0, 0, 0, 0, time.UTC)
	return typed, openinghours.Date(t.Format(time.DateOnly)), t.Year() == y && int(t.Month()) == m && t.Day() == d
}

func shortNumber(s string) (n int, ok bool) {
	if s == "" || len(s) > 4 || strings.Trim(s, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.Atoi(s)
	return n, err == nil
}

func addDifferent(q *request) error {
	o, err := q.owned()
	if err != nil {
		return err
	}
	v := page.HoursView{Hours: q.value("hours")}
	typed, date, ok := q.date("date")
	v.Date = typed
	day, verdict := openinghours.ParseDay(v.Hours)
	var problems []page.Problem
	if !ok || date == "" {
		problems = append(problems, page.Problem{Field: "date", Say: "Enter a day, such as 24 12 " + strconv.Itoa(q.now().Year())})
	}
	if !verdict.Allowed {
		problems = append(problems, page.Problem{Field: "hours", Say: verdict.Reason})
	}
	if len(problems) > 0 {
		return q.showHours(http.StatusUnprocessableEntity, o, v, problems...)
	}
	err = q.s.o.Hours.Except(q.ctx(), q.actor(), o.Account.No, date, day)
	if say, ok := sayOf(err); ok {
		return q.showHours(http.StatusUnprocessableEntity, o, v, page.Problem{Field: "date", Say: say})
	}
	if err != nil {
		return err
	}
	q.frame.Done = fmt.Sprintf("%s: %s.", when(date), day)
	return q.showHours(http.StatusOK, o, page.HoursView{})
}

// when is a day in words.
func when(d openinghours.Date) string {
	t, err := time.Parse(time.DateOnly, string(d))
	if err != nil {
		return string(d)
	}
	return t.Format("Monday 2 January 2006")
}

func dropDifferent(q *request) error {
	o, err := q.owned()
	if err != nil {
		return err
	}
	if err := q.s.o.Hours.Plain(q.ctx(), q.actor(), o.Account.No, openinghours.Date(q.value("date"))); err != nil {
		return err
	}
	return q.redirect(mailboxPath(o) + "/hours")
}
