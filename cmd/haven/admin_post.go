package main

import (
	"context"
	"haven"
	"haven/people/leaver"
	"haven/people/organisation"
)

// postAdd gives a person a post.
func postAdd(ctx context.Context, h *house, c *adminCall) error {
	if err := c.need(3, 3); err != nil {
		return err
	}
	a, err := h.accountOf(ctx, c.words[0])
	if err != nil {
		return err
	}
	o, err := h.organisationOf(ctx, c.words[1])
	if err != nil {
		return err
	}
	if err := h.organisations.AddPost(ctx, c.actor, organisation.Post{Person: a.No, Organisation: o.ID, Role: c.words[2]}); err != nil {
		return err
	}
	c.say("%s is %s at %s %s", a.Address, c.words[2], o.Code, o.Name)
	return nil
}

// postEnd has a person leave an organisation.
func postEnd(ctx context.Context, h *house, c *adminCall) error {
	successor := c.flags.String("successor", "", "`ADDRESS` of the member who becomes the owner")
	reason := c.flags.String("reason", "", "`WHY` so few stay: soon, none-yet, closing")
	if err := c.need(2, 2); err != nil {
		return err
	}
	a, err := h.accountOf(ctx, c.words[0])
	if err != nil {
		return err
	}
	o, err := h.organisationOf(ctx, c.words[1])
	if err != nil {
		return err
	}
	answer := leaver.Answer{Successors: map[haven.AccountNo]haven.AccountNo{}, Reason: leaver.Reason(*reason)}
	if *successor != "" {
		to, err := h.accountOf(ctx, *successor)
		if err != nil {
			return err
		}
		plan, err := h.leavers.Plan(ctx, c.actor, a.No, o.ID)
		if err != nil {
			return err
		}
		for _, b := range plan.Mailboxes {
			answer.Successors[b.Mailbox.No] = to.No
		}
	}
	l, err := h.leavers.End(ctx, c.actor, a.No, o.ID, answer)
	if err != nil {
		return err
	}
	h.notify.Nudge()
	c.say("%s has left %s %s", a.Address, o.Code, o.Name)
	if l.Last {
		c.say("no post is left: the account is deleted on %s unless somebody takes the person on", l.Deleted.Local().Format(minuteForm))
	}
	return nil
}

func postList(ctx context.Context, h *house, c *adminCall) error {
	if err := c.need(1, 1); err != nil {
		return err
	}
	a, err := h.accountOf(ctx, c.words[0])
	if err != nil {
		return err
	}
	posts, err := h.organisations.Posts(ctx, a.No)
	if err != nil {
		return err
	}
	for _, p := range posts {
		o, err := h.organisations.ByID(ctx, p.Organisation)
		if err != nil {
			return err
		}
		until := "now"
		if !p.HeldAt(h.clock.Now()) {
			until = p.Until.Local().Format(minuteForm)
		}
		c.say("%s %s  %s  %s to %s", o.Code, o.Name, p.Role, p.From.Local().Format(minuteForm), until)
	}
	c.say("%d posts", len(posts))
	return nil
}
