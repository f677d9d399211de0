package secret

import (
	"container/list"
	"context"
	"runtime"
	"sync"
	"time"
	"weak"

	"haven"
	"haven/platform/db"
	"haven/platform/errs"
)

// Keys is the key service. It is safe for many goroutines; several processes may run one on the same key store.
type Keys struct {
	db  *db.DB
	kms KMS
	opt Options

	mu       sync.Mutex
	services map[int64]*service
	ready    map[haven.AccountNo]*list.Element // accounts used last, strongly held
	order    *list.List                        // of *AccountKeys, most recently used first

	// held is every AccountKeys that anybody still holds, also those that fell out of ready, so that destruction
	// reaches them.
	held map[haven.AccountNo]weak.Pointer[AccountKeys]
	age  uint64 // counts Forget
}

func newKeys(d *db.DB, kms KMS, o Options) *Keys {
	return &Keys{db: d, kms: kms, opt: o, services: map[int64]*service{}, ready: map[haven.AccountNo]*list.Element{},
		order: list.New(), held: map[haven.AccountNo]weak.Pointer[AccountKeys]{}}
}

// Close forgets every key. AccountKeys that are held stay good; the database is its opener's to close.
func (k *Keys) Close() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.services = map[int64]*service{}
	clear(k.ready)
	k.order.Init()
}

// Create makes an account's data key. Call it before the account's own row is committed: a key without an account
// harms nobody. It is Conflict if the account has a key, or had one that was destroyed.
func (k *Keys) Create(ctx context.Context, no haven.AccountNo) error {
	data, err := newKey(k.opt.Rand)
	if err != nil {
		return err
	}
	defer clear(data)
	return k.withNewest(ctx, func(tx *db.Tx, s *service) error {
		if _, gone, err := readDestroyed(tx, no); err != nil || gone {
			if gone {
				return errs.E(errs.Conflict, "This account has been deleted for good.")
			}
			return err
		}
		sealed, err := s.accounts.seal(nil, data, number8(int64(no)))
		if err != nil {
			return err
		}
		return insertAccount(tx, no, wrapped{sealed, s.n})
	})
}

// Account gives an account's keys: from memory, or from the key store. It is NotFound once the data key has been
// destroyed, by this process at once, by another within Options.Recheck.
func (k *Keys) Account(ctx context.Context, no haven.AccountNo) (*AccountKeys, error) {
	have, age := k.lookup(no)
	if have != nil && k.opt.Now().UnixMicro()-have.checked.Load() < k.opt.Recheck.Microseconds() {
		return have, nil
	}
	var w wrapped
	var found bool
	if err := k.db.Read(ctx, func(tx *db.Tx) (err error) {
		w, found, err = readAccount(tx, no)
		return err
	}); err != nil {
		return nil, err
	}
	if !found {
		k.Forget(no)
		return nil, errDestroyed()
	}
	if have != nil {
		have.checked.Store(k.opt.Now().UnixMicro())
		return have, nil
	}
	keys, err := k.load(ctx, no, w)
	if err != nil {
		return nil, err
	}
	if keys, ok := k.remember(keys, age); ok {
		return keys, nil
	}
	return k.Account(ctx, no) // some account was forgotten since the row was read; perhaps this one
}

// load opens the data key of a row.
func (k *Keys) load(ctx context.Context, no haven.AccountNo, w wrapped) (*AccountKeys, error) {
	s, err := k.service(ctx, w.service)
	if err != nil {
		return nil, err
	}
	data, err := s.accounts.open(nil, w.sealed, number8(int64(no)))
	if err != nil {
		return nil, err
	}
	defer clear(data)
	fresh, err := newAccountKeys(no, data, k.opt.Rand)
	if err != nil {
		return nil, err
	}
	fresh.checked.Store(k.opt.Now().UnixMicro())
	return fresh, nil
}

// lookup finds an account's keys in memory, whoever holds them, and marks them as used. The age is for remember.
func (k *Keys) lookup(no haven.AccountNo) (keys *AccountKeys, age uint64) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if e := k.ready[no]; e != nil {
		k.order.MoveToFront(e)
		return e.Value.(*AccountKeys), k.age
	}
	if p, ok := k.held[no]; ok {
		if keys := p.Value(); keys != nil {
			k.touch(keys)
			return keys, k.age
		}
	}
	return nil, k.age
}

// remember makes fresh the one AccountKeys of its account, unless somebody was faster. It is false if an account was
// forgotten since age: what was read before that may be a key that is destroyed by now.
func (k *Keys) remember(fresh *AccountKeys, age uint64) (*AccountKeys, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.age != age {
		return nil, false
	}
	if p, ok := k.held[fresh.no]; ok {
		if keys := p.Value(); keys != nil {
			return keys, true
		}
	}
	k.held[fresh.no] = weak.Make(fresh)
	runtime.AddCleanup(fresh, k.drop, fresh.no)
	k.touch(fresh)
	return fresh, true
}

// touch holds keys strongly, at the cost of those used longest ago. The caller holds mu.
func (k *Keys) touch(keys *AccountKeys) {
	k.ready[keys.no] = k.order.PushFront(keys)
	for k.order.Len() > k.opt.Cache {
		last := k.order.Back()
		k.order.Remove(last)
		delete(k.ready, last.Value.(*AccountKeys).no)
	}
}

// drop removes the trace of keys that nobody holds any more.
func (k *Keys) drop(no haven.AccountNo) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if p, ok := k.held[no]; ok && p.Value() == nil {
		delete(k.held, no)
	}
}

// Forget ends an account's keys in this process, also for those who hold them. It is for what another process
// destroyed; should the key still be there, the next Account loads it anew.
func (k *Keys) Forget(no haven.AccountNo) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.age++
	if p, ok := k.held[no]; ok {
		if keys := p.Value(); keys != nil {
			keys.destroy()
		}
		delete(k.held, no)
	}
	if e := k.ready[no]; e != nil {
		k.order.Remove(e)
		delete(k.ready, no)
	}
}

// Destroy ends an account's data key for good: the row is gone, overwritten where the engine can, and every
// AccountKeys in this process ends. What was sealed under it stays unreadable, save to who has an older copy of the key
// store and the master key. Doing it twice is no error; an account that never had a key is NotFound.
func (k *Keys) Destroy(ctx context.Context, no haven.AccountNo) error {
	if err := k.db.Write(ctx, func(tx *db.Tx) error {
		was, err := deleteAccount(tx, no)
		if err != nil {
			return err
		}
		if was {
			insertDestroyed(tx, no, k.opt.Now())
			return nil
		}
		_, gone, err := readDestroyed(tx, no)
		if err == nil && !gone {
			err = errs.E(errs.NotFound, "")
		}
		return err
	}); err != nil {
		return err
	}
	k.Forget(no)
	return nil
}

// DestroyedAt is when an account's key was destroyed, from which the day counts on which a purge is final; NotFound if
// it was not.
func (k *Keys) DestroyedAt(ctx context.Context, no haven.AccountNo) (at time.Time, err error) {
	err = k.db.Read(ctx, func(tx *db.Tx) error {
		var gone bool
		at, gone, err = readDestroyed(tx, no)
		if err == nil && !gone {
			err = errs.E(errs.NotFound, "")
		}
		return err
	})
	return at, err
}
