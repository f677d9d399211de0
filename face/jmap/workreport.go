package jmap

import (
	"haven"
	"haven/mail/work"
	"haven/platform/errs"
)

// workReportGet is WorkReport/get: what became of a mailbox in some days, for its owners. It names no message but by its Thread.
func workReportGet(c *call) (any, error) {
	v, err := c.account(haven.Read)
	if err != nil {
		return nil, err
	}
	c.args.Require("from", "until")
	day := func(name string) work.Day {
		d, ok := work.ParseDay(c.args.String(name))
		if !ok {
			c.args.Bad(name, "must be a day, such as 2026-11-27")
		}
		return d
	}
	from, until := day("from"), day("until")
	if err := c.args.Done(); err != nil {
		return nil, err
	}
	r, err := c.work().Report(c.ctx, v, from, until)
	if errs.Is(err, errs.Invalid) {
		return nil, fail("invalidArguments", "%s", errs.Say(err))
	}
	if errs.Is(err, errs.Denied) {
		return nil, fail("forbidden", "%s", errs.Say(err))
	}
	if err != nil {
		return nil, err
	}
	return c.report(r)
}

func (c *call) report(r work.Report) (any, error) {
	var by []haven.AccountNo
	for _, d := range r.Days {
		by = append(by, d.Check.By)
	}
	of, err := c.faces(by)
	if err != nil {
		return nil, err
	}
	days, categories, late := []record{}, []record{}, []record{}
	for _, d := range r.Days {
		day := tally(d.Tally)
		day["day"], day["isAsked"], day["isMissed"], day["checkedAt"] = d.Day.String(), d.Check.Asked, d.Missed, dateOrNull(d.Check.At)
		of.put(day, "checkedBy", d.Check.By)
		days = append(days, day)
	}
	for _, k := range r.Categories {
		category := tally(k.Tally)
		category["category"] = nil
		if k.Name != "" {
			category["category"] = k.Name
		}
		categories = append(categories, category)
	}
	for _, d := range r.Late {
		late = append(late, record{"threadId": threadID(d.Thread), "rule": d.Rule, "dueAt": date(d.Stages.Due), "endedAt": dateOrNull(d.EndedAt)})
	}
	return record{"accountId": c.args.String("accountId"), "total": tally(r.Total), "days": days, "categories": categories, "late": late, "hasMoreLate": r.LateMore, "areHoursKnown": r.HoursKnown}, nil
}

func tally(t work.Tally) record {
	r := record{"arrived": t.Arrived, "answered": t.Answered, "done": t.Done, "late": t.Late, "medianSeconds": nil, "mostSeconds": nil}
	if t.Done > 0 {
		r["medianSeconds"], r["mostSeconds"] = int64(t.Median.Seconds()), int64(t.P90.Seconds())
	}
	return r
}
