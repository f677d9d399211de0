package search

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"sync/atomic"

	"haven"
	"haven/platform/db"
	"haven/platform/errs"
)

// indexVersion changes when words are cut or hashed in another way; an index of another version is rebuilt.
const indexVersion = 2

// state is the row of search_state.
type state struct {
	version      int64
	mark         string
	filled, upto haven.MessageID
}

// refilling reports whether a rebuild has yet to put messages into index_todo.
func (s state) refilling() bool { return s.filled < s.upto }

// index is the word index with its life: opened, in doubt, rebuilt.
type index struct {
	main *db.DB
	path string // of the file; "" on PostgreSQL
	keys Keys
	log  *slog.Logger
	room Room
	low  atomic.Bool // the disk has too little room for the index to grow

	mu     sync.RWMutex // held for reading while engine is used
	engine engine       // nil: in doubt, everything is scanned until the worker has begun a new one
}

// openIndex opens the index that belongs to the main database, or begins a new one where there is none that can be trusted. A
// file that can't be made or opened now, for want of room above all, is left to the worker.
func openIndex(ctx context.Context, o Options) (*index, error) {
	x := &index{main: o.Main, path: o.IndexPath, keys: o.Keys, log: o.Logger, room: o.Room}
	if o.Main.Engine() == "sqlite" && x.path == "" {
		return nil, errs.E(errs.Invalid, "On SQLite the search index needs a file of its own.")
	}
	if o.Main.Engine() != "sqlite" {
		x.path = ""
	}
	err := x.open(ctx)
	if errors.Is(err, errDoubt) {
		x.log.Info("search index is built anew", "why", err.Error())
		err = x.renew(ctx)
	}
	if x.canWait(ctx, err) {
		x.log.Warn("search index can't be opened now; letters are read instead", "error", err)
		err = nil
	}
	if err != nil {
		return nil, err
	}
	return x, nil
}

// errDoubt is wrapped by the reasons for which an index isn't trusted.
var errDoubt = errors.New("the search index is in doubt")

// open opens what is there.
func (x *index) open(ctx context.Context) error {
	st, err := x.state(ctx)
	if err != nil {
		return err
	}
	if st.version != indexVersion {
		return fmt.Errorf("%w: version %d", errDoubt, st.version)
	}
	if x.path == "" {
		return x.openTable(ctx)
	}
	if err := trusted(x.path); err != nil {
		return err
	}
	e, err := openFile(ctx, x.path, x.log)
	if err != nil {
		return doubtful(err)
	}
	mark, err := e.mark(ctx)
	if err != nil || mark != st.mark {
		return errors.Join(fmt.Errorf("%w: it belongs to another database", errDoubt), err, e.close())
	}
	if err := markOpen(x.path); err != nil {
		return errors.Join(doubtful(err), e.close())
	}
	x.set(e)
	return nil
}

func (x *index) openTable(ctx context.Context) error {
	if err := x.main.Migrate(ctx, tableSchema); err != nil {
		return err
	}
	x.set(tableEngine{x.main})
	return nil
}

func (x *index) set(e engine) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.engine = e
}

// renew begins a new, empty index and has every message indexed again, in steps of the worker. The state is written
// first: an interruption leaves an index whose mark is not the state's, which is in doubt again. Where there is no room for an
// index it only removes the old one, and the error has errLow behind it.
func (x *index) renew(ctx context.Context) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.engine != nil {
		// What doesn't close is in doubt anyway.
		if err := x.engine.close(); err != nil {
			x.log.Warn("search index does not close", "error", err)
		}
		x.engine = nil
	}
	if err := x.hasRoom(); err != nil {
		return errors.Join(err, removeFile(x.path))
	}
	var random [16]byte
	if _, err := rand.Read(random[:]); err != nil {
		return errs.Wrap(errs.Internal, err, "")
	}
	mark := hex.EncodeToString(random[:])
	if x.path == "" {
		if err := x.main.Migrate(ctx, tableSchema); err != nil {
			return err
		}
	}
	if err := x.begin(ctx, mark); err != nil {
		return err
	}
	if x.path == "" {
		x.engine = tableEngine{x.main}
		return nil
	}
	if err := removeFile(x.path); err != nil {
		return err
	}
	e, err := openFile(ctx, x.path, x.log)
	if err != nil {
		return err
	}
	if err := errors.Join(e.setMark(ctx, mark), markOpen(x.path)); err != nil {
		return errors.Join(err, e.close())
	}
	x.engine = e
	return nil
}

// begin writes the state of an empty index; on PostgreSQL it empties the index in the same commit.
func (x *index) begin(ctx context.Context, mark string) error {
	return x.main.Write(ctx, func(tx *db.Tx) error {
		if x.path == "" {
			tx.Exec(sqlTableEmpty)
		}
		var newest int64
		err := tx.Query(sqlNewest, nil, func(r db.Row) error {
			newest = r.Int64(0)
			return nil
		})
		tx.Exec(sqlDocumentsEmpty)
		tx.Exec(sqlSetState, int64(indexVersion), mark, int64(0), newest)
		return err
	})
}

