package secret

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"slices"
	"strconv"
	"sync"
	"time"

	"haven/platform/db"
	"haven/platform/errs"
)

// Sealer seals small values that belong to no account, such as the queue's keys to bodies, under a key a day. A key that is
// dropped takes with it whatever was sealed on its day, wherever copies of that lie, as an account's data key does; so
// what was purged doesn't stay readable through the queue that it once waited in. It is safe for many goroutines, and for several
// processes at once.
type Sealer struct {
	k    *Keys
	name string

	mu   sync.Mutex
	days map[int64]*box
}

const (
	sealPeriod  = 24 * time.Hour
	sealWait    = 5 * time.Second // for a key that is not in memory
	dayVersion  = 2               // of what a Sealer makes: this octet, the day, and what box makes
	dayOverhead = 1 + 8
	// undated is the day of what was sealed before there was a key a day. Its key has the bare name.
	undated = int64(-1)
)

// Sealer is the sealer of a name; its keys are made when they are needed and kept among the named secrets until Turn drops them.
// A full disk is no error before something is sealed.
func (k *Keys) Sealer(ctx context.Context, name string) (*Sealer, error) {
	s := &Sealer{k: k, name: name, days: map[int64]*box{}}
	if _, err := s.make(ctx, s.today()); err != nil && !errs.IsStorageFull(err) {
		return nil, err
	}
	return s, nil
}

// Seal appends plain, sealed and bound to ad, to dst.
func (s *Sealer) Seal(dst, plain, ad []byte) ([]byte, error) {
	day := s.today()
	b := s.ready(day)
	if b == nil { // Turn makes it a day ahead; it did not run
		ctx, cancel := context.WithTimeout(context.Background(), sealWait)
		defer cancel()
		var err error
		if b, err = s.make(ctx, day); err != nil {
			return dst, err
		}
	}
	out, err := b.seal(binary.BigEndian.AppendUint64(append(dst, dayVersion), uint64(day)), plain, ad)
	if err != nil {
		return dst, err
	}
	return out, nil
}

// Open appends what Seal sealed under the same ad to dst. It is NotFound once the key of that day was dropped; anything else that does
// not open is Internal.
func (s *Sealer) Open(dst, sealed, ad []byte) ([]byte, error) {
	day, rest := undated, sealed
	if len(sealed) >= dayOverhead && sealed[0] == dayVersion {
		day, rest = int64(binary.BigEndian.Uint64(sealed[1:])), sealed[dayOverhead:]
	}
	b := s.ready(day)
	if b == nil {
		ctx, cancel := context.WithTimeout(context.Background(), sealWait)
		defer cancel()
		var err error
		if b, err = s.load(ctx, day); err != nil {
			return dst, err
		}
	}
	return b.open(dst, rest, ad)
}

// Turn makes the keys of today and tomorrow ready, and drops those that nothing needs any more: keys of days that were over
// a day before oldest, which is when the oldest value was sealed that may still be opened; zero: there is none. Call it every
// hour or so, in every process.
func (s *Sealer) Turn(ctx context.Context, oldest time.Time) error {
	now := s.k.opt.Now()
	for _, at := range []time.Time{now, now.Add(sealPeriod)} {
		if s.ready(dayOf(at)) == nil {
			if _, err := s.make(ctx, dayOf(at)); err != nil {
				return err
			}
		}
	}
	if oldest.IsZero() || oldest.After(now) {
		oldest = now
	}
	before := dayOf(oldest) - 1 // a value is sealed a little before it is written down
	err := s.k.db.Write(ctx, func(tx *db.Tx) error {
		days, err := s.keptDays(tx)
		if err != nil {
			return err
		}
		for _, day := range days {
			if day < before {
				deleteNamed(tx, s.keyName(day))
			}
		}
		if len(days) > 0 && days[0] < before { // since the first key of a day nothing was sealed under the undated one
			deleteNamed(tx, s.name)
		}
		return nil
	})
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for day := range s.days {
		if day < before {
			delete(s.days, day) // the undated one may still be there, and is then read again
		}
	}
	return nil
}

func dayOf(t time.Time) int64 { return t.Unix() / int64(sealPeriod/time.Second) }

func (s *Sealer) today() int64 { return dayOf(s.k.opt.Now()) }

func (s *Sealer) keyName(day int64) string {
	if day == undated {
		return s.name
	}
	return s.name + "/" + strconv.FormatInt(day, 10)
}

// keptDays lists the days that have a key, ascending.
func (s *Sealer) keptDays(tx *db.Tx) (days []int64, err error) {
	prefix := s.name + "/"
	names, err := namedAfter(tx, prefix)
	for _, name := range names {
		if day, err := strconv.ParseInt(name[len(prefix):], 10, 64); err == nil {
			days = append(days, day)
		}
	}
	slices.Sort(days)
	return days, err
}

func (s *Sealer) ready(day int64) *box {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.days[day]
}

// make loads a day's key, and makes it if there is none.
func (s *Sealer) make(ctx context.Context, day int64) (*box, error) {
	key, err := s.k.NamedOr(ctx, s.keyName(day), func() ([]byte, error) { return newKey(rand.Reader) })
	return s.keep(day, key, err)
}

func (s *Sealer) load(ctx context.Context, day int64) (*box, error) {
	key, err := s.k.Named(ctx, s.keyName(day))
	if errs.Is(err, errs.NotFound) {
		err = errs.E(errs.NotFound, "The message has been deleted for good.")
	}
	return s.keep(day, key, err)
}

func (s *Sealer) keep(day int64, key []byte, err error) (*box, error) {
	if err != nil {
		return nil, err
	}
	defer clear(key)
	b, err := newBox(key, rand.Reader)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.days[day] = &b
	return &b, nil
}
