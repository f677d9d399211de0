package program_test

import (
	"os"
	"testing"

	"haven/e2e/stage"
	"haven/face/jmap"
)

func TestStrangersJMAPProgram(t *testing.T) {
	t.Parallel()
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	folder := stage.Packages(t, here)
	h := stage.Serve(t, stage.Pages)
	anna, ben := h.Person("Anna", "Rahman"), h.Person("Ben", "Okafor")
	for _, subject := range []string{"The first", "The second"} {
		h.Receive("someone@outside.test", stage.Letter("someone@outside.test", anna.Address, subject, subject[4:]+"@outside.test", "Hello."), anna.Address)
	}
	who := func(p stage.Person) map[string]string {
		return map[string]string{"Address": p.Address, "Token": jmap.Token(p.Address, p.Password)}
	}
	stage.Node(t, folder, "story.mjs", map[string]any{"session": h.Portal() + "/.well-known/jmap", "anna": who(anna), "ben": who(ben)})
}
