package account_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"haven"
	"haven/people/account"
	"haven/people/peopletest"
	"haven/people/sharedmailbox"
	"haven/platform/db"
	"haven/platform/db/dbtest"
	"haven/platform/errs"
	"haven/platform/policy"
)

// try signs in and names the outcome: "ok" or the rule.
func try(t *testing.T, h *house, l account.Login) string {
	t.Helper()
	_, err := h.Accounts.Authenticate(t.Context(), l)
	var e *errs.Error
	switch {
	case err == nil:
		return "ok"
	case errors.As(err, &e):
		if strings.Contains(e.Error(), l.Password) && len(l.Password) > 3 {
			t.Errorf("the error gives the password away: %v", e)
		}
		return e.Rule
	}
	return err.Error()
}

func login(a account.Account, password string) account.Login {
	return account.Login{User: a.Address.String(), Password: password, Place: "192.0.2.1", Program: "Outlook"}
}

func TestWhoMaySignIn(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *house) {
		ann, bob := h.Person("Ann", "Example"), h.Person("Bob", "Example")
		shop, other := h.Pharmacy("FX002", ann), h.Pharmacy("FX003", bob)
		good := login(ann, peopletest.Password)
		as := func(change func(*account.Login)) account.Login { l := good; change(&l); return l }
		for _, c := range []struct {
			name string
			l    account.Login
			want string
		}{
			{"herself", good, "ok"},
			{"in capitals", as(func(l *account.Login) { l.User = strings.ToUpper(l.User) }), "ok"},
			{"on the web", as(func(l *account.Login) { l.Face = account.Web }), "ok"},
			{"her mailbox after a slash", as(func(l *account.Login) { l.User += "/" + shop.Address.String() }), "ok"},
			{"by its alias", as(func(l *account.Login) { l.User += "/pharmacy.fx002@haven.example" }), "ok"},
			{"by authzid", as(func(l *account.Login) { l.Authzid = shop.Address.String() }), "ok"},
			{"herself by authzid", as(func(l *account.Login) { l.Authzid = ann.Address.String() }), "ok"},
			{"another mailbox", as(func(l *account.Login) { l.Authzid = other.Address.String() }), "login.target"},
			{"another person", as(func(l *account.Login) { l.Authzid = bob.Address.String() }), "login.target"},
			{"a mailbox that is none", as(func(l *account.Login) { l.Authzid = "none@haven.example" }), "login.target"},
			{"two mailboxes", as(func(l *account.Login) {
				l.User += "/" + shop.Address.String()
				l.Authzid = other.Address.String()
			}), "login.two-targets"},
			{"a wrong password", as(func(l *account.Login) { l.Password = "violet kettle tramwaY" }), "login.refused"},
			{"no password", as(func(l *account.Login) { l.Password = "" }), "login.refused"},
			{"a huge password", as(func(l *account.Login) { l.Password = strings.Repeat("x", 1<<20) }), "login.refused"},
			{"nobody", as(func(l *account.Login) { l.User = "nobody@haven.example" }), "login.refused"},
			{"nobody's mailbox", as(func(l *account.Login) { l.User = "nobody@haven.example/" + shop.Address.String() }), "login.refused"},
			{"no address", as(func(l *account.Login) { l.User = "ann" }), "login.user-name"},
			{"octets that are no text", as(func(l *account.Login) { l.User = "\xff\xfe@haven.example" }), "login.user-name"},
		} {
			if got := try(t, h, c.l); got != c.want {
				t.Errorf("%s: %s, want %s", c.name, got, c.want)
			}
		}
		ses, err := h.Accounts.Authenticate(t.Context(), as(func(l *account.Login) { l.Authzid = shop.Address.String() }))
		if err != nil || !ses.Shared() || ses.Person.No != ann.No || ses.Target.No != shop.No || ses.Rights != haven.Owner || ses.Person.Display != "Ann Example" {
			t.Errorf("%+v, %v", ses, err)
		}
	})
}

