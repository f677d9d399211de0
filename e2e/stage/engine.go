package stage

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"haven/platform/db/dbtest"
)

// EachEngine plays a scenario, in parallel, on SQLite, and on a PostgreSQL of its own. The setting names the database to Serve.
func EachEngine(t *testing.T, play func(t *testing.T, database Setting)) {
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		play(t, Setting{Table: "database"})
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		play(t, Postgres(Server(t)))
	})
}

// Server is a PostgreSQL server for one scenario, stopped when the test ends.
func Server(t testing.TB) *dbtest.Server {
	t.Helper()
	server, err := dbtest.StartServer()
	if errors.Is(err, dbtest.ErrNoPostgres) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Stop(); err != nil {
			t.Error(err)
		}
	})
	return server
}

// Postgres is the setting that keeps a house's rows on a server.
func Postgres(s *dbtest.Server) Setting {
	return Setting{Table: "database", Lines: fmt.Sprintf("url = %q", s.URL)}
}

// Reconfigure replaces a line of the house's configuration; it is heard at the next start.
func (h *House) Reconfigure(old, now string) {
	h.t.Helper()
	text, err := os.ReadFile(h.Conf)
	if err != nil || !strings.Contains(string(text), old) {
		h.t.Fatalf("%s has no line %q: %v", h.Conf, old, err)
	}
	if err := os.WriteFile(h.Conf, []byte(strings.Replace(string(text), old, now, 1)), 0o600); err != nil {
		h.t.Fatal(err)
	}
}
