package db

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"haven/platform/errs"
)

const (
	queueLength   = 1024                  // closures that wait at most
	queuePatience = 10 * time.Second      // for a place in the queue
	groupLength   = 256                   // closures in one commit at most
	groupTime     = 50 * time.Millisecond // after which a commit takes no more closures
	slowClosure   = 100 * time.Millisecond
	closureLimit  = 30 * time.Second // after which the writer interrupts a statement, and its group fails
)

// A request is waiting until either the writer takes it or its caller leaves.
const (
	waiting int32 = iota
	taken
	left
)

// request is one closure on its way through the writer.
type request struct {
	ctx   context.Context
	fn    func(*Tx) error
	since time.Time
	state atomic.Int32
	err   error
	done  chan struct{} // gets one token when err is final
}

// sqliteWriter owns the only connection that changes rows. Its goroutine takes whatever waits into one
// transaction and never waits for company.
type sqliteWriter struct {
	engine  *sqliteEngine
	conn    *sqliteConn
	queue   chan *request
	closing chan struct{}
	ended   chan struct{} // closed when no request will be answered any more
	turn    sync.Mutex    // held while the connection is in use; the checkpointer and migrations take it between groups
	limit   time.Duration // for one closure, see closureLimit
	group   []*request
	free    sync.Pool
}

func openWriter(e *sqliteEngine) (*sqliteWriter, error) {
	conn, err := openConn(e.path, e.writerPragmas())
	if err != nil {
		return nil, err
	}
	w := &sqliteWriter{
		engine: e, conn: conn, queue: make(chan *request, queueLength),
		closing: make(chan struct{}), ended: make(chan struct{}), limit: closureLimit,
	}
	w.free.New = func() any { return &request{done: make(chan struct{}, 1)} }
	return w, nil
}

// start runs the loop in a goroutine, and in a new one when a closure ended the goroutine (runtime.Goexit, which
// a test's FailNow calls).
func (w *sqliteWriter) start() {
	go func() {
		defer close(w.ended)
		for {
			whole, over := false, make(chan struct{})
			go func() {
				defer close(over)
				w.loop()
				whole = true
			}()
			if <-over; whole {
				return
			}
		}
	}()
}

// stop lets what waits finish and returns when the writer has ended. It is called once.
func (w *sqliteWriter) stop() {
	close(w.closing)
	<-w.ended
}

func (w *sqliteWriter) loop() {
	for {
		select {
		case r := <-w.queue:
			w.runGroup(r)
			continue
		default:
		}
		select {
		case r := <-w.queue:
			w.runGroup(r)
		case <-w.closing:
			if len(w.queue) == 0 {
				return
			}
		}
	}
}

// write hands fn to the writer and waits for the commit.
func (e *sqliteEngine) write(ctx context.Context, fn func(*Tx) error) error {
	if err := e.check.refuse(); err != nil {
		return err
	}
	w := e.writer
	r := w.free.Get().(*request)
	r.ctx, r.fn, r.since, r.err = ctx, fn, time.Now(), nil
	r.state.Store(waiting)
	if err := w.enqueue(ctx, r); err != nil {
		return err
	}
	select {
	case <-r.done:
	case <-ctx.Done():
		if r.state.CompareAndSwap(waiting, left) {
			return stopped(ctx) // the writer drops r, which is not used again
		}
		<-r.done
	case <-w.ended:
		select {
		case <-r.done:
		default:
			return errClosed
		}
	}
	err := r.err
	r.ctx, r.fn, r.err = nil, nil, nil
	w.free.Put(r)
	return err
}

func (w *sqliteWriter) enqueue(ctx context.Context, r *request) error {
	if ctx.Err() != nil {
		return stopped(ctx)
	}
	select {
	case <-w.closing:
		return errClosed
	default:
	}
	select {
	case w.queue <- r:
		return nil
	default:
	}
	late := time.NewTimer(queuePatience)
	defer late.Stop()
	select {
	case w.queue <- r:
		return nil
	case <-ctx.Done():
		return stopped(ctx)
	case <-w.closing:
		return errClosed
	case <-late.C:
		return errs.Wrap(errs.Transient, errors.New("the writer's queue was full for too long"), sayBusy)
	}
}

