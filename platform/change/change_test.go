package change_test

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"haven"
	"haven/platform/change"
)

// reader notes whom it was woken for.
type reader struct {
	mu   sync.Mutex
	seen []haven.AccountNo
}

func (r *reader) wake(no haven.AccountNo) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.seen = append(r.seen, no)
}

func (r *reader) take() []haven.AccountNo {
	r.mu.Lock()
	defer r.mu.Unlock()
	seen := r.seen
	r.seen = nil
	return seen
}

func (r *reader) expect(t *testing.T, what string, want ...haven.AccountNo) {
	t.Helper()
	if got := r.take(); !slices.Equal(got, want) {
		t.Errorf("%s: woken for %v, want %v", what, got, want)
	}
}

func TestWakesWhoWaits(t *testing.T) {
	t.Parallel()
	var hub change.Hub
	var amina, bryn, desk reader
	a := hub.Subscribe(amina.wake, 1, 7, 7)
	b := hub.Subscribe(bryn.wake, 2, 7)
	d := hub.Subscribe(desk.wake)
	hub.Announce(1, 10)
	amina.expect(t, "own account", 1)
	bryn.expect(t, "somebody else's account")
	hub.Announce(7, 4)
	amina.expect(t, "shared account", 7)
	bryn.expect(t, "shared account", 7)
	hub.Announce(7, 3)
	hub.Announce(7, 4)
	bryn.expect(t, "seqs announced before")
	hub.Announce(7, 0)
	bryn.expect(t, "a change without a seq", 7)
	amina.take()
	d.Add(7, 9)
	a.Remove(7, 5)
	hub.Announce(7, 5)
	amina.expect(t, "after Remove")
	bryn.expect(t, "still waiting", 7)
	desk.expect(t, "after Add", 7)
	b.Close()
	b.Close()
	b.Add(7)
	hub.Announce(7, 6)
	bryn.expect(t, "after Close")
	desk.expect(t, "another's Close", 7)
	a.Close()
	d.Close()
	if n := hub.Watched(); n != 0 {
		t.Errorf("%d accounts are watched by nobody", n)
	}
	hub.Announce(7, 7)
}

func TestCloseInsideTheCall(t *testing.T) {
	t.Parallel()
	var hub change.Hub
	var sub *change.Subscription
	calls := 0
	sub = hub.Subscribe(func(haven.AccountNo) { calls++; sub.Close() }, 1)
	hub.Announce(1, 1)
	hub.Announce(1, 2)
	if calls != 1 {
		t.Errorf("%d calls, want 1", calls)
	}
}

// table is a source whose seqs are in memory.
type table struct {
	seqs  map[haven.AccountNo]haven.Seq
	vers  map[haven.AccountNo]int64
	asked int
	fail  error
}

func (s *table) Versions(_ context.Context, accounts []haven.AccountNo, each func(haven.AccountNo, int64)) error {
	for _, no := range accounts {
		if ver, ok := s.vers[no]; ok {
			each(no, ver)
		}
	}
	return nil
}

func (s *table) Seqs(_ context.Context, accounts []haven.AccountNo, each func(haven.AccountNo, haven.Seq)) error {
	s.asked += len(accounts)
	for _, no := range accounts {
		if seq, ok := s.seqs[no]; ok {
			each(no, seq)
		}
	}
	return s.fail
}

