package dbtest_test

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"haven/platform/db"
	"haven/platform/db/dbtest"
	"haven/platform/errs"
)

// slow is a query that takes hours and reads one table.
const slow = `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000000) SELECT COUNT(*) FROM n`

func TestAContextStopsARead(t *testing.T) {
	each(t, func(ctx context.Context, t *testing.T, d *db.DB) {
		short, cancel := context.WithCancel(ctx)
		err := d.Read(short, func(tx *db.Tx) error {
			time.AfterFunc(20*time.Millisecond, cancel)
			_, err := numberIn(tx, slow)
			return err
		})
		wantKind(t, "cancelled read", err, errs.Transient)
		if !errors.Is(err, context.Canceled) {
			t.Errorf("the error doesn't say why: %v", err)
		}
		wantKind(t, "read that never began", d.Read(short, func(*db.Tx) error {
			t.Error("it ran")
			return nil
		}), errs.Transient)
		wantKind(t, "write that never began", d.Write(short, func(*db.Tx) error {
			t.Error("it ran")
			return nil
		}), errs.Transient)
		for range 10 { // every connection still works
			must(t, d.Write(ctx, func(tx *db.Tx) error { _, err := numberIn(tx, countThings); return err }))
			number(ctx, t, d, countThings)
		}
	})
}

func TestAReadIsStoppedAfterItsLimit(t *testing.T) {
	t.Parallel()
	dbtest.EachEngine(t, func(t *testing.T, engine string) {
		ctx := context.Background()
		c := dbtest.Config(t, engine)
		c.ReadLimit = 500 * time.Millisecond // an honest read takes a tenth of that on a busy machine
		d := dbtest.OpenConfig(t, c, schema)
		wantKind(t, "endless read", d.Read(ctx, func(tx *db.Tx) error {
			_, err := numberIn(tx, slow)
			return err
		}), errs.Transient)
		number(ctx, t, d, countThings)
	})
}

// Readers beyond the number of connections wait, and give up with their context.
func TestReadersAreBounded(t *testing.T) {
	t.Parallel()
	dbtest.EachEngine(t, func(t *testing.T, engine string) {
		ctx := context.Background()
		c := dbtest.Config(t, engine)
		c.MaxReaders = 2
		d := dbtest.OpenConfig(t, c, schema)
		var inside sync.WaitGroup
		var group sync.WaitGroup
		leave := make(chan struct{})
		inside.Add(2)
		for range 2 {
			group.Go(func() {
				must(t, d.Read(ctx, func(*db.Tx) error {
					inside.Done()
					<-leave
					return nil
				}))
			})
		}
		inside.Wait()
		short, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
		defer cancel()
		wantKind(t, "third reader", d.Read(short, func(*db.Tx) error { return nil }), errs.Transient)
		close(leave)
		group.Wait()
		number(ctx, t, d, countThings)
	})
}

// Whoever got nil before or during Close finds the row; whoever got an error does not; nobody hangs.
func TestCloseWhileBusy(t *testing.T) {
	t.Parallel()
	dbtest.EachEngine(t, func(t *testing.T, engine string) {
		ctx := context.Background()
		c := dbtest.Config(t, engine)
		d := dbtest.OpenConfig(t, c, schema)
		var next, written atomic.Int64
		var group sync.WaitGroup
		enough := make(chan struct{})
		for range 32 {
			group.Go(func() {
				for {
					err := d.Write(ctx, things(next.Add(1)))
					if err != nil {
						wantKind(t, "after Close", err, errs.Transient)
						return
					}
					if written.Add(1) == 200 {
						close(enough)
					}
					if err := d.Read(ctx, things()); err != nil {
						wantKind(t, "after Close", err, errs.Transient)
					}
				}
			})
		}
		<-enough
		must(t, d.Close())
		group.Wait()
		again := dbtest.OpenConfig(t, c)
		if n := number(ctx, t, again, countThings); n != written.Load() {
			t.Errorf("%d rows, but %d were acknowledged", n, written.Load())
		}
	})
}

// What Write acknowledged is in the files already: a copy of them as a crash would leave them has every row.
func TestAcknowledgedIsOnDisk(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	c := dbtest.Config(t, "sqlite")
	d := dbtest.OpenConfig(t, c, schema)
	for id := range int64(50) {
		must(t, d.Write(ctx, things(id)))
	}
	crashed := filepath.Join(t.TempDir(), "copy.db")
	for _, suffix := range []string{"", "-wal"} {
		copyFile(t, c.Path+suffix, crashed+suffix)
	}
	again := dbtest.OpenConfig(t, db.Config{Path: crashed})
	if n := number(ctx, t, again, countThings); n != 50 {
		t.Errorf("%d rows, want 50", n)
	}
	if info, err := os.Stat(c.Path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file's mode is %v, %v; others may not read it", info.Mode(), err)
	}
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	in, err := os.Open(from)
	must(t, err)
	defer in.Close()
	out, err := os.Create(to)
	must(t, err)
	_, err = io.Copy(out, in)
	must(t, errors.Join(err, out.Close()))
}

