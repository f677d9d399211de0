package vacation_test

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"haven"
	"haven/mail/delivery"
	"haven/mail/delivery/deliverytest"
	"haven/mail/mailbox"
	"haven/mail/vacation"
	"haven/platform/audit"
	"haven/platform/db"
	"haven/platform/db/dbtest"
	"haven/platform/errs"
	"haven/platform/policy"
)

// house is a place where people can be away.
type house struct {
	*deliverytest.Place
	t       *testing.T
	replies *vacation.Service
	closed  haven.AccountNo // answers nothing
	factor  error           // what an owner is told who has no second factor
}

// Answering is vacation.Accounts'.
func (h *house) Answering(_ context.Context, no haven.AccountNo) (vacation.Account, error) {
	name := map[haven.AccountNo]string{h.Alice: "alice", h.Ben: "ben", h.Shop: "shop"}[no]
	if name == "" || no == h.closed {
		return vacation.Account{}, errs.E(errs.Denied, "")
	}
	return vacation.Account{No: no, Address: haven.MustAddress(name + "@pharmacy.test"), Name: strings.ToUpper(name)}, nil
}

// OwnIn is vacation.Owners'.
func (h *house) OwnIn(_ *db.Tx, _ haven.Actor, _ haven.AccountNo, forSafety bool) error {
	if forSafety {
		return nil
	}
	return h.factor
}

func each(t *testing.T, fn func(t *testing.T, h *house)) {
	t.Helper()
	dbtest.EachEngine(t, func(t *testing.T, engine string) {
		h := &house{t: t}
		h.Place = deliverytest.NewAt(t, engine, "pharmacy.test", func(p *deliverytest.Place, o *delivery.Options) {
			if err := p.Store.DB.Migrate(t.Context(), vacation.Schema); err != nil {
				t.Fatal(err)
			}
			sealer, err := p.Store.Keys.Sealer(t.Context(), "vacation.seal")
			if err != nil {
				t.Fatal(err)
			}
			h.replies = vacation.New(vacation.Options{DB: p.Store.DB, Access: p.Store.Grants, Owners: h, Accounts: h, Keys: p.Store.Keys, Sealer: sealer,
				Policy: policy.Vacation{PerHour: 5}, Clock: p.Store.Clock})
			o.Replies = h.replies
			p.Zone.TXT = map[string][]string{"surgery.test": {"v=spf1 ip4:192.0.2.7 -all"}}
		})
		fn(t, h)
	})
}

func (h *house) set(person, account haven.AccountNo, r vacation.Reply) error {
	return h.replies.Set(h.t.Context(), haven.Actor{Person: deliverytest.ID(person)}, vacation.Whose{Person: person, Account: account, ID: deliverytest.ID(account)}, r)
}

// receive takes a letter in from outside, and has what is owed written.
func (h *house) receive(from, header string, to ...string) {
	h.t.Helper()
	in := h.Begin(delivery.Client{Addr: netip.MustParseAddr("192.0.2.7"), Hello: "mx.surgery.test", Protocol: "ESMTP"}, delivery.Envelope{From: haven.MustAddress(from)})
	for _, a := range to {
		h.must(in.Rcpt(h.t.Context(), haven.MustAddress(a), 0, ""))
	}
	l, err := in.Open(h.t.Context())
	h.must(err)
	_, err = l.Write([]byte(header + "\r\nHello.\r\n"))
	h.must(err)
	_, err = l.Commit(h.t.Context())
	h.must(err)
	h.must(h.replies.Step(h.t.Context(), h.Place))
}

// submit sends a letter of one of our people, and has what is owed written.
func (h *house) submit(who haven.AccountNo, header string, to ...string) {
	h.t.Helper()
	s := h.Submitter(who)
	sub, err := h.BeginSubmission(h.t.Context(), delivery.Client{Hello: "pc"}, s, delivery.Envelope{From: s.Address})
	h.must(err)
	for _, a := range to {
		h.must(sub.Rcpt(h.t.Context(), haven.MustAddress(a), 0, ""))
	}
	l, err := sub.Open(h.t.Context())
	h.must(err)
	_, err = l.Write([]byte("From: " + s.Address.String() + "\r\n" + header + "\r\nHello.\r\n"))
	h.must(err)
	_, err = l.Commit(h.t.Context())
	h.must(err)
	h.must(h.replies.Step(h.t.Context(), h.Place))
}

func (h *house) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) answers(no haven.AccountNo, want int) []string {
	h.t.Helper()
	var all []string
	for _, l := range h.Letters(no, mailbox.Inbox) {
		if strings.Contains(l, "Auto-Submitted: auto-replied") {
			all = append(all, l)
		}
	}
	if len(all) != want {
		h.t.Errorf("%d answers, want %d: %q", len(all), want, all)
	}
	return all
}

