package imap

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"haven/mail/mailbox/mailboxtest"
	"haven/platform/errs"
	"haven/platform/policy"
)

// TestCodesAreTotal: each kind of error has a response code of its own.
func TestCodesAreTotal(t *testing.T) {
	t.Parallel()
	seen := map[string]errs.Kind{}
	for _, k := range errs.Kinds() {
		code, ok := codes[k]
		if other, twice := seen[code]; !ok || twice {
			t.Errorf("%v has the code %q, as %v has", k, code, other)
		}
		seen[code] = k
	}
	if got := codeOf(errs.Wrap(errs.OverQuota, errors.New("x"), "Full.")); got != "OVERQUOTA" {
		t.Error(got)
	}
}

// TestOneLine: the cause of a fault is never told, nor can a sentence break out of its line.
func TestOneLine(t *testing.T) {
	t.Parallel()
	if got := oneLine("Full.\r\na1 OK done\x00"); strings.ContainsAny(got, "\r\n\x00") {
		t.Errorf("%q", got)
	}
}

// TestHostileInput sends what no program should. The server answers as told and is as good as new afterwards.
func TestHostileInput(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	long := strings.Repeat("x", 70<<10)
	for _, c := range []struct{ name, in, want string }{
		{"empty line", "\r\n", "* BAD"},
		{"bare LF", "a NOOP\n", "a BAD"},
		{"bare CR", "a NOOP\rb NOOP\r\n", "a BAD"},
		{"NUL", "a \x00NOOP\r\n", "a BAD"},
		{"binary", "\x80\xff\x01\r\n", "* BAD"},
		{"TLS hello", "\x16\x03\x01\x00\xa5\x01\x00\n", "* BAD"},
		{"HTTP", "GET / HTTP/1.1\r\n", "GET BAD"},
		{"long line", "a LOGIN " + long + "\r\n", "a BAD [TOOBIG]"},
		{"long literal+", "a LOGIN {70000+}\r\n" + long[:70000] + " x\r\n", "* BYE"},
		{"literal+ of a size that exists nowhere", "a LOGIN {18446744073709551616+}\r\n", "* BYE"},
		{"refused literal with commands in it", "a SELECT {14+}\r\nb LOGIN anna x c\r\n", "a BAD"},
		{"sent without waiting", "a LOGIN {9999999}\r\nb CAPABILITY\r\n", "* BYE"},
		{"deep parentheses", "a ID " + strings.Repeat("(", 9000) + "\r\n", "a BAD"},
		{"nothing but a tag", "a\r\n", "a BAD"},
		{"a plus as tag", "+ NOOP\r\n", "* BAD"},
		{"STARTTLS that isn't there", "a STARTTLS\r\n", "a BAD"},
	} {
		k := dial(t, w.addr)
		k.line()
		k.send(c.in + "z1 LOGOUT\r\n")
		got := readAll(k)
		if !strings.Contains(got, c.want) || strings.Contains(got, "c BAD") || strings.Contains(got, "b OK") {
			t.Errorf("%s: %.300q, want %s", c.name, got, c.want)
		}
	}
}

func readAll(c *client) string {
	_ = c.conn.SetReadDeadline(time.Now().Add(patience))
	b, err := io.ReadAll(c.r)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		c.t.Error("the server didn't end the connection")
	}
	return string(b)
}

// TestHostileInside is about what somebody who signed in may try.
func TestHostileInside(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Deliver(w.people.no[anna], letter(t, "hello"))
	for _, c := range []struct{ name, in, want string }{
		{"deep search", "a SEARCH " + strings.Repeat("NOT ", 5000) + "ALL\r\n", "a BAD too deeply nested"},
		{"deep search in parentheses", "a SEARCH " + strings.Repeat("(", 5000) + "\r\n", "a BAD too deeply nested"},
		{"many keys", "a SEARCH" + strings.Repeat(" ALL", 5000) + "\r\n", "a BAD too many search keys"},
		{"many items in a set", "a FETCH 1" + strings.Repeat(",1", 20000) + " UID\r\n", "a BAD too many items in a set"},
		{"a set of everything", "a UID FETCH 1:4294967295 UID\r\n", "a OK"},
		{"many fetch items", "a FETCH 1 (UID" + strings.Repeat(" UID", 500) + ")\r\n", "a BAD too many items"},
		{"a slow pattern", "a LIST \"\" " + strings.Repeat("*a", 500) + "*b\r\n", "a OK"},
		{"a section that is no number", "a FETCH 1 BODY[1..2]\r\n", "a BAD"},
		{"a section in the deep", "a FETCH 1 BODY[" + strings.Repeat("1.", 300) + "1]\r\n", "a BAD"},
		{"a partial beyond the end", "a FETCH 1 BODY.PEEK[]<4294967295.4294967295>\r\n", "BODY[]<4294967295> {0}"},
		{"a partial of nothing", "a FETCH 1 BODY.PEEK[]<0.0>\r\n", "a BAD"},
		{"a mailbox name with a line end", "a CREATE {6+}\r\nab\r\ncd\r\n", "a BAD"},
		{"a name of slashes", "a CREATE ////\r\n", "a NO"},
		{"a name too deep", "a CREATE " + strings.Repeat("a/", 100) + "a\r\n", "a NO [CANNOT]"},
		{"a literal of 64 KiB as a search", "a SEARCH TEXT {65537+}\r\n" + strings.Repeat("x", 65537) + "\r\n", "a BAD [TOOBIG]"},
		{"keywords in plenty", "a STORE 1 +FLAGS (" + strings.Repeat("k ", 300) + "k)\r\n", "a BAD too many flags"},
		{"refused append that holds commands", "a APPEND Nowhere {26+}\r\nb DELETE Archive\r\nc LOGOUT\r\n", "a NO [TRYCREATE]"},
		{"refused append of great size", "a APPEND Nowhere {36000000+}\r\nb DELETE Archive\r\n", "* BYE"},
	} {
		k := w.signIn(t, anna)
		k.do("SELECT INBOX")
		k.send(c.in)
		k.send("z1 LOGOUT\r\n")
		got := readAll(k)
		if !strings.Contains(got, c.want) || strings.Contains(got, "\r\nb ") || strings.Contains(got, "c OK") {
			t.Errorf("%s: %.300q, want %s", c.name, got, c.want)
		}
	}
}

