package imap

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// converse sends octets over a connection in memory, with a LOGOUT behind, and gives all that the server said.
func (w *world) converse(t *testing.T, in string) string {
	t.Helper()
	here, there := net.Pipe()
	defer func() { _ = here.Close() }()
	w.srv.admit(there)
	_ = here.SetDeadline(time.Now().Add(patience))
	go func() { _, _ = io.WriteString(here, in+"\r\nzz LOGOUT\r\n\r\nzz LOGOUT\r\n") }()
	b, err := io.ReadAll(bufio.NewReader(here))
	if err, ok := err.(net.Error); ok && err.Timeout() && !strings.Contains(in, "{") {
		t.Fatalf("the server neither answers nor ends: %q", in)
	}
	return string(b)
}

// seeds are the client's lines of the conversations.
func seeds(f *testing.F) (out []string) {
	files, err := filepath.Glob("testdata/*.imap")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		for _, line := range strings.Split(string(b), "\n") {
			if verb, rest, ok := strings.Cut(line, ": "); ok && verb[0] == 'C' {
				out = append(out, rest)
			}
		}
	}
	return out
}

// FuzzSession runs anything as commands of somebody who has a mailbox open. Nothing panics, and the session ends.
func FuzzSession(f *testing.F) {
	var panics atomic.Int64
	w := newWorld(f, func(o *Options) {
		o.Metrics.Panic = func() { panics.Add(1) }
		o.Limits.Command, o.Limits.Message = time.Second, 10_000
	})
	for _, name := range []string{"hello", "report", "reply"} {
		w.Deliver(w.people.no[anna], letter(f, name))
	}
	for _, s := range seeds(f) {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, in string) {
		w.converse(t, "a LOGIN anna@surgery.test secret\r\nb ENABLE QRESYNC\r\nc EXAMINE INBOX\r\n"+in)
		if panics.Load() > 0 {
			t.Fatalf("%q panics", in)
		}
	})
}

var evil = regexp.MustCompile(`(?m)^evil `)

// FuzzRefusedLiteral hides commands in literals that are refused. None of them is ever answered (RFC 7888 §4).
func FuzzRefusedLiteral(f *testing.F) {
	w := newWorld(f, func(o *Options) { o.Limits.Message = 10_000 })
	for i, s := range []string{"", "\r\n", "{3+}\r\n", "\x00", "{", "\r\nx {5}\r\n", "\"", strings.Repeat("y", 200)} {
		f.Add(uint8(i), s)
	}
	f.Fuzz(func(t *testing.T, how uint8, data string) {
		hidden := "\r\nevil LOGOUT\r\nevil NOOP\r\n"
		data = hidden + data + hidden
		before := [...]string{"x APPEND Nowhere ", "x APPEND INBOX (\\Bogus) ", "x SELECT ", "x FROB ", "x FETCH 1 ", "x LIST \"\" (", "x SEARCH TEXT x ", "x APPEND INBOX "}[how%8]
		in := fmt.Sprintf("a LOGIN anna@surgery.test secret\r\n%s{%d+}\r\n%s", before, len(data), data)
		if out := w.converse(t, in); evil.MatchString(out) {
			t.Fatalf("%q: %q", in, out)
		}
	})
}
