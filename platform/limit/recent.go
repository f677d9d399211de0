// Package limit holds bounded memories that are keyed by a string or another small value: counters over a
// window, token buckets, and the most recently used values.
//
// Whatever a stranger can choose as a key (an address, a user name) may come in any number, so everything here
// has a most number of keys and forgets the one that was used longest ago.
package limit

import (
	"container/list"
	"sync"
)

// Recent remembers the most recently used values, at most a fixed number. It is safe for many goroutines.
type Recent[K comparable, V any] struct {
	mu   sync.Mutex
	most int
	m    map[K]*list.Element
	l    list.List // front is the most recently used
}

type recentEntry[K comparable, V any] struct {
	k K
	v V
}

// NewRecent returns a memory of at most that many values, and of at least one.
func NewRecent[K comparable, V any](most int) *Recent[K, V] {
	return &Recent[K, V]{most: max(most, 1), m: make(map[K]*list.Element)}
}

// Get returns what is remembered under k and makes it the most recently used.
func (r *Recent[K, V]) Get(k K) (V, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	e, ok := r.m[k]
	if !ok {
		var zero V
		return zero, false
	}
	r.l.MoveToFront(e)
	return e.Value.(*recentEntry[K, V]).v, true
}

// Put remembers v under k in place of what was there.
func (r *Recent[K, V]) Put(k K, v V) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.put(k, v)
}

// Update replaces what is remembered under k by what fn makes of it, in one step; fn gets the zero value where
// there is nothing. fn must not use r.
func (r *Recent[K, V]) Update(k K, fn func(V) V) V {
	r.mu.Lock()
	defer r.mu.Unlock()
	var old V
	if e, ok := r.m[k]; ok {
		old = e.Value.(*recentEntry[K, V]).v
	}
	v := fn(old)
	r.put(k, v)
	return v
}

func (r *Recent[K, V]) put(k K, v V) {
	if e, ok := r.m[k]; ok {
		e.Value.(*recentEntry[K, V]).v = v
		r.l.MoveToFront(e)
		return
	}
	if len(r.m) >= r.most {
		last := r.l.Back()
		delete(r.m, last.Value.(*recentEntry[K, V]).k)
		r.l.Remove(last)
	}
	r.m[k] = r.l.PushFront(&recentEntry[K, V]{k, v})
}

// Forget drops what is remembered under k.
func (r *Recent[K, V]) Forget(k K) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if e, ok := r.m[k]; ok {
		delete(r.m, k)
		r.l.Remove(e)
	}
}

// Len is how many values are remembered now.
func (r *Recent[K, V]) Len() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.m)
}
