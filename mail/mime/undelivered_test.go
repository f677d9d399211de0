package mime

import (
	"strings"
	"testing"
	"time"

	"haven"
)

func report(action Action, status string) string {
	s := DeliveryStatus{ReportingMTA: "mx.mail.example", Arrival: time.Unix(0, 0), Recipients: []RecipientStatus{{Final: haven.MustAddress("priya@elm.example"), Action: action, Status: status,
		Diagnostic: "550 Action: failed"}}}
	var l Letter
	return string(l.Text("Subject", "Not delivered").Bytes(NewDeliveryReport("It could not.", s, []byte("Subject: x\r\n\r\n"), false)))
}

func TestUndelivered(t *testing.T) {
	t.Parallel()
	byHand := func(status string) string {
		return "Content-Type: Multipart/Report; report-type=delivery-status; boundary=b\n\n--b\n\nSorry.\n\n--b\nContent-Type: message/delivery-status\n\n" + status + "\n--b--\n"
	}
	for _, c := range []struct {
		name, letter, status string
		failed               bool
	}{
		{"failed", report(Failed, "5.1.1"), "5.1.1", true},
		{"given up", report(Failed, "4.4.7"), "4.4.7", true},
		{"delayed", report(Delayed, "4.4.1"), "", false},
		{"delivered", report(Delivered, "2.0.0"), "", false},
		{"relayed", report(Relayed, "2.0.0"), "", false},
		{"the second failed", byHand("Reporting-MTA: dns; x\n\nFinal-Recipient: rfc822; a@x.example\nAction: delayed\nStatus: 4.4.1\n\nfinal-recipient: rfc822; b@x.example\nACTION: Failed\nstatus: 5.2.2 (mailbox full)\n"), "5.2.2", true},
		{"no status", byHand("Reporting-MTA: dns; x\n\nAction: failed\n"), "5.0.0", true},
		{"a status that is none", byHand("Reporting-MTA: dns; x\n\nAction: failed\nStatus: <script>\n"), "5.0.0", true},
		{"good news with a failure", byHand("Reporting-MTA: dns; x\n\nAction: failed\nStatus: 2.0.0\n"), "5.0.0", true},
		{"encoded", strings.Replace(byHand("UmVwb3J0aW5nLU1UQTogZG5zOyB4CgpBY3Rpb246IGZhaWxlZApTdGF0dXM6IDUuMS4yCg=="), "delivery-status\n\n", "delivery-status\nContent-Transfer-Encoding: base64\n\n", 1), "5.1.2", true},
		{"cut off", report(Failed, "5.1.1")[:300], "", false},
		{"a letter", "Subject: Action: failed\n\nAction: failed\n", "", false},
		{"an automatic reply", "Auto-Submitted: auto-replied\n\nI am away.\n", "", false},
		{"nothing", "", "", false},
	} {
		if status, failed := Undelivered([]byte(c.letter)); status != c.status || failed != c.failed {
			t.Errorf("%s: %q, %t", c.name, status, failed)
		}
	}
}
