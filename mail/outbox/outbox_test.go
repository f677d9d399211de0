package outbox

import (
	"strings"
	"testing"
	"time"

	"haven"
	"haven/platform/db/dbtest"
)

// takes is a server that takes one letter for one recipient.
const takes = `
EHLO PIPELINING SIZE=1000000 8BITMIME ENHANCEDSTATUSCODES
C MAIL FROM:
S 250 2.1.0 ok
C RCPT TO:
S 250 2.1.5 ok
C DATA
S 354 go on
DATA
S 250 2.0.0 queued
C QUIT
S 221 bye`

func TestSends(t *testing.T) {
	t.Parallel()
	dbtest.EachEngine(t, func(t *testing.T, engine string) {
		s := newStranger(t, takes)
		h := newHouse(t, engine, via(s)).start()
		h.post(testLetter, func(it *Item) { it.Trace = []byte("Received: from here\r\n") }, "bob@there.test")
		if e := h.tried(); e.Delivered != 1 {
			t.Fatalf("got %+v", e)
		}
		if got := s.got(); len(got) != 1 || got[0] != "Received: from here\r\n"+testLetter {
			t.Errorf("the stranger got %q", got)
		}
	})
}

// TestFiveDays lets a server be away for good: the letter is tried with growing pauses, its sender is told once that
// it is late and once that it failed, and nothing is left.
func TestFiveDays(t *testing.T) {
	t.Parallel()
	dbtest.EachEngine(t, func(t *testing.T, engine string) {
		s := newStranger(t, "S 421 4.3.2 closed for the holidays\nCLOSE")
		h := newHouse(t, engine, via(s)).start()
		id := h.post(testLetter, nil, "bob@there.test")
		tries, last := 0, Event{}
		for end := testStart.Add(5*24*time.Hour + time.Hour); h.clock.Now().Before(end); {
			last = h.tried()
			tries++
			if late := h.clock.Now().Sub(testStart) >= 4*time.Hour; late && len(h.mail.of("ann@haven.test")) == 0 {
				h.told()
			}
			l, err := h.Show(t.Context(), id)
			if err != nil {
				break
			}
			if l.To[0].State == "telling" {
				break
			}
			h.pass(l.To[0].Due.Sub(h.clock.Now()))
		}
		if last.Last.Code != 421 || tries < 20 || tries > 60 {
			t.Errorf("%d tries, the last one %+v", tries, last)
		}
		for len(h.mail.of("ann@haven.test")) < 2 {
			h.told()
		}
		notices := h.mail.of("ann@haven.test")
		wantIn(t, notices[0], "Action: delayed", "Status: 4.3.2", "Will-Retry-Until: Sat, 07 Mar 2026", "Auto-Submitted: auto-replied")
		wantIn(t, notices[1], "Action: failed", "Status: 4.4.7", "Diagnostic-Code: smtp; 421 4.3.2 closed for the holidays",
			"Final-Recipient: rfc822; bob@there.test", "Subject: Hello", "In-Reply-To: <1@haven.test>")
		if h.clock.Now().Before(testStart.Add(5 * 24 * time.Hour)) {
			t.Errorf("given up after %v", h.clock.Now().Sub(testStart))
		}
	})
}

func wantIn(t *testing.T, text string, all ...string) {
	t.Helper()
	for _, s := range all {
		if !strings.Contains(text, s) {
			t.Errorf("%q is missing in:\n%s", s, text)
		}
	}
}

func TestRefusedIsToldAtOnce(t *testing.T) {
	t.Parallel()
	s := newStranger(t, `
EHLO PIPELINING
C MAIL FROM:<ann@haven.test>
S 250 ok
C RCPT TO:<bob@there.test>
S 250 ok
C RCPT TO:<nobody@there.test>
S 550-5.1.1 there is no nobody
S 550 5.1.1 here
C DATA
S 354 go on
DATA
S 250 ok
C QUIT
S 221 bye`)
	h := newHouse(t, "sqlite", via(s)).start()
	h.post(testLetter, func(it *Item) { it.Return, it.EnvID, it.To[1].ORcpt = ReturnFull, "a+2Bb", "rfc822;no+2Bbody@x.test" },
		"bob@there.test", "nobody@there.test")
	if e := h.tried(); e.Delivered != 1 || e.Failed != 1 {
		t.Errorf("got %+v", e)
	}
	h.told()
	notices := h.mail.of("ann@haven.test")
	if len(notices) != 1 {
		t.Fatalf("%d notices", len(notices))
	}
	wantIn(t, notices[0], "Action: failed", "Status: 5.1.1", "550 5.1.1 there is no nobody 5.1.1 here", "Hello there.\r\n.dot",
		"Original-Envelope-Id: a+b", "Original-Recipient: rfc822;no+body@x.test", "message/rfc822")
	if strings.Contains(notices[0], "bob@there.test") {
		t.Error("the notice speaks of one who got the letter")
	}
}

func TestNoNoticeForNullSender(t *testing.T) {
	t.Parallel()
	s := newStranger(t, "EHLO\nC MAIL FROM:<>\nS 550 5.7.1 go away\nC QUIT")
	h := newHouse(t, "sqlite", via(s)).start()
	h.post(testLetter, func(it *Item) { it.From = haven.Address{} }, "bob@there.test")
	if e := h.tried(); e.Failed != 1 {
		t.Errorf("got %+v", e)
	}
	if n := h.number(`SELECT COUNT(*) FROM queue_rcpt`); n != 0 {
		t.Errorf("%d recipients are left", n)
	}
}