func TestStatesAtTheDoor(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *house) {
		ann := h.Person("Ann", "Example")
		for _, c := range []struct {
			state        account.State
			program, web string
		}{
			{account.Invited, "account.not-activated", "ok"},
			{account.Inactive, "account.inactive", "ok"},
			{account.Leaver, "account.leaver", "ok"},
			{account.Disabled, "account.disabled", "account.disabled"},
			{account.Blocked, "account.blocked", "account.blocked"},
			{account.Died, "account.blocked", "account.blocked"},
			{account.Deleted, "account.blocked", "account.blocked"},
			{account.Active, "ok", "ok"},
		} {
			if err := h.Accounts.SetState(t.Context(), peopletest.Operator, ann.No, c.state, "test"); err != nil {
				t.Fatal(err)
			}
			l := login(ann, peopletest.Password)
			program := try(t, h, l)
			l.Face = account.Web
			if web := try(t, h, l); program != c.program || web != c.web {
				t.Errorf("%s: %s, %s; want %s, %s", c.state, program, web, c.program, c.web)
			}
			if got := try(t, h, login(ann, "a wrong password")); got != "login.refused" {
				t.Errorf("%s: a wrong password is answered %s", c.state, got)
			}
		}
	})
}

func TestAPasswordExpires(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *house) {
		ann := h.Person("Ann", "Example")
		l := login(ann, peopletest.Password)
		h.Clock.Advance(90*24*time.Hour - time.Second)
		if got := try(t, h, l); got != "ok" {
			t.Errorf("on the last day: %s", got)
		}
		h.Clock.Advance(time.Second)
		_, err := h.Accounts.Authenticate(t.Context(), l)
		if !errs.Is(err, errs.Denied) || errs.Say(err) != "Your password expired on 3 December 2017, change it at https://portal.haven.example." {
			t.Errorf("%v", err)
		}
		l.Face = account.Web
		if ses, err := h.Accounts.Authenticate(t.Context(), l); err != nil || !ses.Changes {
			t.Errorf("on the web: %+v, %v", ses, err)
		}
		if err := h.Accounts.SetPassword(t.Context(), peopletest.As(ann), ann.No, "second kettle tramway", false); err != nil {
			t.Fatal(err)
		}
		if got := try(t, h, login(ann, "second kettle tramway")); got != "ok" {
			t.Errorf("after the change: %s", got)
		}
		if got := try(t, h, login(ann, peopletest.Password)); got != "login.refused" {
			t.Errorf("the old one, which was remembered as good: %s", got)
		}
	})
}

func TestTemporaryPassword(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *house) {
		ann := h.Person("Ann", "Example")
		if err := h.Accounts.SetPassword(t.Context(), peopletest.Operator, ann.No, "three words and two 77", true); err != nil {
			t.Fatal(err)
		}
		l := login(ann, "three words and two 77")
		if got := try(t, h, l); got != "password.temporary" {
			t.Errorf("in a program: %s", got)
		}
		l.Face = account.Web
		if ses, err := h.Accounts.Authenticate(t.Context(), l); err != nil || !ses.Changes {
			t.Errorf("on the web: %+v, %v", ses, err)
		}
	})
}

func TestLockOut(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *house) {
		ann := h.Person("Ann", "Example")
		home := login(ann, peopletest.Password)
		if got := try(t, h, home); got != "ok" {
			t.Fatal(got)
		}
		for i := range 30 { // each from a place of its own, so that no place is slowed
			l := login(ann, fmt.Sprintf("wrong guess number %d", i))
			l.Place = fmt.Sprintf("198.51.100.%d", i)
			if got := try(t, h, l); got != "login.refused" {
				t.Fatalf("guess %d: %s", i, got)
			}
		}
		away := home
		away.Place = "203.0.113.7"
		h.Open() // a restart forgets nothing of this
		if got := try(t, h, away); got != "login.refused" {
			t.Errorf("the right password from an unknown place: %s", got)
		}
		if got := try(t, h, home); got != "ok" {
			t.Errorf("from a known place: %s", got)
		}
		h.Clock.Advance(30 * time.Minute)
		if got := try(t, h, away); got != "ok" {
			t.Errorf("half an hour later: %s", got)
		}
	})
}

