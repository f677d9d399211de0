package sharedmailbox_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"haven"
	"haven/people/account"
	"haven/people/organisation"
	"haven/people/peopletest"
	"haven/people/sharedmailbox"
	"haven/platform/audit"
	"haven/platform/db"
	"haven/platform/errs"
	"haven/platform/policy"
)

type house = peopletest.House

var as = peopletest.As

func grant(a account.Account, r haven.Rights) sharedmailbox.Grant {
	return sharedmailbox.Grant{Person: a.No, Rights: r}
}

func change(a account.Account, r haven.Rights) sharedmailbox.Change {
	return sharedmailbox.Change{Person: a.No, Rights: r}
}

// rights is what a person may do in a mailbox, as every face is told.
func rights(t *testing.T, h *house, person, mailbox account.Account) haven.Rights {
	t.Helper()
	r, v, err := h.Access.Rights(t.Context(), person.No, mailbox.No)
	if err != nil || v.Rule == "" || v.Allowed != (r != 0) {
		t.Fatalf("%v %+v %v", r, v, err)
	}
	return r
}

// want checks an error by kind and rule; an empty rule wants none.
func want(t *testing.T, what string, err error, kind errs.Kind, rule string) {
	t.Helper()
	var e *errs.Error
	if rule == "" {
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
		return
	}
	if !errors.As(err, &e) || e.Kind != kind || e.Rule != rule || e.Say == "" {
		t.Errorf("%s: %v, want %s %s", what, err, kind, rule)
	}
}

func TestCreate(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *house) {
		ctx, ann := t.Context(), h.Person("Ann", "Example")
		org, err := h.Places.Add(ctx, peopletest.Operator, organisation.Organisation{Kind: organisation.Pharmacy, Code: "FX002", Name: "ROWAN PHARMACY", Place: "LEEDS"})
		if err != nil {
			t.Fatal(err)
		}
		spec := sharedmailbox.Spec{Organisation: org.ID, ODS: "fx002", Name: org.Name, Place: org.Place, Owners: []haven.AccountNo{ann.No}}
		a, err := h.Shared.Create(ctx, peopletest.Operator, spec)
		if err != nil || a.Address.String() != "nhspharmacy.leeds.rowanpharmacyFX002@haven.example" ||
			a.Display != "Pharmacy FX002 (Rowan Pharmacy, Leeds)" || a.Kind != haven.Shared || a.State != account.Active {
			t.Fatalf("%+v, %v", a, err)
		}
		if got, err := h.Accounts.Resolve(ctx, haven.MustAddress("PHARMACY.fx002@haven.example")); err != nil || got.No != a.No || got.Address != a.Address {
			t.Errorf("the alias leads to %+v, %v", got, err)
		}
		if got := rights(t, h, ann, a); got != haven.Owner {
			t.Errorf("the owner may %s", got)
		}
		if all, err := h.Shared.Of(ctx, org.ID); err != nil || len(all) != 1 || all[0] != a.No {
			t.Errorf("of the organisation: %v, %v", all, err)
		}
		_, err = h.Shared.Create(ctx, peopletest.Operator, spec)
		want(t, "the same once more", err, errs.Conflict, "address.taken")
		change := func(f func(*sharedmailbox.Spec)) error {
			s := spec
			s.ODS = "FX003"
			f(&s)
			_, err := h.Shared.Create(ctx, peopletest.Operator, s)
			return err
		}
		want(t, "no owner", change(func(s *sharedmailbox.Spec) { s.Owners = nil }), errs.Invalid, "sharedmailbox.no-owner")
		want(t, "an owner who is none", change(func(s *sharedmailbox.Spec) { s.Owners = []haven.AccountNo{999} }), errs.NotFound, "account.unknown")
		want(t, "a mailbox as owner", change(func(s *sharedmailbox.Spec) { s.Owners = []haven.AccountNo{a.No} }), errs.Invalid, "sharedmailbox.person")
		want(t, "the same person twice", change(func(s *sharedmailbox.Spec) { s.Members = s.Owners }), errs.Conflict, "sharedmailbox.member-already")
		want(t, "a wrong code", change(func(s *sharedmailbox.Spec) { s.ODS = "nonsense" }), errs.Invalid, "organisation.code")
		want(t, "a name that breaks a header apart", change(func(s *sharedmailbox.Spec) { s.Display = "Rowan\r\nBcc: eve@elsewhere.test" }), errs.Invalid, "account.name")
		want(t, "octets that are no text", change(func(s *sharedmailbox.Spec) { s.Place = "\xff\xfe" }), errs.Invalid, "account.name")
		want(t, "a strange domain", change(func(s *sharedmailbox.Spec) { s.Domain = "elsewhere.test" }), errs.Invalid, "address.domain")
		_, err = h.Shared.Create(ctx, haven.Actor{}, spec)
		want(t, "nobody", err, errs.Denied, "access.no-person")
		if got := h.Pharmacy("FX003", ann); got.Address.Local != "nhspharmacy.leeds.rowanpharmacyFX003" {
			t.Errorf("failed ones left something behind: %s", got.Address)
		}
	})
}

