package reset

import (
	"bytes"
	"context"
	"slices"
	"time"

	"haven"
	"haven/people/account"
	"haven/people/secondfactor"
	"haven/platform/audit"
	"haven/platform/db"
	"haven/platform/errs"
)

var errLink = &errs.Error{Kind: errs.NotFound, Rule: "reset.link", Say: "This link is not good any more. Ask for another one."}

// row is a reset under way.
type row struct {
	no    haven.AccountNo
	code  []byte // hash of the one that was sent with the link
	made  time.Time
	tries int64
}

// get is the reset of a link that is good: not spent, not too old, and sent to the e-mail that the person still has.
func (s *Service) get(tx *db.Tx, link string) (r row, err error) {
	err = tx.Query(sqlGet, []any{hash(link)}, func(q db.Row) error {
		r = row{haven.AccountNo(q.Int64(0)), bytes.Clone(q.Bytes(1)), db.Moment(q.Int64(2)), q.Int64(3)}
		return nil
	})
	if err != nil {
		return r, err
	}
	made, err := account.ContactsMadeIn(tx, r.no)
	since, has := made[account.PersonalEmail]
	p := s.o.Policy.Reset
	if err == nil && (!has || since.After(r.made) || s.o.Clock.Now().Sub(r.made) >= p.GoodFor || r.tries >= int64(p.Tries)) {
		err = errLink
	}
	return r, err
}

func (s *Service) look(ctx context.Context, link string) (r row, err error) {
	err = s.o.DB.Read(ctx, func(tx *db.Tx) error {
		r, err = s.get(tx, link)
		return err
	})
	return r, err
}

// Look reports whether a link is still good: NotFound where it isn't.
func (s *Service) Look(ctx context.Context, link string) error {
	_, err := s.look(ctx, link)
	return err
}

// Finish gives the person of a claim a new password. It is Private (reset.code, reset.ways) where MayFinish refuses, TooMany (reset.tries) after too many tries with
// whatever but link and code, NotFound where the link is not good any more (it is spent after some wrong tries), and Invalid (password.*) where the password may not be
// set: then what was shown serves again, and was no try. In the transaction that sets the password a lock of the account ends (Rules 6), e-mail and mobile that served
// are known to be the own, what served is used up, and the person is told where there is a contact. The second factor stays as it is.
func (s *Service) Finish(ctx context.Context, actor haven.Actor, c Claim, password string) error {
	who, err := s.whose(ctx, c)
	if err != nil {
		return err
	}
	l, err := s.beforehand(ctx, actor, who, c)
	if err != nil {
		return err
	}
	if err := s.judge(ctx, actor, who, c, l); err != nil {
		return err
	}
	contacts, err := s.contacts(ctx, who.No)
	if err != nil {
		return err
	}
	actor.Person = who.ID
	err = s.o.Accounts.SetPasswordWith(ctx, actor, who.No, password, false, func(tx *db.Tx) error {
		w, err := s.weigh(tx, who, c, l) // others may have used it up meanwhile
		if err != nil {
			return err
		}
		if _, err := s.o.Accounts.UnlockIn(tx, actor, who.No); err != nil {
			return err
		}
		return s.finish(tx, actor, who, c, w, contacts)
	})
	switch {
	case err == nil:
		s.o.Accounts.Unlocked(who.No)
	case errs.Is(err, errs.Invalid): // for the password: who it is was shown, and was no wrong try
		if failed := s.o.DB.Write(ctx, func(tx *db.Tx) error { tx.Exec(sqlTried, s.tryKey(who, c.Address)); return nil }); failed != nil {
			return failed
		}
	}
	return err
}

// whose is the person of a claim; the zero account where there is none, which goes on as for anybody. A try is counted for the person, but of link and code, which end
// with the link: else whoever reads the e-mail would guess answers with one link after the other.
func (s *Service) whose(ctx context.Context, c Claim) (who account.Account, err error) {
	if c.Link == "" {
		who, err = s.who(ctx, c.Address)
	} else if r, failed := s.look(ctx, c.Link); failed == nil {
		who, err = s.o.Accounts.ByNo(ctx, r.no)
	} else {
		err = failed
	}
	if err != nil || c.Link != "" && c.Code != "" {
		return who, err
	}
	tries, now := 0, s.o.Clock.Now()
	hourAgo := now.Add(-time.Hour).UnixMicro()
	err = s.o.DB.Write(ctx, func(tx *db.Tx) error {
		tx.Exec(sqlOldTries, hourAgo)
		return tx.Query(sqlTryFor, []any{s.tryKey(who, c.Address), now.UnixMicro(), hourAgo}, func(r db.Row) error { tries = int(r.Int64(0)); return nil })
	})
	if v := MayTry(tries, s.o.Policy.Reset); err == nil && !v.Allowed {
		err = account.Refusal(errs.TooMany, v)
	}
	return who, err
}

// tryKey is under whom a try is counted: all addresses of a person together.
func (s *Service) tryKey(who account.Account, address haven.Address) []byte {
	if who.No != 0 {
		return s.keyed("account", who.No)
	}
	return s.keyed("address", fold(address))
}

// judge is the refusal of a claim, which it records; nil: it is good now.
func (s *Service) judge(ctx context.Context, actor haven.Actor, who account.Account, c Claim, l looked) (refused error) {
	now := s.o.Clock.Now()
	err := s.o.DB.Write(ctx, func(tx *db.Tx) error {
		refused = nil
		w, err := s.weigh(tx, who, c, l)
		if err == nil || w.verdict.Rule == "" {
			return err
		}
		if c.Link != "" {
			tx.Exec(sqlTry, hash(c.Link))
		}
		audit.Record(tx, audit.Entry{At: now, Actor: actor, What: "reset.refused", On: who.ID, Rule: w.verdict.Rule, Note: words(c.given())})
		refused = err
		return nil
	})
	if err != nil {
		return err
	}
	return refused
}

// finish writes down what was done, and tells the person: at the personal e-mail, or where there is none at the mobile.
func (s *Service) finish(tx *db.Tx, actor haven.Actor, who account.Account, c Claim, w weighed, contacts []account.Contact) error {
	now := s.o.Clock.Now()
	tx.Exec(sqlEnd, int64(who.No))
	tx.Exec(sqlTried, s.tryKey(who, c.Address))
	audit.Record(tx, audit.Entry{At: now, Actor: actor, What: "reset.done", On: who.ID, Rule: w.verdict.Rule, Note: words(c.given())})
	if c.Recovery != "" {
		if err := secondfactor.SpendRecoveryIn(tx, actor, who, c.Recovery, now); err != nil {
			return err
		}
	}
	for _, kind := range w.reached {
		s.o.Contacts.ProveIn(tx, who.No, kind)
	}
	tell := slices.IndexFunc(contacts, func(c account.Contact) bool { return c.Kind == account.PersonalEmail })
	if tell < 0 {
		tell = slices.IndexFunc(contacts, func(c account.Contact) bool { return c.Kind == account.Mobile })
	}
	if tell < 0 {
		return nil
	}
	return s.o.Notices.ResetDone(tx, who, contacts[tell], now, actor.Place)
}
