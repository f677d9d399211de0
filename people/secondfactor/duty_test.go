package secondfactor_test

import (
	"testing"
	"time"

	"haven"
	"haven/people/account"
	"haven/people/peopletest"
	"haven/people/secondfactor"
	"haven/people/sharedmailbox"
	"haven/platform/policy"
)

func TestMayGoOn(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 26, 9, 0, 0, 0, time.UTC)
	owners := policy.SecondFactor{Owners: true, Grace: 14 * 24 * time.Hour}
	staff := policy.SecondFactor{Owners: true, Staff: true, Grace: owners.Grace}
	due := now.Add(owners.Grace)
	for _, c := range []struct {
		name string
		f    secondfactor.DutyFacts
		p    policy.SecondFactor
		rule haven.Rule
		due  time.Time
	}{
		{"an owner with one", secondfactor.DutyFacts{Owner: true, On: true}, owners, "factor.on", time.Time{}},
		{"staff, of whom none is required", secondfactor.DutyFacts{}, owners, "factor.optional", time.Time{}},
		{"nobody is required", secondfactor.DutyFacts{Owner: true}, policy.SecondFactor{}, "factor.optional", time.Time{}},
		{"an owner who was never asked", secondfactor.DutyFacts{Owner: true}, owners, "factor.grace", due},
		{"a moment before the end of the grace", secondfactor.DutyFacts{Owner: true, Asked: now.Add(time.Second - owners.Grace)}, owners, "factor.grace", now.Add(time.Second)},
		{"at its end", secondfactor.DutyFacts{Owner: true, Asked: now.Add(-owners.Grace)}, owners, "factor.required", now},
		{"who had one and took it away", secondfactor.DutyFacts{Owner: true, Asked: now, Once: true}, owners, "factor.required", due},
		{"no grace", secondfactor.DutyFacts{Owner: true}, policy.SecondFactor{Owners: true}, "factor.required", now},
		{"staff, where it is required", secondfactor.DutyFacts{Asked: now.Add(-staff.Grace)}, staff, "factor.required", now},
		{"an owner where staff alone is named", secondfactor.DutyFacts{Owner: true}, policy.SecondFactor{Staff: true}, "factor.required", now},
	} {
		v, at := secondfactor.MayGoOn(c.f, c.p, now)
		if v.Rule != c.rule || v.Allowed != (c.rule != "factor.required") || !at.Equal(c.due) {
			t.Errorf("%s: %+v due %s, want %s due %s", c.name, v, at, c.rule, c.due)
		}
	}
}

// An owner has the grace from the first time of asking, and is turned back afterwards until there is a second factor.
func TestOwnersNeedOne(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *peopletest.House, s *secondfactor.Service) {
		aisha, ben, carys := h.Person("Aisha", "Rahman"), h.Person("Ben", "Whitlock"), h.Person("Carys", "Morgan")
		box := h.Pharmacy("FX002", aisha)
		add := func(who account.Account) error {
			return h.Shared.AddMember(t.Context(), peopletest.As(aisha), box.No, sharedmailbox.Grant{Person: who.No, Rights: haven.Member})
		}
		duty := func(who account.Account) secondfactor.Duty {
			d, err := s.DutyOf(t.Context(), peopletest.As(who), who)
			must(t, err)
			return d
		}
		h.Clock.Advance(30 * 24 * time.Hour) // nobody asked yet, and so nothing is over
		due := h.Clock.Now().Add(h.Policy.SecondFactor.Grace)
		if d := duty(aisha); !d.Verdict.Allowed || !d.Owner || !d.Due.Equal(due) {
			t.Errorf("at first: %+v", d)
		}
		if d := duty(ben); !d.Verdict.Allowed || !d.Due.IsZero() {
			t.Errorf("of staff: %+v", d)
		}
		must(t, add(ben))
		h.Clock.Advance(h.Policy.SecondFactor.Grace)
		if d := duty(aisha); d.Verdict.Allowed || !d.Due.Equal(due) {
			t.Errorf("afterwards: %+v", d)
		}
		wantRule(t, add(carys), "factor.required")
		wantRule(t, h.Shared.RemoveMember(t.Context(), peopletest.As(aisha), box.No, ben.No), "factor.required")
		must(t, h.Shared.RemoveForSafety(t.Context(), peopletest.As(aisha), box.No, ben.No)) // never delayed
		on(t, h, s, aisha)
		if d := duty(aisha); !d.Verdict.Allowed || !d.Due.IsZero() {
			t.Errorf("with one: %+v", d)
		}
		must(t, add(carys))
		must(t, s.Remove(t.Context(), peopletest.As(aisha), aisha)) // who had one has no grace
		wantRule(t, add(ben), "factor.required")
	})
}

// The time begins too where an owner acts without ever looking at a page.
func TestTheGraceBeginsWithAnAct(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *peopletest.House, s *secondfactor.Service) {
		aisha, ben := h.Person("Aisha", "Rahman"), h.Person("Ben", "Whitlock")
		box := h.Pharmacy("FX002", aisha)
		must(t, h.Shared.AddMember(t.Context(), peopletest.As(aisha), box.No, sharedmailbox.Grant{Person: ben.No, Rights: haven.Member}))
		h.Clock.Advance(h.Policy.SecondFactor.Grace)
		wantRule(t, h.Shared.RemoveMember(t.Context(), peopletest.As(aisha), box.No, ben.No), "factor.required")
	})
}
