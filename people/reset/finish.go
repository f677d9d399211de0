package reset

import (
	"context"
	"crypto/hmac"
	"slices"
	"time"

	"haven"
	"haven/people/account"
	"haven/people/activation"
	"haven/people/secondfactor"
	"haven/platform/audit"
	"haven/platform/db"
	"haven/platform/errs"
)

// Claim is what somebody shows to be given a new password. Whose it is the link says, or where there is none the address.
type Claim struct {
	Link     string
	Address  haven.Address
	Code     string // from the text
	Answers  []activation.Answer
	Recovery string // code
	Passkey  string // what the browser answers to secondfactor.Service.AskAnybody
}

// given are the ways that a claim names.
func (c Claim) given() (ways []Way) {
	for _, w := range []struct {
		is  bool
		way Way
	}{{c.Link != "", ByLink}, {c.Code != "", ByText}, {len(c.Answers) > 0, ByAnswers}, {c.Recovery != "", ByRecovery}, {c.Passkey != "", ByPasskey}} {
		if w.is {
			ways = append(ways, w.way)
		}
	}
	return ways
}

var errLink = &errs.Error{Kind: errs.NotFound, Rule: "reset.link", Say: "This link is not good any more. Ask for another one."}

// row is a reset under way.
type row struct {
	no    haven.AccountNo
	made  time.Time
	tries int64
}

