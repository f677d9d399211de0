package account_test

import (
	"bytes"
	"errors"
	"fmt"
	"testing"
	"time"

	"haven"
	"haven/people/account"
	"haven/people/peopletest"
	"haven/platform/db"
	"haven/platform/errs"
)

func TestParseMobile(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"07700 900123": "+447700900123", "07700900123": "+447700900123", "+44 7700 900123": "+447700900123", "+44 (0)7700 900123": "+447700900123",
		"0044 7700-900.123": "+447700900123", "(07700) 900 123": "+447700900123", "07624 900123": "+447624900123", "07911 123456": "+447911123456",
		"07000 900123": "", "07600 900123": "", "0113 496 0000": "", "+353 87 1234567": "", "7700900123": "", "0770090012": "", "077009001234": "",
		"": "", "07700 90012x": "", "+4407700900123": "", "０7700900123": "", "07700\x00900123": "", "tel:07700900123": "",
	} {
		got, v := account.ParseMobile(in)
		if got != want || v.Allowed != (want != "") || v.Rule != "contact.mobile" || !v.Allowed && v.Reason == "" {
			t.Errorf("%q: %q %+v, want %q", in, got, v, want)
		}
	}
}

// keyed is a house whose accounts have keys, and the contacts of its people.
func keyed(t *testing.T, h *house) *account.Contacts {
	t.Helper()
	c, err := account.OpenContacts(t.Context(), h.DB, h.Keyed(), h.Clock)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func putContact(t *testing.T, h *house, c *account.Contacts, who account.Account, kind account.ContactKind, value string) {
	t.Helper()
	s, err := c.Seal(t.Context(), who.No, kind, value)
	if err != nil {
		t.Fatal(err)
	}
	err = h.DB.Write(t.Context(), func(tx *db.Tx) error {
		if err := account.Lock(tx, who.No); err != nil {
			return err
		}
		return c.PutIn(tx, peopletest.Operator, s)
	})
	if err != nil {
		t.Fatal(err)
	}
}

func holders(t *testing.T, h *house, c *account.Contacts, kind account.ContactKind, value string) string {
	t.Helper()
	var all []haven.AccountNo
	err := h.DB.Read(t.Context(), func(tx *db.Tx) (err error) {
		all, err = c.HoldersIn(tx, kind, value)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint(all)
}

func TestContacts(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *house) {
		ctx, c := t.Context(), keyed(t, h)
		ann, bob := h.Person("Ann", "Example"), h.Person("Bob", "Example")
		const mail, mobile = "Ann@home.example", "+447700900123"
		putContact(t, h, c, ann, account.PersonalEmail, mail)
		putContact(t, h, c, ann, account.Mobile, mobile)
		putContact(t, h, c, bob, account.Mobile, mobile)
		all, err := c.Of(ctx, ann.No)
		if err != nil || len(all) != 2 || all[0] != (account.Contact{Kind: account.PersonalEmail, Value: mail, Made: peopletest.Start}) || all[1].Value != mobile {
			t.Fatalf("%+v, %v", all, err)
		}
		for _, k := range []struct {
			kind  account.ContactKind
			value string
			want  []haven.AccountNo
		}{
			{account.PersonalEmail, "ann@HOME.example", []haven.AccountNo{ann.No}}, {account.Mobile, mobile, []haven.AccountNo{ann.No, bob.No}},
			{account.PersonalEmail, mobile, nil}, {account.Mobile, "+447700900124", nil},
		} {
			if got := holders(t, h, c, k.kind, k.value); got != fmt.Sprint(k.want) {
				t.Errorf("%s %s: %s, want %v", k.kind, k.value, got, k.want)
			}
		}
		// Neither value is anywhere in the table.
		err = h.DB.Read(ctx, func(tx *db.Tx) error {
			return tx.Query(`SELECT sealed, hash FROM contact`, nil, func(r db.Row) error {
				for i := range 2 {
					if b := bytes.ToLower(r.Bytes(i)); bytes.Contains(b, []byte("home")) || bytes.Contains(b, []byte("7700")) {
						t.Errorf("a value lies open: %q", b)
					}
				}
				return nil
			})
		})
		if err != nil {
			t.Error(err)
		}
		// Proven once; another value is to be proven anew.
		proven := func() time.Time {
			all, err := c.Of(ctx, ann.No)
			if err != nil {
				t.Fatal(err)
			}
			return all[1].Proven
		}
		for range 2 {
			h.Clock.Advance(time.Hour)
			if err := h.DB.Write(ctx, func(tx *db.Tx) error { c.ProveIn(tx, ann.No, account.Mobile); return nil }); err != nil {
				t.Fatal(err)
			}
			if got := proven(); !got.Equal(peopletest.Start.Add(time.Hour)) {
				t.Errorf("proven %v", got)
			}
		}
		putContact(t, h, c, ann, account.Mobile, "+447700900999")
		if got := proven(); !got.IsZero() || holders(t, h, c, account.Mobile, mobile) != fmt.Sprint([]haven.AccountNo{bob.No}) {
			t.Errorf("after another number: proven %v, held by %s", got, holders(t, h, c, account.Mobile, mobile))
		}
		// A sealed value put into another row does not open there.
		if err := h.DB.Write(ctx, func(tx *db.Tx) error {
			tx.Exec(`UPDATE contact SET sealed = (SELECT sealed FROM contact WHERE no = $1 AND kind = 2) WHERE no = $1 AND kind = 1`, int64(ann.No))
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Of(ctx, ann.No); !errs.Is(err, errs.Internal) {
			t.Errorf("a value of another row: %v", err)
		}
		// With the key goes the value, and then its trace.
		if err := h.Rooms.Keys.Destroy(ctx, bob.No); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Of(ctx, bob.No); !errs.Is(err, errs.NotFound) {
			t.Errorf("after the key is gone: %v", err)
		}
		if err := h.DB.Write(ctx, func(tx *db.Tx) error { account.ForgetIn(tx, bob.No); return nil }); err != nil || holders(t, h, c, account.Mobile, mobile) != "[]" {
			t.Errorf("a trace is left: %v", err)
		}
	})
}

// TestSpelledNames: a name in other letters stays as it is, and the address is made of its spelling.
func TestSpelledNames(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *house) {
		create := func(n account.NewPersonal) (account.Account, error) {
			no, err := h.Accounts.Reserve(t.Context(), haven.Personal)
			if err != nil {
				t.Fatal(err)
			}
			var a account.Account
			err = h.DB.Write(t.Context(), func(tx *db.Tx) error {
				a, err = h.Accounts.CreatePersonalIn(tx, peopletest.Operator, no, n)
				return err
			})
			return a, err
		}
		for _, want := range []string{"wei.li@haven.example", "wei.li2@haven.example"} {
			a, err := create(account.NewPersonal{First: "\u4f1f", Last: "\u674e", Spelled: " Wei  Li "})
			if err != nil || a.Address.String() != want || a.Display != "\u4f1f \u674e" || a.State != account.Invited {
				t.Errorf("%+v, %v, want %s", a, err, want)
			}
		}
		if a, err := create(account.NewPersonal{First: "\u4f1f", Spelled: "Wei"}); err != nil || a.Address.String() != "wei@haven.example" {
			t.Errorf("%+v, %v", a, err)
		}
		var e *errs.Error
		if _, err := create(account.NewPersonal{First: "\u4f1f"}); !errors.As(err, &e) || e.Rule != "address.letters" {
			t.Errorf("without a spelling: %v", err)
		}
	})
}
