package leaver

import (
	"context"
	"slices"

	"haven"
	"haven/people/account"
	"haven/people/organisation"
	"haven/people/sharedmailbox"
	"haven/platform/db"
)

// Inside tells which of some addresses, by their keys, belong to a mailbox's own place: those of its mailboxes, of whoever has access to one of them,
// and of whoever holds a post there. All others are outside, colleagues at other places among them.
func (s *Service) Inside(ctx context.Context, mailbox haven.AccountNo, all []haven.Address) (map[string]bool, error) {
	ours := slices.DeleteFunc(slices.Clone(all), func(a haven.Address) bool { return !s.o.Accounts.Hosts(a.Domain) })
	in := map[string]bool{}
	accounts, found, err := s.o.Accounts.ResolveAll(ctx, ours)
	if err != nil || len(ours) == 0 {
		return in, err
	}
	err = s.o.DB.Read(ctx, func(tx *db.Tx) error {
		clear(in)
		at, err := sharedmailbox.OrganisationIn(tx, mailbox)
		if err != nil {
			return err
		}
		belong, err := belongIn(tx, at, mailbox)
		if err != nil {
			return err
		}
		for i, a := range accounts {
			if !found[i] {
				continue
			}
			if _, known := belong[a.No]; !known {
				if belong[a.No], err = s.works(tx, a, at); err != nil {
					return err
				}
			}
			in[ours[i].Key()] = belong[a.No]
		}
		return nil
	})
	return in, err
}

// belongIn are the mailboxes of a place, and who has access to one of them.
func belongIn(tx *db.Tx, at organisation.ID, mailbox haven.AccountNo) (map[haven.AccountNo]bool, error) {
	belong, boxes := map[haven.AccountNo]bool{}, []haven.AccountNo{mailbox}
	if at != 0 {
		of, err := sharedmailbox.OfIn(tx, at)
		if err != nil {
			return nil, err
		}
		boxes = append(boxes, of...)
	}
	for _, box := range boxes {
		belong[box] = true
		members, err := sharedmailbox.MembersIn(tx, box)
		if err != nil {
			return nil, err
		}
		for _, m := range members {
			belong[m.Person.No] = true
		}
	}
	return belong, nil
}

// works says whether a person holds a post at a place.
func (s *Service) works(tx *db.Tx, who account.Account, at organisation.ID) (bool, error) {
	if at == 0 || who.Kind != haven.Personal {
		return false, nil
	}
	posts, err := s.o.Places.HeldIn(tx, who.No)
	return slices.ContainsFunc(posts, func(p organisation.Post) bool { return p.Organisation == at }), err
}
