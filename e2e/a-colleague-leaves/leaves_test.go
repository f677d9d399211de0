package leaves_test

import (
	"fmt"
	"testing"

	"haven/e2e/stage"
)

func TestColleagueLeaves(t *testing.T) {
	t.Parallel()
	s := stage.Serve(t, stage.Pages)
	var scenes []map[string]any
	for i := range 3 { // one for each run of the story
		aisha, ben, dev := s.Person("Aisha", "Rahman"), s.Person("Ben", "Whitlock"), s.Person("Dev", "Anand")
		here, there := fmt.Sprintf("FAA0%d", i), fmt.Sprintf("FCC0%d", i)
		s.Pharmacy(here, aisha, ben)
		box := s.Pharmacy(there, dev)
		for _, post := range [][]string{{aisha.Address, here, "pharmacist"}, {ben.Address, here, "dispenser"}, {dev.Address, there, "manager"}} {
			s.Admin("post", "add", post[0], post[1], post[2])
		}
		s.Admin("account", "contact", ben.Address, "--mobile", fmt.Sprintf("07700 90084%d", i), "--proven") // who becomes an owner is reached
		scenes = append(scenes, map[string]any{"aisha": aisha, "dev": dev, "next": box})
	}
	s.Browse(t, "a-colleague-leaves", map[string]any{"scenes": scenes})
}
