package work

import (
	"context"
	"errors"
	"slices"
	"time"

	"haven"
	"haven/mail/mailbox"
	"haven/platform/db"
	"haven/platform/errs"
)

// Alarms tell those who answer for a mailbox that something in it was not done in time.
type Alarms interface {
	// Late looks up who is told at a stage; write tells them of so many threads, which are passed on at a time (zero: to nobody), and is whom it
	// reached. What is sealed is looked up before, since a transaction may not ask for keys.
	Late(ctx context.Context, mailbox haven.AccountNo, stage Stage) (write func(tx *db.Tx, threads int, next time.Time) (Reached, error), err error)
	// Sent is called after the commit.
	Sent()
}

// Reached is how many were told, by how.
type Reached struct{ Texts, Letters int }

// climbStep is how many deadlines of an account one commit takes further; they share its numbers.
const climbStep = 50

// mostDue is how many deadlines one run looks at.
const mostDue = 10_000

// Climb tells of all deadlines that have come to a stage nobody was told of (Rules 12): a mailbox's together, so that many letters are one text. One of which it
// can't be told now holds up no other.
func (s *Service) Climb(ctx context.Context) error {
	of, err := s.due(ctx, s.o.Clock.Now())
	if err != nil {
		return err
	}
	var waits error
	for account, ids := range of {
		for some := range slices.Chunk(ids, climbStep) {
			err := s.climb(ctx, account, some)
			if err != nil && !errs.Is(err, errs.NotFound) { // NotFound: the mailbox is gone
				waits = errors.Join(waits, err)
			}
		}
	}
	return waits
}

// due are the deadlines of all accounts that have come to a stage nobody was told of, by account, the longest overdue first.
func (s *Service) due(ctx context.Context, now time.Time) (of map[haven.AccountNo][]haven.Seq, err error) {
	err = s.o.DB.Read(ctx, func(tx *db.Tx) error {
		of = map[haven.AccountNo][]haven.Seq{}
		return tx.Query(sqlNext, []any{db.Micros(now), int64(mostDue)}, func(r db.Row) error {
			account := haven.AccountNo(r.Int64(0))
			of[account] = append(of[account], haven.Seq(r.Int64(1)))
			return nil
		})
	})
	return of, err
}

// climb takes some deadlines of an account as far as they have come, and tells whoever is told at each stage once, in one commit.
func (s *Service) climb(ctx context.Context, account haven.AccountNo, ids []haven.Seq) error {
	writes, err := s.alarms(ctx, account)
	if err != nil {
		return err
	}
	told := false
	err = s.o.Mail.ChangeByItself(ctx, account, func(c *mailbox.Change) error {
		told = false
		now := s.o.Clock.Now()
		due, lastTold, err := s.come(c.Tx, account, ids)
		if err != nil {
			return err
		}
		for stage := Warned; stage <= LocalTeam; stage++ {
			some := reached(due, stage, now)
			if len(some) == 0 || stage == Owners && now.Sub(lastTold) < s.o.Policy.TextEvery {
				continue // those wait for the next text, and with them what comes after it
			}
			if err := s.tellStage(c, some, stage, now, writes[stage]); err != nil {
				return err
			}
			told = told || stage > Warned
		}
		return nil
	})
	if err == nil && told && s.o.Alarms != nil {
		s.o.Alarms.Sent()
	}
	return err
}

// alarm tells those of a stage.
type alarm func(tx *db.Tx, threads int, next time.Time) (Reached, error)

func (s *Service) alarms(ctx context.Context, account haven.AccountNo) (of [LocalTeam + 1]alarm, err error) {
	for stage := Owners; stage <= LocalTeam && err == nil && s.o.Alarms != nil; stage++ {
		of[stage], err = s.o.Alarms.Late(ctx, account, stage)
	}
	return of, err
}

// come are some deadlines as they are now, and when the owners of the account were told last.
func (s *Service) come(tx *db.Tx, account haven.AccountNo, ids []haven.Seq) (all []*Deadline, lastTold time.Time, err error) {
	err = tx.QueryEach(sqlDeadline, len(ids), func(i int) []any { return []any{int64(account), int64(ids[i])} }, func(_ int, r db.Row) error {
		d := scanDeadline(r, 0)
		all = append(all, &d)
		return nil
	})
	if err == nil {
		err = tx.Query(sqlLastTold, []any{int64(account), int64(Owners)}, func(r db.Row) error { lastTold = db.Moment(r.Int64(0)); return nil })
	}
	return all, lastTold, err
}

// reached are the deadlines whose next stage is this one, and has come.
func reached(all []*Deadline, stage Stage, now time.Time) (some []*Deadline) {
	for _, d := range all {
		if next := d.next(); d.Told == int(stage-1) && !next.IsZero() && !next.After(now) {
			some = append(some, d)
		}
	}
	return some
}

// tellStage notes that some deadlines have come to a stage, and tells of it.
func (s *Service) tellStage(c *mailbox.Change, some []*Deadline, stage Stage, now time.Time, write alarm) error {
	var next time.Time
	threads := map[haven.MessageID]bool{}
	for _, d := range some {
		d.Told = int(stage)
		d.put(c)
		threads[d.Thread] = true
		if at := d.next(); next.IsZero() || !at.IsZero() && at.Before(next) {
			next = at
		}
	}
	var to Reached
	if write != nil {
		var err error
		if to, err = write(c.Tx, len(threads), next); err != nil {
			return err
		}
	}
	for _, d := range some {
		c.Tx.Exec(sqlPutStep, int64(c.Account), int64(d.ID), int64(stage), db.Micros(now), int64(to.Texts), int64(to.Letters))
		if stage == Warned {
			continue
		}
		if err := s.record(c.Tx, mailbox.Viewer{Account: c.Account, Program: "job work"}, "work.climbed", RuleClimbs, stage.String()+" "+mailbox.ThreadID(d.Thread)); err != nil {
			return err
		}
	}
	return nil
}

func scanStep(r db.Row) Step {
	return Step{Stage: Stage(r.Int64(0)), At: db.Moment(r.Int64(1)), Reached: Reached{int(r.Int64(2)), int(r.Int64(3))}}
}
