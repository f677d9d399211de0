package blob

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"haven/platform/errs"
)

// claim gives out the numbers of files and the ids of bodies. A number belongs to whoever creates its file, and
// the ids that begin with a pack's number belong to whoever created the pack.
type claim struct {
	mu     sync.Mutex
	last   int64 // milliseconds of the last number that was taken here, or found in the folder
	prefix int64 // milliseconds of the pack that ids begin with; 0 before the first
	next   int64 // counter of the next id
	spare  []*packFile
}

// nextID gives a fresh id. It creates a pack when there is none yet, or when the ids of the last are used up.
func (s *Store) nextID() (ID, error) {
	c := &s.claim
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.prefix == 0 || c.next >= 1<<idBits {
		p, err := s.createPackLocked()
		if err != nil {
			return 0, err
		}
		c.spare = append(c.spare, p)
	}
	id := ID(c.prefix<<idBits | c.next)
	c.next++
	return id, nil
}

// nextPack gives an empty pack that this process created: one that nextID began, or a new one.
func (s *Store) nextPack() (*packFile, error) {
	c := &s.claim
	c.mu.Lock()
	defer c.mu.Unlock()
	if n := len(c.spare); n > 0 {
		p := c.spare[n-1]
		c.spare = c.spare[:n-1]
		return p, nil
	}
	return s.createPackLocked()
}

// createPackLocked begins a pack, and with it a new run of ids, so that ids keep up with time.
func (s *Store) createPackLocked() (*packFile, error) {
	p, err := s.beginLocked()
	if err != nil {
		return nil, err
	}
	s.claim.prefix, s.claim.next = p.number>>1, 1
	return p, nil
}

// createTarget begins a pack for compaction, which moves bodies and makes none.
func (s *Store) createTarget() (*packFile, error) {
	s.claim.mu.Lock()
	defer s.claim.mu.Unlock()
	return s.beginLocked()
}

func (s *Store) beginLocked() (*packFile, error) {
	p, err := s.createLocked(0)
	if err != nil {
		return nil, err
	}
	if err := p.begin(); err != nil {
		p.discard()
		return nil, transient(err)
	}
	return p, nil
}

// createLarge creates the file of one body. Its folder is synced when the body is committed.
func (s *Store) createLarge() (*packFile, error) {
	s.claim.mu.Lock()
	defer s.claim.mu.Unlock()
	return s.createLocked(largeBit)
}

// createLocked creates a file whose number nobody had, and locks it for as long as it is written: no other process
// compacts or removes a locked file. The caller holds claim.mu.
func (s *Store) createLocked(kind int64) (*packFile, error) {
	ms := s.opt.Now().UnixMilli() - numberEpoch
	for try := 0; try < 10_000; try++ {
		ms = max(ms, s.claim.last+1)
		s.claim.last = ms
		number := ms<<1 | kind
		f, err := s.opt.openFile(s.path(number))
		if errors.Is(err, fs.ErrNotExist) && isLarge(number) {
			f, err = s.openInNewFolder(number)
		}
		if errors.Is(err, fs.ErrExist) || errors.Is(err, syscall.EWOULDBLOCK) { // taken, or just being looked at
			continue
		}
		if err != nil {
			return nil, transient(err)
		}
		return &packFile{s: s, f: f, number: number}, nil
	}
	return nil, errs.E(errs.Transient, "")
}

func (s *Store) openInNewFolder(number int64) (appendFile, error) {
	dir := filepath.Dir(s.path(number))
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	return s.opt.openFile(s.path(number))
}

// close removes packs that were begun and never used.
func (c *claim) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, p := range c.spare {
		p.discard()
	}
	c.spare = nil
}

// packFile is a file that this process created and appends to. One goroutine uses it at a time.
type packFile struct {
	s      *Store
	f      appendFile
	number int64
	off    int64 // where the next record goes
}

// begin writes the header and makes file and name durable.
func (p *packFile) begin() error {
	var head [fileHeader]byte
	putFileHeader(head[:], p.s.id, p.number)
	if err := p.f.WriteVec([][]byte{head[:]}, 0); err != nil {
		return err
	}
	p.off = fileHeader
	if err := p.f.Sync(); err != nil {
		return err
	}
	return syncDir(filepath.Dir(p.s.path(p.number)))
}

// close ends appending. The time of ending, by the store's clock, is what maintenance goes by.
func (p *packFile) close() {
	now := p.s.opt.Now()
	if err := errors.Join(os.Chtimes(p.s.path(p.number), time.Time{}, now), p.f.Close()); err != nil {
		p.s.opt.Logger.Warn("a pack did not close well", "pack", fileName(p.number), "error", err)
	}
}

// discard removes a file that holds nothing anybody was promised.
func (p *packFile) discard() {
	err := errors.Join(os.Remove(p.s.path(p.number)), p.f.Close())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		p.s.opt.Logger.Warn("an unfinished file stays behind until the next compaction", "pack", fileName(p.number), "error", err)
	}
}
