package account

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"haven/platform/clock"
	"haven/platform/errs"
	"haven/platform/policy"
)

func TestHashIsWrittenAndReadBack(t *testing.T) {
	t.Parallel()
	h := hashNew("violet kettle", policy.Password{Argon2KiB: 64, Argon2Pass: 2, Argon2Lanes: 1})
	got, ok := parseHash(h.String())
	if !ok || got.String() != h.String() || !got.matches("violet kettle") || got.matches("violet kettlE") {
		t.Errorf("%s, %v", h, ok)
	}
	if !strings.HasPrefix(h.String(), "$argon2id$v=19$m=64,t=2,p=1$") {
		t.Errorf("%s", h)
	}
	if !h.matches("violet\u0020kettle") || h.String() == hashNew("violet kettle", policy.Password{Argon2KiB: 64, Argon2Pass: 2, Argon2Lanes: 1}).String() {
		t.Error("two hashes of one password have to differ")
	}
	composed := hashNew("caf\u00e9 kettle", policy.Password{Argon2KiB: 64, Argon2Pass: 1, Argon2Lanes: 1})
	if !composed.matches("cafe\u0301 kettle") {
		t.Error("the same letter typed on another system is another password")
	}
}

func TestBrokenHashesAreRefused(t *testing.T) {
	t.Parallel()
	good := hashNew("x", policy.Password{Argon2KiB: 64, Argon2Pass: 1, Argon2Lanes: 1}).String()
	for _, bad := range []string{
		"", "x", "$", strings.Replace(good, "argon2id", "argon2i", 1), strings.Replace(good, "v=19", "v=16", 1),
		strings.Replace(good, "m=64", "m=99999999", 1), strings.Replace(good, "m=64", "m=0", 1), strings.Replace(good, "m=64", "m=-1", 1),
		strings.Replace(good, "t=1", "t=0", 1), strings.Replace(good, "t=1", "t=4000000000", 1), strings.Replace(good, "p=1", "p=0", 1),
		strings.Replace(good, "p=1", "p=300", 1), good + "$x", good[:len(good)-4], strings.Replace(good, "$m", "$!", 1),
	} {
		if _, ok := parseHash(bad); ok {
			t.Errorf("%q is taken", bad)
		}
	}
}

func FuzzParseHash(f *testing.F) {
	f.Add(hashNew("x", policy.Password{Argon2KiB: 64, Argon2Pass: 1, Argon2Lanes: 1}).String())
	f.Add("$argon2id$v=19$m=19456,t=2,p=1$$")
	f.Fuzz(func(t *testing.T, s string) {
		if h, ok := parseHash(s); ok && (h.kib > 1<<20 || h.passes > 64 || h.lanes == 0 || len(h.key) != keyLen) {
			t.Errorf("%q is taken as %+v", s, h)
		}
	})
}

func FuzzSplitUser(f *testing.F) {
	f.Add("ann@h.test/shop@h.test", "")
	f.Add("ann@h.test", "shop@h.test")
	f.Fuzz(func(t *testing.T, user, authzid string) {
		p, g, v := SplitUser(user, authzid)
		if v.Allowed && (p.IsNull() || g.IsNull()) {
			t.Errorf("%q, %q: %v %v", user, authzid, p, g)
		}
	})
}

func TestAppHash(t *testing.T) {
	t.Parallel()
	secret := appEncoding.EncodeToString(make([]byte, 16))
	want, ok := appHash(secret)
	if !ok {
		t.Fatal("an app password is not known as one")
	}
	for _, s := range []string{grouped(secret), strings.ToUpper(secret), strings.ReplaceAll(grouped(secret), "-", "  ")} {
		if got, ok := appHash(s); !ok || got != want {
			t.Errorf("%q: %v", s, ok)
		}
	}
	for _, s := range []string{"", secret[1:], secret + "a", "1" + secret[1:], "violet kettle tramway nine"} {
		if _, ok := appHash(s); ok {
			t.Errorf("%q looks like an app password", s)
		}
	}
}

// busy is a queue of one slot, which is taken.
func busy(t *testing.T, most int, wait time.Duration, c clock.Clock) *queue {
	t.Helper()
	q := newQueue(1, most, wait, c)
	if err := q.enter(t.Context(), "first"); err != nil {
		t.Fatal(err)
	}
	return q
}

func (q *queue) standing() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.waiting
}

