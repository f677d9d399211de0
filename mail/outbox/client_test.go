package outbox

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"haven"
)

// TestHostileServers plays one server after the other that does what servers do on their bad days.
func TestHostileServers(t *testing.T) {
	t.Parallel()
	const open = "EHLO PIPELINING 8BITMIME\nC MAIL FROM:\nS 250 ok\nC RCPT TO:\nS 250 ok\nC DATA\n"
	for _, c := range []struct {
		name, script                string
		delivered, deferred, failed int
		status, text                string
	}{
		{"hangs up at once", "CLOSE", 0, 1, 0, "4.4.2", "lost"},
		{"greets with 554", "S 554 5.7.1 your kind isn't wanted\nCLOSE", 0, 1, 0, "4.7.1", "your kind"},
		{"greets with 521", "S 521 no mail here\nCLOSE", 0, 0, 1, "5.3.2", "no mail here"},
		{"greets with 450", "S 450 later\nCLOSE", 0, 1, 0, "4.3.2", "later"},
		{"greets without end", "FLOOD 220-welcome", 0, 1, 0, "4.5.0", "no end"},
		{"greets with a line without end", `S 220 ` + strings.Repeat("x", 9000) + "\nWAIT", 0, 1, 0, "4.5.0", "no end"},
		{"speaks HTTP", "S HTTP/1.1 400 Bad Request\nCLOSE", 0, 1, 0, "4.5.0", "no SMTP"},
		{"speaks noise", `S \0\0\0220 hello` + "\nCLOSE", 0, 1, 0, "4.5.0", "no SMTP"},
		{"changes its code", "S 220-hello\nS 250 there\nCLOSE", 0, 1, 0, "4.5.0", "no SMTP"},
		{"greets in control characters", `S 450 a\rb\0c` + "\nCLOSE", 0, 1, 0, "4.3.2", "a?b?c"},
		{"says nothing", "WAIT", 0, 1, 0, "4.4.2", "timed out"},
		{"knows HELO alone", "S 220 hi\nC EHLO\nS 502 what\nC HELO mail.haven.test\nS 250 hi\nC MAIL FROM:<ann@haven.test>\nS 250 ok\n" +
			"C RCPT TO:<bob@there.test>\nS 250 ok\nC DATA\nS 354 go on\nDATA\nS 250 ok\nC QUIT", 1, 0, 0, "2.6.0", "ok"},
		{"refuses EHLO as unknown", "S 220 hi\nC EHLO\nS 550 what\nC HELO\nS 250 hi\nC MAIL FROM:\nS 250 ok\nC RCPT TO:\nS 250 ok\nC DATA\nS 354 go on\n" +
			"DATA\nS 250 ok\nC QUIT", 1, 0, 0, "2.6.0", "ok"},
		{"defers EHLO", "S 220 hi\nC EHLO\nS 451 4.3.2 busy\nC HELO\nS 250 hi\nSERVE", 0, 1, 0, "4.3.2", "busy"},
		{"answers EHLO with a question", "S 220 hi\nC EHLO\nS 354 yes\nC HELO\nS 250 hi\nSERVE", 0, 1, 0, "4.5.0", "answered EHLO with 354"},
		{"hangs up after EHLO", "S 220 hi\nC EHLO\nCLOSE", 0, 1, 0, "4.4.2", "lost"},
		{"defers MAIL", "EHLO\nC MAIL FROM:\nS 451 4.7.1 greylisted\nCLOSE", 0, 1, 0, "4.7.1", "greylisted"},
		{"refuses MAIL", "EHLO\nC MAIL FROM:\nS 550 5.7.23 SPF\nCLOSE", 0, 0, 1, "5.7.23", "SPF"},
		{"defers RCPT", "EHLO\nC MAIL FROM:\nS 250 ok\nC RCPT TO:\nS 450 4.2.0 greylisted\nC QUIT\nS 221 bye", 0, 1, 0, "4.2.0", "greylisted"},
		{"refuses RCPT", "EHLO\nC MAIL FROM:\nS 250 ok\nC RCPT TO:\nS 550 nobody\nC QUIT\nS 221 bye", 0, 0, 1, "5.1.1", "nobody"},
		{"lies in its status", "EHLO\nC MAIL FROM:\nS 250 ok\nC RCPT TO:\nS 550 2.0.0 fine\nC QUIT", 0, 0, 1, "5.1.1", "2.0.0 fine"},
		{"waits for nobody's letter", "EHLO PIPELINING\nC MAIL FROM:\nS 250 ok\nC RCPT TO:\nS 550 5.1.1 nobody\nC DATA\nS 354 go on\nC .\n" +
			"S 554 5.5.1 for whom\nC QUIT\nS 221 bye", 0, 0, 1, "5.1.1", "nobody"},
		{"refuses DATA", open + "S 554 5.7.0 no\nC QUIT", 0, 0, 1, "5.7.0", "no"},
		{"defers DATA", open + "S 452 4.3.1 full\nC QUIT", 0, 1, 0, "4.3.1", "full"},
		{"accepts DATA too soon", open + "S 250 thanks\nCLOSE", 0, 1, 0, "4.5.0", "answered DATA with 250"},
		{"hangs up before the dot is answered", open + "S 354 go on\nDATA\nCLOSE", 0, 1, 0, "4.4.2", "lost"},
		{"says nothing after the dot", open + "S 354 go on\nDATA\nWAIT", 0, 1, 0, "4.4.2", "timed out"},
		{"refuses the letter", open + "S 354 go on\nDATA\nS 554 5.6.0 virus\nC QUIT", 0, 0, 1, "5.6.0", "virus"},
		{"defers the letter", open + "S 354 go on\nDATA\nS 451 4.3.0 disk\nC QUIT", 0, 1, 0, "4.3.0", "disk"},
		{"talks nonsense after the dot", open + "S 354 go on\nDATA\nS thank you\nCLOSE", 0, 1, 0, "4.5.0", "no SMTP"},
		{"closes with 421 at RCPT", "EHLO\nC MAIL FROM:\nS 250 ok\nC RCPT TO:\nS 421 4.3.2 going down\nCLOSE", 0, 1, 0, "4.3.2", "going down"},
		{"answers QUIT with silence", open + "S 354 go on\nDATA\nS 250 ok\nCLOSE", 1, 0, 0, "2.6.0", "ok"},
		{"is too small", "EHLO SIZE=10\nC QUIT\nS 221 bye", 0, 0, 1, "5.3.4", "at most 10"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newStranger(t, c.script)
			h := newHouse(t, "sqlite", func(cfg *Config) {
				via(s)(cfg)
				cfg.Policy.Times.Greeting, cfg.Policy.Times.DataEnd = 500*time.Millisecond, 500*time.Millisecond
			}).start()
			h.post(testLetter, nil, "bob@there.test")
			e := h.tried()
			if e.Delivered != c.delivered || e.Deferred != c.deferred || e.Failed != c.failed || e.Last.Status != c.status || !strings.Contains(e.Last.Text, c.text) {
				t.Errorf("got %+v", e)
			}
			if c.failed > 0 {
				h.told()
				wantIn(t, strings.Join(h.mail.of("ann@haven.test"), ""), "Status: "+c.status)
			}
		})
	}
}

