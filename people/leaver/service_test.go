package leaver_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"haven"
	"haven/people/account"
	"haven/people/leaver"
	"haven/people/organisation"
	"haven/people/peopletest"
	"haven/people/sharedmailbox"
	"haven/platform/db"
	"haven/platform/errs"
)

// told keeps what would be sent.
type told []string

func (n *told) Left(_ *db.Tx, to string, l leaver.Leaving, by string) error {
	*n = append(*n, fmt.Sprintf("to %s: left %s, last %t, by %q", to, l.Place.Code, l.Last, by))
	return nil
}

func (n *told) HasLeft(_ *db.Tx, owner account.Account, l leaver.Leaving) error {
	*n = append(*n, fmt.Sprintf("to %s: %s has left", owner.Display, l.Person.Display))
	return nil
}

func (n *told) Succeeds(_ *db.Tx, who, mailbox account.Account, _ leaver.Leaving) error {
	*n = append(*n, fmt.Sprintf("to %s: owner of %s", who.Display, mailbox.Display))
	return nil
}

func (n *told) Disputed(_ *db.Tx, _ haven.Actor, who account.Account, place organisation.Organisation, reason string) error {
	*n = append(*n, fmt.Sprintf("call: %s at %s: %s", who.Display, place.Code, reason))
	return nil
}

func (n *told) SaysWrong(_ *db.Tx, owner, who account.Account, _ organisation.Organisation) error {
	*n = append(*n, fmt.Sprintf("to %s: %s says wrong", owner.Display, who.Display))
	return nil
}

func (n *told) take() string {
	all := strings.Join(*n, "; ")
	*n = nil
	return all
}

type scene struct {
	*peopletest.House
	told              *told
	leavers           *leaver.Service
	aisha, ben, carys account.Account // owner, member, works elsewhere too
	dev               account.Account // owner elsewhere
	here, there       organisation.Organisation
	box, other        account.Account
}

