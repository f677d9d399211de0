package stage

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// stopTime is how long a service has to end after SIGTERM.
const stopTime = 25 * time.Second

// process is a running program of a group of its own, that dies with the test.
type process struct {
	cmd  *exec.Cmd
	out  *output
	done chan struct{}
	err  error // set when done is closed
}

// output keeps what a process prints, and tells when it says that it is ready.
type output struct {
	mu    sync.Mutex
	text  []byte
	ready chan struct{}
	said  bool
}

// maxOutput bounds what is kept of a log: its end.
const maxOutput = 1 << 20

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.text) > maxOutput {
		o.text = append([]byte(nil), o.text[maxOutput/2:]...)
	}
	o.text = append(o.text, p...)
	if !o.said && (bytes.Contains(o.text, []byte("msg=serving")) || bytes.Contains(o.text, []byte("Ctrl-C stops it."))) {
		o.said = true
		close(o.ready)
	}
	return len(p), nil
}

// tail is the last lines of it.
func (o *output) tail(lines int) string {
	o.mu.Lock()
	defer o.mu.Unlock()
	all := strings.Split(strings.TrimSpace(string(o.text)), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}

func ownGroup() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

func killGroup(pid int) error { return syscall.Kill(-pid, syscall.SIGKILL) }

// runLocked runs cmd from a thread that lives as long as it does: the kernel sends the death signal when the thread
// that started it is gone, not the process.
func runLocked(cmd *exec.Cmd) error {
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		done <- cmd.Run()
	}()
	return <-done
}

func start(cmd *exec.Cmd) (*process, error) {
	p := &process{cmd: cmd, out: &output{ready: make(chan struct{})}, done: make(chan struct{})}
	cmd.Stdout, cmd.Stderr = p.out, p.out
	cmd.SysProcAttr = ownGroup()
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			p.err = cmd.Wait()
		}
		close(p.done)
	}()
	return p, <-started
}

// Start starts the service, after New or an end, and waits until every door is open.
func (h *House) Start() {
	h.t.Helper()
	if err := h.TryStart(); err != nil {
		h.t.Fatal(err)
	}
}

// TryStart is Start where it may fail.
func (h *House) TryStart() error {
	h.t.Helper()
	p, err := start(exec.Command(h.bin, h.args...))
	if err != nil {
		return err
	}
	h.proc = p
	select {
	case <-p.out.ready:
		return nil
	case <-p.done:
		return fmt.Errorf("haven ended at once: %v\n%s", p.err, p.out.tail(20))
	case <-time.After(Patience):
		return errors.Join(errors.New("haven does not say that it serves\n"+p.out.tail(20)), killGroup(p.cmd.Process.Pid))
	}
}

// Running reports whether the service has a process.
func (h *House) Running() bool {
	if h.proc == nil {
		return false
	}
	select {
	case <-h.proc.done:
		return false
	default:
		return true
	}
}

// Kill ends the service as a power cut does.
func (h *House) Kill() {
	h.t.Helper()
	if err := killGroup(h.proc.cmd.Process.Pid); err != nil {
		h.t.Errorf("kill: %v (it ended before: %v)\n%s", err, h.proc.err, h.Log())
	}
	<-h.proc.done
}

// Signal sends SIGTERM and comes back at once.
func (h *House) Signal() {
	h.t.Helper()
	if err := h.proc.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		h.t.Error(err)
	}
}

// Wait waits for the end of the service and returns its exit code. One that does not end is killed and fails the test.
func (h *House) Wait() int {
	h.t.Helper()
	select {
	case <-h.proc.done:
	case <-time.After(stopTime):
		_ = h.proc.cmd.Process.Signal(syscall.SIGQUIT) // its goroutines go to the log
		select {
		case <-h.proc.done:
		case <-time.After(2 * time.Second):
			h.Kill()
		}
		h.t.Errorf("haven did not end within %s of SIGTERM\n%s", stopTime, h.proc.out.tail(200))
	}
	return h.proc.cmd.ProcessState.ExitCode()
}

// Stop ends the service in good order.
func (h *House) Stop() {
	h.t.Helper()
	if !h.Running() {
		return
	}
	began := time.Now()
	h.Signal()
	if code := h.Wait(); code != 0 {
		h.t.Errorf("exit code %d\n%s", code, h.Log())
	}
	if took := time.Since(began); took > 5*time.Second {
		h.t.Logf("it took haven %s to end", took.Round(time.Millisecond))
	}
}

// Log is the end of what the service has said.
func (h *House) Log() string {
	text := h.proc.out.tail(40)
	if b, err := os.ReadFile(filepath.Join(h.Dir, "haven.log")); err == nil { // a demo's
		all := strings.Split(string(b), "\n")
		text += "\n" + strings.Join(all[max(0, len(all)-40):], "\n")
	}
	return text
}

// end is what every scenario ends with.
func (h *House) end() {
	if h.proc == nil {
		return
	}
	h.Stop()
	h.Check()
	if h.t.Failed() {
		h.t.Logf("the service's log ends with\n%s", h.Log())
	}
}

// binary is the haven to run: that of HAVEN_BIN, or one built from this tree, once for all scenarios of a run.
func binary(t testing.TB) string {
	t.Helper()
	if bin := os.Getenv("HAVEN_BIN"); bin != "" {
		if _, err := os.Stat(bin); err != nil {
			t.Fatalf("HAVEN_BIN: %v", err)
		}
		return bin
	}
	bin, err := build()
	if err != nil {
		t.Fatal(err)
	}
	return bin
}

// build builds under a lock, since scenarios are processes of their own. Where nothing changed it takes no time.
var build = sync.OnceValues(func() (string, error) {
	dir, err := workDir()
	if err != nil {
		return "", err
	}
	if err := noteSources(); err != nil {
		return "", err
	}
	unlock, err := lockFile(filepath.Join(dir, "build.lock"))
	if err != nil {
		return "", err
	}
	defer unlock()
	bin := filepath.Join(dir, "haven")
	cmd := exec.Command("go", "build", "-o", bin, "haven/cmd/haven")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return bin, nil
})

// noteSources looks into every folder of the module. go test remembers what a test looked at, and so does not take an
// earlier result for that of a changed source, which it cannot know the binary is built from.
func noteSources() error {
	root, err := os.Getwd()
	if err != nil {
		return err
	}
	for {
		if _, err := os.Stat(filepath.Join(root, "go.mod")); err == nil {
			break
		}
		if root == filepath.Dir(root) {
			return errors.New("the scenarios run inside the module's folder")
		}
		root = filepath.Dir(root)
	}
	return filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && path != root && (d.Name()[0] == '.' || slices.Contains([]string{"bin", "build", "dist", "node_modules"}, d.Name())) {
			return filepath.SkipDir
		}
		return err
	})
}

// workDir is what the scenarios of all runs share: the built binary and its lock.
func workDir() (string, error) {
	dir := filepath.Join(os.TempDir(), fmt.Sprintf("haven-e2e-%d", os.Getuid()))
	return dir, os.MkdirAll(dir, 0o700)
}

// lockFile waits for the lock of a file; the kernel releases it with the process at the latest.
func lockFile(name string) (unlock func(), err error) {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return func() { _ = f.Close() }, nil
}

// Pid is the service's process.
func (h *House) Pid() int { return h.proc.cmd.Process.Pid }