func TestTheQueueIsFairBetweenPlaces(t *testing.T) {
	t.Parallel()
	q := busy(t, 100, time.Minute, clock.Real{})
	var mu sync.Mutex
	var order []string
	var wg sync.WaitGroup
	stand := func(place string) {
		before := q.standing()
		wg.Go(func() {
			if err := q.enter(context.Background(), place); err != nil {
				t.Error(err)
				return
			}
			mu.Lock()
			order = append(order, place)
			mu.Unlock()
			q.leave()
		})
		for q.standing() == before { // until it stands in line
			runtime.Gosched()
		}
	}
	for range 4 {
		stand("crowd")
	}
	stand("ann")
	stand("bob")
	q.leave()
	wg.Wait()
	if got := strings.Join(order, " "); got != "crowd ann bob crowd crowd crowd" {
		t.Errorf("served in the order %s", got)
	}
	if q.free != 1 || q.waiting != 0 || len(q.lines) != 0 || len(q.turns) != 0 {
		t.Errorf("left behind: %+v", q)
	}
}

func TestTheQueueIsBounded(t *testing.T) {
	t.Parallel()
	c := clock.NewFake(time.Unix(0, 0))
	q := busy(t, 2, 10*time.Second, c)
	answers := make(chan error, 2)
	for i := range 2 {
		go func() { answers <- q.enter(context.Background(), fmt.Sprint(i)) }()
	}
	if err := c.Await(t.Context(), 2); err != nil {
		t.Fatal(err)
	}
	if err := q.enter(t.Context(), "third"); !errs.Is(err, errs.Transient) {
		t.Errorf("the third in line: %v", err)
	}
	c.Advance(10 * time.Second)
	for range 2 {
		if err := <-answers; !errs.Is(err, errs.Transient) {
			t.Errorf("after ten seconds: %v", err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := q.enter(ctx, "gone"); !errors.Is(err, context.Canceled) || !errs.Is(err, errs.Transient) {
		t.Errorf("a caller that went away: %v", err)
	}
	q.leave()
	if q.free != 1 || q.waiting != 0 || len(q.lines) != 0 || len(q.turns) != 0 {
		t.Errorf("left behind: %+v", q)
	}
}

func TestTheQueueUnderLoad(t *testing.T) {
	t.Parallel()
	q := newQueue(2, 1000, time.Minute, clock.Real{})
	var inside, most int
	var mu sync.Mutex
	var wg sync.WaitGroup
	for i := range 200 {
		wg.Go(func() {
			ctx, cancel := context.WithCancel(context.Background())
			if i%5 == 0 {
				cancel()
			}
			defer cancel()
			if q.enter(ctx, fmt.Sprint(i%7)) != nil {
				return
			}
			mu.Lock()
			inside++
			most = max(most, inside)
			mu.Unlock()
			mu.Lock()
			inside--
			mu.Unlock()
			q.leave()
		})
	}
	wg.Wait()
	if most > 2 || q.free != 2 || q.waiting != 0 || len(q.lines) != 0 || len(q.turns) != 0 {
		t.Errorf("%d at once, left behind %+v", most, q)
	}
}

func TestMemory(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_700_000_000, 0)
	m := newMemory(10*time.Minute, 100)
	k := m.of(1, 1, "ann@h.test", "secret")
	for name, other := range map[string]secretKey{
		"another account": m.of(2, 1, "ann@h.test", "secret"), "another version": m.of(1, 2, "ann@h.test", "secret"),
		"another secret": m.of(1, 1, "ann@h.test", "Secret"), "nobody": m.of(0, 0, "ann@h.test", "secret"),
		"another process": newMemory(time.Minute, 1).of(1, 1, "ann@h.test", "secret"),
	} {
		if other == k {
			t.Errorf("%s is remembered alike", name)
		}
	}
	if m.of(0, 0, "a", "bc") == m.of(0, 0, "ab", "c") {
		t.Error("the seam between user and secret is lost")
	}
	if m.of(1, 1, "ann@h.test", "secret") != m.of(1, 1, "alias@h.test", "secret") {
		t.Error("the address by which an account was named matters")
	}
	m.learn(k, true, now)
	if good, known := m.recall(k, now.Add(10*time.Minute-1)); !good || !known {
		t.Error("a good secret is forgotten too early")
	}
	if _, known := m.recall(k, now.Add(10*time.Minute)); known {
		t.Error("a good secret is remembered too long")
	}
	m.learn(k, false, now)
	for i := range 5 {
		if good, known := m.recall(k, now.Add(time.Duration(i)*9*time.Minute)); good || !known {
			t.Error("a bad secret that is tried again is forgotten")
		}
	}
}
