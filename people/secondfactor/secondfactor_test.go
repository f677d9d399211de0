package secondfactor_test

import (
	"bytes"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"haven"
	"haven/people/account"
	"haven/people/peopletest"
	"haven/people/secondfactor"
	"haven/platform/db"
	"haven/platform/errs"
)

func TestRules(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		on, trusted, want bool
		rule              haven.Rule
	}{{false, false, false, "second-factor.none"}, {false, true, false, "second-factor.none"}, {true, true, false, "second-factor.trusted"}, {true, false, true, "second-factor.asked"}} {
		if got, rule := secondfactor.Needed(c.on, c.trusted); got != c.want || rule != c.rule {
			t.Errorf("%+v: %t by %s", c, got, rule)
		}
	}
	for text, want := range map[string]bool{"123456": true, "12345": false, "1234567": false, "12345a": false, "": false, "１２３４５６": false} {
		if got := secondfactor.IsCode(text); got != want {
			t.Errorf("%q: %t", text, got)
		}
	}
	if got := secondfactor.Clean(" 123 456-ABC\u00a0"); got != "123456abc" {
		t.Errorf("cleaned %q", got)
	}
	at := time.Unix(3000, 0)
	for last, want := range map[int64]int{0: 3, 98: 3, 99: 2, 100: 1, 101: 0} {
		if got := secondfactor.Steps(at, last); len(got) != want {
			t.Errorf("after %d: %v", last, got)
		}
	}
}

func each(t *testing.T, fn func(t *testing.T, h *peopletest.House, s *secondfactor.Service)) {
	t.Helper()
	peopletest.Each(t, func(t *testing.T, h *peopletest.House) { fn(t, h, h.SecondFactor) })
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// code is what the person's app shows.
func code(t *testing.T, h *peopletest.House, setup secondfactor.Setup) string {
	t.Helper()
	c, err := totp.GenerateCode(strings.ReplaceAll(setup.Key, " ", ""), h.Clock.Now())
	must(t, err)
	return c
}

// on gives a person a second factor.
func on(t *testing.T, h *peopletest.House, s *secondfactor.Service, who account.Account) (secondfactor.Setup, []string) {
	t.Helper()
	setup, err := s.Begin(t.Context(), who)
	must(t, err)
	codes, err := s.Confirm(t.Context(), haven.Actor{Person: who.ID}, who, code(t, h, setup))
	must(t, err)
	return setup, codes
}

func wantRule(t *testing.T, err error, rule string) {
	t.Helper()
	if e, ok := err.(*errs.Error); !ok || e.Rule != rule {
		t.Errorf("%v, want %s", err, rule)
	}
}

func TestSetUp(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *peopletest.House, s *secondfactor.Service) {
		ctx, aisha := t.Context(), h.Person("Aisha", "Rahman")
		me := haven.Actor{Person: aisha.ID}
		first, err := s.Begin(ctx, aisha)
		must(t, err)
		setup, err := s.Begin(ctx, aisha)
		must(t, err)
		if again, err := s.Begun(ctx, aisha); err != nil || again != setup || setup == first || !strings.HasPrefix(setup.URL, "otpauth://totp/Haven:") {
			t.Errorf("begun is %+v, %v", again, err)
		}
		_, err = s.Confirm(ctx, me, aisha, code(t, h, first))
		wantRule(t, err, "second-factor.wrong")
		if st, err := s.Of(ctx, aisha.No); err != nil || st.On {
			t.Errorf("%+v, %v before it was confirmed", st, err)
		}
		_, err = s.Check(ctx, me, aisha, code(t, h, setup))
		wantRule(t, err, "second-factor.wrong") // not on yet
		codes, err := s.Confirm(ctx, me, aisha, " "+code(t, h, setup)[:3]+" "+code(t, h, setup)[3:])
		must(t, err)
		if st, err := s.Of(ctx, aisha.No); err != nil || !st.On || st.Recovery != 10 || len(codes) != 10 || !st.Since.Equal(h.Clock.Now()) {
			t.Errorf("%+v, %d codes, %v", st, len(codes), err)
		}
		_, err = s.Begin(ctx, aisha)
		wantRule(t, err, "second-factor.on")
		_, err = s.Begun(ctx, aisha)
		wantRule(t, err, "second-factor.none")
		must(t, s.Remove(ctx, me, aisha))
		wantRule(t, s.Remove(ctx, me, aisha), "second-factor.none")
		if st, err := s.Of(ctx, aisha.No); err != nil || st.On || st.Recovery != 0 {
			t.Errorf("%+v, %v after it was removed", st, err)
		}
	})
}

