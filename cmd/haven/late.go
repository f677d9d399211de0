package main

import (
	"context"
	"fmt"
	"time"

	"haven"
	"haven/mail/work"
	"haven/people/account"
	"haven/people/organisation"
	"haven/people/sharedmailbox"
	"haven/platform/db"
	"haven/platform/errs"
)

// late tells those who answer for a mailbox that something in it was not done in time (Rules 12): its owners by text, then its head office, then its local team.
// What it writes names the mailbox and a number, and nothing of a letter.
type late struct{ told }

// Sent has it go at once.
func (l late) Sent() { l.h.notify.Nudge() }

// Late looks up who is told at a stage. Whoever was an owner then and is none when it is written is told nothing.
func (l late) Late(ctx context.Context, mailbox haven.AccountNo, stage work.Stage) (func(*db.Tx, int, time.Time) (work.Reached, error), error) {
	switch stage {
	case work.Owners:
		mobiles, err := l.mobiles(ctx, mailbox)
		return func(tx *db.Tx, threads int, next time.Time) (work.Reached, error) {
			return l.owners(tx, mailbox, mobiles, threads, next)
		}, err
	case work.HeadOffice:
		return func(tx *db.Tx, threads int, _ time.Time) (work.Reached, error) {
			return l.further(tx, mailbox, threads, headOfficeOf)
		}, nil
	default:
		return func(tx *db.Tx, threads int, _ time.Time) (work.Reached, error) {
			return l.localTeam(tx, mailbox, threads)
		}, nil
	}
}

// mobiles are the proven numbers of the owners of a mailbox.
func (l late) mobiles(ctx context.Context, mailbox haven.AccountNo) (map[haven.AccountNo]string, error) {
	var owners []account.Account
	err := l.h.db.Read(ctx, func(tx *db.Tx) (err error) {
		owners, err = l.h.shared.ActingIn(tx, mailbox)
		return err
	})
	if err != nil {
		return nil, err
	}
	of := map[haven.AccountNo]string{}
	for _, o := range owners {
		all, err := l.h.contacts.Of(ctx, o.No)
		if err != nil && !errs.Is(err, errs.NotFound) {
			return nil, err
		}
		for _, c := range all {
			if c.Kind == account.Mobile && !c.Proven.IsZero() {
				of[o.No] = c.Value
			}
		}
	}
	return of, nil
}

// owners tells each owner by text, and one without a proven mobile by letter.
func (l late) owners(tx *db.Tx, mailbox haven.AccountNo, mobiles map[haven.AccountNo]string, threads int, next time.Time) (to work.Reached, err error) {
	box, err := account.ByNoIn(tx, mailbox)
	if err != nil {
		return to, err
	}
	owners, err := l.h.shared.ActingIn(tx, mailbox)
	values := map[string]string{"mailbox": box.Display, "letters": lettersAre(threads), "next": clockOf(next), "portal": l.page("/mail/")}
	for _, o := range owners {
		if err != nil {
			return to, err
		}
		if mobile := mobiles[o.No]; mobile != "" {
			to.Texts++
			err = l.send(tx, "work.late-text", mobile, o, values)
			continue
		}
		to.Letters++
		err = l.send(tx, "work.late", o.Address.String(), o, values)
	}
	return to, err
}

// lettersAre says how many are late.
func lettersAre(n int) string {
	if n == 1 {
		return "1 letter is"
	}
	return fmt.Sprintf("%d letters are", n)
}

// further tells an organisation above that of a mailbox, at the addresses that it has.
func (l late) further(tx *db.Tx, mailbox haven.AccountNo, threads int, above func(*db.Tx, organisation.Organisation) ([]string, error)) (to work.Reached, err error) {
	box, place, err := placeOf(tx, mailbox)
	if err != nil || place.ID == 0 {
		return to, err
	}
	addresses, err := above(tx, place)
	for _, a := range addresses {
		if err != nil {
			break
		}
		to.Letters++
		err = l.send(tx, "work.late-further", a, account.Account{}, map[string]string{"mailbox": box.Display, "premises": shownName(place), "letters": lettersAre(threads), "time": clockOf(l.h.clock.Now())})
	}
	return to, err
}

// localTeam tells the local team's mailbox, where it has one, and puts a premises' mailbox on the list from which it works.
func (l late) localTeam(tx *db.Tx, mailbox haven.AccountNo, threads int) (work.Reached, error) {
	to, err := l.further(tx, mailbox, threads, localTeamOf)
	if err != nil {
		return to, err
	}
	box, place, err := placeOf(tx, mailbox)
	if err != nil || place.ID == 0 {
		return to, err
	}
	says := lettersAre(threads) + " past the time to be done. Those who answer for the mailbox before the local team were told, where there is anybody."
	return to, l.h.helpdesk.LateIn(tx, haven.Actor{Program: "job work"}, box, place, says)
}

// placeOf is a mailbox and the organisation that has it; a zero one where none has.
func placeOf(tx *db.Tx, mailbox haven.AccountNo) (box account.Account, place organisation.Organisation, err error) {
	if box, err = account.ByNoIn(tx, mailbox); err != nil {
		return box, place, err
	}
	id, err := sharedmailbox.OrganisationIn(tx, mailbox)
	if err == nil && id != 0 {
		place, err = organisation.ByIDIn(tx, id)
	}
	return box, place, err
}

// headOfficeOf is how the head office of a premises is reached: whom it has named, else its mailboxes.
func headOfficeOf(tx *db.Tx, place organisation.Organisation) ([]string, error) {
	if place.Parent == "" {
		return nil, nil
	}
	named, err := organisation.ContactOfGroupIn(tx, place.Parent)
	if err != nil || !named.IsNull() {
		return []string{named.String()}, err
	}
	return mailboxesOf(tx, place.Parent, organisation.HeadOffice)
}

// localTeamOf is how the local team of a premises is reached.
func localTeamOf(tx *db.Tx, place organisation.Organisation) ([]string, error) {
	if place.CareBoard == "" {
		return nil, nil
	}
	return mailboxesOf(tx, organisation.Code(place.CareBoard), organisation.LocalTeam)
}

// mailboxesOf are the addresses of an organisation of a kind; none where there is no such organisation.
func mailboxesOf(tx *db.Tx, code organisation.Code, kind organisation.Kind) (all []string, err error) {
	o, err := organisation.ByCodeIn(tx, code)
	if errs.Is(err, errs.NotFound) || err == nil && o.Kind != kind {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	boxes, err := sharedmailbox.OfIn(tx, o.ID)
	for _, no := range boxes {
		if err != nil {
			break
		}
		var box account.Account
		if box, err = account.ByNoIn(tx, no); err == nil && box.State == account.Active {
			all = append(all, box.Address.String())
		}
	}
	return all, err
}
