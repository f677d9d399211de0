package cert

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

type memory map[string][]byte

func (m memory) NamedOr(_ context.Context, name string, make func() ([]byte, error)) ([]byte, error) {
	if m[name] == nil {
		v, err := make()
		if err != nil {
			return nil, err
		}
		m[name] = v
	}
	return m[name], nil
}

func (m memory) SetNamed(_ context.Context, name string, v []byte) error {
	m[name] = v
	return nil
}

func TestOwnIsKeptAndRenewed(t *testing.T) {
	t.Parallel()
	now := time.Now()
	kept := memory{}
	first, ca, err := Own(t.Context(), kept, []string{"localhost", "127.0.0.1"}, now)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(ca) {
		t.Fatal("the authority is no PEM")
	}
	for _, name := range []string{"localhost", "127.0.0.1"} {
		if _, err := first.Leaf.Verify(x509.VerifyOptions{Roots: pool, DNSName: name}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	same, _, err := Own(t.Context(), kept, []string{"localhost"}, now.Add(24*time.Hour))
	if err != nil || same.Leaf.SerialNumber.Cmp(first.Leaf.SerialNumber) != 0 {
		t.Errorf("another one the day after: %v", err)
	}
	next, _, err := Own(t.Context(), kept, []string{"localhost"}, now.Add(380*24*time.Hour))
	if err != nil || next.Leaf.SerialNumber.Cmp(first.Leaf.SerialNumber) == 0 {
		t.Errorf("not renewed: %v", err)
	}
	other, _, err := Own(t.Context(), kept, []string{"mx.mail.example"}, now.Add(380*24*time.Hour))
	if err != nil || other.Leaf.VerifyHostname("mx.mail.example") != nil {
		t.Errorf("another host: %v", err)
	}
}

func TestFilesAreReadAgain(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "cert.pem")
	now := time.Now()
	write := func(host string, at time.Time) {
		t.Helper()
		b, err := makeOwn([]string{host}, now)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, b, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(file, at, at); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := Open(file, file, time.Now, slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), "put a PEM chain and its key there") {
		t.Errorf("a missing file: %v", err)
	}
	clock := now
	write("one.example", now.Add(-time.Hour))
	var log strings.Builder
	f, err := Open(file, file, func() time.Time { return clock }, slog.New(slog.NewTextHandler(&log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	name := func() string {
		c, err := f.Get(&tls.ClientHelloInfo{})
		if err != nil {
			t.Fatal(err)
		}
		return c.Leaf.Subject.CommonName
	}
	write("two.example", now)
	if name() != "one.example" {
		t.Error("read again within the minute")
	}
	if clock = clock.Add(2 * time.Minute); name() != "two.example" {
		t.Error("not read again")
	}
	if err := os.WriteFile(file, []byte("rubbish"), 0o600); err != nil {
		t.Fatal(err)
	}
	if clock = clock.Add(2 * time.Minute); name() != "two.example" {
		t.Error("rubbish took the place of a good certificate")
	}
	clock = clock.Add(2 * time.Minute)
	name()
	if n := strings.Count(log.String(), "a renewed certificate can't be used"); n != 1 || !strings.Contains(log.String(), file) {
		t.Errorf("the log tells %d times of the rubbish, wanted 1:\n%s", n, log.String())
	}
	write("three.example", now.Add(time.Hour))
	if clock = clock.Add(2 * time.Minute); name() != "three.example" {
		t.Error("not read again after the rubbish")
	}
}
