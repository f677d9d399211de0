package sending

import (
	"time"

	"haven"
	"haven/platform/db"
)

// OverdueSince is when the oldest letter of an account was to go, at before or sooner, that was not handed over yet; zero where there is none.
func OverdueSince(tx *db.Tx, account haven.AccountNo, before time.Time) (since time.Time, err error) {
	err = tx.Query(sqlOverdue, []any{int64(account), db.Micros(before)}, func(r db.Row) error {
		since = db.Moment(r.Int64(0))
		return nil
	})
	return since, err
}
