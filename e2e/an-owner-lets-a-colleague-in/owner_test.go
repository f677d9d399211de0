package owner_test

import (
	"testing"

	"haven/e2e/stage"
)

func TestOwnerLetsAColleagueIn(t *testing.T) {
	t.Parallel()
	s := stage.Serve(t, stage.Pages)
	var scenes []map[string]any
	for _, code := range []string{"FAA01", "FAA02", "FAA03"} { // one for each run of the story
		owner, colleague := s.Person("Aisha", "Rahman"), s.Person("Ben", "Whitlock")
		scenes = append(scenes, map[string]any{"owner": owner, "colleague": colleague, "pharmacy": s.Pharmacy(code, owner)})
	}
	s.Browse(t, "an-owner-lets-a-colleague-in", map[string]any{"scenes": scenes})
}
