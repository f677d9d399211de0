package vouches_test

import (
	"fmt"
	"testing"

	"haven/e2e/stage"
)

func TestOwnerVouches(t *testing.T) {
	t.Parallel()
	s, _ := stage.Demo(t)
	var scenes []map[string]any
	for i := range 3 { // one for each run of the story
		owner, colleague, other := s.Person("Aisha", "Rahman"), s.Person("Ben", "Whitlock"), s.Person("Cara", "Doyle")
		email := fmt.Sprintf("ben%d@vouched.example", i)
		s.Admin("account", "contact", colleague.Address, "--email", email)
		scenes = append(scenes, map[string]any{"owner": owner, "colleague": colleague, "mobile": fmt.Sprintf("07700 9007%02d", i), "shown": fmt.Sprintf("•••7%02d", i),
			"pharmacy": s.Pharmacy(fmt.Sprintf("FVV%02d", 2*i+1), owner, colleague), "elsewhere": s.Pharmacy(fmt.Sprintf("FVV%02d", 2*i+2), other, colleague)})
	}
	s.Browse(t, "an-owner-vouches", map[string]any{"scenes": scenes})
}
