package profile_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"haven"
	"haven/people/account"
	"haven/people/peopletest"
	"haven/people/profile"
	"haven/people/sharedmailbox"
	"haven/platform/db"
	"haven/platform/errs"
)

// told keeps what would be sent.
type told struct {
	mu    sync.Mutex
	codes []string // the newest last
	sent  []string
}

func (n *told) ContactCode(_ *db.Tx, _ account.Account, kind account.ContactKind, to, code string, _ time.Duration) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.codes, n.sent = append(n.codes, code), append(n.sent, fmt.Sprintf("code for %s to %s", kind, to))
	return nil
}

func (n *told) ContactChanged(_ *db.Tx, _ account.Account, changed account.ContactKind, at account.Contact, _ time.Time) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.sent = append(n.sent, fmt.Sprintf("%s changed, to %s", changed, at.Value))
	return nil
}

func (n *told) take() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	all := strings.Join(n.sent, "; ")
	n.sent = nil
	return all
}

func (n *told) code() string { return n.codes[len(n.codes)-1] }

type scene struct {
	*peopletest.House
	told    *told
	profile *profile.Service
	aisha   account.Account
}

func each(t *testing.T, fn func(t *testing.T, s *scene)) {
	t.Helper()
	peopletest.Each(t, func(t *testing.T, h *peopletest.House) {
		contacts, err := account.OpenContacts(t.Context(), h.DB, h.Keyed(), h.Clock)
		must(t, err)
		s := &scene{House: h, told: &told{}}
		s.profile = profile.New(profile.Options{DB: h.DB, Accounts: h.Accounts, Contacts: contacts, Places: h.Places, Owns: sharedmailbox.OwnsIn, Keys: h.Seals, Notices: s.told, Policy: h.Policy, Clock: h.Clock})
		s.aisha = h.Person("Aisha", "Rahman")
		for kind, value := range map[account.ContactKind]string{account.PersonalEmail: "aisha@home.example", account.Mobile: "+447700900001"} {
			sealed, err := contacts.Seal(t.Context(), s.aisha.No, kind, value)
			must(t, err)
			must(t, h.DB.Write(t.Context(), func(tx *db.Tx) error { return contacts.PutIn(tx, peopletest.Operator, sealed) }))
		}
		fn(t, s)
	})
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantRule(t *testing.T, err error, kind errs.Kind, rule string) {
	t.Helper()
	if e, ok := err.(*errs.Error); !ok || e.Rule != rule || e.Kind != kind || e.Say == "" {
		t.Errorf("%v, want %s by %s", err, kind, rule)
	}
}

func (s *scene) of(t *testing.T) profile.Profile {
	t.Helper()
	p, err := s.profile.Of(t.Context(), s.aisha.No)
	must(t, err)
	return p
}

func TestChangeOfMobile(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *scene) {
		ctx, me, no := t.Context(), peopletest.As(s.aisha), s.aisha.No
		wantRule(t, s.profile.Confirm(ctx, me, no, account.Mobile, "12345678"), errs.Conflict, "profile.code-none")
		wantRule(t, s.profile.Ask(ctx, me, no, account.Mobile, "12"), errs.Invalid, "contact.mobile")
		must(t, s.profile.Ask(ctx, me, no, account.Mobile, "07700 900002"))
		asked, err := s.profile.Asked(ctx, no, account.Mobile)
		if err != nil || asked.To != "+447700900002" || !asked.Until.Equal(s.Clock.Now().Add(s.Policy.Contact.CodeFor)) {
			t.Errorf("%+v, %v", asked, err)
		}
		if p := s.of(t); p.Mobile.Value != "+447700900001" {
			t.Errorf("changed before the code: %+v", p.Mobile)
		}
		wantRule(t, s.profile.Confirm(ctx, me, no, account.Mobile, "x"), errs.Private, "profile.code")
		wantRule(t, s.profile.Confirm(ctx, me, no, account.PersonalEmail, s.told.code()), errs.Conflict, "profile.code-none")
		code := s.told.code()
		must(t, s.profile.Confirm(ctx, me, no, account.Mobile, " "+code[:4]+" "+code[4:]))
		wantRule(t, s.profile.Confirm(ctx, me, no, account.Mobile, code), errs.Conflict, "profile.code-none")
		p := s.of(t)
		if p.Mobile.Value != "+447700900002" || p.Mobile.Proven.IsZero() || p.Email.Value != "aisha@home.example" || p.First != "Aisha" || p.MobileShown {
			t.Errorf("%+v", p)
		}
		if got := s.told.take(); got != "code for mobile to +447700900002; mobile changed, to aisha@home.example; mobile changed, to +447700900001" {
			t.Errorf("told: %s", got)
		}
		wantRule(t, s.profile.Ask(ctx, me, no, account.Mobile, "07700900002"), errs.Invalid, "profile.same")
	})
}

