package db

import (
	"sync/atomic"
	"time"
)

// Stats counts since the database was opened. Sums grow only, so that a rate can be taken of them; Waiting and
// WALPages go up and down.
type Stats struct {
	Writes  int64 // closures of Write that were committed
	Failed  int64 // closures of Write that were rolled back, for whatever reason
	Reads   int64 // closures of Read that were run
	Panics  int64 // closures that panicked
	Retries int64 // closures that were run again after a deadlock or a serialisation failure

	Groups       int64 // commits; on SQLite one holds many closures
	LargestGroup int64 // closures in the fullest commit

	Waiting          int64         // closures in SQLite's queue now
	QueueWait        time.Duration // sum of what closures of Write waited before they ran
	LongestQueueWait time.Duration
	ClosureTime      time.Duration // sum of what closures of Write ran
	LongestClosure   time.Duration

	WALPages    int64 // pages in SQLite's write-ahead log when it was last looked at
	Checkpoints int64 // times that SQLite's log was begun anew
}

// counters are Stats while they are counted.
type counters struct {
	writes, failed, reads, panics, retries atomic.Int64
	groups, largestGroup                   atomic.Int64
	queueWait, longestQueueWait            atomic.Int64
	closureTime, longestClosure            atomic.Int64
	walPages, checkpoints                  atomic.Int64
}

func (c *counters) stats() Stats {
	return Stats{
		Writes: c.writes.Load(), Failed: c.failed.Load(), Reads: c.reads.Load(),
		Panics: c.panics.Load(), Retries: c.retries.Load(),
		Groups: c.groups.Load(), LargestGroup: c.largestGroup.Load(),
		QueueWait:        time.Duration(c.queueWait.Load()),
		LongestQueueWait: time.Duration(c.longestQueueWait.Load()),
		ClosureTime:      time.Duration(c.closureTime.Load()),
		LongestClosure:   time.Duration(c.longestClosure.Load()),
		WALPages:         c.walPages.Load(), Checkpoints: c.checkpoints.Load(),
	}
}

// waited and ran count one closure's wait and run.
func (c *counters) waited(d time.Duration) {
	c.queueWait.Add(int64(d))
	raise(&c.longestQueueWait, int64(d))
}

func (c *counters) ran(d time.Duration) {
	c.closureTime.Add(int64(d))
	raise(&c.longestClosure, int64(d))
}

// committed counts one commit of n closures.
func (c *counters) committed(n int64) {
	c.groups.Add(1)
	c.writes.Add(n)
	raise(&c.largestGroup, n)
}

func raise(a *atomic.Int64, to int64) {
	for old := a.Load(); old < to; old = a.Load() {
		if a.CompareAndSwap(old, to) {
			return
		}
	}
}
