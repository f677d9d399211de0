package delivery_test

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"strings"
	"testing"
	"time"

	"haven"
	"haven/mail/attachment/attachmenttest"
	"haven/mail/delivery"
	"haven/mail/delivery/deliverytest"
	"haven/mail/mailbox"
	"haven/mail/mime"
	"haven/platform/blob"
	"haven/platform/db"
	"haven/platform/errs"
	"haven/platform/policy"
)

var stranger = delivery.Client{Addr: netip.MustParseAddr("192.0.2.7"), Hello: "mx.surgery.test", Protocol: "ESMTPS", TLS: "TLS 1.3"}

const plain = "From: Bob <bob@surgery.test>\r\nTo: alice@pharmacy.test\r\nSubject: Repeat\r\nMessage-ID: <1@surgery.test>\r\n\r\nHello.\r\n"

type letter interface {
	io.Writer
	Commit(context.Context) (string, error)
	Abort()
}

func write(t *testing.T, l letter, text string) error {
	t.Helper()
	for i := 0; i < len(text); i += 1000 {
		if _, err := l.Write([]byte(text[i:min(i+1000, len(text))])); err != nil {
			l.Abort()
			return err
		}
	}
	_, err := l.Commit(t.Context())
	return err
}

func receive(t *testing.T, p *deliverytest.Place, from, text string, to ...string) error {
	t.Helper()
	var sender haven.Address
	if from != "" {
		sender = haven.MustAddress(from)
	}
	in := p.Begin(stranger, delivery.Envelope{From: sender})
	for _, r := range to {
		if err := in.Rcpt(t.Context(), haven.MustAddress(r), 0, ""); err != nil {
			return err
		}
	}
	l, err := in.Open(t.Context())
	if err != nil {
		return err
	}
	return write(t, l, text)
}

func wantRule(t *testing.T, err error, rule haven.Rule, code int, enhanced string) {
	t.Helper()
	var e *errs.Error
	var x interface{ SMTP() (int, string) }
	if !errors.As(err, &e) || e.Rule != string(rule) || !errors.As(err, &x) {
		t.Fatalf("error %v, wanted rule %s", err, rule)
	}
	if c, s := x.SMTP(); c != code || s != enhanced {
		t.Fatalf("%v is told as %d %s, wanted %d %s", err, c, s, code, enhanced)
	}
}

func TestInbound(t *testing.T) {
	t.Parallel()
	deliverytest.Each(t, func(t *testing.T, p *deliverytest.Place) {
		forged := "Authentication-Results: mx.pharmacy.test; dmarc=pass\r\nAuthentication-Results: other.test; spf=pass\r\n" +
			"Return-Path: <forged@evil.test>\r\nHaven-Verdict: none\r\n"
		if err := receive(t, p, "bob@surgery.test", forged+plain, "alice@pharmacy.test", "store@pharmacy.test", "shop@pharmacy.test"); err != nil {
			t.Fatal(err)
		}
		got := p.Only(p.Alice, mailbox.Inbox)
		for _, want := range []string{
			"Return-Path: <bob@surgery.test>\r\nDelivered-To: alice@pharmacy.test\r\nAuthentication-Results: mx.pharmacy.test;\r\n\tspf=none",
			"Received: from mx.surgery.test ([192.0.2.7])\r\n\tby mx.pharmacy.test (Haven) with ESMTPS id ",
			"(using TLS 1.3)\r\n\tfor <alice@pharmacy.test>;\r\n\tSun, 22 Nov 2026 09:00:00 +0000\r\n",
			"\r\nAuthentication-Results: other.test; spf=pass\r\n" + plain,
		} {
			if !strings.Contains(got, want) {
				t.Errorf("%q is not in %q", want, got)
			}
		}
		if strings.Contains(got, "dmarc=pass") || strings.Contains(got, "forged@") || strings.Contains(got, "Haven-Verdict") {
			t.Errorf("what only we may say was kept: %q", got)
		}
		if shop := p.Only(p.Shop, mailbox.Inbox); !strings.Contains(shop, "Delivered-To: store@pharmacy.test\r\n") {
			t.Errorf("the shared mailbox got %q", shop)
		}
	})
}

func TestRecipients(t *testing.T) {
	t.Parallel()
	p := deliverytest.New(t, "sqlite", func(p *policy.Policy) {
		p.Sending.OneCommit, p.Sending.RecipientsIn, p.Sending.ReceivePerHour = 2, 2, 3
	})
	in := p.Begin(stranger, delivery.Envelope{})
	ctx := t.Context()
	wantRule(t, in.Rcpt(ctx, haven.MustAddress("bob@surgery.test"), 0, ""), delivery.RuleRelay, 550, "5.7.1")
	wantRule(t, in.Rcpt(ctx, haven.MustAddress("nobody@pharmacy.test"), 0, ""), "delivery.unknown", 550, "5.1.1")
	if err := in.Rcpt(ctx, haven.MustAddress("closed@pharmacy.test"), 0, ""); !errs.Is(err, errs.Denied) || !strings.Contains(errs.Say(err), "shop@") {
		t.Errorf("a closed mailbox: %v", err)
	}
	for _, a := range []haven.Address{{Local: "postmaster"}, haven.MustAddress("Postmaster@pharmacy.test"), haven.MustAddress("ALICE@pharmacy.test"), haven.MustAddress("alice@pharmacy.test")} {
		if err := in.Rcpt(ctx, a, 0, ""); err != nil {
			t.Errorf("%v: %v", a, err)
		}
	}
	wantRule(t, in.Rcpt(ctx, haven.MustAddress("ben@pharmacy.test"), 0, ""), delivery.RuleRecipients, 452, "4.5.3")
	for range 3 {
		if err := receive(t, p, "", plain, "ben@pharmacy.test"); err != nil {
			t.Fatal(err)
		}
	}
	wantRule(t, receive(t, p, "", plain, "ben@pharmacy.test"), delivery.RuleReceiveRate, 450, "4.2.1")
	p.Store.Clock.Advance(2 * time.Hour)
	if err := receive(t, p, "", plain, "ben@pharmacy.test"); err != nil {
		t.Errorf("two hours later: %v", err)
	}
}

