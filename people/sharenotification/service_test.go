package sharenotification_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"haven"
	"haven/people/account"
	"haven/people/peopletest"
	"haven/people/sharedmailbox"
	"haven/people/sharenotification"
	"haven/platform/db"
	"haven/platform/errs"
	"haven/platform/policy"
)

// house is a house in which people are told what becomes of their rights: Ann owns a pharmacy's mailbox.
type house struct {
	*peopletest.House
	*sharenotification.Service
	ann, ben, box account.Account
}

func each(t *testing.T, fn func(t *testing.T, h *house), change ...func(*policy.Policy)) {
	t.Helper()
	peopletest.Each(t, func(t *testing.T, of *peopletest.House) {
		h := &house{House: of, Service: sharenotification.New(sharenotification.Options{DB: of.DB, Announcer: of.Announced, Policy: of.Policy.Shared, Clock: of.Clock})}
		h.ann, h.ben = h.Person("Ann", "Example"), h.Person("Ben", "Whitlock")
		h.box = h.Pharmacy("FX002", h.ann)
		fn(t, h)
	}, change...)
}

func (h *house) must(err error) {
	h.T.Helper()
	if err != nil {
		h.T.Fatal(err)
	}
}

// told is what a person is told, in short.
func (h *house) told(who account.Account) string {
	h.T.Helper()
	all, _, err := h.Of(h.T.Context(), who.No)
	h.must(err)
	var says []string
	for _, n := range all {
		by := n.By.Display
		if n.By.No == 0 {
			by = "the service"
		}
		if n.Mailbox != h.box.ID || n.Name != h.box.Display {
			h.T.Errorf("%+v", n)
		}
		says = append(says, fmt.Sprintf("%v to %v by %s", n.Old, n.New, by))
	}
	return strings.Join(says, "; ")
}

func (h *house) wants(who account.Account, what, want string) {
	h.T.Helper()
	if got := h.told(who); got != want {
		h.T.Errorf("%s: %q, want %q", what, got, want)
	}
}

func (h *house) grant(rights haven.Rights, from, until time.Time) {
	h.T.Helper()
	h.must(h.Shared.AddMember(h.T.Context(), peopletest.As(h.ann), h.box.No, sharedmailbox.Grant{Person: h.ben.No, Rights: rights, From: from, Until: until}))
}

func (h *house) change(rights haven.Rights) {
	h.T.Helper()
	h.must(h.Shared.ChangeMember(h.T.Context(), peopletest.As(h.ann), h.box.No, sharedmailbox.Change{Person: h.ben.No, Rights: rights}))
}

func (h *house) remove() {
	h.T.Helper()
	h.must(h.Shared.RemoveMember(h.T.Context(), peopletest.As(h.ann), h.box.No, h.ben.No))
}

const (
	all      = "read,write,send-as,send-on-behalf,manage"
	member   = "read,write,send-as"
	byAnn    = " by Ann Example"
	byItself = " by the service"
)

// Whatever changes what a person may do in a mailbox tells the person, and who did it (RFC 9670 §3).
func TestEachChangeIsTold(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		h.wants(h.ann, "the first owner", "none to "+all+byItself)
		h.grant(haven.Member, time.Time{}, time.Time{})
		want := "none to " + member + byAnn
		h.wants(h.ben, "let in", want)
		h.Clock.Advance(2 * time.Hour)
		h.change(haven.Read)
		want += "; " + member + " to read" + byAnn
		h.wants(h.ben, "may do less", want)
		h.must(h.Shared.ChangeMember(t.Context(), peopletest.As(h.ann), h.box.No, sharedmailbox.Change{Person: h.ben.No, Until: h.Clock.Now().Add(48 * time.Hour)}))
		h.wants(h.ben, "an end alone changes no right", want)
		h.Clock.Advance(2 * time.Hour)
		h.remove()
		h.wants(h.ben, "removed", want+"; read to none"+byAnn)
		h.wants(h.ann, "of others nothing", "none to "+all+byItself)
	})
}

