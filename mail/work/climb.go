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
		if err := s.climb(ctx, account, ids); err != nil && !errs.Is(err, errs.NotFound) { // NotFound: the mailbox is gone
			waits = errors.Join(waits, err)
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

// ascent is one run over an account's deadlines: what whoever is told at each stage is told.
type ascent struct {
	now   time.Time
	of    [LocalTeam + 1]alarm
	waits [LocalTeam + 1]bool // its people were told just now: those wait for the next time, and with them what comes after it
	late  [LocalTeam + 1]int  // threads that come to it in this run
	next  [LocalTeam + 1]time.Time
	told  [LocalTeam + 1]*Reached // nil: nobody yet
}

// climb takes deadlines of an account as far as they have come, a few in each commit; the first tells whoever is told at a stage of all of them.
func (s *Service) climb(ctx context.Context, account haven.AccountNo, ids []haven.Seq) error {
	a := ascent{now: s.o.Clock.Now()}
	err := s.o.DB.Read(ctx, func(tx *db.Tx) error { return s.survey(tx, account, ids, &a) })
	if err == nil {
		a.of, err = s.alarms(ctx, account)
	}
	if err != nil {
		return err
	}
	var failed error
	for some := range slices.Chunk(ids, climbStep) {
		failed = errors.Join(failed, s.climbSome(ctx, account, some, &a))
	}
	if s.o.Alarms != nil && slices.ContainsFunc(a.told[Owners:], func(to *Reached) bool { return to != nil }) {
		s.o.Alarms.Sent()
	}
	return failed
}

// survey sees how many threads come to each stage.
func (s *Service) survey(tx *db.Tx, account haven.AccountNo, ids []haven.Seq, a *ascent) error {
	due, err := come(tx, account, ids)
	for stage := Warned; stage <= LocalTeam; stage++ {
		var last time.Time
		if err == nil && stage > Warned {
			err = tx.Query(sqlLastTold, []any{int64(account), int64(stage)}, func(r db.Row) error { last = db.Moment(r.Int64(0)); return nil })
		}
		if a.waits[stage] = a.now.Sub(last) < s.o.Policy.TextEvery; a.waits[stage] {
			continue
		}
		some := reached(due, stage, a.now)
		a.late[stage], a.next[stage] = advance(some, stage)
	}
	return err
}

// advance has some deadlines come to a stage. It gives how many threads they are of, and when the first of them goes on.
func advance(some []*Deadline, stage Stage) (late int, next time.Time) {
	threads := map[haven.MessageID]bool{}
	for _, d := range some {
		d.Told = int(stage)
		threads[d.Thread] = true
		if at := d.next(); next.IsZero() || !at.IsZero() && at.Before(next) {
			next = at
		}
	}
	return len(threads), next
}

// climbSome takes some of them further, in one commit.
func (s *Service) climbSome(ctx context.Context, account haven.AccountNo, ids []haven.Seq, a *ascent) error {
	told := a.told
	err := s.o.Mail.ChangeByItself(ctx, account, func(c *mailbox.Change) error {
		told = a.told
		due, err := come(c.Tx, account, ids)
		for stage := Warned; stage <= LocalTeam && err == nil; stage++ {
			if some := reached(due, stage, a.now); len(some) > 0 && !a.waits[stage] {
				told[stage], err = s.tellStage(c, some, stage, a, told[stage])
			}
		}
		return err
	})
	if err == nil {
		a.told = told
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

// come are some deadlines as they are now.
func come(tx *db.Tx, account haven.AccountNo, ids []haven.Seq) (all []*Deadline, err error) {
	err = tx.QueryEach(sqlDeadline, len(ids), func(i int) []any { return []any{int64(account), int64(ids[i])} }, func(_ int, r db.Row) error {
		d := scanDeadline(r, 0)
		all = append(all, &d)
		return nil
	})
	return all, err
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

// tellStage notes that some deadlines have come to a stage, and tells of all that come to it in this run unless that was done. It gives whom that reached.
func (s *Service) tellStage(c *mailbox.Change, some []*Deadline, stage Stage, a *ascent, told *Reached) (*Reached, error) {
	late, _ := advance(some, stage)
	if told == nil {
		told = &Reached{}
		if write := a.of[stage]; write != nil {
			var err error
			if *told, err = write(c.Tx, max(late, a.late[stage]), a.next[stage]); err != nil {
				return nil, err
			}
		}
	}
	for _, d := range some {
		d.put(c)
		c.Tx.Exec(sqlPutStep, int64(c.Account), int64(d.ID), int64(stage), db.Micros(a.now), int64(told.Texts), int64(told.Letters))
		if stage == Warned {
			continue
		}
		if err := s.record(c.Tx, mailbox.Viewer{Account: c.Account, Program: "job work"}, "work.climbed", RuleClimbs, stage.String()+" "+mailbox.ThreadID(d.Thread)); err != nil {
			return nil, err
		}
	}
	return told, nil
}

func scanStep(r db.Row) Step {
	return Step{Stage: Stage(r.Int64(0)), At: db.Moment(r.Int64(1)), Reached: Reached{int(r.Int64(2)), int(r.Int64(3))}}
}
