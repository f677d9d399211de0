package search

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"haven"
	"haven/mail/mailbox"
	"haven/mail/mailbox/mailboxtest"
	"haven/platform/clock"
	"haven/platform/db"
	"haven/platform/errs"
)

const letterAbout = "From: Anna Example <anna@clinic.example>\nSubject: About WORD\nMessage-ID: <WORD@clinic.example>\n\nDear Ben,\nthe WORD is here.\n"

func about(word string) string { return strings.ReplaceAll(letterAbout, "WORD", word) }

// indexed asks the index alone, as if it knew all.
func (h *house) indexed(no haven.AccountNo, word string) []haven.MessageID {
	h.t.Helper()
	x := h.search.index
	if x.engine == nil {
		return nil
	}
	asked, err := x.questions(h.t.Context(), no, []onWords{{in: Text, words: queryWords(word)}})
	if err != nil {
		h.t.Fatal(err)
	}
	a, err := x.askAll(h.t.Context(), x.engine, no, asked, 0, 1<<62)
	if err != nil {
		h.t.Fatal(err)
	}
	return a.tests[0].hits
}

// waiting is how many rows index_todo has.
func (h *house) waiting() int {
	h.t.Helper()
	list, err := h.search.worker.waiting(h.t.Context())
	if err != nil {
		h.t.Fatal(err)
	}
	return len(list)
}

// finds fails the test unless a word is found in exactly these messages of the Inbox.
func (h *house) finds(no haven.AccountNo, word string, want ...haven.UID) {
	h.t.Helper()
	if got := h.find(no, Words{Text, word}).UIDs; !slices.Equal(got, want) {
		h.t.Errorf("%q is found in %v, want %v", word, got, want)
	}
}

func TestIndexFollowsMail(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, h *house) {
		no := h.Account()
		first := h.Deliver(no, about("metformin"))
		h.finds(no, "metf", 1)
		if got := h.indexed(no, "metformin"); len(got) != 0 {
			t.Errorf("indexed before the worker ran: %v", got)
		}
		h.settle()
		if got := h.indexed(no, "metformin"); !slices.Equal(got, []haven.MessageID{first.Msg}) || h.waiting() != 0 {
			t.Errorf("the index has %v, and %d wait", got, h.waiting())
		}
		h.finds(no, "metf", 1)
		h.finds(no, "etformin")

		h.delete(no, first.UID)
		h.finds(no, "metformin")
		h.settle()
		if got := h.indexed(no, "metformin"); len(got) != 0 || h.waiting() != 0 {
			t.Errorf("the index still has %v, and %d wait", got, h.waiting())
		}
	})
}

func (h *house) delete(no haven.AccountNo, uid haven.UID) {
	h.t.Helper()
	ctx, v, set := h.t.Context(), mailboxtest.Own(no), []mailbox.Range{{Lo: uid, Hi: uid}}
	if _, err := h.Service.Store(ctx, v, inbox, set, mailbox.FlagChange{Op: mailbox.AddFlags, Flags: mailbox.Deleted}); err != nil {
		h.t.Fatal(err)
	}
	if _, err := h.Expunge(ctx, v, inbox, set); err != nil {
		h.t.Fatal(err)
	}
}

// TestAccountsApart: a shared word is found in the own mail only, and nothing by somebody who may not read.
func TestAccountsApart(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, h *house) {
		anna, ben := h.Account(), h.Account()
		h.Deliver(anna, about("insulin"))
		h.Deliver(ben, about("aspirin"))
		h.settle()
		h.finds(anna, "insulin", 1)
		h.finds(ben, "insulin")
		if got := h.indexed(ben, "insulin"); len(got) != 0 {
			t.Errorf("one account's key finds another's words: %v", got)
		}
		_, err := h.search.Search(t.Context(), mailboxtest.Own(ben).As(anna), inbox, Words{Text, "insulin"})
		if !errs.Is(err, errs.NotFound) {
			t.Errorf("a stranger's search: %v", err)
		}
	})
}

