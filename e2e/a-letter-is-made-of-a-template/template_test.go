package template_test

import (
	"testing"

	"haven/e2e/stage"
)

func TestALetterIsMadeOfATemplate(t *testing.T) {
	t.Parallel()
	s := stage.Serve(t, stage.Pages)
	s.NeedsWebClient(t)
	var runs []map[string]any
	for _, code := range []string{"FAA01", "FAA02"} {
		aisha, ben := s.Person("Aisha", "Rahman"), s.Person("Ben", "Whitlock")
		shop := s.Pharmacy(code, aisha, ben)
		runs = append(runs, map[string]any{"aisha": aisha, "ben": ben, "shop": shop})
	}
	s.Browse(t, "a-letter-is-made-of-a-template", map[string]any{"runs": runs})
}
