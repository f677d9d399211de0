package delivery_test

import (
	"strings"
	"testing"

	"haven"
	"haven/mail/delivery"
	"haven/mail/delivery/deliverytest"
	"haven/mail/mailbox"
	"haven/platform/errs"
)

// Whoever stands behind more text than is read is not vouched for, by SPF of another neither.
func TestFromThatIsTooLong(t *testing.T) {
	t.Parallel()
	p := deliverytest.New(t, "sqlite", nil)
	p.Zone.TXT = map[string][]string{"surgery.test": {"v=spf1 ip4:192.0.2.7 -all"}}
	field := "From: (" + strings.Repeat("Bob\r\n ", 12_000) + ") Ben <ben@pharmacy.test>"
	if err := receive(t, p, "bob@surgery.test", strings.Replace(plain, "From: Bob <bob@surgery.test>", field, 1), "alice@pharmacy.test"); err != nil {
		t.Fatal(err)
	}
	if got := p.Only(p.Alice, mailbox.Junk); !strings.Contains(got, "Haven-Verdict: junk.from; ") {
		t.Errorf("Junk holds %.500q", got)
	}
}

// What a letter begins with does not go on a line of ours, and hides no line that only we may write.
func TestFirstLineIsFolded(t *testing.T) {
	t.Parallel()
	p := deliverytest.New(t, "sqlite", nil)
	for _, text := range []string{"\tspf=pass (forged)\r\n" + plain, " \r\n" + plain, " Haven-Verdict: forged\r\n forged\r\n" + plain} {
		if err := receive(t, p, "bob@surgery.test", text, "alice@pharmacy.test"); err != nil {
			t.Fatal(err)
		}
	}
	for _, got := range p.Letters(p.Alice, mailbox.Inbox) {
		if !strings.HasSuffix(got, "\r\n"+plain) || strings.Contains(got, "forged") || strings.Contains(got, "\r\n \r\n") {
			t.Errorf("the letter reads %q", got)
		}
	}
}

// A mailbox that goes while a letter for it comes does not have the letter refused for the others: its client tries again.
func TestMailboxGoesMeanwhile(t *testing.T) {
	t.Parallel()
	p := deliverytest.New(t, "sqlite", nil)
	gone := p.Box("gone")
	in := p.Begin(stranger, delivery.Envelope{From: haven.MustAddress("bob@surgery.test")})
	for _, to := range []string{"alice@pharmacy.test", "gone@pharmacy.test"} {
		if err := in.Rcpt(t.Context(), haven.MustAddress(to), 0, ""); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.Store.Keys.Destroy(t.Context(), gone); err != nil {
		t.Fatal(err)
	}
	l, err := in.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := write(t, l, plain); !errs.Is(err, errs.Transient) {
		t.Errorf("the letter for both: %v (%s)", err, errs.KindOf(err))
	}
}
