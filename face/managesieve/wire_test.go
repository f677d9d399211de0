package managesieve

import (
	"bufio"
	"strings"
	"testing"
)

func newDecoder(s string) *decoder {
	return &decoder{r: bufio.NewReader(strings.NewReader(s)), line: 100, most: 50, drop: 200}
}

// A string is read as it was written, in quotes or as a literal.
func TestStrings(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{`"a b"`: "a b", `"\"\\"`: `"\`, `""`: "", "{0+}\r\n": "", "{5+}\r\na\r\nb{": "a\r\nb{", `"ß"`: "ß"} {
		d := newDecoder("X " + in + "\r\n")
		if d.word(); d.text() != want || !d.end() {
			t.Errorf("%q: %q", in, d.bad)
		}
		e := newDecoder("X " + encode(want) + "\r\n")
		e.word()
		if got := e.text(); got != want && !strings.ContainsAny(want, "\r\n") {
			t.Errorf("%q is written so that %q is read", want, got)
		}
	}
	for _, in := range []string{`"a`, `"\n"`, "a", "{x+}\r\n", "{5+}abcde", "{-1+}\r\n", "\"\xff\"", "\"a\x00\"", `"a"b`} {
		d := newDecoder("X " + strings.TrimSuffix(in, "\r\n") + "\r\nNEXT\r\n")
		d.word()
		d.text()
		if d.end() || d.bad == "" {
			t.Errorf("%q is taken", in)
		}
		if d.begin(); d.err == nil && d.word() != "NEXT" {
			t.Errorf("%q: the next command is lost", in)
		}
	}
}

// Whatever comes, the decoder ends, keeps no more than it may, and finds the next command where this one ends.
func FuzzDecoder(f *testing.F) {
	for _, s := range []string{"NOOP\r\n", "PUTSCRIPT \"a\" {3+}\r\nabc\r\n", "HAVESPACE \"a\" 12\r\n", "X {5+}\r\nLOGOUT\r\n", "X {300+}\r\n", "X \"a\\\"b\" {2+}\r\nab \"c\"\r\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, in string) {
		d := newDecoder(in)
		for range 100 {
			if d.begin(); d.err != nil {
				break
			}
			d.word()
			kept := 0
			for d.more() {
				kept += len(d.text())
			}
			if kept > len(in) {
				t.Fatalf("%d octets out of %d", kept, len(in))
			}
			d.end()
		}
	})
}
