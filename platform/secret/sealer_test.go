package secret

import (
	"crypto/rand"
	"fmt"
	"strings"
	"testing"
	"time"

	"haven/platform/db"
	"haven/platform/errs"
)

const day = 24 * time.Hour

func sealer(t *testing.T, k *Keys) *Sealer {
	t.Helper()
	s, err := k.Sealer(t.Context(), "queue.seal")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func seal(t *testing.T, s *Sealer, plain string) []byte {
	t.Helper()
	sealed, err := s.Seal([]byte("before "), []byte(plain), []byte("row 1"))
	if err != nil || !strings.HasPrefix(string(sealed), "before ") {
		t.Fatalf("%q, %v", sealed, err)
	}
	return sealed[len("before "):]
}

func opens(t *testing.T, s *Sealer, sealed []byte, want string) {
	t.Helper()
	if got, err := s.Open(nil, sealed, []byte("row 1")); err != nil || string(got) != want {
		t.Errorf("opened %q, %v; sealed was %q", got, err, want)
	}
	if _, err := s.Open(nil, sealed, []byte("row 2")); !errs.Is(err, errs.Internal) {
		t.Error("it opened in another row:", err)
	}
}

func turn(t *testing.T, s *Sealer, oldest time.Time) {
	t.Helper()
	if err := s.Turn(t.Context(), oldest); err != nil {
		t.Fatal(err)
	}
}

// A key serves for a day, is there as long as something that it sealed is, and then goes, from every process and from the store.
func TestSealerKeyADay(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, st *store) {
		st.pass(1000 * day)
		k := st.open(Options{})
		one, other := sealer(t, k), sealer(t, st.open(Options{}))
		first := seal(t, one, "first")
		opens(t, other, first, "first")
		began := time.UnixMicro(st.now.Load())
		for n := range 5 { // while it waits
			st.pass(day)
			turn(t, one, began)
			turn(t, other, began)
			next := seal(t, other, fmt.Sprint(n))
			opens(t, one, next, fmt.Sprint(n))
			opens(t, one, first, "first")
		}
		opens(t, sealer(t, st.open(Options{})), first, "first") // after a restart
		last := seal(t, one, "last")
		turn(t, one, time.Time{})
		turn(t, other, time.Time{})
		for _, s := range []*Sealer{one, other, sealer(t, st.open(Options{}))} {
			if _, err := s.Open(nil, first, []byte("row 1")); !errs.Is(err, errs.NotFound) {
				t.Error("what nothing needs can still be opened:", err)
			}
			opens(t, s, last, "last")
		}
		if n := named(t, st); n != 3 { // yesterday, today, tomorrow
			t.Errorf("%d keys are kept", n)
		}
	})
}

func named(t *testing.T, st *store) (n int64) {
	t.Helper()
	err := st.d.Read(t.Context(), func(tx *db.Tx) error {
		return tx.Query(`SELECT COUNT(*) FROM named_secret`, nil, func(r db.Row) error { n = r.Int64(0); return nil })
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// What was sealed when there was one key for good opens until it has left the queue; then that key goes too.
func TestSealerUndated(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, st *store) {
		st.pass(1000 * day)
		k := st.open(Options{})
		key, err := k.NamedOr(t.Context(), "queue.seal", func() ([]byte, error) { return newKey(rand.Reader) })
		if err != nil {
			t.Fatal(err)
		}
		b, err := newBox(key, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		old, err := b.seal(nil, []byte("old"), []byte("row 1"))
		if err != nil {
			t.Fatal(err)
		}
		came := time.UnixMicro(st.now.Load())
		s := sealer(t, k)
		opens(t, s, old, "old")
		st.pass(4 * day)
		turn(t, s, came)
		opens(t, s, old, "old")
		turn(t, s, time.Time{})
		for _, s := range []*Sealer{s, sealer(t, st.open(Options{}))} {
			if _, err := s.Open(nil, old, []byte("row 1")); !errs.Is(err, errs.NotFound) {
				t.Error("the old key is still there:", err)
			}
		}
	})
}

// A rotation of service keys takes the keys of days with it.
func TestSealerRotated(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, st *store) {
		st.pass(1000 * day)
		k := st.open(Options{})
		s := sealer(t, k)
		sealed := seal(t, s, "value")
		if err := k.Rotate(t.Context()); err != nil {
			t.Fatal(err)
		}
		opens(t, s, sealed, "value")
		opens(t, sealer(t, st.open(Options{})), sealed, "value")
	})
}
