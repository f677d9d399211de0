package blob

import (
	"testing"

	"haven/platform/disktest"
	"haven/platform/errs"
)

// A real full disk, where the test may mount one.
func TestRealFullDisk(t *testing.T) {
	t.Parallel()
	dir := disktest.Small(t, 3)
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