// TestHave: a premises that is found is known to have its mailbox, until that is deleted.
func TestHave(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *house) {
		ctx, ann := t.Context(), h.Person("Ann", "Example")
		var first organisation.Organisation
		for _, code := range []organisation.Code{"FX001", "FX002"} {
			o, err := h.Places.Add(ctx, peopletest.Operator, organisation.Organisation{Kind: organisation.Pharmacy, Code: code, Name: "ROWAN PHARMACY", Place: "LEEDS"})
			if err != nil {
				t.Fatal(err)
			}
			if code == "FX001" {
				first = o
			}
		}
		box, err := h.Shared.Create(ctx, peopletest.Operator, sharedmailbox.Spec{Organisation: first.ID, ODS: "FX001", Name: "Rowan", Place: "Leeds", Owners: []haven.AccountNo{ann.No}})
		if err != nil {
			t.Fatal(err)
		}
		has := func(want bool) {
			t.Helper()
			f, err := h.Places.Find(ctx, "rowan leeds", 20)
			if err != nil || len(f.Hits) != 2 || f.Hits[0].Mailbox != want || f.Hits[1].Mailbox {
				t.Errorf("%+v, %v", f, err)
			}
		}
		has(true)
		if err := h.Accounts.SetState(ctx, peopletest.Operator, box.No, account.Deleted, "test"); err != nil {
			t.Fatal(err)
		}
		has(false)
	})
}

// TestWithoutAnOwner: within a transaction a mailbox can be made before its owner is there, and let somebody in.
func TestWithoutAnOwner(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *house) {
		ctx, ann, bob := t.Context(), h.Person("Ann", "Example"), h.Person("Bob", "Example")
		spec := sharedmailbox.Spec{ODS: "FX002", Name: "Rowan", Place: "Leeds", Members: []haven.AccountNo{bob.No}}
		if err := h.Shared.Complete(peopletest.Operator, &spec); err != nil {
			t.Fatal(err)
		}
		no, err := h.Accounts.Reserve(ctx, haven.Shared)
		if err != nil {
			t.Fatal(err)
		}
		err = h.DB.Write(ctx, func(tx *db.Tx) error {
			a, err := h.Shared.CreateIn(tx, peopletest.Operator, no, spec)
			if err != nil {
				return err
			}
			return h.Accounts.SetStateIn(tx, peopletest.Operator, a.No, account.Blocked, "test")
		})
		if err != nil {
			t.Fatal(err)
		}
		box, err := h.Accounts.ByNo(ctx, no)
		if err != nil || box.State != account.Blocked || rights(t, h, bob, box) != 0 {
			t.Errorf("%+v, %v", box, err)
		}
		join := func(mailbox haven.AccountNo) error {
			return h.DB.Write(ctx, func(tx *db.Tx) error {
				if err := account.Lock(tx, mailbox, ann.No); err != nil {
					return err
				}
				if err := h.Shared.AddMemberIn(tx, peopletest.Operator, mailbox, grant(ann, haven.Owner)); err != nil {
					return err
				}
				return h.Accounts.SetStateIn(tx, peopletest.Operator, mailbox, account.Active, "test")
			})
		}
		want(t, "into a person's account", join(bob.No), errs.NotFound, "account.unknown")
		want(t, "Ann comes in", join(no), 0, "")
		want(t, "Ann once more", join(no), errs.Conflict, "sharedmailbox.member-already")
		h.Shared.Announce(no)
		if got := h.Announced.Take(); !slices.Contains(got, no) || rights(t, h, ann, box) != haven.Owner || rights(t, h, bob, box) != haven.Member {
			t.Errorf("announced %v, Ann may %s", got, rights(t, h, ann, box))
		}
	})
}

