package imap

import "sync"

// maxIdleHands is how many goroutines of a crew wait for work.
const maxIdleHands = 32

// crew runs what is deep (commands, looks at the store) on goroutines that stay for the next one, since their stacks have
// grown by then: to grow a new one for each command costs a tenth of a processor. The zero value is ready.
type crew struct {
	mu   sync.Mutex
	idle []chan func() // the one used last is the next; nil on it ends a hand
	done bool
	wg   sync.WaitGroup
}

// do has f run by somebody, and doesn't wait for it. f must not panic.
func (c *crew) do(f func()) {
	c.mu.Lock()
	if n := len(c.idle); n > 0 {
		hand := c.idle[n-1]
		c.idle = c.idle[:n-1]
		c.mu.Unlock()
		hand <- f
		return
	}
	c.wg.Add(1)
	c.mu.Unlock()
	go c.work(make(chan func()), f)
}

func (c *crew) work(hand chan func(), f func()) {
	defer c.wg.Done()
	for f != nil {
		f()
		c.mu.Lock()
		if c.done || len(c.idle) >= maxIdleHands {
			c.mu.Unlock()
			return
		}
		c.idle = append(c.idle, hand)
		c.mu.Unlock()
		f = <-hand
	}
}

// close ends those who wait, and waits for those who work. Nothing is to be done afterwards.
func (c *crew) close() {
	c.mu.Lock()
	c.done = true
	idle := c.idle
	c.idle = nil
	c.mu.Unlock()
	for _, hand := range idle {
		hand <- nil
	}
	c.wg.Wait()
}