// TestStopsListening is a server that hangs up in the middle of a long letter, after saying why.
func TestStopsListening(t *testing.T) {
	t.Parallel()
	s := newStranger(t, "EHLO PIPELINING\nC MAIL FROM:\nS 250 ok\nC RCPT TO:\nS 250 ok\nC DATA\nS 354 go on\nC From\nS 552 5.3.4 too long\nCLOSE")
	h := newHouse(t, "sqlite", via(s)).start()
	h.post(testLetter+strings.Repeat(strings.Repeat("y", 70)+"\r\n", 200_000), nil, "bob@there.test")
	// The reply may be lost with the connection (TCP drops unread data on reset); the letter must not be.
	if e := h.tried(); e.Failed+e.Deferred != 1 {
		t.Errorf("got %+v", e)
	}
}

// TestExtensions: what the letter needs and the server doesn't offer fails with its own status (RFC 6531 §3.2, RFC 6152 §3).
func TestExtensions(t *testing.T) {
	t.Parallel()
	const rest = "\nS 250 ok\nC DATA\nS 354 go on\nDATA\nS 250 ok\nC QUIT\nS 221 bye"
	for _, c := range []struct {
		name, script, to string
		change           func(*Item)
		delivered        int
		status           string
	}{
		{"SMTPUTF8 missing", "EHLO 8BITMIME\nC QUIT", "bøb@there.test", nil, 0, "5.6.7"},
		{"SMTPUTF8 header", "EHLO 8BITMIME\nC QUIT", "bob@there.test", func(it *Item) { it.UTF8 = true }, 0, "5.6.7"},
		{"SMTPUTF8 offered", "EHLO 8BITMIME SMTPUTF8\nC MAIL FROM:<ann@haven.test> SMTPUTF8\nS 250 ok\nC RCPT TO:<bøb@there.test>" + rest,
			"bøb@there.test", nil, 1, "2.6.0"},
		{"U-label becomes A-label", "EHLO\nC MAIL FROM:<ann@haven.test>\nS 250 ok\nC RCPT TO:<bob@xn--bcher-kva.test>" + rest,
			"bob@bücher.test", nil, 1, "2.6.0"},
		{"8BITMIME missing", "EHLO SMTPUTF8\nC QUIT", "bob@there.test", func(it *Item) { it.Eight = true }, 0, "5.6.3"},
		{"8BITMIME not told now", "S 220 hi\nC EHLO\nS 450 4.7.1 later\nC HELO\nS 250 hi\nSERVE", "bob@there.test",
			func(it *Item) { it.Eight = true }, 0, "4.7.1"},
		{"8BITMIME and SIZE", "EHLO 8BITMIME SIZE\nC MAIL FROM:<ann@haven.test> SIZE=100 BODY=8BITMIME\nS 250 ok\nC RCPT TO:" + rest,
			"bob@there.test", func(it *Item) { it.Eight, it.Size = true, 100 }, 1, "2.6.0"},
		{"DSN passed on", "EHLO DSN\nC MAIL FROM:<ann@haven.test> RET=HDRS ENVID=q1\nS 250 ok\n" +
			"C RCPT TO:<bob@there.test> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;b@x.test" + rest,
			"bob@there.test", func(it *Item) {
				it.Return, it.EnvID = ReturnHeaders, "q1"
				it.To[0].Notify, it.To[0].ORcpt = NotifySuccess|NotifyFailure, "rfc822;b@x.test"
			}, 1, "2.6.0"},
		{"DSN never", "EHLO DSN\nC MAIL FROM:<ann@haven.test>\nS 250 ok\nC RCPT TO:<bob@there.test> NOTIFY=NEVER" + rest,
			"bob@there.test", func(it *Item) { it.To[0].Notify = NotifyNever }, 1, "2.6.0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, "sqlite", via(newStranger(t, c.script))).start()
			h.post(testLetter, c.change, c.to)
			failed := 0
			if strings.HasPrefix(c.status, "5") {
				failed = 1
			}
			if e := h.tried(); e.Delivered != c.delivered || e.Failed != failed || e.Last.Status != c.status {
				t.Errorf("got %+v", e)
			}
		})
	}
}

