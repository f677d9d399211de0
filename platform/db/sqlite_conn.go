package db

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"sync"
	"time"

	"zombiezen.com/go/sqlite"

	"haven/platform/errs"
)

// maxStatements bounds the statements that one connection keeps prepared.
const maxStatements = 512

// keepArena is the most that a connection keeps for the byte slices of a row.
const keepArena = 1 << 20

// busyWait is how long a connection waits for a lock that another process holds.
const busyWait = 5 * time.Second

var writerPragmas = []string{
	"PRAGMA journal_mode = WAL", "PRAGMA wal_autocheckpoint = 0", "PRAGMA synchronous = FULL", "PRAGMA secure_delete = ON",
	"PRAGMA foreign_keys = ON", "PRAGMA temp_store = MEMORY", "PRAGMA cache_size = -32768",
}

var readerPragmas = []string{
	"PRAGMA query_only = ON", "PRAGMA wal_autocheckpoint = 0", "PRAGMA temp_store = MEMORY", "PRAGMA cache_size = -4096",
}

// sqliteConn is one connection with its prepared statements. One goroutine uses it at a time.
type sqliteConn struct {
	conn  *sqlite.Conn
	stmts map[string]*sqliteStmt
	arena []byte // holds the byte slices of the present row
	watch watch
}

// sqliteStmt is a prepared statement with the places of its numbered parameters: SQLite numbers $2, $1 by their
// order of appearance, so places[i] is the number of the parameter bound at i+1.
type sqliteStmt struct {
	stmt   *sqlite.Stmt
	places []int
	params int // the highest number
}

func openConn(path string, pragmas []string) (*sqliteConn, error) {
	conn, err := sqlite.OpenConn(path, sqlite.OpenReadWrite, sqlite.OpenCreate)
	if err != nil {
		return nil, sqliteFault(err, "")
	}
	conn.SetBusyTimeout(busyWait)
	c := &sqliteConn{conn: conn, stmts: make(map[string]*sqliteStmt)}
	c.watch.begin(conn)
	for _, p := range pragmas {
		if err := c.script(p); err != nil {
			return nil, errors.Join(err, c.close())
		}
	}
	return c, nil
}

func (c *sqliteConn) close() error {
	c.watch.end(c.conn)
	return sqliteFault(c.conn.Close(), "")
}

// prepare gives the statement for sql, ready to be bound.
func (c *sqliteConn) prepare(sql string) (*sqliteStmt, error) {
	if s := c.stmts[sql]; s != nil {
		return s, nil
	}
	if len(c.stmts) >= maxStatements {
		for _, s := range c.stmts {
			_ = s.stmt.Finalize() // its last error was reported when it ran
		}
		clear(c.stmts)
	}
	stmt, err := c.conn.Prepare(steadyLimit(sql))
	if err != nil {
		return nil, sqliteFault(err, sql)
	}
	s := &sqliteStmt{stmt: stmt, places: make([]int, stmt.BindParamCount())}
	for i := range s.places {
		n, err := paramNumber(stmt.BindParamName(i + 1))
		if err != nil {
			return nil, errors.Join(fault(errs.Internal, err, sql), stmt.Finalize())
		}
		s.places[i] = n
		s.params = max(s.params, n)
	}
	c.stmts[sql] = s
	return s, nil
}

// steadyLimit keeps the planner from looking at the value of a LIMIT: having looked, SQLite plans the statement anew each time
// that a value is bound, which costs more than most statements do.
func steadyLimit(sql string) string { return strings.ReplaceAll(sql, "LIMIT $", "LIMIT +$") }

func paramNumber(name string) (int, error) {
	if len(name) < 2 || name[0] != '$' {
		return 0, errors.New("parameters are written $1, $2 …")
	}
	n, err := strconv.Atoi(name[1:])
	if err != nil || n < 1 || n > 1000 {
		return 0, errors.New("parameters are written $1, $2 … up to $1000, without a cast")
	}
	return n, nil
}

// do runs a statement without parameters and without a result.
func (c *sqliteConn) do(sql string) error {
	s, err := c.prepare(sql)
	if err != nil {
		return err
	}
	for more := true; more; {
		if more, err = s.stmt.Step(); err != nil {
			return sqliteFault(err, sql)
		}
	}
	return sqliteFault(s.stmt.Reset(), sql)
}

// script runs statements one after the other without keeping them.
func (c *sqliteConn) script(sql string) error {
	for rest := sql; rest != ""; {
		stmt, trailing, err := c.conn.PrepareTransient(rest)
		if err != nil {
			return sqliteFault(err, sql)
		}
		for more := stmt.BindParamCount() == 0 && hasSQL(rest[:len(rest)-trailing]); more; {
			if more, err = stmt.Step(); err != nil {
				return errors.Join(sqliteFault(err, sql), finalize(stmt))
			}
		}
		if err := finalize(stmt); err != nil {
			return sqliteFault(err, sql)
		}
		rest = rest[len(rest)-trailing:]
	}
	return nil
}

