package account

import (
	"context"

	"haven"
	"haven/platform/db"
	"haven/platform/errs"
)

// Proof is what a session was opened with: an app password, or the account's password as it was then. It holds no secret.
type Proof struct {
	person haven.AccountNo
	ver    int64     // of the password
	app    *[32]byte // hash of the app password; nil: the account's own
}

func (k known) proof() Proof {
	p := Proof{person: k.account.No, ver: k.ver}
	if k.app != nil {
		p.app = &k.app.hash
	}
	return p
}

// ErrRevoked is the answer to a session whose password was revoked or changed since it was opened (Rules 6).
var ErrRevoked = &errs.Error{Kind: errs.Denied, Rule: "login.revoked", Say: "The password that this program signed in with was revoked or changed. Sign in again."}

// Holds asks whether what a session was opened with is still good: ErrRevoked where it is not. Whether the person may
// still open what the session looks at is for package access to say.
func (s *Service) Holds(ctx context.Context, p Proof) error {
	holds := false
	err := s.o.DB.Read(ctx, func(tx *db.Tx) error {
		holds = false
		if p.app != nil {
			return tx.Query(sqlAppLogin, []any{p.app[:]}, func(r db.Row) error {
				holds = haven.AccountNo(r.Int64(0)) == p.person
				return nil
			})
		}
		return tx.Query(sqlCredential, []any{int64(p.person)}, func(r db.Row) error {
			holds = r.Int64(0) == p.ver
			return nil
		})
	})
	if err == nil && !holds {
		return ErrRevoked
	}
	return err
}