func TestUnlock(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *house) {
		ann := h.Person("Ann", "Example")
		for i := range 3 {
			try(t, h, login(ann, fmt.Sprintf("wrong guess number %d", i)))
		}
		if got := try(t, h, login(ann, peopletest.Password)); got != "login.refused" {
			t.Fatalf("not locked: %s", got)
		}
		if until, err := h.Accounts.Unlock(t.Context(), peopletest.Operator, ann.No); err != nil || until.IsZero() {
			t.Fatal(err)
		}
		if got := try(t, h, login(ann, peopletest.Password)); got != "ok" {
			t.Errorf("after unlocking: %s", got)
		}
	}, func(p *policy.Policy) { p.Lockout.LockAfter = 3 })
}

func TestASavedWrongPasswordIsOneFailure(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *house) {
		ann := h.Person("Ann", "Example")
		for range 1000 {
			if got := try(t, h, login(ann, "the one from before the change")); got != "login.refused" {
				t.Fatal(got)
			}
			h.Clock.Advance(time.Minute)
		}
		l := login(ann, peopletest.Password)
		l.Place = "203.0.113.7"
		if got := try(t, h, l); got != "ok" {
			t.Errorf("from another place: %s", got)
		}
		if got := try(t, h, login(ann, peopletest.Password)); got != "ok" {
			t.Errorf("from the same place, with the right one: %s", got)
		}
	})
}

// TestASavedWrongPasswordAtALockedAccount: a secret that is tried again is one failure there too, as it is for nobody: else the
// time of the second try would tell who exists.
func TestASavedWrongPasswordAtALockedAccount(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *house) {
		ann, bob := h.Person("Ann", "Example"), h.Person("Bob", "Example")
		for i := range 3 {
			try(t, h, login(ann, fmt.Sprintf("wrong guess number %d", i)))
		}
		saved := []account.Login{login(ann, "the one from before"), login(ann, peopletest.Password), login(account.Account{Address: haven.MustAddress("nobody@haven.example")}, "x")}
		for _, l := range saved {
			if got := try(t, h, l); got != "login.refused" {
				t.Fatal(got)
			}
		}
		release := h.Accounts.HoldHashers(t.Context())
		for i, l := range saved {
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
			if _, err := h.Accounts.Authenticate(ctx, l); !errs.Is(err, errs.Private) {
				t.Errorf("secret %d again: %v", i, err)
			}
			cancel()
		}
		release()
		if _, err := h.Accounts.Unlock(t.Context(), peopletest.Operator, ann.No); err != nil {
			t.Fatal(err)
		}
		for _, who := range []account.Account{ann, bob} {
			if got := try(t, h, login(who, peopletest.Password)); got != "ok" {
				t.Errorf("%s afterwards: %s", who.Address, got)
			}
		}
	}, func(p *policy.Policy) { p.Lockout.LockAfter = 3 })
}

func TestAPlaceIsSlowed(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *house) {
		ann, bob := h.Person("Ann", "Example"), h.Person("Bob", "Example")
		if got := try(t, h, login(ann, peopletest.Password)); got != "ok" {
			t.Fatal(got)
		}
		outcomes := make(map[string]int)
		for i := range 20 {
			l := login(bob, fmt.Sprintf("wrong guess number %d", i))
			if i%2 == 0 {
				l.User = fmt.Sprintf("nobody%d@haven.example", i)
			}
			outcomes[try(t, h, l)]++
		}
		if outcomes["login.refused"] != 11 || outcomes["lockout.slow"] != 9 {
			t.Errorf("%v", outcomes)
		}
		if got := try(t, h, login(bob, peopletest.Password)); got != "lockout.slow" {
			t.Errorf("the right password at a slowed place: %s", got)
		}
		if got := try(t, h, login(ann, peopletest.Password)); got != "ok" {
			t.Errorf("a program that was signed in there before: %s", got)
		}
		other := login(bob, peopletest.Password)
		other.Program = "Thunderbird"
		if got := try(t, h, other); got != "ok" {
			t.Errorf("another program on the same network: %s", got)
		}
		h.Clock.Advance(10 * time.Second)
		if got := try(t, h, login(bob, peopletest.Password)); got != "ok" {
			t.Errorf("ten seconds later: %s", got)
		}
	})
}

