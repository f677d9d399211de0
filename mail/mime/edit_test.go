package mime

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

func crlf(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") }

func TestEdit(t *testing.T) {
	t.Parallel()
	bcc := RemoveNamed("bcc")
	for _, c := range []struct {
		name     string
		edit     Edit
		in, want string
	}{
		{"nothing", Edit{}, "A:  x\n\ty \n\nbody\n", "A:  x\n\ty \n\nbody\n"},
		{"bcc", Edit{Remove: bcc}, "BCC : a,\n b\nTo: c\nBcc: d\n\nBcc: stays\n", "To: c\n\nBcc: stays\n"},
		{
			"trace", Edit{Prepend: []HeaderField{{"Received", "x"}, {"Received", "y"}}},
			"A: b\n\n", "Received: x\nReceived: y\nA: b\n\n",
		},
		{
			"missing", Edit{Missing: []HeaderField{{"Date", "d"}, {"Message-ID", "<m>"}}},
			"date: there\n\nx", "date: there\nMessage-ID: <m>\n\nx",
		},
		{"removed is missing", Edit{Remove: RemoveNamed("Date"), Missing: []HeaderField{{"Date", "d"}}}, "Date: x\n\n", "Date: d\n\n"},
		{"no empty line", Edit{Missing: []HeaderField{{"Date", "d"}}}, "A: b", "A: b\nDate: d\n"},
		{"no header", Edit{Remove: bcc}, "\nbody", "\nbody"},
		{"no field", Edit{Remove: bcc}, "what is this\nBcc: x\n\n", "what is this\n\n"},
		{"nothing at all", Edit{Remove: bcc}, "", ""},
		{
			"by value", Edit{Remove: func(f Field) bool {
				return f.Is("Authentication-Results") && strings.HasPrefix(f.Value(), "mx.care.test;")
			}},
			"Authentication-Results: mx.care.test; spf=pass\nAuthentication-Results:\n other.test; x\n\n",
			"Authentication-Results:\n other.test; x\n\n",
		},
	} {
		for _, src := range []io.Reader{strings.NewReader(crlf(c.in)), iotest.OneByteReader(strings.NewReader(crlf(c.in)))} {
			r, err := c.edit.Reader(src)
			if err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(r)
			if err != nil || string(got) != crlf(c.want) {
				t.Errorf("%s: %q %v, want %q", c.name, got, err, crlf(c.want))
			}
		}
	}
}

func TestEditRefusesWhatItCannotSee(t *testing.T) {
	t.Parallel()
	long := "A: " + strings.Repeat("x", 50_000) + "\r\nBcc: secret@mill.example\r\n\r\n"
	if _, err := (Edit{Limit: 50_000}).Reader(strings.NewReader(long)); !errors.Is(err, ErrHeaderTooLong) {
		t.Error(err)
	}
	r, err := Edit{Remove: RemoveNamed("Bcc")}.Reader(strings.NewReader(long))
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := io.ReadAll(r); bytes.Contains(got, []byte("secret")) {
		t.Error("the field after a long one is still there")
	}
	broken := errors.New("broken")
	if _, err := (Edit{}).Reader(iotest.ErrReader(broken)); !errors.Is(err, broken) {
		t.Error(err)
	}
}

func isExecutable(p *Part) (string, bool) {
	if name := p.FileName(); strings.HasSuffix(name, ".exe") {
		return "The attachment " + name + " was removed.\n", true
	}
	return "", false
}

func replace(t *testing.T, raw string) (string, int) {
	t.Helper()
	raw = crlf(raw)
	r, gone, err := ReplaceParts(strings.NewReader(raw), mustParse(t, []byte(raw)), isExecutable)
	if err != nil {
		t.Fatal(err)
	}
	out, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(string(out), "\r\n", "\n"), len(gone)
}

func TestReplaceParts(t *testing.T) {
	t.Parallel()
	const note = "Content-Type: text/plain; charset=us-ascii\nContent-Transfer-Encoding: 7bit\n\nThe attachment invoice.exe was removed.\n"
	const exe = "Content-Type: application/x-dosexec; name=invoice.exe\nContent-Transfer-Encoding: base64\n\nTVo=\nTVo="
	mixed := func(a, b string) string {
		return "From: a@mill.example\nContent-Type: multipart/mixed; boundary=b\n\npre\n--b\n" + a + "\n--b\n" + b + "\n--b--\nend"
	}
	for _, c := range []struct {
		name, in, want string
		gone           int
	}{
		{"one of two", mixed("\nhello", exe), mixed("\nhello", note), 1},
		{"both", mixed(exe, exe), mixed(note, note), 2},
		{"none", mixed("\nhello", "\n\n"), mixed("\nhello", "\n\n"), 0},
		{
			"the letter itself", "Subject: x\nMIME-Version: 1.0\n" + exe + "\nTo: body",
			"Subject: x\nMIME-Version: 1.0\n" + note, 1,
		},
		{
			"in a message", mixed("Content-Type: message/rfc822\n\nSubject: in\n"+exe, "\nx"),
			mixed("Content-Type: message/rfc822\n\nSubject: in\nMIME-Version: 1.0\n"+note, "\nx"), 1,
		},
		{
			"signed", mixed("Content-Type: multipart/signed; boundary=s\n\n--s\n"+exe+"\n--s--", "\nx"),
			mixed("Content-Type: multipart/signed; boundary=s\n\n--s\n"+exe+"\n--s--", "\nx"), 0,
		},
		{
			"enveloped", mixed("Content-Type: application/pkcs7-mime; name=x.exe\n\nxx", "\nx"),
			mixed("Content-Type: application/pkcs7-mime; name=x.exe\n\nxx", "\nx"), 0,
		},
		{
			"never ends", "Content-Type: multipart/mixed; boundary=b\n\n--b\n" + exe,
			"Content-Type: multipart/mixed; boundary=b\n\n--b\n" + note, 1,
		},
	} {
		got, gone := replace(t, c.in)
		if got != c.want || gone != c.gone {
			t.Errorf("%s: %d gone\n%s\nwant\n%s", c.name, gone, got, c.want)
		}
		if again, n := replace(t, got); again != got || n != 0 {
			t.Errorf("%s: a second time changes it again", c.name)
		}
	}
}
