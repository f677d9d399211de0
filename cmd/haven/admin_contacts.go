package main

import (
	"context"
	"errors"
	"fmt"

	"haven/people/organisation"
	"haven/platform/errs"
)

func odsImportContacts(ctx context.Context, h *house, c *adminCall) error {
	apply := c.flags.Bool("apply", false, "do it, rather than only say what would change")
	if err := c.need(1, 1); err != nil {
		return err
	}
	if !*apply {
		report, err := h.organisations.PreviewContacts(ctx, c.std.in)
		if err != nil {
			return err
		}
		sayContacts(c, report)
		c.say("Nothing was changed. Run it again with --apply to do it.")
		return noContactTaken(report)
	}
	report, err := h.organisations.ApplyContacts(ctx, c.actor, c.std.in, percentOf(c))
	if err != nil {
		return err
	}
	sayContacts(c, report)
	return noContactTaken(report)
}

// noContactTaken is the error for a file of which every line was refused.
func noContactTaken(r organisation.ContactReport) error {
	if r.Lines == 0 || r.Refused < r.Lines {
		return nil
	}
	return fmt.Errorf("all %d lines of the file were refused; import the national list of premises first, and look at the reasons above", r.Lines)
}

func sayContacts(c *adminCall, r organisation.ContactReport) {
	c.say("%d lines: %d as they are, %d refused, %d repeated", r.Lines, r.Same, r.Refused, r.Repeated)
	for _, change := range []organisation.Change{organisation.Added, organisation.Altered, organisation.Confirmed} {
		c.say("  %-10v %d", change, r.Counts[change])
	}
	var altered []organisation.ContactItem
	for _, it := range r.Items {
		if it.Change == organisation.Altered {
			altered = append(altered, it)
		}
	}
	sayFirst(c, altered, organisation.Altered.String(), sayContact)
	sayRefusals(c, r.Reading)
	c.say("%d of %d active premises lack an e-mail or a GPhC number, and can't register by themselves", r.Without, r.Active)
}

// sayContact is one premises of which something becomes another; addresses are masked, as pages show them.
func sayContact(it organisation.ContactItem) string {
	text := fmt.Sprintf("line %d, %v: %s %s", it.Line, it.Change, it.Code, it.Name)
	if it.Was != it.Now {
		text += fmt.Sprintf(" (e-mail from %s to %s)", textOrNone(it.Was), textOrNone(it.Now))
	} else if !it.Number {
		text += fmt.Sprintf(" (another e-mail, %s)", it.Now)
	}
	if it.Number {
		text += " (another GPhC number)"
	}
	return text
}

// sayRefusals prints the lines that were not taken, and those that are worth a look.
func sayRefusals(c *adminCall, r organisation.Reading) {
	for _, f := range r.Refusals {
		c.say("  line %d refused: %s", f.Line, f.Reason)
	}
	if more := r.Refused - len(r.Refusals); more > 0 {
		c.say("  and %d more refused", more)
	}
	sayFirst(c, r.Doubtful, "worth a look", func(f organisation.Refusal) string { return fmt.Sprintf("line %d, worth a look: %s", f.Line, f.Reason) })
}

// percentOf tells how far an import is, each tenth once.
func percentOf(c *adminCall) func(done, total int) {
	shown := -1
	return func(done, total int) {
		if percent := done * 100 / max(total, 1); percent/10 > shown {
			shown = percent / 10
			c.say("%d of %d lines (%d %%)", done, total, percent)
		}
	}
}

// organisationCentral says whether the premises of a head office register through it, or lets one of them register itself.
func organisationCentral(ctx context.Context, h *house, c *adminCall) error {
	contact := c.flags.String("contact", "", "`NAME` of whom to ask at the head office")
	email := c.flags.String("email", "", "`ADDRESS` to ask at")
	off := c.flags.Bool("off", false, "the premises register themselves again; with the code of one premises, that one alone")
	if err := c.need(1, 1); err != nil {
		return err
	}
	group, v := organisation.ParseCode(organisation.HeadOffice, c.words[0])
	if !v.Allowed {
		return c.release(ctx, h, *off)
	}
	if *off {
		if err := h.organisations.EndCentral(ctx, c.actor, group); err != nil {
			return err
		}
		c.say("the premises of %s register themselves", group)
		return nil
	}
	if *contact == "" || *email == "" {
		return errors.New("say whom to ask at the head office: --contact NAME --email ADDRESS; or --off")
	}
	to, v := organisation.ParseEmail(*email)
	if !v.Allowed {
		return errors.New(v.Reason)
	}
	err := h.organisations.SetCentral(ctx, c.actor, organisation.Central{Group: group, Contact: *contact, Email: to})
	if errs.Is(err, errs.NotFound) {
		return fmt.Errorf("no premises belongs to %s; import the national list first", group)
	} else if err != nil {
		return err
	}
	c.say("the premises of %s register through %s, %s", group, *contact, to)
	return nil
}

func (c *adminCall) release(ctx context.Context, h *house, off bool) error {
	o, err := h.organisationOf(ctx, c.words[0])
	if err != nil {
		return err
	}
	if !off || o.Kind != organisation.Pharmacy {
		return fmt.Errorf("%s is no head office; with --off a premises may register itself though its group registers centrally", o.Code)
	}
	if err := h.organisations.Release(ctx, c.actor, o.Code); err != nil {
		return err
	}
	c.say("%s may register itself", o.Code)
	return nil
}

// sayRegistered is how a premises is reached outside, and who registers it.
func sayRegistered(ctx context.Context, h *house, c *adminCall, o organisation.Organisation) error {
	contact, err := h.organisations.ContactOf(ctx, o.ID)
	if err != nil {
		return err
	}
	if contact.Known() {
		c.say("  registered e-mail %s, GPhC number %s (%s, %s)", textOrNone(organisation.Masked(contact.Email)), textOrNone(contact.GPhC), contact.Source, contact.Stated)
	}
	if was := contact.Was; was != nil {
		c.say("  before: %s, %s (%s, %s)", textOrNone(organisation.Masked(was.Email)), textOrNone(was.GPhC), was.Source, was.Stated)
	}
	central, ok, err := h.organisations.CentralOf(ctx, o)
	if ok {
		c.say("  registered centrally by %s: %s, %s", central.Group, central.Contact, central.Email)
	}
	return err
}
