package delivery

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"haven/mail/mime"
)

func TestSuspect(t *testing.T) {
	t.Parallel()
	const octets = "application/octet-stream"
	tests := []struct {
		why   string
		names []string
		typ   string
		want  suspicion
	}{
		{"a program", []string{"setup.exe"}, octets, remove},
		{"a program in capitals", []string{"SETUP.EXE"}, octets, remove},
		{"a program by two endings", []string{"invoice.pdf.exe"}, "application/pdf", remove},
		{"dots and spaces at the end, which Windows drops", []string{"setup.exe. . "}, octets, remove},
		{"a stream of a program", []string{"setup.exe:zone"}, octets, remove},
		{"a name turned round by U+202E", []string{"invoice\u202efdp.exe"}, octets, remove},
		{"an invisible character in the ending", []string{"setup.e\u200bxe"}, octets, remove},
		{"the harmless name first", []string{"report.pdf", "setup.scr"}, "application/pdf", remove},
		{"a script", []string{"run.js"}, "text/plain", remove},
		{"a shortcut", []string{"Scan.lnk"}, octets, remove},
		{"a program by its type", []string{"readme"}, "application/x-msdownload", remove},
		{"macros by name", []string{"rota.xlsm"}, octets, remove},
		{"macros by type", []string{"rota"}, "application/vnd.ms-excel.sheet.macroenabled.12", remove},
		{"an old document", []string{"letter.doc"}, "application/msword", look},
		{"a document by type", nil, "application/vnd.openxmlformats-officedocument.wordprocessingml.document", look},
		{"an archive", []string{"scans.zip"}, octets, look},
		{"nothing known", []string{"data"}, octets, look},
		{"nothing known, no name", nil, octets, look},
		{"nothing known, of a type nobody knows", []string{"data.abc"}, "application/x-data", look},
		{"rich text, which Word opens whatever it is", []string{"letter.rtf"}, "text/rtf", look},
		{"a table, which Excel opens whatever it is", []string{"stock.csv"}, "text/csv", look},
		{"XML, which Word opens whatever it is", []string{"letter.xml"}, octets, look},
		{"a signature", []string{"smime.p7s"}, "application/pkcs7-signature", harmless},
		{"a PDF", []string{"report.pdf"}, octets, harmless},
		{"a picture", []string{"photo.JPG"}, "image/jpeg", harmless},
		{"text", nil, "text/plain", harmless},
		{"a letter", nil, "message/rfc822", harmless},
		{"a sentence that ends in a domain", []string{"from the pharmacy.test"}, "text/plain", harmless},
		{"no name at all", []string{""}, "text/html", harmless},
		{"only a dot", []string{"."}, "text/html", harmless},
	}
	for _, tt := range tests {
		if got := suspect(tt.names, tt.typ); got != tt.want {
			t.Errorf("%s: %d, wanted %d", tt.why, got, tt.want)
		}
	}
}

// FuzzHarmful: whatever the octets and however they come, the answer is the same.
func FuzzHarmful(f *testing.F) {
	f.Add([]byte("PK\x03\x04                      \x05\x00\x00\x00a.exe"), uint8(3))
	f.Add(append(bytes.Repeat([]byte("x"), sniffBlock-20), "PK\x01\x02\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x05\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00b.vbs"...), uint8(200))
	f.Add([]byte("MZ"), uint8(1))
	f.Fuzz(func(t *testing.T, in []byte, portion uint8) {
		whole, err := harmful(bytes.NewReader(in))
		if err != nil {
			t.Fatal(err)
		}
		parts, err := harmful(&slow{in, int(portion) + 1})
		if err != nil || parts != whole {
			t.Fatalf("%q: %v at once, %v in portions, %v", in, whole, parts, err)
		}
	})
}

type slow struct {
	rest []byte
	step int
}

func (s *slow) Read(p []byte) (int, error) {
	if len(s.rest) == 0 {
		return 0, io.EOF
	}
	n := copy(p[:min(len(p), s.step)], s.rest)
	s.rest = s.rest[n:]
	return n, nil
}

func TestEntryAcrossBlocks(t *testing.T) {
	t.Parallel()
	entry := "PK\x03\x04" + strings.Repeat("\x00", 22) + "\x09\x00\x00\x00setup.exe"
	for at := sniffBlock - 60; at < sniffBlock+20; at++ {
		bad, err := harmful(strings.NewReader(strings.Repeat("x", at) + entry + strings.Repeat("x", 1000)))
		if err != nil || !bad {
			t.Errorf("at %d: %v, %v", at, bad, err)
		}
	}
}

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