// TestOneWhoNeedsMore: a recipient who can't be reached at a server keeps the letter from nobody else there.
func TestOneWhoNeedsMore(t *testing.T) {
	t.Parallel()
	s := newStranger(t, "EHLO 8BITMIME DSN\nC MAIL FROM:<ann@haven.test>\nS 250 ok\nC RCPT TO:<bob@there.test> NOTIFY=FAILURE\n"+
		"S 250 ok\nC DATA\nS 354 go on\nDATA\nS 250 ok\nC QUIT\nS 221 bye")
	h := newHouse(t, "sqlite", via(s)).start()
	h.post(testLetter, func(it *Item) {
		it.To[1].Notify, it.To[1].ORcpt = NotifyFailure, "utf-8;bøb@old.test" // RFC 6533 §3: not without SMTPUTF8
	}, "bøb@there.test", "bob@there.test")
	if e := h.tried(); e.Delivered != 1 || e.Failed != 1 {
		t.Fatalf("got %+v", e)
	}
	h.told()
	wantIn(t, h.mail.of("ann@haven.test")[0], "Status: 5.6.7")
	<-s.heard // MAIL
	if line := <-s.heard; line != "RCPT TO:<bob@there.test> NOTIFY=FAILURE\r\n" {
		t.Errorf("got %q", line)
	}
}

