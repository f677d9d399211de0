package blob

import (
	"context"
	"sync"

	"golang.org/x/sync/semaphore"

	"haven/platform/errs"
)

// Buffers come in three classes. Most letters fit the first; with the second a body of any size can be streamed
// to a file; the third keeps up to 1 MiB together for a pack.
const (
	classSmall = iota
	classStream
	classFull
)

const (
	maxSpill  = 1 << 20
	tableRoom = 4 << 10 // for the table of chunks at the end of a record in memory
	chunkRoom = chunkSize + tagSize
)

var bufferClasses = [...]int64{
	classSmall:  32 << 10,
	classStream: 2*chunkRoom + tableRoom + recordHeader,
	classFull:   maxSpill + 2*chunkRoom + tableRoom + recordHeader,
}

// memory bounds what all writers of a store hold. Waiting cannot lock up: whoever waits for the second class holds
// the first only, whoever holds the second can finish without more, and the third is never waited for.
type memory struct {
	writers *semaphore.Weighted
	octets  *semaphore.Weighted
	pools   [len(bufferClasses)]sync.Pool
}

type buffer struct {
	b     []byte
	class int
}

func newMemory(writers int, octets int64) *memory {
	m := &memory{writers: semaphore.NewWeighted(int64(writers)), octets: semaphore.NewWeighted(octets)}
	for class, size := range bufferClasses {
		m.pools[class].New = func() any { return &buffer{b: make([]byte, 0, size), class: class} }
	}
	return m
}

// first waits for a small buffer until ctx ends.
func (m *memory) first(ctx context.Context) (*buffer, error) {
	if err := m.writers.Acquire(ctx, 1); err != nil {
		return nil, errs.Wrap(errs.Transient, err, "")
	}
	return m.pools[classSmall].Get().(*buffer), nil
}

// grow moves what buf holds to a buffer of the next class; buf is gone then. From small to stream it waits until ctx
// ends; from stream to full it takes what is free now or reports false, and buf stays good.
func (m *memory) grow(ctx context.Context, buf *buffer) (*buffer, bool, error) {
	need := bufferClasses[classStream]
	switch buf.class {
	case classSmall:
		if err := m.octets.Acquire(ctx, need); err != nil {
			return buf, false, errs.Wrap(errs.Transient, err, "")
		}
	case classStream:
		need = bufferClasses[classFull] - bufferClasses[classStream]
		if !m.octets.TryAcquire(need) {
			return buf, false, nil
		}
	default:
		return buf, false, nil
	}
	next := m.pools[buf.class+1].Get().(*buffer)
	next.b = append(next.b[:0], buf.b...)
	m.put(buf)
	return next, true, nil
}

// release gives a writer's buffer back, and with it the writer's place.
func (m *memory) release(buf *buffer) {
	if buf.class != classSmall {
		m.octets.Release(bufferClasses[buf.class])
	}
	m.put(buf)
	m.writers.Release(1)
}

func (m *memory) put(buf *buffer) {
	buf.b = buf.b[:0]
	m.pools[buf.class].Put(buf)
}
