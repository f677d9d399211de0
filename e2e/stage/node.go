package stage

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// Root is the folder of the project, as a scenario sees it.
func Root(t testing.TB) string {
	t.Helper()
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Dir(filepath.Dir(here))
}

// Packages is a folder with a package.json, whose packages are installed; make test does it. It looks into the folder, so that go test runs
// again when a script in it changed.
func Packages(t testing.TB, folder string) string {
	t.Helper()
	Need(t, "node", "npm")
	files, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(files, func(f os.DirEntry) bool { return f.Name() == "node_modules" }) {
		t.Skipf("the packages of %s are not installed; make test does it", folder)
	}
	return folder
}

// Node runs a script in a folder, with data as JSON on its standard input. It has to end well.
func Node(t testing.TB, folder, script string, data any) {
	t.Helper()
	in, err := json.Marshal(data)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 4*Patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, "node", script)
	cmd.Dir, cmd.Stdin, cmd.WaitDelay = folder, bytes.NewReader(in), 5*time.Second
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("node %s: %v\n%s", script, err, out)
	}
}
