package blob

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// appendFile is what appending needs of a file.
type appendFile interface {
	WriteVec(pieces [][]byte, off int64) error // all of it, or an error
	Sync() error                               // what was written survives a power cut
	Close() error                              // gives up the lock too
}

// openFunc creates a file that was not there, locked for as long as it is open.
type openFunc func(path string) (appendFile, error)

type realFile struct{ *os.File }

func openReal(path string) (appendFile, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	if err := lockFile(f, syscall.LOCK_EX); err != nil {
		return nil, errors.Join(err, os.Remove(path), f.Close())
	}
	return realFile{f}, nil
}

// lockFile takes an advisory lock without waiting. It ends with the descriptor, so also when the process is killed;
// two descriptors of one process exclude each other as two processes do.
func lockFile(f *os.File, how int) error {
	for {
		err := syscall.Flock(int(f.Fd()), how|syscall.LOCK_NB)
		if err != syscall.EINTR {
			return os.NewSyscallError("flock", err)
		}
	}
}

// isWritten reports whether some process holds the file open for appending.
func isWritten(path string) (bool, error) {
	f, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer func() { _ = f.Close() }()
	err = lockFile(f, syscall.LOCK_SH)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return true, nil
	}
	return false, err
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

const lockName = "MAINTENANCE"

// hold takes the folder's maintenance lock: shared by back-ups, exclusive for sweeping, compaction and unlinking,
// across all processes. It tries until ctx ends; patient false tries once.
func (s *Store) hold(ctx context.Context, how int, patient bool) (release func(), err error) {
	f, err := os.OpenFile(filepath.Join(s.dir, lockName), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	for {
		err := lockFile(f, how)
		if err == nil {
			return func() { _ = f.Close() }, nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, errors.Join(err, f.Close())
		}
		if !patient {
			return nil, errors.Join(ErrHeld, f.Close())
		}
		select {
		case <-ctx.Done():
			return nil, errors.Join(ErrHeld, ctx.Err(), f.Close())
		case <-time.After(holdRetry):
		}
	}
}

// holdRetry is how often a back-up asks whether a running sweep has ended; an advisory lock cannot be waited for
// together with a context.
const holdRetry = 20 * time.Millisecond

// Hold keeps every process from sweeping, compacting and unlinking until release is called, so that whatever a
// copy of the database points to stays where it is. It waits for a running step to end, until ctx ends (ErrHeld).
// Appending goes on. If the process dies, the hold ends with it.
func (s *Store) Hold(ctx context.Context) (release func(), err error) {
	return s.hold(ctx, syscall.LOCK_SH, true)
}
