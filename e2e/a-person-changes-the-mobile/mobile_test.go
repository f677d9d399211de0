package mobile_test

import (
	"fmt"
	"testing"

	"haven/e2e/stage"
)

func TestPersonChangesTheMobile(t *testing.T) {
	t.Parallel()
	h, _ := stage.Demo(t)
	var scenes []map[string]any
	for i := range 3 { // one for each run of the story
		who := h.Person("Carys", "Newphone")
		old, fresh := fmt.Sprintf("07700 90081%d", i), fmt.Sprintf("07700 90082%d", i)
		h.Admin("account", "contact", who.Address, "--email", fmt.Sprintf("carys%d@home.example", i), "--mobile", old)
		scenes = append(scenes, map[string]any{"person": who, "old": fmt.Sprintf("•••81%d", i), "fresh": fresh, "masked": fmt.Sprintf("•••82%d", i), "email": fmt.Sprintf("kestrel%d@elsewhere.example", i)})
	}
	h.Browse(t, "a-person-changes-the-mobile", map[string]any{"scenes": scenes})
}
