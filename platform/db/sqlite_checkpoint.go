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
	checkpointForce = 2 * time.Second       // the same, once the log is over its warning mark
	warnFactor      = 8
	refuseFactor    = 32
)

// checkpointer keeps SQLite's write-ahead log short. It copies pages to the database file on a connection of its
// own beside the writer; only for the last few pages, after which the log begins anew, it takes the writer's turn.
type checkpointer struct {
	engine *sqliteEngine
	conn   *sqliteConn
	mark   int64
	pages  atomic.Int64
	kick   chan struct{}
	quit   chan struct{}
	ended  sync.WaitGroup
	warned bool
	last   time.Time
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

// look measures the log and copies it when it is long or old.
func (k *checkpointer) look() {
	pages, _ := k.checkpoint("NOOP")
	switch {
	case pages > k.mark:
		k.checkpoint("PASSIVE")
		k.restart("RESTART", pages > warnFactor*k.mark)
	case pages > 0 && time.Since(k.last) > checkpointIdle:
		k.checkpoint("PASSIVE")
		k.restart("TRUNCATE", false)
	}
	k.warn()
}

// restart copies the rest while the writer stands still, and lets the log begin anew. force waits longer for
// readers that still need the log.
func (k *checkpointer) restart(mode string, force bool) {
	wait := checkpointStop
	if force {
		wait = checkpointForce
	}
	k.last = time.Now()
	k.engine.writer.turn.Lock()
	defer k.engine.writer.turn.Unlock()
	k.conn.conn.SetBusyTimeout(wait)
	if _, busy := k.checkpoint(mode); !busy {
		k.engine.count.checkpoints.Add(1)
	}
}

// checkpoint runs one checkpoint and returns how many pages the log holds after it. A log that is wholly copied
// counts as empty: the next writer begins it anew.
func (k *checkpointer) checkpoint(mode string) (pages int64, busy bool) {
	row, err := k.conn.rowOf("PRAGMA wal_checkpoint("+mode+")", 3)
	if err != nil {
		k.engine.log.Error("checkpoint failed", "error", err)
		return k.pages.Load(), true
	}
	pages = row[1]
	if pages == row[2] {
		pages = 0
	}
	k.pages.Store(pages)
	k.engine.count.walPages.Store(pages)
	return pages, row[0] != 0
}

func (k *checkpointer) warn() {
	over := k.pages.Load() > warnFactor*k.mark
	if over && !k.warned {
		k.engine.log.Warn("the write-ahead log is long; a reader may hold an old snapshot", "pages", k.pages.Load())
	}
	k.warned = over
}
