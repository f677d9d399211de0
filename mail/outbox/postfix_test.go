package outbox

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// postfix is Debian's Postfix with a configuration of its own, which takes mail for there.test into Maildirs and
// rejects some of it.
type postfix struct {
	dir  string
	addr string
}

const postfixMain = `compatibility_level = 3.6
queue_directory = %[1]s/spool
data_directory = %[1]s/data
myhostname = mx.there.test
mydestination =
alias_maps =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks_style = host
mynetworks = 192.0.2.0/24
virtual_mailbox_domains = there.test
virtual_mailbox_maps = texthash:%[1]s/etc/users
virtual_mailbox_base = %[1]s/mail
virtual_uid_maps = static:%[2]s
virtual_gid_maps = static:%[3]s
smtpd_recipient_restrictions = check_recipient_access texthash:%[1]s/etc/access, reject_unauth_destination
smtpd_tls_cert_file = %[1]s/etc/cert.pem
smtpd_tls_key_file = %[1]s/etc/key.pem
smtpd_tls_security_level = may
message_size_limit = 100000
maillog_file = /dev/stdout
maillog_file_prefixes = /dev/stdout, %[1]s
`

const postfixMaster = `%s inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
`

// newPostfix starts Postfix and stops it when the test ends.
func newPostfix(t *testing.T) *postfix {
	t.Helper()
	bin, err := exec.LookPath("postfix")
	if err != nil {
		t.Skip("Postfix is not installed; `make test` installs it")
	}
	owner, err := user.Lookup("postfix")
	if err != nil || os.Geteuid() != 0 {
		t.Skip("Postfix can be started by root alone; run `make test` as root")
	}
	dir, err := os.MkdirTemp("", "outbox-postfix-") // t.TempDir's path is too long for Postfix's sockets
	if err != nil {
		t.Fatal(err)
	}
	p := &postfix{dir: dir, addr: freeAddress(t)}
	p.configure(t, owner)
	cmd := exec.Command(bin, "-c", filepath.Join(dir, "etc"), "start-fg")
	var log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &log, &log
	started, ended := runTied(cmd)
	if err := <-started; err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stop := exec.Command(bin, "-c", filepath.Join(dir, "etc"), "abort")
		if out, err := stop.CombinedOutput(); err != nil {
			t.Logf("stopping Postfix: %v %s", err, out)
			cmd.Process.Kill()
		}
		<-ended
		if t.Failed() {
			t.Logf("Postfix said:\n%s", log.String())
		}
		os.RemoveAll(dir)
	})
	p.await(t)
	return p
}

// runTied runs cmd so that the kernel ends it when this process dies, however it dies. The signal is tied to the
// thread that started it, so that thread waits for the end.
func runTied(cmd *exec.Cmd) (started chan error, ended chan struct{}) {
	started, ended = make(chan error, 1), make(chan struct{})
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	go func() {
		defer close(ended)
		runtime.LockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			cmd.Wait()
		}
	}()
	return started, ended
}

func freeAddress(t *testing.T) string {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	return ln.Addr().String()
}

func (p *postfix) configure(t *testing.T, owner *user.User) {
	t.Helper()
	uid, _ := strconv.Atoi(owner.Uid)
	gid, _ := strconv.Atoi(owner.Gid)
	for _, d := range []string{"", "etc", "spool", "data", "mail", "mail/bob", "mail/cat"} {
		path := filepath.Join(p.dir, d)
		if err := os.MkdirAll(path, 0o755); err != nil {
			t.Fatal(err)
		}
		os.Chmod(path, 0o755)
		if d == "data" || strings.HasPrefix(d, "mail") {
			os.Chown(path, uid, gid)
		}
	}
	certPEM, keyPEM := pemPair(t, "mx.there.test")
	for name, text := range map[string]string{
		"main.cf":   fmt.Sprintf(postfixMain, p.dir, owner.Uid, owner.Gid),
		"master.cf": fmt.Sprintf(postfixMaster, p.addr),
		"users":     "bob@there.test bob/\ncat@there.test cat/\nlater@there.test later/\n",
		"access":    "later@there.test 450 4.2.1 this mailbox is being moved\n",
		"cert.pem":  certPEM, "key.pem": keyPEM,
	} {
		if err := os.WriteFile(filepath.Join(p.dir, "etc", name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// await waits until Postfix greets.
func (p *postfix) await(t *testing.T) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); {
		c, err := net.Dial("tcp", p.addr)
		if err == nil {
			c.Close()
			return
		}
		time.Sleep(20 * time.Millisecond) // another program's start can't be awaited otherwise
	}
	t.Fatal("Postfix does not answer")
}

// delivered waits until a mailbox has n letters and returns them.
func (p *postfix) delivered(t *testing.T, who string, n int) []string {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		files, _ := filepath.Glob(filepath.Join(p.dir, "mail", who, "new", "*"))
		if len(files) < n {
			continue
		}
		var all []string
		for _, f := range files {
			b, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, string(b))
		}
		return all
	}
	t.Fatalf("%s has not got %d letters", who, n)
	return nil
}

