// Package change wakes whoever waits for an account to change: IDLE, push, a long poll.
//
// A wake-up says "look again" and no more. What changed is read from the store, from the seq that the reader
// last saw; so wake-ups may be lost, merged or repeated without harm, and a slow reader only catches up later.
package change

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"

	"haven"
)

const (
	shardBits = 6
	pollBatch = 500 // accounts that Poll asks for at once
)

// Hub knows who waits for which account in this process. The zero value is ready. It is safe for many goroutines,
// and costs no goroutine and no channel for a subscription: 100,000 idle ones are a few megabytes.
type Hub struct {
	shards [1 << shardBits]shard
}

type shard struct {
	mu       sync.Mutex
	accounts map[haven.AccountNo]watched
}

// watched is an account that somebody waits for. Most have one who does, so one is kept apart from more.
type watched struct {
	seq  haven.Seq // the newest that was announced
	ver  int64     // of access, as Poll saw it last; 0: never
	one  *Subscription
	more []*Subscription
}

// Subscription is somebody's wait for some accounts, from Subscribe to Close.
type Subscription struct {
	hub      *Hub
	fn       func(haven.AccountNo)
	closed   atomic.Bool
	mu       sync.Mutex
	accounts []haven.AccountNo
}

// Subscribe calls fn after every Announce of one of the accounts. fn runs in the announcer's goroutine, which is
// often one that files mail: it sets a flag or sends to a channel with room, and never blocks. It may be called by
// several goroutines at once.
func (h *Hub) Subscribe(fn func(haven.AccountNo), accounts ...haven.AccountNo) *Subscription {
	s := &Subscription{hub: h, fn: fn}
	s.Add(accounts...)
	return s
}

// Add waits for more accounts. Those that are waited for already change nothing.
func (s *Subscription) Add(accounts ...haven.AccountNo) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed.Load() {
		return
	}
	for _, no := range accounts {
		if !slices.Contains(s.accounts, no) {
			s.accounts = append(s.accounts, no)
			s.hub.shard(no).add(no, s)
		}
	}
}

// Remove waits for accounts no longer.
func (s *Subscription) Remove(accounts ...haven.AccountNo) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, no := range accounts {
		if i := slices.Index(s.accounts, no); i >= 0 {
			s.accounts = slices.Delete(s.accounts, i, i+1)
			s.hub.shard(no).remove(no, s)
		}
	}
}

// Close ends the subscription; a second time it does nothing. A call of fn that is under way may end after Close;
// none begins. fn may call Close.
func (s *Subscription) Close() {
	s.closed.Store(true)
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, no := range s.accounts {
		s.hub.shard(no).remove(no, s)
	}
	s.accounts = nil
}

// Announce wakes those who wait for an account, after a commit that brought it to seq. An older seq than was
// announced before wakes nobody, since who was woken then has read, or will read, this one too. Zero wakes always:
// something changed that has no seq, such as who may open the account.
func (h *Hub) Announce(no haven.AccountNo, seq haven.Seq) {
	var few [8]*Subscription
	for _, s := range h.shard(no).woken(no, seq, few[:0]) {
		if !s.closed.Load() {
			s.fn(no)
		}
	}
}

// Watched is how many accounts are waited for.
func (h *Hub) Watched() int {
	n := 0
	for i := range h.shards {
		s := &h.shards[i]
		s.mu.Lock()
		n += len(s.accounts)
		s.mu.Unlock()
	}
	return n
}

// Source tells, in one query each, the newest seqs of accounts, and the versions of who may open them: any number but 0 that
// is another one after every change.
type Source interface {
	Seqs(ctx context.Context, accounts []haven.AccountNo, each func(haven.AccountNo, haven.Seq)) error
	Versions(ctx context.Context, accounts []haven.AccountNo, each func(no haven.AccountNo, version int64)) error
}

// Poll asks once for the seqs and the versions of all accounts that are waited for, and wakes those behind: it is how what
// another process committed is heard here. An account that is asked for the first time is woken, since it may have changed before.
func (h *Hub) Poll(ctx context.Context, source Source) error {
	var all []haven.AccountNo
	for i := range h.shards {
		all = h.shards[i].list(all)
	}
	for batch := range slices.Chunk(all, pollBatch) {
		if err := source.Seqs(ctx, batch, h.Announce); err != nil {
			return err
		}
		err := source.Versions(ctx, batch, func(no haven.AccountNo, version int64) {
			if h.shard(no).turned(no, version) {
				h.Announce(no, 0)
			}
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// shard spreads accounts by a multiplicative hash, for account numbers are often consecutive.
func (h *Hub) shard(no haven.AccountNo) *shard {
	return &h.shards[uint64(no)*0x9e3779b97f4a7c15>>(64-shardBits)]
}

func (s *shard) add(no haven.AccountNo, sub *Subscription) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.accounts == nil {
		s.accounts = make(map[haven.AccountNo]watched)
	}
	w := s.accounts[no]
	if w.one == nil {
		w.one = sub
	} else {
		w.more = append(w.more, sub)
	}
	s.accounts[no] = w
}

func (s *shard) remove(no haven.AccountNo, sub *Subscription) {
	s.mu.Lock()
	defer s.mu.Unlock()
	w := s.accounts[no]
	last := len(w.more) - 1
	switch i := slices.Index(w.more, sub); {
	case i >= 0:
		w.more[i] = w.more[last]
	case w.one != sub:
		return
	case last < 0:
		delete(s.accounts, no)
		return
	default:
		w.one = w.more[last]
	}
	w.more[last] = nil
	w.more = w.more[:last]
	if last == 0 {
		w.more = nil
	}
	s.accounts[no] = w
}

// woken appends who is to be called to subs: fn runs outside the lock, since it may close its subscription.
func (s *shard) woken(no haven.AccountNo, seq haven.Seq, subs []*Subscription) []*Subscription {
	s.mu.Lock()
	defer s.mu.Unlock()
	w, ok := s.accounts[no]
	if !ok || seq != 0 && seq <= w.seq {
		return nil
	}
	if seq > w.seq {
		w.seq = seq
		s.accounts[no] = w
	}
	return append(append(subs, w.one), w.more...)
}

// turned remembers an account's version, and tells whether it is another one than before.
func (s *shard) turned(no haven.AccountNo, version int64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	w, ok := s.accounts[no]
	if !ok || w.ver == version {
		return false
	}
	w.ver = version
	s.accounts[no] = w
	return true
}

func (s *shard) list(all []haven.AccountNo) []haven.AccountNo {
	s.mu.Lock()
	defer s.mu.Unlock()
	for no := range s.accounts {
		all = append(all, no)
	}
	return all
}
