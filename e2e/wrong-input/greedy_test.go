package wrong_test

import (
	"fmt"
	"io"
	"strings"
	"testing"

	"haven/e2e/stage"
)

// TestGreedy: many connections that each want much at once, and then stand still, cost little memory each.
func TestGreedy(t *testing.T) {
	const many, octets = 40, 4 << 20
	h := stage.Serve(t, stage.Setting{Table: "policy.connection", Lines: "per_account = 1000"})
	aisha := h.Person("Aisha", "Rahman")
	text := strings.Repeat("Two tablets at night, and two in the morning.\r\n", octets/47)
	h.Receive("ward@outside.example", stage.Letter("ward@outside.example", aisha.Address, "big", "1@x.test", text), aisha.Address)
	before := pss(t, h)
	var all []*wire
	for range many {
		letter := open(t, h, "smtp")
		letter.say("EHLO stranger.example")
		letter.say("MAIL FROM:<stranger@outside.example>")
		letter.say("RCPT TO:<" + aisha.Address + ">")
		letter.say("DATA")
		write(t, letter, "Subject: half\r\n\r\n"+text)
		draft := open(t, h, "imaps")
		draft.ask("a LOGIN " + aisha.Address + " " + aisha.Password)
		write(t, draft, fmt.Sprintf("b APPEND Drafts {%d}\r\n", 2*len(text)))
		if line := draft.line(); !strings.HasPrefix(line, "+") {
			t.Fatal(line)
		}
		write(t, draft, text)
		deaf := open(t, h, "imaps")
		deaf.ask("a LOGIN " + aisha.Address + " " + aisha.Password)
		deaf.ask("b SELECT INBOX")
		write(t, deaf, strings.Repeat("c FETCH 1 BODY.PEEK[]\r\n", 20))
		all = append(all, letter, draft, deaf)
	}
	after := pss(t, h)
	t.Logf("memory %d MiB before, %d MiB with %d connections that hold %d MiB back", before>>20, after>>20, len(all), many*octets*22>>20)
	if each := (after - before) / len(all); each > 1<<20 {
		t.Errorf("a connection costs %d KiB", each>>10)
	}
	for _, w := range all {
		_ = w.Close() // in the middle of it
	}
	w := open(t, h, "imaps")
	w.ask("a LOGIN " + aisha.Address + " " + aisha.Password)
	data, answer := w.ask("b STATUS INBOX (MESSAGES)")
	if !strings.HasPrefix(answer, "b OK") || !strings.Contains(string(data), "MESSAGES 1)") {
		t.Errorf("afterwards the Inbox is %s %s", data, answer)
	}
}

func write(t *testing.T, w *wire, text string) {
	t.Helper()
	w.patience()
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
}
