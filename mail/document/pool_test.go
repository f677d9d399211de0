package document

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"haven/mail/document/documenttest"
	"haven/platform/errs"
	"haven/platform/policy"
)

// patience is how long anything may take before a test gives up.
const patience = 2 * time.Minute

func limits() policy.Documents {
	return policy.Documents{Octets: 32 << 20, Memory: 256 << 20, Within: 60 * time.Second, AtOnce: 2, Waiting: 32}
}

// poolAs is a pool whose children are this test binary, behaving so.
func poolAs(t testing.TB, how string, l policy.Documents) *Pool {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return NewPool(Options{Command: []string{self}, Env: []string{asReader + "=" + how, "PATH=/usr/bin:/bin", "LC_ALL=C.UTF-8"}, Limits: l})
}

// hang starts a child of its own, says who that is, and waits for good.
func hang() {
	c := exec.Command("sleep", "1000")
	if c.Start() == nil {
		_, _ = os.Stdout.WriteString(strconv.Itoa(c.Process.Pid) + "\n" + strings.Repeat(" ", 100))
	}
	for {
		time.Sleep(time.Hour)
	}
}

// eat takes memory without end, under the child's own limits.
func eat() int {
	a, err := parseChild(os.Args[1:])
	if err == nil {
		err = limitSelf(a)
	}
	if err != nil {
		return codeOpen
	}
	var all [][]byte
	for {
		b := make([]byte, 8<<20)
		for i := range b {
			b[i] = 1
		}
		all = append(all, b)
		if len(all) > 1000 {
			return codeRead
		}
	}
}

// spin uses the processor without end, likewise.
func spin() int {
	a, err := parseChild(os.Args[1:])
	if err == nil {
		err = limitSelf(a)
	}
	if err != nil {
		return codeOpen
	}
	for n := 0; ; n++ {
		if n < 0 {
			return codeRead
		}
	}
}

// probe tries, once it is shut in, what a reader must not be able to do, and says what it could.
func probe() int {
	a, err := parseChild(os.Args[1:])
	if err == nil {
		err = limitSelf(a)
	}
	if err == nil {
		err = shutIn(filterFor(readHere))
	}
	if err != nil {
		return codeOpen
	}
	for what, try := range map[string]func() error{
		"connect": func() error { _, err := net.Dial("tcp", "127.0.0.1:1"); return notRefused(err) },
		"listen":  func() error { _, err := net.Listen("tcp", "127.0.0.1:0"); return err },
		"read":    func() error { _, err := os.ReadFile("/etc/passwd"); return err },
		"write":   func() error { return os.WriteFile(os.TempDir()+"/haven-probe", nil, 0o600) },
		"remove":  func() error { return notMissing(os.Remove(os.TempDir() + "/haven-probe-none")) },
		"start":   func() error { return exec.Command("/bin/true").Run() },
		"thread":  func() error { return unix.Tgkill(os.Getppid(), os.Getppid(), 0) },
		"signal":  func() error { p, _ := os.FindProcess(os.Getppid()); return p.Signal(os.Interrupt) },
	} {
		if try() == nil {
			_, _ = os.Stdout.WriteString(what + "\n")
		}
	}
	_, _ = os.Stdout.WriteString("tried\n")
	return codeRead
}

// notRefused is nil for a connection that got as far as being refused.
func notRefused(err error) error {
	if err != nil && strings.Contains(err.Error(), "refused") {
		return nil
	}
	return err
}

func notMissing(err error) error {
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}

func TestChildIsShutIn(t *testing.T) {
	t.Parallel()
	text, err := poolAs(t, "probe", limits()).Text(t.Context(), "application/pdf", "", strings.NewReader(""), 1000)
	if err != nil || text != "tried\n" {
		t.Errorf("a child that is shut in could %q, %v", text, err)
	}
}

// TestProgramIsShutIn: what the child becomes opens what it must, and neither writes, nor reads what it mustn't, nor has a network.
func TestProgramIsShutIn(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	secret := t.TempDir() + "/secret"
	if err := os.WriteFile(secret, []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		why   string
		words []string
		want  bool
	}{
		{"it reads its input", []string{"cat", "/proc/self/fd/0"}, true},
		{"it reads what is a program's", []string{"cat", "/usr/share/common-licenses/BSD"}, true},
		{"it writes a file", []string{"cp", "/proc/self/fd/0", t.TempDir() + "/made"}, false},
		{"it writes to its input", []string{"tee", "/proc/self/fd/0"}, false},
		{"it reads the service's data", []string{"cat", secret}, false},
		{"it starts another program", []string{"bash", "-c", "/bin/true | /bin/true"}, false},
		{"it asks the network", []string{"bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/1"}, false},
	} {
		cmd := exec.CommandContext(t.Context(), self, c.words...)
		cmd.Env, cmd.Stdin = []string{asReader + "=become", "PATH=/usr/bin:/bin"}, strings.NewReader("x")
		out, err := cmd.CombinedOutput()
		if got := err == nil; got != c.want {
			t.Errorf("%s: %v, %q", c.why, err, out)
		}
	}
}

// becomeNamed turns into the program that is named, as it does into pdftotext.
func becomeNamed() int {
	a := childArgs{memory: 256 << 20, within: 10 * time.Second}
	if err := limitSelf(a); err != nil {
		return codeOpen
	}
	b, _ := io.ReadAll(os.Stdin)
	return become(program{os.Args[1], os.Args[2:]}, b, a, os.Stderr)
}

