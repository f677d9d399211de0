package leaver

import (
	"context"
	"slices"

	"haven"
	"haven/people/account"
	"haven/people/organisation"
	"haven/people/sharedmailbox"
	"haven/platform/audit"
	"haven/platform/db"
	"haven/platform/errs"
)

// Role is what a post is called that an owner gives with the access to a mailbox, until a job title is approved.
const Role = "member of staff"

var errNoPlace = &errs.Error{Kind: errs.Invalid, Rule: "leaver.no-place", Say: "This mailbox belongs to no place of work, so nobody can be taken on with it."}

// Join takes a person on where a mailbox belongs: the person gets a post there and access to the mailbox, and a leaver's account is active again. The
// actor is an owner of the mailbox, or the service itself. Errors are those of sharedmailbox's AddMember; Invalid (leaver.no-place) for a mailbox of no
// organisation.
func (s *Service) Join(ctx context.Context, actor haven.Actor, mailbox haven.AccountNo, g sharedmailbox.Grant) error {
	err := s.o.DB.Write(ctx, func(tx *db.Tx) error {
		if _, err := s.o.Shared.ManageIn(tx, actor, mailbox, g.Person); err != nil {
			return err
		}
		at, err := sharedmailbox.OrganisationIn(tx, mailbox)
		if err == nil && at == 0 {
			err = errNoPlace
		}
		if err != nil {
			return err
		}
		return s.join(tx, actor, mailbox, at, g)
	})
	if err == nil {
		s.o.Shared.Announce(mailbox, g.Person)
	}
	return err
}

func (s *Service) join(tx *db.Tx, actor haven.Actor, mailbox haven.AccountNo, at organisation.ID, g sharedmailbox.Grant) error {
	who, err := account.ByNoIn(tx, g.Person)
	if err != nil {
		return err
	}
	if who.State == account.Leaver {
		if err := s.o.Accounts.SetStateIn(tx, actor, who.No, account.Active, "leaver.joined"); err != nil {
			return err
		}
	}
	posts, err := s.o.Places.HeldIn(tx, who.No)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(posts, func(p organisation.Post) bool { return p.Organisation == at }) {
		if err := s.o.Places.AddPostIn(tx, actor, organisation.Post{Person: who.No, Organisation: at, Role: Role}); err != nil {
			return err
		}
	}
	audit.Record(tx, audit.Entry{At: s.o.Clock.Now(), Actor: actor, What: "leaver.joined", On: who.ID, Rule: "leaver.joined"})
	return s.o.Shared.AddMemberIn(tx, actor, mailbox, g)
}