func TestMembersComeChangeAndGo(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *house) {
		ctx := t.Context()
		ann, bob, eve := h.Person("Ann", "Example"), h.Person("Bob", "Example"), h.Person("Eve", "Example")
		shop := h.Pharmacy("FX002", ann)
		h.Announced.Take()
		want(t, "Eve adds herself", h.Shared.AddMember(ctx, as(eve), shop.No, grant(eve, haven.Owner)), errs.NotFound, "account.unknown")
		want(t, "Ann adds Bob", h.Shared.AddMember(ctx, as(ann), shop.No, grant(bob, haven.Member)), 0, "")
		if got := h.Announced.Take(); !slices.Contains(got, shop.No) || !slices.Contains(got, bob.No) {
			t.Errorf("announced %v", got)
		}
		if got := rights(t, h, bob, shop); got != haven.Member {
			t.Errorf("Bob may %s", got)
		}
		if got := rights(t, h, eve, shop); got != 0 {
			t.Errorf("Eve may %s", got)
		}
		want(t, "Ann adds Bob again", h.Shared.AddMember(ctx, as(ann), shop.No, grant(bob, haven.Member)), errs.Conflict, "sharedmailbox.member-already")
		want(t, "Bob adds Eve", h.Shared.AddMember(ctx, as(bob), shop.No, grant(eve, haven.Read)), errs.Denied, "access.member")
		want(t, "Bob makes himself owner", h.Shared.ChangeMember(ctx, as(bob), shop.No, change(bob, haven.Owner)), errs.Denied, "access.member")
		want(t, "Bob removes Ann", h.Shared.RemoveMember(ctx, as(bob), shop.No, ann.No), errs.Denied, "access.member")
		want(t, "Ann changes Eve, who is none", h.Shared.ChangeMember(ctx, as(ann), shop.No, change(eve, haven.Read)), errs.NotFound, "sharedmailbox.no-member")
		want(t, "Ann lets Bob only read", h.Shared.ChangeMember(ctx, as(ann), shop.No, change(bob, haven.Read)), 0, "")
		if got := rights(t, h, bob, shop); got != haven.Read {
			t.Errorf("Bob may %s", got)
		}
		want(t, "in a person's account", h.Shared.AddMember(ctx, as(ann), ann.No, grant(bob, haven.Read)), errs.NotFound, "account.unknown")
		want(t, "nobody adds", h.Shared.AddMember(ctx, haven.Actor{}, shop.No, grant(eve, haven.Read)), errs.Denied, "access.no-person")
		want(t, "the service adds", h.Shared.AddMember(ctx, peopletest.Operator, shop.No, grant(eve, haven.Read)), 0, "")
		members, err := h.Shared.Members(ctx, bob.No, shop.No)
		if err != nil || len(members) != 3 || members[1].Person.Address.Local != "bob.example" || members[1].GrantedBy != ann.ID {
			t.Errorf("%+v, %v", members, err)
		}
		want(t, "Bob leaves", h.Shared.RemoveMember(ctx, as(bob), shop.No, bob.No), 0, "")
		want(t, "Bob leaves again", h.Shared.RemoveMember(ctx, as(bob), shop.No, bob.No), errs.NotFound, "account.unknown")
		if got := rights(t, h, bob, shop); got != 0 {
			t.Errorf("Bob may %s after leaving", got)
		}
		_, err = h.Shared.Members(ctx, bob.No, shop.No)
		want(t, "Bob looks at the members", err, errs.NotFound, "account.unknown")
		log, err := audit.About(ctx, h.DB, bob.ID, 20)
		if err != nil || !slices.ContainsFunc(log, func(r audit.Sealed) bool {
			return r.What == "sharedmailbox.member-granted" && r.Actor.Person == ann.ID && r.On == shop.ID && r.Note == "read"
		}) {
			t.Errorf("%+v, %v", log, err)
		}
	})
}

