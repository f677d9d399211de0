package secret

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"haven/platform/errs"
)

// KMS holds the master key and never gives it out. Its errors are Transient where another try may succeed; any
// other kind ends the start.
type KMS interface {
	Wrap(ctx context.Context, key []byte) ([]byte, error)
	Unwrap(ctx context.Context, wrapped []byte) ([]byte, error)
}

// FileKMS is the master key in a file: 32 random octets that nobody but the service's own user may read. The file is
// created at the first Wrap, and is to be kept apart from every back-up: who has it and the key store has the mail.
type FileKMS struct {
	path   string
	random io.Reader

	mu     sync.Mutex
	master box
	ready  bool
}

// NewFileKMS names the file; it is read, or created, at first use. A nil random is crypto/rand.
func NewFileKMS(path string, random io.Reader) *FileKMS {
	return &FileKMS{path: path, random: Options{Rand: random}.withDefaults().Rand}
}

var wrapBound = []byte("haven service key")

// Wrap seals key under the master key, which it creates if there is no file.
func (k *FileKMS) Wrap(_ context.Context, key []byte) ([]byte, error) {
	if err := k.load(true); err != nil {
		return nil, err
	}
	return k.master.seal(nil, key, wrapBound)
}

// Unwrap opens what Wrap sealed. A missing file is Invalid and not created: another key would open nothing.
func (k *FileKMS) Unwrap(_ context.Context, wrapped []byte) ([]byte, error) {
	if err := k.load(false); err != nil {
		return nil, err
	}
	key, err := k.master.open(nil, wrapped, wrapBound)
	if err != nil {
		return nil, errs.Wrap(errs.Invalid, err, fmt.Sprintf(
			"The master key in %s is not the one that this key store was made with. Put the right file back, from where you keep it apart from the back-ups.", k.path))
	}
	return key, nil
}

func (k *FileKMS) load(create bool) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.ready {
		return nil
	}
	key, err := k.read()
	if errors.Is(err, fs.ErrNotExist) && create {
		if err := k.create(); err != nil {
			return err
		}
		key, err = k.read()
	}
	if errors.Is(err, fs.ErrNotExist) {
		return errs.Wrap(errs.Invalid, err, fmt.Sprintf(
			"The master key file %s is missing. Put it back, from where you keep it apart from the back-ups.", k.path))
	}
	if err != nil {
		return err
	}
	k.master, err = newBox(key, k.random)
	k.ready = err == nil
	return err
}

// read refuses a file that others may read, rather than narrow it: whoever widened it should know that the key
// may have been seen.
func (k *FileKMS) read() ([]byte, error) {
	f, err := os.Open(k.path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	fi, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if fi.Mode().Perm()&0o077 != 0 {
		return nil, errs.E(errs.Invalid, "Others may read the master key file %s. Run chmod 600 %s, and find out who has read it.", k.path, k.path)
	}
	if fi.Size() != keySize {
		return nil, errs.E(errs.Invalid, "The master key file %s should hold %d octets and holds %d. Put the right file back.", k.path, keySize, fi.Size())
	}
	key := make([]byte, keySize)
	_, err = io.ReadFull(f, key)
	return key, err
}

// create makes the file whole or not at all; of two processes that create it at once, both end with the same.
func (k *FileKMS) create() error {
	key, err := newKey(k.random)
	if err != nil {
		return err
	}
	dir := filepath.Dir(k.path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, ".master") // 0600
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(f.Name()) }()
	_, err = f.Write(key)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Link(f.Name(), k.path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
