package stage

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	mathrand "math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// demoPorts are those of `haven demo` without an offset. Every house has its ports at these distances.
var demoPorts = map[string]int{"smtp": 2525, "submission": 2587, "submissions": 2465, "imap": 2143, "imaps": 2993, "managesieve": 4190, "http": 8080}

func freePorts(t testing.TB) map[string]int {
	_, ports := freeOffset(t)
	return ports
}

// freeOffset finds ports that stay a house's own while it is down: below those that the kernel gives to clients, and
// locked against the other scenarios until the test ends.
func freeOffset(t testing.TB) (offset int, ports map[string]int) {
	t.Helper()
	for range 200 {
		offset = 9000 + mathrand.IntN(15_000)
		ports = map[string]int{}
		var unlocks []func()
		for name, base := range demoPorts {
			unlock, err := lockPort(base + offset)
			if err != nil {
				break
			}
			unlocks = append(unlocks, unlock)
			ports[name] = base + offset
		}
		release := func() {
			for _, unlock := range unlocks {
				unlock()
			}
		}
		if len(ports) == len(demoPorts) {
			t.Cleanup(release)
			return offset, ports
		}
		release()
	}
	t.Fatal("no free ports")
	return 0, nil
}

// lockPort claims a port that nobody listens on by a socket without a file, which the kernel takes away with the process.
func lockPort(port int) (func(), error) {
	claim, err := net.Listen("unix", "@haven-e2e-port-"+strconv.Itoa(port))
	if err != nil {
		return nil, err
	}
	unlock := func() { _ = claim.Close() }
	l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		unlock()
		return nil, err
	}
	return unlock, l.Close()
}

// certificate makes an authority, and a certificate for localhost under it.
func (h *House) certificate(dir string) (certFile, keyFile string) {
	h.t.Helper()
	must := func(err error) {
		if err != nil {
			h.t.Fatal(err)
		}
	}
	write := func(name, kind string, der []byte) string {
		file := filepath.Join(dir, name)
		must(os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600))
		return file
	}
	now := time.Now()
	ca := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Scenario Authority"}, NotBefore: now.Add(-time.Hour),
		NotAfter: now.Add(24 * time.Hour), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	leaf := &x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "localhost"}, NotBefore: ca.NotBefore, NotAfter: ca.NotAfter,
		DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}
	caKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(err)
	leafKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(err)
	caDER, err := x509.CreateCertificate(rand.Reader, ca, ca, caKey.Public(), caKey)
	must(err)
	leafDER, err := x509.CreateCertificate(rand.Reader, leaf, ca, leafKey.Public(), caKey)
	must(err)
	keyDER, err := x509.MarshalPKCS8PrivateKey(leafKey)
	must(err)
	h.CA = write("ca.pem", "CERTIFICATE", caDER)
	return write("cert.pem", "CERTIFICATE", leafDER), write("key.pem", "PRIVATE KEY", keyDER)
}

// nameServer answers every question with "no such name", so that no scenario asks the world or waits for it.
func nameServer(t testing.TB) string {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	srv := &dns.Server{PacketConn: conn, Handler: dns.HandlerFunc(func(w dns.ResponseWriter, q *dns.Msg) {
		_ = w.WriteMsg(new(dns.Msg).SetRcode(q, dns.RcodeNameError)) // who does not hear it asks again
	})}
	done := make(chan struct{})
	started := make(chan struct{})
	srv.NotifyStartedFunc = func() { close(started) }
	go func() {
		defer close(done)
		if err := srv.ActivateAndServe(); err != nil {
			t.Log("name server:", err)
		}
	}()
	<-started
	t.Cleanup(func() {
		_ = srv.Shutdown()
		<-done
	})
	return conn.LocalAddr().String()
}
