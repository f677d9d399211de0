package dbtest_test

import (
	"context"
	"errors"
	"testing"

	"haven/platform/db"
	"haven/platform/db/dbtest"
)

var schema = db.Schema{Concept: "thing", Steps: []string{
	`CREATE TABLE thing (id {int} NOT NULL PRIMARY KEY, n {int}, name {text}, data {blob});
	 CREATE UNIQUE INDEX thing_name ON thing (name); -- one name, one thing`,
	`CREATE TABLE seq (an {int} NOT NULL PRIMARY KEY, seq {int} NOT NULL) {narrow};
	 CREATE TABLE pair (a {int} NOT NULL, b {int} NOT NULL, name {text} NOT NULL CHECK (name <> ''), PRIMARY KEY (a, b)) {norowid}{narrow};
	 -- the end`,
}}

func count(t *testing.T, d *db.DB, table string) (n int64) {
	t.Helper()
	err := d.Read(context.Background(), func(tx *db.Tx) error {
		return tx.Query("SELECT COUNT(*) FROM "+table, nil, func(r db.Row) error {
			n = r.Int64(0)
			return nil
		})
	})
	if err != nil {
		t.Fatalf("count %s: %v", table, err)
	}
	return n
}

func insert(tx *db.Tx, id int64) {
	tx.Exec(`INSERT INTO thing (id) VALUES ($1)`, id)
}

func TestAtomicity(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, mine := context.Background(), errors.New("mine")
		err := d.Write(ctx, func(tx *db.Tx) error {
			insert(tx, 1)
			return mine
		})
		if err != mine {
			t.Errorf("the function's error came back as %v", err)
		}
		err = d.Write(ctx, func(tx *db.Tx) error {
			insert(tx, 2)
			insert(tx, 3)
			return nil
		})
		if err != nil {
			t.Error(err)
		}
		if n := count(t, d, "thing"); n != 2 {
			t.Errorf("%d rows, want 2", n)
		}
	}, schema)
}
