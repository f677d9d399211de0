package secret

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"haven"
	"haven/platform/db"
	"haven/platform/db/dbtest"
	"haven/platform/errs"
)

func accountNo(n int64) haven.AccountNo { return haven.AccountNo(n) }

// store is a key store with its master key file, and a clock.
type store struct {
	t    *testing.T
	d    *db.DB
	path string
	now  atomic.Int64
}

func eachStore(t *testing.T, fn func(t *testing.T, s *store)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		fn(t, &store{t: t, d: d, path: filepath.Join(t.TempDir(), "keys", "master.key")})
	}, Schema)
}

// open is one process with the key store open.
func (s *store) open(o Options) *Keys {
	s.t.Helper()
	o.Now = func() time.Time { return time.UnixMicro(s.now.Load()) }
	k, err := Open(s.t.Context(), s.d, NewFileKMS(s.path, nil), o)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(k.Close)
	return k
}

func (s *store) pass(span time.Duration) { s.now.Add(span.Microseconds()) }

func account(t *testing.T, k *Keys, no haven.AccountNo) *AccountKeys {
	t.Helper()
	a, err := k.Account(t.Context(), no)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestLifeOfAKey(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, s *store) {
		k := s.open(Options{})
		if _, err := k.Account(t.Context(), 1); !errs.Is(err, errs.NotFound) {
			t.Fatal("an account without a key:", err)
		}
		if err := k.Create(t.Context(), 1); err != nil {
			t.Fatal(err)
		}
		if err := k.Create(t.Context(), 1); !errs.Is(err, errs.Conflict) {
			t.Error("a second key:", err)
		}
		a := account(t, k, 1)
		sealed, _ := a.Seal(nil, []byte("note"), nil)
		if account(t, k, 1) != a {
			t.Error("a ready key is loaded again")
		}
		again := s.open(Options{}) // after a restart
		if got, err := account(t, again, 1).Open(nil, sealed, nil); string(got) != "note" {
			t.Error(err)
		}
		s.pass(time.Hour)
		if _, err := k.DestroyedAt(t.Context(), 1); !errs.Is(err, errs.NotFound) {
			t.Error(err)
		}
		if err := errors.Join(k.Destroy(t.Context(), 1), k.Destroy(t.Context(), 1)); err != nil {
			t.Fatal(err)
		}
		if _, err := a.Open(nil, sealed, nil); !errs.Is(err, errs.NotFound) {
			t.Error("a held key outlives destruction:", err)
		}
		if _, err := k.Account(t.Context(), 1); !errs.Is(err, errs.NotFound) {
			t.Error("a destroyed key is found:", err)
		}
		if err := k.Create(t.Context(), 1); !errs.Is(err, errs.Conflict) {
			t.Error("a destroyed key is made anew:", err)
		}
		if err := k.Destroy(t.Context(), 2); !errs.Is(err, errs.NotFound) {
			t.Error("a key that never was is destroyed:", err)
		}
		if at, err := k.DestroyedAt(t.Context(), 1); err != nil || at.UnixMicro() != s.now.Load() {
			t.Error(at, err)
		}
	})
}

// Another process notices within Recheck, or at once when told.
func TestDestroyedElsewhere(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, s *store) {
		here, there := s.open(Options{}), s.open(Options{})
		for _, no := range []haven.AccountNo{1, 2} {
			if err := here.Create(t.Context(), no); err != nil {
				t.Fatal(err)
			}
		}
		a, b := account(t, there, 1), account(t, there, 2)
		if err := errors.Join(here.Destroy(t.Context(), 1), here.Destroy(t.Context(), 2)); err != nil {
			t.Fatal(err)
		}
		there.Forget(2)
		if _, err := b.Seal(nil, nil, nil); !errs.Is(err, errs.NotFound) {
			t.Error("told, and still there:", err)
		}
		s.pass(61 * time.Second)
		if _, err := there.Account(t.Context(), 1); !errs.Is(err, errs.NotFound) {
			t.Error("not noticed after a minute:", err)
		}
		if _, err := a.Seal(nil, nil, nil); !errs.Is(err, errs.NotFound) {
			t.Error("who holds it did not notice:", err)
		}
	})
}

// Destruction reaches holders of keys that fell out of the cache.
func TestCacheIsBounded(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, s *store) {
		k := s.open(Options{Cache: 2})
		var held []*AccountKeys
		for no := haven.AccountNo(1); no <= 5; no++ {
			if err := k.Create(t.Context(), no); err != nil {
				t.Fatal(err)
			}
			held = append(held, account(t, k, no))
		}
		if k.order.Len() != 2 || len(k.ready) != 2 {
			t.Errorf("%d ready keys, want 2", k.order.Len())
		}
		if account(t, k, 1) != held[0] {
			t.Error("two AccountKeys for one account")
		}
		if err := k.Destroy(t.Context(), 2); err != nil {
			t.Fatal(err)
		}
		if _, err := held[1].Seal(nil, nil, nil); !errs.Is(err, errs.NotFound) {
			t.Error(err)
		}
		if _, err := held[0].Seal(nil, nil, nil); err != nil {
			t.Error(err)
		}
	})
}

