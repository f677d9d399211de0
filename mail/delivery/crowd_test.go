package delivery_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"haven"
	"haven/mail/delivery"
	"haven/mail/delivery/deliverytest"
	"haven/mail/mailbox"
	"haven/mail/outbox"
	"haven/platform/db"
	"haven/platform/policy"
)

// crowdPlace takes two recipients in one commit.
func crowdPlace(t *testing.T, engine string) (*deliverytest.Place, []haven.AccountNo) {
	t.Helper()
	p := deliverytest.New(t, engine, func(p *policy.Policy) { p.Sending.OneCommit, p.Mailbox.Quota = 2, 20_000 })
	var boxes []haven.AccountNo
	for i := range 7 {
		boxes = append(boxes, p.Box(fmt.Sprintf("crowd%d", i)))
	}
	return p, boxes
}

func crowdAddresses(n int) (out []string) {
	for i := range n {
		out = append(out, fmt.Sprintf("crowd%d@pharmacy.test", i))
	}
	return out
}

func bothEngines(t *testing.T, fn func(t *testing.T, engine string)) {
	for _, engine := range []string{"sqlite", "postgres"} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			fn(t, engine)
		})
	}
}

func TestCrowdGetsTheLetterOnce(t *testing.T) {
	t.Parallel()
	bothEngines(t, func(t *testing.T, engine string) {
		p, boxes := crowdPlace(t, engine)
		if err := receive(t, p, "bob@surgery.test", plain, crowdAddresses(7)...); err != nil {
			t.Fatal(err)
		}
		var all sync.WaitGroup
		for range 3 { // as several processes would
			all.Go(func() {
				if err := p.Expand(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		for i, no := range boxes {
			got := p.Only(no, mailbox.Inbox)
			if !strings.HasSuffix(got, plain) || !strings.HasPrefix(got, fmt.Sprintf("Return-Path: <bob@surgery.test>\r\nDelivered-To: crowd%d@", i)) || !strings.Contains(got, "\r\nReceived: from mx.surgery.test") {
				t.Errorf("mailbox %d holds %q", i, got)
			}
		}
		wantEmpty(t, p)
	})
}

// wantEmpty checks that no entry of a crowd is left.
func wantEmpty(t *testing.T, p *deliverytest.Place) {
	t.Helper()
	err := p.Store.DB.Read(t.Context(), func(tx *db.Tx) error {
		return tx.Query(`SELECT (SELECT COUNT(*) FROM crowd), (SELECT COUNT(*) FROM crowd_rcpt)`, nil, func(r db.Row) error {
			if r.Int64(0)+r.Int64(1) != 0 {
				t.Errorf("%d entries and %d mailboxes are left", r.Int64(0), r.Int64(1))
			}
			return nil
		})
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestSubmissionToACrowd(t *testing.T) {
	t.Parallel()
	bothEngines(t, func(t *testing.T, engine string) {
		p, boxes := crowdPlace(t, engine)
		text := "From: alice@pharmacy.test\r\nMessage-ID: <c@x>\r\nDate: x\r\n\r\nHello\r\n"
		if err := submit(t, p, p.Alice, "alice@pharmacy.test", text, append(crowdAddresses(5), "bob@surgery.test")...); err != nil {
			t.Fatal(err)
		}
		p.Only(p.Alice, mailbox.Sent)
		if len(p.Queue()) != 1 {
			t.Error("the letter for the other server was not queued")
		}
		if err := p.Expand(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, no := range boxes[:5] {
			if got := p.Only(no, mailbox.Inbox); !strings.HasSuffix(got, text) {
				t.Errorf("got %q", got)
			}
		}
		wantEmpty(t, p)
	})
}

func TestAFullMailboxInACrowdWaitsAndIsGivenUp(t *testing.T) {
	t.Parallel()
	p, boxes := crowdPlace(t, "sqlite")
	p.Store.Deliver(boxes[2], "Subject: big\n\n"+strings.Repeat(strings.Repeat("x", 70)+"\n", 270))
	if err := receive(t, p, "bob@surgery.test", plain+strings.Repeat("a long letter\r\n", 200), crowdAddresses(5)...); err != nil {
		t.Fatal(err)
	}
	if err := p.Expand(t.Context()); err != nil {
		t.Fatal(err)
	}
	for i, no := range boxes[:5] {
		if got := len(p.Letters(no, mailbox.Inbox)); got != 1 {
			t.Errorf("mailbox %d holds %d letters", i, got)
		}
	}
	if len(p.Queue()) != 0 {
		t.Error("the sender was told too early")
	}
	p.Store.Clock.Advance(6 * 24 * time.Hour)
	if err := p.Expand(t.Context()); err != nil {
		t.Fatal(err)
	}
	q := p.Queue()
	if len(q) != 1 || !q[0].From.IsNull() || q[0].To[0].Address.String() != "bob@surgery.test" {
		t.Fatalf("queued %+v", q)
	}
	body, err := p.Store.Packs.AppendTo(nil, locate(t, p, q[0].Body), q[0].Body, &q[0].Key)
	if err != nil || !strings.Contains(string(body), "Status: 5.2.2") || !strings.Contains(string(body), "crowd2@pharmacy.test") || strings.Contains(string(body), "crowd1@") {
		t.Errorf("the notice reads %q, %v", body, err)
	}
	wantEmpty(t, p)
}

func TestSuccessIsToldWhereAskedFor(t *testing.T) {
	t.Parallel()
	deliverytest.Each(t, func(t *testing.T, p *deliverytest.Place) {
		p.Zone.TXT = map[string][]string{"surgery.test": {"v=spf1 ip4:192.0.2.7 -all"}, "pharmacy.test": {"v=spf1 ip4:192.0.2.7 -all"},
			"bank.test": {"v=spf1 -all"}}
		tell := func(from string) {
			in := p.Begin(stranger, delivery.Envelope{From: haven.MustAddress(from), EnvID: "a+2Bb"})
			for to, notify := range map[string]outbox.Notify{"alice@pharmacy.test": outbox.NotifySuccess, "shop@pharmacy.test": 0} {
				if err := in.Rcpt(t.Context(), haven.MustAddress(to), notify, "rfc822;ali+2Bce@old.test"); err != nil {
					t.Fatal(err)
				}
			}
			l, err := in.Open(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if err := write(t, l, plain); err != nil {
				t.Fatal(err)
			}
		}
		tell("bob@surgery.test")
		q := p.Queue()
		if len(q) != 1 || !q[0].From.IsNull() {
			t.Fatalf("queued %+v", q)
		}
		tell("victim@bank.test")    // who never wrote it
		tell("nobody@unknown.test") // of whom nobody knows
		if q := p.Queue(); len(q) != 1 {
			t.Errorf("somebody who may not have written was told: %+v", q)
		}
		tell("ben@pharmacy.test")
		got := p.Only(p.Ben, mailbox.Inbox)
		for _, want := range []string{"Action: delivered", "Original-Envelope-Id: a+b", "Original-Recipient: rfc822;ali+ce@old.test", "Auto-Submitted: auto-replied", "Return-Path: <>"} {
			if !strings.Contains(got, want) {
				t.Errorf("%q is not in %q", want, got)
			}
		}
		if strings.Contains(got, "shop@") {
			t.Errorf("a recipient of whom nothing was asked is told of: %q", got)
		}
	})
}

// Whoever gets a notice in place of a file can have the file released, in a crowd too.
func TestOriginalsForACrowd(t *testing.T) {
	t.Parallel()
	p, boxes := crowdPlace(t, "sqlite")
	text := strings.Replace(attached("setup.exe", "application/octet-stream", []byte("x")), "bob@surgery.test", "alice@pharmacy.test", 1)
	if err := submit(t, p, p.Alice, "alice@pharmacy.test", text, crowdAddresses(len(boxes))...); err != nil {
		t.Fatal(err)
	}
	for _, no := range append(boxes, p.Alice) {
		err := p.Store.DB.Read(t.Context(), func(tx *db.Tx) error {
			held, err := delivery.HeldFor(tx, no)
			if len(held) != 1 {
				t.Errorf("for account %d are held %v", no, held)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestNoticesOfTheQueue(t *testing.T) {
	t.Parallel()
	p := deliverytest.New(t, "sqlite", nil)
	ran := false
	err := p.File(t.Context(), haven.MustAddress("ben@pharmacy.test"), []byte("Subject: x\r\n\r\ny\r\n"), func(*db.Tx) error { ran = true; return nil })
	if err != nil || !ran {
		t.Error(err)
	}
	p.Only(p.Ben, mailbox.Inbox)
	for _, to := range []string{"bob@surgery.test", "nobody@pharmacy.test"} {
		if err := p.File(t.Context(), haven.MustAddress(to), []byte("Subject: x\r\n\r\ny\r\n"), nil); err == nil {
			t.Errorf("%s took a notice", to)
		}
	}
}

// receiveAsking is receive with a NOTIFY parameter for each recipient.
func receiveAsking(t *testing.T, p *deliverytest.Place, from, text string, notify map[string]outbox.Notify) {
	t.Helper()
	in := p.Begin(stranger, delivery.Envelope{From: haven.MustAddress(from)})
	for to, n := range notify {
		if err := in.Rcpt(t.Context(), haven.MustAddress(to), n, ""); err != nil {
			t.Fatal(err)
		}
	}
	l, err := in.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := write(t, l, text); err != nil {
		t.Fatal(err)
	}
}

// expand runs Expand, which must come to an end.
func expand(t *testing.T, p *deliverytest.Place) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if err := p.Expand(ctx); err != nil {
		t.Fatal(err)
	}
}

func change(t *testing.T, p *deliverytest.Place, statement string, args ...any) {
	t.Helper()
	if err := p.Store.DB.Write(t.Context(), func(tx *db.Tx) error { tx.Exec(statement, args...); return nil }); err != nil {
		t.Fatal(err)
	}
}

// fill leaves no room for another letter in a mailbox of crowdPlace.
func fill(p *deliverytest.Place, no haven.AccountNo) {
	p.Store.Deliver(no, "Subject: big\n\n"+strings.Repeat(strings.Repeat("x", 70)+"\n", 270))
}

var longLetter = plain + strings.Repeat("a long letter\r\n", 200)

// TestACrowdsFailuresAreToldWhereAskedFor: RFC 3461 §4.1.
func TestACrowdsFailuresAreToldWhereAskedFor(t *testing.T) {
	t.Parallel()
	bothEngines(t, func(t *testing.T, engine string) {
		p, boxes := crowdPlace(t, engine)
		asked := []outbox.Notify{outbox.NotifyNever, outbox.NotifySuccess, outbox.NotifyDelay, outbox.NotifyFailure | outbox.NotifySuccess, 0}
		notify := map[string]outbox.Notify{}
		for i, to := range crowdAddresses(len(asked)) {
			notify[to] = asked[i]
			fill(p, boxes[i])
		}
		receiveAsking(t, p, "bob@surgery.test", longLetter, notify)
		expand(t, p)
		p.Store.Clock.Advance(6 * 24 * time.Hour)
		expand(t, p)
		told := ""
		for _, item := range p.Queue() {
			body, err := p.Store.Packs.AppendTo(nil, locate(t, p, item.Body), item.Body, &item.Key)
			if err != nil {
				t.Fatal(err)
			}
			told += string(body)
		}
		for i, to := range crowdAddresses(len(asked)) {
			if want := i >= 3; strings.Contains(told, "Final-Recipient: rfc822; "+to) != want {
				t.Errorf("NOTIFY=%s: told of is %v", asked[i], !want)
			}
		}
		wantEmpty(t, p)
	})
}

// TestALostLetterHoldsNoOtherUp: a crowd whose letter can't be read waits while others are filed; in the end its sender
// is told.
func TestALostLetterHoldsNoOtherUp(t *testing.T) {
	t.Parallel()
	bothEngines(t, func(t *testing.T, engine string) {
		for name, damage := range map[string]string{
			"body": `DELETE FROM body WHERE id = (SELECT body FROM crowd)`,
			"key":  `UPDATE crowd SET key = trace`,
		} {
			p, boxes := crowdPlace(t, engine)
			if err := receive(t, p, "bob@surgery.test", plain, crowdAddresses(5)...); err != nil {
				t.Fatal(err)
			}
			if name == "key" && engine == "postgres" {
				damage = `UPDATE crowd SET key = CAST(trace AS BYTEA)`
			}
			change(t, p, damage)
			p.Store.Clock.Advance(time.Second)
			if err := receive(t, p, "eve@surgery.test", plain, crowdAddresses(7)...); err != nil {
				t.Fatal(err)
			}
			expand(t, p)
			for i, no := range boxes {
				if got := p.Letters(no, mailbox.Inbox); len(got) != 1 || !strings.Contains(got[0], "<eve@surgery.test>") {
					t.Errorf("%s: mailbox %d holds %q", name, i, got)
				}
			}
			if len(p.Queue()) != 0 {
				t.Errorf("%s: the sender was told too early", name)
			}
			p.Store.Clock.Advance(6 * 24 * time.Hour)
			expand(t, p)
			told := ""
			for _, item := range p.Queue() {
				body, err := p.Store.Packs.AppendTo(nil, locate(t, p, item.Body), item.Body, &item.Key)
				if err != nil {
					t.Fatal(err)
				}
				told += string(body)
			}
			for _, to := range crowdAddresses(5) {
				if !strings.Contains(told, "Final-Recipient: rfc822; "+to) || !strings.Contains(told, "Status: 5.3.0") {
					t.Errorf("%s: %s is not in %q", name, to, told)
				}
			}
			wantEmpty(t, p)
		}
	})
}

// TestALastingConflictInACrowd: a mailbox that refuses for a fault of its own rows waits, and the others get the letter.
func TestALastingConflictInACrowd(t *testing.T) {
	t.Parallel()
	bothEngines(t, func(t *testing.T, engine string) {
		p, boxes := crowdPlace(t, engine)
		p.Store.Deliver(boxes[2], "Subject: first\n\nx\n")
		const setNext = `UPDATE mailbox_count SET uidnext = $2 WHERE an = $1 AND total = 1`
		change(t, p, setNext, int64(boxes[2]), int64(1))
		if err := receive(t, p, "bob@surgery.test", plain, crowdAddresses(5)...); err != nil {
			t.Fatal(err)
		}
		expand(t, p)
		for i, no := range boxes[:5] {
			if got := len(p.Letters(no, mailbox.Inbox)); got != 1 {
				t.Errorf("mailbox %d holds %d letters", i, got)
			}
		}
		change(t, p, setNext, int64(boxes[2]), int64(2)) // somebody has mended it
		p.Store.Clock.Advance(time.Hour)
		expand(t, p)
		if got := len(p.Letters(boxes[2], mailbox.Inbox)); got != 2 {
			t.Errorf("the mailbox holds %d letters", got)
		}
		wantEmpty(t, p)
	})
}

// TestASenderWhoCantBeTold: a crowd's letter goes to those who can take it although its sender's mailbox can't take the
// notice, and a failure notice waits for room, but not for ever.
func TestASenderWhoCantBeTold(t *testing.T) {
	t.Parallel()
	bothEngines(t, func(t *testing.T, engine string) {
		p, boxes := crowdPlace(t, engine)
		fill(p, p.Ben)
		fill(p, boxes[3])
		receiveAsking(t, p, "ben@pharmacy.test", longLetter, map[string]outbox.Notify{
			"crowd0@pharmacy.test": outbox.NotifySuccess, "crowd1@pharmacy.test": 0, "crowd2@pharmacy.test": 0, "crowd3@pharmacy.test": 0})
		p.Store.Clock.Advance(time.Second)
		if err := receive(t, p, "bob@surgery.test", plain, crowdAddresses(3)...); err != nil {
			t.Fatal(err)
		}
		expand(t, p)
		p.Store.Clock.Advance(6 * 24 * time.Hour)
		expand(t, p)
		for i, no := range boxes[:3] {
			if got := len(p.Letters(no, mailbox.Inbox)); got != 2 {
				t.Errorf("mailbox %d holds %d letters", i, got)
			}
		}
		p.Store.Clock.Advance(6 * 24 * time.Hour)
		expand(t, p)
		wantEmpty(t, p)
	})
}
