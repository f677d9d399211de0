package main

import (
	"context"
	"strconv"

	"haven"
	"haven/mail/delivery"
	"haven/mail/outbox"
	"haven/platform/db"
	"haven/platform/errs"
	"haven/platform/notify"
)

// letters sends notices as letters of the service's own: DKIM-signed, through the queue, or straight into a mailbox of ours. Their way back names the notice.
type letters struct{ h *house }

// from is whom they come from; nobody reads what is written there.
func (l letters) from() haven.Address {
	if a, err := haven.ParseAddress(l.h.conf.Notify.EmailFrom); err == nil {
		return a
	}
	return haven.Address{Local: "no-reply", Domain: l.h.conf.Service.Domains[0]}
}

// Send is notify.Gateway's. The name is the letter's in the queue; 0 where it lies in a mailbox of ours already.
func (l letters) Send(ctx context.Context, _ notify.Channel, c notify.Content, ref string) (string, error) {
	to, err := haven.ParseAddress(c.To)
	if err != nil {
		return "", errs.E(errs.Invalid, "This is no e-mail address.")
	}
	from := l.from()
	id, err := l.h.delivery.SendOwn(ctx, delivery.Own{Name: "Haven", From: from, To: to, Back: haven.Address{Local: ref, Domain: from.Domain}, ID: ref, Subject: c.Subject, Text: c.Body, Until: c.Until})
	switch {
	case errs.Is(err, errs.NotFound), errs.Is(err, errs.Denied):
		return "", errs.E(errs.Invalid, "There is no such mailbox here.")
	case errs.Is(err, errs.Invalid):
		return "", errs.E(errs.Invalid, "The queue does not take this address.")
	case errs.Is(err, errs.OverQuota):
		return "", errs.E(errs.Transient, "The mailbox is full.")
	}
	return strconv.FormatInt(int64(id), 10), errs.Wrap(errs.Transient, err, "The letter can't be written here just now.")
}

// State is notify.Gateway's: what has left the queue without a word was taken, since Dropped and Returned say the rest.
func (l letters) State(ctx context.Context, name string) (notify.State, string, error) {
	id, err := strconv.ParseInt(name, 10, 64)
	if err != nil {
		return notify.Sent, "", errs.E(errs.Invalid, "This is no letter of the queue.") // another gateway had it, before the setting was changed
	}
	if id == 0 {
		return notify.Delivered, "", nil
	}
	_, err = l.h.outbox.Show(ctx, outbox.ID(id))
	if errs.Is(err, errs.NotFound) {
		return notify.Delivered, "", nil
	}
	return notify.Sent, "", errs.Wrap(errs.Transient, err, "")
}

// Ours is delivery.Returns' and outbox.Own's.
func (l letters) Ours(back haven.Address) bool {
	return back.Domain == l.from().Domain && notify.IsRef(back.Local)
}

// Returned is delivery.Returns'.
func (l letters) Returned(tx *db.Tx, back haven.Address, status string) error {
	return l.h.notify.Returned(tx, back.Local, status)
}

// Dropped is outbox.Own's.
func (l letters) Dropped(tx *db.Tx, back haven.Address) error {
	return l.h.notify.Dropped(tx, back.Local)
}
