package search

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"haven"
	"haven/mail/mailbox"
	"haven/platform/db"
	"haven/platform/errs"
)

// The bounds of one step of the worker. Its writes to the main database stand behind mail, so they are short.
const (
	stepMessages = 500
	stepTokens   = 150_000 // after which no further message is taken in; with its merges such a batch is some 10 MiB of log
	stepFill     = 1_000
	stepDone     = 250
	maxTries     = 3           // of a message that can't be read; then it is left out
	maxWaits     = 20          // of one that can't be read just now, while others can
	stepWaits    = 5           // such messages that one step meets
	idle         = time.Second // between looks for something to do
	maxPause     = time.Minute // between tries when the database or the index fails

	// What others do with the main database while the worker works, a read counting a quarter of a write, tells how
	// many wait. Above busyUses a second it rests as long as it works, above rushUses rushRest times as long: what isn't indexed is
	// scanned, but what isn't accepted or shown is somebody waiting. Once letters have waited for lateAfter it rests less
	// (docs/decisions/003); those that came before lateWithin wait for another reason.
	busyUses   = 150
	rushUses   = 1_500
	rushRest   = 4
	maxRest    = 10 * time.Second
	lateAfter  = 3 * time.Second
	lateWithin = time.Hour
)

// worker brings the index up to date. One per database works (Options.Turn).
type worker struct {
	*Service
	itself func(haven.AccountNo) mailbox.Viewer
	log    *slog.Logger
	failed map[haven.MessageID]int // tries of messages that can't be read
	unread map[haven.MessageID]int // tries of messages whose documents can't be read now
	late   map[haven.MessageID]int // of messages that can't be read just now: how often while others could
	untidy bool                    // something was put since the index was tidied
}

// Run keeps the index up to date until ctx ends. Documents are read beside, so that no letter waits for another's.
func (s *Service) Run(ctx context.Context) {
	var wg sync.WaitGroup
	if s.documents != nil {
		wg.Go(func() { s.keepUp(ctx, s.stepDocuments, func(context.Context) bool { return false }) })
	}
	s.keepUp(ctx, s.stepLetters, s.late)
	wg.Wait()
}

// keepUp takes step after step, and rests between as others need the machine.
func (s *Service) keepUp(ctx context.Context, step func(context.Context) (int, error), late func(context.Context) bool) {
	pause := idle
	for ctx.Err() == nil {
		begun, before := s.clock.Now(), s.uses()
		n, err := s.inOurTurn(ctx, step)
		switch {
		case err != nil && ctx.Err() == nil:
			pause = s.worker.standStill(err, pause)
		case n > 0:
			pause = rest(s.clock.Now().Sub(begun), s.uses()-before-ownUses*int64(n), late(ctx))
		default:
			pause = idle
		}
		if s.clock.Sleep(ctx, pause) != nil {
			return
		}
	}
}

// inOurTurn takes a step where it is this process's turn.
func (s *Service) inOurTurn(ctx context.Context, step func(context.Context) (int, error)) (n int, err error) {
	if ours, err := s.turn(ctx); err != nil || !ours {
		return 0, err
	}
	return step(ctx)
}

// standStill is how long the worker waits after an error. A disk without room gets it by somebody's doing, not by being asked often.
func (w *worker) standStill(err error, pause time.Duration) time.Duration {
	if !errors.Is(err, errLow) {
		w.log.Warn("search index stands still", "error", err)
	}
	if outOfRoom(err) {
		return maxPause
	}
	return min(max(2*pause, idle), maxPause)
}

// ownUses is about what the worker itself does with the main database for each message.
const ownUses = 1

// uses counts what was done with the main database so far.
func (s *Service) uses() int64 {
	st := s.index.main.Stats()
	return st.Writes + st.Reads/4
}

// rest is how long the worker lets others have the machine after a step that took so long, while the main database was used so often; late:
// letters have waited for some time.
func rest(took time.Duration, uses int64, late bool) time.Duration {
	rate := float64(uses) / max(took.Seconds(), 0.001)
	switch {
	case rate > rushUses && !late:
		return min(rushRest*took, maxRest)
	case rate > rushUses, rate > busyUses && !late:
		return min(took, maxRest)
	}
	return 0
}

