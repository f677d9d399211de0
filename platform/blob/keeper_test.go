package blob

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"haven/platform/db"
	"haven/platform/db/dbtest"
	"haven/platform/errs"
)

// letters is the mail store of these tests: rows that refer to bodies.
var letters = db.Schema{Concept: "letters", Steps: []string{
	`CREATE TABLE letter (n {int} PRIMARY KEY, body {int} NOT NULL)`}}

// house is a store with its database, its keeper and a clock that the test moves.
type house struct {
	t      *testing.T
	dir    string
	s      *Store
	d      *db.DB
	k      *Keeper
	now    atomic.Int64 // Unix microseconds
	letter int64
}

func newHouse(t *testing.T, d *db.DB, o Options) *house {
	t.Helper()
	h := &house{t: t, dir: t.TempDir(), d: d}
	h.now.Store(time.Now().UnixMicro())
	o.Now = h.time
	h.s = openTest(t, h.dir, o)
	h.k = &Keeper{Store: h.s, DB: d, Referenced: func(tx *db.Tx, id ID) (bool, error) {
		found := false
		err := tx.Query(`SELECT n FROM letter WHERE body = $1 LIMIT 1`, []any{int64(id)}, func(db.Row) error {
			found = true
			return nil
		})
		return found, err
	}}
	return h
}

func (h *house) time() time.Time         { return time.UnixMicro(h.now.Load()) }
func (h *house) pass(span time.Duration) { h.now.Add(span.Microseconds()) }

func (h *house) write(fn func(tx *db.Tx) error) {
	h.t.Helper()
	if err := h.d.Write(h.t.Context(), fn); err != nil {
		h.t.Fatal(err)
	}
}

// deliver stores a body of n octets and a letter that refers to it.
func (h *house) deliver(n int) Stored {
	h.t.Helper()
	h.letter++
	st, err := h.s.Put(h.t.Context(), letter(n, uint64(h.letter), true))
	if err != nil {
		h.t.Fatal(err)
	}
	h.write(func(tx *db.Tx) error {
		Insert(tx, st)
		tx.Exec(`INSERT INTO letter (n, body) VALUES ($1, $2)`, h.letter, int64(st.ID))
		return nil
	})
	return st
}

func (h *house) expunge(all ...Stored) {
	h.t.Helper()
	h.write(func(tx *db.Tx) error {
		for _, st := range all {
			tx.Exec(`DELETE FROM letter WHERE body = $1`, int64(st.ID))
			Released(tx, h.time(), st.ID)
		}
		return nil
	})
}

func (h *house) lookup(st Stored) (loc Loc, err error) {
	err = h.d.Read(h.t.Context(), func(tx *db.Tx) error {
		loc, err = Lookup(tx, st.ID)
		return err
	})
	return loc, err
}

func (h *house) sweep() Swept {
	h.t.Helper()
	got, err := h.k.Sweep(h.t.Context())
	if err != nil {
		h.t.Fatal(err)
	}
	return got
}

func (h *house) compact() Compacted {
	h.t.Helper()
	got, err := h.k.Compact(h.t.Context())
	if err != nil {
		h.t.Fatal(err)
	}
	return got
}

// reads proves that a body can be read by its row, and by the location that was read long ago.
func (h *house) reads(st Stored) {
	h.t.Helper()
	err := Follow(h.t.Context(), h.d, st.ID, st.Loc, func(loc Loc) error {
		_, err := h.s.AppendTo(nil, loc, st.ID, &st.Key)
		return err
	})
	if err != nil {
		h.t.Errorf("body %d: %v", st.ID, err)
	}
}

func eachHouse(t *testing.T, o Options, fn func(t *testing.T, h *house)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, d *db.DB) { fn(t, newHouse(t, d, o)) }, Schema, letters)
}