// TestAChangeKeepsWhatItDoesNotName: other rights give nobody more time, and another end gives nobody more rights.
func TestAChangeKeepsWhatItDoesNotName(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *house) {
		ctx := t.Context()
		ann, bob := h.Person("Ann", "Example"), h.Person("Bob", "Example")
		shop := h.Pharmacy("FX002", ann)
		begins, ends := h.Clock.Now().Add(time.Hour), h.Clock.Now().Add(9*time.Hour)
		want(t, "a shift", h.Shared.AddMember(ctx, as(ann), shop.No, sharedmailbox.Grant{Person: bob.No, Rights: haven.Member, From: begins, Until: ends}), 0, "")
		for _, c := range []struct {
			what   string
			change sharedmailbox.Change
			rights haven.Rights
			until  time.Time
		}{
			{"other rights", sharedmailbox.Change{Rights: haven.Read}, haven.Read, ends},
			{"a longer shift", sharedmailbox.Change{Until: ends.Add(time.Hour)}, haven.Read, ends.Add(time.Hour)},
			{"both", sharedmailbox.Change{Rights: haven.Member, Until: ends}, haven.Member, ends},
			{"for good", sharedmailbox.Change{Endless: true}, haven.Member, time.Time{}},
			{"nothing", sharedmailbox.Change{}, haven.Member, time.Time{}},
		} {
			c.change.Person = bob.No
			want(t, c.what, h.Shared.ChangeMember(ctx, as(ann), shop.No, c.change), 0, "")
			all, err := h.Shared.Members(ctx, 0, shop.No)
			if err != nil || len(all) != 2 || all[1].Rights != c.rights || !all[1].From.Equal(begins) || !all[1].Until.Equal(c.until) {
				t.Errorf("%s: %+v, %v", c.what, all, err)
			}
		}
	})
}

// TestAnOwnerWhoStepsDownLosesTheRightAtOnce guards against an answer remembered from inside the change itself.
func TestAnOwnerWhoStepsDownLosesTheRightAtOnce(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *house) {
		ann, bob := h.Person("Ann", "Example"), h.Person("Bob", "Example")
		shop := h.Pharmacy("FX002", ann, bob)
		want(t, "Ann steps down", h.Shared.ChangeMember(t.Context(), as(ann), shop.No, change(ann, haven.Read)), 0, "")
		if got := rights(t, h, ann, shop); got != haven.Read {
			t.Errorf("Ann may %s", got)
		}
		want(t, "Ann makes herself owner again", h.Shared.ChangeMember(t.Context(), as(ann), shop.No, change(ann, haven.Owner)), errs.Denied, "access.member")
	})
}

func TestTheLastOwnerStays(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *house) {
		ctx := t.Context()
		ann, bob := h.Person("Ann", "Example"), h.Person("Bob", "Example")
		shop := h.Pharmacy("FX002", ann)
		h.Member(shop, bob)
		const rule = "sharedmailbox.last-owner"
		want(t, "leaves", h.Shared.RemoveMember(ctx, as(ann), shop.No, ann.No), errs.Denied, rule)
		want(t, "is removed by the service", h.Shared.RemoveMember(ctx, peopletest.Operator, shop.No, ann.No), errs.Denied, rule)
		want(t, "becomes a member", h.Shared.ChangeMember(ctx, as(ann), shop.No, change(ann, haven.Member)), errs.Denied, rule)
		ending := change(ann, haven.Owner)
		ending.Until = h.Clock.Now().Add(time.Hour)
		want(t, "gets an end", h.Shared.ChangeMember(ctx, as(ann), shop.No, ending), errs.Denied, rule)
		if got := rights(t, h, ann, shop); got != haven.Owner {
			t.Fatalf("Ann may %s", got)
		}
		want(t, "names Bob, who has no mobile", h.Shared.ChangeMember(ctx, as(ann), shop.No, change(bob, haven.Owner)), errs.Invalid, sharedmailbox.RuleOwnerMobile)
		h.Mobile(bob)
		want(t, "names Bob", h.Shared.ChangeMember(ctx, as(ann), shop.No, change(bob, haven.Owner)), 0, "")
		want(t, "and leaves", h.Shared.RemoveMember(ctx, as(ann), shop.No, ann.No), 0, "")
		h.Ownerless = 1
		want(t, "Bob is removed for safety", h.Shared.RemoveForSafety(ctx, peopletest.Operator, shop.No, bob.No), 0, "")
		if got := rights(t, h, bob, shop); got != 0 {
			t.Errorf("Bob may %s", got)
		}
		if found, err := sharedmailbox.Check(ctx, h.DB); err != nil || found.Ownerless != 1 || len(found.Faults) > 0 {
			t.Errorf("check: %+v, %v", found, err)
		}
		log, err := audit.About(ctx, h.DB, shop.ID, 20)
		if err != nil || !slices.ContainsFunc(log, func(r audit.Sealed) bool { return r.What == "sharedmailbox.ownerless" }) {
			t.Errorf("no alarm: %+v, %v", log, err)
		}
	})
}