// What is on file and was never shown to be the own is proven, and nobody is told of a change.
func TestProofOfWhatIsOnFile(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *scene) {
		ctx, me, no := t.Context(), peopletest.As(s.aisha), s.aisha.No
		made := s.of(t).Email.Made
		s.Clock.Advance(time.Hour)
		must(t, s.profile.Ask(ctx, me, no, account.PersonalEmail, " Aisha@Home.example "))
		s.told.take()
		must(t, s.profile.Confirm(ctx, me, no, account.PersonalEmail, s.told.code()))
		p := s.of(t)
		if p.Email.Value != "aisha@home.example" || !p.Email.Proven.Equal(s.Clock.Now()) || !p.Email.Made.Equal(made) {
			t.Errorf("%+v", p.Email)
		}
		if got := s.told.take(); got != "" {
			t.Errorf("told: %s", got)
		}
		wantRule(t, s.profile.Ask(ctx, me, no, account.PersonalEmail, "aisha@home.example"), errs.Invalid, "profile.same")
	})
}

func TestCodesAreBounded(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *scene) {
		ctx, me, no, p := t.Context(), peopletest.As(s.aisha), s.aisha.No, s.Policy.Contact
		wantRule(t, s.profile.Again(ctx, me, no, account.PersonalEmail), errs.Conflict, "profile.code-none")
		must(t, s.profile.Ask(ctx, me, no, account.PersonalEmail, "aisha@elsewhere.example"))
		for range p.Tries {
			wantRule(t, s.profile.Confirm(ctx, me, no, account.PersonalEmail, "none"), errs.Private, "profile.code")
		}
		wantRule(t, s.profile.Confirm(ctx, me, no, account.PersonalEmail, s.told.code()), errs.Private, "profile.code-tries")
		s.Clock.Advance(time.Minute)
		must(t, s.profile.Again(ctx, me, no, account.PersonalEmail))
		first := s.told.code()
		s.Clock.Advance(p.CodeFor)
		wantRule(t, s.profile.Confirm(ctx, me, no, account.PersonalEmail, first), errs.Private, "profile.code-expired")
		for range p.PerHour - 2 {
			s.Clock.Advance(time.Minute)
			must(t, s.profile.Again(ctx, me, no, account.PersonalEmail))
		}
		wantRule(t, s.profile.Again(ctx, me, no, account.PersonalEmail), errs.TooMany, "profile.rate")
		if s.told.code() != first {
			wantRule(t, s.profile.Confirm(ctx, me, no, account.PersonalEmail, first), errs.Private, "profile.code")
		}
		s.told.take()
		must(t, s.profile.Confirm(ctx, me, no, account.PersonalEmail, s.told.code()))
		if got := s.told.take(); got != "personal e-mail changed, to aisha@home.example; personal e-mail changed, to +447700900001" {
			t.Errorf("told: %s", got)
		}
		s.Clock.Advance(time.Hour)
		must(t, s.profile.Ask(ctx, me, no, account.Mobile, "07700 900003"))
	})
}

// Nobody changes another person's, and an owner keeps a mobile.
func TestWhoMayChange(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *scene) {
		ctx, no := t.Context(), s.aisha.No
		ben := s.Person("Ben", "Whitlock")
		for _, actor := range []haven.Actor{peopletest.As(ben), peopletest.Operator} {
			wantRule(t, s.profile.Ask(ctx, actor, no, account.Mobile, "07700 900004"), errs.Denied, "profile.own")
			wantRule(t, s.profile.SetTelephone(ctx, actor, no, "0113 496 0123"), errs.Denied, "profile.own")
			wantRule(t, s.profile.RemoveMobile(ctx, actor, no), errs.Denied, "profile.own")
		}
		me := peopletest.As(s.aisha)
		wantRule(t, s.profile.SetTelephone(ctx, me, no, "<script>"), errs.Invalid, "profile.telephone")
		must(t, s.profile.SetTelephone(ctx, me, no, "0113 496 0123 x 12"))
		must(t, s.DB.Write(ctx, func(tx *db.Tx) error {
			return s.profile.SetJobIn(tx, peopletest.Operator, s.aisha, "Superintendent")
		}))
		must(t, s.Activation.ShowMobile(ctx, me, no, true))
		if job, err := s.profile.Job(t.Context(), s.aisha.No); err != nil || job != "Superintendent" {
			t.Errorf("the job is %q, %v", job, err)
		}
		if p := s.of(t); p.Telephone != "0113 496 0123 ext 12" || p.Job != "Superintendent" || !p.MobileShown {
			t.Errorf("%+v", p)
		}
		box := s.Pharmacy("FX002", s.aisha)
		wantRule(t, s.profile.RemoveMobile(ctx, me, no), errs.Denied, "profile.owner-mobile")
		must(t, s.Shared.AddMember(ctx, peopletest.Operator, box.No, sharedmailbox.Grant{Person: ben.No, Rights: haven.Owner}))
		must(t, s.Shared.RemoveMember(ctx, me, box.No, no))
		must(t, s.profile.RemoveMobile(ctx, me, no))
		if got := s.told.take(); got != "mobile changed, to aisha@home.example; mobile changed, to +447700900001" {
			t.Errorf("told: %s", got)
		}
		if err := s.profile.RemoveMobile(ctx, me, no); !errs.Is(err, errs.NotFound) {
			t.Errorf("there is none: %v", err)
		}
		if _, err := s.profile.Of(ctx, 99_999); !errs.Is(err, errs.NotFound) {
			t.Errorf("nobody's profile: %v", err)
		}
	})
}
