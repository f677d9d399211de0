package main

import (
	"os"
	"path/filepath"
	"testing"
)

// TestRestoreWithNewerKeys: after a restore with keys that are newer than the mail, accounts can be made.
func TestRestoreWithNewerKeys(t *testing.T) {
	t.Parallel()
	i := install(t).serve()
	i.person("Aisha", "Rahman")
	dir := t.TempDir()
	backup := func(n string) {
		t.Helper()
		if out, errOut, code := operate(t, "backup", "--config", i.conf, filepath.Join(dir, "mail"+n), filepath.Join(dir, "keys"+n)); code != 0 {
			t.Fatalf("backup: %d\n%s%s", code, out, errOut)
		}
	}
	backup("1")
	i.person("Ben", "Osei")
	i.person("Carol", "Jones")
	backup("2")
	master, err := os.ReadFile(filepath.Join(i.data, "master.key"))
	if err != nil {
		t.Fatal(err)
	}
	i.stop()

	j := install(t)
	if err := os.Mkdir(j.data, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(j.data, "master.key"), master, 0o600); err != nil {
		t.Fatal(err)
	}
	if out, errOut, code := operate(t, "restore", "--config", j.conf, filepath.Join(dir, "mail1"), filepath.Join(dir, "keys2")); code != 0 {
		t.Fatalf("restore: %d\n%s%s", code, out, errOut)
	}
	j.serve()
	address, password := j.person("Dora", "Adeyemi")
	if err := j.submit(address, password, address, "Hello"); err != nil {
		t.Error(err)
	}
}
