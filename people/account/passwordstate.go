package account

import (
	"time"

	"haven"
	"haven/platform/db"
)

// Password is what there is of an account's own password; the zero value is none.
type Password struct {
	Ver     int64 // another one after every change
	Expires time.Time
	Must    bool // it was given by somebody else, and has to be changed at the next log in
}

// Changes reports whether the person has to choose another password before anything else (Rules 5, 6).
func (p Password) Changes(now time.Time) bool {
	return p.Must || !p.Expires.IsZero() && !now.Before(p.Expires)
}

// PasswordIn reads an account's own password's state in the caller's transaction.
func PasswordIn(tx *db.Tx, no haven.AccountNo) (p Password, err error) {
	err = tx.Query(sqlPasswordState, []any{int64(no)}, func(r db.Row) error {
		p = Password{r.Int64(0), db.Moment(r.Int64(1)), r.Bool(2)}
		return nil
	})
	return p, err
}

// Version is that of the account's own password which the session was opened with.
func (p Proof) Version() int64 { return p.ver }
