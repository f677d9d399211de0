package db

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"haven/platform/errs"
)

const (
	batchLength      = 500     // statements in one round trip at most
	batchOctets      = 4 << 20 // of parameters that wait at most
	rollbackPatience = 5 * time.Second
)

// statement is one that waits for the next round trip.
type statement struct {
	sql  string
	args []any
}

// postgresTx is one transaction. Statements gather in pending and go out with the next one that needs an answer;
// BEGIN goes with the first batch and COMMIT with the last.
type postgresTx struct {
	ctx      context.Context
	conn     *pgx.Conn
	begin    string // sent with the first batch; empty once it was
	pending  []statement
	octets   int
	failed   error
	again    bool // nothing was committed, and another try may succeed
	scanning bool
	ended    bool
}

func (tx *postgresTx) engine() string { return "postgres" }

func (tx *postgresTx) exec(sql string, args []any) {
	s, err := tx.start(sql, args)
	if err != nil {
		return // the error stays in tx.failed
	}
	tx.pending = append(tx.pending, s)
	tx.octets += len(sql)
	for _, a := range s.args {
		switch a := a.(type) {
		case string:
			tx.octets += len(a)
		case []byte:
			tx.octets += len(a)
		}
	}
	if len(tx.pending) >= batchLength || tx.octets > batchOctets {
		_ = tx.batch(nil, nil) // the same
	}
}

func (tx *postgresTx) change(sql string, args []any) (changed int64, err error) {
	s, err := tx.start(sql, args)
	if err != nil {
		return 0, err
	}
	err = tx.batch([]statement{s}, func(_ int, r pgx.BatchResults) error {
		tag, err := r.Exec()
		changed = tag.RowsAffected()
		return err
	})
	return changed, err
}

func (tx *postgresTx) query(sql string, args []any, scan func(Row) error) error {
	s, err := tx.start(sql, args)
	if err != nil {
		return err
	}
	return tx.rows([]statement{s}, func(_ int, r Row) error { return scan(r) })
}

func (tx *postgresTx) queryEach(sql string, n int, args func(i int) []any, scan func(i int, r Row) error) error {
	for first := 0; first < n; first += batchLength {
		part := make([]statement, 0, min(batchLength, n-first))
		for i := first; i < min(first+batchLength, n); i++ {
			s, err := tx.start(sql, args(i))
			if err != nil {
				return err
			}
			part = append(part, s)
		}
		if err := tx.rows(part, func(i int, r Row) error { return scan(first+i, r) }); err != nil {
			return err
		}
	}
	return nil
}

// start makes a statement ready, unless the transaction can't go on.
func (tx *postgresTx) start(sql string, args []any) (statement, error) {
	switch {
	case tx.ended:
		return statement{}, fault(errs.Internal, errEnded, sql)
	case tx.failed != nil:
		return statement{}, tx.failed
	case tx.scanning:
		return statement{}, tx.fail(fault(errs.Internal, errNested, sql))
	}
	s := statement{sql, make([]any, len(args))}
	for i, arg := range args {
		v, err := valueOf(arg)
		if err != nil {
			return s, tx.fail(errs.Wrap(errs.KindOf(err), fmt.Errorf("$%d: %w [%s]", i+1, err, sql), errs.Say(err)))
		}
		switch v.kind {
		case intValue:
			s.args[i] = v.int
		case textValue:
			s.args[i] = v.text
		case bytesValue:
			s.args[i] = v.bytes
		}
	}
	return s, nil
}

// errScan carries an error of scan past the handling of the database's own errors.
type errScan struct{ error }

// rows sends statements and scans the rows of each.
func (tx *postgresTx) rows(last []statement, scan func(i int, r Row) error) error {
	return tx.batch(last, func(i int, results pgx.BatchResults) error {
		rows, err := results.Query()
		if err != nil {
			return err
		}
		defer rows.Close()
		row := postgresRow{fields: rows.FieldDescriptions()}
		for rows.Next() {
			row.raw = rows.RawValues()
			if err := tx.scan(i, &row, scan); err != nil {
				return errScan{err}
			}
		}
		return rows.Err()
	})
}

func (tx *postgresTx) scan(i int, row *postgresRow, scan func(i int, r Row) error) error {
	tx.scanning = true
	defer func() { tx.scanning = false }()
	return scan(i, row)
}

