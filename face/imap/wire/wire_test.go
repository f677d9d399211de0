package wire

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"time"
)

func decoder(in string) *Decoder {
	d := NewDecoder(bufio.NewReader(strings.NewReader(in)), DefaultLimits)
	d.Continue = func() error { return nil }
	d.Begin()
	return d
}

func TestStrings(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, in, want, bad string }{
		{"atom", "INBOX\r\n", "INBOX", ""},
		{"atom with ]", "a]b\r\n", "a]b", ""},
		{"quoted", `"a \"b\" \\ c"` + "\r\n", `a "b" \ c`, ""},
		{"empty", `""` + "\r\n", "", ""},
		{"utf-8", "\"Entw\u00fcrfe\"\r\n", "Entw\u00fcrfe", ""},
		{"literal+", "{5+}\r\nab\r\nc\r\n", "ab\r\nc", ""},
		{"empty literal", "{0+}\r\n\r\n", "", ""},
		{"latin-1 in quotes", "\"\xfc\"\r\n", "", "a quoted string is ASCII or UTF-8"},
		{"NUL in quotes", "\"a\x00b\"\r\n", "", "a quoted string holds no NUL and no line end"},
		{"open quote", "\"abc\r\n", "", "a quoted string holds no NUL and no line end"},
		{"wrong escape", `"a\b"` + "\r\n", "", `only \" and \\ are escapes in a quoted string`},
		{"NUL in a literal", "{3+}\r\na\x00b\r\n", "", "a literal holds no NUL"},
		{"nothing", "\r\n", "", "expected a string"},
		{"8-bit atom", "caf\xc3\xa9\r\n", "caf", "too many arguments"},
	} {
		d := decoder(c.in)
		got := d.AString()
		d.CRLF()
		switch err := d.Err(); {
		case c.bad == "" && (err != nil || got != c.want):
			t.Errorf("%s: %q %v", c.name, got, err)
		case c.bad != "" && (err == nil || err.Error() != c.bad):
			t.Errorf("%s: error %v, want %s", c.name, err, c.bad)
		}
	}
}

// TestDiscard: after a mistake the next command is found, and no octet of a literal is taken for one (RFC 7888 §4).
func TestDiscard(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, in string
		giveUp   bool
	}{
		{"plain", "junk junk\r\nNEXT", false},
		{"bare LF", "junk\nNEXT", false},
		{"literal+ after the mistake", "( ( {6+}\r\nEVIL\r\n\r\nNEXT", false},
		{"two of them", "( {6+}\r\nEVIL\r\n {4+}\r\nEV\r\n x\r\nNEXT", false},
		{"literal8+", "( ~{6+}\r\nEVIL\r\n\r\nNEXT", false},
		{"a literal that waits is not sent", "( {6}\r\nNEXT", false},
		{"head in quotes", "( \"{6+}\"\r\nNEXT", false},
		{"almost a head", "( {x+}\r\nNEXT", false},
		{"far too large", "( {99999999+}\r\nEVIL", true},
		{"no number that exists", "( {99999999999999999999999+}\r\nEVIL", true},
		{"a very long line", "( " + strings.Repeat("x", 2<<20) + "\r\nNEXT", true},
	} {
		d := decoder(c.in)
		d.Open()
		d.Number()
		err := d.Discard()
		rest, _ := io.ReadAll(d.r)
		switch {
		case c.giveUp && !errors.Is(err, ErrGiveUp):
			t.Errorf("%s: %v, want giving up", c.name, err)
		case !c.giveUp && (err != nil || string(rest) != "NEXT"):
			t.Errorf("%s: %v, left %.40q", c.name, err, rest)
		}
	}
}

