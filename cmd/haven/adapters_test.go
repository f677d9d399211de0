package main

import (
	"testing"

	"haven"
	"haven/people/account"
)

func TestASessionInASharedMailboxSubmitsForItAlone(t *testing.T) {
	t.Parallel()
	ann, shop := account.Account{No: 1, Display: "Ann"}, account.Account{No: 2}
	for _, c := range []struct {
		target account.Account
		only   haven.AccountNo
	}{{ann, 0}, {shop, 2}} {
		who := submitter(account.Session{Person: ann, Target: c.target})
		if who.Only != c.only || who.Person != ann.No || who.Name != ann.Display {
			t.Errorf("in mailbox %d: %+v", c.target.No, who)
		}
	}
}
