package typescript_test

import (
	"os/exec"
	"path/filepath"
	"testing"

	"haven/e2e/stage"
)

func TestProgramInTypeScript(t *testing.T) {
	t.Parallel()
	folder := stage.Packages(t, filepath.Join(stage.Root(t), "web", "jmap"))
	build := exec.CommandContext(t.Context(), "npm", "run", "--silent", "build")
	build.Dir = folder
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("the client does not compile: %v\n%s", err, out)
	}
	stage.Node(t, folder, filepath.Join("build", "test", "events.test.js"), nil)
	h := stage.Serve(t, stage.Pages)
	anna, ben := h.Person("Anna", "Rahman"), h.Person("Ben", "Okafor")
	for _, subject := range []string{"The first", "The second"} {
		h.Receive("someone@outside.test", stage.Letter("someone@outside.test", anna.Address, subject, subject[4:]+"@outside.test", "What is first comes first."), anna.Address)
	}
	pharmacy := h.Pharmacy("FAA01", anna)
	h.Receive("someone@outside.test", stage.Letter("someone@outside.test", pharmacy, "For all of us", "all@outside.test", "What comes to the pharmacy."), pharmacy)
	stage.Node(t, folder, filepath.Join("build", "test", "client.test.js"), map[string]any{"url": h.Portal(), "anna": anna, "ben": ben})
}