func (s *Service) get(tx *db.Tx, link string) (r row, err error) {
	err = tx.Query(sqlGet, []any{hash(link)}, func(q db.Row) error {
		r = row{haven.AccountNo(q.Int64(0)), db.Moment(q.Int64(1)), q.Int64(2)}
		return nil
	})
	p := s.o.Policy.Reset
	if err == nil && (r.no == 0 || s.o.Clock.Now().Sub(r.made) >= p.GoodFor || r.tries >= int64(p.Tries)) {
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

// Finish gives the person of a claim a new password. It is Private (reset.code, reset.ways) where MayFinish refuses, TooMany (reset.tries) after too many tries without a
// link, NotFound where the link is not good any more (it is spent after some wrong tries), and Invalid (password.*) where the password may not be set: then what was
// shown serves again. A lock of the account ends (Rules 6), e-mail and mobile that served are known to be the own, a recovery code is used up, and the second factor stays as it is.
func (s *Service) Finish(ctx context.Context, actor haven.Actor, c Claim, password string) error {
	who, err := s.whose(ctx, c)
	if err != nil {
		return err
	}
	good, err := s.good(ctx, actor, who, c)
	if err != nil {
		return err
	}
	v, made, err := s.judge(ctx, actor, who, c, good)
	if err == nil && !v.Allowed {
		err = account.Refusal(errs.Private, v)
	}
	if err != nil {
		return err
	}
	actor.Person = who.ID
	if err := s.o.Accounts.SetPassword(ctx, actor, who.No, password, false); err != nil {
		return err
	}
	if _, err := s.o.Accounts.Unlock(ctx, actor, who.No); err != nil {
		return err
	}
	return s.finish(ctx, actor, who, c, v.Rule, made)
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

// good are the ways that are looked at before the transaction: an answer takes as long as a password, and a passkey has a transaction of its own.
func (s *Service) good(ctx context.Context, actor haven.Actor, who account.Account, c Claim) (ways []Way, err error) {
	if len(c.Answers) > 0 {
		match, err := s.o.Questions.Match(ctx, who.No, c.Answers)
		if err != nil {
			return nil, err
		}
		if match {
			ways = append(ways, ByAnswers)
		}
	}
	if c.Passkey != "" {
		shown, err := s.o.Factors.Anybody(ctx, actor, c.Passkey)
		if err != nil && !errs.Is(err, errs.Private) {
			return nil, err
		}
		if err == nil && shown.No == who.No {
			ways = append(ways, ByPasskey)
		}
	}
	return ways, nil
}

// judge decides, and records a refusal; made is when the link or the code was sent that served.
func (s *Service) judge(ctx context.Context, actor haven.Actor, who account.Account, c Claim, good []Way) (v haven.Verdict, made time.Time, err error) {
	now := s.o.Clock.Now()
	err = s.o.DB.Write(ctx, func(tx *db.Tx) error {
		made = time.Time{}
		f := FinishFacts{Known: who.No != 0, Given: c.given(), Good: slices.Clone(good)}
		if f.Known {
			if err := account.Lock(tx, who.No); err != nil {
				return err
			}
			fresh, err := account.ByNoIn(tx, who.No)
			if err != nil {
				return err
			}
			f.State = fresh.State
		}
		if c.Link != "" {
			r, err := s.get(tx, c.Link) // others may have tried meanwhile
			if err != nil {
				return err
			}
			made, f.Good = r.made, append(f.Good, ByLink)
		}
		if c.Code != "" {
			sent, err := s.sent(tx, who.No, c.Code, now)
			if err != nil {
				return err
			}
			if !sent.IsZero() {
				made, f.Good = sent, append(f.Good, ByText)
			}
		}
		if c.Recovery != "" {
			holds, err := secondfactor.HoldsRecoveryIn(tx, who.No, c.Recovery)
			if err != nil {
				return err
			}
			if holds {
				f.Good = append(f.Good, ByRecovery)
			}
		}
		if v = MayFinish(f, now); !v.Allowed {
			if c.Link != "" {
				tx.Exec(sqlTry, hash(c.Link))
			}
			audit.Record(tx, audit.Entry{At: now, Actor: actor, What: "reset.refused", On: who.ID, Rule: v.Rule, Note: words(f.Given)})
		}
		return nil
	})
	return v, made, err
}

// sent is when a code was sent that is good for a person; zero: it was not.
func (s *Service) sent(tx *db.Tx, no haven.AccountNo, code string, now time.Time) (at time.Time, err error) {
	given := s.codeHash(no, code)
	err = tx.Query(sqlCodes, []any{int64(no), now.Add(-s.o.Policy.Reset.GoodFor).UnixMicro()}, func(r db.Row) error {
		if hmac.Equal(r.Bytes(0), given) {
			at = db.Moment(r.Int64(1))
		}
		return nil
	})
	return at, err
}

func words(ways []Way) (text string) {
	for i, w := range ways {
		if i > 0 {
			text += " "
		}
		text += w.String()
	}
	return text
}

// finish writes down what was done, and tells the person: at the personal e-mail, or where there is none at the mobile.
func (s *Service) finish(ctx context.Context, actor haven.Actor, who account.Account, c Claim, rule haven.Rule, made time.Time) error {
	contacts, err := s.contacts(ctx, who.No)
	if err != nil {
		return err
	}
	ways := c.given()
	serves := map[account.ContactKind]bool{account.PersonalEmail: slices.Contains(ways, ByLink), account.Mobile: slices.Contains(ways, ByText)}
	tell := slices.IndexFunc(contacts, func(c account.Contact) bool { return c.Kind == account.PersonalEmail })
	if tell < 0 {
		tell = slices.IndexFunc(contacts, func(c account.Contact) bool { return c.Kind == account.Mobile })
	}
	now := s.o.Clock.Now()
	return s.o.DB.Write(ctx, func(tx *db.Tx) error {
		tx.Exec(sqlEnd, int64(who.No))
		tx.Exec(sqlTried, s.tryKey(who, c.Address))
		audit.Record(tx, audit.Entry{At: now, Actor: actor, What: "reset.done", On: who.ID, Rule: rule, Note: words(ways)})
		if c.Recovery != "" {
			if err := secondfactor.SpendRecoveryIn(tx, actor, who, c.Recovery, now); err != nil {
				return err
			}
		}
		for _, at := range contacts {
			if serves[at.Kind] && !at.Made.After(made) { // what was sent reached it
				s.o.Contacts.ProveIn(tx, who.No, at.Kind)
			}
		}
		if tell < 0 {
			return nil
		}
		return s.o.Notices.ResetDone(tx, who, contacts[tell], now, actor.Place)
	})
}
