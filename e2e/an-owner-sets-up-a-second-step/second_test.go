package second_test

import (
	"testing"

	"haven/e2e/stage"
)

func TestOwnerSetsUpASecondStep(t *testing.T) {
	t.Parallel()
	h, cast := stage.Demo(t)
	h.Browse(t, "an-owner-sets-up-a-second-step", map[string]any{"people": []stage.Person{cast.Person("Aisha Rahman"), cast.Person("Dev Anand"), cast.Person("Ella Osei")}})
}
