package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"haven/people/sharedmailbox"
	"haven/platform/db"
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

// lose takes a file of an installation away, with what SQLite keeps beside it.
func (i *installation) lose(name string) {
	i.t.Helper()
	files, err := filepath.Glob(filepath.Join(i.data, name+"*"))
	if err != nil || len(files) == 0 {
		i.t.Fatalf("%s: %v, %v", name, files, err)
	}
	for _, f := range files {
		if err := os.Remove(f); err != nil {
			i.t.Fatal(err)
		}
	}
}

// names are what lies in the data folder.
func (i *installation) names() string {
	i.t.Helper()
	entries, err := os.ReadDir(i.data)
	if err != nil {
		i.t.Fatal(err)
	}
	var all []string
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return strings.Join(all, " ")
}

// TestLostStores: a part of the store that is gone is neither found whole nor made anew.
func TestLostStores(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		lost, check, serve string
	}{
		{"haven.db", "there is no database at ", "The database is new, and the folder "},
		{"keys.db", "there is no key store at ", "the key store is empty"},
		{"master.key", "the master key ", "master.key"},
	} {
		t.Run(c.lost, func(t *testing.T) {
			t.Parallel()
			i := install(t).serve()
			address, password := i.person("Aisha", "Rahman")
			if err := i.submit(address, password, address, "Hello"); err != nil {
				t.Fatal(err)
			}
			i.stop()
			i.lose(c.lost)
			before := i.names()
			for _, words := range [][]string{{"check"}, {"check", "--repair"}} {
				out, errOut, code := operate(t, append(words, "--config", i.conf)...)
				if code != 1 || !strings.Contains(errOut, c.check) {
					t.Errorf("%v: %d\n%s%s", words, code, out, errOut)
				}
			}
			if after := i.names(); after != before {
				t.Errorf("check made of %s\n%s", before, after)
			}
			for _, words := range [][]string{{"serve"}, {"serve"}, {"check"}, {"admin", "account", "list"}} {
				out, errOut, code := operate(t, append(words, "--config", i.conf)...)
				if code != 1 || words[0] == "serve" && !strings.Contains(errOut, c.serve) {
					t.Errorf("%v: %d\n%s%s", words, code, out, errOut)
				}
			}
		})
	}
}

// TestNothingIsMade: only a service's start makes a store; what uses one says so, and leaves no folder behind.
func TestNothingIsMade(t *testing.T) {
	t.Parallel()
	i := install(t)
	want := func(left string, words ...string) {
		t.Helper()
		if _, errOut, code := operate(t, append(words, "--config", i.conf)...); code != 1 || !strings.Contains(errOut, "there is no store at ") || !strings.Contains(errOut, "For a new service: start it first, which makes one (systemctl start haven)") {
			t.Errorf("%v: %d, %s", words, code, errOut)
		}
		if _, err := os.Stat(i.data); (err == nil) != (left != "") || err == nil && i.names() != left {
			t.Errorf("%v left something in %s, %v", words, i.data, err)
		}
	}
	want("", "check")
	want("", "check", "--repair")
	want("", "admin", "account", "list")
	want("", "admin", "account", "add", "Aisha", "Rahman")
	if err := os.Mkdir(i.data, 0o700); err != nil { // as the package does
		t.Fatal(err)
	}
	want(lockFile, "admin", "account", "add", "Aisha", "Rahman")
	i.serve()
	i.person("Aisha", "Rahman")
}

// TestCheckMakesNoKeys: check reads the key store of a service and leaves it as it is.
func TestCheckMakesNoKeys(t *testing.T) {
	t.Parallel()
	i := install(t).serve()
	i.stop()
	before, err := os.ReadFile(filepath.Join(i.data, "keys.db"))
	if err != nil {
		t.Fatal(err)
	}
	if out, errOut, code := operate(t, "check", "--config", i.conf); code != 0 {
		t.Errorf("check: %d\n%s%s", code, out, errOut)
	}
	if after, err := os.ReadFile(filepath.Join(i.data, "keys.db")); err != nil || !bytes.Equal(before, after) {
		t.Errorf("the key store was changed, %v", err)
	}
}

// TestCheckOlderTables: check says that the tables are older, and leaves them so.
func TestCheckOlderTables(t *testing.T) {
	t.Parallel()
	i := install(t).serve()
	i.stop()
	d, err := db.Open(t.Context(), db.Config{Path: filepath.Join(i.data, "haven.db")})
	if err != nil {
		t.Fatal(err)
	}
	steps := int64(len(sharedmailbox.Schema.Steps))
	if err := d.Write(t.Context(), func(tx *db.Tx) error {
		tx.Exec(`DELETE FROM schema_step WHERE concept = $1 AND step = $2`, sharedmailbox.Schema.Concept, steps)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	for _, words := range [][]string{{"check"}, {"check"}, {"check", "--repair"}} {
		if out, errOut, code := operate(t, append(words, "--config", i.conf)...); code != 1 || !strings.Contains(errOut, "older version") {
			t.Errorf("%v: %d\n%s%s", words, code, out, errOut)
		}
	}
}
