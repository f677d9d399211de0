package imap

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"math/big"
	"net"
	"strings"
	"testing"
	"time"
)

// testTLS is a certificate for loopback, and a client that trusts it.
func testTLS(t testing.TB) (server, client *tls.Config) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(cert)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}, MinVersion: tls.VersionTLS12},
		&tls.Config{RootCAs: pool, ServerName: "127.0.0.1", MinVersion: tls.VersionTLS12}
}

// TestStartTLS: no password before TLS, and nothing said before TLS counts after it (RFC 9051 §6.2.1, §11.3).
func TestStartTLS(t *testing.T) {
	t.Parallel()
	serverTLS, clientTLS := testTLS(t)
	w := newWorld(t, func(o *Options) { o.TLS, o.AllowPlaintextAuth = serverTLS, false })
	k := dial(t, w.addr)
	if l := k.line(); !strings.Contains(l, "STARTTLS LOGINDISABLED]") || strings.Contains(l, "AUTH=") {
		t.Error(l)
	}
	for _, in := range []string{"a LOGIN anna@surgery.test secret", "a AUTHENTICATE PLAIN AHgAeQ=="} {
		k.send(in + "\r\n")
		if l := k.line(); l != "a NO [PRIVACYREQUIRED] Passwords are taken over TLS only." {
			t.Error(l)
		}
	}
	k.send("b STARTTLS\r\n")
	if l := k.line(); l != "b OK Begin TLS." {
		t.Fatal(l)
	}
	k = newClient(t, tls.Client(k.conn, clientTLS))
	if got := k.do("CAPABILITY"); strings.Contains(got[0], "STARTTLS") || !strings.Contains(got[0], "AUTH=PLAIN") {
		t.Error(got)
	}
	k.do("LOGIN anna@surgery.test secret")
	k.do("SELECT INBOX")
}

func TestStartTLSInjection(t *testing.T) {
	t.Parallel()
	serverTLS, _ := testTLS(t)
	w := newWorld(t, func(o *Options) { o.TLS = serverTLS })
	for _, pad := range []int{0, 40, 60, 200} {
		k := dial(t, w.addr)
		k.line()
		k.send(strings.Repeat("x", pad) + "a STARTTLS\r\nb LOGIN anna@surgery.test secret\r\n")
		if got := readAll(k); strings.Contains(got, "b OK") {
			t.Errorf("%q", got)
		}
	}
}

// TestImplicitTLS is RFC 8314: TLS from the first octet.
func TestImplicitTLS(t *testing.T) {
	t.Parallel()
	serverTLS, clientTLS := testTLS(t)
	w := newWorld(t, func(o *Options) { o.AllowPlaintextAuth = false })
	conn, err := tls.Dial("tcp", w.listen(serverTLS), clientTLS)
	if err != nil {
		t.Fatal(err)
	}
	k := newClient(t, conn)
	if l := k.line(); !strings.Contains(l, "AUTH=PLAIN") {
		t.Error(l)
	}
	k.do("LOGIN anna@surgery.test secret")
}

// TestShutdown: those who wait hear BYE, and so do those who were busy once their command is done.
func TestShutdown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	waiting, idling, busy := w.signIn(t, anna), w.signIn(t, anna), w.signIn(t, anna)
	idling.do("SELECT INBOX")
	idling.send("i IDLE\r\n")
	idling.line()
	busy.send("a APPEND INBOX {9}\r\n")
	busy.line()
	done := make(chan error, 1)
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		done <- w.srv.Shutdown(ctx)
	}()
	for _, k := range []*client{waiting, idling} {
		if l := k.line(); l != "* BYE "+restartText {
			t.Error(l)
		}
		if l := k.line(); l != "EOF" {
			t.Error(l)
		}
	}
	busy.send("A: b\r\n\r\nc\r\n")
	if l := busy.line(); !strings.HasPrefix(l, "a OK [APPENDUID ") {
		t.Error(l)
	}
	if l := busy.line(); l != "* BYE "+restartText {
		t.Error(l)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
	if _, err := net.DialTimeout("tcp", w.addr, time.Second); err == nil {
		t.Error("it still listens")
	}
}

// TestAutoLogout: a client that says nothing is logged out, one that doesn't log in sooner (RFC 9051 §5.4).
func TestAutoLogout(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *Options) { o.Limits = Limits{Idle: 150 * time.Millisecond, Login: 300 * time.Millisecond} })
	k := w.signIn(t, anna)
	if l := k.line(); !strings.HasPrefix(l, "* BYE Logged out") {
		t.Error(l)
	}
	k = dial(t, w.addr)
	k.line()
	k.send("a LOGIN {5+}\r\n")
	if l := k.line(); l != "EOF" && !strings.HasPrefix(l, "* BYE") {
		t.Error(l)
	}
}
