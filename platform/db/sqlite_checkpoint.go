package db

import (
	"sync"
	"sync/atomic"
	"time"

	"haven/platform/errs"
)

const (
	checkpointPause = 50 * time.Millisecond // between two looks at the log while it is written to
	checkpointIdle  = time.Minute           // after which a short log is copied too, so that what was purged is gone from the file
	checkpointStop  = 50 * time.Millisecond // for which the writer may be held up while old readers leave
	checkpointForce = time.Second           // the same, once the log is over its warning mark
	checkpointAgain = 10 * time.Second      // between two such waits
	warnFactor      = 8
	refuseFactor    = 32
)

// checkpointer keeps SQLite's write-ahead log short. It copies pages to the database file on a connection of its
// own beside the writer; only for the last few pages, after which the log begins anew, it takes the writer's turn.
type checkpointer struct {
	engine *sqliteEngine
	conn   *sqliteConn
	mark   int64
	pages  atomic.Int64 // still to be copied, with those before them; 0 if all are
	frames int64        // in the log, copied or not: what was purged can be read there until the log is cut off
	kick   chan struct{}
	quit   chan struct{}
	ended  sync.WaitGroup
	warned bool
	broken bool         // said already
	last   time.Time    // the log was begun anew, or that was tried
	forced time.Time    // the writer was held up for long
	idle   atomic.Int64 // see checkpointIdle
}

func openCheckpointer(e *sqliteEngine) (*checkpointer, error) {
	conn, err := openConn(e.path, e.writerPragmas())
	if err != nil {
		return nil, err
	}
	return &checkpointer{
		engine: e, conn: conn, mark: e.config.CheckpointPages,
		kick: make(chan struct{}, 1), quit: make(chan struct{}),
	}, nil
}

func (k *checkpointer) start() {
	k.last = time.Now()
	k.idle.Store(int64(checkpointIdle))
	k.ended.Go(k.loop)
}

func (k *checkpointer) stop() {
	close(k.quit)
	k.ended.Wait()
}

// poke says that something was committed.
func (k *checkpointer) poke() {
	select {
	case k.kick <- struct{}{}:
	default:
	}
}

// refuse is the error for a write while the log is over its refusal mark.
func (k *checkpointer) refuse() error {
	if k.pages.Load() < refuseFactor*k.mark {
		return nil
	}
	return errs.E(errs.Transient, "The mail store is behind with its work. Try again in a few minutes.")
}

func (k *checkpointer) loop() {
	idle := time.NewTicker(checkpointIdle)
	defer idle.Stop()
	pause := time.NewTimer(0)
	defer pause.Stop()
	for {
		select {
		case <-k.quit:
			return
		case <-k.kick:
		case <-idle.C:
		}
		k.look()
		pause.Reset(checkpointPause)
		select {
		case <-k.quit:
			return
		case <-pause.C:
		}
	}
}

// look measures the log and copies it when it is long or old; an old one is cut off, and that is tried again, with or without
// another write, until no reader was in its way. The writer is only stopped for the last few pages:
// not when a reader still needs much of the log, unless that goes on for too long.
func (k *checkpointer) look() {
	k.checkpoint("NOOP")
	k.warn()
	pages := k.pages.Load()
	long, old := pages > k.mark, time.Since(k.last) > time.Duration(k.idle.Load())
	if !long && (!old || k.frames == 0) {
		return
	}
	copied := k.copy()
	force := pages > warnFactor*k.mark && time.Since(k.forced) > checkpointAgain
	switch {
	case force:
		k.forced = time.Now()
		k.restart("RESTART", checkpointForce)
	case !copied:
	case long:
		k.restart("RESTART", checkpointStop)
	default:
		k.restart("TRUNCATE", checkpointStop)
	}
}

// copy copies the log beside the writer, up to three times, since the writer adds to it meanwhile. It is false
// when a reader still needs much of what was there when it began.
func (k *checkpointer) copy() bool {
	for range 3 {
		before := k.pages.Load()
		rest, _ := k.checkpoint("PASSIVE")
		if before-(k.pages.Load()-rest) > k.mark/4 && rest > 0 {
			return false
		}
		if rest <= k.mark/4 {
			return true
		}
	}
	return true
}

// restart copies the rest while the writer stands still, waits for readers that still need the log, and lets it
// begin anew.
func (k *checkpointer) restart(mode string, wait time.Duration) {
	k.last = time.Now()
	k.engine.writer.turn.Lock()
	defer k.engine.writer.turn.Unlock()
	k.conn.conn.SetBusyTimeout(wait)
	if _, busy := k.checkpoint(mode); !busy {
		k.engine.count.checkpoints.Add(1)
	}
}

// checkpoint runs one checkpoint and returns how many pages are still to copy. A log that is wholly copied counts
// as empty: the next writer begins it anew.
func (k *checkpointer) checkpoint(mode string) (rest int64, busy bool) {
	row, err := k.conn.rowOf("PRAGMA wal_checkpoint("+mode+")", 3)
	if err != nil {
		if !k.broken {
			k.engine.log.Error("checkpoint failed", "error", err)
		}
		k.broken = true
		return k.pages.Load(), true
	}
	k.broken = false
	busy, pages, rest := row[0] != 0, row[1], row[1]-row[2]
	k.frames = pages
	if rest == 0 {
		pages = 0
	}
	k.pages.Store(pages)
	k.engine.count.walPages.Store(pages)
	return rest, busy
}

func (k *checkpointer) warn() {
	over := k.pages.Load() > warnFactor*k.mark
	if over && !k.warned {
		k.engine.log.Warn("the write-ahead log is long; a reader may hold an old snapshot", "pages", k.pages.Load())
	}
	k.warned = over
}
