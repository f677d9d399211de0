package registration_test

import (
	"slices"
	"testing"

	"haven"
	"haven/people/organisation"
	"haven/people/peopletest"
	"haven/people/registration"
	"haven/people/sharedmailbox"
)

// The head office of a premises is told of every attempt and of what was registered, at its own mailbox and at the contact that it named, and sees no passcode.
func TestHeadOfficeIsTold(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		ctx := t.Context()
		group, err := h.Places.Add(ctx, peopletest.Operator, organisation.Organisation{Kind: organisation.HeadOffice, Code: "P001", Name: "Rowan Group", Place: "Leeds"})
		if err != nil {
			t.Fatal(err)
		}
		ines := h.Person("Ines", "Calvo")
		box, err := h.Shared.Create(ctx, peopletest.Operator, sharedmailbox.Spec{Kind: group.Kind, Organisation: group.ID, ODS: group.Code, Name: group.Name, Place: group.Place, Owners: []haven.AccountNo{ines.No}})
		if err != nil {
			t.Fatal(err)
		}
		if err := h.Places.SetCentral(ctx, peopletest.Operator, organisation.Central{Group: "P001", Contact: "Ines", Email: haven.MustAddress("ines@group.example")}); err != nil {
			t.Fatal(err)
		}
		if err := h.Places.Release(ctx, peopletest.Operator, "FX002"); err != nil {
			t.Fatal(err)
		}
		h.letters()
		told := func(kind string) (to []string) {
			t.Helper()
			for _, l := range h.letters() {
				if l.Kind != kind {
					continue
				}
				if l.Attempt.Passcode != "" {
					t.Error("the head office is told the passcode")
				}
				if l.Attempt.NotUs == "" && l.Completion.NotUs == "" {
					t.Error("the head office can't say that it was not meant")
				}
				to = append(to, l.Attempt.To.String()+l.Completion.To.String())
			}
			slices.Sort(to)
			return to
		}
		both := []string{"ines@group.example", box.Address.String()}
		slices.Sort(both)
		if _, err := h.s.Ask(ctx, h.visitor, "FX002", "1999999"); err != nil { // a wrong number
			t.Fatal(err)
		}
		if got := told("group attempted"); !slices.Equal(got, both) {
			t.Errorf("of a wrong number: %v, want %v", got, both)
		}
		ref, token := h.filled(registration.Person{First: "Aisha", Last: "Rahman", Email: "aisha@home.example", Mobile: "07700900111"})
		h.letters()
		if _, err := h.s.Submit(ctx, h.visitor, ref, token); err != nil {
			t.Fatal(err)
		}
		if got := told("group completed"); !slices.Equal(got, both) {
			t.Errorf("of what was registered: %v, want %v", got, both)
		}
	})
}
