package main

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"haven"
	"haven/mail/delivery"
	"haven/platform/blob"
	"haven/platform/db"
	"haven/platform/errs"
)

// heldList shows which originals are kept for a mailbox whose letters lost a file: nothing of what they say.
func heldList(ctx context.Context, h *house, c *adminCall) error {
	a, err := c.account(ctx, h, 1)
	if err != nil {
		return err
	}
	held, err := originals{h}.Held(ctx, a.No)
	if err != nil {
		return err
	}
	for _, o := range held {
		c.say("%20d  %10d octets  kept until %s", o.Body, o.Size, o.Until.Format(time.DateOnly))
	}
	c.say("%d kept for %s", len(held), a.Address)
	return nil
}

// originals are what delivery keeps of letters that lost a file, for the admin API.
type originals struct{ h *house }

func (o originals) Held(ctx context.Context, no haven.AccountNo) (held []delivery.Held, err error) {
	err = o.h.db.Read(ctx, func(tx *db.Tx) (err error) {
		held, err = delivery.HeldFor(tx, no)
		return err
	})
	return held, err
}

func (o originals) Release(ctx context.Context, actor haven.Actor, no haven.AccountNo, id haven.AccountID, body blob.ID) error {
	return o.h.delivery.Release(ctx, actor, no, id, body)
}

func heldRelease(ctx context.Context, h *house, c *adminCall) error {
	a, err := c.account(ctx, h, 2)
	if err != nil {
		return err
	}
	id, err := strconv.ParseInt(c.words[1], 10, 64)
	if err != nil {
		return fmt.Errorf("%q is no id; haven admin held list %s shows them", c.words[1], a.Address)
	}
	err = h.delivery.Release(ctx, c.actor, a.No, a.ID, blob.ID(id))
	if errs.Is(err, errs.NotFound) {
		return fmt.Errorf("there is no original %d for %s; haven admin held list %s shows them", id, a.Address, a.Address)
	}
	if err != nil {
		return err
	}
	c.say("the original is in the Inbox of %s", a.Address)
	return nil
}
