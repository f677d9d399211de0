// Package lockout tells people that their account was locked, and opens the lock at once for one browser: by a texted code, or by a passkey (Rules 6).
//
// When an account locks, and for whom, is package account's to decide. Whoever asks for a code is told the same, in the same time, whether there is such an
// account or not, and whether it is locked.
package lockout

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"time"

	"haven"
	"haven/people/account"
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
}

// Notices writes what is sent, in the transaction.
type Notices interface {
	// Locked tells a person of a lock, at an e-mail or a mobile.
	Locked(tx *db.Tx, at account.Contact, l account.Lockdown) error
	// OpenCode sends the code that opens the lock for one browser.
	OpenCode(tx *db.Tx, who account.Account, mobile, code string, good time.Duration) error
}

// Passkeys says whose passkey a browser shows; secondfactor.Service does.
type Passkeys interface {
	Anybody(ctx context.Context, actor haven.Actor, answer string) (account.Account, error)
}

// Options are what the service stands on; every field is needed.
type Options struct {
	DB       *db.DB
	Accounts *account.Service
	Contacts Contacts
	Notices  Notices
	Passkeys Passkeys
	Key      []byte // of the hashes of codes
	Clock    clock.Clock
	Policy   policy.Lockout
}

// Service opens locks. It is safe for many goroutines.
type Service struct{ o Options }

// New makes the service over tables that Schema made.
func New(o Options) *Service { return &Service{o} }

const programMost = 200 // octets of what a program calls itself

// Note keeps that an account was locked, in the transaction that locks it, until Tell has told its person.
func Note(tx *db.Tx, l account.Lockdown) {
	tx.Exec(sqlNote, int64(l.Account.No), l.At.UnixMicro(), l.Until.UnixMicro(), l.Place, cut(l.Program), l.Face == account.Program)
}

// cut shortens what a program calls itself, at a character's end.
func cut(s string) string {
	for i := range s {
		if i > programMost {
			return s[:i]
		}
	}
	return s
}

const tellStep = 100

// Tell tells those whose account was locked since: by e-mail, and by text where there is a mobile. Each is told once, of however many processes call.
// told is how many there were.
func (s *Service) Tell(ctx context.Context) (told int, err error) {
	var all []account.Lockdown
	err = s.o.DB.Read(ctx, func(tx *db.Tx) error {
		all = nil
		return tx.Query(sqlUntold, []any{int64(tellStep)}, func(r db.Row) error {
			l := account.Lockdown{Account: account.Account{No: haven.AccountNo(r.Int64(0))}, At: db.Moment(r.Int64(1)), Until: db.Moment(r.Int64(2)), Place: r.Text(3), Program: r.Text(4), Face: account.Web}
			if r.Bool(5) {
				l.Face = account.Program
			}
			all = append(all, l)
			return nil
		})
	})
	for _, l := range all {
		if err == nil {
			err = s.tell(ctx, l)
			told++
		}
	}
	return told, err
}

func (s *Service) tell(ctx context.Context, l account.Lockdown) error {
	contacts, err := s.contacts(ctx, l.Account.No)
	if err != nil {
		return err
	}
	return s.o.DB.Write(ctx, func(tx *db.Tx) error {
		n, err := tx.Change(sqlTold, int64(l.Account.No), l.At.UnixMicro())
		if err != nil || n == 0 { // another process was here
			return err
		}
		if l.Account, err = account.ByNoIn(tx, l.Account.No); err != nil {
			return err
		}
		note := ""
		for _, c := range contacts {
			if err := s.o.Notices.Locked(tx, c, l); err != nil {
				return err
			}
			note += " " + c.Kind.String()
		}
		audit.Record(tx, audit.Entry{At: s.o.Clock.Now(), Actor: haven.Actor{Program: "lockout"}, What: "lockout.told", On: l.Account.ID, Rule: "lockout.told", Note: "by" + note})
		return nil
	})
}

// contacts are a person's; none where the account's key is gone.
func (s *Service) contacts(ctx context.Context, no haven.AccountNo) ([]account.Contact, error) {
	all, err := s.o.Contacts.Of(ctx, no)
	if errs.Is(err, errs.NotFound) {
		return nil, nil
	}
	return all, err
}

