package backup_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"haven"
	"haven/mail/mailbox"
	"haven/mail/mailbox/mailboxtest"
	"haven/platform/backup"
	"haven/platform/db"
	"haven/platform/db/dbtest"
	"haven/platform/errs"
	"haven/platform/secret"
)

// TestRestoreUnderWriters backs a store up while mail is delivered, flagged, copied and expunged. What was there before is
// in the restored store, what came meanwhile is there whole or not at all, and every number that programs cache by is new.
func TestRestoreUnderWriters(t *testing.T) {
	t.Parallel()
	dbtest.EachEngine(t, func(t *testing.T, engine string) {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		from, h := filled(t, engine)
		before := h.notes(t, 1)
		src, dir := from.sources(t), filepath.Join(t.TempDir(), "mail")
		stop := write(t, ctx, h)
		var last, total int64
		err := backup.Backup(ctx, src, dir, func(d, n int64) { last, total = d, n })
		stop()
		must(t, err)
		if last == 0 || last != total {
			t.Errorf("progress ended at %d of %d", last, total)
		}

		to := newPlace(t, engine)
		to.master, to.at = from.master, from.at.Add(time.Hour) // the key from where the operator keeps it
		must(t, backup.Restore(ctx, dir, src.KeysDir, to.target()))
		r := open(t, to)
		got := r.notes(t, 1)
		for uid, text := range before {
			if got[uid] != text {
				t.Errorf("UID %d reads %q, and %q before", uid, got[uid], text)
			}
		}
		if now, old := r.validity(t, 1), h.validity(t, 1); now <= old || int64(now) <= mailboxtest.Start.Unix() {
			t.Errorf("UIDVALIDITY %d after %d", now, old)
		}
		must(t, r.deliver(ctx, 2, 99, true))
		r.notes(t, 2)
	})
}

// write changes account 2 from several sides until stop, which waits for it.
func write(t *testing.T, ctx context.Context, h *house) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(ctx)
	h.grants.Set(2, 2, haven.Own)
	v := mailboxtest.Own(2)
	var all sync.WaitGroup
	var n atomic.Int64
	loop := func(step func(i int) error) {
		all.Go(func() {
			for i := 0; ctx.Err() == nil; i++ {
				if err := step(i); err != nil && ctx.Err() == nil {
					t.Errorf("step %d: %v", i, err)
					return
				}
				n.Add(1)
			}
		})
	}
	for k := range 2 {
		loop(func(i int) error { return h.deliver(ctx, 2, 1000*(k+1)+i, i%20 == 19) })
	}
	loop(func(i int) error {
		flags := mailbox.FlagChange{Op: mailbox.AddFlags, Flags: mailbox.Seen}
		if i%3 == 0 {
			flags.Flags |= mailbox.Deleted
		}
		uid := haven.UID(i%40 + 1)
		_, err := h.Store(ctx, v, inbox, []mailbox.Range{{Lo: uid, Hi: uid}}, flags)
		return err
	})
	loop(func(i int) error {
		uid := haven.UID(i%40 + 1)
		if _, err := h.Copy(ctx, v, inbox, []mailbox.Range{{Lo: uid, Hi: uid}}, v, 5); err != nil && !errs.Is(err, errs.NotFound) {
			return err
		}
		_, err := h.Expunge(ctx, v, inbox, everything)
		return err
	})
	for n.Load() < 40 && ctx.Err() == nil && !t.Failed() {
		must(t, h.deliver(ctx, 2, 1, false))
	}
	return func() {
		cancel()
		all.Wait()
	}
}

