package request

import (
	"context"
	"slices"

	"haven"
	"haven/people/account"
	"haven/platform/db"
	"haven/platform/errs"
)

// Answer is what somebody decided.
type Answer struct {
	Accept bool
	Reason string // of a refusal
}

// Decide accepts or refuses a request, as an owner who can. Accepted, the change is made in the same step. The person and all who could decide are
// told. It is NotFound for whoever has nothing to do with the request, Conflict (request.decided) where somebody was faster, Invalid
// (request.reason) for a refusal without a reason.
func (s *Service) Decide(ctx context.Context, actor haven.Actor, id int64, a Answer) (Request, error) {
	return s.decide(ctx, actor, id, a, false)
}

// DecideForDesk is Decide for the desk: the caller has found that the actor acts for it. It is Denied (request.owners-first) while it is the owners' turn.
func (s *Service) DecideForDesk(ctx context.Context, actor haven.Actor, id int64, a Answer) (Request, error) {
	return s.decide(ctx, actor, id, a, true)
}

func (s *Service) decide(ctx context.Context, actor haven.Actor, id int64, a Answer, desk bool) (r Request, err error) {
	if a.Accept {
		a.Reason = ""
	} else if reason, v := ParseReason(a.Reason, s.o.Policy.Request); !v.Allowed {
		return r, account.Refusal(errs.Invalid, v)
	} else {
		a.Reason = reason
	}
	err = s.o.DB.Write(ctx, func(tx *db.Tx) error {
		var owners []account.Account
		if r, owners, err = s.enter(tx, actor, id); err != nil {
			return err
		}
		f := Facts{State: r.State, Self: r.Person.ID == actor.Person, Desk: desk, Owners: len(owners), Made: r.Made,
			Owner: slices.ContainsFunc(owners, func(o account.Account) bool { return o.ID == actor.Person })}
		v := MayDecide(f, s.o.Policy.Request, s.o.Clock.Now())
		if !v.Allowed {
			return refusalOf(v)
		}
		if i := slices.IndexFunc(owners, func(o account.Account) bool { return o.ID == actor.Person }); !desk && i >= 0 {
			if err := s.o.Shared.FactorIn(tx, owners[i].No); err != nil {
				return err
			}
		}
		return s.settle(tx, actor, &r, a, owners, v.Rule)
	})
	if err == nil && a.Accept {
		s.o.Shared.Announce(r.Person.No)
	}
	return r, err
}

func refusalOf(v haven.Verdict) error {
	switch v.Rule {
	case "request.none":
		return errNone
	case "request.decided":
		return account.Refusal(errs.Conflict, v)
	}
	return account.Refusal(errs.Denied, v)
}

// enter locks the names, the person and who decides, and reads the request and who can decide it.
func (s *Service) enter(tx *db.Tx, actor haven.Actor, id int64) (r Request, owners []account.Account, err error) {
	if err = s.o.Accounts.LockNames(tx); err != nil {
		return r, nil, err
	}
	if r, err = requestIn(tx, id); err != nil { // whose it is never changes
		return r, nil, err
	}
	locks := []haven.AccountNo{r.Person.No}
	if !actor.Person.IsZero() {
		by, err := account.ByIDIn(tx, actor.Person)
		if err != nil {
			return r, nil, err
		}
		locks = append(locks, by.No)
	}
	if err = account.Lock(tx, locks...); err != nil {
		return r, nil, err
	}
	if r, err = requestIn(tx, id); err != nil {
		return r, nil, err
	}
	if r.Person, err = account.ByNoIn(tx, r.Person.No); err != nil {
		return r, nil, err
	}
	owners, err = s.owners(tx, r.Person.No)
	return r, owners, err
}

// settle ends a request, makes the change where it was accepted, and tells.
func (s *Service) settle(tx *db.Tx, actor haven.Actor, r *Request, a Answer, owners []account.Account, rule haven.Rule) (err error) {
	r.State, r.Reason, r.Decided = Refused, a.Reason, s.o.Clock.Now()
	if a.Accept {
		r.State = Accepted
		if err := s.apply(tx, actor, r); err != nil {
			return err
		}
	}
	tx.Exec(sqlEnd, r.ID, int64(r.State), r.Decided.UnixMicro(), r.Reason)
	s.record(tx, actor, *r, "request."+r.State.String(), rule)
	by := "the helpdesk"
	for _, o := range owners {
		if o.ID == actor.Person {
			by = o.Display
		}
	}
	for _, o := range owners {
		if err := s.o.Notices.RequestSettled(tx, o, *r, by); err != nil {
			return err
		}
	}
	return s.o.Notices.RequestDecided(tx, *r)
}

func (s *Service) apply(tx *db.Tx, actor haven.Actor, r *Request) (err error) {
	if r.Kind == Job {
		return s.o.Profiles.SetJobIn(tx, actor, r.Person, r.Job)
	}
	r.Person, err = s.o.Accounts.RenamePersonIn(tx, actor, r.Person.No, r.Name)
	return err
}
