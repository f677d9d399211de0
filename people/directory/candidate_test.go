package directory_test

import (
	"fmt"
	"slices"
	"testing"

	"haven"
	"haven/people/account"
	"haven/people/organisation"
	"haven/people/peopletest"
	"haven/people/sharedmailbox"
	"haven/platform/errs"
	"haven/platform/policy"
)

// Whom somebody is about to give something stands beside the others of the name, and is told apart by what the directory shows alone.
func TestCandidate(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		ctx, ann, ben, second := t.Context(), h.Person("Ann", "Example"), h.Person("Ben", "Whitlock"), h.Person("Ben", "Whitlock")
		h.Person("Ben", "Whitlocke")
		rowan, _ := h.Premises("FX002", ann)
		elm, err := h.Places.Add(ctx, peopletest.Operator, organisation.Organisation{Kind: organisation.Pharmacy, Code: "FX003", Name: "ELM CHEMIST", Place: "YORK"})
		h.must(err)
		elmBox, err := h.Shared.Create(ctx, peopletest.Operator, sharedmailbox.Spec{Organisation: elm.ID, ODS: elm.Code, Name: elm.Name, Place: elm.Place, Owners: []haven.AccountNo{ann.No}})
		h.must(err)
		h.Post(rowan, ben, "dispenser")
		h.Post(elm, second, "pharmacist")
		invited, err := h.Accounts.CreatePersonal(ctx, peopletest.Operator, account.NewPersonal{First: "Ben", Last: "Whitlock", State: account.Invited})
		h.must(err)
		h.Post(elm, invited, "driver")
		h.refresh()

		look := func(of account.Account) string {
			t.Helper()
			c, err := h.dir.Candidate(ctx, peopletest.As(ann), of)
			h.must(err)
			says := fmt.Sprintf("%s %s %d", c.Entry.Account.Address.Local, c.Entry.Job, len(c.Entry.Places))
			for _, n := range c.Namesakes {
				says += fmt.Sprintf(" | %s %s %s", n.Account.Address.Local, n.Job, n.Places[0].Code)
			}
			return says
		}
		for _, c := range []struct {
			of   account.Account
			want string
		}{
			{ben, "ben.whitlock dispenser 1 | ben.whitlock2 pharmacist FX003"},
			{second, "ben.whitlock2 pharmacist 1 | ben.whitlock dispenser FX002"},
			{invited, "ben.whitlock3  0 | ben.whitlock dispenser FX002 | ben.whitlock2 pharmacist FX003"}, // not activated: the directory does not show a job
			{ann, "ann.example pharmacist 1"},
		} {
			if got := look(c.of); got != c.want {
				t.Errorf("%s: %q, want %q", c.of.Address, got, c.want)
			}
		}

		shown, err := h.dir.Shown(ctx, peopletest.As(ann), []haven.AccountNo{ben.No, invited.No})
		h.must(err)
		if len(shown) != 1 || shown[ben.No].Job != "dispenser" {
			t.Errorf("%+v", shown)
		}
		if shown, err = h.dir.Shown(ctx, peopletest.As(invited), []haven.AccountNo{ben.No}); err != nil || len(shown) != 0 {
			t.Errorf("to who may not search: %+v, %v", shown, err)
		}
		for _, ids := range [][]haven.AccountID{{ben.ID, elmBox.ID, ann.ID}, {elmBox.ID, ann.ID, ben.ID}} {
			byID, err := h.dir.ByID(ctx, peopletest.As(ann), slices.Concat(ids, []haven.AccountID{invited.ID, haven.NewAccountID()}, ids))
			h.must(err)
			var got []haven.AccountID
			for _, e := range byID {
				if got = append(got, e.Account.ID); e.Account.ID == ben.ID && e.Job != "dispenser" {
					t.Errorf("%+v", e)
				}
			}
			if !slices.Equal(got, ids) {
				t.Errorf("in the order of %v: %v", ids, got)
			}
		}
		if _, err := h.dir.ByID(ctx, peopletest.As(invited), []haven.AccountID{ben.ID}); !errs.Is(err, errs.Denied) {
			t.Errorf("to who may not search: %v", err)
		}
		if _, err := h.dir.Candidate(ctx, peopletest.As(invited), ben); !errs.Is(err, errs.Denied) {
			t.Errorf("for who may not search: %v", err)
		}
		for i := 0; err == nil && i <= h.Policy.Directory.SearchesADay; i++ { // each looks for another person
			_, err = h.dir.Candidate(ctx, peopletest.As(ann), []account.Account{ben, ann}[i%2])
		}
		if !errs.Is(err, errs.TooMany) {
			t.Errorf("more often than anybody may search: %v", err)
		}
	}, func(p *policy.Policy) { p.Directory.SearchesADay = 6 })
}
