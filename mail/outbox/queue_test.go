package outbox

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"haven"
	"haven/platform/blob"
	"haven/platform/db"
	"haven/platform/db/dbtest"
	"haven/platform/errs"
)

// TestTwoProcesses lets two outboxes work one queue: every letter goes out exactly once, over no more connections
// than each may have.
func TestTwoProcesses(t *testing.T) {
	t.Parallel()
	dbtest.EachEngine(t, func(t *testing.T, engine string) {
		s := newStranger(t, "EHLO PIPELINING\nSERVE")
		h := newHouse(t, engine, func(c *Config) { via(s)(c); c.Policy.PerDomain = 3 })
		const letters, domains = 90, 3
		for i := range letters {
			h.post(fmt.Sprintf("Subject: letter %d\r\n\r\nx\r\n", i), nil, fmt.Sprintf("bob@d%d.test", i%domains))
		}
		second := New(h.config)
		if err := second.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		h.start()
		second.Wake()
		for n := 0; n < letters; {
			n += h.tried().Delivered
		}
		if err := second.Close(t.Context()); err != nil {
			t.Error(err)
		}
		seen := map[string]int{}
		for _, l := range s.got() {
			seen[l]++
		}
		if len(seen) != letters || len(s.got()) != letters {
			t.Errorf("%d letters arrived, %d of them different", len(s.got()), len(seen))
		}
	})
}

// TestManyRecipients: one letter, one copy per domain and per hundred recipients.
func TestManyRecipients(t *testing.T) {
	t.Parallel()
	dbtest.EachEngine(t, func(t *testing.T, engine string) {
		s := newStranger(t, "EHLO PIPELINING\nSERVE")
		h := newHouse(t, engine, via(s)).start()
		var to []string
		for i := range 250 {
			to = append(to, fmt.Sprintf("p%d@a.test", i))
		}
		h.post(testLetter, nil, append(to, "x@b.test", "y@c.test")...)
		for n := 0; n < 252; {
			n += h.tried().Delivered
		}
		if got := len(s.got()); got != 3+2 {
			t.Errorf("%d copies were sent", got)
		}
	})
}

// TestCrashAfterTheirs is a process that dies between the server's 250 and its own commit: another one sends the
// letter once more, and nothing is lost or sent a third time.
func TestCrashAfterTheirs(t *testing.T) {
	t.Parallel()
	dbtest.EachEngine(t, func(t *testing.T, engine string) {
		s := newStranger(t, "EHLO\nSERVE")
		h := newHouse(t, engine, via(s))
		h.post(testLetter, nil, "bob@there.test")
		dead := New(h.config)
		if err := dead.beat(t.Context()); err != nil {
			t.Fatal(err)
		}
		b, _, err := dead.next(t.Context(), "there.test", nil, true)
		if err != nil || b == nil {
			t.Fatal(b, err)
		}
		w := worker{o: dead, domain: "there.test"}
		if out := w.attempt(t.Context(), b); out.to[0].res.Outcome != Accepted {
			t.Fatalf("got %+v", out.to[0].res)
		}
		w.hangUp() // and the process is gone before it could write that down

		h.start()
		h.pass(30 * time.Second)
		if st, _ := h.Stats(t.Context()); st.Sending != 1 {
			t.Fatalf("the lease was broken too early: %+v", st)
		}
		for h.number(`SELECT COUNT(*) FROM queue`) != 0 { // the heartbeat frees it once the lease has run out
			h.pass(time.Minute)
			if h.number(`SELECT COUNT(*) FROM queue_rcpt WHERE state = 1 AND lease = `+fmt.Sprint(dead.holder)) == 0 {
				h.tried()
			}
		}
		if got := len(s.got()); got != 2 {
			t.Errorf("the letter was sent %d times", got)
		}
		// The dead one wakes up after all: what it writes changes nothing.
		if _, _, err := dead.next(t.Context(), "there.test", &outcome{batch: b}, false); err != nil {
			t.Error(err)
		}
	})
}

