package main

import (
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"haven/platform/notify/notifytest"
)

// invited makes an account that is not active yet, and has its owner told.
func (i *installation) invited(first, last, email string) (address string) {
	i.t.Helper()
	address = strings.Fields(i.admin("account", "add", first, last, "--state", "invited"))[0]
	i.admin("account", "contact", address, "--email", email, "--mobile", "07700 900123")
	i.admin("account", "invite", address)
	return address
}

// TestKeyIsMended: a key that Notify refuses is an alarm with a figure, nothing is lost, and a mended file serves without a restart.
func TestKeyIsMended(t *testing.T) {
	t.Parallel()
	n := notifytest.New(t, time.Now)
	key := filepath.Join(t.TempDir(), "notify.key")
	write := func(text string) {
		if err := os.WriteFile(key, []byte(text+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(strings.Replace(notifytest.Key, "3d844edf", "3d844ede", 1))
	i := install(t, "notify: key_file = "+strconv.Quote(key), "notify: url = "+strconv.Quote(n.URL), "notify: text_template = "+strconv.Quote(notifytest.TextTemplate),
		"notify: email_template = "+strconv.Quote(notifytest.EmailTemplate), "policy.notify: key_pause = \"1s\"").serve()
	address := i.invited("Carys", "Morgan", "carys@elm.example")
	i.log.await(t, `"alarm":"notify.key","channel":"text"`, i.ended)
	i.log.await(t, `"alarm":"notify.key","channel":"e-mail"`, i.ended) // each kind has tried the wrong one
	if out := i.metrics(); !strings.Contains(out, "\nhaven_notices_key_refused{kind=\"text\"} 1\n") || !strings.Contains(out, "\nhaven_notices_waiting{kind=\"text\"} 1\n") {
		t.Errorf("figures:\n%s", out)
	}
	write(notifytest.Key)
	i.log.await(t, `"the gateway takes our key again","alarm":"notify.key","channel":"text"`, i.ended)
	i.log.await(t, `"the gateway takes our key again","alarm":"notify.key","channel":"e-mail"`, i.ended)
	sent := n.Sent()
	if len(sent) != 2 || strings.Contains(sent[0].Body, "Your temporary password") == strings.Contains(sent[1].Body, "Your temporary password") {
		t.Errorf("sent %+v", sent)
	}
	for _, one := range sent { // never both by one channel
		if strings.Contains(one.Body, address) == (one.To == "+447700900123") {
			t.Errorf("to %s goes %q", one.To, one.Body)
		}
		if log := i.log.String(); strings.Contains(log, one.Body) || strings.Contains(log, one.To) {
			t.Errorf("the log holds what goes to %s", one.To)
		}
	}
	if out := i.metrics(); !strings.Contains(out, "\nhaven_notices_key_refused{kind=\"text\"} 0\n") {
		t.Errorf("figures:\n%s", out)
	}
}

// elsewhere is the mail server of another domain, where anybody has a mailbox but nobody@.
type elsewhere struct{ took chan string }

func (e elsewhere) NewSession(*smtp.Conn) (smtp.Session, error) { return &elsewhereSession{e: e}, nil }

type elsewhereSession struct {
	e    elsewhere
	from string
}

func (s *elsewhereSession) Reset()        {}
func (s *elsewhereSession) Logout() error { return nil }

func (s *elsewhereSession) Mail(from string, _ *smtp.MailOptions) error {
	s.from = from
	return nil
}

func (s *elsewhereSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	if strings.HasPrefix(to, "nobody@") {
		return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "There is no " + to}
	}
	return nil
}

func (s *elsewhereSession) Data(r io.Reader) error {
	text, err := io.ReadAll(r)
	s.e.took <- "Return-Path: <" + s.from + ">\r\n" + string(text)
	return err
}

// TestEmailsByOutbox: e-mails go as signed letters of the service's own; one that comes back, at once or later, is lost, and a letter to one of us stays here.
func TestEmailsByOutbox(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	e := elsewhere{make(chan string, 10)}
	srv := smtp.NewServer(e)
	go func() { _ = srv.Serve(l) }() // until it is closed
	t.Cleanup(func() { _ = srv.Close() })
	i := install(t, "notify: email = \"outbox\"", "notify: email_from = \"do-not-reply@"+testDomain+"\"", "outbox: routes = [\"elm.example="+l.Addr().String()+"\"]").serve()
	address := i.invited("Carys", "Morgan", "carys@elm.example")
	var text string
	select {
	case text = <-e.took:
	case <-time.After(patience):
		t.Fatalf("nothing came\n%s", i.log)
	}
	for _, want := range []string{"Return-Path: <haven-", "From: Haven <do-not-reply@" + testDomain + ">\r\n", "To: carys@elm.example\r\n", "Auto-Submitted: auto-generated\r\n", "Message-ID: <haven-",
		"\r\nDate: ", "DKIM-Signature: ", "d=" + testDomain, address} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in\n%s", want, text)
		}
	}
	back, _, _ := strings.Cut(strings.TrimPrefix(text, "Return-Path: <"), ">")
	comesBack(t, i, back)
	i.invited("Dai", "Evans", "nobody@elm.example")
	i.log.await(t, `"a notice will not arrive","channel":"e-mail","reason":"there is no such address (5.1.1)"`, i.ended)
	if log := i.log.String(); strings.Contains(log, "nobody@elm") {
		t.Errorf("the log holds an address:\n%s", log)
	}
}

// comesBack has the other server return a letter that it took before, and shows who may do that.
func comesBack(t *testing.T, i *installation, back string) {
	t.Helper()
	c, err := smtp.Dial(i.at("smtp"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	notice := "From: mailer-daemon@elm.example\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\n\r\nSorry.\r\n--b\r\n" +
		"Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.elm.example\r\n\r\nAction: failed\r\nStatus: 5.2.2\r\n--b--\r\n"
	if err := c.SendMail("ward@hospital.test", []string{back}, strings.NewReader(notice)); err == nil {
		t.Error("a letter of somebody is taken")
	}
	if err := c.Reset(); err != nil {
		t.Fatal(err)
	}
	if err := c.SendMail("", []string{back}, strings.NewReader(notice)); err != nil {
		t.Fatal(err)
	}
	i.log.await(t, `"a notice will not arrive","channel":"e-mail","reason":"the mailbox is full (5.2.2)"`, i.ended)
}

// TestNoticeIsDropped: an e-mail that an operator takes out of the queue is known to be lost, and why; what another is told by text goes on.
func TestNoticeIsDropped(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	at := l.Addr().String()
	if err := l.Close(); err != nil { // nobody answers there: the letter waits
		t.Fatal(err)
	}
	i := install(t, "notify: email = \"outbox\"", "outbox: routes = [\"elm.example="+at+"\"]").serve()
	i.invited("Carys", "Morgan", "carys@elm.example")
	i.log.await(t, `"domain":"elm.example","delivered":0,"deferred":1`, i.ended)
	if out := i.admin("queue", "list"); !strings.Contains(out, "carys@elm.example") {
		t.Fatalf("the queue holds\n%s", out)
	}
	if out := i.admin("queue", "drop", "--domain", "elm.example"); !strings.Contains(out, "1 recipients dropped") {
		t.Fatal(out)
	}
	i.log.await(t, `"a notice will not arrive","channel":"e-mail","reason":"it was taken out of the queue by hand and never went`, i.ended)
	if out := i.admin("queue", "list"); !strings.Contains(out, "0 in the queue") {
		t.Errorf("the queue holds\n%s", out)
	}
}
