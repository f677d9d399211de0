package webpush

import (
	"crypto/ecdh"
	"encoding/base64"
	"strings"

	"haven/platform/errs"
)

const (
	pointSize = 65 // of a public key of P-256, uncompressed (RFC 8291 §3.1)
	authSize  = 16 // of a device's secret (RFC 8291 §3.2)
)

// Keys are a device's: what is pushed to it only it can read.
type Keys struct {
	device *ecdh.PublicKey
	auth   [authSize]byte
}

// ParseKeys reads p256dh and auth as a browser gives them: in base64 with the alphabet of URLs (RFC 8620 §7.2); the other alphabet and padding are taken too.
// It is Invalid for what is no key.
func ParseKeys(p256dh, auth string) (k Keys, err error) {
	point, ok := decode(p256dh, pointSize)
	if ok {
		k.device, err = ecdh.P256().NewPublicKey(point)
	}
	if !ok || err != nil {
		return Keys{}, &errs.Error{Kind: errs.Invalid, Rule: "webpush.p256dh", Say: "p256dh is no public key: 65 octets of a point of P-256, in base64url."}
	}
	secret, ok := decode(auth, authSize)
	if !ok {
		return Keys{}, &errs.Error{Kind: errs.Invalid, Rule: "webpush.auth", Say: "auth is no secret of 16 octets in base64url."}
	}
	k.auth = [authSize]byte(secret)
	return k, nil
}

// IsZero reports whether there are no keys.
func (k Keys) IsZero() bool { return k.device == nil }

// Text is what ParseKeys reads.
func (k Keys) Text() (p256dh, auth string) {
	if k.device == nil {
		return "", ""
	}
	return base64.RawURLEncoding.EncodeToString(k.device.Bytes()), base64.RawURLEncoding.EncodeToString(k.auth[:])
}

// decode reads base64 of so many octets.
func decode(s string, octets int) ([]byte, bool) {
	if len(s) > 2*octets {
		return nil, false
	}
	s = strings.TrimRight(strings.NewReplacer("+", "-", "/", "_").Replace(s), "=")
	b, err := base64.RawURLEncoding.Strict().DecodeString(s)
	return b, err == nil && len(b) == octets && !strings.ContainsAny(s, "\r\n")
}
