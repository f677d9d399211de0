package sharenotification

import (
	"slices"
	"time"

	"haven"
	"haven/platform/policy"
)

// row is a notification as it is kept. It is there while gone is 0; then gone is the number at which it went.
type row struct {
	seq, gone int64
	made      time.Time
	by        haven.AccountID
	mailbox   haven.AccountNo
	old, new  haven.Rights
}

// merge says whether a change goes on with the newest notification of the mailbox (RFC 9670 §6.3): the same hand, soon after. That one goes, and what
// the person is told of both is the rights before the first and after the last.
func merge(rows []row, c Change, p policy.SharedMailbox) (with int64, old haven.Rights) {
	for _, r := range slices.Backward(rows) {
		if r.gone == 0 && r.mailbox == c.Mailbox.No {
			if r.by == c.By && c.At.Sub(r.made) < p.NotificationsWithin {
				return r.seq, r.old
			}
			break
		}
	}
	return 0, c.Old
}

// surplus are the oldest notifications beyond as many as a person has (RFC 9670 §3.1).
func surplus(rows []row, most int) (seqs []int64) {
	var there []int64
	for _, r := range rows {
		if r.gone == 0 {
			there = append(there, r.seq)
		}
	}
	return there[:max(0, len(there)-most)]
}

// forgotten are those that went first and are remembered no more, and the state before which nothing is known then; 0: all is remembered.
func forgotten(rows []row, most int) (seqs []int64, state int64) {
	var gone []row
	for _, r := range rows {
		if r.gone != 0 {
			gone = append(gone, r)
		}
	}
	slices.SortFunc(gone, func(a, b row) int { return int(a.gone - b.gone) })
	for _, r := range gone[:max(0, len(gone)-most)] {
		seqs, state = append(seqs, r.seq), r.gone
	}
	return seqs, state
}

// since is what happened after a state, at most so many (0: all), of all rows of a person.
func since(rows []row, from, now int64, most int) Changes {
	type event struct{ at, seq, gone int64 }
	var events []event
	for _, r := range rows {
		switch {
		case r.seq > from && r.gone == 0:
			events = append(events, event{r.seq, r.seq, 0})
		case r.seq <= from && r.gone > from:
			events = append(events, event{r.gone, r.seq, r.gone})
		}
	}
	slices.SortFunc(events, func(a, b event) int { return int(a.at - b.at) })
	ch := Changes{State: now}
	if most > 0 && len(events) > most {
		events, ch.More = events[:most], true
		ch.State = events[most-1].at
	}
	for _, e := range events {
		if e.gone == 0 {
			ch.Made = append(ch.Made, e.seq)
		} else {
			ch.Dismissed = append(ch.Dismissed, e.seq)
		}
	}
	return ch
}
