package reset_test

import (
	"context"
	"crypto/rand"
	"path/filepath"
	"testing"
	"time"

	"haven"
	"haven/people/account"
	"haven/people/activation"
	"haven/people/peopletest"
	"haven/people/reset"
	"haven/platform/db"
	"haven/platform/db/dbtest"
	"haven/platform/errs"
	"haven/platform/policy"
	"haven/platform/secret"
)

func TestMay(t *testing.T) {
	t.Parallel()
	p, err := policy.Profile("")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	good := reset.Facts{State: account.Active, Email: true, Mobile: true, EmailChanged: now.Add(-72 * time.Hour), MobileChanged: now.Add(-72 * time.Hour)}
	with := func(change func(*reset.Facts)) reset.Facts {
		f := good
		change(&f)
		return f
	}
	for _, c := range []struct {
		name string
		f    reset.Facts
		rule haven.Rule
	}{
		{"both settled", good, "reset.begun"},
		{"inactive", with(func(f *reset.Facts) { f.State = account.Inactive }), "reset.begun"},
		{"blocked", with(func(f *reset.Facts) { f.State = account.Blocked }), "reset.account"},
		{"no mobile", with(func(f *reset.Facts) { f.Mobile = false }), "reset.no-contact"},
		{"no e-mail", with(func(f *reset.Facts) { f.Email = false }), "reset.no-contact"},
		{"mobile changed 71 hours ago", with(func(f *reset.Facts) { f.MobileChanged = now.Add(-71 * time.Hour) }), "reset.contact-changed"},
		{"e-mail changed 71 hours ago", with(func(f *reset.Facts) { f.EmailChanged = now.Add(-71 * time.Hour) }), "reset.contact-changed"},
		{"no mobile, and answers", with(func(f *reset.Facts) { f.Mobile, f.Others = false, 1 }), "reset.begun"},
		{"no e-mail, and a passkey", with(func(f *reset.Facts) { f.Email, f.Others = false, 1 }), "reset.begun"},
		{"mobile changed 71 hours ago, and answers", with(func(f *reset.Facts) { f.MobileChanged, f.Others = now.Add(-71*time.Hour), 1 }), "reset.begun"},
		{"both changed, and answers and a passkey", with(func(f *reset.Facts) {
			f.EmailChanged, f.MobileChanged, f.Others = now.Add(-time.Hour), now.Add(-time.Hour), 2
		}), "reset.contact-changed"},
		{"neither, and answers and a passkey", with(func(f *reset.Facts) { f.Email, f.Mobile, f.Others = false, false, 2 }), "reset.no-contact"},
		{"e-mail changed 71 hours ago, no mobile, and answers", with(func(f *reset.Facts) {
			f.EmailChanged, f.Mobile, f.Others = now.Add(-71*time.Hour), false, 1
		}), "reset.contact-changed"},
		{"a sixth within the hour", with(func(f *reset.Facts) { f.WithinTheHour = 5 }), "reset.rate"},
	} {
		if v := reset.May(c.f, p.Reset, now); v.Rule != c.rule || v.Allowed != (c.rule == "reset.begun") {
			t.Errorf("%s: %+v, want %s", c.name, v, c.rule)
		}
	}
}

// sent keeps what would be sent.
type sent struct {
	email, link, mobile, code string
	links, codes, done        int
	told                      account.ContactKind
	fails                     error
	meanwhile                 func() // what others do once something was looked at; once
}

// questions are those of a service, whose answers something comes behind.
type questions struct {
	reset.Questions
	out *sent
}

func (q questions) then() {
	if do := q.out.meanwhile; do != nil {
		q.out.meanwhile = nil
		do()
	}
}

func (q questions) Asked(ctx context.Context, no haven.AccountNo) ([]int, error) {
	defer q.then()
	return q.Questions.Asked(ctx, no)
}

func (q questions) Match(ctx context.Context, no haven.AccountNo, answers []activation.Answer) (bool, error) {
	defer q.then()
	return q.Questions.Match(ctx, no, answers)
}

func (s *sent) ResetLink(_ *db.Tx, _ account.Account, email, link string, _ time.Duration) error {
	s.email, s.link = email, link
	s.links++
	return nil
}

func (s *sent) ResetCode(_ *db.Tx, _ account.Account, mobile, code string, _ time.Duration) error {
	s.mobile, s.code = mobile, code
	s.codes++
	return nil
}

func (s *sent) ResetDone(_ *db.Tx, _ account.Account, at account.Contact, _ time.Time, _ string) error {
	if s.fails != nil {
		return s.fails
	}
	s.done++
	s.told = at.Kind
	return nil
}

const fresh = "quiet amber lantern"

