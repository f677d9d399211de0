package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// asHaven makes this test binary the haven that it tests, for those tests that need a process of its own.
const asHaven = "HAVEN_TEST_AS_HAVEN"

func TestMain(m *testing.M) {
	if os.Getenv(asHaven) != "" || len(os.Args) > 1 && os.Args[1] == "extract" {
		main()
	}
	os.Exit(m.Run())
}

// patience is how long anything may take before a test gives up.
const patience = 30 * time.Second

// operate runs haven with those words, here, and returns what it printed and its exit code.
func operate(t testing.TB, args ...string) (out, errOut string, code int) {
	t.Helper()
	return operateIn(t, "", args...)
}

func operateIn(t testing.TB, input string, args ...string) (out, errOut string, code int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*patience)
	defer cancel()
	var o, e bytes.Buffer
	code = run(ctx, args, stdio{strings.NewReader(input), &o, &e})
	return o.String(), e.String(), code
}

// output collects what a running haven prints, and tells when something is among it.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
	more chan struct{}
}

func newOutput() *output { return &output{more: make(chan struct{}, 1)} }

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	select {
	case o.more <- struct{}{}:
	default:
	}
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// await waits until text was printed, or the program has ended. It returns the line with it.
func (o *output) await(t testing.TB, text string, ended <-chan int) string {
	t.Helper()
	give := time.After(patience)
	for {
		all := o.String()
		if i := strings.Index(all, text); i >= 0 && strings.Contains(all[i:], "\n") {
			line, _, _ := strings.Cut(all[strings.LastIndexByte(all[:i], '\n')+1:], "\n")
			return line
		}
		select {
		case <-o.more:
		case code := <-ended:
			t.Fatalf("it ended with %d before it said %q\n%s", code, text, o.String())
		case <-give:
			t.Fatalf("it does not say %q\n%s", text, o.String())
		}
	}
}

// installation is a service with a folder and a configuration of its own.
type installation struct {
	t          testing.TB
	data, conf string
	ports      map[string]int
	log        *output
	cancel     context.CancelFunc
	ended      chan int
}

const testDomain = "pharmacies.test"

// install writes a configuration: each setting is "table: line".
func install(t testing.TB, settings ...string) *installation {
	t.Helper()
	dir := t.TempDir()
	return installIn(t, filepath.Join(dir, "data"), settings...)
}

func installIn(t testing.TB, data string, settings ...string) *installation {
	t.Helper()
	i := &installation{t: t, data: data, conf: filepath.Join(t.TempDir(), "haven.toml")}
	usual := []string{
		"service: domains = [\"" + testDomain + "\"]", "service: hostname = \"localhost\"", "service: data = " + strconv.Quote(data),
		"outbox: resolver = \"127.0.0.1:9\"", "log: format = \"json\"", "policy.account: passwords_in_programs = true",
	}
	for _, face := range []string{"smtp", "submission", "submissions", "imap", "imaps", "managesieve", "http"} {
		usual = append(usual, "listen: "+face+" = \"127.0.0.1:0\"")
	}
	for _, u := range usual {
		key, _, _ := strings.Cut(u, " =")
		if !slices.ContainsFunc(settings, func(s string) bool { return strings.HasPrefix(s, key+" =") }) {
			settings = append(settings, u)
		}
	}
	tables, text := []string{}, map[string]string{}
	for _, s := range settings {
		table, line, _ := strings.Cut(s, ": ")
		if text[table] == "" {
			tables = append(tables, table)
		}
		text[table] += line + "\n"
	}
	var b strings.Builder
	for _, table := range tables {
		fmt.Fprintf(&b, "[%s]\n%s", table, text[table])
	}
	if err := os.WriteFile(i.conf, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return i
}

// serve starts the service in this process; it is stopped when the test ends, if not before.
func (i *installation) serve() *installation {
	i.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	i.cancel, i.log, i.ended = cancel, newOutput(), make(chan int, 1)
	go func(ended chan<- int, log *output) {
		ended <- run(ctx, []string{"serve", "--config", i.conf}, stdio{strings.NewReader(""), log, log})
	}(i.ended, i.log)
	i.t.Cleanup(i.stop)
	i.readPorts()
	return i
}

// founded is an installation whose service was started once, which makes its store, and stopped again.
func (i *installation) founded() *installation {
	i.t.Helper()
	i.serve().stop()
	return i
}

// readPorts takes from the log where the doors are.
func (i *installation) readPorts() {
	i.t.Helper()
	var line struct{ Ports map[string]int }
	if err := json.Unmarshal([]byte(i.log.await(i.t, `"msg":"serving"`, i.ended)), &line); err != nil {
		i.t.Fatal(err)
	}
	i.ports = line.Ports
}

// stop ends the service as SIGTERM does.
func (i *installation) stop() {
	i.t.Helper()
	if i.cancel == nil {
		return
	}
	i.cancel()
	i.cancel = nil
	select {
	case code := <-i.ended:
		if code != 0 {
			i.t.Errorf("haven serve ended with %d\n%s", code, i.log)
		}
	case <-time.After(patience):
		i.t.Errorf("haven serve does not end\n%s", i.log)
	}
}

func (i *installation) at(port string) string {
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(i.ports[port]))
}

