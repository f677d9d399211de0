package main

import (
	"context"
	"errors"
	"strings"

	"haven/people/linklist"
	"haven/people/organisation"
)

// linkGroup reads the code of a head office, or of a premises that has none.
func linkGroup(text string) organisation.Code {
	return organisation.Code(strings.ToUpper(strings.TrimSpace(text)))
}

// linkPattern reads a place as somebody writes it.
func linkPattern(text string) (linklist.Pattern, error) {
	p, v := linklist.ParsePattern(text)
	if !v.Allowed {
		return p, errors.New(v.Reason)
	}
	return p, nil
}

func linkList(ctx context.Context, h *house, c *adminCall) error {
	if err := c.need(1, 1); err != nil {
		return err
	}
	all, err := h.links.List(ctx, linkGroup(c.words[0]))
	for _, e := range all {
		c.say("%-6s %-40s since %s  %s", e.Verdict, e.Pattern, e.At.Local().Format(minuteForm), e.Reason)
	}
	if err == nil && len(all) == 0 {
		c.say("none: what a letter leads to is shown before it is opened")
	}
	return err
}

func linkSet(ctx context.Context, h *house, c *adminCall) error {
	reason := c.flags.String("reason", "", "why, which people read; needed to warn or to block")
	if err := c.need(3, 3); err != nil {
		return err
	}
	p, err := linkPattern(c.words[1])
	if err != nil {
		return err
	}
	e := linklist.Entry{Group: linkGroup(c.words[0]), Pattern: p, Verdict: linklist.ParseVerdict(c.words[2]), Reason: *reason}
	if err := h.links.Set(ctx, c.actor, e); err != nil {
		return err
	}
	c.say("%s: %s at %s", e.Pattern, e.Verdict, e.Group)
	return nil
}

func linkRemove(ctx context.Context, h *house, c *adminCall) error {
	if err := c.need(2, 2); err != nil {
		return err
	}
	p, err := linkPattern(c.words[1])
	if err != nil {
		return err
	}
	if err := h.links.Remove(ctx, c.actor, linkGroup(c.words[0]), p); err != nil {
		return err
	}
	c.say("%s is no more in the list of %s", p, linkGroup(c.words[0]))
	return nil
}

// linkTest says what a group's list says of a host.
func linkTest(ctx context.Context, h *house, c *adminCall) error {
	if err := c.need(2, 2); err != nil {
		return err
	}
	all, err := h.links.List(ctx, linkGroup(c.words[0]))
	if err != nil {
		return err
	}
	if e, ok := linklist.Judge(all, c.words[1]); ok {
		c.say("%s, by %s: %s", e.Verdict, e.Pattern, e.Reason)
		return nil
	}
	c.say("%s: it is shown before it is opened", linklist.Unknown)
	return nil
}