func TestSweep(t *testing.T) {
	t.Parallel()
	eachHouse(t, Options{}, func(t *testing.T, h *house) {
		kept, gone, large, back := h.deliver(100), h.deliver(200), h.deliver(2<<20), h.deliver(300)
		mistaken := h.deliver(400)
		h.expunge(gone, large, back)
		h.write(func(tx *db.Tx) error { // released though a letter still refers to it
			Released(tx, h.time(), mistaken.ID)
			return nil
		})
		h.pass(23 * time.Hour)
		if got := h.sweep(); got.Bodies != 0 {
			t.Fatalf("swept after 23 hours: %+v", got)
		}
		h.write(func(tx *db.Tx) error { // restored within the day
			tx.Exec(`INSERT INTO letter (n, body) VALUES (1000, $1)`, int64(back.ID))
			return Retained(tx, back.ID)
		})
		h.pass(2 * time.Hour)
		if got := h.sweep(); got.Bodies != 2 || got.Kept != 1 {
			t.Fatalf("%+v", got)
		}
		for _, st := range []Stored{kept, back, mistaken} {
			h.reads(st)
		}
		for _, st := range []Stored{gone, large} {
			if _, err := h.lookup(st); !errs.Is(err, errs.NotFound) {
				t.Errorf("body %d still has a row: %v", st.ID, err)
			}
		}
		if err := Follow(t.Context(), h.d, large.ID, large.Loc, func(l Loc) error {
			_, err := h.s.Open(l, large.ID, large.Key)
			return err
		}); !errs.Is(err, errs.NotFound) {
			t.Errorf("a swept body's file: %v", err)
		}
		err := h.d.Write(t.Context(), func(tx *db.Tx) error { return Retained(tx, kept.ID, gone.ID) })
		if !errs.Is(err, errs.NotFound) {
			t.Errorf("a copy of a swept body is allowed: %v", err)
		}
	})
}

