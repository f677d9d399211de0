package review_test

import (
	"testing"
	"time"

	"haven"
	"haven/people/account"
	"haven/people/peopletest"
	"haven/people/review"
	"haven/people/sharedmailbox"
	"haven/platform/audit"
	"haven/platform/db"
	"haven/platform/db/dbtest"
	"haven/platform/errs"
	"haven/platform/policy"
)

type house struct {
	*peopletest.House
	review *review.Service
}

func each(t *testing.T, fn func(t *testing.T, h *house), change ...func(*policy.Policy)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := &house{House: peopletest.New(t, d, change...)}
		h.review = review.New(review.Options{DB: d, Access: h.Access, Shared: h.Shared, Policy: h.Policy.Shared, Clock: h.Clock})
		fn(t, h)
	}, append(peopletest.Schemas(), review.Schema)...)
}

func (h *house) must(err error) {
	h.T.Helper()
	if err != nil {
		h.T.Fatal(err)
	}
}

func (h *house) stands(when string, box account.Account, due, overdue bool) {
	h.T.Helper()
	all, err := h.review.Of(h.T.Context(), box.No)
	if err != nil || len(all) != 1 || all[0].IsDue != due || all[0].IsUnmade != overdue {
		h.T.Errorf("%s: %+v, %v", when, all, err)
	}
	late, err := h.review.Overdue(h.T.Context(), 10)
	if err != nil || (len(late) == 1) != overdue {
		h.T.Errorf("%s: overdue %+v, %v", when, late, err)
	}
}

func TestReview(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		ctx, ann, ben, cat, dan := t.Context(), h.Person("Ann", "Example"), h.Person("Ben", "Example"), h.Person("Cat", "Example"), h.Person("Dan", "Example")
		shop := h.Pharmacy("FX002", ann)
		for _, who := range []account.Account{ben, cat} {
			h.Member(shop, who)
		}
		h.must(h.Shared.AddMember(ctx, peopletest.Operator, shop.No, sharedmailbox.Grant{Person: dan.No, Rights: haven.Read, Until: h.Clock.Now().Add(time.Hour)}))
		if _, err := h.Accounts.Authenticate(ctx, account.Login{User: ben.Address.String(), Password: peopletest.Password, Face: account.Web, Place: "192.0.2.7"}); err != nil {
			t.Fatal(err)
		}
		h.stands("a new mailbox", shop, false, false)
		h.Clock.Advance(h.Policy.Shared.ReviewEvery)
		h.stands("three months on", shop, true, false)
		h.Clock.Advance(h.Policy.Shared.ReviewWithin)
		h.stands("and two weeks", shop, true, true)

		people, err := h.review.People(ctx, ann.No, shop.No)
		if err != nil || len(people) != 3 || people[0].Person.No != ann.No || !people[0].Used.IsZero() || !people[1].Used.Equal(peopletest.Start) || !people[0].Owner() {
			t.Fatalf("%+v, %v", people, err)
		}
		if _, err := h.review.People(ctx, ben.No, shop.No); !errs.Is(err, errs.Denied) {
			t.Errorf("to a member: %v", err)
		}
		shown := []haven.AccountNo{ann.No, ben.No, cat.No}
		for name, c := range map[string]struct {
			by   account.Account
			in   review.Answer
			kind errs.Kind
		}{
			"a member":            {ben, review.Answer{Mailbox: shop.No, Shown: shown}, errs.Denied},
			"a stranger":          {dan, review.Answer{Mailbox: shop.No, Shown: shown}, errs.NotFound},
			"the own access":      {ann, review.Answer{Mailbox: shop.No, Shown: shown, Ends: []haven.AccountNo{ann.No}}, errs.Invalid},
			"not all were seen":   {ann, review.Answer{Mailbox: shop.No, Shown: shown[:2]}, errs.Conflict},
			"who has no access":   {ann, review.Answer{Mailbox: shop.No, Shown: shown, Ends: []haven.AccountNo{dan.No}}, errs.Conflict},
			"somebody's own mail": {ann, review.Answer{Mailbox: ann.No, Shown: shown}, errs.NotFound},
		} {
			if _, err := h.review.Make(ctx, peopletest.As(c.by), c.in); !errs.Is(err, c.kind) {
				t.Errorf("%s: %v", name, err)
			}
		}
		h.stands("refused", shop, true, true)
		done, err := h.review.Make(ctx, peopletest.As(ann), review.Answer{Mailbox: shop.No, Shown: shown, Ends: []haven.AccountNo{cat.No}})
		if err != nil || done != (review.Done{Kept: 2, Ended: 1}) {
			t.Fatalf("%+v, %v", done, err)
		}
		h.stands("made", shop, false, false)
		if r, _, err := h.Access.Rights(ctx, cat.No, shop.No); err != nil || r != 0 {
			t.Errorf("Cat opens it still: %s, %v", r, err)
		}
		all, err := h.review.Of(ctx, shop.No)
		if err != nil || all[0].By != ann.ID || !all[0].Last.Equal(h.Clock.Now()) {
			t.Errorf("%+v, %v", all, err)
		}
		found, err := audit.Newest(ctx, h.DB, audit.Filter{Concerns: shop.ID}, audit.Place{}, 3)
		recorded := map[string]bool{}
		for _, f := range found {
			recorded[f.Sealed.What] = f.Sealed.At.Equal(h.Clock.Now()) && f.Sealed.Actor.Person == ann.ID
		}
		if err != nil || !recorded["review.made"] || !recorded["sharedmailbox.member-removed"] {
			t.Errorf("%+v, %v", found, err)
		}
		h.Clock.Advance(h.Policy.Shared.ReviewEvery)
		h.stands("three months later", shop, true, false)
	})
}

// A mailbox that is shut asks nobody, and where the policy asks for no reviews there are none.
func TestNobodyIsAsked(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		shop := h.Pharmacy("FX002", h.Person("Ann", "Example"))
		h.Clock.Advance(1000 * 24 * time.Hour)
		h.stands("the policy asks for none", shop, false, false)
	}, func(p *policy.Policy) { p.Shared.ReviewEvery = 0 })
	each(t, func(t *testing.T, h *house) {
		shop := h.Pharmacy("FX002", h.Person("Ann", "Example"))
		h.Clock.Advance(1000 * 24 * time.Hour)
		h.must(h.Accounts.SetState(t.Context(), peopletest.Operator, shop.No, account.Sealed, "test"))
		if late, err := h.review.Overdue(t.Context(), 10); err != nil || len(late) > 0 {
			t.Errorf("%+v, %v", late, err)
		}
		if all, err := h.review.Of(t.Context(), shop.No); err != nil || len(all) > 0 {
			t.Errorf("%+v, %v", all, err)
		}
	})
}
