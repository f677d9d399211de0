package blob

import (
	"errors"

	"golang.org/x/sys/unix"

	"haven/platform/errs"
)

// The last room of a disk is left to the databases, which need it to be opened at all: bodies take none of it.
const (
	mostHeadroom  = 32 << 20
	headroomShare = 32 // of the file system, one part in so many
)

var errHeadroom = errors.New("blob: the disk's last room is left to the databases")

// hasHeadroom is nil if another body may be kept. Where nothing can be learned of the disk it may; a write tells then.
func (s *Store) hasHeadroom() error {
	var st unix.Statfs_t
	if err := unix.Statfs(s.dir, &st); err != nil {
		return nil
	}
	block := uint64(st.Bsize)
	if st.Bavail*block < min(mostHeadroom, st.Blocks*block/headroomShare) {
		return errs.StorageFull(errHeadroom)
	}
	return nil
}
