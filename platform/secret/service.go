package secret

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"haven/platform/db"
	"haven/platform/errs"
)

// service is a service key, open.
type service struct {
	n        int64
	accounts box // wraps accounts' data keys
	named    box // seals secrets by name
}

func newService(n int64, key []byte, o Options) (*service, error) {
	accounts, err := deriveBox(key, "accounts", n, o.Rand)
	if err != nil {
		return nil, err
	}
	named, err := deriveBox(key, "named", n, o.Rand)
	return &service{n: n, accounts: accounts, named: named}, err
}

// Open opens the key store and makes the first service key if there is none. While the KMS is down it waits and says
// so, until ctx ends.
func Open(ctx context.Context, d *db.DB, kms KMS, o Options) (*Keys, error) {
	k := newKeys(d, kms, o.withDefaults())
	for {
		err := k.start(ctx)
		if err == nil {
			return k, nil
		}
		if !errs.Is(err, errs.Transient) {
			return nil, err
		}
		k.opt.Logger.Warn("waiting for the master key: the KMS or the key store does not answer", "error", err)
		select {
		case <-ctx.Done():
			return nil, errors.Join(err, ctx.Err())
		case <-time.After(k.opt.Retry):
		}
	}
}

func (k *Keys) start(ctx context.Context) error {
	if err := k.loadServices(ctx); err != nil {
		return err
	}
	if k.newest() != nil {
		return nil
	}
	return k.makeService(ctx, 1)
}

// loadServices opens the service keys that are not open yet and forgets those that are gone.
func (k *Keys) loadServices(ctx context.Context) error {
	var rows map[int64][]byte
	if err := k.db.Read(ctx, func(tx *db.Tx) (err error) {
		rows, err = readServices(tx)
		return err
	}); err != nil {
		return err
	}
	k.mu.Lock()
	have := maps.Clone(k.services)
	k.mu.Unlock()
	next := make(map[int64]*service, len(rows))
	for n, sealed := range rows {
		if next[n] = have[n]; next[n] != nil {
			continue
		}
		key, err := k.kms.Unwrap(ctx, sealed)
		if err != nil {
			return err
		}
		if next[n], err = newService(n, key, k.opt); err != nil {
			return err
		}
		clear(key)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.services = next
	return nil
}

// makeService adds a service key of a number, or takes the one that another process has just added.
func (k *Keys) makeService(ctx context.Context, n int64) error {
	key, err := newKey(k.opt.Rand)
	if err != nil {
		return err
	}
	defer clear(key)
	sealed, err := k.kms.Wrap(ctx, key)
	if err != nil {
		return err
	}
	if err := k.db.Write(ctx, func(tx *db.Tx) error {
		_, err := insertService(tx, n, sealed, k.opt.Now())
		return err
	}); err != nil {
		return err
	}
	return k.loadServices(ctx)
}

func (k *Keys) newest() *service {
	k.mu.Lock()
	defer k.mu.Unlock()
	var last *service
	for _, s := range k.services {
		if last == nil || s.n > last.n {
			last = s
		}
	}
	return last
}

// service gives a service key by number. One that another process made since is opened by the KMS.
func (k *Keys) service(ctx context.Context, n int64) (*service, error) {
	for range 2 {
		k.mu.Lock()
		s := k.services[n]
		k.mu.Unlock()
		if s != nil {
			return s, nil
		}
		if err := k.loadServices(ctx); err != nil {
			return nil, err
		}
	}
	return nil, errs.Wrap(errs.Internal, fmt.Errorf("secret: service key %d is missing", n), "")
}

// withNewest runs write with the newest service key. When a rotation has removed that key meanwhile, it tries again
// with the one that took its place.
func (k *Keys) withNewest(ctx context.Context, write func(tx *db.Tx, s *service) error) error {
	for {
		s := k.newest()
		if s == nil {
			return errs.Wrap(errs.Transient, errors.New("secret: closed"), "")
		}
		err := k.db.Write(ctx, func(tx *db.Tx) error {
			there, err := hasService(tx, s.n)
			if err != nil {
				return err
			}
			if !there {
				return errRotated
			}
			return write(tx, s)
		})
		if err == nil {
			return nil
		}
		if loadErr := k.loadServices(ctx); loadErr != nil {
			return errors.Join(err, loadErr)
		}
		if now := k.newest(); now == nil || now.n == s.n {
			return err
		}
	}
}

var errRotated = errs.Wrap(errs.Transient, errors.New("secret: the service key was replaced"), "")

// rotateStep is how many accounts' keys one transaction re-wraps.
const rotateStep = 200

// Rotate makes a new service key, re-wraps every account's key and every named secret under it, and removes the old
// ones. Work goes on meanwhile. It may be stopped at any point; the next Rotate ends what was left.
func (k *Keys) Rotate(ctx context.Context) error {
	if err := k.loadServices(ctx); err != nil {
		return err
	}
	last := k.newest()
	if last == nil {
		return errs.Wrap(errs.Transient, errors.New("secret: closed"), "")
	}
	if err := k.makeService(ctx, last.n+1); err != nil {
		return err
	}
	to, err := k.service(ctx, last.n+1)
	if err != nil {
		return err
	}
	for {
		n, err := k.rewrapAccounts(ctx, to)
		if err != nil {
			return err
		}
		if n == 0 {
			break
		}
	}
	if err := k.rewrapNamed(ctx, to); err != nil {
		return err
	}
	if err := k.db.Write(ctx, func(tx *db.Tx) error {
		_, err := deleteServices(tx, to.n)
		return err
	}); err != nil {
		return err
	}
	return k.loadServices(ctx)
}

func (k *Keys) rewrapAccounts(ctx context.Context, to *service) (int, error) {
	var done int
	var olds map[int64]*service
	if err := k.loadServices(ctx); err != nil {
		return 0, err
	}
	k.mu.Lock()
	olds = maps.Clone(k.services)
	k.mu.Unlock()
	err := k.db.Write(ctx, func(tx *db.Tx) error {
		rows, err := oldAccounts(tx, to.n, rotateStep)
		done = len(rows)
		if err != nil {
			return err
		}
		for no, w := range rows {
			from := olds[w.service]
			if from == nil {
				return errRotated
			}
			bound := number8(int64(no))
			sealed, err := rewrap(&from.accounts, &to.accounts, w.sealed, bound)
			if err != nil {
				return err
			}
			moveAccount(tx, no, w.service, wrapped{sealed, to.n})
		}
		return nil
	})
	return done, err
}

func (k *Keys) rewrapNamed(ctx context.Context, to *service) error {
	k.mu.Lock()
	olds := maps.Clone(k.services)
	k.mu.Unlock()
	return k.db.Write(ctx, func(tx *db.Tx) error {
		rows, err := oldNamed(tx, to.n)
		if err != nil {
			return err
		}
		for name, w := range rows {
			from := olds[w.service]
			if from == nil {
				return errRotated
			}
			sealed, err := rewrap(&from.named, &to.named, w.sealed, []byte(name))
			if err != nil {
				return err
			}
			moveNamed(tx, name, w.service, wrapped{sealed, to.n})
		}
		return nil
	})
}

func rewrap(from, to *box, sealed, bound []byte) ([]byte, error) {
	plain, err := from.open(nil, sealed, bound)
	if err != nil {
		return nil, err
	}
	defer clear(plain)
	return to.seal(nil, plain, bound)
}