func each(t *testing.T, fn func(t *testing.T, s *scene)) {
	t.Helper()
	peopletest.Each(t, func(t *testing.T, h *peopletest.House) {
		contacts, err := account.OpenContacts(t.Context(), h.DB, h.Keyed(), h.Clock)
		must(t, err)
		s := &scene{House: h, told: &told{}}
		s.leavers = leaver.New(leaver.Options{DB: h.DB, Accounts: h.Accounts, Contacts: contacts, Places: h.Places, Shared: h.Shared, Notices: s.told, Policy: h.Policy, Clock: h.Clock})
		s.aisha, s.ben, s.carys, s.dev = h.Person("Aisha", "Rahman"), h.Person("Ben", "Whitlock"), h.Person("Carys", "Morgan"), h.Person("Dev", "Anand")
		s.here, s.box = h.Premises("FX002", s.aisha)
		s.there, s.other = h.Premises("FX003", s.dev)
		for _, who := range []account.Account{s.ben, s.carys} {
			h.Post(s.here, who, "dispenser")
			h.Member(s.box, who)
		}
		h.Post(s.there, s.carys, "locum")
		h.Member(s.other, s.carys)
		sealed, err := contacts.Seal(t.Context(), s.ben.No, account.PersonalEmail, "ben@home.example")
		must(t, err)
		must(t, h.DB.Write(t.Context(), func(tx *db.Tx) error { return contacts.PutIn(tx, peopletest.Operator, sealed) }))
		fn(t, s)
	})
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantRule(t *testing.T, err error, kind errs.Kind, rule string) {
	t.Helper()
	if e, ok := err.(*errs.Error); !ok || e.Rule != rule || e.Kind != kind || e.Say == "" {
		t.Errorf("%v, want %s by %s", err, kind, rule)
	}
}

func (s *scene) opens(t *testing.T, who, box account.Account) haven.Rights {
	t.Helper()
	rights, _, err := s.Access.Rights(t.Context(), who.No, box.No)
	must(t, err)
	return rights
}

func (s *scene) state(t *testing.T, who account.Account) account.State {
	t.Helper()
	a, err := s.Accounts.ByNo(t.Context(), who.No)
	must(t, err)
	return a.State
}

// Somebody with no post left is a leaver; one who works elsewhere too goes on there.
func TestLeaving(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *scene) {
		ctx := t.Context()
		for _, stranger := range []account.Account{s.dev, s.carys} {
			_, err := s.leavers.Plan(ctx, peopletest.As(stranger), s.ben.No, s.here.ID)
			wantRule(t, err, errs.NotFound, "leaver.no-post")
			_, err = s.leavers.End(ctx, peopletest.As(stranger), s.ben.No, s.here.ID, leaver.Answer{})
			wantRule(t, err, errs.NotFound, "leaver.no-post")
		}
		_, err := s.leavers.Plan(ctx, peopletest.As(s.ben), s.ben.No, s.there.ID)
		wantRule(t, err, errs.NotFound, "leaver.no-post")
		_, err = s.leavers.Plan(ctx, peopletest.As(s.ben), s.ben.No, 999)
		wantRule(t, err, errs.NotFound, "leaver.no-post") // as of a place that there is

		l, err := s.leavers.End(ctx, peopletest.As(s.carys), s.carys.No, s.here.ID, leaver.Answer{})
		must(t, err)
		if l.Last || s.state(t, s.carys) != account.Active || s.opens(t, s.carys, s.box) != 0 || s.opens(t, s.carys, s.other) != haven.Member {
			t.Errorf("%+v: state %s, here %v, there %v", l, s.state(t, s.carys), s.opens(t, s.carys, s.box), s.opens(t, s.carys, s.other))
		}
		if got := s.told.take(); got != `to carys.morgan@haven.example: left FX002, last false, by ""; to Aisha Rahman: Carys Morgan has left` {
			t.Errorf("told: %s", got)
		}
		_, err = s.leavers.End(ctx, peopletest.As(s.carys), s.carys.No, s.here.ID, leaver.Answer{})
		wantRule(t, err, errs.NotFound, "leaver.no-post")

		_, err = s.leavers.End(ctx, peopletest.As(s.aisha), s.ben.No, s.here.ID, leaver.Answer{})
		wantRule(t, err, errs.Invalid, "leaver.continuity")
		if s.opens(t, s.ben, s.box) != haven.Member {
			t.Error("something was done all the same")
		}
		l, err = s.leavers.End(ctx, peopletest.As(s.aisha), s.ben.No, s.here.ID, leaver.Answer{Reason: leaver.Soon})
		must(t, err)
		if !l.Last || s.state(t, s.ben) != account.Leaver || s.opens(t, s.ben, s.box) != 0 || !l.Deleted.Equal(s.Clock.Now().Add(s.Policy.LifeCycle.LeaverDeleted)) {
			t.Errorf("%+v, state %s", l, s.state(t, s.ben))
		}
		if got := s.told.take(); got != `to ben.whitlock@haven.example: left FX002, last true, by "Aisha Rahman"; to ben@home.example: left FX002, last true, by "Aisha Rahman"` {
			t.Errorf("told: %s", got)
		}
	})
}

// A sole owner names a successor in the same step.
func TestSuccessor(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *scene) {
		ctx, me := t.Context(), peopletest.As(s.aisha)
		s.Clock.Advance(time.Hour)
		l, err := s.leavers.Plan(ctx, me, s.aisha.No, s.here.ID)
		must(t, err)
		if len(l.Mailboxes) != 1 || !l.Mailboxes[0].Sole || l.Mailboxes[0].Few || len(l.Mailboxes[0].Candidates) != 2 || !l.Last {
			t.Errorf("%+v", l)
		}
		for _, bad := range []haven.AccountNo{0, s.aisha.No, s.dev.No, s.other.No} {
			_, err = s.leavers.End(ctx, me, s.aisha.No, s.here.ID, leaver.Answer{Successors: map[haven.AccountNo]haven.AccountNo{s.box.No: bad}})
			if !errs.Is(err, errs.Invalid) && !errs.Is(err, errs.NotFound) {
				t.Errorf("successor %d: %v", bad, err)
			}
		}
		_, err = s.leavers.End(ctx, me, s.aisha.No, s.here.ID, leaver.Answer{})
		wantRule(t, err, errs.Invalid, "leaver.successor")
		_, err = s.leavers.End(ctx, me, s.aisha.No, s.here.ID, leaver.Answer{Successors: map[haven.AccountNo]haven.AccountNo{s.box.No: s.ben.No}})
		wantRule(t, err, errs.Invalid, sharedmailbox.RuleOwnerMobile)
		s.Mobile(s.ben)
		_, err = s.leavers.End(ctx, me, s.aisha.No, s.here.ID, leaver.Answer{Successors: map[haven.AccountNo]haven.AccountNo{s.box.No: s.ben.No}})
		must(t, err)
		members, err := s.Shared.Members(ctx, 0, s.box.No)
		must(t, err)
		for _, m := range members {
			if m.Person.No == s.ben.No && !m.From.Equal(peopletest.Start) {
				t.Errorf("the successor is an owner from %v on, and was a member before", m.From)
			}
		}
		if s.opens(t, s.ben, s.box) != haven.Owner || s.opens(t, s.aisha, s.box) != 0 || s.state(t, s.aisha) != account.Leaver {
			t.Errorf("Ben %v, Aisha %v", s.opens(t, s.ben, s.box), s.opens(t, s.aisha, s.box))
		}
		if got := s.told.take(); !strings.Contains(got, "to Ben Whitlock: Aisha Rahman has left; to Ben Whitlock: owner of ") {
			t.Errorf("told: %s", got)
		}
	})
}

