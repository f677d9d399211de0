package blob

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"haven/platform/errs"
)

func openTest(t testing.TB, dir string, o Options) *Store {
	t.Helper()
	s, err := Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// letter makes a body of n octets: words, so that it can be compressed, or noise.
func letter(n int, seed uint64, noise bool) []byte {
	r := rand.New(rand.NewPCG(seed, 7))
	b := make([]byte, 0, n+16)
	words := []string{"prescription ", "for ", "collection ", "on ", "Tuesday\r\n", "please ", "confirm ", "Nomsa ", "Okafor "}
	for len(b) < n {
		if noise {
			b = append(b, byte(r.Uint32()))
		} else {
			b = append(b, words[r.IntN(len(words))]...)
		}
	}
	return b[:n]
}

var sizes = []int{0, 1, 15, 600, 10_000, 32<<10 - 61, 32<<10 - 60, 32 << 10, chunkSize - 1, chunkSize, chunkSize + 1,
	3*chunkSize + 17, 900 << 10, 1<<20 - 1, 1 << 20, 1<<20 + 1, 2<<20 + 5, 5 << 20}

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	s := openTest(t, t.TempDir(), Options{})
	for _, noise := range []bool{false, true} {
		for i, n := range sizes {
			body := letter(n, uint64(i), noise)
			st := putInPieces(t, s, body, 1+i*4099)
			if st.Size != int64(n) || st.Loc.Size != int64(n) {
				t.Fatalf("size %d: stored as %d", n, st.Size)
			}
			if large := isLarge(st.Loc.Pack); noise && large != (n > 1<<20) {
				t.Errorf("size %d: file of its own is %v", n, large)
			}
			checkReads(t, s, st, body)
		}
	}
}

