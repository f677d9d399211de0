package managesieve

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/binary"
	"io"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"haven"
	"haven/mail/mailbox/mailboxtest"
	"haven/mail/sieve"
	"haven/mail/sieve/lang"
	"haven/platform/audit"
	"haven/platform/db"
	"haven/platform/errs"
	"haven/platform/policy"
)

// house is a server over real filters, with alice, who owns shop, and ben, who is a member of it.
type house struct {
	*Server
	t                *testing.T
	store            *mailboxtest.Store
	alice, ben, shop haven.AccountNo
	addr             string
	revoked          atomic.Bool
}

func (h *house) OwnIn(*db.Tx, haven.Actor, haven.AccountNo, bool) error { return nil }

// Authenticate is People's.
func (h *house) Authenticate(_ context.Context, l Login) (Session, error) {
	who := map[string]haven.AccountNo{"alice": h.alice, "ben": h.ben}[l.User]
	switch {
	case l.Password == "expired":
		return Session{}, &errs.Error{Kind: errs.Private, Rule: "password.expired", Say: "Your password has expired."}
	case l.Password == "busy":
		return Session{}, errs.E(errs.Transient, "Try again.")
	case who == 0 || l.Password != "secret":
		return Session{}, errs.E(errs.NotFound, "There is no "+l.User)
	}
	s := Session{Person: who, PersonID: id(who), Account: who, AccountID: id(who), Address: l.User + "@pharmacy.test", Holds: func(context.Context) error {
		if h.revoked.Load() {
			return errs.E(errs.Private, "This password was revoked.")
		}
		return nil
	}}
	if l.AuthzID == "shop" {
		s.Account, s.AccountID, s.Address = h.shop, id(h.shop), "shop@pharmacy.test"
	}
	return s, nil
}

func id(no haven.AccountNo) (id haven.AccountID) {
	binary.BigEndian.PutUint64(id[8:], uint64(no))
	return id
}

func newHouse(t *testing.T, change func(*Options)) *house {
	t.Helper()
	s := mailboxtest.New(t, "sqlite")
	h := &house{t: t, store: s, alice: s.Account(), ben: s.Account(), shop: s.Account()}
	must(t, s.DB.Migrate(t.Context(), audit.Schema, sieve.Schema))
	s.Grants.Set(h.alice, h.shop, haven.Owner)
	s.Grants.Set(h.ben, h.shop, haven.Member)
	p, err := policy.Profile("")
	must(t, err)
	p.Sieve.Scripts, p.Sieve.ScriptOctets = 3, 5000
	scripts := sieve.New(sieve.Options{DB: s.DB, Access: s.Grants, Owners: h, Keys: s.Keys, Policy: p.Sieve, Clock: s.Clock})
	o := Options{Scripts: scripts, People: h, Extensions: lang.Extensions(), Redirects: 4, AllowPlaintextAuth: true, Limits: LimitsOf(p)}
	if change != nil {
		change(&o)
	}
	h.Server = New(o)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	h.addr = l.Addr().String()
	done := make(chan error)
	go func() { done <- h.Serve(l) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := h.Shutdown(ctx); err != nil {
			t.Error(err)
		}
		if err := <-done; err != ErrClosed {
			t.Error(err)
		}
	})
	return h
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// client speaks the protocol line by line.
type client struct {
	t    *testing.T
	conn net.Conn
	r    *bufio.Reader
}

func (h *house) dial() *client {
	h.t.Helper()
	conn, err := net.Dial("tcp", h.addr)
	must(h.t, err)
	h.t.Cleanup(func() { conn.Close() })
	c := &client{h.t, conn, bufio.NewReader(conn)}
	c.answer()
	return c
}

func (h *house) login(user, as string) *client {
	h.t.Helper()
	c := h.dial()
	c.do(`AUTHENTICATE "PLAIN" "`+plain(as, user, "secret")+`"`, "OK")
	return c
}

func plain(as, user, password string) string {
	return base64.StdEncoding.EncodeToString([]byte(as + "\x00" + user + "\x00" + password))
}

// answer reads up to OK, NO or BYE; "" at the end of the connection.
func (c *client) answer() string {
	c.t.Helper()
	_ = c.conn.SetReadDeadline(time.Now().Add(20 * time.Second))
	var all strings.Builder
	for {
		line, err := c.r.ReadString('\n')
		all.WriteString(line)
		if err == io.EOF {
			return all.String()
		}
		must(c.t, err)
		if n, ok := strings.CutSuffix(line, "}\r\n"); ok {
			octets := int64(0)
			for _, d := range n[strings.LastIndexByte(n, '{')+1:] {
				octets = octets*10 + int64(d-'0')
			}
			_, err := io.CopyN(&all, c.r, octets)
			must(c.t, err)
		}
		for _, word := range []string{"OK", "NO", "BYE"} {
			if strings.HasPrefix(line, word+" ") || line == word+"\r\n" {
				return all.String()
			}
		}
	}
}

