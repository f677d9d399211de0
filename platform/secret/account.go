package secret

import (
	"encoding/binary"
	"io"
	"sync/atomic"

	"haven"
	"haven/platform/errs"
)

// AccountKeys are one account's keys, ready for use: safe for many goroutines, and shared by all who ask for them.
// Once the account's data key is destroyed every method is NotFound, also for those who have held it for long. Don't
// keep one for longer than a piece of work: asking Keys.Account again is cheap, and notices what another process destroyed.
type AccountKeys struct {
	no      haven.AccountNo
	keys    atomic.Pointer[subkeys] // nil once destroyed
	checked atomic.Int64            // when the row was last seen, Unix microseconds
}

// subkeys are what is derived from a data key; the data key itself is not kept. The account's number is part of the
// derivation, so that whatever is sealed here is bound to the account.
type subkeys struct {
	wrap, seal box
	term, ref  prf
}

func newAccountKeys(no haven.AccountNo, data []byte, random io.Reader) (*AccountKeys, error) {
	var s subkeys
	var err error
	if s.wrap, err = deriveBox(data, "wrap", int64(no), random); err != nil {
		return nil, err
	}
	if s.seal, err = deriveBox(data, "seal", int64(no), random); err != nil {
		return nil, err
	}
	if s.term, err = derivePRF(data, "term", int64(no)); err != nil {
		return nil, err
	}
	if s.ref, err = derivePRF(data, "ref", int64(no)); err != nil {
		return nil, err
	}
	k := &AccountKeys{no: no}
	k.keys.Store(&s)
	return k, nil
}

func derivePRF(data []byte, use string, number int64) (prf, error) {
	key, err := derive(data, use, number)
	if err != nil {
		return prf{}, err
	}
	return newPRF(key)
}

func errDestroyed() error {
	return errs.E(errs.NotFound, "This account has been deleted for good.")
}

// No is the account's number.
func (k *AccountKeys) No() haven.AccountNo { return k.no }

// destroy drops the keys. An operation that runs at this moment ends with them.
func (k *AccountKeys) destroy() { k.keys.Store(nil) }

// WrapBody appends the key of a body, sealed for this account and this body, to dst: 61 octets.
func (k *AccountKeys) WrapBody(dst []byte, key *[32]byte, body int64) ([]byte, error) {
	s := k.keys.Load()
	if s == nil {
		return dst, errDestroyed()
	}
	w := workPool.Get().(*work)
	defer w.release()
	w.bound = binary.BigEndian.AppendUint64(w.bound[:0], uint64(body))
	w.plain = *key
	return s.wrap.sealWork(dst, w.plain[:], w)
}

// UnwrapBody opens what WrapBody made for the same body. Anything else is Internal.
func (k *AccountKeys) UnwrapBody(wrapped []byte, body int64) (key [32]byte, err error) {
	s := k.keys.Load()
	if s == nil {
		return key, errDestroyed()
	}
	w := workPool.Get().(*work)
	defer w.release()
	w.bound = binary.BigEndian.AppendUint64(w.bound[:0], uint64(body))
	if len(wrapped) != overhead+keySize {
		return key, errs.Wrap(errs.Internal, errBroken, "")
	}
	if _, err := s.wrap.openWork(w.plain[:0], wrapped, w); err != nil {
		return key, err
	}
	return w.plain, nil
}

// Seal appends plain, sealed for this account, to dst: 29 octets longer. What ad names (a table and a row) must be
// named again to open it, so that a sealed column put into another row does not open there.
func (k *AccountKeys) Seal(dst, plain, ad []byte) ([]byte, error) {
	s := k.keys.Load()
	if s == nil {
		return dst, errDestroyed()
	}
	return s.seal.seal(dst, plain, ad)
}

// Open appends what Seal sealed under the same ad to dst. Anything else is Internal, and dst comes back as it was.
func (k *AccountKeys) Open(dst, sealed, ad []byte) ([]byte, error) {
	s := k.keys.Load()
	if s == nil {
		return dst, errDestroyed()
	}
	return s.seal.open(dst, sealed, ad)
}

// Term is the token of a word in this account's search index. Equal words have equal tokens within the account only.
func (k *AccountKeys) Term(word []byte) (uint64, error) {
	s := k.keys.Load()
	if s == nil {
		return 0, errDestroyed()
	}
	w := workPool.Get().(*work)
	s.term.sum(word, w)
	token := binary.BigEndian.Uint64(w.block[:])
	workPool.Put(w)
	return token, nil
}

// Ref stands for a Message-ID in this account's thread references and remembered submissions.
func (k *AccountKeys) Ref(messageID []byte) (ref [16]byte, err error) {
	s := k.keys.Load()
	if s == nil {
		return ref, errDestroyed()
	}
	w := workPool.Get().(*work)
	s.ref.sum(messageID, w)
	ref = w.block
	workPool.Put(w)
	return ref, nil
}
