// Package reset is a new password for somebody who has forgotten it, without a helpdesk: a link that goes to the personal e-mail and a code
// that goes to the mobile, which together show who it is (Rules 6). Whoever asks is told the same, in the same time, whether there is such an account or not.
package reset

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"math/big"
	"time"

	"haven"
	"haven/people/account"
	"haven/platform/audit"
	"haven/platform/clock"
	"haven/platform/db"
	"haven/platform/errs"
	"haven/platform/policy"
)

// Contacts tells how a person is reached.
type Contacts interface {
	Of(ctx context.Context, no haven.AccountNo) ([]account.Contact, error)
	ProveIn(tx *db.Tx, no haven.AccountNo, kind account.ContactKind)
}

// Notices writes what is sent, in the transaction.
type Notices interface {
	ResetLink(tx *db.Tx, who account.Account, email, link string, good time.Duration) error
	ResetCode(tx *db.Tx, who account.Account, mobile, code string, good time.Duration) error
	ResetDone(tx *db.Tx, who account.Account, email string, at time.Time, place string) error
}

// Options are what the service stands on; every field is needed.
type Options struct {
	DB       *db.DB
	Accounts *account.Service
	Contacts Contacts
	Notices  Notices
	Clock    clock.Clock
	Policy   policy.Policy
}

// Service resets passwords. It is safe for many goroutines.
type Service struct{ o Options }

// New makes the service over tables that Schema made.
func New(o Options) *Service { return &Service{o} }

// Begin sends a link and a code to whoever has the address, if there is such a person who may. It says nothing of that: the error is that of the
// database alone. begun is for what comes after the answer, and no page shows it.
func (s *Service) Begin(ctx context.Context, actor haven.Actor, address haven.Address) (begun bool, err error) {
	who, err := s.o.Accounts.Resolve(ctx, address)
	if errs.Is(err, errs.NotFound) || err == nil && who.Kind != haven.Personal {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	contacts, err := s.o.Contacts.Of(ctx, who.No)
	if err != nil && !errs.Is(err, errs.NotFound) {
		return false, err
	}
	f := Facts{State: who.State}
	var email, mobile string
	for _, c := range contacts {
		switch c.Kind {
		case account.PersonalEmail:
			f.Email, f.EmailChanged, email = true, c.Made, c.Value
		case account.Mobile:
			f.Mobile, f.MobileChanged, mobile = true, c.Made, c.Value
		}
	}
	link, code := newLink(), newCode(s.o.Policy.Reset.CodeDigits)
	now := s.o.Clock.Now()
	err = s.o.DB.Write(ctx, func(tx *db.Tx) error {
		if err := account.Lock(tx, who.No); err != nil {
			return err
		}
		if err := tx.Query(sqlOf, []any{int64(who.No), now.Add(-time.Hour).UnixMicro()}, func(r db.Row) error { f.WithinTheHour = int(r.Int64(0)); return nil }); err != nil {
			return err
		}
		v := May(f, s.o.Policy.Reset, now)
		audit.Record(tx, audit.Entry{At: now, Actor: actor, What: "reset.asked", On: who.ID, Rule: v.Rule})
		if begun = v.Allowed; !begun {
			return nil
		}
		tx.Exec(sqlLapsed, int64(who.No), now.Add(-time.Hour).UnixMicro())
		tx.Exec(sqlPut, hash(link), int64(who.No), hash(link+"\x00"+code), now.UnixMicro())
		if err := s.o.Notices.ResetLink(tx, who, email, link, s.o.Policy.Reset.GoodFor); err != nil {
			return err
		}
		return s.o.Notices.ResetCode(tx, who, mobile, code, s.o.Policy.Reset.GoodFor)
	})
	return begun, err
}

func newLink() string {
	b := make([]byte, 32)
	_, _ = rand.Read(b) // never fails (crypto/rand)
	return base64.RawURLEncoding.EncodeToString(b)
}

func newCode(digits int) string {
	n, err := rand.Int(rand.Reader, new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(digits)), nil))
	if err != nil {
		panic(err) // never (crypto/rand)
	}
	return fmt.Sprintf("%0*d", digits, n)
}

func hash(s string) []byte {
	h := sha256.Sum256([]byte("reset\x00" + s))
	return h[:]
}

var (
	errLink = &errs.Error{Kind: errs.NotFound, Rule: "reset.link", Say: "This link is not good any more. Ask for another one."}
	errCode = &errs.Error{Kind: errs.Private, Rule: "reset.code", Say: "This is not the code that we sent to your mobile. Look at the newest text."}
)

// row is a reset under way.
type row struct {
	no    haven.AccountNo
	code  []byte
	made  time.Time
	tries int64
}

func (s *Service) get(tx *db.Tx, link string) (r row, err error) {
	err = tx.Query(sqlGet, []any{hash(link)}, func(q db.Row) error {
		r = row{haven.AccountNo(q.Int64(0)), append([]byte(nil), q.Bytes(1)...), time.UnixMicro(q.Int64(2)), q.Int64(3)}
		return nil
	})
	p := s.o.Policy.Reset
	if err == nil && (r.no == 0 || s.o.Clock.Now().Sub(r.made) >= p.GoodFor || r.tries >= int64(p.Tries)) {
		err = errLink
	}
	return r, err
}

// Look reports whether a link is still good: NotFound where it isn't.
func (s *Service) Look(ctx context.Context, link string) error {
	return s.o.DB.Read(ctx, func(tx *db.Tx) error {
		_, err := s.get(tx, link)
		return err
	})
}

// Finish gives the person of a link and a code a new password. It is Private (reset.code) where the code is wrong, NotFound where the link is not good
// any more (it is spent after some wrong codes), and Invalid (password.*) where the password may not be set: then both serve again.
// A lock of the account ends (Rules 6), e-mail and mobile are known to be the own, and the second factor stays as it is.
func (s *Service) Finish(ctx context.Context, actor haven.Actor, link, code, password string) error {
	var who account.Account
	var r row
	good := false
	err := s.o.DB.Write(ctx, func(tx *db.Tx) (err error) {
		good = false
		if r, err = s.get(tx, link); err != nil {
			return err
		}
		if err := account.Lock(tx, r.no); err != nil {
			return err
		}
		if r, err = s.get(tx, link); err != nil { // others may have tried meanwhile
			return err
		}
		if who, err = account.ByNoIn(tx, r.no); err != nil {
			return err
		}
		good = subtle.ConstantTimeCompare(r.code, hash(link+"\x00"+code)) == 1
		if !good {
			tx.Exec(sqlTry, hash(link))
			audit.Record(tx, audit.Entry{At: s.o.Clock.Now(), Actor: actor, What: "reset.refused", On: who.ID, Rule: "reset.code"})
		}
		return nil
	})
	if err == nil && !good {
		err = errCode
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
	contacts, err := s.o.Contacts.Of(ctx, who.No)
	if err != nil {
		return err
	}
	now := s.o.Clock.Now()
	return s.o.DB.Write(ctx, func(tx *db.Tx) error {
		tx.Exec(sqlEnd, int64(who.No))
		audit.Record(tx, audit.Entry{At: now, Actor: actor, What: "reset.done", On: who.ID, Rule: "reset.link-and-code"})
		for _, c := range contacts {
			if !c.Made.After(r.made) { // the link and the code reached it
				s.o.Contacts.ProveIn(tx, who.No, c.Kind)
			}
			if c.Kind == account.PersonalEmail {
				if err := s.o.Notices.ResetDone(tx, who, c.Value, now, actor.Place); err != nil {
					return err
				}
			}
		}
		return nil
	})
}
