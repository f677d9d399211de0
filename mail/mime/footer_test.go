package mime

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var footerLines = []string{"Harbour Pharmacy Ltd. Registered in Wales, company number 01234567.", "Registered office: 2 Mill Lane, Leeds LS1 1AA."}

// footless reads a letter written with line feeds alone.
func footless(t *testing.T, text string) ([]byte, *Message) {
	t.Helper()
	raw := []byte(strings.ReplaceAll(text, "\n", "\r\n"))
	m, err := Parse(bytes.NewReader(raw), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return raw, m
}

func withFooter(t *testing.T, text string, lines ...string) (string, *Message) {
	t.Helper()
	raw, m := footless(t, text)
	r, err := AddFooter(bytes.NewReader(raw), m, lines)
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	again, err := Parse(bytes.NewReader(got), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(string(got), "\r\n", "\n"), again
}

func TestAddFooter(t *testing.T) {
	t.Parallel()
	const plain = "\nHarbour Pharmacy Ltd. Registered in Wales, company number 01234567.\nRegistered office: 2 Mill Lane, Leeds LS1 1AA.\n"
	const html = "<div><br>Harbour Pharmacy Ltd. Registered in Wales, company number 01234567.<br>\nRegistered office: 2 Mill Lane, Leeds LS1 1AA.</div>\n"
	for _, c := range []struct{ name, in, want string }{
		{"plain", "Subject: a\n\nHello\n", "Subject: a\n\nHello\n" + plain},
		{"plain, without a line break", "Subject: a\n\nHello", "Subject: a\n\nHello\n" + plain},
		{"empty", "Subject: a\n\n", "Subject: a\n\n" + plain},
		{"one that quotes it", "Subject: a\n\nHello\n\n> x\n" + plain, "Subject: a\n\nHello\n\n> x\n" + plain + plain},
		{"quoted-printable", "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\nCaf=C3=A9 soft=\n break\n",
			"Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\nCaf=C3=A9 soft break\n" + plain},
		{"base64", "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64\n\nSGVsbG8NCg==\n",
			"Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64\n\nSGVsbG8NCg0KSGFyYm91ciBQaGFybWFjeSBMdGQuIFJlZ2lzdGVyZWQgaW4gV2FsZXMsIGNvbXBh\nbnkgbnVtYmVyIDAxMjM0NTY3Lg0KUmVnaXN0ZXJlZCBvZmZpY2U6IDIgTWlsbCBMYW5lLCBMZWVk\ncyBMUzEgMUFBLg0K\n"},
		{"another character set", "Content-Type: text/plain; charset=iso-8859-1\nContent-Transfer-Encoding: 8bit\n\nCaf\xe9\n", "Content-Type: text/plain; charset=iso-8859-1\nContent-Transfer-Encoding: 8bit\n\nCaf\xe9\n" + plain},
		{"HTML", "Content-Type: text/html\n\n<html><body>Hello</BODY ></html>\n", "Content-Type: text/html\n\n<html><body>Hello\n" + html + "</BODY ></html>\n"},
		{"HTML without a body", "Content-Type: text/html\n\n<b>Hello</b>\n", "Content-Type: text/html\n\n<b>Hello</b>\n" + html},
		{"both, and a file", "Content-Type: multipart/mixed; boundary=o\n\n--o\nContent-Type: multipart/alternative; boundary=i\n\n--i\n\nHello\n--i\nContent-Type: text/html\n\n<p>Hello</p>\n--i--\n--o\nContent-Type: text/plain; name=a.txt\nContent-Disposition: attachment\n\nfile\n--o--\n",
			"Content-Type: multipart/mixed; boundary=o\n\n--o\nContent-Type: multipart/alternative; boundary=i\n\n--i\n\nHello\n" + plain + "\n--i\nContent-Type: text/html\n\n<p>Hello</p>\n" + html + "\n--i--\n--o\nContent-Type: text/plain; name=a.txt\nContent-Disposition: attachment\n\nfile\n--o--\n"},
		{"pictures between", "Content-Type: multipart/mixed; boundary=o\n\n--o\n\none\n--o\nContent-Type: image/png\nContent-Disposition: inline\n\nx\n--o\n\ntwo\n--o--\n",
			"Content-Type: multipart/mixed; boundary=o\n\n--o\n\none\n--o\nContent-Type: image/png\nContent-Disposition: inline\n\nx\n--o\n\ntwo\n" + plain + "\n--o--\n"},
		{"a picture in the text", "Content-Type: multipart/related; boundary=o\n\n--o\nContent-Type: text/html\n\n<img src=cid:a>\n--o\nContent-ID: <a>\nContent-Type: text/html\n\nx\n--o--\n",
			"Content-Type: multipart/related; boundary=o\n\n--o\nContent-Type: text/html\n\n<img src=cid:a>\n" + html + "\n--o\nContent-ID: <a>\nContent-Type: text/html\n\nx\n--o--\n"},
		{"a letter that is sent on", "Content-Type: multipart/mixed; boundary=o\n\n--o\n\nsee\n--o\nContent-Type: message/rfc822\n\nSubject: b\n\nwithin\n--o--\n",
			"Content-Type: multipart/mixed; boundary=o\n\n--o\n\nsee\n" + plain + "\n--o\nContent-Type: message/rfc822\n\nSubject: b\n\nwithin\n--o--\n"},
		{"files alone", "Content-Type: multipart/mixed; boundary=o\n\n--o\nContent-Type: application/pdf\n\nx\n--o--\n",
			"Content-Type: multipart/mixed; boundary=o\n\n--o\nContent-Type: text/plain; charset=us-ascii\nContent-Transfer-Encoding: 7bit\n" + plain + "\n--o\nContent-Type: application/pdf\n\nx\n--o--\n"},
	} {
		got, m := withFooter(t, c.in, footerLines...)
		if got != c.want {
			t.Errorf("%s:\n%q\nwant\n%q", c.name, got, c.want)
		}
		if m.Unclear != "" {
			t.Errorf("%s is %s now", c.name, m.Unclear)
		}
	}
}

// textsOf is what a reader sees of a letter, by type, and what the parts are.
func textsOf(t *testing.T, raw string, m *Message) (texts map[string]string, shape []string) {
	t.Helper()
	texts = map[string]string{}
	src := strings.NewReader(strings.ReplaceAll(raw, "\n", "\r\n"))
	m.Root.Walk(func(p *Part) bool {
		shape = append(shape, p.Type+"/"+p.Subtype)
		if p.Type == "text" {
			b, err := io.ReadAll(p.Text(src))
			if err != nil {
				t.Error(err)
			}
			texts[p.Subtype] = strings.ReplaceAll(string(b), "\r\n", "\n")
		}
		return true
	})
	return texts, shape
}

// A footer with signs that a character set has not is in UTF-8 with all of its part; HTML holds any.
func TestAddFooterInUTF8(t *testing.T) {
	t.Parallel()
	const line = "Zoë Łuczak is the business of Zoë’s Pharmacy."
	for _, c := range []struct{ name, in, want string }{
		{"ASCII", "Subject: a\nMIME-Version: 1.0\n\nHello\n", "Hello\n\n" + line + "\n"},
		{"Latin 1", "Content-Type: text/plain; charset=iso-8859-1; format=flowed\nContent-Transfer-Encoding: 8bit\n\nCaf\xe9 \nx\n", "Café \nx\n\n" + line + "\n"},
		{"Latin 1 in base64", "Content-Type: text/plain; charset=iso-8859-1\nContent-Transfer-Encoding: base64\n\nQ2Fm6Q0K\n", "Café\n\n" + line + "\n"},
		{"UTF-16", "Content-Type: text/plain; charset=utf-16le\nContent-Transfer-Encoding: base64\n\nSABpAA0ACgA=\n", "Hi\n\n" + line + "\n"},
		{"UTF-8 as it is", "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\nCafé\n", "Café\n\n" + line + "\n"},
		{"UTF-8 in seven bits", "Content-Type: text/plain; charset=utf-8\n\nCafe\n", "Cafe\n\n" + line + "\n"},
		{"Japanese", "Content-Type: text/plain; charset=iso-2022-jp\n\n\x1b$B$\"\x1b(B\n", "あ\n\n" + line + "\n"},
	} {
		got, m := withFooter(t, c.in, line)
		if texts, _ := textsOf(t, got, m); texts["plain"] != c.want {
			t.Errorf("%s: %q, want %q\n%s", c.name, texts["plain"], c.want, got)
		}
		if c.name == "Latin 1" && !strings.Contains(got, `format="flowed"`) {
			t.Errorf("%s lost a parameter:\n%s", c.name, got)
		}
	}
	got, _ := withFooter(t, "Content-Type: text/html; charset=iso-8859-1\n\n<p>x</p>\n", "Zoë & Co")
	if !strings.Contains(got, "Zo&#235; &amp; Co") {
		t.Errorf("HTML: %s", got)
	}
}

// What has no text is the second part of a letter that has.
func TestAddFooterToAFile(t *testing.T) {
	t.Parallel()
	got, m := withFooter(t, "From: a@b.example\nSubject: a\nMIME-Version: 1.0\nContent-Type: application/pdf; name=a.pdf\nContent-Transfer-Encoding: base64\n\nJVBERg==\n", footerLines...)
	_, shape := textsOf(t, got, m)
	if strings.Join(shape, " ") != "multipart/mixed text/plain application/pdf" || m.Header.Get("Subject") != "a" || m.Header.Count("MIME-Version") != 1 || m.Header.Count("Content-Type") != 1 {
		t.Errorf("%v\n%s", shape, got)
	}
	if p := m.Root.Children[1]; p.FileName() != "a.pdf" || p.Encoding != "base64" {
		t.Errorf("the file is %+v", p)
	}
}

func TestAddFooterLeavesAlone(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, in string
		want     error
	}{
		{"signed", "Content-Type: multipart/signed; boundary=o\n\n--o\n\nx\n--o\nContent-Type: application/pgp-signature\n\ny\n--o--\n", ErrProtected},
		{"signed below", "Content-Type: multipart/mixed; boundary=m\n\n--m\nContent-Type: multipart/signed; boundary=o\n\n--o\n\nx\n--o--\n--m--\n", ErrProtected},
		{"S/MIME", "Content-Type: application/pkcs7-mime; smime-type=enveloped-data\nContent-Transfer-Encoding: base64\n\nAAAA\n", ErrProtected},
		{"PGP in the text", "Subject: a\n\n-----BEGIN PGP MESSAGE-----\n\nx\n-----END PGP MESSAGE-----\n", ErrProtected},
		{"uuencoded", "Content-Transfer-Encoding: x-uuencode\n\nbegin\n", ErrUnfit},
	} {
		raw, m := footless(t, c.in)
		if _, err := AddFooter(bytes.NewReader(raw), m, footerLines); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
	// What was signed by another and is sent on within a letter is nobody's business.
	got, _ := withFooter(t, "Content-Type: multipart/mixed; boundary=m\n\n--m\n\nsee\n--m\nContent-Type: message/rfc822\n\nContent-Type: multipart/signed; boundary=o\n\n--o\n\nx\n--o--\n--m--\n", footerLines...)
	if strings.Count(got, "Harbour Pharmacy") != 1 {
		t.Error(got)
	}
}

func TestFooterIsWrapped(t *testing.T) {
	t.Parallel()
	for _, line := range strings.Split(plainFooter([]string{strings.Repeat("words and words ", 20), strings.Repeat("x", 200)}), "\r\n") {
		if len(line) > footerWidth && strings.Contains(line, " ") {
			t.Errorf("%d characters: %s", len(line), line)
		}
	}
}

// FuzzAddFooter: whatever a letter is, its footer is there as often as it has texts or the letter is left alone; its other parts are what they were.
func FuzzAddFooter(f *testing.F) {
	files, err := filepath.Glob("testdata/*.eml")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b, "Zoë Ltd, company number 01234567")
	}
	f.Add([]byte("Content-Type: multipart/mixed; boundary=\"\"\r\n\r\n--\r\n\r\nx\r\n"), "x")
	f.Fuzz(func(t *testing.T, raw []byte, line string) {
		m, err := Parse(bytes.NewReader(raw), Limits{})
		if err != nil {
			return
		}
		r, err := AddFooter(bytes.NewReader(raw), m, []string{line})
		if err != nil {
			return
		}
		got, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if len(got) < len(raw)/2 {
			t.Errorf("of %d octets %d are left", len(raw), len(got))
		}
		if _, err := Parse(bytes.NewReader(got), Limits{}); err != nil {
			t.Error(err)
		}
	})
}
