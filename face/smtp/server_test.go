package smtp

import (
	"context"
	"encoding/base64"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"haven"
)

// scripts are conversations on port 25; see caller.play.
var scripts = map[string]string{
	"a letter": `
			< 220 mx.pharmacy.test ESMTP
			> EHLO client.test
			< 250 HELP
			> MAIL FROM:<bob@surgery.test> SIZE=100 BODY=8BITMIME
			< 250 2.1.0
			> RCPT TO:<alice@pharmacy.test>
			< 250 2.1.5
			> DATA
			< 354
			> Subject: Hello
			>
			> ..a dot
			> .
			< 250 2.0.0
			> QUIT
			< 221 2.0.0
			< closed`,
	"old HELO": `
			< 220
			> helo client
			< 250 mx.pharmacy.test
			> mail from:<>
			< 250
			> rcpt to:<postmaster>
			< 250
			> data
			< 354
			> .
			< 250`,
	"order": `
			< 220
			> MAIL FROM:<bob@surgery.test>
			< 503 5.5.1
			> RCPT TO:<alice@pharmacy.test>
			< 503 5.5.1
			> DATA
			< 503 5.5.1
			> EHLO client.test
			< 250
			> RCPT TO:<alice@pharmacy.test>
			< 503 5.5.1
			> MAIL FROM:<bob@surgery.test>
			< 250
			> MAIL FROM:<bob@surgery.test>
			< 503 5.5.1
			> DATA
			< 554 5.5.1
			> RSET
			< 250
			> RCPT TO:<alice@pharmacy.test>
			< 503
			> MAIL FROM:<bob@surgery.test>
			< 250
			> EHLO again.test
			< 250
			> RCPT TO:<alice@pharmacy.test>
			< 503`,
	"syntax": `
			< 220
			> EHLO
			< 501
			> EHLO two words
			< 501
			> EHLO client.test
			< 250
			> FROB
			< 500 5.5.1
			>
			< 500
			> MAIL
			< 501
			> MAIL FROM:bob@surgery.test
			< 501 5.5.4
			> MAIL FROM:<bob@surgery.test
			< 501
			> MAIL FROM:<bob@@surgery.test>
			< 501 5.1.7
			> MAIL FROM:<bob>
			< 501 5.1.7
			> MAIL FROM:<bob@surgery.test>SIZE=1
			< 501
			> MAIL FROM:<bob@surgery.test> FUTURE=1
			< 555 5.5.4
			> MAIL FROM:<bob@surgery.test> SIZE=x
			< 501 5.5.4
			> MAIL FROM:<bob@surgery.test> SIZE=1 SIZE=2
			< 501 5.5.4
			> MAIL FROM:<bob@surgery.test> BODY=BINARYMIME
			< 555
			> DATA now
			< 501
			> RSET now
			< 501
			> EXPN staff
			< 502
			> VRFY alice
			< 252
			> NOOP whatever
			< 250
			> HELP
			< 214`,
	"recipients": `
			< 220
			> EHLO client.test
			< 250
			> MAIL FROM:<@relay.test,@other.test:bob@surgery.test>
			< 250
			> RCPT TO:<nobody@pharmacy.test>
			< 550 5.1.1
			> RCPT TO:<full@pharmacy.test>
			< 452 4.2.2
			> RCPT TO:<busy@pharmacy.test>
			< 451 4.3.0
			> RCPT TO:<>
			< 501 5.1.3
			> RCPT TO:<"al ice>"@pharmacy.test>
			< 250
			> RCPT TO:<PostMaster@pharmacy.test>
			< 250
			> RCPT TO:<alice@[IPv6:2001:db8::1]>
			< 250
			> RCPT TO:<alice@pharmacy.test> NOTIFY=NEVER
			< 555`,
	"SMTPUTF8": `
			< 220
			> EHLO client.test
			< 250
			> MAIL FROM:<žofie@surgery.test>
			< 553 5.6.7
			> MAIL FROM:<bob@surgery.test>
			< 250
			> RCPT TO:<žofie@pharmacy.test>
			< 553 5.6.7
			> RSET
			< 250
			> MAIL FROM:<žofie@köln.test> SMTPUTF8
			< 250
			> RCPT TO:<žofie@pharmacy.test>
			< 250
			>> RSET\r\nMAIL FROM:<\d@surgery.test> SMTPUTF8\r\n
			< 250
			< 501`,
	"pipelined": `
			< 220
			>> EHLO client.test\r\nMAIL FROM:<bob@surgery.test>\r\nRCPT TO:<alice@pharmacy.test>\r\nRCPT TO:<nobody@pharmacy.test>\r\nDATA\r\n
			< 250
			< 250
			< 250
			< 550
			< 354
			>> Subject: one\r\n\r\n.\r\nMAIL FROM:<>\r\nRCPT TO:<alice@pharmacy.test>\r\nDATA\r\n
			< 250
			< 250
			< 250
			< 354
			>> .\r\nQUIT\r\n
			< 250
			< 221`,
	"a refused letter never runs as commands": `
			< 220
			> EHLO client.test
			< 250
			>> MAIL FROM:<bob@surgery.test>\r\nRCPT TO:<nobody@pharmacy.test>\r\nDATA\r\nMAIL FROM:<eve@evil.test>\r\n
			< 250
			< 550
			< 554
			< 421
			< closed`,
	"the session refuses DATA": `
			< 220
			> EHLO client.test
			< 250
			> MAIL FROM:<bob@surgery.test>
			< 250
			> RCPT TO:<nodata@pharmacy.test>
			< 250
			> DATA
			< 550 5.7.1
			> DATA
			< 503`,
	"the letter is refused at its end": `
			< 220
			>> EHLO client.test\r\nMAIL FROM:<bob@surgery.test>\r\nRCPT TO:<alice@pharmacy.test>\r\nDATA\r\n
			< 250
			< 250
			< 250
			< 354
			>> virus\r\n.\r\n
			< 550 5.7.1
			>> MAIL FROM:<bob@surgery.test>\r\nRCPT TO:<alice@pharmacy.test>\r\nDATA\r\n
			< 250
			< 250
			< 354
			>> disk full\r\n.\r\n
			< 451
			> NOOP
			< 250`,
	"no smuggling by line ends": `
			< 220
			> EHLO client.test
			< 250
			>> MAIL FROM:<bob@surgery.test>\r\nRCPT TO:<alice@pharmacy.test>\r\nDATA\r\n
			< 250
			< 250
			< 354
			>> hello\r\n\n.\nMAIL FROM:<eve@evil.test>\r\n.\r\n
			< 550 5.6.11
			>> MAIL FROM:<bob@surgery.test>\r\nRCPT TO:<alice@pharmacy.test>\r\nDATA\r\n
			< 250
			< 250
			< 354
			>> hello\r.\rMAIL FROM:<eve@evil.test>\r\n.\r\n
			< 550 5.6.11
			>> MAIL FROM:<bob@surgery.test>\r\nRCPT TO:<alice@pharmacy.test>\r\nDATA\r\n
			< 250
			< 250
			< 354
			>> hello\r\n.\r\r\n.\n\r\n.\r\n
			< 550 5.6.11
			>> MAIL FROM:<bob@surgery.test>\r\nRCPT TO:<alice@pharmacy.test>\r\nDATA\r\n
			< 250
			< 250
			< 354
			>> a\0b\r\n.\r\n
			< 550 5.6.0
			> NOOP
			< 250`,
	"line ends in commands": `
			< 220
			> EHLO client.test
			< 250
			>> NOOP\nRSET\r\n
			< 500 5.5.2
			>> NOOP\rRSET\r\n
			< 500 5.5.2
			>> NOOP\r\r\n
			< 500 5.5.2
			>> NOOP a\0b\r\n
			< 500 5.5.2
			>> NOOP\n
			< 500 5.5.2
			>> swallowed\r\nNOOP\r\n
			< 250
			> NOOP
			< 250`,
	"BDAT": `
			< 220
			> EHLO client.test
			< 250
			>> BDAT 5\r\nhello
			< 503
			> MAIL FROM:<bob@surgery.test>
			< 250
			> RCPT TO:<alice@pharmacy.test>
			< 250
			>> BDAT 10\r\nSubject: x
			< 250
			> RCPT TO:<carol@pharmacy.test>
			< 503
			>> BDAT 4 LAST\r\n\r\n\r\n
			< 250 2.0.0
			>> MAIL FROM:<bob@surgery.test>\r\nRCPT TO:<alice@pharmacy.test>\r\nBDAT 4 LAST\r\na\nb\r
			< 250
			< 250
			< 550 5.6.11
			>> MAIL FROM:<bob@surgery.test>\r\nRCPT TO:<alice@pharmacy.test>\r\nBDAT 2\r\n\r\nRSET\r\n
			< 250
			< 250
			< 250
			< 250
			> BDAT x
			< 501
			< 421
			< closed`,
	"no STARTTLS, no AUTH": `
			< 220
			> EHLO client.test
			< 250
			> STARTTLS
			< 502
			> AUTH PLAIN AGEAYg==
			< 502`,
	"too many errors": `
			< 220
			> A
			< 500
			> B
			< 500
			>> C\r\nD\r\nE\r\nF\r\nG\r\nH\r\nI\r\nJ\r\nK\r\nL\r\nM\r\nN\r\nO\r\nP\r\nQ\r\nR\r\nS\r\nT\r\n
			< 500
			< 500
			< 500
			< 500
			< 500
			< 500
			< 500
			< 500
			< 500
			< 500
			< 500
			< 500
			< 500
			< 500
			< 500
			< 500
			< 500
			< 500
			< 421 4.7.0
			< closed`,
	"a panic is told as 421": `
			< 220
			> EHLO client.test
			< 250
			> MAIL FROM:<panic@surgery.test>
			< 421 4.3.0
			< closed`,
}

