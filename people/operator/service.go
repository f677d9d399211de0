package operator

import (
	"context"
	"sync/atomic"
	"time"

	"haven"
	"haven/people/account"
	"haven/platform/audit"
	"haven/platform/clock"
	"haven/platform/db"
	"haven/platform/errs"
	"haven/platform/policy"
)

// ErrUnknown is the answer to whoever has not the role: the same as for what is not there.
var ErrUnknown = &errs.Error{Kind: errs.NotFound, Rule: "operator.none"}

// Options are what the service stands on; every field without a remark is needed.
type Options struct {
	DB     *db.DB
	Clock  clock.Clock
	Policy policy.Operator // needed by tokens alone
	Demo   bool            // on this machine alone: no second factor and no mobile are asked for
}

// Service keeps who has the role. It is safe for many goroutines.
type Service struct {
	o     Options
	setUp atomic.Bool // once true, it stays so
}

// New makes the service over tables that Schema made.
func New(o Options) *Service { return &Service{o: o} }

// SetUp reports whether the service ever had an operator: before that its pages say how to name one.
func (s *Service) SetUp(ctx context.Context) (bool, error) {
	if s.setUp.Load() {
		return true, nil
	}
	any := false
	err := s.o.DB.Read(ctx, func(tx *db.Tx) error {
		any = false
		return tx.Query(sqlAny, nil, func(db.Row) error { any = true; return nil })
	})
	if err == nil && any {
		s.setUp.Store(true)
	}
	return any, err
}

func (s *Service) facts(tx *db.Tx, no haven.AccountNo) (Facts, error) {
	f := Facts{Demo: s.o.Demo}
	err := tx.Query(sqlFacts, []any{int64(no)}, func(r db.Row) error {
		f.Kind, f.State = haven.AccountKind(r.Int64(0)), account.State(r.Int64(1))
		f.Role, f.SecondFactor, f.Mobile = r.Bool(2), r.Bool(3), r.Bool(4)
		return nil
	})
	return f, err
}

// Serving is how many operators' roles serve now.
func (s *Service) Serving(ctx context.Context) (n int, err error) {
	all, err := s.List(ctx)
	for _, o := range all {
		if o.Serves.Allowed {
			n++
		}
	}
	return n, err
}

// Has reports whether a person has the role, also while it does not serve.
func (s *Service) Has(ctx context.Context, no haven.AccountNo) (has bool, err error) {
	err = s.o.DB.Read(ctx, func(tx *db.Tx) error {
		f, err := s.facts(tx, no)
		has = f.Role
		return err
	})
	return has, err
}

// Check is CheckIn over a snapshot of its own.
func (s *Service) Check(ctx context.Context, actor haven.Actor) error {
	return s.o.DB.Read(ctx, func(tx *db.Tx) error { return s.CheckIn(tx, actor) })
}

// CheckIn is nil when the actor acts as an operator: a person whose role serves, or the service itself under a name (the command line, the
// admin API). It is NotFound for everybody else, and Denied, with what is missing, for an operator whose role does not serve.
func (s *Service) CheckIn(tx *db.Tx, actor haven.Actor) error {
	if actor.Person.IsZero() {
		if actor.Program == "" || actor.Program == "portal" { // nobody is logged in there
			return ErrUnknown
		}
		return nil
	}
	who, err := account.ByIDIn(tx, actor.Person)
	if errs.Is(err, errs.NotFound) {
		return ErrUnknown
	}
	if err != nil {
		return err
	}
	f, err := s.facts(tx, who.No)
	if err != nil {
		return err
	}
	switch v := MayAct(f); {
	case v.Allowed:
		return nil
	case v.Reason == "":
		return ErrUnknown
	default:
		return account.Refusal(errs.Denied, v)
	}
}

// Add gives a person the role. It serves once a second factor and a proven mobile are there: the verdict says what is missing.
func (s *Service) Add(ctx context.Context, actor haven.Actor, no haven.AccountNo) (serves haven.Verdict, err error) {
	err = s.change(ctx, actor, no, "operator.added", func(tx *db.Tx, f Facts) (haven.Verdict, error) {
		v := MayAdd(f)
		if v.Allowed {
			tx.Exec(sqlAdd, int64(no), s.o.Clock.Now().UnixMicro())
		}
		f.Role = true
		serves = MayAct(f)
		return v, nil
	})
	return serves, err
}

// Remove takes the role away: at once, since every request asks. It is Denied (operator.last) for the last one unless anyway, and NotFound for
// somebody who has it not.
func (s *Service) Remove(ctx context.Context, actor haven.Actor, no haven.AccountNo, anyway bool) error {
	return s.change(ctx, actor, no, "operator.removed", func(tx *db.Tx, f Facts) (v haven.Verdict, err error) {
		if !f.Role {
			return v, errs.E(errs.NotFound, "This person is no operator.")
		}
		if _, err := tx.Change(sqlLock); err != nil { // two who remove each other
			return v, err
		}
		others := 0
		err = tx.Query(sqlOthers, []any{int64(no)}, func(r db.Row) error { others = int(r.Int64(0)); return nil })
		if v = MayRemove(others, anyway); err == nil && v.Allowed {
			tx.Exec(sqlEnd, int64(no), s.o.Clock.Now().UnixMicro())
		}
		return v, err
	})
}

// change decides and writes with the person's account locked, by somebody who is an operator or by the service itself.
func (s *Service) change(ctx context.Context, actor haven.Actor, no haven.AccountNo, what string, fn func(tx *db.Tx, f Facts) (haven.Verdict, error)) error {
	return s.o.DB.Write(ctx, func(tx *db.Tx) error {
		if err := account.Lock(tx, no); err != nil {
			return err
		}
		if err := s.CheckIn(tx, actor); err != nil {
			return err
		}
		who, err := account.ByNoIn(tx, no)
		if err != nil {
			return err
		}
		f, err := s.facts(tx, no)
		if err != nil {
			return err
		}
		v, err := fn(tx, f)
		if err != nil {
			return err
		}
		if !v.Allowed {
			return account.Refusal(errs.Denied, v)
		}
		audit.Record(tx, audit.Entry{At: s.o.Clock.Now(), Actor: actor, What: what, On: who.ID, Rule: v.Rule})
		return nil
	})
}

// List is everybody who has the role, the longest first.
func (s *Service) List(ctx context.Context) (all []Operator, err error) {
	err = s.o.DB.Read(ctx, func(tx *db.Tx) error {
		all = nil
		err := tx.Query(sqlList, nil, func(r db.Row) error {
			all = append(all, Operator{Person: account.Account{No: haven.AccountNo(r.Int64(0))}, Since: time.UnixMicro(r.Int64(1)).UTC()})
			return nil
		})
		if err != nil {
			return err
		}
		for i := range all {
			f, err := s.facts(tx, all[i].Person.No)
			if err != nil {
				return err
			}
			if all[i].Person, err = account.ByNoIn(tx, all[i].Person.No); err != nil {
				return err
			}
			all[i].Serves = MayAct(f)
		}
		return nil
	})
	return all, err
}
