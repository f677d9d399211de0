package work_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"haven"
	"haven/mail/mailbox"
	"haven/mail/work"
	"haven/platform/audit"
	"haven/platform/errs"
)

// weekdays is a premises that is open from 9 to 5 from Monday to Friday.
type weekdays struct{}

func (weekdays) Known() bool { return true }

func (weekdays) Opens(day time.Time) (time.Time, bool) {
	return work.DayOf(day).Begin().Add(9 * time.Hour), day.Weekday() != time.Saturday && day.Weekday() != time.Sunday
}

func (w weekdays) Between(from, to time.Time) (open time.Duration) {
	for at := from; at.Before(to); at = at.Add(time.Minute) {
		if opens, ok := w.Opens(at); ok && !at.Before(opens) && at.Before(opens.Add(8*time.Hour)) {
			open += time.Minute
		}
	}
	return open
}

// unknown is one of which nobody has said when it is open.
type unknown struct{ weekdays }

func (unknown) Known() bool { return false }

// asked is one that is asked only for times from a moment on.
type asked struct {
	weekdays
	t    *testing.T
	from time.Time
}

func (a asked) Between(from, to time.Time) time.Duration {
	if from.Before(a.from) {
		a.t.Errorf("the hours are looked through from %s to %s", from, to)
	}
	return a.weekdays.Between(from, to)
}

var london = func() *time.Location {
	l, err := time.LoadLocation("Europe/London")
	if err != nil {
		panic(err)
	}
	return l
}()

// moment is one of the week of Monday 23 November 2026: "Tue 09:30".
func moment(t *testing.T, s string) time.Time {
	t.Helper()
	days := []string{"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"}
	clock, err := time.Parse("15:04", s[4:])
	must(t, err)
	return time.Date(2026, 11, 23+slices.Index(days, s[:3]), clock.Hour(), clock.Minute(), 0, 0, london)
}

// says is a tally as a test writes it.
func says(t work.Tally) string {
	return fmt.Sprintf("%d arrived, %d answered, %d done, %d late, %s, %s", t.Arrived, t.Answered, t.Done, t.Late, t.Median, t.P90)
}

