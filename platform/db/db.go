// Package db is the one way to the database: SQLite inside the process, or PostgreSQL over the wire.
//
// SQL is written once, in the words that both engines know, with $1, $2 … as parameters. What truly differs
// sits in an engine of few methods. Every promise in this file is proven on both by package dbtest.
//
// Values are int64, string, []byte, bool (stored as 0 and 1) and nil; named types of those kinds, the smaller
// integers and haven.AccountID (16 octets) are taken too. Times are stored as int64, Unix microseconds. A nil
// []byte is NULL, an empty one is not. Text is valid UTF-8 without NUL; anything else is refused as Invalid.
// A parameter is written plain: where PostgreSQL can't tell its type, write CAST($1 AS BIGINT).
package db

import (
	"context"
)

// DB is an open database. It is safe for many goroutines.
type DB struct {
	engine engine
}

// engine is what truly differs between SQLite and PostgreSQL.
type engine interface {
	name() string
	write(ctx context.Context, fn func(*Tx) error) error
	read(ctx context.Context, fn func(*Tx) error) error
	migrate(ctx context.Context, schemas []Schema) error
	stats() Stats
	close() error
}

// Write runs fn in a transaction that may change rows. When Write returns nil the change is durable: synced to
// disk, not only written. When it returns an error nothing of fn happened, with one exception that no client
// can avoid: if the connection to PostgreSQL breaks between COMMIT and its answer, the error is Transient and
// the change may be there.
//
// fn does SQL only, ends within 10 ms, and has no effect outside the transaction: it is run again when the
// engine reports a deadlock or a serialisation failure, and on SQLite it shares a commit with whatever else
// waits and runs on the writer's goroutine, so that a Write inside a Write would wait for itself. The first
// statement of fn should lock what it reads to decide (UPDATE … RETURNING on the account's sequence row).
//
// An error of fn is returned as it is. An error of the database has a kind of package errs: Transient where
// another try may succeed (disk full, connection lost, too busy), Conflict for a broken unique constraint or
// primary key, Internal for the rest. Once a statement failed the transaction can only fail, also when fn
// returns nil; write ON CONFLICT where a conflict is expected. A panic of fn becomes an Internal error.
//
// A ctx that ends while fn waits for its turn gives it up, and on PostgreSQL also between its statements. Once
// the commit is on its way Write waits for the outcome.
func (d *DB) Write(ctx context.Context, fn func(*Tx) error) error { return d.engine.write(ctx, fn) }

// Read runs fn over one snapshot: what commits meanwhile is not seen. fn may not change rows and ends within a
// second; it is stopped, as Transient, after Config.ReadLimit or when ctx ends.
func (d *DB) Read(ctx context.Context, fn func(*Tx) error) error { return d.engine.read(ctx, fn) }

// Engine is "sqlite" or "postgres", for a statement or a plan that truly must differ; use it as little as you can.
func (d *DB) Engine() string { return d.engine.name() }

// Migrate brings every concept's tables to their newest step, in one run that a second process waits for. Each
// step is a transaction of its own. A database with more steps than the program knows is refused as Invalid.
func (d *DB) Migrate(ctx context.Context, schemas ...Schema) error {
	return d.engine.migrate(ctx, schemas)
}

// Current looks, without changing anything, whether every concept's tables are at the step that the program knows.
// It is Invalid where they are at an earlier one, at a later one, or not there, and says what to do.
func (d *DB) Current(ctx context.Context, schemas ...Schema) error {
	return d.Read(ctx, func(tx *Tx) error {
		there, err := hasSteps(tx)
		if err != nil {
			return err
		}
		for _, s := range schemas {
			done := int64(0)
			if there {
				err = tx.Query(sqlStepsDone, []any{s.Concept}, func(r Row) error { done = r.Int64(0); return nil })
			}
			if err == nil {
				err = checkCurrent(s, done, there)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// Stats is what the database counted since it was opened.
func (d *DB) Stats() Stats { return d.engine.stats() }

// Close waits for running transactions and closes the database. What comes later is refused as Transient.
func (d *DB) Close() error { return d.engine.close() }

// Tx is a running transaction. It must not outlive the function that it was given to, nor be used by two
// goroutines at once.
type Tx struct {
	tx engineTx
}

// engineTx is one engine's transaction; see Tx for the meaning of each method.
type engineTx interface {
	exec(sql string, args []any)
	change(sql string, args []any) (int64, error)
	query(sql string, args []any, scan func(Row) error) error
	queryEach(sql string, n int, args func(i int) []any, scan func(i int, r Row) error) error
	engine() string
}

// Exec runs a statement whose result nobody needs. Its error, if any, makes the transaction fail at the latest
// at commit. On PostgreSQL statements wait and go out together with the next one that needs an answer.
// Byte slices among args must not change until the transaction ends.
func (tx *Tx) Exec(sql string, args ...any) { tx.tx.exec(sql, args) }

// Change runs an INSERT, UPDATE or DELETE and returns how many rows it changed.
func (tx *Tx) Change(sql string, args ...any) (int64, error) { return tx.tx.change(sql, args) }

// Query calls scan for every row; a statement with RETURNING is a query too, and is always run to its end. The
// Row, and byte slices from it, are good only until scan returns. An error of scan ends the query and is
// returned as it is. scan must not use tx.
func (tx *Tx) Query(sql string, args []any, scan func(Row) error) error {
	return tx.tx.query(sql, args, scan)
}

// QueryEach runs the same query n times with the arguments of each i, in order: a loop of prepared point reads
// on SQLite, pipelined batches on PostgreSQL. args may be called for several i before the first scan, so each
// call returns a slice of its own.
func (tx *Tx) QueryEach(sql string, n int, args func(i int) []any, scan func(i int, r Row) error) error {
	return tx.tx.queryEach(sql, n, args, scan)
}

// Engine is DB.Engine, for a statement that truly must differ.
func (tx *Tx) Engine() string { return tx.tx.engine() }

// Row gives the columns of one result row by position from 0. A NULL reads as zero; Null tells it apart.
type Row interface {
	Int64(col int) int64
	Text(col int) string
	Bytes(col int) []byte // good until scan returns; copy what you keep
	Bool(col int) bool
	Null(col int) bool
}