func (c *client) send(text string) {
	c.t.Helper()
	_, err := io.WriteString(c.conn, text)
	must(c.t, err)
}

// do sends a command and holds the answer's end against want; "…" stands for anything before.
func (c *client) do(command, want string) string {
	c.t.Helper()
	c.send(command + "\r\n")
	got := c.answer()
	lines := strings.Split(strings.TrimSuffix(got, "\r\n"), "\r\n")
	if rest, ok := strings.CutPrefix(want, "…"); ok {
		if !strings.Contains(got, rest) {
			c.t.Errorf("%.80q: %q, want %q in it", command, got, rest)
		}
	} else if !strings.HasPrefix(lines[len(lines)-1], want) && !strings.HasPrefix(got, want) {
		c.t.Errorf("%.80q: %q, want %q", command, got, want)
	}
	return got
}

// Every command, as a program uses it.
func TestCommands(t *testing.T) {
	t.Parallel()
	c := newHouse(t, nil).login("alice", "")
	for _, step := range [][2]string{
		{"CAPABILITY", "…\"OWNER\" \"alice@pharmacy.test\""}, {"capability", "…\"SIEVE\" \"body "}, {"CAPABILITY", "…\"MAXREDIRECTS\" \"4\""},
		{"NOOP", "OK"}, {`NOOP "a\"b"`, `OK (TAG "a\"b")`}, {"NOOP {3+}\r\nxyz", `OK (TAG "xyz")`},
		{"LISTSCRIPTS", "OK"}, {`HAVESPACE "a" 5000`, "OK"}, {`HAVESPACE "a" 5001`, "NO (QUOTA/MAXSIZE)"},
		{"PUTSCRIPT \"a\" {6+}\r\nkeep;\n", "OK"}, {`PUTSCRIPT {2+}` + "\r\nß" + ` "discard;"`, "OK"}, {"PUTSCRIPT \"a\" {12+}\r\nkeep;\nkeeep;", "…line 2: There is no command keeep."},
		{"CHECKSCRIPT \"keep;\"", "OK"}, {"CHECKSCRIPT \"nothing;\"", "NO \"line 1"}, {"CHECKSCRIPT \"\"", "OK"},
		{`SETACTIVE "ß"`, "OK"}, {"LISTSCRIPTS", "…\"a\"\r\n\"ß\" ACTIVE\r\nOK"}, {`DELETESCRIPT "ß"`, "NO (ACTIVE)"}, {`GETSCRIPT "a"`, "…{6}\r\nkeep;\n\r\nOK"},
		{`GETSCRIPT "none"`, "NO (NONEXISTENT)"}, {`RENAMESCRIPT "a" "b"`, "OK"}, {`RENAMESCRIPT "b" "ß"`, "NO (ALREADYEXISTS)"}, {`RENAMESCRIPT "none" "c"`, "NO (NONEXISTENT)"},
		{`SETACTIVE "none"`, "NO (NONEXISTENT)"}, {`SETACTIVE ""`, "OK"}, {`DELETESCRIPT "ß"`, "OK"}, {`DELETESCRIPT "ß"`, "NO (NONEXISTENT)"},
		{`PUTSCRIPT "c" "keep;"`, "OK"}, {`PUTSCRIPT "d" "keep;"`, "OK"}, {`PUTSCRIPT "e" "keep;"`, "NO (QUOTA/MAXSCRIPTS)"}, {`HAVESPACE "e" 1`, "NO (QUOTA/MAXSCRIPTS)"},
		{`PUTSCRIPT "a` + "\x01" + `" "keep;"`, "NO"}, {`AUTHENTICATE "PLAIN"`, "NO"}, {"STARTTLS", "NO"},
		{"UNAUTHENTICATE", "OK"}, {"LISTSCRIPTS", "NO"}, {`AUTHENTICATE "PLAIN" "` + plain("", "ben", "secret") + `"`, "OK"}, {"LISTSCRIPTS", "OK \"Done.\""}, {"LOGOUT", "OK"},
	} {
		c.do(step[0], step[1])
	}
	if got := c.answer(); got != "" {
		t.Errorf("after LOGOUT: %q", got)
	}
}

