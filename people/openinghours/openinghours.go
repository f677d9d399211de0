// Package openinghours is when premises and desks are open: a week, bank holidays, and days that are different.
//
// Hours are London's, whatever zone a machine has. A deadline, a locum's pass and the desk's line on every page ask here.
package openinghours

import (
	"time"
	_ "time/tzdata" // the hours are London's, whatever the machine has
)

// London is the zone of the service's hours and days.
var London = func() *time.Location {
	l, err := time.LoadLocation("Europe/London")
	if err != nil {
		return time.UTC // never: the zone is part of the program
	}
	return l
}()

// Minute is a time of day: minutes after midnight, 1440 for the midnight that ends the day.
type Minute int

// Span is one stretch in which the door is open: from Opens, until just before Closes.
type Span struct{ Opens, Closes Minute }

// Day is the stretches of one day, one after the other; empty: closed.
type Day []Span

// Date is a day of the calendar, as 2006-01-02.
type Date string

// DateOf is the day in London at a moment.
func DateOf(t time.Time) Date { return Date(t.In(London).Format(time.DateOnly)) }

// Hours are when one door is open. The zero value is closed always.
type Hours struct {
	Week   [7]Day       // by time.Weekday
	Except map[Date]Day // days that are different, which go before bank holidays
}

// Known reports whether somebody has said anything of them.
func (h Hours) Known() bool {
	for _, d := range h.Week {
		if len(d) > 0 {
			return true
		}
	}
	return len(h.Except) > 0
}