func TestAppPasswords(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *house) {
		ctx := t.Context()
		ann, bob := h.Person("Ann", "Example"), h.Person("Bob", "Example")
		shop, other := h.Pharmacy("FX002", ann), h.Pharmacy("FX003", bob)
		own, err := h.Accounts.NewAppPassword(ctx, peopletest.As(ann), ann.No, ann.No, "Outlook at home")
		if err != nil {
			t.Fatal(err)
		}
		boxed, err := h.Accounts.NewAppPassword(ctx, peopletest.As(ann), ann.No, shop.No, "Dispensary PC")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := h.Accounts.NewAppPassword(ctx, peopletest.As(ann), ann.No, other.No, "x"); !errs.Is(err, errs.NotFound) {
			t.Errorf("for a mailbox that she may not open: %v", err)
		}
		as := func(a account.Account, pw string, change func(*account.Login)) account.Login {
			l := login(a, pw)
			if change != nil {
				change(&l)
			}
			return l
		}
		for _, c := range []struct {
			name string
			l    account.Login
			want string
		}{
			{"as shown", as(ann, own, nil), "ok"},
			{"typed without groups, in capitals", as(ann, strings.ToUpper(strings.ReplaceAll(own, "-", " ")), nil), "ok"},
			{"of the mailbox", as(ann, boxed, nil), "ok"},
			{"of the mailbox, named", as(ann, boxed, func(l *account.Login) { l.Authzid = shop.Address.String() }), "ok"},
			{"her own for the mailbox", as(ann, own, func(l *account.Login) { l.Authzid = shop.Address.String() }), "login.target"},
			{"on the web", as(ann, own, func(l *account.Login) { l.Face = account.Web }), "login.refused"},
			{"the account's password", as(ann, peopletest.Password, nil), "login.app-password"},
			{"the account's password on the web", as(ann, peopletest.Password, func(l *account.Login) { l.Face = account.Web }), "ok"},
			{"somebody else's", as(bob, own, nil), "login.app-password"},
			{"nobody", as(account.Account{Address: haven.MustAddress("nobody@haven.example")}, own, nil), "login.app-password"},
			{"one letter off", as(ann, "a"+own[1:], nil), map[bool]string{true: "ok", false: "login.app-password"}[own[0] == 'a']},
		} {
			if got := try(t, h, c.l); got != c.want {
				t.Errorf("%s: %s, want %s", c.name, got, c.want)
			}
		}
		if ses, err := h.Accounts.Authenticate(ctx, login(ann, boxed)); err != nil || ses.Target.No != shop.No {
			t.Errorf("the mailbox's app password opens %+v, %v", ses.Target, err)
		}
		list, err := h.Accounts.AppPasswords(ctx, ann.No)
		if err != nil || len(list) != 2 || list[0].Name != "Outlook at home" || list[0].Used.IsZero() || list[1].Target != shop.No {
			t.Fatalf("%+v, %v", list, err)
		}
		if err := h.Accounts.RevokeAppPassword(ctx, peopletest.As(bob), bob.No, list[0].ID); !errs.Is(err, errs.NotFound) {
			t.Errorf("somebody else revoked it: %v", err)
		}
		if err := h.Accounts.RevokeAppPassword(ctx, peopletest.As(ann), ann.No, list[0].ID); err != nil {
			t.Fatal(err)
		}
		if got := try(t, h, login(ann, own)); got != "login.app-password" {
			t.Errorf("revoked: %s", got)
		}
		for want := int64(3); want < 6; want++ { // a number that was revoked is never another's
			if _, err := h.Accounts.NewAppPassword(ctx, peopletest.As(ann), ann.No, ann.No, "Phone"); err != nil {
				t.Fatal(err)
			}
			list, err := h.Accounts.AppPasswords(ctx, ann.No)
			if err != nil || list[len(list)-1].ID != want {
				t.Fatalf("the newest is %+v, %v, want number %d", list[len(list)-1], err, want)
			}
			if err := h.Accounts.RevokeAppPassword(ctx, peopletest.As(ann), ann.No, want); err != nil {
				t.Fatal(err)
			}
		}
		h.Mobile(bob)
		if err := h.Shared.AddMember(ctx, peopletest.As(ann), shop.No, sharedmailbox.Grant{Person: bob.No, Rights: haven.Owner}); err != nil {
			t.Fatal(err)
		}
		if err := h.Shared.RemoveMember(ctx, peopletest.As(bob), shop.No, ann.No); err != nil {
			t.Fatal(err)
		}
		if got := try(t, h, login(ann, boxed)); got != "login.target" {
			t.Errorf("no member any more: %s", got)
		}
	}, func(p *policy.Policy) { p.Account.PasswordsInPrograms = false })
}

