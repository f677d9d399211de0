package files_test

import (
	"testing"

	"haven/e2e/stage"
)

func TestFilesComeToALetter(t *testing.T) {
	t.Parallel()
	s := stage.Serve(t, stage.Pages)
	s.NeedsWebClient(t)
	var runs []map[string]any
	for _, code := range []string{"FAA01", "FAA02"} {
		aisha := s.Person("Aisha", "Rahman")
		shop := s.Pharmacy(code, aisha)
		s.Receive("ward@hospital.test", stage.Letter("ward@hospital.test", shop, "Scans of Mr Birch", code, "Please send the scans."), shop)
		runs = append(runs, map[string]any{"aisha": aisha, "shop": shop})
	}
	s.Browse(t, "files-come-to-a-letter", map[string]any{"runs": runs})
}
