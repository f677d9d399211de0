package sharedmailbox_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"haven"
	"haven/people/account"
	"haven/people/peopletest"
	"haven/people/sharedmailbox"
	"haven/platform/db"
	"haven/platform/errs"
)

// steps of one random run.
const steps = 250

// TestRandomSequences does what owners, members and operators do in any order, allowed or not, with the clock going on, and looks after each step:
// a mailbox keeps an owner, unless its last one was taken away for safety, and a shared mailbox has no credential of any sort (Rules 3).
func TestRandomSequences(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *house) {
		seed := rand.Uint64()
		t.Logf("seed %d", seed)
		r := &run{t: t, h: h, rand: rand.New(rand.NewPCG(seed, 1)), unsafe: map[haven.AccountNo]bool{}}
		for _, first := range []string{"Ann", "Bob", "Cara", "Dan", "Eve"} {
			r.people = append(r.people, h.Person(first, "Example"))
		}
		r.boxes = append(r.boxes, h.Pharmacy("FX002", r.people[0]), h.Pharmacy("FX003", r.people[1], r.people[2]))
		done := map[string]int{}
		for n := range steps {
			what, err := r.step()
			if errs.KindOf(err) == errs.Internal && err != nil {
				t.Fatalf("step %d, %s: %v", n, what, err)
			}
			if err == nil {
				done[what]++
			}
			r.look(n, what)
		}
		if len(done) < 8 {
			t.Errorf("only these were ever allowed: %v", done)
		}
		h.Ownerless = int64(len(r.boxes)) // the looks have judged which may be
	})
}

type run struct {
	t      *testing.T
	h      *house
	rand   *rand.Rand
	people []account.Account
	boxes  []account.Account
	unsafe map[haven.AccountNo]bool // lost an owner to a step for safety
}

func pick[T any](r *run, all []T) T { return all[r.rand.IntN(len(all))] }

// actor is somebody, or the service.
func (r *run) actor() haven.Actor {
	if r.rand.IntN(4) == 0 {
		return peopletest.Operator
	}
	return haven.Actor{Person: pick(r, r.people).ID}
}

// time is none, or a moment around now.
func (r *run) time() time.Time {
	if r.rand.IntN(2) == 0 {
		return time.Time{}
	}
	return r.h.Clock.Now().Add(time.Duration(r.rand.IntN(96)-24) * time.Hour)
}

var someRights = []haven.Rights{haven.Owner, haven.Owner, haven.Member, haven.Read, haven.Manage, 0, haven.Read | haven.SendOnBehalf}

func (r *run) step() (what string, err error) {
	ctx, box, who, actor := r.t.Context(), pick(r, r.boxes), pick(r, r.people), r.actor()
	switch r.rand.IntN(10) {
	case 0, 1:
		return "add", r.h.Shared.AddMember(ctx, actor, box.No, sharedmailbox.Grant{Person: who.No, Rights: pick(r, someRights), From: r.time(), Until: r.time()})
	case 2, 3:
		return "change", r.h.Shared.ChangeMember(ctx, actor, box.No, sharedmailbox.Change{Person: who.No, Rights: pick(r, someRights), Until: r.time(), Endless: r.rand.IntN(2) == 0})
	case 4:
		return "remove", r.h.Shared.RemoveMember(ctx, actor, box.No, who.No)
	case 5:
		return "leave", r.h.Shared.RemoveMember(ctx, haven.Actor{Person: who.ID}, box.No, who.No)
	case 6:
		if r.rand.IntN(4) > 0 {
			return "wait", r.wait()
		}
		if err = r.h.Shared.RemoveForSafety(ctx, actor, box.No, who.No); err == nil {
			r.unsafe[box.No] = true
		}
		return "remove for safety", err
	case 7:
		to := pick(r, []account.State{account.Active, account.Active, account.Inactive, account.Disabled, account.Leaver, account.Blocked, account.Died})
		left, err := r.h.Shared.SetState(ctx, peopletest.Operator, who.No, to, "test")
		for range left {
			for _, b := range r.boxes {
				r.unsafe[b.No] = true
			}
		}
		if to == account.Died && err == nil { // somebody new comes in the place
			r.people = append(r.people, r.h.Person("New", strings.Repeat("e", len(r.people))))
		}
		return "state " + to.String(), err
	case 8:
		return "password of a mailbox", r.password(box)
	}
	return "wait", r.wait()
}

func (r *run) wait() error {
	r.h.Clock.Advance(time.Duration(r.rand.IntN(12)) * time.Hour)
	return nil
}

// password tries what would give a mailbox a credential, or sign in as it; that it ever goes well is the failure.
func (r *run) password(box account.Account) error {
	ctx := r.t.Context()
	if err := r.h.Accounts.SetPassword(ctx, peopletest.Operator, box.No, peopletest.Password+fmt.Sprint(r.rand.IntN(1000)), false); err == nil {
		r.t.Error("a shared mailbox was given a password")
	}
	_, err := r.h.Accounts.Authenticate(ctx, account.Login{User: box.Address.String(), Password: peopletest.Password, Place: "192.0.2.1", Program: "test"})
	if err == nil {
		r.t.Error("somebody signed in as a shared mailbox")
	}
	return err
}

// look holds the tables against what has to be so after every step.
func (r *run) look(n int, what string) {
	r.t.Helper()
	for _, box := range r.boxes {
		members, err := r.h.Shared.Members(r.t.Context(), 0, box.No)
		if err != nil {
			r.t.Fatal(err)
		}
		if sharedmailbox.LiveOwners(members, r.h.Clock.Now()) == 0 && !r.unsafe[box.No] {
			r.t.Fatalf("after step %d, %s, %s has no owner: %+v", n, what, box.Display, members)
		}
	}
	err := r.h.DB.Read(r.t.Context(), func(tx *db.Tx) error {
		return tx.Query(`SELECT (SELECT COUNT(*) FROM credential c JOIN account a ON a.no = c.no WHERE a.kind = 2),
			(SELECT COUNT(*) FROM app_password p JOIN account a ON a.no = p.no WHERE a.kind = 2)`, nil, func(row db.Row) error {
			if row.Int64(0)+row.Int64(1) > 0 {
				r.t.Fatalf("after step %d, %s: a shared mailbox has a credential", n, what)
			}
			return nil
		})
	})
	if err != nil {
		r.t.Fatal(err)
	}
}
