package account

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"strings"

	"haven/platform/errs"
)

// A temporary password is drawn by the service, good once and for some days, and sealed in the notice that takes it to its person until that is sent. It is
// kept as a keyed hash (HMAC-SHA-256, RFC 2104): whoever has the database alone can try nothing, and whoever has the key too could read the notice. A
// password that somebody chose is kept as argon2id, which a key would not replace: it is used elsewhere too, and for years.
const temporaryHead = "$hmac-sha256$"

// HashTemporary checks a temporary password that the service has drawn against the rules that need no person, and hashes it. Without Options.TemporaryKey it is
// hashed like any other.
func (s *Service) HashTemporary(ctx context.Context, pw string) (Hashed, error) {
	if s.o.TemporaryKey == nil {
		return s.HashPassword(ctx, pw)
	}
	if v := CheckPassword(pw, PasswordFacts{}, s.o.Policy.Password); !v.Allowed {
		return Hashed{}, Refusal(errs.Invalid, v)
	}
	h := temporary{salt: make([]byte, saltLen)}
	rand.Read(h.salt) // never fails (crypto/rand)
	h.mac = h.derive(pw, s.o.TemporaryKey)
	return Hashed{h}, nil
}

// temporary is a keyed hash as it is kept.
type temporary struct{ salt, mac []byte }

func (h temporary) derive(pw string, key []byte) []byte {
	m := hmac.New(sha256.New, key)
	m.Write(h.salt)
	m.Write([]byte(NormalisePassword(pw)))
	return m.Sum(nil)
}

// String writes h as $hmac-sha256$salt$mac.
func (h temporary) String() string {
	b := base64.RawStdEncoding
	return temporaryHead + b.EncodeToString(h.salt) + "$" + b.EncodeToString(h.mac)
}

func parseTemporary(s string) (h temporary, ok bool) {
	salt, mac, ok := strings.Cut(strings.TrimPrefix(s, temporaryHead), "$")
	if !ok || !strings.HasPrefix(s, temporaryHead) {
		return temporary{}, false
	}
	var err1, err2 error
	h.salt, err1 = base64.RawStdEncoding.DecodeString(salt)
	h.mac, err2 = base64.RawStdEncoding.DecodeString(mac)
	return h, err1 == nil && err2 == nil && len(h.salt) == saltLen && len(h.mac) == sha256.Size
}

// matchesTemporary reports whether pw is the temporary password whose hash is kept. It takes as long as any other password does: else the time would tell who
// has not activated yet.
func (s *Service) matchesTemporary(pw, kept string) bool {
	s.nobody.matches(pw)
	h, ok := parseTemporary(kept)
	if !ok || s.o.TemporaryKey == nil {
		return false
	}
	return subtle.ConstantTimeCompare(h.derive(pw, s.o.TemporaryKey), h.mac) == 1
}