// TestNothingReadable holds every octet of a back-up against what must not be in it.
func TestNothingReadable(t *testing.T) {
	t.Parallel()
	dbtest.EachEngine(t, func(t *testing.T, engine string) {
		from, h := filled(t, engine)
		src, dir := from.sources(t), filepath.Join(t.TempDir(), "mail")
		must(t, backup.Backup(t.Context(), src, dir, nil))
		var wrapped [][]byte
		must(t, h.keysDB.Read(t.Context(), func(tx *db.Tx) error {
			return tx.Query(`SELECT wrapped FROM account_key UNION ALL SELECT wrapped FROM service_key`, nil, func(r db.Row) error {
				wrapped = append(wrapped, bytes.Clone(r.Bytes(0)))
				return nil
			})
		}))
		if len(wrapped) < 3 {
			t.Fatal("the store has no keys")
		}
		master, err := os.ReadFile(from.master)
		must(t, err)
		mail, keys := octets(t, dir), octets(t, src.KeysDir)
		for _, w := range words {
			if holds(mail, []byte(w)) != "" || holds(keys, []byte(w)) != "" {
				t.Errorf("%q is in the back-up", w)
			}
		}
		for i, k := range wrapped {
			if name := holds(mail, k); name != "" {
				t.Errorf("wrapped key %d is in %s", i, name)
			}
			if holds(keys, k) == "" {
				t.Errorf("wrapped key %d lacks in the back-up of the keys", i)
			}
		}
		if holds(mail, master) != "" || holds(keys, master) != "" {
			t.Error("the master key is in a back-up")
		}
	})
}

// TestDestroyedKeyIsGone proves that a back-up taken after an account's key was destroyed can't bring it back.
func TestDestroyedKeyIsGone(t *testing.T) {
	t.Parallel()
	dbtest.EachEngine(t, func(t *testing.T, engine string) {
		from, h := filled(t, engine)
		h.account(t, 3)
		var wrapped []byte
		must(t, h.keysDB.Read(t.Context(), func(tx *db.Tx) error {
			return tx.Query(`SELECT wrapped FROM account_key WHERE an = 3`, nil, func(r db.Row) error {
				wrapped = bytes.Clone(r.Bytes(0))
				return nil
			})
		}))
		must(t, h.keys.Destroy(t.Context(), 3))
		src, dir := from.sources(t), filepath.Join(t.TempDir(), "mail")
		must(t, backup.Backup(t.Context(), src, dir, nil))
		if name := holds(octets(t, src.KeysDir), wrapped); name != "" || len(wrapped) == 0 {
			t.Errorf("the destroyed key is in %q", name)
		}
	})
}

func octets(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	must(t, filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			out[path], err = os.ReadFile(path)
		}
		return err
	}))
	return out
}

func holds(files map[string][]byte, what []byte) string {
	for name, b := range files {
		if bytes.Contains(b, what) {
			return name
		}
	}
	return ""
}

