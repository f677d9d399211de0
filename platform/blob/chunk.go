package blob

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/klauspost/compress/zstd"
)

// sealer seals and opens the chunks of one body: AES-256-GCM under the body's own key. The nonce is the chunk's
// number, which is safe because no key ever seals a second body. The seal also binds the body's id, whether the
// chunk is the last (so that a body cut off does not open) and whether it was compressed.
//
// It keeps nonce and bound data in itself to spare an allocation a chunk; one goroutine at a time.
type sealer struct {
	aead  cipher.AEAD
	nonce [12]byte
	bound [14]byte
}

func (s *sealer) init(id ID, key *Key) error {
	block, err := aes.NewCipher(key[:])
	if err != nil {
		return err
	}
	if s.aead, err = cipher.NewGCM(block); err != nil {
		return err
	}
	binary.BigEndian.PutUint64(s.bound[:], uint64(id))
	return nil
}

func (s *sealer) bind(n int64, last, packed bool) {
	binary.BigEndian.PutUint64(s.nonce[4:], uint64(n))
	binary.BigEndian.PutUint32(s.bound[8:], uint32(n))
	s.bound[12], s.bound[13] = bit(last), bit(packed)
}

// seal appends the sealed plain to dst; the two may be the same memory, dst being plain[:0].
func (s *sealer) seal(dst, plain []byte, n int64, last, packed bool) []byte {
	s.bind(n, last, packed)
	return s.aead.Seal(dst, s.nonce[:], plain, s.bound[:])
}

// open appends what sealed holds to dst; the two may be the same memory, dst being sealed[:0].
func (s *sealer) open(dst, sealed []byte, n int64, last, packed bool) ([]byte, error) {
	s.bind(n, last, packed)
	return s.aead.Open(dst, s.nonce[:], sealed, s.bound[:])
}

func bit(b bool) byte {
	if b {
		return 1
	}
	return 0
}

// packer compresses chunks, each by itself. It is safe for many goroutines; at most as many work at once as there
// are processors, the others wait. It needs no closing: used a chunk at a time, neither half starts a goroutine.
//
// Only chunks of bodies over 64 KiB come here. Under that zstd costs a 10 KB letter more time than all the rest
// of storing it (BenchmarkPack against BenchmarkPut), so small bodies are kept as they are.
type packer struct {
	enc *zstd.Encoder
	dec *zstd.Decoder
}

func newPacker() (*packer, error) {
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithWindowSize(chunkSize),
		zstd.WithEncoderCRC(false), zstd.WithSingleSegment(true), zstd.WithLowerEncoderMem(true))
	if err != nil {
		return nil, err
	}
	dec, err := zstd.NewReader(nil, zstd.WithDecoderMaxMemory(chunkSize), zstd.WithDecoderMaxWindow(chunkSize),
		zstd.WithDecoderConcurrency(0), zstd.WithDecoderLowmem(true))
	if err != nil {
		return nil, err
	}
	return &packer{enc: enc, dec: dec}, nil
}

// pack appends plain compressed to dst and reports whether that pays: at least a sixteenth saved.
func (p *packer) pack(dst, plain []byte) ([]byte, bool) {
	out := p.enc.EncodeAll(plain, dst)
	return out, len(out)-len(dst) <= len(plain)-len(plain)/16
}

// unpack appends exactly size octets to dst.
func (p *packer) unpack(dst, packed []byte, size int) ([]byte, error) {
	dst = slices.Grow(dst, size)
	out, err := p.dec.DecodeAll(packed, dst[len(dst):len(dst):len(dst)+size])
	if err != nil {
		return dst, err
	}
	if len(out) != size {
		return dst, fmt.Errorf("a chunk of %d octets unpacks to %d", size, len(out))
	}
	return append(dst, out...), nil // the same memory, unless the decoder had to move
}
