package jmap

import (
	"sync"

	"haven"
)

// turns counts what each person has under way and how many octets are held for it, and refuses what would be over the most.
type turns struct {
	most   int
	octets int64 // 0: nothing is held
	mu     sync.Mutex
	now    map[haven.AccountNo]underWay
}

// underWay is what one person has.
type underWay struct {
	turns  int
	octets int64
}

func newTurns(most int, octets int64) *turns {
	return &turns{most: most, octets: octets, now: map[haven.AccountNo]underWay{}}
}

// turn is one thing that is under way, until it is done.
type turn struct {
	of     *turns
	person haven.AccountNo
	held   int64 // under turns.mu
	over   bool  // under turns.mu
}

// take begins one more for a person; without it ok is false.
func (t *turns) take(person haven.AccountNo) (one *turn, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now[person]
	if now.turns >= t.most {
		return nil, false
	}
	now.turns++
	t.now[person] = now
	return &turn{of: t, person: person}, true
}

// hold notes that so many octets are held for it in all. It is false, and nothing changes, where all that the person has under way would hold too many.
func (o *turn) hold(octets int64) bool {
	t := o.of
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now[o.person]
	if octets <= o.held || o.over {
		return true
	}
	if now.octets += octets - o.held; now.octets > t.octets {
		return false
	}
	o.held = octets
	t.now[o.person] = now
	return true
}

// done ends it, and lets go of what was held for it. Once is enough.
func (o *turn) done() {
	t := o.of
	t.mu.Lock()
	defer t.mu.Unlock()
	if o.over {
		return
	}
	o.over = true
	now := t.now[o.person]
	now.turns--
	now.octets -= o.held
	if now.turns <= 0 {
		delete(t.now, o.person)
		return
	}
	t.now[o.person] = now
}