func TestFullMailbox(t *testing.T) {
	t.Parallel()
	p := deliverytest.New(t, "sqlite", func(p *policy.Policy) { p.Mailbox.Quota = 20_000 })
	p.Store.Deliver(p.Alice, "Subject: big\n\n"+strings.Repeat(strings.Repeat("x", 70)+"\n", 270))
	in := p.Begin(stranger, delivery.Envelope{Size: 5000})
	if err := in.Rcpt(t.Context(), haven.MustAddress("alice@pharmacy.test"), 0, ""); !errs.Is(err, errs.OverQuota) {
		t.Errorf("a full mailbox: %v", err)
	}
	if err := in.Rcpt(t.Context(), haven.MustAddress("ben@pharmacy.test"), 0, ""); err != nil {
		t.Errorf("an empty one: %v", err)
	}
}

// One full mailbox among several keeps the letter from none of the others.
func TestOneOfManyIsFull(t *testing.T) {
	t.Parallel()
	bothEngines(t, func(t *testing.T, engine string) {
		p := deliverytest.New(t, engine, func(p *policy.Policy) { p.Mailbox.Quota = 30_000 })
		p.Store.Deliver(p.Alice, "Subject: big\n\n"+strings.Repeat(strings.Repeat("x", 70)+"\n", 270))
		big := plain + strings.Repeat(strings.Repeat("y", 70)+"\r\n", 200)
		if err := receive(t, p, "bob@surgery.test", big, "alice@pharmacy.test", "shop@pharmacy.test"); err != nil {
			t.Fatalf("from outside: %v", err)
		}
		p.Only(p.Shop, mailbox.Inbox)
		own := strings.Replace(big, "bob@surgery.test", "ben@pharmacy.test", 1)
		if err := submit(t, p, p.Ben, "ben@pharmacy.test", own, "alice@pharmacy.test", "postmaster@pharmacy.test"); err != nil {
			t.Fatalf("from inside: %v", err)
		}
		p.Only(p.Post, mailbox.Inbox)
		p.Only(p.Ben, mailbox.Sent)
		if got := p.Letters(p.Alice, mailbox.Inbox); len(got) != 1 {
			t.Errorf("the full mailbox holds %d letters", len(got))
		}
		if err := receive(t, p, "bob@surgery.test", big, "alice@pharmacy.test"); !errs.Is(err, errs.OverQuota) {
			t.Errorf("to the full mailbox alone: %v", err)
		}
		p.Store.Clock.Advance(time.Hour)
		if err := p.Expand(t.Context()); err != nil {
			t.Fatal(err)
		}
		if queued := p.Queue(); len(queued) != 0 {
			t.Errorf("a sender was told too early: %+v", queued)
		}
	})
}

func TestRefusedLetters(t *testing.T) {
	t.Parallel()
	p := deliverytest.New(t, "sqlite", nil)
	wantRule(t, receive(t, p, "", strings.Repeat("Received: from a by b; x\r\n", 101)+plain, "ben@pharmacy.test"), delivery.RuleLoop, 554, "5.4.6")
	wantRule(t, receive(t, p, "", strings.Repeat("X-Filler: "+strings.Repeat("x", 900)+"\r\n", 1200)+plain, "ben@pharmacy.test"), delivery.RuleHeader, 552, "5.3.4")
	if got := p.Letters(p.Ben, mailbox.Inbox); len(got) != 0 {
		t.Errorf("%d refused letters were filed", len(got))
	}
	for _, odd := range []string{"", "\r\n", "no header\r\n", "Subject: no end", "Subject: no body\r\n"} {
		if err := receive(t, p, "", odd, "ben@pharmacy.test"); err != nil {
			t.Errorf("%q: %v", odd, err)
		}
	}
	got := p.Letters(p.Ben, mailbox.Junk)
	if len(got) != 5 || !strings.Contains(got[0], "Haven-Verdict: junk.from; ") { // they say from nobody that they are
		t.Errorf("of 5 odd letters were filed: %q", got)
	}
}

func TestJunk(t *testing.T) {
	t.Parallel()
	p := deliverytest.New(t, "sqlite", nil)
	p.Zone.TXT = map[string][]string{"_dmarc.bank.test": {"v=DMARC1; p=reject"}, "pharmacy.test": {"v=spf1 ip4:192.0.2.7 -all"}}
	from := func(a string) string { return strings.Replace(plain, "bob@surgery.test", a, 1) }
	if err := receive(t, p, "x@evil.test", from("it@bank.test"), "alice@pharmacy.test"); err != nil {
		t.Fatal(err)
	}
	if got := p.Only(p.Alice, mailbox.Junk); !strings.Contains(got, "Haven-Verdict: junk.dmarc; ") || !strings.Contains(got, "dmarc=fail") {
		t.Errorf("Junk holds %q", got)
	}
	if err := receive(t, p, "x@evil.test", from("ben@pharmacy.test"), "ben@pharmacy.test"); err != nil {
		t.Fatal(err)
	}
	if got := p.Only(p.Ben, mailbox.Junk); !strings.Contains(got, "Haven-Verdict: junk.forged; ") {
		t.Errorf("Junk holds %q", got)
	}
	if err := receive(t, p, "ben@pharmacy.test", from("ben@pharmacy.test"), "shop@pharmacy.test"); err != nil {
		t.Fatal(err)
	}
	p.Only(p.Shop, mailbox.Inbox) // our domain, and SPF proves it
}