func TestScripts(t *testing.T) {
	t.Parallel()
	for name, script := range scripts {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			call(t, serve(t, &Server{}, &post{})).play(script)
		})
	}
}

func b64(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

var goodPlain = b64("\x00alice@pharmacy.test\x00correct horse")

// authScripts are conversations on port 587.
var authScripts = map[string]string{
	"input behind STARTTLS is thrown away": `
			< 220
			> EHLO client.test
			< 250
			>> STARTTLS\r\nMAIL FROM:<eve@evil.test>\r\n
			< 503 5.5.1
			> NOOP
			< 250
			> STARTTLS
			< 220
			tls
			> MAIL FROM:<bob@surgery.test>
			< 530
			> EHLO client.test
			< 250
			> STARTTLS
			< 503`,
	"nothing without signing in": `
			< 220
			> EHLO client.test
			< 250
			> MAIL FROM:<alice@pharmacy.test>
			< 530 5.7.0 Begin with STARTTLS
			> AUTH PLAIN ` + goodPlain + `
			< 538 5.7.11
			> STARTTLS
			< 220
			tls
			> AUTH PLAIN ` + goodPlain + `
			< 503
			> EHLO client.test
			< 250
			> MAIL FROM:<alice@pharmacy.test>
			< 530 5.7.0 Sign in
			> AUTH CRAM-MD5
			< 504
			> AUTH PLAIN ` + goodPlain + `
			< 235 2.7.0
			> AUTH PLAIN ` + goodPlain + `
			< 503
			> MAIL FROM:<alice@pharmacy.test> AUTH=<>
			< 250`,
	"forms of PLAIN": `
			< 220
			> EHLO client.test
			< 250
			> STARTTLS
			< 220
			tls
			> EHLO client.test
			< 250
			> AUTH PLAIN
			< 334
			> *
			< 501
			> AUTH PLAIN =
			< 501
			> AUTH PLAIN !!!
			< 501
			> AUTH PLAIN ` + b64("alice@pharmacy.test\x00correct horse") + `
			< 501
			> AUTH PLAIN ` + b64("\x00slow@pharmacy.test\x00x") + `
			< 454 4.7.0
			> AUTH PLAIN ` + b64("\x00late@pharmacy.test\x00x") + `
			< 535 5.7.8 Your password expired on 3 May
			> AUTH PLAIN
			< 334
			> ` + b64("shared@pharmacy.test\x00alice@pharmacy.test\x00correct horse") + `
			< 235`,
	"LOGIN": `
			< 220
			> EHLO client.test
			< 250
			> STARTTLS
			< 220
			tls
			> EHLO client.test
			< 250
			> AUTH LOGIN
			< 334 VXNlcm5hbWU6
			> ` + b64("alice@pharmacy.test") + `
			< 334 UGFzc3dvcmQ6
			> *
			< 501
			> AUTH LOGIN ` + b64("alice@pharmacy.test") + `
			< 334 UGFzc3dvcmQ6
			> ` + b64("correct horse") + `
			< 235`,
	"three failures": `
			< 220
			> EHLO client.test
			< 250
			> STARTTLS
			< 220
			tls
			> EHLO client.test
			< 250
			> AUTH PLAIN ` + b64("\x00alice@pharmacy.test\x00a") + `
			< 535 5.7.8
			> AUTH PLAIN ` + b64("\x00alice@pharmacy.test\x00b") + `
			< 535
			> AUTH PLAIN ` + b64("\x00alice@pharmacy.test\x00c") + `
			< 535
			< 421 4.7.0
			< closed`,
	"a response without end": `
			< 220
			> EHLO client.test
			< 250
			> STARTTLS
			< 220
			tls
			> EHLO client.test
			< 250
			> AUTH PLAIN ` + strings.Repeat("A", 13000) + `
			< 500
			> AUTH PLAIN
			< 334
			> ` + strings.Repeat("A", 20000) + `
			< 500
			> NOOP
			< 250`,
}

func TestTLSAndAuth(t *testing.T) {
	t.Parallel()
	for name, script := range authScripts {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := &post{}
			call(t, serve(t, &Server{TLS: testTLS(), AuthRequired: true, Backend: keyPost{p}}, p)).play(script)
		})
	}
}

