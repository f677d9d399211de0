package db

import (
	"fmt"

	"zombiezen.com/go/sqlite"

	"haven/platform/errs"
)

// sqliteTx is one closure's use of a connection. Its first failed statement ends it: what follows gives the
// same error, as it would on PostgreSQL.
type sqliteTx struct {
	conn     *sqliteConn
	failed   error
	last     string // the statement begun last, for the log
	scanning bool
	ended    bool
}

func (tx *sqliteTx) engine() string { return "sqlite" }

func (tx *sqliteTx) exec(sql string, args []any) { _, _ = tx.change(sql, args) } // the error stays in tx.failed

func (tx *sqliteTx) change(sql string, args []any) (int64, error) {
	s, err := tx.start(sql, args)
	if err != nil {
		return 0, err
	}
	for more := true; more; {
		if more, err = s.stmt.Step(); err != nil {
			return 0, tx.fail(sqliteFault(err, sql))
		}
	}
	changed := tx.conn.conn.Changes()
	if err := s.stmt.Reset(); err != nil {
		return 0, tx.fail(sqliteFault(err, sql))
	}
	return int64(changed), nil
}

func (tx *sqliteTx) query(sql string, args []any, scan func(Row) error) error {
	s, err := tx.start(sql, args)
	if err != nil {
		return err
	}
	return tx.rows(s, sql, scan)
}

func (tx *sqliteTx) queryEach(sql string, n int, args func(i int) []any, scan func(i int, r Row) error) error {
	i := 0
	scanOne := func(r Row) error { return scan(i, r) }
	for ; i < n; i++ {
		s, err := tx.start(sql, args(i))
		if err != nil {
			return err
		}
		if err := tx.rows(s, sql, scanOne); err != nil {
			return err
		}
	}
	return nil
}

// start prepares and binds a statement, unless the transaction can't go on.
func (tx *sqliteTx) start(sql string, args []any) (*sqliteStmt, error) {
	switch {
	case tx.ended:
		return nil, fault(errs.Internal, errEnded, sql)
	case tx.failed != nil:
		return nil, tx.failed
	case tx.scanning:
		return nil, tx.fail(fault(errs.Internal, errNested, sql))
	}
	tx.last = sql
	s, err := tx.conn.prepare(sql)
	if err == nil {
		err = s.bind(sql, args)
	}
	if err != nil {
		return nil, tx.fail(err)
	}
	return s, nil
}

// rows steps through a bound statement. SQLite makes all changes of a statement with RETURNING before its first
// row, so that a scan that stops early leaves nothing undone.
func (tx *sqliteTx) rows(s *sqliteStmt, sql string, scan func(Row) error) (err error) {
	tx.scanning = true
	defer func() { // also when scan panics
		tx.scanning = false
		if reset := s.stmt.Reset(); err == nil && reset != nil {
			err = tx.fail(sqliteFault(reset, sql))
		}
	}()
	row := sqliteRow{s.stmt, tx.conn}
	for {
		more, err := s.stmt.Step()
		if err != nil {
			return tx.fail(sqliteFault(err, sql))
		}
		if !more {
			return nil
		}
		tx.conn.arena = tx.conn.arena[:0]
		if err := scan(row); err != nil {
			return err
		}
	}
}

func (tx *sqliteTx) fail(err error) error {
	tx.failed = err
	return err
}

// bind gives every parameter its value, wherever and however often it stands in the statement.
func (s *sqliteStmt) bind(sql string, args []any) error {
	if len(args) != s.params {
		return fault(errs.Internal, fmt.Errorf("the statement has %d parameters and got %d", s.params, len(args)), sql)
	}
	for i, n := range s.places {
		v, err := valueOf(args[n-1])
		if err != nil {
			return errs.Wrap(errs.KindOf(err), fmt.Errorf("$%d: %w [%s]", n, err, sql), errs.Say(err))
		}
		switch v.kind {
		case nullValue:
			s.stmt.BindNull(i + 1)
		case intValue:
			s.stmt.BindInt64(i+1, v.int)
		case textValue:
			s.stmt.BindText(i+1, v.text)
		case bytesValue:
			s.stmt.BindBytes(i+1, v.bytes)
		}
	}
	return nil
}

// sqliteRow is the present row of a statement.
type sqliteRow struct {
	stmt *sqlite.Stmt
	conn *sqliteConn
}

func (r sqliteRow) Int64(col int) int64 { return r.stmt.ColumnInt64(col) }
func (r sqliteRow) Bool(col int) bool   { return r.stmt.ColumnInt64(col) != 0 }
func (r sqliteRow) Null(col int) bool   { return r.stmt.ColumnIsNull(col) }

func (r sqliteRow) Text(col int) string {
	if r.Null(col) {
		return ""
	}
	return r.stmt.ColumnText(col)
}

// Bytes copies the column into the connection's arena: SQLite's own memory could be unmapped under a slice that
// somebody kept.
func (r sqliteRow) Bytes(col int) []byte {
	if r.Null(col) {
		return nil
	}
	n, arena := r.stmt.ColumnLen(col), r.conn.arena
	start := len(arena)
	if cap(arena)-start < n {
		arena = make([]byte, 0, max(2*cap(arena), n, 4096))
		start = 0
	}
	arena = arena[:start+n]
	r.stmt.ColumnBytes(col, arena[start:])
	r.conn.arena = arena
	return arena[start : start+n : start+n]
}
