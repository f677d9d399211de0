package registration

import (
	"context"
	"fmt"

	"haven"
	"haven/people/account"
	"haven/people/organisation"
	"haven/platform/audit"
	"haven/platform/db"
	"haven/platform/errs"
)

// NotUs is the premises' "this wasn't us", by the link that each attempt and each completed registration sends to its
// registered e-mail (Rules 4): everything about it is frozen until the desk has looked. Its mailbox receives, and opens to
// nobody; an application that was not sent ends; no other begins. The desk gets a task. It may be called again without
// effect; it is NotFound for a link that is unknown or has expired.
func (s *Service) NotUs(ctx context.Context, actor haven.Actor, t Token) error {
	ref, _, err := s.tokenOf(ctx, t, tokenNotUs)
	if err != nil {
		return err
	}
	var tell []haven.AccountNo
	err = s.o.DB.Write(ctx, func(tx *db.Tx) error {
		tell, err = s.freeze(tx, actor, ref)
		return err
	})
	if err == nil {
		s.o.Shared.Announce(tell...)
	}
	return err
}

func (s *Service) freeze(tx *db.Tx, actor haven.Actor, ref Ref) (tell []haven.AccountNo, err error) {
	a, err := appIn(tx, ref)
	if err != nil {
		return nil, err
	}
	boxes, err := s.lockBoxes(tx, a.org)
	if err != nil {
		return nil, err
	}
	if a, err = s.lockApp(tx, ref); err != nil || a.frozen {
		return nil, err
	}
	now := s.now()
	tx.Exec(sqlFreeze, int64(a.org), now.UnixMicro())
	if a.state == Asked || a.state == Proven || a.state == WaitsApproval {
		s.forgetUnproven(tx, ref)
		tx.Exec(sqlState, string(ref), int64(Ended))
		tx.Exec(sqlDropPeople, string(ref))
	}
	entry := audit.Entry{At: now, Actor: actor, What: "registration.frozen", Rule: "registration.not-us", Note: string(ref)}
	for _, box := range boxes {
		if err := s.shut(tx, actor, box, "registration.not-us"); err != nil {
			return nil, err
		}
		entry.On = box.ID
		tell = append(tell, box.No)
	}
	tx.Exec(sqlPutTask, string(ref), int64(TaskNotUs), int64(0), int64(a.org), now.UnixMicro())
	audit.Record(tx, entry)
	return tell, nil
}

// lockBoxes takes the mailboxes that registrations of a premises made.
func (s *Service) lockBoxes(tx *db.Tx, org organisation.ID) (boxes []account.Account, err error) {
	var numbers []haven.AccountNo
	if err := tx.Query(sqlBoxes, []any{int64(org)}, func(r db.Row) error { numbers = append(numbers, haven.AccountNo(r.Int64(0))); return nil }); err != nil {
		return nil, err
	}
	if err := account.Lock(tx, numbers...); err != nil {
		return nil, err
	}
	for _, no := range numbers {
		box, err := account.ByNoIn(tx, no)
		if err != nil {
			return nil, err
		}
		boxes = append(boxes, box)
	}
	return boxes, nil
}

// Thaw ends what NotUs froze: the desk has spoken to the premises. Its mailbox opens again if it has an owner who can act,
// and others may apply if it has none. It is NotFound where nothing is frozen.
func (s *Service) Thaw(ctx context.Context, actor haven.Actor, org organisation.ID) error {
	var tell []haven.AccountNo
	err := s.o.DB.Write(ctx, func(tx *db.Tx) error {
		tell = nil
		boxes, err := s.lockBoxes(tx, org)
		if err != nil {
			return err
		}
		if err := s.lockPremises(tx, org); err != nil {
			return err
		}
		frozen := false
		if err := tx.Query(sqlFrozen, []any{int64(org)}, func(r db.Row) error { frozen = r.Int64(0) > 0; return nil }); err != nil {
			return err
		}
		if !frozen {
			return errs.E(errs.NotFound, "Nothing is frozen for this premises.")
		}
		now := s.now()
		tx.Exec(sqlFreeze, int64(org), int64(0))
		tx.Exec(sqlThawed, int64(org), now.UnixMicro())
		for _, box := range boxes {
			if err := s.unblock(tx, actor, box.No, "registration.thawed"); err != nil {
				return err
			}
			tell = append(tell, box.No)
		}
		audit.Record(tx, audit.Entry{At: now, Actor: actor, What: "registration.thawed", Rule: "registration.thawed", Note: fmt.Sprint(org)})
		return nil
	})
	if err == nil {
		s.o.Shared.Announce(tell...)
	}
	return err
}

// Tasks lists what waits for the desk, oldest first, at most that many.
func (s *Service) Tasks(ctx context.Context, most int) (all []Task, err error) {
	err = s.o.DB.Read(ctx, func(tx *db.Tx) error {
		all = nil
		return tx.Query(sqlTasks, []any{int64(most)}, func(r db.Row) error {
			all = append(all, Task{TaskKind(r.Int64(0)), Ref(r.Text(1)), int(r.Int64(2)), organisation.ID(r.Int64(3)), db.Moment(r.Int64(4))})
			return nil
		})
	})
	return all, err
}

// Settle closes a task about a person with nothing made: what the applicant wrote of the person is deleted where nobody has
// to answer any more. What is frozen is thawed instead.
func (s *Service) Settle(ctx context.Context, actor haven.Actor, kind TaskKind, ref Ref, place int) error {
	if kind != TaskNotMe && kind != TaskOwner {
		return &errs.Error{Kind: errs.Invalid, Rule: "registration.thaw", Say: "What is frozen is thawed, once the premises has been spoken to."}
	}
	return s.o.DB.Write(ctx, func(tx *db.Tx) error {
		if _, err := s.lockApp(tx, ref); err != nil {
			return err
		}
		n, err := tx.Change(sqlTaskDone, string(ref), int64(kind), int64(place), s.now().UnixMicro())
		if err != nil {
			return err
		}
		if n == 0 {
			return errs.E(errs.NotFound, "There is no such task, or it is done.")
		}
		if kind == TaskNotMe {
			tx.Exec(sqlForgetWhat, string(ref), int64(place))
		}
		audit.Record(tx, audit.Entry{At: s.now(), Actor: actor, What: "registration.settled", Rule: "registration.named", Note: fmt.Sprintf("%s %d", ref, place)})
		return nil
	})
}
