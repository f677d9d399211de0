package main

import (
	"context"
	"fmt"
	"strconv"

	"haven/people/request"
	"haven/platform/errs"
)

const mostRequests = 500 // that a list shows

// requestList shows what is the desk's to decide: where no owner can, or none did in time.
func requestList(ctx context.Context, h *house, c *adminCall) error {
	if err := c.need(0, 0); err != nil {
		return err
	}
	all, err := h.requests.ForDesk(ctx, mostRequests)
	for _, r := range all {
		c.say("%d  %s  %s: %s %q, was %q", r.ID, r.Made.Local().Format(minuteForm), r.Person.Address, r.Kind, r.Says(), r.Was)
	}
	if err == nil {
		c.say("%d to decide", len(all))
	}
	return err
}

func requestAccept(ctx context.Context, h *house, c *adminCall) error {
	if err := c.need(1, 1); err != nil {
		return err
	}
	return decideRequest(ctx, h, c, request.Answer{Accept: true})
}

func requestRefuse(ctx context.Context, h *house, c *adminCall) error {
	reason := c.flags.String("reason", "", "`WHY`, for the person to read")
	if err := c.need(1, 1); err != nil {
		return err
	}
	return decideRequest(ctx, h, c, request.Answer{Reason: *reason})
}

func decideRequest(ctx context.Context, h *house, c *adminCall, a request.Answer) error {
	id, err := strconv.ParseInt(c.words[0], 10, 64)
	if err != nil {
		return fmt.Errorf("%q is no id; haven admin request list shows them", c.words[0])
	}
	r, err := h.requests.DecideForDesk(ctx, c.actor, id, a)
	if errs.Is(err, errs.NotFound) {
		return fmt.Errorf("there is no request %d; haven admin request list shows them", id)
	} else if err != nil {
		return err
	}
	h.notify.Nudge()
	c.say("the request of %s is %s", r.Person.Address, r.State)
	return nil
}
