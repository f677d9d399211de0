package delivery

import (
	"bytes"
	"strings"
	"testing"

	"haven/mail/mime"
)

// FuzzHeaderGate: the gate gives the same whatever the portions, and edits the header alone.
func FuzzHeaderGate(f *testing.F) {
	for _, s := range []string{"", "\r\n", "A: b\r\n\r\nbody\r\n", "A: b\r\nReturn-Path: x\r\n y\r\nC: d\r\n\r\n\r\n\r\n", "no end", "A: b\r\n", "\r\n\r\nReturn-Path: body\r\n"} {
		f.Add([]byte(s), uint8(1))
		f.Add([]byte(s), uint8(5))
	}
	f.Fuzz(func(t *testing.T, in []byte, portion uint8) {
		run := func(step int) string {
			var out bytes.Buffer
			g := headerGate{to: &out, edit: func(h mime.Header) ([]byte, error) {
				kept := keepFields(nil, h, func(f mime.Field) bool { return !f.Is("Return-Path") })
				return append(kept, '\r', '\n'), nil
			}}
			for rest := in; len(rest) > 0; {
				n := min(step, len(rest))
				if _, err := g.Write(rest[:n]); err != nil {
					t.Fatal(err)
				}
				rest = rest[n:]
			}
			if err := g.finish(); err != nil {
				t.Fatal(err)
			}
			return out.String()
		}
		whole := run(len(in) + 1)
		if got := run(int(portion) + 1); got != whole {
			t.Fatalf("%q: %q in portions, %q at once", in, got, whole)
		}
		if end := headerEnd(in, 0); end >= 0 && !strings.HasSuffix(whole, string(in[end:])) {
			t.Fatalf("%q: the body was changed: %q", in, whole)
		}
	})
}
