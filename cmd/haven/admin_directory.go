package main

import (
	"context"
	"strings"
)

const mostWords = 20 // of a search, after which it is too long anyhow

func directorySearch(ctx context.Context, h *house, c *adminCall) error {
	if err := c.need(1, mostWords); err != nil {
		return err
	}
	f, err := h.directory.Find(ctx, strings.Join(c.words, " "))
	if err != nil {
		return err
	}
	for _, e := range f.Entries {
		line := e.Account.Address.String() + "  " + e.Account.Display
		if e.Job != "" {
			line += ", " + e.Job
		}
		for _, p := range e.Places {
			line += "  " + strings.TrimSpace(string(p.Code)+" "+p.Name)
		}
		c.say("%s", line)
	}
	if f.More {
		c.say("%d found, there may be others: more words tell them apart", len(f.Entries))
		return nil
	}
	c.say("%d found", len(f.Entries))
	return nil
}

func directoryRebuild(ctx context.Context, h *house, c *adminCall) error {
	if err := c.need(0, 0); err != nil {
		return err
	}
	shown := int64(-1)
	err := h.directory.Rebuild(ctx, func(done, all int64) {
		if percent := done * 100 / all; percent/10 != shown || done == all {
			shown = percent / 10
			c.say("%d of %d accounts", done, all)
		}
	})
	if err != nil {
		return err
	}
	st, err := h.directory.State(ctx)
	if err == nil {
		c.say("%d people and mailboxes can be found", st.Entries)
	}
	return err
}
