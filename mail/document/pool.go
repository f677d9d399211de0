package document

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"haven/platform/errs"
	"haven/platform/policy"
)

// Outcome is what became of a document.
type Outcome uint8

const (
	Read       Outcome = iota // its text was read; it may be none
	Unreadable                // it is damaged, encrypted, or no such document
	TooLarge                  // it is longer than is read
	TookTooLong
	OutOfMemory
	Missing // the program for such documents isn't there
	Failed  // the child failed in another way, or could not be shut in
	outcomes
)

// Outcomes names all outcomes, as figures do.
func Outcomes() []string {
	return []string{"read", "unreadable", "too-large", "too-long", "out-of-memory", "program-missing", "failed"}
}

// Options are what a pool of readers stands on.
type Options struct {
	// Command starts the child: the program's own file, and the words before those of Child.
	Command []string
	Env     []string // of the child; nil: nothing but where programs are
	Limits  policy.Documents
	Logger  *slog.Logger // nil: none
}

// Pool reads documents in children, some at a time. It is safe for many goroutines.
type Pool struct {
	command []string
	env     []string
	limits  policy.Documents
	log     *slog.Logger

	turns   chan struct{} // a token of each child
	waiting chan struct{} // a token of each call that has one or waits for one
	plain   atomic.Bool   // namespaces can't be had
	said    sync.Map      // what was logged once
	counts  [outcomes]atomic.Int64
}

// NewPool makes a pool; nothing runs until Text is called.
func NewPool(o Options) *Pool {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Env == nil {
		o.Env = []string{"LC_ALL=C.UTF-8", "PATH=/usr/bin:/bin"}
	}
	atOnce := o.Limits.AtOnce
	if atOnce == 0 {
		atOnce = runtime.GOMAXPROCS(0)
	}
	return &Pool{command: o.Command, env: o.Env, limits: o.Limits, log: o.Logger, turns: make(chan struct{}, atOnce), waiting: make(chan struct{}, atOnce+o.Limits.Waiting)}
}

// Count is how many documents came to an outcome since the start.
func (p *Pool) Count(o Outcome) int64 { return p.counts[o].Load() }

// Lacking are the programs that aren't there: what they read is not searched inside.
func Lacking() []Program {
	return slices.DeleteFunc(Programs(), func(p Program) bool {
		_, err := exec.LookPath(p.Name)
		return err == nil
	})
}

// Text is the text inside an attachment of that type and name, whose octets are r's: at most limit octets of UTF-8. A document that can't be
// read has none, which is no error and is counted. The error is r's; or Transient where there was no room to read now, or ctx ended.
func (p *Pool) Text(ctx context.Context, typ, name string, r io.Reader, limit int) (string, error) {
	kind := KindOf(typ, name)
	if kind == None || limit <= 0 {
		return "", nil
	}
	select {
	case p.waiting <- struct{}{}:
		defer func() { <-p.waiting }()
	default:
		return "", errs.E(errs.Transient, "Too many documents wait to be read.")
	}
	select {
	case p.turns <- struct{}{}:
		defer func() { <-p.turns }()
	case <-ctx.Done():
		return "", errs.Wrap(errs.Transient, ctx.Err(), "")
	}
	text, outcome, err := p.read(ctx, kind, r, limit)
	if err != nil {
		return "", err
	}
	p.counts[outcome].Add(1)
	return text, nil
}

// read lets a child read one document.
func (p *Pool) read(ctx context.Context, kind Kind, r io.Reader, limit int) (string, Outcome, error) {
	timed, cancel := context.WithTimeout(ctx, p.limits.Within)
	defer cancel()
	in := &source{r: r, left: p.limits.Octets}
	out, errOut := &bounded{left: limit, full: cancel}, &bounded{left: 4 << 10}
	args := childArgs{kind: kind, limit: limit, memory: uint64(p.limits.Memory), octets: p.limits.Octets, within: p.limits.Within}
	err := p.run(timed, args, in, out, errOut)
	switch {
	case in.failed() != nil:
		return "", 0, in.failed()
	case in.tooLong():
		return "", TooLarge, nil
	case out.enough(): // killed since there was enough
		return out.text(), Read, nil
	case ctx.Err() != nil:
		return "", 0, errs.Wrap(errs.Transient, ctx.Err(), "")
	case timed.Err() != nil:
		return "", TookTooLong, nil
	}
	outcome, err := p.outcome(err, []byte(errOut.text()))
	if outcome != Read {
		return "", outcome, err
	}
	return out.text(), Read, nil
}