// doubt gives an index that fails up: until the worker has begun a new one, everything is scanned. A table of the main
// database is as good as that database.
func (x *index) doubt(e engine, cause error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.log.Error("search index fails", "error", cause)
	if x.engine != e || x.path == "" {
		return
	}
	if err := e.close(); err != nil {
		x.log.Warn("search index does not close", "error", err)
	}
	x.engine = nil
}

func (x *index) state(ctx context.Context) (st state, err error) {
	err = x.main.Read(ctx, func(tx *db.Tx) error {
		st, err = readState(tx)
		return err
	})
	return st, err
}

func readState(tx *db.Tx) (st state, err error) {
	err = tx.Query(sqlState, nil, func(r db.Row) error {
		st = state{r.Int64(0), r.Text(1), haven.MessageID(r.Int64(2)), haven.MessageID(r.Int64(3))}
		return nil
	})
	return st, err
}

// close closes the index and notes that all of it is on disk. A file that can't be finished, for want of room above all, is no
// error: at the worst it is in doubt.
func (x *index) close() error {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.engine == nil {
		return nil
	}
	err := x.engine.close()
	x.engine = nil
	if err == nil && x.path != "" {
		err = markClean(x.path)
	}
	if x.path != "" && (errs.Is(err, errs.Transient) || outOfRoom(err)) {
		x.log.Warn("search index was not closed in order; it may be built anew", "error", err)
		return nil
	}
	return err
}

// logPages is how long the log of the index's file may grow between batches: what it took of the disk it keeps.
const logPages = 2_000

// openFile opens the index's file, making it if it isn't there.
func openFile(ctx context.Context, path string, log *slog.Logger) (fileEngine, error) {
	d, err := db.Open(ctx, db.Config{Path: path, UnsafeNoSync: true, MaxReaders: 4, CheckpointPages: logPages, Logger: log})
	if err != nil {
		return fileEngine{}, err
	}
	if err := d.Migrate(ctx, fileSchema); err != nil {
		return fileEngine{}, errors.Join(err, d.Close())
	}
	return fileEngine{d}, nil
}

func (e fileEngine) mark(ctx context.Context) (mark string, err error) {
	err = e.db.Read(ctx, func(tx *db.Tx) error {
		return tx.Query(sqlFileMark, nil, func(r db.Row) error {
			mark = r.Text(0)
			return nil
		})
	})
	return mark, err
}

func (e fileEngine) setMark(ctx context.Context, mark string) error {
	return e.db.Write(ctx, func(tx *db.Tx) error {
		tx.Exec(sqlSetFileMark, mark)
		return nil
	})
}

// The index's file is written without syncing. Beside it a small synced file tells whether what the file holds is on disk:
// "clean" after an orderly end, and while it is open the name of the machine's run. After a crash of the process alone
// the operating system still writes everything; after one of the machine the file is in doubt.
const (
	statusSuffix = ".status"
	statusClean  = "clean"
	statusOpen   = "open "
	bootIDFile   = "/proc/sys/kernel/random/boot_id"
)

// bootID names this run of the machine; "" where that can't be told.
func bootID() string {
	b, err := os.ReadFile(bootIDFile)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(b))
}

// trusted is nil if all that was written to the index is there.
func trusted(path string) error {
	b, err := os.ReadFile(path + statusSuffix)
	if err != nil {
		return fmt.Errorf("%w: %w", errDoubt, err)
	}
	boot := bootID()
	if s := string(b); s != statusClean && (boot == "" || s != statusOpen+boot) {
		return fmt.Errorf("%w: the machine stopped while it was open", errDoubt)
	}
	if _, err := os.Stat(path); err != nil {
		return fmt.Errorf("%w: %w", errDoubt, err)
	}
	return nil
}

func markOpen(path string) error { return writeStatus(path, statusOpen+bootID()) }

// markClean syncs the closed index and says so.
func markClean(path string) error {
	for _, suffix := range []string{"", "-wal"} {
		if err := syncFile(path + suffix); err != nil && !errors.Is(err, os.ErrNotExist) {
			return errs.Wrap(errs.Transient, err, "")
		}
	}
	return writeStatus(path, statusClean)
}

func syncFile(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// writeStatus replaces the status file. One that a crash cut short is no known status, and so in doubt. It is written in its
// place, so that it takes no room that a full disk hasn't.
func writeStatus(path, status string) error {
	f, err := os.OpenFile(path+statusSuffix, os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return errs.Wrap(errs.Transient, err, "")
	}
	_, err = f.WriteString(status)
	if err == nil {
		err = f.Truncate(int64(len(status)))
	}
	return errs.Wrap(errs.Transient, errors.Join(err, f.Sync(), f.Close()), "")
}

func removeFile(path string) error {
	for _, suffix := range []string{statusSuffix, "", "-wal", "-shm"} {
		if err := os.Remove(path + suffix); err != nil && !errors.Is(err, os.ErrNotExist) {
			return errs.Wrap(errs.Transient, err, "")
		}
	}
	return nil
}
