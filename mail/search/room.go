package search

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"golang.org/x/sys/unix"

	"haven/platform/errs"
)

// The index is derived, mail is not: of a disk's last room, the larger of these two, the index takes nothing.
const (
	reserve      = 64 << 20
	reserveShare = 50 // of the file system, one part in so many
)

// Room tells how many octets are free in a folder for who is not root, and how many its file system has.
type Room func(folder string) (free, size uint64, err error)

// diskRoom asks the operating system.
func diskRoom(folder string) (free, size uint64, err error) {
	var st unix.Statfs_t
	if err := unix.Statfs(folder, &st); err != nil {
		return 0, 0, err
	}
	block := uint64(st.Bsize)
	return st.Bavail * block, st.Blocks * block, nil
}

// enough is the rule of how much must be free for the index to grow.
func enough(free, size uint64) bool { return free >= max(reserve, size/reserveShare) }

// errLow is behind the error for work that the index puts off for want of room; it was logged already.
var errLow = errors.New("the disk's last room is left to mail")

// hasRoom is nil if the index may grow. It logs when that changes. Where nothing can be learned of the disk it may; what
// PostgreSQL's disk has is not known here.
func (x *index) hasRoom() error {
	if x.path == "" {
		return nil
	}
	free, size, err := x.room(filepath.Dir(x.path))
	low := err == nil && !enough(free, size)
	if was := x.low.Swap(low); low != was {
		if low {
			x.log.Warn("search index stands still until there is more room on the disk; what it lacks is read instead", "free_mib", free>>20)
		} else {
			x.log.Info("search index goes on: there is room again", "free_mib", free>>20)
		}
	}
	if low {
		return errs.StorageFull(errLow)
	}
	return nil
}

// outOfRoom reports whether a full disk is behind err, however it was wrapped.
func outOfRoom(err error) bool {
	for e := (*errs.Error)(nil); errors.As(err, &e); err = e.Cause {
		if e.Rule == errs.RuleStorageFull {
			return true
		}
	}
	return errors.Is(err, unix.ENOSPC)
}

// giveRoom removes an index that met a full disk, so that mail has what it took; the worker begins a new one when there is
// room.
func (x *index) giveRoom(e engine, cause error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.engine != e || x.path == "" {
		return
	}
	x.log.Warn("the disk is full; the search index is removed, and built anew when there is room", "error", cause)
	if err := e.close(); err != nil {
		x.log.Warn("search index does not close", "error", err)
	}
	x.engine = nil
	if err := removeFile(x.path); err != nil {
		x.log.Warn("search index can't be removed", "error", err)
	}
}

// canWait reports whether a search can do without its index for now: the worker tries again, and until then letters are read.
func (x *index) canWait(ctx context.Context, err error) bool {
	return x.path != "" && ctx.Err() == nil && (errs.Is(err, errs.Transient) || outOfRoom(err))
}

// doubtful wraps what was met on opening the index.
func doubtful(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%w: %w", errDoubt, err)
}
