package access

import (
	"context"
	"time"

	"haven"
	"haven/people/account"
	"haven/platform/db"
	"haven/platform/errs"
	"haven/platform/limit"
)

// The two accounts' versions and states in one query, and the membership where the answer is not remembered.
// The table member is sharedmailbox's own; this is the one other place that reads it.
const (
	sqlFacts = `SELECT p.access_ver, p.kind, p.state, a.access_ver, a.kind, a.state, a.shut_to_programs, p.vouched_by, p.vouched_until
		FROM account p, account a WHERE p.no = $1 AND a.no = $2`
	sqlMember  = `SELECT rights, since, until FROM member WHERE an = $1 AND person = $2`
	sqlVoucher = `SELECT m.rights, m.since, m.until, a.state, a.vouched_by, a.vouched_until FROM member m JOIN account a ON a.no = m.person
		WHERE m.an = $1 AND m.person = $2`
)

const rememberedAnswers = 100_000

// Service answers from the database. It is safe for many goroutines.
type Service struct {
	db    *db.DB
	now   func() time.Time
	cache *limit.Recent[pair, remembered]
}

type pair struct{ person, account haven.AccountNo }

type remembered struct {
	personVer, accountVer int64
	answer                Answer
}

// New returns a service over the tables of account and sharedmailbox.
func New(d *db.DB, now func() time.Time) *Service {
	return &Service{db: d, now: now, cache: limit.NewRecent[pair, remembered](rememberedAnswers)}
}

// In says what the person may do with the account, and why, as the transaction sees it. No rights means that
// the person may not know of the account; the error is the database's alone. An answer that is remembered costs
// one query of two rows.
//
// A transaction that changes memberships or states itself asks FreshIn: its new versions go with what it is
// still about to write.
func (s *Service) In(tx *db.Tx, person, acc haven.AccountNo) (haven.Rights, haven.Verdict, error) {
	l, err := look(tx, person, acc)
	if err != nil || !l.found {
		return 0, unknown, err
	}
	return s.decide(tx, l, person, acc)
}

// InByProgram is In for who comes with a mail program.
func (s *Service) InByProgram(tx *db.Tx, person, acc haven.AccountNo) (haven.Rights, haven.Verdict, error) {
	l, err := look(tx, person, acc)
	if err != nil || !l.found {
		return 0, unknown, err
	}
	rights, v, err := s.decide(tx, l, person, acc)
	if err != nil || rights == 0 {
		return rights, v, err
	}
	a := ByProgram(Answer{Rights: rights, Verdict: v}, l.shut)
	return a.Rights, a.Verdict, nil
}

func (s *Service) decide(tx *db.Tx, l looked, person, acc haven.AccountNo) (haven.Rights, haven.Verdict, error) {
	now, key := s.now(), pair{person, acc}
	limited := l.facts.Vouched.Limits(now) // such an answer is not remembered: it hangs on a third account
	if m, ok := s.cache.Get(key); ok && !limited && m.personVer == l.personVer && m.accountVer == l.accountVer &&
		(m.answer.Holds.IsZero() || now.Before(m.answer.Holds)) {
		return m.answer.Rights, m.answer.Verdict, nil
	}
	if err := membership(tx, &l.facts, person, acc); err != nil {
		return 0, unknown, err
	}
	a := Decide(l.facts, now)
	if !limited {
		s.cache.Put(key, remembered{l.personVer, l.accountVer, a})
	}
	return a.Rights, a.Verdict, nil
}

// FreshIn is In without memory, for a transaction that holds the accounts' locks (account.Lock).
func (s *Service) FreshIn(tx *db.Tx, person, acc haven.AccountNo) (haven.Rights, haven.Verdict, error) {
	l, err := look(tx, person, acc)
	if err != nil || !l.found {
		return 0, unknown, err
	}
	if err := membership(tx, &l.facts, person, acc); err != nil {
		return 0, unknown, err
	}
	a := Decide(l.facts, s.now())
	return a.Rights, a.Verdict, nil
}

