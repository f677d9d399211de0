package locum

import (
	"context"
	"crypto/sha256"
	"errors"
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
	"haven/platform/secret"
)

// Notices tells the owners of a mailbox, in the transaction, of a pass that somebody else gave.
type Notices interface {
	LetIn(tx *db.Tx, owner, mailbox account.Account, p Pass) error
}

// Options are what the service stands on; every field is needed.
type Options struct {
	DB      *db.DB
	Access  *access.Service
	Shared  *sharedmailbox.Service
	Notices Notices
	Policy  policy.Locum
	Clock   clock.Clock
}

// Service gives passes. It is safe for many goroutines.
type Service struct{ o Options }

// New makes the service over tables that Schema made.
func New(o Options) *Service { return &Service{o} }

var (
	errCode  = &errs.Error{Kind: errs.Invalid, Rule: "locum.code", Say: "No locum has this code now. Have it read out again; a code is good for some minutes, and once."}
	errSlow  = &errs.Error{Kind: errs.TooMany, Rule: "locum.slow", Say: "Too many codes were wrong. Wait an hour, or ask an owner of the mailbox."}
	errNoOne = &errs.Error{Kind: errs.Denied, Rule: "access.no-person", Say: "Nobody is signed in."}
)

// NewCode gives a person a code to read out, in place of the one before.
func (s *Service) NewCode(ctx context.Context, actor haven.Actor) (c Code, err error) {
	now := s.o.Clock.Now()
	err = s.o.DB.Write(ctx, func(tx *db.Tx) error {
		me, err := account.ByIDIn(tx, actor.Person)
		if err != nil {
			return err
		}
		if err := account.Lock(tx, me.No); err != nil {
			return err
		}
		tx.Exec(sqlOldCodes, now.UnixMicro())
		c = Code{Until: now.Add(s.o.Policy.CodeFor)}
		if c.Digits, err = s.draw(tx); err != nil {
			return err
		}
		tx.Exec(sqlPutCode, int64(me.No), hashOf(c.Digits), c.Until.UnixMicro())
		audit.Record(tx, audit.Entry{At: now, Actor: actor, What: "locum.code-made", On: me.ID, Rule: "locum.code"})
		return nil
	})
	return c, err
}

// draw draws digits that no other locum has now.
func (s *Service) draw(tx *db.Tx) (string, error) {
	for range 100 {
		code, taken := secret.Digits(s.o.Policy.CodeDigits), false
		if err := tx.Query(sqlTaken, []any{hashOf(code)}, func(db.Row) error { taken = true; return nil }); err != nil || !taken {
			return code, err
		}
	}
	return "", errors.New("locum: a hundred codes in a row were taken")
}

func hashOf(code string) []byte {
	sum := sha256.Sum256([]byte("locum\x00" + code))
	return sum[:]
}

// Whose is the locum who reads out a code, for the colleague to see before anything is done. It is Denied where the colleague may not let anybody
// in, Invalid (locum.code) where nobody has that code, TooMany after too many of these.
func (s *Service) Whose(ctx context.Context, actor haven.Actor, in LettingIn) (who account.Account, err error) {
	err = s.try(ctx, actor, in, func(_ *db.Tx, _ place, found account.Account) error {
		who = found
		return nil
	})
	return who, err
}

// LetIn gives the locum who reads out a code a pass until a moment, and tells the owners. The code is spent. Errors are those of Whose, Invalid for a
// pass that lasts too long, and Conflict where the locum has access already.
func (s *Service) LetIn(ctx context.Context, actor haven.Actor, in LettingIn, until time.Time) (p Pass, err error) {
	now := s.o.Clock.Now()
	err = s.try(ctx, actor, in, func(tx *db.Tx, at place, who account.Account) error {
		p = Pass{Locum: who, By: at.colleague, Given: now, From: now, Until: until, Colleague: !at.owner}
		if err := s.give(tx, actor, at.mailbox, p); err != nil {
			return err
		}
		tx.Exec(sqlDropCode, int64(who.No))
		return nil
	})
	if err == nil {
		s.o.Shared.Announce(in.Mailbox, p.Locum.No)
	}
	return p, err
}

// place is a mailbox, and the colleague there who lets somebody in.
type place struct {
	mailbox, colleague account.Account
	owner              bool
}

// try finds whose code it is, and hands on who may be let in. A code that is nobody's is counted, though nothing else is written.
func (s *Service) try(ctx context.Context, actor haven.Actor, in LettingIn, fn func(tx *db.Tx, at place, who account.Account) error) error {
	if actor.Person.IsZero() {
		return errNoOne
	}
	var wrong error
	err := s.o.DB.Write(ctx, func(tx *db.Tx) error {
		wrong = nil
		at, who, err := s.find(tx, actor, in)
		if err != nil {
			return err
		}
		if who.No == 0 {
			wrong, err = s.wrong(tx, actor, at)
			return err
		}
		return fn(tx, at, who)
	})
	if err == nil {
		err = wrong
	}
	return err
}

