package activation

import (
	"context"
	"strconv"
	"time"

	"haven"
	"haven/people/account"
	"haven/platform/audit"
	"haven/platform/clock"
	"haven/platform/db"
	"haven/platform/errs"
	"haven/platform/policy"
)

// Notices tells a person, in the transaction, at an address, that the account is active, or that its security questions are others.
type Notices interface {
	Activated(tx *db.Tx, who account.Account, email string, at time.Time) error
	QuestionsChanged(tx *db.Tx, who account.Account, email string, at time.Time) error
}

// Operators says whether somebody acts as an operator; operator.Service does.
type Operators interface {
	CheckIn(tx *db.Tx, actor haven.Actor) error
}

// Options are what the service stands on. Every field without a remark is needed.
type Options struct {
	DB        *db.DB
	Accounts  *account.Service
	Clock     clock.Clock
	Policy    policy.Policy
	Operators Operators // needed by Publish alone
	Notices   Notices   // nil: nobody is told
	Inviter   Inviter   // needed by Invite alone, like Contacts
	Contacts  Contacts
}

// Service leads people through activation. It is safe for many goroutines.
type Service struct{ o Options }

// New makes the service over tables that Schema made.
func New(o Options) *Service { return &Service{o} }

// Current is the version of the acceptable-use policy that holds.
func (s *Service) Current(ctx context.Context) (p UsePolicy, err error) {
	err = s.o.DB.Read(ctx, func(tx *db.Tx) error {
		p, err = current(tx)
		return err
	})
	return p, err
}

func current(tx *db.Tx) (UsePolicy, error) {
	p := UsePolicy{Version: 1, Text: FirstPolicy}
	err := tx.Query(sqlCurrent, nil, func(r db.Row) error {
		p = UsePolicy{int(r.Int64(0)), time.UnixMicro(r.Int64(1)).UTC(), time.UnixMicro(r.Int64(2)).UTC(), r.Text(3)}
		return nil
	})
	return p, err
}

// Versions are the policies that were published, the newest first, at most so many; the first one is among them where there is room.
func (s *Service) Versions(ctx context.Context, most int) (all []UsePolicy, err error) {
	err = s.o.DB.Read(ctx, func(tx *db.Tx) error {
		all = nil
		return tx.Query(sqlVersions, []any{int64(most)}, func(r db.Row) error {
			all = append(all, UsePolicy{int(r.Int64(0)), time.UnixMicro(r.Int64(1)).UTC(), time.UnixMicro(r.Int64(2)).UTC(), r.Text(3)})
			return nil
		})
	})
	if err == nil && len(all) < most {
		all = append(all, UsePolicy{Version: 1, Text: FirstPolicy})
	}
	return all, err
}

// Publish makes a text the next version of the policy, by an operator or the service itself. Everybody is asked to accept it, and from holds on goes
// on only after that; without that time it holds once policy.Activation.AcceptPolicy has gone by. It is Invalid, with the rule activation.*, where it
// can't be published.
func (s *Service) Publish(ctx context.Context, actor haven.Actor, text string, holds time.Time) (version int, err error) {
	now := s.o.Clock.Now()
	if holds.IsZero() {
		holds = now.Add(s.o.Policy.Activation.AcceptPolicy)
	}
	if v := MayPublish(text, holds, s.o.Policy.Operator, now); !v.Allowed {
		return 0, account.Refusal(errs.Invalid, v)
	}
	err = s.o.DB.Write(ctx, func(tx *db.Tx) error {
		if err := s.o.Operators.CheckIn(tx, actor); err != nil {
			return err
		}
		p, err := current(tx)
		if err != nil {
			return err
		}
		version = p.Version + 1
		if p.Text == text {
			return &errs.Error{Kind: errs.Conflict, Rule: "activation.policy-same", Say: "These are the rules that are published already."}
		}
		tx.Exec(sqlPublish, int64(version), now.UnixMicro(), holds.UnixMicro(), text)
		audit.Record(tx, audit.Entry{At: now, Actor: actor, What: "activation.policy-published", Rule: "activation.policy", Note: "version " + strconv.Itoa(version) + " holds from " + holds.UTC().Format(time.RFC3339)})
		return nil
	})
	return version, err
}

