package leaver

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"haven"
	"haven/people/account"
	"haven/people/organisation"
	"haven/platform/audit"
	"haven/platform/db"
	"haven/platform/errs"
)

// disputeRunes bounds what a person says.
const disputeRunes = 1000

// Ended is a post that somebody else has ended, about which the person can still say something.
type Ended struct {
	Place    organisation.Organisation
	At       time.Time
	Disputed time.Time // zero: the person has not said that it was wrong
}

// Endings are the posts that others have ended of late, as the person sees them: those about which something can be said, and those about which it was.
func (s *Service) Endings(ctx context.Context, person haven.AccountNo) (all []Ended, err error) {
	err = s.o.DB.Read(ctx, func(tx *db.Tx) error {
		all, err = s.endings(tx, person)
		return err
	})
	return all, err
}

func (s *Service) endings(tx *db.Tx, person haven.AccountNo) (all []Ended, err error) {
	now, orgs, found := s.o.Clock.Now(), []organisation.ID{}, []Ended{}
	held, err := s.o.Places.HeldIn(tx, person)
	if err != nil {
		return nil, err
	}
	err = tx.Query(sqlEndings, []any{int64(person)}, func(r db.Row) error {
		orgs, found = append(orgs, organisation.ID(r.Int64(0))), append(found, Ended{At: db.Moment(r.Int64(1)), Disputed: db.Moment(r.Int64(2))})
		return nil
	})
	if err != nil {
		return nil, err
	}
	for i, e := range found {
		f := DisputeFacts{Ended: e.At, Holds: slices.ContainsFunc(held, func(p organisation.Post) bool { return p.Organisation == orgs[i] })}
		if !MayDispute(f, s.o.Policy.LifeCycle, now).Allowed {
			continue
		}
		if e.Place, err = organisation.ByIDIn(tx, orgs[i]); err != nil {
			return nil, err
		}
		all = append(all, e)
	}
	return all, nil
}

// Dispute writes down that a person says that the end of a post was wrong, tells the owners at the place, and opens a call: who has access is theirs to say, and
// nothing changes by itself. It is Invalid without a reason, and Denied by MayDispute.
func (s *Service) Dispute(ctx context.Context, actor haven.Actor, person haven.AccountNo, at organisation.ID, reason string) error {
	reason = strings.TrimSpace(reason)
	if reason == "" || utf8.RuneCountInString(reason) > disputeRunes {
		return &errs.Error{Kind: errs.Invalid, Rule: "leaver.dispute-reason", Say: fmt.Sprintf("Say why it is wrong, in at most %d characters.", disputeRunes)}
	}
	return s.o.DB.Write(ctx, func(tx *db.Tx) error {
		if err := account.Lock(tx, person); err != nil {
			return err
		}
		who, err := account.ByNoIn(tx, person)
		if err != nil {
			return err
		}
		all, err := s.endings(tx, person)
		if err != nil {
			return err
		}
		var e Ended
		for _, one := range all {
			if one.Place.ID == at {
				e = one
			}
		}
		now := s.o.Clock.Now()
		v := MayDispute(DisputeFacts{Ended: e.At, Disputed: e.Disputed}, s.o.Policy.LifeCycle, now)
		if !v.Allowed {
			return account.Refusal(errs.Denied, v)
		}
		tx.Exec(sqlDisputed, int64(person), int64(at), db.Micros(now))
		audit.Record(tx, audit.Entry{At: now, Actor: actor, What: "leaver.disputed", On: who.ID, Rule: v.Rule, Note: fmt.Sprint(at)})
		if err := s.o.Notices.Disputed(tx, actor, who, e.Place, reason); err != nil {
			return err
		}
		owners, err := s.o.Shared.OwnersIn(tx, []organisation.ID{at})
		for _, o := range owners {
			if err := s.o.Notices.SaysWrong(tx, o, who, e.Place); err != nil {
				return err
			}
		}
		return err
	})
}