// TestRefusedLiterals: what was refused while it came is skipped, and what can't be told from commands ends it.
func TestRefusedLiterals(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, in string
		giveUp   bool
	}{
		{"too large, not waiting", "{70000+}\r\n" + strings.Repeat("x", 70000) + "\r\nNEXT", false},
		{"too large, waiting as it should", "{70000}\r\n", false},
		{"too large, sent without waiting", "{70000}\r\nEVIL", true},
		{"accepted, sent without waiting", "{4}\r\nEVIL", true},
		{"head cut by a letter", "{4x}\r\nEVIL", true},
		{"head with bare LF", "{4+}\nEVIL", true},
		{"second literal over the sum", "{60000+}\r\n" + strings.Repeat("x", 60000) + " {60000+}\r\n" + strings.Repeat("x", 60000) + "\r\nNEXT", false},
	} {
		d := decoder(c.in)
		d.AString()
		if d.Err() == nil {
			d.SP()
			d.AString()
		}
		err := d.Discard()
		rest, _ := io.ReadAll(d.r)
		switch {
		case c.giveUp && !errors.Is(err, ErrGiveUp):
			t.Errorf("%s: %v, want giving up", c.name, err)
		case !c.giveUp && (err != nil || strings.Contains(string(rest), "x") || strings.Contains(string(rest), "EVIL")):
			t.Errorf("%s: %v, left %.40q", c.name, err, rest)
		}
	}
}

func TestSets(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		in       string
		top      uint32
		resolved string
	}{
		{"1", 9, "1"},
		{"1:3,5", 9, "1:3,5"},
		{"5,1:3,4", 9, "1:5"},
		{"*", 9, "9"},
		{"*", 0, ""},
		{"7:*", 5, "5:7"},
		{"*:7", 9, "7:9"},
		{"3:1", 9, "1:3"},
		{"1:*", 0, "1"},
		{"4294967295:*", 3, "3:4294967295"},
		{"$", 9, ""},
	} {
		d := decoder(c.in + "\r\n")
		s := d.NumSet()
		if !d.CRLF() {
			t.Errorf("%s: %v", c.in, d.Err())
		}
		if s.String() != c.in {
			t.Errorf("%s is written %s", c.in, s)
		}
		if got := string(AppendRanges(nil, s.Resolve(c.top))); got != c.resolved {
			t.Errorf("%s of %d is %s, want %s", c.in, c.top, got, c.resolved)
		}
	}
	for _, in := range []string{"0", "1:", ",1", "1,", "4294967296", "a", "1 2", "-1", ""} {
		d := decoder(in + "\r\n")
		d.NumSet()
		if d.CRLF() {
			t.Errorf("%q is taken for a set", in)
		}
	}
}

func TestMailboxNames(t *testing.T) {
	t.Parallel()
	for plain, coded := range map[string]string{
		"INBOX": "INBOX", "Entw\u00fcrfe": "Entw&APw-rfe", "a & b": "a &- b",
		"~peter/mail/\u53f0\u5317/\u65e5\u672c\u8a9e": "~peter/mail/&U,BTFw-/&ZeVnLIqe-", "\U0001F48A": "&2D3cig-", "": "",
	} {
		if got := EncodeUTF7(plain); got != coded {
			t.Errorf("%q is coded %q, want %q", plain, got, coded)
		}
		if got, err := DecodeUTF7(coded); err != nil || got != plain {
			t.Errorf("%q is decoded %q %v", coded, got, err)
		}
	}
	for _, bad := range []string{"&", "&APw", "&A-", "&AGE-", "Entw&APw-&APw-", "\u00fc", "&2D3-", "&3Ipg-"} {
		if got, err := DecodeUTF7(bad); err == nil {
			t.Errorf("%q is taken for %q", bad, got)
		}
	}
}

func TestDates(t *testing.T) {
	t.Parallel()
	d := decoder(`1-Feb-2026 "01-Feb-2026" " 1-Feb-2026 10:20:30 -0130"` + "\r\n")
	day := time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC)
	if got := d.Date(); !got.Equal(day) {
		t.Error(got, d.Err())
	}
	d.SP()
	if got := d.Date(); !got.Equal(day) {
		t.Error(got, d.Err())
	}
	d.SP()
	if got := d.DateTime(); !got.Equal(day.Add(11*time.Hour + 50*time.Minute + 30*time.Second)) {
		t.Error(got, d.Err())
	}
	if got := string(AppendDateTime(nil, day)); got != `" 1-Feb-2026 00:00:00 +0000"` {
		t.Error(got)
	}
	for _, bad := range []string{"31-Feb-2026", "2026-02-01", "1-Feb-26", "x"} {
		d := decoder(bad + "\r\n")
		d.Date()
		if d.Err() == nil {
			t.Errorf("%s is taken for a date", bad)
		}
	}
}

