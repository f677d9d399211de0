package lockout

import (
	"time"

	"haven"
	"haven/people/account"
	"haven/platform/policy"
)

// Facts are what decides whether a code is sent that opens a lock for one browser.
type Facts struct {
	Kind          haven.AccountKind
	State         account.State
	LockedUntil   time.Time // zero: it is not locked
	Mobile        bool      // there is one
	WithinTheHour int       // codes that were sent
}

// MaySend says whether a code goes to the mobile. The rule is for the audit log; whoever asks is told nothing of it.
func MaySend(f Facts, p policy.Lockout, now time.Time) haven.Verdict {
	switch {
	case !account.MayLogin(account.LoginFacts{Kind: f.Kind, State: f.State, Face: account.Web}, now).Allowed:
		return haven.Refuse("lockout.account", "")
	case !now.Before(f.LockedUntil):
		return haven.Refuse("lockout.open", "")
	case !f.Mobile:
		return haven.Refuse("lockout.no-mobile", "")
	case f.WithinTheHour >= p.CodesPerHour:
		return haven.Refuse("lockout.rate", "")
	}
	return haven.Allow("lockout.code-sent")
}

// CodeFacts are what decides whether a code opens a lock.
type CodeFacts struct {
	Sent  time.Time // zero: none was
	Tries int       // that were wrong
	Good  bool
}

// MayOpen says whether a code opens the lock for the browser in which it was typed. Whatever is wrong is told in the same words.
func MayOpen(f CodeFacts, p policy.Lockout, now time.Time) haven.Verdict {
	if f.Sent.IsZero() || !now.Before(f.Sent.Add(p.CodeFor)) || f.Tries >= p.CodeTries || !f.Good {
		return haven.Refuse("lockout.code", "This is not the code that we sent to your mobile, or it is not good any more. Look at the newest text, or have another one sent.")
	}
	return haven.Allow("lockout.code")
}
