package openinghours

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"time"

	"haven"
)

//go:embed bank-holidays.txt
var holidayText string

var holidays, firstYear, lastYear = readHolidays(holidayText)

// readHolidays reads the list of bank holidays: a line with the first and last year, and days.
func readHolidays(text string) (days map[Date]bool, first, last int) {
	days = map[Date]bool{}
	for line := range strings.Lines(text) {
		if _, err := fmt.Sscanf(line, "years %d %d", &first, &last); err == nil || strings.HasPrefix(line, "#") {
			continue
		}
		for _, day := range strings.Fields(line) {
			days[Date(day)] = true
		}
	}
	return days, first, last
}

// BankHoliday reports whether a day is a bank holiday of England and Wales.
func BankHoliday(d Date) bool { return holidays[d] }

// Years are the first and last year whose bank holidays are known.
func Years() (first, last int) { return firstYear, lastYear }

// On is the stretches of the day in London at a moment: those of the exception, none on a bank holiday, else the week's (Rules 1).
func (h Hours) On(t time.Time) Day {
	t = t.In(London)
	date := DateOf(t)
	if day, ok := h.Except[date]; ok {
		return day
	}
	if holidays[date] {
		return nil
	}
	return h.Week[t.Weekday()]
}

// at is a time of the day in London at a moment; a minute that the clocks leave out is the one an hour later.
func (m Minute) at(day time.Time) time.Time {
	y, mo, d := day.In(London).Date()
	return time.Date(y, mo, d, int(m)/60, int(m)%60, 0, 0, London)
}

// lookAhead is how far Open looks for the next opening.
const lookAhead = 400 // days

// Open says whether the door is open at a moment, and when that changes next; zero where it does not within a year.
func (h Hours) Open(now time.Time) (open bool, changes time.Time) {
	now = now.In(London)
	for n := range lookAhead {
		day := now.AddDate(0, 0, n)
		if n > 0 {
			day = Minute(0).at(day)
		}
		for _, s := range h.On(day) {
			opens, closes := s.Opens.at(day), s.Closes.at(day)
			switch {
			case now.Before(opens):
				return false, opens
			case now.Before(closes):
				return true, closes
			}
		}
	}
	return false, time.Time{}
}

// Closes is when the door closes for the last time on the day of a moment; ok is false where it is closed by then, or all day.
func (h Hours) Closes(now time.Time) (closes time.Time, ok bool) {
	day := h.On(now)
	if len(day) == 0 {
		return time.Time{}, false
	}
	closes = day[len(day)-1].Closes.at(now)
	return closes, now.Before(closes)
}

const (
	midnight  = Minute(24 * 60)
	mostSpans = 3 // of one day
	textRunes = 60
)

// ParseDay reads how somebody writes the hours of a day: "9-5.30", "9am to 1pm, 2pm to 18:00", "closed" or nothing for a day that is
// closed. An hour from 1 to 11 without am or pm, that stands where a door closes and would be before it opens, is the afternoon's.
func ParseDay(text string) (Day, haven.Verdict) {
	text = strings.ToLower(strings.TrimSpace(text))
	if len([]rune(text)) > textRunes {
		return nil, refuse()
	}
	for _, dash := range []string{"–", "—", "−", " to ", " until ", " till "} {
		text = strings.ReplaceAll(text, dash, "-")
	}
	text = strings.NewReplacer(" and ", ",", "&", ",", ";", ",").Replace(text)
	text = strings.Join(strings.Fields(text), "")
	switch text {
	case "", "closed", "shut", "-":
		return nil, allow()
	case "24hours", "allday", "24h":
		return Day{{0, midnight}}, allow()
	}
	var day Day
	for part := range strings.SplitSeq(text, ",") {
		from, to, ok := strings.Cut(part, "-")
		opens, _, good := clockTime(from)
		closes, vague, fine := clockTime(to)
		if !ok || !good || !fine || len(day) == mostSpans {
			return nil, refuse()
		}
		if len(day) > 0 && opens < day[len(day)-1].Closes && opens < midnight/2 {
			opens += midnight / 2 // 9-1, 2-6
		}
		if vague && closes <= opens {
			closes += midnight / 2
		}
		if closes <= opens || closes > midnight || len(day) > 0 && opens < day[len(day)-1].Closes {
			return nil, refuse()
		}
		day = append(day, Span{opens, closes})
	}
	return day, allow()
}

// clockTime reads a time of day; vague is one that may be the morning's or the afternoon's.
func clockTime(s string) (m Minute, vague, ok bool) {
	half := ""
	for _, h := range []string{"am", "pm", "a.m.", "p.m."} {
		if rest, found := strings.CutSuffix(s, h); found {
			s, half = rest, h[:1]
		}
	}
	switch s {
	case "noon", "midday":
		return midnight / 2, false, half == ""
	case "midnight":
		return midnight, false, half == ""
	}
	hour, minute, more := strings.Cut(strings.ReplaceAll(s, ".", ":"), ":")
	h, ok := number(hour, 24)
	n := 0
	if ok && more {
		n, ok = number(minute, 59)
		ok = ok && len(minute) == 2
	}
	if !ok || h == 24 && n > 0 || half != "" && (h == 0 || h > 12) {
		return 0, false, false
	}
	switch half {
	case "a":
		h %= 12
	case "p":
		h = h%12 + 12
	}
	return Minute(h*60 + n), half == "" && h < 12 && len(hour) == 1, true
}

// number reads one or two digits, up to a most.
func number(s string, most int) (n int, ok bool) {
	if s == "" || len(s) > 2 || strings.Trim(s, "0123456789") != "" {
		return 0, false
	}
	for _, c := range s {
		n = n*10 + int(c-'0')
	}
	return n, n <= most
}

// String writes hours as ParseDay reads them: "09:00 to 13:00, 14:00 to 18:00"; "closed".
func (d Day) String() string {
	if len(d) == 0 {
		return "closed"
	}
	var all []string
	for _, s := range d {
		all = append(all, s.Opens.String()+" to "+s.Closes.String())
	}
	return strings.Join(all, ", ")
}

func (m Minute) String() string { return fmt.Sprintf("%02d:%02d", int(m)/60, int(m)%60) }

// Coming are the days that are different from today on, the earliest first.
func (h Hours) Coming(now time.Time) (all []Date) {
	for d := range h.Except {
		if d >= DateOf(now) {
			all = append(all, d)
		}
	}
	slices.Sort(all)
	return all
}

// MayExcept says whether a day can be made different: one of the calendar, not past, and not further off than anybody looks.
func MayExcept(date Date, now time.Time) haven.Verdict {
	const rule = "openinghours.date"
	if _, err := time.Parse(time.DateOnly, string(date)); err != nil {
		return haven.Verdict{Rule: rule, Reason: "Enter a day of the calendar, like 24 12 2026."}
	}
	if date < DateOf(now) || date > DateOf(now.AddDate(0, 0, lookAhead)) {
		return haven.Verdict{Rule: rule, Reason: "Enter a day from today on, within a year."}
	}
	return haven.Verdict{Allowed: true, Rule: rule}
}

func allow() haven.Verdict { return haven.Verdict{Allowed: true, Rule: "openinghours.day"} }

func refuse() haven.Verdict {
	return haven.Verdict{Rule: "openinghours.day", Reason: "Write hours like 9:00 to 17:30, or 9:00 to 13:00, 14:00 to 18:00, or closed."}
}