func TestForgedFromInWrongForm(t *testing.T) {
	t.Parallel()
	for _, field := range []string{
		"From: Ben <ben@pharmacy.test.>", "From: Ben <" + strings.Repeat("b", 65) + "@Pharmacy.test>", "From: <ben@pharmacy.test \xff>",
		"From: ben@pharmacy.test\r\nFrom: bob@surgery.test", "From: bob@surgery.test\r\nFrom : ben@pharmacy.test",
		"From: bob@surgery.test, Us: ben@pharmacy.test;", "From: ben@pharmacy.test.. <bob@surgery.test>",
		"From: \"Ben <ben@pharmacy.test>\" <bob@surgery.test>", "From: <bob@surgery.test> <ben@pharmacy.test>",
		"From: =?utf-8?q?ben=40PHARMACY.test?= <bob@surgery.test>", "From: =?utf-8?b?PGJlbkBwaGFybWFjeS50ZXN0Pg==?=",
		"From: ben\xef\xbc\xa0pharmacy.test <bob@surgery.test>", "From: bob@surgery.test (ben@ pharmacy.test)",
		"From: bob@surgery.test,\r\n\tben@pharmacy.test",
		"From: \"ben@pharm\u200bacy.test\" <bob@surgery.test>", "From: <ben@pharmacy\u00ad.test>",
	} {
		p := deliverytest.New(t, "sqlite", nil)
		if err := receive(t, p, "bob@surgery.test", strings.Replace(plain, "From: Bob <bob@surgery.test>", field, 1), "alice@pharmacy.test"); err != nil {
			t.Fatal(err)
		}
		if got := p.Letters(p.Alice, mailbox.Junk); len(got) != 1 || !strings.Contains(got[0], "Haven-Verdict: junk.forged; ") {
			t.Errorf("%q: Junk holds %q", field, got)
		}
	}
}

func TestFromThatIsNotForged(t *testing.T) {
	t.Parallel()
	p := deliverytest.New(t, "sqlite", nil)
	fields := []string{"From: Bob at pharmacy.test <bob@surgery.test>", "From: \"x@pharmacy.test.example\" <bob@surgery.test>", "From: bob@notpharmacy.test"}
	for _, field := range fields {
		if err := receive(t, p, "bob@surgery.test", strings.Replace(plain, "From: Bob <bob@surgery.test>", field, 1), "alice@pharmacy.test"); err != nil {
			t.Fatal(err)
		}
	}
	if got := p.Letters(p.Alice, mailbox.Inbox); len(got) != len(fields) {
		t.Errorf("%d of %d came into the Inbox", len(got), len(fields))
	}
}

func TestFromOfACrowd(t *testing.T) {
	t.Parallel()
	p := deliverytest.New(t, "sqlite", nil)
	p.Zone.TXT = map[string][]string{"_dmarc.bank.test": {"v=DMARC1; p=reject"}}
	field := "From: a@one.test, b@two.test, c@three.test, d@four.test, it@bank.test"
	if err := receive(t, p, "x@evil.test", strings.Replace(plain, "From: Bob <bob@surgery.test>", field, 1), "alice@pharmacy.test"); err != nil {
		t.Fatal(err)
	}
	if got := p.Only(p.Alice, mailbox.Junk); !strings.Contains(got, "Haven-Verdict: junk.authors; ") || !strings.Contains(got, "dmarc=permerror") {
		t.Errorf("Junk holds %q", got)
	}
}

// A header that is too long to be judged is not taken, in one piece or in many.
func TestHeaderTooLong(t *testing.T) {
	t.Parallel()
	p := deliverytest.New(t, "sqlite", nil)
	long := strings.Repeat("X-Filler: "+strings.Repeat("x", 70)+"\r\n", mime.MaxHeader/82+1)
	err := receive(t, p, "bob@surgery.test", long+plain, "alice@pharmacy.test")
	wantRule(t, err, delivery.RuleHeader, 552, "5.3.4")
	if err := receive(t, p, "bob@surgery.test", long[:mime.MaxHeader-2*len(plain)]+"\r\n"+plain, "alice@pharmacy.test"); err != nil {
		t.Errorf("a header that fits is answered %v", err)
	}
}

func attached(name, typ string, content []byte) string {
	return "From: bob@surgery.test\r\nSubject: file\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" +
		"--b\r\nContent-Type: text/plain\r\n\r\nSee the file.\r\n--b\r\nContent-Type: " + typ + "\r\nContent-Disposition: attachment; filename=\"" + name +
		"\"\r\nContent-Transfer-Encoding: base64\r\n\r\n" + base64.StdEncoding.EncodeToString(content) + "\r\n--b--\r\n"
}

// withDropped is a document of old with a file that was dropped into it.
func withDropped(name string) []byte {
	object := attachmenttest.Storage("_1234567890", attachmenttest.Entry{Name: "\x01Ole10Native", Content: attachmenttest.Native(attachmenttest.Packager(name, []byte("x")))})
	object.Class = attachmenttest.Package
	return attachmenttest.Compound(attachmenttest.Entry{Name: "WordDocument", Content: attachmenttest.WordStream(0)}, attachmenttest.Storage("ObjectPool", object))
}

