package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"haven/platform/blob"
	"haven/platform/db"
	"haven/platform/db/dbtest"
)

// TestCheckBodyRows: what refers to a body that isn't there, bodies that nothing refers to, and lost files are found without --bodies,
// and each beside the others.
func TestCheckBodyRows(t *testing.T) {
	t.Parallel()
	i := install(t).serve()
	address, password := i.person("Aisha", "Rahman")
	if err := i.submit(address, password, address, "Hello"); err != nil {
		t.Fatal(err)
	}
	i.stop()
	check := func(want ...string) {
		t.Helper()
		out, errOut, code := operate(t, "check", "--config", i.conf)
		if code == 0 != (len(want) == 0) {
			t.Errorf("check: %d", code)
		}
		for _, w := range want {
			if !strings.Contains(out+errOut, w) {
				t.Errorf("not found: %s", w)
			}
		}
		if t.Failed() {
			t.Fatalf("%s%s", out, errOut)
		}
	}
	exec := func(statements ...string) {
		t.Helper()
		d, err := db.Open(t.Context(), db.Config{Path: filepath.Join(i.data, "haven.db")})
		if err != nil {
			t.Fatal(err)
		}
		err = d.Write(t.Context(), func(tx *db.Tx) error {
			for _, sql := range statements {
				tx.Exec(sql)
			}
			return nil
		})
		if err := d.Close(); err != nil {
			t.Error(err)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	check()
	exec(`INSERT INTO queue (id, created, body, key, size, sender, an, sign_as, flags, envid) VALUES (41, 1, 7, 'x', 1, '', 0, '', 0, '')`,
		`INSERT INTO crowd (id, at, body, key, size, sender, envid, junk, fields, trace) VALUES (42, 1, 7, 'x', 1, '', '', 0, '', '')`,
		`INSERT INTO held (an, body, wrapped, size, until) VALUES (43, 7, 'x', 1, 1)`,
		`INSERT INTO body (id, pack, off, len, size) SELECT 8, pack, off, len, size FROM body LIMIT 1`,
		`INSERT INTO body (id, pack, off, len, size, zero_since) SELECT 9, pack, off, len, size, 1 FROM body WHERE id <> 8 LIMIT 1`,
		`ALTER TABLE account_mail RENAME TO account_mail_away`)
	packs, err := filepath.Glob(filepath.Join(i.data, "packs", "packs", "*.pack"))
	if err != nil || len(packs) == 0 {
		t.Fatal(packs, err)
	}
	for _, p := range packs {
		if err := os.Rename(p, p+".kept"); err != nil {
			t.Fatal(err)
		}
	}
	check("letter 41 in the queue: its body 7 has no row", "letter 42 for a crowd: its body 7 has no row", "held for account 43: its body 7 has no row",
		"body 8: nothing refers to it", "is missing, and bodies are in it", "could not be checked whole")
	for _, p := range packs {
		if err := os.Rename(p+".kept", p); err != nil {
			t.Fatal(err)
		}
	}
	exec(`DELETE FROM queue`, `DELETE FROM crowd`, `DELETE FROM held`, `ALTER TABLE account_mail_away RENAME TO account_mail`)
	check("body 8: nothing refers to it")
	if out, errOut, code := operate(t, "check", "--repair", "--config", i.conf); code != 0 {
		t.Fatalf("%s%s", out, errOut)
	}
	exec(`DELETE FROM body WHERE id IN (8, 9)`) // two rows of one place, which only this test makes
	check()
}

// TestBodyRows asks the same of both engines, of more rows than one snapshot reads.
func TestBodyRows(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		bodies, err := blob.Open(filepath.Join(t.TempDir(), "packs"), blob.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer bodies.Close()
		h := &house{db: d, bodies: bodies}
		if err := d.Write(t.Context(), func(tx *db.Tx) error {
			for n := range int64(bodyPage + 3) {
				tx.Exec(`INSERT INTO body (id, pack, off, len, size, zero_since) VALUES ($1, 2, $2, 1, 1, $3)`, n+1, n, 1)
			}
			tx.Exec(`UPDATE body SET zero_since = NULL WHERE id > $1`, int64(bodyPage-1))
			for n, sql := range []string{`INSERT INTO held (an, body, wrapped, size, until) VALUES (1, $1, $2, 1, 1)`,
				`INSERT INTO crowd (id, at, body, key, size, sender, envid, junk, fields, trace) VALUES (1, 1, $1, $2, 1, '', '', 0, '', '')`,
				`INSERT INTO queue (id, created, body, key, size, sender, an, sign_as, flags, envid) VALUES (1, 1, $1, $2, 1, '', 0, '', 0, '')`} {
				tx.Exec(sql, int64(bodyPage+n), []byte{1})
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		var all []string
		if err := h.checkBodyRows(t.Context(), func(what string) { all = append(all, what) }); err != nil {
			t.Fatal(err)
		}
		if len(all) != 2 || !strings.HasPrefix(all[0], "body 1003: nothing refers to it") || !strings.Contains(all[1], "is missing") {
			t.Errorf("%q", all)
		}
	}, schemas...)
}
