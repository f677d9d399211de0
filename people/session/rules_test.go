package session_test

import (
	"testing"
	"time"

	"haven"
	"haven/people/account"
	"haven/people/session"
	"haven/platform/policy"
)

func TestStand(t *testing.T) {
	t.Parallel()
	p, err := policy.Profile("")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	good := session.Facts{Created: now.Add(-time.Hour), Seen: now.Add(-time.Minute), State: account.Active, Ver: 3, Now: 3}
	with := func(change func(*session.Facts)) session.Facts {
		f := good
		change(&f)
		return f
	}
	for _, c := range []struct {
		name string
		f    session.Facts
		want session.Standing
		rule haven.Rule
	}{
		{"used a minute ago", good, session.Open, "session.open"},
		{"shared, used 9 minutes ago", with(func(f *session.Facts) { f.Shared, f.Seen = true, now.Add(-9*time.Minute) }), session.Open, "session.open"},
		{"shared, used 10 minutes ago", with(func(f *session.Facts) { f.Shared, f.Seen = true, now.Add(-10*time.Minute) }), session.Locked, "session.idle"},
		{"own, used 59 minutes ago", with(func(f *session.Facts) { f.Seen = now.Add(-59 * time.Minute) }), session.Open, "session.open"},
		{"own, used an hour ago", with(func(f *session.Facts) { f.Seen = now.Add(-time.Hour) }), session.Locked, "session.idle"},
		{"11 hours and 59 minutes old", with(func(f *session.Facts) { f.Created = now.Add(-12*time.Hour + time.Minute) }), session.Open, "session.open"},
		{"12 hours old", with(func(f *session.Facts) { f.Created = now.Add(-12 * time.Hour) }), session.Ended, "session.age"},
		{"another password", with(func(f *session.Facts) { f.Now = 4 }), session.Ended, "session.password-changed"},
		{"no password any more", with(func(f *session.Facts) { f.Now = 0 }), session.Ended, "session.password-changed"},
		{"blocked", with(func(f *session.Facts) { f.State = account.Blocked }), session.Ended, "session.account"},
		{"deleted", with(func(f *session.Facts) { f.State = account.Deleted }), session.Ended, "session.account"},
		{"leaver", with(func(f *session.Facts) { f.State = account.Leaver }), session.Open, "session.open"},
		{"not activated", with(func(f *session.Facts) { f.State = account.Invited }), session.Open, "session.open"},
		{"the clock went back", with(func(f *session.Facts) { f.Seen, f.Created = now.Add(time.Hour), now.Add(time.Hour) }), session.Open, "session.open"},
	} {
		if got, rule := session.Stand(c.f, p.Session, now); got != c.want || rule != c.rule {
			t.Errorf("%s: %v by %s, want %v by %s", c.name, got, rule, c.want, c.rule)
		}
	}
}

func TestUntil(t *testing.T) {
	t.Parallel()
	p, err := policy.Profile("")
	if err != nil {
		t.Fatal(err)
	}
	made := time.Date(2026, 11, 25, 8, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name   string
		shared bool
		seen   time.Duration
		want   time.Duration
	}{
		{"a shared computer", true, time.Hour, time.Hour + 10*time.Minute},
		{"an own device", false, time.Hour, 2 * time.Hour},
		{"the end of the day comes first", false, 11*time.Hour + 30*time.Minute, 12 * time.Hour},
	} {
		got := session.Until(session.Facts{Shared: c.shared, Created: made, Seen: made.Add(c.seen)}, p.Session)
		if got != made.Add(c.want) {
			t.Errorf("%s: %v", c.name, got.Sub(made))
		}
	}
}