func zipOf(t *testing.T, name string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for i := range 300 {
		f, err := w.Create(fmt.Sprintf("word/media/image%d.bin", i))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write(bytes.Repeat([]byte{byte(i), 1, 2, 3}, 200)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.Create(name); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestHarmfulAttachments(t *testing.T) {
	t.Parallel()
	ole, oleMacro := attachmenttest.OldDocument(false), attachmenttest.OldDocument(true)
	sheets := func(last byte) []byte {
		return attachmenttest.Workbook(0x809, attachmenttest.BOF(5), 0x85, attachmenttest.BoundSheet(0), 0x85, attachmenttest.BoundSheet(last))
	}
	tests := []struct {
		name, typ string
		content   []byte
		gone      bool
	}{
		{"invoice.exe", "application/octet-stream", []byte("anything"), true},
		{"report.pdf", "application/pdf", []byte("%PDF-1.7"), false},
		{"letter.docm", "application/octet-stream", []byte("x"), true},
		{"letter.doc", "application/msword", ole, false},
		{"letter.doc", "application/msword", oleMacro, true},
		{"letter.doc", "application/msword", ole[:len(ole)/2], true}, // nobody can look into it
		{"stock.xls", "application/vnd.ms-excel", sheets(0), false},
		{"stock.xls", "application/vnd.ms-excel", sheets(1), true}, // macros of Excel 4
		{"talk.ppt", "application/vnd.ms-powerpoint", attachmenttest.Slides(0, 0x1000, []byte("slide")), false},
		{"talk.ppt", "application/vnd.ms-powerpoint", attachmenttest.Slides(0, 0x1011, oleMacro), true},
		{"mail.msg", "application/vnd.ms-outlook", attachmenttest.SavedLetter("notes.txt", []byte("Hello.")), false},
		{"mail.msg", "application/vnd.ms-outlook", attachmenttest.SavedLetter("notes.doc", ole), false},
		{"mail.msg", "application/vnd.ms-outlook", attachmenttest.SavedLetter("run.js", []byte("x")), true},
		{"letter.rtf", "text/rtf", oleMacro, true},
		{"letter.rtf", "text/rtf", []byte(`{\rtf1 Hello}`), false},
		{"letter.rtf", "text/rtf", attachmenttest.RTF("Package", attachmenttest.Packager("scan.png", []byte("\x89PNG")), nil), false},
		{"letter.rtf", "text/rtf", attachmenttest.RTF("Package", attachmenttest.Packager("scan.exe", []byte("x")), nil), true},
		{"form.doc", "application/msword", withDropped("scan.png"), false},
		{"form.doc", "application/msword", withDropped("scan.js"), true},
		{"form.doc", "application/msword", attachmenttest.Compound(attachmenttest.Entry{Name: "WordDocument", Content: attachmenttest.WordStream(0x0100)}), true}, // encrypted
		{"stock.xls", "application/vnd.ms-excel", attachmenttest.Workbook(0x809, attachmenttest.BOF(5), 0x2f, make([]byte, 54)), true},                            // encrypted
		{"stock.csv", "text/csv", oleMacro, true},
		{"letter.xml", "application/octet-stream", oleMacro, true},
		{"data.abc", "application/x-data", oleMacro, true},
		{"letter.docx", "application/octet-stream", zipOf(t, "word/document.xml"), false},
		{"letter.docx", "application/octet-stream", zipOf(t, "word/vbaProject.bin"), true},
		{"files.zip", "application/zip", zipOf(t, "deep/down/setup.EXE"), true},
		{"files.zip", "application/zip", zipOf(t, "notes.txt"), false},
		{"files.rar", "application/octet-stream", []byte("Rar!\x1a\x07\x00"), true},
		{"files", "application/octet-stream", []byte("7z\xbc\xaf\x27\x1c"), true},
		{"unknown", "application/octet-stream", append([]byte("MZ\x90\x00\x03\x00"), make([]byte, 100)...), true},
		{"unknown", "application/octet-stream", []byte("MZ is how this text begins, which has no octet that is zero anywhere."), false},
	}
	p := deliverytest.New(t, "sqlite", nil)
	for i, tt := range tests {
		box := fmt.Sprintf("box%d", i)
		no := p.Box(box)
		text := attached(tt.name, tt.typ, tt.content)
		if err := receive(t, p, "bob@surgery.test", text, box+"@pharmacy.test"); err != nil {
			t.Fatal(err)
		}
		got := p.Only(no, mailbox.Inbox)
		if strings.Contains(got, "was removed") != tt.gone || strings.HasSuffix(got, text) == tt.gone {
			t.Errorf("%d %s: gone is not %v", i, tt.name, tt.gone)
		}
		if tt.gone && (!strings.Contains(got, tt.name) || !strings.Contains(got, "22 December 2026") || !strings.Contains(got, "See the file.")) {
			t.Errorf("%d %s: the notice reads %q", i, tt.name, got)
		}
		var held []delivery.Held
		err := p.Store.DB.Read(t.Context(), func(tx *db.Tx) (err error) {
			held, err = delivery.HeldFor(tx, no)
			return err
		})
		if err != nil || (len(held) == 1) != tt.gone {
			t.Errorf("%d %s: held %v, %v", i, tt.name, held, err)
		}
	}
}

// Programs differ in what they read in such letters; none of them gets at a file that was not looked at.
func TestUnclearLetters(t *testing.T) {
	t.Parallel()
	p := deliverytest.New(t, "sqlite", nil)
	script := attached("run.js", "text/plain", []byte("x"))
	enclosed := "From: bob@surgery.test\r\nContent-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n" + base64.StdEncoding.EncodeToString([]byte(script)) + "\r\n"
	many := "From: bob@surgery.test\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" + strings.Repeat("--b\r\n\r\nx\r\n", 10_001) +
		script[strings.Index(script, "--b\r\nContent-Type: text/plain; name")+1:]
	for i, c := range []struct{ why, text, notice string }{
		{"two types", strings.Replace(script, "MIME-Version: 1.0\r\n", "Content-Type: text/plain\r\n", 1), "a part has several types"},
		{"two boundaries", strings.Replace(script, "boundary=b", "boundary=a; boundary=b", 1), "a parameter has several values"},
		{"two encodings", strings.Replace(script, "Content-Transfer-Encoding: base64\r\n", "Content-Transfer-Encoding: base64\r\nContent-Transfer-Encoding: 8bit\r\n", 1), "a part has several encodings"},
		{"a type without its second half", strings.Replace(script, "multipart/mixed", "multipart/", 1), "no readable way"},
		{"a line that is nearly a delimiter", strings.Replace(script, "--b--", "--bc\r\n\r\nx\r\n--b--", 1), "may be a delimiter"},
		{"another name by a section that fits nowhere", strings.Replace(script, "filename=\"run.js\"", "filename=notes.txt; filename*0=run; filename*2=.js", 1), "was removed"},
		{"more parts than are read", many, "more parts than are read"},
		{"a part's header that is too long", strings.Replace(script, "Content-Disposition", "X-Filler: "+strings.Repeat("x", mime.MaxHeader)+"\r\nContent-Disposition", 1), "a header is longer"},
		{"an encoded letter", enclosed, "was removed"},
		{"a letter with a program's name", strings.Replace(attached("notes.txt", "text/plain", []byte("y")), "--b\r\n", "--b\r\nContent-Type: message/rfc822; name=run.hta\r\n\r\nSubject: x\r\n\r\neA==\r\n--b\r\n", 1), "run.hta"},
		{"a saved letter", attached("saved.eml", "application/octet-stream", []byte(script)), "saved.eml"},
		{"another name by RFC 2231", strings.Replace(script, "filename=\"run.js\"", "filename=\"run.js\"; filename*=utf-8''notes.txt", 1), "was removed"},
	} {
		box := fmt.Sprintf("unclear%d", i)
		no := p.Box(box)
		if err := receive(t, p, "bob@surgery.test", c.text, box+"@pharmacy.test"); err != nil {
			t.Fatalf("%s: %v", c.why, err)
		}
		got := p.Only(no, mailbox.Inbox)
		if !strings.Contains(got, c.notice) || !strings.Contains(got, "22 December 2026") || strings.Contains(got, "eA==") || len(got) > 4000 {
			t.Errorf("%s: the notice reads %.2000q", c.why, got)
		}
		var held []delivery.Held
		err := p.Store.DB.Read(t.Context(), func(tx *db.Tx) (err error) {
			held, err = delivery.HeldFor(tx, no)
			return err
		})
		if err != nil || len(held) != 1 {
			t.Errorf("%s: held %v, %v", c.why, held, err)
		}
	}
}

// A program in the text itself, as it was sent before there were attachments.
func TestHarmInText(t *testing.T) {
	t.Parallel()
	p := deliverytest.New(t, "sqlite", nil)
	program := "begin 644 setup.exe\r\n#34J0\r\n`\r\nend\r\n"
	if err := receive(t, p, "bob@surgery.test", plain+program, "alice@pharmacy.test"); err != nil {
		t.Fatal(err)
	}
	if got := p.Only(p.Alice, mailbox.Inbox); !strings.Contains(got, `"setup.exe" was removed`) || strings.Contains(got, "#34J0") || !strings.Contains(got, "Subject: Repeat") {
		t.Errorf("the letter reads %q", got)
	}
	harmless := plain + strings.Replace(program, "setup.exe", "notes.txt", 1)
	if err := submit(t, p, p.Alice, "alice@pharmacy.test", strings.Replace(harmless, "bob@surgery.test", "alice@pharmacy.test", 1), "ben@pharmacy.test"); err != nil {
		t.Fatal(err)
	}
	if got := p.Only(p.Ben, mailbox.Inbox); !strings.Contains(got, "#34J0") {
		t.Errorf("the letter reads %q", got)
	}
}

func signed(inner string) string {
	inner = inner[strings.Index(inner, "Content-Type"):]
	return "From: bob@surgery.test\r\nSubject: signed\r\nMIME-Version: 1.0\r\n" +
		"Content-Type: multipart/signed; protocol=\"application/pkcs7-signature\"; boundary=s\r\n\r\n" +
		"--s\r\n" + inner + "\r\n--s\r\nContent-Type: application/pkcs7-signature; name=smime.p7s\r\n\r\nx\r\n--s--\r\n"
}

func TestSignedLetters(t *testing.T) {
	t.Parallel()
	p := deliverytest.New(t, "sqlite", nil)
	text := signed(attached("letter.docx", "application/octet-stream", zipOf(t, "word/document.xml")))
	if err := receive(t, p, "bob@surgery.test", text, "alice@pharmacy.test"); err != nil {
		t.Fatal(err)
	}
	if got := p.Only(p.Alice, mailbox.Inbox); !strings.HasSuffix(got, text) {
		t.Errorf("a harmless one was altered: %q", got)
	}
	text = signed(attached("invoice.exe", "application/octet-stream", []byte("MZ")))
	if err := receive(t, p, "bob@surgery.test", text, "ben@pharmacy.test"); err != nil {
		t.Fatal(err)
	}
	got := p.Only(p.Ben, mailbox.Inbox)
	if strings.Contains(got, "multipart") || !strings.Contains(got, "Subject: signed\r\n") || !strings.Contains(got, "held whole") || !strings.Contains(got, "invoice.exe") {
		t.Errorf("a harmful one came as %q", got)
	}
}

// A letter that is packed as a whole (RFC 8551 §3.6) comes as it is, or is held whole.
func TestPackedLetters(t *testing.T) {
	t.Parallel()
	p := deliverytest.New(t, "sqlite", nil)
	packed := func(inner string) string {
		return "From: bob@surgery.test\r\nSubject: packed\r\nMIME-Version: 1.0\r\nContent-Type: application/pkcs7-mime; smime-type=compressed-data; name=smime.p7z\r\n" +
			"Content-Transfer-Encoding: base64\r\n\r\n" + base64.StdEncoding.EncodeToString(attachmenttest.PackedLetter([]byte(inner))) + "\r\n"
	}
	text := packed(attached("letter.doc", "application/msword", attachmenttest.OldDocument(false)))
	if err := receive(t, p, "bob@surgery.test", text, "alice@pharmacy.test"); err != nil {
		t.Fatal(err)
	}
	if got := p.Only(p.Alice, mailbox.Inbox); !strings.HasSuffix(got, text) {
		t.Errorf("a harmless one was altered: %q", got)
	}
	text = packed(attached("letter.doc", "application/msword", attachmenttest.OldDocument(true)))
	if err := receive(t, p, "bob@surgery.test", text, "ben@pharmacy.test"); err != nil {
		t.Fatal(err)
	}
	if got := p.Only(p.Ben, mailbox.Inbox); !strings.Contains(got, "held whole") || strings.Contains(got, "application/pkcs7-mime") {
		t.Errorf("a harmful one came as %q", got)
	}
}

func TestHarmWithinAForwardedLetter(t *testing.T) {
	t.Parallel()
	p := deliverytest.New(t, "sqlite", nil)
	text := "From: bob@surgery.test\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=o\r\n\r\n--o\r\nContent-Type: message/rfc822\r\n\r\n" +
		attached("invoice.exe", "application/octet-stream", []byte("MZ\x00\x01")) + "\r\n--o--\r\n"
	if err := receive(t, p, "bob@surgery.test", text, "alice@pharmacy.test"); err != nil {
		t.Fatal(err)
	}
	if got := p.Only(p.Alice, mailbox.Inbox); !strings.Contains(got, "was removed") || strings.Contains(got, base64.StdEncoding.EncodeToString([]byte("MZ\x00\x01"))) {
		t.Errorf("it came as %q", got)
	}
}

func TestOriginalsAreLetGo(t *testing.T) {
	t.Parallel()
	deliverytest.Each(t, func(t *testing.T, p *deliverytest.Place) {
		if err := receive(t, p, "", attached("a.exe", "application/octet-stream", []byte("x")), "alice@pharmacy.test", "ben@pharmacy.test"); err != nil {
			t.Fatal(err)
		}
		count := func(no haven.AccountNo) (n int) {
			err := p.Store.DB.Read(t.Context(), func(tx *db.Tx) error {
				held, err := delivery.HeldFor(tx, no)
				for _, h := range held {
					if used, err := delivery.Referenced(tx, h.Body); err != nil || !used {
						t.Errorf("an original is not referred to: %v", err)
					}
				}
				n = len(held)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
		for _, step := range []struct {
			after time.Duration
			want  int
		}{{29 * 24 * time.Hour, 1}, {2 * 24 * time.Hour, 0}} {
			p.Store.Clock.Advance(step.after)
			if err := p.LetGo(t.Context(), p.Store.DB); err != nil {
				t.Fatal(err)
			}
			if a, b := count(p.Alice), count(p.Ben); a != step.want || b != step.want {
				t.Errorf("held %d and %d, wanted %d", a, b, step.want)
			}
		}
	})
}

func TestReleasedOriginal(t *testing.T) {
	t.Parallel()
	deliverytest.Each(t, func(t *testing.T, p *deliverytest.Place) {
		text := attached("a.exe", "application/octet-stream", []byte("x"))
		if err := receive(t, p, "", text, "alice@pharmacy.test", "ben@pharmacy.test"); err != nil {
			t.Fatal(err)
		}
		var held []delivery.Held
		err := p.Store.DB.Read(t.Context(), func(tx *db.Tx) (err error) {
			held, err = delivery.HeldFor(tx, p.Alice)
			return err
		})
		if err != nil || len(held) != 1 {
			t.Fatalf("held %v, %v", held, err)
		}
		if err := p.Release(t.Context(), haven.Actor{Program: "desk"}, p.Shop, haven.AccountID{1}, held[0].Body); !errs.Is(err, errs.NotFound) {
			t.Errorf("released to an account that it was not for: %v", err)
		}
		if err := p.Release(t.Context(), haven.Actor{Program: "desk"}, p.Alice, haven.AccountID{1}, held[0].Body); err != nil {
			t.Fatal(err)
		}
		if got := p.Letters(p.Alice, mailbox.Inbox); len(got) != 2 || got[1] != "Haven-Verdict: delivery.released\r\n"+text {
			t.Errorf("the Inbox holds %q", got)
		}
		if err := p.Release(t.Context(), haven.Actor{Program: "desk"}, p.Alice, haven.AccountID{1}, held[0].Body); !errs.Is(err, errs.NotFound) {
			t.Errorf("released twice: %v", err)
		}
		if err := p.Release(t.Context(), haven.Actor{Program: "desk"}, p.Ben, haven.AccountID{1}, held[0].Body); err != nil {
			t.Errorf("the other recipient: %v", err)
		}
	})
}

func submit(t *testing.T, p *deliverytest.Place, who haven.AccountNo, from, text string, to ...string) error {
	t.Helper()
	return submitAs(t, p, p.Submitter(who), from, text, to...)
}

func submitAs(t *testing.T, p *deliverytest.Place, who delivery.Submitter, from, text string, to ...string) error {
	t.Helper()
	client := delivery.Client{Hello: "laptop", Protocol: "ESMTPSA"}
	sub, err := p.BeginSubmission(t.Context(), client, who, delivery.Envelope{From: haven.MustAddress(from)})
	if err != nil {
		return err
	}
	for _, r := range to {
		if err := sub.Rcpt(t.Context(), haven.MustAddress(r), 0, ""); err != nil {
			return err
		}
	}
	l, err := sub.Open(t.Context())
	if err != nil {
		return err
	}
	return write(t, l, text)
}

func TestSubmission(t *testing.T) {
	t.Parallel()
	deliverytest.Each(t, func(t *testing.T, p *deliverytest.Place) {
		text := "From: Alice <alice@pharmacy.test>\r\nTo: ben@pharmacy.test\r\nBcc: shop@pharmacy.test,\r\n secret@else.test\r\nSubject: x\r\n\r\nHello\r\n"
		err := submit(t, p, p.Alice, "alice@pharmacy.test", text, "ben@pharmacy.test", "shop@pharmacy.test", "secret@else.test", "bob@surgery.test", "bob@surgery.test")
		if err != nil {
			t.Fatal(err)
		}
		for _, no := range []haven.AccountNo{p.Ben, p.Shop} {
			got := p.Only(no, mailbox.Inbox)
			if strings.Contains(got, "Bcc") || strings.Contains(got, "secret@") || !strings.Contains(got, "\r\nDate: Sun, 22 Nov 2026 09:00:00 +0000\r\nMessage-ID: <") {
				t.Errorf("a recipient got %q", got)
			}
		}
		kept := p.Only(p.Alice, mailbox.Sent)
		if !strings.Contains(kept, "Bcc: shop@pharmacy.test,\r\n secret@else.test\r\n") || !strings.Contains(kept, "Message-ID: <") {
			t.Errorf("Sent holds %q", kept)
		}
		q := p.Queue()
		if len(q) != 1 || len(q[0].To) != 2 || q[0].SignAs != "pharmacy.test" || q[0].From.String() != "alice@pharmacy.test" {
			t.Fatalf("queued %+v", q)
		}
		b, err := p.Store.Packs.Put(t.Context(), []byte("x")) // the store still takes bodies
		if err != nil || b.ID == q[0].Body {
			t.Error(err)
		}
	})
}

func TestSubmissionElsewhereAlone(t *testing.T) {
	t.Parallel()
	deliverytest.Each(t, func(t *testing.T, p *deliverytest.Place) {
		text := "From: shop@pharmacy.test\r\nBcc: x@else.test\r\nDate: x\r\nMessage-ID: <m@laptop>\r\n\r\nHello\r\n"
		if err := submit(t, p, p.Alice, "shop@pharmacy.test", text, "x@else.test"); err != nil {
			t.Fatal(err)
		}
		if got := p.Only(p.Shop, mailbox.Sent); strings.Contains(got, "Sender:") || !strings.Contains(got, "Bcc: ") {
			t.Errorf("the shared mailbox's Sent holds %q", got)
		}
		if got := p.Letters(p.Alice, mailbox.Sent); len(got) != 0 {
			t.Errorf("the person's own Sent holds %q", got)
		}
		item := p.Queue()[0]
		if item.Account != p.Shop {
			t.Errorf("queued for account %d", item.Account)
		}
		body, err := p.Store.Packs.AppendTo(nil, locate(t, p, item.Body), item.Body, &item.Key)
		if err != nil || string(body) != "From: shop@pharmacy.test\r\nDate: x\r\nMessage-ID: <m@laptop>\r\n\r\nHello\r\n" {
			t.Errorf("queued %q, %v", body, err)
		}
	})
}

func TestSender(t *testing.T) {
	t.Parallel()
	tests := []struct {
		why        string
		ben        bool
		envelope   string
		header     string
		wantSender string
		refused    bool
	}{
		{"own", false, "alice@pharmacy.test", "From: alice@pharmacy.test\r\n", "", false},
		{"send as", false, "shop@pharmacy.test", "From: Shop <store@pharmacy.test>\r\n", "", false},
		{"send as, own envelope", false, "alice@pharmacy.test", "From: shop@pharmacy.test\r\n", "", false},
		{"own Sender stays", false, "shop@pharmacy.test", "From: shop@pharmacy.test\r\nSender: alice@pharmacy.test\r\n", "Sender: alice@pharmacy.test\r\n", false},
		{"on behalf", true, "shop@pharmacy.test", "From: shop@pharmacy.test\r\n", "Sender: ben@pharmacy.test\r\n", false},
		{"on behalf, with a wrong Sender", true, "shop@pharmacy.test", "From: shop@pharmacy.test\r\nSender: alice@pharmacy.test\r\n", "Sender: ben@pharmacy.test\r\n", false},
		{"a colleague's", false, "alice@pharmacy.test", "From: ben@pharmacy.test\r\n", "", true},
		{"a colleague's in the envelope", false, "ben@pharmacy.test", "From: alice@pharmacy.test\r\n", "", true},
		{"a colleague's second", false, "alice@pharmacy.test", "From: alice@pharmacy.test, ben@pharmacy.test\r\n", "", true},
		{"a stranger's", false, "alice@pharmacy.test", "From: minister@health.test\r\n", "", true},
		{"a stranger's Sender", false, "alice@pharmacy.test", "From: alice@pharmacy.test\r\nSender: minister@health.test\r\n", "", true},
		{"two From fields", false, "alice@pharmacy.test", "From: alice@pharmacy.test\r\nFrom: minister@health.test\r\n", "", true},
		{"no From", false, "alice@pharmacy.test", "Subject: x\r\n", "", true},
		{"several own", false, "alice@pharmacy.test", "From: alice@pharmacy.test, shop@pharmacy.test\r\n", "Sender: alice@pharmacy.test\r\n", false},
		{"on behalf in Sender alone", true, "ben@pharmacy.test", "From: ben@pharmacy.test\r\nSender: shop@pharmacy.test\r\n", "Sender: ben@pharmacy.test\r\n", false},
		{"an empty Sender", false, "alice@pharmacy.test", "From: alice@pharmacy.test\r\nSender:\r\n", "", true},
		{"two in Sender", false, "alice@pharmacy.test", "From: alice@pharmacy.test\r\nSender: alice@pharmacy.test, shop@pharmacy.test\r\n", "", true},
		{"sent on by oneself", false, "alice@pharmacy.test", "Resent-From: shop@pharmacy.test\r\nFrom: alice@pharmacy.test\r\n", "", false},
		{"sent on by a stranger", false, "alice@pharmacy.test", "Resent-From: minister@health.test\r\nFrom: alice@pharmacy.test\r\n", "", true},
		{"sent on by a stranger's hand", false, "alice@pharmacy.test", "Resent-Sender: minister@health.test\r\nFrom: alice@pharmacy.test\r\n", "", true},
		{"sent on, on behalf", true, "ben@pharmacy.test", "Resent-From: shop@pharmacy.test\r\nFrom: ben@pharmacy.test\r\n", "", true},
		{"a group of own", false, "alice@pharmacy.test", "From: Us: alice@pharmacy.test;\r\n", "", true},
		{"two in angle brackets", false, "alice@pharmacy.test", "From: <alice@pharmacy.test> <minister@health.test>\r\n", "", true},
		{"51 in all", false, "alice@pharmacy.test", strings.Repeat("Resent-From: alice@pharmacy.test\r\n", 50) + "From: alice@pharmacy.test\r\n", "", true},
		{"an empty group", false, "alice@pharmacy.test", "From: undisclosed:;\r\n", "", true},
	}
	for _, tt := range tests {
		t.Run(tt.why, func(t *testing.T) {
			t.Parallel()
			p := deliverytest.New(t, "sqlite", nil)
			who := p.Alice
			if tt.ben {
				who = p.Ben
			}
			err := submit(t, p, who, tt.envelope, tt.header+"\r\nHello\r\n", "postmaster@pharmacy.test")
			if tt.refused {
				var x interface{ SMTP() (int, string) }
				if !errors.As(err, &x) {
					t.Fatalf("not refused: %v", err)
				}
				if code, _ := x.SMTP(); code != 550 || len(p.Letters(p.Post, mailbox.Inbox)) != 0 {
					t.Errorf("refused with %d", code)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			got := p.Only(p.Post, mailbox.Inbox)
			if n := strings.Count(got, "Sender: "); tt.wantSender == "" && n != 0 || tt.wantSender != "" && (n != 1 || !strings.Contains(got, tt.wantSender)) {
				t.Errorf("the header says %q", got)
			}
		})
	}
}

func TestALogInForOneMailboxSendsFromItAlone(t *testing.T) {
	t.Parallel()
	p := deliverytest.New(t, "sqlite", nil)
	who := p.Submitter(p.Alice)
	who.Only = p.Shop
	for _, c := range []struct{ envelope, header, rule string }{
		{"shop@pharmacy.test", "From: store@pharmacy.test\r\n", ""},
		{"alice@pharmacy.test", "From: shop@pharmacy.test\r\n", string(delivery.RuleSender)},
		{"shop@pharmacy.test", "From: alice@pharmacy.test\r\n", string(delivery.RuleSender)},
		{"shop@pharmacy.test", "From: shop@pharmacy.test\r\nSender: alice@pharmacy.test\r\n", string(delivery.RuleSender)},
	} {
		err := submitAs(t, p, who, c.envelope, c.header+"\r\nHello\r\n", "postmaster@pharmacy.test")
		if c.rule == "" {
			if err != nil {
				t.Error(err)
			}
			continue
		}
		wantRule(t, err, haven.Rule(c.rule), 550, "5.7.1")
	}
}

func TestLinesThatAreNoFields(t *testing.T) {
	t.Parallel()
	p := deliverytest.New(t, "sqlite", nil)
	const from = "From: alice@pharmacy.test\r\n"
	for _, header := range []string{
		" folded: first\r\n" + from, "\tx\r\n" + from, from + "garbage\r\n", "From ben@pharmacy.test\r\n" + from, "From ben@pharmacy.test 10:00\r\n" + from,
		from + "Sub\x01ject: x\r\n", from + "S\xc3\xbcbject: x\r\n", from + ": x\r\n", from + "Subject : x\r\n", "From : alice@pharmacy.test\r\n",
		"From: alice@pharmacy.test\r\n \r\n", from + "Subject: x\r\n\t \r\n y\r\n",
	} {
		err := submit(t, p, p.Alice, "alice@pharmacy.test", header+"\r\nHello\r\n", "postmaster@pharmacy.test")
		wantRule(t, err, delivery.RuleHeader, 550, "5.6.0")
	}
	if err := submit(t, p, p.Alice, "alice@pharmacy.test", from+"Subject: x\r\n y\r\nX-Empty:\r\n\r\nHello\r\n", "postmaster@pharmacy.test"); err != nil {
		t.Error(err)
	}
	got := p.Only(p.Post, mailbox.Inbox)
	if !strings.Contains(got, "\r\nReceived: by mx.pharmacy.test (Haven) with ESMTPSA id ") || strings.Contains(got, "laptop") || strings.Contains(got, "unknown") {
		t.Errorf("the program's place is told: %q", got)
	}
}

func TestSendRates(t *testing.T) {
	t.Parallel()
	p := deliverytest.New(t, "sqlite", func(p *policy.Policy) { p.Sending.SendPerHour, p.Sending.SendRcptsPerDay = 2, 3 })
	text := "From: alice@pharmacy.test\r\n\r\nHello\r\n"
	if err := submit(t, p, p.Alice, "alice@pharmacy.test", text, "ben@pharmacy.test"); err != nil {
		t.Fatal(err)
	}
	wantRule(t, submit(t, p, p.Alice, "alice@pharmacy.test", text, "a@x.test", "b@x.test", "c@x.test"), delivery.RuleSendRate, 450, "4.7.1")
	if err := submit(t, p, p.Alice, "alice@pharmacy.test", text, "ben@pharmacy.test"); err != nil {
		t.Fatal(err)
	}
	wantRule(t, submit(t, p, p.Alice, "alice@pharmacy.test", text, "ben@pharmacy.test"), delivery.RuleSendRate, 450, "4.7.1")
	if err := submit(t, p, p.Ben, "ben@pharmacy.test", "From: ben@pharmacy.test\r\n\r\nHello\r\n", "alice@pharmacy.test"); err != nil {
		t.Errorf("another person: %v", err)
	}
}

func locate(t *testing.T, p *deliverytest.Place, id blob.ID) (loc blob.Loc) {
	t.Helper()
	err := p.Store.DB.Read(t.Context(), func(tx *db.Tx) (err error) {
		loc, err = blob.Lookup(tx, id)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return loc
}
