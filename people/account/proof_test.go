package account_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"haven"
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

// TestProofOfWhoMaySignInNoMore: what is right to sign in with opens nothing any more, as at the door, once the account's
// state forbids it or the password expired.
func TestProofOfWhoMaySignInNoMore(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *house) {
		ctx, ann := t.Context(), h.Person("Ann", "Example")
		phone, err := h.Accounts.NewAppPassword(ctx, peopletest.Operator, ann.No, ann.No, "phone")
		if err != nil {
			t.Fatal(err)
		}
		proofs := map[string]account.Proof{}
		for name, l := range map[string]account.Login{"password": login(ann, peopletest.Password), "app password": login(ann, phone), "page": login(ann, peopletest.Password)} {
			if name == "page" {
				l.Face = account.Web
			}
			s, err := h.Accounts.Authenticate(ctx, l)
			if err != nil {
				t.Fatal(err)
			}
			proofs[name] = s.Proof
		}
		hold := func(when, program, page string) {
			t.Helper()
			for name, p := range proofs {
				want := program
				if name == "page" {
					want = page
				}
				got, e := "", (*errs.Error)(nil)
				if err := h.Accounts.Holds(ctx, p); errors.As(err, &e) && e.Kind == errs.Denied {
					got = e.Rule
				} else if err != nil {
					t.Error(err)
				}
				if got != want {
					t.Errorf("%s, %s: %q, want %q", when, name, got, want)
				}
			}
		}
		for _, c := range []struct {
			state         account.State
			program, page string
		}{
			{account.Leaver, "account.leaver", ""},
			{account.Inactive, "account.inactive", ""},
			{account.Disabled, "account.disabled", "account.disabled"},
			{account.Blocked, "account.blocked", "account.blocked"},
			{account.Active, "", ""},
		} {
			if err := h.Accounts.SetState(ctx, peopletest.Operator, ann.No, c.state, "test"); err != nil {
				t.Fatal(err)
			}
			hold(c.state.String(), c.program, c.page)
		}
		h.Clock.Advance(90 * 24 * time.Hour)
		hold("expired", "password.expired", "")
	})
}

// A proof that was written down holds as long as the one that it was, and opens what that opens.
func TestProofText(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *house) {
		ctx, ann := t.Context(), h.Person("Ann", "Example")
		shop := h.Pharmacy("FX001", ann)
		app, err := h.Accounts.NewAppPassword(ctx, peopletest.Operator, ann.No, shop.No, "phone")
		if err != nil {
			t.Fatal(err)
		}
		whole, err := h.Accounts.NewAppPassword(ctx, peopletest.Operator, ann.No, ann.No, "tablet")
		if err != nil {
			t.Fatal(err)
		}
		var kept []account.Proof
		for password, only := range map[string]haven.AccountNo{peopletest.Password: 0, whole: 0, app: shop.No} {
			s, err := h.Accounts.Authenticate(ctx, login(ann, password))
			if err != nil {
				t.Fatal(err)
			}
			p, ok := account.ParseProof(s.Proof.Text())
			if !ok || p.Text() != s.Proof.Text() || p.Person() != ann.No || p.Face() != account.Program || strings.Contains(p.Text(), password) {
				t.Fatalf("%q is read as %+v, %t", s.Proof.Text(), p, ok)
			}
			if got, err := h.Accounts.Only(ctx, p); err != nil || got != only {
				t.Errorf("it opens %d, %v", got, err)
			}
			if err := h.Accounts.Holds(ctx, p); err != nil {
				t.Error(err)
			}
			kept = append(kept, p)
		}
		all, err := h.Accounts.AppPasswords(ctx, ann.No)
		if err != nil || len(all) != 2 {
			t.Fatal(all, err)
		}
		for _, a := range all {
			if err := h.Accounts.RevokeAppPassword(ctx, peopletest.Operator, ann.No, a.ID); err != nil {
				t.Fatal(err)
			}
		}
		if err := h.Accounts.SetPassword(ctx, peopletest.Operator, ann.No, "another kettle tramway", false); err != nil {
			t.Fatal(err)
		}
		for _, p := range kept {
			if err := h.Accounts.Holds(ctx, p); !errors.Is(err, account.ErrRevoked) {
				t.Errorf("revoked: %v", err)
			}
			if only, err := h.Accounts.Only(ctx, p); err == nil && only != 0 {
				t.Errorf("a revoked app password opens %d", only)
			}
		}
	})
	for _, s := range []string{"", "...", "1.0.0", "1.0.0.zz", "1.0.0.00", "+1.0.1.", "1.0.1.x", "01.0.1.", "1.300.1.", "1.0.1..", "1.0.9223372036854775808."} {
		if p, ok := account.ParseProof(s); ok {
			t.Errorf("%q is read as %+v", s, p)
		}
	}
}
