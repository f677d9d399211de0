package webpush

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"time"
)

// tokenFor is how long a push service may take one signature; RFC 8292 §2 lets it be 24 hours.
const tokenFor = 12 * time.Hour

// Identity is as whom we speak to push services (VAPID, RFC 8292): a key, and whom to tell of trouble. It is safe for many goroutines.
type Identity struct {
	key     *ecdsa.PrivateKey
	public  string
	contact string
}

// MakeKey draws the key of an identity, as NewIdentity reads it. Subscriptions are bound to it: with another one push services refuse them.
func MakeKey() ([]byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	return x509.MarshalPKCS8PrivateKey(key)
}

// NewIdentity is the identity of a key that MakeKey drew. contact is a mailto: or https: address (RFC 8292 §2.1).
func NewIdentity(key []byte, contact string) (*Identity, error) {
	parsed, err := x509.ParsePKCS8PrivateKey(key)
	own, ok := parsed.(*ecdsa.PrivateKey)
	if err != nil || !ok || own.Curve != elliptic.P256() {
		return nil, errors.New("the key that push services know us by is damaged")
	}
	if !IsContact(contact) {
		return nil, errors.New("the contact for push services is neither mailto: nor https://")
	}
	point, err := own.PublicKey.Bytes()
	return &Identity{key: own, public: base64.RawURLEncoding.EncodeToString(point), contact: contact}, err
}

// IsContact reports whether push services can be told a contact so.
func IsContact(s string) bool {
	address, isMail := strings.CutPrefix(s, "mailto:")
	site, isSite := strings.CutPrefix(s, "https://")
	return (isMail && strings.Contains(address, "@") || isSite && site != "") && len(s) <= 200 && strings.Trim(s, printable) == ""
}

var printable = func() string {
	var b strings.Builder
	for c := byte('!'); c <= '~'; c++ {
		b.WriteByte(c)
	}
	return b.String()
}()

// PublicKey is the key that a browser is given to subscribe with: applicationServerKey (RFC 8292 §3.2, RFC 9749 §3).
func (i *Identity) PublicKey() string { return i.public }

// authorization is the field for one push service, good from now on for tokenFor (RFC 8292 §2, §3).
func (i *Identity) authorization(origin string, now time.Time) (string, error) {
	claims, err := json.Marshal(struct {
		Aud string `json:"aud"`
		Exp int64  `json:"exp"`
		Sub string `json:"sub"`
	}{origin, now.Add(tokenFor).Unix(), i.contact})
	if err != nil {
		return "", err
	}
	enc := base64.RawURLEncoding
	text := enc.EncodeToString([]byte(`{"typ":"JWT","alg":"ES256"}`)) + "." + enc.EncodeToString(claims)
	sum := sha256.Sum256([]byte(text))
	r, s, err := ecdsa.Sign(rand.Reader, i.key, sum[:])
	if err != nil {
		return "", err
	}
	var signature [64]byte // RFC 7518 §3.4
	r.FillBytes(signature[:32])
	s.FillBytes(signature[32:])
	return "vapid t=" + text + "." + enc.EncodeToString(signature[:]) + ", k=" + i.public, nil
}