func TestAnApplicationSignsInWithItsAppPassword(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *house) {
		app, err := h.Accounts.CreateApplication(t.Context(), peopletest.Operator, "Lab results", haven.MustAddress("labs@haven.example"))
		if err != nil {
			t.Fatal(err)
		}
		secret, err := h.Accounts.NewAppPassword(t.Context(), peopletest.Operator, app.No, app.No, "sender")
		if err != nil {
			t.Fatal(err)
		}
		ses, err := h.Accounts.Authenticate(t.Context(), login(app, secret))
		if err != nil || ses.Rights != haven.Read|haven.Write|haven.SendAs {
			t.Errorf("%+v, %v", ses, err)
		}
		if err := h.Accounts.SetPassword(t.Context(), peopletest.Operator, app.No, peopletest.Password, false); !errs.Is(err, errs.NotFound) {
			t.Errorf("a program got a person's password: %v", err)
		}
	})
}

// TestAReconnectingProgramCostsNoHash signs in again and again while no hasher is to be had.
func TestAReconnectingProgramCostsNoHash(t *testing.T) {
	t.Parallel()
	h := peopletest.New(t, dbtest.Open(t, "sqlite", peopletest.Schemas()...))
	ann := h.Person("Ann", "Example")
	if got := try(t, h, login(ann, peopletest.Password)); got != "ok" {
		t.Fatal(got)
	}
	release := h.Accounts.HoldHashers(t.Context())
	defer release()
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			if got := try(t, h, login(ann, peopletest.Password)); got != "ok" {
				t.Error(got)
			}
		})
	}
	wg.Wait()
}

// TestNoSecretIsLogged looks for what was typed in everything that the service writes.
func TestNoSecretIsLogged(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	h := peopletest.New(t, dbtest.Open(t, "sqlite", peopletest.Schemas()...))
	h.Logger = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	h.Open()
	ann := h.Person("Ann", "Example")
	try(t, h, login(ann, "typed wrong kettle"))
	try(t, h, account.Login{User: "typed-as-user-kettle@haven.example", Password: "typed wrong kettle"})
	if err := h.Accounts.SetState(t.Context(), peopletest.Operator, ann.No, account.Blocked, "test"); err != nil {
		t.Fatal(err)
	}
	try(t, h, login(ann, peopletest.Password))
	if got := log.String(); strings.Contains(got, "kettle") || !strings.Contains(got, "account.blocked") || !strings.Contains(got, "login.refused") {
		t.Errorf("log: %s", got)
	}
}

func TestAnUnreachableStoreCountsNothing(t *testing.T) {
	t.Parallel()
	h := peopletest.New(t, dbtest.Open(t, "sqlite", peopletest.Schemas()...))
	ann := h.Person("Ann", "Example")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for range 50 {
		if _, err := h.Accounts.Authenticate(ctx, login(ann, "a wrong password")); !errs.Is(err, errs.Transient) {
			t.Fatalf("%v, want Transient", err)
		}
	}
	if got := try(t, h, login(ann, peopletest.Password)); got != "ok" {
		t.Errorf("afterwards: %s", got)
	}
}

