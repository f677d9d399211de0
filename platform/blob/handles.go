package blob

import (
	"container/list"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
)

// handles keeps the files that were read last open, at most limit of them besides those in use.
type handles struct {
	s     *Store
	limit int

	mu   sync.Mutex
	open map[int64]*handle
	idle *list.List // of *handle, most recently used first; those in use are in it too
}

// handle is a file open for reading. It stays readable when the file is unlinked meanwhile: what it holds never
// changes.
type handle struct {
	f      *os.File
	number int64
	users  int
	place  *list.Element // nil once evicted: the last user closes it
}

func newHandles(s *Store, limit int) *handles {
	return &handles{s: s, limit: limit, open: map[int64]*handle{}, idle: list.New()}
}

// get opens the file of a number for one user. A file that is not there is ErrMoved.
func (h *handles) get(number int64) (*handle, error) {
	h.mu.Lock()
	if x := h.open[number]; x != nil {
		x.users++
		h.idle.MoveToFront(x.place)
		h.mu.Unlock()
		return x, nil
	}
	h.mu.Unlock()
	f, err := h.s.openNumber(number)
	if err != nil {
		return nil, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if x := h.open[number]; x != nil { // somebody was faster
		_ = f.Close()
		x.users++
		return x, nil
	}
	x := &handle{f: f, number: number, users: 1}
	x.place = h.idle.PushFront(x)
	h.open[number] = x
	h.evict()
	return x, nil
}

// evict forgets the least recently used handles over the limit. The caller holds mu.
func (h *handles) evict() {
	for h.idle.Len() > h.limit {
		h.forget(h.idle.Back().Value.(*handle))
	}
}

func (h *handles) forget(x *handle) {
	h.idle.Remove(x.place)
	x.place = nil
	delete(h.open, x.number)
	if x.users == 0 {
		_ = x.f.Close()
	}
}

func (h *handles) put(x *handle) {
	h.mu.Lock()
	defer h.mu.Unlock()
	x.users--
	if x.users == 0 && x.place == nil {
		_ = x.f.Close()
	}
}

// drop forgets the handle of a file that is about to be unlinked, so that its space is freed.
func (h *handles) drop(number int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if x := h.open[number]; x != nil {
		h.forget(x)
	}
}

func (h *handles) close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.limit = 0
	h.evict()
}

// openNumber opens a file of the store for reading and proves by its header that it is the store's own.
func (s *Store) openNumber(number int64) (*os.File, error) {
	f, err := os.Open(s.path(number))
	if errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Stat(filepath.Join(s.dir, identityFile)); err != nil {
			return nil, transient(err) // the whole store is away, as of a disk that isn't mounted; no body is lost
		}
		return nil, ErrMoved
	}
	if err != nil {
		return nil, transient(err)
	}
	var head [fileHeader]byte
	if _, err := f.ReadAt(head[:], 0); err != nil {
		_ = f.Close()
		return nil, damaged(Loc{Pack: number}, 0, err.Error())
	}
	if err := checkFileHeader(head[:], s.id, number); err != nil {
		_ = f.Close()
		return nil, damaged(Loc{Pack: number}, 0, err.Error())
	}
	return f, nil
}
