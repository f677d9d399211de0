package sending_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"haven"
	"haven/mail/sending"
	"haven/platform/db"
	"haven/platform/errs"
)

func TestIdentities(t *testing.T) {
	each(t, func(s story) {
		ctx, by := s.t.Context(), s.By(s.Alice, s.Shop)
		list := func() []sending.Identity {
			s.t.Helper()
			all, _, err := s.Sending.Identities(ctx, by)
			s.Must(err)
			return all
		}
		s.Sign(s.Shop, "The shop")
		if all := list(); len(all) != 1 || all[0].Email != "shop@pharmacy.test" || all[0].Name != "Shop" || all[0].Text != "The shop" || !all[0].Given {
			s.t.Fatalf("the given identities are %+v", all)
		}
		_, begin, err := s.Sending.Identities(ctx, by)
		s.Must(err)
		name := "Store"
		own, err := s.Sending.AddIdentity(ctx, by, "Store@Pharmacy.test", sending.IdentityChange{Name: &name})
		s.Must(err)
		for _, email := range []string{"alice@pharmacy.test", "ben@pharmacy.test", "nobody@pharmacy.test", "x", ""} {
			var no *sending.Refused
			if _, err := s.Sending.AddIdentity(ctx, by, email, sending.IdentityChange{}); !errors.As(err, &no) || no.Why != sending.ForbiddenFrom {
				s.t.Errorf("%q: %v", email, err)
			}
		}
		long, lines, bad := strings.Repeat("x", 70_000), "a\nb", []sending.Named{{Email: "no address"}}
		for what, ch := range map[string]sending.IdentityChange{"too long": {Text: &long}, "a name of two lines": {Name: &lines}, "Bcc of nonsense": {Bcc: &bad}} {
			if err := s.Sending.ChangeIdentity(ctx, by, own.ID, ch); !errs.Is(err, errs.Invalid) {
				s.t.Errorf("%s: %v", what, err)
			}
		}
		all := list()
		if len(all) != 2 || all[1].Name != "Store" || all[1].Given {
			s.t.Errorf("the identities are %+v", all)
		}
		// Who loses the right to send loses the identities, and has the given one again with it.
		s.Store.Grants.Set(s.Alice, s.Shop, haven.Read)
		if left := list(); len(left) != 0 {
			s.t.Errorf("who may not send has %+v", left)
		}
		ch, err := s.Sending.IdentitiesSince(ctx, by, begin, 0)
		s.Must(err)
		if len(ch.Destroyed) != 1 || ch.Destroyed[0] != all[0].ID || len(ch.Created) != 0 {
			s.t.Errorf("told is %+v", ch)
		}
		s.Store.Grants.Set(s.Alice, s.Shop, haven.Member)
		if again := list(); len(again) != 1 || again[0].ID == all[0].ID {
			s.t.Errorf("the right came back, and the identities are %+v", again)
		}
		s.Store.Clock.Advance(31 * 24 * time.Hour)
		s.Must(s.Sending.Sweep(ctx))
		if _, err := s.Sending.IdentitiesSince(ctx, by, begin, 0); !errs.Is(err, errs.Invalid) {
			s.t.Errorf("what is not remembered is told: %v", err)
		}
		if _, _, err := s.Sending.Identities(ctx, s.By(s.Ben, s.Alice)); !errs.Is(err, errs.NotFound) {
			s.t.Errorf("a stranger has identities: %v", err)
		}
		for i := 0; ; i++ {
			_, err := s.Sending.AddIdentity(ctx, by, "store@pharmacy.test", sending.IdentityChange{})
			if errs.Is(err, errs.TooMany) && i == s.Policy.Identities {
				break
			}
			s.Must(err)
		}
	})
}

// TestWhatIsSealed looks for words of a letter's envelope and of an identity in the tables.
func TestWhatIsSealed(t *testing.T) {
	each(t, func(s story) {
		by := s.By(s.Alice, s.Alice)
		s.Sign(s.Alice, "Wisteria")
		s.submit(s.Draft(s.Alice, strings.Replace(letter, "bob@surgery.test", "wisteria@surgery.test", 1)), "")
		text := "Wisteria"
		s.Must(s.Sending.ChangeIdentity(s.t.Context(), by, s.Identity(by), sending.IdentityChange{HTML: &text}))
		for _, table := range []string{"submission", "identity"} {
			found, rows := sealedRows(s, table)
			if found || rows == 0 {
				s.t.Errorf("%s: %d rows, and the word is in them: %t", table, rows, found)
			}
		}
	})
}

func sealedRows(s story, table string) (found bool, rows int) {
	err := s.Store.DB.Read(s.t.Context(), func(tx *db.Tx) error {
		return tx.Query(`SELECT sealed FROM `+table, nil, func(r db.Row) error {
			rows++
			found = found || bytes.Contains(bytes.ToLower(r.Bytes(0)), []byte("wisteria"))
			return nil
		})
	})
	s.Must(err)
	return found, rows
}

// What a person wrote down of themselves ends with the account, also in a mailbox of others, who keep theirs.
func TestForgetIn(t *testing.T) {
	each(t, func(s story) {
		ctx := s.t.Context()
		alice, shop, ben := s.By(s.Alice, s.Alice), s.By(s.Alice, s.Shop), s.By(s.Ben, s.Ben)
		for _, by := range []sending.By{alice, shop, ben} {
			s.Identity(by)
		}
		own, err := s.Sending.AddIdentity(ctx, shop, "store@pharmacy.test", sending.IdentityChange{})
		s.Must(err)
		s.Must(s.Sending.RemoveIdentity(ctx, shop, own.ID))
		s.submit(s.Draft(s.Alice, letter), "")
		s.Must(s.Store.DB.Write(ctx, func(tx *db.Tx) error { sending.ForgetIn(tx, s.Alice); return nil }))
		for table, want := range map[string]int{"identity": 1, "sending_gone": 0, "submission": 1} {
			rows := 0
			s.Must(s.Store.DB.Read(ctx, func(tx *db.Tx) error {
				return tx.Query(`SELECT 1 FROM `+table, nil, func(db.Row) error { rows++; return nil })
			}))
			if rows != want {
				s.t.Errorf("%s has %d rows, want %d", table, rows, want)
			}
		}
	})
}
