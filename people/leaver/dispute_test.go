package leaver_test

import (
	"strings"
	"testing"
	"time"

	"haven"
	"haven/people/account"
	"haven/people/leaver"
	"haven/people/sharedmailbox"
	"haven/platform/errs"
	"haven/platform/policy"
)

func TestMayDispute(t *testing.T) {
	t.Parallel()
	now := time.Date(2017, 9, 4, 9, 0, 0, 0, time.UTC)
	p := policy.LifeCycle{LeaverDeleted: 30 * 24 * time.Hour}
	for _, c := range []struct {
		name string
		f    leaver.DisputeFacts
		want haven.Rule
	}{
		{"a moment ago", leaver.DisputeFacts{Ended: now}, "leaver.dispute"},
		{"29 days ago", leaver.DisputeFacts{Ended: now.Add(-30*24*time.Hour + 1)}, "leaver.dispute"},
		{"30 days ago", leaver.DisputeFacts{Ended: now.Add(-30 * 24 * time.Hour)}, "leaver.dispute-late"},
		{"said already", leaver.DisputeFacts{Ended: now, Disputed: now}, "leaver.disputed"},
		{"works there again", leaver.DisputeFacts{Ended: now, Holds: true}, "leaver.no-ending"},
		{"nobody has ended one", leaver.DisputeFacts{}, "leaver.no-ending"},
	} {
		if v := leaver.MayDispute(c.f, p, now); v.Rule != c.want || v.Allowed != (c.want == "leaver.dispute") {
			t.Errorf("%s: %+v, want %s", c.name, v, c.want)
		}
	}
}

// Whoever's post an owner ended says that it was wrong: the owners and the helpdesk know, once, and access stays as it is.
func TestDispute(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *scene) {
		ctx := t.Context()
		ben := haven.Actor{Person: s.ben.ID, Program: "portal"}
		endings := func() []leaver.Ended {
			t.Helper()
			all, err := s.leavers.Endings(ctx, s.ben.No)
			must(t, err)
			return all
		}
		wantRule(t, s.leavers.Dispute(ctx, ben, s.ben.No, s.here.ID, "x"), errs.Denied, "leaver.no-ending")
		_, err := s.leavers.End(ctx, haven.Actor{Person: s.aisha.ID, Program: "portal"}, s.ben.No, s.here.ID, leaver.Answer{Reason: leaver.Soon})
		must(t, err)
		if all := endings(); len(all) != 1 || all[0].Place.Code != "FX002" || !all[0].Disputed.IsZero() {
			t.Fatalf("%+v", all)
		}
		s.told.take()
		wantRule(t, s.leavers.Dispute(ctx, ben, s.ben.No, s.here.ID, "  "), errs.Invalid, "leaver.dispute-reason")
		wantRule(t, s.leavers.Dispute(ctx, ben, s.ben.No, s.here.ID, strings.Repeat("x", 1001)), errs.Invalid, "leaver.dispute-reason")
		wantRule(t, s.leavers.Dispute(ctx, ben, s.ben.No, s.there.ID, "x"), errs.Denied, "leaver.no-ending")
		must(t, s.leavers.Dispute(ctx, ben, s.ben.No, s.here.ID, "I was on leave."))
		if got, want := s.told.take(), "call: Ben Whitlock at FX002: I was on leave.; to Aisha Rahman: Ben Whitlock says wrong"; got != want {
			t.Errorf("%s, want %s", got, want)
		}
		wantRule(t, s.leavers.Dispute(ctx, ben, s.ben.No, s.here.ID, "again"), errs.Denied, "leaver.disputed")
		if s.opens(t, s.ben, s.box) != 0 || s.state(t, s.ben) != account.Leaver {
			t.Error("a dispute gives access")
		}
		must(t, s.leavers.Join(ctx, haven.Actor{Person: s.aisha.ID, Program: "portal"}, s.box.No, sharedmailbox.Grant{Person: s.ben.No, Rights: haven.Member}))
		if all := endings(); len(all) != 0 {
			t.Errorf("who works there again is shown %+v", all)
		}

		// Who leaves by the own choice has nothing to say.
		_, err = s.leavers.End(ctx, haven.Actor{Person: s.carys.ID, Program: "portal"}, s.carys.No, s.there.ID, leaver.Answer{Reason: leaver.Soon})
		must(t, err)
		if all, err := s.leavers.Endings(ctx, s.carys.No); err != nil || len(all) != 0 {
			t.Errorf("%+v, %v", all, err)
		}
	})
}
