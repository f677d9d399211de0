package work

import (
	"fmt"
	"time"

	"haven"
)

// Day is a day in London, as yyyymmdd.
type Day int

// DayOf is the day of a moment.
func DayOf(t time.Time) Day {
	y, m, d := t.In(london).Date()
	return Day(y*10000 + int(m)*100 + d)
}

// ParseDay reads what String wrote, of a day that there is.
func ParseDay(s string) (Day, bool) {
	t, err := time.ParseInLocation(time.DateOnly, s, london)
	return DayOf(t), err == nil && t.Year() > 0
}

// Begin is when a day begins.
func (d Day) Begin() time.Time {
	return time.Date(int(d)/10000, time.Month(int(d)/100%100), int(d)%100, 0, 0, 0, 0, london)
}

// End is when the next one does.
func (d Day) End() time.Time { return d.Add(1).Begin() }

// Add is the day so many days later.
func (d Day) Add(days int) Day { return DayOf(d.Begin().AddDate(0, 0, days)) }

func (d Day) String() string {
	return fmt.Sprintf("%04d-%02d-%02d", int(d)/10000, int(d)/100%100, int(d)%100)
}

// Opening is when a premises is open.
type Opening interface {
	Known() bool                                     // somebody has said when
	Opens(day time.Time) (opens time.Time, ok bool)  // ok: it is open on the day of a moment, from then on
	Between(from, to time.Time) (open time.Duration) // how long it was open; all hours where that is not known
}

// AskedOn says whether people are asked for the check of a day, and until when it should be made: on days on which the premises is open, some time after the door
// opens. Where nobody has said when it is open, they are asked every day, and it is late at no time.
func AskedOn(day Day, h Opening, within time.Duration) (asked bool, lateAt time.Time) {
	if !h.Known() {
		return true, time.Time{}
	}
	opens, ok := h.Opens(day.Begin())
	if !ok {
		return false, time.Time{}
	}
	return true, opens.Add(within)
}

// MayCheck says whether somebody may make the check of a day: once. name is who made it.
func MayCheck(c Check, name string) haven.Verdict {
	if !c.At.IsZero() {
		return haven.Refuse(RuleChecked, fmt.Sprintf("%s checked this mailbox at %s.", name, at(c.At)))
	}
	return allowed(RuleCheck)
}
