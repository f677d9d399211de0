package db

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"haven/platform/errs"
)

// sqliteEngine is one SQLite file: a writer goroutine, a pool of readers, and a goroutine that keeps the
// write-ahead log short.
type sqliteEngine struct {
	path    string
	config  Config
	log     *slog.Logger
	count   counters
	writer  *sqliteWriter
	readers *sqliteReaders
	check   *checkpointer
	closing sync.Once
	closed  error
}

func openSQLite(c Config) (*sqliteEngine, error) {
	if c.Schema != "" {
		return nil, errs.E(errs.Invalid, "A schema is for PostgreSQL. With SQLite give the store a file of its own.")
	}
	if strings.TrimSpace(c.Path) == "" || strings.Contains(c.Path, "://") {
		return nil, errs.E(errs.Invalid, "%q is no database. Give the path of a file, or a URL postgres://user@host/name.", c.Path)
	}
	path, err := filepath.Abs(c.Path)
	if err != nil {
		return nil, errs.Wrap(errs.Invalid, err, "The path of the database can't be read.")
	}
	if err := create(path, c.Existing); err != nil {
		return nil, err
	}
	e := &sqliteEngine{path: path, config: c, log: c.Logger}
	if e.writer, err = openWriter(e); err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	if e.check, err = openCheckpointer(e); err != nil {
		return nil, errors.Join(fmt.Errorf("open %s: %w", path, err), e.writer.conn.close())
	}
	e.readers = newReaders(c.MaxReaders, func() (*sqliteConn, error) { return openConn(path, readerPragmas) })
	e.writer.start()
	e.check.start()
	return e, nil
}

// create makes the file readable for its owner alone, and its name durable; SQLite gives the log's files the same mode.
// Where it has to exist it is only looked for.
func create(path string, existing bool) error {
	flags := os.O_RDWR | os.O_CREATE
	if existing {
		flags = os.O_RDWR
	}
	f, err := os.OpenFile(path, flags, 0o600)
	if err == nil {
		err = f.Close()
	}
	if err != nil {
		return errs.Wrap(errs.Invalid, err, "The database file can't be opened for writing.")
	}
	folder, err := os.Open(filepath.Dir(path))
	if err != nil {
		return errs.Wrap(errs.Invalid, err, "The folder of the database can't be opened.")
	}
	return errs.Wrap(errs.Transient, errors.Join(folder.Sync(), folder.Close()), "The folder of the database can't be synced.")
}

func (e *sqliteEngine) writerPragmas() []string {
	if e.config.UnsafeNoSync {
		return append(slices.Clone(writerPragmas), "PRAGMA synchronous = OFF")
	}
	return writerPragmas
}

func (e *sqliteEngine) name() string { return "sqlite" }

func (e *sqliteEngine) stats() Stats {
	s := e.count.stats()
	s.Waiting = int64(len(e.writer.queue))
	return s
}

// read runs fn in the caller's goroutine on a reader of its own. A goroutine that ends inside fn still gives the
// reader back.
func (e *sqliteEngine) read(ctx context.Context, fn func(*Tx) error) (err error) {
	c, err := e.readers.take(ctx)
	if err != nil {
		return err
	}
	e.count.reads.Add(1)
	c.guard(ctx, e.config.ReadLimit)
	tx := &sqliteTx{conn: c}
	defer func() {
		tx.ended = true
		why := c.unguard()
		if fail := c.endRead(); fail != nil {
			e.readers.drop(c)
		} else {
			e.readers.give(c)
		}
		if err != nil && why != nil && tx.failed != nil {
			err = errs.Wrap(errs.Transient, why, sayBusy)
		}
	}()
	if err := c.do("BEGIN"); err != nil {
		return err
	}
	err = run(fn, &Tx{tx}, &e.count)
	if err == nil {
		err = tx.failed
	}
	return err
}

func (e *sqliteEngine) close() error {
	e.closing.Do(func() {
		e.writer.stop()
		e.check.stop()
		e.writer.turn.Lock() // a migration may be using the connection
		defer e.writer.turn.Unlock()
		e.closed = errors.Join(e.readers.close(), e.check.conn.close(), e.writer.conn.close())
	})
	return e.closed
}

// sqliteReaders lends connections, the one used last first, since its pages are still in memory.
type sqliteReaders struct {
	open   func() (*sqliteConn, error)
	places chan struct{} // one token a connection lent
	mu     sync.Mutex
	idle   []*sqliteConn
	closed bool
}

func newReaders(n int, open func() (*sqliteConn, error)) *sqliteReaders {
	return &sqliteReaders{open: open, places: make(chan struct{}, n)}
}

func (p *sqliteReaders) take(ctx context.Context) (*sqliteConn, error) {
	if err := ctx.Err(); err != nil {
		return nil, stopped(ctx)
	}
	select {
	case p.places <- struct{}{}:
	default:
		if err := waitPlace(ctx, p.places); err != nil {
			return nil, err
		}
	}
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		<-p.places
		return nil, errClosed
	}
	if n := len(p.idle); n > 0 {
		c := p.idle[n-1]
		p.idle = p.idle[:n-1]
		p.mu.Unlock()
		return c, nil
	}
	p.mu.Unlock()
	c, err := p.open()
	if err != nil {
		<-p.places
	}
	return c, err
}

func (p *sqliteReaders) give(c *sqliteConn) {
	p.mu.Lock()
	p.idle = append(p.idle, c)
	p.mu.Unlock()
	<-p.places
}

// drop closes a connection whose state nobody knows.
func (p *sqliteReaders) drop(c *sqliteConn) {
	_ = c.close() // it is broken already, and what broke it was reported
	<-p.places
}

// close waits for every lent connection, then closes them all.
func (p *sqliteReaders) close() error {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	for range cap(p.places) {
		p.places <- struct{}{}
	}
	defer func() {
		for range cap(p.places) {
			<-p.places
		}
	}()
	var err error
	for _, c := range p.idle {
		err = errors.Join(err, c.close())
	}
	p.idle = nil
	return err
}
