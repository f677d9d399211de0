package forgotten_test

import (
	"testing"

	"haven/e2e/stage"
)

func TestForgottenPassword(t *testing.T) {
	t.Parallel()
	h, cast := stage.Demo(t)
	h.Browse(t, "a-forgotten-password", map[string]any{"people": []stage.Person{cast.Person("Aisha Rahman"), cast.Person("Carys Morgan"), cast.Person("Dev Anand")},
		"mobiles": []string{"•••000", "•••002", "•••003"}})
}
