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

	"haven/platform/errs"
)

// faulty is a real file whose writes or syncs fail when told to.
type faulty struct {
	appendFile
	f *faults
}

type faults struct {
	write, sync atomic.Pointer[error]
	syncs       atomic.Int64
	block       chan struct{} // a sync takes one from it, where set
}

func (f *faults) open(path string) (appendFile, error) {
	real, err := openReal(path)
	return faulty{real, f}, err
}

func (f faulty) WriteVec(p [][]byte, off int64) error {
	if e := f.f.write.Load(); e != nil {
		return *e
	}
	return f.appendFile.WriteVec(p, off)
}

func (f faulty) Sync() error {
	f.f.syncs.Add(1)
	if f.f.block != nil {
		<-f.f.block
	}
	if e := f.f.sync.Load(); e != nil {
		return *e
	}
	return f.appendFile.Sync()
}

func fault(err error) *error { return &err }

func TestDiskFullDefersAndRecovers(t *testing.T) {
	t.Parallel()
	var f faults
	s := openTest(t, t.TempDir(), Options{openFile: f.open})
	before, err := s.Put(t.Context(), []byte("before"))
	if err != nil {
		t.Fatal(err)
	}
	f.write.Store(fault(os.NewSyscallError("pwritev", syscall.ENOSPC)))
	for _, n := range []int{10, 2 << 20} {
		if _, err := s.Put(t.Context(), letter(n, 1, true)); !errs.Is(err, errs.Transient) {
			t.Fatalf("disk full, %d octets: %v", n, err)
		}
	}
	if s.Err() != nil {
		t.Fatalf("a full disk ends the process: %v", s.Err())
	}
	f.write.Store(nil)
	after, err := s.Put(t.Context(), []byte("after"))
	if err != nil {
		t.Fatal(err)
	}
	if after.Loc.Pack == before.Loc.Pack {
		t.Error("the pack was continued after an error")
	}
	if got, err := s.AppendTo(nil, before.Loc, before.ID, &before.Key); string(got) != "before" {
		t.Error(string(got), err)
	}
}

func TestFaultsThatEndTheProcess(t *testing.T) {
	t.Parallel()
	eio := fault(os.NewSyscallError("fdatasync", syscall.EIO))
	cases := []struct {
		name string
		size int
		set  func(*faults)
	}{
		{"sync of a pack", 10, func(f *faults) { f.sync.Store(eio) }},
		{"sync of a pack on a full disk", 10, func(f *faults) { f.sync.Store(fault(syscall.ENOSPC)) }},
		{"write to a pack", 10, func(f *faults) { f.write.Store(eio) }},
		{"sync of a file of its own", 2 << 20, func(f *faults) { f.sync.Store(eio) }},
		{"write to a file of its own", 2 << 20, func(f *faults) { f.write.Store(eio) }},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var f faults
			s := openTest(t, t.TempDir(), Options{openFile: f.open})
			before, err := s.Put(t.Context(), []byte("before"))
			if err != nil {
				t.Fatal(err)
			}
			c.set(&f)
			if _, err := s.Put(t.Context(), letter(c.size, 1, true)); !errs.Is(err, errs.Transient) {
				t.Fatal(err)
			}
			<-s.Failed()
			f.write.Store(nil)
			f.sync.Store(nil)
			if _, err := s.Put(t.Context(), []byte("x")); !errs.Is(err, errs.Transient) {
				t.Errorf("stored after a failure: %v", err)
			}
			if got, err := s.AppendTo(nil, before.Loc, before.ID, &before.Key); string(got) != "before" {
				t.Error("what was stored before cannot be read:", err)
			}
		})
	}
}

// What waits while a sync runs shares the next one.
func TestWaitersShareASync(t *testing.T) {
	t.Parallel()
	f := faults{block: make(chan struct{}, 100)}
	s := openTest(t, t.TempDir(), Options{openFile: f.open, Queue: 64})
	f.block <- struct{}{} // the header of the pack
	var wg sync.WaitGroup
	put := func() {
		wg.Go(func() {
			if _, err := s.Put(t.Context(), []byte("Dear Nomsa")); err != nil {
				t.Error(err)
			}
		})
	}
	put()
	for f.syncs.Load() < 2 { // the first body is in its sync
		wait(t)
	}
	for range 40 {
		put()
	}
	for len(s.app.queue) < 40 {
		wait(t)
	}
	close(f.block)
	wg.Wait()
	if n := f.syncs.Load(); n != 3 {
		t.Errorf("%d syncs for a header, one body and a group of 40", n)
	}
}