// No goroutine finds a key after Destroy has returned.
func TestDestroyAgainstAccount(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, s *store) {
		k := s.open(Options{Cache: 1})
		for no := haven.AccountNo(1); no <= 20; no++ {
			if err := k.Create(t.Context(), no); err != nil {
				t.Fatal(err)
			}
			var gone atomic.Bool
			var wg sync.WaitGroup
			for range 4 {
				wg.Go(func() {
					for range 20 {
						late := gone.Load()
						a, err := k.Account(t.Context(), no)
						if err == nil && late {
							t.Error("found after Destroy")
						}
						if err != nil && !errs.Is(err, errs.NotFound) {
							t.Error(err)
						}
						if a != nil {
							_, _ = a.Term([]byte("word"))
						}
					}
				})
			}
			if err := k.Destroy(t.Context(), no); err != nil {
				t.Error(err)
			}
			gone.Store(true)
			wg.Wait()
		}
	})
}

func TestRotate(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, s *store) {
		k, other := s.open(Options{}), s.open(Options{})
		sealed := map[haven.AccountNo][]byte{}
		for no := haven.AccountNo(1); no <= rotateStep+10; no++ {
			if err := k.Create(t.Context(), no); err != nil {
				t.Fatal(err)
			}
			if no%20 == 0 {
				sealed[no], _ = account(t, k, no).Seal(nil, []byte("note"), nil)
			}
		}
		if err := k.SetNamed(t.Context(), "dkim.rsa", []byte("private")); err != nil {
			t.Fatal(err)
		}
		if err := k.Rotate(t.Context()); err != nil {
			t.Fatal(err)
		}
		if len(k.services) != 1 || k.services[2] == nil {
			t.Errorf("service keys after rotation: %v", k.services)
		}
		if err := other.Create(t.Context(), 5000); err != nil { // still knows the old service key only
			t.Fatal(err)
		}
		for _, x := range []*Keys{k, other, s.open(Options{})} {
			for no, column := range sealed {
				if got, err := account(t, x, no).Open(nil, column, nil); string(got) != "note" {
					t.Fatal(err)
				}
			}
			account(t, x, 5000)
			if got, err := x.Named(t.Context(), "dkim.rsa"); string(got) != "private" {
				t.Error(err)
			}
		}
	})
}

func TestNamed(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, s *store) {
		k := s.open(Options{})
		if _, err := k.Named(t.Context(), "cookie"); !errs.Is(err, errs.NotFound) {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		got := make([][]byte, 8)
		for i := range got {
			wg.Go(func() {
				var err error
				got[i], err = k.NamedOr(t.Context(), "cookie", func() ([]byte, error) { return fmt.Appendf(nil, "made by %d", i), nil })
				if err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		for _, g := range got {
			if !bytes.Equal(g, got[0]) || len(g) == 0 {
				t.Errorf("one got %q, another %q", g, got[0])
			}
		}
		if err := k.SetNamed(t.Context(), "cookie", []byte("new")); err != nil {
			t.Fatal(err)
		}
		if v, err := k.Named(t.Context(), "cookie"); string(v) != "new" {
			t.Error(err)
		}
		for _, bad := range []struct{ name, value string }{{"", "x"}, {strings.Repeat("n", 101), "x"}, {"n", strings.Repeat("v", maxNamed+1)}} {
			if err := k.SetNamed(t.Context(), bad.name, []byte(bad.value)); !errs.Is(err, errs.Invalid) {
				t.Error(err)
			}
		}
	})
}

func TestMasterKeyFile(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, s *store) {
		k := s.open(Options{})
		if err := k.Create(t.Context(), 1); err != nil {
			t.Fatal(err)
		}
		fi, err := os.Stat(s.path)
		if err != nil || fi.Mode().Perm() != 0o600 || fi.Size() != keySize {
			t.Fatal(fi, err)
		}
		key, _ := os.ReadFile(s.path)
		cases := []struct {
			name   string
			spoil  func() error
			remedy string
		}{
			{"others may read it", func() error { return os.Chmod(s.path, 0o640) }, "chmod 600"},
			{"cut off", func() error { return os.WriteFile(s.path, key[:31], 0o600) }, "right file"},
			{"another's", func() error { return os.WriteFile(s.path, bytes.Repeat([]byte{1}, keySize), 0o600) }, "right file"},
			{"missing", func() error { return nil }, "missing"},
		}
		for _, c := range cases {
			if err := os.Remove(s.path); err != nil {
				t.Fatal(err)
			}
			if c.name != "missing" {
				if err := errors.Join(os.WriteFile(s.path, key, 0o600), c.spoil()); err != nil {
					t.Fatal(err)
				}
			}
			_, err := Open(t.Context(), s.d, NewFileKMS(s.path, nil), Options{})
			if !errs.Is(err, errs.Invalid) || !strings.Contains(errs.Say(err), c.remedy) {
				t.Errorf("%s: %v", c.name, err)
			}
		}
		if _, err := os.Stat(s.path); err == nil {
			t.Error("a master key was made in place of the missing one")
		}
	})
}

