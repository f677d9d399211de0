package sharedmailbox

import (
	"context"
	"log/slog"
	"slices"

	"haven"
	"haven/people/account"
	"haven/platform/audit"
	"haven/platform/db"
	"haven/platform/errs"
)

// SetState moves an account to another state, as account's SetState does, and keeps an owner in every mailbox: it is
// Denied (sharedmailbox.last-owner), with the mailboxes named, where the person is the last who can act for one. What is
// done for safety goes through all the same (MayPass): the mailboxes that it leaves without an owner are returned, and
// each is logged and recorded as sharedmailbox.ownerless.
func (s *Service) SetState(ctx context.Context, actor haven.Actor, person haven.AccountNo, to account.State, rule haven.Rule) (left []haven.Address, err error) {
	var boxes []haven.AccountNo
	err = s.o.DB.Write(ctx, func(tx *db.Tx) (err error) {
		if boxes, err = lockOwned(tx, person); err != nil {
			return err
		}
		left, err = s.setState(tx, actor, person, boxes, to, rule)
		return err
	})
	if err != nil {
		return nil, err
	}
	s.alarm(ctx, left, rule)
	s.announce(append(boxes, person)...)
	return left, nil
}

// lockOwned locks a person and the active mailboxes in which the person holds the right to manage, in the order of Lock. One of
// which the person became an owner before the locks were had is locked behind them, which at the worst is tried again.
func lockOwned(tx *db.Tx, person haven.AccountNo) (boxes []haven.AccountNo, err error) {
	before, err := owned(tx, person)
	if err != nil {
		return nil, err
	}
	if err := account.Lock(tx, append(before, person)...); err != nil {
		return nil, err
	}
	if boxes, err = owned(tx, person); err != nil { // from now on nobody makes the person an owner
		return nil, err
	}
	return boxes, account.Lock(tx, slices.DeleteFunc(slices.Clone(boxes), func(box haven.AccountNo) bool { return slices.Contains(before, box) })...)
}

// alarm tells the operator of mailboxes that were left without an owner.
func (s *Service) alarm(ctx context.Context, left []haven.Address, rule haven.Rule) {
	for _, a := range left {
		s.o.Logger.LogAttrs(ctx, slog.LevelWarn, "a mailbox has no owner who can act", slog.String("mailbox", a.String()), slog.String("rule", string(rule)))
	}
}

func (s *Service) setState(tx *db.Tx, actor haven.Actor, person haven.AccountNo, boxes []haven.AccountNo, to account.State, rule haven.Rule) ([]haven.Address, error) {
	last, alone, err := s.lastOf(tx, person, boxes, to)
	if err != nil {
		return nil, err
	}
	if v := MayPass(to, addressesOf(last)); !v.Allowed {
		return nil, account.Refusal(errs.Denied, v)
	}
	if err := s.o.Accounts.SetStateIn(tx, actor, person, to, rule); err != nil {
		return nil, err
	}
	who, err := account.ByNoIn(tx, person)
	for _, box := range alone {
		audit.Record(tx, audit.Entry{At: s.o.Clock.Now(), Actor: actor, What: ownerless, On: box.ID, Other: who.ID, Rule: rule, Note: to.String()})
	}
	return addressesOf(alone), err
}

// lastOf is in which of the mailboxes the person is an owner who has to stay, and in which the only one who can act, were
// the person's state another.
func (s *Service) lastOf(tx *db.Tx, person haven.AccountNo, boxes []haven.AccountNo, to account.State) (last, alone []account.Account, err error) {
	now := s.o.Clock.Now()
	for _, no := range boxes {
		before, err := members(tx, no)
		if err != nil {
			return nil, nil, err
		}
		after := append([]Membership(nil), before...)
		for i := range after {
			if after[i].Person.No == person {
				after[i].Person.State = to
			}
		}
		if MayChange(before, after, s.o.Policy.Shared, now).Allowed {
			continue
		}
		box, err := account.ByNoIn(tx, no)
		if err != nil {
			return nil, nil, err
		}
		last = append(last, box)
		if LiveOwners(after, now) == 0 {
			alone = append(alone, box)
		}
	}
	return last, alone, nil
}

// OwnsIn reports whether a person holds the right to manage in an active mailbox.
func OwnsIn(tx *db.Tx, person haven.AccountNo) (bool, error) {
	boxes, err := owned(tx, person)
	return len(boxes) > 0, err
}

// owned are the active mailboxes in which a person holds the right to manage.
func owned(tx *db.Tx, person haven.AccountNo) (all []haven.AccountNo, err error) {
	err = tx.Query(sqlOwned, []any{int64(person)}, func(r db.Row) error {
		all = append(all, haven.AccountNo(r.Int64(0)))
		return nil
	})
	return all, err
}

func addressesOf(accounts []account.Account) (all []haven.Address) {
	for _, a := range accounts {
		all = append(all, a.Address)
	}
	return all
}
