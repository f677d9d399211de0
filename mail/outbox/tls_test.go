package outbox

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"haven/platform/errs"
)

// tlsServer offers STARTTLS and takes letters; injected speaks on in clear after it, as an attacker would.
type tlsServer struct {
	addr       string
	cert       *x509.Certificate
	conns      atomic.Int64
	plain, tls atomic.Int64 // letters taken
}

func newTLSServer(t *testing.T, name string, injected, broken bool) *tlsServer {
	t.Helper()
	cert, leaf := selfSigned(t, name)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &tlsServer{addr: ln.Addr().String(), cert: leaf}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			s.conns.Add(1)
			c.SetDeadline(time.Now().Add(10 * time.Second))
			s.talk(c, cert, injected, broken)
			c.Close()
		}
	}()
	t.Cleanup(func() { ln.Close(); <-done })
	return s
}

func (s *tlsServer) talk(c net.Conn, cert tls.Certificate, injected, broken bool) {
	br, taken := bufio.NewReader(c), &s.plain
	fmt.Fprint(c, "220 mx.there.test\r\n")
	for {
		line, err := br.ReadString('\n')
		if err != nil {
			return
		}
		switch verb := strings.TrimSpace(line); {
		case strings.HasPrefix(verb, "EHLO"):
			fmt.Fprint(c, "250-mx.there.test\r\n250-PIPELINING\r\n250 STARTTLS\r\n")
		case verb == "STARTTLS" && injected:
			fmt.Fprint(c, "220 go\r\n250 sure\r\n")
		case verb == "STARTTLS" && broken:
			fmt.Fprint(c, "220 go\r\nnonsense")
			return
		case verb == "STARTTLS":
			fmt.Fprint(c, "220 go\r\n")
			tc := tls.Server(c, &tls.Config{Certificates: []tls.Certificate{cert}})
			c, br, taken = tc, bufio.NewReader(tc), &s.tls
		case verb == "DATA":
			fmt.Fprint(c, "354 go\r\n")
			if _, err := readDotted(br); err != nil {
				return
			}
			taken.Add(1)
			fmt.Fprint(c, "250 ok\r\n")
		case verb == "QUIT":
			return
		default:
			fmt.Fprint(c, "250 ok\r\n")
		}
	}
}

func selfSigned(t *testing.T, name string) (tls.Certificate, *x509.Certificate) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		DNSNames: []string{name}, IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, leaf
}

// pemPair is a self-signed certificate and its key as files have them.
func pemPair(t *testing.T, name string) (cert, key string) {
	t.Helper()
	pair, _ := selfSigned(t, name)
	der, err := x509.MarshalPKCS8PrivateKey(pair.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: pair.Certificate[0]})),
		string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

// fixedPolicy is one rule for all.
type fixedPolicy struct {
	rule TLSRule
	err  error
}

func (p fixedPolicy) For(context.Context, string, string) (TLSRule, error) { return p.rule, p.err }

func TestTLS(t *testing.T) {
	t.Parallel()
	refuse := func(tls.ConnectionState) error { return errors.New("pinned to another key") }
	accept := func(cs tls.ConnectionState) error {
		if len(cs.PeerCertificates) == 0 {
			return errors.New("no certificate")
		}
		return nil
	}
	for _, c := range []struct {
		name             string
		rule             TLSRule
		policyErr        error
		injected, broken bool
		trusted          bool // the certificate is among the roots
		certName         string
		secure           bool
		plain, tls       int64
		status           string
	}{
		{name: "opportunistic, any certificate", certName: "other.test", tls: 1, status: "2.6.0"},
		{name: "opportunistic, TLS broken", broken: true, plain: 1, status: "2.6.0"},
		{name: "opportunistic, injected", injected: true, plain: 1, status: "2.6.0"},
		{name: "required", rule: TLSRule{Level: MustTLS}, tls: 1, status: "2.6.0"},
		{name: "required, TLS broken", rule: TLSRule{Level: MustTLS}, broken: true, status: "4.7.5"},
		{name: "required, injected", rule: TLSRule{Level: MustTLS}, injected: true, status: "4.7.5"},
		{name: "verified", rule: TLSRule{Level: VerifyTLS}, trusted: true, tls: 1, status: "2.6.0"},
		{name: "verified, unknown root", rule: TLSRule{Level: VerifyTLS}, status: "4.7.5"},
		{name: "verified, other name", rule: TLSRule{Level: VerifyTLS}, trusted: true, certName: "other.test", status: "4.7.5"},
		{name: "pinned", rule: TLSRule{Level: VerifyTLS, Verify: accept}, tls: 1, status: "2.6.0"},
		{name: "pinned to another", rule: TLSRule{Level: VerifyTLS, Verify: refuse}, trusted: true, status: "4.7.5"},
		{name: "not one of the policy's hosts", rule: TLSRule{Refuse: true}, status: "4.7.5"},
		{name: "policy unknown", policyErr: errs.E(errs.Transient, "no DNS"), status: "4.7.5"},
		{name: "patient data, verified", rule: TLSRule{Level: VerifyTLS}, trusted: true, secure: true, tls: 1, status: "2.6.0"},
		{name: "patient data, nothing vouches", secure: true, trusted: true, status: "4.7.5"},
		{name: "patient data, TLS only", rule: TLSRule{Level: MustTLS}, secure: true, trusted: true, status: "4.7.5"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if c.certName == "" {
				c.certName = "mx.there.test"
			}
			s := newTLSServer(t, c.certName, c.injected, c.broken)
			roots := x509.NewCertPool()
			if c.trusted {
				roots.AddCert(s.cert)
			}
			h := newHouse(t, "sqlite", func(cfg *Config) {
				cfg.Dial, cfg.TLS, cfg.Roots = dialTo{"192.0.2.1:25": s.addr}, fixedPolicy{c.rule, c.policyErr}, &tls.Config{RootCAs: roots}
			})
			h.dns.mx["there.test"] = []*net.MX{{Host: "mx.there.test"}}
			h.dns.hosts["mx.there.test"] = []string{"192.0.2.1"}
			h.start()
			h.post(testLetter, func(it *Item) { it.Secure = c.secure }, "bob@there.test")
			e := h.tried()
			if e.Last.Status != c.status || s.plain.Load() != c.plain || s.tls.Load() != c.tls {
				t.Errorf("got %+v; %d in clear, %d under TLS", e, s.plain.Load(), s.tls.Load())
			}
		})
	}
}
