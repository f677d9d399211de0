// Package secret is the hierarchy of keys: a master key that a KMS holds, a few service keys that it wraps, a data key
// per account that a service key wraps, and what is derived from a data key for each use.
//
//	master key (KMS)  wraps  service keys  wrap  accounts' data keys  derive  wrap, seal, term, ref
//	                                       seal  secrets of the service, by name
//
// Wrapped keys live in a database of their own, which is never in the mail's back-up. Destroying an account's data key
// ends whatever was sealed under it, wherever copies of that lie. The KMS is asked at the start, and when a service
// key was made since; while it is down, what is open goes on.
package secret

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"io"
	"log/slog"
	"slices"
	"sync"
	"time"

	"haven/platform/errs"
)

// keySize is the length of every key here: AES-256.
const keySize = 32

// Options size and feed a key service. The zero value is what production uses.
type Options struct {
	Now     func() time.Time // default time.Now
	Rand    io.Reader        // default crypto/rand
	Logger  *slog.Logger     // default discards; never gets a key
	Cache   int              // accounts whose keys stay ready; default 10,000 (about 3 KiB each)
	Recheck time.Duration    // after how long a ready key is looked up again; default 1 minute
	Retry   time.Duration    // how often Open asks a KMS that is down; default 5 s
}

func (o Options) withDefaults() Options {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Rand == nil {
		o.Rand = rand.Reader
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Cache <= 0 {
		o.Cache = 10_000
	}
	if o.Recheck <= 0 {
		o.Recheck = time.Minute
	}
	if o.Retry <= 0 {
		o.Retry = 5 * time.Second
	}
	return o
}

var errBroken = errors.New("secret: the seal is broken, or was made with another key or for another place")

func newKey(random io.Reader) ([]byte, error) {
	key := make([]byte, keySize)
	_, err := io.ReadFull(random, key)
	return key, err
}

// derive makes the key for one use from a key that is random already, so that extraction is left out (RFC 5869 §3.3).
// The number, an account's or a service key's, makes equal parents differ.
func derive(parent []byte, use string, number int64) ([]byte, error) {
	info := binary.BigEndian.AppendUint64([]byte("haven 1 "+use+" "), uint64(number))
	return hkdf.Expand(sha256.New, parent, string(info), keySize)
}

// box seals under one key: a version octet, a random nonce, AES-256-GCM. What is bound is proven by open and not
// stored. It is safe for many goroutines and good for 2^32 seals.
type box struct {
	aead   cipher.AEAD
	random io.Reader
}

const (
	boxVersion = 1
	nonceSize  = 12
	tagSize    = 16
	overhead   = 1 + nonceSize + tagSize
)

func newBox(key []byte, random io.Reader) (box, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return box{}, err
	}
	aead, err := cipher.NewGCM(block)
	return box{aead: aead, random: random}, err
}

// deriveBox is a box under the key for one use.
func deriveBox(parent []byte, use string, number int64, random io.Reader) (box, error) {
	key, err := derive(parent, use, number)
	if err != nil {
		return box{}, err
	}
	return newBox(key, random)
}

// work is memory for one operation. Arguments that pass through an interface of package cipher would each be
// allocated; they are copied here instead.
type work struct {
	bound []byte
	plain [keySize]byte
	block [aes.BlockSize]byte
}

var workPool = sync.Pool{New: func() any { return &work{bound: make([]byte, 0, 64)} }}

func (w *work) release() {
	clear(w.plain[:])
	workPool.Put(w)
}

// seal appends plain sealed and bound to dst: overhead octets longer.
func (b *box) seal(dst, plain, bound []byte) ([]byte, error) {
	w := workPool.Get().(*work)
	defer w.release()
	w.bound = append(w.bound[:0], bound...)
	return b.sealWork(dst, plain, w)
}

func (b *box) sealWork(dst, plain []byte, w *work) ([]byte, error) {
	n := len(dst)
	out := append(slices.Grow(dst, overhead+len(plain)), boxVersion)[:n+1+nonceSize]
	nonce := out[n+1:]
	if _, err := io.ReadFull(b.random, nonce); err != nil {
		return dst, err
	}
	return b.aead.Seal(out, nonce, plain, w.bound), nil
}

// open appends what sealed holds to dst. On an error dst comes back as it was.
func (b *box) open(dst, sealed, bound []byte) ([]byte, error) {
	w := workPool.Get().(*work)
	defer w.release()
	w.bound = append(w.bound[:0], bound...)
	return b.openWork(dst, sealed, w)
}

func (b *box) openWork(dst, sealed []byte, w *work) ([]byte, error) {
	if len(sealed) < overhead || sealed[0] != boxVersion {
		return dst, errs.Wrap(errs.Internal, errBroken, "")
	}
	out, err := b.aead.Open(dst, sealed[1:1+nonceSize], sealed[1+nonceSize:], w.bound)
	if err != nil {
		return dst, errs.Wrap(errs.Internal, errBroken, "")
	}
	return out, nil
}

// number8 is a number as it is bound.
func number8(n int64) []byte { return binary.BigEndian.AppendUint64(nil, uint64(n)) }
