package account

import "context"

// HoldHashers takes every slot of the queue until release is called.
func (s *Service) HoldHashers(ctx context.Context) (release func()) {
	n := 0
	for s.slots() > 0 {
		if s.queue.enter(ctx, "test") == nil {
			n++
		}
	}
	return func() {
		for range n {
			s.queue.leave()
		}
	}
}

func (s *Service) slots() int {
	s.queue.mu.Lock()
	defer s.queue.mu.Unlock()
	return s.queue.free
}
