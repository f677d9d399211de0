package mailbox

import (
	"math/rand/v2"
	"slices"
	"testing"

	"haven"
)

// TestRunsAgainstSlice holds Runs against a plain slice through random appends and removals.
func TestRunsAgainstSlice(t *testing.T) {
	t.Parallel()
	rnd := rand.New(rand.NewPCG(1, 2))
	r, want := &Runs{}, []haven.UID{}
	next := haven.UID(1)
	for step := range 3000 {
		if rnd.IntN(3) > 0 {
			next += haven.UID(rnd.IntN(3))
			r, want = r.Append(next), append(want, next)
			next++
		} else {
			lo := haven.UID(rnd.IntN(int(next) + 1))
			gone := []Range{{lo, lo + haven.UID(rnd.IntN(3))}}
			if rnd.IntN(2) == 0 {
				lo = gone[0].Hi + 1 + haven.UID(rnd.IntN(20))
				gone = append(gone, Range{lo, lo + haven.UID(rnd.IntN(5))})
			}
			r = r.Remove(gone)
			want = slices.DeleteFunc(want, func(u haven.UID) bool {
				return slices.ContainsFunc(gone, func(g Range) bool { return u >= g.Lo && u <= g.Hi })
			})
		}
		checkRuns(t, step, r, want)
	}
}

func checkRuns(t *testing.T, step int, r *Runs, want []haven.UID) {
	t.Helper()
	if r.Len() != len(want) {
		t.Fatalf("step %d: %d messages, want %d", step, r.Len(), len(want))
	}
	r.All(func(n int, uid haven.UID) bool {
		if want[n-1] != uid || r.UID(n) != uid {
			t.Fatalf("step %d: message %d is %d and %d, want %d", step, n, uid, r.UID(n), want[n-1])
		}
		if got, ok := r.Number(uid); !ok || got != n {
			t.Fatalf("step %d: number of %d is %d %v, want %d", step, uid, got, ok, n)
		}
		return true
	})
	for i := 1; i < len(want); i++ {
		if want[i]-want[i-1] > 1 {
			if n, ok := r.Number(want[i] - 1); ok || n != i {
				t.Fatalf("step %d: gap before %d counts %d %v", step, want[i], n, ok)
			}
		}
	}
}
