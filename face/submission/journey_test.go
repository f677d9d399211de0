package submission_test

import (
	"context"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-sasl"

	"haven"
	"haven/face/smtp"
	"haven/mail/authn"
	"haven/mail/delivery"
	"haven/mail/delivery/deliverytest"
	"haven/mail/mailbox"
	"haven/mail/outbox"
	"haven/platform/db"
)

// TestJourney takes a letter from alice of one service to ben of another: signed in, queued, signed, sent over TLS,
// checked and filed; and a letter to nobody back as a notice.
func TestJourney(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	there := deliverytest.NewAt(t, "sqlite", "surgery.test", nil)
	port25 := listen(t, &smtp.Server{Name: "mx.surgery.test", TLS: testTLS(t), Backend: smtp.Inbound{Delivery: there.Service}})

	var queue *outbox.Outbox
	var signer *authn.Signer
	events := make(chan outbox.Event, 100)
	here := deliverytest.NewAt(t, "sqlite", "pharmacy.test", func(p *deliverytest.Place, o *delivery.Options) {
		if err := p.Store.DB.Migrate(ctx, outbox.Schema); err != nil {
			t.Fatal(err)
		}
		var err error
		if signer, err = authn.OpenSigner(ctx, p.Store.Keys); err != nil {
			t.Fatal(err)
		}
		queue = outbox.New(outbox.Config{
			DB: p.Store.DB, Bodies: p.Store.Packs, Sealer: o.Sealer, Hostname: "mx.pharmacy.test", Clock: p.Store.Clock,
			Routes: []outbox.Route{{Domain: "surgery.test", Host: port25, TLS: outbox.MustTLS}}, AllowLoopback: true,
			Signer: signer, Local: late{p}, Random: func() float64 { return 0.5 }, Notify: func(e outbox.Event) { events <- e },
		})
		o.Outbox = queue
	})
	if err := queue.Start(ctx); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := queue.Close(ctx); err != nil {
			t.Error(err)
		}
	})
	publish(t, there, signer)

	c := dial(t, serve(t, here, true))
	if err := c.Auth(sasl.NewPlainClient("", "alice@pharmacy.test", "correct horse")); err != nil {
		t.Fatal(err)
	}
	letter := "From: Alice <alice@pharmacy.test>\r\nTo: ben@surgery.test, nobody@surgery.test\r\nSubject: =?utf-8?q?f=C3=BCr?= Ben\r\n\r\n.Hello\r\nf\xc3\xbcr dich\r\n"
	if err := c.SendMail("alice@pharmacy.test", []string{"ben@surgery.test", "nobody@surgery.test"}, strings.NewReader(letter)); err != nil {
		t.Fatal(err)
	}
	await(t, events, func() bool {
		return len(there.Letters(there.Ben, mailbox.Inbox)) == 1 && len(here.Letters(here.Alice, mailbox.Inbox)) == 1
	})
	got := there.Only(there.Ben, mailbox.Inbox)
	for _, want := range []string{"dkim=pass header.d=pharmacy.test", "dmarc=pass header.from=pharmacy.test", "with ESMTPS id", "DKIM-Signature: ", "with ESMTPSA id", "\r\n\r\n.Hello\r\nf\xc3\xbcr dich\r\n"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not in %q", want, got)
		}
	}
	if notice := here.Only(here.Alice, mailbox.Inbox); !strings.Contains(notice, "nobody@surgery.test") || !strings.Contains(notice, "5.1.1") || strings.Contains(notice, "ben@surgery.test\r\nAction") {
		t.Errorf("the notice reads %q", notice)
	}
}

// late is the service of a place that is still being made.
type late struct{ p *deliverytest.Place }

func (l late) File(ctx context.Context, to haven.Address, notice []byte, also func(*db.Tx) error) error {
	return l.p.File(ctx, to, notice, also)
}

// publish puts the records of pharmacy.test into the DNS that another place sees.
func publish(t *testing.T, p *deliverytest.Place, s *authn.Signer) {
	t.Helper()
	records, err := s.DNSRecords("pharmacy.test", "mx.pharmacy.test")
	if err != nil {
		t.Fatal(err)
	}
	p.Zone.TXT = map[string][]string{}
	for _, r := range records {
		if r.Type == "TXT" {
			p.Zone.TXT[r.Name] = []string{r.Value}
		}
	}
}

// await looks after each event of the queue whether something has come true.
func await(t *testing.T, events <-chan outbox.Event, done func() bool) {
	t.Helper()
	timeout := time.After(20 * time.Second)
	for !done() {
		select {
		case <-events:
		case <-timeout:
			t.Fatal("it did not come about in 20 s")
		}
	}
}

// listen serves s on a free port until the test ends.
func listen(t *testing.T, s *smtp.Server) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(l) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := s.Shutdown(ctx); err != nil {
			t.Error(err)
		}
		<-ended
	})
	return l.Addr().String()
}
