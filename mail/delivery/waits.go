package delivery

import (
	"time"

	"haven"
	"haven/platform/db"
)

// WaitsSince is when the oldest letter came, at before or sooner, that was taken for an account and is not filed there yet; zero where there is none.
func WaitsSince(tx *db.Tx, account haven.AccountNo, before time.Time) (since time.Time, err error) {
	err = tx.Query(sqlCrowdWaits, []any{int64(account), db.Micros(before)}, func(r db.Row) error {
		since = db.Moment(r.Int64(0))
		return nil
	})
	return since, err
}
