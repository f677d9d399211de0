package access_test

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"haven"
	"haven/people/account"
	"haven/people/peopletest"
	"haven/people/sharedmailbox"
	"haven/platform/db"
	"haven/platform/db/dbtest"
	"haven/platform/errs"
)

type house = peopletest.House

func TestCheck(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *house) {
		ann, bob := h.Person("Ann", "Example"), h.Person("Bob", "Example")
		shop := h.Pharmacy("FX002", ann)
		h.Member(shop, bob)
		for range 2 { // the second time from memory
			for _, c := range []struct {
				name            string
				person, account haven.AccountNo
				need            haven.Rights
				kind            errs.Kind
				ok              bool
			}{
				{"own", ann.No, ann.No, haven.Own, 0, true},
				{"owner", ann.No, shop.No, haven.Manage, 0, true},
				{"member reads", bob.No, shop.No, haven.Read | haven.Write, 0, true},
				{"member manages", bob.No, shop.No, haven.Manage, errs.Denied, false},
				{"the service's own right", ann.No, shop.No, haven.Insert, errs.Denied, false},
				{"another person", ann.No, bob.No, haven.Read, errs.NotFound, false},
				{"another person, no right in particular", ann.No, bob.No, 0, errs.NotFound, false},
				{"no such account", ann.No, 999, haven.Read, errs.NotFound, false},
				{"no such person", 999, shop.No, haven.Read, errs.NotFound, false},
				{"no such person on no such account", 999, 999, haven.Read, errs.NotFound, false},
				{"a mailbox on itself", shop.No, shop.No, haven.Read, errs.NotFound, false},
				{"a mailbox on a person", shop.No, ann.No, haven.Read, errs.NotFound, false},
				{"nobody", 0, 0, 0, errs.NotFound, false},
			} {
				err := h.Access.Check(t.Context(), c.person, c.account, c.need)
				if (err == nil) != c.ok || !c.ok && !errs.Is(err, c.kind) {
					t.Errorf("%s: %v", c.name, err)
				}
			}
		}
		known := h.Access.Check(t.Context(), bob.No, ann.No, haven.Read)
		unknown := h.Access.Check(t.Context(), bob.No, 999, haven.Read)
		if known.Error() != unknown.Error() {
			t.Errorf("%q and %q tell existence", known, unknown)
		}
	})
}

func TestEveryChangeIsSeenAtOnce(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *house) {
		ctx, ann, bob := t.Context(), h.Person("Ann", "Example"), h.Person("Bob", "Example")
		shop := h.Pharmacy("FX002", ann)
		expect := func(what string, want haven.Rights) {
			t.Helper()
			if got, _, err := h.Access.Rights(ctx, bob.No, shop.No); err != nil || got != want {
				t.Errorf("%s: %s, %v; want %s", what, got, err, want)
			}
		}
		do := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		expect("before", 0)
		do(h.Shared.AddMember(ctx, peopletest.Operator, shop.No, sharedmailbox.Grant{Person: bob.No, Rights: haven.Read}))
		expect("added", haven.Read)
		do(h.Shared.ChangeMember(ctx, peopletest.Operator, shop.No, sharedmailbox.Change{Person: bob.No, Rights: haven.Member}))
		expect("changed", haven.Member)
		do(h.Accounts.SetState(ctx, peopletest.Operator, bob.No, account.Blocked, "test"))
		expect("blocked", 0)
		do(h.Accounts.SetState(ctx, peopletest.Operator, bob.No, account.Active, "test"))
		expect("let in again", haven.Member)
		do(h.Accounts.SetState(ctx, peopletest.Operator, shop.No, account.Sealed, "test"))
		expect("the mailbox is sealed", 0)
		do(h.Accounts.SetState(ctx, peopletest.Operator, shop.No, account.Active, "test"))
		expect("and opened", haven.Member)
		do(h.Shared.RemoveMember(ctx, peopletest.Operator, shop.No, bob.No))
		expect("removed", 0)
	})
}

// TestAFailedChangeLeavesNothingInMemory asks in the middle of a change that then fails.
func TestAFailedChangeLeavesNothingInMemory(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *house) {
		ann, bob := h.Person("Ann", "Example"), h.Person("Bob", "Example")
		shop := h.Pharmacy("FX002", ann)
		undone := errors.New("undone")
		err := h.DB.Write(t.Context(), func(tx *db.Tx) error {
			if err := account.Lock(tx, shop.No, bob.No); err != nil {
				return err
			}
			tx.Exec(`INSERT INTO member (an, person, rights, since, until, granted_by, granted) VALUES ($1, $2, 31, 0, 0, $3, 0)`,
				int64(shop.No), int64(bob.No), ann.ID[:])
			if r, _, err := h.Access.In(tx, bob.No, shop.No); err != nil || r != haven.Owner {
				t.Errorf("inside: %s, %v", r, err)
			}
			return undone
		})
		if !errors.Is(err, undone) {
			t.Fatal(err)
		}
		if err := h.Accounts.SetState(t.Context(), peopletest.Operator, bob.No, account.Active, "test"); err != nil {
			t.Fatal(err)
		}
		if r, _, err := h.Access.Rights(t.Context(), bob.No, shop.No); err != nil || r != 0 {
			t.Errorf("after: %s, %v", r, err)
		}
	})
}

// TestNobodyReadsAfterTheRemovalCommitted races looks against removals: a look that begins after a removal
// returned never finds rights.
func TestNobodyReadsAfterTheRemovalCommitted(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *house) {
		ctx, ann, bob := t.Context(), h.Person("Ann", "Example"), h.Person("Bob", "Example")
		shop := h.Pharmacy("FX002", ann)
		var out, stop atomic.Bool
		out.Store(true)
		var mu sync.RWMutex // held by a change, so that out is true of every look
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				for !stop.Load() {
					mu.RLock()
					r, _, err := h.Access.Rights(ctx, bob.No, shop.No)
					if err != nil || out.Load() != (r == 0) {
						t.Errorf("out %v, and may %s, %v", out.Load(), r, err)
						stop.Store(true)
					}
					mu.RUnlock()
				}
			})
		}
		for i := range 40 {
			mu.Lock()
			var err error
			if i%2 == 0 {
				err = h.Shared.AddMember(ctx, peopletest.Operator, shop.No, sharedmailbox.Grant{Person: bob.No, Rights: haven.Member})
			} else {
				err = h.Shared.RemoveMember(ctx, peopletest.Operator, shop.No, bob.No)
			}
			if err != nil {
				t.Error(err)
			}
			out.Store(i%2 == 1)
			mu.Unlock()
		}
		stop.Store(true)
		wg.Wait()
	})
}

func BenchmarkIn(b *testing.B) {
	h := peopletest.New(b, dbtest.Open(b, "sqlite", peopletest.Schemas()...))
	ann := h.Person("Ann", "Example")
	shop := h.Pharmacy("FX002", ann)
	err := h.DB.Read(b.Context(), func(tx *db.Tx) error {
		for range b.N {
			if _, _, err := h.Access.In(tx, ann.No, shop.No); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
}