// flaky is a KMS that can be down.
type flaky struct {
	KMS
	down  atomic.Bool
	asked chan struct{}
}

func (f *flaky) Unwrap(ctx context.Context, w []byte) ([]byte, error) {
	if f.down.Load() {
		select {
		case f.asked <- struct{}{}:
		default:
		}
		return nil, errs.E(errs.Transient, "down")
	}
	return f.KMS.Unwrap(ctx, w)
}

func TestKMSDown(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, s *store) {
		open := s.open(Options{})
		if err := open.Create(t.Context(), 1); err != nil {
			t.Fatal(err)
		}
		kms := &flaky{KMS: NewFileKMS(s.path, nil), asked: make(chan struct{}, 1)}
		kms.down.Store(true)
		open.kms = kms
		account(t, open, 1) // what is open goes on
		started := make(chan error)
		go func() {
			_, err := Open(t.Context(), s.d, kms, Options{Retry: time.Millisecond})
			started <- err
		}()
		<-kms.asked
		<-kms.asked
		kms.down.Store(false)
		if err := <-started; err != nil {
			t.Error(err)
		}
		kms.down.Store(true)
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			<-kms.asked
			cancel()
		}()
		if _, err := Open(ctx, s.d, kms, Options{Retry: time.Millisecond}); !errs.Is(err, errs.Transient) {
			t.Error(err)
		}
	})
}

// Two processes that found a key store at once end with one service key and one master key.
func TestFoundedAtOnce(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, s *store) {
		keys := make([]*Keys, 4)
		var wg sync.WaitGroup
		for i := range keys {
			wg.Go(func() {
				var err error
				if keys[i], err = Open(t.Context(), s.d, NewFileKMS(s.path, nil), Options{}); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if t.Failed() {
			return
		}
		for i, k := range keys {
			if err := k.Create(t.Context(), haven.AccountNo(i)); err != nil {
				t.Fatal(err)
			}
		}
		for _, k := range keys {
			for i := range keys {
				account(t, k, haven.AccountNo(i))
			}
		}
	})
}

// No data key lies readable in the database's files.
func TestNothingReadableOnDisk(t *testing.T) {
	t.Parallel()
	c := dbtest.Config(t, "sqlite")
	d := dbtest.OpenConfig(t, c, Schema)
	known := []byte("a-known-random-source-of-octets!")
	k, err := Open(t.Context(), d, NewFileKMS(filepath.Join(t.TempDir(), "m"), nil), Options{Rand: &repeat{known}})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(k.Create(t.Context(), 1), k.SetNamed(t.Context(), "tls", []byte("the private key of the demo"))); err != nil {
		t.Fatal(err)
	}
	files, _ := filepath.Glob(c.Path + "*")
	if len(files) == 0 {
		t.Fatal("no files")
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(b, known) || bytes.Contains(b, []byte("private key of the demo")) {
			t.Errorf("%s holds a readable key", filepath.Base(f))
		}
	}
}

// repeat gives the same octets over and over.
type repeat struct{ b []byte }

func (r *repeat) Read(p []byte) (int, error) { return copy(p, r.b), nil }

// The highest number is found whatever became of its key.
func TestLastNumber(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, s *store) {
		k := s.open(Options{})
		last := func() (no haven.AccountNo) {
			t.Helper()
			if err := s.d.Read(t.Context(), func(tx *db.Tx) (err error) { no, err = LastNumber(tx); return err }); err != nil {
				t.Fatal(err)
			}
			return no
		}
		if no := last(); no != 0 {
			t.Errorf("%d of an empty store", no)
		}
		if err := errors.Join(k.Create(t.Context(), 3), k.Create(t.Context(), 7)); err != nil {
			t.Fatal(err)
		}
		if no := last(); no != 7 {
			t.Errorf("%d is the last, not 7", no)
		}
		if err := k.Destroy(t.Context(), 7); err != nil {
			t.Fatal(err)
		}
		if no := last(); no != 7 {
			t.Errorf("%d is the last, not 7, which was destroyed", no)
		}
	})
}
