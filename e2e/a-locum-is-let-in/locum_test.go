package locum_test

import (
	"testing"

	"haven/e2e/stage"
)

func TestLocumIsLetIn(t *testing.T) {
	t.Parallel()
	s := stage.Serve(t, stage.Pages)
	var scenes []map[string]any
	for _, code := range []string{"FAA01", "FAA02", "FAA03"} { // one for each run of the story
		owner, colleague, locum := s.Person("Aisha", "Rahman"), s.Person("Ben", "Whitlock"), s.Person("Lena", "Marsh")
		pharmacy := s.Pharmacy(code, owner)
		s.Admin("member", "add", pharmacy, colleague.Address)
		scenes = append(scenes, map[string]any{"owner": owner, "colleague": colleague, "locum": locum, "pharmacy": pharmacy})
	}
	s.Browse(t, "a-locum-is-let-in", map[string]any{"scenes": scenes})
}
