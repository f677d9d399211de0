package notice

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"strconv"
	"time"

	"haven"
	"haven/people/account"
	"haven/platform/audit"
	"haven/platform/clock"
	"haven/platform/db"
	"haven/platform/errs"
	"haven/platform/policy"
)

// Operators says whether somebody acts as an operator; operator.Service does.
type Operators interface {
	CheckIn(tx *db.Tx, actor haven.Actor) error
}

// Options are what the service stands on; every field is needed.
type Options struct {
	DB        *db.DB
	Operators Operators
	Clock     clock.Clock
	Policy    policy.Operator
}

// Service keeps the notices. It is safe for many goroutines.
type Service struct{ o Options }

// New makes the service over tables that Schema made.
func New(o Options) *Service { return &Service{o} }

// Post posts a notice, as an operator or the service itself. It is Invalid, with the rule notice.*, where it can't be posted, and Conflict where
// the same one stands already: a form that was sent twice.
func (s *Service) Post(ctx context.Context, actor haven.Actor, in Draft) (n Notice, err error) {
	now := s.o.Clock.Now()
	in = Complete(in, s.o.Policy, now)
	err = s.o.DB.Write(ctx, func(tx *db.Tx) error {
		if _, err := tx.Change(sqlLock); err != nil {
			return err
		}
		if err := s.o.Operators.CheckIn(tx, actor); err != nil {
			return err
		}
		open, err := list(tx, sqlOpen, now, s.o.Policy.NoticesAtOnce)
		if err != nil {
			return err
		}
		if v := MayPost(in, len(open), s.o.Policy, now); !v.Allowed {
			return account.Refusal(errs.Invalid, v)
		}
		for _, o := range open {
			if o.Kind == in.Kind && o.Title == in.Title && o.Text == in.Text {
				return &errs.Error{Kind: errs.Conflict, Rule: "notice.twice", Say: "This notice is posted already."}
			}
		}
		n = Notice{ID: newID(), Draft: in, Posted: now, By: actor.Person}
		tx.Exec(sqlPut, n.ID, int64(n.Kind), n.Title, n.Text, db.Micros(n.From), db.Micros(n.Until), db.Micros(n.Posted), n.By[:])
		audit.Record(tx, audit.Entry{At: now, Actor: actor, What: "notice.posted", Rule: "notice.posted", Note: note(n.ID, n.Kind.String())})
		return nil
	})
	return n, err
}

// End ends a notice before its time; NotFound where there is none that isn't over.
func (s *Service) End(ctx context.Context, actor haven.Actor, id int64) error {
	now := s.o.Clock.Now()
	return s.o.DB.Write(ctx, func(tx *db.Tx) error {
		if err := s.o.Operators.CheckIn(tx, actor); err != nil {
			return err
		}
		n, err := tx.Change(sqlEnd, id, db.Micros(now))
		if err == nil && n == 0 {
			err = errs.E(errs.NotFound, "There is no such notice, or it is over already.")
		}
		audit.Record(tx, audit.Entry{At: now, Actor: actor, What: "notice.ended", Rule: "notice.ended", Note: note(id, "")})
		return err
	})
}

// Open lists the notices that are not over, for anybody, those that begin first in front.
func (s *Service) Open(ctx context.Context) ([]Notice, error) {
	return s.read(ctx, sqlOpen, s.o.Policy.NoticesAtOnce)
}

// History lists those that are over, the last posted first.
func (s *Service) History(ctx context.Context, most int) ([]Notice, error) {
	return s.read(ctx, sqlHistory, most)
}

// Banners lists the notices that stand on the start pages now.
func (s *Service) Banners(ctx context.Context) (all []Notice, err error) {
	open, err := s.Open(ctx)
	now := s.o.Clock.Now()
	for _, n := range open {
		if Banner(n, s.o.Policy, now) {
			all = append(all, n)
		}
	}
	return all, err
}

func (s *Service) read(ctx context.Context, sql string, most int) (all []Notice, err error) {
	err = s.o.DB.Read(ctx, func(tx *db.Tx) error {
		all, err = list(tx, sql, s.o.Clock.Now(), most)
		return err
	})
	return all, err
}

func list(tx *db.Tx, sql string, now time.Time, most int) (all []Notice, err error) {
	err = tx.Query(sql, []any{db.Micros(now), int64(most)}, func(r db.Row) error {
		n := Notice{ID: r.Int64(0), Draft: Draft{Kind(r.Int64(1)), r.Text(2), r.Text(3), db.Moment(r.Int64(4)), db.Moment(r.Int64(5))}, Posted: db.Moment(r.Int64(6)), Ended: db.Moment(r.Int64(8))}
		copy(n.By[:], r.Bytes(7))
		all = append(all, n)
		return nil
	})
	return all, err
}

func newID() int64 {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails (crypto/rand)
	return int64(binary.BigEndian.Uint64(b[:]) >> 12)
}

func note(id int64, more string) string {
	if more != "" {
		more = " " + more
	}
	return strconv.FormatInt(id, 10) + more
}