// find looks whether the colleague may let somebody in, and for whose code it is; the zero account where it is nobody's.
func (s *Service) find(tx *db.Tx, actor haven.Actor, in LettingIn) (at place, who account.Account, err error) {
	now := s.o.Clock.Now()
	if at.colleague, err = account.ByIDIn(tx, actor.Person); err != nil {
		return at, who, err
	}
	no := haven.AccountNo(0)
	if err = tx.Query(sqlByCode, []any{hashOf(clean(in.Code)), now.UnixMicro()}, func(r db.Row) error { no = haven.AccountNo(r.Int64(0)); return nil }); err != nil {
		return at, who, err
	}
	locks := []haven.AccountNo{in.Mailbox, at.colleague.No}
	if no != 0 {
		locks = append(locks, no)
	}
	if err = account.Lock(tx, locks...); err != nil {
		return at, who, err
	}
	if at.mailbox, err = account.ByNoIn(tx, in.Mailbox); err != nil {
		return at, who, err
	}
	f, err := s.facts(tx, at, in, no)
	if err != nil {
		return at, who, err
	}
	if at.owner = f.Rights.Has(haven.Manage); at.owner {
		if err := s.o.Shared.FactorIn(tx, at.colleague.No); err != nil {
			return at, who, err
		}
	}
	if v := MayLetIn(f, s.o.Policy, now); !v.Allowed {
		return at, who, account.Refusal(errs.Denied, v)
	}
	if err = s.slowed(tx, at.colleague.No); err != nil || no == 0 {
		return at, who, err
	}
	who, err = account.ByNoIn(tx, no)
	return at, who, err
}

func (s *Service) facts(tx *db.Tx, at place, in LettingIn, locum haven.AccountNo) (f Facts, err error) {
	f = Facts{Same: locum == at.colleague.No, Proven: in.Proven}
	if err := s.o.Access.CheckFreshIn(tx, at.colleague.No, in.Mailbox, haven.Read); err != nil {
		return f, err
	}
	if at.mailbox.Kind != haven.Shared {
		return f, access.ErrUnknown
	}
	if f.Rights, _, err = s.o.Access.FreshIn(tx, at.colleague.No, in.Mailbox); err != nil {
		return f, err
	}
	members, err := sharedmailbox.MembersIn(tx, in.Mailbox)
	if err != nil {
		return f, err
	}
	for _, m := range members {
		if m.Person.No == at.colleague.No {
			f.Passing = !m.Until.IsZero()
		}
	}
	if f.Allowed, err = allowed(tx, in.Mailbox); err != nil || locum == 0 {
		return f, err
	}
	since := s.o.Clock.Now().Add(-s.o.Policy.Within)
	return f, tx.Query(sqlPasses, []any{int64(locum), int64(in.Mailbox), since.UnixMicro()}, func(r db.Row) error { f.Passes = int(r.Int64(0)); return nil })
}

// slowed refuses whoever gave too many codes that were nobody's.
func (s *Service) slowed(tx *db.Tx, colleague haven.AccountNo) error {
	since, n := s.o.Clock.Now().Add(-s.o.Policy.TriesIn).UnixMicro(), int64(0)
	tx.Exec(sqlOldTries, int64(colleague), since)
	err := tx.Query(sqlTries, []any{int64(colleague), since}, func(r db.Row) error { n = r.Int64(0); return nil })
	if err == nil && n >= int64(s.o.Policy.Tries) {
		err = errSlow
	}
	return err
}

// wrong counts a code that is nobody's, and gives the answer for it.
func (s *Service) wrong(tx *db.Tx, actor haven.Actor, at place) (answer, err error) {
	now := s.o.Clock.Now()
	tx.Exec(sqlTry, int64(at.colleague.No), now.UnixMicro())
	audit.Record(tx, audit.Entry{At: now, Actor: actor, What: "locum.code-wrong", On: at.mailbox.ID, Rule: "locum.code"})
	return errCode, nil
}

