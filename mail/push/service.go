package push

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/binary"
	"encoding/json"
	"log/slog"
	"time"

	"haven"
	"haven/platform/audit"
	"haven/platform/clock"
	"haven/platform/db"
	"haven/platform/errs"
	"haven/platform/policy"
	"haven/platform/secret"
	"haven/platform/webpush"
)

// Keys give a person's data key.
type Keys interface {
	Account(ctx context.Context, no haven.AccountNo) (*secret.AccountKeys, error)
}

// Options are what the service stands on; every field but Logger is needed.
type Options struct {
	DB          *db.DB
	Keys        Keys
	Credentials Credentials
	Accounts    Accounts
	Poster      Poster
	Policy      policy.Push
	Clock       clock.Clock
	Logger      *slog.Logger
}

// Service keeps push subscriptions; a Sender pushes to them. It is safe for many goroutines and runs none of its own.
type Service struct {
	o    Options
	wake chan struct{}
}

// NewService makes the service over the tables that Schema made.
func NewService(o Options) *Service {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return &Service{o: o, wake: make(chan struct{}, 1)}
}

// kept is what is sealed of a subscription.
type kept struct {
	Owner        haven.AccountID // for the audit log, when the service itself ends it
	Device       string
	URL          string
	P256dh, Auth string
	Code         string
	Types        []string
}

// row is a subscription as it is stored.
type row struct {
	id          ID
	holder      Holder
	facts       facts
	changed     int64
	told        bool
	sealedBytes []byte
}

func scan(r db.Row) row {
	return row{id: ID(r.Int64(0)), holder: Holder{haven.AccountNo(r.Int64(1)), Credential(r.Text(2))},
		facts:   facts{made: db.Moment(r.Int64(3)), expires: db.Moment(r.Int64(4)), verified: r.Bool(6), failing: db.Moment(r.Int64(8))},
		changed: r.Int64(5), told: r.Bool(7), sealedBytes: append([]byte(nil), r.Bytes(9)...)}
}

func sealedFor(id ID) []byte {
	return binary.BigEndian.AppendUint64([]byte("push subscription"), uint64(id))
}

func (s *Service) seal(ctx context.Context, person haven.AccountNo, id ID, k kept) ([]byte, error) {
	plain, err := json.Marshal(k)
	if err != nil {
		return nil, err
	}
	keys, err := s.o.Keys.Account(ctx, person)
	if err != nil {
		return nil, err
	}
	return keys.Seal(nil, plain, sealedFor(id))
}

// open reads what is sealed of a row. It is NotFound once the person's key was destroyed.
func (s *Service) open(ctx context.Context, r row) (k kept, err error) {
	keys, err := s.o.Keys.Account(ctx, r.holder.Person)
	if err != nil {
		return k, err
	}
	plain, err := keys.Open(nil, r.sealedBytes, sealedFor(r.id))
	if err == nil {
		err = json.Unmarshal(plain, &k)
	}
	return k, err
}

func (r row) shown(k kept) Subscription {
	out := Subscription{ID: r.id, Device: k.Device, Verified: r.facts.verified, Expires: r.facts.expires, Types: k.Types}
	if r.facts.verified {
		out.Code = k.Code
	}
	return out
}

// Create makes a subscription, to whose address a code is pushed at once; nothing else is until Update brings the code back. The end may be sooner than was asked
// for. Errors: Invalid with a rule that Property knows; TooMany by push.most or push.made.
func (s *Service) Create(ctx context.Context, actor haven.Actor, h Holder, n New) (Subscription, error) {
	now := s.o.Clock.Now()
	k, expires, err := s.check(n, now)
	if err != nil {
		return Subscription{}, err
	}
	k.Owner = actor.Person
	id := newID()
	sealed, err := s.seal(ctx, h.Person, id, k)
	if err != nil {
		return Subscription{}, err
	}
	err = s.o.DB.Write(ctx, func(tx *db.Tx) error {
		if err := s.room(tx, h.Person, now); err != nil {
			return err
		}
		tx.Exec(sqlInsert, int64(id), int64(h.Person), string(h.Credential), now.UnixMicro(), expires.UnixMicro(), sealed)
		audit.Record(tx, audit.Entry{At: now, Actor: actor, What: "push.subscribed", On: actor.Person, Rule: "push.subscribe"})
		return nil
	})
	if err != nil {
		return Subscription{}, err
	}
	s.Wake()
	return Subscription{ID: id, Device: k.Device, Expires: expires, Types: k.Types}, nil
}

