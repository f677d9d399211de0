package jmap

import (
	"testing"
	"time"

	"haven"
	"haven/face/jmap/jmapclient"
	"haven/mail/work"
)

func TestWorkCheck(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	id := d.letter()
	today := checkID(int64(work.DayOf(d.Clock.Now())))
	opens := work.DayOf(d.Clock.Now()).Begin().Add(9 * time.Hour)
	read := func(ids any) map[string]any {
		t.Helper()
		return d.ask(d.ben, "WorkCheck/get", jmapclient.Args{"ids": ids})
	}
	before := read([]string{today, "K20100101", "K20261399", "today"})
	d.is("today's, which nobody has made", before["list"], []any{object1{"id": today, "day": work.DayOf(d.Clock.Now()).String(), "isAsked": true, "lateAt": date(opens.Add(time.Hour)), "checkedAt": nil,
		"checkedBy": nil, "checkedByName": nil, "since": nil, "came": 1, "open": 1, "due": 0}})
	d.is("others", before["notFound"], []string{"K20100101", "K20261399", "today"})
	d.is("all that were made", read(nil)["list"], []any{})
	d.update(d.anna, id, object1{"status": "done"})
	got := d.ask(d.anna, "WorkCheck/set", jmapclient.Args{"create": object1{"c": object1{}, "odd": object1{"open": 0}}, "update": object1{today: object1{}}})
	d.is("who made it", when(got, "created", "c", "checkedByName"), anna)
	d.is("what was open", when(got, "created", "c", "open"), 0)
	d.is("one with numbers", when(got, "notCreated", "odd", "type"), "invalidProperties")
	d.is("a change", when(got, "notUpdated", today, "type"), "forbidden")
	got = d.ask(d.anna, "WorkCheck/set", jmapclient.Args{"destroy": []string{today}})
	d.is("a removal", when(got, "notDestroyed", today, "type"), "forbidden")
	d.is("changes", d.ask(d.ben, "WorkCheck/changes", jmapclient.Args{"sinceState": before["state"]})["created"], []string{today})
	got = d.ask(d.ben, "WorkCheck/set", jmapclient.Args{"create": object1{"c": object1{}}})
	d.is("a second one", when(got, "notCreated", "c", "type"), "checkedAlready")
	d.is("who was first", when(got, "notCreated", "c", "checkedByName"), anna)
	d.is("when", when(got, "notCreated", "c", "checkedAt"), date(d.Clock.Now()))
	d.is("one's own mailbox", call1(t, d.ben, jmapclient.Call{Name: "WorkCheck/set", Args: jmapclient.Args{"accountId": d.account(ben), "create": object1{"c": object1{}}}}).Answers[0].Error(), "")
}

func TestWorkReport(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	id := d.letter()
	day := work.DayOf(d.Clock.Now())
	d.ask(d.anna, "WorkDeadline/set", jmapclient.Args{"create": object1{"d": object1{"threadId": id, "rule": "alert", "withinSeconds": 3600, "counting": "allHours"}}})
	d.Clock.Advance(2 * time.Hour)
	d.update(d.anna, id, object1{"status": "done", "category": "alert"})
	asked := func(c *jmapclient.Client, from, until string) (string, map[string]any) {
		t.Helper()
		a := call1(t, c, jmapclient.Call{Name: "WorkReport/get", Args: jmapclient.Args{"accountId": d.box, "from": from, "until": until}}).Answers[0]
		var got map[string]any
		if err := a.Into(&got); err != nil && a.Error() == "" {
			t.Fatal(err)
		}
		return a.Error(), got
	}
	d.Grants.Set(d.people.no[ben], d.people.no[pharmacy], haven.Member)
	e, _ := asked(d.ben, day.String(), day.String())
	d.is("a member asks", e, "forbidden")
	d.Grants.Set(d.people.no[anna], d.people.no[pharmacy], haven.Member|haven.Manage)
	e, got := asked(d.anna, day.String(), day.Add(6).String())
	d.is("an owner asks", e, "")
	own := call1(t, d.anna, jmapclient.Call{Name: "WorkReport/get", Args: jmapclient.Args{"accountId": d.account(anna), "from": day.String(), "until": day.String()}}).Answers[0]
	d.is("of the own mailbox", own.Error(), "forbidden")
	total := object1{"arrived": 1, "answered": 0, "done": 1, "late": 1, "medianSeconds": 7200, "mostSeconds": 7200}
	d.is("the total", got["total"], total)
	total["category"] = "alert"
	d.is("by category", got["categories"], []any{total})
	d.is("how many days", len(got["days"].([]any)), 7)
	d.is("what was late", when(got["late"].([]any)[0], "threadId"), id)
	d.is("the first check", when(got["days"].([]any)[0], "isMissed"), d.Clock.Now().After(day.Begin().Add(10*time.Hour)))
	for _, c := range [][2]string{{"2026-11-01", "2026-12-02"}, {"2026-11-02", "2026-11-01"}, {"today", "2026-11-01"}, {"", ""}} {
		e, _ := asked(d.anna, c[0], c[1])
		d.is(c[0]+" to "+c[1], e, "invalidArguments")
	}
}

func TestWorkSteps(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	id := d.letter()
	got := d.ask(d.anna, "WorkDeadline/set", jmapclient.Args{"create": object1{"d": object1{"threadId": id, "rule": "alert", "withinSeconds": 3600, "counting": "allHours"}}})
	d.is("at first", when(got, "created", "d", "steps"), []any{})
	d.Clock.Advance(2 * time.Hour)
	if err := d.work.Climb(t.Context()); err != nil {
		t.Fatal(err)
	}
	list := d.ask(d.anna, "WorkDeadline/get", jmapclient.Args{"ids": nil})["list"].([]any)
	now := date(d.Clock.Now())
	d.is("the stage", when(list[0], "stage"), "owners")
	d.is("the steps", when(list[0], "steps"), []any{object1{"stage": "warned", "at": now, "texts": 0, "letters": 0}, object1{"stage": "owners", "at": now, "texts": 0, "letters": 0}})
}