// TestOwnersWhoLeaveAtOnce races every owner's leaving: one stays, and is told so.
func TestOwnersWhoLeaveAtOnce(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *house) {
		for round := range 10 {
			var owners []account.Account
			for i := range 4 {
				owners = append(owners, h.Person("Owner", fmt.Sprintf("%c%c", 'a'+round, 'a'+i)))
			}
			shop := h.Pharmacy(organisation.Code(fmt.Sprintf("FX%03d", round)), owners...)
			outcomes := make([]error, len(owners))
			var wg sync.WaitGroup
			for i, o := range owners {
				wg.Go(func() {
					if i%2 == 0 {
						outcomes[i] = h.Shared.RemoveMember(t.Context(), as(o), shop.No, o.No)
					} else {
						outcomes[i] = h.Shared.ChangeMember(t.Context(), as(o), shop.No, change(o, haven.Member))
					}
				})
			}
			wg.Wait()
			refused := 0
			for _, err := range outcomes {
				if err != nil {
					refused++
					want(t, "the last", err, errs.Denied, "sharedmailbox.last-owner")
				}
			}
			left, err := h.Shared.Members(t.Context(), 0, shop.No)
			owning := slices.DeleteFunc(left, func(m sharedmailbox.Membership) bool { return !m.Owner() })
			if err != nil || refused != 1 || len(owning) != 1 {
				t.Errorf("round %d: %d refused, %d owners left, %v", round, refused, len(owning), err)
			}
		}
	})
}

// TestTwoOwnersRemoveEachOther can end with either, and never with none.
func TestTwoOwnersRemoveEachOther(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *house) {
		ann, bob := h.Person("Ann", "Example"), h.Person("Bob", "Example")
		shop := h.Pharmacy("FX002", ann, bob)
		var wg sync.WaitGroup
		var err1, err2 error
		wg.Go(func() { err1 = h.Shared.RemoveMember(t.Context(), as(ann), shop.No, bob.No) })
		wg.Go(func() { err2 = h.Shared.RemoveMember(t.Context(), as(bob), shop.No, ann.No) })
		wg.Wait()
		left, err := h.Shared.Members(t.Context(), 0, shop.No)
		if err != nil || len(left) != 1 || (err1 == nil) == (err2 == nil) {
			t.Errorf("%+v left, %v, %v, %v", left, err1, err2, err)
		}
	})
}

func TestAShiftBeginsAndEndsByItself(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *house) {
		ann, loc := h.Person("Ann", "Example"), h.Person("Lou", "Example")
		shop := h.Pharmacy("FX002", ann)
		h.SecondStep(ann) // six weeks are more than the grace
		shift := grant(loc, haven.Member)
		shift.From, shift.Until = h.Clock.Now().Add(time.Hour), h.Clock.Now().Add(9*time.Hour)
		want(t, "the pass", h.Shared.AddMember(t.Context(), as(ann), shop.No, shift), 0, "")
		for _, step := range []struct {
			by   time.Duration
			want haven.Rights
		}{{0, 0}, {time.Hour - 1, 0}, {1, haven.Member}, {8*time.Hour - 1, haven.Member}, {1, 0}, {1000 * time.Hour, 0}} {
			h.Clock.Advance(step.by)
			open, err := h.Shared.For(t.Context(), loc.No)
			if got := rights(t, h, loc, shop); got != step.want || err != nil || (len(open) == 1) != (step.want != 0) {
				t.Errorf("%v: %s, list %v, %v", h.Clock.Now(), got, open, err)
			}
		}
		shift.From, shift.Until = time.Time{}, time.Time{}
		want(t, "a new one after the old one ended", h.Shared.AddMember(t.Context(), as(ann), shop.No, shift), 0, "")
	})
}

func TestForListsWhatOpens(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *house) {
		ctx, ann, bob := t.Context(), h.Person("Ann", "Example"), h.Person("Bob", "Example")
		for i, code := range []organisation.Code{"FX002", "FX003", "FX004"} {
			shop := h.Pharmacy(code, ann)
			if i < 2 {
				h.Member(shop, bob)
			}
		}
		names := func(a account.Account) (s string) {
			open, err := h.Shared.For(ctx, a.No)
			if err != nil {
				t.Fatal(err)
			}
			for _, o := range open {
				s += o.Account.Address.Local[len(o.Account.Address.Local)-5:] + ":" + o.Rights.String() + " "
				if o.Account.ID.IsZero() || o.Account.Kind != haven.Shared {
					t.Errorf("%+v", o)
				}
			}
			return strings.TrimSpace(s)
		}
		const member, owner = ":read,write,send-as", ":read,write,send-as,send-on-behalf,manage"
		if got := names(ann); got != "FX002"+owner+" FX003"+owner+" FX004"+owner {
			t.Errorf("Ann: %s", got)
		}
		if got := names(bob); got != "FX002"+member+" FX003"+member {
			t.Errorf("Bob: %s", got)
		}
		if err := h.Accounts.SetState(ctx, peopletest.Operator, bob.No, account.Blocked, "block.safety"); err != nil {
			t.Fatal(err)
		}
		if got := names(bob); got != "" {
			t.Errorf("Bob, blocked: %s", got)
		}
	})
}