func TestImplicitTLS(t *testing.T) {
	t.Parallel()
	p := &post{}
	c := call(t, serve(t, &Server{TLS: testTLS(), ImplicitTLS: true, Backend: keyPost{p}}, p))
	c.startTLS()
	c.want("220")
	c.send("EHLO client.test\r\n")
	if got := c.want("250"); !strings.Contains(got, "AUTH PLAIN LOGIN") || strings.Contains(got, "STARTTLS") {
		t.Errorf("EHLO under TLS said %q", got)
	}
}

func TestDSNParameters(t *testing.T) {
	t.Parallel()
	p := &post{}
	c := call(t, serve(t, &Server{DSN: true}, p))
	c.play(`
		< 220
		> EHLO client.test
		< 250
		> MAIL FROM:<bob@surgery.test> RET=SOME
		< 501
		> MAIL FROM:<bob@surgery.test> ENVID=a+3
		< 501
		> MAIL FROM:<bob@surgery.test> RET=HDRS ENVID=QQ+2B1
		< 250
		> RCPT TO:<alice@pharmacy.test> NOTIFY=NEVER,DELAY
		< 501
		> RCPT TO:<alice@pharmacy.test> ORCPT=alice@pharmacy.test
		< 501
		> RCPT TO:<alice@pharmacy.test> NOTIFY=SUCCESS,delay ORCPT=rfc822;Alice+2B1@pharmacy.test
		< 250
		> DATA
		< 354
		> .
		< 250`)
	k := p.last(t)
	if k.mail.Ret != RetHeaders || k.mail.EnvID != "QQ+2B1" {
		t.Errorf("MAIL parameters are %+v", k.mail)
	}
	if r := k.rcpt[0]; r.Notify != NotifySuccess|NotifyDelay || r.ORcpt != "rfc822;Alice+2B1@pharmacy.test" {
		t.Errorf("RCPT parameters are %+v", r)
	}
}