// give writes a pass, and tells the owners but the one who gave it.
func (s *Service) give(tx *db.Tx, actor haven.Actor, mailbox account.Account, p Pass) error {
	if v := MayLast(p.From, p.Until, p.Given, s.o.Policy); !v.Allowed {
		return account.Refusal(errs.Invalid, v)
	}
	if err := s.o.Shared.AddMemberIn(tx, actor, mailbox.No, sharedmailbox.Grant{Person: p.Locum.No, Rights: Rights, From: p.From, Until: p.Until}); err != nil {
		return err
	}
	how, colleague, by := haven.Rule("locum.owner"), int64(0), any(nil)
	if p.Colleague {
		how, colleague = "locum.colleague", 1
	}
	if p.By.No != 0 {
		by = int64(p.By.No)
	}
	tx.Exec(sqlPutPass, int64(mailbox.No), p.Given.UnixMicro(), int64(p.Locum.No), by, p.From.UnixMicro(), p.Until.UnixMicro(), colleague)
	audit.Record(tx, audit.Entry{At: p.Given, Actor: actor, What: "locum.let-in", On: mailbox.ID, Other: p.Locum.ID, Rule: how, Note: "until " + p.Until.UTC().Format(time.RFC3339)})
	members, err := sharedmailbox.MembersIn(tx, mailbox.No)
	if err != nil {
		return err
	}
	for _, m := range members {
		if m.Owner() && m.Person.No != p.By.No && m.Until.IsZero() && m.Person.State == account.Active {
			if err := s.o.Notices.LetIn(tx, m.Person, mailbox, p); err != nil {
				return err
			}
		}
	}
	return nil
}

// Give gives a person a pass from a moment until another, by an owner of the mailbox. The other owners are told.
func (s *Service) Give(ctx context.Context, actor haven.Actor, mailbox, person haven.AccountNo, from, until time.Time) (p Pass, err error) {
	now := s.o.Clock.Now()
	err = s.o.DB.Write(ctx, func(tx *db.Tx) error {
		a, err := s.o.Shared.ManageIn(tx, actor, mailbox, person)
		if err != nil {
			return err
		}
		p = Pass{Given: now, From: from, Until: until}
		if from.IsZero() {
			p.From = now
		}
		if !actor.Person.IsZero() {
			if p.By, err = account.ByIDIn(tx, actor.Person); err != nil {
				return err
			}
		}
		if p.Locum, err = account.ByNoIn(tx, person); err != nil {
			return err
		}
		return s.give(tx, actor, a, p)
	})
	if err == nil {
		s.o.Shared.Announce(mailbox, person)
	}
	return p, err
}

// Allow says whether colleagues on duty let locums in, besides the owners. The actor is an owner of the mailbox.
func (s *Service) Allow(ctx context.Context, actor haven.Actor, mailbox haven.AccountNo, yes bool) error {
	return s.o.DB.Write(ctx, func(tx *db.Tx) error {
		a, err := s.o.Shared.ManageIn(tx, actor, mailbox)
		if err != nil {
			return err
		}
		was, err := allowed(tx, mailbox)
		if err != nil || was == yes {
			return err
		}
		sql, what := sqlAllow, "locum.colleagues-allowed"
		if !yes {
			sql, what = sqlDisallow, "locum.colleagues-not-allowed"
		}
		tx.Exec(sql, int64(mailbox))
		audit.Record(tx, audit.Entry{At: s.o.Clock.Now(), Actor: actor, What: what, On: a.ID, Rule: "locum.allowed"})
		return nil
	})
}

// Allowed reports whether colleagues let locums in. Who asks has been let in to the mailbox.
func (s *Service) Allowed(ctx context.Context, mailbox haven.AccountNo) (yes bool, err error) {
	err = s.o.DB.Read(ctx, func(tx *db.Tx) error {
		yes, err = allowed(tx, mailbox)
		return err
	})
	return yes, err
}

func allowed(tx *db.Tx, mailbox haven.AccountNo) (yes bool, err error) {
	err = tx.Query(sqlAllowed, []any{int64(mailbox)}, func(db.Row) error { yes = true; return nil })
	return yes, err
}

// Passes lists the passes of a mailbox, the newest first, for its owners.
func (s *Service) Passes(ctx context.Context, owner, mailbox haven.AccountNo, most int) (all []Pass, err error) {
	err = s.o.DB.Read(ctx, func(tx *db.Tx) error {
		if err := s.o.Access.CheckIn(tx, owner, mailbox, haven.Manage); err != nil {
			return err
		}
		all = nil
		err := tx.Query(sqlHistory, []any{int64(mailbox), int64(most)}, func(r db.Row) error {
			p := Pass{Given: moment(r.Int64(2)), From: moment(r.Int64(3)), Until: moment(r.Int64(4)), Colleague: r.Int64(5) != 0}
			p.Locum.No, p.By.No = haven.AccountNo(r.Int64(0)), haven.AccountNo(r.Int64(1))
			all = append(all, p)
			return nil
		})
		for i := range all {
			if err == nil {
				err = named(tx, &all[i])
			}
		}
		return err
	})
	return all, err
}

// named fills in who the people of a pass are.
func named(tx *db.Tx, p *Pass) (err error) {
	if p.Locum, err = account.ByNoIn(tx, p.Locum.No); err == nil && p.By.No != 0 {
		p.By, err = account.ByNoIn(tx, p.By.No)
	}
	return err
}

func moment(micro int64) time.Time { return time.UnixMicro(micro).UTC() }
