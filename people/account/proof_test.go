package account_test

import (
	"errors"
	"testing"

	"haven/people/account"
	"haven/people/peopletest"
	"haven/platform/errs"
)

// What a session was opened with ends with it: an app password that is revoked, a password that is changed.
func TestProof(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *house) {
		ctx, ann := t.Context(), h.Person("Ann", "Example")
		open := func(password string) account.Proof {
			t.Helper()
			s, err := h.Accounts.Authenticate(ctx, login(ann, password))
			if err != nil {
				t.Fatal(err)
			}
			return s.Proof
		}
		phone, err := h.Accounts.NewAppPassword(ctx, peopletest.Operator, ann.No, ann.No, "phone")
		if err != nil {
			t.Fatal(err)
		}
		byPassword, byPhone := open(peopletest.Password), open(phone)
		holds := func(when string, password, app string) {
			t.Helper()
			for rule, p := range map[*string]account.Proof{&password: byPassword, &app: byPhone} {
				err := h.Accounts.Holds(ctx, p)
				var e *errs.Error
				if *rule == "" && err != nil || *rule != "" && (!errors.As(err, &e) || e.Rule != *rule || e.Kind != errs.Denied) {
					t.Errorf("%s: %v, want %q", when, err, *rule)
				}
			}
		}
		holds("at first", "", "")
		if err := h.Accounts.SetPassword(ctx, peopletest.Operator, ann.No, "another kettle tramway", false); err != nil {
			t.Fatal(err)
		}
		holds("password changed", "login.revoked", "")
		all, err := h.Accounts.AppPasswords(ctx, ann.No)
		if err != nil || len(all) != 1 {
			t.Fatal(all, err)
		}
		if err := h.Accounts.RevokeAppPassword(ctx, peopletest.Operator, ann.No, all[0].ID); err != nil {
			t.Fatal(err)
		}
		holds("phone revoked", "login.revoked", "login.revoked")
		if err := h.Accounts.Holds(ctx, account.Proof{}); !errs.Is(err, errs.Denied) {
			t.Errorf("nothing at all: %v", err)
		}
	})
}
