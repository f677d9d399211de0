package search

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"haven"
	"haven/platform/db"
	"haven/platform/errs"
)

func TestEnough(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name       string
		free, size uint64
		want       bool
	}{
		{"a small disk", 63 << 20, 1 << 30, false},
		{"a small disk, just enough", 64 << 20, 1 << 30, true},
		{"a large disk", 19 << 30, 1000 << 30, false},
		{"a large disk, just enough", 20 << 30, 1000 << 30, true},
		{"nothing", 0, 0, false},
	} {
		if got := enough(c.free, c.size); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
	if free, size, err := diskRoom(t.TempDir()); err != nil || size == 0 || free > size {
		t.Errorf("the disk here has %d of %d, %v", free, size, err)
	}
	if _, _, err := diskRoom(filepath.Join(t.TempDir(), "missing")); err == nil {
		t.Error("a folder that isn't there has room")
	}
}

func TestOutOfRoom(t *testing.T) {
	t.Parallel()
	full := errs.StorageFull(errors.New("full"))
	for _, c := range []struct {
		name string
		err  error
		want bool
	}{
		{"none", nil, false},
		{"busy", errs.E(errs.Transient, "Busy."), false},
		{"full", full, true},
		{"full, behind another", errs.Wrap(errs.Transient, errors.Join(errors.New("rolled back"), full), "Busy."), true},
		{"a file that can't grow", errs.Wrap(errs.Transient, &fs.PathError{Err: syscall.ENOSPC}, ""), true},
	} {
		if got := outOfRoom(c.err); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

// lowHouse is a house whose disk has as much room as *free says.
func lowHouse(t *testing.T, free *uint64, log *strings.Builder) *house {
	t.Helper()
	h := newHouse(t, "sqlite")
	h.close()
	remove(t, h.path)
	h.room = func(string) (uint64, uint64, error) { return *free, 1 << 30, nil }
	h.log = slog.New(slog.NewTextHandler(log, nil))
	h.open()
	return h
}

// TestLastRoomIsForMail: without room there is no index, or it stands still, and everything is found all the same; it is said
// once. With room it goes on.
func TestLastRoomIsForMail(t *testing.T) {
	t.Parallel()
	free, log := uint64(0), &strings.Builder{}
	h := lowHouse(t, &free, log)
	no := h.Account()
	h.Deliver(no, about("metformin"))
	low := func() {
		t.Helper()
		for range 3 {
			if _, err := h.search.Step(t.Context()); !errors.Is(err, errLow) {
				t.Fatalf("a step without room: %v", err)
			}
		}
	}
	low()
	if _, err := os.Stat(h.path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("there is an index: %v", err)
	}
	h.finds(no, "metformin", 1)

	free = 1 << 30
	h.settle()
	if got := h.indexed(no, "metformin"); len(got) != 1 {
		t.Errorf("with room the index has %v", got)
	}

	free = 0
	if n, err := h.search.Step(t.Context()); n != 0 || err != nil {
		t.Errorf("with nothing to do room matters: %d, %v", n, err)
	}
	h.Deliver(no, about("metformin"))
	low()
	h.finds(no, "metformin", 1, 2)
	if got := h.indexed(no, "metformin"); len(got) != 1 {
		t.Errorf("without room the index has %v", got)
	}

	if err := h.search.Rebuild(t.Context()); err != nil {
		t.Error(err)
	}
	low()
	h.finds(no, "metformin", 1, 2)
	free = 1 << 30
	h.settle()
	if got := h.indexed(no, "metformin"); len(got) != 2 {
		t.Errorf("with room again the index has %v", got)
	}
	if n := strings.Count(log.String(), "stands still"); n != 2 {
		t.Errorf("the want of room was logged %d times, came twice:\n%s", n, log)
	}
}

// TestIndexMeetsFullDisk: an index that fills the disk all the same gives up what it took.
func TestIndexMeetsFullDisk(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "sqlite")
	no := h.Account()
	h.Deliver(no, about("metformin"))
	h.settle()
	e := h.search.index.engine.(fileEngine)
	if err := e.db.Write(t.Context(), func(tx *db.Tx) error { tx.Exec(`PRAGMA max_page_count = 1`); return nil }); err != nil {
		t.Fatal(err)
	}
	var words strings.Builder
	for i := range 5_000 {
		fmt.Fprintf(&words, "word%dx%d\n", i, i*i)
	}
	h.Deliver(no, about("aspirin")+words.String())
	if _, err := h.search.Step(t.Context()); !outOfRoom(err) {
		t.Fatalf("a step on a full disk: %v", err)
	}
	left, err := filepath.Glob(h.path + "*")
	if err != nil || len(left) != 0 {
		t.Errorf("of the index there is left %v, %v", left, err)
	}
	h.finds(no, "aspirin", 2)
	h.settle()
	if len(h.indexed(no, "metformin")) != 1 || len(h.indexed(no, "aspirin")) != 1 {
		t.Error("the index did not come back")
	}
}

// TestLogOfBatches: the index's log stays short under the largest batches.
func TestLogOfBatches(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "index.db")
	e, err := openFile(t.Context(), path, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := e.close(); err != nil {
			t.Error(err)
		}
	}()
	random := rand.New(rand.NewPCG(1, 2))
	msg, longest := haven.MessageID(0), int64(0)
	for range 12 {
		var docs []doc
		for n := 0; n < stepTokens; n += 5_000 {
			msg++
			docs = append(docs, doc{msg: msg, tokens: make([]token, 5_000)})
			for i := range docs[len(docs)-1].tokens {
				docs[len(docs)-1].tokens[i] = token(random.Uint64())
			}
			slices.Sort(docs[len(docs)-1].tokens)
		}
		if err := e.put(t.Context(), docs, nil); err != nil {
			t.Fatal(err)
		}
		st, err := os.Stat(path + "-wal")
		if err != nil {
			t.Fatal(err)
		}
		longest = max(longest, st.Size())
	}
	t.Logf("the log grew to %d MiB", longest>>20)
	if longest > reserve/2 {
		t.Errorf("the log grew to %d MiB", longest>>20)
	}
}