// PostgreSQL is stopped as by a crash while people write. Nobody hangs, errors are Transient, and what was
// acknowledged is there afterwards.
func TestPostgresRestarts(t *testing.T) {
	t.Parallel()
	server, err := dbtest.StartServer()
	if errors.Is(err, dbtest.ErrNoPostgres) {
		t.Skip(err)
	}
	must(t, err)
	t.Cleanup(func() { must(t, server.Stop()) })
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	d := dbtest.OpenConfig(t, db.Config{Path: server.URL, Schema: "haven"}, schema)

	var next, failed, written atomic.Int64
	acknowledged := make(map[int64]bool)
	var mu sync.Mutex
	var group sync.WaitGroup
	done := make(chan struct{})
	for range 8 {
		group.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				id := next.Add(1)
				err := d.Write(ctx, func(tx *db.Tx) error {
					tx.Exec(`INSERT INTO thing (id, n) VALUES ($1, 0)`, id)
					_, err := numberIn(tx, `SELECT COUNT(*) FROM thing WHERE id = $1`, id)
					return err
				})
				if err != nil {
					wantKind(t, "while PostgreSQL is down", err, errs.Transient)
					failed.Add(1)
					continue
				}
				mu.Lock()
				acknowledged[id] = true
				mu.Unlock()
				written.Add(1)
			}
		})
	}
	for range 2 {
		awaitMore(ctx, t, &written, 200)
		must(t, server.Restart())
	}
	awaitMore(ctx, t, &written, 200)
	close(done)
	group.Wait()
	must(t, d.Write(ctx, things(0)))
	missing := len(acknowledged)
	must(t, d.Read(ctx, func(tx *db.Tx) error {
		return tx.Query(`SELECT id FROM thing`, nil, func(r db.Row) error {
			if acknowledged[r.Int64(0)] {
				missing--
			}
			return nil
		})
	}))
	if missing != 0 {
		t.Errorf("%d of %d acknowledged rows are missing", missing, len(acknowledged))
	}
	t.Logf("%d acknowledged, %d told to try again", len(acknowledged), failed.Load())
}

// awaitMore waits until the counter has grown by n.
func awaitMore(ctx context.Context, t *testing.T, counter *atomic.Int64, n int64) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for enough := counter.Load() + n; counter.Load() < enough; {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("only %d after all that time", counter.Load())
		}
	}
}

func TestMigrations(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		step1 := `CREATE TABLE a (x {int} NOT NULL PRIMARY KEY); INSERT INTO a (x) VALUES (1)`
		step2 := `INSERT INTO a (x) VALUES (2)`
		one := db.Schema{Concept: "a", Steps: []string{step1}}
		two := db.Schema{Concept: "a", Steps: []string{step1, step2}}
		must(t, d.Migrate(ctx, one))
		must(t, d.Migrate(ctx, one, db.Schema{Concept: "b", Steps: []string{`CREATE TABLE b (x {int}) {narrow}`}}))
		must(t, d.Migrate(ctx, two))
		must(t, d.Migrate(ctx, two))
		if n := number(ctx, t, d, `SELECT SUM(x) FROM a`); n != 3 {
			t.Errorf("the rows add up to %d, want 3: each step once", n)
		}

		err := d.Migrate(ctx, one)
		wantKind(t, "older program", err, errs.Invalid)
		if err == nil || !strings.Contains(errs.Say(err), "newer version") {
			t.Errorf("the refusal doesn't say what to do: %v", err)
		}

		broken := db.Schema{Concept: "c", Steps: []string{`CREATE TABLE c (x {int})`, `CREATE TABLE c2 (x {int}); INSERT INTO nothing (x) VALUES (1)`}}
		if err := d.Migrate(ctx, broken); err == nil || !strings.Contains(err.Error(), "step 2 of c") {
			t.Errorf("a broken step came back as %v", err)
		}
		broken.Steps[1] = `CREATE TABLE c2 (x {int}); INSERT INTO c2 (x) VALUES (1)`
		must(t, d.Migrate(ctx, broken)) // nothing of the broken step was left

		wantKind(t, "unknown word", d.Migrate(ctx, db.Schema{Concept: "d", Steps: []string{`CREATE TABLE d (x {bigint})`}}), errs.Internal)
		wantKind(t, "two of a name", d.Migrate(ctx, one, one), errs.Internal)
	})
}

