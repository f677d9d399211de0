package work

import (
	"context"
	"slices"
	"time"

	"haven"
	"haven/mail/mailbox"
	"haven/platform/db"
	"haven/platform/errs"
)

// Answered is who sent the mailbox's last letter in a thread, after a moment; 0: nobody did.
func (s *Service) Answered(ctx context.Context, v mailbox.Viewer, thread haven.MessageID, since time.Time) (who haven.AccountNo, when time.Time, err error) {
	err = s.o.Mail.Look(ctx, v, func(tx *db.Tx, _ mailbox.States) error {
		it, err := item(tx, v.Account, thread)
		if err == nil && it.AnsweredBy != 0 && it.AnsweredAt.After(since) {
			who, when = it.AnsweredBy, it.AnsweredAt
		}
		return err
	})
	return who, when, err
}

// Sending is a letter that a person is about to send from a mailbox: Refs are its fields References and In-Reply-To, in that order.
type Sending struct {
	Person, Account haven.AccountNo
	Refs            []string
}

// MaySend refuses, with RuleAnswered and a sentence that names who and when, the second answer to what a colleague answered since the
// person last looked. It notes that it did: the same person's next letter in that thread passes within the policy's time. Personal
// mailboxes, and shared ones whose owners chose so, are never asked about.
func (s *Service) MaySend(ctx context.Context, sd Sending) error {
	if len(sd.Refs) == 0 {
		return nil
	}
	hashes, err := s.o.Mail.RefsOf(ctx, sd.Account, sd.Refs)
	if err != nil {
		return err
	}
	var verdict haven.Verdict
	var thread haven.MessageID
	now := s.o.Clock.Now()
	err = s.o.DB.Read(ctx, func(tx *db.Tx) error {
		verdict, thread, err = s.judge(tx, sd, hashes, now)
		return err
	})
	if err != nil || verdict.Allowed {
		return err
	}
	err = s.o.DB.Write(ctx, func(tx *db.Tx) error {
		tx.Exec(sqlStopped, int64(sd.Account), int64(thread), int64(sd.Person), db.Micros(now))
		return s.record(tx, mailbox.Viewer{Person: sd.Person, Account: sd.Account}, "work.reply-stopped", RuleAnswered, mailbox.ThreadID(thread))
	})
	if err != nil {
		return err
	}
	return &errs.Error{Kind: errs.Denied, Rule: string(verdict.Rule), Say: verdict.Reason}
}

// judge looks the facts of MaySend up.
func (s *Service) judge(tx *db.Tx, sd Sending, hashes []int64, now time.Time) (v haven.Verdict, thread haven.MessageID, err error) {
	stops, err := s.stops(tx, sd.Account)
	if err != nil || !stops {
		return allowed(RuleFirstReply), 0, err
	}
	if thread, err = mailbox.ThreadOfRefs(tx, sd.Account, hashes); err != nil || thread == 0 {
		return allowed(RuleFirstReply), 0, err
	}
	r := Reply{By: sd.Person}
	if r.Item, err = item(tx, sd.Account, thread); err != nil {
		return v, 0, err
	}
	r.Knows = r.Item.answer != 0 && slices.Contains(hashes, r.Item.answer)
	err = tx.Query(sqlReader, []any{int64(sd.Account), int64(thread), int64(sd.Person)}, func(row db.Row) error {
		r.Looked, r.Stopped = db.Moment(row.Int64(0)), db.Moment(row.Int64(1))
		return nil
	})
	if err == nil && r.Item.AnsweredBy != 0 {
		r.Name, err = s.nameIn(tx, r.Item.AnsweredBy)
	}
	return MaySend(r, s.o.Policy.AnsweredFor, s.o.Policy.AgainWithin, now), thread, err
}

// stops reports whether second answers are stopped in an account: in shared mailboxes, unless their owners chose otherwise.
func (s *Service) stops(tx *db.Tx, account haven.AccountNo) (bool, error) {
	p, err := s.o.People.PersonIn(tx, account)
	if err != nil || !p.Shared {
		return false, err
	}
	stops := true
	err = tx.Query(sqlChoice, []any{int64(account)}, func(r db.Row) error { stops = r.Int64(0) == 1; return nil })
	return stops, err
}

// Stops reports whether second answers are stopped in an account.
func (s *Service) Stops(ctx context.Context, v mailbox.Viewer) (on bool, err error) {
	err = s.o.Mail.Look(ctx, v, func(tx *db.Tx, _ mailbox.States) error {
		on, err = s.stops(tx, v.Account)
		return err
	})
	return on, err
}

// HoldStops stands as long as second answers are stopped in an account, or are not.
func (s *Service) HoldStops(account haven.AccountNo, on bool) *mailbox.Held {
	return mailbox.Hold(func(tx *db.Tx, _ mailbox.States) (bool, error) {
		is, err := s.stops(tx, account)
		return is == on, err
	})
}

// SetStops chooses whether second answers are stopped in a shared mailbox. The viewer manages it.
func (s *Service) SetStops(ctx context.Context, v mailbox.Viewer, on bool) error {
	err := s.o.Mail.Change(ctx, v, haven.Read|haven.Manage, func(c *mailbox.Change) error {
		stops, what := int64(0), "work.second-replies-allowed"
		if on {
			stops, what = 1, "work.second-replies-stopped"
		}
		c.Tx.Exec(sqlChoose, int64(v.Account), stops)
		return s.record(c.Tx, v, what, RuleAnswered, "")
	})
	if err == nil {
		v.Held.Kept() // it takes no number
	}
	return err
}

// looked notes that a person looked at a thread, where it matters: a colleague has answered since the last time. Who writes has it under the own text, and may not see
// what comes meanwhile.
func (s *Service) looked(ctx context.Context, v mailbox.Viewer, thread haven.MessageID, doing Doing) error {
	matters := false
	now := s.o.Clock.Now()
	err := s.o.Mail.Look(ctx, v, func(tx *db.Tx, _ mailbox.States) error {
		it, err := item(tx, v.Account, thread)
		if err != nil || it.AnsweredBy == 0 || it.AnsweredBy == v.Person {
			return err
		}
		matters = true
		return tx.Query(sqlReader, []any{int64(v.Account), int64(thread), int64(v.Person)}, func(r db.Row) error {
			matters = !db.Moment(r.Int64(0)).After(it.AnsweredAt)
			return nil
		})
	})
	if err != nil || !matters || doing != Viewing {
		return err
	}
	return s.o.DB.Write(ctx, func(tx *db.Tx) error {
		tx.Exec(sqlLooked, int64(v.Account), int64(thread), int64(v.Person), db.Micros(now))
		return nil
	})
}