func TestMakeReport(t *testing.T) {
	t.Parallel()
	const monday = work.Day(20261123)
	facts := func(moments ...string) work.ReportFacts {
		f := work.ReportFacts{From: monday, Until: monday.Add(6), Now: moment(t, "Sun 20:00"), Opening: weekdays{}, CheckWithin: time.Hour, MostLate: 2, Checks: map[work.Day]work.Check{},
			Categories: map[haven.MessageID]string{1: "alert", 2: "alert"}}
		for _, m := range moments {
			var thread haven.MessageID
			var day, clock, what string
			_, err := fmt.Sscan(m, &thread, &day, &clock, &what)
			must(t, err)
			f.Moments = append(f.Moments, work.Moment{Thread: thread, At: moment(t, day+" "+clock), What: map[string]work.What{"came": work.Came, "sent": work.Sent, "done": work.Finish}[what]})
		}
		return f
	}
	for _, c := range []struct {
		name, want string
		f          work.ReportFacts
	}{
		{"nothing", "0 arrived, 0 answered, 0 done, 0 late, 0s, 0s", facts()},
		{"answered and done", "1 arrived, 1 answered, 1 done, 0 late, 30m0s, 30m0s", facts("1 Mon 09:10 came", "1 Mon 09:30 sent", "1 Mon 09:40 done")},
		{"in whatever order it is told", "1 arrived, 1 answered, 1 done, 0 late, 30m0s, 30m0s", facts("1 Mon 09:40 done", "1 Mon 09:30 sent", "1 Mon 09:10 came")},
		{"over night the door is shut", "1 arrived, 0 answered, 1 done, 0 late, 15m0s, 15m0s", facts("1 Mon 16:50 came", "1 Tue 09:05 done")},
		{"more letters of what waits are the same", "1 arrived, 0 answered, 0 done, 0 late, 0s, 0s", facts("1 Mon 09:00 came", "1 Mon 09:30 came", "1 Tue 09:30 came")},
		{"after done it arrives again", "2 arrived, 2 answered, 2 done, 0 late, 10m0s, 20m0s",
			facts("1 Mon 09:00 came", "1 Mon 09:05 sent", "1 Mon 09:10 done", "1 Tue 09:00 came", "1 Tue 09:20 done", "1 Tue 09:30 sent")},
		{"a second answer is none", "1 arrived, 1 answered, 0 done, 0 late, 0s, 0s", facts("1 Mon 09:00 came", "1 Mon 09:05 sent", "1 Mon 09:06 sent")},
		{"what the mailbox began is no answer", "0 arrived, 0 answered, 0 done, 0 late, 0s, 0s", facts("1 Mon 09:00 sent", "1 Mon 09:10 done")},
		{"of ten the fifth and the ninth", "10 arrived, 0 answered, 10 done, 0 late, 50m0s, 1h30m0s", func() work.ReportFacts {
			var all []string
			for i := range 10 {
				all = append(all, fmt.Sprintf("%d Mon 09:00 came", i+1), fmt.Sprintf("%d Mon %02d:%02d done", i+1, 9+(i+1)/6, (i+1)%6*10))
			}
			return facts(all...)
		}()},
	} {
		if got := says(work.MakeReport(c.f).Total); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}

	f := facts("1 Mon 09:00 came", "1 Tue 09:00 done", "3 Tue 10:00 came", "2 Mon 08:00 came", "2 Mon 16:00 done")
	f.Opening = asked{t: t, from: moment(t, "Mon 09:00")} // not of what was done on Monday
	f.From, f.Until, f.Now = monday.Add(1), monday.Add(6), moment(t, "Thu 09:30")
	f.Checks[monday.Add(1)] = work.Check{Day: monday.Add(1), At: moment(t, "Tue 08:58")}
	due := func(id haven.Seq, at string) work.Deadline {
		return work.Deadline{ID: id, Thread: haven.MessageID(id), Stages: work.Stages{Due: moment(t, at)}}
	}
	intime, late := due(1, "Tue 12:00"), due(2, "Tue 11:00")
	intime.EndedAt, late.EndedAt = moment(t, "Tue 11:59"), moment(t, "Tue 11:01")
	f.Deadlines = []work.Deadline{due(3, "Wed 09:00"), intime, late, due(4, "Fri 09:00"), due(5, "Wed 10:00")}
	r := work.MakeReport(f)
	if got, want := says(r.Total), "1 arrived, 0 answered, 1 done, 3 late, 8h0m0s, 8h0m0s"; got != want {
		t.Errorf("from Tuesday: %s, want %s", got, want)
	}
	if len(r.Late) != 2 || r.Late[0].ID != 2 || r.Late[1].ID != 3 || !r.LateMore {
		t.Errorf("late are %+v, more %t", r.Late, r.LateMore)
	}
	if len(r.Categories) != 2 || r.Categories[0].Name != "" || r.Categories[0].Arrived != 1 || r.Categories[1].Name != "alert" || r.Categories[1].Done != 1 {
		t.Errorf("by category: %+v", r.Categories)
	}
	missed := ""
	for _, d := range r.Days {
		missed += fmt.Sprintf(" %s:%t,%t", d.Day, d.Check.Asked, d.Missed)
	}
	if want := " 2026-11-24:true,false 2026-11-25:true,true 2026-11-26:true,false 2026-11-27:true,false 2026-11-28:false,false 2026-11-29:false,false"; missed != want {
		t.Errorf("checks:%s, want%s", missed, want)
	}
	f.Opening = unknown{}
	if r := work.MakeReport(f); r.Days[1].Missed || !r.Days[4].Check.Asked {
		t.Errorf("where nobody has said when it opens: %+v", r.Days)
	}
}

func TestMayReport(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		from, until work.Day
		want        bool
	}{
		{20261123, 20261123, true}, {20261123, 20261129, true}, {20261201, 20261231, true}, {20261201, 20270101, false}, {20261124, 20261123, false},
		{20260320, 20260419, true}, {20260320, 20260420, false}, // over the change of the clocks
	} {
		if v := work.MayReport(c.from, c.until, 31); v.Allowed != c.want || v.Rule != work.RuleReport {
			t.Errorf("%s to %s: %+v", c.from, c.until, v)
		}
	}
	for s, want := range map[string]work.Day{"2026-11-23": 20261123, "2026-02-30": 0, "": 0, "20261123": 0, "2026-11-23T00:00:00Z": 0, "0000-01-01": 0} {
		if d, ok := work.ParseDay(s); ok != (want != 0) || ok && (d != want || d.String() != s) {
			t.Errorf("%q is %s, %t", s, d, ok)
		}
	}
}