// admin is haven admin, which has to succeed.
func (i *installation) admin(words ...string) string {
	i.t.Helper()
	out, errOut, code := operate(i.t, append([]string{"admin", "--config", i.conf}, words...)...)
	if code != 0 {
		i.t.Fatalf("haven admin %s: %d\n%s%s", strings.Join(words, " "), code, out, errOut)
	}
	return out
}

// person makes an account and returns its address and password.
func (i *installation) person(first, last string) (address, password string) {
	i.t.Helper()
	f := strings.Fields(i.admin("account", "add", first, last))
	if len(f) < 3 || f[1] != "password" {
		i.t.Fatalf("account add printed %q", f)
	}
	return f[0], f[2]
}

// unproven is for a service with a certificate of its own making.
var unproven = &tls.Config{InsecureSkipVerify: true}

// signIn opens a session for reading.
func (i *installation) signIn(user, password string) (*imapclient.Client, error) {
	c, err := imapclient.DialTLS(i.at("imaps"), &imapclient.Options{TLSConfig: unproven, Dialer: &net.Dialer{Timeout: patience}})
	if err != nil {
		return nil, err
	}
	if err := c.Login(user, password).Wait(); err != nil {
		_ = c.Close() // the server may have been first
		return nil, err
	}
	i.t.Cleanup(func() { _ = c.Close() })
	return c, nil
}

// letters counts those in somebody's inbox.
func (i *installation) letters(user, password string) int {
	i.t.Helper()
	c, err := i.signIn(user, password)
	if err != nil {
		i.t.Fatal(err)
	}
	sel, err := c.Select("INBOX", &imap.SelectOptions{ReadOnly: true}).Wait()
	if err != nil {
		i.t.Fatal(err)
	}
	return int(sel.NumMessages)
}

// submit sends a letter as a mail program does.
func (i *installation) submit(user, password, to, text string) error {
	c, err := smtp.DialTLS(i.at("submissions"), unproven)
	if err != nil {
		return err
	}
	defer c.Close()
	if err := c.Auth(sasl.NewPlainClient("", user, password)); err != nil {
		return err
	}
	return c.SendMail(user, []string{to}, strings.NewReader("From: "+user+"\r\nTo: "+to+"\r\nSubject: test\r\n\r\n"+text+"\r\n"))
}

// child runs haven as a process of its own.
type child struct {
	cmd   *exec.Cmd
	out   *output
	ended chan int
}

func spawn(t testing.TB, args ...string) *child {
	t.Helper()
	c := &child{cmd: exec.Command(os.Args[0], args...), out: newOutput(), ended: make(chan int, 1)}
	c.cmd.Env = append(os.Environ(), asHaven+"=1")
	c.cmd.Stdout, c.cmd.Stderr = c.out, c.out
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = c.cmd.Wait() // the exit code tells
		c.ended <- c.cmd.ProcessState.ExitCode()
	}()
	t.Cleanup(func() {
		if c.cmd.ProcessState == nil {
			_ = c.cmd.Process.Kill()
			<-c.ended
		}
	})
	return c
}

// end sends a signal and wants the process to end well, in time.
func (c *child) end(t testing.TB, sig syscall.Signal) {
	t.Helper()
	if err := c.cmd.Process.Signal(sig); err != nil {
		t.Fatal(err)
	}
	select {
	case code := <-c.ended:
		c.ended <- code
		if code != 0 {
			t.Errorf("%v: exit code %d\n%s", sig, code, c.out)
		}
	case <-time.After(shutdownTime + 5*time.Second):
		t.Errorf("%v: it does not end\n%s", sig, c.out)
	}
}