// TestChildHangs: a child that hangs is killed in time with all that it started.
func TestChildHangs(t *testing.T) {
	t.Parallel()
	l := limits()
	l.Within = 2 * time.Second
	p := poolAs(t, "hang", l)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if text, err := p.Text(ctx, "application/pdf", "", strings.NewReader("x"), 10_000); text != "" || err != nil {
		t.Errorf("%q, %v", text, err)
	}
	if p.Count(TookTooLong) != 1 {
		t.Error("it is not counted")
	}
}

// TestGroupIsKilled: also what a child started is gone, once there is enough of what it wrote.
func TestGroupIsKilled(t *testing.T) {
	t.Parallel()
	p := poolAs(t, "hang", limits())
	text, err := p.Text(t.Context(), "application/pdf", "", strings.NewReader("x"), 20)
	pid := strings.TrimSpace(text)
	if err != nil || pid == "" {
		t.Fatalf("%q, %v", text, err)
	}
	for end := time.Now().Add(patience); ; {
		b, err := os.ReadFile("/proc/" + pid + "/stat")
		if err != nil || strings.Contains(string(b), ") Z ") {
			return
		}
		if time.Now().After(end) {
			t.Fatal("the child's child lives on")
		}
	}
}

func TestChildEndsBadly(t *testing.T) {
	t.Parallel()
	short := limits()
	short.Within = 2 * time.Second
	for _, c := range []struct {
		how    string
		limits policy.Documents
		want   Outcome
	}{
		{"eat", limits(), OutOfMemory},
		{"spin", short, TookTooLong},
		{"crash", limits(), Failed},
	} {
		t.Run(c.how, func(t *testing.T) {
			t.Parallel()
			p := poolAs(t, c.how, c.limits)
			if text, err := p.Text(t.Context(), "application/pdf", "", strings.NewReader("x"), 1000); text != "" || err != nil {
				t.Errorf("%q, %v", text, err)
			}
			for o := range outcomes {
				if n := p.Count(o); n != 0 && o != c.want || n != 1 && o == c.want {
					t.Errorf("%d are %s", n, Outcomes()[o])
				}
			}
		})
	}
}

// TestPoolIsBounded: who comes when the queue is full is sent away and may come again; whoever waits does so no longer than it wants.
func TestPoolIsBounded(t *testing.T) {
	t.Parallel()
	l := limits()
	l.AtOnce, l.Waiting = 1, 1
	p := poolAs(t, "extract", l)
	ctx, cancel := context.WithCancel(t.Context())
	waiting := &asked{Context: ctx, when: make(chan struct{})}
	begun, more := make(chan struct{}), make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		if _, err := p.Text(t.Context(), "", "a.txt", &gated{begun: begun, more: more}, 100); err != nil {
			t.Error(err)
		}
	})
	<-begun
	waits := make(chan error, 1)
	wg.Go(func() {
		_, err := p.Text(waiting, "", "b.txt", strings.NewReader("b"), 100)
		waits <- err
	})
	<-waiting.when
	if _, err := p.Text(t.Context(), "", "c.txt", strings.NewReader("c"), 100); !errs.Is(err, errs.Transient) {
		t.Errorf("with a full queue: %v", err)
	}
	cancel()
	if err := <-waits; !errs.Is(err, errs.Transient) {
		t.Errorf("who no longer waits: %v", err)
	}
	close(more)
	wg.Wait()
}

// asked is a context that tells when somebody waits for its end.
type asked struct {
	context.Context
	when chan struct{}
	once sync.Once
}

func (a *asked) Done() <-chan struct{} {
	a.once.Do(func() { close(a.when) })
	return a.Context.Done()
}

// gated tells that it is read, and ends when it may.
type gated struct {
	begun, more chan struct{}
	once        sync.Once
}

func (g *gated) Read([]byte) (int, error) {
	g.once.Do(func() { close(g.begun) })
	<-g.more
	return 0, io.EOF
}

// TestLetterFails: a letter that can't be read is its reader's error, and no document's.
func TestLetterFails(t *testing.T) {
	t.Parallel()
	p := poolAs(t, "extract", limits())
	broken := errs.Wrap(errs.Transient, errors.New("the disk is busy"), "")
	if _, err := p.Text(t.Context(), "", "a.txt", io.MultiReader(strings.NewReader("x"), failing{broken}), 100); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
	short := limits()
	short.Octets = 10
	p = poolAs(t, "extract", short)
	if text, err := p.Text(t.Context(), "", "a.txt", strings.NewReader("more than ten octets"), 100); text != "" || err != nil || p.Count(TooLarge) != 1 {
		t.Errorf("a document that is too large: %q, %v", text, err)
	}
	if text, err := p.Text(t.Context(), "image/png", "a.txt", strings.NewReader("x"), 100); text != "" || err != nil {
		t.Errorf("what is no document: %q, %v", text, err)
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// TestMissingProgram: without the program there is no text; it is said once.
func TestMissingProgram(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	p := poolAs(t, "extract", limits())
	p.env = []string{asReader + "=extract", "PATH=" + t.TempDir()}
	p.log = slog.New(slog.NewTextHandler(&log, nil))
	for range 2 {
		if text, err := p.Text(t.Context(), "application/pdf", "", bytes.NewReader(documenttest.PDF("metformin")), 1000); text != "" || err != nil {
			t.Errorf("%q, %v", text, err)
		}
	}
	if n := strings.Count(log.String(), "poppler-utils"); n != 1 || p.Count(Missing) != 2 {
		t.Errorf("it is said %d times, counted %d times", n, p.Count(Missing))
	}
}
