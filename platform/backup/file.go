package backup

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"haven/platform/errs"
)

func isDiskFull(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}

// makeEmpty makes a folder, or takes one that is empty.
func makeEmpty(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return errs.Wrap(errs.Invalid, err, "The folder "+dir+" can't be made.")
	}
	empty, err := isEmpty(dir)
	if err == nil && !empty {
		err = errs.E(errs.Invalid, "The folder %s is not empty. Name a new one.", dir)
	}
	return said(err, "The folder "+dir+" can't be read.")
}

// isEmpty is also true of a folder that is not there, and of one that holds only what mkfs puts there.
func isEmpty(dir string) (bool, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return true, nil
	}
	for _, e := range entries {
		if e.Name() != "lost+found" {
			return false, nil
		}
	}
	return err == nil, err
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// summed is a file being written, with its length and checksum so far.
type summed struct {
	ctx context.Context
	f   *os.File
	sum interface {
		io.Writer
		Sum([]byte) []byte
	}
	n int64
	p *progress
}

func create(ctx context.Context, path string, p *progress) (*summed, error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	return &summed{ctx: ctx, f: f, sum: sha256.New(), p: p}, err
}

func (s *summed) Write(b []byte) (int, error) {
	if err := s.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := s.f.Write(b)
	s.n += int64(n)
	s.p.add(int64(n))
	if err == nil {
		_, err = s.sum.Write(b)
	}
	return n, err
}

// finish makes the file durable; its folder is synced by whoever made that.
func (s *summed) finish(name string) (File, error) {
	err := errors.Join(s.f.Sync(), s.f.Close())
	return File{Name: name, Size: s.n, SHA256: hex.EncodeToString(s.sum.Sum(nil))}, err
}

// sumFile reads a file whole.
func sumFile(ctx context.Context, path string, p *progress) (File, error) {
	f, err := os.Open(path)
	if err != nil {
		return File{}, err
	}
	defer func() { _ = f.Close() }() // only read
	sum := sha256.New()
	n, err := io.CopyBuffer(sum, &reading{ctx, f, p}, make([]byte, 256<<10))
	return File{Size: n, SHA256: hex.EncodeToString(sum.Sum(nil))}, err
}

// reading counts what is read and ends with the context.
type reading struct {
	ctx context.Context
	r   io.Reader
	p   *progress
}

func (r *reading) Read(b []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := r.r.Read(b)
	r.p.add(int64(n))
	return n, err
}

// copyFile copies a file of a back-up to where it belongs, and fails if it is not what the manifest says.
func copyFile(ctx context.Context, from, to string, want File, p *progress) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }() // only read
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return err
	}
	out, err := create(ctx, to, p)
	if err != nil {
		return err
	}
	_, err = io.CopyBuffer(out, in, make([]byte, 256<<10))
	got, fin := out.finish(want.Name)
	if err := errors.Join(err, fin); err != nil {
		return err
	}
	if got != want {
		return errs.E(errs.Invalid, "The back-up changed while it was read: %s.", want.Name)
	}
	return nil
}

// progressStep is how many octets lie between two reports.
const progressStep = 8 << 20

// progress adds up what was done.
type progress struct {
	mu                    sync.Mutex
	done, total, reported int64
	tell                  func(done, total int64)
}

func newProgress(tell func(done, total int64)) *progress {
	if tell == nil {
		tell = func(int64, int64) {}
	}
	return &progress{tell: tell}
}

func (p *progress) more(n int64) {
	p.mu.Lock()
	p.total += n
	p.mu.Unlock()
}

func (p *progress) add(n int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done += n
	if p.done-p.reported >= progressStep {
		p.reported = p.done
		p.tell(p.done, max(p.done, p.total))
	}
}

func (p *progress) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.tell(p.done, p.done)
}

// watch adds what another package writes into a folder, until stop.
func (p *progress) watch(dir string) (stop func()) {
	quit := make(chan struct{})
	var ended sync.WaitGroup
	ended.Go(func() {
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		for last, more := int64(0), true; more; {
			select {
			case <-quit:
				more = false
			case <-tick.C:
			}
			now := treeSize(dir)
			p.add(now - last)
			last = now
		}
	})
	return func() { close(quit); ended.Wait() }
}

// treeSize is the length of all files in a folder; what can't be read counts nothing.
func treeSize(dir string) (n int64) {
	_ = filepath.WalkDir(dir, func(_ string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return nil
		}
		if fi, err := e.Info(); err == nil {
			n += fi.Size()
		}
		return nil
	})
	return n
}