// TestEndedShiftsHideNothing: memberships that ended, or have not begun, take no room from those that open something.
func TestEndedShiftsHideNothing(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *house) {
		ctx, ann, loc := t.Context(), h.Person("Ann", "Example"), h.Person("Lou", "Locum")
		now := h.Clock.Now()
		var last account.Account
		for _, c := range []struct {
			code        organisation.Code
			from, until time.Time
		}{{"FX002", now, now.Add(time.Hour)}, {"FX003", now.Add(48 * time.Hour), time.Time{}}, {"FX004", now, now.Add(9 * time.Hour)}} {
			last = h.Pharmacy(c.code, ann)
			g := sharedmailbox.Grant{Person: loc.No, Rights: haven.Member, From: c.from, Until: c.until}
			want(t, "a shift", h.Shared.AddMember(ctx, as(ann), last.No, g), 0, "")
		}
		h.Clock.Advance(2 * time.Hour)
		open, err := h.Shared.For(ctx, loc.No)
		if err != nil || len(open) != 1 || open[0].Account.No != last.No {
			t.Errorf("%+v, %v", open, err)
		}
	}, func(p *policy.Policy) { p.Connection.OpenMailboxes = 1 })
}

func TestLimits(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *house) {
		ctx := t.Context()
		var people []account.Account
		for i := range 5 {
			people = append(people, h.Person("Person", string(rune('a'+i))))
		}
		shop := h.Pharmacy("FX002", people[0], people[1])
		h.Mobile(people[2])
		want(t, "a third owner", h.Shared.AddMember(ctx, as(people[0]), shop.No, grant(people[2], haven.Owner)), errs.TooMany, "sharedmailbox.owners")
		want(t, "a third member", h.Shared.AddMember(ctx, as(people[0]), shop.No, grant(people[2], haven.Member)), 0, "")
		var wg sync.WaitGroup
		var errs2 [2]error
		for i := range errs2 { // one place is left for two
			wg.Go(func() {
				errs2[i] = h.Shared.AddMember(ctx, as(people[i]), shop.No, grant(people[3+i], haven.Member))
			})
		}
		wg.Wait()
		if (errs2[0] == nil) == (errs2[1] == nil) {
			t.Errorf("%v, %v: want one in and one out", errs2[0], errs2[1])
		}
	}, func(p *policy.Policy) { p.Shared.Members, p.Shared.Owners = 4, 2 })
}

func TestDatesAreTold(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *house) {
		ctx := t.Context()
		ann, locum := h.Person("Ann", "Example"), h.Person("Lou", "Example")
		shop, other := h.Pharmacy("FX002", ann), h.Pharmacy("FX003", ann)
		now := h.Clock.Now()
		shift := sharedmailbox.Grant{Person: locum.No, Rights: haven.Member, From: now.Add(time.Hour), Until: now.Add(9 * time.Hour)}
		want(t, "a shift", h.Shared.AddMember(ctx, as(ann), shop.No, shift), 0, "")
		want(t, "for good", h.Shared.AddMember(ctx, as(ann), other.No, grant(locum, haven.Member)), 0, "")
		dates := h.Shared.Dates()
		for _, step := range []struct {
			after time.Duration
			told  bool
			may   haven.Rights
		}{
			{time.Hour - time.Second, false, 0},
			{time.Second, true, haven.Member},
			{time.Minute, false, haven.Member},
			{8 * time.Hour, true, 0},
			{time.Hour, false, 0},
		} {
			h.Announced.Take()
			h.Clock.Advance(step.after)
			if err := dates.Tell(ctx); err != nil {
				t.Fatal(err)
			}
			got := h.Announced.Take()
			if told := slices.Contains(got, shop.No) && slices.Contains(got, locum.No); told != step.told || !told && len(got) > 0 {
				t.Errorf("%s later: told %v, want %t", step.after, got, step.told)
			}
			if r := rights(t, h, locum, shop); r != step.may {
				t.Errorf("%s later: the locum may %s, want %s", step.after, r, step.may)
			}
		}
	})
}
