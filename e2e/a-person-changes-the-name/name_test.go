package name_test

import (
	"fmt"
	"testing"

	"haven/e2e/stage"
)

func TestNameChanges(t *testing.T) {
	t.Parallel()
	s := stage.Serve(t, stage.Pages)
	var scenes []map[string]any
	for i := range 3 { // one for each run of the story
		aisha, ben, here := s.Person("Aisha", "Rahman"), s.Person("Ben", "Whitlock"), fmt.Sprintf("FAN0%d", i)
		s.Pharmacy(here, aisha, ben)
		s.Admin("post", "add", aisha.Address, here, "pharmacist")
		s.Admin("post", "add", ben.Address, here, "dispenser")
		scenes = append(scenes, map[string]any{"aisha": aisha, "ben": ben})
	}
	s.Browse(t, "a-person-changes-the-name", map[string]any{"scenes": scenes})
}