// late reports whether letters have waited for some time to be indexed. Where that can't be told they have not.
func (s *Service) late(ctx context.Context) (late bool) {
	now := s.clock.Now()
	err := s.index.main.Read(ctx, func(tx *db.Tx) error {
		late = false
		return tx.Query(sqlOldestTodo, []any{int64(mailbox.FirstAt(now.Add(-lateWithin)))}, func(r db.Row) error {
			late = now.Sub(mailbox.FiledAt(haven.MessageID(r.Int64(0)))) > lateAfter
			return nil
		})
	})
	return late && err == nil
}

// Step does one bounded piece of what there is to do and returns how many messages it dealt with; 0 means that the
// index is up to date. Documents come when no letter waits. Where there is too little room for what there is to do, nothing is done.
func (s *Service) Step(ctx context.Context) (int, error) {
	if n, err := s.stepLetters(ctx); n > 0 || err != nil {
		return n, err
	}
	return s.stepDocuments(ctx)
}

// stepLetters is Step for the letters themselves. Steps run one at a time.
func (s *Service) stepLetters(ctx context.Context) (int, error) {
	s.stepping.Lock()
	defer s.stepping.Unlock()
	s.index.mu.RLock()
	lost := s.index.engine == nil
	s.index.mu.RUnlock()
	if lost {
		if err := s.index.renew(ctx); err != nil {
			return 0, err
		}
	}
	filled, err := s.worker.fill(ctx)
	if err != nil {
		return 0, err
	}
	done, err := s.worker.work(ctx)
	return filled + done, err
}

// fill puts the next messages of a rebuild into index_todo.
func (w *worker) fill(ctx context.Context) (n int, err error) {
	st, err := w.index.state(ctx)
	if err != nil || !st.refilling() {
		return 0, err
	}
	if err := w.index.hasRoom(); err != nil {
		return 0, err
	}
	err = w.index.main.Write(ctx, func(tx *db.Tx) error {
		if st, err = readState(tx); err != nil || !st.refilling() {
			return err
		}
		end := int64(0)
		err := tx.Query(sqlFillEnd, []any{int64(st.filled), int64(st.upto), int64(stepFill)}, func(r db.Row) error {
			end = r.Int64(0)
			return nil
		})
		if err != nil {
			return err
		}
		if end == 0 {
			end = int64(st.upto)
		}
		tx.Exec(sqlFill, int64(st.filled), end)
		tx.Exec(sqlSetFilled, end, st.mark)
		n = 1
		return nil
	})
	return n, err
}

// todo is a row of index_todo.
type todo struct {
	msg     haven.MessageID
	account haven.AccountNo
	gone    bool

	documents bool // found in it when it was read
}

// work indexes the newest of what waits. Rows leave index_todo only after the index has committed, and only if they still
// say the same.
func (w *worker) work(ctx context.Context) (int, error) {
	waiting, err := w.waiting(ctx)
	if err != nil {
		return 0, err
	}
	if len(waiting) == 0 {
		return 0, w.tidy(ctx)
	}
	if err := w.index.hasRoom(); err != nil {
		return 0, err
	}
	docs, gone, done, err := w.read(ctx, waiting)
	if err != nil {
		return 0, err
	}
	slices.SortFunc(docs, func(a, b doc) int { return cmp.Compare(a.msg, b.msg) })
	if err := w.put(ctx, docs, gone); err != nil {
		return 0, err
	}
	for part := range slices.Chunk(done, stepDone) {
		err := w.index.main.Write(ctx, func(tx *db.Tx) error {
			for _, t := range part {
				tx.Exec(sqlTodoDone, int64(t.msg), t.gone)
				switch {
				case t.gone:
					tx.Exec(sqlDocumentsDone, int64(t.msg))
				case t.documents && w.documents != nil:
					tx.Exec(sqlDocumentsPut, int64(t.msg), int64(t.account))
				}
			}
			return nil
		})
		if err != nil {
			return 0, err
		}
	}
	return len(done), nil
}

func (w *worker) put(ctx context.Context, docs []doc, gone []haven.MessageID) error {
	w.untidy = true
	return w.withEngine(ctx, func(e engine) error { return e.put(ctx, docs, gone) })
}

