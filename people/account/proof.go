package account

import (
	"context"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"

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

// Text is a proof as it is kept beside what ends with it; ParseProof reads it.
func (p Proof) Text() string {
	app := ""
	if p.app != nil {
		app = hex.EncodeToString(p.app[:])
	}
	return fmt.Sprintf("%d.%d.%d.%s", p.person, p.face, p.ver, app)
}

// ParseProof reads what Text wrote. What it was made of is looked at by Holds.
func ParseProof(s string) (p Proof, ok bool) {
	var app string
	if parts := strings.Split(s, "."); len(parts) == 4 {
		var n [3]int64
		for i := range n {
			var err error
			if n[i], err = strconv.ParseInt(parts[i], 10, 64); err != nil {
				return Proof{}, false
			}
		}
		p, app = Proof{person: haven.AccountNo(n[0]), face: Face(n[1]), ver: n[2]}, parts[3]
	}
	if app != "" {
		hash, err := hex.DecodeString(app)
		if err != nil || len(hash) != 32 {
			return Proof{}, false
		}
		p.app = (*[32]byte)(hash)
	}
	return p, p.Text() == s
}

// Person is who proved to be who.
func (p Proof) Person() haven.AccountNo { return p.person }

// Face is the door at which.
func (p Proof) Face() Face { return p.face }

// Only is the one mailbox that what was shown opens: the shared one that an app password is for (Rules 6); 0 where it opens whatever the person may, as the person's own
// password does, and an app password for the own mailbox (docs/decisions/033). ErrRevoked where there is no such app password any more.
func (s *Service) Only(ctx context.Context, p Proof) (only haven.AccountNo, err error) {
	if p.app == nil {
		return 0, nil
	}
	err = s.o.DB.Read(ctx, func(tx *db.Tx) error {
		only = 0
		return tx.Query(sqlAppLogin, []any{p.app[:]}, func(r db.Row) error {
			if haven.AccountNo(r.Int64(0)) == p.person {
				only = haven.AccountNo(r.Int64(1))
			}
			return nil
		})
	})
	switch {
	case err == nil && only == 0:
		err = ErrRevoked
	case only == p.person:
		only = 0
	}
	return only, err
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
