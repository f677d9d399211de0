package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestBackupPlace: a back-up inside the data folder is refused, however the folder is written, and nothing is made.
func TestBackupPlace(t *testing.T) {
	t.Parallel()
	i := install(t).serve()
	i.stop()
	elsewhere, link := t.TempDir(), filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(i.data, link); err != nil {
		t.Fatal(err)
	}
	before := i.names()
	for _, c := range []struct{ mail, keys string }{
		{i.data, filepath.Join(elsewhere, "keys")},
		{filepath.Join(i.data, "backup", "mail"), filepath.Join(elsewhere, "keys")},
		{filepath.Join(elsewhere, "mail"), filepath.Join(i.data, "keys")},
		{filepath.Join(elsewhere, "..", filepath.Base(elsewhere), "mail"), filepath.Join(link, "new", "keys")},
		{i.data + "/../data/mail", filepath.Join(elsewhere, "keys")},
		{filepath.Join(i.data, "..mail"), filepath.Join(elsewhere, "keys")},
	} {
		out, errOut, code := operate(t, "backup", "--config", i.conf, c.mail, c.keys)
		if code != 1 || !strings.Contains(errOut, "is in the service's folder "+i.data) {
			t.Errorf("%s %s: %d\n%s%s", c.mail, c.keys, code, out, errOut)
		}
	}
	if after := i.names(); after != before {
		t.Errorf("the data folder holds %s, and held %s", after, before)
	}
	beside := i.data + "-copy" // a name that begins alike is another folder
	if out, errOut, code := operate(t, "backup", "--config", i.conf, filepath.Join(beside, "mail"), filepath.Join(elsewhere, "keys")); code != 0 {
		t.Errorf("beside: %d\n%s%s", code, out, errOut)
	}
}
