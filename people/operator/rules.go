package operator

import (
	"haven"
	"haven/people/account"
)

// Facts are what decides whether the role serves.
type Facts struct {
	Kind         haven.AccountKind
	State        account.State
	Role         bool
	SecondFactor bool // set up and confirmed
	Mobile       bool // the person showed that it is the own
	Demo         bool // everybody's password is known, and nobody has a phone: neither of the two is asked for
}

// MayAct says whether somebody acts as an operator now (Rules 6: a second factor is required of administrators). Without the role the
// reason tells nothing of the area.
func MayAct(f Facts) haven.Verdict {
	switch {
	case !f.Role || f.Kind != haven.Personal:
		return haven.Refuse("operator.none", "")
	case f.State != account.Active:
		return haven.Refuse("operator.state", "The account is "+f.State.String()+", so it can't be used for the operator's area.")
	case f.Demo:
		return haven.Allow("operator.demo")
	case !f.SecondFactor:
		return haven.Refuse("operator.second-factor", "An operator logs in with a second step. Set it up under My account, then come back.")
	case !f.Mobile:
		return haven.Refuse("operator.mobile", "An operator has a mobile number that was shown to be the own. Give it, and the code that we send, under My account; then come back.")
	}
	return haven.Allow("operator.serves")
}

// MayAdd says whether an account can be given the role. Second step and mobile may follow; the role serves once they are there.
func MayAdd(f Facts) haven.Verdict {
	switch {
	case f.Kind != haven.Personal:
		return haven.Refuse("operator.person", "Only a person's own account can be an operator's.")
	case f.Role:
		return haven.Refuse("operator.already", "This person is an operator already.")
	case f.State != account.Active && f.State != account.Invited:
		return haven.Refuse("operator.state", "The account is "+f.State.String()+". Make it active first.")
	}
	return haven.Allow("operator.added")
}

// MayRemove says whether the role can be taken away, where so many others have it whose accounts are active. The last one keeps it unless that
// is meant: anyway.
func MayRemove(others int, anyway bool) haven.Verdict {
	if others == 0 && !anyway {
		return haven.Refuse("operator.last", "This is the last operator. Add another one first; if there is to be none, say so with --anyway.")
	}
	return haven.Allow("operator.removed")
}