// batch sends what is pending, then last, in one round trip, and lets read take the result of each of last.
func (tx *postgresTx) batch(last []statement, read func(i int, r pgx.BatchResults) error) (err error) {
	silent := tx.pending
	if tx.begin != "" {
		silent = append([]statement{{sql: tx.begin}}, silent...)
		tx.begin = ""
	}
	tx.pending, tx.octets = nil, 0
	b := &pgx.Batch{}
	for _, s := range silent {
		b.Queue(s.sql, s.args...)
	}
	for _, s := range last {
		b.Queue(s.sql, s.args...)
	}
	results := tx.conn.SendBatch(tx.ctx, b)
	at := ""
	defer func() { // also when scan panics
		closed := results.Close()
		if scan := (errScan{}); errors.As(err, &scan) {
			err = scan.error
			return
		}
		if err == nil {
			err = closed
		}
		if err != nil {
			err = tx.broken(err, at)
		}
	}()
	for _, s := range silent {
		at = s.sql
		if _, err := results.Exec(); err != nil {
			return err
		}
	}
	for i, s := range last {
		at = s.sql
		if err := read(i, results); err != nil {
			return err
		}
	}
	return nil
}

// broken gives the database's error its kind and ends the transaction.
func (tx *postgresTx) broken(err error, sql string) error {
	lost := tx.conn.IsClosed()
	if early := (pgx.ErrPreprocessingBatch{}); errors.As(err, &early) {
		sql = early.SQL()
		lost = lost && isNetwork(err) // pgx gives the connection up, too, when an argument doesn't fit its parameter
	}
	tx.again = lost || canRetry(err)
	if tx.ctx.Err() != nil {
		tx.again = false
		err = errors.Join(context.Cause(tx.ctx), err)
	}
	return tx.fail(postgresFault(err, lost, sql))
}

// isNetwork reports whether the connection broke.
func isNetwork(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed)
}

func (tx *postgresTx) fail(err error) error {
	tx.failed = err
	return err
}

// commit sends what is pending together with COMMIT. A transaction that did nothing needs none.
func (tx *postgresTx) commit() error {
	if tx.begin != "" && len(tx.pending) == 0 {
		return nil
	}
	err := tx.batch([]statement{{sql: "commit"}}, func(_ int, r pgx.BatchResults) error {
		tag, err := r.Exec()
		if err == nil && tag.String() != "COMMIT" {
			err = fmt.Errorf("the server answered COMMIT with %s", tag)
		}
		return err
	})
	if err != nil && tx.conn.IsClosed() {
		tx.again = false // nobody knows whether it was committed
	}
	return err
}

// end rolls back what was not committed, so that the connection can be used again.
func (tx *postgresTx) end() {
	tx.ended = true
	if tx.conn.IsClosed() || tx.conn.PgConn().TxStatus() == 'I' {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(tx.ctx), rollbackPatience)
	defer cancel()
	_ = tx.conn.PgConn().Exec(ctx, "rollback").Close() // if it fails the pool closes the connection
}

// canRetry reports a deadlock or a serialisation failure: the same transaction may go through now.
func canRetry(err error) bool {
	var e *pgconn.PgError
	return errors.As(err, &e) && (e.Code == "40001" || e.Code == "40P01")
}

// postgresFault gives an error of PostgreSQL its kind; lost tells that the connection is gone.
func postgresFault(err error, lost bool, sql string) error {
	if err == nil {
		return nil
	}
	var e *pgconn.PgError
	if errors.As(err, &e) {
		e.Detail, e.Where, e.InternalQuery = "", "", "" // they can hold values
		if strings.HasPrefix(e.Code, "22") {
			e.Message = "a value doesn't fit" // the same
		}
		err = fault(kindOfState(e.Code), err, sql)
		if e.Code == "53100" { // disk_full
			err = errs.StorageFull(err)
		}
		return err
	}
	if lost || errs.KindOf(err) == errs.Transient {
		return fault(errs.Transient, err, sql)
	}
	return fault(errs.Internal, err, sql)
}

// kindOfState sorts SQLSTATEs (PostgreSQL manual, appendix A).
func kindOfState(code string) errs.Kind {
	switch code {
	case "23505":
		return errs.Conflict
	case "40001", "40P01", "55P03": // serialisation, deadlock, lock timeout
		return errs.Transient
	case "22021", "22P05": // octets that are no text
		return errs.Invalid
	}
	switch code[:min(2, len(code))] {
	case "08", "53", "57", "58": // connection, resources (disk full), shut down or stopped, system
		return errs.Transient
	}
	return errs.Internal
}
