package main

import (
	"context"
	"fmt"

	"haven/mail/delivery"
	"haven/mail/outbox"
	"haven/platform/blob"
	"haven/platform/db"
)

// checkBodyRows holds the rows of bodies against what refers to them, and against the files: whatever refers to a body has
// a row for it, and whatever has a row is referred to, or is marked as free and will be swept.
func (h *house) checkBodyRows(ctx context.Context, found func(string)) error {
	bodyless := func(what string, body blob.ID) { found(fmt.Sprintf("%s: its body %d has no row", what, body)) }
	for _, look := range []func(*db.Tx, func(string, blob.ID)) error{outbox.Bodyless, delivery.Bodyless} {
		if err := h.db.Read(ctx, func(tx *db.Tx) error { return look(tx, bodyless) }); err != nil {
			return err
		}
	}
	for last, n := blob.ID(0), bodyPage; n == bodyPage; {
		err := h.db.Read(ctx, func(tx *db.Tx) error {
			page, err := blob.InUse(tx, last, bodyPage)
			n = len(page)
			for _, id := range page {
				used, err := bodyReferenced(tx, id)
				if err != nil {
					return err
				}
				if last = id; !used {
					found(fmt.Sprintf("body %d: nothing refers to it, and it will not be swept", id))
				}
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return h.bodies.CheckFiles(ctx, h.db, found)
}
