package request_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"haven/people/account"
	"haven/people/organisation"
	"haven/people/peopletest"
	"haven/people/profile"
	"haven/people/request"
	"haven/people/sharedmailbox"
	"haven/platform/audit"
	"haven/platform/db"
	"haven/platform/errs"
)

// told keeps what would be sent.
type told []string

func (n *told) RequestMade(_ *db.Tx, owner account.Account, r request.Request) error {
	*n = append(*n, fmt.Sprintf("%s: %s wants to be %s", owner.Display, r.Was, r.Says()))
	return nil
}

func (n *told) RequestDecided(_ *db.Tx, r request.Request) error {
	*n = append(*n, fmt.Sprintf("%s: %s %s", r.Person.Display, r.State, r.Reason))
	return nil
}

func (n *told) RequestSettled(_ *db.Tx, owner account.Account, r request.Request, by string) error {
	*n = append(*n, fmt.Sprintf("%s: %s by %s", owner.Display, r.State, by))
	return nil
}

func (n *told) take() string {
	all := strings.Join(*n, "; ")
	*n = nil
	return strings.TrimSpace(all)
}

type scene struct {
	*peopletest.House
	told     *told
	requests *request.Service
	profiles *profile.Service
}

func each(t *testing.T, fn func(t *testing.T, s *scene)) {
	t.Helper()
	peopletest.Each(t, func(t *testing.T, h *peopletest.House) {
		contacts, err := account.OpenContacts(t.Context(), h.DB, h.Keyed(), h.Clock)
		must(t, err)
		s := &scene{House: h, told: &told{}}
		s.profiles = profile.New(profile.Options{DB: h.DB, Accounts: h.Accounts, Contacts: contacts, Places: h.Places, Owns: sharedmailbox.OwnsIn, Keys: h.Seals, Policy: h.Policy, Clock: h.Clock})
		s.requests = request.New(request.Options{DB: h.DB, Accounts: h.Accounts, Profiles: s.profiles, Places: h.Places, Shared: h.Shared, Notices: s.told, Policy: h.Policy, Clock: h.Clock})
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

func named(first, last string) request.Wish {
	return request.Wish{Kind: request.Name, Name: account.NewName{First: first, Last: last}}
}

func job(title string) request.Wish { return request.Wish{Kind: request.Job, Job: title} }

var yes = request.Answer{Accept: true}

// waiting are the ids of what waits for somebody.
func (s *scene) waiting(t *testing.T, who account.Account) (ids []int64) {
	t.Helper()
	all, err := s.requests.For(t.Context(), who.No)
	must(t, err)
	for _, r := range all {
		ids = append(ids, r.ID)
	}
	return ids
}

func TestChangeOfName(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *scene) {
		ctx := t.Context()
		aisha, ben, dev := s.Person("Aisha", "Rahman"), s.Person("Ben", "Whitlock"), s.Person("Dev", "Anand")
		o, box := s.Premises("FX002", aisha)
		s.Premises("FX003", dev)
		s.Post(o, ben, "dispenser")
		s.Member(box, ben)
		me := peopletest.As(ben)
		for _, bad := range []struct {
			w    request.Wish
			rule string
		}{
			{named("", " "), "account.name"}, {named(strings.Repeat("a", 65), "b"), "account.name"}, {named("a\u202eb", "c"), "account.name"}, {named("\U0001f600", ""), "address.letters"},
			{named("Ben", "Whitlock"), "request.same"}, {job(""), "profile.job"}, {job("dispenser"), "request.same"}, {request.Wish{Kind: 9}, "request.none"},
		} {
			if _, err := s.requests.Make(ctx, me, bad.w); err == nil || err.(*errs.Error).Rule != bad.rule {
				t.Errorf("%+v: %v, want %s", bad.w, err, bad.rule)
			}
		}
		r, err := s.requests.Make(ctx, me, named("Ben", "Marlow"))
		must(t, err)
		if got := s.told.take(); got != "Aisha Rahman: Ben Whitlock wants to be Ben Marlow" || r.Desk {
			t.Errorf("told: %s; desk %t", got, r.Desk)
		}
		_, err = s.requests.Make(ctx, me, named("Benjamin", "Marlow"))
		wantRule(t, err, errs.Conflict, "request.open")
		if got := s.waiting(t, aisha); !slices.Equal(got, []int64{r.ID}) {
			t.Errorf("Aisha sees %v", got)
		}
		if got := append(s.waiting(t, ben), s.waiting(t, dev)...); len(got) != 0 {
			t.Errorf("others see %v", got)
		}
		for _, who := range []account.Account{ben, dev} {
			_, err = s.requests.Decide(ctx, peopletest.As(who), r.ID, yes)
			wantRule(t, err, errs.NotFound, "request.none")
		}
		_, err = s.requests.DecideForDesk(ctx, peopletest.Operator, r.ID, yes)
		wantRule(t, err, errs.Denied, "request.owners-first")
		_, err = s.requests.Decide(ctx, peopletest.As(aisha), 99, yes)
		wantRule(t, err, errs.NotFound, "request.none")
		_, err = s.requests.Decide(ctx, peopletest.As(aisha), r.ID, request.Answer{Reason: " "})
		wantRule(t, err, errs.Invalid, "request.reason")
		r, err = s.requests.Decide(ctx, peopletest.As(aisha), r.ID, yes)
		must(t, err)
		if r.Person.Display != "Ben Marlow" || r.Person.Address.Local != "ben.marlow" || s.told.take() != "Aisha Rahman: accepted by Aisha Rahman; Ben Marlow: accepted" {
			t.Errorf("%+v", r)
		}
		_, err = s.requests.Decide(ctx, peopletest.As(aisha), r.ID, yes)
		wantRule(t, err, errs.Conflict, "request.decided")
		if len(s.waiting(t, aisha)) != 0 {
			t.Error("it still waits")
		}
		s.oldName(t, aisha, ben)
	})
}

// oldName: mail to the old address arrives, nobody but the person sees it, and nobody else gets it. The name comes back with its address.
func (s *scene) oldName(t *testing.T, aisha, ben account.Account) {
	t.Helper()
	ctx := t.Context()
	if a, err := s.Accounts.Resolve(ctx, ben.Address); err != nil || a.No != ben.No {
		t.Errorf("the old address leads to %v, %v", a, err)
	}
	others, err := s.Accounts.Addresses(ctx, ben.No, false)
	must(t, err)
	own, err := s.Accounts.Addresses(ctx, ben.No, true)
	must(t, err)
	if len(others) != 1 || len(own) != 2 || own[1] != ben.Address {
		t.Errorf("others see %v, the person %v", others, own)
	}
	if another := s.Person("Ben", "Whitlock"); another.Address == ben.Address {
		t.Error("the old address was given away")
	}
	r, err := s.requests.Make(ctx, peopletest.As(ben), named("Ben", "Whitlock"))
	must(t, err)
	r, err = s.requests.Decide(ctx, peopletest.As(aisha), r.ID, yes)
	must(t, err)
	if r.Person.Address != ben.Address {
		t.Errorf("the name came back with %s", r.Person.Address)
	}
	s.told.take()
}

// An owner of two places sees a request once, and no longer than its person works at one of them.
func TestTwoPlaces(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *scene) {
		ctx := t.Context()
		aisha, ben := s.Person("Aisha", "Rahman"), s.Person("Ben", "Whitlock")
		here, _ := s.Premises("FX002", aisha)
		there, _ := s.Premises("FX003", aisha)
		for _, at := range []organisation.Organisation{here, there} {
			s.Post(at, ben, "dispenser")
			s.Post(at, ben, "deliveries")
		}
		r, err := s.requests.Make(ctx, peopletest.As(ben), job("Pharmacist"))
		must(t, err)
		if got := s.waiting(t, aisha); !slices.Equal(got, []int64{r.ID}) || s.told.take() != "Aisha Rahman: deliveries wants to be Pharmacist" {
			t.Errorf("Aisha sees %v", got)
		}
		s.Clock.Advance(time.Minute)
		for _, at := range []organisation.Organisation{here, there} {
			if got := s.waiting(t, aisha); len(got) != 1 {
				t.Errorf("before Ben leaves %s: %v", at.Code, got)
			}
			must(t, s.Places.EndPost(ctx, peopletest.Operator, ben.No, at.ID, "dispenser"))
			must(t, s.Places.EndPost(ctx, peopletest.Operator, ben.No, at.ID, "deliveries"))
		}
		if got := s.waiting(t, aisha); len(got) != 0 {
			t.Errorf("after Ben left: %v", got)
		}
		_, err = s.requests.Decide(ctx, peopletest.As(aisha), r.ID, yes)
		wantRule(t, err, errs.NotFound, "request.none")
	})
}

