package activation

import (
	"context"
	"time"

	"haven"
	"haven/people/account"
	"haven/platform/audit"
	"haven/platform/db"
	"haven/platform/errs"
)

// Inviter writes, in the transaction, what a person needs for the first log in: the username by e-mail and the temporary password by text,
// never both by one channel (Rules 5).
type Inviter interface {
	Username(tx *db.Tx, who account.Account, email string) error
	TemporaryPassword(tx *db.Tx, who account.Account, mobile, password string, good time.Duration) error
}

// Contacts tells how a person is reached.
type Contacts interface {
	Of(ctx context.Context, no haven.AccountNo) ([]account.Contact, error)
}

// Sent is what Invite sends.
type Sent uint8

const (
	Both         Sent = iota // at the beginning
	PasswordOnly             // again, since the text did not come or the password has lapsed
)

var (
	errActive  = &errs.Error{Kind: errs.Conflict, Rule: "activation.active", Say: "This account is active already. A forgotten password has its own way."}
	errReach   = &errs.Error{Kind: errs.Invalid, Rule: "activation.no-contact", Say: "There is no personal e-mail or no mobile to send to. Set both first."}
	errResends = &errs.Error{Kind: errs.TooMany, Rule: "activation.resend", Say: "The temporary password was sent several times within the hour. Wait for it, and look whether the number is right."}
)

// Invite gives an account that is not active yet a new temporary password, and sends it. The one before it opens nothing any more. It is Conflict for an
// account that is active, Invalid where a way to reach the person is missing, and TooMany above policy.Activation.ResendPerHour.
func (s *Service) Invite(ctx context.Context, actor haven.Actor, no haven.AccountNo, what Sent) error {
	who, err := s.o.Accounts.ByNo(ctx, no)
	if err != nil {
		return err
	}
	if who.State != account.Invited {
		return errActive
	}
	contacts, err := s.o.Contacts.Of(ctx, no)
	if err != nil {
		return err
	}
	var email, mobile string
	for _, c := range contacts {
		switch c.Kind {
		case account.PersonalEmail:
			email = c.Value
		case account.Mobile:
			mobile = c.Value
		}
	}
	if email == "" || mobile == "" {
		return errReach
	}
	now := s.o.Clock.Now()
	if err := s.countInvite(ctx, no, now); err != nil {
		return err
	}
	password, err := TemporaryPassword(s.o.Policy.Password)
	if err != nil {
		return err
	}
	if err := s.o.Accounts.SetPassword(ctx, actor, no, password, true); err != nil {
		return err
	}
	return s.o.DB.Write(ctx, func(tx *db.Tx) error {
		if what == Both {
			if err := s.o.Inviter.Username(tx, who, email); err != nil {
				return err
			}
		}
		audit.Record(tx, audit.Entry{At: now, Actor: actor, What: "activation.invited", On: who.ID, Rule: "activation.invite"})
		return s.o.Inviter.TemporaryPassword(tx, who, mobile, password, s.o.Policy.Activation.TempPassword)
	})
}

// MayInviteNow is TooMany where Invite would be, for the number of times within the hour.
func (s *Service) MayInviteNow(ctx context.Context, no haven.AccountNo) error {
	return s.o.DB.Read(ctx, func(tx *db.Tx) error { return s.invitedOften(tx, no, s.o.Clock.Now()) })
}

func (s *Service) invitedOften(tx *db.Tx, no haven.AccountNo, now time.Time) error {
	n := 0
	err := tx.Query(sqlInvites, []any{int64(no), now.Add(-time.Hour).UnixMicro()}, func(r db.Row) error { n = int(r.Int64(0)); return nil })
	if err == nil && n > s.o.Policy.Activation.ResendPerHour {
		err = errResends
	}
	return err
}

// countInvite refuses more than so many within an hour.
func (s *Service) countInvite(ctx context.Context, no haven.AccountNo, now time.Time) error {
	return s.o.DB.Write(ctx, func(tx *db.Tx) error {
		if err := account.Lock(tx, no); err != nil {
			return err
		}
		if err := s.invitedOften(tx, no, now); err != nil {
			return err
		}
		InvitedIn(tx, no, now)
		return nil
	})
}

// InvitedIn counts a first password that was sent, in the caller's transaction.
func InvitedIn(tx *db.Tx, no haven.AccountNo, now time.Time) {
	tx.Exec(sqlOldInvites, int64(no), now.Add(-time.Hour).UnixMicro())
	tx.Exec(sqlInvited, int64(no), now.UnixMicro())
}
