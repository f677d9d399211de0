package backup

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"haven/platform/db"
	"haven/platform/errs"
)

const (
	sqliteFile = "database.sqlite"
	sqliteStep = 256             // pages copied between two looks at the context
	sqliteWait = 5 * time.Second // for a lock that another process holds
)

// copySQLite copies the database page by page within one read transaction, so that nobody's writing makes it begin
// again, and then proves that the copy hangs together.
func copySQLite(ctx context.Context, c db.Config, dir string, m *Manifest, p *progress) error {
	path := filepath.Join(dir, sqliteFile)
	if err := copyPages(ctx, c.Path, path, p); err != nil {
		return err
	}
	steps, err := inspectSQLite(ctx, path)
	if err != nil {
		return err
	}
	if m.Steps = steps; len(steps) == 0 {
		return errs.E(errs.Invalid, "%s holds no tables of Haven.", c.Path)
	}
	if err := syncFile(path); err != nil {
		return err
	}
	sum, err := sumFile(ctx, path, newProgress(nil))
	sum.Name = sqliteFile
	m.Files = append(m.Files, sum)
	return err
}

func copyPages(ctx context.Context, from, to string, p *progress) (err error) {
	src, err := sqlite.OpenConn(from, sqlite.OpenReadWrite) // a reader of a log in shared memory writes its place there
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, src.Close()) }()
	src.SetBusyTimeout(sqliteWait)
	if err := script(src, "PRAGMA query_only = ON; PRAGMA wal_autocheckpoint = 0; BEGIN; SELECT COUNT(*) FROM sqlite_schema"); err != nil {
		return err
	}
	f, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600) // before SQLite would make it for all to read
	if err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	dst, err := sqlite.OpenConn(to, sqlite.OpenReadWrite)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, dst.Close()) }()
	if err := script(dst, "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF"); err != nil {
		return err
	}
	return stepPages(ctx, dst, src, p)
}

func stepPages(ctx context.Context, dst, src *sqlite.Conn, p *progress) (err error) {
	page, err := number(src, "PRAGMA page_size")
	if err != nil {
		return err
	}
	b, err := sqlite.NewBackup(dst, "", src, "")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.Close()) }()
	for more, first, left := true, true, 0; more; {
		if err := ctx.Err(); err != nil {
			return err
		}
		if more, err = b.Step(sqliteStep); err != nil {
			return err
		}
		if first {
			p.more(page * int64(b.PageCount()))
			first, left = false, b.PageCount()
		}
		p.add(page * int64(left-b.Remaining()))
		left = b.Remaining()
	}
	return nil
}

// inspectSQLite proves that a copy is whole, and reads which schema steps it has.
func inspectSQLite(ctx context.Context, path string) (steps map[string]int, err error) {
	conn, err := sqlite.OpenConn(path, sqlite.OpenReadWrite)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	conn.SetInterrupt(ctx.Done())
	var verdict string
	err = sqlitex.ExecuteTransient(conn, "PRAGMA quick_check(1)", &sqlitex.ExecOptions{ResultFunc: func(s *sqlite.Stmt) error {
		verdict = s.ColumnText(0)
		return nil
	}})
	if err != nil {
		return nil, err
	}
	if verdict != "ok" {
		return nil, errs.Wrap(errs.Internal, fmt.Errorf("quick_check: %s", verdict), "The database is damaged, so its copy is worth nothing. Keep the last good back-up, and run haven check.")
	}
	steps = map[string]int{}
	err = sqlitex.ExecuteTransient(conn, sqlSteps, &sqlitex.ExecOptions{ResultFunc: func(s *sqlite.Stmt) error {
		steps[s.ColumnText(0)] = s.ColumnInt(1)
		return nil
	}})
	return steps, err
}

const sqlSteps = `SELECT concept, MAX(step) FROM schema_step GROUP BY concept`

func script(conn *sqlite.Conn, sql string) error {
	for rest := sql; rest != ""; {
		stmt, trailing, err := conn.PrepareTransient(rest)
		if err != nil {
			return err
		}
		for more := true; more && err == nil; {
			more, err = stmt.Step()
		}
		if err := errors.Join(err, stmt.Finalize()); err != nil {
			return err
		}
		rest = rest[len(rest)-trailing:]
	}
	return nil
}

func number(conn *sqlite.Conn, sql string) (n int64, err error) {
	err = sqlitex.ExecuteTransient(conn, sql, &sqlitex.ExecOptions{ResultFunc: func(s *sqlite.Stmt) error {
		n = s.ColumnInt64(0)
		return nil
	}})
	return n, err
}

func syncFile(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