// A colleague gets the inside text, once, in the own Inbox; who is away can be written to as ever.
func TestInside(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		h.must(h.set(h.Alice, h.Alice, vacation.Reply{On: true, Inside: "Zurück am Montag.\nBen helps.", Outside: "I am away."}))
		h.submit(h.Ben, "To: alice@pharmacy.test\r\nSubject: Stock\r\nMessage-ID: <1@pc>\r\n", "alice@pharmacy.test")
		got := h.answers(h.Ben, 1)[0]
		for _, want := range []string{"Return-Path: <>", "From: ALICE <alice@pharmacy.test>", "To: ben@pharmacy.test", "Subject: Automatic reply: Stock", "In-Reply-To: <1@pc>", "References: <1@pc>", "Ben helps."} {
			if !strings.Contains(got, want) {
				t.Errorf("%q is not in %q", want, got)
			}
		}
		if h.Only(h.Alice, mailbox.Inbox) == "" {
			t.Error("the letter is not there")
		}
		h.submit(h.Ben, "To: alice@pharmacy.test\r\nSubject: Again\r\n", "alice@pharmacy.test")
		h.answers(h.Ben, 1)
		h.must(h.set(h.Alice, h.Alice, vacation.Reply{On: true, Subject: "Away until Tuesday", Inside: "Back on Tuesday."}))
		h.submit(h.Ben, "To: alice@pharmacy.test\r\nSubject: Once more\r\n", "alice@pharmacy.test")
		if all := h.answers(h.Ben, 2); !strings.Contains(all[1], "Subject: Away until Tuesday") {
			t.Errorf("the new reply is %q", all[1])
		}
		h.submit(h.Alice, "To: alice@pharmacy.test\r\nSubject: To myself\r\n", "alice@pharmacy.test")
		h.answers(h.Alice, 0)
		h.must(h.set(h.Alice, h.Alice, vacation.Reply{Inside: "Back on Tuesday."}))
		h.must(h.set(h.Ben, h.Ben, vacation.Reply{On: true, Inside: "Ben is away."}))
		h.submit(h.Alice, "To: ben@pharmacy.test\r\n", "ben@pharmacy.test")
		if all := h.answers(h.Alice, 1); !strings.Contains(all[0], "Subject: Automatic reply\r\n") || strings.Contains(all[0], "In-Reply-To: <>") {
			t.Errorf("the answer to a letter without a subject is %q", all[0])
		}
		h.answers(h.Ben, 2) // an answer is not answered, and Alice is back
	})
}

// A premises answers strangers who are proven, each once, and nothing that a program or a list sent.
func TestOutside(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		r := vacation.Reply{On: true, Inside: "Colleagues: call.", Outside: "We read this mailbox from Monday on."}
		h.Store.Grants.Set(h.Ben, h.Shop, haven.Owner)
		var e *errs.Error
		if err := h.set(h.Alice, h.Shop, r); !errors.As(err, &e) || e.Rule != "vacation.owners" {
			t.Errorf("a member sets the reply: %v", err)
		}
		if err := h.set(h.Alice, h.Ben, r); !errs.Is(err, errs.NotFound) {
			t.Errorf("a stranger sets the reply: %v", err)
		}
		if _, err := h.replies.Of(t.Context(), h.Alice, h.Shop); !errors.As(err, &e) || e.Rule != "vacation.owners" {
			t.Errorf("a member reads the reply: %v", err)
		}
		h.factor = errs.E(errs.Denied, "")
		if err := h.set(h.Ben, h.Shop, r); !errs.Is(err, errs.Denied) {
			t.Errorf("an owner without a second factor sets the reply: %v", err)
		}
		h.must(h.set(h.Ben, h.Shop, vacation.Reply{})) // a reply that is wrong ends
		h.must(h.set(h.Ben, h.Ben, vacation.Reply{}))  // the own one is nobody else's
		h.factor = nil
		h.must(h.set(h.Ben, h.Shop, r))
		r.Version = 2 // set twice
		if got, err := h.replies.Of(t.Context(), h.Ben, h.Shop); err != nil || got != r {
			t.Errorf("%+v, %v", got, err)
		}
		const named = "To: store@pharmacy.test\r\nSubject: Note\r\nMessage-ID: <7@surgery.test>\r\n"
		for _, header := range []string{"To: somebody@else.test\r\n", named + "List-Id: <x.surgery.test>\r\n", named + "Auto-Submitted: auto-generated\r\n"} {
			h.receive("bob@surgery.test", "From: bob@surgery.test\r\n"+header, "store@pharmacy.test")
		}
		h.receive("bob@unproven.test", "From: bob@unproven.test\r\n"+named, "store@pharmacy.test")
		h.receive("noreply@surgery.test", "From: noreply@surgery.test\r\n"+named, "store@pharmacy.test")
		if q := h.Queue(); len(q) != 0 {
			t.Fatalf("answered %+v", q)
		}
		h.receive("bob@surgery.test", "From: bob@surgery.test\r\n"+named, "store@pharmacy.test", "alice@pharmacy.test")
		h.receive("BOB@Surgery.test", "From: bob@surgery.test\r\n"+named, "shop@pharmacy.test") // the same sender
		q := h.Queue()
		if len(q) != 1 || !q[0].From.IsNull() || q[0].To[0].Address.String() != "bob@surgery.test" || q[0].SignAs != "pharmacy.test" {
			t.Fatalf("queued %+v", q)
		}
		h.must(h.set(h.Ben, h.Shop, vacation.Reply{On: true, Inside: "Colleagues: call."})) // nothing for strangers
		h.receive("carol@surgery.test", "From: carol@surgery.test\r\n"+named, "store@pharmacy.test")
		h.must(h.set(h.Ben, h.Shop, r))
		h.closed = h.Shop
		h.receive("carol@surgery.test", "From: carol@surgery.test\r\n"+named, "store@pharmacy.test")
		if q := h.Queue(); len(q) != 1 {
			t.Errorf("queued %+v", q)
		}
		log, err := audit.About(t.Context(), h.Store.DB, deliverytest.ID(h.Shop), 20)
		h.must(err)
		for _, entry := range log {
			if strings.Contains(entry.Note, "Monday") {
				t.Error("what a reply says is in the audit log")
			}
		}
	})
}

