package signature_test

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"haven"
	"haven/people/account"
	"haven/people/peopletest"
	"haven/people/signature"
	"haven/platform/audit"
	"haven/platform/db"
	"haven/platform/errs"
)

func newService(t *testing.T, h *peopletest.House) *signature.Service {
	t.Helper()
	if err := h.DB.Migrate(t.Context(), append(peopletest.Schemas(), signature.Schema)...); err != nil {
		t.Fatal(err)
	}
	job := func(_ context.Context, person haven.AccountNo) (string, error) {
		a, err := h.Accounts.ByNo(t.Context(), person)
		if err != nil || a.Display != "Ann Example" {
			return "", err
		}
		return "Pharmacist", nil
	}
	return signature.New(signature.Options{DB: h.DB, Access: h.Access, Shared: h.Shared, Keys: h.Seals, Job: job, Policy: h.Policy.Signature, Clock: h.Clock})
}

func TestWhoWritesASignature(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *peopletest.House) {
		s, ctx := newService(t, h), t.Context()
		ann, bob, cat := h.Person("Ann", "Example"), h.Person("Bob", "Example"), h.Person("Cat", "Example")
		shop := h.Pharmacy("FX002", ann)
		h.Member(shop, bob)
		for _, c := range []struct {
			name string
			by   account.Account
			of   account.Account
			text string
			kind errs.Kind
		}{
			{"a member", bob, shop, "Mine", errs.Denied},
			{"a stranger", cat, shop, "Mine", errs.NotFound},
			{"of a colleague", ann, bob, "Mine", errs.NotFound},
			{"too long", ann, shop, strings.Repeat("a", h.Policy.Signature.Runes+1), errs.Invalid},
			{"too many lines", ann, ann, strings.Repeat("a\n", h.Policy.Signature.Lines) + "a", errs.Invalid},
		} {
			if err := s.Set(ctx, peopletest.As(c.by), c.of.No, c.text); !errs.Is(err, c.kind) {
				t.Errorf("%s: %v", c.name, err)
			}
			if got, err := s.Of(ctx, peopletest.As(c.by), c.of.No); c.kind != errs.Invalid && (!errs.Is(err, c.kind) || got != "") {
				t.Errorf("%s reads %q, %v", c.name, got, err)
			}
		}
		if got, err := s.For(ctx, peopletest.As(ann), shop.No); err != nil || got != (signature.Signed{}) {
			t.Errorf("before there is one: %+v, %v", got, err)
		}
		for _, set := range []struct {
			by, of account.Account
			text   string
		}{{ann, shop, "Old"}, {ann, shop, "{name}, {job}\nRowan & Co"}, {bob, bob, "Bob"}} {
			if err := s.Set(ctx, peopletest.As(set.by), set.of.No, set.text); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := s.Of(ctx, peopletest.As(ann), shop.No); err != nil || got != "{name}, {job}\nRowan & Co" {
			t.Errorf("%q, %v", got, err)
		}
		for _, c := range []struct {
			who, of account.Account
			want    signature.Signed
		}{
			{ann, shop, signature.Signed{Text: "Ann Example, Pharmacist\nRowan & Co", HTML: "Ann Example, Pharmacist<br>Rowan &amp; Co"}},
			{bob, shop, signature.Signed{Text: "Bob Example\nRowan & Co", HTML: "Bob Example<br>Rowan &amp; Co"}},
			{bob, bob, signature.Signed{Text: "Bob", HTML: "Bob"}},
			{ann, ann, signature.Signed{}},
		} {
			if got, err := s.For(ctx, peopletest.As(c.who), c.of.No); err != nil || got != c.want {
				t.Errorf("%s as %s: %+v, %v", c.who.Display, c.of.Display, got, err)
			}
		}
		for _, who := range []account.Account{bob, cat} {
			if _, err := s.For(ctx, peopletest.As(who), ann.No); !errs.Is(err, errs.NotFound) {
				t.Errorf("%s signs as Ann: %v", who.Display, err)
			}
		}
		if err := s.Set(ctx, peopletest.As(bob), bob.No, " "); err != nil {
			t.Fatal(err)
		}
		if got, err := s.For(ctx, peopletest.As(bob), bob.No); err != nil || got != (signature.Signed{}) {
			t.Errorf("after it was taken away: %+v, %v", got, err)
		}
	})
}

// What a signature says is readable nowhere in the table, and what was done is written down without it.
func TestSealed(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *peopletest.House) {
		s, ann := newService(t, h), h.Person("Ann", "Example")
		if err := s.Set(t.Context(), peopletest.As(ann), ann.No, "Mornings in Leeds"); err != nil {
			t.Fatal(err)
		}
		rows := 0
		err := h.DB.Read(t.Context(), func(tx *db.Tx) error {
			return tx.Query(`SELECT sealed FROM signature`, nil, func(r db.Row) error {
				rows++
				if bytes.Contains(r.Bytes(0), []byte("Leeds")) {
					t.Error("it can be read")
				}
				return nil
			})
		})
		if err != nil || rows != 1 {
			t.Errorf("%d rows, %v", rows, err)
		}
		notes := map[string]string{}
		found, err := audit.Newest(t.Context(), h.DB, audit.Filter{Concerns: ann.ID}, audit.Place{}, 10)
		for _, f := range found {
			notes[f.Sealed.What] = f.Sealed.Note
		}
		if err != nil || notes["signature.set"] != "17 characters" {
			t.Errorf("%+v, %v", found, err)
		}
	})
}