// A sole owner's request goes to the desk, and so does one that no owner decides. The list has room for two: the owners' are looked past.
func TestDesk(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *scene) {
		ctx := t.Context()
		aisha, ben, carys := s.Person("Aisha", "Rahman"), s.Person("Ben", "Whitlock"), s.Person("Carys", "Morgan")
		o, _ := s.Premises("FX002", aisha)
		s.Post(o, ben, "dispenser")
		s.Clock.Advance(time.Minute)
		mine, err := s.requests.Make(ctx, peopletest.As(aisha), job("Superintendent"))
		must(t, err)
		his, err := s.requests.Make(ctx, peopletest.As(ben), job("Pharmacist"))
		must(t, err)
		nobodys, err := s.requests.Make(ctx, peopletest.As(carys), job("Locum"))
		must(t, err)
		desk := func(want ...int64) {
			t.Helper()
			all, err := s.requests.ForDesk(ctx, 2)
			must(t, err)
			var got []int64
			for _, r := range all {
				got = append(got, r.ID)
			}
			if !slices.Equal(got, want) {
				t.Errorf("the desk sees %v, want %v", got, want)
			}
		}
		if !mine.Desk || his.Desk || !nobodys.Desk {
			t.Errorf("%t, %t, %t", mine.Desk, his.Desk, nobodys.Desk)
		}
		desk(mine.ID, nobodys.ID)
		s.told.take()
		if _, err = s.requests.DecideForDesk(ctx, peopletest.As(aisha), mine.ID, yes); !errs.Is(err, errs.NotFound) {
			t.Errorf("as the desk, for oneself: %v", err)
		}
		_, err = s.requests.DecideForDesk(ctx, peopletest.Operator, mine.ID, yes)
		must(t, err)
		p, err := s.profiles.Of(ctx, aisha.No)
		if err != nil || p.Job != "Superintendent" || s.told.take() != "Aisha Rahman: accepted" {
			t.Errorf("%+v, %v", p, err)
		}
		_, err = s.requests.DecideForDesk(ctx, peopletest.Operator, nobodys.ID, request.Answer{Reason: "Not on the register."})
		must(t, err)
		if got := s.told.take(); got != "Carys Morgan: refused Not on the register." {
			t.Errorf("told: %s", got)
		}
		s.Clock.Advance(s.Policy.Request.OwnersFor)
		desk(his.ID)
		wantRule(t, s.requests.Withdraw(ctx, peopletest.As(aisha), his.ID), errs.NotFound, "request.none")
		must(t, s.requests.Withdraw(ctx, peopletest.As(ben), his.ID))
		wantRule(t, s.requests.Withdraw(ctx, peopletest.As(ben), his.ID), errs.NotFound, "request.none")
		desk()
		mineNow, err := s.requests.Of(ctx, ben.No, 5)
		if err != nil || len(mineNow) != 1 || mineNow[0].State != request.Withdrawn || mineNow[0].Decided.IsZero() {
			t.Errorf("%+v, %v", mineNow, err)
		}
		records, err := audit.About(ctx, s.DB, ben.ID, 3)
		if err != nil || records[0].What != "request.withdrawn" || records[1].What != "request.made" || records[1].Rule != "request.made" || records[1].Actor.Person != ben.ID {
			t.Errorf("%+v, %v", records, err)
		}
	})
}

// An owner without the second factor that is required decides nothing, and the request waits.
func TestAnOwnerWithoutASecondFactor(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *scene) {
		ctx := t.Context()
		aisha, ben := s.Person("Aisha", "Rahman"), s.Person("Ben", "Whitlock")
		o, box := s.Premises("FX002", aisha)
		s.Post(o, ben, "dispenser")
		s.Member(box, ben)
		r, err := s.requests.Make(ctx, peopletest.As(ben), named("Ben", "Marlow"))
		must(t, err)
		_, err = s.SecondFactor.DutyOf(ctx, peopletest.As(aisha), aisha)
		must(t, err)
		s.Clock.Advance(s.Policy.SecondFactor.Grace)
		_, err = s.requests.Decide(ctx, peopletest.As(aisha), r.ID, yes)
		wantRule(t, err, errs.Denied, "factor.required")
		s.SecondStep(aisha)
		_, err = s.requests.Decide(ctx, peopletest.As(aisha), r.ID, yes)
		must(t, err)
	})
}
