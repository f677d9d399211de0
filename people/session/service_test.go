package session_test

import (
	"slices"
	"testing"
	"time"

	"haven/people/account"
	"haven/people/peopletest"
	"haven/people/session"
	"haven/platform/db"
	"haven/platform/errs"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// logIn proves a person's password as the log in page does.
func logIn(t *testing.T, h *peopletest.House, p account.Account, password string) account.Session {
	t.Helper()
	s, err := h.Accounts.Authenticate(t.Context(), account.Login{User: p.Address.String(), Password: password, Place: "192.0.2.7", Face: account.Web})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func start(t *testing.T, h *peopletest.House, p account.Account, shared bool) (session.Token, session.Session) {
	t.Helper()
	in := logIn(t, h, p, peopletest.Password)
	token, s, err := h.Sessions.Open(t.Context(), session.Start{Person: in.Person, Proof: in.Proof, Shared: shared, Place: "192.0.2.7", Program: "Firefox"})
	if err != nil {
		t.Fatal(err)
	}
	return token, s
}

func wantEnded(t *testing.T, h *peopletest.House, token session.Token) {
	t.Helper()
	if _, err := h.Sessions.Find(t.Context(), token); err != session.ErrEnded {
		t.Errorf("the token opens: %v", err)
	}
}

func wantStands(t *testing.T, h *peopletest.House, token session.Token, locked bool) session.Session {
	t.Helper()
	s, err := h.Sessions.Find(t.Context(), token)
	if err != nil || s.Locked != locked {
		t.Fatalf("locked %t, %v; want locked %t", s.Locked, err, locked)
	}
	return s
}

func TestLife(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *peopletest.House) {
		aisha := h.Person("Aisha", "Rahman")
		token, opened := start(t, h, aisha, true)
		if s := wantStands(t, h, token, false); s.ID != opened.ID || s.Person.No != aisha.No || s.Place != "192.0.2.7" || s.Program != "Firefox" || !s.Shared {
			t.Fatalf("found %+v", s)
		}
		wantEnded(t, h, "")
		wantEnded(t, h, token+"x")
		for range 3 { // use keeps it open
			h.Clock.Advance(9 * time.Minute)
			wantStands(t, h, token, false)
		}
		h.Clock.Advance(10 * time.Minute)
		wantStands(t, h, token, true)
		wantStands(t, h, token, true) // asking does not unlock
		ben := h.Person("Ben", "Whitlock")
		if err := h.Sessions.Prove(t.Context(), token, logIn(t, h, ben, peopletest.Password).Proof, ben.No); !errs.Is(err, errs.Private) {
			t.Errorf("Ben unlocks Aisha's: %v", err)
		}
		wantStands(t, h, token, true)
		if err := h.Sessions.Prove(t.Context(), token, logIn(t, h, aisha, peopletest.Password).Proof, aisha.No); err != nil {
			t.Fatal(err)
		}
		s := wantStands(t, h, token, false)
		if now := h.Clock.Now(); !s.Recent(now, 5*time.Minute) || s.Recent(now.Add(5*time.Minute), 5*time.Minute) {
			t.Errorf("proven at %v, now %v", s.Proven, now)
		}
		for range 100 {
			h.Clock.Advance(9 * time.Minute)
			_, _ = h.Sessions.Find(t.Context(), token)
		}
		wantEnded(t, h, token) // 12 hours are over, whatever was done
		if err := h.Sessions.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := h.Sessions.Close(t.Context(), token, s.Actor()); err != nil {
			t.Errorf("closing what has ended: %v", err)
		}
	})
}

func TestEndedFromElsewhere(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *peopletest.House) {
		aisha, ben := h.Person("Aisha", "Rahman"), h.Person("Ben", "Whitlock")
		first, one := start(t, h, aisha, true)
		second, two := start(t, h, aisha, false)
		third, _ := start(t, h, aisha, false)
		other, _ := start(t, h, ben, true)
		all, err := h.Sessions.Of(t.Context(), aisha.No)
		if err != nil || len(all) != 3 {
			t.Fatalf("%d sessions, %v", len(all), err)
		}
		if err := h.Sessions.Revoke(t.Context(), two.Actor(), ben, one.ID); err != nil {
			t.Fatal(err)
		}
		wantStands(t, h, first, false) // not Ben's to end
		if err := h.Sessions.Revoke(t.Context(), two.Actor(), aisha, one.ID); err != nil {
			t.Fatal(err)
		}
		wantEnded(t, h, first)
		if err := h.Sessions.RevokeOthers(t.Context(), two.Actor(), aisha, second); err != nil {
			t.Fatal(err)
		}
		wantEnded(t, h, third)
		wantStands(t, h, second, false)
		wantStands(t, h, other, false)
		if err := h.Accounts.SetPassword(t.Context(), peopletest.Operator, aisha.No, "quiet amber lantern", false); err != nil {
			t.Fatal(err)
		}
		wantEnded(t, h, second)
		if err := h.Accounts.SetState(t.Context(), peopletest.Operator, ben.No, account.Blocked, "account.operator"); err != nil {
			t.Fatal(err)
		}
		wantEnded(t, h, other)
	})
}