// TestEveryAnswerCostsOneHash shows that whoever asks waits for a computation, whether the user exists or is
// locked: with all hashers taken each waits its time out, and none counts as a failure.
func TestEveryAnswerCostsOneHash(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *house) {
		ann, eve := h.Person("Ann", "Example"), h.Person("Eve", "Example")
		shop := h.Pharmacy("FX002", ann)
		for i := range 3 {
			l := login(eve, fmt.Sprintf("wrong guess number %d", i))
			l.Place = "198.51.100.1"
			if got := try(t, h, l); got != "login.refused" {
				t.Fatal(got)
			}
		}
		release := h.Accounts.HoldHashers(t.Context())
		asks := []account.Login{login(ann, peopletest.Password), login(ann, "a wrong password"), login(shop, peopletest.Password),
			login(account.Account{Address: haven.MustAddress("nobody@haven.example")}, "x"), login(eve, peopletest.Password)}
		answers := make(chan error)
		for _, l := range asks {
			go func() {
				_, err := h.Accounts.Authenticate(context.Background(), l)
				answers <- err
			}()
		}
		if err := h.Clock.Await(t.Context(), len(asks)); err != nil {
			t.Fatal(err)
		}
		h.Clock.Advance(10 * time.Second)
		for range asks {
			if err := <-answers; !errs.Is(err, errs.Transient) {
				t.Errorf("%v, want Transient", err)
			}
		}
		release()
		if got := try(t, h, login(ann, peopletest.Password)); got != "ok" {
			t.Errorf("afterwards: %s", got)
		}
	}, func(p *policy.Policy) { p.Lockout.LockAfter = 3 })
}

func TestANetworkIsSlowedWhateverItsProgramsAreCalled(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *house) {
		outcomes := make(map[string]int)
		for i := range 30 {
			outcomes[try(t, h, account.Login{User: fmt.Sprintf("nobody%d@haven.example", i), Password: "a guess", Program: fmt.Sprint(i), Place: fmt.Sprintf("2001:db8::%x", i)})]++
		}
		if outcomes["login.refused"] != 21 || outcomes["lockout.slow"] != 9 {
			t.Errorf("%v", outcomes)
		}
	}, func(p *policy.Policy) { p.Lockout.SlowNetwork = 20 })
}

// A mailbox that is shut to mail programs opens on the pages alone, and nothing is sent as it but from there.
func TestShutToPrograms(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *house) {
		ctx, ann := t.Context(), h.Person("Ann", "Example")
		shop := h.Pharmacy("FX002", ann)
		secret, err := h.Accounts.NewAppPassword(ctx, peopletest.Operator, ann.No, shop.No, "Outlook")
		if err != nil {
			t.Fatal(err)
		}
		opens := func(user, password string, f account.Face, want string) {
			t.Helper()
			_, err := h.Accounts.Authenticate(ctx, account.Login{User: user, Password: password, Place: "192.0.2.7", Face: f})
			var e *errs.Error
			if got := errors.As(err, &e); err != nil && (!got || e.Rule != want) || err == nil && want != "" {
				t.Errorf("%s: %v, want %q", user, err, want)
			}
		}
		sends := func(f account.Face, want bool) {
			t.Helper()
			if _, err := h.Accounts.MayUse(ctx, ann.No, shop.Address, f); (err == nil) != want {
				t.Errorf("sending by face %d: %v", f, err)
			}
		}
		set := func(no haven.AccountNo, open bool) {
			t.Helper()
			for range 2 { // a second time changes nothing, and is no error
				if err := h.Accounts.SetPrograms(ctx, peopletest.Operator, no, open); err != nil {
					t.Fatal(err)
				}
			}
			if got, err := h.Accounts.Programs(ctx, no); err != nil || got != open {
				t.Errorf("open is %t, %v", got, err)
			}
		}
		opens(ann.Address.String(), secret, account.Program, "")
		sends(account.Program, true)
		set(shop.No, false)
		opens(ann.Address.String(), secret, account.Program, "programs.shut")
		opens(ann.Address.String(), peopletest.Password, account.Program, "")
		opens(ann.Address.String(), peopletest.Password, account.Web, "")
		sends(account.Program, false)
		sends(account.Web, true)
		if _, err := h.Accounts.NewAppPassword(ctx, peopletest.Operator, ann.No, shop.No, "Another"); !errs.Is(err, errs.Denied) {
			t.Errorf("an app password for it: %v", err)
		}
		stranger := h.Person("Bob", "Example")
		opens(stranger.Address.String()+"/"+shop.Address.String(), peopletest.Password, account.Program, "login.target") // it tells a stranger nothing
		set(ann.No, false)
		opens(ann.Address.String(), peopletest.Password, account.Program, "programs.shut")
		opens(ann.Address.String(), peopletest.Password, account.Web, "")
		set(shop.No, true)
		opens(ann.Address.String(), secret, account.Program, "")
		if err := h.Accounts.SetPrograms(ctx, peopletest.Operator, 9999, false); !errs.Is(err, errs.NotFound) {
			t.Errorf("of nobody: %v", err)
		}
	})
}

