package work_test

import (
	"testing"

	"haven/e2e/stage"
)

func TestTwoColleaguesShareTheWork(t *testing.T) {
	t.Parallel()
	s := stage.Serve(t, stage.Pages)
	var runs []map[string]any
	for _, code := range []string{"FAA01", "FAA02"} {
		aisha, ben := s.Person("Aisha", "Rahman"), s.Person("Ben", "Whitlock")
		box := s.Pharmacy(code, aisha, ben)
		runs = append(runs, map[string]any{"aisha": aisha, "ben": ben, "box": box, "code": code})
	}
	s.Browse(t, "two-colleagues-share-the-work", map[string]any{"runs": runs, "smtp": s.Port("smtp")})
}
