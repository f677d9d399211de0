package directory

import (
	"context"

	"haven"
	"haven/platform/db"
	"haven/platform/errs"
)

// Shown are people as the directory shows them, for a person who has them before the eyes already, such as the colleagues in a mailbox: it is no
// search, and is not counted. Who can't be found, and where the person may not search, is left out.
func (s *Service) Shown(ctx context.Context, actor haven.Actor, people []haven.AccountNo) (map[haven.AccountNo]Entry, error) {
	shown, err := s.shown(ctx, actor, func(*db.Tx) ([]haven.AccountNo, error) { return people, nil })
	if errs.Is(err, errs.Denied) {
		return nil, nil
	}
	return shown, err
}

// ByID are entries whose ids a person has, which nobody guesses, in their order, each once: it is no search, and is not counted. Who can't be found is left
// out. It is Denied for who may not search (MaySearch).
func (s *Service) ByID(ctx context.Context, actor haven.Actor, ids []haven.AccountID) (entries []Entry, err error) {
	var order []haven.AccountNo
	shown, err := s.shown(ctx, actor, func(tx *db.Tx) ([]haven.AccountNo, error) {
		order = nil
		err := tx.QueryEach(sqlNumber, len(ids), func(i int) []any { return []any{ids[i][:]} }, func(_ int, r db.Row) error {
			order = append(order, haven.AccountNo(r.Int64(0)))
			return nil
		})
		return order, err
	})
	for _, no := range order {
		if e, ok := shown[no]; ok {
			entries = append(entries, e)
			delete(shown, no)
		}
	}
	return entries, err
}

// shown are the entries of accounts that can be found, as a person who may search sees them.
func (s *Service) shown(ctx context.Context, actor haven.Actor, which func(*db.Tx) ([]haven.AccountNo, error)) (shown map[haven.AccountNo]Entry, err error) {
	who, err := s.admit(ctx, actor)
	if err != nil {
		return nil, err
	}
	err = s.o.DB.Read(ctx, func(tx *db.Tx) error {
		numbers, err := which(tx)
		if err != nil {
			return err
		}
		all, err := factsOf(tx, append([]haven.AccountNo{who.No}, numbers...))
		if err != nil {
			return err
		}
		now := s.o.Clock.Now()
		own := ownPlaces(all[who.No], now)
		shown = make(map[haven.AccountNo]Entry, len(numbers))
		for _, no := range numbers {
			if f := all[no]; f != nil && Findable(f.account) {
				shown[no] = show(*f, own, now)
			}
		}
		return nil
	})
	return shown, err
}