// A check is made once a day, by whoever comes first, and says what it saw; the owner's report tells of it.
func TestStartOfDay(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *shop) {
		h.Clock.Set(moment(t, "Mon 08:30"))
		first, _ := h.arrives()
		h.arrives()
		h.updates(h.ben, first.Msg, done)
		today := func() (c work.Check) {
			t.Helper()
			must(t, h.Checks(t.Context(), h.aisha, []work.Day{work.DayOf(h.Clock.Now()), 20261122}, func(x work.Check) { c = x }))
			return c
		}
		if c := today(); c.Day != 20261123 || !c.Asked || !c.At.IsZero() || c.Came != 2 || c.Open != 1 || c.Due != 0 || !c.LateAt.Equal(moment(t, "Mon 10:00")) {
			t.Errorf("before: %+v", c)
		}
		from := h.point(t, work.Checked)
		made, err := h.MakeCheck(t.Context(), h.aisha)
		must(t, err)
		if made.By != h.aisha.Person || made.Open != 1 || !made.At.Equal(h.Clock.Now()) {
			t.Errorf("made: %+v", made)
		}
		d, err := h.Changes(t.Context(), h.ben, work.Checked, from, 0)
		if must(t, err); !slices.Equal(d.Created, []int64{20261123}) {
			t.Errorf("changes are %+v", d)
		}
		there, err := h.MakeCheck(t.Context(), h.ben)
		refused(t, err, work.RuleChecked)
		if there.By != h.aisha.Person || !strings.Contains(err.Error(), "Aisha Khan checked this mailbox at 08:30 on 23 November.") {
			t.Errorf("a second one: %v, %+v", err, there)
		}

		h.Clock.Set(moment(t, "Tue 09:30"))
		f, _ := h.arrives()
		_, err = h.SetDeadline(t.Context(), h.aisha, work.Start{Thread: f.Msg, Rule: "alert", Counts: work.AllHours, Within: time.Hour})
		must(t, err)
		if c := today(); c.Day != 20261124 || c.Came != 1 || c.Open != 2 || c.Due != 1 || !c.Since.Equal(moment(t, "Mon 08:30")) {
			t.Errorf("the next day: %+v", c)
		}
		h.Clock.Set(moment(t, "Tue 11:00"))
		h.updates(h.ben, f.Msg, done)

		_, err = h.Report(t.Context(), h.aisha, 20261123, 20261124)
		refused(t, err, work.RuleReport)
		h.Grants.Set(h.aisha.Person, h.box, haven.Member|haven.Manage)
		r, err := h.Report(t.Context(), h.aisha, 20261123, 20261129)
		must(t, err)
		if got, want := says(r.Total), "3 arrived, 0 answered, 2 done, 1 late, 0s, 1h30m0s"; got != want {
			t.Errorf("the week: %s, want %s", got, want)
		}
		if len(r.Late) != 1 || r.Late[0].Thread != f.Msg || r.Days[0].Missed || !r.Days[1].Missed || r.Days[2].Missed || r.Days[0].Check.By != h.aisha.Person {
			t.Errorf("the week: %+v", r)
		}
		h.updates(h.ben, f.Msg, work.Wish{Move: true}) // it was done by mistake
		if r, err = h.Report(t.Context(), h.aisha, 20261123, 20261129); err != nil || r.Total.Done != 1 || r.Total.Arrived != 3 {
			t.Errorf("reopened: %+v, %v", r.Total, err)
		}
		own := mailbox.Viewer{Person: h.aisha.Person, Account: h.aisha.Person}
		if _, err := h.MakeCheck(t.Context(), own); !errs.Is(err, errs.NotFound) {
			t.Errorf("the own mailbox: %v", err)
		}
		if n := h.audited(t, "work.checked"); n != 1 {
			t.Errorf("%d checks stand in the audit log", n)
		}
	})
}

// point is how far a kind has come.
func (h *shop) point(t *testing.T, kind work.Kind) mailbox.Point {
	t.Helper()
	st, err := h.States(t.Context(), h.aisha)
	must(t, err)
	return mailbox.Point{State: mailbox.State{Seq: st.Seqs[kind], Epoch: st.Epoch}, Origin: st.Seqs[kind]}
}

// audited counts records of an action.
func (h *shop) audited(t *testing.T, what string) int {
	t.Helper()
	all, err := audit.Newest(t.Context(), h.DB, audit.Filter{What: what}, audit.Place{}, 10)
	must(t, err)
	return len(all)
}
