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
	"haven/platform/policy"
)

// Schema is the posts that somebody else than the person has ended, and whether the person says that it was wrong. It comes after organisation's tables.
var Schema = db.Schema{Concept: "leaver", Steps: []string{`
CREATE TABLE post_ended (
	person {int} NOT NULL REFERENCES account (no), org {int} NOT NULL REFERENCES organisation (id), at {int} NOT NULL, disputed {int} NOT NULL,
	PRIMARY KEY (person, org)) {norowid};
`}}

const (
	sqlEnded    = `INSERT INTO post_ended (person, org, at, disputed) VALUES ($1, $2, $3, 0) ON CONFLICT (person, org) DO UPDATE SET at = excluded.at, disputed = 0`
	sqlEndings  = `SELECT org, at, disputed FROM post_ended WHERE person = $1 ORDER BY at DESC, org`
	sqlDisputed = `UPDATE post_ended SET disputed = $3 WHERE person = $1 AND org = $2 AND disputed = 0`
)

// disputeRunes bounds what a person says.
const disputeRunes = 1000

// Ended is a post that somebody else has ended, about which the person can still say something.
type Ended struct {
	Place    organisation.Organisation
	At       time.Time
	Disputed time.Time // zero: the person has not said that it was wrong
}

// DisputeFacts are what MayDispute looks at.
type DisputeFacts struct {
	Ended    time.Time // by somebody else; zero: it was not
	Holds    bool      // the person works there again
	Disputed time.Time
}

// MayDispute says whether a person can still say that the end of a post was wrong (Rules 7): for as long as a leaver's account is kept.
func MayDispute(f DisputeFacts, p policy.LifeCycle, now time.Time) haven.Verdict {
	switch {
	case f.Ended.IsZero() || f.Holds:
		return haven.Refuse("leaver.no-ending", "Nobody has ended a post of yours there.")
	case !f.Disputed.IsZero():
		return haven.Refuse("leaver.disputed", "You have said so already. The owners and the helpdesk know.")
	case now.Sub(f.Ended) >= p.LeaverDeleted:
		return haven.Refuse("leaver.dispute-late", "It was too long ago to be changed here. Ask an owner there to take you on, or call the helpdesk.")
	}
	return haven.Allow("leaver.dispute")
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
