package dbtest_test

import (
	"context"
	"testing"
	"time"

	"haven/platform/db"
	"haven/platform/db/dbtest"
	"haven/platform/errs"
)

// schema is what the suite's stories happen in.
var schema = db.Schema{Concept: "thing", Steps: []string{
	`CREATE TABLE thing (id {int} NOT NULL PRIMARY KEY, n {int}, name {text}, note {text}, data {blob});
	 CREATE UNIQUE INDEX thing_name ON thing (name); -- one name, one thing`,
	`CREATE TABLE seq (an {int} NOT NULL PRIMARY KEY, seq {int} NOT NULL) {narrow};
	 CREATE TABLE pair (a {int} NOT NULL, b {int} NOT NULL, name {text} NOT NULL CHECK (name <> ''), PRIMARY KEY (a, b)) {norowid}{narrow};
	 CREATE TABLE part (id {int} NOT NULL PRIMARY KEY, thing {int} NOT NULL REFERENCES thing (id));
	 -- the end`,
}}

// each runs a story on both engines, with a deadline instead of a hang.
func each(t *testing.T, story func(ctx context.Context, t *testing.T, d *db.DB)) {
	t.Helper()
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		story(ctx, t, d)
	}, schema)
}

// must fails the test on an error.
func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// wantKind fails the test if err is no error of kind k.
func wantKind(t testing.TB, what string, err error, k errs.Kind) {
	t.Helper()
	if !errs.Is(err, k) {
		t.Errorf("%s: error %v, want one of kind %v", what, err, k)
	}
}

// number reads a single number in a Read of its own.
func number(ctx context.Context, t testing.TB, d *db.DB, sql string, args ...any) (n int64) {
	t.Helper()
	must(t, d.Read(ctx, func(tx *db.Tx) (err error) {
		n, err = numberIn(tx, sql, args...)
		return err
	}))
	return n
}

func numberIn(tx *db.Tx, sql string, args ...any) (n int64, err error) {
	err = tx.Query(sql, args, func(r db.Row) error {
		n = r.Int64(0)
		return nil
	})
	return n, err
}

// things inserts rows with these ids in one transaction.
func things(ids ...int64) func(tx *db.Tx) error {
	return func(tx *db.Tx) error {
		for _, id := range ids {
			tx.Exec(`INSERT INTO thing (id, n) VALUES ($1, 0)`, id)
		}
		return nil
	}
}

const countThings = `SELECT COUNT(*) FROM thing`
