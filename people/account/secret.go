package account

import (
	"context"
	"fmt"
	"strings"

	"haven"
	"haven/platform/audit"
	"haven/platform/db"
	"haven/platform/errs"
)

// HashPassword checks a password against the rules that need no person, and hashes it, for seeding many
// made-up accounts with one password.
func (s *Service) HashPassword(ctx context.Context, pw string) (Hashed, error) {
	h, err := s.hashChecked(ctx, pw, PasswordFacts{})
	if err != nil {
		return Hashed{}, err
	}
	return Hashed{h}, nil
}

func (s *Service) hashChecked(ctx context.Context, pw string, f PasswordFacts) (h hashed, err error) {
	if v := CheckPassword(pw, f, s.o.Policy.Password); !v.Allowed {
		return hashed{}, Refusal(errs.Invalid, v)
	}
	if err := s.queue.enter(ctx, "password"); err != nil {
		return hashed{}, err
	}
	defer s.queue.leave()
	return hashNew(pw, s.o.Policy.Password), nil
}

// SetPassword gives a person a new password, which holds from the next log in on. The caller has made sure that
// it is the person (asked again, or a reset) or who may for the person; temporary ones have to be changed at the
// next log in. It is Invalid, with the rule password.*, where the password may not be set, and Conflict where
// another change came between. A shared mailbox or a program has none: NotFound.
func (s *Service) SetPassword(ctx context.Context, actor haven.Actor, no haven.AccountNo, pw string, temporary bool) error {
	return s.SetPasswordWith(ctx, actor, no, pw, temporary, func(*db.Tx) error { return nil })
}

// SetPasswordWith is SetPassword with what belongs to it: also runs in its transaction, before the password is written. Nothing is done where it fails.
func (s *Service) SetPasswordWith(ctx context.Context, actor haven.Actor, no haven.AccountNo, pw string, temporary bool, also func(tx *db.Tx) error) error {
	f, old, ver, err := s.passwordFacts(ctx, no)
	if err != nil {
		return err
	}
	if v := CheckPassword(pw, f, s.o.Policy.Password); !v.Allowed {
		return Refusal(errs.Invalid, v) // before the costly look at earlier ones
	}
	if f.Reused, err = s.reused(ctx, pw, old); err != nil {
		return err
	}
	h, err := s.hashChecked(ctx, pw, f)
	if err != nil {
		return err
	}
	now := s.Now()
	err = s.o.DB.Write(ctx, func(tx *db.Tx) error {
		if err := Lock(tx, no); err != nil {
			return err
		}
		cur, _, err := credential(tx, no)
		if err != nil {
			return err
		}
		if cur != ver {
			return errs.E(errs.Conflict, "The password was changed meanwhile.")
		}
		if err := also(tx); err != nil {
			return err
		}
		if cur > 0 {
			tx.Exec(sqlKeepOld, int64(no))
			tx.Exec(sqlDropOld, int64(no), cur-int64(s.o.Policy.Password.History)+1)
		}
		s.putSecret(tx, no, cur+1, h, temporary)
		a, err := ByNoIn(tx, no)
		if err == nil {
			audit.Record(tx, audit.Entry{At: now, Actor: actor, What: "account.password-set", On: a.ID, Rule: "password.good"})
		}
		return err
	})
	if err == nil {
		s.announce(no)
	}
	return err
}

// putSecret writes the credential. Its kind is the account's, and the table takes personal accounts alone.
func (s *Service) putSecret(tx *db.Tx, no haven.AccountNo, ver int64, h fmt.Stringer, temporary bool) {
	now := s.Now()
	expires := int64(0)
	if age := s.o.Policy.Password.MaxAge; age > 0 {
		expires = now.Add(age).UnixMicro()
	}
	if temporary {
		expires = now.Add(s.o.Policy.Activation.TempPassword).UnixMicro()
	}
	tx.Exec(sqlPutSecret, int64(no), ver, h.String(), now.UnixMicro(), expires, temporary)
}

// passwordFacts reads what a new password is held against: names, the current and the earlier hashes.
func (s *Service) passwordFacts(ctx context.Context, no haven.AccountNo) (f PasswordFacts, old []string, ver int64, err error) {
	err = s.o.DB.Read(ctx, func(tx *db.Tx) error {
		f, old, ver = PasswordFacts{}, nil, 0
		a, err := ByNoIn(tx, no)
		if err != nil {
			return err
		}
		if a.Kind != haven.Personal {
			return ErrUnknown
		}
		f.Mailbox = []string{a.Address.Local}
		if err := tx.Query(sqlPerson, []any{int64(no)}, func(r db.Row) error {
			f.Names = []string{r.Text(0), r.Text(1)}
			return nil
		}); err != nil {
			return err
		}
		if s.o.Names != nil {
			more, err := s.o.Names(tx, no)
			if err != nil {
				return err
			}
			f.Mailbox = append(f.Mailbox, more...)
		}
		var hash string
		if ver, hash, err = credential(tx, no); err != nil || ver == 0 {
			return err
		}
		old = []string{hash}
		return tx.Query(sqlOld, []any{int64(no), int64(s.o.Policy.Password.History - 1)}, func(r db.Row) error {
			old = append(old, r.Text(0))
			return nil
		})
	})
	return f, old, ver, err
}

func credential(tx *db.Tx, no haven.AccountNo) (ver int64, hash string, err error) {
	err = tx.Query(sqlCredential, []any{int64(no)}, func(r db.Row) error {
		ver, hash = r.Int64(0), r.Text(1)
		return nil
	})
	return ver, hash, err
}

// reused reports whether pw is the current or one of the last passwords.
func (s *Service) reused(ctx context.Context, pw string, old []string) (bool, error) {
	for _, o := range old {
		if err := s.queue.enter(ctx, "password"); err != nil {
			return false, err
		}
		same := s.matches(pw, o)
		s.queue.leave()
		if same {
			return true, nil
		}
	}
	return false, nil
}

// matches reports whether pw is the password that is kept so. It takes the same time for each, and for what is no hash.
func (s *Service) matches(pw, kept string) bool {
	if strings.HasPrefix(kept, temporaryHead) {
		return s.matchesTemporary(pw, kept)
	}
	h, ok := parseHash(kept)
	if !ok {
		s.nobody.matches(pw)
		return false
	}
	return h.matches(pw)
}
