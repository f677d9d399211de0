// Package webpushtest is the other side of package webpush: a push service over TLS, and devices that read what is pushed to them.
package webpushtest

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strconv"
	"sync"
	"testing"
	"time"

	"haven/platform/clock"
	"haven/platform/webpush"
)

// Host is the name of the push service, which Service.Resolver knows.
const Host = "push.example.test"

// Pushed is a request as the push service saw it.
type Pushed struct {
	Path   string
	Header http.Header
	Body   []byte
}

// Service is a push service on this machine, with a certificate of an authority of its own.
type Service struct {
	Roots  *x509.CertPool
	Pushes chan Pushed // what came, in its order

	server *httptest.Server
	mu     sync.Mutex
	answer http.HandlerFunc
}

// New starts a push service, which ends with the test. It answers 201 until Answer says otherwise.
func New(t testing.TB) *Service {
	t.Helper()
	s := &Service{Pushes: make(chan Pushed, 1000)}
	s.Answer(nil)
	s.server = httptest.NewUnstartedServer(http.HandlerFunc(s.serve))
	s.server.EnableHTTP2 = true
	own, roots, err := certificate()
	if err != nil {
		t.Fatal(err)
	}
	s.server.TLS, s.Roots = &tls.Config{Certificates: []tls.Certificate{own}}, roots
	s.server.StartTLS()
	t.Cleanup(s.server.Close)
	return s
}

// Answer has the service answer so from now on; nil: 201.
func (s *Service) Answer(with http.HandlerFunc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.answer = with; with == nil {
		s.answer = Code(http.StatusCreated, "", "")
	}
}

// Code is an answer with a header field, if it has a name.
func Code(code int, field, value string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		if field != "" {
			w.Header().Set(field, value)
		}
		w.WriteHeader(code)
	}
}

func (s *Service) serve(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	if err != nil || r.Method != http.MethodPost {
		http.Error(w, "no push", http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	answer := s.answer
	s.mu.Unlock()
	select {
	case s.Pushes <- Pushed{r.URL.Path, r.Header.Clone(), body}:
	default: // nobody looks any more
	}
	answer(w, r)
}

// Port is where the service listens.
func (s *Service) Port() int { return s.server.Listener.Addr().(*net.TCPAddr).Port }

// URL is the address of a subscription there.
func (s *Service) URL(path string) string {
	return "https://" + net.JoinHostPort(Host, strconv.Itoa(s.Port())) + path
}

// Client is a client that speaks to the service, and to this machine alone.
func (s *Service) Client(t testing.TB, c clock.Clock, change ...func(*webpush.Options)) *webpush.Client {
	t.Helper()
	key, err := webpush.MakeKey()
	if err != nil {
		t.Fatal(err)
	}
	who, err := webpush.NewIdentity(key, "mailto:postmaster@haven.example")
	if err != nil {
		t.Fatal(err)
	}
	o := webpush.Options{Identity: who, Clock: c, Resolver: Names{Host: {netip.MustParseAddr("127.0.0.1")}}, Roots: s.Roots, Loopback: true}
	for _, fn := range change {
		fn(&o)
	}
	client := webpush.NewClient(o)
	t.Cleanup(client.Close)
	return client
}

// Names is a resolver that knows these and no others.
type Names map[string][]netip.Addr

// LookupNetIP is webpush.Resolver's.
func (n Names) LookupNetIP(_ context.Context, _, host string) ([]netip.Addr, error) {
	all, ok := n[host]
	if !ok {
		return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
	}
	return append([]netip.Addr(nil), all...), nil
}

// certificate is one for Host, and who certifies it.
func certificate() (own tls.Certificate, roots *x509.CertPool, err error) {
	authority, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return own, nil, err
	}
	from, until := time.Now().Add(-time.Hour), time.Now().Add(24*time.Hour)
	ca := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Test"}, NotBefore: from, NotAfter: until, IsCA: true,
		BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	der, err := x509.CreateCertificate(rand.Reader, ca, ca, authority.Public(), authority)
	if err != nil {
		return own, nil, err
	}
	root, err := x509.ParseCertificate(der)
	if err != nil {
		return own, nil, err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return own, nil, err
	}
	leaf := &x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: Host}, DNSNames: []string{Host}, NotBefore: from, NotAfter: until,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}
	if der, err = x509.CreateCertificate(rand.Reader, leaf, root, key.Public(), authority); err != nil {
		return own, nil, err
	}
	roots = x509.NewCertPool()
	roots.AddCert(root)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, roots, nil
}

// Device is a browser or a phone, with the keys of one subscription.
type Device struct {
	key  *ecdh.PrivateKey
	auth []byte
}

// NewDevice draws keys.
func NewDevice(t testing.TB) *Device {
	t.Helper()
	key, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	auth := make([]byte, 16)
	_, _ = rand.Read(auth) // never fails (crypto/rand)
	return &Device{key, auth}
}

// DeviceOf is the device with these keys, in base64url.
func DeviceOf(t testing.TB, private, auth string) *Device {
	t.Helper()
	d := &Device{}
	scalar, err := base64.RawURLEncoding.DecodeString(private)
	if err == nil {
		d.key, err = ecdh.P256().NewPrivateKey(scalar)
	}
	if err == nil {
		d.auth, err = base64.RawURLEncoding.DecodeString(auth)
	}
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// Keys are what the device subscribes with.
func (d *Device) Keys() (p256dh, auth string) {
	return base64.RawURLEncoding.EncodeToString(d.key.PublicKey().Bytes()), base64.RawURLEncoding.EncodeToString(d.auth)
}

// Open reads the body of a message (RFC 8291 §3, RFC 8188 §2).
func (d *Device) Open(body []byte) ([]byte, error) {
	if len(body) < 21 || len(body) < 21+int(body[20]) {
		return nil, errors.New("no head")
	}
	salt, size, point, record := body[:16], binary.BigEndian.Uint32(body[16:]), body[21:21+int(body[20])], body[21+int(body[20]):]
	if len(record) > int(size) {
		return nil, errors.New("more than one record")
	}
	sender, err := ecdh.P256().NewPublicKey(point)
	if err != nil {
		return nil, err
	}
	shared, err := d.key.ECDH(sender)
	if err != nil {
		return nil, err
	}
	material, err := hkdf.Key(sha256.New, shared, d.auth, "WebPush: info\x00"+string(d.key.PublicKey().Bytes())+string(point), 32)
	if err != nil {
		return nil, err
	}
	key, err := hkdf.Key(sha256.New, material, salt, "Content-Encoding: aes128gcm\x00", 16)
	if err != nil {
		return nil, err
	}
	nonce, err := hkdf.Key(sha256.New, material, salt, "Content-Encoding: nonce\x00", 12)
	if err != nil {
		return nil, err
	}
	return openRecord(key, nonce, record)
}

func openRecord(key, nonce, record []byte) ([]byte, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	plain, err := aead.Open(nil, nonce, record, nil)
	if err != nil {
		return nil, err
	}
	for i := len(plain) - 1; i >= 0; i-- {
		switch plain[i] {
		case 0:
		case 2:
			return plain[:i], nil
		default:
			return nil, errors.New("no end of the last record")
		}
	}
	return nil, errors.New("nothing but padding")
}
