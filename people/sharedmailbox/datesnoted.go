package sharedmailbox

import (
	"context"
	"time"

	"haven"
	"haven/people/account"
	"haven/people/sharenotification"
	"haven/platform/db"
)

// NoteDates has people told whose membership began or ended by its dates alone since the last call, in this process or before it. One process does it at
// a time. A call that broke off is made good by the next: what is noted twice is one notification.
func (s *Service) NoteDates(ctx context.Context) error {
	now := s.o.Clock.Now()
	var last time.Time
	var turned []turning
	err := s.o.DB.Read(ctx, func(tx *db.Tx) error {
		last, turned = time.Time{}, nil
		if err := tx.Query(sqlNoted, nil, func(r db.Row) error { last = db.Moment(r.Int64(0)); return nil }); err != nil || last.IsZero() {
			return err
		}
		return tx.Query(sqlTurnedUnnoted, []any{last.UnixMicro(), now.UnixMicro()}, func(r db.Row) error {
			turned = append(turned, turning{haven.AccountNo(r.Int64(0)), haven.AccountNo(r.Int64(1))})
			return nil
		})
	})
	if err != nil || len(turned) == 0 && now.Sub(last) < notedAgain {
		return err
	}
	for _, t := range turned {
		if err := s.noteDate(ctx, t, last, now); err != nil {
			return err
		}
	}
	return s.o.DB.Write(ctx, func(tx *db.Tx) error {
		tx.Exec(sqlPutNoted, now.UnixMicro())
		return nil
	})
}

// notedAgain is after how long it is written down how far all is noted, where no date passed.
const notedAgain = 30 * time.Minute

// turning is a membership of which a date passed.
type turning struct{ mailbox, person haven.AccountNo }

// noteDate tells the person of a membership what its dates changed between two moments, as it stands now: somebody may have changed it meanwhile, who told
// of that.
func (s *Service) noteDate(ctx context.Context, t turning, from, to time.Time) error {
	err := s.o.DB.Write(ctx, func(tx *db.Tx) error {
		if err := account.Lock(tx, t.mailbox, t.person); err != nil {
			return err
		}
		a, err := account.ByNoIn(tx, t.mailbox)
		if err != nil {
			return err
		}
		all, err := members(tx, t.mailbox)
		if err != nil {
			return err
		}
		for _, m := range all {
			if m.Person.No != t.person {
				continue
			}
			c := sharenotification.Change{Person: t.person, Mailbox: a, Old: rightsAt(m, from), New: rightsAt(m, to), At: to}
			return sharenotification.Record(tx, c, s.o.Policy.Shared)
		}
		return nil
	})
	if err == nil {
		s.announce(t.person)
	}
	return err
}
