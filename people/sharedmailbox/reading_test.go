package sharedmailbox_test

import (
	"slices"
	"testing"

	"haven"
	"haven/people/peopletest"
	"haven/people/sharedmailbox"
	"haven/platform/db"
	"haven/platform/errs"
)

func TestOwnersChooseWhoHasRead(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *peopletest.House) {
		ctx, ann, bob, cat := t.Context(), h.Person("Ann", "Example"), h.Person("Bob", "Example"), h.Person("Cat", "Example")
		shop := h.Pharmacy("FX002", ann)
		h.Member(shop, bob)
		for _, c := range []struct {
			name string
			err  error
			kind errs.Kind
		}{
			{"a member", h.Shared.SetReadsEach(ctx, peopletest.As(bob), shop.No, true), errs.Denied},
			{"a stranger", h.Shared.SetReadsEach(ctx, peopletest.As(cat), shop.No, true), errs.NotFound},
			{"somebody's own mailbox", h.Shared.SetReadsEach(ctx, peopletest.As(ann), ann.No, true), errs.NotFound},
			{"nobody", h.Shared.SetReadsEach(ctx, haven.Actor{}, shop.No, true), errs.Denied},
		} {
			if !errs.Is(c.err, c.kind) {
				t.Errorf("%s: %v", c.name, c.err)
			}
		}
		for _, step := range []struct {
			actor haven.Actor
			on    bool
		}{{peopletest.As(ann), false}, {peopletest.As(ann), true}, {peopletest.As(ann), true}, {peopletest.Operator, false}} {
			if err := h.Shared.SetReadsEach(ctx, step.actor, shop.No, step.on); err != nil {
				t.Fatal(err)
			}
			if on, err := h.Shared.ReadsEach(ctx, shop.No); err != nil || on != step.on {
				t.Errorf("each reads: %v, %v, want %v", on, err, step.on)
			}
		}
		if people := h.Reading.People(shop.No); !slices.Equal(people, []haven.AccountNo{ann.No, bob.No}) || h.Reading.Settled(shop.No) != 2 {
			t.Errorf("%v began to read, settled %d times", people, h.Reading.Settled(shop.No))
		}
		var rules []haven.Rule
		err := h.DB.Read(ctx, func(tx *db.Tx) error {
			return tx.Query(`SELECT rule FROM audit WHERE what = 'sharedmailbox.reading-set' ORDER BY rule DESC`, nil, func(r db.Row) error {
				rules = append(rules, haven.Rule(r.Text(0)))
				return nil
			})
		})
		if err != nil || !slices.Equal(rules, []haven.Rule{sharedmailbox.RuleReadsEach, sharedmailbox.RuleReadsAsOne}) {
			t.Errorf("recorded %v, %v", rules, err)
		}
	})
}
