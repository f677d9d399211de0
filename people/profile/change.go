package profile

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"strings"
	"time"

	"haven"
	"haven/people/account"
	"haven/platform/db"
	"haven/platform/errs"
	"haven/platform/secret"
)

// change is a new mobile or e-mail that waits for its code.
type change struct {
	kind   account.ContactKind
	sealed []byte
	asked  time.Time // zero: there is none
	tries  int
}

// content is what is sealed of it.
type content struct {
	Kind        account.ContactKind
	Value, Code string
}

// Ask sends a code to a mobile or an e-mail that a person gives as the own, in place of one before. Nothing is changed until Confirm. It is Invalid
// where the value can't be taken, TooMany above policy.Contact.PerHour.
func (s *Service) Ask(ctx context.Context, actor haven.Actor, no haven.AccountNo, kind account.ContactKind, value string) error {
	value, v := ParseContact(kind, value, s.o.Accounts.Hosts)
	if !v.Allowed {
		return account.Refusal(errs.Invalid, v)
	}
	return s.ask(ctx, actor, no, kind, value)
}

// Again sends another code to where the last one went. It is Conflict (profile.code-none) where none was sent.
func (s *Service) Again(ctx context.Context, actor haven.Actor, no haven.AccountNo, kind account.ContactKind) error {
	_, c, err := s.waiting(ctx, no, kind)
	if err != nil {
		return err
	}
	return s.ask(ctx, actor, no, kind, c.Value)
}

func (s *Service) ask(ctx context.Context, actor haven.Actor, no haven.AccountNo, kind account.ContactKind, value string) error {
	email, mobile, err := s.contacts(ctx, no)
	if err != nil {
		return err
	}
	have := email
	if kind == account.Mobile {
		have = mobile
	}
	p, now := s.o.Policy.Contact, s.o.Clock.Now()
	code := secret.Digits(p.CodeDigits)
	plain, err := json.Marshal(content{kind, value, code})
	if err != nil {
		return err
	}
	sealed, err := s.o.Keys.Seal(ctx, no, plain)
	if err != nil {
		return err
	}
	return s.own(ctx, actor, no, func(tx *db.Tx, who account.Account) error {
		f := AskFacts{Kind: kind, Known: strings.EqualFold(have.Value, value) && !have.Proven.IsZero()}
		hourAgo := now.Add(-time.Hour).UnixMicro()
		if err := tx.Query(sqlCount, []any{int64(no), hourAgo}, func(r db.Row) error { f.WithinTheHour = int(r.Int64(0)); return nil }); err != nil {
			return err
		}
		v := MayAsk(f, p)
		switch {
		case v.Rule == "profile.rate":
			return account.Refusal(errs.TooMany, v)
		case !v.Allowed:
			return account.Refusal(errs.Invalid, v)
		}
		tx.Exec(sqlOldCodes, int64(no), hourAgo)
		tx.Exec(sqlSent, int64(no), now.UnixMicro())
		tx.Exec(sqlAsk, int64(no), int64(kind), sealed, now.UnixMicro())
		s.record(tx, actor, who, "profile.code-sent", v.Rule, kind.String())
		return s.o.Notices.ContactCode(tx, who, kind, value, code, p.CodeFor)
	})
}

// Asked is where a code is on its way to. It is Conflict (profile.code-none) where none was sent.
func (s *Service) Asked(ctx context.Context, no haven.AccountNo, kind account.ContactKind) (Asked, error) {
	row, c, err := s.waiting(ctx, no, kind)
	return Asked{To: c.Value, Until: row.asked.Add(s.o.Policy.Contact.CodeFor)}, err
}

// waiting reads a change that waits, and what is sealed of it.
func (s *Service) waiting(ctx context.Context, no haven.AccountNo, kind account.ContactKind) (row change, c content, err error) {
	err = s.o.DB.Read(ctx, func(tx *db.Tx) error {
		row, err = changeIn(tx, no, kind)
		return err
	})
	if err != nil {
		return row, c, err
	}
	if row.asked.IsZero() {
		return row, c, account.Refusal(errs.Conflict, CheckCode(CodeFacts{}, s.o.Policy.Contact, s.o.Clock.Now()))
	}
	plain, err := s.o.Keys.Open(ctx, no, row.sealed)
	if err != nil {
		return row, c, err
	}
	if err := json.Unmarshal(plain, &c); err != nil {
		return row, c, errs.Wrap(errs.Internal, err, "")
	}
	return row, c, nil
}