// tidy is for when nothing more waits.
func (w *worker) tidy(ctx context.Context) error {
	if !w.untidy {
		return nil
	}
	err := w.withEngine(ctx, func(e engine) error { return e.tidy(ctx) })
	w.untidy = err != nil
	return err
}

// withEngine gives the index up if it fails or meets a full disk.
func (w *worker) withEngine(ctx context.Context, fn func(engine) error) error {
	x := w.index
	x.mu.RLock()
	e := x.engine
	if e == nil {
		x.mu.RUnlock()
		return errs.Wrap(errs.Transient, errDoubt, "")
	}
	err := fn(e)
	x.mu.RUnlock()
	switch {
	case outOfRoom(err):
		x.giveRoom(e, err)
	case errs.Is(err, errs.Internal) && ctx.Err() == nil:
		x.doubt(e, err)
	}
	return err
}

func (w *worker) waiting(ctx context.Context) (list []todo, err error) {
	err = w.index.main.Read(ctx, func(tx *db.Tx) error {
		list = list[:0]
		return tx.Query(sqlTodo, []any{int64(stepMessages)}, func(r db.Row) error {
			list = append(list, todo{msg: haven.MessageID(r.Int64(0)), account: haven.AccountNo(r.Int64(1)), gone: r.Bool(2)})
			return nil
		})
	})
	return list, err
}

// read takes the words of messages, account by account, until the step is full; done are the rows dealt with.
func (w *worker) read(ctx context.Context, waiting []todo) (docs []doc, gone []haven.MessageID, done []todo, err error) {
	slices.SortStableFunc(waiting, func(a, b todo) int { // those that could not be read last, so that they hold nobody up
		return cmp.Or(cmp.Compare(w.isLate(a), w.isLate(b)), cmp.Compare(a.account, b.account))
	})
	tokens, waits := 0, 0
	var h *hasher
	var late []todo
	var cause error
	for _, t := range waiting {
		if t.gone {
			w.forget(t)
			gone, done = append(gone, t.msg), append(done, t)
			continue
		}
		if tokens > stepTokens || waits == stepWaits {
			continue
		}
		if h == nil || h.account != t.account {
			if h, err = w.hasher(ctx, t.account); err != nil {
				return nil, nil, nil, err
			}
		}
		if h.broken != nil {
			late, cause = append(late, t), h.broken
			w.late[t.msg] += 0
			continue
		}
		d, finished, err := w.document(ctx, h, t)
		if errs.Is(err, errs.Transient) && ctx.Err() == nil {
			late, cause, waits = append(late, t), err, waits+1
			w.late[t.msg] += 0 // known as late from now; putOff counts
			continue
		}
		if err != nil {
			return nil, nil, nil, err
		}
		if t.documents = d != nil && d.documents; finished {
			done = append(done, t)
		}
		if d != nil {
			docs, tokens = append(docs, *d), tokens+len(d.tokens)
		}
	}
	switch {
	case len(late) > 0 && len(docs) > 0:
		done = append(done, w.putOff(late, cause)...)
	case len(late) > 0 && len(done) == 0:
		return nil, nil, nil, cause
	}
	return docs, gone, done, nil
}

// putOff counts messages that can't be read just now. That others could be read in the same step tells that it is these messages,
// and not the store that is away; one that has waited often enough is left out.
func (w *worker) putOff(late []todo, cause error) (leftOut []todo) {
	for _, t := range late {
		if w.late[t.msg]++; w.late[t.msg] >= maxWaits {
			w.leaveOut(t, cause)
			leftOut = append(leftOut, t)
		}
	}
	return leftOut
}

func (w *worker) isLate(t todo) int {
	if _, is := w.late[t.msg]; is {
		return 1
	}
	return 0
}

func (w *worker) forget(t todo) {
	delete(w.failed, t.msg)
	delete(w.late, t.msg)
}

func (w *worker) leaveOut(t todo, err error) {
	w.forget(t)
	w.log.Error("a message can't be read for the search index; it is left out", "message", int64(t.msg), "error", err)
}

