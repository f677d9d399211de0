package backup

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"haven/platform/db"
	"haven/platform/errs"
)

// Target is where a back-up is put back.
type Target struct {
	// Main and Keys are an SQLite file that is not there yet, or a PostgreSQL schema without tables.
	Main, Keys db.Config

	Bodies string   // a folder that is empty or not there yet
	Absent []string // other files that must not be there, since they would speak of another store: the search index

	// Schemas are all tables that this program knows. A back-up of an earlier version is brought up to date.
	Schemas, KeySchemas []db.Schema

	// After changes what must not be as it was when the back-up was made, in one transaction, before anybody can
	// open the store. What a program of anybody's has cached may speak of mail that came after the back-up, under
	// the same numbers; so every mailbox gets a UIDVALIDITY larger than its own and than the time (RFC 9051 §2.3.1.1):
	// mailbox.Restored. The search index is not in a back-up and begins anew: search.Restored. What waits in the outbox
	// may have been sent since.
	After func(tx *db.Tx) error

	// OpenKeys opens the key store with the master key, and says which file is wrong where that can't be. It is asked first,
	// with a copy that is put where the key store will be and taken away again: hours of copying would end with mail that
	// nobody can read. May be nil.
	OpenKeys func(ctx context.Context, keys *db.DB) error

	// AfterKeys is the same for the key store, and runs before After: what After needs to know of keys that are newer than the mail,
	// such as secret.LastNumber.
	AfterKeys func(tx *db.Tx) error

	// AllowOlderKeys takes keys that were copied before the mail. Accounts made between the two stay unreadable.
	AllowOlderKeys bool

	Progress func(done, total int64) // octets; may be nil
}

// Restore puts the mail back-up in dir and the keys in keysDir into an empty place. Nothing stays there before the keys
// were opened and every file was held against its checksum, and nothing can be opened as a store before all of it is
// there. An error leaves the place empty as it was; after a kill or a power failure empty it by hand.
//
// Invalid, with a sentence that says what is wrong: no back-up, a damaged or incomplete one, one of a newer version, keys of
// another store, older than the mail or under another master key, a place that is not empty.
func Restore(ctx context.Context, dir, keysDir string, t Target) error {
	r := &restore{Target: t, dir: dir, keysDir: keysDir, p: newProgress(t.Progress)}
	if err := r.look(ctx); err != nil {
		return said(err, "The back-up can't be read.")
	}
	if err := r.tryKeys(ctx); err != nil {
		return err
	}
	if err := r.mail.verify(ctx, r.dir, r.p); err != nil {
		return said(err, "The back-up can't be read.")
	}
	return r.orUndo(ctx, r.put(ctx), "The back-up could not be restored.")
}

// orUndo empties the place after an error, and gives that a sentence.
func (r *restore) orUndo(ctx context.Context, err error, say string) error {
	if err == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer cancel()
	return errors.Join(said(err, say), r.undo(ctx))
}

// tryKeys proves that the master key opens these keys, and leaves the place empty.
func (r *restore) tryKeys(ctx context.Context) error {
	if r.OpenKeys == nil {
		return nil
	}
	quiet := *r
	quiet.p = newProgress(nil) // the copy that counts comes later
	err := quiet.putDatabase(ctx, r.Keys, r.keysDir, r.keys, r.store, r.KeySchemas, r.OpenKeys, nil)
	if err != nil {
		return r.orUndo(ctx, err, "The keys can't be opened.")
	}
	return r.undo(ctx)
}

// restore is one run of Restore.
type restore struct {
	Target
	dir, keysDir string
	mail, keys   *Manifest
	main, store  []db.Schema // as far as the back-up had them; store is the key store's
	p            *progress
}

