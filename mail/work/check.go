package work

import (
	"context"
	"time"

	"haven"
	"haven/mail/mailbox"
	"haven/platform/db"
	"haven/platform/errs"
)

// Check is the look at a shared mailbox with which a day begins: what came since the last one, what is open, what is due. Somebody makes it once a day; one that
// nobody has made yet stands as it would be.
type Check struct {
	Day     Day
	Asked   bool            // the premises is open on that day, or nobody has said when it is
	LateAt  time.Time       // until then it should be made; zero where nobody is asked, or nobody has said when the premises opens
	At      time.Time       // zero: nobody has made it
	By      haven.AccountNo // 0: nobody
	Since   time.Time       // of the last one before; zero: there was none
	Came    int             // conversations of the Inbox to which something came since
	Open    int             // and that are not done
	Due     int             // and that run out by the end of the day, or have
	Changed haven.Seq
}

func scanCheck(r db.Row) Check {
	return Check{Day: Day(r.Int64(0)), At: db.Moment(r.Int64(1)), By: haven.AccountNo(r.Int64(2)), Since: db.Moment(r.Int64(3)), Came: int(r.Int64(4)), Open: int(r.Int64(5)), Due: int(r.Int64(6)),
		Changed: haven.Seq(r.Int64(7))}
}

var errNoCheck = errs.E(errs.NotFound, "Only a premises' mailbox is checked.")

// Checks calls each with the checks of days: those that were made, and today's.
func (s *Service) Checks(ctx context.Context, v mailbox.Viewer, days []Day, each func(Check)) error {
	var all []Check
	now := s.o.Clock.Now()
	err := s.o.Mail.Look(ctx, v, func(tx *db.Tx, _ mailbox.States) error {
		all = nil
		hours, err := s.checked(tx, v.Account)
		if err != nil {
			return err
		}
		for _, day := range days {
			c, err := s.checkIn(tx, v.Account, day)
			if err != nil {
				return err
			}
			if c.At.IsZero() && day != DayOf(now) {
				continue
			}
			c.Asked, c.LateAt = AskedOn(day, hours, s.o.Policy.CheckWithin)
			all = append(all, c)
		}
		return nil
	})
	for _, c := range all {
		if err == nil && c.At.IsZero() {
			err = s.look(ctx, v, &c, now)
		}
		if err == nil {
			each(c)
		}
	}
	return err
}

// checked is when a premises opens whose mailbox is checked.
func (s *Service) checked(tx *db.Tx, account haven.AccountNo) (Opening, error) {
	p, err := s.o.People.PersonIn(tx, account)
	if err == nil && !p.Shared {
		err = errNoCheck
	}
	if err != nil {
		return nil, err
	}
	return s.o.Hours.OpeningIn(tx, account)
}

// checkIn is the check of a day; one that nobody has made knows when the last one was.
func (s *Service) checkIn(tx *db.Tx, account haven.AccountNo, day Day) (c Check, err error) {
	err = tx.Query(sqlCheck, []any{int64(account), int64(day)}, func(r db.Row) error { c = scanCheck(r); return nil })
	if err == nil && c.At.IsZero() {
		c.Day = day
		err = tx.Query(sqlLastCheck, []any{int64(account), int64(day)}, func(r db.Row) error { c.Since = db.Moment(r.Int64(0)); return nil })
	}
	return c, err
}

// look counts what a check sees.
func (s *Service) look(ctx context.Context, v mailbox.Viewer, c *Check, now time.Time) error {
	var due map[haven.MessageID]time.Time
	x, err := s.board(ctx, v, func(tx *db.Tx, _ States) (err error) {
		due, err = dueTimes(tx, v.Account)
		return err
	})
	if err != nil {
		return err
	}
	defer x.mu.Unlock()
	c.Came, c.Open, c.Due = 0, 0, 0
	ends := DayOf(now).End()
	return s.o.Mail.Overview(ctx, v, func(o *mailbox.Overview) error {
		o.EachThread(mailbox.InboxNo, func(thread haven.MessageID, newest *mailbox.Brief) bool {
			if newest.Received > c.Since.UnixMicro() || c.Since.IsZero() {
				c.Came++
			}
			if x.of[thread].status != Done {
				c.Open++
			}
			return true
		})
		for _, at := range due {
			if at.Before(ends) {
				c.Due++
			}
		}
		return nil
	})
}

// ChecksMade are the days of which somebody made the check, the latest first, at most so many.
func (s *Service) ChecksMade(ctx context.Context, v mailbox.Viewer, most int) (days []Day, err error) {
	err = s.o.Mail.Look(ctx, v, func(tx *db.Tx, _ mailbox.States) error {
		return tx.Query(sqlChecks, []any{int64(v.Account), int64(most)}, func(r db.Row) error { days = append(days, Day(r.Int64(0))); return nil })
	})
	return days, err
}

// MakeCheck records that the viewer, who may write, made today's check. It is refused by MayCheck, with the check that there is.
func (s *Service) MakeCheck(ctx context.Context, v mailbox.Viewer) (c Check, err error) {
	now := s.o.Clock.Now()
	c = Check{Day: DayOf(now)}
	if err := s.Checks(ctx, v, []Day{c.Day}, func(today Check) { c = today }); err != nil {
		return c, err
	}
	err = s.o.Mail.Change(ctx, v, haven.Write, func(ch *mailbox.Change) error {
		was, err := s.checkIn(ch.Tx, v.Account, c.Day)
		if err != nil {
			return err
		}
		name := ""
		if was.By != 0 {
			if name, err = s.nameIn(ch.Tx, was.By); err != nil {
				return err
			}
		}
		if verdict := MayCheck(was, name); !verdict.Allowed {
			c = was
			return refusal(verdict)
		}
		c.At, c.By, c.Changed = now, v.Person, ch.Seq()
		ch.Tx.Exec(sqlPutCheck, int64(v.Account), int64(c.Day), db.Micros(c.At), int64(c.By), db.Micros(c.Since), int64(c.Came), int64(c.Open), int64(c.Due), int64(c.Changed))
		return s.record(ch.Tx, v, "work.checked", RuleCheck, c.Day.String())
	})
	return c, err
}
