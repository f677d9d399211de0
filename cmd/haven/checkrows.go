package main

import (
	"context"
	"fmt"

	"haven/mail/delivery"
	"haven/mail/outbox"
	"haven/mail/upload"
	"haven/platform/blob"
	"haven/platform/db"
)

// checkBodyRows holds the rows of bodies against what refers to them, and against the files: whatever refers to a body has
// a row for it, and whatever has a row is referred to, or is marked as free and will be swept.
func (h *house) checkBodyRows(ctx context.Context, found func(string)) error {
	bodyless := func(what string, body blob.ID) { found(fmt.Sprintf("%s: its body %d has no row", what, body)) }
	for _, look := range []func(*db.Tx, func(string, blob.ID)) error{outbox.Bodyless, delivery.Bodyless, upload.Bodyless} {
		if err := h.db.Read(ctx, func(tx *db.Tx) error { return look(tx, bodyless) }); err != nil {
			return err
		}
	}
	if err := h.eachLeaked(ctx, func(leaked []blob.ID) error {
		for _, id := range leaked {
			found(fmt.Sprintf("body %d: nothing refers to it, and it will not be swept", id))
		}
		return nil
	}); err != nil {
		return err
	}
	return h.bodies.CheckFiles(ctx, h.db, found)
}

// eachLeaked calls fn with bodies that nothing refers to and that are not marked as free, a page at a time, outside the snapshot.
func (h *house) eachLeaked(ctx context.Context, fn func([]blob.ID) error) error {
	for last, n := blob.ID(0), bodyPage; n == bodyPage; {
		var leaked []blob.ID
		err := h.db.Read(ctx, func(tx *db.Tx) error {
			page, err := blob.InUse(tx, last, bodyPage)
			n, leaked = len(page), nil
			for _, id := range page {
				used, err := bodyReferenced(tx, id)
				if err != nil {
					return err
				}
				if last = id; !used {
					leaked = append(leaked, id)
				}
			}
			return err
		})
		if err != nil {
			return err
		}
		if len(leaked) > 0 {
			if err := fn(leaked); err != nil {
				return err
			}
		}
	}
	return nil
}

// freeLeaked marks what eachLeaked finds as free, so that it is swept like any body that nobody holds.
func (h *house) freeLeaked(ctx context.Context) error {
	return h.eachLeaked(ctx, func(leaked []blob.ID) error {
		return h.db.Write(ctx, func(tx *db.Tx) error {
			blob.Released(tx, h.clock.Now(), leaked...)
			return nil
		})
	})
}
