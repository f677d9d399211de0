package search

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"haven"
	"haven/platform/db"
	"haven/platform/errs"
)

// bodyFiles are the bodies that have a file of their own.
func (h *house) bodyFiles() []string {
	h.t.Helper()
	files, err := filepath.Glob(filepath.Join(h.Dir, "packs", "large", "*", "*.body"))
	if err != nil {
		h.t.Fatal(err)
	}
	return files
}

// deliverLarge files a letter whose body has a file of its own, and returns that file.
func (h *house) deliverLarge(no haven.AccountNo, word string) string {
	h.t.Helper()
	before := map[string]bool{}
	for _, f := range h.bodyFiles() {
		before[f] = true
	}
	random := make([]byte, 700_000)
	_, _ = rand.Read(random) // never fails
	h.Deliver(no, about(word)+hex.EncodeToString(random)+"\n")
	for _, f := range h.bodyFiles() {
		if !before[f] {
			return f
		}
	}
	h.t.Fatal("the letter has no file of its own")
	return ""
}

// TestLostBody: a letter whose body is lost keeps nobody from finding the others, nor the index from going on.
func TestLostBody(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, h *house) {
		anna, ben := h.Account(), h.Account()
		h.Deliver(anna, about("aspirin"))
		file := h.deliverLarge(anna, "metformin")
		kept := file + ".kept"
		if err := os.Rename(file, kept); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = os.Rename(kept, file) })
		h.Deliver(ben, about("insulin"))
		h.finds(anna, "aspirin", 1)
		h.finds(anna, "here", 1)
		if got := h.find(anna, Header{"Message-ID", "clinic"}).UIDs; len(got) == 0 {
			t.Error("a search of headers finds nothing")
		}
		for range maxTries + 1 {
			if _, err := h.search.Step(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if n := h.waiting(); n != 0 {
			t.Errorf("%d wait", n)
		}
		if len(h.indexed(ben, "insulin")) != 1 {
			t.Error("another account's mail is not indexed")
		}
		h.finds(anna, "here", 1)
	})
}

// TestLostPack: the same for letters that share a file.
func TestLostPack(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, h *house) {
		anna := h.Account()
		h.Deliver(anna, about("aspirin"))
		h.Deliver(anna, about("insulin"))
		h.deliverLarge(anna, "metformin")
		packs, err := filepath.Glob(filepath.Join(h.Dir, "packs", "packs", "*.pack"))
		if err != nil || len(packs) == 0 {
			t.Fatal(packs, err)
		}
		for _, p := range packs {
			if err := os.Rename(p, p+".kept"); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = os.Rename(p+".kept", p) })
		}
		h.finds(anna, "here", 3)
		h.finds(anna, "aspirin")
	})
}

// TestUnreadableNow: letters that can't be read now wait behind the others, and are left out after others could be read often enough;
// while nothing can be read nothing is left out.
func TestUnreadableNow(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, h *house) {
		anna, ben := h.Account(), h.Account()
		for n := range stepWaits + 1 {
			file := h.deliverLarge(anna, fmt.Sprint("metformin", n))
			kept := file + ".kept"
			if err := os.Rename(file, kept); err != nil {
				t.Fatal(err)
			}
			if err := os.Symlink(file, file); err != nil { // can't be opened, and is not missing
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = os.Rename(kept, file) })
		}
		for range 2 * maxWaits {
			if _, err := h.search.Step(t.Context()); !errs.Is(err, errs.Transient) {
				t.Fatal(err)
			}
		}
		if n := h.waiting(); n != stepWaits+1 {
			t.Fatalf("%d wait after nothing could be read", n)
		}
		for n := range 3 * maxWaits {
			word := fmt.Sprint("insulin", n)
			h.Deliver(ben, about(word))
			if _, err := h.search.Step(t.Context()); err != nil {
				t.Fatal(err)
			}
			if len(h.indexed(ben, word)) != 1 {
				t.Fatalf("letter %d of another account is not indexed", n)
			}
		}
		if n := h.waiting(); n != 0 {
			t.Errorf("%d wait", n)
		}
	})
}

// TestDamagedKey: an account whose key doesn't open keeps no other account's mail from being indexed.
func TestDamagedKey(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, h *house) {
		anna, ben := h.Account(), h.Account()
		for n := range stepWaits + 1 {
			h.Deliver(anna, about(fmt.Sprint("metformin", n)))
		}
		swap := func(one, other haven.AccountNo) { // the keys of two accounts, which open under neither then
			t.Helper()
			if err := h.KeysDB.Write(t.Context(), func(tx *db.Tx) error {
				for _, move := range [][2]haven.AccountNo{{one, -1}, {other, one}, {-1, other}} {
					tx.Exec(`UPDATE account_key SET an = $2 WHERE an = $1`, int64(move[0]), int64(move[1]))
				}
				return nil
			}); err != nil {
				t.Fatal(err)
			}
			h.Keys.Forget(one)
			h.Keys.Forget(other)
		}
		carl := h.Account()
		swap(anna, carl)
		defer swap(anna, carl)
		for n := range maxWaits {
			word := fmt.Sprint("insulin", n)
			h.Deliver(ben, about(word))
			if _, err := h.search.Step(t.Context()); err != nil {
				t.Fatal(err)
			}
			if len(h.indexed(ben, word)) != 1 {
				t.Fatalf("letter %d of another account is not indexed", n)
			}
		}
		if n := h.waiting(); n != 0 {
			t.Errorf("%d wait", n)
		}
	})
}
