package sharedmailbox_test

import (
	"testing"
	"time"

	"haven"
	"haven/people/account"
	"haven/people/peopletest"
	"haven/platform/errs"
)

// The last owner names a successor in the step of leaving; the successor keeps the time from which access was given.
func TestLeave(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *peopletest.House) {
		ctx := t.Context()
		aisha, ben, carys, dev := h.Person("Aisha", "Rahman"), h.Person("Ben", "Whitlock"), h.Person("Carys", "Morgan"), h.Person("Dev", "Anand")
		box := h.Pharmacy("FX002", aisha)
		h.Member(box, ben)
		h.Member(box, carys)
		h.Clock.Advance(time.Hour)
		for _, c := range []struct {
			name string
			who  account.Account
			to   haven.AccountNo
			kind errs.Kind
		}{
			{"the last owner, to nobody", aisha, 0, errs.Denied},
			{"the last owner, to no member", aisha, dev.No, errs.NotFound},
			{"the last owner, to oneself", aisha, aisha.No, errs.Denied},
			{"a member who makes somebody owner", ben, carys.No, errs.Denied},
			{"a member who makes oneself owner", ben, ben.No, errs.Denied},
			{"a stranger", dev, 0, errs.NotFound},
		} {
			if err := h.Shared.Leave(ctx, peopletest.As(c.who), box.No, c.to); !errs.Is(err, c.kind) {
				t.Errorf("%s: %v, want %s", c.name, err, c.kind)
			}
		}
		if err := h.Shared.Leave(ctx, peopletest.As(carys), box.No, 0); err != nil {
			t.Errorf("a member: %v", err)
		}
		if err := h.Shared.Leave(ctx, peopletest.As(aisha), box.No, ben.No); !errs.Is(err, errs.Invalid) {
			t.Errorf("to a member without a proven mobile: %v", err)
		}
		h.Mobile(ben)
		h.Announced.Take()
		if err := h.Shared.Leave(ctx, peopletest.As(aisha), box.No, ben.No); err != nil || len(h.Announced.Take()) == 0 {
			t.Errorf("the last owner, to a member: %v", err)
		}
		members, err := h.Shared.Members(ctx, 0, box.No)
		if err != nil || len(members) != 1 || members[0].Person.No != ben.No || members[0].Rights != haven.Owner || !members[0].From.Equal(peopletest.Start) {
			t.Errorf("%+v, %v", members, err)
		}
	})
}