// TestStrays: a claim that committed although its worker never heard of it is given back after two heartbeats.
func TestStrays(t *testing.T) {
	t.Parallel()
	dbtest.EachEngine(t, func(t *testing.T, engine string) {
		h := newHouse(t, engine, via(newStranger(t, "EHLO\nSERVE")))
		id := h.post(testLetter, nil, "bob@there.test", "cat@there.test")
		if b, _, err := h.Outbox.next(t.Context(), "there.test", nil, true); b == nil || err != nil {
			t.Fatal(b, err)
		}
		for _, want := range []string{"sending", "waiting"} {
			if err := h.freeStrays(t.Context()); err != nil {
				t.Fatal(err)
			}
			l, err := h.Show(t.Context(), id)
			if err != nil || l.To[0].State != want || l.To[1].State != want {
				t.Errorf("got %+v %v, want %s", l.To, err, want)
			}
		}
		h.start()
		if e := h.tried(); e.Delivered != 2 {
			t.Errorf("got %+v", e)
		}
	})
}

// TestStraysSpareAFlight: where several workers send one letter in one domain, the first that is done leaves the others
// their recipients.
func TestStraysSpareAFlight(t *testing.T) {
	t.Parallel()
	dbtest.EachEngine(t, func(t *testing.T, engine string) {
		s := newStranger(t, "EHLO PIPELINING\nSERVE")
		h := newHouse(t, engine, via(s))
		var to []string
		for i := range claimRecipients + 20 {
			to = append(to, fmt.Sprintf("p%d@there.test", i))
		}
		h.post(testLetter, nil, to...)
		first, second, third := &worker{o: h.Outbox, domain: "there.test"}, &worker{o: h.Outbox, domain: "there.test"}, &worker{o: h.Outbox, domain: "there.test"}
		for _, w := range []*worker{first, second, third} {
			defer w.hangUp()
		}
		a, b := first.next(t.Context(), nil, true), second.next(t.Context(), nil, true)
		if len(a.to) != claimRecipients || len(b.to) != 20 {
			t.Fatalf("%d and %d recipients were claimed", len(a.to), len(b.to))
		}
		first.next(t.Context(), first.attempt(t.Context(), a), false)
		for range 3 {
			if err := h.freeStrays(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if again := third.next(t.Context(), nil, true); again != nil {
			t.Errorf("%d recipients that are being sent to were claimed again", len(again.to))
		}
		second.next(t.Context(), second.attempt(t.Context(), b), false)
		if got := len(s.got()); got != 2 {
			t.Errorf("%d copies were sent", got)
		}
		h.sound()
	})
}

// TestFenceWithinAProcess: what a worker writes about recipients that its own process has claimed anew changes nothing.
func TestFenceWithinAProcess(t *testing.T) {
	t.Parallel()
	dbtest.EachEngine(t, func(t *testing.T, engine string) {
		h := newHouse(t, engine, nil)
		id := h.post(testLetter, nil, "bob@there.test", "cat@there.test")
		claim := func() *batch {
			b, _, err := h.Outbox.next(t.Context(), "there.test", nil, true)
			if b == nil || err != nil {
				t.Fatal(b, err)
			}
			return b
		}
		old := claim()
		for range 2 {
			if err := h.freeStrays(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		claim()
		for name, out := range map[string]*outcome{"sent": {batch: old}, "cut off": {batch: old, aborted: true}} {
			settleAll(old.to, Result{Outcome: Accepted})
			old.to[1].settled = name == "sent"
			if _, _, err := h.Outbox.next(t.Context(), "there.test", out, false); err != nil {
				t.Fatal(err)
			}
			l, err := h.Show(t.Context(), id)
			if err != nil || len(l.To) != 2 || l.To[0].State != "sending" || l.To[1].State != "sending" {
				t.Errorf("%s: got %+v %v", name, l.To, err)
			}
		}
	})
}

// TestPanicIsCaught: a fault of our own puts the letter off and ends neither process nor worker.
func TestPanicIsCaught(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "sqlite", func(c *Config) { via(newStranger(t, "EHLO\nSERVE"))(c); c.Signer = panicSigner{} }).start()
	h.post(testLetter, nil, "bob@there.test")
	if e := h.tried(); e.Deferred != 1 {
		t.Errorf("got %+v", e)
	}
	if st, err := h.Stats(t.Context()); st.Panics != 1 || st.Waiting != 1 || err != nil {
		t.Errorf("got %+v %v", st, err)
	}
}

// TestCloseGivesBack cuts off a letter that a server is sitting on; it waits again at once, its try not counted.
func TestCloseGivesBack(t *testing.T) {
	t.Parallel()
	s := newStranger(t, "EHLO\nC MAIL FROM:\nS 250 ok\nWAIT")
	h := newHouse(t, "sqlite", via(s))
	if err := h.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	id := h.post(testLetter, nil, "bob@there.test")
	<-s.heard // MAIL; the server sits on it now
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := h.Close(ctx); err != nil {
		t.Fatal(err)
	}
	l, err := h.Show(t.Context(), id)
	if err != nil || l.To[0].State != "waiting" || l.To[0].Attempts != 0 || l.To[0].Due.After(h.clock.Now()) {
		t.Errorf("got %+v %v", l, err)
	}
	h.sound()
}

// TestLeaseLastsWhileClosing: a process that gives a slow server time while it closes keeps its lease until it is done.
func TestLeaseLastsWhileClosing(t *testing.T) {
	t.Parallel()
	dbtest.EachEngine(t, func(t *testing.T, engine string) {
		s := newStranger(t, "EHLO\nC MAIL FROM:\nS 250 ok\nWAIT", "EHLO\nSERVE")
		h := newHouse(t, engine, func(c *Config) { via(s)(c); c.Policy.Times.Command = time.Minute })
		if err := h.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		h.post(testLetter, nil, "bob@there.test")
		<-s.heard // MAIL; the server sits on it now
		closing, cancel := context.WithCancel(t.Context())
		defer cancel()
		closed := make(chan error, 1)
		go func() { closed <- h.Close(closing) }()
		<-h.stop
		soon, done := context.WithTimeout(t.Context(), 20*time.Second)
		defer done()
		for range 9 {
			if err := h.clock.Await(soon, 1); err != nil { // the heartbeat has gone and waits for the next
				t.Fatal("there is no heartbeat: ", err)
			}
			h.clock.Advance(h.cfg.Policy.Lease / 4)
		}
		second := New(h.config)
		if err := second.beat(t.Context()); err != nil {
			t.Fatal(err)
		}
		if st, err := h.Stats(t.Context()); st.Sending != 1 || err != nil {
			t.Errorf("got %+v %v", st, err)
		}
		cancel()
		if err := <-closed; err != nil {
			t.Error(err)
		}
		h.sound()
	})
}

// TestClaimAfterALostRace: a worker that meets another one at the same recipients goes on with those behind them.
func TestClaimAfterALostRace(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "postgres", nil)
	var to []string
	for i := range claimRecipients + 20 {
		to = append(to, fmt.Sprintf("p%d@there.test", i))
	}
	h.post(testLetter, nil, to...)
	got := make(chan *batch, 1)
	err := h.db.Write(t.Context(), func(tx *db.Tx) error {
		b, err := h.claim(tx, "there.test", 77, h.clock.Now())
		if err != nil || len(b.to) != claimRecipients {
			return fmt.Errorf("the first claim: %v, %v", b, err)
		}
		go func() {
			b, _, err := h.Outbox.next(context.Background(), "there.test", nil, true)
			if err != nil {
				t.Error(err)
			}
			got <- b
		}()
		for limit := time.Now().Add(5 * time.Second); time.Now().Before(limit); {
			if h.number(`SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`) > 0 {
				return nil
			}
		}
		return errors.New("the second claim does not wait for the first")
	})
	if err != nil {
		t.Fatal(err)
	}
	if b := <-got; b == nil || len(b.to) != 20 {
		t.Errorf("the second claim got %+v", b)
	}
}

// TestLimits: no more connections to a domain than the policy has, and one domain's flood doesn't keep others waiting.
func TestLimits(t *testing.T) {
	t.Parallel()
	s := newStranger(t, "EHLO PIPELINING\nSERVE")
	var now, most, total atomic.Int64
	h := newHouse(t, "sqlite", func(c *Config) {
		via(s)(c)
		c.Policy.PerDomain, c.Policy.Workers, c.Policy.Turn = 2, 3, 5
		c.Dial = countingDialer{&now, &most, &total}
	})
	for i := range 100 {
		h.post(testLetter, nil, fmt.Sprintf("bob%d@flood.test", i))
	}
	for i := range 10 {
		h.post(testLetter, nil, fmt.Sprintf("bob@small%d.test", i))
	}
	h.start()
	place := map[string]int{}
	for n := 1; n <= 110; {
		e := h.tried()
		place[e.Domain] = n
		n += e.Delivered
	}
	if most.Load() > 3 {
		t.Errorf("%d connections at once", most.Load())
	}
	for i := range 10 {
		if p := place[fmt.Sprintf("small%d.test", i)]; p > 90 {
			t.Errorf("small%d waited until %d letters had gone", i, p)
		}
	}
}

func TestEnqueueRefuses(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "sqlite", func(c *Config) { c.Policy.Recipients = 3 })
	ok := Recipient{Address: haven.MustAddress("bob@there.test")}
	for name, it := range map[string]Item{
		"nobody":            {},
		"too many":          {To: []Recipient{ok, ok, ok, ok}},
		"null recipient":    {To: []Recipient{{}}},
		"space in ENVID":    {To: []Recipient{ok}, EnvID: "a b"},
		"line end in ENVID": {To: []Recipient{ok}, EnvID: "a\r\nRCPT"},
		"long ENVID":        {To: []Recipient{ok}, EnvID: strings.Repeat("x", 101)},
		"line end in ORCPT": {To: []Recipient{{Address: ok.Address, ORcpt: "rfc822;x\r\nDATA"}}},
		"line end inside":   {To: []Recipient{{Address: haven.Address{Local: "a>\r\nRCPT TO:<b", Domain: "there.test"}}}},
		"odd domain":        {To: []Recipient{{Address: haven.Address{Local: "a", Domain: "THERE test"}}}},
		"odd sender":        {To: []Recipient{ok}, From: haven.Address{Local: "a\x00", Domain: "haven.test"}},
		"half a line":       {To: []Recipient{ok}, Trace: []byte("Received: x")},
		"ORCPT untyped":     {To: []Recipient{{Address: ok.Address, ORcpt: "x"}}},
	} {
		err := h.db.Write(t.Context(), func(tx *db.Tx) error {
			_, err := h.Enqueue(tx, it)
			return err
		})
		if !errs.Is(err, errs.Invalid) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestReferenced(t *testing.T) {
	t.Parallel()
	dbtest.EachEngine(t, func(t *testing.T, engine string) {
		h := newHouse(t, engine, nil)
		id := h.post(testLetter, nil, "bob@there.test")
		check := func(want bool) {
			t.Helper()
			err := h.db.Write(t.Context(), func(tx *db.Tx) error {
				got, err := Referenced(tx, bodyOf(t, tx))
				if got != want {
					t.Errorf("referenced is %v", got)
				}
				return err
			})
			if err != nil {
				t.Error(err)
			}
		}
		check(true)
		if n, err := h.Drop(t.Context(), haven.Actor{}, Filter{Queue: id}, false); n != 1 || err != nil {
			t.Error(n, err)
		}
		check(false)
		h.sound()
	})
}

// bodyOf is the id of the only body.
func bodyOf(t *testing.T, tx *db.Tx) (id blob.ID) {
	t.Helper()
	if err := tx.Query(`SELECT id FROM body`, nil, func(r db.Row) error { id = blob.ID(r.Int64(0)); return nil }); err != nil {
		t.Fatal(err)
	}
	return id
}

// TestAloneTakesUpAtOnce: where no other process sends, what one that was killed had under way is not waited for.
func TestAloneTakesUpAtOnce(t *testing.T) {
	t.Parallel()
	dbtest.EachEngine(t, func(t *testing.T, engine string) {
		s := newStranger(t, "EHLO\nSERVE")
		h := newHouse(t, engine, func(c *Config) { via(s)(c); c.Alone = true })
		h.post(testLetter, nil, "bob@there.test")
		dead := New(h.config)
		if err := dead.beat(t.Context()); err != nil {
			t.Fatal(err)
		}
		if b, _, err := dead.next(t.Context(), "there.test", nil, true); err != nil || b == nil {
			t.Fatal(b, err)
		}
		h.start()
		if e := h.tried(); e.Delivered != 1 {
			t.Errorf("got %+v", e)
		}
	})
}

// TestOperator holds, lists, releases, retries and drops.
func TestOperator(t *testing.T) {
	t.Parallel()
	dbtest.EachEngine(t, func(t *testing.T, engine string) {
		ctx := t.Context()
		h := newHouse(t, engine, nil)
		a := h.post(testLetter, nil, "bob@a.test", "cat@b.test")
		b := h.post(testLetter, func(it *Item) { it.From = haven.MustAddress("dan@haven.test") }, "eve@b.test")
		counts := func(f Filter) (letters, recipients int) {
			t.Helper()
			list, err := h.List(ctx, f)
			if err != nil {
				t.Fatal(err)
			}
			for _, l := range list {
				recipients += len(l.To)
			}
			return len(list), recipients
		}
		want := func(what string, n int64, err error, want int64) {
			t.Helper()
			if n != want || err != nil {
				t.Errorf("%s: got %d %v, want %d", what, n, err, want)
			}
		}
		for _, c := range []struct {
			f                   Filter
			letters, recipients int
		}{
			{Filter{}, 2, 3}, {Filter{Domain: "b.test"}, 2, 2}, {Filter{From: "dan@haven.test"}, 1, 1}, {Filter{Queue: a}, 1, 2},
			{Filter{After: a}, 1, 1}, {Filter{Limit: 1}, 1, 2}, {Filter{State: "held"}, 0, 0}, {Filter{State: "waiting"}, 2, 3},
		} {
			if l, r := counts(c.f); l != c.letters || r != c.recipients {
				t.Errorf("%+v: got %d letters, %d recipients", c.f, l, r)
			}
		}
		n, err := h.Hold(ctx, haven.Actor{}, Filter{Domain: "b.test"})
		want("hold", n, err, 2)
		n, err = h.Hold(ctx, haven.Actor{}, Filter{})
		want("hold the rest", n, err, 1)
		n, err = h.Release(ctx, haven.Actor{}, Filter{Queue: a})
		want("release", n, err, 2)
		n, err = h.Retry(ctx, haven.Actor{}, Filter{})
		want("retry", n, err, 2)
		if _, err := h.Hold(ctx, haven.Actor{}, Filter{State: "sending"}); !errs.Is(err, errs.Invalid) {
			t.Errorf("holding what is being sent: %v", err)
		}
		if _, err := h.List(ctx, Filter{State: "lost"}); !errs.Is(err, errs.Invalid) {
			t.Errorf("an unknown state: %v", err)
		}
		n, err = h.Drop(ctx, haven.Actor{}, Filter{Queue: b}, true)
		want("drop with a notice", n, err, 1)
		for what, note := range map[string]string{
			"outbox.held":             fmt.Sprintf("letters %d to %d, recipients 2", a, b),
			"outbox.released":         fmt.Sprintf("letter %d, recipients 2", a),
			"outbox.retried":          fmt.Sprintf("letter %d, recipients 2", a),
			"outbox.dropped-and-told": fmt.Sprintf("letter %d, recipients 1", b),
		} {
			if n := h.number(`SELECT COUNT(*) FROM audit WHERE what = '` + what + `' AND note = '` + note + `'`); n != 1 {
				t.Errorf("%d records of %s say %q", n, what, note)
			}
		}
		h.start()
		for h.number(`SELECT COUNT(*) FROM queue`) != 0 { // a.test and b.test don't exist, so the rest fails too
			h.next()
		}
		wantIn(t, h.mail.of("dan@haven.test")[0], "Action: failed", "Status: 5.7.1", "an operator of this service", "eve@b.test")
		if _, err := h.Show(ctx, b); !errs.Is(err, errs.NotFound) {
			t.Errorf("a dropped letter: %v", err)
		}
	})
}

// TestHeldIsNotTried: a held letter stays, whatever time passes, and goes once it is released.
func TestHeldIsNotTried(t *testing.T) {
	t.Parallel()
	s := newStranger(t, "EHLO\nSERVE")
	h := newHouse(t, "sqlite", via(s))
	h.post(testLetter, nil, "bob@held.test")
	if n, err := h.Hold(t.Context(), haven.Actor{}, Filter{}); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	h.start()
	h.post(testLetter, nil, "bob@free.test")
	h.tried()
	h.pass(time.Hour)
	h.post(testLetter, nil, "bob@free.test")
	if e := h.tried(); e.Domain != "free.test" {
		t.Errorf("got %+v", e)
	}
	if n, err := h.Release(t.Context(), haven.Actor{}, Filter{}); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	if e := h.tried(); e.Domain != "held.test" || e.Delivered != 1 {
		t.Errorf("got %+v", e)
	}
}

// TestOfNoUseAnyMore: a letter that waited for longer than it is of use is not sent, and its sender is told.
func TestOfNoUseAnyMore(t *testing.T) {
	t.Parallel()
	dbtest.EachEngine(t, func(t *testing.T, engine string) {
		s := newStranger(t, "EHLO\nSERVE")
		h := newHouse(t, engine, via(s))
		for _, wait := range []time.Duration{30 * time.Minute, 90 * time.Minute} {
			h.post(testLetter, func(it *Item) { it.Until = testStart.Add(wait) }, "bob@held.test")
		}
		if n, err := h.Hold(t.Context(), haven.Actor{}, Filter{}); n != 2 || err != nil {
			t.Fatal(n, err)
		}
		h.start()
		h.pass(time.Hour)
		if n, err := h.Release(t.Context(), haven.Actor{}, Filter{}); n != 2 || err != nil {
			t.Fatal(n, err)
		}
		delivered, failed, told := 0, 0, false
		for delivered+failed < 2 || !told {
			e := h.next()
			delivered, failed, told = delivered+e.Delivered, failed+e.Failed, told || e.Notice
		}
		if delivered != 1 || failed != 1 {
			t.Errorf("%d delivered, %d failed", delivered, failed)
		}
		wantIn(t, h.mail.of("ann@haven.test")[0], "Action: failed", "Status: 5.4.7", "the letter was of use until 2 March 2026, 09:30 UTC")
	})
}

// ownLetters are the service's own, which come back to haven@haven.test.
type ownLetters struct{ dropped []haven.Address }

func (o *ownLetters) Ours(back haven.Address) bool { return back.Local == "haven" }

func (o *ownLetters) Dropped(_ *db.Tx, back haven.Address) error {
	o.dropped = append(o.dropped, back)
	return nil
}

// TestDropOfAnOwnLetter: who wrote it learns of it in the same commit, whether senders are told or not, and gets no notice.
func TestDropOfAnOwnLetter(t *testing.T) {
	t.Parallel()
	for _, tell := range []bool{false, true} {
		dbtest.EachEngine(t, func(t *testing.T, engine string) {
			own := &ownLetters{}
			h := newHouse(t, engine, func(c *Config) { c.Own = own })
			back := haven.MustAddress("haven@haven.test")
			h.post(testLetter, func(it *Item) { it.From = back }, "carys@elm.test")
			h.post(testLetter, nil, "bob@elm.test")
			if n, err := h.Drop(t.Context(), haven.Actor{}, Filter{}, tell); n != 2 || err != nil {
				t.Fatal(n, err)
			}
			if len(own.dropped) != 1 || own.dropped[0] != back {
				t.Errorf("dropped %v", own.dropped)
			}
			if n := h.number(`SELECT COUNT(*) FROM queue_rcpt`); n != map[bool]int64{false: 0, true: 1}[tell] {
				t.Errorf("%d recipients are left", n)
			}
			h.start()
			if tell {
				h.told()
			}
			if got := h.mail.of(back.String()); len(got) != 0 {
				t.Errorf("a notice: %s", got)
			}
		})
	}
}

// TestDropTellsWhereAskedFor: NOTIFY counts for what an operator ends as well (RFC 3461 §4.1).
func TestDropTellsWhereAskedFor(t *testing.T) {
	t.Parallel()
	dbtest.EachEngine(t, func(t *testing.T, engine string) {
		h := newHouse(t, engine, nil)
		h.post(testLetter, func(it *Item) {
			for i, n := range []Notify{NotifyNever, NotifySuccess | NotifyDelay, NotifyFailure | NotifySuccess, 0} {
				it.To[i].Notify = n
			}
		}, "never@there.test", "success@there.test", "failure@there.test", "default@there.test")
		if n, err := h.Drop(t.Context(), haven.Actor{}, Filter{}, true); n != 4 || err != nil {
			t.Fatal(n, err)
		}
		h.start()
		h.told()
		notice := h.mail.of("ann@haven.test")[0]
		wantIn(t, notice, "rfc822; failure@there.test", "rfc822; default@there.test")
		if strings.Contains(notice, "never@") || strings.Contains(notice, "success@") {
			t.Errorf("got %s", notice)
		}
	})
}

// settle tries a domain's next letter, with that result.
func (h *house) settle(domain string, r Result) {
	h.t.Helper()
	b, _, err := h.Outbox.next(h.t.Context(), domain, nil, true)
	if b == nil || err != nil {
		h.t.Fatal(b, err)
	}
	settleAll(b.to, r)
	if _, _, err := h.Outbox.next(h.t.Context(), domain, &outcome{batch: b}, false); err != nil {
		h.t.Fatal(err)
	}
}

// TestDelayNoticeThatCantBeFiled is owed again after the letter's next try, and not tried at every look until then.
func TestDelayNoticeThatCantBeFiled(t *testing.T) {
	t.Parallel()
	dbtest.EachEngine(t, func(t *testing.T, engine string) {
		h := newHouse(t, engine, nil)
		id := h.post(testLetter, nil, "bob@there.test")
		owed := func() (n int) {
			t.Helper()
			if err := h.db.Read(t.Context(), func(tx *db.Tx) error { all, err := readOwed(tx, id); n = len(all); return err }); err != nil {
				t.Fatal(err)
			}
			return n
		}
		h.clock.Advance(5 * time.Hour)
		h.settle("there.test", later("4.1", "down"))
		h.mail.fail = errs.E(errs.OverQuota, "full")
		h.tellDue(t.Context())
		if n := owed(); n != 0 {
			t.Errorf("%d are owed right after", n)
		}
		h.mail.fail = nil
		h.clock.Advance(5 * time.Hour)
		h.settle("there.test", later("4.1", "down"))
		h.tellDue(t.Context())
		if all := h.mail.of("ann@haven.test"); len(all) != 1 || owed() != 0 {
			t.Errorf("%d notices, %d owed", len(all), owed())
		}
	})
}

// TestNoticeOfWhatMovedOn: while a notice of delay is written the letter may fail; the sender is then told of that.
func TestNoticeOfWhatMovedOn(t *testing.T) {
	t.Parallel()
	dbtest.EachEngine(t, func(t *testing.T, engine string) {
		h := newHouse(t, engine, nil)
		id := h.post(testLetter, nil, "bob@there.test")
		try := func(r Result) { h.settle("there.test", r) }
		h.clock.Advance(5 * time.Hour)
		try(later("4.1", "down"))
		h.clock.Advance(5 * time.Hour)
		var owed []*rcpt
		err := h.db.Read(t.Context(), func(tx *db.Tx) (err error) { owed, err = readOwed(tx, id); return err })
		if err != nil || len(owed) != 1 || owed[0].fate != Delayed {
			t.Fatal(owed, err)
		}
		try(refused("1.1", "nobody"))
		err = h.db.Write(t.Context(), func(tx *db.Tx) error { return h.strike(tx, id, owed) })
		if !errors.Is(err, errMoved) {
			t.Errorf("got %v", err)
		}
		if err := h.report(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		wantIn(t, h.mail.of("ann@haven.test")[0], "Subject: Your message could not be delivered", "Status: 5.1.1", "will not be tried again")
	})
}

// TestNoticeWithALastingConflict: a mailbox that can't take a notice for a conflict of its own is left alone for a while.
func TestNoticeWithALastingConflict(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "sqlite", nil)
	h.mail.fail = errs.E(errs.Conflict, "two letters with one number")
	id := h.post(testLetter, nil, "bob@there.test")
	if n, err := h.Drop(t.Context(), haven.Actor{}, Filter{}, true); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	<-h.tell
	h.tellDue(t.Context())
	if len(h.tell) != 0 {
		t.Error("the notice would be tried without a pause")
	}
	if l, err := h.Show(t.Context(), id); err != nil || !l.To[0].Due.Equal(h.clock.Now().Add(tellPause)) {
		t.Errorf("got %+v %v", l, err)
	}
}

// TestNoticeToOutside goes to a sender who has no mailbox here: through the queue, from the null path.
func TestNoticeToOutside(t *testing.T) {
	t.Parallel()
	dbtest.EachEngine(t, func(t *testing.T, engine string) {
		s := newStranger(t, "EHLO\nC MAIL FROM:<zoe@elsewhere.test>\nS 550 5.7.1 no\nCLOSE",
			"EHLO\nC MAIL FROM:<>\nS 250 ok\nC RCPT TO:<zoe@elsewhere.test>\nS 250 ok\nC DATA\nS 354 go\nDATA\nS 250 ok\nC QUIT")
		h := newHouse(t, engine, func(c *Config) { via(s)(c); c.Signer = stampSigner{} }).start()
		h.post(testLetter, func(it *Item) { it.From = haven.MustAddress("zoe@elsewhere.test") }, "bob@there.test")
		h.tried()
		h.told()
		if e := h.tried(); e.Delivered != 1 || e.Domain != "elsewhere.test" {
			t.Fatalf("got %+v", e)
		}
		wantIn(t, s.got()[0], "DKIM-Signature: d=mail.haven.test\r\n", "From: Mail delivery <postmaster@mail.haven.test>", "Action: failed", "550 5.7.1 no")
	})
}

// TestNoticeIsTriedAgain: a sender's mailbox that can't take the notice now gets it later; a letter with many fates
// gets one notice.
func TestNoticeIsTriedAgain(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "sqlite", nil)
	h.mail.fail = errs.E(errs.OverQuota, "full")
	h.post(testLetter, nil, "bob@a.test", "bob@b.test")
	h.start()
	h.tried()
	h.tried()
	h.mail.mu.Lock()
	h.mail.fail = nil
	h.mail.mu.Unlock()
	for len(h.mail.of("ann@haven.test")) == 0 || h.number(`SELECT COUNT(*) FROM queue`) != 0 {
		h.pass(tellPause)
		h.signal(h.tell)
		select {
		case <-h.events:
		case <-time.After(10 * time.Millisecond):
		}
	}
	all := strings.Join(h.mail.of("ann@haven.test"), "")
	wantIn(t, all, "rfc822; bob@a.test", "rfc822; bob@b.test", "does not exist")
}

// TestSignedOnce: the signature covers what is sent, is made once, and stays the same for every try.
func TestSignedOnce(t *testing.T) {
	t.Parallel()
	s := newStranger(t, "EHLO\nC MAIL FROM:\nS 250 ok\nC RCPT TO:\nS 450 later\nC QUIT", "EHLO\nSERVE")
	var signed atomic.Int64
	h := newHouse(t, "sqlite", func(c *Config) { via(s)(c); c.Signer = stampSigner{n: &signed} }).start()
	id := h.post("Subject: bare\n\nline\n", func(it *Item) { it.Trace = []byte("Received: x\r\n") }, "bob@there.test")
	h.tried()
	l, err := h.Show(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	h.pass(l.To[0].Due.Sub(h.clock.Now()))
	h.tried()
	if got := s.got(); len(got) != 1 || got[0] != "DKIM-Signature: d=haven.test\r\nReceived: x\r\nSubject: bare\r\n\r\nline\r\n" || signed.Load() != 1 {
		t.Errorf("signed %d times; got %q", signed.Load(), got)
	}
}

// TestUnsignedIsNotSent: while the key can't be had, letters wait rather than fail DMARC.
func TestUnsignedIsNotSent(t *testing.T) {
	t.Parallel()
	s := newStranger(t, "EHLO\nSERVE")
	h := newHouse(t, "sqlite", func(c *Config) { via(s)(c); c.Signer = stampSigner{err: errors.New("no key")} }).start()
	h.post(testLetter, nil, "bob@there.test")
	if e := h.tried(); e.Deferred != 1 || !strings.Contains(e.Last.Text, "signed") || s.connections() != 0 {
		t.Errorf("got %+v, %d connections", e, s.connections())
	}
}

// TestLostBody: a letter whose body is gone is given up, and its sender told.
func TestLostBody(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "sqlite", via(newStranger(t, "EHLO\nSERVE")))
	h.post(testLetter, nil, "bob@there.test")
	err := h.db.Write(t.Context(), func(tx *db.Tx) error { tx.Exec(`DELETE FROM body`); return nil })
	if err != nil {
		t.Fatal(err)
	}
	h.start()
	if e := h.tried(); e.Failed != 1 {
		t.Errorf("got %+v", e)
	}
	h.told()
	wantIn(t, h.mail.of("ann@haven.test")[0], "Status: 5.3.0", "lost here")
}

// TestIDsGrow: ids are unique and grow, also within a microsecond.
func TestIDsGrow(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "sqlite", nil)
	var mu sync.Mutex
	seen := map[ID]bool{}
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			last := ID(0)
			for range 1000 {
				id := h.newID(testStart)
				mu.Lock()
				if seen[id] || id <= last {
					t.Errorf("id %d again", id)
				}
				seen[id], last = true, id
				mu.Unlock()
			}
		})
	}
	group.Wait()
}