// TestFaultOfOurs: a letter that can't be read to its end is tried again for those who would have got it, and what the
// server said of the others stands.
func TestFaultOfOurs(t *testing.T) {
	t.Parallel()
	s := newStranger(t, "EHLO\nC MAIL FROM:\nS 250 ok\nC RCPT TO:\nS 550 5.1.1 nobody\nC RCPT TO:\nS 250 ok\nC DATA\nS 354 go on\nDATA\nS 250 ok")
	h := newHouse(t, "sqlite", via(s))
	h.post(testLetter, nil, "nobody@there.test", "bob@there.test")
	w := &worker{o: h.Outbox, domain: "there.test"}
	b := w.next(t.Context(), nil, true)
	done, err := h.openLetter(t.Context(), b.letter)
	if err != nil {
		t.Fatal(err)
	}
	done() // from here on its text can't be read
	targets, err := h.targets(t.Context(), w.domain)
	if err != nil {
		t.Fatal(err)
	}
	w.tour(t.Context(), targets, b.letter, b.to)
	if no, yes := b.to[0].res, b.to[1].res; no.Status != "5.1.1" || yes.Status != "4.3.0" || len(s.got()) != 0 {
		t.Errorf("got %+v and %+v", no, yes)
	}
}

// TestRelayed: NOTIFY=SUCCESS is answered by us where the next server sends no notices (RFC 3461 §5.2.2).
func TestRelayed(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "sqlite", via(newStranger(t, takes))).start()
	h.post(testLetter, func(it *Item) { it.To[0].Notify = NotifySuccess }, "bob@there.test")
	h.told()
	wantIn(t, h.mail.of("ann@haven.test")[0], "Action: relayed", "Status: 2.0.0", "Diagnostic-Code: smtp; 250 2.0.0 queued", "text/rfc822-headers")
}

func TestTooManyRecipientsAtOnce(t *testing.T) {
	t.Parallel()
	s := newStranger(t, `
EHLO
C MAIL FROM:
S 250 ok
C RCPT TO:<a@there.test>
S 250 ok
C RCPT TO:<b@there.test>
S 452 4.5.3 one at a time
C DATA
S 354 go on
DATA
S 250 ok
C MAIL FROM:
S 250 ok
C RCPT TO:<b@there.test>
S 250 ok
C DATA
S 354 go on
DATA
S 250 ok
C QUIT
S 221 bye`)
	h := newHouse(t, "sqlite", via(s)).start()
	h.post(testLetter, nil, "a@there.test", "b@there.test")
	if e := h.tried(); e.Delivered != 2 || s.connections() != 1 {
		t.Errorf("got %+v over %d connections", e, s.connections())
	}
}

