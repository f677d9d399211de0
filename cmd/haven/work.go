package main

import (
	"strconv"
	"time"

	"haven"
	"haven/mail/work"
	"haven/people/account"
	"haven/people/openinghours"
	"haven/people/sharedmailbox"
	"haven/platform/db"
)

// colleagues are people as those see them who handle mail together.
type colleagues struct{}

func (colleagues) PersonIn(tx *db.Tx, no haven.AccountNo) (work.Person, error) {
	a, err := account.ByNoIn(tx, no)
	return work.Person{ID: a.ID, Name: a.Display, Email: a.Address.String(), Shared: a.Kind == haven.Shared}, err
}

func (colleagues) NumberIn(tx *db.Tx, id haven.AccountID) (haven.AccountNo, error) {
	a, err := account.ByIDIn(tx, id)
	return a.No, err
}

func (colleagues) MembersIn(tx *db.Tx, mailbox haven.AccountNo) (nos []haven.AccountNo, err error) {
	all, err := sharedmailbox.MembersIn(tx, mailbox)
	for _, m := range all {
		nos = append(nos, m.Person.No)
	}
	return nos, err
}

// hours are when premises are open, for what has to be done by a time.
type hours struct{}

func (hours) WithinIn(tx *db.Tx, mailbox haven.AccountNo, from time.Time, d time.Duration) (time.Time, error) {
	h, err := openinghours.OfIn(tx, mailbox)
	if err != nil {
		return time.Time{}, err
	}
	return h.Within(from, d), nil
}

func (hours) OpeningIn(tx *db.Tx, mailbox haven.AccountNo) (work.Opening, error) {
	return openinghours.OfIn(tx, mailbox)
}

// sessionsEnd wakes who looks at accounts of which a session ended; who had it is at no thread any more.
type sessionsEnd struct{ h *house }

func (a sessionsEnd) AccessChanged(accounts ...haven.AccountNo) {
	for _, no := range accounts {
		a.h.hub.Announce(no, 0)
		if a.h.work != nil {
			a.h.work.SessionEnded(no)
		}
	}
}

// Released tells the owners of a mailbox that what a person handled there is new again.
func (n told) Released(tx *db.Tx, mailbox, person haven.AccountNo, threads int) error {
	box, err := account.ByNoIn(tx, mailbox)
	if err != nil || box.Kind != haven.Shared {
		return err
	}
	who, err := account.ByNoIn(tx, person)
	if err != nil {
		return err
	}
	owners, err := n.h.shared.ActingIn(tx, mailbox)
	for _, o := range owners {
		if err == nil {
			err = n.send(tx, "work.released", o.Address.String(), o, map[string]string{"who": who.Display, "mailbox": box.Display, "count": strconv.Itoa(threads)})
		}
	}
	return err
}
