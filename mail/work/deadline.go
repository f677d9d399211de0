package work

import (
	"context"
	"time"

	"haven"
	"haven/mail/mailbox"
	"haven/platform/db"
)

func scanDeadline(r db.Row, n int) Deadline {
	d := Deadline{ID: haven.Seq(r.Int64(n)), Thread: haven.MessageID(r.Int64(n + 1)), Rule: r.Text(n + 2), Starts: db.Moment(r.Int64(n + 3)),
		Stages:  Stages{db.Moment(r.Int64(n + 4)), db.Moment(r.Int64(n + 5)), db.Moment(r.Int64(n + 6)), db.Moment(r.Int64(n + 7))},
		EndedAt: db.Moment(r.Int64(n + 8)), Told: int(r.Int64(n + 9)), Created: haven.Seq(r.Int64(n + 11)), Changed: haven.Seq(r.Int64(n + 12))}
	return d
}

// put writes a deadline under a new number.
func (d *Deadline) put(c *mailbox.Change) {
	d.Changed = c.Seq()
	if d.ID == 0 {
		d.ID, d.Created = d.Changed, d.Changed
	}
	c.Tx.Exec(sqlPutDeadline, int64(c.Account), int64(d.ID), int64(d.Thread), d.Rule, db.Micros(d.Starts), db.Micros(d.Stages.Warn), db.Micros(d.Stages.Due),
		db.Micros(d.Stages.HeadOffice), db.Micros(d.Stages.LocalTeam), db.Micros(d.EndedAt), int64(d.Told), db.Micros(d.next()), int64(d.Created), int64(d.Changed))
}

// Start is a deadline about to be set: a time from Starts on, which is now where it is zero.
type Start struct {
	Thread haven.MessageID
	Rule   string
	Starts time.Time
	Within time.Duration
	Counts Counting
}

// SetDeadline sets a deadline for a thread. The viewer may write. Whoever sets one can't take it away: only done ends it.
func (s *Service) SetDeadline(ctx context.Context, v mailbox.Viewer, st Start) (d Deadline, err error) {
	err = s.o.Mail.Change(ctx, v, haven.Write, func(c *mailbox.Change) error {
		d, err = s.SetDeadlineIn(c, st)
		return err
	})
	return d, err
}

// SetDeadlineIn is SetDeadline for what the service sets by itself, such as a filter, in its own change.
func (s *Service) SetDeadlineIn(c *mailbox.Change, st Start) (d Deadline, err error) {
	if st.Starts.IsZero() {
		st.Starts = s.o.Clock.Now()
	}
	there, err := mailbox.HasThread(c.Tx, c.Account, st.Thread)
	if err == nil && !there {
		err = errNoThread
	}
	if err != nil {
		return d, err
	}
	running := 0
	all, err := deadlinesOf(c.Tx, c.Account, st.Thread)
	for _, d := range all {
		if d.EndedAt.IsZero() {
			running++
		}
	}
	if err == nil {
		err = refusal(MayRun(st.Rule, st.Within, s.o.Policy.DeadlineMost, running, s.o.Policy.Deadlines))
	}
	if err != nil {
		return d, err
	}
	d = Deadline{Thread: st.Thread, Rule: st.Rule, Starts: st.Starts}
	if d.Stages, err = s.stages(c.Tx, c.Account, st); err == nil {
		d.put(c)
	}
	return d, err
}

// stages are when somebody is told, by the hours of the premises.
func (s *Service) stages(tx *db.Tx, account haven.AccountNo, st Start) (g Stages, err error) {
	for _, stage := range []struct {
		at *time.Time
		d  time.Duration
	}{{&g.Warn, st.Within - s.o.Policy.Warn}, {&g.Due, st.Within}, {&g.HeadOffice, st.Within + s.o.Policy.HeadOfficeTime}, {&g.LocalTeam, st.Within + s.o.Policy.LocalTeamTime}} {
		*stage.at = st.Starts.Add(max(stage.d, 0))
		if st.Counts == OpenDays && err == nil {
			*stage.at, err = s.o.Hours.WithinIn(tx, account, st.Starts, max(stage.d, 0))
		}
	}
	return g, err
}

