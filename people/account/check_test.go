package account_test

import (
	"strings"
	"testing"

	"haven/people/account"
	"haven/people/peopletest"
	"haven/platform/db"
	"haven/platform/db/dbtest"
)

func TestCheckFindsWhatCantBe(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		if faults, err := account.Check(t.Context(), d); err != nil || len(faults) > 0 {
			t.Errorf("empty tables: %v, %v", faults, err)
		}
		err := d.Write(t.Context(), func(tx *db.Tx) error {
			tx.Exec(`INSERT INTO account (no, id, kind, state, since, display, access_ver, created) VALUES (7, 'x', 1, 2, 0, 'Ann', 1, 0)`)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		faults, err := account.Check(t.Context(), d)
		got := strings.Join(faults, "; ")
		if err != nil || len(faults) != 3 || !strings.Contains(got, "primary address") || !strings.Contains(got, "no person") || !strings.Contains(got, "given out again") {
			t.Errorf("%s, %v", got, err)
		}
	}, peopletest.Schemas()...)
}
