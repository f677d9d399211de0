package delivery

import (
	"haven"
	"haven/mail/mailbox"
	"haven/mail/outbox"
	"haven/platform/db"
)

// Draft is the message of a mailbox that a letter is made of, or the mailbox alone that it is sent from.
type Draft struct {
	Account haven.AccountNo
	Msg     haven.MessageID // 0: the letter is made of none
	InSent  bool            // it was in Sent before: it is sent once more, or to others

	// Taken is called in the commit that takes the letter, which locks the account. An error has nothing sent.
	Taken func(tx *db.Tx, t Taken) error
}

// Taken is what became of a letter that was taken.
type Taken struct {
	ID        string    // in Received and in the log
	MessageID string    // of the letter as it went, without angle brackets
	Queue     outbox.ID // 0: nobody is elsewhere
	To        []TakenFor
}

// TakenFor is one recipient of a letter that was taken.
type TakenFor struct {
	Address haven.Address
	Where   Whereabouts
}

// Whereabouts is where a letter is for a recipient.
type Whereabouts uint8

const (
	InMailbox Whereabouts = iota + 1 // it lies in a mailbox here
	InTurn                           // it is filed here later
	InQueue                          // it waits in the outbox
)

// Of says which message of a mailbox the letter is made of: it has to be sent from that mailbox, and of the two one stays in Sent (see mailbox.Sending). It is
// called before Open.
func (sub *Submission) Of(d Draft) { sub.draft = &d }

// Check ends a letter that is only looked at: what Commit would refuse is refused, nothing is sent, and nothing of it is kept. A second answer that is
// refused here passes when it is sent again, as with Commit.
func (l *SubmittedLetter) Check() error {
	defer l.Abort()
	if err := l.finish(); err != nil {
		return err
	}
	return l.mayAnswer(l.ctx)
}

// draftSent says how the Sent copy stands to the message that it was made of.
func (l *SubmittedLetter) draftSent() *mailbox.Sending {
	d := l.sub.draft
	if d == nil || d.Msg == 0 {
		return nil
	}
	return &mailbox.Sending{Msg: d.Msg, Same: l.same, InSent: d.InSent}
}

// delivered says of every recipient where the letter is, once it is taken.
func (l *SubmittedLetter) delivered(later addressees) []TakenFor {
	out := make([]TakenFor, 0, len(l.sub.to)+len(l.sub.others))
	for _, r := range l.sub.to {
		where := InMailbox
		if later.has(r.Account) {
			where = InTurn
		}
		out = append(out, TakenFor{r.as, where})
	}
	for _, r := range l.sub.others {
		out = append(out, TakenFor{r.Address, InQueue})
	}
	return out
}

// tellDraft has whoever sent the message told what became of it, in the commit; nil: nobody waits for that.
func (l *SubmittedLetter) tellDraft(t *Taken) func(*db.Tx) error {
	d := l.sub.draft
	if d == nil || d.Taken == nil {
		return nil
	}
	return func(tx *db.Tx) error { return d.Taken(tx, *t) }
}