// hasSQL reports whether a piece of a script holds more than comments and white space.
func hasSQL(piece string) bool {
	for line := range strings.Lines(piece) {
		line, _, _ = strings.Cut(line, "--")
		if strings.Trim(line, " \t\r\n;") != "" {
			return true
		}
	}
	return false
}

// rowOf runs a statement that gives one row of numbers, and reads n of them.
func (c *sqliteConn) rowOf(sql string, n int) ([]int64, error) {
	s, err := c.prepare(sql)
	if err != nil {
		return nil, err
	}
	if _, err := s.stmt.Step(); err != nil {
		return nil, sqliteFault(err, sql)
	}
	row := make([]int64, n)
	for i := range row {
		row[i] = s.stmt.ColumnInt64(i)
	}
	return row, sqliteFault(s.stmt.Reset(), sql)
}

// endRead lets the snapshot go.
func (c *sqliteConn) endRead() error {
	if cap(c.arena) > keepArena {
		c.arena = nil
	}
	if c.conn.AutocommitEnabled() {
		return nil
	}
	return c.do("COMMIT")
}

// guard interrupts the connection's statements when ctx ends or limit is over, until unguard.
func (c *sqliteConn) guard(ctx context.Context, limit time.Duration) { c.watch.arm(ctx, limit) }

// unguard ends guard, makes the connection usable again, and tells why it was interrupted, if it was.
func (c *sqliteConn) unguard() error { return c.watch.disarm(c.conn) }

// watch stops a connection that runs for too long. The connection's interrupt channel is made once and renewed
// only after it fired, since each renewal costs a goroutine.
type watch struct {
	mu    sync.Mutex
	stop  chan struct{}
	turn  uint64    // counts arm and disarm, so that a late signal misses the next user
	until time.Time // zero while nobody is guarded
	why   error
	timer *time.Timer
	undo  func() bool
}

func (w *watch) begin(conn *sqlite.Conn) {
	w.stop = make(chan struct{})
	conn.SetInterrupt(w.stop)
	w.timer = time.AfterFunc(time.Hour, w.late)
	w.timer.Stop()
}

func (w *watch) end(conn *sqlite.Conn) {
	w.timer.Stop()
	conn.SetInterrupt(nil)
}

func (w *watch) arm(ctx context.Context, limit time.Duration) {
	w.mu.Lock()
	w.turn++
	turn := w.turn
	w.until = time.Now().Add(limit)
	w.why = nil
	w.mu.Unlock()
	w.timer.Reset(limit)
	if ctx.Done() != nil {
		w.undo = context.AfterFunc(ctx, func() { w.fire(turn, context.Cause(ctx)) })
	}
}

func (w *watch) late() {
	w.mu.Lock()
	turn, due := w.turn, !w.until.IsZero() && !time.Now().Before(w.until)
	w.mu.Unlock()
	if due {
		w.fire(turn, errTooSlow)
	}
}

func (w *watch) fire(turn uint64, why error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.turn == turn && !w.until.IsZero() && w.why == nil {
		w.why = why
		close(w.stop)
	}
}

func (w *watch) disarm(conn *sqlite.Conn) error {
	w.timer.Stop()
	if w.undo != nil {
		w.undo()
		w.undo = nil
	}
	w.mu.Lock()
	w.turn++
	w.until = time.Time{}
	why := w.why
	w.mu.Unlock()
	if why != nil {
		w.stop = make(chan struct{})
		conn.SetInterrupt(w.stop)
	}
	return why
}

func finalize(stmt *sqlite.Stmt) error { return sqliteFault(stmt.Finalize(), "") }

// sqliteFault gives an error of SQLite its kind.
func sqliteFault(err error, sql string) error {
	if err == nil {
		return nil
	}
	code := sqlite.ErrCode(err)
	switch code {
	case sqlite.ResultConstraintUnique, sqlite.ResultConstraintPrimaryKey, sqlite.ResultConstraintRowID:
		return fault(errs.Conflict, err, sql)
	}
	switch code.ToPrimary() {
	case sqlite.ResultFull:
		return errs.StorageFull(fault(errs.Transient, err, sql))
	case sqlite.ResultIOErr, sqlite.ResultBusy, sqlite.ResultLocked, sqlite.ResultInterrupt,
		sqlite.ResultNoMem, sqlite.ResultProtocol, sqlite.ResultCantOpen:
		return fault(errs.Transient, err, sql)
	}
	return fault(errs.Internal, err, sql)
}
