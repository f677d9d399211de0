package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestCheckWithoutIndex: check holds the mail's stores against what must be true, whatever became of the search index.
func TestCheckWithoutIndex(t *testing.T) {
	t.Parallel()
	i := install(t).serve()
	i.stop()
	index, err := filepath.Glob(filepath.Join(i.data, searchFile+"*"))
	if err != nil || len(index) == 0 {
		t.Fatalf("the index is %v, %v", index, err)
	}
	for _, name := range index {
		if err := os.Remove(name); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(i.data, searchFile), 0o700); err != nil {
		t.Fatal(err)
	}
	out, errOut, code := operate(t, "check", "--config", i.conf)
	if code != 0 || !strings.Contains(out, "Everything is as it must be.") {
		t.Errorf("check: %d\n%s%s", code, out, errOut)
	}
}
