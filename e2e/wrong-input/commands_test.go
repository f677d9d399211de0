package wrong_test

import (
	"strings"
	"testing"

	"haven/e2e/stage"
)

// TestSMTPCommands: nonsense is answered by RFC 5321 §4.2 and the extension's own RFC, and the connection goes on.
func TestSMTPCommands(t *testing.T) {
	t.Parallel()
	h := stage.Serve(t)
	for _, c := range []struct{ line, want string }{
		{"\x00\x01\x02", "500"},
		{"NONSENSE", "500"},
		{"", "500"},
		{"DATA", "503"},
		{"RCPT TO:<a@pharmacies.test>", "503"},
		{"MAIL FROM:<a@b", "501"},
		{"MAIL FROM:a@b c", "501"},
		{"MAIL FROM:<a@\xff>", "5"},
		{"MAIL FROM:<a@outside.example> SIZE=99999999999", "552"},
		{"MAIL FROM:<a@outside.example> SIZE=x", "501"},
		{"MAIL FROM:<a@outside.example> NONSENSE=1", "555"},
		{"MAIL FROM:<" + strings.Repeat("a", 3000) + "@outside.example>", "5"},
		{strings.Repeat("A", 20_000), "500"},
		{"VRFY root", "252"},
		{"EXPN staff", "5"},
		{"AUTH PLAIN AHgAeA==", "5"},
		{"STARTTLS now", "501"},
		{"BDAT -1 LAST", "501"},
		{"HELP", "214"},
	} {
		w := open(t, h, "smtp")
		w.say("EHLO stranger.example")
		if got := w.say(c.line); !strings.HasPrefix(got, c.want) {
			t.Errorf("%.60q: %q, want %s", c.line, got, c.want)
		}
		// Where a chunk's length is not known, neither is what of the rest is a command.
		if got := w.say("NOOP"); !strings.HasPrefix(got, "250") && !(strings.HasPrefix(c.line, "BDAT") && strings.HasPrefix(got, "421")) {
			t.Errorf("%.60q: then NOOP is answered %q", c.line, got)
		}
		_ = w.Close()
	}
}

// TestIMAPCommands: nonsense is BAD or NO, and the connection goes on, before and after log in.
func TestIMAPCommands(t *testing.T) {
	t.Parallel()
	h := stage.Serve(t)
	aisha := h.Person("Aisha", "Rahman")
	h.Receive("ward@outside.example", stage.Letter("ward@outside.example", aisha.Address, "x", "1@x.test", "Two tablets."), aisha.Address)
	strange, known := open(t, h, "imaps"), open(t, h, "imaps")
	known.ask("a LOGIN " + aisha.Address + " " + aisha.Password)
	known.ask("a SELECT INBOX")
	for _, c := range []struct{ command, want string }{
		{"t NONSENSE", "t BAD"},
		{"t FETCH", "t BAD"},
		{"t FETCH 1", "t BAD"},
		{"t FETCH 1 (FLAGS", "t BAD"},
		{"t FETCH 0 FLAGS", "t BAD"},
		{"t FETCH 99999999999 FLAGS", "t BAD"},
		{"t FETCH 1 BODY[" + strings.Repeat("1.", 5000) + "1]", "t "},
		{"t SEARCH " + strings.Repeat("(", 10_000), "t BAD"},
		{"t SEARCH " + strings.Repeat("NOT ", 10_000) + "ALL", "t "},
		{"t SEARCH CHARSET X-NONE TEXT x", "t NO [BADCHARSET"},
		{"t STORE 1 FLAGS (\\Nonsense)", "t "},
		{"t STORE 1 FLAGS (" + strings.Repeat("k ", 20_000) + ")", "t "},
		{"t SELECT \"a\x00b\"", "t BAD"},
		{"t SELECT \"\xff\xfe\"", "t "},
		{"t CREATE " + strings.Repeat("a/", 500) + "a", "t NO"},
		{"t LIST \"\" " + strings.Repeat("*", 1000) + "x", "t OK"},
		{"t UID FETCH 1:4294967295 FLAGS", "t OK"},
		{"t APPEND INBOX {99999999999}", "t "},
		{"t LOGIN {5000000000}", "t BAD"},
		{"t ID (" + strings.Repeat("\"k\" \"v\" ", 1000) + ")", "t "},
	} {
		for who, w := range map[string]*wire{"a stranger": strange, "Aisha": known} {
			_, answer := w.ask(c.command)
			if who == "Aisha" && !strings.HasPrefix(answer, c.want) || !strings.HasPrefix(answer, "t ") {
				t.Errorf("%s: %.60q: %q, want %s", who, c.command, answer, c.want)
			}
			if _, answer := w.ask("n NOOP"); !strings.HasPrefix(answer, "n OK") {
				t.Fatalf("%s: %.60q: then NOOP is answered %q", who, c.command, answer)
			}
		}
	}
	if n := pss(t, h); n > maxPSS {
		t.Errorf("the service has %d MiB resident", n>>20)
	}
}