func each(t *testing.T, fn func(t *testing.T, h *peopletest.House, s *reset.Service, out *sent, aisha account.Account)) {
	t.Helper()
	dbtest.EachEngine(t, func(t *testing.T, engine string) {
		main, keysDB := dbtest.Stores(t, engine)
		must(t, main.Migrate(t.Context(), append(peopletest.Schemas(), reset.Schema)...))
		must(t, keysDB.Migrate(t.Context(), secret.Schema))
		keys, err := secret.Open(t.Context(), keysDB, secret.NewFileKMS(filepath.Join(t.TempDir(), "master.key"), rand.Reader), secret.Options{})
		must(t, err)
		t.Cleanup(keys.Close)
		h := peopletest.New(t, main)
		contacts, err := account.OpenContacts(t.Context(), h.DB, keys, h.Clock)
		must(t, err)
		aisha := h.Person("Aisha", "Rahman")
		must(t, keys.Create(t.Context(), aisha.No))
		for kind, value := range map[account.ContactKind]string{account.PersonalEmail: "aisha@home.example", account.Mobile: "+447700900123"} {
			sealed, err := contacts.Seal(t.Context(), aisha.No, kind, value)
			must(t, err)
			must(t, h.DB.Write(t.Context(), func(tx *db.Tx) error { return contacts.PutIn(tx, peopletest.Operator, sealed) }))
		}
		h.Clock.Advance(h.Policy.Reset.SettledFor)
		out := &sent{}
		fn(t, h, reset.New(reset.Options{DB: h.DB, Accounts: h.Accounts, Contacts: contacts, Questions: questions{h.Activation, out}, Factors: h.SecondFactor, Notices: out, Key: []byte("a key"), Clock: h.Clock, Policy: h.Policy}), out, aisha)
	})
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantRule(t *testing.T, err error, rule string) {
	t.Helper()
	if e, ok := err.(*errs.Error); !ok || e.Rule != rule {
		t.Errorf("%v, want %s", err, rule)
	}
}

var stranger = haven.Actor{Place: "192.0.2.7", Program: "portal"}

func TestReset(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *peopletest.House, s *reset.Service, out *sent, aisha account.Account) {
		ctx := t.Context()
		begun, err := s.Begin(ctx, stranger, aisha.Address)
		if err != nil || !begun || out.email != "aisha@home.example" || out.mobile != "+447700900123" || len(out.code) != 8 {
			t.Fatalf("%t, %v, sent %+v", begun, err, out)
		}
		must(t, s.Look(ctx, out.link))
		wantRule(t, s.Look(ctx, out.link+"x"), "reset.link")
		wantRule(t, s.Finish(ctx, stranger, reset.Claim{Link: out.link, Code: "00000000x"}, fresh), "reset.code")
		wantRule(t, s.Finish(ctx, stranger, reset.Claim{Link: out.link + "x", Code: out.code}, fresh), "reset.link")
		wantRule(t, s.Finish(ctx, stranger, reset.Claim{Link: out.link, Code: out.code}, "short"), "password.short")
		must(t, s.Finish(ctx, stranger, reset.Claim{Link: out.link, Code: out.code}, fresh)) // what was refused for the password serves again
		wantRule(t, s.Finish(ctx, stranger, reset.Claim{Link: out.link, Code: out.code}, fresh), "reset.link")
		if _, err := h.Accounts.Authenticate(ctx, account.Login{User: aisha.Address.String(), Password: fresh, Place: "192.0.2.7", Face: account.Web}); err != nil || out.done != 1 {
			t.Errorf("with the new password: %v; told %d times", err, out.done)
		}
		proven := 0
		must(t, h.DB.Read(ctx, func(tx *db.Tx) error {
			return tx.Query(`SELECT COUNT(*) FROM contact WHERE proven > 0`, nil, func(r db.Row) error { proven = int(r.Int64(0)); return nil })
		}))
		if proven != 2 {
			t.Errorf("%d contacts are known to be the own", proven)
		}
	})
}

func TestSpentByWrongCodes(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *peopletest.House, s *reset.Service, out *sent, aisha account.Account) {
		ctx := t.Context()
		_, err := s.Begin(ctx, stranger, aisha.Address)
		must(t, err)
		for range h.Policy.Reset.Tries {
			wantRule(t, s.Finish(ctx, stranger, reset.Claim{Link: out.link, Code: "x"}, fresh), "reset.code")
		}
		wantRule(t, s.Finish(ctx, stranger, reset.Claim{Link: out.link, Code: out.code}, fresh), "reset.link")
	})
}

func TestLapses(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *peopletest.House, s *reset.Service, out *sent, aisha account.Account) {
		_, err := s.Begin(t.Context(), stranger, aisha.Address)
		must(t, err)
		h.Clock.Advance(h.Policy.Reset.GoodFor)
		wantRule(t, s.Finish(t.Context(), stranger, reset.Claim{Link: out.link, Code: out.code}, fresh), "reset.link")
	})
}

// Nobody is told who has an account, and nobody is flooded.
func TestNothingIsTold(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *peopletest.House, s *reset.Service, out *sent, aisha account.Account) {
		box := h.Pharmacy("FX002", aisha)
		for _, address := range []haven.Address{haven.MustAddress("nobody@" + peopletest.Domain), box.Address, h.Person("Ben", "Whitlock").Address} {
			if begun, err := s.Begin(t.Context(), stranger, address); begun || err != nil {
				t.Errorf("%s: %t, %v", address, begun, err)
			}
		}
		for range 9 {
			_, err := s.Begin(t.Context(), stranger, aisha.Address)
			must(t, err)
		}
		if out.links != h.Policy.Reset.PerHour {
			t.Errorf("%d links were sent in an hour", out.links)
		}
	})
}
