package openinghours

import (
	"context"
	"fmt"
	"time"

	"haven"
	"haven/people/sharedmailbox"
	"haven/platform/audit"
	"haven/platform/clock"
	"haven/platform/db"
	"haven/platform/errs"
	"haven/platform/policy"
)

// Options are what the service stands on; every field is needed.
type Options struct {
	DB     *db.DB
	Shared *sharedmailbox.Service
	Policy policy.Organisation
	Clock  clock.Clock
}

// Service keeps when premises are open. It is safe for many goroutines.
type Service struct{ o Options }

// New makes the service over tables that Schema made.
func New(o Options) *Service { return &Service{o} }

// Of is when the premises of a mailbox is open. Who asks has been let in to the mailbox.
func (s *Service) Of(ctx context.Context, mailbox haven.AccountNo) (h Hours, err error) {
	err = s.o.DB.Read(ctx, func(tx *db.Tx) error {
		h, err = OfIn(tx, mailbox)
		return err
	})
	return h, err
}

// OfIn is Of in the caller's transaction.
func OfIn(tx *db.Tx, mailbox haven.AccountNo) (Hours, error) {
	h := Hours{Except: map[Date]Day{}}
	err := tx.Query(sqlWeek, []any{int64(mailbox)}, func(r db.Row) error {
		d := r.Int64(0)
		if d < 0 || d >= int64(len(h.Week)) {
			return fmt.Errorf("openinghours: a row has the weekday %d", d)
		}
		h.Week[d] = append(h.Week[d], Span{Minute(r.Int64(1)), Minute(r.Int64(2))})
		return nil
	})
	if err != nil {
		return h, err
	}
	err = tx.Query(sqlExceptions, []any{int64(mailbox)}, func(r db.Row) error {
		date, s := Date(r.Text(0)), Span{Minute(r.Int64(1)), Minute(r.Int64(2))}
		h.Except[date] = append(h.Except[date], s)
		if s.Closes == 0 {
			h.Except[date] = nil
		}
		return nil
	})
	return h, err
}

// Set gives a premises its week. The actor is an owner of the mailbox.
func (s *Service) Set(ctx context.Context, actor haven.Actor, mailbox haven.AccountNo, week [7]Day) error {
	return s.o.DB.Write(ctx, func(tx *db.Tx) error {
		a, err := s.o.Shared.ManageIn(tx, actor, mailbox)
		if err != nil {
			return err
		}
		tx.Exec(sqlDropWeek, int64(mailbox))
		note := ""
		for i, day := range week {
			for _, span := range day {
				tx.Exec(sqlPutHours, int64(mailbox), int64(i), int64(span.Opens), int64(span.Closes))
			}
			note += time.Weekday(i).String()[:3] + " " + day.String() + "; "
		}
		s.record(tx, actor, a.ID, "openinghours.week", note)
		return nil
	})
}

// Except makes one day different from the week, from today on. The actor is an owner of the mailbox. It is TooMany beyond the policy's days to
// come; days long past are forgotten.
func (s *Service) Except(ctx context.Context, actor haven.Actor, mailbox haven.AccountNo, date Date, day Day) error {
	now := s.o.Clock.Now()
	if v := MayExcept(date, now); !v.Allowed {
		return &errs.Error{Kind: errs.Invalid, Rule: string(v.Rule), Say: v.Reason}
	}
	return s.o.DB.Write(ctx, func(tx *db.Tx) error {
		a, err := s.o.Shared.ManageIn(tx, actor, mailbox)
		if err != nil {
			return err
		}
		tx.Exec(sqlDropBefore, int64(mailbox), string(DateOf(now.AddDate(0, 0, -lookAhead))))
		tx.Exec(sqlDropDay, int64(mailbox), string(date))
		var have int64
		if err := tx.Query(sqlCountDays, []any{int64(mailbox), string(DateOf(now))}, func(r db.Row) error { have = r.Int64(0); return nil }); err != nil {
			return err
		}
		if have >= int64(s.o.Policy.HoursExceptions) {
			return &errs.Error{Kind: errs.TooMany, Rule: "openinghours.exceptions", Say: fmt.Sprintf("At most %d days to come can be different. Take one away first.", s.o.Policy.HoursExceptions)}
		}
		if len(day) == 0 {
			tx.Exec(sqlPutException, int64(mailbox), string(date), int64(0), int64(0))
		}
		for _, span := range day {
			tx.Exec(sqlPutException, int64(mailbox), string(date), int64(span.Opens), int64(span.Closes))
		}
		s.record(tx, actor, a.ID, "openinghours.exception", string(date)+" "+day.String())
		return nil
	})
}

// Plain makes a day as the week has it again. The actor is an owner of the mailbox.
func (s *Service) Plain(ctx context.Context, actor haven.Actor, mailbox haven.AccountNo, date Date) error {
	return s.o.DB.Write(ctx, func(tx *db.Tx) error {
		a, err := s.o.Shared.ManageIn(tx, actor, mailbox)
		if err != nil {
			return err
		}
		n, err := tx.Change(sqlDropDay, int64(mailbox), string(date))
		if err == nil && n > 0 {
			s.record(tx, actor, a.ID, "openinghours.plain", string(date))
		}
		return err
	})
}

func (s *Service) record(tx *db.Tx, actor haven.Actor, on haven.AccountID, what, note string) {
	audit.Record(tx, audit.Entry{At: s.o.Clock.Now(), Actor: actor, What: what, On: on, Rule: "openinghours.day", Note: note})
}