// A shared mailbox's filters are its owners', who name it when they log in.
func TestShared(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	c := h.login("alice", "shop")
	c.do("CAPABILITY", "…\"OWNER\" \"shop@pharmacy.test\"")
	c.do(`PUTSCRIPT "a" "keep;"`, "OK")
	h.login("alice", "").do("LISTSCRIPTS", "OK")
	for _, command := range []string{"LISTSCRIPTS", `GETSCRIPT "a"`, `PUTSCRIPT "b" "keep;"`, `DELETESCRIPT "a"`, `SETACTIVE "a"`, `HAVESPACE "a" 1`} {
		h.login("ben", "shop").do(command, "NO \"Only an owner")
	}
}

// Log in by challenge, in the wrong way, and too often.
func TestLogin(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	c := h.dial()
	c.do("LISTSCRIPTS", "NO \"Log in first.\"")
	c.send("AUTHENTICATE \"PLAIN\"\r\n")
	if line, _ := c.r.ReadString('\n'); line != "\"\"\r\n" {
		t.Errorf("the challenge is %q", line)
	}
	c.do(`"*"`, `NO "Cancelled."`)
	c.send("AUTHENTICATE \"plain\"\r\n")
	_, _ = c.r.ReadString('\n')
	c.do(`"`+plain("", "alice", "secret")+`"`, "OK")

	c = h.dial()
	c.do(`AUTHENTICATE "CRAM-MD5"`, "NO")
	c.do(`AUTHENTICATE "PLAIN" "!!!"`, "NO")
	c.do(`AUTHENTICATE "PLAIN" "`+plain("", "alice", "busy")+`"`, "NO (TRYLATER)")
	c.do(`AUTHENTICATE "PLAIN" "`+plain("", "alice", "expired")+`"`, "NO (TRANSITION-NEEDED)")
	wrong := c.do(`AUTHENTICATE "PLAIN" "`+plain("", "alice", "wrong")+`"`, "NO")
	if unknown := c.do(`AUTHENTICATE "PLAIN" "`+plain("", "nobody", "wrong")+`"`, "NO"); unknown != wrong {
		t.Errorf("%q tells who exists, where others get %q", unknown, wrong)
	}
	c.do(`AUTHENTICATE "PLAIN" "`+plain("", "alice", "wrong")+`"`, "NO")
	c.do(`AUTHENTICATE "PLAIN" "`+plain("", "alice", "wrong")+`"`, "BYE")

	c = h.login("alice", "")
	h.revoked.Store(true)
	c.do("LISTSCRIPTS", `BYE "This password was revoked."`)
}

// Whoever sends what makes no sense loses nobody's time, and octets of a literal are never taken for commands.
func TestHostile(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(o *Options) { o.Limits.Bad = 8 })
	c := h.login("alice", "")
	c.do("PUTSCRIPT \"a\" {6000+}\r\n"+strings.Repeat("DELETESCRIPT \"a\"\r\n", 333)+"abcdef", "NO (QUOTA/MAXSIZE)")
	c.do("NONSENSE {9+}\r\nLOGOUT\r\n\"", "NO")
	c.do("PUTSCRIPT {8+}\r\nLOGOUT\r\n {8+}\r\nLOGOUT\r\n {8+}\r\nLOGOUT\r\n", "NO")
	c.do("NOOP", "OK")
	for _, bad := range []string{"", "NOOP {x+}", "NOOP \"abc", `NOOP "\a"`, "NOOP  \"a\"", "SETACTIVE", "HAVESPACE \"a\" x"} {
		c.do(bad, "NO")
	}
	c.do("FOO", "BYE")
	h.login("alice", "").do("PUTSCRIPT \"a\" {999999999+}", "BYE")
	h.login("alice", "").do("PUTSCRIPT \"a\" {99999999999999999999+}", "BYE")
	h.dial().do("NOOP {3}", "BYE")
	h.dial().do("NOOP \""+strings.Repeat("x", 10_000)+"\"", "BYE")
	h.dial().do("AUTHENTICATE \"PLAIN\" {70000+}", "BYE")
	c = h.dial()
	c.send("NOOP {5+}\r\nab")
	c.conn.Close()
}

// Connections end that wait too long, and are turned away where there are too many.
func TestLimits(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(o *Options) {
		o.Limits.Login, o.Limits.Idle, o.Limits.PerPerson, o.Limits.PerPlace = 4*time.Second, 5*time.Second, 1, 3
	})
	a, b := h.login("alice", ""), h.dial()
	b.do(`AUTHENTICATE "PLAIN" "`+plain("", "alice", "secret")+`"`, "NO (TRYLATER)")
	if got := b.answer(); !strings.HasPrefix(got, "BYE \"You took too long") {
		t.Errorf("%q", got)
	}
	if got := a.answer(); !strings.HasPrefix(got, "BYE \"Logged out") {
		t.Errorf("%q", got)
	}
	var open []*client
	for range 3 {
		open = append(open, h.dial())
	}
	if got := h.dialRaw().answer(); got != "" {
		t.Errorf("one too many is told %q", got)
	}
	_ = open
}

