package outbox

import (
	"time"

	"haven"
	"haven/platform/db"
)

// waitsLooked bounds what WaitsSince looks at.
const waitsLooked = 100

// WaitsSince is when the oldest letter of an account was queued, at before or sooner, that is still to be sent and of which the sender was not told that it is late;
// zero where there is none among the account's first hundred.
func WaitsSince(tx *db.Tx, account haven.AccountNo, before time.Time) (since time.Time, err error) {
	err = tx.Query(sqlWaits, []any{int64(account), db.Micros(before), int64(waitsLooked)}, func(r db.Row) error {
		since = db.Moment(r.Int64(0))
		return nil
	})
	return since, err
}
