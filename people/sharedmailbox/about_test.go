package sharedmailbox_test

import (
	"strings"
	"testing"

	"haven/people/peopletest"
	"haven/people/sharedmailbox"
	"haven/platform/errs"
	"haven/platform/policy"
)

func TestParseAbout(t *testing.T) {
	t.Parallel()
	p := policy.SharedMailbox{AboutRunes: 20}
	for _, c := range []struct {
		name, in, want string
		ok             bool
	}{
		{"nothing", "", "", true},
		{"blanks alone", " \n \r\n\t", "", true},
		{"lines, as a browser sends them", " Discharge notes: yes \r\nPills:  no\r\n", "Discharge notes: yes\nPills: no", false},
		{"short lines", " yes \r\nno \r\n", "yes\nno", true},
		{"many blank lines", "a\n\n\n\n\nb", "a\n\nb", true},
		{"as long as may be", strings.Repeat("é", 20), strings.Repeat("é", 20), true},
		{"one too long", strings.Repeat("é", 21), "", false},
		{"a face", "👩‍⚕️ yes", "👩‍⚕️ yes", true},
		{"from right to left", "مرحبا", "مرحبا", true},
		{"the direction of text turned", "yes\u202eno", "", false},
		{"a control character", "yes\x00", "", false},
		{"broken letters", "\xff", "", false},
		{"script stays text", "<script>", "<script>", true},
	} {
		got, v := sharedmailbox.ParseAbout(c.in, p)
		if v.Allowed != c.ok || c.ok && got != c.want || v.Rule != "sharedmailbox.about" {
			t.Errorf("%s: %q, %+v", c.name, got, v)
		}
	}
}

func TestOwnersSayWhatTheirMailboxIsFor(t *testing.T) {
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
			{"a member", h.Shared.SetAbout(ctx, peopletest.As(bob), shop.No, "Mine"), errs.Denied},
			{"a stranger", h.Shared.SetAbout(ctx, peopletest.As(cat), shop.No, "Mine"), errs.NotFound},
			{"somebody's own mailbox", h.Shared.SetAbout(ctx, peopletest.As(ann), ann.No, "Mine"), errs.NotFound},
			{"too long", h.Shared.SetAbout(ctx, peopletest.As(ann), shop.No, strings.Repeat("a", h.Policy.Shared.AboutRunes+1)), errs.Invalid},
		} {
			if !errs.Is(c.err, c.kind) {
				t.Errorf("%s: %v", c.name, c.err)
			}
		}
		if err := h.Shared.SetAbout(ctx, peopletest.As(ann), shop.No, "Discharge notes: yes\nPrescriptions: no"); err != nil {
			t.Fatal(err)
		}
		if got, err := h.Shared.About(ctx, shop.No); err != nil || got != "Discharge notes: yes\nPrescriptions: no" {
			t.Errorf("%q, %v", got, err)
		}
	})
}
