package account

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"strings"
	"time"

	"haven"
	"haven/platform/audit"
	"haven/platform/db"
	"haven/platform/errs"
)

// AppPassword is a password of one mail program for one mailbox, without its secret.
type AppPassword struct {
	ID     int64 // within the person's
	Target haven.AccountNo
	Name   string // "Outlook on the dispensary PC"
	Made   time.Time
	Used   time.Time // to the day; zero: never
}

// NewAppPassword makes a password for a mail program, for the person's own mailbox or a shared one that the person
// may open. The secret is returned this once: 26 letters and digits in groups.
func (s *Service) NewAppPassword(ctx context.Context, actor haven.Actor, person, target haven.AccountNo, name string) (string, error) {
	if err := checkDisplay(name, s.o.Policy.Account.NameRunes); err != nil {
		return "", err
	}
	var bits [16]byte
	rand.Read(bits[:]) // never fails (crypto/rand)
	secret := appEncoding.EncodeToString(bits[:])
	hash, _ := appHash(secret)
	now := s.Now()
	err := s.o.DB.Write(ctx, func(tx *db.Tx) error {
		if err := Lock(tx, person); err != nil {
			return err
		}
		who, err := ByNoIn(tx, person)
		if err != nil {
			return err
		}
		rights, v, err := s.o.Access.InByProgram(tx, person, target)
		if err != nil {
			return err
		}
		if v.Rule == RuleShut {
			return Refusal(errs.Denied, v)
		}
		if rights == 0 || who.Kind == haven.Shared {
			return errNoTarget
		}
		var count, last int64
		if err := tx.Query(sqlAppNext, []any{int64(person)}, func(r db.Row) error { count, last = r.Int64(0), r.Int64(1); return nil }); err != nil {
			return err
		}
		if most := s.o.Policy.Account.AppPasswordsPer; count >= int64(most) {
			return &errs.Error{Kind: errs.TooMany, Rule: "app-password.most", Say: fmt.Sprintf("You have %d app passwords, the most there can be. Revoke one that is not used.", most)}
		}
		tx.Exec(sqlAppID, int64(person), last+1) // never given again: an old list names what it named
		tx.Exec(sqlAppPut, int64(person), hash[:], last+1, int64(target), name, now.UnixMicro())
		audit.Record(tx, audit.Entry{At: now, Actor: actor, What: "account.app-password-made", On: who.ID, Rule: "app-password.made"})
		return nil
	})
	if err != nil {
		return "", err
	}
	return grouped(secret), nil
}

func grouped(secret string) string {
	var b strings.Builder
	for i := 0; i < len(secret); i += 5 {
		if i > 0 {
			b.WriteByte('-')
		}
		b.WriteString(secret[i:min(i+5, len(secret))])
	}
	return b.String()
}

// AppPasswords lists a person's app passwords.
func (s *Service) AppPasswords(ctx context.Context, person haven.AccountNo) (all []AppPassword, err error) {
	err = s.o.DB.Read(ctx, func(tx *db.Tx) error {
		all = nil
		return tx.Query(sqlAppList, []any{int64(person)}, func(r db.Row) error {
			all = append(all, AppPassword{r.Int64(0), haven.AccountNo(r.Int64(1)), r.Text(2), db.Moment(r.Int64(3)), db.Moment(r.Int64(4))})
			return nil
		})
	})
	return all, err
}

// RevokeAppPassword ends an app password at once.
func (s *Service) RevokeAppPassword(ctx context.Context, actor haven.Actor, person haven.AccountNo, id int64) error {
	now := s.Now()
	err := s.o.DB.Write(ctx, func(tx *db.Tx) error {
		if err := Lock(tx, person); err != nil {
			return err
		}
		n, err := tx.Change(sqlAppRevoke, int64(person), id)
		if err != nil {
			return err
		}
		if n == 0 {
			return errs.E(errs.NotFound, "There is no such app password.")
		}
		who, err := ByNoIn(tx, person)
		if err == nil {
			audit.Record(tx, audit.Entry{At: now, Actor: actor, What: "account.app-password-revoked", On: who.ID, Rule: "app-password.revoked"})
		}
		return err
	})
	if err == nil {
		s.announce(person)
	}
	return err
}

// RevokeSinceIn ends the app passwords of a person that were made since a moment, in the caller's transaction, which has locked the person and announces it
// after the commit.
func (s *Service) RevokeSinceIn(tx *db.Tx, actor haven.Actor, who Account, since time.Time) error {
	n, err := tx.Change(sqlAppRevokeSince, int64(who.No), since.UnixMicro())
	for range n {
		audit.Record(tx, audit.Entry{At: s.Now(), Actor: actor, What: "account.app-password-revoked", On: who.ID, Rule: "app-password.revoked"})
	}
	return err
}

// appLogin is an app password that was found.
type appLogin struct {
	hash   [32]byte
	target haven.AccountNo
	used   time.Time
}

var appEncoding = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

const appLetters = 26 // 128 bits in base 32

// appHash is the hash of an app password, however its groups were typed; false if secret does not look like one.
// 128 random bits need no slow hash.
func appHash(secret string) ([32]byte, bool) {
	s := strings.ToLower(strings.NewReplacer("-", "", " ", "").Replace(secret))
	if b, err := appEncoding.DecodeString(s); err != nil || len(s) != appLetters || len(b) != 16 {
		return [32]byte{}, false
	}
	return sha256.Sum256([]byte(s)), true
}

func findApp(tx *db.Tx, no haven.AccountNo, secret string) (found *appLogin, err error) {
	hash, ok := appHash(secret)
	if !ok {
		return nil, nil
	}
	err = tx.Query(sqlAppLogin, []any{hash[:]}, func(r db.Row) error {
		if haven.AccountNo(r.Int64(0)) == no {
			found = &appLogin{hash, haven.AccountNo(r.Int64(1)), db.Moment(r.Int64(2))}
		}
		return nil
	})
	return found, err
}

// useApp notes the last use, once a day.
func (s *Service) useApp(ctx context.Context, app *appLogin) error {
	now := s.Now()
	if now.Sub(app.used) < 24*time.Hour {
		return nil
	}
	return s.o.DB.Write(ctx, func(tx *db.Tx) error {
		tx.Exec(sqlAppUsed, app.hash[:], now.UnixMicro())
		return nil
	})
}
