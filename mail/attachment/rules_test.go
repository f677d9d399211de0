package attachment

import (
	"bytes"
	"io"
	"strings"
	"testing"
)

func TestSuspect(t *testing.T) {
	t.Parallel()
	const octets = "application/octet-stream"
	tests := []struct {
		why   string
		names []string
		typ   string
		want  Suspicion
	}{
		{"a program", []string{"setup.exe"}, octets, Remove},
		{"a program in capitals", []string{"SETUP.EXE"}, octets, Remove},
		{"a program by two endings", []string{"invoice.pdf.exe"}, "application/pdf", Remove},
		{"dots and spaces at the end, which Windows drops", []string{"setup.exe. . "}, octets, Remove},
		{"a stream of a program", []string{"setup.exe:zone"}, octets, Remove},
		{"a program as a stream of itself", []string{"setup.exe::$DATA"}, octets, Remove},
		{"the same on a drive", []string{`C:\x\setup.exe::$DATA`}, octets, Remove},
		{"on a drive, without a folder", []string{"C:setup.exe"}, octets, Remove},
		{"a program with its path", []string{`C:\x\a.exe`}, octets, Remove},
		{"a program on a drive", []string{"c:a.exe"}, octets, Remove},
		{"a stream of a program with its path", []string{"/tmp/x.y/setup.exe:z"}, octets, Remove},
		{"a text in a folder with a program's ending", []string{`C:\www.x.com\notes.txt`}, "text/plain", Harmless},
		{"a name turned round by U+202E", []string{"invoice\u202efdp.exe"}, octets, Remove},
		{"an invisible character in the ending", []string{"setup.e\u200bxe"}, octets, Remove},
		{"the harmless name first", []string{"report.pdf", "setup.scr"}, "application/pdf", Remove},
		{"a script", []string{"run.js"}, "text/plain", Remove},
		{"a shortcut", []string{"Scan.lnk"}, octets, Remove},
		{"a program by its type", []string{"readme"}, "application/x-msdownload", Remove},
		{"macros by name", []string{"rota.xlsm"}, octets, Remove},
		{"macros by type", []string{"rota"}, "application/vnd.ms-excel.sheet.macroenabled.12", Remove},
		{"an old document", []string{"letter.doc"}, "application/msword", Look},
		{"a document by type", nil, "application/vnd.openxmlformats-officedocument.wordprocessingml.document", Look},
		{"an archive", []string{"scans.zip"}, octets, Look},
		{"nothing known", []string{"data"}, octets, Look},
		{"nothing known, no name", nil, octets, Look},
		{"nothing known, of a type nobody knows", []string{"data.abc"}, "application/x-data", Look},
		{"rich text, which Word opens whatever it is", []string{"letter.rtf"}, "text/rtf", Look},
		{"a table, which Excel opens whatever it is", []string{"stock.csv"}, "text/csv", Look},
		{"XML, which Word opens whatever it is", []string{"letter.xml"}, octets, Look},
		{"an archive that can't be looked into", []string{"scans.7z"}, octets, Remove},
		{"the same by its type", []string{"scans"}, "application/vnd.rar", Remove},
		{"a disk image", []string{"scans.iso"}, octets, Remove},
		{"a packed program", []string{"setup.js.gz"}, "application/gzip", Remove},
		{"a packed table", []string{"stock.csv.gz"}, "application/gzip", Look},
		{"Outlook's own packing", []string{"winmail.dat"}, "application/ms-tnef", Look},
		{"a table that Excel runs", []string{"stock.slk"}, octets, Remove},
		{"a notebook, which may hold programs to click on", []string{"rota.one"}, octets, Remove},
		{"a setting that runs a program", []string{"x.SettingContent-ms"}, octets, Remove},
		{"a drawing with macros", []string{"plan.vsdm"}, octets, Remove},
		{"a database with macros, of old", []string{"stock.mdb"}, octets, Remove},
		{"a package of Linux", []string{"x.deb"}, octets, Remove},
		{"a uuencoded file", []string{"letter.uue"}, "text/plain", Remove},
		{"a script by its type", nil, "text/javascript", Remove},
		{"a name in marks that some programs take off", []string{"'run.js'"}, octets, Remove},
		{"an open document", []string{"letter.odt"}, "application/vnd.oasis.opendocument.text", Look},
		{"a table of Excel's own, which may hold macros", []string{"stock.xlsb"}, "application/vnd.ms-excel.sheet.binary.macroenabled.12", Look},
		{"a piece of a letter", nil, "message/partial", Remove},
		{"two names of which one says nothing", []string{"data", "report.pdf"}, octets, Look},
		{"two harmless names", []string{"report.pdf", "report.txt"}, octets, Harmless},
		{"a signature", []string{"smime.p7s"}, "application/pkcs7-signature", Harmless},
		{"a PDF", []string{"report.pdf"}, octets, Harmless},
		{"a picture", []string{"photo.JPG"}, "image/jpeg", Harmless},
		{"text", nil, "text/plain", Harmless},
		{"a letter", nil, "message/rfc822", Harmless},
		{"a sentence that ends in a domain", []string{"from the pharmacy.test"}, "text/plain", Harmless},
		{"no name at all", []string{""}, "text/html", Harmless},
		{"only a dot", []string{"."}, "text/html", Harmless},
	}
	for _, tt := range tests {
		if got := Suspect(tt.names, tt.typ); got != tt.want {
			t.Errorf("%s: %d, wanted %d", tt.why, got, tt.want)
		}
	}
}

// FuzzHarmful: whatever the octets and however they come, the answer is the same.
func FuzzHarmful(f *testing.F) {
	f.Add([]byte("PK\x03\x04                      \x05\x00\x00\x00a.exe"), uint8(3))
	f.Add(append(bytes.Repeat([]byte("x"), 2*headOctets-20), "PK\x01\x02\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x05\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00b.vbs"...), uint8(200))
	f.Add([]byte("MZ"), uint8(1))
	for _, archive := range [][]byte{deflated(textInside), zipped(0, textInside), gzipped("a", []byte("b")), tarred(textInside), tnef("A", "a", []byte("b")), bzipText,
		twin([]byte("a"), []byte("b")), large(storedFile("a.csv", []byte("a")), 0)} {
		f.Add(archive, uint8(9))
	}
	f.Fuzz(func(t *testing.T, in []byte, portion uint8) {
		whole, err := NewLooker().Harmful(bytes.NewReader(in), File)
		if err != nil {
			t.Fatal(err)
		}
		parts, err := NewLooker().Harmful(&slow{in, int(portion) + 1}, File)
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
	for at := 2*headOctets - 60; at < 2*headOctets+20; at++ {
		bad, err := NewLooker().Harmful(strings.NewReader(strings.Repeat("x", at)+entry+strings.Repeat("x", 1000)), File)
		if err != nil || !bad {
			t.Errorf("at %d: %v, %v", at, bad, err)
		}
	}
}