// TestUnaskedLiteral: octets of a refused literal are no commands, wherever the reads happen to cut them.
func TestUnaskedLiteral(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for pad := 20; pad < 90; pad++ {
		k := w.signIn(t, anna)
		name := strings.Repeat("n", pad)
		k.send("a APPEND " + name + " {40}\r\nb CREATE evil\r\nc LOGOUT\r\n")
		if got := readAll(k); !strings.Contains(got, "a NO [TRYCREATE]") || strings.Contains(got, "b OK") || strings.Contains(got, "c OK") {
			t.Fatalf("%d: %q", pad, got)
		}
	}
}

// TestTooManyMistakes: somebody who makes no sense is left alone.
func TestTooManyMistakes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	k := dial(t, w.addr)
	k.line()
	k.send(strings.Repeat("x y\r\n", 30))
	if got := readAll(k); strings.Count(got, "x BAD") != 20 || !strings.Contains(got, "* BYE") {
		t.Errorf("%q", got)
	}
}

// TestCutAppend: a connection that breaks in the middle of a message leaves nothing of it.
func TestCutAppend(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	k := w.signIn(t, anna)
	k.send("a APPEND INBOX {1000000+}\r\nSubject: half\r\n\r\n" + strings.Repeat("x", 500_000))
	_ = k.conn.(*net.TCPConn).SetLinger(0)
	_ = k.conn.Close()
	k = w.signIn(t, anna)
	for range 3 {
		if got := k.do("STATUS INBOX (MESSAGES SIZE)"); got[0] != "* STATUS INBOX (MESSAGES 0 SIZE 0)" {
			t.Fatal(got)
		}
	}
	q, err := w.Quota(context.Background(), w.viewer(anna))
	if err != nil || q.Bytes != 0 {
		t.Errorf("%+v %v", q, err)
	}
}

// TestPipelining: commands sent at once are answered in order, each with its own literal.
func TestPipelining(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	k := w.signIn(t, anna)
	var in strings.Builder
	for i := range 200 {
		fmt.Fprintf(&in, "p%d APPEND INBOX {9+}\r\nA: b\r\n\r\nc\r\n", i)
	}
	in.WriteString("q SELECT INBOX\r\nr UID SEARCH ALL\r\ns FETCH 1:* (UID)\r\n")
	go k.send(in.String())
	for i := range 200 {
		if l := k.line(); !strings.HasPrefix(l, fmt.Sprintf("p%d OK [APPENDUID ", i)) {
			t.Fatal(l)
		}
	}
	k.until("q")
	k.until("r")
	if got := k.until("s"); len(got) != 201 {
		t.Errorf("%d lines", len(got))
	}
}

// TestOverQuota: a message that has no room is refused before the client sends it.
func TestOverQuota(t *testing.T) {
	t.Parallel()
	w := newWorldOf(t, mailboxtest.New(t, "sqlite", func(p *policy.Policy) { p.Mailbox.Quota = 1000 }))
	k := w.signIn(t, anna)
	k.send("a APPEND INBOX {2000}\r\n")
	if l := k.line(); !strings.HasPrefix(l, "a NO [OVERQUOTA] ") {
		t.Error(l)
	}
	k.send("b APPEND INBOX {2000+}\r\n" + strings.Repeat("x", 2000) + "\r\n")
	if l := k.line(); !strings.HasPrefix(l, "b NO [OVERQUOTA] ") {
		t.Error(l)
	}
	k.do("APPEND INBOX {9+}\r\nA: b\r\n\r\nc")
}

// TestConnectionLimits: one place and one person can hold only so many, and get them back.
func TestConnectionLimits(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *Options) { o.Limits = Limits{PerPlace: 3, PerPerson: 2} })
	a, b := w.signIn(t, anna), w.signIn(t, anna)
	c := dial(t, w.addr)
	c.line()
	c.send("a LOGIN anna@surgery.test secret\r\n")
	if l := c.line(); !strings.HasPrefix(l, "a NO [LIMIT] You have 2 connections") {
		t.Error(l)
	}
	if l := dial(t, w.addr).line(); l != "EOF" {
		t.Error(l)
	}
	a.do("LOGOUT")
	if l := a.line(); l != "EOF" {
		t.Error(l)
	}
	for l := ""; !strings.HasPrefix(l, "a OK"); { // the place is free once the session's goroutine has ended
		c.send("a LOGIN anna@surgery.test secret\r\n")
		if l = c.line(); !strings.HasPrefix(l, "a OK") && !strings.HasPrefix(l, "a NO [LIMIT]") {
			t.Fatal(l)
		}
	}
	b.do("NOOP")
}