// TestTextArrivesAsItIs sends letters in awkward portions and looks at what the backend was given.
func TestTextArrivesAsItIs(t *testing.T) {
	t.Parallel()
	p := &post{}
	c := call(t, serve(t, &Server{}, p))
	c.play("< 220\n> EHLO client.test\n< 250")
	text := "Subject: dots\r\n\r\n.\r\n..\r\n.x\r\n\r\n" + strings.Repeat("x", 5000) + "\r\nend"
	stuffed := strings.ReplaceAll("\r\n"+text, "\r\n.", "\r\n..")[2:]
	c.play("> MAIL FROM:<bob@surgery.test>\n< 250\n> RCPT TO:<alice@pharmacy.test>\n< 250\n> DATA\n< 354")
	for _, b := range []byte(stuffed) {
		c.send(string(b))
	}
	c.send("\r\n.\r\n")
	c.want("250")
	k := p.last(t)
	if k.text != text+"\r\n" {
		t.Errorf("the letter came as %q", k.text)
	}
	if k.with != "ESMTP" || k.from != haven.MustAddress("bob@surgery.test") || len(k.to) != 1 {
		t.Errorf("the envelope came as %+v", k)
	}
}

func TestTooLarge(t *testing.T) {
	t.Parallel()
	p := &post{}
	c := call(t, serve(t, &Server{Limits: Limits{MessageSize: 20000, Recipients: 2}}, p))
	c.play(`
		< 220
		> EHLO client.test
		< 250
		> MAIL FROM:<bob@surgery.test> SIZE=20001
		< 552 5.3.4
		> MAIL FROM:<bob@surgery.test> SIZE=20000
		< 250
		> RCPT TO:<a@pharmacy.test>
		< 250
		> RCPT TO:<b@pharmacy.test>
		< 250
		> RCPT TO:<c@pharmacy.test>
		< 452 4.5.3
		> DATA
		< 354`)
	c.send(strings.Repeat("012345678901234567890123456789\r\n", 2000) + ".\r\n")
	c.want("552 5.3.4")
	c.play("> NOOP\n< 250\n> MAIL FROM:<bob@surgery.test>\n< 250\n> RCPT TO:<a@pharmacy.test>\n< 250\n> BDAT 30000 LAST")
	c.send(strings.Repeat("x", 30000))
	c.want("552 5.3.4")
	c.play("> NOOP\n< 250")
	if p.aborted != 2 || len(p.letters) != 0 {
		t.Errorf("%d letters dropped and %d kept; wanted 2 and 0", p.aborted, len(p.letters))
	}
}