// PolicyDue is from when on a person can't go on without having accepted the policy as it was published last; zero where that is done, or was
// never asked for.
func (s *Service) PolicyDue(ctx context.Context, no haven.AccountNo) (due time.Time, err error) {
	err = s.o.DB.Read(ctx, func(tx *db.Tx) error {
		due = time.Time{}
		return tx.Query(sqlDue, []any{int64(no)}, func(r db.Row) error {
			if r.Int64(2) < r.Int64(0) {
				due = time.UnixMicro(r.Int64(1)).UTC()
			}
			return nil
		})
	})
	return due, err
}

// Progress is what a person has done of it, and what is due.
func (s *Service) Progress(ctx context.Context, no haven.AccountNo) (p Progress, err error) {
	err = s.o.DB.Read(ctx, func(tx *db.Tx) error {
		p, err = s.progress(tx, no)
		return err
	})
	return p, err
}

func (s *Service) progress(tx *db.Tx, no haven.AccountNo) (p Progress, err error) {
	holds, err := current(tx)
	if err != nil {
		return p, err
	}
	p.Current = holds.Version
	err = tx.Query(sqlProgress, []any{int64(no)}, func(r db.Row) error {
		p.Accepted, p.Questions, p.Directory = int(r.Int64(0)), r.Bool(1), r.Bool(2)
		return nil
	})
	if err != nil {
		return p, err
	}
	if p.Accepted < p.Current {
		p.Due = holds.Holds
	}
	pw, err := account.PasswordIn(tx, no)
	p.Password = pw.Ver > 0 && !pw.Must
	return p, err
}

// step does one step's writing with the person's account locked.
func (s *Service) step(ctx context.Context, actor haven.Actor, no haven.AccountNo, what string, rule haven.Rule, note string, fn func(tx *db.Tx) error) error {
	now := s.o.Clock.Now()
	return s.o.DB.Write(ctx, func(tx *db.Tx) error {
		if err := account.Lock(tx, no); err != nil {
			return err
		}
		a, err := account.ByNoIn(tx, no)
		if err != nil {
			return err
		}
		tx.Exec(sqlBegin, int64(no))
		if err := fn(tx); err != nil {
			return err
		}
		audit.Record(tx, audit.Entry{At: now, Actor: actor, What: what, On: a.ID, Rule: rule, Note: note})
		return nil
	})
}

// Accept records that a person accepts a version of the policy, which has to be the one that holds: Conflict where another was published
// since the page was shown.
func (s *Service) Accept(ctx context.Context, actor haven.Actor, no haven.AccountNo, version int) error {
	return s.step(ctx, actor, no, "activation.policy-accepted", "activation.policy", "version "+strconv.Itoa(version), func(tx *db.Tx) error {
		p, err := current(tx)
		if err != nil {
			return err
		}
		if p.Version != version {
			return &errs.Error{Kind: errs.Conflict, Rule: "activation.policy-changed", Say: "The policy was changed meanwhile. Read the new one, and accept it if you agree."}
		}
		tx.Exec(sqlAccept, int64(no), int64(version), s.o.Clock.Now().UnixMicro())
		return nil
	})
}

// SetAnswers keeps a person's answers in place of earlier ones, and tells the personal e-mail where the account was active before. It is Invalid, with the rule questions.*, where they can't be taken.
func (s *Service) SetAnswers(ctx context.Context, actor haven.Actor, no haven.AccountNo, answers []Answer) error {
	if v, _ := CheckAnswers(answers, s.o.Policy.Reset.Questions); !v.Allowed {
		return account.Refusal(errs.Invalid, v)
	}
	hashes := make([]string, len(answers))
	for i, a := range answers {
		h, err := s.o.Accounts.HashAnswer(ctx, account.NormaliseAnswer(a.Text))
		if err != nil {
			return err
		}
		hashes[i] = h
	}
	personal, err := s.personalEmail(ctx, no)
	if err != nil {
		return err
	}
	return s.step(ctx, actor, no, "activation.questions-set", "questions.good", "", func(tx *db.Tx) error {
		if err := account.FreeIn(tx, no, s.o.Clock.Now()); err != nil {
			return err
		}
		tx.Exec(sqlForget, int64(no))
		for i, a := range answers {
			tx.Exec(sqlAnswer, int64(no), int64(a.Question), hashes[i])
		}
		tx.Exec(sqlAnswered, int64(no))
		return s.questionsChanged(tx, no, personal)
	})
}

func (s *Service) questionsChanged(tx *db.Tx, no haven.AccountNo, personal string) error {
	who, err := account.ByNoIn(tx, no)
	if err != nil || who.State == account.Invited || personal == "" || s.o.Notices == nil {
		return err
	}
	return s.o.Notices.QuestionsChanged(tx, who, personal, s.o.Clock.Now())
}

