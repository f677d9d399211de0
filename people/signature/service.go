package signature

import (
	"context"
	"fmt"
	"unicode/utf8"

	"haven"
	"haven/people/access"
	"haven/people/account"
	"haven/people/sharedmailbox"
	"haven/platform/audit"
	"haven/platform/clock"
	"haven/platform/db"
	"haven/platform/errs"
	"haven/platform/policy"
)

// Keys seals what is an account's under the account's own data key.
type Keys interface {
	Seal(ctx context.Context, no haven.AccountNo, plain []byte) ([]byte, error)
	Open(ctx context.Context, no haven.AccountNo, sealed []byte) ([]byte, error)
}

// Options are what the service stands on; every field is needed.
type Options struct {
	DB     *db.DB
	Access *access.Service
	Shared *sharedmailbox.Service
	Keys   Keys
	Job    func(ctx context.Context, person haven.AccountNo) (string, error) // a person's job title; "": nobody knows it
	Policy policy.Signature
	Clock  clock.Clock
}

// Service keeps signatures. It is safe for many goroutines.
type Service struct{ o Options }

// New makes the service over the table that Schema made.
func New(o Options) *Service { return &Service{o} }

// Of is a mailbox's signature as it was written, for who may change it: the person, or an owner of the shared mailbox; "" is none. It is NotFound for whoever may
// not know of the mailbox, Denied for its other members.
func (s *Service) Of(ctx context.Context, actor haven.Actor, mailbox haven.AccountNo) (string, error) {
	var sealed []byte
	err := s.o.DB.Read(ctx, func(tx *db.Tx) (err error) {
		if err = s.manages(tx, actor, mailbox); err == nil {
			sealed, err = get(tx, mailbox)
		}
		return err
	})
	if err != nil {
		return "", err
	}
	return s.open(ctx, mailbox, sealed)
}

// For is the signature that the actor's letters from a mailbox end with, filled in. It is NotFound for whoever may not know of the mailbox, Denied
// (signature.senders) for who does not send from it.
func (s *Service) For(ctx context.Context, actor haven.Actor, mailbox haven.AccountNo) (Signed, error) {
	var sealed []byte
	var who account.Account
	err := s.o.DB.Read(ctx, func(tx *db.Tx) (err error) {
		if who, err = account.ByIDIn(tx, actor.Person); err != nil {
			return err
		}
		rights, _, err := s.o.Access.In(tx, who.No, mailbox)
		switch {
		case err != nil:
			return err
		case rights == 0:
			return access.ErrUnknown
		}
		if v := MaySign(rights); !v.Allowed {
			return account.Refusal(errs.Denied, v)
		}
		sealed, err = get(tx, mailbox)
		return err
	})
	if err != nil || sealed == nil {
		return Signed{}, err
	}
	text, err := s.open(ctx, mailbox, sealed)
	if err != nil {
		return Signed{}, err
	}
	return s.fill(ctx, who, text)
}

// Preview is a text as the actor's letters would end with it, were it the signature. It is Invalid, by the rule, for what can't be one.
func (s *Service) Preview(ctx context.Context, actor haven.Actor, text string) (Signed, error) {
	text, v := Parse(text, s.o.Policy)
	if !v.Allowed {
		return Signed{}, account.Refusal(errs.Invalid, v)
	}
	var who account.Account
	err := s.o.DB.Read(ctx, func(tx *db.Tx) (err error) {
		who, err = account.ByIDIn(tx, actor.Person)
		return err
	})
	if err != nil {
		return Signed{}, err
	}
	return s.fill(ctx, who, text)
}

func (s *Service) fill(ctx context.Context, who account.Account, text string) (Signed, error) {
	job, err := s.o.Job(ctx, who.No)
	if err != nil {
		return Signed{}, err
	}
	return Fill(text, Member{Name: who.Display, Job: job}), nil
}

// Set keeps a mailbox's signature; "" takes it away. The actor is the person whose mailbox it is, or an owner of the shared mailbox. It is Invalid, by the
// rule, for what is too long or can't be shown.
func (s *Service) Set(ctx context.Context, actor haven.Actor, mailbox haven.AccountNo, text string) error {
	text, v := Parse(text, s.o.Policy)
	if !v.Allowed {
		return account.Refusal(errs.Invalid, v)
	}
	if err := s.o.DB.Read(ctx, func(tx *db.Tx) error { return s.manages(tx, actor, mailbox) }); err != nil { // else a stranger has a key opened
		return err
	}
	sealed, err := s.o.Keys.Seal(ctx, mailbox, []byte(text))
	if err != nil {
		return err
	}
	return s.o.DB.Write(ctx, func(tx *db.Tx) error {
		a, err := s.enter(tx, actor, mailbox)
		if err != nil {
			return err
		}
		now := s.o.Clock.Now()
		if text == "" {
			tx.Exec(sqlRemove, int64(mailbox))
		} else {
			tx.Exec(sqlSet, int64(mailbox), db.Micros(now), sealed)
		}
		audit.Record(tx, audit.Entry{At: now, Actor: actor, What: "signature.set", On: a.ID, Rule: v.Rule, Note: fmt.Sprintf("%d characters", utf8.RuneCountInString(text))})
		return nil
	})
}

// manages is nil for who may say how a mailbox's letters end.
func (s *Service) manages(tx *db.Tx, actor haven.Actor, mailbox haven.AccountNo) error {
	who, err := account.ByIDIn(tx, actor.Person)
	if err != nil {
		return err
	}
	return s.o.Access.CheckIn(tx, who.No, mailbox, haven.Manage)
}

// enter locks the mailbox for who may change its signature.
func (s *Service) enter(tx *db.Tx, actor haven.Actor, mailbox haven.AccountNo) (account.Account, error) {
	a, err := account.ByNoIn(tx, mailbox)
	if err != nil || a.Kind == haven.Shared {
		return s.o.Shared.ManageIn(tx, actor, mailbox)
	}
	if a.ID != actor.Person {
		return a, access.ErrUnknown
	}
	if err := account.Lock(tx, mailbox); err != nil {
		return a, err
	}
	return a, s.o.Access.CheckFreshIn(tx, mailbox, mailbox, haven.Manage)
}

func get(tx *db.Tx, mailbox haven.AccountNo) (sealed []byte, err error) {
	err = tx.Query(sqlOf, []any{int64(mailbox)}, func(r db.Row) error { sealed = append([]byte(nil), r.Bytes(0)...); return nil })
	return sealed, err
}

func (s *Service) open(ctx context.Context, mailbox haven.AccountNo, sealed []byte) (string, error) {
	if sealed == nil {
		return "", nil
	}
	text, err := s.o.Keys.Open(ctx, mailbox, sealed)
	return string(text), err
}
