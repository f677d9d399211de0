package directory

import (
	"context"
	"fmt"
	"slices"

	"haven"
	"haven/people/account"
	"haven/platform/db"
)

// sweepRows are looked at in one go where the whole index is gone through.
const sweepRows = 500

// sweep goes through all rows of the index in transactions of their own, and calls fn with those that no entry has. What fn does with them it does
// in the transaction that found them.
func (s *Service) sweep(ctx context.Context, in func(context.Context, func(*db.Tx) error) error, fn func(tx *db.Tx, strays []stray) error) error {
	last := stray{}
	for {
		var rows []stray
		err := in(ctx, func(tx *db.Tx) (err error) {
			if rows, err = rowsAfter(tx, last); err != nil {
				return err
			}
			strays, err := straysOf(tx, rows)
			if err == nil && len(strays) > 0 {
				err = fn(tx, strays)
			}
			return err
		})
		if err != nil || len(rows) < sweepRows {
			return err
		}
		last = rows[len(rows)-1]
	}
}

// stray is a row of the index, and whose it is.
type stray struct {
	key
	no haven.AccountNo
}

func rowsAfter(tx *db.Tx, after stray) (rows []stray, err error) {
	err = tx.Query(sqlRowsAfter, []any{after.word, int64(after.part), int64(after.no), int64(sweepRows)}, func(r db.Row) error {
		rows = append(rows, stray{key{r.Text(0), int(r.Int64(1))}, haven.AccountNo(r.Int64(2))})
		return nil
	})
	return rows, err
}

// straysOf are those of the rows that the entry does not have whose number they bear.
func straysOf(tx *db.Tx, rows []stray) (strays []stray, err error) {
	var numbers []haven.AccountNo
	for _, r := range rows {
		numbers = append(numbers, r.no)
	}
	has, err := entriesOf(tx, numbers)
	for _, r := range rows {
		if !slices.Contains(has[r.no].keys, r.key) {
			strays = append(strays, r)
		}
	}
	return strays, err
}

// drop takes strays out. Their accounts go on the list first, so that nobody brings those entries up to date meanwhile.
func drop(tx *db.Tx, strays []stray) error {
	for _, r := range strays {
		account.Changed(tx, r.no)
	}
	strays, err := straysOf(tx, strays)
	for _, r := range strays {
		tx.Exec(sqlDropWord, r.word, int64(r.part), int64(r.no))
	}
	return err
}

// Check holds the index against what it is made of, and calls found with what is wrong in a sentence; it only reads. What waits to be brought up to date
// is not wrong.
func (s *Service) Check(ctx context.Context, found func(string)) error {
	for after := haven.AccountNo(0); ; {
		var numbers []haven.AccountNo
		err := s.o.DB.Read(ctx, func(tx *db.Tx) (err error) {
			if numbers, err = accountsAfter(tx, after); err == nil {
				err = s.checkSome(tx, numbers, found)
			}
			return err
		})
		if err != nil {
			return err
		}
		if len(numbers) == 0 {
			break
		}
		after = numbers[len(numbers)-1]
	}
	strays := 0
	err := s.sweep(ctx, s.o.DB.Read, func(_ *db.Tx, some []stray) error { strays += len(some); return nil })
	if err == nil && strays > 0 {
		found(fmt.Sprintf("directory: %d rows of the index belong to no entry; haven admin directory rebuild makes it anew", strays))
	}
	if err != nil || strays > 0 {
		return err
	}
	return s.checkCount(ctx, found)
}

func accountsAfter(tx *db.Tx, after haven.AccountNo) (numbers []haven.AccountNo, err error) {
	err = tx.Query(sqlAccounts, []any{int64(after), int64(sweepRows)}, func(r db.Row) error {
		numbers = append(numbers, haven.AccountNo(r.Int64(0)))
		return nil
	})
	return numbers, err
}

func (s *Service) checkSome(tx *db.Tx, numbers []haven.AccountNo, found func(string)) error {
	if len(numbers) == 0 {
		return nil
	}
	all, err := factsOf(tx, numbers)
	if err != nil {
		return err
	}
	has, err := entriesOf(tx, numbers)
	if err != nil {
		return err
	}
	waits, err := account.AmongChanged(tx, numbers)
	for _, no := range numbers {
		name, rest := wordsOf(*all[no], s.o.Clock.Now())
		if !waits[no] && !slices.Equal(has[no].keys, keysOf(name, rest)) {
			found(fmt.Sprintf("directory: account %s is not found by what it is now; haven admin directory rebuild makes the index anew", all[no].account.ID))
		}
	}
	return err
}

// checkCount holds the number of rows against what entries have: where every row is an entry's, it tells whether one is missing.
func (s *Service) checkCount(ctx context.Context, found func(string)) error {
	var want, have int64
	err := s.o.DB.Read(ctx, func(tx *db.Tx) error {
		if err := tx.Query(sqlEntries, nil, func(r db.Row) error { want = r.Int64(1); return nil }); err != nil {
			return err
		}
		return tx.Query(sqlCountRows, nil, func(r db.Row) error { have = r.Int64(0); return nil })
	})
	if err == nil && want != have {
		found(fmt.Sprintf("directory: the index has %d rows, its entries have %d; haven admin directory rebuild makes it anew", have, want))
	}
	return err
}
