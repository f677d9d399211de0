package registration_test

import (
	"slices"
	"testing"
	"time"

	"haven"
	"haven/people/account"
	"haven/people/peopletest"
	"haven/people/registration"
	"haven/people/sharedmailbox"
	"haven/platform/db"
	"haven/platform/errs"
)

func TestMayInvite(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		f    registration.InviteFacts
		want haven.Rule
	}{
		{registration.InviteFacts{State: account.Invited, Here: true}, "registration.invite"},
		{registration.InviteFacts{State: account.Active, Here: true}, "registration.invite-active"},
		{registration.InviteFacts{State: account.Blocked, Here: true}, "registration.invite-active"},
		{registration.InviteFacts{State: account.Invited}, "registration.invite-elsewhere"},
	} {
		if v := registration.MayInvite(c.f); v.Rule != c.want || v.Allowed != (c.want == "registration.invite") || !v.Allowed && v.Reason == "" {
			t.Errorf("%+v: %+v, want %s", c.f, v, c.want)
		}
	}
}

// inviter keeps what would be sent.
type inviter []string

func (i *inviter) Username(_ *db.Tx, _ account.Account, email string) error {
	*i = append(*i, "username to "+email)
	return nil
}

func (i *inviter) TemporaryPassword(_ *db.Tx, _ account.Account, mobile, _ string, _ time.Duration) error {
	*i = append(*i, "password to "+mobile)
	return nil
}

// An owner corrects how somebody is reached whom the own premises named and who has not activated the account; of nobody else.
func TestCorrect(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		ctx, sent := t.Context(), &h.invites
		_, _ = h.sent(person("Ann", "Example", 1), person("Bob", "Example", 2))
		box := h.box()
		resolve := func(local string) account.Account {
			t.Helper()
			a, err := h.Accounts.Resolve(ctx, haven.MustAddress(local+"@"+peopletest.Domain))
			if err != nil {
				t.Fatal(err)
			}
			return a
		}
		ann, bob := resolve("ann.example"), resolve("bob.example")
		if err := h.Accounts.SetState(ctx, peopletest.Operator, ann.No, account.Active, "test"); err != nil {
			t.Fatal(err)
		}
		me := peopletest.As(ann)
		h.letters()
		want(t, "an e-mail that is none", h.s.Correct(ctx, me, box.No, bob.No, account.PersonalEmail, "nobody"), "profile.email")
		want(t, "the same", h.s.Correct(ctx, me, box.No, bob.No, account.Mobile, "07700 900102"), "registration.correct-same")
		// Also where nothing can be sent at the moment, who had the wrong text gets in no more.
		opens := func(pw string) bool {
			_, err := h.Accounts.Authenticate(ctx, account.Login{User: bob.Address.String(), Password: pw, Place: "192.0.2.7", Face: account.Web})
			return err == nil
		}
		if !opens(h.drawn) {
			t.Error("the first password opens nothing")
		}
		first := h.drawn
		h.drawn, h.unsent = "violet saddle harbour 31", true
		if err := h.s.Correct(ctx, me, box.No, bob.No, account.Mobile, "07700 900177"); !errs.Is(err, errs.Transient) {
			t.Errorf("unsent: %v", err)
		}
		if opens(first) {
			t.Error("the first password opens after a correction")
		}
		want(t, "corrected back", h.s.Correct(ctx, me, box.No, bob.No, account.Mobile, "07700 900177"), "registration.correct-same")
		h.unsent = false
		h.letters()
		want(t, "corrected", h.s.Correct(ctx, me, box.No, bob.No, account.Mobile, "07700 900155"), "")
		if !slices.Equal(*sent, inviter{"username to bob2@home.example", "password to +447700900155"}) {
			t.Errorf("sent: %q", *sent)
		}
		if l := h.letters(); len(l) != 1 || l[0].Kind != "corrected mobile +447700900177" {
			t.Errorf("%+v", l)
		}
		*sent = nil
		want(t, "sent again", h.s.Resend(ctx, me, box.No, bob.No, false), "")
		if !slices.Equal(*sent, inviter{"password to +447700900155"}) {
			t.Errorf("sent: %q", *sent)
		}
		want(t, "the own", h.s.Correct(ctx, me, box.No, ann.No, account.Mobile, "07700 900156"), "registration.invite-active")
		want(t, "by a member", h.s.Resend(ctx, peopletest.As(bob), box.No, bob.No, false), "account.unknown")

		// Somebody whom another premises waits for can be let in, and not be taken over.
		foreign, err := h.Accounts.CreatePersonal(ctx, peopletest.Operator, account.NewPersonal{First: "Cy", Last: "Foreign", State: account.Invited})
		if err != nil {
			t.Fatal(err)
		}
		want(t, "no member", h.s.Resend(ctx, me, box.No, foreign.No, false), "account.unknown")
		if err := h.Shared.AddMember(ctx, me, box.No, sharedmailbox.Grant{Person: foreign.No, Rights: haven.Member}); err != nil {
			t.Fatal(err)
		}
		want(t, "of another premises", h.s.Correct(ctx, me, box.No, foreign.No, account.Mobile, "07700 900157"), "registration.invite-elsewhere")
		if may, err := h.s.InvitedHere(ctx, box.No, foreign); may || err != nil {
			t.Errorf("%t, %v", may, err)
		}
		for range h.Policy.Activation.ResendPerHour {
			h.Clock.Advance(time.Second)
			want(t, "again", h.s.Resend(ctx, me, box.No, bob.No, false), "")
		}
		h.Clock.Advance(time.Second)
		want(t, "too often", h.s.Resend(ctx, me, box.No, bob.No, false), "activation.resend")
		h.letters()
		want(t, "corrected too often", h.s.Correct(ctx, me, box.No, bob.No, account.Mobile, "07700 900158"), "activation.resend")
		if l := h.letters(); len(l) != 0 {
			t.Errorf("a correction that was refused tells %+v", l)
		}
	})
}