// hasher hashes the words of one account for one step, each only once.
type hasher struct {
	account haven.AccountNo
	terms   Terms // nil: the account's keys are destroyed, nothing can be read
	broken  error // why the account's keys can't be had, which holds up its own messages and no others
	known   map[string]uint64
}

// maxKnown is how many hashes a step remembers of an account.
const maxKnown = 200_000

func (w *worker) hasher(ctx context.Context, account haven.AccountNo) (*hasher, error) {
	terms, err := w.keys(ctx, account)
	switch {
	case err == nil:
		return &hasher{account: account, terms: terms, known: map[string]uint64{}}, nil
	case errs.Is(err, errs.NotFound):
		return &hasher{account: account}, nil
	case errs.Is(err, errs.Transient), ctx.Err() != nil:
		return nil, err
	}
	return &hasher{account: account, broken: err}, nil
}

func (h *hasher) hash(word []byte) (uint64, error) {
	if v, ok := h.known[string(word)]; ok {
		return v, nil
	}
	v, err := h.terms.Term(word)
	if err == nil && len(h.known) < maxKnown {
		h.known[string(word)] = v
	}
	return v, err
}

// document is what the index keeps of a message; nil for one that is gone. finished is false if it is to be tried again.
func (w *worker) document(ctx context.Context, h *hasher, t todo) (d *doc, finished bool, err error) {
	if h.terms == nil {
		return nil, true, nil
	}
	c, err := w.content(ctx, t)
	var tokens []token
	if err == nil {
		tokens, err = tokensOf(c, h.hash)
	}
	switch kind := errs.KindOf(err); {
	case err == nil:
		w.forget(t)
		return &doc{msg: t.msg, account: t.account, tokens: tokens, documents: c.documents()}, true, nil
	case ctx.Err() != nil:
		return nil, false, ctx.Err()
	case kind == errs.NotFound:
		w.forget(t)
		return nil, true, nil
	case kind == errs.Transient:
		return nil, false, err
	default:
		if w.failed[t.msg]++; w.failed[t.msg] < maxTries {
			return nil, false, nil
		}
		w.leaveOut(t, err)
		return nil, true, nil
	}
}

// tokensOf are the tokens of a message's words, each once, ascending.
func tokensOf(c *content, hash func([]byte) (uint64, error)) (list []token, err error) {
	list = make([]token, 0, c.tokens)
	add := func(words wordSet, place token) {
		for word := range words {
			prefixes([]byte(word), c.longest, func(p []byte) {
				h, fail := hash(p)
				if fail != nil {
					err = fail
				}
				list = append(list, tokenOf(h, place))
			})
		}
	}
	add(c.head, 0)
	add(c.body, inBody)
	slices.Sort(list)
	return slices.Compact(list), err
}

var errGone = errs.E(errs.NotFound, "The message is gone.")

// content reads a message's words. What panics over a message is that message's fault, and must not stop the others.
func (w *worker) content(ctx context.Context, t todo) (c *content, err error) {
	defer recovered(&err)
	v := w.itself(t.account)
	info, err := w.info(ctx, t)
	if err != nil {
		return nil, err
	}
	if info.Meta.Size > wholeLetter {
		body, err := w.store.Body(ctx, v, t.msg)
		if err != nil {
			return nil, err
		}
		defer body.Close()
		return readContent(info, body)
	}
	err = w.store.Bodies(ctx, v, []haven.MessageID{t.msg}, func(_ int, message []byte) error {
		c, err = readContent(info, bytes.NewReader(message))
		return err
	})
	if err == nil && c == nil {
		err = errGone
	}
	return c, err
}

func (w *worker) info(ctx context.Context, t todo) (info *mailbox.Info, err error) {
	err = w.store.Infos(ctx, w.itself(t.account), []haven.MessageID{t.msg}, func(_ int, i *mailbox.Info) error {
		kept := *i
		info = &kept
		return nil
	})
	if err == nil && info == nil {
		err = errGone
	}
	return info, err
}

// recovered makes an error of a panic.
func recovered(err *error) {
	if p := recover(); p != nil {
		*err = errs.Wrap(errs.Internal, fmt.Errorf("reading a message panicked: %v\n%s", p, debug.Stack()), "")
	}
}