// While one goroutine copies letters and another sweeps, no letter ends up without its body.
func TestSweepAgainstCopies(t *testing.T) {
	t.Parallel()
	eachHouse(t, Options{}, func(t *testing.T, h *house) {
		var all []Stored
		for range 60 {
			all = append(all, h.deliver(50))
		}
		h.expunge(all...)
		h.pass(25 * time.Hour)
		var wg sync.WaitGroup
		var copied atomic.Int64
		wg.Go(func() {
			for i, st := range all {
				err := h.d.Write(t.Context(), func(tx *db.Tx) error {
					tx.Exec(`INSERT INTO letter (n, body) VALUES ($1, $2)`, int64(5000+i), int64(st.ID))
					return Retained(tx, st.ID)
				})
				if err == nil {
					copied.Add(1)
				} else if !errs.Is(err, errs.NotFound) {
					t.Error(err)
				}
			}
		})
		swept := h.sweep()
		wg.Wait()
		if got := int64(swept.Bodies) + copied.Load(); got != 60 {
			t.Errorf("%d swept and %d copied of 60", swept.Bodies, copied.Load())
		}
		err := h.d.Read(t.Context(), func(tx *db.Tx) error {
			return tx.Query(`SELECT n FROM letter WHERE body NOT IN (SELECT id FROM body)`, nil, func(r db.Row) error {
				t.Errorf("letter %d has no body", r.Int64(0))
				return nil
			})
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

func TestCompact(t *testing.T) {
	t.Parallel()
	eachHouse(t, Options{PackSize: 1 << 20}, func(t *testing.T, h *house) {
		var kept, gone []Stored
		for i := range 300 { // three packs and the open one
			st := h.deliver(12_000)
			if i%4 == 0 {
				kept = append(kept, st)
			} else {
				gone = append(gone, st)
			}
		}
		lost, err := h.s.Put(t.Context(), letter(2<<20, 9, true)) // its delivery was given up: no row
		if err != nil {
			t.Fatal(err)
		}
		h.expunge(gone...)
		h.pass(25 * time.Hour)
		if got := h.sweep(); got.Bodies != 225 {
			t.Fatalf("%+v", got)
		}
		got := h.compact()
		if got.Packs != 3 || got.Bodies < 60 || got.Unlinked != 0 || got.Damaged != 0 {
			t.Fatalf("%+v", got)
		}
		for _, st := range kept {
			h.reads(st)
			if _, err := h.s.AppendTo(nil, st.Loc, st.ID, &st.Key); err != nil {
				t.Fatalf("a reader with the old location fails within the hour: %v", err)
			}
		}
		h.pass(59 * time.Minute)
		if got := h.compact(); got.Unlinked != 0 {
			t.Fatalf("unlinked within the hour: %+v", got)
		}
		h.pass(2 * time.Minute)
		if got := h.compact(); got.Unlinked != 4 || got.Freed < 5_000_000 {
			t.Fatalf("three packs and a file given up should go: %+v", got)
		}
		if _, err := h.s.Open(lost.Loc, lost.ID, lost.Key); !errors.Is(err, ErrMoved) {
			t.Errorf("a body that was given up: %v", err)
		}
		if _, err := h.s.AppendTo(nil, kept[0].Loc, kept[0].ID, &kept[0].Key); !errors.Is(err, ErrMoved) {
			t.Errorf("the old location after the hour: %v", err)
		}
		for _, st := range kept {
			h.reads(st)
		}
		h.reads(h.deliver(100))
	})
}

// A damaged record keeps its pack; the others are saved from it.
func TestCompactAroundDamage(t *testing.T) {
	t.Parallel()
	eachHouse(t, Options{}, func(t *testing.T, h *house) {
		bad, good, gone := h.deliver(1000), h.deliver(1000), h.deliver(50_000)
		h.expunge(gone)
		h.s.app.stop() // ends the pack
		if err := flip(h.s.path(bad.Loc.Pack), bad.Loc.Off+100); err != nil {
			t.Fatal(err)
		}
		h.pass(25 * time.Hour)
		h.sweep()
		for range 2 {
			if got := h.compact(); got.Damaged != 1 || got.Unlinked != 0 {
				t.Fatalf("%+v", got)
			}
			h.pass(25 * time.Hour)
		}
		h.reads(good)
		if loc, err := h.lookup(bad); err != nil || loc != bad.Loc {
			t.Errorf("the damaged body was moved to %+v, %v", loc, err)
		}
		h.s.app = startAppender(h.s) // so that Close finds one
	})
}

// A pack that can't be read, or not even be looked at, keeps no other pack from being compacted.
func TestCompactAroundDamagedPack(t *testing.T) {
	t.Parallel()
	damages := map[string]func(path string) error{
		"its beginning": func(path string) error { return flip(path, 0) },
		"its name": func(path string) error {
			return errors.Join(os.Remove(path), os.Symlink(path, path))
		},
	}
	for what, damage := range damages {
		t.Run(what, func(t *testing.T) { compactAround(t, damage) })
	}
}

func compactAround(t *testing.T, damage func(path string) error) {
	t.Parallel()
	eachHouse(t, Options{}, func(t *testing.T, h *house) {
		endPack := func() {
			h.s.app.stop()
			h.s.app = startAppender(h.s)
		}
		bad, gone := h.deliver(1000), h.deliver(50_000)
		endPack()
		good, more := h.deliver(1000), h.deliver(50_000)
		endPack()
		h.expunge(gone, more)
		h.pass(25 * time.Hour)
		h.sweep()
		if err := damage(h.s.path(bad.Loc.Pack)); err != nil {
			t.Fatal(err)
		}
		if got := h.compact(); got.Damaged != 1 || got.Packs != 1 || got.Bodies != 1 {
			t.Errorf("%+v", got)
		}
		h.reads(good)
		h.pass(25 * time.Hour)
		if got := h.compact(); got.Unlinked != 1 {
			t.Errorf("%+v, the other pack is not removed", got)
		}
	})
}

// Readers follow their bodies through sweeping, compaction and unlinking.
func TestReadersDuringCompaction(t *testing.T) {
	t.Parallel()
	eachHouse(t, Options{PackSize: 256 << 10, Handles: 2}, func(t *testing.T, h *house) {
		var kept, gone []Stored
		for i := range 100 {
			if st := h.deliver(9000); i%3 == 0 {
				kept = append(kept, st)
			} else {
				gone = append(gone, st)
			}
		}
		h.expunge(gone...)
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				for ctx.Err() == nil {
					for _, st := range kept {
						h.reads(st)
					}
				}
			})
		}
		for range 4 {
			h.pass(25 * time.Hour)
			h.sweep()
			h.compact()
		}
		stop()
		wg.Wait()
	})
}

func TestHoldKeepsEverything(t *testing.T) {
	t.Parallel()
	eachHouse(t, Options{PackSize: 100 << 10}, func(t *testing.T, h *house) {
		var all []Stored
		for range 30 {
			all = append(all, h.deliver(9000))
		}
		all = append(all, h.deliver(2<<20))
		h.expunge(all...)
		other := openTest(t, h.dir, Options{}) // the back-up is another process
		release, err := other.Hold(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		h.pass(25 * time.Hour)
		if _, err := h.k.Sweep(t.Context()); !errors.Is(err, ErrHeld) {
			t.Errorf("sweeping during a back-up: %v", err)
		}
		if _, err := h.k.Compact(t.Context()); !errors.Is(err, ErrHeld) {
			t.Errorf("compaction during a back-up: %v", err)
		}
		to := filepath.Join(t.TempDir(), "copy")
		files, err := other.CopyTo(t.Context(), to)
		if err != nil || len(files) < 4 || files[len(files)-1].Name != "STORE" {
			t.Fatalf("%+v, %v", files, err)
		}
		restored := openTest(t, to, Options{Identity: h.s.Identity(), ReadOnly: true})
		for _, st := range all {
			if err := restored.Verify(st.Loc, st.ID); err != nil {
				t.Error(err)
			}
			if _, err := restored.AppendTo(nil, st.Loc, st.ID, &st.Key); err != nil {
				t.Error(err)
			}
		}
		if _, err := other.CopyTo(t.Context(), to); !errs.Is(err, errs.Invalid) {
			t.Errorf("a copy into a folder in use: %v", err)
		}
		if err := flip(h.s.path(all[0].Loc.Pack), 3); err != nil { // the header
			t.Fatal(err)
		}
		if damaged, err := other.CopyTo(t.Context(), to+"2"); err != nil || len(damaged) != len(files) {
			t.Errorf("a damaged pack is left out of the copy: %d files of %d, %v", len(damaged), len(files), err)
		}
		release()
		if got := h.sweep(); got.Bodies != 31 {
			t.Errorf("%+v", got)
		}
	})
}

// A back-up waits for maintenance to end, and no longer than its context.
func TestHoldWaits(t *testing.T) {
	t.Parallel()
	s := openTest(t, t.TempDir(), Options{})
	release, err := s.hold(t.Context(), syscall.LOCK_EX, false)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := s.Hold(ctx); !errors.Is(err, ErrHeld) {
		t.Error(err)
	}
	got := make(chan error)
	go func() {
		free, err := s.Hold(t.Context())
		if err == nil {
			free()
		}
		got <- err
	}()
	release()
	if err := <-got; err != nil {
		t.Error(err)
	}
}

func TestBind(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		bind := func(id string) error {
			return d.Write(t.Context(), func(tx *db.Tx) error { return Bind(tx, id) })
		}
		if err := errors.Join(bind("aa"), bind("aa")); err != nil {
			t.Fatal(err)
		}
		if err := bind("bb"); !errs.Is(err, errs.Invalid) {
			t.Errorf("another folder: %v", err)
		}
	}, Schema)
}

// A new database is bound to an empty folder, but to none that holds what a lost database knew.
func TestBindLostDatabase(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		size int
		want bool
	}{{"an empty folder", 0, true}, {"a pack", 100, false}, {"a body in a file of its own", 2 << 20, false}} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				s, err := Open(t.TempDir(), Options{})
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { _ = s.Close() })
				if c.size > 0 {
					if _, err := s.Put(t.Context(), make([]byte, c.size)); err != nil {
						t.Fatal(err)
					}
				}
				err = d.Write(t.Context(), s.Bind)
				if ok := err == nil; ok != c.want || err != nil && !errs.Is(err, errs.Invalid) {
					t.Errorf("bound: %v", err)
				}
				err = d.Read(t.Context(), func(tx *db.Tx) error {
					if known, err := BoundTo(tx); err != nil || (known == s.Identity()) != c.want {
						t.Errorf("bound to %q, %v", known, err)
					}
					return nil
				})
				if err != nil {
					t.Error(err)
				}
			}, Schema)
		})
	}
}

func TestLookupEach(t *testing.T) {
	t.Parallel()
	eachHouse(t, Options{}, func(t *testing.T, h *house) {
		a, b := h.deliver(10), h.deliver(20)
		got := map[int]Loc{}
		err := h.d.Read(t.Context(), func(tx *db.Tx) error {
			return LookupEach(tx, []ID{b.ID, 12345, a.ID}, func(i int, loc Loc) error {
				got[i] = loc
				return nil
			})
		})
		if err != nil || len(got) != 2 || got[0] != b.Loc || got[2] != a.Loc {
			t.Errorf("%v, %v", got, err)
		}
	})
}

// A body of which the file is gone while the row stays is reported as damage, not chased for ever.
func TestMissingFile(t *testing.T) {
	t.Parallel()
	eachHouse(t, Options{}, func(t *testing.T, h *house) {
		st := h.deliver(2 << 20)
		if err := os.Remove(h.s.path(st.Loc.Pack)); err != nil {
			t.Fatal(err)
		}
		err := Follow(t.Context(), h.d, st.ID, st.Loc, func(loc Loc) error { return h.s.Verify(loc, st.ID) })
		if !errors.Is(err, ErrDamaged) {
			t.Error(err)
		}
	})
}
