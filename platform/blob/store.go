package blob

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"

	"haven/platform/errs"
)

// Store is an open folder of bodies. It is safe for many goroutines.
type Store struct {
	dir  string
	id   identity
	opt  Options
	mem  *memory
	pack *packer
	app  *appender
	open *handles

	claim claim

	large  sync.WaitGroup // bodies in files of their own that are being written
	closed atomic.Bool
	failed chan struct{}
	fail   sync.Once
	cause  error // why failed is closed
}

// identity is 16 random octets in the file STORE, in the header of every file, and in the database.
type identity [16]byte

func (i identity) String() string { return hex.EncodeToString(i[:]) }

const identityFile = "STORE"
const identityTitle = "haven store 1\n"

// Open opens the store in dir, and founds one if dir is empty or not there. A folder that holds something else, or
// another store than Options.Identity, is refused as Invalid.
//
// A process that opens a store appends to new packs only: what an earlier process left, torn or whole, stays as it is.
func Open(dir string, o Options) (*Store, error) {
	o = o.withDefaults()
	id, err := identify(dir, o)
	if err != nil {
		return nil, err
	}
	if o.Identity != "" && o.Identity != id.String() {
		return nil, errs.E(errs.Invalid, "The folder %s holds the bodies of another store. Check the path in the configuration.", dir)
	}
	pk, err := newPacker()
	if err != nil {
		return nil, err
	}
	s := &Store{dir: dir, id: id, opt: o, mem: newMemory(o.Writers, o.Memory), pack: pk, failed: make(chan struct{})}
	s.open = newHandles(s, o.Handles)
	last, err := s.lastNumber()
	if err != nil {
		return nil, err
	}
	s.claim.last = last
	if !o.ReadOnly {
		s.app = startAppender(s)
	}
	return s, nil
}

// Identity is what the database remembers to recognise this folder; see Bind.
func (s *Store) Identity() string { return s.id.String() }

// Failed is closed when a write or a sync failed in a way after which nobody can tell what the disk holds. Every
// later Put is Transient; the process should end and start anew. Err tells the cause.
func (s *Store) Failed() <-chan struct{} { return s.failed }

// Err is why Failed was closed; nil before.
func (s *Store) Err() error {
	select {
	case <-s.failed:
		return s.cause
	default:
		return nil
	}
}

func (s *Store) giveUp(err error) {
	s.fail.Do(func() {
		s.cause = err
		s.opt.Logger.Error("bodies cannot be written any more; the process must end", "error", err)
		close(s.failed)
	})
}

// Close lets the appender finish what it has taken, refuses what comes later, waits until bodies that have a file of
// their own are committed or aborted, and closes every file. Bodies that are open stay readable until they are closed.
func (s *Store) Close() error {
	if s.closed.Swap(true) {
		return nil
	}
	if s.app != nil {
		s.app.stop()
	}
	s.large.Wait()
	s.claim.close()
	s.open.close()
	return nil
}

func (s *Store) path(number int64) string { return filepath.Join(s.dir, fileName(number)) }

// identify reads STORE, or founds a store in an empty folder.
func identify(dir string, o Options) (identity, error) {
	id, err := readIdentity(dir)
	if !errors.Is(err, fs.ErrNotExist) {
		return id, err
	}
	if o.ReadOnly || o.Identity != "" {
		return id, errs.E(errs.Invalid, "There is no store of bodies in %s. Check the path in the configuration, and that its disk is mounted.", dir)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return id, err
	}
	if err := mayFound(dir); err != nil {
		return id, err
	}
	if err := found(dir, o.Rand); err != nil {
		return id, err
	}
	return readIdentity(dir)
}

// mayFound refuses a folder that holds anything which a founder that was cut short did not leave.
func mayFound(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if n := e.Name(); n != "packs" && n != "large" && n != identityFile && n != "lost+found" && !strings.HasPrefix(n, ".founding") {
			return errs.E(errs.Invalid, "The folder %s is not empty and holds no store of bodies. Name an empty folder in the configuration.", dir)
		}
	}
	return nil
}

// found writes STORE whole or not at all: when two processes found at once, both end with the same one.
func found(dir string, random io.Reader) error {
	var id identity
	if _, err := io.ReadFull(random, id[:]); err != nil {
		return err
	}
	for _, sub := range []string{"packs", "large"} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o700); err != nil {
			return err
		}
	}
	f, err := os.CreateTemp(dir, ".founding")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(f.Name()) }()
	_, err = f.WriteString(identityTitle + id.String() + "\n")
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Link(f.Name(), filepath.Join(dir, identityFile)); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return errors.Join(syncDir(dir), syncDir(filepath.Dir(dir)))
}

func readIdentity(dir string) (identity, error) {
	var id identity
	b, err := os.ReadFile(filepath.Join(dir, identityFile))
	if err != nil {
		return id, err
	}
	hexID, ok := strings.CutPrefix(string(b), identityTitle)
	raw, err := hex.DecodeString(strings.TrimSuffix(hexID, "\n"))
	if !ok || err != nil || len(raw) != len(id) {
		return id, errs.E(errs.Invalid, "%s in %s is not one that this program can read. It may come from a newer program.", identityFile, dir)
	}
	copy(id[:], raw)
	return id, nil
}

// lastNumber is the highest number of a file in the folder, so that a clock that was set back cannot repeat one.
func (s *Store) lastNumber() (int64, error) {
	var last int64
	err := s.eachFile(func(number int64, _ fs.DirEntry) error {
		last = max(last, number)
		return nil
	})
	return last >> 1, err
}

// eachFile calls fn for every pack and every body in a file of its own, packs first, each kind in no promised order.
func (s *Store) eachFile(fn func(number int64, e fs.DirEntry) error) error {
	if err := eachNumbered(filepath.Join(s.dir, "packs"), ".pack", 0, fn); err != nil {
		return err
	}
	subs, err := os.ReadDir(filepath.Join(s.dir, "large"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, sub := range subs {
		if !sub.IsDir() {
			continue
		}
		if err := eachNumbered(filepath.Join(s.dir, "large", sub.Name()), ".body", largeBit, fn); err != nil {
			return err
		}
	}
	return nil
}

func eachNumbered(dir, suffix string, kind int64, fn func(int64, fs.DirEntry) error) error {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, e := range entries {
		var number int64
		name, ok := strings.CutSuffix(e.Name(), suffix)
		if !ok || len(name) != 16 {
			continue
		}
		if _, err := fmt.Sscanf(name, "%x", &number); err != nil || number <= 0 || number&largeBit != kind {
			continue
		}
		if err := fn(number, e); err != nil {
			return err
		}
	}
	return nil
}

// Put stores body and returns when it is durable. It fails as Transient when ctx ends first, the disk is full, or
// the store has failed; the body may then be in a pack all the same, where nothing refers to it.
func (s *Store) Put(ctx context.Context, body []byte) (Stored, error) {
	w, err := s.NewWriter(ctx)
	if err != nil {
		return Stored{}, err
	}
	if _, err := w.Write(body); err != nil {
		w.Abort()
		return Stored{}, err
	}
	return w.Commit(ctx)
}
