package webpush

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"slices"

	"haven/platform/errs"
)

const (
	bodySize   = 4096 // what every push service takes (RFC 8030 §7.2), and the size of the one record (RFC 8291 §4)
	saltSize   = 16
	headerSize = saltSize + 4 + 1 + pointSize // salt, record size, length and key of the sender (RFC 8188 §2.1)
	tagSize    = 16
	padStep    = 512
)

// MaxPayload is the longest payload: it and its end fit into one record of a body that every push service takes.
const MaxPayload = bodySize - headerSize - tagSize - 1

// Encrypt makes the body of a message that only the device with these keys reads (RFC 8291 §3, content coding aes128gcm). Payloads are made as long as others
// of their size, so that the length tells little.
func Encrypt(k Keys, payload []byte) ([]byte, error) {
	own, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	var salt [saltSize]byte
	_, _ = rand.Read(salt[:]) // never fails (crypto/rand)
	return seal(k, own, salt, payload, padding(len(payload)))
}

// padding is how many octets are put behind a payload and its end.
func padding(payload int) int {
	steps := (payload + padStep) / padStep // with the end
	return max(min(steps*padStep, MaxPayload+1)-payload-1, 0)
}

func seal(k Keys, own *ecdh.PrivateKey, salt [saltSize]byte, payload []byte, pad int) ([]byte, error) {
	if k.IsZero() || len(payload)+pad > MaxPayload {
		return nil, errs.E(errs.Internal, "")
	}
	aead, nonce, err := contentKey(k, own, salt)
	if err != nil {
		return nil, err
	}
	point := own.PublicKey().Bytes()
	body := append(make([]byte, 0, bodySize), salt[:]...)
	body = binary.BigEndian.AppendUint32(body, bodySize)
	body = append(append(body, byte(len(point))), point...)
	record := append(slices.Clone(payload), 2) // the last record (RFC 8188 §2)
	record = append(record, make([]byte, pad)...)
	return aead.Seal(body, nonce, record, nil), nil
}

// contentKey derives what the one record is sealed with (RFC 8291 §3.4, RFC 8188 §2.2, §2.3).
func contentKey(k Keys, own *ecdh.PrivateKey, salt [saltSize]byte) (cipher.AEAD, []byte, error) {
	shared, err := own.ECDH(k.device)
	if err != nil {
		return nil, nil, err
	}
	info := "WebPush: info\x00" + string(k.device.Bytes()) + string(own.PublicKey().Bytes())
	material, err := hkdf.Key(sha256.New, shared, k.auth[:], info, 32)
	if err != nil {
		return nil, nil, err
	}
	key, err := hkdf.Key(sha256.New, material, salt[:], "Content-Encoding: aes128gcm\x00", 16)
	if err != nil {
		return nil, nil, err
	}
	nonce, err := hkdf.Key(sha256.New, material, salt[:], "Content-Encoding: nonce\x00", 12)
	if err != nil {
		return nil, nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, nil, err
	}
	aead, err := cipher.NewGCM(block)
	return aead, nonce, err
}
