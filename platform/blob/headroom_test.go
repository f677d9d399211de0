package blob

import (
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"haven/platform/disktest"
	"haven/platform/errs"
)

// Bodies leave a disk's last room to the databases, and are taken again once there is more.
func TestHeadroom(t *testing.T) {
	t.Parallel()
	root := disktest.Small(t, 32)
	s, err := Open(filepath.Join(root, "packs"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	keep := func() error {
		w, err := s.NewWriter(t.Context())
		if err != nil {
			return err
		}
		if _, err := w.Write(make([]byte, 1000)); err != nil {
			w.Abort()
			return err
		}
		_, err = w.Commit(t.Context())
		return err
	}
	if err := keep(); err != nil {
		t.Fatal(err)
	}
	var st unix.Statfs_t
	if err := unix.Statfs(root, &st); err != nil {
		t.Fatal(err)
	}
	free, size := int64(st.Bavail)*st.Bsize, int64(st.Blocks)*st.Bsize
	weight := filepath.Join(root, "ballast")
	if err := os.WriteFile(weight, make([]byte, free-size/headroomShare/2), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := keep(); !errs.IsStorageFull(err) {
		t.Errorf("a body takes the last room: %v", err)
	}
	if err := os.Remove(weight); err != nil {
		t.Fatal(err)
	}
	if err := keep(); err != nil {
		t.Errorf("with room again: %v", err)
	}
}