// TestReuse sends several letters of one domain over one connection, and lets a refused recipient in between not
// spoil it.
func TestReuse(t *testing.T) {
	t.Parallel()
	s := newStranger(t, `
EHLO
C MAIL FROM:
S 250 ok
C RCPT TO:
S 250 ok
C DATA
S 354 go on
DATA
S 250 ok
C MAIL FROM:
S 250 ok
C RCPT TO:
S 550 nobody
C RSET
S 250 ok
C MAIL FROM:
S 250 ok
C RCPT TO:
S 250 ok
C DATA
S 354 go on
DATA
S 250 ok
CLOSE`, takes)
	h := newHouse(t, "sqlite", func(c *Config) { via(s)(c); c.Policy.PerDomain = 1 })
	for range 4 {
		h.post(testLetter, func(it *Item) { it.To[0].Notify = NotifyNever }, "bob@there.test")
		h.clock.Advance(time.Second)
	}
	h.start()
	delivered, failed := 0, 0
	for range 4 {
		e := h.tried()
		delivered, failed = delivered+e.Delivered, failed+e.Failed
	}
	if delivered != 3 || failed != 1 || s.connections() != 2 {
		t.Errorf("%d delivered, %d failed over %d connections", delivered, failed, s.connections())
	}
}

// TestLinger: a letter that comes while the connection of the last one is still open goes over it; later ones don't.
func TestLinger(t *testing.T) {
	t.Parallel()
	s := newStranger(t, "EHLO PIPELINING\nSERVE")
	h := newHouse(t, "sqlite", func(c *Config) { via(s)(c); c.Policy.Linger = 2 * time.Second }).start()
	idle := func() int {
		h.mu.Lock()
		defer h.mu.Unlock()
		if w := h.lanes["there.test"]; w != nil {
			return len(w.idle)
		}
		return 0
	}
	for range 3 {
		h.post(testLetter, nil, "bob@there.test")
		if e := h.tried(); e.Delivered != 1 {
			t.Fatalf("got %+v", e)
		}
		for idle() == 0 {
			runtime.Gosched()
		}
	}
	if n := s.connections(); n != 1 {
		t.Errorf("%d connections for letters one after the other", n)
	}
	for idle() > 0 {
		h.pass(2 * time.Second)
	}
	h.post(testLetter, nil, "bob@there.test")
	h.tried()
	if n := s.connections(); n != 2 {
		t.Errorf("%d connections after a pause", n)
	}
}

// TestCRLFReaderInSmallRoom: whoever reads may have room for a single octet (io.ReadAll and bufio.Reader do now and then).
func TestCRLFReaderInSmallRoom(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ in, want string }{
		{"", ""}, {"a", "a\r\n"}, {"ab\r\nc", "ab\r\nc\r\n"}, {"\n\r\r\n", "\r\n\r\n\r\n"},
	} {
		for room := range 4 {
			r, buf, got := newCRLFReader(strings.NewReader(c.in)), make([]byte, room+1), ""
			for {
				n, err := r.Read(buf)
				got += string(buf[:n])
				if errors.Is(err, io.EOF) {
					break
				}
				if err != nil || n == 0 {
					t.Fatalf("%q in rooms of %d: %d %v", c.in, room+1, n, err)
				}
			}
			if got != c.want {
				t.Errorf("%q in rooms of %d: got %q", c.in, room+1, got)
			}
		}
	}
}

// TestNoticeOfALongLetter: wherever the line ends of a long letter fall, the notice brings its header back and names it.
func TestNoticeOfALongLetter(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "sqlite", via(newStranger(t, "EHLO\nC MAIL FROM:\nS 550 5.7.1 no\nCLOSE"))).start()
	head := "From: ann@haven.test\r\nMessage-ID: <long@haven.test>\r\n\r\n"
	for _, at := range []int{512, headerOctets} { // the LF is the first octet that is too many
		h.post(head+strings.Repeat("y", at-1-len(head))+"\r\n"+strings.Repeat("z", 10_000)+"\r\n", nil, "bob@there.test")
		h.told()
		all := h.mail.of("ann@haven.test")
		wantIn(t, all[len(all)-1], "In-Reply-To: <long@haven.test>", "text/rfc822-headers", "\r\nMessage-ID: <long@haven.test>\r\n")
	}
}

