package login_test

import (
	"testing"

	"haven/e2e/stage"
)

func TestPersonLogsIn(t *testing.T) {
	t.Parallel()
	s := stage.Serve(t, stage.Pages)
	aisha, ben, carys := s.Person("Aisha", "Rahman"), s.Person("Ben", "Whitlock"), s.Person("Carys", "Morgan")
	pharmacy := s.Pharmacy("FAA01", aisha, ben, carys)
	s.Browse(t, "a-person-logs-in", map[string]any{"people": []stage.Person{aisha, ben, carys}, "pharmacy": pharmacy})
}
