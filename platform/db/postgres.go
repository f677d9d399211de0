package db

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"regexp"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/puddle/v2"

	"haven/platform/errs"
)

const (
	connectPatience = 10 * time.Second // to connect, or to wait for a connection that is free
	commitPatience  = 20 * time.Second // for the last batch, which ctx doesn't stop: its outcome must be known
	writeTries      = 8
	statementCache  = 512
)

// postgresLimits are what the server itself enforces, so that a lost client holds no lock for long.
var postgresLimits = map[string]string{
	"lock_timeout":                        "10000",
	"statement_timeout":                   "30000",
	"idle_in_transaction_session_timeout": "60000",
	"application_name":                    "haven",
}

// postgresEngine is a pool of connections; every transaction is a batch or two on one of them.
type postgresEngine struct {
	pool   *pgxpool.Pool
	config Config
	log    *slog.Logger
	count  counters
}

var schemaName = regexp.MustCompile(`^[a-z_][a-z0-9_]{0,62}$`)

func openPostgres(ctx context.Context, c Config) (*postgresEngine, error) {
	if c.Schema != "" && !schemaName.MatchString(c.Schema) {
		return nil, errs.E(errs.Invalid, "%q is no schema name. Use small letters, digits and _.", c.Schema)
	}
	pc, err := pgxpool.ParseConfig(c.Path)
	if err != nil {
		return nil, errs.Wrap(errs.Invalid, err, "The URL of the database can't be read.")
	}
	for name, v := range postgresLimits {
		if pc.ConnConfig.RuntimeParams[name] == "" {
			pc.ConnConfig.RuntimeParams[name] = v
		}
	}
	if pc.ConnConfig.ConnectTimeout == 0 {
		pc.ConnConfig.ConnectTimeout = connectPatience
	}
	pc.ConnConfig.StatementCacheCapacity = statementCache
	pc.MaxConns = int32(c.MaxReaders)
	if err := prepareServer(ctx, pc.ConnConfig, c); err != nil {
		return nil, err
	}
	if c.Schema != "" {
		pc.ConnConfig.RuntimeParams["search_path"] = c.Schema
	}
	pool, err := pgxpool.NewWithConfig(ctx, pc)
	if err != nil {
		return nil, errs.Wrap(errs.Invalid, err, "The settings of the database can't be used.")
	}
	return &postgresEngine{pool: pool, config: c, log: c.Logger}, nil
}

// prepareServer makes the schema, and looks whether the server keeps what package db promises.
func prepareServer(ctx context.Context, cc *pgx.ConnConfig, c Config) (err error) {
	conn, err := pgx.ConnectConfig(ctx, cc.Copy())
	if err != nil {
		return postgresFault(err, true, "")
	}
	defer func() { err = errors.Join(err, conn.Close(ctx)) }()
	if c.Schema != "" && !c.Existing {
		_, err := conn.Exec(ctx, "CREATE SCHEMA IF NOT EXISTS "+pgx.Identifier{c.Schema}.Sanitize())
		if err := postgresFault(err, false, "CREATE SCHEMA"); err != nil && !errs.Is(err, errs.Conflict) {
			return err // another process that made it meanwhile is a Conflict
		}
	}
	var encoding, commit string
	row := conn.QueryRow(ctx, "SELECT current_setting('server_encoding'), current_setting('synchronous_commit')")
	if err := row.Scan(&encoding, &commit); err != nil {
		return postgresFault(err, true, "")
	}
	if encoding != "UTF8" {
		return errs.E(errs.Invalid, "The PostgreSQL database has the encoding %s. Make one with UTF8: createdb -E UTF8 -T template0.", encoding)
	}
	switch {
	case c.UnsafeNoSync:
		cc.RuntimeParams["synchronous_commit"] = "off"
	case commit == "off":
		cc.RuntimeParams["synchronous_commit"] = "on"
	}
	return nil
}

func (e *postgresEngine) name() string { return "postgres" }

func (e *postgresEngine) stats() Stats { return e.count.stats() }

func (e *postgresEngine) close() error {
	e.pool.Close()
	return nil
}

// acquire waits for a connection, for a bounded time.
func (e *postgresEngine) acquire(ctx context.Context) (*pgxpool.Conn, error) {
	limited, cancel := context.WithTimeout(ctx, connectPatience)
	defer cancel()
	conn, err := e.pool.Acquire(limited)
	switch {
	case err == nil:
		return conn, nil
	case errors.Is(err, puddle.ErrClosedPool):
		return nil, errClosed
	case ctx.Err() != nil:
		return nil, stopped(ctx)
	}
	return nil, postgresFault(err, true, "")
}

// write runs fn, again if the server asks for it or the connection broke before anything was committed.
func (e *postgresEngine) write(ctx context.Context, fn func(*Tx) error) error {
	for try := 1; ; try++ {
		err, again := e.writeOnce(ctx, fn)
		if err == nil {
			e.count.committed(1)
			return nil
		}
		if !again || try == writeTries || ctx.Err() != nil {
			e.count.failed.Add(1)
			return err
		}
		e.count.retries.Add(1)
		if !pause(ctx, try) {
			e.count.failed.Add(1)
			return stopped(ctx)
		}
	}
}

// pause waits between two tries, longer each time, and not as long as the other one that failed.
func pause(ctx context.Context, try int) bool {
	most := min(200*time.Millisecond, time.Millisecond<<try)
	t := time.NewTimer(rand.N(most))
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

func (e *postgresEngine) writeOnce(ctx context.Context, fn func(*Tx) error) (err error, again bool) {
	since := time.Now()
	conn, err := e.acquire(ctx)
	if err != nil {
		return err, false
	}
	began := time.Now()
	e.count.waited(began.Sub(since))
	tx := &postgresTx{ctx: ctx, conn: conn.Conn(), begin: "begin"}
	defer func() {
		tx.end()
		conn.Release()
		e.count.ran(time.Since(began))
	}()
	err = run(fn, &Tx{tx}, &e.count)
	if err == nil {
		err = tx.failed
	}
	if err == nil {
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), commitPatience)
		defer cancel()
		tx.ctx = last
		err = tx.commit()
	}
	return err, err != nil && tx.again
}

func (e *postgresEngine) read(ctx context.Context, fn func(*Tx) error) error {
	conn, err := e.acquire(ctx)
	if err != nil {
		return err
	}
	e.count.reads.Add(1)
	limited, cancel := context.WithTimeoutCause(ctx, e.config.ReadLimit, errTooSlow)
	defer cancel()
	tx := &postgresTx{ctx: limited, conn: conn.Conn(), begin: "begin isolation level repeatable read read only"}
	defer func() {
		tx.end()
		conn.Release()
	}()
	err = run(fn, &Tx{tx}, &e.count)
	if err == nil {
		err = tx.failed
	}
	return err
}