func changeIn(tx *db.Tx, no haven.AccountNo, kind account.ContactKind) (row change, err error) {
	row.kind = kind
	err = tx.Query(sqlAsked, []any{int64(no), int64(kind)}, func(r db.Row) error {
		row.sealed, row.asked, row.tries = append([]byte(nil), r.Bytes(0)...), time.UnixMicro(r.Int64(1)).UTC(), int(r.Int64(2))
		return nil
	})
	return row, err
}

// Confirm takes the code, and with it the new mobile or e-mail in place of the old one. The old one is told, and so is the person's other contact; where
// it is the one on file, it is proven, and nothing else changes. A code that is wrong counts and is Private (profile.code*); Conflict where there is none.
func (s *Service) Confirm(ctx context.Context, actor haven.Actor, no haven.AccountNo, kind account.ContactKind, code string) error {
	seen, c, err := s.waiting(ctx, no, kind)
	if err != nil {
		return err
	}
	email, mobile, err := s.contacts(ctx, no)
	if err != nil {
		return err
	}
	fresh, err := s.o.Contacts.Seal(ctx, no, kind, c.Value)
	if err != nil {
		return err
	}
	good := subtle.ConstantTimeCompare([]byte(strings.Join(strings.Fields(code), "")), []byte(c.Code)) == 1
	now := s.o.Clock.Now()
	var v haven.Verdict
	err = s.own(ctx, actor, no, func(tx *db.Tx, who account.Account) error {
		row, err := changeIn(tx, no, kind)
		if err != nil {
			return err
		}
		if !row.asked.Equal(seen.asked) {
			row.asked = time.Time{} // given already, or another one was sent meanwhile
		}
		if v = CheckCode(CodeFacts{Asked: row.asked, Tries: row.tries, Good: good}, s.o.Policy.Contact, now); !v.Allowed {
			tx.Exec(sqlTry, int64(no), int64(kind))
			s.record(tx, actor, who, "profile.code-refused", v.Rule, kind.String())
			return nil
		}
		tx.Exec(sqlDone, int64(no), int64(kind))
		known, err := s.o.Contacts.HasIn(tx, fresh)
		switch {
		case err != nil:
			return err
		case known: // nothing is changed that anybody has to be told of, or that a forgotten password has to wait for
			s.o.Contacts.ProveIn(tx, no, kind)
			s.record(tx, actor, who, "account.contact-proven", "account.contact", kind.String())
			return nil
		}
		if err := s.o.Contacts.PutIn(tx, actor, fresh); err != nil {
			return err
		}
		s.o.Contacts.ProveIn(tx, no, kind)
		return s.tell(tx, who, kind, email, mobile, now)
	})
	switch {
	case err == nil && v.Rule == "profile.code-none":
		return account.Refusal(errs.Conflict, v)
	case err == nil && !v.Allowed:
		return account.Refusal(errs.Private, v)
	}
	return err
}

// tell tells each contact that was there before of a change of one of them.
func (s *Service) tell(tx *db.Tx, who account.Account, changed account.ContactKind, email, mobile account.Contact, now time.Time) error {
	for _, c := range []account.Contact{email, mobile} {
		if c.Value == "" {
			continue
		}
		if err := s.o.Notices.ContactChanged(tx, who, changed, c, now); err != nil {
			return err
		}
	}
	return nil
}

// RemoveMobile takes a person's mobile away, and tells it so. It is Denied (profile.owner-mobile) for the owner of a mailbox, NotFound where there
// is none.
func (s *Service) RemoveMobile(ctx context.Context, actor haven.Actor, no haven.AccountNo) error {
	email, mobile, err := s.contacts(ctx, no)
	if err != nil {
		return err
	}
	return s.own(ctx, actor, no, func(tx *db.Tx, who account.Account) error {
		owner, err := s.o.Owns(tx, no)
		if err != nil {
			return err
		}
		v := MayRemove(owner)
		if !v.Allowed {
			return account.Refusal(errs.Denied, v)
		}
		if err := s.o.Contacts.RemoveIn(tx, actor, who, account.Mobile); err != nil {
			return err
		}
		return s.tell(tx, who, account.Mobile, email, mobile, s.o.Clock.Now())
	})
}
