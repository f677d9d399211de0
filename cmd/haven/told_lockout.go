package main

import (
	"context"
	"fmt"
	"time"

	"haven/face/portal"
	"haven/people/account"
	"haven/people/lockout"
	"haven/people/openinghours"
	"haven/platform/db"
)

// wireLockout makes what tells of locked accounts and opens them for one browser.
func (h *house) wireLockout(ctx context.Context) error {
	key, err := h.keys.NamedKey(ctx, "lockout.code")
	if err != nil {
		return fmt.Errorf("the key of codes can't be had: %w", err)
	}
	h.lockouts = lockout.New(lockout.Options{DB: h.db, Accounts: h.accounts, Contacts: h.contacts, Notices: told{h}, Passkeys: h.second, Key: key, Clock: h.clock, Policy: h.conf.Policy.Lockout})
	return nil
}

// tellOfLocks tells those whose account was locked, and has it sent at once.
func (h *house) tellOfLocks(ctx context.Context) error {
	told, err := h.lockouts.Tell(ctx)
	if told > 0 {
		h.notify.Nudge()
	}
	return err
}

// locks are the notices of a lock, by where they go.
var locks = map[account.ContactKind]string{account.PersonalEmail: "login.locked", account.Mobile: "login.locked-text"}

// Locked tells a person of a lock. What a program calls itself is in no notice: whoever guesses passwords chooses it.
func (n told) Locked(tx *db.Tx, at account.Contact, l account.Lockdown) error {
	program := "a mail program"
	if l.Face == account.Web {
		program = portal.AgentInWords(l.Program)
	}
	values := map[string]string{"program": program, "place": l.Place, "until": l.Until.In(openinghours.London).Format("15:04"), "portal": n.page("/locked")}
	if at.Kind == account.PersonalEmail {
		values["time"] = clockOf(l.At)
	}
	return n.sendUntil(tx, l.Until, locks[at.Kind], at.Value, l.Account, values)
}

// OpenCode sends the code that opens a locked account for one browser.
func (n told) OpenCode(tx *db.Tx, who account.Account, mobile, code string, good time.Duration) error {
	return n.sendFor(tx, good, "login.open-code", mobile, who, map[string]string{"code": code, "minutes": inMinutes(good)})
}
