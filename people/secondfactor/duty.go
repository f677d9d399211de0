package secondfactor

import (
	"context"
	"time"

	"haven"
	"haven/people/account"
	"haven/platform/audit"
	"haven/platform/db"
	"haven/platform/errs"
)

// Duty is how a person stands with what the policy requires.
type Duty struct {
	Owner   bool          // it is required because the person owns a mailbox
	Due     time.Time     // from when on nothing goes on without a second factor; zero: none is required, or there is one
	Verdict haven.Verdict // whether the person goes on now
}

// Refusal is the error of a verdict that refuses; nil of one that does not.
func (d Duty) Refusal() error {
	if d.Verdict.Allowed {
		return nil
	}
	return account.Refusal(errs.Denied, d.Verdict)
}

// DutyOf is how a person stands, as of now. Who is asked for the first time is noted, and has the policy's grace from then on.
func (s *Service) DutyOf(ctx context.Context, actor haven.Actor, who account.Account) (d Duty, err error) {
	first := false
	err = s.o.DB.Read(ctx, func(tx *db.Tx) error {
		d, first, err = s.dutyIn(tx, who.No)
		return err
	})
	if err != nil || !first {
		return d, err
	}
	return d, s.o.DB.Write(ctx, func(tx *db.Tx) error { return s.ask(tx, actor, who) })
}

// OwnerIn is nil where the person may do what only owners do, as far as the second factor goes: else Denied (factor.required).
func (s *Service) OwnerIn(tx *db.Tx, no haven.AccountNo) error {
	d, _, err := s.dutyIn(tx, no)
	if err != nil {
		return err
	}
	return d.Refusal()
}

// AskedIn notes in a transaction that writes that the person was asked, where a second factor is required and this is the first time.
func (s *Service) AskedIn(tx *db.Tx, actor haven.Actor, who account.Account) error {
	_, first, err := s.dutyIn(tx, who.No)
	if err != nil || !first {
		return err
	}
	return s.ask(tx, actor, who)
}

// dutyIn reads how a person stands; first: something is required, and the person was never asked.
func (s *Service) dutyIn(tx *db.Tx, no haven.AccountNo) (d Duty, first bool, err error) {
	p := s.o.Policy.SecondFactor
	if !p.Owners && !p.Staff {
		d.Verdict, _ = MayGoOn(DutyFacts{}, p, s.o.Clock.Now())
		return d, false, nil
	}
	f := DutyFacts{}
	if err = tx.Query(sqlOn, []any{int64(no)}, func(db.Row) error { f.On = true; return nil }); err != nil {
		return d, false, err
	}
	if !f.On {
		if f.Owner, err = s.o.Owns(tx, no); err != nil {
			return d, false, err
		}
		err = tx.Query(sqlDuty, []any{int64(no)}, func(r db.Row) error {
			f.Asked, f.Once = db.Moment(r.Int64(0)), r.Bool(1)
			return nil
		})
	}
	d.Owner = f.Owner && p.Owners
	d.Verdict, d.Due = MayGoOn(f, p, s.o.Clock.Now())
	return d, err == nil && !d.Due.IsZero() && f.Asked.IsZero(), err
}

func (s *Service) ask(tx *db.Tx, actor haven.Actor, who account.Account) error {
	now := s.o.Clock.Now()
	n, err := tx.Change(sqlDue, int64(who.No), db.Micros(now))
	if err == nil && n > 0 {
		audit.Record(tx, audit.Entry{At: now, Actor: actor, What: "second-factor.required", On: who.ID, Rule: "factor.grace"})
	}
	return err
}

// RefusedOwner records that an owner without the required second factor was turned back.
func (s *Service) RefusedOwner(ctx context.Context, actor haven.Actor, on haven.AccountID) error {
	return s.o.DB.Write(ctx, func(tx *db.Tx) error {
		audit.Record(tx, audit.Entry{At: s.o.Clock.Now(), Actor: actor, What: "second-factor.owner-refused", On: on, Rule: RuleRequired})
		return nil
	})
}
