package lockout_test

import (
	"crypto/rand"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"haven"
	"haven/people/account"
	"haven/people/lockout"
	"haven/people/peopletest"
	"haven/platform/audit"
	"haven/platform/db"
	"haven/platform/db/dbtest"
	"haven/platform/errs"
	"haven/platform/policy"
	"haven/platform/secret"
)

func TestMaySend(t *testing.T) {
	t.Parallel()
	p, err := policy.Profile("")
	must(t, err)
	now := time.Date(2026, 11, 26, 9, 0, 0, 0, time.UTC)
	good := lockout.Facts{Kind: haven.Personal, State: account.Active, LockedUntil: now.Add(time.Minute), Mobile: true}
	for _, c := range []struct {
		name   string
		change func(*lockout.Facts)
		rule   haven.Rule
	}{
		{"locked", func(*lockout.Facts) {}, "lockout.code-sent"},
		{"a mailbox", func(f *lockout.Facts) { f.Kind = haven.Shared }, "lockout.account"},
		{"blocked", func(f *lockout.Facts) { f.State = account.Blocked }, "lockout.account"},
		{"not locked", func(f *lockout.Facts) { f.LockedUntil = time.Time{} }, "lockout.open"},
		{"not locked any more", func(f *lockout.Facts) { f.LockedUntil = now }, "lockout.open"},
		{"no mobile", func(f *lockout.Facts) { f.Mobile = false }, "lockout.no-mobile"},
		{"a sixth within the hour", func(f *lockout.Facts) { f.WithinTheHour = p.Lockout.CodesPerHour }, "lockout.rate"},
	} {
		f := good
		c.change(&f)
		if v := lockout.MaySend(f, p.Lockout, now); v.Rule != c.rule || v.Allowed != (c.rule == "lockout.code-sent") || v.Reason != "" {
			t.Errorf("%s: %+v, want %s", c.name, v, c.rule)
		}
	}
}

func TestMayOpen(t *testing.T) {
	t.Parallel()
	p, err := policy.Profile("")
	must(t, err)
	now := time.Date(2026, 11, 26, 9, 0, 0, 0, time.UTC)
	good := lockout.CodeFacts{Sent: now.Add(time.Second - p.Lockout.CodeFor), Tries: p.Lockout.CodeTries - 1, Good: true}
	for _, c := range []struct {
		name   string
		change func(*lockout.CodeFacts)
		want   bool
	}{
		{"good", func(*lockout.CodeFacts) {}, true},
		{"none was sent", func(f *lockout.CodeFacts) { f.Sent = time.Time{} }, false},
		{"too old", func(f *lockout.CodeFacts) { f.Sent = now.Add(-p.Lockout.CodeFor) }, false},
		{"too many were wrong", func(f *lockout.CodeFacts) { f.Tries++ }, false},
		{"wrong", func(f *lockout.CodeFacts) { f.Good = false }, false},
	} {
		f := good
		c.change(&f)
		if v := lockout.MayOpen(f, p.Lockout, now); v.Allowed != c.want || v.Rule != "lockout.code" {
			t.Errorf("%s: %+v", c.name, v)
		}
	}
}

// sent keeps what would be sent.
type sent struct {
	told []string
	code string
	n    int
}

func (s *sent) Locked(_ *db.Tx, at account.Contact, l account.Lockdown) error {
	s.told = append(s.told, fmt.Sprintf("%s: %s from %s with %s", at.Value, l.Account.Display, l.Place, l.Program))
	return nil
}

func (s *sent) OpenCode(_ *db.Tx, _ account.Account, _, code string, _ time.Duration) error {
	s.code = code
	s.n++
	return nil
}

// scene is a house in which Aisha is locked out after three wrong passwords.
type scene struct {
	*peopletest.House
	lockouts *lockout.Service
	out      *sent
	aisha    account.Account
}

