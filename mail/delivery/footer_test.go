package delivery_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"haven"
	"haven/mail/delivery"
	"haven/mail/delivery/deliverytest"
	"haven/mail/mailbox"
	"haven/mail/vacation"
	"haven/platform/db/dbtest"
	"haven/platform/policy"
)

// particulars are what letters from mailboxes end with; of those that are not here nobody has written it down.
type particulars map[haven.AccountNo][]string

func (p particulars) FooterOf(_ context.Context, no haven.AccountNo) ([]string, bool, error) {
	lines, known := p[no]
	return lines, known, nil
}

const company = "Harbour Pharmacy Ltd. Registered in Wales, company number 01234567."

func eachEnding(t *testing.T, fn func(t *testing.T, p *deliverytest.Place, all particulars)) {
	t.Helper()
	dbtest.EachEngine(t, func(t *testing.T, engine string) {
		all := particulars{}
		p := deliverytest.NewAt(t, engine, "pharmacy.test", func(_ *deliverytest.Place, o *delivery.Options) { o.Footers = all })
		all[p.Alice], all[p.Ben], all[p.Shop] = nil, nil, []string{company}
		fn(t, p, all)
	})
}

// Whoever gets a letter of a premises reads who it is, once; the copy in Sent is what was sent, with Bcc.
func TestFooter(t *testing.T) {
	t.Parallel()
	eachEnding(t, func(t *testing.T, p *deliverytest.Place, _ particulars) {
		text := "From: shop@pharmacy.test\r\nTo: ben@pharmacy.test\r\nBcc: secret@else.test\r\nSubject: x\r\n\r\nHello\r\n\r\n> " + company + "\r\n"
		if err := submit(t, p, p.Alice, "shop@pharmacy.test", text, "ben@pharmacy.test", "secret@else.test"); err != nil {
			t.Fatal(err)
		}
		end := "Hello\r\n\r\n> " + company + "\r\n\r\n" + company + "\r\n"
		for name, got := range map[string]string{"the recipient": p.Only(p.Ben, mailbox.Inbox), "Sent": p.Only(p.Shop, mailbox.Sent)} {
			if !strings.HasSuffix(got, end) || strings.Contains(got, "Bcc") != (name == "Sent") {
				t.Errorf("%s holds %q", name, got)
			}
		}
		item := p.Queue()[0]
		body, err := p.Store.Packs.AppendTo(nil, locate(t, p, item.Body), item.Body, &item.Key)
		if err != nil || !strings.HasSuffix(string(body), end) || item.Size != int64(len(body)) || item.Eight {
			t.Errorf("queued %+v, %q, %v", item, body, err)
		}
		if got := p.Letters(p.Alice, mailbox.Inbox); len(got) != 0 {
			t.Errorf("the sender was told %q", got)
		}
		if err := submit(t, p, p.Alice, "alice@pharmacy.test", "From: alice@pharmacy.test\r\n\r\nHello\r\n", "ben@pharmacy.test"); err != nil {
			t.Fatal(err)
		}
		if got := p.Letters(p.Alice, mailbox.Sent); len(got) != 1 || strings.Contains(got[0], company) {
			t.Errorf("a letter of a person ends with the business: %q", got)
		}
	})
}

func TestFooterInUTF8(t *testing.T) {
	t.Parallel()
	eachEnding(t, func(t *testing.T, p *deliverytest.Place, all particulars) {
		all[p.Shop] = []string{"Zoë Ltd"}
		text := "From: shop@pharmacy.test\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\nHello\r\n"
		if err := submit(t, p, p.Alice, "shop@pharmacy.test", text, "bob@surgery.test"); err != nil {
			t.Fatal(err)
		}
		if !p.Queue()[0].Eight {
			t.Error("a letter with octets over 127 is queued as one without")
		}
	})
}

// A letter that may be sent is sent: where the footer would make it, or the copy with Bcc, too large, both go without, and the sender is told.
func TestFooterOfTheLargestLetter(t *testing.T) {
	t.Parallel()
	const most = 4000
	const rest = "To: ben@pharmacy.test\r\nDate: Fri, 27 Nov 2026 09:00:00 +0000\r\nMessage-ID: <a@pharmacy.test>\r\n\r\n"
	foot := len("\r\n" + company + "\r\n")
	for _, c := range []struct {
		name, bcc string
		octets    int // of the letter without Bcc
		ends      bool
	}{
		{"with room for it", "", most - foot, true},
		{"with one octet less", "", most - foot + 1, false},
		{"at the limit", "", most, false},
		{"whose copy has no room", "Bcc: secret@else.test\r\n", most - foot, false},
	} {
		p := deliverytest.NewAt(t, "sqlite", "pharmacy.test", func(p *deliverytest.Place, o *delivery.Options) {
			small, err := policy.Profile(policy.Default)
			if err != nil {
				t.Fatal(err)
			}
			small.Sending.MessageOctets = most
			o.Store = mailbox.New(mailbox.Options{DB: p.Store.DB, Bodies: p.Store.Packs, Keys: p.Store.Keys, Hub: p.Store.Hub, Access: p.Store.Grants, Clock: p.Store.Clock, Policy: small})
			o.Footers = particulars{p.Shop: {company}}
		})
		head := "From: shop@pharmacy.test\r\n" + c.bcc + rest
		n := c.octets + len(c.bcc) - len(head) - 2
		if err := submit(t, p, p.Alice, "shop@pharmacy.test", head+strings.Repeat("x", n)+"\r\n", "ben@pharmacy.test"); err != nil {
			t.Fatalf("a letter %s: %v", c.name, err)
		}
		for name, got := range map[string]string{"the recipient": p.Only(p.Ben, mailbox.Inbox), "Sent": p.Only(p.Shop, mailbox.Sent)} {
			if strings.HasSuffix(got, company+"\r\n") != c.ends || !strings.Contains(got, strings.Repeat("x", n)) {
				t.Errorf("%s of a letter %s holds %.300q", name, c.name, got)
			}
		}
		if told := p.Letters(p.Alice, mailbox.Inbox); (len(told) == 0) != c.ends || !c.ends && !strings.Contains(told[0], company) {
			t.Errorf("of a letter %s the sender is told %q", c.name, told)
		}
	}
}

