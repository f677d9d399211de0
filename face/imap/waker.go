package imap

import (
	"runtime"
	"sync"
)

// waker tells idling sessions what is new, on a few goroutines for all sessions. A session is in the queue at most
// once, so that the queue is bounded by the sessions there are, and adding never blocks.
type waker struct {
	mu    sync.Mutex
	more  sync.Cond
	queue []*session
	done  bool
	wg    sync.WaitGroup
	wake  func(*session)
}

func newWaker(wake func(*session)) *waker {
	w := &waker{wake: wake}
	w.more.L = &w.mu
	for range max(16, 2*runtime.GOMAXPROCS(0)) {
		w.wg.Add(1)
		go w.work()
	}
	return w
}

// add puts s into the queue unless it is there.
func (w *waker) add(s *session) {
	if s.queued.Swap(true) {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.queue = append(w.queue, s)
	w.more.Signal()
}

func (w *waker) work() {
	defer w.wg.Done()
	for {
		w.mu.Lock()
		for len(w.queue) == 0 && !w.done {
			w.more.Wait()
		}
		if w.done {
			w.mu.Unlock()
			return
		}
		s := w.queue[0]
		w.queue[0] = nil
		w.queue = w.queue[1:]
		w.mu.Unlock()
		s.queued.Store(false)
		w.wake(s)
	}
}

// close ends the workers and waits for them.
func (w *waker) close() {
	w.mu.Lock()
	w.done = true
	w.queue = nil
	w.more.Broadcast()
	w.mu.Unlock()
	w.wg.Wait()
}
