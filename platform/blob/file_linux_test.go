package blob

import (
	"syscall"
	"testing"

	"haven/platform/errs"
)

// A real full disk, where the test may mount one.
func TestRealFullDisk(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=3m"); err != nil {
		t.Skip("no small disk can be mounted here:", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(dir, 0) })
	s, err := Open(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	var kept []Stored
	for {
		st, err := s.Put(t.Context(), letter(300<<10, 1, true))
		if err != nil {
			if !errs.Is(err, errs.Transient) || s.Err() != nil {
				t.Fatal(err, s.Err())
			}
			break
		}
		kept = append(kept, st)
	}
	for _, st := range kept {
		if err := s.Verify(st.Loc, st.ID); err != nil {
			t.Error(err)
		}
	}
}
