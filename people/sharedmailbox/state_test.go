package sharedmailbox_test

import (
	"slices"
	"sync"
	"testing"

	"haven"
	"haven/people/account"
	"haven/people/peopletest"
	"haven/people/sharedmailbox"
	"haven/platform/audit"
	"haven/platform/errs"
)

// TestNoStateLeavesAMailboxWithoutAnOwner: the last owner goes on leave only when another one is named; a block is never
// refused, and told.
func TestNoStateLeavesAMailboxWithoutAnOwner(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *house) {
		ctx := t.Context()
		ann, bob := h.Person("Ann", "Example"), h.Person("Bob", "Example")
		shop, other := h.Pharmacy("FX002", ann), h.Pharmacy("FX003", ann, bob)
		set := func(who account.Account, to account.State, kind errs.Kind, rule string) []string {
			t.Helper()
			left, err := h.Shared.SetState(ctx, peopletest.Operator, who.No, to, "test")
			want(t, to.String(), err, kind, rule)
			var names []string
			for _, a := range left {
				names = append(names, a.String())
			}
			return names
		}
		for _, to := range []account.State{account.Inactive, account.Disabled, account.Leaver, account.Deleted} {
			set(ann, to, errs.Denied, "sharedmailbox.last-owner")
		}
		if a, err := h.Accounts.ByNo(ctx, ann.No); err != nil || a.State != account.Active {
			t.Fatalf("after the refusals: %v, %v", a.State, err)
		}
		set(bob, account.Leaver, 0, "") // Ann is there
		set(bob, account.Active, 0, "")
		h.Ownerless = 1
		if left := set(ann, account.Blocked, 0, ""); !slices.Equal(left, []string{shop.Address.String()}) {
			t.Errorf("the block left %v without an owner", left)
		}
		log, err := audit.About(ctx, h.DB, shop.ID, 20)
		if err != nil || !slices.ContainsFunc(log, func(r audit.Sealed) bool { return r.What == "sharedmailbox.ownerless" && r.Other == ann.ID }) {
			t.Errorf("%+v, %v", log, err)
		}
		set(bob, account.Leaver, errs.Denied, "sharedmailbox.last-owner") // now the last of the other one
		for _, to := range []account.State{account.Leaver, account.Inactive, account.Disabled, account.Invited} {
			set(other, to, errs.Invalid, "account.state")
		}
		set(other, account.Blocked, 0, "")
		set(other, account.Active, 0, "")
	})
}

// TestTwoOwnersGoAtOnce: of the last two who go at the same time one has to stay.
func TestTwoOwnersGoAtOnce(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *house) {
		people := []account.Account{h.Person("Ann", "Example"), h.Person("Bob", "Example")}
		h.Pharmacy("FX002", people...)
		var outcomes [2]error
		var wg sync.WaitGroup
		for i, p := range people {
			wg.Go(func() {
				_, outcomes[i] = h.Shared.SetState(t.Context(), peopletest.Operator, p.No, account.Leaver, "test")
			})
		}
		wg.Wait()
		if (outcomes[0] == nil) == (outcomes[1] == nil) {
			t.Errorf("both end alike: %v, %v", outcomes[0], outcomes[1])
		}
	})
}

// TestAStateAndAMembershipAtOnce: both take the locks of mailbox and person in the same order, so that neither waits for a
// deadlock to be noticed.
func TestAStateAndAMembershipAtOnce(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *house) {
		ctx, ann := t.Context(), h.Person("Ann", "Example")
		shop, bob := h.Pharmacy("FX002", ann), h.Person("Bob", "Example")
		want(t, "a second owner", h.Shared.AddMember(ctx, peopletest.Operator, shop.No, sharedmailbox.Grant{Person: bob.No, Rights: haven.Owner}), 0, "")
		var wg sync.WaitGroup
		for n := range 30 {
			wg.Go(func() {
				if _, err := h.Shared.SetState(ctx, peopletest.Operator, bob.No, []account.State{account.Disabled, account.Active}[n%2], "test"); err != nil {
					t.Error(err)
				}
			})
			wg.Go(func() {
				if err := h.Shared.ChangeMember(ctx, peopletest.Operator, shop.No, sharedmailbox.Change{Person: bob.No, Rights: haven.Owner}); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if n := h.DB.Stats().Retries; n != 0 {
			t.Errorf("%d transactions ran into each other", n)
		}
	})
}
