package activates_test

import (
	"testing"

	"haven/e2e/stage"
)

func TestNewcomerActivates(t *testing.T) {
	t.Parallel()
	h, cast := stage.Demo(t)
	box := cast.Shared[0].Address
	var people []string
	for _, first := range []string{"Sana", "Theo", "Uma"} { // one for each run of the story
		who := h.Invited(first, "Newton", first+"@home.example", map[string]string{"Sana": "07700 900801", "Theo": "07700 900802", "Uma": "07700 900803"}[first])
		h.Admin("member", "add", box, who)
		people = append(people, who)
	}
	h.Browse(t, "a-newcomer-activates", map[string]any{"people": people, "pharmacy": box})
}
