package mime

import (
	"strings"
	"testing"
	"time"

	"haven"
)

func TestReadAbout(t *testing.T) {
	t.Parallel()
	const original = "Message-ID: <1@y.example>\r\nSubject: x\r\n\r\nHello.\r\n"
	dsn := func(env string, original []byte, full bool) string {
		var l Letter
		s := DeliveryStatus{ReportingMTA: "mx", EnvelopeID: env, Arrival: time.Unix(0, 0), Recipients: []RecipientStatus{{Final: haven.MustAddress("a@x.example"), Action: Failed, Status: "5.1.1"}}}
		return string(l.Text("Subject", "Not delivered").IDs("Message-ID", "2@mx").Bytes(NewDeliveryReport("It could not.", s, original, full)))
	}
	mdn := func(id string) string {
		var l Letter
		return string(l.Text("Subject", "Read").Bytes(NewDispositionReport("x", Disposition{Final: "rfc822; a@x.example", MessageID: id, Action: "manual-action", Sending: "mdn-sent-manually", Type: "displayed"}, nil)))
	}
	for _, c := range []struct {
		name, letter string
		want         About
	}{
		{"with the header", dsn("", []byte(original), false), About{DeliveryReport, "1@y.example", ""}},
		{"with the letter", dsn("e1", []byte(original), true), About{DeliveryReport, "1@y.example", "e1"}},
		{"with neither", dsn("e1", nil, false), About{DeliveryReport, "", "e1"}},
		{"by what it refers to", "References: <0@y.example> <1@y.example>\r\n" + dsn("", nil, false), About{DeliveryReport, "1@y.example", ""}},
		{"what it refers to comes last", "References: <0@y.example>\r\n" + dsn("", []byte(original), true), About{DeliveryReport, "1@y.example", ""}},
		{"a receipt", mdn("<1@y.example>"), About{DispositionReport, "1@y.example", ""}},
		{"a receipt of a letter without an id", mdn(""), About{}},
		{"nothing said", dsn("", nil, false), About{}},
		{"a letter", original, About{}},
		{"an answer", "In-Reply-To: <1@y.example>\r\n" + original, About{}},
	} {
		m, err := Parse(strings.NewReader(c.letter), Limits{})
		if err != nil {
			t.Fatal(err)
		}
		got, is := ReadAbout(strings.NewReader(c.letter), m)
		if !is {
			got = About{}
		}
		if got != c.want {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
	if _, is := ReadAbout(strings.NewReader(""), &Message{}); is {
		t.Error("a letter whose parts are not known")
	}
}