// Asked are the questions that a person answered; none for nobody.
func (s *Service) Asked(ctx context.Context, no haven.AccountNo) (ids []int, err error) {
	err = s.o.DB.Read(ctx, func(tx *db.Tx) error {
		ids = nil
		return tx.Query(sqlAnswers, []any{int64(no)}, func(r db.Row) error {
			ids = append(ids, int(r.Int64(0)))
			return nil
		})
	})
	return ids, err
}

// Match reports whether all answers are a person's. It takes as long whatever is wrong with them, also for nobody.
func (s *Service) Match(ctx context.Context, no haven.AccountNo, answers []Answer) (bool, error) {
	hashes := map[int]string{}
	err := s.o.DB.Read(ctx, func(tx *db.Tx) error {
		return tx.Query(sqlAnswers, []any{int64(no)}, func(r db.Row) error {
			hashes[int(r.Int64(0))] = r.Text(1)
			return nil
		})
	})
	if err != nil {
		return false, err
	}
	all := len(hashes) > 0 && len(answers) == len(hashes)
	given := map[int]bool{}
	for i := range max(len(answers), s.o.Policy.Reset.Questions) {
		var a Answer
		if i < len(answers) {
			a = answers[i]
		}
		good, err := s.o.Accounts.MatchesAnswer(ctx, account.NormaliseAnswer(a.Text), hashes[a.Question])
		if err != nil {
			return false, err
		}
		all = all && good && !given[a.Question]
		given[a.Question] = true
	}
	return all, nil
}

// AnswersIn is what tells whether a person's answers were changed: it is another one then.
func AnswersIn(tx *db.Tx, no haven.AccountNo) (text string, err error) {
	err = tx.Query(sqlAnswers, []any{int64(no)}, func(r db.Row) error { text += r.Text(1) + "\n"; return nil })
	return text, err
}

// ShowMobile says whether the directory shows a person's mobile (Rules 5, 8).
func (s *Service) ShowMobile(ctx context.Context, actor haven.Actor, no haven.AccountNo, show bool) error {
	return s.step(ctx, actor, no, "activation.mobile-shown", "activation.directory", strconv.FormatBool(show), func(tx *db.Tx) error {
		tx.Exec(sqlShow, int64(no), show)
		return nil
	})
}

// ShownIn is what a person chose about the mobile in the directory; not chosen: nobody asked yet.
func ShownIn(tx *db.Tx, no haven.AccountNo) (chosen, show bool, err error) {
	err = tx.Query(sqlShown, []any{int64(no)}, func(r db.Row) error {
		chosen, show = r.Bool(0), r.Bool(1)
		return nil
	})
	return chosen, show, err
}

// Finish makes an account active whose person has done every step. It is Denied, with the rule of the step, where one is left; an account that
// is active already stays so.
func (s *Service) Finish(ctx context.Context, actor haven.Actor, no haven.AccountNo) error {
	personal, err := s.personalEmail(ctx, no)
	if err != nil {
		return err
	}
	return s.o.DB.Write(ctx, func(tx *db.Tx) error {
		if err := account.Lock(tx, no); err != nil {
			return err
		}
		a, err := account.ByNoIn(tx, no)
		if err != nil || a.State != account.Invited {
			return err
		}
		p, err := s.progress(tx, no)
		if err != nil {
			return err
		}
		v := MayFinish(p)
		if !v.Allowed {
			return account.Refusal(errs.Denied, v)
		}
		if err := s.o.Accounts.SetStateIn(tx, actor, no, account.Active, v.Rule); err != nil {
			return err
		}
		return s.confirm(tx, a, personal)
	})
}

// confirm tells a person at both addresses, the own mailbox and the personal one (Rules 5).
func (s *Service) confirm(tx *db.Tx, a account.Account, personal string) error {
	if s.o.Notices == nil {
		return nil
	}
	for _, to := range []string{a.Address.String(), personal} {
		if to == "" {
			continue
		}
		if err := s.o.Notices.Activated(tx, a, to, s.o.Clock.Now()); err != nil {
			return err
		}
	}
	return nil
}

// personalEmail is where a person is written to outside; "" where it is not known.
func (s *Service) personalEmail(ctx context.Context, no haven.AccountNo) (string, error) {
	if s.o.Contacts == nil {
		return "", nil
	}
	contacts, err := s.o.Contacts.Of(ctx, no)
	for _, c := range contacts {
		if c.Kind == account.PersonalEmail {
			return c.Value, err
		}
	}
	return "", err
}
