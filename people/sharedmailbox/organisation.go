package sharedmailbox

import (
	"context"
	"slices"

	"haven"
	"haven/people/account"
	"haven/people/organisation"
	"haven/platform/db"
)

// OfIn lists the mailboxes of an organisation in the caller's transaction.
func OfIn(tx *db.Tx, org organisation.ID) (all []haven.AccountNo, err error) {
	err = tx.Query(sqlOfOrg, []any{int64(org)}, func(r db.Row) error {
		all = append(all, haven.AccountNo(r.Int64(0)))
		return nil
	})
	return all, err
}

// OrganisationIn is whose a mailbox is; 0 for one of no organisation.
func OrganisationIn(tx *db.Tx, mailbox haven.AccountNo) (org organisation.ID, err error) {
	err = tx.Query(sqlOrg, []any{int64(mailbox)}, func(r db.Row) error { org = organisation.ID(r.Int64(0)); return nil })
	return org, err
}

// Organisation is OrganisationIn over a snapshot of its own. Who asks has been let in to the mailbox.
func (s *Service) Organisation(ctx context.Context, mailbox haven.AccountNo) (org organisation.ID, err error) {
	err = s.o.DB.Read(ctx, func(tx *db.Tx) error {
		org, err = OrganisationIn(tx, mailbox)
		return err
	})
	return org, err
}

// OwnersIn are the people who can act now as owners for one of some organisations, each once.
func (s *Service) OwnersIn(tx *db.Tx, orgs []organisation.ID) (all []account.Account, err error) {
	for _, org := range orgs {
		boxes, err := OfIn(tx, org)
		if err != nil {
			return nil, err
		}
		for _, box := range boxes {
			owners, err := s.ActingIn(tx, box)
			if err != nil {
				return nil, err
			}
			for _, o := range owners {
				if !slices.ContainsFunc(all, func(a account.Account) bool { return a.No == o.No }) {
					all = append(all, o)
				}
			}
		}
	}
	return all, nil
}

// ActingIn are the owners of an active mailbox who can act now.
func (s *Service) ActingIn(tx *db.Tx, box haven.AccountNo) (all []account.Account, err error) {
	a, err := account.ByNoIn(tx, box)
	if err != nil || a.State != account.Active {
		return nil, err
	}
	members, err := members(tx, box)
	for _, m := range members {
		if isLiveOwner(m, s.o.Clock.Now()) && m.Person.State == account.Active {
			all = append(all, m.Person)
		}
	}
	return all, err
}

// OwnedIn are the organisations for which a person can act now as an owner, each once.
func (s *Service) OwnedIn(tx *db.Tx, person haven.AccountNo) (all []organisation.ID, err error) {
	boxes, err := owned(tx, person)
	if err != nil {
		return nil, err
	}
	for _, box := range boxes {
		owners, err := s.ActingIn(tx, box)
		if err != nil {
			return nil, err
		}
		if !slices.ContainsFunc(owners, func(a account.Account) bool { return a.No == person }) {
			continue
		}
		org, err := OrganisationIn(tx, box)
		if err != nil {
			return nil, err
		}
		if org != 0 && !slices.Contains(all, org) {
			all = append(all, org)
		}
	}
	return all, nil
}

// EndlessIn are the active mailboxes to which a person has access without an end.
func EndlessIn(tx *db.Tx, person haven.AccountNo) (all []haven.AccountNo, err error) {
	err = tx.Query(sqlEndless, []any{int64(person)}, func(r db.Row) error {
		all = append(all, haven.AccountNo(r.Int64(0)))
		return nil
	})
	return all, err
}
