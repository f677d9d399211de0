// Package search answers what IMAP's SEARCH, SORT and THREAD ask of a mailbox, and keeps the word index that makes
// words in texts quick to find.
//
// A search learns about a message in steps and stops at the first that decides: the row (flags, size, dates), the word
// index, the sealed envelope, the header, the whole text. What the index has not reached yet is read instead, so no answer
// lacks new mail. The index holds keyed hashes of words, never words.
package search

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"math"
	"slices"
	"sync"

	"haven"
	"haven/mail/mailbox"
	"haven/platform/blob"
	"haven/platform/clock"
	"haven/platform/db"
	"haven/platform/errs"
)

// Store is what a search reads of the mail store; *mailbox.Service is one.
type Store interface {
	Folders(ctx context.Context, v mailbox.Viewer) ([]mailbox.Folder, error)
	Keywords(ctx context.Context, v mailbox.Viewer) ([]string, error)
	Rows(ctx context.Context, v mailbox.Viewer, mb haven.MailboxNo, uids []mailbox.Range, changedSince haven.Seq, fn func([]mailbox.Row) error) error
	// RowsOf takes Anywhere for a folder: one row of each message then, wherever it is.
	RowsOf(ctx context.Context, v mailbox.Viewer, mb haven.MailboxNo, msgs []haven.MessageID) ([]mailbox.Row, error)
	Infos(ctx context.Context, v mailbox.Viewer, msgs []haven.MessageID, fn func(i int, info *mailbox.Info) error) error
	Bodies(ctx context.Context, v mailbox.Viewer, msgs []haven.MessageID, fn func(i int, message []byte) error) error
	Body(ctx context.Context, v mailbox.Viewer, msg haven.MessageID) (*mailbox.Body, error)
}

// Terms hashes an account's words under its index key; *secret.AccountKeys does. NotFound: the key is destroyed.
type Terms interface {
	Term(word []byte) (uint64, error)
}

// Keys finds an account's Terms. NotFound: its keys are destroyed.
type Keys func(ctx context.Context, account haven.AccountNo) (Terms, error)

// Options are what a search stands on. Main is the database of the mail store, with the tables of Schema.
type Options struct {
	Main  *db.DB
	Store Store
	Keys  Keys
	// Itself is as whom the service reads an account's mail to index it.
	Itself func(haven.AccountNo) mailbox.Viewer
	// IndexPath is the file of the word index. It is needed on SQLite; on PostgreSQL the index is in Main.
	IndexPath string
	// Room tells how much room IndexPath's disk has; nil asks the operating system.
	Room Room
	// Documents reads the text inside documents that come with letters; nil: they are not searched inside.
	Documents Documents
	Clock     clock.Clock
	Logger    *slog.Logger // nil: none
	// Turn reports whether this process is the one that keeps the index up to date; nil: it is.
	Turn func(context.Context) (bool, error)
}

// Service searches. It is safe for many goroutines.
type Service struct {
	store Store
	keys  Keys
	clock clock.Clock
	index *index
	chunk int
	few   int
	scans chan struct{} // a token of each search that reads much

	turn      func(context.Context) (bool, error)
	stepping  sync.Mutex // one step at a time
	documents Documents
	worker    *worker
}

// Open makes a search and opens its index, or begins a new one. Nothing runs until Run is called. Without room on the disk it
// goes on without an index, reading letters.
func Open(ctx context.Context, o Options) (*Service, error) {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Main == nil || o.Store == nil || o.Keys == nil || o.Itself == nil || o.Clock == nil {
		return nil, errs.Wrap(errs.Internal, errors.New("search: an option is missing"), "")
	}
	if o.Turn == nil {
		o.Turn = func(context.Context) (bool, error) { return true, nil }
	}
	if o.Room == nil {
		o.Room = diskRoom
	}
	x, err := openIndex(ctx, o)
	if err != nil {
		return nil, err
	}
	s := &Service{store: o.Store, keys: o.Keys, clock: o.Clock, turn: o.Turn, documents: o.Documents, index: x, chunk: defaultChunk, few: defaultFew, scans: make(chan struct{}, maxScans)}
	s.worker = &worker{Service: s, itself: o.Itself, log: o.Logger, failed: map[haven.MessageID]int{}, late: map[haven.MessageID]int{}, unread: map[haven.MessageID]int{}}
	return s, nil
}