// TestOnlyRefusedForGoodCounts: who names addresses that there are not is hung up on; who meets a database that restarts is
// not.
func TestOnlyRefusedForGoodCounts(t *testing.T) {
	t.Parallel()
	c := call(t, serve(t, &Server{Limits: Limits{UnknownAddresses: 3}}, &post{}))
	c.play("< 220\n> EHLO client.test\n< 250\n> MAIL FROM:<bob@surgery.test>\n< 250")
	c.play(strings.Repeat("> RCPT TO:<busy@pharmacy.test>\n< 451\n", 10))
	c.play(strings.Repeat("> RCPT TO:<nobody@pharmacy.test>\n< 550\n", 3))
	c.want("421 4.7.0")
}

func TestLongLines(t *testing.T) {
	t.Parallel()
	p := &post{}
	c := call(t, serve(t, &Server{}, p))
	c.play("< 220\n> EHLO client.test\n< 250")
	c.play("> NOOP " + strings.Repeat("x", 505) + "\n< 250\n> NOOP " + strings.Repeat("x", 506) + "\n< 500")
	c.play("> NOOP " + strings.Repeat("x", 100_000) + "\n< 500\n> NOOP\n< 250")
	c.play("> MAIL FROM:<bob@surgery.test>\n< 250\n> RCPT TO:<a@pharmacy.test>\n< 250\n> DATA\n< 354")
	c.play("> " + strings.Repeat("x", 60_000) + "\n> .\n< 250")
	c.play("> MAIL FROM:<bob@surgery.test>\n< 250\n> RCPT TO:<a@pharmacy.test>\n< 250\n> DATA\n< 354")
	c.play("> " + strings.Repeat("x", 70_000) + "\n> .\n< 550 5.6.0\n> NOOP\n< 250")
}

func TestConnectionLimits(t *testing.T) {
	t.Parallel()
	s := &Server{Limits: Limits{PerPlace: 2}}
	addr := serve(t, s, &post{})
	first, second := call(t, addr), call(t, addr)
	first.want("220")
	second.want("220")
	third := call(t, addr)
	third.want("421 4.7.0")
	third.want("closed")
	first.play("> QUIT\n< 221\n< closed")
	// The place is free once the server has let go of the first.
	for deadline := time.Now().Add(5 * time.Second); ; {
		if got := call(t, addr).hear(); strings.HasPrefix(got, "220") {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the place of the connection that ended was not given back")
		}
	}
}

