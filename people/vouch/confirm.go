package vouch

import (
	"context"
	"log/slog"
	"time"

	"haven"
	"haven/people/account"
	"haven/platform/audit"
	"haven/platform/db"
	"haven/platform/errs"
)

// row is a vouching as it is kept.
type row struct {
	person, owner, mailbox       haven.AccountNo
	made, sent, confirmed, ended time.Time
	how                          How
	links                        int
}

func scan(r db.Row) row {
	return row{person: haven.AccountNo(r.Int64(0)), made: db.Moment(r.Int64(1)), owner: haven.AccountNo(r.Int64(2)), mailbox: haven.AccountNo(r.Int64(3)), how: How(r.Text(4)),
		links: int(r.Int64(5)), sent: db.Moment(r.Int64(6)), confirmed: db.Moment(r.Int64(7)), ended: db.Moment(r.Int64(8))}
}

func get(tx *db.Tx, sql string, arg any) (v row, err error) {
	err = tx.Query(sql, []any{arg}, func(r db.Row) error { v = scan(r); return nil })
	return v, err
}

// standing is a row with the accounts that it is about.
func (s *Service) standing(tx *db.Tx, v row) (st Standing, err error) {
	if v.person == 0 {
		return st, nil
	}
	st = Standing{How: v.how, Made: v.made, Confirmed: v.confirmed, Ended: !v.ended.IsZero()}
	st.Ends = Limit(v.owner, v.made, v.confirmed, s.o.Policy.Reset).Until
	for no, to := range map[haven.AccountNo]*account.Account{v.person: &st.Person, v.owner: &st.Owner, v.mailbox: &st.Mailbox} {
		if *to, err = account.ByNoIn(tx, no); err != nil {
			return st, err
		}
	}
	return st, nil
}

// Look is the vouching of a link: NotFound (vouch.link) where it is not good any more.
func (s *Service) Look(ctx context.Context, link Link) (st Standing, err error) {
	err = s.o.DB.Read(ctx, func(tx *db.Tx) error {
		v, err := get(tx, sqlByLink, hash(link))
		if err != nil {
			return err
		}
		if st, err = s.standing(tx, v); err != nil {
			return err
		}
		return refused(MayConfirm(st, s.o.Clock.Now(), s.o.Policy.Reset))
	})
	return st, err
}

func refused(v haven.Verdict) error {
	if v.Allowed {
		return nil
	}
	return account.Refusal(errs.NotFound, v)
}

// Of is how a person's account is limited, for the person; zero where it is not.
func (s *Service) Of(ctx context.Context, person haven.AccountNo) (st Standing, err error) {
	err = s.o.DB.Read(ctx, func(tx *db.Tx) error {
		st = Standing{}
		limit, err := account.VouchedIn(tx, person)
		if err != nil || !limit.Limits(s.o.Clock.Now()) {
			return err
		}
		v, err := get(tx, sqlLast, int64(person))
		if err == nil {
			st, err = s.standing(tx, v)
		}
		return err
	})
	if err != nil || st.Made.IsZero() {
		return st, err
	}
	email, err := s.email(ctx, person)
	st.Email = email != ""
	return st, err
}

func (s *Service) email(ctx context.Context, person haven.AccountNo) (string, error) {
	all, err := s.o.Contacts.Of(ctx, person)
	for _, c := range all {
		if c.Kind == account.PersonalEmail {
			return c.Value, nil
		}
	}
	return "", err
}

// with runs fn on the vouching of a link, with the person locked.
func (s *Service) with(ctx context.Context, link Link, fn func(tx *db.Tx, v row, st Standing) error) (st Standing, err error) {
	err = s.o.DB.Write(ctx, func(tx *db.Tx) error {
		v, err := get(tx, sqlByLink, hash(link))
		if err != nil {
			return err
		}
		if v.person != 0 {
			if err := account.Lock(tx, v.person); err != nil {
				return err
			}
			if v, err = get(tx, sqlByLink, hash(link)); err != nil { // somebody may have come first
				return err
			}
		}
		if st, err = s.standing(tx, v); err != nil {
			return err
		}
		if err := refused(MayConfirm(st, s.o.Clock.Now(), s.o.Policy.Reset)); err != nil {
			return err
		}
		return fn(tx, v, st)
	})
	if err == nil {
		s.o.Shared.Announce(st.Person.No)
	}
	return st, err
}

