// Package dbtest gives tests fresh databases on both engines, and holds the suite that proves package db's
// promises on each.
package dbtest

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"haven/platform/db"
)

// Engines are the names that Open takes and db.DB.Engine returns.
func Engines() []string { return []string{"sqlite", "postgres"} }

// Each runs fn as a subtest per engine, in parallel, on a fresh database with the schemas' tables.
func Each(t *testing.T, fn func(t *testing.T, d *db.DB), schemas ...db.Schema) {
	t.Helper()
	for _, engine := range Engines() {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			fn(t, Open(t, engine, schemas...))
		})
	}
}

// Open opens a fresh database with the schemas' tables, which is closed and removed when the test ends.
func Open(t testing.TB, engine string, schemas ...db.Schema) *db.DB {
	t.Helper()
	return OpenConfig(t, Config(t, engine), schemas...)
}

// Stores opens two separate databases of one engine, as a house has them: the main one and the one for keys.
func Stores(t testing.TB, engine string) (main, keys *db.DB) {
	t.Helper()
	return Open(t, engine), Open(t, engine)
}

// OpenConfig opens what Config gave, perhaps changed by the test, perhaps for the second time. It is closed when
// the test ends, if the test did not do so.
func OpenConfig(t testing.TB, c db.Config, schemas ...db.Schema) *db.DB {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	d, err := db.Open(ctx, c)
	if err != nil {
		t.Fatalf("open %s: %v", c.Path, err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	if err := d.Migrate(ctx, schemas...); err != nil {
		t.Fatalf("migrate: %v", err)
	}
	return d
}

// Config is how to open a fresh place for a database, for a test that opens it more than once.
func Config(t testing.TB, engine string) db.Config {
	t.Helper()
	switch engine {
	case "sqlite":
		return db.Config{Path: filepath.Join(t.TempDir(), "haven.db")}
	case "postgres":
		t.Skip("no PostgreSQL here; run make test")
	}
	t.Fatalf("no engine is named %q", engine)
	return db.Config{}
}
