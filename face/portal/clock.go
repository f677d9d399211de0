package portal

import (
	"net/http"
	"time"

	"haven/face/portal/page"
	"haven/people/openinghours"
	"haven/platform/errs"
)

// clockSteps are by how much the clock of a demo is moved on.
var clockSteps = []struct {
	value, label string
	by           time.Duration
}{
	{"minutes", "10 minutes: a page locks, and a code is over soon", 10 * time.Minute},
	{"hour", "an hour", time.Hour},
	{"day", "a day: everybody is logged out", 24 * time.Hour},
	{"week", "a week", 7 * 24 * time.Hour},
	{"month", "30 days", 30 * 24 * time.Hour},
	{"quarter", "90 days", 90 * 24 * time.Hour},
}

// clockPage is there in a demo alone.
func clockPage(q *request) error {
	if q.s.o.MoveClock == nil {
		return errs.E(errs.NotFound, "")
	}
	return q.showClock(http.StatusOK)
}

func (q *request) showClock(code int, problems ...page.Problem) error {
	var steps []page.Choice
	for _, s := range clockSteps {
		steps = append(steps, page.Choice{Value: s.value, Label: s.label})
	}
	q.frame.Title, q.frame.Errors, q.frame.Back = "The demo's clock", problems, "/"
	return q.show(code, page.ClockPage(q.frame, q.now().In(openinghours.London).Format("15:04 on Monday 2 January 2006"), steps))
}

func moveClock(q *request) error {
	if q.s.o.MoveClock == nil {
		return errs.E(errs.NotFound, "")
	}
	for _, s := range clockSteps {
		if s.value == q.value("step") {
			if err := q.s.o.MoveClock(s.by); err != nil {
				return err
			}
			return q.redirect("/demo/clock")
		}
	}
	return q.showClock(http.StatusUnprocessableEntity, page.Problem{Field: "step", Say: "Say by how much"})
}
