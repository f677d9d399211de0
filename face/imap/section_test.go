package imap

import (
	"fmt"
	"strings"
	"testing"

	"haven/mail/mailbox/mailboxtest"
	"haven/mail/mime"
)

// octets fetches one section of message 1 and gives its octets.
func (c *client) octets(section string) string {
	c.t.Helper()
	c.send("o UID FETCH * " + section + "\r\n")
	head := c.line()
	at := strings.LastIndexByte(head, '{')
	if at < 0 {
		c.t.Fatalf("%s: %s", section, head)
	}
	b := make([]byte, num(strings.TrimSuffix(head[at+1:], "}")))
	for n := 0; n < len(b); {
		m, err := c.r.Read(b[n:])
		if err != nil {
			c.t.Fatal(err)
		}
		n += m
	}
	c.until("o")
	return string(b)
}

// TestHeaderEnd: the header that is found without the structure is the one that the structure knows, wherever it
// ends; header and text together are the message.
func TestHeaderEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	k := w.signIn(t, anna)
	k.do("SELECT INBOX")
	letters := []string{"\nbody\n", "no field\nA: b\n", "A: b", "A: b\n \n\nbody", "A: b\n\n", letter(t, "report")}
	for pad := 65_520; pad < 65_540; pad++ {
		letters = append(letters, "X: "+strings.Repeat("y\n ", pad/3)+strings.Repeat("y", pad%3)+"\n\nbody\n")
		letters = append(letters, "X: "+strings.Repeat("y", pad)+"\n\n"+strings.Repeat("body\n", 20000))
	}
	for i, l := range letters {
		w.Deliver(w.people.no[anna], l)
		k.do("NOOP")
		whole := mailboxtest.CRLF(l)
		parsed, err := mime.Parse(strings.NewReader(whole), mime.Limits{})
		ok(t, err)
		head, text := k.octets("BODY.PEEK[HEADER]"), k.octets("BODY.PEEK[TEXT]")
		if head+text != whole || int64(len(head)) != parsed.Root.Body {
			t.Errorf("letter %d: header of %d octets and text of %d, want %d and %d", i, len(head), len(text), parsed.Root.Body, len(whole)-int(parsed.Root.Body))
		}
	}
}

// TestPartials: what comes in pieces is the whole, for a message in memory and one that is streamed.
func TestPartials(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	k := w.signIn(t, anna)
	k.do("SELECT INBOX")
	for _, lines := range []int{10, 5_000, 200_000} {
		var b strings.Builder
		b.WriteString("Subject: pieces\n\n")
		for i := range lines {
			fmt.Fprintf(&b, "line %d\n", i)
		}
		w.Deliver(w.people.no[anna], b.String())
		k.do("NOOP")
		whole := mailboxtest.CRLF(b.String())
		if got := k.octets("BODY.PEEK[]"); got != whole {
			t.Errorf("%d lines: %d octets, want %d", lines, len(got), len(whole))
		}
		step := len(whole)/7 + 1
		var pieces strings.Builder
		for at := 0; at < len(whole); at += step {
			pieces.WriteString(k.octets(fmt.Sprintf("BODY.PEEK[]<%d.%d>", at, step)))
		}
		if pieces.String() != whole {
			t.Errorf("%d lines in pieces: %d octets, want %d", lines, pieces.Len(), len(whole))
		}
	}
}