// Confirm is the person's word, from the personal e-mail, that it was the own doing: the limit ends when a day has passed. NotFound (vouch.*) where the link
// is not good any more.
func (s *Service) Confirm(ctx context.Context, actor haven.Actor, link Link) (Standing, error) {
	now := s.o.Clock.Now()
	st, err := s.with(ctx, link, func(tx *db.Tx, v row, st Standing) error {
		s.o.Contacts.ProveIn(tx, v.person, account.PersonalEmail)
		s.confirmIn(tx, actor, v, st, "vouch.e-mail")
		return nil
	})
	st.Confirmed, st.Ends = now, Limit(st.Owner.No, st.Made, now, s.o.Policy.Reset).Until
	return st, err
}

func (s *Service) confirmIn(tx *db.Tx, actor haven.Actor, v row, st Standing, rule haven.Rule) {
	now := s.o.Clock.Now()
	tx.Exec(sqlConfirm, int64(v.person), v.made.UnixMicro(), now.UnixMicro())
	account.SetVouchedIn(tx, v.person, Limit(v.owner, v.made, now, s.o.Policy.Reset))
	audit.Record(tx, audit.Entry{At: now, Actor: actor, What: "vouch.confirmed", On: st.Person.ID, Other: st.Owner.ID, Rule: rule})
}

// Passed tells that a person has just passed the own second factor, which was there before the vouching: it can't be set up while an account is limited.
func (s *Service) Passed(ctx context.Context, actor haven.Actor, person haven.AccountNo) error {
	if err := s.o.Accounts.Free(ctx, person); !errs.Is(err, errs.Denied) {
		return err // most people: nothing is written
	}
	err := s.o.DB.Write(ctx, func(tx *db.Tx) error {
		if err := account.Lock(tx, person); err != nil {
			return err
		}
		v, err := get(tx, sqlLast, int64(person))
		if err != nil || v.person == 0 || !v.ended.IsZero() || !v.confirmed.IsZero() {
			return err
		}
		st, err := s.standing(tx, v)
		if err == nil {
			s.confirmIn(tx, actor, v, st, "vouch.second-factor")
		}
		return err
	})
	if err == nil {
		s.o.Shared.Announce(person)
	}
	return err
}

// Deny is the person's word that it was somebody else: the password that was given opens nothing any more, nor does any app password made since, the mobile goes, and
// all owners of the person's mailboxes are told. It is an alarm. The account is as closed as before, and not limited.
func (s *Service) Deny(ctx context.Context, actor haven.Actor, link Link) (Standing, error) {
	password, err := s.o.Temporary()
	if err != nil {
		return Standing{}, err
	}
	hashed, err := s.o.Accounts.HashTemporary(ctx, password) // which nobody is told
	if err != nil {
		return Standing{}, err
	}
	now := s.o.Clock.Now()
	st, err := s.with(ctx, link, func(tx *db.Tx, v row, st Standing) error {
		tx.Exec(sqlEnd, int64(v.person), now.UnixMicro())
		account.SetVouchedIn(tx, v.person, account.Vouched{})
		if err := s.o.Accounts.SetTemporaryIn(tx, actor, st.Person, hashed); err != nil {
			return err
		}
		if err := s.o.Accounts.RevokeSinceIn(tx, actor, st.Person, v.made); err != nil {
			return err
		}
		if err := s.o.Contacts.RemoveIn(tx, actor, st.Person, account.Mobile); err != nil && !errs.Is(err, errs.NotFound) {
			return err
		}
		audit.Record(tx, audit.Entry{At: now, Actor: actor, What: "vouch.denied", On: st.Person.ID, Other: st.Owner.ID, Rule: "vouch.not-me"})
		return s.owners(tx, st, s.o.Notices.VouchDenied)
	})
	if err == nil {
		s.o.Logger.LogAttrs(ctx, slog.LevelWarn, "somebody was vouched for who says that it was not the person", slog.String("alarm", "vouch.denied"),
			slog.String("person", st.Person.ID.String()), slog.String("owner", st.Owner.ID.String()))
	}
	return st, err
}