// A change to and fro is one, so that nobody's other notifications are pushed out by it (RFC 9670 §6.3).
func TestToAndFroIsOne(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		h.grant(haven.Member, time.Time{}, time.Time{})
		for range 30 {
			h.change(haven.Read)
			h.change(haven.Read | haven.Write)
		}
		h.wants(h.ben, "at last", "none to read,write"+byAnn)
		h.remove()
		h.wants(h.ben, "as before", "")
		h.grant(haven.Member, time.Time{}, time.Time{})
		h.wants(h.ben, "again", "none to "+member+byAnn)
	})
}

// What the time that was given changes is told too, also where no process ran then.
func TestDatesAreTold(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		ctx := t.Context()
		h.must(h.Shared.NoteDates(ctx)) // begins to look
		now := h.Clock.Now()
		h.grant(haven.Member, now.Add(24*time.Hour), now.Add(48*time.Hour))
		h.wants(h.ben, "to come", "")
		h.Clock.Advance(23 * time.Hour)
		h.must(h.Shared.NoteDates(ctx))
		h.wants(h.ben, "not yet", "")
		h.Clock.Advance(2 * time.Hour)
		h.must(h.Shared.NoteDates(ctx))
		h.must(h.Shared.NoteDates(ctx))
		h.wants(h.ben, "begun", "none to "+member+byItself)
		if got := h.Announced.Take(); !slices.Contains(got, h.ben.No) {
			t.Errorf("%v were announced", got)
		}
		h.Clock.Advance(24 * time.Hour)
		h.must(h.Shared.NoteDates(ctx))
		h.must(h.Shared.NoteDates(ctx))
		h.wants(h.ben, "ended", "none to "+member+byItself+"; "+member+" to none"+byItself)
		h.remove()
		h.wants(h.ben, "what had ended is taken away", "none to "+member+byItself+"; "+member+" to none"+byItself)
		h.grant(haven.Member, time.Time{}, h.Clock.Now().Add(time.Hour))
		h.Clock.Advance(24 * time.Hour)
		h.must(h.Shared.NoteDates(ctx))
		if got := h.told(h.ben); strings.Count(got, ";") != 3 || !strings.HasSuffix(got, member+" to none"+byItself) {
			t.Errorf("a pass that came and went: %q", got)
		}
	})
}

func TestDismiss(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		ctx := t.Context()
		h.grant(haven.Member, time.Time{}, time.Time{})
		list, state, err := h.Of(ctx, h.ben.No)
		h.must(err)
		annsList, _, err := h.Of(ctx, h.ann.No)
		h.must(err)
		for _, seq := range []int64{0, -1, 99} {
			if err := h.Dismiss(ctx, h.ben.No, seq); !errs.Is(err, errs.NotFound) {
				t.Errorf("%d: %v", seq, err)
			}
		}
		h.must(h.Dismiss(ctx, h.ben.No, list[0].Seq))
		h.wants(h.ben, "dismissed", "")
		if err := h.Dismiss(ctx, h.ben.No, list[0].Seq); !errs.Is(err, errs.NotFound) {
			t.Errorf("again: %v", err)
		}
		ch, err := h.Since(ctx, h.ben.No, state, 0)
		h.must(err)
		if len(ch.Made) != 0 || !slices.Equal(ch.Dismissed, []int64{list[0].Seq}) || ch.State <= state {
			t.Errorf("%+v", ch)
		}
		if now, err := h.Service.State(ctx, h.ben.No); err != nil || now != ch.State {
			t.Errorf("%d, %v", now, err)
		}
		if after, _, err := h.Of(ctx, h.ann.No); err != nil || len(after) != len(annsList) {
			t.Errorf("Ann's own: %v, %v", after, err)
		}
		for _, from := range []int64{-1, ch.State + 1} {
			if _, err := h.Since(ctx, h.ben.No, from, 0); !errors.Is(err, sharenotification.ErrLost) {
				t.Errorf("since %d: %v", from, err)
			}
		}
		if ch, err := h.Since(ctx, h.Person("Cat", "New").No, 0, 0); err != nil || ch.State != 0 || len(ch.Made) != 0 {
			t.Errorf("who was told nothing yet: %+v, %v", ch, err)
		}
	})
}