func TestPollFindsWhatWasNotAnnounced(t *testing.T) {
	t.Parallel()
	var hub change.Hub
	var r reader
	source := &table{seqs: map[haven.AccountNo]haven.Seq{1: 5, 2: 5, 3: 5}}
	poll := func() {
		t.Helper()
		if err := hub.Poll(context.Background(), source); err != nil {
			t.Fatal(err)
		}
	}
	defer hub.Subscribe(r.wake, 1).Close()
	defer hub.Subscribe(r.wake, 2).Close()
	hub.Announce(1, 5)
	r.expect(t, "announced", 1)
	poll()
	r.expect(t, "first poll", 2)
	poll()
	r.expect(t, "nothing new")
	source.seqs[1] = 6
	poll()
	r.expect(t, "committed elsewhere", 1)
	if source.asked != 6 { // two accounts, three times
		t.Errorf("asked for %d accounts, want 6: only those waited for", source.asked)
	}
	source.vers = map[haven.AccountNo]int64{2: 8}
	poll()
	r.expect(t, "a version seen for the first time", 2)
	poll()
	r.expect(t, "the same version")
	source.vers[2] = 3
	poll()
	r.expect(t, "another version", 2)
	source.fail = errors.New("down")
	if err := hub.Poll(context.Background(), source); err != source.fail {
		t.Errorf("the source's error came back as %v", err)
	}
}

func TestPollInBatches(t *testing.T) {
	t.Parallel()
	var hub change.Hub
	source := &table{seqs: map[haven.AccountNo]haven.Seq{}}
	var woken atomic.Int64
	for no := range haven.AccountNo(1777) {
		source.seqs[no] = 1
		defer hub.Subscribe(func(haven.AccountNo) { woken.Add(1) }, no).Close()
	}
	if err := hub.Poll(context.Background(), source); err != nil || woken.Load() != 1777 {
		t.Errorf("%d woken, error %v", woken.Load(), err)
	}
}

// A reader that was woken and then reads the store must have seen the newest seq in the end, however wake-ups
// and commits race.
func TestNoWakeUpIsLost(t *testing.T) {
	t.Parallel()
	const accounts, writers, commits = 4, 4, 2000
	var hub change.Hub
	var store [accounts]atomic.Int64
	var readers, writing sync.WaitGroup
	for no := range haven.AccountNo(accounts) {
		wake := make(chan struct{}, 1)
		readers.Go(func() {
			sub := hub.Subscribe(func(haven.AccountNo) {
				select {
				case wake <- struct{}{}:
				default:
				}
			}, no)
			defer sub.Close()
			for seen := store[no].Load(); seen < writers*commits; seen = store[no].Load() {
				<-wake
			}
		})
		for range writers {
			writing.Go(func() {
				for range commits {
					hub.Announce(no, haven.Seq(store[no].Add(1)))
				}
			})
		}
	}
	stopChurn := make(chan struct{})
	var churn sync.WaitGroup
	churn.Go(func() {
		for {
			select {
			case <-stopChurn:
				return
			default:
				sub := hub.Subscribe(func(haven.AccountNo) {}, 0, 1, 2, 3)
				sub.Remove(2)
				sub.Close()
			}
		}
	})
	writing.Wait()
	readers.Wait()
	close(stopChurn)
	churn.Wait()
	if n := hub.Watched(); n != 0 {
		t.Errorf("%d accounts are watched by nobody", n)
	}
}

// Not parallel: it measures the heap of the process.
func TestIdleSubscriptionsAreCheap(t *testing.T) {
	const n = 100_000
	var hub change.Hub
	subs := make([]*change.Subscription, n)
	fn := func(haven.AccountNo) {}
	before := heap()
	for i := range subs {
		subs[i] = hub.Subscribe(fn, haven.AccountNo(i))
	}
	each := float64(heap()-before) / n
	t.Logf("%.0f octets a subscription", each)
	if each > 300 {
		t.Errorf("an idle subscription costs %.0f octets, want less than 300", each)
	}
	runtime.KeepAlive(subs)
}

func heap() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func BenchmarkAnnounce(b *testing.B) {
	var hub change.Hub
	for no := range haven.AccountNo(1000) {
		defer hub.Subscribe(func(haven.AccountNo) {}, no).Close()
	}
	for i := 0; b.Loop(); i++ {
		hub.Announce(haven.AccountNo(i%2000), haven.Seq(i))
	}
}
