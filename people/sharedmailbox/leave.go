package sharedmailbox

import (
	"context"
	"slices"

	"haven"
	"haven/people/account"
	"haven/platform/db"
)

// Leave ends the actor's own access to a mailbox, and makes another member the owner in the same step where to is not zero. It is Denied
// (sharedmailbox.last-owner) where no owner would be left, NotFound where the actor or the successor is no member.
func (s *Service) Leave(ctx context.Context, actor haven.Actor, mailbox, to haven.AccountNo) error {
	var also []haven.AccountNo
	err := s.o.DB.Write(ctx, func(tx *db.Tx) error {
		me, err := account.ByIDIn(tx, actor.Person)
		if err != nil {
			return err
		}
		also = []haven.AccountNo{mailbox, me.No}
		if to != 0 {
			also = append(also, to)
		}
		a, err := s.enter(tx, actor, mailbox, also[1:]...)
		if err == nil && to != 0 {
			err = s.mayManage(tx, actor, mailbox, asOwner)
		}
		if err != nil {
			return err
		}
		return s.PassOnIn(tx, actor, a, me, to, "sharedmailbox.left")
	})
	if err == nil {
		s.announce(also...)
	}
	return err
}

// PassOnIn ends a person's access, and makes another member the owner in the same step where to is not zero. The caller's transaction has locked the
// mailbox and both people, has decided that this may be, and announces them after the commit. It is Denied (sharedmailbox.last-owner) where no owner
// would be left.
func (s *Service) PassOnIn(tx *db.Tx, actor haven.Actor, mailbox, person account.Account, to haven.AccountNo, rule haven.Rule) error {
	before, err := members(tx, mailbox.No)
	if err != nil {
		return err
	}
	now := s.o.Clock.Now()
	if to != 0 {
		member := current(before, to, now)
		if member.Person.No == 0 {
			return errNoMember
		}
		named, err := s.granted(tx, actor, before, Change{Person: to, Rights: haven.Owner, Endless: true}.of(member))
		if err != nil {
			return err
		}
		if err := s.write(tx, actor, mailbox, before, named); err != nil {
			return err
		}
		before = named
	}
	i := slices.IndexFunc(before, func(m Membership) bool { return m.Person.No == person.No })
	if i < 0 {
		return errNoMember
	}
	gone := before[i]
	after := slices.Delete(slices.Clone(before), i, i+1)
	if err := refusalOf(MayChange(before, after, s.o.Policy.Shared, now)); err != nil {
		return err
	}
	return s.drop(tx, actor, mailbox, gone, rule)
}
