package account

import (
	"context"
	"time"

	"haven"
	"haven/platform/audit"
	"haven/platform/db"
	"haven/platform/errs"
)

// Vouched is what is left of an account for which an owner vouched (Rules 6): it opens the mailboxes of that owner alone. The zero value limits nothing.
type Vouched struct {
	By    haven.AccountNo // the owner; NobodyVouches where the vouching has ended without having been confirmed
	Until time.Time       // zero: the person has not confirmed it yet
}

// NobodyVouches limits an account to nothing at all.
const NobodyVouches haven.AccountNo = -1

// Limits says whether an account is limited now.
func (v Vouched) Limits(now time.Time) bool {
	return v.By != 0 && (v.Until.IsZero() || now.Before(v.Until))
}

// RuleVouched is the rule by which an account that somebody vouched for does not open, or may not do something.
const RuleVouched = "vouch.limited"

// ErrVouched is the answer to whoever would change, under an account that somebody vouched for, how its person is known.
var ErrVouched = &errs.Error{Kind: errs.Denied, Rule: RuleVouched,
	Say: "Somebody vouched for you, and your account is limited until you have confirmed that it was you, and for a day at least. You can do this afterwards."}

// VouchedIn is how an account is limited.
func VouchedIn(tx *db.Tx, no haven.AccountNo) (v Vouched, err error) {
	err = tx.Query(sqlVouched, []any{int64(no)}, func(r db.Row) error { v = ScanVouched(r, 0); return nil })
	return v, err
}

// ScanVouched reads the columns vouched_by and vouched_until from the nth on.
func ScanVouched(r db.Row, n int) Vouched {
	return Vouched{By: haven.AccountNo(r.Int64(n)), Until: db.Moment(r.Int64(n + 1))}
}

// SetVouchedIn limits an account, or with the zero value ends that; the transaction has locked it, and announces it after the commit.
func SetVouchedIn(tx *db.Tx, no haven.AccountNo, v Vouched) {
	until := int64(0)
	if !v.Until.IsZero() {
		until = v.Until.UnixMicro()
	}
	tx.Exec(sqlSetVouched, int64(no), int64(v.By), until)
}

// FreeIn is nil for an account that is not limited now, and ErrVouched for one that is.
func FreeIn(tx *db.Tx, no haven.AccountNo, now time.Time) error {
	v, err := VouchedIn(tx, no)
	if err == nil && v.Limits(now) {
		err = ErrVouched
	}
	return err
}

// Free is FreeIn over a snapshot of its own.
func (s *Service) Free(ctx context.Context, no haven.AccountNo) error {
	return s.o.DB.Read(ctx, func(tx *db.Tx) error { return FreeIn(tx, no, s.Now()) })
}

// SetTemporaryIn gives a person a temporary password that HashTemporary hashed, in the caller's transaction, which has locked the person, has decided that
// this may be, and announces it after the commit. The password before it opens nothing any more, and sessions end.
func (s *Service) SetTemporaryIn(tx *db.Tx, actor haven.Actor, who Account, h Hashed) error {
	ver, _, err := credential(tx, who.No)
	if err != nil {
		return err
	}
	if ver > 0 {
		tx.Exec(sqlKeepOld, int64(who.No))
		tx.Exec(sqlDropOld, int64(who.No), ver-int64(s.o.Policy.Password.History)+1)
	}
	s.putSecret(tx, who.No, ver+1, h.h, true)
	audit.Record(tx, audit.Entry{At: s.Now(), Actor: actor, What: "account.password-set", On: who.ID, Rule: "password.good"})
	return nil
}
