package mime

import (
	"bytes"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestRFC8098_3_Disposition(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		d    Disposition
		of   string // "": without the letter
	}{
		{"the least", Disposition{Final: "rfc822; a@x.example", Action: "manual-action", Sending: "mdn-sent-manually", Type: "displayed"}, ""},
		{"all", Disposition{Agent: "joes-pc; Mail 1.0", Gateway: "dns; mx.example", Original: "rfc822; b@x.example", Final: "rfc822; a@x.example", MessageID: "<1@y.example>",
			Action: "automatic-action", Sending: "mdn-sent-manually", Type: "processed", Modifiers: []string{"error"}, Errors: []string{"one", "two"},
			Extension: []HeaderField{{"X-More", "of it"}}}, "Subject: x\r\n\r\nHello.\r\n"},
		{"an address in UTF-8", Disposition{Final: "utf-8; ä@x.example", Action: "manual-action", Sending: "mdn-sent-manually", Type: "deleted"}, ""},
	} {
		var original []byte
		if c.of != "" {
			original = []byte(c.of)
		}
		var l Letter
		text := l.Text("Subject", "Read").Bytes(NewDispositionReport("It was shown.\n", c.d, original))
		m, err := Parse(bytes.NewReader(text), Limits{})
		if err != nil {
			t.Fatal(err)
		}
		got, say, is := ReadDisposition(bytes.NewReader(text), m)
		if !is || !reflect.DeepEqual(got, c.d) || say != "It was shown.\n" || m.Root.Param("report-type") != "disposition-notification" {
			t.Errorf("%s: %+v, %q, %t\n%s", c.name, got, say, is, text)
		}
		if c.of != "" && !strings.Contains(string(text), c.of) {
			t.Errorf("%s: the letter is not in it", c.name)
		}
	}
}

// Nothing that somebody says in a notification becomes a line of its own.
func TestDispositionIsOneLineEach(t *testing.T) {
	t.Parallel()
	const evil = "x\r\nBcc: all@x.example\r\n\r\n--b"
	d := Disposition{Agent: evil, Original: "rfc822; " + evil, Final: "rfc822; a@x.example", MessageID: "<1@x>", Action: "manual-action", Sending: "mdn-sent-manually", Type: "displayed",
		Errors: []string{evil}, Extension: []HeaderField{{"X-More", evil}}}
	text := string((&Letter{}).Text("Subject", evil).Bytes(NewDispositionReport(evil, d, nil)))
	m, err := Parse(strings.NewReader(text), Limits{})
	if err != nil || m.Header.Has("Bcc") {
		t.Fatalf("%v\n%s", err, text)
	}
	got, _, is := ReadDisposition(strings.NewReader(text), m)
	if !is || len(got.Extension) != 1 || len(got.Errors) != 1 || got.Extension[0].Name != "X-More" {
		t.Errorf("%+q", got)
	}
}

func TestReadDispositionOfOthers(t *testing.T) {
	t.Parallel()
	notification := func(fields string) string {
		return "Content-Type: multipart/report; report-type=disposition-notification; boundary=b\n\n--b\nContent-Type: multipart/alternative; boundary=c\n\n--c\n\nHi.\n--c\nContent-Type: text/html\n\n<p>\n--c--\n--b\nContent-Type: message/disposition-notification\n\n" + fields + "\n--b--\n"
	}
	for _, c := range []struct {
		name, letter string
		want         string // type and modifiers; "": it is none
	}{
		{"in capitals", notification("FINAL-RECIPIENT: rfc822;a@x\nDisposition: Manual-Action / MDN-Sent-Manually ; Displayed\n"), "manual-action mdn-sent-manually displayed []"},
		{"with modifiers", notification("Final-Recipient: rfc822;a@x\nDisposition: automatic-action/MDN-sent-automatically;\n processed/error,x-other\n"), "automatic-action mdn-sent-automatically processed [error x-other]"},
		{"no recipient", notification("Disposition: manual-action/MDN-sent-manually; displayed\n"), ""},
		{"no disposition", notification("Final-Recipient: rfc822;a@x\n"), ""},
		{"nothing in it", notification(""), ""},
		{"a letter", "Subject: x\n\nDisposition: manual-action/MDN-sent-manually; displayed\n", ""},
		{"a notice of failure", report(Failed, "5.1.1"), ""},
	} {
		m, err := Parse(strings.NewReader(c.letter), Limits{})
		if err != nil {
			t.Fatal(err)
		}
		d, text, is := ReadDisposition(strings.NewReader(c.letter), m)
		got := ""
		if is {
			got = strings.Join([]string{d.Action, d.Sending, d.Type, "[" + strings.Join(d.Modifiers, " ") + "]"}, " ")
		}
		if got != c.want || is && text != "Hi." {
			t.Errorf("%s: %q, %q, want %q", c.name, got, text, c.want)
		}
	}
}

// Whatever comes as a report is read without harm, and says in valid text what it says; written anew, it is a report of two parts.
func FuzzReport(f *testing.F) {
	for _, kind := range []string{"disposition-notification", "delivery-status"} {
		f.Add([]byte("References: <1@x>\nContent-Type: multipart/report; report-type=" + kind + "; boundary=b\n\n--b\n\nHi.\n--b\nContent-Type: message/" + kind +
			"\n\nOriginal-Envelope-Id: e\nFinal-Recipient: rfc822; a@x\nDisposition: manual-action/MDN-sent-manually; displayed/error\nError: x\nX-More: y\n\n--b\nContent-Type: text/rfc822-headers\n\nMessage-ID: <2@x>\n\n--b--\n"))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		src := bytes.NewReader(raw)
		m, err := Parse(src, Limits{Header: 2000, HeaderTotal: 8000, Depth: 6, Parts: 30})
		if err != nil {
			t.Fatal(err)
		}
		if a, is := ReadAbout(src, m); is && (strings.ContainsAny(a.MessageID, "> \r\n") || strings.ContainsAny(a.EnvelopeID, "\r\n")) {
			t.Errorf("%+q", a)
		}
		d, text, is := ReadDisposition(src, m)
		if !is {
			return
		}
		if all := fmt.Sprint(d, text); !utf8.ValidString(all) {
			t.Errorf("%+q is no text", all)
		}
		again := (&Letter{}).Bytes(NewDispositionReport(text, d, nil))
		if m, err = Parse(bytes.NewReader(again), Limits{}); err != nil || !m.Root.Is("multipart/report") || len(m.Root.Children) != 2 {
			t.Errorf("%q became\n%s", raw, again)
		}
	})
}
