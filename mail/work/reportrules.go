package work

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"haven"
)

// Report is what became of a mailbox's conversations in some days. It names no letter but by its thread.
type Report struct {
	Days       []DayReport
	Total      Tally
	Categories []CategoryReport // by name; "" first, of what has none
	Late       []Deadline       // that passed without done, the earliest first
	LateMore   bool             // there were more
	HoursKnown bool             // somebody has said when the premises is open; else all hours count, and no check is missed
}

// DayReport is one day of it.
type DayReport struct {
	Day Day
	Tally
	Check  Check
	Missed bool // people were asked, the time for it is over, and nobody made the check
}

// CategoryReport is what is of one category.
type CategoryReport struct {
	Name string
	Tally
}

// Tally is what was counted. A conversation arrives when a letter comes to it while nothing is to be done in it; it is answered when the mailbox first sends a letter
// in it after that, and done when somebody says so. It counts at the day on which each happened.
type Tally struct {
	Arrived, Answered, Done, Late int
	Median, P90                   time.Duration // from arrived to done while the premises was open; zero where nothing was done
	took                          []time.Duration
}

// Moment is something that happened in a thread.
type Moment struct {
	Thread haven.MessageID
	At     time.Time
	What   What
}

// What happened.
type What uint8

const (
	Came   What = iota + 1 // a letter
	Sent                   // one of the mailbox's own
	Finish                 // it was done
)

// ReportFacts are what a report is made of: moments from the beginning on, in any order; of what was done before the report's days, the last of each thread is enough.
type ReportFacts struct {
	From, Until Day // the last one
	Now         time.Time
	Moments     []Moment
	Deadlines   []Deadline // due in these days
	Checks      map[Day]Check
	Categories  map[haven.MessageID]string
	Opening     Opening
	CheckWithin time.Duration
	MostLate    int
}

// MakeReport counts.
func MakeReport(f ReportFacts) Report {
	r := counting{f: f, days: map[Day]*Tally{}, categories: map[string]*Tally{}}
	slices.SortStableFunc(f.Moments, func(a, b Moment) int {
		return cmp.Or(cmp.Compare(a.Thread, b.Thread), a.At.Compare(b.At), cmp.Compare(a.What, b.What))
	})
	for first := 0; first < len(f.Moments); {
		last := first
		for last < len(f.Moments) && f.Moments[last].Thread == f.Moments[first].Thread {
			last++
		}
		r.thread(f.Moments[first:last])
		first = last
	}
	for _, d := range f.Deadlines {
		r.deadline(d)
	}
	return r.report()
}

// counting is a report that is made.
type counting struct {
	f          ReportFacts
	days       map[Day]*Tally
	categories map[string]*Tally
	total      Tally
	late       []Deadline
}

// thread counts what happened in one thread, in order.
func (r *counting) thread(all []Moment) {
	var came time.Time // zero: nothing is to be done
	answered := true
	for _, m := range all {
		switch {
		case m.What == Came && came.IsZero():
			came, answered = m.At, false
			r.each(m, func(t *Tally) { t.Arrived++ })
		case m.What == Sent && !answered:
			answered = true
			r.each(m, func(t *Tally) { t.Answered++ })
		case m.What == Finish && !came.IsZero():
			if r.asked(m.At) {
				took := r.f.Opening.Between(came, m.At)
				r.each(m, func(t *Tally) { t.Done++; t.took = append(t.took, took) })
			}
			came = time.Time{}
		}
	}
}

// deadline counts one that passed without done.
func (r *counting) deadline(d Deadline) {
	if !d.late(r.f.Now) {
		return
	}
	r.each(Moment{Thread: d.Thread, At: d.Stages.Due}, func(t *Tally) { t.Late++ })
	if r.asked(d.Stages.Due) {
		r.late = append(r.late, d)
	}
}

// late reports whether a deadline passed, or has by now, without done.
func (d Deadline) late(now time.Time) bool {
	if d.EndedAt.IsZero() {
		return !d.Stages.Due.After(now)
	}
	return d.EndedAt.After(d.Stages.Due)
}

// each counts a moment in the day, the category and the total, where it is in the days of the report.
func (r *counting) each(m Moment, count func(*Tally)) {
	if !r.asked(m.At) {
		return
	}
	count(&r.total)
	count(tallyOf(r.days, DayOf(m.At)))
	count(tallyOf(r.categories, r.f.Categories[m.Thread]))
}

// asked reports whether a moment is in the days of the report.
func (r *counting) asked(at time.Time) bool {
	return !at.Before(r.f.From.Begin()) && at.Before(r.f.Until.End())
}

func tallyOf[K comparable](of map[K]*Tally, k K) *Tally {
	t, ok := of[k]
	if !ok {
		t = &Tally{}
		of[k] = t
	}
	return t
}

func (r *counting) report() Report {
	out := Report{Total: r.total.timed(), Late: r.late, HoursKnown: r.f.Opening.Known()}
	for day := r.f.From; day <= r.f.Until; day = day.Add(1) {
		d := DayReport{Day: day, Tally: tallyOf(r.days, day).timed(), Check: r.f.Checks[day]}
		d.Check.Day = day
		d.Check.Asked, d.Check.LateAt = AskedOn(day, r.f.Opening, r.f.CheckWithin)
		d.Missed = d.Check.At.IsZero() && !d.Check.LateAt.IsZero() && d.Check.LateAt.Before(r.f.Now)
		out.Days = append(out.Days, d)
	}
	for _, name := range slices.Sorted(maps.Keys(r.categories)) {
		out.Categories = append(out.Categories, CategoryReport{name, r.categories[name].timed()})
	}
	slices.SortStableFunc(out.Late, func(a, b Deadline) int { return a.Stages.Due.Compare(b.Stages.Due) })
	if len(out.Late) > r.f.MostLate {
		out.Late, out.LateMore = out.Late[:r.f.MostLate], true
	}
	return out
}

// timed has the median of what was done, and the time within which nine of ten were: the nearest ranks.
func (t Tally) timed() Tally {
	if n := len(t.took); n > 0 {
		slices.Sort(t.took)
		t.Median, t.P90 = t.took[(n+1)/2-1], t.took[(9*n+9)/10-1]
	}
	t.took = nil
	return t
}

// MayReport says whether a report may be made of some days, of which there are at most so many.
func MayReport(from, until Day, most int) haven.Verdict {
	if until < from || until > from.Add(most-1) {
		return haven.Refuse(RuleReport, fmt.Sprintf("A report is of 1 to %d days.", most))
	}
	return allowed(RuleReport)
}