// look proves that the back-up belongs together and can be restored here, and changes nothing. The mail's files are not
// read yet.
func (r *restore) look(ctx context.Context) (err error) {
	if r.mail, err = ReadManifest(r.dir, "mail"); err != nil {
		return err
	}
	if r.keys, err = ReadManifest(r.keysDir, "keys"); err != nil {
		return err
	}
	if err := r.match(); err != nil {
		return err
	}
	if r.main, err = cutSchemas(r.mail.Steps, r.Schemas); err != nil {
		return err
	}
	if r.store, err = cutSchemas(r.keys.Steps, r.KeySchemas); err != nil {
		return err
	}
	if err := r.mustBeEmpty(ctx); err != nil {
		return err
	}
	r.p.total = 2 * (r.mail.octets() + r.keys.octets())
	return r.keys.verify(ctx, r.keysDir, r.p)
}

// match holds the two halves of a back-up against each other and against the target.
func (r *restore) match() error {
	switch {
	case r.mail.Store != r.keys.Store:
		return errs.E(errs.Invalid, "The keys in %s belong to another store than the mail in %s.", r.keysDir, r.dir)
	case r.keys.Made.Before(r.mail.Made) && !r.AllowOlderKeys:
		return errs.E(errs.Invalid, "The keys in %s were copied on %s, before the mail in %s on %s. Accounts made in between could not be read. Name newer keys.",
			r.keysDir, r.keys.Made.Format(time.RFC3339), r.dir, r.mail.Made.Format(time.RFC3339))
	}
	for _, half := range []struct {
		m *Manifest
		c db.Config
	}{{r.mail, r.Main}, {r.keys, r.Keys}} {
		engine := "sqlite"
		if isPostgres(half.c) {
			engine = "postgres"
		}
		if half.m.Engine != engine {
			return errs.E(errs.Invalid, "The back-up of the %s was made from %s and can't be put into %s. Change the configuration.", half.m.Kind, half.m.Engine, engine)
		}
	}
	return nil
}

func (r *restore) mustBeEmpty(ctx context.Context) error {
	for _, c := range []db.Config{r.Main, r.Keys} {
		if isPostgres(c) {
			empty, err := postgresEmpty(ctx, c)
			if err == nil && !empty {
				err = errs.E(errs.Invalid, "The database holds tables already (schema %q). A back-up is restored into an empty schema only.", c.Schema)
			}
			if err != nil {
				return err
			}
			continue
		}
		if err := mustBeAbsent(c.Path, c.Path+"-wal", c.Path+"-shm", c.Path+"-journal"); err != nil {
			return err
		}
	}
	empty, err := isEmpty(r.Bodies)
	if err == nil && !empty {
		err = errs.E(errs.Invalid, "The folder %s is not empty. A back-up is restored into an empty place only.", r.Bodies)
	}
	return errors.Join(err, mustBeAbsent(r.Absent...))
}

func mustBeAbsent(paths ...string) error {
	for _, path := range paths {
		if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
			return errs.E(errs.Invalid, "%s is there already. A back-up is restored into an empty place only.", path)
		}
	}
	return nil
}

// storeFile makes a folder of bodies a store. It is put in place last, and without it no database opens.
const storeFile = bodiesDir + "/STORE"

func (r *restore) put(ctx context.Context) error {
	store, ok := r.mail.file(storeFile)
	if !ok {
		return errs.E(errs.Invalid, "The back-up holds no bodies.")
	}
	for _, f := range r.mail.Files {
		name, isBody := strings.CutPrefix(f.Name, bodiesDir+"/")
		if !isBody || f.Name == storeFile {
			continue
		}
		if err := copyFile(ctx, filepath.Join(r.dir, filepath.FromSlash(f.Name)), filepath.Join(r.Bodies, filepath.FromSlash(name)), f, r.p); err != nil {
			return err
		}
	}
	if err := r.putDatabase(ctx, r.Keys, r.keysDir, r.keys, r.store, r.KeySchemas, nil, r.AfterKeys); err != nil {
		return err
	}
	if err := r.putDatabase(ctx, r.Main, r.dir, r.mail, r.main, r.Schemas, nil, r.After); err != nil {
		return err
	}
	for _, c := range []db.Config{r.Keys, r.Main} {
		if err := place(c); err != nil {
			return err
		}
	}
	if err := makeFolders(r.Bodies); err != nil {
		return err
	}
	if err := copyFile(ctx, filepath.Join(r.dir, filepath.FromSlash(storeFile)), filepath.Join(r.Bodies, filepath.Base(storeFile)), store, r.p); err != nil {
		return err
	}
	r.p.end()
	return errors.Join(syncDir(r.Bodies), syncDir(filepath.Dir(r.Bodies)))
}

