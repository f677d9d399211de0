package passkey_test

import (
	"testing"

	"haven/e2e/stage"
)

func TestPersonUsesAPasskey(t *testing.T) {
	t.Parallel()
	s := stage.Serve(t, stage.Pages)
	var people []stage.Person
	for range 3 { // one for each run of the story
		people = append(people, s.Person("Aisha", "Rahman"))
	}
	s.Browse(t, "a-person-uses-a-passkey", map[string]any{"people": people})
}
