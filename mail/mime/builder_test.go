package mime

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"time"

	"haven"
)

var monday = time.Date(2017, 3, 6, 9, 30, 0, 0, time.UTC)

// checkWire reports what no server would take: long lines, lone CR or LF, octets over 127 where they aren't allowed.
func checkWire(t *testing.T, name string, b []byte, ascii bool) {
	t.Helper()
	if !bytes.HasSuffix(b, []byte("\r\n")) {
		t.Errorf("%s: the last line doesn't end", name)
	}
	for line := range strings.SplitSeq(string(b), "\r\n") {
		if len(line) > 998 || strings.ContainsAny(line, "\r\n") {
			t.Errorf("%s: a line of %d octets or with a lone CR or LF: %.80q", name, len(line), line)
		}
	}
	if ascii && !isASCII(b) {
		t.Errorf("%s: octets over 127", name)
	}
}

func content(t *testing.T, raw []byte, p *Part) string {
	t.Helper()
	b, err := io.ReadAll(p.StrictContent(bytes.NewReader(raw)))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestBuilder(t *testing.T) {
	t.Parallel()
	names := []string{"Asha Patel", "Patel, Asha", "Zoë", `a "b" \c`, "Dr. X", strings.Repeat("Long Name ", 40), "=?x?="}
	for _, utf8 := range []bool{false, true} {
		l := &Letter{UTF8: utf8}
		var to []Address
		for _, n := range names {
			to = append(to, AddressOf(n, haven.MustAddress("someone@care.test")))
		}
		subject := strings.Repeat("Réunion de l'équipe \"à\u2028 demain\r\nBcc: x ", 5)
		l.Date(monday).IDs("Message-ID", "1@care.test").IDs("References", "a@x.test", "b@x.test").IDs("In-Reply-To")
		l.Addresses("From", AddressOf("", haven.MustAddress(`"odd one"@care.test`))).Addresses("To", to...).Addresses("Cc")
		l.Text("Subject", subject)
		text := "Café\n" + strings.Repeat("x", 2000) + "\n.\nFrom here \n"
		file := strings.Repeat("Rezept-Ä ", 20) + ".pdf"
		raw := l.Bytes(NewMultipart("mixed", NewMultipart("alternative", NewText(text), NewHTML("<p>"+text)),
			NewData("application/pdf", file, []byte("%PDF\x00\xff")), NewData("image/png", "", nil).With("Content-ID", "<i@care.test>"),
			NewText("--=_haven_1\n")))
		checkWire(t, "letter", raw, !utf8)
		m := mustParse(t, raw)
		if got := DecodeHeader(m.Envelope.Subject); strings.TrimSpace(got) != strings.TrimSpace(cleanText(subject)) {
			t.Errorf("subject %q", got)
		}
		for i, a := range m.Envelope.To {
			if got := a.DisplayName(); got != strings.TrimSpace(names[i]) || a.Spec() != "someone@care.test" {
				t.Errorf("name %q, want %q", got, names[i])
			}
		}
		if len(m.Envelope.To) != len(names) || m.Envelope.From[0].Mailbox != "odd one" || len(m.References) != 2 ||
			m.Header.Has("Bcc") || m.Header.Has("Cc") || m.Header.Has("In-Reply-To") {
			t.Errorf("%+v", m.Envelope)
		}
		if at, ok := m.Envelope.Sent(); !ok || !at.Equal(monday) {
			t.Error(m.Envelope.Date)
		}
		root := m.Root
		if len(root.Children) != 4 || content(t, raw, root.Find([]int{1, 1})) != canonical(text) ||
			content(t, raw, root.Find([]int{2})) != "%PDF\x00\xff" || root.Children[1].FileName() != file ||
			root.Children[2].ID != "<i@care.test>" {
			t.Errorf("%s", raw)
		}
	}
}

func TestDeliveryReport(t *testing.T) {
	t.Parallel()
	status := DeliveryStatus{
		ReportingMTA: "mx.care.test", EnvelopeID: "env1", Arrival: monday,
		Recipients: []RecipientStatus{
			{
				Original: "rfc822;gone@branch.example", Final: haven.MustAddress("gone@branch.example"), Action: Failed, Status: "5.1.1",
				RemoteMTA: "mx.branch.example", Diagnostic: "550 5.1.1 pas trouvé\r\nX: y", LastAttempt: monday,
			},
			{Final: haven.MustAddress("slow@branch.example"), Action: Delayed, Status: "4.4.1", RetryUntil: monday},
		},
	}
	original := []byte("From: asha@mill.example\r\nSubject: Order\r\n\r\nsecret body\r\n")
	for _, full := range []bool{false, true} {
		raw := new(Letter).Text("Subject", "Undeliverable").Bytes(NewDeliveryReport("It failed.\n", status, original, full))
		checkWire(t, "report", raw, true)
		root := mustParse(t, raw).Root
		if !root.Is("multipart/report") || root.Param("report-type") != "delivery-status" || !root.Children[1].Is("message/delivery-status") {
			t.Fatalf("%s", raw)
		}
		want := crlf("Reporting-MTA: dns; mx.care.test\nOriginal-Envelope-Id: env1\nArrival-Date: Mon, 06 Mar 2017 09:30:00 +0000\n\n" +
			"Original-Recipient: rfc822;gone@branch.example\nFinal-Recipient: rfc822; gone@branch.example\nAction: failed\nStatus: 5.1.1\n" +
			"Remote-MTA: dns; mx.branch.example\nDiagnostic-Code: smtp; 550 5.1.1 pas trouv?  X: y\n" +
			"Last-Attempt-Date: Mon, 06 Mar 2017 09:30:00 +0000\n\nFinal-Recipient: rfc822; slow@branch.example\nAction: delayed\n" +
			"Status: 4.4.1\nWill-Retry-Until: Mon, 06 Mar 2017 09:30:00 +0000\n")
		if got := content(t, raw, root.Children[1]); got != want {
			t.Errorf("%s\nwant\n%s", got, want)
		}
		if full != bytes.Contains(raw, []byte("secret body")) || full != root.Children[2].Is("message/rfc822") {
			t.Errorf("full %v:\n%s", full, raw)
		}
	}
	status.Recipients[0].Final = haven.MustAddress("zoë@branch.example")
	root := mustParse(t, new(Letter).Bytes(NewDeliveryReport("x", status, []byte("Subject: é\r\n\r\n"), false))).Root
	if !root.Children[1].Is("message/global-delivery-status") || !root.Children[2].Is("message/global-headers") || root.Encoding != "8bit" {
		t.Error("an address in UTF-8 needs RFC 6533")
	}
}