// A reply begins and ends by its dates, and one account answers so many within the hour.
func TestDatesAndRate(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		now := h.Store.Clock.Now()
		h.must(h.set(h.Alice, h.Alice, vacation.Reply{On: true, From: now.Add(time.Hour), Until: now.Add(48 * time.Hour), Inside: "x", Outside: "Away."}))
		const named = "To: alice@pharmacy.test\r\nSubject: Note\r\n"
		from := func(who string) { h.receive(who, "From: "+who+"\r\n"+named, "alice@pharmacy.test") }
		from("bob@surgery.test")
		if len(h.Queue()) != 0 {
			t.Error("answered before the first day")
		}
		h.Store.Clock.Advance(time.Hour)
		for _, who := range strings.Fields("a b c d e f g") {
			from(who + "@surgery.test")
		}
		if n := len(h.Queue()); n != 5 {
			t.Errorf("%d answers within the hour", n)
		}
		h.Store.Clock.Advance(2 * time.Hour)
		from("g@surgery.test")
		if n := len(h.Queue()); n != 6 {
			t.Errorf("%d answers an hour later", n)
		}
		h.Store.Clock.Advance(48 * time.Hour)
		from("h@surgery.test")
		if n := len(h.Queue()); n != 6 {
			t.Errorf("%d answers after the last day", n)
		}
		if at, err := h.replies.WaitingSince(t.Context()); err != nil || !at.IsZero() {
			t.Errorf("waiting since %v, %v", at, err)
		}
	})
}

// away is a sender that fails.
type away struct {
	mu    sync.Mutex
	err   error
	tries int
}

func (a *away) Answer(context.Context, vacation.Answer, func(*db.Tx) error) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.tries++
	return a.err
}

// An answer that can't be written is tried again later, some times, and two processes write one.
func TestTriedAgain(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		h.must(h.set(h.Alice, h.Alice, vacation.Reply{On: true, Inside: "x", Outside: "Away."}))
		h.must(h.Store.DB.Write(t.Context(), func(tx *db.Tx) error {
			return h.replies.Owe(tx, vacation.Letter{From: haven.MustAddress("bob@surgery.test"), Header: "To: alice@pharmacy.test\r\n", Proven: true},
				[]vacation.To{{Account: h.Alice, As: haven.MustAddress("alice@pharmacy.test")}})
		}))
		full := &away{err: errs.E(errs.Transient, "The disk is full.")}
		h.must(h.replies.Step(t.Context(), full))
		h.must(h.replies.Step(t.Context(), full)) // not before its time
		if full.tries != 1 {
			t.Errorf("%d tries at once", full.tries)
		}
		h.Store.Clock.Advance(2 * time.Minute)
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() { _ = h.replies.Step(t.Context(), h.Place) })
		}
		all.Wait()
		if n := len(h.Queue()); n != 1 {
			t.Errorf("%d answers", n)
		}
		h.must(h.Store.DB.Write(t.Context(), func(tx *db.Tx) error {
			return h.replies.Owe(tx, vacation.Letter{From: haven.MustAddress("carol@surgery.test"), Header: "To: alice@pharmacy.test\r\n", Proven: true},
				[]vacation.To{{Account: h.Alice, As: haven.MustAddress("alice@pharmacy.test")}})
		}))
		full.tries = 0
		for range 20 {
			h.must(h.replies.Step(t.Context(), full))
			h.Store.Clock.Advance(2 * time.Minute)
		}
		if at, err := h.replies.WaitingSince(t.Context()); full.tries != 10 || err != nil || !at.IsZero() {
			t.Errorf("%d tries, waiting since %v, %v", full.tries, at, err)
		}
	})
}
