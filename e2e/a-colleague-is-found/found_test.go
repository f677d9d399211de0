package found_test

import (
	"fmt"
	"testing"

	"haven/e2e/stage"
)

func TestColleagueIsFound(t *testing.T) {
	t.Parallel()
	s := stage.Serve(t, stage.Pages)
	var scenes []map[string]any
	for i, last := range []string{"Okonjo", "Pettifer", "Quillfeather"} { // one for each run of the story
		code := fmt.Sprintf("FAA0%d", i+1)
		owner, colleague := s.Person("Wilhelmina", last), s.Person("Ben", "Whitlock")
		box := s.Pharmacy(code, owner)
		s.Admin("post", "add", owner.Address, code, "superintendent pharmacist")
		s.Admin("account", "contact", owner.Address, "--mobile", fmt.Sprintf("07700 90083%d", i), "--proven")
		scenes = append(scenes, map[string]any{"owner": owner, "last": last, "colleague": colleague, "box": box, "code": code, "mobile": fmt.Sprintf("07700 90083%d", i)})
	}
	s.Browse(t, "a-colleague-is-found", map[string]any{"scenes": scenes})
	s.Check()
}
