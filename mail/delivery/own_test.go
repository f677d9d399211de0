package delivery_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"haven"
	"haven/mail/delivery"
	"haven/mail/delivery/deliverytest"
	"haven/mail/mailbox"
	"haven/mail/mime"
	"haven/mail/outbox"
	"haven/platform/db"
	"haven/platform/db/dbtest"
	"haven/platform/errs"
)

// came is what came back, by address.
type came struct {
	mu  sync.Mutex
	all map[string]string
}

func (c *came) Ours(back haven.Address) bool { return strings.HasPrefix(back.Local, "haven-") }

func (c *came) Returned(_ *db.Tx, back haven.Address, status string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.all == nil {
		c.all = map[string]string{}
	}
	c.all[back.Local] = status
	return nil
}

func eachOwn(t *testing.T, fn func(t *testing.T, p *deliverytest.Place, c *came)) {
	t.Helper()
	dbtest.EachEngine(t, func(t *testing.T, engine string) {
		c := &came{}
		fn(t, deliverytest.NewAt(t, engine, "pharmacy.test", func(_ *deliverytest.Place, o *delivery.Options) { o.Returns = c }), c)
	})
}

func own(to string) delivery.Own {
	return delivery.Own{Name: "Haven", From: haven.MustAddress("no-reply@pharmacy.test"), To: haven.MustAddress(to), Back: haven.MustAddress("haven-01@pharmacy.test"),
		ID: "haven-01", Subject: "Your username – für Sie 💊", Text: "Your username is priya.\n\n.\nFrom nobody."}
}

func TestOwnLetterGoesOut(t *testing.T) {
	t.Parallel()
	eachOwn(t, func(t *testing.T, p *deliverytest.Place, _ *came) {
		id, err := p.SendOwn(t.Context(), own("priya@elm.example"))
		if err != nil || id == 0 {
			t.Fatal(id, err)
		}
		item := p.Queue()[0]
		if item.From.String() != "haven-01@pharmacy.test" || item.SignAs != "pharmacy.test" || item.Account != 0 || len(item.To) != 1 ||
			item.To[0].Address.String() != "priya@elm.example" || item.To[0].Notify != outbox.NotifyFailure {
			t.Errorf("queued %+v", item)
		}
	})
}

// A letter to one of our own people lies in the mailbox, and never goes out.
func TestOwnLetterStaysHere(t *testing.T) {
	t.Parallel()
	eachOwn(t, func(t *testing.T, p *deliverytest.Place, _ *came) {
		id, err := p.SendOwn(t.Context(), own("alice@pharmacy.test"))
		if err != nil || id != 0 || len(p.Queue()) != 0 {
			t.Fatal(id, err, p.Queue())
		}
		text := p.Only(p.Alice, mailbox.Inbox)
		for _, want := range []string{"From: Haven <no-reply@pharmacy.test>\r\n", "To: alice@pharmacy.test\r\n", "Message-ID: <haven-01@pharmacy.test>\r\n", "Auto-Submitted: auto-generated\r\n",
			"\r\nDate: ", "Your username is priya.\r\n"} {
			if !strings.Contains(text, want) {
				t.Errorf("%q is missing in\n%s", want, text)
			}
		}
		if _, err := p.SendOwn(t.Context(), own("nobody@pharmacy.test")); !errs.Is(err, errs.NotFound) {
			t.Errorf("to nobody: %v", err)
		}
	})
}

func report(t *testing.T, action mime.Action, status string) string {
	t.Helper()
	s := mime.DeliveryStatus{ReportingMTA: "mx.elm.example", Arrival: time.Unix(0, 0), Recipients: []mime.RecipientStatus{{Final: haven.MustAddress("priya@elm.example"), Action: action, Status: status}}}
	var l mime.Letter
	return string(l.Text("Subject", "Undelivered").Bytes(mime.NewDeliveryReport("Sorry.", s, nil, false)))
}

// What another server returns later is taken from nobody alone, noted, and lies in no mailbox.
func TestOwnLetterComesBack(t *testing.T) {
	t.Parallel()
	eachOwn(t, func(t *testing.T, p *deliverytest.Place, c *came) {
		const at = "haven-01@pharmacy.test"
		for name, text := range map[string]string{"delayed": report(t, mime.Delayed, "4.4.1"), "an automatic reply": "Subject: away\r\n\r\nAction: failed\r\n", "empty": "\r\n",
			"long": "Subject: x\r\n\r\n" + strings.Repeat("Action: failed\r\n", 50_000)} {
			if err := receive(t, p, "", text, at); err != nil || len(c.all) != 0 {
				t.Errorf("%s: %v, %v", name, err, c.all)
			}
		}
		if err := receive(t, p, "", report(t, mime.Failed, "5.1.1"), at, at); err != nil || c.all["haven-01"] != "5.1.1" {
			t.Errorf("failed: %v, %v", err, c.all)
		}
		wantRule(t, receive(t, p, "ward@hospital.example", "Subject: hello\r\n\r\nx\r\n", at), delivery.RuleReturns, 550, "5.1.1")
		wantRule(t, receive(t, p, "", "\r\n", at, "alice@pharmacy.test"), delivery.RuleRecipients, 452, "4.5.3")
		wantRule(t, receive(t, p, "", "\r\n", "alice@pharmacy.test", at), delivery.RuleReturns, 550, "5.1.1")
		wantRule(t, receive(t, p, "", "\r\n", at, "haven-02@pharmacy.test"), delivery.RuleReturns, 550, "5.1.1")
	})
}

// Our own queue gives a letter up: it is noted in the commit that strikes it off.
func TestOwnLetterIsGivenUp(t *testing.T) {
	t.Parallel()
	eachOwn(t, func(t *testing.T, p *deliverytest.Place, c *came) {
		struck := false
		err := p.File(t.Context(), haven.MustAddress("haven-07@pharmacy.test"), []byte(report(t, mime.Failed, "4.4.7")), func(*db.Tx) error { struck = true; return nil })
		if err != nil || !struck || c.all["haven-07"] != "4.4.7" {
			t.Errorf("%v, struck %t, %v", err, struck, c.all)
		}
		cause := errs.E(errs.Conflict, "It has moved on.")
		err = p.File(t.Context(), haven.MustAddress("haven-08@pharmacy.test"), []byte(report(t, mime.Failed, "4.4.7")), func(*db.Tx) error { return cause })
		if !errs.Is(err, errs.Conflict) || c.all["haven-08"] != "" {
			t.Errorf("%v, %v", err, c.all)
		}
	})
}
