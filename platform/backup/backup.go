// Package backup copies a whole store while it runs, and puts it back.
//
// A mail back-up is a folder: the database as of one moment, the message bodies that it points to, and MANIFEST.json,
// which is written last and lists every file with its checksum. The key store goes into another folder with a
// manifest of its own, to be kept elsewhere and not for long: without it a mail back-up cannot be read, and once the last
// copy of a destroyed key has lapsed, neither can the mail that was sealed under it. The master key is in neither.
//
// What is not copied is rebuilt: the search index.
package backup

import (
	"context"
	"crypto/rand"
	"errors"
	"maps"
	"path/filepath"
	"slices"
	"time"

	"haven/platform/blob"
	"haven/platform/db"
	"haven/platform/errs"
)

// Sources are what a back-up copies. The databases are named by their configuration, since a copy is made over a
// connection of its own that reads one snapshot for as long as the copy takes. The service may run meanwhile, in this
// process or another one.
type Sources struct {
	Main, Keys db.Config
	Bodies     string // folder of the bodies

	// KeysDir is the folder for the keys: empty or not there, and neither inside the mail back-up nor around it.
	KeysDir string

	// Rebuilt are concepts whose tables are left out, since they can be made from the rest.
	Rebuilt []Rebuilt

	Program string           // the version of Haven, for whoever reads the manifest
	Now     func() time.Time // default time.Now
}

// Rebuilt names a concept as its db.Schema does, and its tables.
type Rebuilt struct {
	Concept string
	Tables  []string
}

const bodiesDir = "bodies"

// Backup copies a store into dir, which must be empty or not there yet. When it returns nil everything is on disk and
// complete: no body that a row points to lacks. What an error (but Internal, see below), a kill or a full disk leaves has no
// manifest and doesn't restore; remove it.
//
// Sweeping, compaction and unlinking stand still meanwhile; mail goes on. On SQLite the write-ahead log grows until the
// database is copied. progress, which may be nil, is told octets; the total is an estimate.
//
// A folder that is not empty is Invalid, and so is a folder of bodies that is another database's. Internal with a manifest: files
// of bodies lack in the store itself; the rest was copied and can be restored. Transient: a disk that is full, a database that is away, a ctx that ended.
func Backup(ctx context.Context, s Sources, dir string, progress func(done, total int64)) error {
	if s.Now == nil {
		s.Now = time.Now
	}
	if overlap(dir, s.KeysDir) {
		return errs.E(errs.Invalid, "The keys must not be kept with the mail: name a folder for them that is not inside %s, nor around it.", dir)
	}
	for _, d := range []string{dir, s.KeysDir} {
		if err := makeEmpty(d); err != nil {
			return err
		}
	}
	bodies, err := blob.Open(s.Bodies, blob.Options{ReadOnly: true})
	if err != nil {
		return said(err, "The folder of bodies can't be opened.")
	}
	err = run(ctx, s, bodies, dir, newProgress(progress))
	return errors.Join(err, bodies.Close())
}

func run(ctx context.Context, s Sources, bodies *blob.Store, dir string, p *progress) error {
	release, err := bodies.Hold(ctx)
	if err != nil {
		return said(err, "Maintenance of the store did not end in time.")
	}
	defer release()
	p.more(treeSize(s.Bodies))
	mail := begin("mail", s, bodies)
	lacking, err := copyMail(ctx, s, bodies, dir, mail, p)
	if err != nil {
		return said(err, "The mail could not be copied.")
	}
	keys := begin("keys", s, bodies)
	keys.Backup = mail.Backup
	// The keys come after the mail, so that every account in the copy has its key, unless it was destroyed meanwhile.
	if err := copyDatabase(ctx, s.Keys, s.KeysDir, keys, nil, p); err != nil {
		return said(err, "The key store could not be copied.")
	}
	if err := keys.write(s.KeysDir); err != nil {
		return said(err, "The manifest of the keys could not be written.")
	}
	if err := mail.write(dir); err != nil {
		return said(err, "The manifest could not be written.")
	}
	p.end()
	return lacking
}