func TestCheck(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *peopletest.House, s *secondfactor.Service) {
		ctx, aisha, ben := t.Context(), h.Person("Aisha", "Rahman"), h.Person("Ben", "Whitlock")
		me := haven.Actor{Person: aisha.ID}
		setup, codes := on(t, h, s, aisha)
		_, bens := on(t, h, s, ben)
		check := func(text string, want secondfactor.Kind, rule string) {
			t.Helper()
			kind, err := s.Check(ctx, me, aisha, text)
			if kind != want {
				t.Errorf("%q is %d, want %d", text, kind, want)
			}
			if rule != "" {
				wantRule(t, err, rule)
			}
		}
		check(code(t, h, setup), secondfactor.None, "second-factor.wrong") // it confirmed the setting up
		h.Clock.Advance(30 * time.Second)
		now := code(t, h, setup)
		check(now, secondfactor.Code, "")
		check(now, secondfactor.None, "second-factor.wrong") // serves once
		h.Clock.Advance(60 * time.Second)
		old := code(t, h, setup)
		h.Clock.Advance(30 * time.Second)
		check(old, secondfactor.Code, "") // the app is half a minute late
		h.Clock.Advance(60 * time.Second)
		old = code(t, h, setup)
		h.Clock.Advance(60 * time.Second)
		check(old, secondfactor.None, "second-factor.wrong")
		check(strings.ToUpper(codes[0]), secondfactor.Recovery, "")
		check(codes[0], secondfactor.None, "second-factor.wrong") // spent
		check(bens[0], secondfactor.None, "second-factor.wrong")
		check("", secondfactor.None, "second-factor.wrong")
		if st, err := s.Of(ctx, aisha.No); err != nil || st.Recovery != 9 {
			t.Errorf("%+v, %v", st, err)
		}
		fresh, err := s.Renew(ctx, me, aisha)
		must(t, err)
		check(codes[1], secondfactor.None, "second-factor.wrong")
		check(fresh[1], secondfactor.Recovery, "")
	})
}

// Many tries at once are as many as one after the other.
func TestSlowed(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *peopletest.House, s *secondfactor.Service) {
		ctx, aisha := t.Context(), h.Person("Aisha", "Rahman")
		me := haven.Actor{Person: aisha.ID}
		setup, codes := on(t, h, s, aisha)
		h.Clock.Advance(time.Minute)
		right := code(t, h, setup)
		wrong := "000000"
		if wrong == right {
			wrong = "000001"
		}
		var mu sync.Mutex
		rules := map[string]int{}
		var all sync.WaitGroup
		for range 30 {
			all.Go(func() {
				_, err := s.Check(ctx, me, aisha, wrong)
				mu.Lock()
				defer mu.Unlock()
				if e, ok := err.(*errs.Error); ok {
					rules[e.Rule]++
				}
			})
		}
		all.Wait()
		if most := h.Policy.Lockout.SlowAfter; rules["second-factor.wrong"] != most || rules["second-factor.slow"] != 30-most {
			t.Errorf("answered %v", rules)
		}
		_, err := s.Check(ctx, me, aisha, codes[0])
		wantRule(t, err, "second-factor.slow")
		h.Clock.Advance(h.Policy.Lockout.Window)
		if kind, err := s.Check(ctx, me, aisha, codes[0]); kind != secondfactor.Recovery || err != nil {
			t.Errorf("%d, %v when the window is over", kind, err)
		}
	})
}

func TestTrust(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *peopletest.House, s *secondfactor.Service) {
		ctx, aisha, ben := t.Context(), h.Person("Aisha", "Rahman"), h.Person("Ben", "Whitlock")
		me := haven.Actor{Person: aisha.ID}
		browser, err := s.TrustPlace(ctx, me, aisha, "Firefox on Windows")
		must(t, err)
		want := func(no haven.AccountNo, trust secondfactor.Trust, want bool) {
			t.Helper()
			if got, err := s.Trusts(ctx, no, trust); got != want || err != nil {
				t.Errorf("trusted %t, %v, want %t", got, err, want)
			}
		}
		want(aisha.No, browser, true)
		want(ben.No, browser, false)
		want(aisha.No, "", false)
		want(aisha.No, browser+"x", false)
		h.Clock.Advance(h.Policy.Session.TrustedPlace)
		want(aisha.No, browser, false)
		browser, err = s.TrustPlace(ctx, me, aisha, "Firefox on Windows")
		must(t, err)
		must(t, s.DistrustAll(ctx, me, aisha))
		want(aisha.No, browser, false)
	})
}

// Nothing of a key stands in the table as it is.
func TestSealed(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *peopletest.House, s *secondfactor.Service) {
		aisha := h.Person("Aisha", "Rahman")
		setup, _ := on(t, h, s, aisha)
		must(t, h.DB.Read(t.Context(), func(tx *db.Tx) error {
			return tx.Query(`SELECT sealed FROM second_factor`, nil, func(r db.Row) error {
				if bytes.Contains(r.Bytes(0), []byte(strings.ReplaceAll(setup.Key, " ", ""))) || len(r.Bytes(0)) < 36 {
					t.Error("the key stands in its row")
				}
				return nil
			})
		}))
	})
}