// check reads what a device asks for.
func (s *Service) check(n New, now time.Time) (k kept, expires time.Time, err error) {
	if err := checkNew(n, s.o.Policy); err != nil {
		return k, expires, err
	}
	if _, err := s.o.Poster.Endpoint(n.URL); err != nil {
		return k, expires, invalid(RuleURL, errs.Say(err))
	}
	if n.P256dh == "" && n.Auth == "" {
		return k, expires, invalid(RuleKeys, "The keys are missing: nothing is pushed that is not encrypted for the device.")
	}
	keys, err := webpush.ParseKeys(n.P256dh, n.Auth)
	if err != nil {
		return k, expires, invalid(RuleKeys, errs.Say(err))
	}
	if expires, err = until(n.Expires, s.o.Policy, now); err != nil {
		return k, expires, err
	}
	k = kept{Device: n.Device, URL: n.URL, Types: n.Types, Code: rand.Text()}
	k.P256dh, k.Auth = keys.Text()
	return k, expires, nil
}

// room counts a subscription that is about to be made, and refuses it where it is one too many. Its first statement is the person's lock.
func (s *Service) room(tx *db.Tx, person haven.AccountNo, now time.Time) error {
	var made, there int64
	err := tx.Query(sqlMaker, []any{int64(person), now.Unix() / 3600}, func(r db.Row) error { made = r.Int64(0); return nil })
	if err == nil {
		err = tx.Query(sqlCount, []any{int64(person)}, func(r db.Row) error { there = r.Int64(0); return nil })
	}
	switch {
	case err != nil:
		return err
	case there >= int64(s.o.Policy.Subscriptions):
		return &errs.Error{Kind: errs.TooMany, Rule: RuleMost, Say: "Too many of your devices are woken already. Sign out where you don't need it any more."}
	case made > int64(s.o.Policy.MadePerHour):
		return &errs.Error{Kind: errs.TooMany, Rule: RuleMade, Say: "That was tried too often. Try again in an hour."}
	}
	return nil
}

func newID() ID {
	var b [8]byte
	_, _ = rand.Read(b[:])                              // never fails (crypto/rand)
	return ID(binary.BigEndian.Uint64(b[:])>>1 | 1<<40) // never 0
}

// Of lists the subscriptions that were made with a credential.
func (s *Service) Of(ctx context.Context, h Holder) (all []Subscription, err error) {
	var rows []row
	err = s.o.DB.Read(ctx, func(tx *db.Tx) error {
		rows = nil
		return tx.Query(sqlOwn, []any{int64(h.Person), string(h.Credential)}, func(r db.Row) error {
			rows = append(rows, scan(r))
			return nil
		})
	})
	now := s.o.Clock.Now()
	for _, r := range rows {
		if over(r.facts, s.o.Policy, now) != "" {
			continue
		}
		k, failed := s.open(ctx, r)
		if failed != nil {
			return nil, failed
		}
		all = append(all, r.shown(k))
	}
	return all, err
}

var errUnknown = &errs.Error{Kind: errs.NotFound, Rule: RuleUnknown, Say: "There is no such subscription."}

// Update changes a subscription of the same credential: NotFound where there is none, Invalid with a rule that Property knows. What it is then is returned: the end
// may be sooner than was asked for.
func (s *Service) Update(ctx context.Context, h Holder, id ID, c Change) (out Subscription, err error) {
	now := s.o.Clock.Now()
	keys, err := s.o.Keys.Account(ctx, h.Person)
	if err != nil {
		return out, err
	}
	err = s.o.DB.Write(ctx, func(tx *db.Tx) error {
		var r row
		err := tx.Query(sqlLock, []any{int64(id), int64(h.Person), string(h.Credential), now.UnixMicro()}, func(found db.Row) error {
			r = scan(found)
			return nil
		})
		if err == nil && (r.id == 0 || over(r.facts, s.o.Policy, now) != "") {
			err = errUnknown
		}
		if err != nil {
			return err
		}
		var k kept
		plain, err := keys.Open(nil, r.sealedBytes, sealedFor(id))
		if err == nil {
			err = json.Unmarshal(plain, &k)
		}
		if err == nil {
			err = s.apply(&r, &k, c, now)
		}
		if err != nil {
			return err
		}
		if plain, err = json.Marshal(k); err != nil {
			return err
		}
		sealed, err := keys.Seal(nil, plain, sealedFor(id))
		tx.Exec(sqlUpdate, int64(id), r.facts.expires.UnixMicro(), r.facts.verified, sealed)
		out = r.shown(k)
		return err
	})
	if err == nil {
		s.Wake()
	}
	return out, err
}

