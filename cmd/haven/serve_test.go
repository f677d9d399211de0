package main

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"net/textproto"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
)

// TestProfiles: the default profile's limits are in force at the ports, by their real numbers, and the bench profile
// has none of them.
func TestProfiles(t *testing.T) {
	t.Parallel()
	for profile, limited := range map[string]bool{"nhsmail-2017": true, "bench": false} {
		t.Run(profile, func(t *testing.T) {
			t.Parallel()
			i := install(t, "policy: profile = \""+profile+"\"").serve()
			address, password := i.person("Aisha", "Rahman")
			receiving(t, i, address, limited)
			connecting(t, i, limited)
			signingIn(t, i, address, password, limited)
		})
	}
}

// receiving sends one letter more to a mailbox than it takes in an hour (Rules 10: 3,600).
func receiving(t *testing.T, i *installation, to string, limited bool) {
	t.Helper()
	const most = 3600
	var sent, refused atomic.Int64
	var wg sync.WaitGroup
	for range 24 {
		wg.Go(func() {
			c, err := smtp.Dial(i.at("smtp"))
			if err != nil {
				t.Error(err)
				return
			}
			defer c.Close()
			for n := sent.Add(1); n <= most; n = sent.Add(1) {
				if err := c.SendMail("ward@hospital.test", []string{to}, strings.NewReader("From: ward@hospital.test\r\n\r\nx\r\n")); err != nil {
					refused.Add(1)
					t.Logf("letter %d: %v", n, err)
				}
			}
		})
	}
	wg.Wait()
	if n := refused.Load(); n > 0 {
		t.Fatalf("%d letters within the limit were refused", n)
	}
	c, err := smtp.Dial(i.at("smtp"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	err = c.SendMail("ward@hospital.test", []string{to}, strings.NewReader("From: ward@hospital.test\r\n\r\nx\r\n"))
	var refusal *smtp.SMTPError
	if limited && (!errors.As(err, &refusal) || refusal.Code != 450) || !limited && err != nil {
		t.Errorf("letter %d of the hour: %v", most+1, err)
	}
}

// connecting opens one connection more than a place may have.
func connecting(t *testing.T, i *installation, limited bool) {
	t.Helper()
	for _, face := range []string{"smtp", "imap"} {
		greeted := func() (string, net.Conn) {
			c, err := net.DialTimeout("tcp", i.at(face), patience)
			if err != nil {
				t.Fatal(err)
			}
			_ = c.SetDeadline(time.Now().Add(patience))
			line, _ := textproto.NewConn(c).ReadLine() // a connection that was turned away has a line too
			return line, c
		}
		var open []net.Conn
		for n := range 500 {
			line, c := greeted()
			open = append(open, c)
			if !strings.HasPrefix(line, "220 ") && !strings.HasPrefix(line, "* OK ") {
				t.Fatalf("%s: connection %d is greeted with %q", face, n+1, line)
			}
		}
		line, c := greeted()
		open = append(open, c)
		away := strings.HasPrefix(line, "421 ") || line == "" // IMAP has to close before TLS, so says nothing
		if away != limited {
			t.Errorf("%s: connection 501 of a place is greeted with %q", face, line)
		}
		for _, c := range open {
			_ = c.Close()
		}
	}
}

// signingIn tries wrong passwords from one place, then the right one: after ten it is slowed (Rules 6).
func signingIn(t *testing.T, i *installation, user, password string, limited bool) {
	t.Helper()
	for n := range 10 {
		if _, err := i.signIn(user, fmt.Sprintf("wrong-guess-%d", n)); err == nil || !strings.Contains(err.Error(), "AUTHENTICATIONFAILED") {
			t.Fatalf("guess %d: %v", n, err)
		}
	}
	var wrong error
	for n := range 2 { // of a slowed place one try in ten seconds is looked at
		_, wrong = i.signIn(user, fmt.Sprintf("wrong-guess-%d", 10+n))
	}
	_, err := i.signIn(user, password)
	if limited && (err == nil || strings.Contains(err.Error(), "AUTHENTICATIONFAILED")) || !limited && err != nil {
		t.Errorf("after twelve wrong passwords, the last answered with %v: %v", wrong, err)
	}
}

// TestPlaintext: without the setting no password is taken before TLS, on loopback neither.
func TestPlaintext(t *testing.T) {
	t.Parallel()
	for _, allowed := range []bool{false, true} {
		i := install(t, fmt.Sprintf("listen: allow_plaintext_login = %t", allowed)).serve()
		address, password := i.person("Aisha", "Rahman")
		for _, c := range []struct{ face, say, refused, taken string }{
			{"imap", "a LOGIN " + address + " " + password, "a NO [PRIVACYREQUIRED]", "a OK "},
			{"submission", "EHLO laptop\r\nAUTH LOGIN", "538 ", "334 "},
		} {
			conn, err := net.DialTimeout("tcp", i.at(c.face), patience)
			if err != nil {
				t.Fatal(err)
			}
			_ = conn.SetDeadline(time.Now().Add(patience))
			w := textproto.NewConn(conn)
			if _, err := w.ReadLine(); err != nil {
				t.Fatal(err)
			}
			if err := w.PrintfLine("%s", c.say); err != nil {
				t.Fatal(err)
			}
			last, all := "", ""
			want := map[bool]string{false: c.refused, true: c.taken}[allowed]
			for !strings.HasPrefix(last, want) {
				if last, err = w.ReadLine(); err != nil {
					t.Errorf("%s, allowed %t: no line begins with %q\n%s", c.face, allowed, want, all)
					break
				}
				all += last + "\n"
			}
			if offered := strings.Contains(all, "AUTH PLAIN") || strings.Contains(all, "AUTH=PLAIN"); offered && !allowed {
				t.Errorf("%s offers what it refuses:\n%s", c.face, all)
			}
			_ = conn.Close()
		}
	}
}

// TestSignals: SIGTERM and SIGINT end the service in time with code 0, idle sessions are told, and a start after a kill
// finds all.
func TestSignals(t *testing.T) {
	t.Parallel()
	i := install(t).founded()
	address, password := i.person("Aisha", "Rahman")
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGKILL} {
		c := spawn(t, "serve", "--config", i.conf)
		i.log, i.ended = c.out, c.ended
		i.readPorts()
		session, err := i.signIn(address, password)
		if err != nil {
			t.Fatal(err)
		}
		if err := i.submit(address, password, address, "sent before "+sig.String()); err != nil {
			t.Fatal(err)
		}
		if _, err := session.Select("INBOX", nil).Wait(); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		if sig == syscall.SIGKILL {
			if err := c.cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			c.ended <- <-c.ended
		} else {
			c.end(t, sig)
		}
		if took := time.Since(began); took > 10*time.Second {
			t.Errorf("%v: it took %v", sig, took)
		}
	}
	i.serve()
	if n := i.letters(address, password); n != 3 {
		t.Errorf("%d letters are there, wanted 3", n)
	}
}

// TestBackup: a back-up of a running service is restored elsewhere and serves there, with the same passwords and mail.
func TestBackup(t *testing.T) {
	t.Parallel()
	i := install(t).serve()
	address, password := i.person("Aisha", "Rahman")
	if err := i.submit(address, password, address, "Hello"); err != nil {
		t.Fatal(err)
	}
	mail, keys := filepath.Join(t.TempDir(), "mail"), filepath.Join(t.TempDir(), "keys")
	if out, errOut, code := operate(t, "backup", "--config", i.conf, mail, keys); code != 0 || !strings.Contains(errOut, "(100 %)") {
		t.Fatalf("backup: %d\n%s%s", code, out, errOut)
	}
	i.stop()

	wrong := install(t)
	if err := errors.Join(os.Mkdir(wrong.data, 0o700), os.WriteFile(filepath.Join(wrong.data, "master.key"), bytes.Repeat([]byte{7}, 32), 0o600)); err != nil {
		t.Fatal(err)
	}
	out, errOut, code := operate(t, "restore", "--config", wrong.conf, mail, keys)
	if code != 1 || !strings.Contains(errOut, "since the keys in "+keys+" can't be opened") || !strings.Contains(errOut, "The master key in "+wrong.data+"/master.key is not the one that this key store was made with") || wrong.names() != lockFile+" master.key" {
		t.Errorf("with the wrong master key: %d\n%s%sthe folder holds %s", code, out, errOut, wrong.names())
	}

	r := install(t)
	master, err := os.ReadFile(filepath.Join(i.data, "master.key"))
	if err == nil {
		err = errors.Join(os.Mkdir(r.data, 0o700), os.WriteFile(filepath.Join(r.data, "master.key"), master, 0o600))
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		words []string
		code  int
		want  string
	}{
		{[]string{"restore", "--config", r.conf, keys, mail}, 1, "is a back-up of the keys, and one of the mail was asked for"},
		{[]string{"restore", "--config", r.conf, t.TempDir(), keys}, 1, "is no back-up"},
		{[]string{"restore", "--config", r.conf, mail, keys}, 0, "Everything is back."},
		{[]string{"restore", "--config", r.conf, mail, keys}, 1, "A back-up is restored into an empty place only."},
		{[]string{"check", "--bodies", "--config", r.conf}, 0, "Everything is as it must be."},
		{[]string{"backup", "--config", r.conf, mail, keys}, 1, "is not empty"},
	} {
		if out, errOut, code := operate(t, c.words...); code != c.code || !strings.Contains(out+errOut, c.want) {
			t.Fatalf("%v: code %d, wanted %d and %q\n%s%s", c.words, code, c.code, c.want, out, errOut)
		}
	}
	r.serve()
	if n := r.letters(address, password); n != 1 {
		t.Errorf("%d letters are there, wanted 1", n)
	}
	for _, words := range [][]string{{"restore", "--config", r.conf, mail, keys}, {"serve", "--config", r.conf}} {
		if _, errOut, code := operate(t, words...); code != 1 || !strings.Contains(errOut, "is in use by another haven") {
			t.Errorf("%v beside a running service: code %d, %s", words, code, errOut)
		}
	}
}

// TestRepair: the service stopped, what is derived is built anew and everything is whole.
func TestRepair(t *testing.T) {
	t.Parallel()
	i := install(t).serve()
	address, password := i.person("Aisha", "Rahman")
	if err := i.submit(address, password, address, "Hello"); err != nil {
		t.Fatal(err)
	}
	i.stop()
	out, errOut, code := operate(t, "check", "--repair", "--config", i.conf)
	if code != 0 || !strings.Contains(out, "2 of 2 accounts rebuilt") || !strings.Contains(out, "Everything is as it must be.") {
		t.Errorf("check --repair: %d\n%s%s", code, out, errOut)
	}
	i.serve()
	if n := i.letters(address, password); n != 1 {
		t.Errorf("%d letters are there, wanted 1", n)
	}
}

// TestOwner: files that root makes in the service's folder would keep the service from starting.
func TestOwner(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root can give a folder to somebody else")
	}
	for _, c := range []struct {
		uid, gid   int
		name, with string
	}{{4711, 4712, "user 4711", "setpriv --reuid 4711 --regid 4712 --clear-groups"}, {1, 1, "daemon", "runuser -u daemon --"}} {
		i := install(t)
		if err := errors.Join(os.Mkdir(i.data, 0o700), os.Chown(i.data, c.uid, c.gid)); err != nil {
			t.Fatal(err)
		}
		for _, words := range [][]string{{"serve"}, {"admin", "account", "list"}, {"check"}, {"check", "--repair"}, {"backup", "a", "b"}} {
			_, errOut, code := operate(t, append(words, "--config", i.conf)...)
			if code != 1 || !strings.Contains(errOut, "belongs to "+c.name+", and this is run as root; run it as that user: "+c.with+" haven …") {
				t.Errorf("%v: code %d, %s", words, code, errOut)
			}
		}
		if entries, err := os.ReadDir(i.data); err != nil || len(entries) != 0 {
			t.Errorf("it left %v, %v", entries, err)
		}
		as := strings.Fields(c.with + " id -u")
		if out, err := exec.CommandContext(t.Context(), as[0], as[1:]...).CombinedOutput(); err != nil || strings.TrimSpace(string(out)) != strconv.Itoa(c.uid) {
			t.Errorf("%v: %s, %v", as, out, err)
		}
	}
}