// Close closes the index, once Run has returned.
func (s *Service) Close() error { return s.index.close() }

// Rebuild has every message indexed anew, in steps of the worker; until then what isn't indexed is scanned. It is for
// after a restore, and for an operator in doubt. On a disk without room for an index the worker begins it when there is.
func (s *Service) Rebuild(ctx context.Context) error {
	err := s.index.renew(ctx)
	if errors.Is(err, errLow) {
		return nil
	}
	return err
}

// Result is what was found, in UID order.
type Result struct {
	UIDs          []haven.UID
	HighestModSeq haven.Seq // greatest of the messages found, 0 if none (RFC 7162 §3.1.5)
}

// defaultChunk is how many found or undecided messages a search keeps at once.
const defaultChunk = 32_768

// defaultFew is up to how many messages are taken from the word index one by one, rather than going through the mailbox.
const defaultFew = 4_096

// readMany is how many messages are taken together where each costs an opened envelope, readFew how many are opened
// without waiting for a turn.
const (
	readMany = 500
	readFew  = 50
)

// Search finds the messages of a mailbox that q is true of. The error is Invalid for a query over the bounds, and
// else the mail store's: NotFound where the viewer may not know of the mailbox.
func (s *Service) Search(ctx context.Context, v mailbox.Viewer, mb haven.MailboxNo, q Query) (Result, error) {
	var res Result
	err := s.find(ctx, v, mb, q, func(found []mailbox.Row) error {
		for i := range found {
			res.UIDs = append(res.UIDs, found[i].UID)
			res.HighestModSeq = max(res.HighestModSeq, found[i].Changed)
		}
		return nil
	})
	if err != nil {
		return Result{}, err
	}
	return res, nil
}

// find calls fn with the rows that q is true of, in UID order; fn may not keep them.
func (s *Service) find(ctx context.Context, v mailbox.Viewer, mb haven.MailboxNo, q Query, fn func([]mailbox.Row) error) error {
	names, err := s.store.Keywords(ctx, v)
	if err != nil {
		return err
	}
	p, err := newPlan(q, names, s.clock.Now())
	if err != nil {
		return err
	}
	e := evaluation{Service: s, ctx: ctx, v: v, plan: p}
	if done, err := e.narrow(mb); err != nil || done {
		if err == nil {
			err = fn(e.found())
		}
		return err
	}
	uids := p.uids
	if uids == nil {
		uids = []mailbox.Range{{Lo: 1, Hi: mailbox.MaxUID}}
	}
	for len(uids) > 0 {
		if uids, err = e.gather(mb, uids); err != nil {
			return err
		}
		if err := e.decide(); err != nil {
			return err
		}
		if err := fn(e.found()); err != nil {
			return err
		}
	}
	return nil
}

// evaluation is one search on its way through a mailbox, a chunk of candidates at a time.
type evaluation struct {
	*Service
	ctx  context.Context
	v    mailbox.Viewer
	plan *plan

	rows    []mailbox.Row
	known   []verdict // of rows
	pending []int     // of rows, those that are maybe
	answers *answers  // of the word index; nil: not asked
}

var errEnough = errors.New("enough rows")

// narrow decides a query that needs words, by the few messages of the whole account in which the index finds these; done
// is false where there are many, or no index to trust, and nothing was decided then.
func (e *evaluation) narrow(mb haven.MailboxNo) (done bool, err error) {
	needed := needed(e.plan.root)
	if len(needed) == 0 || e.few == 0 {
		return false, nil
	}
	a, err := e.index.ask(e.ctx, e.v, e.plan.words, 0, math.MaxInt64)
	if err != nil {
		return false, err
	}
	msgs, ok := a.candidates(needed, e.few)
	if !ok {
		return false, nil
	}
	return true, e.among(mb, msgs, a)
}

