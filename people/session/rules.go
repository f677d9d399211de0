package session

import (
	"time"

	"haven"
	"haven/people/account"
	"haven/platform/policy"
)

// Facts are what decides how a session stands.
type Facts struct {
	Shared  bool
	Created time.Time
	Seen    time.Time
	State   account.State
	Ver     int64 // of the password that it was opened with
	Now     int64 // version of the password as it is; 0: none any more
}

// Standing is how a session stands.
type Standing uint8

const (
	Ended  Standing = iota // it is as if it had never been
	Locked                 // the person is asked for the password, and goes on where the page was
	Open
)

// Stand says how a session stands, and by which rule (Rules 6). A session ends with its age, with a password that was changed
// elsewhere, and with a state in which nobody logs in; without a request for some time it locks.
func Stand(f Facts, p policy.Session, now time.Time) (Standing, haven.Rule) {
	switch {
	case now.Sub(f.Created) >= p.MaxAge:
		return Ended, "session.age"
	case f.Ver != f.Now:
		return Ended, "session.password-changed"
	case !account.MayLogin(account.LoginFacts{Kind: haven.Personal, State: f.State, Face: account.Web}, now).Allowed:
		return Ended, "session.account"
	case now.Sub(f.Seen) >= Idle(f.Shared, p):
		return Locked, "session.idle"
	}
	return Open, "session.open"
}

// Idle is after how long a session locks that nobody uses, at a shared computer or an own one (Rules 6).
func Idle(shared bool, p policy.Session) time.Duration {
	if shared {
		return p.IdleShared
	}
	return p.IdleOwn
}

// Until says when a session that is open locks or ends by itself, whichever comes first, if it is not used any more.
func Until(f Facts, p policy.Session) time.Time {
	locks, ends := f.Seen.Add(Idle(f.Shared, p)), f.Created.Add(p.MaxAge)
	if ends.Before(locks) {
		return ends
	}
	return locks
}