// waitPlace waits for a token in places.
func waitPlace(ctx context.Context, places chan struct{}) error {
	late := time.NewTimer(queuePatience)
	defer late.Stop()
	select {
	case places <- struct{}{}:
		return nil
	case <-ctx.Done():
		return stopped(ctx)
	case <-late.C:
		return errs.Wrap(errs.Transient, errors.New("all readers were busy for too long"), sayBusy)
	}
}

// runGroup runs first and what else waits in one transaction, commits, and answers them all. Nobody is answered
// before the commit: what a closure refused may rest on a row of the closure before it.
func (w *sqliteWriter) runGroup(first *request) {
	w.turn.Lock()
	defer w.turn.Unlock()
	w.group = w.group[:0]
	lost := errs.Wrap(errs.Internal, errGone, "") // what everybody gets if a closure ends this goroutine
	defer func() { w.answer(lost) }()
	if err := w.conn.do("BEGIN IMMEDIATE"); err != nil {
		lost = err
		w.takeAll(first)
		return
	}
	started := time.Now()
	lost = w.runAll(first, started)
	if lost == nil {
		lost = w.conn.do("COMMIT")
	}
	w.engine.check.poke()
}

// runAll runs closures until none waits or the group is full. Its error means that the transaction is lost.
func (w *sqliteWriter) runAll(first *request, started time.Time) error {
	for r := first; r != nil; r = w.next(started) {
		if !r.state.CompareAndSwap(waiting, taken) {
			continue
		}
		w.group = append(w.group, r)
		if err := w.runOne(r); err != nil {
			return err
		}
	}
	return nil
}

func (w *sqliteWriter) next(started time.Time) *request {
	if len(w.group) >= groupLength || time.Since(started) > groupTime {
		return nil
	}
	select {
	case r := <-w.queue:
		return r
	default:
		return nil
	}
}

// takeAll takes what waits now without running it.
func (w *sqliteWriter) takeAll(first *request) {
	for r := first; r != nil; r = w.next(time.Now()) {
		if r.state.CompareAndSwap(waiting, taken) {
			w.group = append(w.group, r)
		}
	}
}

// runOne runs one closure in a savepoint and leaves its outcome in r.err.
func (w *sqliteWriter) runOne(r *request) error {
	began := time.Now()
	w.engine.count.waited(began.Sub(r.since))
	if err := w.conn.do("SAVEPOINT closure"); err != nil {
		return err
	}
	tx := &sqliteTx{conn: w.conn}
	r.err = errs.Wrap(errs.Internal, errGone, "")
	w.conn.guard(context.Background(), w.limit)
	r.err = run(r.fn, &Tx{tx}, &w.engine.count)
	why := w.conn.unguard()
	tx.ended = true
	if r.err == nil {
		r.err = tx.failed
	}
	took := time.Since(began)
	w.engine.count.ran(took)
	if took > slowClosure {
		w.engine.log.Warn("slow write", "took", took, "statement", tx.last)
	}
	if w.conn.conn.AutocommitEnabled() { // SQLite rolled the whole transaction back: disk full, I/O error, interrupt
		return lostTransaction(r.err, why)
	}
	if r.err != nil {
		if err := w.conn.do("ROLLBACK TO closure"); err != nil {
			return err
		}
	}
	return w.conn.do("RELEASE closure")
}

// lostTransaction is what the whole group gets.
func lostTransaction(err, why error) error {
	return errs.Wrap(errs.Transient, errors.Join(errors.New("the transaction was rolled back"), why, err), sayBusy)
}

// answer tells everybody in the group its outcome; lost, if any, is everybody's.
func (w *sqliteWriter) answer(lost error) {
	w.conn.unguard() // armed still if a closure ended its goroutine
	if !w.conn.conn.AutocommitEnabled() {
		if err := w.conn.do("ROLLBACK"); err != nil {
			w.engine.log.Error("rollback failed", "error", err)
		}
	}
	var good, bad int64
	for i, r := range w.group {
		if lost != nil {
			r.err = lost
		}
		if r.err == nil {
			good++
		} else {
			bad++
		}
		w.group[i] = nil
		r.done <- struct{}{}
	}
	w.engine.count.failed.Add(bad)
	if good > 0 {
		w.engine.count.committed(good)
	}
}