// among decides the query for some messages, of which the index has said what it knows.
func (e *evaluation) among(mb haven.MailboxNo, msgs []haven.MessageID, a *answers) (err error) {
	if e.rows, err = e.store.RowsOf(e.ctx, e.v, mb, msgs); err != nil {
		return err
	}
	e.answers = a
	e.known = make([]verdict, len(e.rows))
	for i := range e.rows {
		if e.known[i] = e.plan.root.judge(e.facts(i)); e.known[i] == maybe {
			e.pending = append(e.pending, i)
		}
	}
	return e.learn()
}

// gather takes rows that are found or undecided until the chunk is full, and returns the UIDs that are left.
func (e *evaluation) gather(mb haven.MailboxNo, uids []mailbox.Range) (left []mailbox.Range, err error) {
	e.rows, e.known, e.pending = e.rows[:0], e.known[:0], e.pending[:0]
	var f facts
	var last haven.UID
	err = e.store.Rows(e.ctx, e.v, mb, uids, 0, func(rows []mailbox.Row) error {
		for i := range rows {
			f.row = &rows[i]
			v := e.plan.root.judge(&f)
			if v == no {
				continue
			}
			if v == maybe {
				e.pending = append(e.pending, len(e.rows))
			}
			e.rows, e.known = append(e.rows, rows[i]), append(e.known, v)
		}
		if last = rows[len(rows)-1].UID; len(e.rows) >= e.chunk {
			return errEnough
		}
		return nil
	})
	if errors.Is(err, errEnough) {
		return after(uids, last), nil
	}
	return nil, err
}

// after is what of a joined set lies above uid.
func after(set []mailbox.Range, uid haven.UID) []mailbox.Range {
	for i, r := range set {
		if r.Hi > uid {
			left := slices.Clone(set[i:])
			left[0].Lo = max(r.Lo, uid+1)
			return left
		}
	}
	return nil
}

// found are the rows that were decided with yes.
func (e *evaluation) found() []mailbox.Row {
	out := e.rows[:0]
	for i, v := range e.known {
		if v == yes {
			out = append(out, e.rows[i])
		}
	}
	return out
}

// decide learns more about the pending rows, step by step, until none is left. A message that goes meanwhile is not found.
func (e *evaluation) decide() error {
	e.answers = nil
	if len(e.pending) > 0 && len(e.plan.words) > 0 {
		if err := e.askIndex(); err != nil {
			return err
		}
		for _, i := range e.pending {
			e.known[i] = e.plan.root.judge(e.facts(i))
		}
		e.pending = e.undecided(e.pending)
	}
	return e.learn()
}