// looked is what one query says of both accounts.
type looked struct {
	found                 bool
	personVer, accountVer int64
	facts                 Facts // all but the membership
	shut                  bool  // the account is shut to mail programs
}

func look(tx *db.Tx, person, acc haven.AccountNo) (l looked, err error) {
	err = tx.Query(sqlFacts, []any{int64(person), int64(acc)}, func(r db.Row) error {
		l.found, l.facts.Same = true, person == acc
		l.personVer, l.facts.PersonKind, l.facts.PersonState = r.Int64(0), haven.AccountKind(r.Int64(1)), account.State(r.Int64(2))
		l.accountVer, l.facts.AccountKind, l.facts.AccountState = r.Int64(3), haven.AccountKind(r.Int64(4)), account.State(r.Int64(5))
		l.shut, l.facts.Vouched = r.Bool(6), account.ScanVouched(r, 7)
		return nil
	})
	return l, err
}

var unknown = haven.Verdict{Rule: "account.unknown", Reason: "There is no such mailbox."}

func membership(tx *db.Tx, f *Facts, person, acc haven.AccountNo) error {
	if f.Same || f.AccountKind != haven.Shared {
		return nil
	}
	err := tx.Query(sqlMember, []any{int64(acc), int64(person)}, func(r db.Row) error {
		f.Member, f.Rights, f.From = true, haven.Rights(r.Int64(0)), time.UnixMicro(r.Int64(1))
		if until := r.Int64(2); until != 0 {
			f.Until = time.UnixMicro(until)
		}
		return nil
	})
	if err != nil || f.Vouched.By == 0 {
		return err
	}
	return tx.Query(sqlVoucher, []any{int64(acc), int64(f.Vouched.By)}, func(r db.Row) error {
		f.Voucher = ScanVoucher(r, 0)
		return nil
	})
}

// ScanVoucher reads rights, since, until, state, vouched_by and vouched_until of who vouched, as a member, from the nth column on.
func ScanVoucher(r db.Row, n int) Voucher {
	return Voucher{Rights: haven.Rights(r.Int64(n)), From: db.Moment(r.Int64(n + 1)), Until: db.Moment(r.Int64(n + 2)), State: account.State(r.Int64(n + 3)), Vouched: account.ScanVouched(r, n+4)}
}

// Rights is In over a snapshot of its own.
func (s *Service) Rights(ctx context.Context, person, acc haven.AccountNo) (r haven.Rights, v haven.Verdict, err error) {
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		r, v, err = s.In(tx, person, acc)
		return err
	})
	return r, v, err
}

// Check is nil when the person holds every right in need. It is NotFound when the person may not know of the
// account, and Denied, with the rule, when some right lacks.
func (s *Service) Check(ctx context.Context, person, acc haven.AccountNo, need haven.Rights) error {
	return s.db.Read(ctx, func(tx *db.Tx) error { return s.CheckIn(tx, person, acc, need) })
}

// CheckIn is Check in the caller's transaction.
func (s *Service) CheckIn(tx *db.Tx, person, acc haven.AccountNo, need haven.Rights) error {
	rights, v, err := s.In(tx, person, acc)
	if err != nil {
		return err
	}
	return holds(rights, v, need)
}

// CheckFreshIn is CheckIn without memory; see FreshIn.
func (s *Service) CheckFreshIn(tx *db.Tx, person, acc haven.AccountNo, need haven.Rights) error {
	rights, v, err := s.FreshIn(tx, person, acc)
	if err != nil {
		return err
	}
	return holds(rights, v, need)
}

func holds(rights haven.Rights, v haven.Verdict, need haven.Rights) error {
	switch {
	case rights == 0:
		return ErrUnknown
	case !rights.Has(need):
		return &errs.Error{Kind: errs.Denied, Rule: string(v.Rule), Say: "You may " + rights.String() + " here, not " + (need &^ rights).String() + ". One of the owners can give you the right."}
	}
	return nil
}

// ErrUnknown is the answer for what a person may not know of; the same as for what does not exist.
var ErrUnknown = &errs.Error{Kind: errs.NotFound, Rule: "account.unknown", Say: "There is no such mailbox."}
