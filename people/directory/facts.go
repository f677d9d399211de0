package directory

import (
	"maps"
	"slices"
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
	places := map[organisation.ID]Place{}
	if len(people) > 0 {
		err := db.QueryAmong(tx, sqlPosts, people, func(r db.Row) error {
			p := organisation.Post{Person: haven.AccountNo(r.Int64(0)), Role: r.Text(1), From: db.Moment(r.Int64(2)), Until: db.Moment(r.Int64(3)), Organisation: organisation.ID(r.Int64(4))}
			all[p.Person].posts, places[p.Organisation] = append(all[p.Person].posts, p), Place{}
			return nil
		})
		if err != nil {
			return err
		}
	}
	at := make(map[haven.AccountNo]organisation.ID, len(boxes))
	if len(boxes) > 0 {
		err := db.QueryAmong(tx, sqlBoxes, boxes, func(r db.Row) error {
			no, id := haven.AccountNo(r.Int64(0)), organisation.ID(r.Int64(1))
			at[no], places[id] = id, Place{}
			return nil
		})
		if err != nil {
			return err
		}
	}
	err := db.QueryAmong(tx, sqlPlaces, slices.Collect(maps.Keys(places)), func(r db.Row) error {
		p := scanPlace(r)
		places[p.ID] = p
		return nil
	})
	for no, f := range all {
		for _, p := range f.posts {
			f.postPlaces = append(f.postPlaces, places[p.Organisation])
		}
		if id, is := at[no]; is {
			f.place = places[id]
		}
	}
	return err
}

func scanPlace(r db.Row) Place {
	p := Place{ID: organisation.ID(r.Int64(0)), Kind: organisation.Kind(r.Int64(1)), Code: organisation.Code(r.Text(2)), Name: r.Text(3), Town: r.Text(4),
		Postcode: r.Text(10), Telephone: r.Text(11)}
	for i := 5; i < 10; i++ {
		if l := strings.TrimSpace(r.Text(i)); l != "" {
			p.Lines = append(p.Lines, l)
		}
	}
	return p
}
