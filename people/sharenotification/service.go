package sharenotification

import (
	"context"
	"slices"

	"haven"
	"haven/people/account"
	"haven/platform/clock"
	"haven/platform/db"
	"haven/platform/policy"
)

// Announcer hears, after the commit, of people whose notifications changed by their own hand. It must not block.
type Announcer interface {
	AccessChanged(accounts ...haven.AccountNo)
}

// Options are what the service stands on; every field is needed.
type Options struct {
	DB        *db.DB
	Announcer Announcer
	Policy    policy.SharedMailbox
	Clock     clock.Clock
}

// Service shows people their notifications. It is safe for many goroutines.
type Service struct{ o Options }

// New makes the service over tables that Schema made.
func New(o Options) *Service { return &Service{o} }

// Record writes a change down in the transaction that makes it, which has locked the person's account and announces it after the commit. Where
// nothing changes for the person nothing is written.
func Record(tx *db.Tx, c Change, p policy.SharedMailbox) error {
	if c.Old == c.New {
		return nil
	}
	rows, err := rowsOf(tx, c.Person)
	if err != nil {
		return err
	}
	with, old := merge(rows, c, p)
	if with != 0 {
		if rows, err = drop(tx, c.Person, rows, with); err != nil {
			return err
		}
	}
	if old != c.New {
		seq, err := nextSeq(tx, c.Person)
		if err != nil {
			return err
		}
		tx.Exec(sqlPut, int64(c.Person), seq, c.At.UnixMicro(), c.By[:], int64(c.Mailbox.No), c.Mailbox.Display, int64(old), int64(c.New))
		rows = append(rows, row{seq: seq, made: c.At, by: c.By, mailbox: c.Mailbox.No, old: old, new: c.New})
	}
	return bound(tx, c.Person, rows, p)
}

// bound lets go of what is beyond the most notifications, and of the memory of as many that went.
func bound(tx *db.Tx, person haven.AccountNo, rows []row, p policy.SharedMailbox) (err error) {
	if rows, err = drop(tx, person, rows, surplus(rows, p.Notifications)...); err != nil {
		return err
	}
	seqs, state := forgotten(rows, p.Notifications)
	for _, seq := range seqs {
		tx.Exec(sqlForget, int64(person), seq)
	}
	if state != 0 {
		tx.Exec(sqlForgot, int64(person), state)
	}
	return nil
}

// drop takes notifications away that are there, and gives the rows as they are then.
func drop(tx *db.Tx, person haven.AccountNo, rows []row, seqs ...int64) ([]row, error) {
	rows = slices.Clone(rows)
	for _, seq := range seqs {
		at, err := nextSeq(tx, person)
		if err != nil {
			return nil, err
		}
		tx.Exec(sqlGone, int64(person), seq, at)
		rows[slices.IndexFunc(rows, func(r row) bool { return r.seq == seq })].gone = at
	}
	return rows, nil
}

// Of are a person's notifications, oldest first, and their state.
func (s *Service) Of(ctx context.Context, person haven.AccountNo) (all []Notification, state int64, err error) {
	err = s.o.DB.Read(ctx, func(tx *db.Tx) error {
		all = nil
		if state, _, err = stateOf(tx, person); err != nil {
			return err
		}
		return tx.Query(sqlToldAll, []any{int64(person)}, func(r db.Row) error {
			n := Notification{Seq: r.Int64(0), Made: db.Moment(r.Int64(1)), Name: r.Text(2), Old: haven.Rights(r.Int64(3)), New: haven.Rights(r.Int64(4)),
				By: account.Account{No: haven.AccountNo(r.Int64(6)), Display: r.Text(7)}}
			copy(n.Mailbox[:], r.Bytes(5))
			copy(n.By.ID[:], r.Bytes(8))
			all = append(all, n)
			return nil
		})
	})
	return all, state, err
}

// State is the state of a person's notifications.
func (s *Service) State(ctx context.Context, person haven.AccountNo) (state int64, err error) {
	err = s.o.DB.Read(ctx, func(tx *db.Tx) error {
		state, _, err = stateOf(tx, person)
		return err
	})
	return state, err
}

// Since is what happened after a state, at most so many (0: all). It is ErrLost for a state before what is remembered, or after that of now.
func (s *Service) Since(ctx context.Context, person haven.AccountNo, from int64, most int) (ch Changes, err error) {
	err = s.o.DB.Read(ctx, func(tx *db.Tx) error {
		now, lost, err := stateOf(tx, person)
		if err != nil {
			return err
		}
		if from < lost || from > now {
			return ErrLost
		}
		rows, err := rowsOf(tx, person)
		ch = since(rows, from, now, most)
		return err
	})
	return ch, err
}

// Dismiss takes one of a person's own notifications away. It is NotFound where there is none.
func (s *Service) Dismiss(ctx context.Context, person haven.AccountNo, seq int64) error {
	err := s.o.DB.Write(ctx, func(tx *db.Tx) error {
		if err := account.Lock(tx, person); err != nil {
			return err
		}
		rows, err := rowsOf(tx, person)
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(rows, func(r row) bool { return r.seq == seq && r.gone == 0 }) {
			return errUnknown
		}
		if rows, err = drop(tx, person, rows, seq); err != nil {
			return err
		}
		return bound(tx, person, rows, s.o.Policy)
	})
	if err == nil {
		s.o.Announcer.AccessChanged(person)
	}
	return err
}

// ForgetIn deletes all that was told to a person whose account is deleted for good.
func ForgetIn(tx *db.Tx, person haven.AccountNo) {
	tx.Exec(sqlDropAll, int64(person))
	tx.Exec(sqlDropSeq, int64(person))
}

// sweepPeople is of how many people one transaction lets go of what is old.
const sweepPeople = 100

// Sweep forgets what was made too long ago.
func (s *Service) Sweep(ctx context.Context) error {
	before := s.o.Clock.Now().Add(-s.o.Policy.NotificationsKept)
	for {
		var people []haven.AccountNo
		err := s.o.DB.Read(ctx, func(tx *db.Tx) error {
			people = nil
			return tx.Query(sqlOld, []any{before.UnixMicro(), int64(sweepPeople)}, func(r db.Row) error {
				people = append(people, haven.AccountNo(r.Int64(0)))
				return nil
			})
		})
		if err != nil || len(people) == 0 {
			return err
		}
		err = s.o.DB.Write(ctx, func(tx *db.Tx) error {
			if err := account.Lock(tx, people...); err != nil {
				return err
			}
			for _, no := range people {
				if err := s.forget(tx, no); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		s.o.Announcer.AccessChanged(people...)
	}
}

// forget lets go of what a person was told too long ago, as if it had never been: whoever has a state from before reads all again.
func (s *Service) forget(tx *db.Tx, person haven.AccountNo) error {
	rows, err := rowsOf(tx, person)
	if err != nil {
		return err
	}
	before := s.o.Clock.Now().Add(-s.o.Policy.NotificationsKept)
	for _, r := range rows {
		if !r.made.After(before) {
			tx.Exec(sqlForget, int64(person), r.seq)
		}
	}
	state, err := nextSeq(tx, person)
	tx.Exec(sqlForgot, int64(person), state)
	return err
}
