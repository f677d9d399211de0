package main

import (
	"context"

	"haven"
	"haven/mail/delivery"
	"haven/mail/outbox"
	"haven/mail/sending"
	"haven/people/account"
	"haven/platform/db"
	"haven/platform/secret"
)

// wireSending wires what sends letters that lie in mailboxes; what the outbox tells of them is sealed by what it gives.
func (h *house) wireSending(ctx context.Context) (*secret.Sealer, error) {
	told, err := h.keys.Sealer(ctx, "sending.seal")
	if err != nil {
		return nil, err
	}
	h.sending = sending.NewService(sending.Options{DB: h.db, Mail: h.mail, Post: h.delivery, People: writers{h}, Keys: h.keys, Sealer: told,
		Postmaster: h.postmaster(), Policy: h.conf.Policy.Sending, Clock: h.clock, Logger: h.log})
	return told, nil
}

// withdrawn notes that somebody took a letter out of those that are sent later.
func (h *house) withdrawn(tx *db.Tx, no haven.AccountNo, msg haven.MessageID, seq haven.Seq) error {
	return sending.Withdrawn(tx, no, msg, seq, h.clock.Now())
}

// fates tells sending, which is wired after the outbox, what becomes of letters.
type fates struct{ h *house }

func (f fates) Note(tx *db.Tx, letter outbox.ID, told []outbox.Told) error {
	return f.h.sending.Note(tx, letter, told)
}

// writers answers sending who sends, and as whom.
type writers struct{ h *house }

func (w writers) Submitter(ctx context.Context, person haven.AccountNo) (delivery.Submitter, error) {
	a, err := w.h.accounts.ByNo(ctx, person)
	return delivery.Submitter{Person: a.No, ID: a.ID, Address: a.Address, Name: a.Display}, err
}

func (w writers) MayUse(ctx context.Context, who delivery.Submitter, a haven.Address) (delivery.Use, error) {
	u, err := senders(w).MayUse(ctx, who, a)
	if err == nil && who.Only != 0 && u.Account != who.Only {
		err = account.ErrSender
	}
	return u, err
}

func (w writers) Address(ctx context.Context, no haven.AccountNo) (haven.Address, string, error) {
	a, err := w.h.accounts.ByNo(ctx, no)
	return a.Address, a.Display, err
}

func (w writers) Signature(ctx context.Context, person, no haven.AccountNo) (text, html string, err error) {
	a, err := w.h.accounts.ByNo(ctx, person)
	if err != nil {
		return "", "", err
	}
	s, err := w.h.signatures.For(ctx, haven.Actor{Person: a.ID, As: a.ID}, no)
	return s.Text, s.HTML, err
}
