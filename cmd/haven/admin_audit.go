package main

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"haven"
	"haven/platform/audit"
	"haven/platform/db"
)

const (
	mostFound  = 200  // records that one search shows
	exportStep = 1000 // records that are read at once
)

// auditFilter reads which records a call is about.
func (h *house) auditFilter(ctx context.Context, c *adminCall) (f audit.Filter, err error) {
	about := c.flags.String("about", "", "`ADDRESS` of an account that is concerned")
	by := c.flags.String("by", "", "`ADDRESS` of who did it")
	what := c.flags.String("what", "", "what was done begins with this `WORD`, such as sharedmailbox. or session.opened")
	rule := c.flags.String("rule", "", "the `RULE` that decided")
	since := c.flags.String("since", "", "`TIME` or day from which on")
	until := c.flags.String("until", "", "`TIME`, or last day")
	if err := c.need(0, 0); err != nil {
		return f, err
	}
	f = audit.Filter{What: *what, Rule: haven.Rule(*rule)}
	for _, a := range []struct {
		text string
		into *haven.AccountID
	}{{*about, &f.Concerns}, {*by, &f.By}} {
		if a.text == "" {
			continue
		}
		found, err := h.accountOf(ctx, a.text)
		if err != nil {
			return f, err
		}
		*a.into = found.ID
	}
	if f.Since, _, err = parseTime(*since); err != nil {
		return f, err
	}
	f.Until, err = parseUntil(*until)
	if err == nil && !f.Until.IsZero() && !f.Until.After(f.Since) {
		err = errors.New("--until lies before --since; nothing can be between")
	}
	return f, err
}

func auditSearch(ctx context.Context, h *house, c *adminCall) error {
	f, err := h.auditFilter(ctx, c)
	if err != nil {
		return err
	}
	list, err := audit.Newest(ctx, h.db, f, audit.Place{}, mostFound)
	names := h.namer(ctx)
	for _, e := range list {
		c.say("%s  %-34s by %s%s  %s  %s", e.At.Local().Format(time.DateTime), e.What, names(e.Actor.Person), concerning(e.Sealed, names), e.Rule, e.Note)
	}
	switch {
	case err != nil:
	case len(list) == 0:
		c.say("nothing was recorded that fits")
	case len(list) == mostFound:
		c.say("older records are not shown; narrow it down, or use haven admin audit export")
	}
	return err
}

// exported is a record as it leaves the service: one line of JSON each.
type exported struct {
	N       int64     `json:"n"` // place in the chain; 0: not sealed yet
	Hash    string    `json:"hash,omitempty"`
	At      time.Time `json:"at"`
	What    string    `json:"what"`
	Rule    string    `json:"rule"`
	By      string    `json:"by"` // address, or the service
	As      string    `json:"as,omitempty"`
	On      string    `json:"on,omitempty"`
	Other   string    `json:"other,omitempty"`
	Note    string    `json:"note,omitempty"`
	Place   string    `json:"place,omitempty"`
	Program string    `json:"program,omitempty"`
}

// auditExport writes all records that fit, the oldest first. That it was done is itself recorded.
func auditExport(ctx context.Context, h *house, c *adminCall) error {
	f, err := h.auditFilter(ctx, c)
	if err != nil {
		return err
	}
	if f.Until.IsZero() {
		f.Until = h.clock.Now() // the record of the export is not in it
	}
	err = h.db.Write(ctx, func(tx *db.Tx) error {
		audit.Record(tx, audit.Entry{At: h.clock.Now(), Actor: c.actor, What: "audit.exported", On: f.Concerns, Rule: "audit.export",
			Note: fmt.Sprintf("what %q rule %q since %s until %s", f.What, f.Rule, f.Since.UTC().Format(time.RFC3339), f.Until.UTC().Format(time.RFC3339))})
		return nil
	})
	names := h.namer(ctx)
	name := func(id haven.AccountID) string {
		if id.IsZero() {
			return ""
		}
		return names(id)
	}
	out := json.NewEncoder(c.std.out)
	var after audit.Place
	for err == nil {
		var list []audit.Found
		if list, err = audit.Oldest(ctx, h.db, f, after, exportStep); err != nil || len(list) == 0 {
			break
		}
		for _, e := range list {
			after = e.Place
			one := exported{N: e.N, Hash: hex.EncodeToString(e.Hash), At: e.At, What: e.What, Rule: string(e.Rule), By: names(e.Actor.Person),
				As: name(e.Actor.As), On: name(e.On), Other: name(e.Other), Note: e.Note, Place: e.Actor.Place, Program: e.Actor.Program}
			if err := out.Encode(one); err != nil {
				return err
			}
		}
	}
	return err
}