func TestNesting(t *testing.T) {
	t.Parallel()
	var list func(d *Decoder)
	list = func(d *Decoder) {
		d.List(func() {
			if c, _ := d.Peek(); c == '(' {
				list(d)
			} else {
				d.Atom()
			}
		})
	}
	d := decoder("(a (b c) ((d)))\r\n")
	if list(d); !d.CRLF() {
		t.Error(d.Err())
	}
	d = decoder(strings.Repeat("(", 60) + strings.Repeat(")", 60) + "\r\n")
	if list(d); d.Err() == nil || d.Err().Error() != "too deeply nested" {
		t.Error(d.Err())
	}
}

// FuzzTokens reads anything as anything: nothing panics, and an error is followed by Discard ending.
func FuzzTokens(f *testing.F) {
	for _, s := range []string{"a1 LOGIN {3+}\r\nabc \"x\"\r\n", "(a (b)) 1:*,3 $ \\Seen\r\n", "~{2+}\r\n\x00\x00\r\n", "{5}\r\nab", "\"\\\\\"\r\n"} {
		f.Add([]byte(s), []byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
	}
	f.Fuzz(func(t *testing.T, in, ops []byte) {
		d := decoder(string(in))
		for _, op := range ops {
			step(d, op)
		}
		if d.Err() != nil && d.Discard() == nil && !bytes.ContainsAny(in, "\n") {
			t.Fatalf("%q: a line ended that has no end", in)
		}
	})
}

func step(d *Decoder, op byte) {
	switch op % 16 {
	case 0:
		d.Tag()
	case 1:
		d.SP()
	case 2:
		d.AString()
	case 3:
		_ = d.NumSet().Resolve(7)
	case 4:
		d.FlagList()
	case 5:
		d.DateTime()
	case 6:
		d.Date()
	case 7:
		l := d.OpenLiteral(1000, nil)
		_, _ = io.Copy(io.Discard, d.Literal(l))
	case 8:
		d.CRLF()
		d.Begin()
	case 9:
		d.NString()
	case 10:
		d.ListMailbox()
	case 11:
		d.Number64()
	case 12:
		d.Open()
	case 13:
		d.Close()
	case 14:
		d.Ahead("RETURN ")
	case 15:
		d.Flags()
	}
}

// FuzzEncodeDecode: what the encoder writes as a string the decoder reads as that string.
func FuzzEncodeDecode(f *testing.F) {
	for _, s := range []string{"", "NIL", "a b", `"\`, "line\r\nline", "Entw\u00fcrfe", strings.Repeat("x", 5000)} {
		f.Add(s, true)
		f.Add(s, false)
	}
	f.Fuzz(func(t *testing.T, s string, utf8OK bool) {
		var out bytes.Buffer
		e := NewEncoder(&out)
		e.UTF8 = utf8OK
		e.AString(s).SP().String(s).CRLF()
		if err := e.Flush(); err != nil {
			t.Fatal(err)
		}
		in := strings.ReplaceAll(out.String(), "}\r\n", "+}\r\n")
		if strings.Contains(s, "}\r\n") {
			return
		}
		d := decoder(in)
		a := d.AString()
		d.SP()
		b := d.String()
		if d.CRLF(); d.Err() != nil {
			if strings.ToValidUTF8(s, "") == s && len(s) < 30000 {
				t.Fatalf("%q: %v", out.String(), d.Err())
			}
			return
		}
		if want := strings.ReplaceAll(s, "\x00", " "); a != want && a != s || b != want && b != s {
			t.Fatalf("%q came back as %q and %q", s, a, b)
		}
	})
}

// FuzzUTF7: names survive both ways, and each has one coding.
func FuzzUTF7(f *testing.F) {
	for _, s := range []string{"INBOX", "&APw-", "&-", "a&U,BTFw-", "&2D3cig-", "Entw\u00fcrfe"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if plain, err := DecodeUTF7(s); err == nil && EncodeUTF7(plain) != s {
			t.Fatalf("%q is %q, which is coded %q", s, plain, EncodeUTF7(plain))
		}
		if strings.ToValidUTF8(s, "") == s {
			if back, err := DecodeUTF7(EncodeUTF7(s)); (err != nil || back != s) && !strings.ContainsRune(s, '\uFFFD') {
				t.Fatalf("%q is coded %q, which is %q %v", s, EncodeUTF7(s), back, err)
			}
		}
	})
}
