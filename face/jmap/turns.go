package jmap

import (
	"sync"

	"haven"
)

// turns counts what each person has under way, and refuses what would be over the most.
type turns struct {
	most int
	mu   sync.Mutex
	now  map[haven.AccountNo]int
}

func newTurns(most int) *turns { return &turns{most: most, now: map[haven.AccountNo]int{}} }

// take begins one more for a person; without it ok is false. done ends it, once.
func (t *turns) take(no haven.AccountNo) (done func(), ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.now[no] >= t.most {
		return nil, false
	}
	t.now[no]++
	return sync.OnceFunc(func() { t.leave(no) }), true
}

func (t *turns) leave(no haven.AccountNo) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.now[no]--; t.now[no] <= 0 {
		delete(t.now, no)
	}
}