// begin is the manifest of a back-up that starts now.
func begin(kind string, s Sources, bodies *blob.Store) *Manifest {
	return &Manifest{Format: formatVersion, Kind: kind, Backup: rand.Text(), Store: bodies.Identity(),
		Made: s.Now().UTC().Truncate(time.Microsecond), Program: s.Program, Steps: map[string]int{}}
}

// copyMail copies first the rows, then the bodies: whatever a row points to was durable before the row. lacking says which
// bodies are lost in the store itself, so that the copy lacks them too.
func copyMail(ctx context.Context, s Sources, bodies *blob.Store, dir string, m *Manifest, p *progress) (lacking, err error) {
	if err := copyDatabase(ctx, s.Main, dir, m, s.Rebuilt, p); err != nil {
		return nil, err
	}
	needed, err := neededFiles(ctx, s.Main, bodies)
	if err != nil {
		return nil, err
	}
	stop := p.watch(filepath.Join(dir, bodiesDir))
	copied, err := bodies.CopyTo(ctx, filepath.Join(dir, bodiesDir))
	stop()
	for _, c := range copied {
		m.Files = append(m.Files, File{Name: filepath.ToSlash(filepath.Join(bodiesDir, c.Name)), Size: c.Size, SHA256: c.SHA256})
		if c.Size >= needed[c.Name] {
			delete(needed, c.Name)
		}
	}
	if len(needed) > 0 {
		lacking = errs.E(errs.Internal, "The store is damaged: %d files of bodies are missing or cut short, the first is %s. "+
			"All else is in the back-up, which can be restored. Keep the last good one too, and run haven check.",
			len(needed), slices.Min(slices.Collect(maps.Keys(needed))))
	}
	return lacking, err
}

// neededFiles are the files that rows point into, by name, and how far; all that the copied rows point into are among them, since
// nothing is moved or removed meanwhile. It refuses a folder that isn't the one the rows speak of.
func neededFiles(ctx context.Context, c db.Config, bodies *blob.Store) (needed map[string]int64, err error) {
	c.Existing = true
	d, err := db.Open(ctx, c)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	known := ""
	if err := d.Read(ctx, func(tx *db.Tx) (err error) {
		known, err = blob.BoundTo(tx)
		return err
	}); err != nil {
		return nil, err
	}
	if known != bodies.Identity() {
		return nil, errs.E(errs.Invalid, "The folder of bodies belongs to another database. Check both paths in the configuration.")
	}
	needed = map[string]int64{}
	return needed, blob.Reaches(ctx, d, func(r blob.Reach) error {
		needed[r.Name()] = r.End
		return nil
	})
}

// copyDatabase copies one database into dir and tells the manifest what it wrote.
func copyDatabase(ctx context.Context, c db.Config, dir string, m *Manifest, rebuilt []Rebuilt, p *progress) error {
	var err error
	if isPostgres(c) {
		m.Engine = "postgres"
		err = dumpPostgres(ctx, c, dir, m, rebuilt, p)
	} else {
		m.Engine = "sqlite"
		err = copySQLite(ctx, c, dir, m, p)
	}
	for _, r := range rebuilt {
		delete(m.Steps, r.Concept)
	}
	return errors.Join(err, syncDir(dir))
}

// said gives an error that has no kind yet a kind and a sentence.
func said(err error, say string) error {
	var known *errs.Error
	switch {
	case err == nil:
		return nil
	case isDiskFull(err):
		return errs.Wrap(errs.Transient, err, say+" The disk is full.")
	case errors.As(err, &known) && known.Say != "":
		return err
	case errors.As(err, &known):
		return errs.Wrap(known.Kind, err, say)
	}
	return errs.Wrap(errs.Transient, err, say)
}
