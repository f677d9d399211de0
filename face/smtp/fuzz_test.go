package smtp

import (
	"bytes"
	"io"
	"net"
	"strings"
	"testing"
	"time"
)

// referenceText is the letter in s by the words of RFC 5321 §4.1.1.4 and §4.5.2 and nothing clever: the end is the
// first CR LF "." CR LF, where the CR LF before the letter counts.
func referenceText(s string) (text string, used int, done bool) {
	end := strings.Index("\r\n"+s, "\r\n.\r\n")
	if end < 0 {
		return "", 0, false
	}
	used = end + 3
	lines := strings.Split(s[:end], "\r\n")
	for i, l := range lines {
		lines[i] = strings.TrimPrefix(l, ".")
	}
	return strings.Join(lines, "\r\n"), used, true
}

func referenceFaulty(text string) bool {
	rest := strings.ReplaceAll(text, "\r\n", "")
	for _, line := range strings.Split(text, "\r\n") {
		if len(line) > maxTextLine {
			return true
		}
	}
	return strings.ContainsAny(rest, "\r\n\x00")
}

func FuzzText(f *testing.F) {
	for _, s := range []string{
		".\r\n", "a\r\n.\r\n", "..\r\n.\r\n", "\n.\n\r\n.\r\n", "\r.\r\r\n.\r\n", "a\r\n.\n\r\n.\r\n", "a\n.\r\n\r\n.\r\n",
		"a\r\n.\r\r\n.\r\n", "\r\r\n.\r\n", "a\r\n..\r\n.\r\nMAIL", ".\r\r\n.\r\n", "a\x00\r\n.\r\n", "\r\n\r\n.\r\n", ".\r.\r\n.\r\n",
	} {
		f.Add([]byte(s), uint8(1))
		f.Add([]byte(s), uint8(3))
	}
	f.Fuzz(func(t *testing.T, in []byte, portion uint8) {
		var s textScanner
		var got bytes.Buffer
		used, done := 0, false
		for step := int(portion)%7 + 1; used < len(in) && !done; {
			var n int
			n, done = s.scan(in[used:min(used+step, len(in))], func(b []byte) { got.Write(b) })
			used += n
		}
		text, wantUsed, wantDone := referenceText(string(in))
		if done != wantDone || done && used != wantUsed {
			t.Fatalf("%q: ended %v after %d, wanted %v after %d", in, done, used, wantDone, wantUsed)
		}
		if !done {
			return
		}
		if faulty := s.fault != clean; faulty != referenceFaulty(text) {
			t.Fatalf("%q: fault %d, but the text is %q", in, s.fault, text)
		}
		if s.fault == clean && got.String() != text {
			t.Fatalf("%q: text %q, wanted %q", in, got.String(), text)
		}
	})
}

func FuzzMail(f *testing.F) {
	for _, s := range []string{"FROM:<a@b.test> SIZE=1", "from:<>", "FROM:<@r:a@b>", `FROM:<"a>b"@c.test> RET=FULL`, "FROM:<a@b> ENVID=+41", "FROM: <žofie@b> SMTPUTF8"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, arg string) {
		from, p, no := parseMail(arg, true)
		switch {
		case no != nil && (no.Code/100 != 5 || no.Enhanced == ""):
			t.Fatalf("%q: refused with %+v", arg, *no)
		case no == nil && !p.UTF8 && !from.IsASCII():
			t.Fatalf("%q: %q without SMTPUTF8", arg, from)
		case no == nil && strings.ContainsAny(from.String()+p.EnvID, "\r\n\x00"):
			t.Fatalf("%q: control characters in %q", arg, from)
		}
	})
}

func FuzzRcpt(f *testing.F) {
	for _, s := range []string{"TO:<a@b.test> NOTIFY=NEVER", "TO:<postmaster>", "TO:<>", "TO:<a@b> ORCPT=rfc822;a+40b", "TO:<a@[1.2.3.4]>"} {
		f.Add(s, true)
		f.Add(s, false)
	}
	f.Fuzz(func(t *testing.T, arg string, utf8OK bool) {
		to, p, no := parseRcpt(arg, utf8OK, true)
		if no == nil && (to.IsNull() || !utf8OK && !to.IsASCII() || strings.ContainsAny(p.ORcpt, "\r\n\x00")) {
			t.Fatalf("%q: gave %q %+v", arg, to, p)
		}
	})
}

// FuzzLines feeds any octets as commands: lines come out without CR or LF, and the reader always gets on.
func FuzzLines(f *testing.F) {
	f.Add([]byte("NOOP\r\nNOOP\n\r\nNOOP\rx\r\nRSET\r\n"), uint8(1))
	f.Add(bytes.Repeat([]byte("x"), 40000), uint8(200))
	f.Fuzz(func(t *testing.T, in []byte, portion uint8) {
		c := wire{conn: &feeder{rest: in, step: int(portion) + 1}}
		c.raw = c.conn
		for range len(in) + 2 {
			line, err := c.readLine(time.Now().Add(time.Minute))
			if err == io.EOF {
				return
			}
			if err == nil && bytes.ContainsAny(line, "\r\n") {
				t.Fatalf("%q: line %q", in, line)
			}
		}
		t.Fatalf("%q: no end", in)
	})
}

// feeder is a connection that gives its octets in portions and takes whatever is written.
type feeder struct {
	net.Conn
	rest []byte
	step int
}

func (f *feeder) Read(p []byte) (int, error) {
	if len(f.rest) == 0 {
		return 0, io.EOF
	}
	n := copy(p[:min(len(p), f.step)], f.rest)
	f.rest = f.rest[n:]
	return n, nil
}

func (f *feeder) SetReadDeadline(time.Time) error { return nil }

func BenchmarkScan(b *testing.B) {
	text := bytes.Repeat([]byte(strings.Repeat("x", 76)+"\r\n"), 200)
	b.SetBytes(int64(len(text)))
	var s textScanner
	for b.Loop() {
		s.scan(text, func([]byte) {})
	}
}
