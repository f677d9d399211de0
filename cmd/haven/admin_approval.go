package main

import (
	"context"
	"errors"
	"fmt"

	"haven"
	"haven/people/registration"
	"haven/platform/errs"
)

// errNoTask is for a reference that nothing waits under.
var errNoTask = errors.New("nothing of that reference waits to be decided; haven admin registration tasks shows them")

// registrationShow says what has to be known to decide about a reference.
func registrationShow(ctx context.Context, h *house, c *adminCall) error {
	if err := c.need(1, 1); err != nil {
		return err
	}
	ref := registration.Ref(c.words[0])
	a, err := h.registration.ApprovalOf(ctx, ref)
	if errs.Is(err, errs.NotFound) {
		return showFurther(ctx, h, c, ref)
	}
	if err != nil {
		return err
	}
	c.say("%s applies for %s, %s (%s), without a passcode", a.Name, a.Premises.Name, a.Premises.Place, a.Premises.Code)
	c.say("telephone in the national list: %s", textOrNone(a.Telephone))
	c.say("e-mail of who applies: %s; registered: %s", a.Email, textOrNone(a.Premises.Email))
	c.say("GPhC number given: %s; registered: %s", textOrNone(a.Number), textOrNone(a.Registered))
	c.say("why: %s", a.Why)
	for _, g := range a.Given {
		c.say("approved by %s for the %s at %s", g.By.Address, g.Side, g.At.Local().Format(minuteForm))
	}
	return nil
}

func showFurther(ctx context.Context, h *house, c *adminCall, ref registration.Ref) error {
	w, err := h.registration.WantedBy(ctx, ref)
	if errs.Is(err, errs.NotFound) {
		return errNoTask
	}
	if err != nil {
		return err
	}
	c.say("%s asks for an account for %s, at %s, %s (%s)", w.By, w.Person.Name(), w.Premises.Name, w.Premises.Place, w.Premises.Code)
	c.say("e-mail %s, mobile %s", w.Person.Email, w.Person.Mobile)
	c.say("why: %s", w.Reason)
	return nil
}

// registrationApprove gives one approval. Whoever may run this command names the operator on whose word; two have to differ.
func registrationApprove(ctx context.Context, h *house, c *adminCall) error {
	side := c.flags.String("for", "", "`SIDE` that the operator speaks for: head-office, local-team or desk")
	by := c.flags.String("by", "", "`ADDRESS` of the operator who approves it")
	if err := c.need(1, 1); err != nil {
		return err
	}
	address, err := haven.ParseAddress(*by)
	if err != nil {
		return errors.New("say with --by on whose word: the address of an operator")
	}
	who, err := h.accounts.Resolve(ctx, address)
	if err != nil {
		return errNotFound("account", *by, err)
	}
	actor := c.actor
	actor.Person = who.ID
	if err := h.operators.Check(ctx, actor); errs.Is(err, errs.NotFound) {
		return fmt.Errorf("%s is no operator", who.Address)
	} else if err != nil {
		return err
	}
	done, err := h.registration.Approve(ctx, actor, registration.Ref(c.words[0]), registration.ParseSide(*side))
	if errs.Is(err, errs.NotFound) {
		return errNoTask
	}
	if err != nil {
		return err
	}
	if !done {
		c.say("approved by %s; another operator has to give the second approval", who.Address)
		return nil
	}
	h.notify.Nudge()
	c.say("approved; a passcode is on its way to whoever applied")
	return nil
}

func registrationRefuse(ctx context.Context, h *house, c *adminCall) error {
	reason := c.flags.String("reason", "", "`WHY`, for whoever applied to read")
	if err := c.need(1, 1); err != nil {
		return err
	}
	err := h.registration.RefuseApproval(ctx, c.actor, registration.Ref(c.words[0]), *reason)
	if errs.Is(err, errs.NotFound) {
		return errNoTask
	}
	if err == nil {
		h.notify.Nudge()
		c.say("refused; whoever applied is told why")
	}
	return err
}