func TestCRLFReader(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ in, want string }{
		{"", ""}, {"a", "a\r\n"}, {"a\r\n", "a\r\n"}, {"a\nb", "a\r\nb\r\n"}, {"a\rb\r\n", "a\r\nb\r\n"}, {"\r\r\n\n", "\r\n\r\n\r\n"},
		{"a\r", "a\r\n"}, {"\n", "\r\n"}, {"a\r\n.\rb\n.\n", "a\r\n.\r\nb\r\n.\r\n"},
	} {
		for name, r := range map[string]io.Reader{
			"whole": strings.NewReader(c.in), "by octets": iotest.OneByteReader(strings.NewReader(c.in)),
			"with EOF": iotest.DataErrReader(strings.NewReader(c.in)),
		} {
			if got, err := io.ReadAll(newCRLFReader(r)); string(got) != c.want || err != nil {
				t.Errorf("%q %s: got %q %v, want %q", c.in, name, got, err, c.want)
			}
		}
	}
}

// FuzzLetterOnTheWire: whatever a letter holds, only whole CRLF lines are sent, the only lone dot is the last line, and
// taking the dots away gives the letter with its line ends mended.
func FuzzLetterOnTheWire(f *testing.F) {
	for _, s := range []string{"", ".", "..\r\n.\r\n", "a\n.\nb", "a\r.\rb", testLetter, ".\r\n", "\r\n.\n\r\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, letter []byte) {
		var out bytes.Buffer
		w := bufio.NewWriter(&out)
		if err := stuff(w, newCRLFReader(bytes.NewReader(letter)), func() {}); err != nil {
			t.Fatal(err)
		}
		sent := out.String()
		if strings.Count(sent, "\r\n") != strings.Count(sent, "\n") || strings.Count(sent, "\r\n") != strings.Count(sent, "\r") {
			t.Fatalf("bare CR or LF in %q", sent)
		}
		got, err := readDotted(bufio.NewReader(strings.NewReader(sent)))
		if err != nil || len(got) > len(sent) {
			t.Fatalf("%q: %v", sent, err)
		}
		want, _ := io.ReadAll(newCRLFReader(bytes.NewReader(letter)))
		if got != string(want) {
			t.Fatalf("got %q, want %q", got, want)
		}
	})
}

// FuzzReply: no server's words make the reader run wild or let control characters through.
func FuzzReply(f *testing.F) {
	for _, s := range []string{"220 hi\r\n", "250-a\r\n250 b\r\n", "250\r\n", "25", "250-a\r\n251 b\r\n", "999 x\r\n", "\r\n", "250 \x00\xff\r\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := readReply(bufio.NewReaderSize(bytes.NewReader(b), maxReplyLine))
		if err != nil {
			return
		}
		if r.Code < 200 || r.Code > 599 || len(r.Lines) == 0 || len(r.Text()) > maxReplyKept+3 {
			t.Fatalf("%q gave %+v", b, r)
		}
		if strings.ContainsFunc(r.Text(), func(c rune) bool { return c < ' ' || c == 0x7f }) {
			t.Fatalf("control characters in %q", r.Text())
		}
	})
}

func TestWireAddress(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		in   haven.Address
		utf8 bool
		want string
	}{
		{haven.Address{}, false, ""},
		{haven.MustAddress("a@bücher.test"), false, "a@xn--bcher-kva.test"},
		{haven.MustAddress("a@bücher.test"), true, "a@bücher.test"},
		{haven.MustAddress(`"a b"@there.test`), false, `"a b"@there.test`},
		{haven.MustAddress(`a@[192.0.2.1]`), false, `a@[192.0.2.1]`},
	} {
		if got := wireAddress(c.in, c.utf8); got != c.want {
			t.Errorf("%v: got %q, want %q", c.in, got, c.want)
		}
	}
}

func TestLetterErrorIsOurs(t *testing.T) {
	t.Parallel()
	err := stuff(bufio.NewWriter(io.Discard), iotest.ErrReader(io.ErrNoProgress), func() {})
	var ours *letterError
	if !errors.As(err, &ours) || !errors.Is(err, io.ErrNoProgress) {
		t.Errorf("got %v", err)
	}
}
