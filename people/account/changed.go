package account

import (
	"time"

	"haven"
	"haven/platform/db"
)

const (
	sqlChanged = `INSERT INTO account_changed (no, due) VALUES ($1, 0) ON CONFLICT (no) DO UPDATE SET due = 0`
	sqlDue     = `INSERT INTO account_changed (no, due) VALUES ($1, $2) ON CONFLICT (no) DO NOTHING`

	// The next accounts, taken off the list. Whoever changes one of them meanwhile holds its row, or puts it there anew.
	sqlTakeChanged = `DELETE FROM account_changed WHERE no IN
		(SELECT no FROM account_changed WHERE due <= $1 ORDER BY due, no LIMIT $2) RETURNING no`
	sqlCountChanged = `SELECT COUNT(*) FROM account_changed WHERE due <= $1`
	sqlAnyChanged   = `SELECT no FROM account_changed WHERE due <= $1 ORDER BY due LIMIT 1`
	sqlChangeAfter  = `INSERT INTO account_changed (no, due) SELECT no, 0 FROM account WHERE no > $1 AND no <= $2
		ON CONFLICT (no) DO UPDATE SET due = 0`
	sqlAmongChanged = `SELECT no FROM account_changed WHERE due = 0 AND no IN ` + db.Among
	sqlNoAfter      = `SELECT MAX(no) FROM (SELECT no FROM account WHERE no > $1 ORDER BY no LIMIT $2) a`
)

// Changed puts accounts on the list of those of which others may find something else than before. Lock does it for the accounts of a
// transaction, so that no change of what the directory shows can be left out; who changes it without Lock calls this, in the same transaction.
func Changed(tx *db.Tx, accounts ...haven.AccountNo) {
	for _, no := range accounts {
		tx.Exec(sqlChanged, int64(no))
	}
}

// ChangesAt puts an account that was taken off the list there again, for a moment at which the clock alone changes it.
func ChangesAt(tx *db.Tx, no haven.AccountNo, due time.Time) {
	tx.Exec(sqlDue, int64(no), due.UnixMicro())
}

// TakeChanged takes the accounts that changed longest ago off the list, at most that many. It is the first statement of the transaction that
// deals with them: one that commits later finds them on the list again.
func TakeChanged(tx *db.Tx, now time.Time, most int) (all []haven.AccountNo, err error) {
	err = tx.Query(sqlTakeChanged, []any{now.UnixMicro(), int64(most)}, func(r db.Row) error {
		all = append(all, haven.AccountNo(r.Int64(0)))
		return nil
	})
	return all, err
}

// AnyChanged reports whether the list holds an account that is due.
func AnyChanged(tx *db.Tx, now time.Time) (some bool, err error) {
	err = tx.Query(sqlAnyChanged, []any{now.UnixMicro()}, func(db.Row) error { some = true; return nil })
	return some, err
}

// CountChanged counts the accounts on the list that are due.
func CountChanged(tx *db.Tx, now time.Time) (n int64, err error) {
	err = tx.Query(sqlCountChanged, []any{now.UnixMicro()}, func(r db.Row) error { n = r.Int64(0); return nil })
	return n, err
}

// ChangeAfter puts the accounts after a number on the list, at most that many, and says which was the last; 0: there are none.
func ChangeAfter(tx *db.Tx, after haven.AccountNo, most int) (last haven.AccountNo, err error) {
	err = tx.Query(sqlNoAfter, []any{int64(after), int64(most)}, func(r db.Row) error { last = haven.AccountNo(r.Int64(0)); return nil })
	if err == nil && last != 0 {
		tx.Exec(sqlChangeAfter, int64(after), int64(last))
	}
	return last, err
}

// AmongChanged are those of some accounts that are on the list because they changed.
func AmongChanged(tx *db.Tx, accounts []haven.AccountNo) (map[haven.AccountNo]bool, error) {
	on := map[haven.AccountNo]bool{}
	if len(accounts) == 0 {
		return on, nil
	}
	return on, db.QueryAmong(tx, sqlAmongChanged, accounts, func(r db.Row) error { on[haven.AccountNo(r.Int64(0))] = true; return nil })
}