// The newest are kept, for so long (RFC 9670 §3.1).
func TestKeptIsBounded(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		ctx := t.Context()
		h.grant(haven.Read, time.Time{}, time.Time{})
		_, first, err := h.Of(ctx, h.ben.No)
		h.must(err)
		for i := range 25 {
			h.Clock.Advance(2 * time.Hour)
			h.change([]haven.Rights{haven.Member, haven.Read}[i%2])
		}
		list, state, err := h.Of(ctx, h.ben.No)
		h.must(err)
		if len(list) != 10 {
			t.Errorf("%d are kept", len(list))
		}
		if _, err := h.Since(ctx, h.ben.No, first, 0); !errors.Is(err, sharenotification.ErrLost) {
			t.Errorf("since the first: %v", err)
		}
		if _, err := h.Since(ctx, h.ben.No, state-4, 0); err != nil {
			t.Errorf("since a moment ago: %v", err)
		}
		h.Clock.Advance(7*24*time.Hour - 3*time.Hour)
		h.must(h.Sweep(ctx))
		left, swept, err := h.Of(ctx, h.ben.No)
		h.must(err)
		if len(left) != 2 || swept == state {
			t.Errorf("%d are left, state %d after %d", len(left), swept, state)
		}
		if _, err := h.Since(ctx, h.ben.No, state, 0); !errors.Is(err, sharenotification.ErrLost) {
			t.Errorf("since before the sweep: %v", err)
		}
		if ch, err := h.Since(ctx, h.ben.No, swept, 0); err != nil || ch.State != swept {
			t.Errorf("since then: %+v, %v", ch, err)
		}
		h.must(h.Sweep(ctx))
		if _, again, err := h.Of(ctx, h.ben.No); err != nil || again != swept {
			t.Errorf("a second sweep: %d, %v", again, err)
		}
	}, func(p *policy.Policy) { p.Shared.Notifications, p.Shared.NotificationsKept = 10, 7*24*time.Hour })
}

// What a sweep let go of stays unknown, whatever goes after it.
func TestForgottenOnlyGrows(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		ctx := t.Context()
		changes := 0
		dismissed := func(n int) {
			t.Helper()
			for range n {
				h.Clock.Advance(2 * time.Hour)
				h.change([]haven.Rights{haven.Member, haven.Read}[changes%2])
				changes++
				list, _, err := h.Of(ctx, h.ben.No)
				h.must(err)
				h.must(h.Dismiss(ctx, h.ben.No, list[len(list)-1].Seq))
			}
		}
		h.grant(haven.Read, time.Time{}, time.Time{})
		h.Clock.Advance(7 * 24 * time.Hour)
		dismissed(3)
		before, err := h.Service.State(ctx, h.ben.No)
		h.must(err)
		h.must(h.Sweep(ctx))
		for range 10 {
			if _, err := h.Since(ctx, h.ben.No, before, 0); !errors.Is(err, sharenotification.ErrLost) {
				t.Fatalf("since before the sweep, %d changes later: %v", changes-3, err)
			}
			dismissed(1)
		}
	}, func(p *policy.Policy) { p.Shared.Notifications, p.Shared.NotificationsKept = 10, 7*24*time.Hour })
}

// Whose account is deleted for good is told nothing any more, and others all that they were.
func TestForgetIn(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		ctx := t.Context()
		h.grant(haven.Member, time.Time{}, time.Time{})
		h.must(h.DB.Write(ctx, func(tx *db.Tx) error { sharenotification.ForgetIn(tx, h.ben.No); return nil }))
		h.wants(h.ben, "forgotten", "")
		if state, err := h.Service.State(ctx, h.ben.No); err != nil || state != 0 {
			t.Errorf("state %d, %v", state, err)
		}
		h.wants(h.ann, "of others all is there", "none to "+all+byItself)
	})
}
