package main

import (
	"strings"
	"testing"

	"haven"
	"haven/people/account"
	"haven/people/activation"
	"haven/people/organisation"
	"haven/people/registration"
	"haven/platform/db"
)

// TestTheFirstPasswordCounts: what a registration sends is one of those that an hour has.
func TestTheFirstPasswordCounts(t *testing.T) {
	t.Parallel()
	h, ctx, actor := benchHouse(t, "sqlite"), t.Context(), haven.Actor{Program: "test"}
	t.Cleanup(func() { _ = h.close() })
	a, err := h.accounts.CreatePersonal(ctx, actor, account.NewPersonal{First: "Carys", Last: "Morgan", State: account.Invited})
	if err == nil {
		err = h.setContacts(ctx, actor, a, map[account.ContactKind]string{account.PersonalEmail: "carys@home.example", account.Mobile: "+447700900123"}, false)
	}
	if err == nil {
		err = h.db.Write(ctx, func(tx *db.Tx) error {
			return told{h}.Named(tx, registration.Invitation{Account: a, New: true, Premises: organisation.Organisation{Name: "ELM PHARMACY"}, Email: "carys@home.example", Mobile: "+447700900123", Password: "quiet-amber-lantern-77"})
		})
	}
	for range h.conf.Policy.Activation.ResendPerHour {
		if err == nil {
			err = h.activation.Invite(ctx, actor, a.No, activation.PasswordOnly)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := h.activation.Invite(ctx, actor, a.No, activation.PasswordOnly); err == nil || !strings.Contains(err.Error(), "hour") {
		t.Errorf("one more: %v", err)
	}
}
