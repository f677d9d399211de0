package directory

import (
	"strings"

	"haven"
	"haven/people/account"
	"haven/people/organisation"
	"haven/platform/db"
)

// factsOf reads what the entries of accounts are made of; an account that is not there is left out.
func factsOf(tx *db.Tx, numbers []haven.AccountNo) (map[haven.AccountNo]*facts, error) {
	all := make(map[haven.AccountNo]*facts, len(numbers))
	if len(numbers) == 0 {
		return all, nil
	}
	err := db.QueryAmong(tx, sqlFacts, numbers, func(r db.Row) error {
		f := &facts{account: account.Account{No: haven.AccountNo(r.Int64(0)), Kind: haven.AccountKind(r.Int64(2)), State: account.State(r.Int64(3)),
			Display: r.Text(4), Address: haven.Address{Local: r.Text(5), Domain: r.Text(6)}},
			job: r.Text(7), telephone: r.Text(8), name: r.Text(9), town: r.Text(10), code: r.Text(11), about: r.Text(12)}
		copy(f.account.ID[:], r.Bytes(1))
		all[f.account.No] = f
		return nil
	})
	if err != nil {
		return nil, err
	}
	var people, boxes []haven.AccountNo
	for no, f := range all {
		if f.account.Kind == haven.Shared {
			boxes = append(boxes, no)
		} else {
			people = append(people, no)
		}
	}
	return all, placesOf(tx, all, people, boxes)
}

// placesOf reads the posts of people, and whose mailboxes are.
func placesOf(tx *db.Tx, all map[haven.AccountNo]*facts, people, boxes []haven.AccountNo) error {
	if len(people) > 0 {
		err := db.QueryAmong(tx, sqlPostPlaces, people, func(r db.Row) error {
			f, place := all[haven.AccountNo(r.Int64(0))], scanPlace(r)
			f.posts = append(f.posts, organisation.Post{Person: f.account.No, Organisation: place.ID, Role: r.Text(1), From: db.Moment(r.Int64(2)), Until: db.Moment(r.Int64(3))})
			f.postPlaces = append(f.postPlaces, place)
			return nil
		})
		if err != nil {
			return err
		}
	}
	if len(boxes) == 0 {
		return nil
	}
	return db.QueryAmong(tx, sqlPlaces, boxes, func(r db.Row) error {
		all[haven.AccountNo(r.Int64(0))].place = scanPlace(r)
		return nil
	})
}

func scanPlace(r db.Row) Place {
	p := Place{ID: organisation.ID(r.Int64(4)), Kind: organisation.Kind(r.Int64(5)), Code: organisation.Code(r.Text(6)), Name: r.Text(7), Town: r.Text(8),
		Postcode: r.Text(14), Telephone: r.Text(15)}
	for i := 9; i < 14; i++ {
		if l := strings.TrimSpace(r.Text(i)); l != "" {
			p.Lines = append(p.Lines, l)
		}
	}
	return p
}
