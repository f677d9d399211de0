package db

import (
	"context"
	"log/slog"
	"strings"
	"time"
)

// Config says which database to open, and how.
type Config struct {
	// Path is an SQLite file, which is created if missing, or a URL postgres://user@host/database.
	Path string

	// Schema is the PostgreSQL schema that holds the tables; it is created if missing. Empty is the server's own
	// choice, mostly "public". On SQLite a store of its own is a file of its own, and Schema must be empty.
	Schema string

	// Existing opens only what is there: no file and no schema is made.
	Existing bool

	// UnsafeNoSync lets SQLite write without syncing: a power failure may lose or break the file. It is for what
	// can be rebuilt, such as the search index.
	UnsafeNoSync bool

	// MaxReaders bounds the snapshots open at once: connections of SQLite's readers (0: 8), or all connections
	// to PostgreSQL (0: 16).
	MaxReaders int

	// ReadLimit is after how long a Read is stopped (0: 5 s). Long snapshots make the write-ahead log grow.
	ReadLimit time.Duration

	// CheckpointPages is how many pages SQLite's write-ahead log may hold before they are copied to the database
	// file (0: 16,000). From 8 times that on a warning is logged, from 32 times that on Write refuses as Transient.
	CheckpointPages int64

	// Logger gets warnings: never a value, only names and durations. Nil logs nothing.
	Logger *slog.Logger
}

func (c Config) withDefaults() Config {
	if c.ReadLimit <= 0 {
		c.ReadLimit = 5 * time.Second
	}
	if c.CheckpointPages <= 0 {
		c.CheckpointPages = 16_000
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.MaxReaders <= 0 {
		c.MaxReaders = 8
		if c.isPostgres() {
			c.MaxReaders = 16
		}
	}
	return c
}

func (c Config) isPostgres() bool {
	return strings.HasPrefix(c.Path, "postgres://") || strings.HasPrefix(c.Path, "postgresql://")
}

// Open opens the database, creating an SQLite file or a PostgreSQL schema that isn't there unless c.Existing. ctx bounds the opening alone.
func Open(ctx context.Context, c Config) (*DB, error) {
	c = c.withDefaults()
	if c.isPostgres() {
		e, err := openPostgres(ctx, c)
		if err != nil {
			return nil, err
		}
		return &DB{engine: e}, nil
	}
	e, err := openSQLite(c)
	if err != nil {
		return nil, err
	}
	return &DB{engine: e}, nil
}
