package registration

import (
	"context"
	"encoding/json"
	"fmt"

	"haven"
	"haven/people/account"
	"haven/people/organisation"
	"haven/platform/audit"
	"haven/platform/db"
	"haven/platform/errs"
)

// SetPeople keeps the people whom an application names, in place of those before. It is Invalid, by the first fault of
// CheckPeople, where an answer can't be taken.
func (s *Service) SetPeople(ctx context.Context, actor haven.Actor, ref Ref, t Token, people []Person) error {
	people, faults := CheckPeople(people, s.o.Policy)
	if len(faults) > 0 {
		return account.Refusal(errs.Invalid, faults[0].Verdict)
	}
	sealed := make([][]byte, len(people))
	for i, p := range people {
		plain, err := json.Marshal(p)
		if err != nil {
			return err
		}
		if sealed[i], err = s.sealer.Seal(nil, plain, boundTo(ref, i)); err != nil {
			return err
		}
	}
	return s.o.DB.Write(ctx, func(tx *db.Tx) error {
		a, err := s.lockApp(tx, ref)
		if err != nil {
			return hidden(err)
		}
		if err := s.goOn(a, t); err != nil {
			return err
		}
		now := s.now()
		tx.Exec(sqlDropPeople, string(ref))
		for i, b := range sealed {
			tx.Exec(sqlPutPerson, string(ref), int64(i), b, now.UnixMicro())
		}
		tx.Exec(sqlChanged, string(ref), max(now.UnixMicro(), a.changed+1)) // another version each time, which Submit asks for
		audit.Record(tx, audit.Entry{At: now, Actor: actor, What: "registration.people", Rule: "registration.people", Note: fmt.Sprintf("%s %d people", ref, len(people))})
		return nil
	})
}

// hidden makes an unknown reference the same as a wrong token.
func hidden(err error) error {
	if errs.Is(err, errs.NotFound) {
		return errToken
	}
	return err
}

// boundTo is what a person's sealed answers are bound to: their row.
func boundTo(ref Ref, place int) []byte {
	return fmt.Appendf(nil, "registration_person %s %d", ref, place)
}

// Answers is an application as it stands, for the page on which answers are checked, and to go on with it. One that was sent
// comes without its people.
func (s *Service) Answers(ctx context.Context, ref Ref, t Token) (Draft, error) {
	return s.draft(ctx, ref, t)
}

func (s *Service) draft(ctx context.Context, ref Ref, t Token) (d Draft, err error) {
	var rows []personRow
	err = s.o.DB.Read(ctx, func(tx *db.Tx) error {
		a, err := appIn(tx, ref)
		if err != nil {
			return hidden(err)
		}
		if a.state != Submitted || a.frozen {
			if err := s.goOn(a, t); err != nil {
				return err
			}
		} else if !a.holds(t) {
			return errToken
		}
		o, err := organisation.ByIDIn(tx, a.org)
		if err != nil {
			return err
		}
		contact, err := organisation.ContactIn(tx, a.org)
		if err != nil {
			return err
		}
		d = Draft{Ref: ref, State: a.state, Premises: shown(o, contact), Until: a.changedAt().Add(s.kept(a)), changed: a.changed}
		if a.state == Submitted {
			return nil
		}
		rows, err = peopleIn(tx, ref)
		return err
	})
	if err != nil {
		return Draft{}, err
	}
	for _, row := range rows {
		p, err := s.open(row)
		if err != nil {
			return Draft{}, err
		}
		d.People = append(d.People, p)
	}
	return d, nil
}

// personRow is a row of registration_person.
type personRow struct {
	ref     Ref
	place   int
	sealed  []byte // nil: deleted
	account haven.AccountNo
	state   int
}

func peopleIn(tx *db.Tx, ref Ref) (all []personRow, err error) {
	err = tx.Query(sqlPeople, []any{string(ref)}, func(r db.Row) error {
		all = append(all, personRow{ref, int(r.Int64(0)), copyOf(r, 1), haven.AccountNo(r.Int64(3)), int(r.Int64(4))})
		return nil
	})
	return all, err
}

// personIn is one of them; NotFound where there is none.
func personIn(tx *db.Tx, ref Ref, place int) (personRow, error) {
	all, err := peopleIn(tx, ref)
	if err != nil {
		return personRow{}, err
	}
	for _, p := range all {
		if p.place == place {
			return p, nil
		}
	}
	return personRow{}, errNotNamed
}

var errNotNamed = &errs.Error{Kind: errs.NotFound, Rule: "registration.not-named", Say: "There is no such question for you, or it was answered already."}

// open reads what an applicant wrote of a person. It may ask the key store, which a transaction may not.
func (s *Service) open(row personRow) (p Person, err error) {
	plain, err := s.sealer.Open(nil, row.sealed, boundTo(row.ref, row.place))
	if err != nil {
		return p, err
	}
	defer clear(plain)
	if err := json.Unmarshal(plain, &p); err != nil {
		return Person{}, errs.Wrap(errs.Internal, err, "")
	}
	return p, nil
}
