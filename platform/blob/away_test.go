package blob

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"haven/platform/errs"
)

// TestStoreAway: a folder that is away as a whole, as of a disk that isn't mounted, loses no body.
func TestStoreAway(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "bodies")
	s, err := Open(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	st, err := s.Put(t.Context(), []byte("a letter"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(dir, dir+".away"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Open(st.Loc, st.ID, st.Key); !errs.Is(err, errs.Transient) || errors.Is(err, ErrMoved) {
		t.Error("away:", err)
	}
	if err := os.Rename(dir+".away", dir); err != nil {
		t.Fatal(err)
	}
	got, err := s.AppendTo(nil, st.Loc, st.ID, &st.Key)
	if err != nil || string(got) != "a letter" {
		t.Errorf("back: %q, %v", got, err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}