func deadlinesOf(tx *db.Tx, account haven.AccountNo, thread haven.MessageID) (all []Deadline, err error) {
	err = tx.Query(sqlDeadlinesOf, []any{int64(account), int64(thread)}, func(r db.Row) error { all = append(all, scanDeadline(r, 0)); return nil })
	return all, err
}

// endDeadlines ends those of a thread that run: it is done.
func (s *Service) endDeadlines(c *mailbox.Change, thread haven.MessageID, now time.Time) error {
	all, err := deadlinesOf(c.Tx, c.Account, thread)
	for _, d := range all {
		if d.EndedAt.IsZero() {
			d.EndedAt = now
			d.put(c)
		}
	}
	return err
}

// reviveDeadlines has those run again that a done ended which somebody took back.
func (s *Service) reviveDeadlines(c *mailbox.Change, thread haven.MessageID, done time.Time) error {
	all, err := deadlinesOf(c.Tx, c.Account, thread)
	for _, d := range all {
		if !d.EndedAt.IsZero() && d.EndedAt.Equal(done) {
			d.EndedAt = time.Time{}
			d.put(c)
		}
	}
	return err
}

// Deadlines calls each with deadlines by number, with their steps; what is not there is left out.
func (s *Service) Deadlines(ctx context.Context, v mailbox.Viewer, ids []haven.Seq, each func(Deadline)) error {
	return s.deadlines(ctx, v, ids, func(tx *db.Tx, all []Deadline) error {
		row := func(i int) []any { return []any{int64(v.Account), int64(ids[i])} }
		return tx.QueryEach(sqlSteps, len(ids), row, func(i int, r db.Row) error { all[i].Steps = append(all[i].Steps, scanStep(r)); return nil })
	}, each)
}

// DeadlinesAlone is Deadlines without steps, for a listing.
func (s *Service) DeadlinesAlone(ctx context.Context, v mailbox.Viewer, ids []haven.Seq, each func(Deadline)) error {
	return s.deadlines(ctx, v, ids, func(*db.Tx, []Deadline) error { return nil }, each)
}

// deadlines reads them, and with also what else is wanted of them.
func (s *Service) deadlines(ctx context.Context, v mailbox.Viewer, ids []haven.Seq, also func(tx *db.Tx, all []Deadline) error, each func(Deadline)) error {
	return s.o.Mail.Look(ctx, v, func(tx *db.Tx, _ mailbox.States) error {
		all := make([]Deadline, len(ids))
		row := func(i int) []any { return []any{int64(v.Account), int64(ids[i])} }
		err := tx.QueryEach(sqlDeadline, len(ids), row, func(i int, r db.Row) error { all[i] = scanDeadline(r, 0); return nil })
		if err == nil {
			err = also(tx, all)
		}
		for _, d := range all {
			if err == nil && d.ID != 0 {
				each(d)
			}
		}
		return err
	})
}

// DeadlinesOf are the numbers of the deadlines of some threads; without threads of all of the account, the earliest due first, at most so many.
func (s *Service) DeadlinesOf(ctx context.Context, v mailbox.Viewer, threads []haven.MessageID, most int) (ids []haven.Seq, err error) {
	err = s.o.Mail.Look(ctx, v, func(tx *db.Tx, _ mailbox.States) error {
		if threads == nil {
			return tx.Query(sqlAllDeadlines, []any{int64(v.Account), int64(most)}, func(r db.Row) error { ids = append(ids, haven.Seq(r.Int64(0))); return nil })
		}
		return tx.QueryEach(sqlDeadlinesOf, len(threads), func(i int) []any { return []any{int64(v.Account), int64(threads[i])} }, func(_ int, r db.Row) error {
			ids = append(ids, haven.Seq(r.Int64(0)))
			return nil
		})
	})
	return ids, err
}
