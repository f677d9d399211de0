package account_test

import (
	"strings"
	"testing"

	"haven/people/account"
	"haven/people/peopletest"
	"haven/platform/db"
	"haven/platform/errs"
)

// A temporary password that the service has drawn opens the account like any other; who has the table alone can't try it.
func TestDrawnPassword(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *peopletest.House) {
		const drawn = "harbour-kettle-violet-27"
		hashed, err := h.Accounts.HashTemporary(t.Context(), drawn)
		if err != nil {
			t.Fatal(err)
		}
		aisha, err := h.Accounts.CreatePersonal(t.Context(), peopletest.Operator, account.NewPersonal{First: "Aisha", Last: "Rahman", State: account.Active, Hashed: hashed, Temporary: true})
		if err != nil {
			t.Fatal(err)
		}
		kept := ""
		err = h.DB.Read(t.Context(), func(tx *db.Tx) error {
			return tx.Query(`SELECT hash FROM credential WHERE no = $1`, []any{int64(aisha.No)}, func(r db.Row) error { kept = r.Text(0); return nil })
		})
		if err != nil || !strings.HasPrefix(kept, "$hmac-sha256$") || strings.Contains(kept, drawn) {
			t.Fatalf("%q, %v", kept, err)
		}
		try := func(s *account.Service, pw string, want errs.Kind) {
			t.Helper()
			_, err := s.Authenticate(t.Context(), account.Login{User: aisha.Address.String(), Password: pw, Place: "192.0.2.7", Face: account.Web})
			if errs.KindOf(err) != want {
				t.Errorf("%s: %v", pw, err)
			}
		}
		try(h.Accounts, "harbour-kettle-violet-28", errs.Private)
		try(h.Accounts, "", errs.Private)
		ses, err := h.Accounts.Authenticate(t.Context(), account.Login{User: aisha.Address.String(), Password: drawn, Place: "192.0.2.7", Face: account.Web})
		if err != nil || !ses.Changes {
			t.Fatalf("%+v, %v", ses, err)
		}
		without := account.New(account.Options{DB: h.DB, Access: h.Access, Policy: h.Policy, Clock: h.Clock, Domains: []string{peopletest.Domain}})
		try(without, drawn, errs.Private)
		if err := h.Accounts.SetPassword(t.Context(), peopletest.Operator, aisha.No, drawn, false); !errs.Is(err, errs.Invalid) {
			t.Errorf("the temporary password is kept as the person's own: %v", err)
		}
		if _, err := h.Accounts.HashTemporary(t.Context(), "short"); !errs.Is(err, errs.Invalid) {
			t.Errorf("too short: %v", err)
		}
	})
}
