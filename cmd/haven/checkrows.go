package main

import (
	"context"
	"fmt"

	"haven/platform/blob"
	"haven/platform/db"
)

// Whatever refers to a body has a row for it, and whatever has a row is referred to, or is marked as free and will be swept. The
// tables belong to three concepts, which don't know of one another.
var sqlBodyless = []struct{ what, sql string }{
	{"letter %d in the queue", `SELECT q.id, q.body FROM queue q WHERE NOT EXISTS (SELECT 1 FROM body b WHERE b.id = q.body)`},
	{"letter %d for a crowd", `SELECT c.id, c.body FROM crowd c WHERE NOT EXISTS (SELECT 1 FROM body b WHERE b.id = c.body)`},
	{"an original held for account %d", `SELECT h.an, h.body FROM held h WHERE NOT EXISTS (SELECT 1 FROM body b WHERE b.id = h.body)`},
}

const sqlUnreferred = `SELECT b.id, CASE WHEN b.zero_since IS NOT NULL
		OR EXISTS (SELECT 1 FROM message m WHERE m.body = b.id) OR EXISTS (SELECT 1 FROM queue q WHERE q.body = b.id)
		OR EXISTS (SELECT 1 FROM crowd c WHERE c.body = b.id) OR EXISTS (SELECT 1 FROM held h WHERE h.body = b.id) THEN 0 ELSE 1 END
	FROM body b WHERE b.id > $1 ORDER BY b.id LIMIT $2`

// checkBodyRows holds the rows of bodies against what refers to them, and against the files.
func (h *house) checkBodyRows(ctx context.Context, found func(string)) error {
	for _, q := range sqlBodyless {
		err := h.db.Read(ctx, func(tx *db.Tx) error {
			return tx.Query(q.sql, nil, func(r db.Row) error {
				found(fmt.Sprintf(q.what+": its body %d has no row", r.Int64(0), r.Int64(1)))
				return nil
			})
		})
		if err != nil {
			return err
		}
	}
	for last, n := int64(0), bodyPage; n == bodyPage; {
		err := h.db.Read(ctx, func(tx *db.Tx) error {
			n = 0
			return tx.Query(sqlUnreferred, []any{last, int64(bodyPage)}, func(r db.Row) error {
				if n, last = n+1, r.Int64(0); r.Bool(1) {
					found(fmt.Sprintf("body %d: nothing refers to it, and it will not be swept", blob.ID(last)))
				}
				return nil
			})
		})
		if err != nil {
			return err
		}
	}
	return h.bodies.CheckFiles(ctx, h.db, found)
}