// TestPostfix sends to a stranger's program: good, refused and deferred recipients, a letter that is too long, one
// with dots and 8-bit octets, under TLS.
func TestPostfix(t *testing.T) {
	t.Parallel()
	p := newPostfix(t)
	h := newHouse(t, "sqlite", func(c *Config) {
		c.Routes = []Route{{Domain: "*", Host: p.addr, TLS: MustTLS}}
		c.Policy.Times = Timeouts{}
	}).start()
	body := "From: ann@haven.test\r\nSubject: all sorts\r\nDate: Mon, 2 Mar 2026 09:00:00 +0000\r\nMessage-ID: <2@haven.test>\r\n\r\n.one dot\r\n..two\r\n.\r\nGr\xc3\xbc\xc3\x9fe\r\n" + strings.Repeat("z", 900) + "\r\n"
	id := h.post(body, func(it *Item) {
		it.Eight, it.Trace = true, []byte("Received: by mail.haven.test\r\n")
	}, "bob@there.test", "nobody@there.test", "later@there.test", "cat@there.test")
	if e := h.tried(); e.Delivered != 2 || e.Failed != 1 || e.Deferred != 1 {
		t.Errorf("got %+v", e)
	}
	for _, who := range []string{"bob", "cat"} {
		got := p.delivered(t, who, 1)[0]
		_, got, _ = strings.Cut(got, "Received: by mail.haven.test\n")
		if want := strings.ReplaceAll(body, "\r\n", "\n"); got != want {
			t.Errorf("%s got %q", who, got)
		}
	}
	h.told()
	wantIn(t, h.mail.of("ann@haven.test")[0], "Action: failed", "Status: 5.1.1", "Remote-MTA: dns; 127.0.0.1", "nobody@there.test")
	l, err := h.Show(t.Context(), id)
	if err != nil || len(l.To) != 1 || l.To[0].Last.Text != "4.2.1 <later@there.test>: Recipient address rejected: this mailbox is being moved" {
		t.Errorf("what waits: %+v %v", l, err)
	}
	h.post(testLetter+strings.Repeat("0123456789\r\n", 10_000), nil, "bob@there.test")
	if e := h.tried(); e.Failed != 1 || e.Last.Status != "5.3.4" {
		t.Errorf("too long: %+v", e)
	}
	h.told()
}

// TestPostfixMany sends a hundred letters; each arrives once.
func TestPostfixMany(t *testing.T) {
	t.Parallel()
	p := newPostfix(t)
	h := newHouse(t, "sqlite", func(c *Config) { c.Routes = []Route{{Domain: "*", Host: p.addr}}; c.Policy.Times = Timeouts{} }).start()
	for i := range 100 {
		h.post(fmt.Sprintf("Subject: %d\r\n\r\nx\r\n", i), nil, "bob@there.test")
	}
	for n := 0; n < 100; {
		n += h.tried().Delivered
	}
	seen := map[string]bool{}
	all := p.delivered(t, "bob", 100)
	for _, l := range all {
		_, subject, _ := strings.Cut(l, "Subject: ")
		seen[subject] = true
	}
	if len(all) != 100 || len(seen) != 100 {
		t.Errorf("%d letters arrived, %d of them different", len(all), len(seen))
	}
}
