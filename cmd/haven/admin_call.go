package main

import (
	"context"
	"fmt"
	"strconv"

	"haven/platform/errs"
)

const mostCalls = 200 // that one listing shows

// callList shows what callers said of themselves, which a desk needs to help them.
func callList(ctx context.Context, h *house, c *adminCall) error {
	if err := c.need(0, 0); err != nil {
		return err
	}
	calls, err := h.helpdesk.Calls(ctx, mostCalls)
	for _, one := range calls {
		c.say("%d  %s  %s: %q %q, %q %q %q", one.ID, one.At.Local().Format(minuteForm), one.Kind, one.Says.First, one.Says.Last, one.Says.Code, one.Says.Mailbox, one.Says.Reason)
	}
	if err == nil {
		c.say("%d open", len(calls))
	}
	return err
}

func callClose(ctx context.Context, h *house, c *adminCall) error {
	if err := c.need(1, 1); err != nil {
		return err
	}
	id, err := strconv.ParseInt(c.words[0], 10, 64)
	if err != nil {
		return fmt.Errorf("%q is no id; haven admin call list shows them", c.words[0])
	}
	if err := h.helpdesk.Close(ctx, c.actor, id); errs.Is(err, errs.NotFound) {
		return fmt.Errorf("there is no open call %d; haven admin call list shows them", id)
	} else if err != nil {
		return err
	}
	c.say("the call %d is closed", id)
	return nil
}