func TestCurrent(t *testing.T) {
	t.Parallel()
	dbtest.EachEngine(t, func(t *testing.T, engine string) {
		ctx, config := context.Background(), dbtest.Config(t, engine)
		one := db.Schema{Concept: "a", Steps: []string{`CREATE TABLE a (x {int} NOT NULL PRIMARY KEY)`}}
		two := db.Schema{Concept: "a", Steps: append(one.Steps, `CREATE TABLE a2 (x {int})`)}
		other := db.Schema{Concept: "b", Steps: []string{`CREATE TABLE b (x {int})`}}
		d := dbtest.OpenConfig(t, config)
		must(t, d.Migrate(ctx, one))
		must(t, d.Close())

		config.Existing = true
		d, err := db.Open(ctx, config)
		must(t, err)
		defer d.Close()
		must(t, d.Current(ctx, one))
		for _, c := range []struct {
			name string
			have []db.Schema
			say  string
		}{
			{"a step is missing", []db.Schema{two}, "older version"},
			{"a concept is missing", []db.Schema{one, other}, "older version"},
			{"a step too many", []db.Schema{{Concept: "a"}}, "newer version"},
		} {
			err := d.Current(ctx, c.have...)
			wantKind(t, c.name, err, errs.Invalid)
			if !strings.Contains(errs.Say(err), c.say) {
				t.Errorf("%s: %v", c.name, err)
			}
		}
		must(t, d.Current(ctx, one)) // nothing was changed by looking
	})
}

// A place where nothing is stays so.
func TestExistingMakesNothing(t *testing.T) {
	t.Parallel()
	dbtest.EachEngine(t, func(t *testing.T, engine string) {
		ctx, config := context.Background(), dbtest.Config(t, engine)
		config.Existing = true
		for range 2 {
			d, err := db.Open(ctx, config)
			if engine == "sqlite" {
				wantKind(t, "no file", err, errs.Invalid)
				continue
			}
			must(t, err)
			err = d.Current(ctx, db.Schema{Concept: "a"})
			wantKind(t, "no schema", err, errs.Invalid)
			if !strings.Contains(errs.Say(err), "is empty") {
				t.Errorf("an empty place is answered %v", err)
			}
			must(t, d.Close())
		}
	})
}

// Several processes start at once after an upgrade: each step runs once, and all of them get to work.
func TestMigrationsRace(t *testing.T) {
	t.Parallel()
	dbtest.EachEngine(t, func(t *testing.T, engine string) {
		ctx := context.Background()
		steps := []string{`CREATE TABLE a (x {int} NOT NULL)`}
		for range 10 {
			steps = append(steps, `INSERT INTO a (x) VALUES (1)`)
		}
		c := dbtest.Config(t, engine)
		var group sync.WaitGroup
		for range 4 {
			d := dbtest.OpenConfig(t, c)
			group.Go(func() {
				if err := d.Migrate(ctx, db.Schema{Concept: "a", Steps: steps}); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		if n := number(ctx, t, dbtest.OpenConfig(t, c), `SELECT COUNT(*) FROM a`); n != 10 {
			t.Errorf("%d rows, want 10", n)
		}
	})
}

// Two processes share one file, as when an operator runs haven check beside the service.
func TestTwoProcessesWrite(t *testing.T) {
	t.Parallel()
	dbtest.EachEngine(t, func(t *testing.T, engine string) {
		ctx := context.Background()
		c := dbtest.Config(t, engine)
		one, two := dbtest.OpenConfig(t, c, schema), dbtest.OpenConfig(t, c, schema)
		var group sync.WaitGroup
		for i, d := range []*db.DB{one, two} {
			group.Go(func() {
				for id := range int64(50) {
					if err := d.Write(ctx, things(2*id+int64(i))); err != nil {
						t.Error(err)
					}
				}
			})
		}
		group.Wait()
		if n := number(ctx, t, one, countThings); n != 100 {
			t.Errorf("%d rows, want 100", n)
		}
	})
}

func TestStoresAreSeparate(t *testing.T) {
	t.Parallel()
	dbtest.EachEngine(t, func(t *testing.T, engine string) {
		ctx := context.Background()
		main, keys := dbtest.Stores(t, engine)
		must(t, main.Migrate(ctx, schema))
		must(t, keys.Migrate(ctx, schema))
		must(t, main.Write(ctx, things(1, 2)))
		if n := number(ctx, t, keys, countThings); n != 0 {
			t.Errorf("the key store sees %d rows of the main one", n)
		}
	})
}

func TestWhatCannotBeOpened(t *testing.T) {
	t.Parallel()
	for _, c := range []db.Config{
		{},
		{Path: "mysql://haven.example/db"},
		{Path: filepath.Join(t.TempDir(), "no", "folder", "haven.db")},
		{Path: filepath.Join(t.TempDir(), "haven.db"), Schema: "keys"},
		{Path: "postgres://haven@/postgres", Schema: `a"b`},
		{Path: "postgres://haven@/postgres?pool_max_conns=many"},
	} {
		d, err := db.Open(context.Background(), c)
		wantKind(t, c.Path, err, errs.Invalid)
		if err == nil {
			must(t, d.Close())
		}
	}
	_, err := db.Open(context.Background(), db.Config{Path: "postgres://haven@/postgres?host=" + t.TempDir()})
	wantKind(t, "nobody listens", err, errs.Transient)
	garbage := filepath.Join(t.TempDir(), "garbage.db")
	must(t, os.WriteFile(garbage, []byte(strings.Repeat("this is no database ", 500)), 0o600))
	_, err = db.Open(context.Background(), db.Config{Path: garbage})
	wantKind(t, "not a database", err, errs.Internal)
}