// makeFolders makes what a store has even when it is empty, and syncs every folder's names.
func makeFolders(bodies string) error {
	for _, sub := range []string{"packs", "large"} {
		if err := os.MkdirAll(filepath.Join(bodies, sub), 0o700); err != nil {
			return err
		}
	}
	return filepath.WalkDir(bodies, func(path string, e fs.DirEntry, err error) error {
		if err == nil && e.IsDir() {
			err = syncDir(path)
		}
		return err
	})
}

const staged = ".restoring" // after the name of an SQLite file that is not in place yet

// putDatabase loads one database at the steps that the back-up had, brings it up to date, and runs prove and after.
func (r *restore) putDatabase(ctx context.Context, c db.Config, dir string, m *Manifest, then, now []db.Schema,
	prove func(context.Context, *db.DB) error, after func(*db.Tx) error) error {
	if !isPostgres(c) {
		f, ok := m.file(sqliteFile)
		if !ok {
			return errs.E(errs.Invalid, "The back-up in %s holds no database.", dir)
		}
		c.Path += staged
		if err := errors.Join(removeAll(c.Path)...); err != nil {
			return err
		}
		if err := copyFile(ctx, filepath.Join(dir, sqliteFile), c.Path, f, r.p); err != nil {
			return err
		}
	}
	d, err := db.Open(ctx, c)
	if err != nil {
		return err
	}
	err = fill(ctx, d, func() error {
		if !isPostgres(c) {
			return nil
		}
		if err := d.Migrate(ctx, then...); err != nil {
			return err
		}
		return loadPostgres(ctx, c, dir, m, r.p)
	}, now, after)
	if err == nil && prove != nil {
		err = prove(ctx, d)
	}
	return errors.Join(err, d.Close())
}

func fill(ctx context.Context, d *db.DB, load func() error, now []db.Schema, after func(*db.Tx) error) error {
	if err := load(); err != nil {
		return err
	}
	if err := d.Migrate(ctx, now...); err != nil || after == nil {
		return err
	}
	return d.Write(ctx, after)
}

// place gives an SQLite file its name.
func place(c db.Config) error {
	if isPostgres(c) {
		return nil
	}
	if err := mustBeAbsent(c.Path+staged+"-wal", c.Path); err != nil { // closing has emptied the log
		return err
	}
	if err := syncFile(c.Path + staged); err != nil {
		return err
	}
	if err := os.Rename(c.Path+staged, c.Path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(c.Path))
}

// undo empties what was empty before.
func (r *restore) undo(ctx context.Context) error {
	var all []error
	for _, c := range []db.Config{r.Main, r.Keys} {
		if isPostgres(c) {
			all = append(all, dropTables(ctx, c))
			continue
		}
		all = append(all, removeAll(c.Path)...)
		all = append(all, removeAll(c.Path+staged)...)
	}
	entries, err := os.ReadDir(r.Bodies)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		all = append(all, err)
	}
	for _, e := range entries {
		if e.Name() != "lost+found" {
			all = append(all, os.RemoveAll(filepath.Join(r.Bodies, e.Name())))
		}
	}
	return said(errors.Join(all...), "What was restored in part could not be removed; do that by hand.")
}

// removeAll removes an SQLite file with what belongs to it.
func removeAll(path string) []error {
	var all []error
	for _, end := range []string{"", "-wal", "-shm", "-journal"} {
		if err := os.Remove(path + end); err != nil && !errors.Is(err, fs.ErrNotExist) {
			all = append(all, err)
		}
	}
	return all
}
