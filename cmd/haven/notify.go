package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"haven"
	"haven/people/account"
	"haven/people/activation"
	"haven/people/helpdesk"
	"haven/people/registration"
	"haven/people/reset"
	"haven/platform/job"
	"haven/platform/notify"
)

// wireNotify makes what sends texts and e-mails to the outside. Without a key they are kept for the outbox.
func (h *house) wireNotify(ctx context.Context) error {
	sealer, err := h.keys.Sealer(ctx, "notify.seal")
	if err != nil {
		return err
	}
	o := notify.Options{DB: h.db, Sealer: sealer, Clock: h.clock, Policy: h.conf.Policy.Notify, Logger: h.log, ShowSecrets: h.demo}
	if o.Texts, o.Emails, err = h.gateways(); err != nil {
		return err
	}
	h.notify = notify.New(o)
	return h.turns.Start(job.Job{Name: "notices", Every: time.Hour, Run: func(ctx context.Context) error {
		oldest, err := h.notify.Forget(ctx)
		if err != nil {
			return err
		}
		return sealer.Turn(ctx, oldest)
	}})
}

// gateways are what takes texts and e-mails on; nil: such are kept.
func (h *house) gateways() (texts, emails notify.Gateway, err error) {
	if texts, emails, err = h.govUK(); err == nil && h.conf.Notify.Email == "outbox" {
		emails = letters{h}
	}
	return texts, emails, err
}

// govUK is GOV.UK Notify for what it has a template for.
func (h *house) govUK() (texts, emails notify.Gateway, err error) {
	c := h.conf.Notify
	if c.KeyFile == "" {
		return nil, nil, nil
	}
	key := func() (string, error) {
		text, err := os.ReadFile(c.KeyFile)
		return strings.TrimSpace(string(text)), err
	}
	now, err := key()
	if err != nil {
		return nil, nil, fmt.Errorf("notify.key_file can't be read: %w", err)
	}
	if _, _, err := notify.ParseKey(now); err != nil {
		return nil, nil, fmt.Errorf("notify.key_file: %w", err)
	}
	g := &notify.GovUK{URL: c.URL, Key: key, TextTemplate: c.TextTemplate, EmailTemplate: c.EmailTemplate, Clock: h.clock}
	if c.TextTemplate != "" {
		texts = g
	}
	if c.EmailTemplate != "" {
		emails = g
	}
	return texts, emails, nil
}

// wireTold makes the parts of people that tell somebody something by text or e-mail.
func (h *house) wireTold(ctx context.Context) (err error) {
	if h.contacts, err = account.OpenContacts(ctx, h.db, h.keys, h.clock); err != nil {
		return fmt.Errorf("the key of contacts can't be had: %w", err)
	}
	p := h.conf.Policy
	h.activation = activation.New(activation.Options{DB: h.db, Accounts: h.accounts, Clock: h.clock, Policy: p, Operators: h.operators, Notices: told{h}, Inviter: told{h}, Contacts: h.contacts})
	h.wireOwnAccount()
	if err := h.wireLockout(ctx); err != nil {
		return err
	}
	key, err := h.keys.NamedKey(ctx, "reset.code")
	if err != nil {
		return fmt.Errorf("the key of codes for new passwords can't be had: %w", err)
	}
	h.reset = reset.New(reset.Options{DB: h.db, Accounts: h.accounts, Contacts: h.contacts, Questions: h.activation, Factors: h.second, Notices: told{h}, Key: key, Clock: h.clock, Policy: p})
	h.registration, err = registration.Open(ctx, registration.Options{DB: h.db, Keys: h.keys, Accounts: h.accounts, Contacts: h.contacts, Shared: h.shared, Places: h.organisations,
		Notices: told{h}, Clock: h.clock, Policy: p, Temporary: func() (string, error) { return activation.TemporaryPassword(p.Password) }, MayInviteNow: h.activation.MayInviteNow,
		Invite: func(ctx context.Context, actor haven.Actor, no haven.AccountNo, username bool) error {
			what := activation.PasswordOnly
			if username {
				what = activation.Both
			}
			return h.activation.Invite(ctx, actor, no, what)
		}})
	if err != nil {
		return fmt.Errorf("the keys of registrations can't be had: %w", err)
	}
	h.wireVouch()
	return h.wireHelpdesk(ctx)
}

func (h *house) wireHelpdesk(ctx context.Context) error {
	calls, err := h.keys.Sealer(ctx, "helpdesk.seal")
	if err != nil {
		return err
	}
	h.helpdesk = helpdesk.New(helpdesk.Options{DB: h.db, Places: h.organisations, Shared: h.shared, Contacts: h.contacts, Notices: told{h}, Sealer: calls, Clock: h.clock,
		Invite: func(ctx context.Context, actor haven.Actor, no haven.AccountNo) error {
			return h.activation.Invite(ctx, actor, no, activation.PasswordOnly)
		}})
	return nil
}
