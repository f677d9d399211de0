package main

import (
	"context"
	"time"
)

func operatorAdd(ctx context.Context, h *house, c *adminCall) error {
	a, err := c.account(ctx, h, 1)
	if err != nil {
		return err
	}
	serves, err := h.operators.Add(ctx, c.actor, a.No)
	if err != nil {
		return err
	}
	c.say("%s is an operator now; the operator's area is at /operator of the pages", a.Address)
	if !serves.Allowed {
		c.say("It opens once this is done: %s", serves.Reason)
	}
	return nil
}

func operatorList(ctx context.Context, h *house, c *adminCall) error {
	if err := c.need(0, 0); err != nil {
		return err
	}
	all, err := h.operators.List(ctx)
	for _, o := range all {
		text := "serves"
		if !o.Serves.Allowed {
			text = "does not serve: " + o.Serves.Reason
		}
		c.say("%-50s since %s, %s", o.Person.Address, o.Since.Local().Format(time.DateOnly), text)
	}
	if err == nil && len(all) == 0 {
		c.say("There is no operator; haven admin operator add ADDRESS names one.")
	}
	return err
}

func operatorRemove(ctx context.Context, h *house, c *adminCall) error {
	anyway := c.flags.Bool("anyway", false, "also the last one")
	a, err := c.account(ctx, h, 1)
	if err != nil {
		return err
	}
	if err := h.operators.Remove(ctx, c.actor, a.No, *anyway); err != nil {
		return err
	}
	c.say("%s is no operator any more", a.Address)
	return nil
}