// TestIndexInDoubt: whatever happened to the index between two runs, all mail is found at once, and the index comes back.
func TestIndexInDoubt(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		spoil   func(t *testing.T, h *house)
		rebuilt bool
	}{
		{"an orderly end", func(*testing.T, *house) {}, false},
		{"the process was killed", func(t *testing.T, h *house) { write(t, h.path+statusSuffix, statusOpen+bootID()) }, false},
		{"the machine stopped", func(t *testing.T, h *house) { write(t, h.path+statusSuffix, statusOpen+"another run") }, true},
		{"the status was cut short", func(t *testing.T, h *house) { write(t, h.path+statusSuffix, "") }, true},
		{"the file is missing", func(t *testing.T, h *house) { remove(t, h.path) }, true},
		{"the status is missing", func(t *testing.T, h *house) { remove(t, h.path+statusSuffix) }, true},
		{"the file is no database", func(t *testing.T, h *house) { write(t, h.path, strings.Repeat("junk", 5_000)) }, true},
		{"another database's index", func(t *testing.T, h *house) { h.exec(`UPDATE search_state SET mark = 'other'`) }, true},
		{"another version", func(t *testing.T, h *house) { h.exec(`UPDATE search_state SET version = 0`) }, true},
		{"no state", func(t *testing.T, h *house) { h.exec(`DELETE FROM search_state`) }, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, "sqlite")
			no := h.Account()
			h.Deliver(no, about("metformin"))
			h.Deliver(no, about("aspirin"))
			h.settle()
			h.close()
			c.spoil(t, h)
			h.open()
			if rebuilt := len(h.indexed(no, "metformin")) == 0; rebuilt != c.rebuilt {
				t.Errorf("rebuilt: %v, want %v", rebuilt, c.rebuilt)
			}
			h.finds(no, "metformin", 1)
			h.settle()
			h.finds(no, "aspirin", 2)
			if len(h.indexed(no, "metformin")) != 1 || h.waiting() != 0 {
				t.Errorf("the index did not come back: %d wait", h.waiting())
			}
		})
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func remove(t *testing.T, path string) {
	t.Helper()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
}

func (h *house) exec(sql string) {
	h.t.Helper()
	if err := h.DB.Write(h.t.Context(), func(tx *db.Tx) error { tx.Exec(sql); return nil }); err != nil {
		h.t.Fatal(err)
	}
}

// TestIndexFailsInUse: an index that breaks while in use costs no answer; the worker begins a new one.
func TestIndexFailsInUse(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "sqlite")
	no := h.Account()
	h.Deliver(no, about("metformin"))
	h.settle()
	e := h.search.index.engine.(fileEngine)
	if err := e.db.Write(t.Context(), func(tx *db.Tx) error { tx.Exec(`DROP TABLE index_word`); return nil }); err != nil {
		t.Fatal(err)
	}
	h.finds(no, "metformin", 1)
	if h.search.index.engine != nil {
		t.Error("the broken index is still trusted")
	}
	h.finds(no, "metformin", 1)
	h.settle()
	h.finds(no, "metformin", 1)
	if len(h.indexed(no, "metformin")) != 1 {
		t.Error("the index did not come back")
	}
}

// TestRebuildUnderSearches: while a rebuild goes on, no search lacks one and mail comes in.
func TestRebuildUnderSearches(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, h *house) {
		no := h.Account()
		const n = 60
		for range n {
			h.Deliver(no, about("metformin"))
		}
		h.settle()
		h.Deliver(no, about("metformin"))
		if err := h.search.Rebuild(t.Context()); err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		stop := make(chan struct{})
		wg.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if got := len(h.find(no, Words{Body, "metformin"}).UIDs); got < n+1 {
					t.Errorf("%d found of %d", got, n+1)
					return
				}
			}
		})
		for range 5 {
			if _, err := h.search.Step(t.Context()); err != nil {
				t.Error(err)
			}
			h.Deliver(no, about("metformin"))
		}
		h.settle()
		close(stop)
		wg.Wait()
		if got := len(h.indexed(no, "metformin")); got != n+6 {
			t.Errorf("%d indexed of %d", got, n+6)
		}
	})
}

// TestSearchWaitsForRebuild: a search that meets the beginning of a rebuild goes by the new index's state, not by the old one's.
func TestSearchWaitsForRebuild(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, h *house) {
		no := h.Account()
		const n = 5
		for range n {
			h.Deliver(no, about("metformin"))
		}
		h.settle()
		var wg sync.WaitGroup
		stop := make(chan struct{})
		for range 4 {
			wg.Go(func() {
				for {
					select {
					case <-stop:
						return
					default:
					}
					if got := len(h.find(no, Words{Body, "metformin"}).UIDs); got != n {
						t.Errorf("%d found of %d", got, n)
						return
					}
				}
			})
		}
		for range 30 {
			if err := h.search.Rebuild(t.Context()); err != nil {
				t.Error(err)
				break
			}
			h.settle()
		}
		close(stop)
		wg.Wait()
	})
}