// TestRefused damages a back-up in one way at a time. Each is refused with a sentence, and the target stays as empty as it was.
func TestRefused(t *testing.T) {
	t.Parallel()
	dbtest.EachEngine(t, func(t *testing.T, engine string) {
		from, _ := filled(t, engine)
		src, dir := from.sources(t), filepath.Join(t.TempDir(), "mail")
		must(t, backup.Backup(t.Context(), src, dir, nil))
		other, _ := filled(t, engine)
		otherSrc := other.sources(t)
		must(t, backup.Backup(t.Context(), otherSrc, filepath.Join(t.TempDir(), "mail"), nil))
		for _, c := range []struct {
			name, say string
			damage    func(t *testing.T, mail, keys string, to *backup.Target)
		}{
			{"no manifest", "is no back-up", func(t *testing.T, mail, _ string, _ *backup.Target) {
				must(t, os.Remove(filepath.Join(mail, "MANIFEST.json")))
			}},
			{"no manifest of the keys", "is no back-up", func(t *testing.T, _, keys string, _ *backup.Target) {
				must(t, os.Remove(filepath.Join(keys, "MANIFEST.json")))
			}},
			{"a letter of the manifest", "damaged", func(t *testing.T, mail, _ string, _ *backup.Target) {
				flip(t, filepath.Join(mail, "MANIFEST.json"), 200)
			}},
			{"half a manifest", "damaged", func(t *testing.T, mail, _ string, _ *backup.Target) { cut(t, filepath.Join(mail, "MANIFEST.json")) }},
			{"a manifest that names a file outside", "damaged", outside},
			{"a bit of the mail", "is not what was written", func(t *testing.T, mail, _ string, _ *backup.Target) { flip(t, largest(t, mail, "bodies/packs"), 5000) }},
			{"a bit of the rows", "is not what was written", func(t *testing.T, mail, _ string, _ *backup.Target) { flip(t, largest(t, mail, rowsDir(engine)), 100) }},
			{"a bit of the keys", "is not what was written", func(t *testing.T, _, keys string, _ *backup.Target) { flip(t, largest(t, keys, rowsDir(engine)), 30) }},
			{"a pack cut short", "is not what was written", func(t *testing.T, mail, _ string, _ *backup.Target) { cut(t, largest(t, mail, "bodies/packs")) }},
			{"a body missing", "is missing", func(t *testing.T, mail, _ string, _ *backup.Target) {
				must(t, os.Remove(largest(t, mail, "bodies/large")))
			}},
			{"keys of another store", "another store", func(t *testing.T, _, keys string, _ *backup.Target) {
				must(t, os.RemoveAll(keys))
				must(t, os.CopyFS(keys, os.DirFS(otherSrc.KeysDir)))
			}},
			{"mail for keys", "was asked for", func(t *testing.T, mail, keys string, _ *backup.Target) {
				must(t, os.RemoveAll(keys))
				must(t, os.CopyFS(keys, os.DirFS(mail)))
			}},
			{"an older program", "newer version", func(_ *testing.T, _, _ string, to *backup.Target) {
				to.Schemas = []db.Schema{schemas[0], {Concept: mailbox.Schema.Concept}, schemas[2]}
			}},
			{"a program without the concept", "doesn't know", func(_ *testing.T, _, _ string, to *backup.Target) { to.Schemas = to.Schemas[:1] }},
			{"bodies there already", "not empty", func(t *testing.T, _, _ string, to *backup.Target) {
				must(t, os.MkdirAll(filepath.Join(to.Bodies, "packs"), 0o700))
				t.Cleanup(func() { must(t, os.RemoveAll(to.Bodies)) })
			}},
			{"a store there already", "", func(_ *testing.T, _, _ string, to *backup.Target) { to.Main = from.main }},
			{"an index there already", "is there already", func(t *testing.T, mail, _ string, to *backup.Target) { to.Absent = []string{mail} }},
		} {
			t.Run(c.name, func(t *testing.T) {
				mail, keys := filepath.Join(t.TempDir(), "mail"), filepath.Join(t.TempDir(), "keys")
				must(t, os.CopyFS(mail, os.DirFS(dir)))
				must(t, os.CopyFS(keys, os.DirFS(src.KeysDir)))
				to := newPlace(t, engine)
				target := to.target()
				c.damage(t, mail, keys, &target)
				err := backup.Restore(t.Context(), mail, keys, target)
				if !errs.Is(err, errs.Invalid) || !strings.Contains(errs.Say(err), c.say) {
					t.Fatalf("%v (%q)", err, errs.Say(err))
				}
				for _, path := range []string{to.main.Path, to.keys.Path} {
					if _, err := os.Stat(path); err == nil && engine == "sqlite" {
						t.Error("something was written to", path)
					}
				}
			})
		}
	})
}

func rowsDir(engine string) string {
	if engine == "postgres" {
		return "tables"
	}
	return "."
}

// outside is a manifest with a checksum that holds, made by somebody with bad intentions who forgot none but that.
func outside(t *testing.T, mail, _ string, _ *backup.Target) {
	path := filepath.Join(mail, "MANIFEST.json")
	text, err := os.ReadFile(path)
	must(t, err)
	must(t, os.WriteFile(path, bytes.Replace(text, []byte(`"name": "bodies/STORE"`), []byte(`"name": "../../etc/x"`), 1), 0o600))
}

func flip(t *testing.T, path string, at int64) {
	t.Helper()
	b, err := os.ReadFile(path)
	must(t, err)
	b[min(at, int64(len(b)-1))] ^= 4
	must(t, os.WriteFile(path, b, 0o600))
}

func cut(t *testing.T, path string) {
	t.Helper()
	fi, err := os.Stat(path)
	must(t, err)
	must(t, os.Truncate(path, fi.Size()/2))
}

// largest is the longest file in a part of a back-up, other than the manifest.
func largest(t *testing.T, dir, sub string) (path string) {
	t.Helper()
	size := -1
	for name, b := range octets(t, filepath.Join(dir, sub)) {
		if filepath.Base(name) != "MANIFEST.json" && len(b) > size && (sub != "." || filepath.Dir(name) == dir) {
			path, size = name, len(b)
		}
	}
	return path
}