// outcome is what a child's end says. An error is about this machine, not about the document.
func (p *Pool) outcome(err error, said []byte) (Outcome, error) {
	var exit *exec.ExitError
	if err == nil || errors.Is(err, exec.ErrWaitDelay) {
		return Read, nil
	}
	if !errors.As(err, &exit) {
		return 0, errs.Wrap(errs.Transient, err, "")
	}
	status, ok := exit.Sys().(syscall.WaitStatus)
	outOfMemory := bytes.Contains(said, []byte("out of memory")) || bytes.Contains(said, []byte("Out of memory")) || bytes.Contains(said, []byte("cannot allocate")) || bytes.Contains(said, []byte("bad_alloc"))
	switch code := exit.ExitCode(); {
	case outOfMemory:
		return OutOfMemory, nil
	case ok && status.Signaled() && (status.Signal() == syscall.SIGXCPU || status.Signal() == syscall.SIGKILL):
		return killedFor(exit, p.limits.Within), nil
	case code == codeMissing:
		p.sayOnce("a program that reads documents is missing; such documents are not searched inside. Install the packages poppler-utils and catdoc")
		return Missing, nil
	case code == codeOpen:
		p.sayOnce("documents are not searched inside: their reader can't be shut in here", "said", string(said))
		return Failed, nil
	case code == codeUnreadable, code >= 1 && code <= 4 && code != 2: // and what pdftotext and catdoc say of such documents
		return Unreadable, nil
	}
	return Failed, nil
}

// killedFor tells for what the kernel killed a child: for the time that it took of the processor, or else for want of memory.
func killedFor(exit *exec.ExitError, within time.Duration) Outcome {
	if exit.UserTime()+exit.SystemTime() >= within-time.Second/2 {
		return TookTooLong
	}
	return OutOfMemory
}

func (p *Pool) sayOnce(what string, more ...any) {
	if _, said := p.said.LoadOrStore(what, true); !said {
		p.log.Warn(what, more...)
	}
}

// killed is how long is waited for what a killed child leaves open.
const killed = 2 * time.Second

// run runs a child to its end, in a group of its own that is killed whole when ctx ends.
func (p *Pool) run(ctx context.Context, args childArgs, in io.Reader, out, errOut io.Writer) error {
	runtime.LockOSThread() // the child dies with the thread that started it
	defer runtime.UnlockOSThread()
	start := func(namespaces bool) (*exec.Cmd, error) {
		c := exec.CommandContext(ctx, p.command[0], append(p.command[1:len(p.command):len(p.command)], args.words()...)...)
		c.Env, c.Dir, c.Stdin, c.Stdout, c.Stderr, c.WaitDelay = p.env, "/", in, out, errOut, killed
		c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
		if namespaces {
			apart(c.SysProcAttr)
		}
		c.Cancel = func() error { return syscall.Kill(-c.Process.Pid, syscall.SIGKILL) }
		return c, c.Start()
	}
	c, err := start(!p.plain.Load())
	if err != nil && ctx.Err() == nil && !p.plain.Load() {
		if c, err = start(false); err == nil {
			p.plain.Store(true)
			p.log.Info("readers of documents have no network namespace of their own here; their system calls are filtered all the same")
		}
	}
	if err != nil {
		return err
	}
	return c.Wait()
}

// source is a document on its way to a child. Whoever copies it may still be at it when a child was killed.
type source struct {
	r  io.Reader
	mu sync.Mutex

	left int64
	err  error // of r
}

func (s *source) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.left -= int64(n); s.left < 0 {
		return 0, io.EOF
	}
	if err != nil && !errors.Is(err, io.EOF) {
		s.err = err
	}
	return n, err
}

func (s *source) tooLong() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.left < 0
}

func (s *source) failed() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// bounded keeps what is written, up to a bound.
type bounded struct {
	full func() // called when there was more than the bound; nil: the rest is dropped

	mu   sync.Mutex
	b    bytes.Buffer
	left int
	more bool
}

func (w *bounded) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := min(len(p), w.left)
	w.b.Write(p[:n])
	if w.left -= n; n < len(p) && !w.more {
		w.more = true
		if w.full != nil {
			w.full()
		}
	}
	return len(p), nil
}

func (w *bounded) enough() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.more
}

func (w *bounded) text() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return strings.ToValidUTF8(w.b.String(), "\ufffd")
}
