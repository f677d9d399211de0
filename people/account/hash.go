package account

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"

	"haven/platform/policy"
)

// hashed is a password as it is kept: argon2id with its parameters, salt and key (RFC 9106).
type hashed struct {
	kib, passes uint32
	lanes       uint8
	salt, key   []byte
}

const (
	saltLen = 16
	keyLen  = 32
)

// hashNew hashes a password under a fresh salt. It takes tens of milliseconds: call it in the queue.
func hashNew(pw string, p policy.Password) hashed {
	h := hashed{kib: p.Argon2KiB, passes: p.Argon2Pass, lanes: p.Argon2Lanes, salt: make([]byte, saltLen)}
	rand.Read(h.salt) // never fails (crypto/rand)
	h.key = h.derive(pw)
	return h
}

func (h hashed) derive(pw string) []byte {
	return argon2.IDKey([]byte(NormalisePassword(pw)), h.salt, h.passes, h.kib, h.lanes, keyLen)
}

// matches reports whether pw is the password, in a time that tells nothing of how near it was.
func (h hashed) matches(pw string) bool {
	return subtle.ConstantTimeCompare(h.derive(pw), h.key) == 1
}

// fits reports whether h was made with the parameters that p asks for now.
func (h hashed) fits(p policy.Password) bool {
	return h.kib == p.Argon2KiB && h.passes == p.Argon2Pass && h.lanes == p.Argon2Lanes
}

// String writes h in the usual form: $argon2id$v=19$m=19456,t=2,p=1$salt$key.
func (h hashed) String() string {
	b := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, h.kib, h.passes, h.lanes,
		b.EncodeToString(h.salt), b.EncodeToString(h.key))
}

// parseHash reads what String wrote. Parameters that nobody would have written are refused, since they would
// cost whatever a broken row says.
func parseHash(s string) (h hashed, ok bool) {
	part := strings.Split(s, "$")
	if len(part) != 6 || part[0] != "" || part[1] != "argon2id" || part[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return hashed{}, false
	}
	if n, err := fmt.Sscanf(part[3], "m=%d,t=%d,p=%d", &h.kib, &h.passes, &h.lanes); n != 3 || err != nil {
		return hashed{}, false
	}
	var err1, err2 error
	h.salt, err1 = base64.RawStdEncoding.DecodeString(part[4])
	h.key, err2 = base64.RawStdEncoding.DecodeString(part[5])
	ok = err1 == nil && err2 == nil && len(h.salt) >= 8 && len(h.key) == keyLen &&
		h.kib >= 8 && h.kib <= 1<<20 && h.passes >= 1 && h.passes <= 64 && h.lanes >= 1 && h.lanes <= 64
	return h, ok
}
