package review

import (
	"context"
	"fmt"
	"slices"
	"time"

	"haven"
	"haven/people/access"
	"haven/people/account"
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
	Access *access.Service
	Shared *sharedmailbox.Service
	Policy policy.SharedMailbox
	Clock  clock.Clock
}

// Service keeps reviews. It is safe for many goroutines.
type Service struct{ o Options }

// New makes the service over tables that Schema made.
func New(o Options) *Service { return &Service{o} }

// Of is how the reviews of some mailboxes stand, of those that are open. Who asks owns them, or runs the service.
func (s *Service) Of(ctx context.Context, mailboxes ...haven.AccountNo) (all []Standing, err error) {
	if len(mailboxes) == 0 {
		return nil, nil
	}
	now := s.o.Clock.Now()
	err = s.o.DB.Read(ctx, func(tx *db.Tx) error {
		all = nil
		seen := map[haven.AccountNo]bool{} // QueryAmong fills its last statement up
		return db.QueryAmong(tx, sqlOf, mailboxes, func(r db.Row) error {
			st := Standing{Mailbox: haven.AccountNo(r.Int64(0)), Last: db.Moment(r.Int64(2))}
			if st.Due, st.IsDue, st.IsUnmade = Stand(st.Last, db.Moment(r.Int64(1)), s.o.Policy, now); !st.Last.IsZero() {
				copy(st.By[:], r.Bytes(3))
			}
			if !seen[st.Mailbox] {
				seen[st.Mailbox], all = true, append(all, st)
			}
			return nil
		})
	})
	return all, err
}

// People are those with access to a mailbox, for an owner to look at: NotFound or Denied for others.
func (s *Service) People(ctx context.Context, owner, mailbox haven.AccountNo) (all []Person, err error) {
	err = s.o.DB.Read(ctx, func(tx *db.Tx) error {
		all = nil
		if err := s.o.Access.CheckIn(tx, owner, mailbox, haven.Manage); err != nil {
			return err
		}
		members, err := s.current(tx, mailbox)
		if err != nil {
			return err
		}
		used, err := account.UsedIn(tx, numbers(members))
		for _, m := range members {
			all = append(all, Person{m, used[m.Person.No]})
		}
		return err
	})
	return all, err
}

// current are the memberships that a review is about.
func (s *Service) current(tx *db.Tx, mailbox haven.AccountNo) ([]sharedmailbox.Membership, error) {
	all, err := sharedmailbox.MembersIn(tx, mailbox)
	now := s.o.Clock.Now()
	return slices.DeleteFunc(all, func(m sharedmailbox.Membership) bool { return !listed(m, now) }), err
}

func numbers(all []sharedmailbox.Membership) (people []haven.AccountNo) {
	for _, m := range all {
		people = append(people, m.Person.No)
	}
	return people
}

// Make records an owner's review, and ends the access of those who are to lose it, all or nothing. It is Conflict (review.changed) where others have access
// than the owner saw, Invalid for the own access, and Denied where no owner would be left.
func (s *Service) Make(ctx context.Context, actor haven.Actor, in Answer) (done Done, err error) {
	now := s.o.Clock.Now()
	err = s.o.DB.Write(ctx, func(tx *db.Tx) error {
		box, err := s.o.Shared.ManageIn(tx, actor, in.Mailbox, in.Ends...)
		if err != nil {
			return err
		}
		owner, err := account.ByIDIn(tx, actor.Person)
		if err != nil {
			return err
		}
		members, err := s.current(tx, in.Mailbox)
		if err != nil {
			return err
		}
		v := May(Facts{Access: numbers(members), Shown: in.Shown, Ends: in.Ends, Owner: owner.No})
		switch {
		case v.Rule == "review.changed":
			return account.Refusal(errs.Conflict, v)
		case !v.Allowed:
			return account.Refusal(errs.Invalid, v)
		}
		done = Done{Kept: len(members)}
		for _, m := range members {
			if !slices.Contains(in.Ends, m.Person.No) {
				continue
			}
			if err := s.o.Shared.PassOnIn(tx, actor, box, m.Person, 0, "review.ended"); err != nil {
				return err
			}
			done.Kept, done.Ended = done.Kept-1, done.Ended+1
		}
		tx.Exec(sqlPut, int64(in.Mailbox), now.UnixMicro(), actor.Person[:], int64(done.Kept), int64(done.Ended))
		audit.Record(tx, audit.Entry{At: now, Actor: actor, What: "review.made", On: box.ID, Rule: v.Rule, Note: fmt.Sprintf("%d kept, %d ended", done.Kept, done.Ended)})
		return nil
	})
	if err == nil {
		s.o.Shared.Announce(append([]haven.AccountNo{in.Mailbox}, in.Ends...)...)
	}
	return done, err
}

// Overdue are the mailboxes whose review is overdue, the longest first, at most so many: for whoever runs the service.
func (s *Service) Overdue(ctx context.Context, most int) (all []Overdue, err error) {
	p := s.o.Policy
	if p.ReviewEvery == 0 {
		return nil, nil
	}
	before := s.o.Clock.Now().Add(-p.ReviewEvery - p.ReviewWithin)
	err = s.o.DB.Read(ctx, func(tx *db.Tx) error {
		all = nil
		var found []Overdue
		err := tx.Query(sqlOverdue, []any{before.UnixMicro(), int64(most)}, func(r db.Row) error {
			found = append(found, Overdue{Mailbox: account.Account{No: haven.AccountNo(r.Int64(0))}, Due: time.UnixMicro(r.Int64(1)).UTC().Add(p.ReviewEvery)})
			return nil
		})
		for _, o := range found {
			if err != nil {
				return err
			}
			if o.Mailbox, err = account.ByNoIn(tx, o.Mailbox.No); err != nil {
				return err
			}
			o.Owners, err = s.o.Shared.ActingIn(tx, o.Mailbox.No)
			all = append(all, o)
		}
		return err
	})
	return all, err
}
