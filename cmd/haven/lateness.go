package main

import (
	"context"
	"time"

	"haven"
	"haven/face/jmap"
	"haven/mail/delivery"
	"haven/mail/outbox"
	"haven/mail/sending"
	"haven/platform/db"
)

// lateness is how late the letters of accounts are, as those know who have them meanwhile.
type lateness struct{ h *house }

func (l lateness) Late(ctx context.Context, account haven.AccountNo, before time.Time) (late jmap.Late, err error) {
	err = l.h.db.Read(ctx, func(tx *db.Tx) (err error) {
		if late.Arriving, err = delivery.WaitsSince(tx, account, before); err != nil {
			return err
		}
		queued, err := outbox.WaitsSince(tx, account, before)
		if err != nil {
			return err
		}
		overdue, err := sending.OverdueSince(tx, account, before)
		late.Leaving = earliest(queued, overdue)
		return err
	})
	return late, err
}

// earliest is the first of some moments that are none of them zero; zero where all are.
func earliest(all ...time.Time) (first time.Time) {
	for _, t := range all {
		if !t.IsZero() && (first.IsZero() || t.Before(first)) {
			first = t
		}
	}
	return first
}
