package openinghours_test

import (
	"errors"
	"testing"
	"time"

	"haven"
	"haven/people/openinghours"
	"haven/people/peopletest"
	"haven/platform/audit"
	"haven/platform/errs"
)

func wantRule(t *testing.T, err error, rule string) {
	t.Helper()
	if e := (*errs.Error)(nil); !errors.As(err, &e) || e.Rule != rule || e.Say == "" {
		t.Errorf("%v, want %s", err, rule)
	}
}

func parse(t *testing.T, text string) openinghours.Day {
	t.Helper()
	d, v := openinghours.ParseDay(text)
	if !v.Allowed {
		t.Fatal(v.Reason)
	}
	return d
}

func TestHours(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *peopletest.House) {
		ctx, s := t.Context(), h.Hours
		aisha, ben, carol := h.Person("Aisha", "Rahman"), h.Person("Ben", "Whitlock"), h.Person("Carol", "Diaz")
		box := h.Pharmacy("FX002", aisha)
		h.Member(box, ben)
		h.SecondStep(aisha) // more than a year is more than the grace
		owner := haven.Actor{Person: aisha.ID}
		var week [7]openinghours.Day
		week[time.Monday] = parse(t, "9-1, 2-6")
		if got, err := s.Of(ctx, box.No); err != nil || got.Known() {
			t.Errorf("%+v, %v before anybody said", got, err)
		}
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		must(s.Set(ctx, owner, box.No, week))
		must(s.Set(ctx, owner, box.No, week)) // twice
		wantRule(t, s.Set(ctx, haven.Actor{Person: ben.ID}, box.No, week), "access.member")
		wantRule(t, s.Set(ctx, haven.Actor{Person: carol.ID}, box.No, week), "account.unknown")
		wantRule(t, s.Set(ctx, owner, aisha.No, week), "account.unknown") // not a premises

		now := h.Clock.Now()
		tomorrow := openinghours.DateOf(now.AddDate(0, 0, 1))
		must(s.Except(ctx, owner, box.No, tomorrow, nil))
		must(s.Except(ctx, owner, box.No, tomorrow, parse(t, "10-12, 1-3"))) // changed
		next := openinghours.DateOf(now.AddDate(0, 0, 7))
		must(s.Except(ctx, owner, box.No, next, nil))
		wantRule(t, s.Except(ctx, haven.Actor{Person: ben.ID}, box.No, next, nil), "access.member")
		for _, date := range []openinghours.Date{"", "tomorrow", "2017-02-30", openinghours.DateOf(now.AddDate(0, 0, -1)), openinghours.DateOf(now.AddDate(2, 0, 0))} {
			wantRule(t, s.Except(ctx, owner, box.No, date, nil), "openinghours.date")
		}
		got, err := s.Of(ctx, box.No)
		must(err)
		if got.Week[time.Monday].String() != "09:00 to 13:00, 14:00 to 18:00" || len(got.Week[time.Sunday]) != 0 || got.Except[tomorrow].String() != "10:00 to 12:00, 13:00 to 15:00" || len(got.Except[next]) != 0 {
			t.Errorf("%+v", got)
		}
		if all := got.Coming(now); len(all) != 2 || all[0] != tomorrow || all[1] != next {
			t.Errorf("%v are coming", all)
		}
		if open, _ := got.Open(now); !open { // a Monday, ten o'clock in London
			t.Error("closed")
		}
		must(s.Plain(ctx, owner, box.No, tomorrow))
		must(s.Plain(ctx, owner, box.No, tomorrow)) // there is none
		for n := range h.Policy.Organisation.HoursExceptions - 1 {
			must(s.Except(ctx, owner, box.No, openinghours.DateOf(now.AddDate(0, 0, 8+n)), nil))
		}
		wantRule(t, s.Except(ctx, owner, box.No, tomorrow, nil), "openinghours.exceptions")
		must(s.Except(ctx, owner, box.No, next, parse(t, "9-10"))) // one that is there may change
		h.Clock.Advance(500 * 24 * time.Hour)
		must(s.Except(ctx, owner, box.No, openinghours.DateOf(h.Clock.Now()), nil))
		if got, err := s.Of(ctx, box.No); err != nil || len(got.Except) != 1 {
			t.Errorf("%d days, %v after more than a year", len(got.Except), err)
		}
		log, err := audit.About(ctx, h.DB, box.ID, 500)
		must(err)
		recorded := map[string]int{}
		for _, r := range log {
			recorded[r.What]++
		}
		if recorded["openinghours.week"] != 2 || recorded["openinghours.plain"] != 1 {
			t.Errorf("recorded %v", recorded)
		}
	})
}
