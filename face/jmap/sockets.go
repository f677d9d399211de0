package jmap

import (
	"sync"

	"haven"
	"haven/platform/errs"
)

// sockets counts the WebSockets and event sources that are open: those of each person, and all.
type sockets struct {
	each *turns
	most int // of all; 0: no limit

	mu   sync.Mutex
	left *sync.Cond // one has ended
	all  int
	shut bool // no more is opened
}

func newSockets(each, most int) *sockets {
	s := &sockets{each: newTurns(each, 0), most: most}
	s.left = sync.NewCond(&s.mu)
	return s
}

// take counts one more of a person; it is an error where there are too many. done ends it, once.
func (s *sockets) take(person haven.AccountNo) (done func(), err error) {
	one, ok := s.each.take(person)
	if !ok {
		return nil, errs.E(errs.TooMany, "You have %d connections open already. Close some of your programs or pages.", s.each.most)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.shut || s.most > 0 && s.all >= s.most {
		one.done()
		return nil, errs.E(errs.Transient, "The service has very many connections. Try again in a minute.")
	}
	s.all++
	return sync.OnceFunc(func() {
		one.done()
		s.mu.Lock()
		defer s.mu.Unlock()
		s.all--
		s.left.Broadcast()
	}), nil
}

// close lets no more be opened, and waits until all have ended.
func (s *sockets) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.shut = true
	for s.all > 0 {
		s.left.Wait()
	}
}
