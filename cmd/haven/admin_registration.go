package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"haven/people/organisation"
	"haven/people/registration"
	"haven/platform/errs"
)

var errNoOpenTask = errors.New("there is no such open task; haven admin registration tasks shows them")

func registrationTasks(ctx context.Context, h *house, c *adminCall) error {
	if err := c.need(0, 0); err != nil {
		return err
	}
	all, err := h.registration.Tasks(ctx, mostCalls)
	if err != nil {
		return err
	}
	for _, t := range all {
		o, err := h.organisations.ByID(ctx, t.Premises)
		if err != nil {
			return err
		}
		c.say("%s  %-8s person %d  since %s  %s %s", t.Ref, t.Kind, t.Place, t.At.Local().Format(minuteForm), o.Code, o.Name)
	}
	c.say("%d open", len(all))
	return nil
}

func registrationThaw(ctx context.Context, h *house, c *adminCall) error {
	if err := c.need(1, 1); err != nil {
		return err
	}
	o, err := h.organisations.ByCode(ctx, organisation.Code(strings.ToUpper(c.words[0])))
	if err != nil {
		return errNotFound("organisation", c.words[0], err)
	}
	if err := h.registration.Thaw(ctx, c.actor, o.ID); err != nil {
		return err
	}
	c.say("what was frozen for %s is open again", o.Code)
	return nil
}

func registrationSettle(ctx context.Context, h *house, c *adminCall) error {
	another := c.flags.Bool("another", false, "it is another person: make the account now")
	grant := c.flags.Bool("grant", false, "make the account that an owner asks for")
	refuse := c.flags.String("refuse", "", "refuse it, with the `REASON` that the owner reads")
	if err := c.need(3, 3); err != nil {
		return err
	}
	ref := registration.Ref(c.words[0])
	place, err := strconv.Atoi(c.words[2])
	if err != nil {
		return fmt.Errorf("%q is no person's number; haven admin registration tasks shows them", c.words[2])
	}
	if *another {
		a, err := h.registration.Another(ctx, c.actor, ref, place)
		if err != nil {
			return err
		}
		h.notify.Nudge()
		c.say("%s is made, and the person told", a.Address)
		return nil
	}
	kind := registration.ParseTaskKind(c.words[1])
	switch kind {
	case 0:
		return fmt.Errorf("%q is no kind of task; use not-us, not-me, owner, further or approval", c.words[1])
	case registration.TaskFurther:
		return settleFurther(ctx, h, c, ref, *grant, *refuse)
	case registration.TaskApproval:
		return errors.New("two people approve it: haven admin registration approve; or refuse it: haven admin registration refuse")
	}
	if err := h.registration.Settle(ctx, c.actor, kind, ref, place); errs.Is(err, errs.NotFound) {
		return errNoOpenTask
	} else if err != nil {
		return err
	}
	c.say("settled, with nothing made")
	return nil
}

// settleFurther decides about one more account than a premises gets by itself.
func settleFurther(ctx context.Context, h *house, c *adminCall, ref registration.Ref, grant bool, refuse string) error {
	if grant == (refuse != "") {
		return errors.New("say --grant, or --refuse with a reason that the owner reads")
	}
	say, err := "granted; the person is told", error(nil)
	if grant {
		err = h.registration.Grant(ctx, c.actor, ref)
	} else {
		say, err = "refused; the owner is told", h.registration.Refuse(ctx, c.actor, ref, refuse)
	}
	if errs.Is(err, errs.NotFound) {
		return errNoOpenTask
	}
	if err == nil {
		h.notify.Nudge()
		c.say("%s", say)
	}
	return err
}
