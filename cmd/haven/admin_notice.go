package main

import (
	"context"
	"fmt"
	"strconv"

	"haven/people/notice"
	"haven/platform/errs"
)

const mostNotices = 100 // past ones that a list shows

func noticeList(ctx context.Context, h *house, c *adminCall) error {
	past := c.flags.Bool("past", false, "those that are over")
	if err := c.need(0, 0); err != nil {
		return err
	}
	all, err := h.notices.Open(ctx)
	if *past {
		all, err = h.notices.History(ctx, mostNotices)
	}
	for _, n := range all {
		c.say("%d  %-8s from %s until %s  %s", n.ID, n.Kind, n.From.Local().Format(minuteForm), untilOf(n), n.Title)
	}
	if err == nil && len(all) == 0 {
		c.say("none")
	}
	return err
}

// untilOf is when a notice ends or ended.
func untilOf(n notice.Notice) string {
	switch {
	case !n.Ended.IsZero():
		return n.Ended.Local().Format(minuteForm)
	case n.Until.IsZero():
		return "it is ended"
	}
	return n.Until.Local().Format(minuteForm)
}

func noticePost(ctx context.Context, h *house, c *adminCall) error {
	from := c.flags.String("from", "", "when it begins; else now")
	until := c.flags.String("until", "", "when it ends; else when it is ended")
	if err := c.need(3, 3); err != nil {
		return err
	}
	d := notice.Draft{Kind: notice.ParseKind(c.words[0]), Title: c.words[1], Text: c.words[2]}
	var err error
	if d.From, _, err = parseTime(*from); err != nil {
		return err
	}
	if d.Until, err = parseUntil(*until); err != nil {
		return err
	}
	n, err := h.notices.Post(ctx, c.actor, d)
	if err != nil {
		return err
	}
	c.say("%d  everybody sees it now; haven admin notice end %d ends it", n.ID, n.ID)
	return nil
}

func noticeEnd(ctx context.Context, h *house, c *adminCall) error {
	if err := c.need(1, 1); err != nil {
		return err
	}
	id, err := strconv.ParseInt(c.words[0], 10, 64)
	if err != nil {
		return fmt.Errorf("%q is no id; haven admin notice list shows them", c.words[0])
	}
	if err := h.notices.End(ctx, c.actor, id); errs.Is(err, errs.NotFound) {
		return fmt.Errorf("there is no notice %d that is not over; haven admin notice list shows them", id)
	} else if err != nil {
		return err
	}
	c.say("the notice %d is over", id)
	return nil
}