func TestWhoMaySendFromWhere(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *house) {
		ctx, ann, bob := t.Context(), h.Person("Ann", "Example"), h.Person("Bob", "Example")
		shop := h.Pharmacy("FX002", ann)
		if err := h.Shared.AddMember(ctx, peopletest.Operator, shop.No, sharedmailbox.Grant{Person: bob.No, Rights: haven.Read | haven.SendOnBehalf}); err != nil {
			t.Fatal(err)
		}
		if err := h.Accounts.Rename(ctx, peopletest.Operator, ann.No, "Ann Wed", haven.MustAddress("ann.wed@haven.example")); err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			person   account.Account
			from     string
			ok       bool
			onBehalf bool
		}{
			{ann, "ann.wed@haven.example", true, false}, {ann, "Ann.Wed@haven.example", true, false},
			{ann, "ann.example@haven.example", false, false}, {ann, shop.Address.String(), true, false},
			{ann, "pharmacy.fx002@haven.example", true, false}, {ann, bob.Address.String(), false, false},
			{ann, "nobody@haven.example", false, false}, {ann, "someone@elsewhere.test", false, false},
			{bob, shop.Address.String(), true, true}, {bob, "ann.wed@haven.example", false, false},
		} {
			u, err := h.Accounts.MayUse(ctx, c.person.No, haven.MustAddress(c.from), account.Program)
			if (err == nil) != c.ok || err != nil && !errors.Is(err, account.ErrSender) || u.OnBehalf != c.onBehalf || c.ok && u.Account.No == 0 {
				t.Errorf("%s from %s: %+v, %v", c.person.Display, c.from, u, err)
			}
		}
	})
}

func BenchmarkReconnect(b *testing.B) {
	h := peopletest.New(b, dbtest.Open(b, "sqlite", peopletest.Schemas()...))
	ann := h.Person("Ann", "Example")
	for b.Loop() {
		if _, err := h.Accounts.Authenticate(b.Context(), login(ann, peopletest.Password)); err != nil {
			b.Fatal(err)
		}
	}
}

// What a wrong password writes tells, by its time, whether the account exists: it has to be the same.
func TestAGuessWritesAsMuchForNobody(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *house) {
		ann, shop := h.Person("Ann", "Example"), h.Pharmacy("FX002", h.Person("Bob", "Example"))
		failures := func() (counted int64) {
			t.Helper()
			err := h.DB.Read(t.Context(), func(tx *db.Tx) error {
				return tx.Query(`SELECT (SELECT COALESCE(SUM(failures), 0) FROM lockout) + (SELECT COALESCE(SUM(failures), 0) FROM lockout_nobody)`, nil,
					func(r db.Row) error { counted = r.Int64(0); return nil })
			})
			if err != nil {
				t.Fatal(err)
			}
			return counted
		}
		for _, guess := range []string{"a guess", "another one"} {
			for _, user := range []string{ann.Address.String(), "nobody@haven.example", "nobody@elsewhere.test", shop.Address.String()} {
				before := failures()
				if got := try(t, h, account.Login{User: user, Password: guess, Place: "192.0.2.9", Program: "Outlook"}); got != "login.refused" {
					t.Fatalf("%s: %s", user, got)
				}
				if written := failures() - before; written != 1 {
					t.Errorf("%s: %d failures were written", user, written)
				}
			}
		}
	})
}