// Again sends the person another link, in place of the one before. It is Conflict where there is nothing to confirm, Invalid without a personal e-mail, and
// TooMany above policy.Reset.VouchLinks a day.
func (s *Service) Again(ctx context.Context, actor haven.Actor) error {
	who, err := s.o.Accounts.ByID(ctx, actor.Person)
	if err != nil {
		return err
	}
	email, err := s.email(ctx, who.No)
	if err != nil {
		return err
	}
	if email == "" {
		return errNoEmail
	}
	now, link := s.o.Clock.Now(), newLink()
	return s.o.DB.Write(ctx, func(tx *db.Tx) error {
		if err := account.Lock(tx, who.No); err != nil {
			return err
		}
		v, err := get(tx, sqlLast, int64(who.No))
		if err != nil {
			return err
		}
		links := v.links + 1
		if now.Sub(v.sent) >= 24*time.Hour {
			links = 1
		}
		switch {
		case v.person == 0 || !v.ended.IsZero() || !v.confirmed.IsZero():
			return errNothing
		case links > s.o.Policy.Reset.VouchLinks:
			return errLinks
		}
		st, err := s.standing(tx, v)
		if err != nil {
			return err
		}
		tx.Exec(sqlRelink, int64(who.No), v.made.UnixMicro(), hash(link), int64(links), now.UnixMicro())
		audit.Record(tx, audit.Entry{At: now, Actor: actor, What: "vouch.link-sent", On: who.ID, Rule: "vouch.link"})
		return s.o.Notices.VouchedFor(tx, st, email, link, v.made.Add(s.o.Policy.Reset.VouchLinkFor).Sub(now))
	})
}

var (
	errNoEmail = &errs.Error{Kind: errs.Invalid, Rule: "vouch.no-email", Say: "We have no personal e-mail for you. The helpdesk can help you."}
	errNothing = &errs.Error{Kind: errs.Conflict, Rule: "vouch.nothing", Say: "There is nothing to confirm."}
	errLinks   = &errs.Error{Kind: errs.TooMany, Rule: "vouch.links", Say: "We have sent the link several times today. Look at the newest e-mail from us, also among junk."}
)

// Lift ends the limit at once, by whoever runs the service, who has made sure who it is in another way: a person without a personal e-mail and without a second
// factor has no other. It is Conflict where the account is not limited.
func (s *Service) Lift(ctx context.Context, actor haven.Actor, person haven.AccountNo) error {
	now := s.o.Clock.Now()
	err := s.o.DB.Write(ctx, func(tx *db.Tx) error {
		if err := account.Lock(tx, person); err != nil {
			return err
		}
		limit, err := account.VouchedIn(tx, person)
		if err == nil && !limit.Limits(now) {
			err = errNothing
		}
		if err != nil {
			return err
		}
		who, err := account.ByNoIn(tx, person)
		if err != nil {
			return err
		}
		tx.Exec(sqlEnd, int64(person), now.UnixMicro())
		account.SetVouchedIn(tx, person, account.Vouched{})
		audit.Record(tx, audit.Entry{At: now, Actor: actor, What: "vouch.lifted", On: who.ID, Rule: "vouch.operator"})
		return nil
	})
	if err == nil {
		s.o.Shared.Announce(person)
	}
	return err
}

// EndIn ends what was vouched for through a mailbox and is not over, when the premises is sold (Rules 1): such an account opens nothing until somebody else
// vouches, or the helpdesk helps. The caller's transaction has locked the mailbox, and announces the people who are returned after the commit.
func (s *Service) EndIn(tx *db.Tx, actor haven.Actor, mailbox haven.AccountNo, rule haven.Rule) (ended []haven.AccountNo, err error) {
	var people []haven.AccountNo
	err = tx.Query(sqlThrough, []any{int64(mailbox)}, func(r db.Row) error {
		people = append(people, haven.AccountNo(r.Int64(0)))
		return nil
	})
	if err != nil {
		return nil, err
	}
	now := s.o.Clock.Now()
	for _, no := range people {
		if err := account.Lock(tx, no); err != nil {
			return nil, err
		}
		limit, err := account.VouchedIn(tx, no)
		if err != nil {
			return nil, err
		}
		who, err := account.ByNoIn(tx, no)
		if err != nil {
			return nil, err
		}
		tx.Exec(sqlEnd, int64(no), now.UnixMicro())
		if !limit.Limits(now) {
			continue
		}
		account.SetVouchedIn(tx, no, account.Vouched{By: account.NobodyVouches})
		audit.Record(tx, audit.Entry{At: now, Actor: actor, What: "vouch.ended", On: who.ID, Rule: rule})
		ended = append(ended, no)
	}
	return ended, nil
}