// Send sends a code to the mobile of whoever has the address, if the account is locked and there is one. It says nothing of that: the error is that of
// the database alone.
func (s *Service) Send(ctx context.Context, actor haven.Actor, address haven.Address) (sent bool, err error) {
	who, err := s.o.Accounts.Resolve(ctx, address)
	if errs.Is(err, errs.NotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	contacts, err := s.contacts(ctx, who.No)
	if err != nil {
		return false, err
	}
	mobile := ""
	for _, c := range contacts {
		if c.Kind == account.Mobile {
			mobile = c.Value
		}
	}
	code, now := secret.Digits(s.o.Policy.CodeDigits), s.o.Clock.Now()
	err = s.o.DB.Write(ctx, func(tx *db.Tx) error {
		if err := account.Lock(tx, who.No); err != nil {
			return err
		}
		f := Facts{Kind: who.Kind, State: who.State, Mobile: mobile != ""}
		if f.LockedUntil, err = account.LockedUntilIn(tx, who.No, now); err != nil {
			return err
		}
		if err := tx.Query(sqlSent, []any{int64(who.No), now.Add(-time.Hour).UnixMicro()}, func(r db.Row) error { f.WithinTheHour = int(r.Int64(0)); return nil }); err != nil {
			return err
		}
		v := MaySend(f, s.o.Policy, now)
		audit.Record(tx, audit.Entry{At: now, Actor: actor, What: "lockout.code-asked", On: who.ID, Rule: v.Rule})
		if sent = v.Allowed; !sent {
			return nil
		}
		tx.Exec(sqlLapsed, int64(who.No), now.Add(-time.Hour).UnixMicro())
		tx.Exec(sqlPut, int64(who.No), now.UnixMicro(), s.hash(who.No, code))
		return s.o.Notices.OpenCode(tx, who, mobile, code, s.o.Policy.CodeFor)
	})
	return sent, err
}

func (s *Service) hash(no haven.AccountNo, code string) []byte {
	h := hmac.New(sha256.New, s.o.Key)
	fmt.Fprintf(h, "%d\x00%s", no, code)
	return h.Sum(nil)
}

// ByCode opens the lock of an account for the browser that the log in comes from. Whatever is wrong is Private (lockout.code), in the same words and with as
// much written where there is no such account. The password is asked for all the same.
func (s *Service) ByCode(ctx context.Context, actor haven.Actor, address haven.Address, code string, at account.Login) error {
	who, err := s.o.Accounts.Resolve(ctx, address)
	if err != nil && !errs.Is(err, errs.NotFound) {
		return err
	}
	var v haven.Verdict
	err = s.o.DB.Write(ctx, func(tx *db.Tx) error {
		if who.No != 0 {
			if err := account.Lock(tx, who.No); err != nil {
				return err
			}
		}
		f, now := CodeFacts{}, s.o.Clock.Now()
		given := s.hash(who.No, code)
		err := tx.Query(sqlLive, []any{int64(who.No), now.Add(-s.o.Policy.CodeFor).UnixMicro()}, func(r db.Row) error { // texts may come in any order
			if hmac.Equal(r.Bytes(1), given) {
				f = CodeFacts{Sent: db.Moment(r.Int64(0)), Good: true, Tries: int(r.Int64(2))}
			}
			return nil
		})
		if err != nil {
			return err
		}
		if v = MayOpen(f, s.o.Policy, now); !v.Allowed {
			tx.Exec(sqlTry, int64(who.No))
			audit.Record(tx, audit.Entry{At: now, Actor: actor, What: "lockout.code-refused", On: who.ID, Rule: v.Rule})
			return nil
		}
		tx.Exec(sqlSpend, int64(who.No), []byte{})
		s.open(tx, actor, who, at, v.Rule)
		return nil
	})
	if err == nil && !v.Allowed {
		return account.Refusal(errs.Private, v)
	}
	if err == nil {
		s.o.Accounts.ForgetFailures(at)
	}
	return err
}

// ByPasskey opens the lock of the person's account whose passkey the browser shows: Private (passkey.wrong) where it is not good. The password is asked for
// all the same.
func (s *Service) ByPasskey(ctx context.Context, actor haven.Actor, answer string, at account.Login) error {
	who, err := s.o.Passkeys.Anybody(ctx, actor, answer)
	if err != nil {
		return err
	}
	err = s.o.DB.Write(ctx, func(tx *db.Tx) error {
		s.open(tx, actor, who, at, "lockout.passkey")
		return nil
	})
	if err == nil {
		s.o.Accounts.ForgetFailures(at)
	}
	return err
}

func (s *Service) open(tx *db.Tx, actor haven.Actor, who account.Account, at account.Login, rule haven.Rule) {
	s.o.Accounts.KnowPlaceIn(tx, who.No, at)
	audit.Record(tx, audit.Entry{At: s.o.Clock.Now(), Actor: actor, What: "lockout.opened", On: who.ID, Rule: rule})
}
