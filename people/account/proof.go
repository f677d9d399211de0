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
	face   Face
	ver    int64     // of the password
	app    *[32]byte // hash of the app password; nil: the account's own
}

func (k known) proof(f Face) Proof {
	p := Proof{person: k.account.No, face: f, ver: k.ver}
	if k.app != nil {
		p.app = &k.app.hash
	}
	return p
}

// ErrRevoked is the answer to a session whose password was revoked or changed since it was opened (Rules 6).
var ErrRevoked = &errs.Error{Kind: errs.Denied, Rule: "login.revoked", Say: "The password that this program signed in with was revoked or changed. Sign in again."}

// Holds asks whether what a session was opened with is still good: ErrRevoked where it is not, and Denied by the rule of
// MayLogin where the person may not sign in with it any more, since the password expired or by the account's state. Whether
// the person may still open what the session looks at is for package access to say.
func (s *Service) Holds(ctx context.Context, p Proof) error {
	holds, facts, app := false, LoginFacts{}, []byte{}
	if p.app != nil {
		app = p.app[:]
	}
	err := s.o.DB.Read(ctx, func(tx *db.Tx) error {
		holds = false
		return tx.Query(sqlHolds, []any{int64(p.person), app}, func(r db.Row) error {
			facts = LoginFacts{Kind: haven.AccountKind(r.Int64(0)), State: State(r.Int64(1)), Face: p.face, AppPassword: p.app != nil,
				Expires: db.Moment(r.Int64(3)), MustChange: r.Int64(4) != 0, Portal: s.o.Portal}
			holds = p.app != nil && r.Int64(5) == int64(p.person) || p.app == nil && p.ver > 0 && r.Int64(2) == p.ver
			return nil
		})
	})
	if err != nil {
		return err
	}
	if !holds {
		return ErrRevoked
	}
	if v := MayLogin(facts, s.Now()); !v.Allowed {
		return Refusal(errs.Denied, v)
	}
	return nil
}
