package mime

import (
	"bytes"
	"errors"
	"io"
	"mime/multipart"
	"net/mail"
	"os"
	"path/filepath"
	"slices"
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
		{"a text file that is shown", "Content-Type: multipart/mixed; boundary=o\n\n--o\n\nHello\n--o\nContent-Type: text/plain; name=a.txt\nContent-ID: <a>\nContent-Disposition: inline\n\nfile\n--o--\n",
			"Content-Type: multipart/mixed; boundary=o\n\n--o\n\nHello\n" + plain + "\n--o\nContent-Type: text/plain; name=a.txt\nContent-ID: <a>\nContent-Disposition: inline\n\nfile\n--o--\n"},
		{"a text file alone", "Content-Type: multipart/mixed; boundary=o\n\n--o\nContent-Type: text/html\nContent-ID: <a>\nContent-Disposition: inline; filename=a.html\n\n<p>file\n--o--\n",
			"Content-Type: multipart/mixed; boundary=o\n\n--o\nContent-Type: text/plain; charset=us-ascii\nContent-Transfer-Encoding: 7bit\n" + plain +
				"\n--o\nContent-Type: text/html\nContent-ID: <a>\nContent-Disposition: inline; filename=a.html\n\n<p>file\n--o--\n"},
		{"a letter with a name", "Content-Type: text/plain; name=a.txt\nContent-ID: <a>\nContent-Disposition: inline\n\nHello\n",
			"Content-Type: text/plain; name=a.txt\nContent-ID: <a>\nContent-Disposition: inline\n\nHello\n" + plain},
		{"a delimiter that is encoded", "Content-Type: multipart/mixed; boundary=o\n\n--o\nContent-Transfer-Encoding: quoted-printable\n\n=2D-o\n--o--\n",
			"Content-Type: multipart/mixed; boundary=o\n\n--o\nContent-Transfer-Encoding: quoted-printable\n\n=2D-o\n" + plain + "\n--o--\n"},
		{"a quoted PGP text and a key", "Subject: a\n\n> -----BEGIN PGP SIGNED MESSAGE-----\n-----BEGIN PGP PUBLIC KEY BLOCK-----\n", "Subject: a\n\n> -----BEGIN PGP SIGNED MESSAGE-----\n-----BEGIN PGP PUBLIC KEY BLOCK-----\n" + plain},
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

// encoded is a text as a part holds it.
func encoded(encoding, text string) string {
	switch encoding {
	case "quoted-printable":
		return string(encodeQuoted(text))
	case "base64":
		return string(encodeBase64([]byte(text)))
	}
	return text
}

// The end of HTML is found among the octets of any character set, whatever case does to them elsewhere; they stay as they were, and the footer stays in its part.
func TestAddFooterWhereHTMLEnds(t *testing.T) {
	t.Parallel()
	const whole = "MIME-Version: 1.0\r\nContent-Type: text/html; charset=%c\r\nContent-Transfer-Encoding: %e\r\n\r\n%t"
	const nested = "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=o\r\n\r\n--o\r\nContent-Type: multipart/alternative; boundary=i\r\n\r\n--i\r\n\r\nHello\r\n" +
		"--i\r\nContent-Type: text/html; charset=%c\r\nContent-Transfer-Encoding: %e\r\n\r\n%t\r\n--i--\r\n\r\n--o--\r\n"
	for _, c := range []struct{ charset, letters string }{
		{"us-ascii", "e"},
		{"iso-8859-1", "\xe9"},
		{"windows-1252", "\x93\xe9\x94\x80"},
		{"utf-8", "é"},
		{"utf-8", "\u212a"}, // the sign for kelvins, whose small letter is k
		{"utf-8", "İ"},
		{"utf-8", "\xff\xc4"}, // broken
		{"x-nobody-knows", "\xb0\xe9"},
		{"shift_jis", "\x82\xa0"},
	} {
		for _, encoding := range []string{"8bit", "quoted-printable", "base64"} {
			for _, letter := range []string{whole, nested} {
				before := "<html><body>" + strings.Repeat(c.letters, 30) + "</body> is said " + strings.Repeat(c.letters, 30)
				after := "</BODY>" + c.letters + "</html>"
				raw := strings.NewReplacer("%c", c.charset, "%e", encoding, "%t", encoded(encoding, before+after)).Replace(letter)
				got, shape := footedHTML(t, raw)
				if got != before+"\r\n"+htmlFooter(footerLines)+after {
					t.Errorf("%s %q in %s, %s: %q", c.charset, c.letters, encoding, shape, got)
				}
			}
		}
	}
}

// footedHTML is the HTML of a letter with its footer in octets, from a letter that others can read as well.
func footedHTML(t *testing.T, raw string) (text, shape string) {
	t.Helper()
	src := strings.NewReader(raw)
	m, err := Parse(src, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	r, err := AddFooter(src, m, footerLines)
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	readByOthers(t, got)
	again, err := Parse(bytes.NewReader(got), Limits{})
	if err != nil || again.Unclear != "" {
		t.Fatal(err, again.Unclear)
	}
	_, was := textsOf(t, raw, m)
	_, is := textsOf(t, string(got), again)
	if !slices.Equal(was, is) {
		t.Errorf("%v are %v now", was, is)
	}
	all := bodies(again.Root)
	b, err := io.ReadAll(all[len(all)-1].StrictContent(bytes.NewReader(got)))
	if err != nil {
		t.Error(err)
	}
	return string(b), strings.Join(is, " ")
}

// readByOthers reads a letter and its parts as Go's own packages do.
func readByOthers(t *testing.T, raw []byte) {
	t.Helper()
	l, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	readParts(t, l.Header.Get("Content-Type"), l.Body)
}

func readParts(t *testing.T, typ string, body io.Reader) {
	t.Helper()
	_, boundary, found := strings.Cut(typ, "boundary=")
	if !found {
		_, err := io.Copy(io.Discard, body)
		if err != nil {
			t.Error(err)
		}
		return
	}
	for parts := multipart.NewReader(body, boundary); ; {
		p, err := parts.NextRawPart()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		readParts(t, p.Header.Get("Content-Type"), p)
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
		{"PGP below", "Subject: a\n\nHello\n-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\nx\n", ErrProtected},
		{"a row of nothing", "Content-Type: multipart/mixed; boundary=b\n\n--b--\n", ErrUnfit},
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

// FuzzAddFooter: whatever a letter is, its footer is there as often as it has texts or the letter is left alone; without it, all is what it was.
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
		f.Add(b, "Harbour Ltd")
	}
	f.Add([]byte("Content-Type: multipart/mixed; boundary=\"\"\r\n\r\n--\r\n\r\nx\r\n"), "x")
	f.Add([]byte("Content-Type: text/html; charset=iso-8859-1\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"+strings.Repeat("\xe9", 30)+"</body>"), "x")
	f.Add([]byte("Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"+strings.Repeat("=E2=84=AA", 30)+"</BODY>"), "x")
	f.Fuzz(func(t *testing.T, raw []byte, line string) {
		m, err := Parse(bytes.NewReader(raw), Limits{})
		if err != nil {
			return
		}
		line = strings.ReplaceAll(strings.ToValidUTF8(line, ""), "-", "_") // no line of a footer is a delimiter
		r, err := AddFooter(bytes.NewReader(raw), m, []string{line})
		if err != nil {
			return
		}
		got, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Parse(bytes.NewReader(got), Limits{}); err != nil {
			t.Error(err)
		}
		if !isWithFooter(t, raw, m, got, line) {
			t.Errorf("%q is\n%q", raw, got)
		}
	})
}

// isWithFooter reports whether a letter is another one with a footer in its texts. Of a text that is encoded anew, what it says is compared.
func isWithFooter(t *testing.T, was []byte, m *Message, is []byte, line string) bool {
	t.Helper()
	texts := bodies(m.Root)
	if len(texts) == 0 { // it got one in front, or has become a part of another
		return m.Root.IsMultipart() && bytes.HasSuffix(is, was[m.Root.Children[0].Header:]) || bytes.Contains(is, was[m.Root.Body:m.Root.End])
	}
	at := int64(0)
	for _, p := range texts {
		cut, err := p.footed(bytes.NewReader(was), p == m.Root, []string{line})
		if err != nil || !bytes.HasPrefix(is, was[at:cut.From]) || !bytes.HasPrefix(is[cut.From-at:], cut.With) {
			return false
		}
		is, at = is[cut.From-at+int64(len(cut.With)):], cut.To
		if !isTextWithFooter(t, p, was, cut, line) {
			return false
		}
	}
	return bytes.Equal(is, was[at:])
}

// isTextWithFooter reports whether a change puts a footer into a part's text and does nothing else to it.
func isTextWithFooter(t *testing.T, p *Part, was []byte, cut Cut, line string) bool {
	t.Helper()
	footer := plainFooter([]string{line})
	if p.Subtype == "html" {
		footer = htmlFooter([]string{line})
	}
	read := func(r io.Reader) string {
		b, err := io.ReadAll(r)
		if err != nil {
			t.Error(err)
		}
		return string(b)
	}
	old, with := read(p.Content(bytes.NewReader(was))), ""
	switch {
	case !isASCII(footer) && (!isUTF8(p.Charset()) || p.Encoding == "7bit") || !holdsASCII(p.Charset()):
		m, err := Parse(bytes.NewReader(cut.With), Limits{})
		if err != nil || cut.From != p.Header || cut.To != p.End {
			return false
		}
		old, with = read(p.Text(bytes.NewReader(was))), read(m.Root.Content(bytes.NewReader(cut.With)))
	case isIdentity(p.Encoding):
		at := cut.From - p.Body
		if at < 0 || at > int64(len(old)) || cut.To != cut.From {
			return false
		}
		with = old[:at] + string(cut.With) + old[at:]
	default:
		if cut.From != p.Body || cut.To != p.End {
			return false
		}
		with = read(NewDecoder(p.Encoding, bytes.NewReader(cut.With)))
	}
	if string(between([]byte(old), len(old), footer)) == with {
		return true
	}
	for at := range old {
		if p.Subtype == "html" && at+6 <= len(old) && strings.EqualFold(old[at:at+6], "</body") && string(between([]byte(old), at, footer)) == with {
			return true
		}
	}
	return false
}
