package tidy_test

import (
	"fmt"
	"slices"
	"testing"

	"haven/e2e/stage"
)

func TestMailboxIsKeptTidy(t *testing.T) {
	t.Parallel()
	s := stage.Serve(t, stage.Pages)
	type run struct {
		Aisha stage.Person
		Box   string
	}
	var runs []run
	for i, code := range []string{"FAA01", "FAA02"} {
		aisha := s.Person("Aisha", "Rahman")
		box := s.Pharmacy(code, aisha)
		for n, subject := range []string{"Discharge of patient one", "Discharge of patient two", "Discharge of patient three", "Discharge of patient four", "Stock query", "Rota for Monday"} {
			text := "Please see the attached."
			if n == 1 {
				text = "Started amoxicillin 500 mg <b>three</b> times a day & ends on Friday."
			}
			s.Receive("ward@hospital.example", stage.Letter("ward@hospital.example", box, subject, fmt.Sprintf("%d.%d@hospital.example", i, n), text), box)
		}
		runs = append(runs, run{aisha, box})
	}
	s.Browse(t, "a-mailbox-is-kept-tidy", map[string]any{"runs": runs})

	for _, r := range runs {
		c := s.IMAP(r.Aisha, nil)
		for folder, want := range map[string][]string{
			stage.Shared(r.Box, "Discharges"): {"Discharge of patient one", "Discharge of patient two", "Discharge of patient three", "Discharge of patient four"},
			stage.Shared(r.Box, ""):           {},
			stage.Shared(r.Box, "Trash"):      {},
			"INBOX":                           {"Rota for Monday"},
		} {
			got := stage.Subjects(t, c, folder)
			slices.Sort(got)
			slices.Sort(want)
			if !slices.Equal(got, want) {
				t.Errorf("%s holds %q, want %q", folder, got, want)
			}
		}
	}
}