// Letters of a premises don't wait for others whose files are looked into.
func TestFooterWaitsForNoFiles(t *testing.T) {
	t.Parallel()
	eachEnding(t, func(t *testing.T, p *deliverytest.Place, _ particulars) {
		p.HoldLooks(t)
		if err := submit(t, p, p.Alice, "shop@pharmacy.test", "From: shop@pharmacy.test\r\n\r\nHello\r\n", "ben@pharmacy.test"); err != nil {
			t.Fatal(err)
		}
		if got := p.Only(p.Ben, mailbox.Inbox); !strings.HasSuffix(got, company+"\r\n") {
			t.Errorf("it arrived as %q", got)
		}
	})
}

// The automatic reply of a premises says who it is, here and elsewhere; a person's says nothing of a business.
func TestFooterOfAutomaticReplies(t *testing.T) {
	t.Parallel()
	eachEnding(t, func(t *testing.T, p *deliverytest.Place, _ particulars) {
		answer := func(no haven.AccountNo, by, to string) {
			t.Helper()
			a := vacation.Answer{By: vacation.Account{No: no, Address: haven.MustAddress(by)}, To: haven.MustAddress(to), ID: "away-" + to[:3], Subject: "Closed", Text: "We are closed."}
			if err := p.Answer(t.Context(), a, nil); err != nil {
				t.Fatal(err)
			}
		}
		end := "\r\nWe are closed.\r\n\r\n" + company + "\r\n"
		answer(p.Shop, "shop@pharmacy.test", "ben@pharmacy.test")
		if got := p.Only(p.Ben, mailbox.Inbox); !strings.HasSuffix(got, end) {
			t.Errorf("a colleague reads %q", got)
		}
		answer(p.Shop, "shop@pharmacy.test", "bob@surgery.test")
		item := p.Queue()[0]
		if body, err := p.Store.Packs.AppendTo(nil, locate(t, p, item.Body), item.Body, &item.Key); err != nil || !strings.HasSuffix(string(body), end) {
			t.Errorf("queued %q, %v", body, err)
		}
		for _, no := range []haven.AccountNo{p.Alice, p.Post} { // a person, and a mailbox of which nobody has written anything down
			answer(no, "alice@pharmacy.test", "shop@pharmacy.test")
		}
		for _, got := range p.Letters(p.Shop, mailbox.Inbox) {
			if !strings.HasSuffix(got, "\r\nWe are closed.\r\n") {
				t.Errorf("a person's says %q", got)
			}
		}
	})
}

// Who sends what can't be altered, or what nobody has written down, is told so, in the own mailbox and once a day; the letter goes as it is.
func TestWhoSendsIsToldWhatLacks(t *testing.T) {
	t.Parallel()
	eachEnding(t, func(t *testing.T, p *deliverytest.Place, all particulars) {
		signed := "From: shop@pharmacy.test\r\nContent-Type: multipart/signed; boundary=o\r\n\r\n--o\r\n\r\nHello\r\n--o\r\nContent-Type: application/pgp-signature\r\n\r\nx\r\n--o--\r\n"
		send := func(text string) {
			t.Helper()
			if err := submit(t, p, p.Alice, "shop@pharmacy.test", text, "ben@pharmacy.test"); err != nil {
				t.Fatal(err)
			}
		}
		told := func(n int, holds string) {
			t.Helper()
			got := p.Letters(p.Alice, mailbox.Inbox)
			if len(got) != n || n > 0 && !strings.Contains(strings.ReplaceAll(got[n-1], "=\r\n", ""), holds) {
				t.Errorf("told %d times: %q", len(got), got)
			}
		}
		send(signed)
		told(1, "that is signed, encrypted, as large as a letter may be, or written so that nothing could be put at its end.")
		told(1, company)
		if got := p.Only(p.Ben, mailbox.Inbox); !strings.HasSuffix(got, "--o--\r\n") || strings.Contains(got, company) {
			t.Errorf("what was signed arrived as %q", got)
		}
		send(signed)
		told(1, company)
		delete(all, p.Shop)
		send("From: shop@pharmacy.test\r\n\r\nHello\r\n")
		told(2, "An owner of the mailbox does so on its page")
		send("From: shop@pharmacy.test\r\n\r\nHello\r\n")
		told(2, "")
		p.Store.Clock.Advance(24 * time.Hour)
		send("From: shop@pharmacy.test\r\n\r\nHello\r\n")
		told(3, "nobody has written that down yet")
		all[p.Shop] = nil // the law asks for nothing
		send("From: shop@pharmacy.test\r\n\r\nHello\r\n")
		told(3, "")
	})
}

// What is sent on as it is stays as it is.
func TestFooterOfWhatIsSentOn(t *testing.T) {
	t.Parallel()
	eachEnding(t, func(t *testing.T, p *deliverytest.Place, _ particulars) {
		if err := submit(t, p, p.Alice, "shop@pharmacy.test", "Resent-From: shop@pharmacy.test\r\nFrom: shop@pharmacy.test\r\n\r\nHello\r\n", "ben@pharmacy.test"); err != nil {
			t.Fatal(err)
		}
		if got := p.Only(p.Ben, mailbox.Inbox); strings.Contains(got, company) {
			t.Errorf("it arrived as %q", got)
		}
	})
}
