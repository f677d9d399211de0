package secret

import (
	"bytes"
	"encoding/hex"
	"strings"
	"testing"

	"haven/platform/errs"
)

func testKeys(t testing.TB, no int64) *AccountKeys {
	t.Helper()
	o := Options{}.withDefaults()
	data := bytes.Repeat([]byte{7}, keySize)
	k, err := newAccountKeys(accountNo(no), data, o.Rand)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestSealAndOpen(t *testing.T) {
	t.Parallel()
	k, other := testKeys(t, 1), testKeys(t, 2) // the same data key: the number alone keeps them apart
	ad := []byte("message 77")
	for _, n := range []int{0, 1, 600, 70_000} {
		plain := bytes.Repeat([]byte("x"), n)
		sealed, err := k.Seal([]byte("row:"), plain, ad)
		if err != nil || len(sealed) != 4+n+overhead {
			t.Fatalf("%d octets become %d: %v", n, len(sealed), err)
		}
		if n >= 20 && bytes.Contains(sealed, plain[:20]) {
			t.Error("plain text shows")
		}
		sealed = sealed[4:]
		got, err := k.Open([]byte("was:"), sealed, ad)
		if err != nil || string(got) != "was:"+string(plain) {
			t.Fatal(err)
		}
		refuse := func(why string, k *AccountKeys, sealed, ad []byte) {
			t.Helper()
			dst := []byte("was:")
			if got, err := k.Open(dst, sealed, ad); !errs.Is(err, errs.Internal) || string(got) != "was:" {
				t.Errorf("%s: %v", why, err)
			}
		}
		refuse("another account", other, sealed, ad)
		refuse("another row", k, sealed, []byte("message 78"))
		refuse("cut off", k, sealed[:len(sealed)-1], ad)
		refuse("nothing", k, nil, ad)
		for _, at := range []int{0, 1, len(sealed) - 1} {
			bad := bytes.Clone(sealed)
			bad[at] ^= 1
			refuse("an octet changed", k, bad, ad)
		}
	}
	a, _ := k.Seal(nil, []byte("same"), ad)
	b, _ := k.Seal(nil, []byte("same"), ad)
	if bytes.Equal(a, b) {
		t.Error("sealing the same twice gives the same")
	}
	if _, err := k.Seal(nil, []byte("long name"), bytes.Repeat([]byte("n"), 1000)); err != nil {
		t.Error(err)
	}
}

func TestWrapBody(t *testing.T) {
	t.Parallel()
	k, other := testKeys(t, 1), testKeys(t, 2)
	key := [32]byte{1, 2, 3}
	sealed, err := k.WrapBody(nil, &key, 99)
	if err != nil || len(sealed) != 61 {
		t.Fatal(len(sealed), err)
	}
	if got, err := k.UnwrapBody(sealed, 99); err != nil || got != key {
		t.Fatal(err)
	}
	var none [32]byte
	if got, err := k.UnwrapBody(sealed, 98); !errs.Is(err, errs.Internal) || got != none {
		t.Error("another body's key is unwrapped:", err)
	}
	if _, err := other.UnwrapBody(sealed, 99); !errs.Is(err, errs.Internal) {
		t.Error("another account unwraps it:", err)
	}
	if _, err := k.UnwrapBody(append(sealed, 0), 99); !errs.Is(err, errs.Internal) {
		t.Error("octets behind it:", err)
	}
	column, _ := k.Seal(nil, key[:], number8(99))
	if _, err := k.UnwrapBody(column, 99); err == nil {
		t.Error("a column passes for a wrapped key")
	}
}

func TestTermsAndRefs(t *testing.T) {
	t.Parallel()
	k, other := testKeys(t, 1), testKeys(t, 2)
	seen := map[uint64]string{}
	for _, w := range []string{"", "a", "b", "insulin", "insuline", strings.Repeat("x", 16), strings.Repeat("x", 17), strings.Repeat("x", 64)} {
		a, err := k.Term([]byte(w))
		again, _ := k.Term([]byte(w))
		theirs, _ := other.Term([]byte(w))
		if err != nil || a != again || a == theirs {
			t.Errorf("%q: %x %x %x %v", w, a, again, theirs, err)
		}
		if was, ok := seen[a]; ok {
			t.Errorf("%q and %q have one token", w, was)
		}
		seen[a] = w
	}
	r, err := k.Ref([]byte("<1@surgery.test>"))
	again, _ := k.Ref([]byte("<1@surgery.test>"))
	theirs, _ := other.Ref([]byte("<1@surgery.test>"))
	if err != nil || r != again || r == theirs {
		t.Error(r, again, theirs, err)
	}
}

// The examples of NIST SP 800-38B for AES-256.
func TestCMAC(t *testing.T) {
	t.Parallel()
	key := unhex(t, "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4")
	msg := unhex(t, "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710")
	p, err := newPRF(key)
	if err != nil {
		t.Fatal(err)
	}
	for n, want := range map[int]string{
		0:  "028962f61b7bf89efc6b551f4667d983",
		16: "28a7023f452e8f82bd4bf28d8c37c35c",
		40: "aaf3d8f1de5640c232f5b169b9c911e6",
		64: "e1992190549f6ed5696a2c056c315410",
	} {
		var w work
		if p.sum(msg[:n], &w); hex.EncodeToString(w.block[:]) != want {
			t.Errorf("%d octets: %x, want %s", n, w.block, want)
		}
	}
}

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestDestroyedHandle(t *testing.T) {
	t.Parallel()
	k := testKeys(t, 1)
	key := [32]byte{5}
	body, _ := k.WrapBody(nil, &key, 1)
	column, _ := k.Seal(nil, []byte("note"), nil)
	k.destroy()
	var errsSeen []error
	add := func(err error) { errsSeen = append(errsSeen, err) }
	_, err := k.WrapBody(nil, &key, 1)
	add(err)
	_, err = k.UnwrapBody(body, 1)
	add(err)
	_, err = k.Seal(nil, nil, nil)
	add(err)
	_, err = k.Open(nil, column, nil)
	add(err)
	_, err = k.Term([]byte("word"))
	add(err)
	_, err = k.Ref([]byte("<1@surgery.test>"))
	add(err)
	for i, err := range errsSeen {
		if !errs.Is(err, errs.NotFound) {
			t.Errorf("operation %d after destruction: %v", i, err)
		}
	}
}

func FuzzOpen(f *testing.F) {
	k := testKeys(f, 1)
	sealed, _ := k.Seal(nil, []byte("note"), []byte("row"))
	f.Add(sealed, []byte("row"))
	f.Add([]byte{boxVersion}, []byte(nil))
	f.Fuzz(func(t *testing.T, in, ad []byte) {
		got, err := k.Open(nil, in, ad) // the seed opens; nothing that is made from it does
		if err == nil && string(got) != "note" {
			t.Fatalf("% x opened as %q", in, got)
		}
	})
}

func BenchmarkAccountKeys(b *testing.B) {
	k := testKeys(b, 1)
	plain := bytes.Repeat([]byte("x"), 600)
	key := [32]byte{1}
	sealed, _ := k.Seal(nil, plain, []byte("message 7"))
	body, _ := k.WrapBody(nil, &key, 7)
	dst := make([]byte, 0, 1000)
	for name, fn := range map[string]func() error{
		"Seal600":    func() error { _, err := k.Seal(dst, plain, []byte("message 7")); return err },
		"Open600":    func() error { _, err := k.Open(dst, sealed, []byte("message 7")); return err },
		"WrapBody":   func() error { _, err := k.WrapBody(dst, &key, 7); return err },
		"UnwrapBody": func() error { _, err := k.UnwrapBody(body, 7); return err },
		"Term":       func() error { _, err := k.Term(plain[:9]); return err },
		"Ref":        func() error { _, err := k.Ref(plain[:50]); return err },
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := fn(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("load", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			testKeys(b, 3)
		}
	})
}
