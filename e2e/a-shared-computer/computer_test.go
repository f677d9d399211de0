package computer_test

import (
	"testing"

	"haven/e2e/stage"
)

func TestSharedComputer(t *testing.T) {
	t.Parallel()
	s := stage.Serve(t, stage.Pages)
	var runs []map[string]any
	for _, code := range []string{"FAA01", "FAA02", "FAA03"} {
		aisha, ben := s.Person("Aisha", "Rahman"), s.Person("Ben", "Whitlock")
		s.Pharmacy(code, aisha, ben)
		runs = append(runs, map[string]any{"aisha": aisha, "ben": ben})
	}
	s.Browse(t, "a-shared-computer", map[string]any{"runs": runs})
}