// TestOlderKeys takes keys from before the mail only where that is asked for.
func TestOlderKeys(t *testing.T) {
	t.Parallel()
	dbtest.EachEngine(t, func(t *testing.T, engine string) {
		from, _ := filled(t, engine)
		old, now := from.sources(t), from.sources(t)
		must(t, backup.Backup(t.Context(), old, filepath.Join(t.TempDir(), "mail"), nil))
		dir := filepath.Join(t.TempDir(), "mail")
		must(t, backup.Backup(t.Context(), now, dir, nil))
		to := newPlace(t, engine)
		to.master = from.master
		target := to.target()
		if err := backup.Restore(t.Context(), dir, old.KeysDir, target); !errs.Is(err, errs.Invalid) || !strings.Contains(errs.Say(err), "before the mail") {
			t.Fatal(err)
		}
		target.AllowOlderKeys = true
		must(t, backup.Restore(t.Context(), dir, old.KeysDir, target))
		if n := len(open(t, to).notes(t, 2)); n != 12 {
			t.Errorf("%d notes", n)
		}
	})
}

// TestUndone proves that a restore which fails at the end can be tried again at the same place.
func TestUndone(t *testing.T) {
	t.Parallel()
	dbtest.EachEngine(t, func(t *testing.T, engine string) {
		from, _ := filled(t, engine)
		src, dir := from.sources(t), filepath.Join(t.TempDir(), "mail")
		must(t, backup.Backup(t.Context(), src, dir, nil))
		to := newPlace(t, engine)
		to.master = from.master
		target := to.target()
		target.After = func(*db.Tx) error { return errStop }
		if err := backup.Restore(t.Context(), dir, src.KeysDir, target); err == nil {
			t.Fatal("a restore whose last step failed was called good")
		}
		must(t, backup.Restore(t.Context(), dir, src.KeysDir, to.target()))
		if n := len(open(t, to).notes(t, 1)); n != 12 {
			t.Errorf("%d notes", n)
		}
	})
}

// TestKeysAreTriedFirst: with a master key that opens nothing a restore ends before the mail is looked at, and the place
// is empty as before.
func TestKeysAreTriedFirst(t *testing.T) {
	t.Parallel()
	dbtest.EachEngine(t, func(t *testing.T, engine string) {
		from, _ := filled(t, engine)
		src, dir := from.sources(t), filepath.Join(t.TempDir(), "mail")
		must(t, backup.Backup(t.Context(), src, dir, nil))
		to := newPlace(t, engine)
		to.master = from.master
		target := to.target()
		target.OpenKeys = func(ctx context.Context, d *db.DB) error {
			if some, err := secret.Begun(ctx, d); err != nil || !some {
				t.Errorf("the key store is begun: %t, %v", some, err)
			}
			return errStop
		}
		if err := backup.Restore(t.Context(), dir, src.KeysDir, target); !errors.Is(err, errStop) {
			t.Fatalf("the restore ended with %v", err)
		}
		if left, err := os.ReadDir(to.bodies); err == nil && len(left) > 0 {
			t.Errorf("it left %v", left)
		}
		tried := 0
		target.OpenKeys = func(context.Context, *db.DB) error { tried++; return nil }
		must(t, backup.Restore(t.Context(), dir, src.KeysDir, target))
		if n := len(open(t, to).notes(t, 1)); n != 12 || tried != 1 {
			t.Errorf("%d notes, the keys were tried %d times", n, tried)
		}
	})
}

// TestCutShort ends a back-up in the middle: what it leaves is refused.
func TestCutShort(t *testing.T) {
	t.Parallel()
	dbtest.EachEngine(t, func(t *testing.T, engine string) {
		from, h := filled(t, engine)
		for n := range 6 {
			must(t, h.deliver(t.Context(), 1, n, true))
		}
		src, dir := from.sources(t), filepath.Join(t.TempDir(), "mail")
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		if err := backup.Backup(ctx, src, dir, func(int64, int64) { cancel() }); !errs.Is(err, errs.Transient) {
			t.Fatal(err)
		}
		err := backup.Restore(t.Context(), dir, src.KeysDir, newPlace(t, engine).target())
		if !errs.Is(err, errs.Invalid) {
			t.Error(err)
		}
		if err := backup.Backup(t.Context(), src, dir, nil); !errs.Is(err, errs.Invalid) {
			t.Errorf("a folder with half a back-up was taken for another: %v", err)
		}
	})
}