// wait lets other goroutines go on, and gives up when the test has to end.
func wait(t *testing.T) {
	t.Helper()
	select {
	case <-t.Context().Done():
		t.Fatal("waited in vain")
	case <-time.After(100 * time.Microsecond):
	}
}

func TestContextEndsWaiting(t *testing.T) {
	t.Parallel()
	f := faults{block: make(chan struct{}, 2)}
	f.block <- struct{}{}
	s := openTest(t, t.TempDir(), Options{openFile: f.open, Writers: 1})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() {
		_, err := s.Put(ctx, []byte("x"))
		done <- err
	}()
	for f.syncs.Load() < 2 {
		wait(t)
	}
	cancel()
	if err := <-done; !errs.Is(err, errs.Transient) || !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if _, err := s.NewWriter(ctx); !errs.Is(err, errs.Transient) { // the one place is still taken
		t.Error(err)
	}
	close(f.block)
	if _, err := s.Put(t.Context(), []byte("y")); err != nil { // and is free once the sync has ended
		t.Error(err)
	}
}

// Writers that all want more memory than there is spill early instead of waiting for each other.
func TestMemoryIsBoundedWithoutLockUp(t *testing.T) {
	t.Parallel()
	s := openTest(t, t.TempDir(), Options{Memory: 1 << 20})
	var wg sync.WaitGroup
	for i := range 40 {
		wg.Go(func() {
			body := letter(900<<10, uint64(i), true)
			st, err := s.Put(t.Context(), body)
			if err != nil {
				t.Error(err)
				return
			}
			checkReads(t, s, st, body)
		})
	}
	wg.Wait()
	if !s.mem.octets.TryAcquire(1<<20) || !s.mem.writers.TryAcquire(2048) {
		t.Error("memory was not given back")
	}
}

func TestPacksRollAndIdsAreUnique(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	stores := []*Store{openTest(t, dir, Options{PackSize: 100 << 10}), openTest(t, dir, Options{PackSize: 100 << 10})}
	var mu sync.Mutex
	all := map[ID]Stored{}
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for range 50 {
				st, err := stores[i%2].Put(t.Context(), letter(5000, 1, true))
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				if _, twice := all[st.ID]; twice {
					t.Errorf("id %d was given twice", st.ID)
				}
				all[st.ID] = st
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	packs, _ := filepath.Glob(filepath.Join(dir, "packs", "*"))
	if len(packs) < 10 {
		t.Errorf("400 bodies of 5 KB lie in %d packs", len(packs))
	}
	for _, st := range all { // each store reads what the other wrote
		for _, s := range stores {
			if _, err := s.AppendTo(nil, st.Loc, st.ID, &st.Key); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestIdsGoOnWhenACounterEnds(t *testing.T) {
	t.Parallel()
	s := openTest(t, t.TempDir(), Options{})
	a, err := s.Put(t.Context(), []byte("a"))
	if err != nil {
		t.Fatal(err)
	}
	s.claim.mu.Lock()
	s.claim.next = 1 << idBits
	s.claim.mu.Unlock()
	b, err := s.Put(t.Context(), []byte("b"))
	if err != nil || b.ID>>idBits == a.ID>>idBits || b.ID <= a.ID {
		t.Errorf("%d after %d: %v", b.ID, a.ID, err)
	}
}

func TestCloseStoresWhatWaits(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := openTest(t, dir, Options{})
	if _, err := s.NewWriter(t.Context()); err != nil { // begins a pack that stays empty
		t.Fatal(err)
	}
	if err := errors.Join(s.Close(), s.Close()); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Put(t.Context(), []byte("x")); !errs.Is(err, errs.Transient) {
		t.Errorf("stored after Close: %v", err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "packs", "*")); len(left) > 0 {
		t.Errorf("an empty pack stays behind: %v", left)
	}
}
