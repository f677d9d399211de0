package sharedmailbox

import (
	"context"
	"fmt"

	"haven"
	"haven/platform/db"
)

const (
	sqlOrphans   = `SELECT COUNT(*) FROM account a WHERE a.kind = 2 AND NOT EXISTS (SELECT 1 FROM shared_mailbox s WHERE s.an = a.no)`
	sqlStrangers = `SELECT COUNT(*) FROM member m JOIN account a ON a.no = m.person WHERE a.kind <> 1`

	// An active mailbox whose every membership with the right to manage (16) has ended, will end, or is held by
	// somebody who can't act: blocked for safety, at the most.
	ownerlessTables = ` FROM shared_mailbox s JOIN account b ON b.no = s.an LEFT JOIN address x ON x.no = b.no AND x.role = 1
		WHERE b.state = 2 AND NOT EXISTS (SELECT 1 FROM member m JOIN account a ON a.no = m.person
		WHERE m.an = s.an AND m.until = 0 AND m.rights & 16 <> 0 AND a.state IN (1, 2))`
	sqlOwnerless      = `SELECT COUNT(*)` + ownerlessTables
	sqlOwnerlessNames = `SELECT COALESCE(x.local, ''), COALESCE(x.domain, '')` + ownerlessTables + ` ORDER BY s.an LIMIT $1`
)

// Found is what Check found.
type Found struct {
	Faults    []string // what can't be in sound tables
	Ownerless int64    // active mailboxes that no owner can act for: after a removal for safety, and to be seen to
}

// Check looks at the tables of shared mailboxes; it only reads.
func Check(ctx context.Context, d *db.DB) (f Found, err error) {
	count := func(sql string) (n int64) {
		if err == nil {
			err = d.Read(ctx, func(tx *db.Tx) error {
				return tx.Query(sql, nil, func(r db.Row) error { n = r.Int64(0); return nil })
			})
		}
		return n
	}
	if n := count(sqlOrphans); n > 0 {
		f.Faults = append(f.Faults, fmt.Sprintf("%d shared accounts have no mailbox row", n))
	}
	if n := count(sqlStrangers); n > 0 {
		f.Faults = append(f.Faults, fmt.Sprintf("%d memberships are held by no person", n))
	}
	f.Ownerless = count(sqlOwnerless)
	return f, err
}

// Ownerless counts the active mailboxes that no owner can act for.
func Ownerless(ctx context.Context, d *db.DB) (n int64, err error) {
	err = d.Read(ctx, func(tx *db.Tx) error {
		return tx.Query(sqlOwnerless, nil, func(r db.Row) error { n = r.Int64(0); return nil })
	})
	return n, err
}

// OwnerlessNames are the addresses of the first of them, at most that many.
func OwnerlessNames(ctx context.Context, d *db.DB, most int) (all []haven.Address, err error) {
	err = d.Read(ctx, func(tx *db.Tx) error {
		all = nil
		return tx.Query(sqlOwnerlessNames, []any{int64(most)}, func(r db.Row) error {
			all = append(all, haven.Address{Local: r.Text(0), Domain: r.Text(1)})
			return nil
		})
	})
	return all, err
}
