// Package reset is a new password for somebody who has forgotten it, without a helpdesk: by any two of a link that goes to the personal e-mail, a code that goes to the
// mobile, the answers to the security questions, a recovery code and a passkey, which together show who it is (Rules 6). Whoever asks is told the same, in the same
// time, whether there is such an account or not.
package reset

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"time"

	"haven"
	"haven/people/account"
	"haven/people/activation"
	"haven/people/secondfactor"
	"haven/platform/audit"
	"haven/platform/clock"
	"haven/platform/db"
	"haven/platform/errs"
	"haven/platform/policy"
	"haven/platform/secret"
)

// Contacts tells how a person is reached.
type Contacts interface {
	Of(ctx context.Context, no haven.AccountNo) ([]account.Contact, error)
	ProveIn(tx *db.Tx, no haven.AccountNo, kind account.ContactKind)
}

// Questions knows a person's security questions; activation.Service does.
type Questions interface {
	Asked(ctx context.Context, no haven.AccountNo) ([]int, error)
	Match(ctx context.Context, no haven.AccountNo, answers []activation.Answer) (bool, error)
}

// Factors knows a person's second factor; secondfactor.Service does.
type Factors interface {
	Of(ctx context.Context, no haven.AccountNo) (secondfactor.Standing, error)
	Anybody(ctx context.Context, actor haven.Actor, answer string) (account.Account, error)
}

// Notices writes what is sent, in the transaction.
type Notices interface {
	ResetLink(tx *db.Tx, who account.Account, email, link string, good time.Duration) error
	ResetCode(tx *db.Tx, who account.Account, mobile, code string, good time.Duration) error
	// ResetDone tells a person at an e-mail or a mobile.
	ResetDone(tx *db.Tx, who account.Account, at account.Contact, when time.Time, place string) error
}

// Options are what the service stands on; every field is needed.
type Options struct {
	DB        *db.DB
	Accounts  *account.Service
	Contacts  Contacts
	Questions Questions
	Factors   Factors
	Notices   Notices
	Key       []byte // of the hashes of codes and of who is tried for
	Clock     clock.Clock
	Policy    policy.Policy
}

// Service resets passwords. It is safe for many goroutines.
type Service struct{ o Options }

// New makes the service over tables that Schema made.
func New(o Options) *Service { return &Service{o} }

// Begin sends a link and a code to whoever has the address, if there is such a person who may: each where it serves. It says nothing of that: the error is that of
// the database alone. begun is for what comes after the answer, and no page shows it.
func (s *Service) Begin(ctx context.Context, actor haven.Actor, address haven.Address) (begun bool, err error) {
	who, err := s.who(ctx, address)
	if err != nil || who.No == 0 {
		return false, err
	}
	f, email, mobile, err := s.facts(ctx, who)
	if err != nil {
		return false, err
	}
	link, code := newLink(), secret.Digits(s.o.Policy.Reset.CodeDigits)
	p, now := s.o.Policy.Reset, s.o.Clock.Now()
	err = s.o.DB.Write(ctx, func(tx *db.Tx) error {
		if err := account.Lock(tx, who.No); err != nil {
			return err
		}
		if err := tx.Query(sqlOf, []any{int64(who.No), now.Add(-time.Hour).UnixMicro()}, func(r db.Row) error { f.WithinTheHour = int(r.Int64(0)); return nil }); err != nil {
			return err
		}
		made, err := account.ContactsMadeIn(tx, who.No)
		if err != nil {
			return err
		}
		// What was replaced since it was read gets nothing: it did not change a short time ago, but now.
		f.Email = f.Email && made[account.PersonalEmail].Equal(f.EmailChanged)
		f.Mobile = f.Mobile && made[account.Mobile].Equal(f.MobileChanged)
		v := May(f, p, now)
		audit.Record(tx, audit.Entry{At: now, Actor: actor, What: "reset.asked", On: who.ID, Rule: v.Rule})
		if begun = v.Allowed; !begun {
			return nil
		}
		tx.Exec(sqlLapsed, int64(who.No), now.Add(-time.Hour).UnixMicro())
		tx.Exec(sqlPut, hash(link), int64(who.No), s.codeHash(who.No, code), now.UnixMicro())
		byEmail, byText := f.Serves(p, now)
		if byEmail {
			err = s.o.Notices.ResetLink(tx, who, email, link, p.GoodFor)
		}
		if byText && err == nil {
			err = s.o.Notices.ResetCode(tx, who, mobile, code, p.GoodFor)
		}
		return err
	})
	return begun, err
}