// apply makes a change, or says what can't be meant of it.
func (s *Service) apply(r *row, k *kept, c Change, now time.Time) (err error) {
	if c.Code != nil {
		if subtle.ConstantTimeCompare([]byte(*c.Code), []byte(k.Code)) != 1 {
			return invalid(RuleCode, "This is not the code that was pushed.")
		}
		r.facts.verified = true
	}
	if c.Expires != nil {
		if r.facts.expires, err = until(*c.Expires, s.o.Policy, now); err != nil {
			return err
		}
	}
	if c.Types != nil {
		k.Types = *c.Types
		return checkTypes(k.Types, s.o.Policy)
	}
	return nil
}

// Destroy ends a subscription of the same credential; NotFound where there is none.
func (s *Service) Destroy(ctx context.Context, actor haven.Actor, h Holder, id ID) error {
	return s.o.DB.Write(ctx, func(tx *db.Tx) error {
		n, err := tx.Change(sqlDestroy, int64(id), int64(h.Person), string(h.Credential))
		if err == nil && n == 0 {
			err = errUnknown
		}
		if err == nil {
			audit.Record(tx, audit.Entry{At: s.o.Clock.Now(), Actor: actor, What: "push.ended", On: actor.Person, Rule: "push.destroy"})
		}
		return err
	})
}

// EndIn ends all subscriptions of a credential in the transaction that ends the credential: a log out. Those of credentials that end otherwise get nothing either,
// since each push asks Credentials first.
func EndIn(tx *db.Tx, c Credential) { tx.Exec(sqlEndCred, string(c)) }

// ForgetIn ends all subscriptions of a person whose account is deleted for good, and forgets what was counted of them.
func ForgetIn(tx *db.Tx, person haven.AccountNo) {
	tx.Exec(sqlEndPerson, int64(person))
	tx.Exec(sqlForgetMaker, int64(person))
}

// Restored ends every subscription in a store that was read back from a back-up: it may be another machine, which is not to wake people's phones, and devices
// subscribe anew.
func Restored(tx *db.Tx) { tx.Exec(sqlEndAll) }

// Wake lets the Sender of this process know that subscriptions changed.
func (s *Service) Wake() {
	select {
	case s.wake <- struct{}{}:
	default: // it is awake
	}
}

// find reads a subscription; ok is false where there is none.
func (s *Service) find(ctx context.Context, id ID) (r row, ok bool, err error) {
	err = s.o.DB.Read(ctx, func(tx *db.Tx) error {
		r, ok = row{}, false
		return tx.Query(sqlByID, []any{int64(id)}, func(found db.Row) error {
			r, ok = scan(found), true
			return nil
		})
	})
	return r, ok, err
}

// end takes a subscription away that has ended by itself, and records why.
func (s *Service) end(ctx context.Context, r row, rule string) error {
	k, _ := s.open(ctx, r) // without the person's key nobody is named
	s.o.Logger.Info("push: a subscription has ended", "rule", rule)
	return s.o.DB.Write(ctx, func(tx *db.Tx) error {
		n, err := tx.Change(sqlEnd, int64(r.id))
		if err == nil && n > 0 && !k.Owner.IsZero() {
			audit.Record(tx, audit.Entry{At: s.o.Clock.Now(), Actor: haven.Actor{Program: "push"}, What: "push.ended", On: k.Owner, Rule: haven.Rule(rule)})
		}
		return err
	})
}

const sweepStep = 200

// Sweep takes away subscriptions that have ended, and those whose credential has. Nothing would be pushed to them anyway.
func (s *Service) Sweep(ctx context.Context) error {
	for after := ID(0); ; {
		var page []row
		err := s.o.DB.Read(ctx, func(tx *db.Tx) error {
			page = nil
			return tx.Query(sqlPage, []any{int64(after), int64(sweepStep)}, func(r db.Row) error { page = append(page, scan(r)); return nil })
		})
		if err != nil || len(page) == 0 {
			return err
		}
		for _, r := range page {
			after = r.id
			rule := over(r.facts, s.o.Policy, s.o.Clock.Now())
			if rule == "" && ended(s.o.Credentials.Holds(ctx, r.holder)) {
				rule = "push.credential"
			}
			if rule == "" {
				continue
			}
			if err := s.end(ctx, r, rule); err != nil {
				return err
			}
		}
	}
}