// TestFillInSteps: a rebuild of more messages than a step takes goes on from where it was, also after a restart.
func TestFillInSteps(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "sqlite")
	no := h.Account()
	h.Deliver(no, about("metformin"))
	h.settle()
	// Rows that only the rebuild sees: no body is read before the first step of work.
	err := h.DB.Write(t.Context(), func(tx *db.Tx) error {
		tx.Exec(`DELETE FROM index_todo`)
		for i := range 2*stepFill + 10 {
			tx.Exec(`INSERT INTO message (id, an, body, key, size, received, thread, sealed) VALUES ($1, $2, 0, $3, 1, 1, 1, $3)`, int64(i+1), int64(no), []byte{})
			tx.Exec(`INSERT INTO placement (an, mb, uid, msg, flags, seen, kw, size, received, created, changed) VALUES ($1, 2, $2, $2, 0, 0, 0, 1, 1, 1, 1)`, int64(no), int64(i+1))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := h.search.Rebuild(t.Context()); err != nil {
		t.Fatal(err)
	}
	w := h.search.worker
	for step := 1; ; step++ {
		n, err := w.fill(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			if step != 4 {
				t.Errorf("filled in %d steps", step-1)
			}
			break
		}
		h.close()
		h.open()
		w = h.search.worker
		h.finds(no, "metformin", 1)
	}
	total := 0
	err = h.DB.Read(t.Context(), func(tx *db.Tx) error {
		return tx.Query(`SELECT COUNT(*) FROM index_todo`, nil, func(r db.Row) error { total = int(r.Int64(0)); return nil })
	})
	if err != nil || total != 2*stepFill+11 {
		t.Errorf("%d messages wait: %v", total, err)
	}
	h.exec(`DELETE FROM placement WHERE mb = 2`)
	h.exec(`DELETE FROM message WHERE body = 0`)
}

// TestGoneMeanwhile: a message that is deleted while the worker reads it leaves the index all the same.
func TestGoneMeanwhile(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, h *house) {
		no := h.Account()
		f := h.Deliver(no, about("metformin"))
		store := &hookedStore{Store: h.Store, before: func() { h.delete(no, f.UID) }}
		h.search.worker.store = store
		if _, err := h.search.Step(t.Context()); err != nil {
			t.Fatal(err)
		}
		if h.waiting() != 1 {
			t.Fatalf("%d wait: the deletion was lost", h.waiting())
		}
		h.settle()
		if len(h.indexed(no, "metformin")) != 0 || h.waiting() != 0 {
			t.Error("deleted mail stays in the index")
		}
	})
}

// hookedStore is a real store whose reading of bodies something comes before, or that fails.
type hookedStore struct {
	Store
	before func()
	fail   error
	once   sync.Once
}

func (s *hookedStore) Bodies(ctx context.Context, v mailbox.Viewer, msgs []haven.MessageID, fn func(int, []byte) error) error {
	if s.before != nil {
		s.once.Do(s.before)
	}
	if s.fail != nil {
		return s.fail
	}
	return s.Store.Bodies(ctx, v, msgs, fn)
}

// TestUnreadable: a message that can't be read holds nobody up; one that can't be read now is tried again.
func TestUnreadable(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "sqlite")
	no := h.Account()
	h.Deliver(no, about("metformin"))
	h.search.worker = &worker{Service: &Service{store: h.Store, keys: h.search.keys, clock: h.Clock, index: h.search.index, chunk: defaultChunk, scans: make(chan struct{}, maxScans)},
		itself: mailboxtest.Own, log: h.search.worker.log, failed: map[haven.MessageID]int{}, late: map[haven.MessageID]int{}}
	h.search.worker.store = &hookedStore{Store: h.Store, fail: errs.Wrap(errs.Transient, errors.New("the disk is busy"), "")}
	for range 2 * maxTries {
		if _, err := h.search.Step(t.Context()); !errs.Is(err, errs.Transient) || h.waiting() != 1 {
			t.Fatalf("a busy disk: %v, %d wait", err, h.waiting())
		}
	}
	h.search.worker.store = &hookedStore{Store: h.Store, before: func() { panic("broken letter") }}
	for range maxTries {
		h.search.worker.store.(*hookedStore).once = sync.Once{}
		if h.waiting() != 1 {
			t.Fatal("given up too early")
		}
		if _, err := h.search.Step(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if h.waiting() != 0 {
		t.Error("a broken letter is tried for ever")
	}
}

// TestKeysDestroyed: mail whose key is gone leaves index_todo and stops nobody.
func TestKeysDestroyed(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "sqlite")
	anna := h.Account()
	h.Deliver(anna, about("aspirin"))
	keys := h.search.keys
	h.search.worker.keys = func(context.Context, haven.AccountNo) (Terms, error) { return nil, errs.E(errs.NotFound, "gone") }
	h.settle()
	h.search.worker.keys = keys
	if h.waiting() != 0 || len(h.indexed(anna, "aspirin")) != 0 {
		t.Error("something was indexed, or waits for ever")
	}
}