// who is the person of an address; the zero account where there is none.
func (s *Service) who(ctx context.Context, address haven.Address) (account.Account, error) {
	who, err := s.o.Accounts.Resolve(ctx, address)
	if errs.Is(err, errs.NotFound) || err == nil && who.Kind != haven.Personal {
		return account.Account{}, nil
	}
	return who, err
}

// facts are what May looks at, but for how often somebody asked.
func (s *Service) facts(ctx context.Context, who account.Account) (f Facts, email, mobile string, err error) {
	contacts, err := s.contacts(ctx, who.No)
	if err != nil {
		return f, "", "", err
	}
	f.State = who.State
	for _, c := range contacts {
		switch c.Kind {
		case account.PersonalEmail:
			f.Email, f.EmailChanged, email = true, c.Made, c.Value
		case account.Mobile:
			f.Mobile, f.MobileChanged, mobile = true, c.Made, c.Value
		}
	}
	questions, err := s.o.Questions.Asked(ctx, who.No)
	if err != nil {
		return f, "", "", err
	}
	factor, err := s.o.Factors.Of(ctx, who.No)
	for _, has := range []bool{len(questions) > 0, factor.Recovery > 0, len(factor.Passkeys) > 0} {
		if has {
			f.Others++
		}
	}
	return f, email, mobile, err
}

// contacts are a person's; none where the account's key is gone.
func (s *Service) contacts(ctx context.Context, no haven.AccountNo) ([]account.Contact, error) {
	all, err := s.o.Contacts.Of(ctx, no)
	if errs.Is(err, errs.NotFound) {
		return nil, nil
	}
	return all, err
}

func newLink() string {
	b := make([]byte, 32)
	_, _ = rand.Read(b) // never fails (crypto/rand)
	return base64.RawURLEncoding.EncodeToString(b)
}

// hash is of a link, which is long and random.
func hash(link string) []byte {
	h := sha256.Sum256([]byte("reset\x00" + link))
	return h[:]
}

func (s *Service) keyed(use string, rest ...any) []byte {
	h := hmac.New(sha256.New, s.o.Key)
	fmt.Fprintf(h, "%s\x00%v", use, rest)
	return h.Sum(nil)
}

func (s *Service) codeHash(no haven.AccountNo, code string) []byte { return s.keyed("code", no, code) }

// QuestionsOf are the security questions to ask of whoever gives an address. Where there is no such person, or none was answered, they are drawn from the
// address, and stay the same.
func (s *Service) QuestionsOf(ctx context.Context, address haven.Address) ([]int, error) {
	who, err := s.who(ctx, address)
	if err != nil {
		return nil, err
	}
	ids, err := s.o.Questions.Asked(ctx, who.No)
	if err != nil || len(ids) > 0 {
		return ids, err
	}
	order := slices.Clone(activation.QuestionList)
	slices.SortFunc(order, func(a, b activation.Question) int {
		return strings.Compare(string(s.keyed("question", fold(address), a.ID)), string(s.keyed("question", fold(address), b.ID)))
	})
	for _, q := range order[:min(len(order), s.o.Policy.Reset.Questions)] {
		ids = append(ids, q.ID)
	}
	slices.Sort(ids)
	return ids, nil
}

func fold(a haven.Address) string { return strings.ToLower(a.String()) }

// QuestionsBy are those of the person of a link: NotFound where it is not good any more.
func (s *Service) QuestionsBy(ctx context.Context, link string) (ids []int, err error) {
	r, err := s.look(ctx, link)
	if err != nil {
		return nil, err
	}
	return s.o.Questions.Asked(ctx, r.no)
}
