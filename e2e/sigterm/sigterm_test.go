package sigterm_test

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"haven/e2e/stage"
)

// wire is a connection on which a test says lines and waits for answers.
type wire struct {
	t *testing.T
	net.Conn
	r *bufio.Reader
}

func open(t *testing.T, h *stage.House, port string) *wire {
	t.Helper()
	var conn net.Conn
	var err error
	if port == "imaps" || port == "submissions" {
		conn, err = tls.Dial("tcp", h.Addr(port), h.TLS())
	} else {
		conn, err = net.Dial("tcp", h.Addr(port))
	}
	must(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	must(t, conn.SetDeadline(time.Now().Add(2*stage.Patience)))
	return &wire{t, conn, bufio.NewReader(conn)}
}

// say sends text and waits for a line that begins with want.
func (w *wire) say(text, want string) {
	w.t.Helper()
	_, err := w.Write([]byte(text))
	must(w.t, err)
	w.hear(want)
}

func (w *wire) hear(want string) {
	w.t.Helper()
	var heard []string
	for {
		line, err := w.r.ReadString('\n')
		if err != nil {
			w.t.Fatalf("no %q came, but %q and %v", want, heard, err)
		}
		if strings.HasPrefix(line, want) {
			return
		}
		heard = append(heard, line)
	}
}

// ended says whether the server closes the connection now.
func (w *wire) ended() bool {
	_, err := w.r.ReadString('\n')
	return err != nil
}

const half = "Subject: half\r\nMessage-ID: <half@x.test>\r\n\r\nFirst half,\r\n"

func TestFinishesWhatItIsAt(t *testing.T) {
	t.Parallel()
	h := stage.Serve(t)
	aisha := h.Person("Aisha", "Rahman")

	letter, draft, idle, standing := open(t, h, "smtp"), open(t, h, "imaps"), open(t, h, "imaps"), open(t, h, "submissions")
	letter.say("", "220")
	letter.say("EHLO ward.example\r\n", "250 ")
	letter.say("MAIL FROM:<ward@outside.example>\r\n", "250")
	letter.say("RCPT TO:<"+aisha.Address+">\r\n", "250")
	letter.say("DATA\r\n", "354")
	_, err := letter.Write([]byte("From: <ward@outside.example>\r\n" + half))
	must(t, err)

	const rest = "second half.\r\n"
	draft.say(login(aisha), "a OK")
	draft.say(fmt.Sprintf("b append Drafts {%d}\r\n", len(half)+len(rest)), "+")
	_, err = draft.Write([]byte(half))
	must(t, err)

	idle.say(login(aisha), "a OK")
	idle.say("b select INBOX\r\n", "b OK")
	idle.say("c idle\r\n", "+")
	standing.say("", "220")

	began := time.Now()
	h.Signal()
	idle.hear("* BYE")
	standing.hear("421")
	if !idle.ended() || !standing.ended() {
		t.Error("an idle connection goes on after its farewell")
	}
	letter.say(rest+".\r\n", "250")
	draft.say(rest+"\r\n", "b OK")
	letter.hear("421")
	draft.hear("* BYE")
	if !letter.ended() || !draft.ended() {
		t.Error("a connection goes on after the command in hand")
	}
	if code := h.Wait(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("it took %s", took)
	}
	h.Check()
	h.Start()
	c := h.IMAP(aisha, nil)
	for _, folder := range []string{"INBOX", "Drafts"} {
		if got := stage.Subjects(t, c, folder); len(got) != 1 || got[0] != "half" {
			t.Errorf("%s holds %q", folder, got)
		} else if text := stage.Text(t, c, 1); !strings.Contains(text, rest) {
			t.Errorf("%s holds half a letter: %q", folder, text)
		}
	}
}

func TestDoesNotWaitForEver(t *testing.T) {
	t.Parallel()
	h := stage.Serve(t)
	aisha := h.Person("Aisha", "Rahman")
	letter, draft := open(t, h, "smtp"), open(t, h, "imaps")
	letter.say("EHLO ward.example\r\nMAIL FROM:<>\r\nRCPT TO:<"+aisha.Address+">\r\nDATA\r\n"+half, "354")
	draft.say(login(aisha), "a OK")
	draft.say("b append Drafts {10000}\r\n", "+")
	_, err := draft.Write([]byte(half))
	must(t, err)
	began := time.Now()
	h.Signal()
	code := h.Wait() // it may say that two programs were cut off
	if took := time.Since(began); took > 22*time.Second {
		t.Errorf("it took %s to end, with %d", took, code)
	}
	h.Start()
	c := h.IMAP(aisha, nil)
	for _, folder := range []string{"INBOX", "Drafts"} {
		if got := stage.Subjects(t, c, folder); len(got) != 0 {
			t.Errorf("%s holds %q of what was never finished", folder, got)
		}
	}
}

func login(p stage.Person) string { return "a login " + p.Address + " " + p.Password + "\r\n" }

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
