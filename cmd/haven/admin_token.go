package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"haven/platform/errs"
)

func tokenAdd(ctx context.Context, h *house, c *adminCall) error {
	until := c.flags.String("until", "", "the last `DAY` on which it serves")
	if err := c.need(1, 1); err != nil {
		return err
	}
	if *until == "" {
		return errors.New("say until when the token serves: --until 2026-12-31")
	}
	at, err := parseUntil(*until)
	if err != nil {
		return err
	}
	secret, t, err := h.operators.MakeToken(ctx, c.actor, c.words[0], at)
	if err != nil {
		return err
	}
	c.say("%s  (shown this once)", secret)
	c.say("%d  %s serves until %s; haven admin token revoke %d ends it", t.ID, t.Name, t.Until.Local().Format(minuteForm), t.ID)
	return nil
}

func tokenList(ctx context.Context, h *house, c *adminCall) error {
	if err := c.need(0, 0); err != nil {
		return err
	}
	all, err := h.operators.Tokens(ctx)
	for _, t := range all {
		c.say("%d  %s  made %s  until %s  last used %s", t.ID, t.Name, t.Made.Local().Format(time.DateOnly), t.Until.Local().Format(time.DateOnly), dayOf(t.Used, "never"))
	}
	if err == nil && len(all) == 0 {
		c.say("none")
	}
	return err
}

func tokenRevoke(ctx context.Context, h *house, c *adminCall) error {
	if err := c.need(1, 1); err != nil {
		return err
	}
	id, err := strconv.ParseInt(c.words[0], 10, 64)
	if err != nil {
		return fmt.Errorf("%q is no id; haven admin token list shows them", c.words[0])
	}
	if err := h.operators.RevokeToken(ctx, c.actor, id); errs.Is(err, errs.NotFound) {
		return fmt.Errorf("there is no token %d that serves; haven admin token list shows them", id)
	} else if err != nil {
		return err
	}
	c.say("the token %d serves no longer", id)
	return nil
}