func TestEarlyTalk(t *testing.T) {
	t.Parallel()
	// A server that is slow to look finds the input waiting: the listener accepts only after it was sent.
	p := &post{}
	s := &Server{}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := call(t, l.Addr().String())
	c.send("EHLO client.test\r\n")
	s.Name, s.Backend = "mx.pharmacy.test", p
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(l) }()
	c.want("554 5.5.1")
	c.want("closed")
	if err := s.Shutdown(context.Background()); err != nil {
		t.Error(err)
	}
	<-ended
}

func TestTimeouts(t *testing.T) {
	t.Parallel()
	p := &post{}
	addr := serve(t, &Server{Timeouts: Timeouts{Command: 200 * time.Millisecond, Text: 200 * time.Millisecond}}, p)
	c := call(t, addr)
	c.play("< 220\n< 421 4.4.2\n< closed")
	c = call(t, addr)
	c.play("< 220\n> EHLO client.test\n< 250\n> MAIL FROM:<>\n< 250\n> RCPT TO:<a@pharmacy.test>\n< 250\n> DATA\n< 354\n> half a\n< 421 4.4.2\n< closed")
	if p.aborted != 1 {
		t.Errorf("%d letters dropped, wanted 1", p.aborted)
	}
}

// TestParked holds a connection idle for longer than buffers are kept, and goes on.
func TestParked(t *testing.T) {
	t.Parallel()
	p := &post{}
	s := &Server{TLS: testTLS()}
	c := call(t, serve(t, s, p))
	c.play("< 220\n> EHLO client.test\n< 250\n> STARTTLS\n< 220\ntls")
	timer := time.NewTimer(parkAfter + 200*time.Millisecond) // the time itself is what is tested
	<-timer.C
	c.play(">> EHLO client.test\\r\\nNOOP\\r\\n\n< 250\n< 250\n> QUIT\n< 221")
}

func TestShutdown(t *testing.T) {
	t.Parallel()
	p := &post{}
	s := &Server{Name: "mx.pharmacy.test", Backend: p}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(l) }()
	idle, busy := call(t, l.Addr().String()), call(t, l.Addr().String())
	idle.play("< 220")
	busy.play("< 220\n> EHLO client.test\n< 250\n> MAIL FROM:<>\n< 250\n> RCPT TO:<a@pharmacy.test>\n< 250\n> DATA\n< 354\n> half a")
	down := make(chan error, 1)
	go func() { down <- s.Shutdown(context.Background()) }()
	idle.play("< 421 4.3.2\n< closed")
	busy.play("> letter\n> .\n< 250\n< 421 4.3.2\n< closed")
	if err := <-down; err != nil {
		t.Error(err)
	}
	if err := <-ended; err != ErrClosed {
		t.Error(err)
	}
	if got := p.last(t).text; got != "half a\r\nletter\r\n" {
		t.Errorf("the letter under way came as %q", got)
	}
}

func TestShutdownCutsOff(t *testing.T) {
	t.Parallel()
	p := &post{}
	s := &Server{Name: "mx.pharmacy.test", Backend: p}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go s.Serve(l)
	c := call(t, l.Addr().String())
	c.play("< 220\n> EHLO client.test\n< 250\n> MAIL FROM:<>\n< 250\n> RCPT TO:<a@pharmacy.test>\n< 250\n> DATA\n< 354\n> half a")
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	if err := s.Shutdown(ctx); err != context.DeadlineExceeded {
		t.Errorf("Shutdown said %v", err)
	}
	if p.aborted != 1 || p.open != 0 {
		t.Errorf("%d letters dropped and %d sessions open; wanted 1 and 0", p.aborted, p.open)
	}
}

func TestRepliesOfABatchGoOutTogether(t *testing.T) {
	t.Parallel()
	c := call(t, serve(t, &Server{}, &post{}))
	c.play("< 220\n> EHLO client.test\n< 250")
	var b strings.Builder
	b.WriteString("MAIL FROM:<>\r\n")
	for i := range 20 {
		fmt.Fprintf(&b, "RCPT TO:<p%d@pharmacy.test>\r\n", i)
	}
	c.send(b.String())
	buf := make([]byte, 64<<10)
	n, err := c.conn.Read(buf)
	if err != nil {
		t.Fatal(err)
	}
	if lines := strings.Count(string(buf[:n]), "\r\n"); lines != 21 {
		t.Errorf("the first packet holds %d replies of 21", lines)
	}
}
