package blob

import (
	"errors"
	"os"
	"strings"
	"testing"

	"haven/platform/db"
	"haven/platform/db/dbtest"
)

// faults are what CheckFiles finds.
func (h *house) faults() (all []string) {
	h.t.Helper()
	if err := h.s.CheckFiles(h.t.Context(), h.d, func(what string) { all = append(all, what) }); err != nil {
		h.t.Fatal(err)
	}
	return all
}

// TestCheckFiles: a file that is lost or cut short is noticed without any body being read, also behind many others.
func TestCheckFiles(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := newHouse(t, d, Options{Spill: 64 << 10})
		small := h.deliver(100)
		h.deliver(200)
		var large Stored
		for range reachStep + 5 {
			large = h.deliver(100_000)
		}
		if all := h.faults(); len(all) > 0 {
			t.Fatalf("of a whole store: %q", all)
		}
		for _, st := range []Stored{small, large} {
			path := h.s.path(st.Loc.Pack)
			if err := os.Rename(path, path+".kept"); err != nil {
				t.Fatal(err)
			}
			if all := h.faults(); len(all) != 1 || !strings.Contains(all[0], fileName(st.Loc.Pack)+" is missing") {
				t.Errorf("missing: %q", all)
			}
			if err := os.WriteFile(path, make([]byte, st.Loc.Off+st.Loc.Len-1), 0o600); err != nil {
				t.Fatal(err)
			}
			if all := h.faults(); len(all) != 1 || !strings.Contains(all[0], fileName(st.Loc.Pack)+" has ") {
				t.Errorf("cut short: %q", all)
			}
			if err := os.Rename(path+".kept", path); err != nil {
				t.Fatal(err)
			}
		}
	}, Schema, letters)
}

// TestVerifyRow: a body that went, or was moved, since its place was read is no fault; one that is lost is.
func TestVerifyRow(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := newHouse(t, d, Options{Spill: 64 << 10})
		swept, lost, kept := h.deliver(100_000), h.deliver(100_000), h.deliver(100_000)
		h.write(func(tx *db.Tx) error { deleteBody(tx, swept.ID); return nil })
		for _, st := range []Stored{swept, lost} {
			if err := os.Remove(h.s.path(st.Loc.Pack)); err != nil {
				t.Fatal(err)
			}
		}
		elsewhere := kept.Loc
		elsewhere.Pack += 2
		for _, c := range []struct {
			name string
			b    Placed
			want error
		}{
			{"swept", Placed{swept.ID, swept.Loc}, nil},
			{"lost", Placed{lost.ID, lost.Loc}, ErrDamaged},
			{"kept", Placed{kept.ID, kept.Loc}, nil},
			{"moved", Placed{kept.ID, elsewhere}, nil},
		} {
			if err := h.s.VerifyRow(t.Context(), d, c.b); !errors.Is(err, c.want) {
				t.Errorf("%s: %v", c.name, err)
			}
		}
	}, Schema, letters)
}
