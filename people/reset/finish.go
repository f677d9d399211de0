package reset

import (
	"bytes"
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
// set: then what was shown serves again, and was no try. In the transaction that sets the password a lock of the account ends (Rules 6), e-mail and mobile that served are known to be
// the own, what served is used up, and the person is told where there is a contact. The second factor stays as it is.
func (s *Service) Finish(ctx context.Context, actor haven.Actor, c Claim, password string) error {
	who, err := s.whose(ctx, c)
	if err != nil {
		return err
	}
	b, err := s.before(ctx, actor, who, c)
	if err != nil {
		return err
	}
	if err := s.judge(ctx, actor, who, c, b); err != nil {
		return err
	}
	contacts, err := s.contacts(ctx, who.No)
	if err != nil {
		return err
	}
	actor.Person = who.ID
	err = s.o.Accounts.SetPasswordWith(ctx, actor, who.No, password, false, func(tx *db.Tx) error {
		w, err := s.weigh(tx, who, c, b) // others may have used it up meanwhile
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

// before is what was looked at before the transaction: an answer takes as long as a password, and a passkey has a transaction of its own.
type before struct {
	good []Way
	kept string // what they were held against
}

// keptIn is what answers and passkeys of a person are held against.
func keptIn(tx *db.Tx, no haven.AccountNo) (string, error) {
	answers, err := activation.AnswersIn(tx, no)
	if err != nil {
		return "", err
	}
	keys, err := secondfactor.KeysIn(tx, no)
	return answers + "\n" + keys, err
}

// before is what of a claim is good that is looked at before the transaction.
func (s *Service) before(ctx context.Context, actor haven.Actor, who account.Account, c Claim) (b before, err error) {
	err = s.o.DB.Read(ctx, func(tx *db.Tx) error { b.kept, err = keptIn(tx, who.No); return err })
	if err == nil {
		b.good, err = s.good(ctx, actor, who, c)
	}
	return b, err
}

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

// judge is the refusal of a claim, which it records; nil: it is good now.
func (s *Service) judge(ctx context.Context, actor haven.Actor, who account.Account, c Claim, b before) (refused error) {
	now := s.o.Clock.Now()
	err := s.o.DB.Write(ctx, func(tx *db.Tx) error {
		refused = nil
		w, err := s.weigh(tx, who, c, b)
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

// weighed is what a claim is good for.
type weighed struct {
	verdict haven.Verdict
	reached []account.ContactKind // where went what somebody gives
}

// weigh looks at a claim in a transaction, which has the person locked afterwards; an error with a verdict is its refusal. What was
// looked at before is good where it was not replaced since.
func (s *Service) weigh(tx *db.Tx, who account.Account, c Claim, b before) (w weighed, err error) {
	f := FinishFacts{Known: who.No != 0, Given: c.given()}
	if f.Known {
		if err := account.Lock(tx, who.No); err != nil {
			return w, err
		}
		fresh, err := account.ByNoIn(tx, who.No)
		if err != nil {
			return w, err
		}
		f.State = fresh.State
	}
	kept, err := keptIn(tx, who.No)
	if err != nil {
		return w, err
	}
	if kept == b.kept {
		f.Good = slices.Clone(b.good)
	}
	link, text, err := s.cameBack(tx, who.No, c)
	if err != nil {
		return w, err
	}
	if link {
		f.Good, w.reached = append(f.Good, ByLink), append(w.reached, account.PersonalEmail)
	}
	if text {
		f.Good, w.reached = append(f.Good, ByText), append(w.reached, account.Mobile)
	}
	if c.Recovery != "" {
		holds, err := secondfactor.HoldsRecoveryIn(tx, who.No, c.Recovery)
		if err != nil {
			return w, err
		}
		if holds {
			f.Good = append(f.Good, ByRecovery)
		}
	}
	if w.verdict = MayFinish(f, s.o.Clock.Now()); !w.verdict.Allowed {
		return w, account.Refusal(errs.Private, w.verdict)
	}
	return w, nil
}

// cameBack says whether somebody gives the link that went to the person's e-mail, and the code that went to the mobile: with a link the code that was sent with it. What
// went to one that was replaced since is not good.
func (s *Service) cameBack(tx *db.Tx, no haven.AccountNo, c Claim) (link, text bool, err error) {
	var sent time.Time
	if c.Link != "" {
		r, err := s.get(tx, c.Link) // others may have tried meanwhile
		if err != nil {
			return false, false, err
		}
		if link = true; hmac.Equal(r.code, s.codeHash(no, c.Code)) {
			sent = r.made
		}
	} else if c.Code != "" {
		if sent, err = s.sent(tx, no, c.Code); err != nil {
			return false, false, err
		}
	}
	made, err := account.ContactsMadeIn(tx, no)
	since, has := made[account.Mobile]
	return link, has && !sent.IsZero() && !since.After(sent), err
}

// sent is when a code was sent that is good for a person; zero: it was not.
func (s *Service) sent(tx *db.Tx, no haven.AccountNo, code string) (at time.Time, err error) {
	given := s.codeHash(no, code)
	err = tx.Query(sqlCodes, []any{int64(no), s.o.Clock.Now().Add(-s.o.Policy.Reset.GoodFor).UnixMicro()}, func(r db.Row) error {
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
