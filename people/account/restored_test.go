package account_test

import (
	"testing"

	"haven"
	"haven/people/account"
	"haven/people/peopletest"
	"haven/platform/db"
	"haven/platform/db/dbtest"
)

// After a restore the next number is above every one that the keys know, and never lower than it was.
func TestRestored(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		for _, c := range []struct {
			last haven.AccountNo
			next int64
		}{{0, 1}, {41, 42}, {7, 42}, {42, 43}} {
			next := int64(0)
			if err := d.Write(t.Context(), func(tx *db.Tx) error {
				account.Restored(tx, c.last)
				return tx.Query(`SELECT next FROM account_next`, nil, func(r db.Row) error { next = r.Int64(0); return nil })
			}); err != nil {
				t.Fatal(err)
			}
			if next != c.next {
				t.Errorf("the keys know %d: next is %d, not %d", c.last, next, c.next)
			}
		}
	}, peopletest.Schemas()...)
}
