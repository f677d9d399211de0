// Package cert gives the faces their TLS: the operator's certificate, read again when its files change, or one of our
// own making for a service that has none yet.
package cert

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"
	"math/big"
	"net"
	"os"
	"sync"
	"time"
)

// Secrets keeps the key of a certificate of our own making, sealed.
type Secrets interface {
	NamedOr(ctx context.Context, name string, make func() ([]byte, error)) ([]byte, error)
	SetNamed(ctx context.Context, name string, value []byte) error
}

// Config is the TLS of every face: TLS 1.2 and later (RFC 8996), the certificate from get.
func Config(get func(*tls.ClientHelloInfo) (*tls.Certificate, error)) *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: get}
}

// Files is a certificate in PEM files, which are looked at again once a minute, so that a renewed one is shown
// without a restart. Its zero value is not usable; see Open.
type Files struct {
	cert, key string
	now       func() time.Time
	log       *slog.Logger

	mu     sync.Mutex
	loaded *tls.Certificate
	seen   time.Time // when the files were looked at
	stamp  [2]time.Time
	fault  string // why what is there now can't be used
}

// Open reads the files. The error names the file and the remedy. A renewed certificate that can't be read goes to log.
func Open(certFile, keyFile string, now func() time.Time, log *slog.Logger) (*Files, error) {
	f := &Files{cert: certFile, key: keyFile, now: now, log: log}
	if err := f.load(); err != nil {
		return nil, err
	}
	return f, nil
}

func (f *Files) load() error {
	c, err := tls.LoadX509KeyPair(f.cert, f.key)
	if err != nil {
		return fmt.Errorf("the certificate %s with the key %s can't be used: %w; put a PEM chain and its key there", f.cert, f.key, err)
	}
	f.loaded, f.stamp, f.seen = &c, f.stamps(), f.now()
	return nil
}

func (f *Files) stamps() (s [2]time.Time) {
	for i, name := range [2]string{f.cert, f.key} {
		if st, err := os.Stat(name); err == nil {
			s[i] = st.ModTime()
		}
	}
	return s
}

// Get is for tls.Config.GetCertificate. A renewed certificate that can't be read leaves the old one in use.
func (f *Files) Get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if now := f.now(); now.Sub(f.seen) > time.Minute {
		f.seen = now
		if f.stamps() != f.stamp {
			f.renew()
		}
	}
	return f.loaded, nil
}

// renew takes the files over. Where that can't be, the old certificate is kept, and each look tries again: the remedy may
// be a mode that changes no time. The log is told once of each reason.
func (f *Files) renew() {
	old := f.loaded.Leaf.NotAfter
	err := f.load()
	switch {
	case err == nil:
		f.fault = ""
		f.log.Info("a renewed certificate is shown", "file", f.cert, "ends", f.loaded.Leaf.NotAfter)
	case err.Error() != f.fault:
		f.fault = err.Error()
		f.log.Error("a renewed certificate can't be used; the old one is shown for as long as it lasts", "error", err, "old_ends", old)
	}
}

const (
	ownName = "tls.own"
	ownLife = 398 * 24 * time.Hour // what clients accept at most
	renewAt = 30 * 24 * time.Hour
)

// Own is a certificate of our own making for the hosts, with the authority that signed it in PEM. It is kept as a secret
// and made anew a month before it ends.
func Own(ctx context.Context, secrets Secrets, hosts []string, now time.Time) (*tls.Certificate, []byte, error) {
	kept, err := secrets.NamedOr(ctx, ownName, func() ([]byte, error) { return makeOwn(hosts, now) })
	if err != nil {
		return nil, nil, err
	}
	c, ca, err := parseOwn(kept)
	if err == nil && covers(c, hosts, now) {
		return c, ca, nil
	}
	if kept, err = makeOwn(hosts, now); err != nil {
		return nil, nil, err
	}
	if err := secrets.SetNamed(ctx, ownName, kept); err != nil {
		return nil, nil, err
	}
	return parseOwn(kept)
}

func covers(c *tls.Certificate, hosts []string, now time.Time) bool {
	for _, h := range hosts {
		if c.Leaf.VerifyHostname(h) != nil {
			return false
		}
	}
	return now.After(c.Leaf.NotBefore) && now.Add(renewAt).Before(c.Leaf.NotAfter)
}

// makeOwn makes an authority, throws its key away, and keeps what it signed: leaf, authority, leaf's key, in PEM.
func makeOwn(hosts []string, now time.Time) ([]byte, error) {
	caKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	ca := template("Haven's own authority", now)
	ca.IsCA, ca.BasicConstraintsValid, ca.KeyUsage = true, true, x509.KeyUsageCertSign
	caDER, err := x509.CreateCertificate(rand.Reader, ca, ca, caKey.Public(), caKey)
	if err != nil {
		return nil, err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	leaf := template(hosts[0], now)
	leaf.KeyUsage, leaf.ExtKeyUsage = x509.KeyUsageDigitalSignature, []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	for _, h := range hosts {
		if ip := net.ParseIP(h); ip != nil {
			leaf.IPAddresses = append(leaf.IPAddresses, ip)
		} else {
			leaf.DNSNames = append(leaf.DNSNames, h)
		}
	}
	leafDER, err := x509.CreateCertificate(rand.Reader, leaf, ca, key.Public(), caKey)
	if err != nil {
		return nil, err
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	out := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: leafDER})
	out = append(out, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: caDER})...)
	return append(out, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER})...), nil
}

func template(name string, now time.Time) *x509.Certificate {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		serial = big.NewInt(now.UnixNano())
	}
	return &x509.Certificate{SerialNumber: serial, Subject: pkix.Name{CommonName: name, Organization: []string{"Haven"}},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(ownLife)}
}

func parseOwn(kept []byte) (*tls.Certificate, []byte, error) {
	c, err := tls.X509KeyPair(kept, kept)
	if err != nil {
		return nil, nil, err
	}
	if len(c.Certificate) != 2 {
		return nil, nil, errors.New("cert: a kept certificate has no authority")
	}
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Certificate[1]})
	return &c, ca, nil
}
