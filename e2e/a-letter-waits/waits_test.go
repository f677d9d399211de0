package waits_test

import (
	"testing"

	"haven/e2e/stage"
)

func TestALetterWaits(t *testing.T) {
	t.Parallel()
	s := stage.Serve(t, stage.Pages)
	s.NeedsWebClient(t)
	var runs []map[string]any
	for _, code := range []string{"FAA01", "FAA02"} {
		aisha, ben, surgery := s.Person("Aisha", "Rahman"), s.Person("Ben", "Whitlock"), s.Person("Liam", "Fenwick")
		shop := s.Pharmacy(code, aisha, ben)
		for i, about := range []string{"Medicines of Mr Birch", "Allergies of Mr Birch"} {
			s.Receive("ward@hospital.test", stage.Letter("ward@hospital.test", shop, about, code+"@ward"+string(rune('a'+i)), "The list is below."), shop)
		}
		runs = append(runs, map[string]any{"aisha": aisha, "ben": ben, "surgery": surgery, "shop": shop})
	}
	s.Browse(t, "a-letter-waits", map[string]any{"runs": runs})
}
