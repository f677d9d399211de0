package work

import (
	"context"
	"errors"

	"haven"
	"haven/mail/mailbox"
	"haven/platform/db"
	"haven/platform/errs"
)

// AccessChanged has it looked at once whether somebody holds what is closed to that person by now. It never waits.
func (s *Service) AccessChanged() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// SessionEnded has a person be at no thread any more, as soon as Run comes to it. It never waits.
func (s *Service) SessionEnded(person haven.AccountNo) {
	if s.shares() || len(s.here.accounts(person)) > 0 {
		s.here.part(person)
		s.AccessChanged()
	}
}

// Run makes new again what people hold whose access has ended, and lets go of who has left, until ctx ends.
func (s *Service) Run(ctx context.Context) {
	for {
		err := s.Step(ctx)
		if err == nil {
			err = errors.Join(s.forget(ctx), s.forgetFilings(ctx))
		}
		for again := err == nil; again; {
			select {
			case <-ctx.Done():
				return
			case <-s.wake:
				err = s.Step(ctx)
				again = err == nil
			case <-s.o.Clock.After(s.o.Policy.ReleaseEvery):
				again = false
			}
		}
		if err != nil && ctx.Err() == nil {
			s.o.Logger.Error("work: what people held who have no access waits", "err", err)
			_ = s.o.Clock.Sleep(ctx, s.o.Policy.ReleaseEvery) // ends with ctx
		}
		if ctx.Err() != nil {
			return
		}
	}
}

// holding is somebody who handles something in a mailbox.
type holding struct{ account, person haven.AccountNo }

// Step does now what Run does. One of whom it can't be done now holds up no other.
func (s *Service) Step(ctx context.Context) error {
	var waits error
	for _, person := range s.here.parted() {
		waits = errors.Join(waits, s.LeaveAll(ctx, person))
	}
	ended, err := s.closed(ctx)
	for _, h := range ended {
		waits = errors.Join(waits, s.release(ctx, h))
	}
	return errors.Join(waits, err)
}

// closed are those who handle something in a mailbox that they may not open any more.
func (s *Service) closed(ctx context.Context) (ended []holding, err error) {
	err = s.o.DB.Read(ctx, func(tx *db.Tx) error {
		ended = ended[:0]
		var all []holding
		err := tx.Query(sqlHolders, nil, func(r db.Row) error {
			all = append(all, holding{haven.AccountNo(r.Int64(0)), haven.AccountNo(r.Int64(1))})
			return nil
		})
		for _, h := range all {
			opens, oerr := s.opens(tx, h.person, h.account)
			if oerr != nil {
				return oerr
			}
			if !opens {
				ended = append(ended, h)
			}
		}
		return err
	})
	return ended, err
}

// release makes new again what somebody handles in a mailbox whose access has ended (Rules 3), in steps, and tells the owners with the first.
func (s *Service) release(ctx context.Context, h holding) error {
	for first := true; ; first = false {
		n := 0
		err := s.o.Mail.ChangeByItself(ctx, h.account, func(c *mailbox.Change) (err error) {
			n, err = s.releaseIn(c, h, first)
			return err
		})
		if errs.Is(err, errs.NotFound) {
			return nil // the mailbox is gone
		}
		if err != nil || n == 0 {
			return err
		}
	}
}

func (s *Service) releaseIn(c *mailbox.Change, h holding, tell bool) (n int, err error) {
	opens, err := s.opens(c.Tx, h.person, h.account) // since it was looked
	if err != nil || opens {
		return 0, err
	}
	var held []Item
	if err := c.Tx.Query(sqlHeldBy, []any{int64(h.account), int64(h.person), int64(releaseStep)}, func(r db.Row) error { held = append(held, scanItem(r)); return nil }); err != nil {
		return 0, err
	}
	if tell && len(held) > 0 {
		if err := s.tellReleased(c.Tx, h); err != nil {
			return 0, err
		}
	}
	for _, it := range held {
		if err := s.releaseItem(c, it); err != nil {
			return 0, err
		}
	}
	return len(held), nil
}

// releaseStep is how many threads one commit makes new again.
const releaseStep = 50

func (s *Service) tellReleased(tx *db.Tx, h holding) error {
	if s.o.Notices == nil {
		return nil
	}
	total := 0
	err := tx.Query(sqlCountHeld, []any{int64(h.account), int64(h.person)}, func(r db.Row) error { total = int(r.Int64(0)); return nil })
	if err != nil {
		return err
	}
	return s.o.Notices.Released(tx, h.account, h.person, total)
}

func (s *Service) releaseItem(c *mailbox.Change, it Item) error {
	it.Status, it.Holder, it.Since = Unhandled, 0, s.o.Clock.Now()
	put(c, &it)
	msgs, err := c.Messages(it.Thread, s.o.Policy.Marked)
	if err == nil {
		err = c.Mark(msgs, "")
	}
	if err == nil {
		err = s.record(c.Tx, mailbox.Viewer{Account: c.Account, Program: "job work"}, "work.released", RuleAccessOver, mailbox.ThreadID(it.Thread))
	}
	return err
}

// forget lets go of what nobody asks for any more.
func (s *Service) forget(ctx context.Context) error {
	now := s.o.Clock.Now()
	return s.o.DB.Write(ctx, func(tx *db.Tx) error {
		tx.Exec(sqlPresentOver, db.Micros(now))
		tx.Exec(sqlForgetReaders, db.Micros(now.Add(-s.o.Policy.AnsweredFor)))
		tx.Exec(sqlForgetGone)
		tx.Exec(sqlForgetFilingsGone)
		return nil
	})
}
