package sharedmailbox

import (
	"slices"

	"haven"
	"haven/people/account"
	"haven/platform/db"
)

// AroundIn are the people who can act now as owners of a mailbox that a person has access to, each once, and not the person.
func (s *Service) AroundIn(tx *db.Tx, person haven.AccountNo) (all []account.Account, err error) {
	var boxes []haven.AccountNo
	err = tx.Query(sqlMemberOf, []any{int64(person), s.o.Clock.Now().UnixMicro()}, func(r db.Row) error {
		boxes = append(boxes, haven.AccountNo(r.Int64(0)))
		return nil
	})
	for _, box := range boxes {
		owners, err := s.ActingIn(tx, box)
		if err != nil {
			return nil, err
		}
		for _, o := range owners {
			if o.No != person && !slices.ContainsFunc(all, func(a account.Account) bool { return a.No == o.No }) {
				all = append(all, o)
			}
		}
	}
	return all, err
}

// MemberIn is a person's membership of a mailbox, if it is current now.
func (s *Service) MemberIn(tx *db.Tx, mailbox, person haven.AccountNo) (m Membership, is bool, err error) {
	all, err := members(tx, mailbox)
	now := s.o.Clock.Now()
	m = current(all, person, now)
	return m, m.Person.No != 0 && !now.Before(m.From), err
}
