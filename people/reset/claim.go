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

// looked is what was looked at before the transaction: an answer takes as long as a password, and a passkey has a transaction of its own.
type looked struct {
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

// beforehand looks at what the transaction can't.
func (s *Service) beforehand(ctx context.Context, actor haven.Actor, who account.Account, c Claim) (l looked, err error) {
	err = s.o.DB.Read(ctx, func(tx *db.Tx) error { l.kept, err = keptIn(tx, who.No); return err })
	if err == nil {
		l.good, err = s.good(ctx, actor, who, c)
	}
	return l, err
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

// weighed is what a claim is good for.
type weighed struct {
	verdict haven.Verdict
	reached []account.ContactKind // where went what somebody gives
}

// weigh looks at a claim in a transaction, which has the person locked afterwards; an error with a verdict is its refusal. What was
// looked at before is good where it was not replaced since.
func (s *Service) weigh(tx *db.Tx, who account.Account, c Claim, l looked) (w weighed, err error) {
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
	if kept == l.kept {
		f.Good = slices.Clone(l.good)
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
