package secret

import (
	"context"
	"crypto/rand"
)

// Sealer seals small values under a service secret of its own, for parts that keep what belongs to no account, such
// as the queue's keys to bodies.
type Sealer struct{ box box }

// Sealer is the sealer of a name; its key is made at its first use and kept among the named secrets.
func (k *Keys) Sealer(ctx context.Context, name string) (*Sealer, error) {
	key, err := k.NamedOr(ctx, name, func() ([]byte, error) { return newKey(rand.Reader) })
	if err != nil {
		return nil, err
	}
	b, err := newBox(key, rand.Reader)
	if err != nil {
		return nil, err
	}
	return &Sealer{b}, nil
}

// Seal appends plain, sealed and bound to ad, to dst.
func (s *Sealer) Seal(dst, plain, ad []byte) ([]byte, error) { return s.box.seal(dst, plain, ad) }

// Open appends what Seal sealed under the same ad to dst. Anything else is Internal.
func (s *Sealer) Open(dst, sealed, ad []byte) ([]byte, error) { return s.box.open(dst, sealed, ad) }
