package db

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"haven/platform/errs"
)

// engineOf opens a fresh SQLite database with one table, for what only its inside shows.
func engineOf(t testing.TB, c Config) (*DB, *sqliteEngine) {
	t.Helper()
	if c.Path == "" {
		c.Path = filepath.Join(t.TempDir(), "haven.db")
	}
	d, err := Open(context.Background(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	err = d.Migrate(context.Background(), Schema{"row", []string{`CREATE TABLE row (id {int} NOT NULL PRIMARY KEY, data {blob})`}})
	if err != nil {
		t.Fatal(err)
	}
	return d, d.engine.(*sqliteEngine)
}

func insert(d *DB, id int, data []byte) error {
	return d.Write(context.Background(), func(tx *Tx) error {
		tx.Exec(`INSERT INTO row (id, data) VALUES ($1, $2)`, id, data)
		return nil
	})
}

func rows(t *testing.T, d *DB) (n int64) {
	t.Helper()
	err := d.Read(context.Background(), func(tx *Tx) error {
		return tx.Query(`SELECT COUNT(*) FROM row`, nil, func(r Row) error { n = r.Int64(0); return nil })
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// await waits for what nobody signals, for a bounded time.
func await(t *testing.T, what func() bool) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for until := time.Now().Add(20 * time.Second); !what(); <-tick.C {
		if time.Now().After(until) {
			t.Fatal("it never came")
		}
	}
}

// A full disk refuses as Transient, takes nothing half, and is overcome when there is room again.
func TestDiskFull(t *testing.T) {
	t.Parallel()
	d, e := engineOf(t, Config{})
	limit := func(pages int) {
		e.writer.turn.Lock()
		defer e.writer.turn.Unlock()
		if err := e.writer.conn.script(fmt.Sprintf("PRAGMA max_page_count = %d", pages)); err != nil {
			t.Fatal(err)
		}
	}
	limit(40)
	var good, full int64
	var mu sync.Mutex
	var group sync.WaitGroup
	for id := range 64 {
		group.Go(func() {
			err := insert(d, id, bytes.Repeat([]byte{1}, 5000))
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				good++
			case errs.Is(err, errs.Transient):
				full++
			default:
				t.Errorf("full disk: %v", err)
			}
		})
	}
	group.Wait()
	if good+full != 64 || full == 0 {
		t.Errorf("%d good, %d full", good, full)
	}
	if n := rows(t, d); n != good {
		t.Errorf("%d rows, but %d were acknowledged", n, good)
	}
	limit(1 << 20)
	if err := insert(d, 1000, nil); err != nil {
		t.Errorf("with room again: %v", err)
	}
}

// The log is begun anew while writers and short readers are at work, so it does not grow without end.
func TestTheLogIsKeptShort(t *testing.T) {
	t.Parallel()
	d, _ := engineOf(t, Config{CheckpointPages: 1000, UnsafeNoSync: true})
	var group sync.WaitGroup
	until := time.Now().Add(20 * time.Second)
	for w := range 4 {
		group.Go(func() {
			for i := 0; d.Stats().Checkpoints < 3 && time.Now().Before(until); i++ {
				if err := insert(d, w<<20+i, bytes.Repeat([]byte{7}, 3000)); err != nil {
					t.Error(err)
					return
				}
				rows(t, d)
			}
		})
	}
	group.Wait()
	if s := d.Stats(); s.Checkpoints < 3 {
		t.Errorf("the log was begun anew %d times, and has %d pages", s.Checkpoints, s.WALPages)
	}
}

// A reader that keeps an old snapshot keeps the log from shrinking. First a warning, then writes are refused;
// when the reader has left all is well again.
func TestALogThatCannotShrink(t *testing.T) {
	t.Parallel()
	var log syncBuffer
	d, e := engineOf(t, Config{CheckpointPages: 4, ReadLimit: time.Minute, Logger: log.logger()})
	if err := insert(d, 0, nil); err != nil {
		t.Fatal(err)
	}
	reading, leave, left := make(chan struct{}), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(left)
		err := d.Read(context.Background(), func(tx *Tx) error {
			err := tx.Query(`SELECT COUNT(*) FROM row`, nil, func(Row) error { return nil })
			close(reading)
			<-leave
			return err
		})
		if err != nil {
			t.Error(err)
		}
	}()
	<-reading
	var err error
	until := time.Now().Add(30 * time.Second)
	for i := 1; err == nil && time.Now().Before(until); i++ {
		err = insert(d, i, bytes.Repeat([]byte{7}, 3000))
	}
	if !errs.Is(err, errs.Transient) {
		t.Fatalf("the log has %d pages and the last write gave %v", d.Stats().WALPages, err)
	}
	await(t, func() bool { return strings.Contains(log.String(), "write-ahead log is long") })
	close(leave)
	<-left
	await(t, func() bool {
		e.check.poke()
		return insert(d, -1, nil) == nil
	})
}

// Whatever waits shares one commit, and its bounds hold.
func TestGroups(t *testing.T) {
	t.Parallel()
	d, e := engineOf(t, Config{})
	const n = 3 * groupLength
	var group sync.WaitGroup
	e.writer.turn.Lock()
	for id := range n {
		group.Go(func() {
			if err := insert(d, id, nil); err != nil {
				t.Error(err)
			}
		})
	}
	await(t, func() bool { return len(e.writer.queue) == n-1 }) // the writer holds one already
	e.writer.turn.Unlock()
	group.Wait()
	if s := d.Stats(); s.LargestGroup > groupLength || s.LargestGroup < groupLength/2 || s.Groups > 8 {
		t.Errorf("%d commits, the largest of %d", s.Groups, s.LargestGroup)
	}
}

// A caller that leaves while waiting for its turn takes its closure with it.
func TestLeavingTheQueue(t *testing.T) {
	t.Parallel()
	d, e := engineOf(t, Config{})
	ctx, cancel := context.WithCancel(context.Background())
	e.writer.turn.Lock()
	gone := make(chan error)
	for range 2 { // the writer takes the first, and waits for its turn; the second stays in the queue
		go func() { gone <- d.Write(ctx, func(*Tx) error { return errors.New("it ran") }) }()
	}
	await(t, func() bool { return len(e.writer.queue) == 1 })
	cancel()
	for range 2 {
		if err := <-gone; !errors.Is(err, context.Canceled) || !errs.Is(err, errs.Transient) {
			t.Errorf("leaving gave %v", err)
		}
	}
	e.writer.turn.Unlock()
	if err := insert(d, 1, nil); err != nil {
		t.Error(err)
	}
}

// A statement that hangs the writer is interrupted, and its group is told to try again.
func TestAWriterThatHangs(t *testing.T) {
	t.Parallel()
	d, e := engineOf(t, Config{})
	e.writer.limit = 50 * time.Millisecond
	err := d.Write(context.Background(), func(tx *Tx) error {
		tx.Exec(`INSERT INTO row (id) WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000000) SELECT i FROM n`)
		return nil
	})
	if !errs.Is(err, errs.Transient) {
		t.Errorf("it gave %v", err)
	}
	if err := insert(d, 1, nil); err != nil {
		t.Error(err)
	}
	if n := rows(t, d); n != 1 {
		t.Errorf("%d rows, want 1", n)
	}
}

// A connection forgets its statements rather than keep any number, and reads on with new ones.
func TestStatementsAreBounded(t *testing.T) {
	t.Parallel()
	d, e := engineOf(t, Config{MaxReaders: 1})
	err := d.Read(context.Background(), func(tx *Tx) error {
		for i := range 2*maxStatements + 10 {
			err := tx.Query(fmt.Sprintf("SELECT %d", i), nil, func(r Row) error {
				if r.Int64(0) != int64(i) {
					t.Errorf("%d came back as %d", i, r.Int64(0))
				}
				return nil
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if n := len(e.readers.idle[0].stmts); n > maxStatements {
		t.Errorf("%d statements are kept", n)
	}
}

func TestPurgedRowsLeaveTheFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "haven.db")
	d, e := engineOf(t, Config{Path: path})
	secret := []byte("the words of a letter that is gone")
	if err := insert(d, 1, bytes.Repeat(secret, 300)); err != nil {
		t.Fatal(err)
	}
	err := d.Write(context.Background(), func(tx *Tx) error {
		tx.Exec(`DELETE FROM row`)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	e.check.idle.Store(0)
	await(t, func() bool {
		e.check.poke()
		return d.Stats().Checkpoints > 0
	})
	for _, suffix := range []string{"", "-wal"} {
		content, err := os.ReadFile(path + suffix)
		if err != nil || bytes.Contains(content, secret) {
			t.Errorf("haven.db%s still has the words, or %v", suffix, err)
		}
	}
}

// A reader that was in the way when the log was to be cut off puts that off, not until the next write comes.
func TestPurgedRowsLeaveTheLogAfterAReader(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "haven.db")
	d, e := engineOf(t, Config{Path: path, ReadLimit: time.Minute})
	secret := []byte("the words of a letter that is gone")
	if err := insert(d, 1, bytes.Repeat(secret, 300)); err != nil {
		t.Fatal(err)
	}
	err := d.Write(context.Background(), func(tx *Tx) error {
		tx.Exec(`DELETE FROM row`)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	holds := func(suffix string) bool {
		content, err := os.ReadFile(path + suffix)
		if err != nil {
			t.Error(err)
		}
		return bytes.Contains(content, secret)
	}
	err = d.Read(context.Background(), func(tx *Tx) error {
		if err := tx.Query(`SELECT COUNT(*) FROM row`, nil, func(Row) error { return nil }); err != nil {
			return err
		}
		before, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		e.check.idle.Store(0)
		await(t, func() bool { // the log is copied; then it is to be cut off, and can't be
			e.check.poke()
			now, err := os.ReadFile(path)
			return err == nil && !bytes.Equal(now, before)
		})
		for range 3 { // when the next look begins, that was tried
			e.check.poke()
			await(t, func() bool { return len(e.check.kick) == 0 })
		}
		if !holds("-wal") {
			t.Error("the log was cut off under a reader")
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	await(t, func() bool {
		e.check.poke()
		return !holds("-wal")
	})
	if holds("") {
		t.Error("the file still has the words")
	}
}

// What a power failure or a curious reader of the file would find out.
func TestSettings(t *testing.T) {
	t.Parallel()
	_, e := engineOf(t, Config{})
	_, loose := engineOf(t, Config{UnsafeNoSync: true})
	for _, c := range []struct {
		name   string
		conn   *sqliteConn
		pragma string
		want   int64
	}{
		{"writer", e.writer.conn, "synchronous", 2},
		{"writer", e.writer.conn, "secure_delete", 1},
		{"writer", e.writer.conn, "foreign_keys", 1},
		{"writer", e.writer.conn, "wal_autocheckpoint", 0},
		{"checkpointer", e.check.conn, "synchronous", 2},
		{"writer without sync", loose.writer.conn, "synchronous", 0},
		{"checkpointer without sync", loose.check.conn, "synchronous", 0},
	} {
		e.writer.turn.Lock()
		row, err := c.conn.rowOf("PRAGMA "+c.pragma, 1)
		e.writer.turn.Unlock()
		if err != nil || row[0] != c.want {
			t.Errorf("%s: %s is %v, %v, want %d", c.name, c.pragma, row, err, c.want)
		}
	}
}
