package mailbox

import (
	"context"
	"errors"
	"slices"
	"testing"

	"haven"
)

var errTest = errors.New("test")

// TestAhead: everything is used once and in order, one is loaded while one is used, and the loader has ended when ahead returns.
func TestAhead(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name              string
		n                 int
		failLoad, failUse int // 0: never
		want              []int
		wantErr           error
	}{
		{name: "one", n: 1, want: []int{1}},
		{name: "many", n: 5, want: []int{1, 2, 3, 4, 5}},
		{name: "first load fails", n: 5, failLoad: 1, wantErr: errTest},
		{name: "a load fails", n: 5, failLoad: 3, want: []int{1, 2}, wantErr: errTest},
		{name: "first use fails", n: 5, failUse: 1, want: []int{1}, wantErr: errTest},
		{name: "a use fails", n: 5, failUse: 3, want: []int{1, 2, 3}, wantErr: errTest},
		{name: "the last use fails", n: 3, failUse: 3, want: []int{1, 2, 3}, wantErr: errTest},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			loads := 0
			var used []int
			err := ahead(t.Context(),
				func(context.Context) (int, bool, error) {
					if loads++; loads == c.failLoad {
						return 0, true, errTest
					}
					return loads, loads < c.n, nil
				},
				func(n int) error {
					if used = append(used, n); n == c.failUse {
						return errTest
					}
					return nil
				})
			if !errors.Is(err, c.wantErr) || !slices.Equal(used, c.want) {
				t.Errorf("used %v, %v; want %v, %v", used, err, c.want, c.wantErr)
			}
			if loads > len(c.want)+2 { // read after ahead returned: the race detector would see a loader that still runs
				t.Errorf("%d loads for %d uses", loads, len(c.want))
			}
		})
	}
}

func TestAheadEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	n := 0
	err := ahead(ctx,
		func(ctx context.Context) (int, bool, error) { n++; return n, true, ctx.Err() },
		func(k int) error {
			if k == 10 {
				cancel()
			}
			return nil
		})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("after %d loads: %v", n, err)
	}
}

// TestWalk: whatever the ranges, each UID is visited once and no step holds more than it may.
func TestWalk(t *testing.T) {
	t.Parallel()
	there := RunsOf(1, 2, 3, 10, 11, 20, 30, 31, 32, 33, 40)
	for _, rs := range [][]Range{
		{}, {{1, MaxUID}}, {{5, 2}}, {{0, 0}}, {{1, 1}, {3, 3}, {11, 11}, {20, 20}, {33, 33}}, {{30, 40}, {1, 12}}, {{2, 10}, {3, 31}, {32, MaxUID}}, {{50, 60}},
	} {
		for most := 1; most < 12; most++ {
			var got, want []int
			for w := newWalk(rs, most); ; {
				part := w.next()
				if len(part) == 0 {
					break
				}
				var rows []int
				for _, r := range part {
					n := 0
					there.All(func(_ int, uid haven.UID) bool {
						if uid >= r.Lo && uid <= r.Hi && n < most {
							rows, n = append(rows, int(uid)), n+1
						}
						return true
					})
				}
				if len(rows) > most {
					t.Fatalf("%v by %d: a step of %v", rs, most, rows)
				}
				last := haven.UID(0)
				if len(rows) > 0 {
					last = haven.UID(rows[len(rows)-1])
				}
				w.done(part, len(rows), last)
				got = append(got, rows...)
			}
			there.All(func(_ int, uid haven.UID) bool {
				if slices.ContainsFunc(rs, func(r Range) bool { return r.Lo <= uid && uid <= r.Hi }) {
					want = append(want, int(uid))
				}
				return true
			})
			if !slices.Equal(got, want) {
				t.Errorf("%v by %d: %v, want %v", rs, most, got, want)
			}
		}
	}
}
