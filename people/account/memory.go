package account

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"time"

	"haven"
	"haven/platform/limit"
)

// memory remembers for minutes which secrets proved good or bad, so that a mail program that comes again every
// few seconds costs microseconds, and a saved wrong password is one failure (Rules 6). It holds keyed hashes
// under a key that lives as long as the process; with the credential's version in them, a change forgets all.
type memory struct {
	key    [32]byte
	keep   time.Duration
	recent *limit.Recent[secretKey, remembered]
}

type secretKey [32]byte

type remembered struct {
	good  bool
	until time.Time
}

func newMemory(keep time.Duration, most int) *memory {
	m := &memory{keep: keep, recent: limit.NewRecent[secretKey, remembered](most)}
	rand.Read(m.key[:]) // never fails (crypto/rand)
	return m
}

// of is the key under which a secret is remembered. user stands for an account that there is none of.
func (m *memory) of(no haven.AccountNo, ver int64, user, secret string) secretKey {
	h := hmac.New(sha256.New, m.key[:])
	var b [24]byte
	binary.BigEndian.PutUint64(b[:], uint64(no))
	binary.BigEndian.PutUint64(b[8:], uint64(ver))
	if no == 0 {
		binary.BigEndian.PutUint64(b[16:], uint64(len(user)))
	}
	h.Write(b[:])
	if no == 0 {
		h.Write([]byte(user))
	}
	h.Write([]byte(secret))
	return secretKey(h.Sum(nil))
}

// whileShut is the key under which a secret is remembered that was refused because the account was locked until then,
// which tells nothing of how good it is afterwards.
func (m *memory) whileShut(k secretKey, until time.Time) secretKey {
	h := hmac.New(sha256.New, m.key[:])
	h.Write(binary.BigEndian.AppendUint64(k[:], uint64(until.UnixMicro())))
	return secretKey(h.Sum(nil))
}

// recall says what is known of a secret. A bad one that is tried again stays known.
func (m *memory) recall(k secretKey, now time.Time) (good, known bool) {
	r, ok := m.recent.Get(k)
	if !ok || !now.Before(r.until) {
		return false, false
	}
	if !r.good {
		m.learn(k, false, now)
	}
	return r.good, true
}

func (m *memory) learn(k secretKey, good bool, now time.Time) {
	m.recent.Put(k, remembered{good, now.Add(m.keep)})
}
