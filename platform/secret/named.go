package secret

import (
	"context"
	"crypto/rand"

	"haven/platform/db"
	"haven/platform/errs"
)

// maxNamed bounds a named secret: a certificate with its chain and key fits.
const maxNamed = 64 << 10

// Named opens a secret of the service, such as "dkim.rsa"; NotFound if there is none.
func (k *Keys) Named(ctx context.Context, name string) ([]byte, error) {
	var w wrapped
	if err := k.db.Read(ctx, func(tx *db.Tx) error {
		var found bool
		var err error
		if w, found, err = readNamed(tx, name); err == nil && !found {
			err = errs.E(errs.NotFound, "")
		}
		return err
	}); err != nil {
		return nil, err
	}
	s, err := k.service(ctx, w.service)
	if err != nil {
		return nil, err
	}
	return s.named.open(nil, w.sealed, []byte(name))
}

// SetNamed seals a secret under a name, in place of what was there.
func (k *Keys) SetNamed(ctx context.Context, name string, value []byte) error {
	return k.putNamed(ctx, name, value, writeNamed)
}

// NamedOr opens a secret, and if there is none makes it first. Processes that make it at once all get the same.
func (k *Keys) NamedOr(ctx context.Context, name string, make func() ([]byte, error)) ([]byte, error) {
	value, err := k.Named(ctx, name)
	if !errs.Is(err, errs.NotFound) {
		return value, err
	}
	if value, err = make(); err != nil {
		return nil, err
	}
	if err := k.putNamed(ctx, name, value, insertNamed); err != nil {
		return nil, err
	}
	return k.Named(ctx, name)
}

// NamedKey is NamedOr for a key of 32 random octets, such as of a keyed hash.
func (k *Keys) NamedKey(ctx context.Context, name string) ([]byte, error) {
	return k.NamedOr(ctx, name, func() ([]byte, error) { return newKey(rand.Reader) })
}

func (k *Keys) putNamed(ctx context.Context, name string, value []byte, put func(*db.Tx, string, wrapped)) error {
	if name == "" || len(name) > 100 || len(value) > maxNamed {
		return errs.E(errs.Invalid, "A secret has a name of up to 100 octets and up to %d octets.", maxNamed)
	}
	return k.withNewest(ctx, func(tx *db.Tx, s *service) error {
		sealed, err := s.named.seal(nil, value, []byte(name))
		if err != nil {
			return err
		}
		put(tx, name, wrapped{sealed, s.n})
		return nil
	})
}