func putInPieces(t *testing.T, s *Store, body []byte, piece int) Stored {
	t.Helper()
	w, err := s.NewWriter(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer w.Abort()
	for rest := body; len(rest) > 0; {
		n := min(piece, len(rest))
		if _, err := w.Write(rest[:n]); err != nil {
			t.Fatal(err)
		}
		rest = rest[n:]
	}
	st, err := w.Commit(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if st.ID != w.ID() {
		t.Fatalf("id %d became %d", w.ID(), st.ID)
	}
	return st
}

// checkReads reads a body in every way there is.
func checkReads(t *testing.T, s *Store, st Stored, body []byte) {
	t.Helper()
	got, err := s.AppendTo([]byte("before"), st.Loc, st.ID, &st.Key)
	if err != nil || !bytes.Equal(got, append([]byte("before"), body...)) {
		t.Fatalf("AppendTo of %d: %v, %d octets", len(body), err, len(got)-6)
	}
	b, err := s.Open(st.Loc, st.ID, st.Key)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	var w bytes.Buffer
	if n, err := b.WriteTo(&w); err != nil || n != int64(len(body)) || !bytes.Equal(w.Bytes(), body) {
		t.Fatalf("WriteTo of %d: %v, %d octets", len(body), err, n)
	}
	for _, at := range []int{0, 1, len(body) / 2, len(body) - 1, len(body), len(body) + 9, chunkSize - 3} {
		for _, n := range []int{0, 1, 100, chunkSize + 5} {
			p := make([]byte, n)
			got, err := b.ReadAt(p, int64(max(at, 0)))
			want := body[min(max(at, 0), len(body)):]
			want = want[:min(n, len(want))]
			if !bytes.Equal(p[:got], want) || (err == io.EOF) != (len(want) < n) || err != nil && err != io.EOF {
				t.Fatalf("ReadAt(%d, %d) of %d: %d octets, %v", n, at, len(body), got, err)
			}
		}
	}
	if err := s.Verify(st.Loc, st.ID); err != nil {
		t.Fatal(err)
	}
}

func TestCompressionSaves(t *testing.T) {
	t.Parallel()
	s := openTest(t, t.TempDir(), Options{})
	st := putInPieces(t, s, letter(500<<10, 1, false), 9000)
	if st.Loc.Len > st.Size/2 {
		t.Errorf("words of %d octets take %d", st.Size, st.Loc.Len)
	}
}

func TestWrongKeyAndWrongPlace(t *testing.T) {
	t.Parallel()
	s := openTest(t, t.TempDir(), Options{})
	a, _ := s.Put(t.Context(), letter(3000, 1, false))
	b, _ := s.Put(t.Context(), letter(3000, 2, false))
	other := a
	other.Key[3] ^= 1
	cases := []struct {
		name string
		st   Stored
		want error
	}{
		{"another's key", Stored{ID: a.ID, Loc: a.Loc, Key: b.Key}, ErrDamaged},
		{"a bit of the key", other, ErrDamaged},
		{"another's place", Stored{ID: a.ID, Loc: b.Loc, Key: a.Key}, ErrDamaged},
		{"another id at the same place", Stored{ID: b.ID, Loc: a.Loc, Key: a.Key}, ErrDamaged},
		{"beyond the end", Stored{ID: a.ID, Loc: Loc{a.Loc.Pack, 1 << 40, a.Loc.Len, a.Loc.Size}, Key: a.Key}, ErrDamaged},
		{"a length that no record has", Stored{ID: a.ID, Loc: Loc{a.Loc.Pack, a.Loc.Off, 1 << 50, a.Loc.Size}, Key: a.Key}, ErrDamaged},
		{"a negative size", Stored{ID: a.ID, Loc: Loc{a.Loc.Pack, a.Loc.Off, a.Loc.Len, -1}, Key: a.Key}, ErrDamaged},
		{"a file that is not there", Stored{ID: a.ID, Loc: Loc{a.Loc.Pack + 2, a.Loc.Off, a.Loc.Len, a.Loc.Size}, Key: a.Key}, ErrMoved},
	}
	for _, c := range cases {
		dst := []byte("kept")
		got, err := s.AppendTo(dst, c.st.Loc, c.st.ID, &c.st.Key)
		if !errors.Is(err, c.want) || string(got) != "kept" {
			t.Errorf("%s: %q, %v", c.name, got, err)
		}
	}
}

// A body from which whole chunks were cut away at the end does not open, even when lengths are made to fit.
func TestCutAtAChunkDoesNotOpen(t *testing.T) {
	t.Parallel()
	s := openTest(t, t.TempDir(), Options{})
	st, err := s.Put(t.Context(), letter(2*chunkSize, 1, true))
	if err != nil {
		t.Fatal(err)
	}
	loc := st.Loc
	loc.Size = chunkSize
	loc.Len = recordHeader + chunkSize + tagSize + tableEntry
	if _, err := s.AppendTo(nil, loc, st.ID, &st.Key); !errors.Is(err, ErrDamaged) {
		t.Errorf("the first half opened as a whole: %v", err)
	}
}

func TestWriterEnds(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := openTest(t, dir, Options{MaxBody: 3 << 20, Writers: 2})
	for range 10 { // more often than there are places, so a place that is lost shows
		w, err := s.NewWriter(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		n, err := w.Write(letter(3<<20, 1, true))
		if n != 3<<20 || err != nil {
			t.Fatal(n, err)
		}
		if _, err = w.Write([]byte("x")); !errs.Is(err, errs.Invalid) {
			t.Fatalf("too large a body: %v", err)
		}
		if _, err = w.Commit(t.Context()); !errs.Is(err, errs.Invalid) {
			t.Fatalf("commit after an error: %v", err)
		}
		w.Abort()
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "large", "*", "*")); len(left) > 0 {
		t.Errorf("refused bodies left %v", left)
	}
	w, _ := s.NewWriter(t.Context())
	if _, err := w.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte("x")); err == nil {
		t.Error("a Writer takes more after Commit")
	}
	if _, err := w.Commit(t.Context()); err == nil {
		t.Error("a Writer commits twice")
	}
}

func TestIdentity(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "bodies")
	s := openTest(t, dir, Options{})
	st, err := s.Put(t.Context(), []byte("Dear pharmacist"))
	if err != nil {
		t.Fatal(err)
	}
	again := openTest(t, dir, Options{Identity: s.Identity()})
	if got, err := again.AppendTo(nil, st.Loc, st.ID, &st.Key); err != nil || string(got) != "Dear pharmacist" {
		t.Fatal(string(got), err)
	}
	foreign := t.TempDir()
	if err := os.WriteFile(filepath.Join(foreign, "holiday.jpg"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	cases := []struct {
		name, dir string
		o         Options
	}{
		{"another store's folder", dir, Options{Identity: strings.Repeat("0", 32)}},
		{"a folder with other things", foreign, Options{}},
		{"an empty folder where a store is expected", t.TempDir(), Options{Identity: s.Identity()}},
		{"an empty folder to read from", t.TempDir(), Options{ReadOnly: true}},
	}
	for _, c := range cases {
		if _, err := Open(c.dir, c.o); !errs.Is(err, errs.Invalid) || errs.Say(err) == "" {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// A body that is open outlives its store; what is opened later does not keep files open.
func TestReadAfterClose(t *testing.T) {
	t.Parallel()
	s := openTest(t, t.TempDir(), Options{})
	body := letter(200<<10, 1, false)
	st, err := s.Put(t.Context(), body)
	if err != nil {
		t.Fatal(err)
	}
	b, err := s.Open(st.Loc, st.ID, st.Key)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if got, err := b.AppendTo(nil); err != nil || !bytes.Equal(got, body) {
		t.Error(err)
	}
	b.Close()
	b.Close()
	if _, err := b.ReadAt(make([]byte, 1), 0); err == nil {
		t.Error("a closed body is read")
	}
	if s.open.idle.Len() != 0 {
		t.Error("a closed store keeps files open")
	}
}

// A file of another store that was copied into the folder is not read.
func TestForeignPack(t *testing.T) {
	t.Parallel()
	a, b := openTest(t, t.TempDir(), Options{}), openTest(t, t.TempDir(), Options{})
	st, err := a.Put(t.Context(), []byte("Dear pharmacist"))
	if err != nil {
		t.Fatal(err)
	}
	raw, _ := os.ReadFile(a.path(st.Loc.Pack))
	if err := os.WriteFile(b.path(st.Loc.Pack), raw, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := b.AppendTo(nil, st.Loc, st.ID, &st.Key); !errors.Is(err, ErrDamaged) {
		t.Errorf("another store's pack was read: %v", err)
	}
}

func TestKeyIsNeverPrinted(t *testing.T) {
	t.Parallel()
	k := Key{1, 2, 3}
	if s := k.String() + k.GoString() + k.LogValue().String(); strings.ContainsAny(s, "0123456789") {
		t.Errorf("a key prints as %q", s)
	}
}
