package secret

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/subtle"
)

// prf is AES-CMAC (NIST SP 800-38B, RFC 4493), with AES-256: a keyed hash that costs one block of AES for a word of up
// to 16 octets, some ten times less than HMAC-SHA-256. Whoever lacks the key learns from the hashes of an account
// which are equal, and nothing else.
type prf struct {
	block        cipher.Block
	whole, short [aes.BlockSize]byte // subkeys for a last block that is full, or padded
}

func newPRF(key []byte) (prf, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return prf{}, err
	}
	p := prf{block: block}
	var zero [aes.BlockSize]byte
	block.Encrypt(p.whole[:], zero[:])
	double(&p.whole)
	p.short = p.whole
	double(&p.short)
	return p, nil
}

// double multiplies by x in GF(2^128), without a branch on the key.
func double(b *[aes.BlockSize]byte) {
	carry := b[0] >> 7
	for i := 0; i < len(b)-1; i++ {
		b[i] = b[i]<<1 | b[i+1]>>7
	}
	b[len(b)-1] = b[len(b)-1]<<1 ^ byte(subtle.ConstantTimeSelect(int(carry), 0x87, 0))
}

// sum leaves the hash of msg in w.block.
func (p *prf) sum(msg []byte, w *work) {
	x := w.block[:]
	clear(x)
	for len(msg) > aes.BlockSize {
		subtle.XORBytes(x, x, msg[:aes.BlockSize])
		p.block.Encrypt(x, x)
		msg = msg[aes.BlockSize:]
	}
	subtle.XORBytes(x, x, msg)
	if len(msg) == aes.BlockSize {
		subtle.XORBytes(x, x, p.whole[:])
	} else {
		x[len(msg)] ^= 0x80
		subtle.XORBytes(x, x, p.short[:])
	}
	p.block.Encrypt(x, x)
}
