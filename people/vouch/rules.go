package vouch

import (
	"fmt"
	"time"

	"haven"
	"haven/people/account"
	"haven/platform/policy"
)

// Facts are what decides whether an owner may vouch for somebody.
type Facts struct {
	Same     bool // the owner and the person are one
	Owner    bool // of the mailbox, now
	Factor   bool // the owner has a second factor
	Asked    time.Time
	Person   account.State
	Member   bool // of the mailbox, now
	Operator bool // the person runs the service
	Mobile   bool // one is on file
	Answers  bool // the person answered security questions, and has a personal e-mail: with both one gets in
	Forgot   bool // the answers, as the owner says
	How      How
	Taken    bool // the mobile is the owner's, or on another account
	Today    int  // vouchings by this owner within a day
}

// MayBegin says whether there is anything to vouch for, before the owner has said anything.
func MayBegin(f Facts, p policy.Reset) haven.Verdict {
	switch {
	case f.Same:
		return haven.Refuse("vouch.self", "Nobody vouches for themselves. Another owner of the mailbox can, or the helpdesk helps.")
	case !f.Owner:
		return haven.Refuse("vouch.owner", "Only an owner of the mailbox vouches for a colleague.")
	case !f.Member:
		return haven.Refuse("vouch.member", "You vouch for people who have access to the mailbox now.")
	case f.Person != account.Active && f.Person != account.Inactive:
		return haven.Refuse("vouch.state", "This account can't be opened by vouching as it is now. The helpdesk can tell you more.")
	case f.Operator:
		return haven.Refuse("vouch.operator", "Your colleague helps to run the service, and gets a new password from the helpdesk alone.")
	case f.Mobile:
		return haven.Refuse("vouch.mobile", "There is a mobile number on file. Your colleague gets a new password with it, under Forgotten your password, or the helpdesk helps.")
	case !f.Factor:
		return haven.Refuse("vouch.second-factor", "Set up your own second step first, under My account. Nobody vouches without one.")
	case f.Today >= p.VouchesADay:
		return haven.Refuse("vouch.often", fmt.Sprintf("You have vouched %d times within a day. Ask another owner of the mailbox, or the helpdesk.", f.Today))
	}
	return haven.Allow("vouch.begun")
}

// May says whether an owner may vouch for somebody, with what the owner said (Rules 6).
func May(f Facts, p policy.Policy, now time.Time) haven.Verdict {
	if v := MayBegin(f, p.Reset); !v.Allowed {
		return v
	}
	switch {
	case now.Sub(f.Asked) >= p.Session.AskAgain:
		return haven.Refuse("vouch.asked", "Give your password and your second step again.")
	case ways[f.How] == "":
		return haven.Refuse("vouch.how", "Say how you made sure that it is your colleague.")
	case f.Answers && !f.Forgot:
		return haven.Refuse("vouch.answers", "Your colleague gets in with a link to the personal e-mail and the answers to the security questions. Vouch only where these are forgotten.")
	case f.Taken:
		return haven.Refuse("vouch.mobile-taken", "This number can't be used: it is yours, or another account has it. Enter your colleague's own number.")
	}
	return haven.Allow("vouch.owner")
}

// Limit is how an account is limited for which an owner vouched, once it is confirmed: from then until a day after the vouching (Rules 6).
func Limit(owner haven.AccountNo, made, confirmed time.Time, p policy.Reset) account.Vouched {
	v := account.Vouched{By: owner}
	if !confirmed.IsZero() {
		v.Until = made.Add(p.VouchLimits)
		if v.Until.Before(confirmed) {
			v.Until = confirmed
		}
	}
	return v
}

// MayConfirm says whether a link is still good.
func MayConfirm(st Standing, now time.Time, p policy.Reset) haven.Verdict {
	switch {
	case st.Made.IsZero() || st.Ended || !now.Before(st.Made.Add(p.VouchLinkFor)):
		return haven.Refuse("vouch.link", "This link is not good any more. Log in and have another one sent, or call the helpdesk.")
	case !st.Confirmed.IsZero():
		return haven.Refuse("vouch.confirmed", "You have said that it was you already. There is nothing left to do.")
	}
	return haven.Allow("vouch.confirm")
}