func TestRunFollowsClock(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "sqlite")
	no := h.Account()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	h.search.clock = clock.Real{}
	go func() { defer close(done); h.search.Run(ctx) }()
	h.Deliver(no, about("metformin"))
	for h.waiting() > 0 {
		if err := (clock.Real{}).Sleep(ctx, idle/50); err != nil {
			t.Fatal(err)
		}
	}
	cancel()
	<-done
	if len(h.indexed(no, "metformin")) != 1 {
		t.Error("the worker indexed nothing")
	}
}

func TestBounds(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "sqlite")
	no := h.Account()
	deep, wide, words := Query(All{}), Or{}, And{}
	for range maxDepth + 1 {
		deep = Not{deep}
	}
	for range maxNodes {
		wide = append(wide, All{})
	}
	for range maxWordTests + 1 {
		words = append(words, Words{Text, "word"})
	}
	for name, q := range map[string]Query{
		"deep": deep, "wide": wide, "words": words, "nil": nil, "nil inside": Not{}, "long": Subject(strings.Repeat("x", maxNeedle+1)),
		"many words": Words{Body, strings.Repeat("x ", 2) + strings.Join(strings.Fields("a b c d e f g h i j k l m n o p q r s t u v w y z a1 b1 c1 d1 e1 f1 g1 h1 i1 j1 k1 l1 m1 n1 o1 p1"), " ")},
		"no text":    Subject("\xff"),
	} {
		if _, err := h.search.Search(t.Context(), mailboxtest.Own(no), inbox, q); !errs.Is(err, errs.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := h.search.Sort(t.Context(), mailboxtest.Own(no), inbox, All{}, []SortKey{{}}); !errs.Is(err, errs.Invalid) {
		t.Error("an unknown order is taken:", err)
	}
	if _, err := h.search.Thread(t.Context(), mailboxtest.Own(no), inbox, All{}, 0); !errs.Is(err, errs.Invalid) {
		t.Error("an unknown threading is taken:", err)
	}
}

// TestSortAndThreadMail goes through the mail store: fields come decoded, dates from the Date field.
func TestSortAndThreadMail(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, h *house) {
		no := h.Account()
		for _, l := range []string{
			"From: Zed <b@x.test>\nTo: c@x.test\nSubject: Re: beta\nMessage-ID: <2@x.test>\nIn-Reply-To: <1@x.test>\nDate: 3 Nov 2026 10:00:00 +0000\n\nx\n",
			"From: =?utf-8?q?=C3=89mile?= <c@x.test>\nTo: b@x.test\nSubject: beta\nMessage-ID: <1@x.test>\nDate: 2 Nov 2026 10:00:00 +0000\n\nlonger text\n",
			"From: a@x.test\nTo: a@x.test\nSubject: [list] alpha\nMessage-ID: <3@x.test>\nDate: 2 Nov 2026 12:00:00 +0300\n\nx\n",
		} {
			h.Deliver(no, l)
		}
		v := mailboxtest.Own(no)
		for _, c := range []struct {
			key  SortKey
			want []haven.UID
		}{
			{SortKey{ByDate, false}, []haven.UID{3, 2, 1}},
			{SortKey{BySubject, false}, []haven.UID{3, 1, 2}},
			{SortKey{ByFrom, false}, []haven.UID{3, 1, 2}},
			{SortKey{ByTo, false}, []haven.UID{3, 2, 1}},
			{SortKey{ByDisplayFrom, false}, []haven.UID{3, 2, 1}},
			{SortKey{ByDisplayTo, true}, []haven.UID{1, 2, 3}},
			{SortKey{ByArrival, true}, []haven.UID{1, 2, 3}},
		} {
			r, err := h.search.Sort(t.Context(), v, inbox, All{}, []SortKey{c.key})
			if err != nil || !slices.Equal(r.UIDs, c.want) {
				t.Errorf("%v: %v, want %v (%v)", c.key, r.UIDs, c.want, err)
			}
		}
		for how, want := range map[Threading]string{References: "(3)(2 1)", OrderedSubject: "(3)(2 1)"} {
			threads, err := h.search.Thread(t.Context(), v, inbox, All{}, how)
			if got := writeThreads(threads); err != nil || got != want {
				t.Errorf("threading %d: %s, want %s (%v)", how, got, want, err)
			}
		}
	})
}