// Whoever an owner elsewhere gave access without an end goes on there, and a leaver is joined at the next place.
func TestJoining(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *scene) {
		ctx := t.Context()
		must(t, s.Shared.AddMember(ctx, peopletest.As(s.dev), s.other.No, sharedmailbox.Grant{Person: s.ben.No, Rights: haven.Member}))
		l, err := s.leavers.End(ctx, peopletest.As(s.ben), s.ben.No, s.here.ID, leaver.Answer{})
		must(t, err)
		if l.Last || s.opens(t, s.ben, s.other) != haven.Member {
			t.Errorf("%+v, there %v", l, s.opens(t, s.ben, s.other))
		}
		must(t, s.Shared.RemoveMember(ctx, peopletest.As(s.ben), s.other.No, s.ben.No))
		must(t, s.Accounts.SetState(ctx, peopletest.Operator, s.ben.No, account.Leaver, "test"))
		g := sharedmailbox.Grant{Person: s.ben.No, Rights: haven.Member}
		for _, stranger := range []account.Account{s.aisha, s.ben} {
			if err := s.leavers.Join(ctx, peopletest.As(stranger), s.other.No, g); !errs.Is(err, errs.NotFound) {
				t.Errorf("%s: %v", stranger.Display, err)
			}
		}
		must(t, s.leavers.Join(ctx, peopletest.As(s.dev), s.other.No, g))
		if s.state(t, s.ben) != account.Active || s.opens(t, s.ben, s.other) != haven.Member {
			t.Errorf("state %s, there %v", s.state(t, s.ben), s.opens(t, s.ben, s.other))
		}
		l, err = s.leavers.Plan(ctx, peopletest.As(s.dev), s.ben.No, s.there.ID)
		if err != nil || len(l.Roles) != 1 || l.Roles[0] != leaver.Role {
			t.Errorf("%+v, %v", l, err)
		}
		wantRule(t, s.leavers.Join(ctx, peopletest.As(s.dev), s.other.No, g), errs.Conflict, "sharedmailbox.member-already")
		alone := s.Pharmacy("FX009", s.dev)
		wantRule(t, s.leavers.Join(ctx, peopletest.As(s.dev), alone.No, g), errs.Invalid, "leaver.no-place")
	})
}

// An owner without the second factor that is required ends nobody's post; everybody leaves by themselves all the same.
func TestAnOwnerWithoutASecondFactor(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *scene) {
		_, err := s.SecondFactor.DutyOf(t.Context(), peopletest.As(s.aisha), s.aisha)
		must(t, err)
		s.Clock.Advance(s.Policy.SecondFactor.Grace)
		_, err = s.leavers.End(t.Context(), peopletest.As(s.aisha), s.ben.No, s.here.ID, leaver.Answer{Reason: leaver.Soon})
		wantRule(t, err, errs.Denied, "factor.required")
		_, err = s.leavers.End(t.Context(), peopletest.As(s.ben), s.ben.No, s.here.ID, leaver.Answer{Reason: leaver.Soon})
		must(t, err)
	})
}