func each(t *testing.T, fn func(t *testing.T, s *scene)) {
	t.Helper()
	dbtest.EachEngine(t, func(t *testing.T, engine string) {
		main, keysDB := dbtest.Stores(t, engine)
		must(t, main.Migrate(t.Context(), peopletest.Schemas()...))
		must(t, keysDB.Migrate(t.Context(), secret.Schema))
		keys, err := secret.Open(t.Context(), keysDB, secret.NewFileKMS(filepath.Join(t.TempDir(), "master.key"), rand.Reader), secret.Options{})
		must(t, err)
		t.Cleanup(keys.Close)
		h := peopletest.New(t, main, func(p *policy.Policy) { p.Lockout.LockAfter = 3 })
		contacts, err := account.OpenContacts(t.Context(), h.DB, keys, h.Clock)
		must(t, err)
		s := &scene{House: h, out: &sent{}, aisha: h.Person("Aisha", "Rahman")}
		must(t, keys.Create(t.Context(), s.aisha.No))
		for kind, value := range map[account.ContactKind]string{account.PersonalEmail: "aisha@home.example", account.Mobile: "+447700900123"} {
			sealed, err := contacts.Seal(t.Context(), s.aisha.No, kind, value)
			must(t, err)
			must(t, h.DB.Write(t.Context(), func(tx *db.Tx) error { return contacts.PutIn(tx, peopletest.Operator, sealed) }))
		}
		key, err := keys.NamedKey(t.Context(), "lockout.code")
		must(t, err)
		s.lockouts = lockout.New(lockout.Options{DB: h.DB, Accounts: h.Accounts, Contacts: contacts, Notices: s.out, Passkeys: h.SecondFactor, Key: key, Clock: h.Clock, Policy: h.Policy.Lockout})
		fn(t, s)
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

// at is a log in from a browser.
func (s *scene) at(place, password string) account.Login {
	return account.Login{User: s.aisha.Address.String(), Password: password, Place: place, Program: "Firefox/140.0", Face: account.Web}
}

func (s *scene) lock(t *testing.T) {
	t.Helper()
	for i := range s.Policy.Lockout.LockAfter {
		_, err := s.Accounts.Authenticate(t.Context(), s.at("198.51.100.7", fmt.Sprint("a guess ", i)))
		wantRule(t, err, "login.refused")
	}
}

// records are the audit records of a kind.
func (s *scene) records(t *testing.T, what string) (rules []string) {
	t.Helper()
	all, err := audit.Newest(t.Context(), s.DB, audit.Filter{Concerns: s.aisha.ID}, audit.Place{}, 100)
	must(t, err)
	for _, f := range all {
		if f.Sealed.What == what {
			rules = append(rules, string(f.Sealed.Rule))
		}
	}
	return rules
}

// The person is told once, at each contact, from where and with what somebody tried.
func TestThePersonIsTold(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *scene) {
		n, err := s.lockouts.Tell(t.Context())
		if err != nil || n != 0 {
			t.Errorf("told %d, %v before anything was locked", n, err)
		}
		s.lock(t)
		s.lock(t) // it is locked already
		for range 2 {
			_, err := s.lockouts.Tell(t.Context())
			must(t, err)
		}
		want := "aisha@home.example: Aisha Rahman from 198.51.100.7 with Firefox/140.0\n+447700900123: Aisha Rahman from 198.51.100.7 with Firefox/140.0"
		if got := strings.Join(s.out.told, "\n"); got != want {
			t.Errorf("told:\n%s", got)
		}
		if got := s.records(t, "lockout.told"); len(got) != 1 {
			t.Errorf("%v recorded", got)
		}
	})
}

// A texted code opens the lock for the browser in which it is typed, and for no other.
func TestACodeOpensOneBrowser(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *scene) {
		ctx := t.Context()
		here, there := s.at("203.0.113.7", peopletest.Password), s.at("203.0.113.8", peopletest.Password)
		if ok, err := s.lockouts.Send(ctx, stranger, s.aisha.Address); ok || err != nil {
			t.Errorf("sent %t, %v while it is open", ok, err)
		}
		s.lock(t)
		_, err := s.Accounts.Authenticate(ctx, here)
		wantRule(t, err, "login.refused")
		if ok, err := s.lockouts.Send(ctx, stranger, s.aisha.Address); !ok || err != nil || len(s.out.code) != s.Policy.Lockout.CodeDigits {
			t.Fatalf("sent %t, %v", ok, err)
		}
		wantRule(t, s.lockouts.ByCode(ctx, stranger, s.aisha.Address, "1", here), "lockout.code")
		must(t, s.lockouts.ByCode(ctx, stranger, s.aisha.Address, s.out.code, here))
		_, err = s.Accounts.Authenticate(ctx, here)
		must(t, err)
		_, err = s.Accounts.Authenticate(ctx, there)
		wantRule(t, err, "login.refused")
		wantRule(t, s.lockouts.ByCode(ctx, stranger, s.aisha.Address, s.out.code, there), "lockout.code") // it serves once
		if got := s.records(t, "lockout.opened"); len(got) != 1 || got[0] != "lockout.code" {
			t.Errorf("recorded %v", got)
		}
		if got := s.records(t, "lockout.code-refused"); len(got) != 2 {
			t.Errorf("refused: %v", got)
		}
	})
}

func TestCodesAreBounded(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *scene) {
		ctx, here := t.Context(), s.at("203.0.113.7", "")
		s.lock(t)
		_, err := s.lockouts.Send(ctx, stranger, s.aisha.Address)
		must(t, err)
		for i := range s.Policy.Lockout.CodeTries {
			wantRule(t, s.lockouts.ByCode(ctx, stranger, s.aisha.Address, fmt.Sprint(i), here), "lockout.code")
		}
		wantRule(t, s.lockouts.ByCode(ctx, stranger, s.aisha.Address, s.out.code, here), "lockout.code")
		for range 2 * s.Policy.Lockout.CodesPerHour {
			s.Clock.Advance(time.Second)
			_, err := s.lockouts.Send(ctx, stranger, s.aisha.Address)
			must(t, err)
		}
		if s.out.n != s.Policy.Lockout.CodesPerHour {
			t.Errorf("%d codes within an hour", s.out.n)
		}
		s.Clock.Advance(s.Policy.Lockout.CodeFor)
		wantRule(t, s.lockouts.ByCode(ctx, stranger, s.aisha.Address, s.out.code, here), "lockout.code")
	})
}

// Who has no account, or none that is locked, is answered in the same words.
func TestNothingIsTold(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *scene) {
		box := s.Pharmacy("FX002", s.aisha)
		nobody := haven.MustAddress("nobody@" + peopletest.Domain)
		for _, address := range []haven.Address{nobody, box.Address, s.aisha.Address} {
			if ok, err := s.lockouts.Send(t.Context(), stranger, address); ok || err != nil {
				t.Errorf("%s: sent %t, %v", address, ok, err)
			}
		}
		s.lock(t)
		_, err := s.lockouts.Send(t.Context(), stranger, s.aisha.Address)
		must(t, err)
		a := s.lockouts.ByCode(t.Context(), stranger, s.aisha.Address, "1", s.at("203.0.113.7", ""))
		b := s.lockouts.ByCode(t.Context(), stranger, nobody, "1", s.at("203.0.113.7", ""))
		if a == nil || b == nil || a.Error() != b.Error() {
			t.Errorf("%v and %v", a, b)
		}
	})
}