func TestMostSessions(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *peopletest.House) {
		aisha := h.Person("Aisha", "Rahman")
		oldest, _ := start(t, h, aisha, false)
		h.Clock.Advance(time.Second)
		next, _ := start(t, h, aisha, false)
		for range h.Policy.Session.Most - 1 {
			h.Clock.Advance(time.Second)
			start(t, h, aisha, false)
		}
		wantEnded(t, h, oldest)
		wantStands(t, h, next, false)
	})
}

// A look is no use: what a browser does by itself keeps no session open (Rules 6).
func TestLookIsNoUse(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *peopletest.House) {
		aisha := h.Person("Aisha", "Rahman")
		token, _ := start(t, h, aisha, true)
		for range 9 {
			h.Clock.Advance(time.Minute)
			if s, err := h.Sessions.Look(t.Context(), token); err != nil || s.Locked {
				t.Fatalf("locked %t, %v", s.Locked, err)
			}
		}
		s, err := h.Sessions.Look(t.Context(), token)
		if want := h.Clock.Now().Add(time.Minute); err != nil || !s.Until.Equal(want) {
			t.Fatalf("until %v, want %v, %v", s.Until, want, err)
		}
		h.Clock.Advance(time.Minute)
		wantStands(t, h, token, true)
	})
}

// Whoever waits for the person is woken when a session ends or locks, and the account has another version, for other processes.
func TestEndIsAnnounced(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *peopletest.House) {
		aisha := h.Person("Aisha", "Rahman")
		for _, c := range []struct {
			name string
			end  func(session.Token, session.Session) error
		}{
			{"log out", func(token session.Token, s session.Session) error {
				return h.Sessions.Close(t.Context(), token, s.Actor())
			}},
			{"lock", func(token session.Token, s session.Session) error {
				return h.Sessions.Lock(t.Context(), token, s.Actor())
			}},
			{"revoke", func(_ session.Token, s session.Session) error {
				return h.Sessions.Revoke(t.Context(), s.Actor(), aisha, s.ID)
			}},
		} {
			token, s := start(t, h, aisha, true)
			before, err := h.Accounts.ByNo(t.Context(), aisha.No)
			if err != nil {
				t.Fatal(err)
			}
			h.Announced.Take()
			if err := c.end(token, s); err != nil {
				t.Fatal(err)
			}
			after, err := h.Accounts.ByNo(t.Context(), aisha.No)
			if woken := h.Announced.Take(); err != nil || len(woken) != 1 || woken[0] != aisha.No || after.AccessVer == before.AccessVer {
				t.Errorf("%s: woken %v, version %d after %d, %v", c.name, woken, after.AccessVer, before.AccessVer, err)
			}
		}
	})
}

// What ends with a session hears of its end, whoever ends it, and Holds knows of every end.
func TestHolds(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *peopletest.House) {
		ctx, ann, ben := t.Context(), h.Person("Ann", "Example"), h.Person("Ben", "Example")
		var ended []int64
		p := h.Policy.Session
		p.Most = 4
		h.Sessions = session.New(session.Options{DB: h.DB, Clock: h.Clock, Policy: p, Ended: func(_ *db.Tx, id int64) { ended = append(ended, id) }})
		holds := func(what string, s session.Session, want bool) {
			t.Helper()
			if err := h.Sessions.Holds(ctx, s.ID, ann.No); (err == nil) != want || err != nil && err != session.ErrEnded {
				t.Errorf("%s: %v", what, err)
			}
		}
		token, out := start(t, h, ann, false)
		_, revoked := start(t, h, ann, false)
		_, other := start(t, h, ann, false)
		rest, stays := start(t, h, ann, true)
		holds("at first", out, true)
		if err := h.Sessions.Holds(ctx, out.ID, ben.No); err != session.ErrEnded {
			t.Errorf("of another person: %v", err)
		}
		must(t, h.Sessions.Close(ctx, token, out.Actor()))
		must(t, h.Sessions.Revoke(ctx, out.Actor(), ann, revoked.ID))
		must(t, h.Sessions.RevokeOthers(ctx, out.Actor(), ann, rest))
		holds("logged out", out, false)
		holds("revoked", revoked, false)
		holds("revoked with others", other, false)
		holds("the one that stays", stays, true)
		if want := []int64{out.ID, revoked.ID, other.ID}; !slices.Equal(ended, want) {
			t.Errorf("ended %v, want %v", ended, want)
		}
		must(t, h.Sessions.Lock(ctx, rest, stays.Actor()))
		holds("locked", stays, true)
		h.Clock.Advance(time.Second)
		for range 4 {
			start(t, h, ann, false)
		}
		holds("the oldest of too many", stays, false)
		if n := len(ended); n != 4 || ended[3] != stays.ID {
			t.Errorf("ended %v", ended)
		}
		_, last := start(t, h, ann, false)
		must(t, h.Accounts.SetPassword(ctx, peopletest.Operator, ann.No, "another kettle tramway", false))
		holds("another password", last, false)
	})
}