// TestFolders refuses folders that would mix keys and mail, or overwrite something.
func TestFolders(t *testing.T) {
	t.Parallel()
	from, _ := filled(t, "sqlite")
	dir := t.TempDir()
	link := filepath.Join(t.TempDir(), "link")
	must(t, os.Symlink(dir, link))
	full := t.TempDir()
	must(t, os.WriteFile(filepath.Join(full, "x"), nil, 0o600))
	for _, c := range []struct{ name, mail, keys, say string }{
		{"the same", dir, dir, "must not be kept with the mail"},
		{"keys inside", dir, filepath.Join(dir, "keys"), "must not be kept with the mail"},
		{"keys around", filepath.Join(dir, "mail"), dir, "must not be kept with the mail"},
		{"keys inside by a link", dir, filepath.Join(link, "keys"), "must not be kept with the mail"},
		{"no folder for keys", dir, "", "must not be kept with the mail"},
		{"mail not empty", full, t.TempDir(), "not empty"},
		{"keys not empty", t.TempDir(), full, "not empty"},
	} {
		t.Run(c.name, func(t *testing.T) {
			src := from.sources(t)
			src.KeysDir = c.keys
			if err := backup.Backup(t.Context(), src, c.mail, nil); !errs.Is(err, errs.Invalid) || !strings.Contains(errs.Say(err), c.say) {
				t.Error(err)
			}
		})
	}
}

// TestDamagedStore copies what is there of a damaged store and says what lacks; of two stores' halves no back-up is made.
func TestDamagedStore(t *testing.T) {
	t.Parallel()
	dbtest.EachEngine(t, func(t *testing.T, engine string) {
		from, _ := filled(t, engine)
		other, _ := filled(t, engine)
		for _, c := range []struct {
			name, sub, say string
			kind           errs.Kind
			damage         func(path string) error
		}{
			{"a pack missing", "packs", "missing or cut short", errs.Internal, os.Remove},
			{"a pack cut short", "packs", "missing or cut short", errs.Internal, func(path string) error { return os.Truncate(path, 100) }},
			{"a body missing", "large", "missing or cut short", errs.Internal, os.Remove},
			{"another store's bodies", "packs", "belongs to another database", errs.Invalid, func(path string) error {
				dir := filepath.Dir(filepath.Dir(path))
				return errors.Join(os.RemoveAll(dir), os.CopyFS(dir, os.DirFS(other.bodies)))
			}},
		} {
			t.Run(c.name, func(t *testing.T) {
				src, dir := from.sources(t), filepath.Join(t.TempDir(), "mail")
				src.Bodies = filepath.Join(t.TempDir(), "bodies")
				must(t, os.CopyFS(src.Bodies, os.DirFS(from.bodies)))
				must(t, c.damage(largest(t, src.Bodies, c.sub)))
				err := backup.Backup(t.Context(), src, dir, nil)
				if !errs.Is(err, c.kind) || !strings.Contains(errs.Say(err), c.say) {
					t.Errorf("%v (%q)", err, errs.Say(err))
				}
				_, err = backup.ReadManifest(dir, "mail")
				if whole := c.kind == errs.Internal; whole != (err == nil) {
					t.Errorf("can the rest be restored? %v", err)
				}
			})
		}
	})
}

// TestVerify reads a good back-up and names what it is.
func TestVerify(t *testing.T) {
	t.Parallel()
	dbtest.EachEngine(t, func(t *testing.T, engine string) {
		from, _ := filled(t, engine)
		src, dir := from.sources(t), filepath.Join(t.TempDir(), "mail")
		must(t, backup.Backup(t.Context(), src, dir, nil))
		m, err := backup.Verify(t.Context(), dir, "mail", nil)
		must(t, err)
		want := map[string]int{}
		for _, s := range schemas {
			want[s.Concept] = len(s.Steps)
		}
		if m.Engine != engine || m.Program != "test" || !maps.Equal(m.Steps, want) {
			text, _ := json.Marshal(m) // for the message alone
			t.Errorf("%s", text)
		}
		_, err = backup.Verify(t.Context(), src.KeysDir, "keys", nil)
		must(t, err)
	})
}
