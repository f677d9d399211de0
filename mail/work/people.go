package work

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"haven"
	"haven/mail/mailbox"
	"haven/platform/db"
)

// Colleague is somebody who may handle what comes to a mailbox.
type Colleague struct {
	No haven.AccountNo
	Person
	Here bool // at a thread of the mailbox now
}

// Colleagues are those who may write in an account now, by name: its members, or whom a personal one belongs to. Who may read it may ask.
func (s *Service) Colleagues(ctx context.Context, v mailbox.Viewer) (all []Colleague, err error) {
	here, err := s.Present(ctx, v)
	if err != nil {
		return nil, err
	}
	err = s.o.Mail.Look(ctx, v, func(tx *db.Tx, _ mailbox.States) error {
		all, err = s.colleagues(tx, v.Account, here)
		return err
	})
	slices.SortFunc(all, func(a, b Colleague) int {
		return cmp.Or(strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)), strings.Compare(a.ID.String(), b.ID.String()))
	})
	return all, err
}

func (s *Service) colleagues(tx *db.Tx, account haven.AccountNo, here Here) (all []Colleague, err error) {
	nos, err := s.o.People.MembersIn(tx, account)
	if err != nil {
		return nil, err
	}
	if !slices.Contains(nos, account) {
		nos = append(nos, account) // whose a personal one is
	}
	for _, no := range nos {
		rights, _, err := s.o.Access.In(tx, no, account)
		if err != nil {
			return nil, err
		}
		if !rights.Has(haven.Read | haven.Write) {
			continue
		}
		p, err := s.o.People.PersonIn(tx, no)
		if err != nil {
			return nil, err
		}
		if !p.Shared {
			all = append(all, Colleague{no, p, slices.ContainsFunc(here.All, func(x Presence) bool { return x.Person == no })})
		}
	}
	return all, nil
}