func (h *house) dialRaw() *client {
	conn, err := net.Dial("tcp", h.addr)
	must(h.t, err)
	h.t.Cleanup(func() { conn.Close() })
	return &client{h.t, conn, bufio.NewReader(conn)}
}

// Who is connected is told when the service ends.
func TestShutdown(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	c := h.login("alice", "")
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	must(t, h.Shutdown(ctx))
	if got := c.answer(); !strings.HasPrefix(got, "BYE (TRYLATER)") {
		t.Errorf("%q", got)
	}
}

// Passwords go over TLS alone; what came before it is not taken for what comes after.
func TestTLS(t *testing.T) {
	t.Parallel()
	cert, pool := selfSigned(t)
	h := newHouse(t, func(o *Options) {
		o.AllowPlaintextAuth, o.TLS = false, &tls.Config{Certificates: []tls.Certificate{cert}}
	})
	c := h.dial()
	c.do("CAPABILITY", "…\"SASL\" \"\"")
	c.do(`AUTHENTICATE "PLAIN" "`+plain("", "alice", "secret")+`"`, "NO (ENCRYPT-NEEDED)")
	c.do("STARTTLS", "OK")
	secure := tls.Client(c.conn, &tls.Config{RootCAs: pool, ServerName: "localhost"})
	c.conn, c.r = secure, bufio.NewReader(secure)
	if got := c.answer(); !strings.Contains(got, "\"SASL\" \"PLAIN\"") || strings.Contains(got, "STARTTLS") {
		t.Errorf("after TLS: %q", got)
	}
	c.do("STARTTLS", "NO")
	c.do(`AUTHENTICATE "PLAIN" "`+plain("", "alice", "secret")+`"`, "OK")
	h.dial().do("STARTTLS\r\nNOOP", "BYE")
}

func selfSigned(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), DNSNames: []string{"localhost"}, IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	must(t, err)
	leaf, err := x509.ParseCertificate(der)
	must(t, err)
	pool := x509.NewCertPool()
	pool.AddCert(leaf)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}

// TestSieveConnect is a stranger's program at it: upload, list, activate, download, delete.
func TestSieveConnect(t *testing.T) {
	t.Parallel()
	program, err := exec.LookPath("sieve-connect")
	if err != nil {
		t.Skip("needs the Debian package sieve-connect (make install-test)")
	}
	h := newHouse(t, nil)
	dir := t.TempDir()
	script, password := filepath.Join(dir, "a.sieve"), filepath.Join(dir, "password")
	text := "require \"fileinto\";\nfileinto \"Grüße\";\n" + strings.Repeat("# filler\n", 200)
	must(t, os.WriteFile(script, []byte(text), 0o600))
	must(t, os.WriteFile(password, []byte("secret\n"), 0o600))
	host, port, _ := net.SplitHostPort(h.addr)
	connect := func(args ...string) string {
		t.Helper()
		secret, err := os.Open(password)
		must(t, err)
		defer secret.Close()
		cmd := exec.CommandContext(t.Context(), program, append([]string{"--server", host, "--port", port, "--user", "alice", "--clearchan", "--authmech", "PLAIN", "--passwordfd", "3"}, args...)...)
		cmd.ExtraFiles = []*os.File{secret}
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Errorf("%v: %v\n%s", args, err, out)
		}
		return string(out)
	}
	connect("--remotesieve", "main", "--localsieve", script, "--upload")
	connect("--remotesieve", "main", "--activate")
	if out := connect("--list"); !strings.Contains(out, `"main" ACTIVE`) {
		t.Errorf("listed %q", out)
	}
	connect("--remotesieve", "main", "--localsieve", filepath.Join(dir, "b.sieve"), "--download")
	if got, err := os.ReadFile(filepath.Join(dir, "b.sieve")); err != nil || strings.ReplaceAll(string(got), "\r\n", "\n") != text {
		t.Errorf("downloaded %q, %v", got, err)
	}
	connect("--deactivate")
	connect("--remotesieve", "main", "--delete")
}

func TestEveryKind(t *testing.T) {
	t.Parallel()
	for _, k := range errs.Kinds() {
		if _, ok := codes[k]; !ok {
			t.Errorf("%v has no code", k)
		}
	}
}
