package mail_test

import (
	"testing"

	"haven/e2e/stage"
)

func TestMailAtASharedComputer(t *testing.T) {
	t.Parallel()
	s := stage.Serve(t, stage.Pages)
	s.NeedsWebClient(t)
	var runs []map[string]any
	for _, code := range []string{"FAA01", "FAA02"} {
		aisha, ben := s.Person("Aisha", "Rahman"), s.Person("Ben", "Whitlock")
		shop := s.Pharmacy(code, aisha)
		s.Receive("ward@hospital.test", stage.Letter("ward@hospital.test", shop, "Discharge note", code+"@ward", "Two tablets at night."), shop)
		s.Receive("friend@home.test", stage.Letter("friend@home.test", ben.Address, "For Ben alone", code+"@home", "See you on Sunday."), ben.Address)
		runs = append(runs, map[string]any{"aisha": aisha, "ben": ben})
	}
	s.Browse(t, "mail-at-a-shared-computer", map[string]any{"runs": runs})
}
