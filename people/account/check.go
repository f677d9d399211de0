package account

import (
	"context"
	"fmt"

	"haven/platform/db"
)

// invariants are questions whose answer has to be none.
var invariants = []struct{ sql, fault string }{
	{`SELECT COUNT(*) FROM account a WHERE NOT EXISTS (SELECT 1 FROM address x WHERE x.no = a.no AND x.role = 1)`,
		"%d accounts have no primary address"},
	{`SELECT COUNT(*) FROM address x WHERE NOT EXISTS (SELECT 1 FROM account a WHERE a.no = x.no)`,
		"%d addresses belong to no account"},
	{`SELECT COUNT(*) FROM address WHERE role = 1 AND until <> 0`,
		"%d primary addresses have ended"},
	{`SELECT COUNT(*) FROM account a JOIN credential c ON c.no = a.no WHERE a.kind <> 1`,
		"%d accounts that are no person's have a password"},
	{`SELECT COUNT(*) FROM account a JOIN app_password c ON c.no = a.no WHERE a.kind = 2`,
		"%d shared mailboxes have an app password"},
	{`SELECT COUNT(*) FROM account a WHERE a.kind = 1 AND NOT EXISTS (SELECT 1 FROM person p WHERE p.no = a.no)`,
		"%d personal accounts have no person"},
	{`SELECT COUNT(*) FROM account, account_next WHERE no >= next`,
		"%d accounts have a number that will be given out again"},
}

// Check looks for what can't be in sound tables of accounts, and says it in sentences; it only reads.
func Check(ctx context.Context, d *db.DB) (faults []string, err error) {
	for _, in := range invariants {
		err := d.Read(ctx, func(tx *db.Tx) error {
			return tx.Query(in.sql, nil, func(r db.Row) error {
				if n := r.Int64(0); n > 0 {
					faults = append(faults, fmt.Sprintf(in.fault, n))
				}
				return nil
			})
		})
		if err != nil {
			return nil, err
		}
	}
	return faults, nil
}

// Any reports whether the database holds an account.
func Any(ctx context.Context, d *db.DB) (some bool, err error) {
	err = d.Read(ctx, func(tx *db.Tx) error {
		some = false
		return tx.Query(`SELECT no FROM account LIMIT 1`, nil, func(db.Row) error {
			some = true
			return nil
		})
	})
	return some, err
}
