package portal

import (
	"net/http"
	"testing"
	"time"

	"haven/people/peopletest"
)

func TestClock(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *peopletest.House) {
		s := newStand(t, h)
		b := s.browser()
		b.get("/demo/clock").want(http.StatusNotFound, "/demo/clock", "There is nothing here") // no demo
		s.pages.o.MoveClock = func(by time.Duration) error { h.Clock.Advance(by); return nil }
		b.get("/demo/clock").want(200, "/demo/clock", "It is 10:00 on Monday 4 September 2017 here.")
		b.send("/demo/clock", "step", "back").want(422, "/demo/clock", "Say by how much")
		b.send("/demo/clock", "step", "week").want(200, "/demo/clock", "It is 10:00 on Monday 11 September 2017 here.")
	})
}
