// Package dbtest gives tests fresh databases on both engines, and holds the suite that proves package db's
// promises on each.
package dbtest

import (
	"context"
	"crypto/rand"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"haven/platform/db"
)

// Engines are the names that Open takes and db.DB.Engine returns.
func Engines() []string { return []string{"sqlite", "postgres"} }

// Each runs fn as a subtest per engine, in parallel, on a fresh database with the schemas' tables.
func Each(t *testing.T, fn func(t *testing.T, d *db.DB), schemas ...db.Schema) {
	t.Helper()
	EachEngine(t, func(t *testing.T, engine string) { fn(t, Open(t, engine, schemas...)) })
}

// EachEngine runs fn as a subtest per engine, in parallel.
func EachEngine(t *testing.T, fn func(t *testing.T, engine string)) {
	t.Helper()
	for _, engine := range Engines() {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			fn(t, engine)
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
		return postgresConfig(t)
	}
	t.Fatalf("no engine is named %q", engine)
	return db.Config{}
}

// shared is the server of this process: the one that the environment names, or one of our own, which ends with
// the process since nobody can tell which test is the last. It is remembered whole: were its pipe collected as
// garbage, the server would stop.
var shared = sync.OnceValues(func() (*Server, error) {
	if url := os.Getenv(Environment); url != "" {
		return &Server{URL: url}, nil
	}
	return StartServer()
})

// postgresConfig gives a schema of its own on the shared server, dropped when the test ends.
func postgresConfig(t testing.TB) db.Config {
	t.Helper()
	server, err := shared()
	if errors.Is(err, ErrNoPostgres) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	schema := "test_" + strings.ToLower(rand.Text())
	t.Cleanup(func() {
		if err := dropSchema(server.URL, schema); err != nil {
			t.Errorf("drop schema: %v", err)
		}
	})
	return db.Config{Path: server.URL, Schema: schema, MaxReaders: 8}
}

func dropSchema(url, schema string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, "SET client_min_messages = warning; DROP SCHEMA IF EXISTS "+schema+" CASCADE")
	return errors.Join(err, conn.Close(ctx))
}
