package tells_test

import (
	"testing"

	"haven/e2e/stage"
)

func TestABrowserTellsOfMail(t *testing.T) {
	t.Parallel()
	s := stage.Serve(t, stage.Pages)
	s.NeedsWebClient(t)
	var runs []map[string]any
	for _, code := range []string{"FAA01", "FAA02"} {
		aisha := s.Person("Aisha", "Rahman")
		shop := s.Pharmacy(code, aisha)
		s.Receive("ward@hospital.test", stage.Letter("ward@hospital.test", shop, "Methadone of Mr Birch", code+"@ward", "He comes at noon."), shop)
		runs = append(runs, map[string]any{"aisha": aisha, "shop": shop, "code": code})
	}
	s.Browse(t, "a-browser-tells-of-mail", map[string]any{"runs": runs})
}
