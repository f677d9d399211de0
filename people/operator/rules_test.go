package operator_test

import (
	"testing"

	"haven"
	"haven/people/account"
	"haven/people/operator"
)

func TestMayAct(t *testing.T) {
	t.Parallel()
	good := operator.Facts{Kind: haven.Personal, State: account.Active, Role: true, SecondFactor: true, Mobile: true}
	with := func(change func(*operator.Facts)) operator.Facts {
		f := good
		change(&f)
		return f
	}
	for _, c := range []struct {
		name string
		f    operator.Facts
		rule haven.Rule
		may  bool
	}{
		{"all there", good, "operator.serves", true},
		{"no role", with(func(f *operator.Facts) { f.Role = false }), "operator.none", false},
		{"nobody", operator.Facts{}, "operator.none", false},
		{"a mailbox", with(func(f *operator.Facts) { f.Kind = haven.Shared }), "operator.none", false},
		{"no second factor", with(func(f *operator.Facts) { f.SecondFactor = false }), "operator.second-factor", false},
		{"no proven mobile", with(func(f *operator.Facts) { f.Mobile = false }), "operator.mobile", false},
		{"blocked", with(func(f *operator.Facts) { f.State = account.Blocked }), "operator.state", false},
		{"a leaver", with(func(f *operator.Facts) { f.State = account.Leaver }), "operator.state", false},
		{"not activated", with(func(f *operator.Facts) { f.State = account.Invited }), "operator.state", false},
		{"a demo's", with(func(f *operator.Facts) { f.Demo, f.SecondFactor, f.Mobile = true, false, false }), "operator.demo", true},
		{"a demo's, blocked", with(func(f *operator.Facts) { f.Demo, f.State = true, account.Blocked }), "operator.state", false},
		{"somebody else in a demo", with(func(f *operator.Facts) { f.Demo, f.Role = true, false }), "operator.none", false},
	} {
		if v := operator.MayAct(c.f); v.Allowed != c.may || v.Rule != c.rule {
			t.Errorf("%s: %+v, want %t by %s", c.name, v, c.may, c.rule)
		}
	}
}

func TestMayAddAndRemove(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		v    haven.Verdict
		rule haven.Rule
	}{
		{"a person", operator.MayAdd(operator.Facts{Kind: haven.Personal, State: account.Active}), "operator.added"},
		{"somebody who is to activate", operator.MayAdd(operator.Facts{Kind: haven.Personal, State: account.Invited}), "operator.added"},
		{"a mailbox", operator.MayAdd(operator.Facts{Kind: haven.Shared, State: account.Active}), "operator.person"},
		{"a program", operator.MayAdd(operator.Facts{Kind: haven.Application, State: account.Active}), "operator.person"},
		{"twice", operator.MayAdd(operator.Facts{Kind: haven.Personal, State: account.Active, Role: true}), "operator.already"},
		{"blocked", operator.MayAdd(operator.Facts{Kind: haven.Personal, State: account.Blocked}), "operator.state"},
		{"one of two goes", operator.MayRemove(1, false), "operator.removed"},
		{"the last goes", operator.MayRemove(0, false), "operator.last"},
		{"the last goes anyway", operator.MayRemove(0, true), "operator.removed"},
	} {
		if c.v.Rule != c.rule {
			t.Errorf("%s: %+v, want %s", c.name, c.v, c.rule)
		}
	}
}
