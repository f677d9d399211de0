package account

import (
	"context"
	"time"

	"haven"
	"haven/platform/db"
)

// Standing is how an account stands with log ins: what somebody who helps its person has to know, and no secret.
type Standing struct {
	State       State
	Since       time.Time     // in this state
	Password    bool          // there is one
	Expires     time.Time     // of the password; zero: never
	MustChange  bool          // it is temporary
	InPrograms  bool          // mail programs may use it, rather than app passwords alone
	LockedUntil time.Time     // for places where the person has not logged in before; zero: not locked
	Apps        int           // app passwords
	AppUsed     time.Time     // the last use of any, to the day; zero: never
	Login       haven.Verdict // whether a mail program may sign in with a secret that is right
}

// Standing reads how an account stands; NotFound where there is none.
func (s *Service) Standing(ctx context.Context, no haven.AccountNo) (st Standing, err error) {
	now := s.Now()
	err = s.o.DB.Read(ctx, func(tx *db.Tx) error {
		st = Standing{InPrograms: s.o.Policy.Account.PasswordsInPrograms}
		a, err := ByNoIn(tx, no)
		if err != nil {
			return err
		}
		st.State = a.State
		err = tx.Query(sqlStanding, []any{int64(no)}, func(r db.Row) error {
			st.Password, st.Expires, st.MustChange = r.Int64(0) > 0, db.Moment(r.Int64(1)), r.Int64(2) != 0
			st.LockedUntil, st.Apps, st.AppUsed = db.Moment(r.Int64(3)), int(r.Int64(4)), db.Moment(r.Int64(5))
			st.Since = db.Moment(r.Int64(6))
			return nil
		})
		if !now.Before(st.LockedUntil) {
			st.LockedUntil = time.Time{}
		}
		st.Login = MayLogin(LoginFacts{Kind: a.Kind, State: a.State, Face: Program, Expires: st.Expires, MustChange: st.MustChange, Portal: s.o.Portal}, now)
		return err
	})
	return st, err
}
