package locked_test

import (
	"fmt"
	"testing"

	"haven/e2e/stage"
)

func TestAccountIsLocked(t *testing.T) {
	t.Parallel()
	h, cast := stage.Demo(t)
	people := []stage.Person{cast.Person("Aisha Rahman"), cast.Person("Carys Morgan"), cast.Person("Dev Anand")}
	for _, p := range people {
		for i := range 30 {
			if c, err := h.TryIMAP(p.Address, fmt.Sprintf("a guess %d", i), nil); err == nil {
				c.Close()
				t.Fatal("a guess was right")
			}
		}
	}
	h.Browse(t, "an-account-is-locked", map[string]any{"people": people, "mobiles": []string{"•••000", "•••002", "•••003"}})
}
