package right_test

import (
	"testing"

	"haven/e2e/stage"
)

func TestOwnerKeepsAPremisesRight(t *testing.T) {
	t.Parallel()
	s := stage.Serve(t, stage.Pages)
	var scenes []map[string]any
	for _, code := range []string{"FAA01", "FAA02", "FAA03"} { // one for each run of the story
		owner := s.Person("Aisha", "Rahman")
		s.Pharmacy(code, owner)
		scenes = append(scenes, map[string]any{"owner": owner})
	}
	s.Browse(t, "an-owner-keeps-a-premises-right", map[string]any{"scenes": scenes})
}
