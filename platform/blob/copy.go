package blob

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"haven/platform/errs"
)

// Copied is one file of a copy, as a manifest lists it.
type Copied struct {
	Name   string // within the folder
	Size   int64
	SHA256 string
}

// CopyTo copies every file up to its length at that time into dir, which must be empty or not there yet, and syncs
// all of it.
// Copy the database first and call it under one Hold that began before: then every body that a row of that
// copy points to is in the copy. STORE comes last, so a copy that was cut short is no store.
func (s *Store) CopyTo(ctx context.Context, dir string) ([]Copied, error) {
	release, err := s.Hold(ctx)
	if err != nil {
		return nil, err
	}
	defer release()
	if err := makeEmpty(dir); err != nil {
		return nil, err
	}
	numbers, err := s.Numbers()
	if err != nil {
		return nil, err
	}
	var all []Copied
	for _, number := range numbers {
		c, err := s.copyFile(ctx, dir, number)
		if errors.Is(err, errUnbegun) {
			continue
		}
		if err != nil {
			return nil, err
		}
		all = append(all, c)
	}
	f, err := os.Open(filepath.Join(s.dir, identityFile))
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	c, err := copyWhole(ctx, f, filepath.Join(dir, identityFile))
	if err != nil {
		return nil, err
	}
	c.Name = identityFile
	return append(all, c), errors.Join(syncTree(dir), syncDir(filepath.Dir(dir)))
}

func makeEmpty(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	if len(entries) > 0 {
		return errs.E(errs.Invalid, "The folder %s is not empty. Name a new one for the copy.", dir)
	}
	return errors.Join(os.Mkdir(filepath.Join(dir, "packs"), 0o700), os.Mkdir(filepath.Join(dir, "large"), 0o700))
}

// errUnbegun is a file that its process has only just begun, or has given up: no row can point to it yet.
var errUnbegun = errors.New("blob: a file without header")

// copyFile copies a file as it is, also one that is damaged: that is for check to find, and the rest of it for repair.
func (s *Store) copyFile(ctx context.Context, dir string, number int64) (Copied, error) {
	f, err := os.Open(s.path(number))
	if errors.Is(err, fs.ErrNotExist) {
		return Copied{}, errUnbegun
	}
	if err != nil {
		return Copied{}, err
	}
	defer func() { _ = f.Close() }()
	if fi, err := f.Stat(); err != nil || fi.Size() < fileHeader {
		return Copied{}, errors.Join(err, errUnbegun)
	}
	to := filepath.Join(dir, fileName(number))
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return Copied{}, err
	}
	c, err := copyWhole(ctx, f, to)
	c.Name = fileName(number)
	return c, err
}

// copyWhole copies f up to its present length.
func copyWhole(ctx context.Context, f *os.File, to string) (Copied, error) {
	fi, err := f.Stat()
	if err != nil {
		return Copied{}, err
	}
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return Copied{}, err
	}
	defer func() { _ = out.Close() }()
	sum := sha256.New()
	buf := copyPool.Get().(*[256 << 10]byte)
	defer copyPool.Put(buf)
	n, err := io.CopyBuffer(io.MultiWriter(out, sum), untilDone{ctx, io.NewSectionReader(f, 0, fi.Size())}, buf[:])
	if err == nil {
		err = out.Sync()
	}
	return Copied{Size: n, SHA256: hex.EncodeToString(sum.Sum(nil))}, err
}

// untilDone ends reading with the context.
type untilDone struct {
	ctx context.Context
	r   io.Reader
}

func (u untilDone) Read(p []byte) (int, error) {
	if err := u.ctx.Err(); err != nil {
		return 0, err
	}
	return u.r.Read(p)
}

// syncTree syncs a store's folders.
func syncTree(dir string) error {
	subs, err := filepath.Glob(filepath.Join(dir, "large", "*"))
	if err != nil {
		return err
	}
	for _, sub := range append(subs, filepath.Join(dir, "large"), filepath.Join(dir, "packs"), dir) {
		if err := syncDir(sub); err != nil {
			return err
		}
	}
	return nil
}