// learn reads of the pending rows what the index doesn't tell, a batch at a time.
func (e *evaluation) learn() error {
	little := len(e.pending) <= readFew && !e.plan.readsLetters()
	for rest := e.pending; len(rest) > 0; {
		err := e.inTurn(e.ctx, little, func() error {
			n, err := e.read(rest[:min(len(rest), readMany)])
			rest = rest[n:]
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// read decides rows from the first on, and returns how many: all, unless what is sealed of them is too much to be kept.
func (e *evaluation) read(rows []int) (n int, err error) {
	infos, n, err := e.openInfos(rows)
	if err != nil {
		return 0, err
	}
	return n, e.openLetters(e.undecided(rows[:n]), infos)
}

func (e *evaluation) facts(i int) *facts {
	f := &facts{row: &e.rows[i]}
	if e.answers != nil {
		f.index = func(test int) verdict {
			return e.answers.of(test, f.row.Msg, f.info != nil && hasDocuments(f.info))
		}
	}
	return f
}

// undecided are those of some rows that are still maybe.
func (e *evaluation) undecided(rows []int) []int {
	var left []int
	for _, i := range rows {
		if e.known[i] == maybe {
			left = append(left, i)
		}
	}
	return left
}

func (e *evaluation) messages(rows []int) []haven.MessageID {
	msgs := make([]haven.MessageID, len(rows))
	for n, i := range rows {
		msgs[n] = e.rows[i].Msg
	}
	return msgs
}

// openInfos judges rows by what is sealed of them, and returns that of those for which it isn't enough, by row. It ends
// after n rows where more than keepOctets would be kept.
func (e *evaluation) openInfos(rows []int) (infos map[int]*mailbox.Info, n int, err error) {
	infos, n = map[int]*mailbox.Info{}, len(rows)
	kept, texts := 0, new([fields]folded)
	err = e.store.Infos(e.ctx, e.v, e.messages(rows), func(at int, info *mailbox.Info) error {
		if err := stopped(e.ctx); err != nil {
			return err
		}
		i := rows[at]
		f := e.facts(i)
		clear(texts[:])
		f.info, f.folded = info, texts
		if e.known[i] = e.plan.root.judge(f); e.known[i] != maybe {
			return nil
		}
		keep := *info // what it points to is the message's own
		infos[i] = &keep
		if kept += weight(&keep.Meta); kept > keepOctets {
			n = at + 1
			return errEnough
		}
		return nil
	})
	if errors.Is(err, errEnough) {
		err = nil
	}
	return infos, n, err
}

// keepOctets is about how much of what is sealed a search keeps while it reads letters, and one message's on top. A
// stranger's letter of 100 KB can have 10,000 parts, which take 4 MB.
const keepOctets = 4 << 20

// wholeLetter is up to which size a letter is read into memory.
const wholeLetter = 1 << 20

// maxScans is how many searches read letters, or what is sealed of many, at the same time.
const maxScans = 4

// inTurn calls fn when it is this search's turn, for which it waits as long as its context lets it. What is little
// doesn't wait: somebody who opens a folder isn't to stand behind those who look through all their mail.
func (s *Service) inTurn(ctx context.Context, little bool, fn func() error) error {
	if little {
		return fn()
	}
	select {
	case s.scans <- struct{}{}:
		defer func() { <-s.scans }()
		return fn()
	case <-ctx.Done():
		return stopped(ctx)
	}
}

// stopped is nil while ctx lasts.
func stopped(ctx context.Context) error {
	return errs.Wrap(errs.Transient, ctx.Err(), "The search took too long. Ask for less at once.")
}

// openLetters judges rows by header and text.
func (e *evaluation) openLetters(rows []int, infos map[int]*mailbox.Info) error {
	var small []int
	for _, i := range rows {
		switch info := infos[i]; {
		case info == nil:
			e.known[i] = no
		case e.rows[i].Size <= wholeLetter:
			small = append(small, i)
		default:
			if err := e.openLarge(i, info); err != nil && !e.leavesOut(i, err) {
				return err
			}
		}
	}
	err := e.openSmall(small, infos)
	if !errors.Is(err, blob.ErrDamaged) {
		return err
	}
	for _, i := range e.undecided(small) { // one by one, to know which it is
		if err := e.openSmall([]int{i}, infos); err != nil && !e.leavesOut(i, err) {
			return err
		}
	}
	return nil
}

func (e *evaluation) openSmall(rows []int, infos map[int]*mailbox.Info) error {
	return e.store.Bodies(e.ctx, e.v, e.messages(rows), func(n int, message []byte) error {
		return e.judgeLetter(rows[n], infos[rows[n]], bytes.NewReader(message))
	})
}

// leavesOut reports whether a letter can't be read for good. It is not found then; that one letter is lost must not keep
// anybody from finding the others.
func (e *evaluation) leavesOut(i int, err error) bool {
	if !errors.Is(err, blob.ErrDamaged) {
		return false
	}
	e.worker.log.Error("a message can't be read; a search leaves it out", "message", int64(e.rows[i].Msg), "error", err)
	e.known[i] = no
	return true
}

func (e *evaluation) openLarge(i int, info *mailbox.Info) error {
	body, err := e.store.Body(e.ctx, e.v, e.rows[i].Msg)
	if errs.Is(err, errs.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	defer body.Close()
	return e.judgeLetter(i, info, body)
}

// judgeLetter reads as little of a letter as decides.
func (e *evaluation) judgeLetter(i int, info *mailbox.Info, body io.ReaderAt) error {
	if err := stopped(e.ctx); err != nil {
		return err
	}
	f := e.facts(i)
	f.info = info
	if len(e.plan.header) > 0 {
		h, err := readHeader(info, body)
		if err != nil {
			return err
		}
		f.header = e.plan.headerValues(h)
		if e.known[i] = e.plan.root.judge(f); e.known[i] != maybe {
			return nil
		}
	}
	c, err := readContent(info, body)
	if err != nil {
		return err
	}
	f.words = c
	e.known[i] = e.plan.root.judge(f)
	return nil
}
