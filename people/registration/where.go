package registration

import (
	"context"
	"time"

	"haven"
	"haven/people/account"
	"haven/people/organisation"
	"haven/platform/audit"
	"haven/platform/db"
	"haven/platform/errs"
)

// Where tells whoever has its reference how an application stands. It names neither people nor premises.
func (s *Service) Where(ctx context.Context, actor haven.Actor, ref string) (w Standing, err error) {
	r, v := ParseRef(ref)
	if !v.Allowed {
		return Standing{}, account.Refusal(errs.Invalid, v)
	}
	if err := s.busy(actor); err != nil {
		return Standing{}, err
	}
	err = s.o.DB.Read(ctx, func(tx *db.Tx) error {
		a, err := appIn(tx, r)
		if err == nil {
			w = standing(a, s.now(), s.kept(a))
		}
		return err
	})
	return w, err
}

// standing is how an application stands, in words.
func standing(a application, now time.Time, kept time.Duration) Standing {
	until := a.changedAt().Add(kept)
	w := Standing{State: a.state, At: a.submitted}
	if (a.state == Asked || a.state == Proven) && !now.Before(until) {
		w.State = Lapsed
	}
	if a.frozen {
		w.State = Ended
	}
	switch w.State {
	case WaitsApproval:
		w.Says = "We ring the pharmacy at its number in the national list. Then two people decide: one of the head office or the local team, and one of the helpdesk."
	case Asked:
		if a.approved {
			w.Until, w.Says = until, "It was approved. The passcode with which it goes on was sent to whoever applied."
			break
		}
		w.Until, w.Says = until, "We wait for the passcode that goes to the pharmacy’s registered e-mail address, if the GPhC number was right."
	case Proven:
		w.Until, w.Says = until, "It was begun and not sent yet. Its answers are kept until then."
	case Submitted:
		w.Says = "It was sent. " + Written
	default:
		w.Says = MayGoOn(w.State, false, now, now, kept).Reason
	}
	return w
}

// Left is how many new accounts a premises may still have without asking the local team (Rules 4). People who had an
// account already don't count.
func (s *Service) Left(ctx context.Context, org organisation.ID) (left int, err error) {
	err = s.o.DB.Read(ctx, func(tx *db.Tx) error {
		left, err = s.left(tx, org)
		return err
	})
	return left, err
}

func (s *Service) left(tx *db.Tx, org organisation.ID) (left int, err error) {
	left = s.o.Policy.Registration.NewAccounts
	err = tx.Query(sqlGetMade, []any{int64(org)}, func(r db.Row) error { left = max(0, left-int(r.Int64(0))); return nil })
	return left, err
}

// sweepStep is how many applications are tidied in one transaction.
const sweepStep = 100

// Sweep deletes the answers of applications that were not sent in time, applications that ended long ago, and what can't
// serve any more; and drops keys that nothing is sealed under. Call it every hour or so.
func (s *Service) Sweep(ctx context.Context) error {
	now := s.now()
	if err := s.lapseWaiting(ctx); err != nil {
		return err
	}
	for {
		n := 0
		err := s.o.DB.Write(ctx, func(tx *db.Tx) error {
			due, err := refs(tx, sqlOverdue, now.Add(-s.o.Policy.Session.FormKept))
			if err != nil {
				return err
			}
			approved, err := refs(tx, sqlOverdueApproved, now.Add(-s.o.Policy.Registration.ApprovedFor))
			if err != nil {
				return err
			}
			due = append(due, approved...)
			old, err := refs(tx, sqlOld, now.Add(-s.o.Policy.Registration.Kept))
			if err != nil {
				return err
			}
			for _, ref := range due {
				s.lapse(tx, ref)
			}
			for _, ref := range old {
				for _, sql := range []string{sqlDropPeople, sqlDropOfRef, sqlDropTasks, sqlDropApprovals, sqlDropUnproven, sqlDropApp} {
					tx.Exec(sql, string(ref))
				}
			}
			tx.Exec(sqlDropAsks, now.Add(-24*time.Hour).UnixMicro())
			tx.Exec(sqlDropTokens, now.UnixMicro())
			n = len(due) + len(old)
			return nil
		})
		if err != nil {
			return err
		}
		if n == 0 {
			return s.turn(ctx)
		}
	}
}

func (s *Service) lapse(tx *db.Tx, ref Ref) {
	tx.Exec(sqlState, string(ref), int64(Lapsed))
	s.forgetUnproven(tx, ref)
	tx.Exec(sqlDropPeople, string(ref))
	audit.Record(tx, audit.Entry{At: s.now(), Actor: haven.Actor{Program: "job registration"}, What: "registration.lapsed", Rule: "registration.lapsed", Note: string(ref)})
}

func refs(tx *db.Tx, sql string, before time.Time) (all []Ref, err error) {
	err = tx.Query(sql, []any{before.UnixMicro(), int64(sweepStep)}, func(r db.Row) error {
		all = append(all, Ref(r.Text(0)))
		return nil
	})
	return all, err
}

// turn drops the keys under which nothing lies any more.
func (s *Service) turn(ctx context.Context) error {
	var oldest time.Time
	err := s.o.DB.Read(ctx, func(tx *db.Tx) error {
		return tx.Query(sqlOldest, nil, func(r db.Row) error { oldest = db.Moment(r.Int64(0)); return nil })
	})
	if err != nil {
		return err
	}
	return s.sealer.Turn(ctx, oldest)
}
