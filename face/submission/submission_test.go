package submission_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	client "github.com/emersion/go-smtp"

	"haven/face/smtp"
	"haven/face/submission"
	"haven/mail/delivery"
	"haven/mail/delivery/deliverytest"
	"haven/mail/mailbox"
	"haven/mail/outbox"
	"haven/platform/errs"
)

// accounts lets alice and ben in; the account itself is another concept's.
type accounts struct{ p *deliverytest.Place }

func (a accounts) Authenticate(_ context.Context, l submission.Login) (delivery.Submitter, error) {
	if l.Password != "correct horse" {
		return delivery.Submitter{}, errs.E(errs.Private, "User name or password is wrong.")
	}
	switch l.User {
	case "alice@pharmacy.test", "alice@pharmacy.test/shop@pharmacy.test":
		return a.p.Submitter(a.p.Alice), nil
	case "ben@pharmacy.test":
		return a.p.Submitter(a.p.Ben), nil
	}
	return delivery.Submitter{}, errs.E(errs.Private, "User name or password is wrong.")
}

func testTLS(t *testing.T) *tls.Config {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "smtp.pharmacy.test"}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
}

func serve(t *testing.T, p *deliverytest.Place, implicit bool) string {
	t.Helper()
	s := &smtp.Server{Name: "smtp.pharmacy.test", TLS: testTLS(t), ImplicitTLS: implicit, AuthRequired: true, DSN: true,
		Backend: submission.Backend{Accounts: accounts{p}, Delivery: p.Service}}
	return listen(t, s)
}

func dial(t *testing.T, addr string) *client.Client {
	t.Helper()
	c, err := client.DialTLS(addr, &tls.Config{InsecureSkipVerify: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

const text = "From: alice@pharmacy.test\r\nTo: ben@pharmacy.test\r\nBcc: bob@surgery.test\r\nSubject: x\r\n\r\nHello\r\n"

func TestSubmission(t *testing.T) {
	t.Parallel()
	deliverytest.Each(t, func(t *testing.T, p *deliverytest.Place) {
		c := dial(t, serve(t, p, true))
		if err := c.Mail("alice@pharmacy.test", nil); err == nil || !strings.Contains(err.Error(), "530") {
			t.Errorf("without signing in: %v", err)
		}
		if err := c.Auth(sasl.NewPlainClient("", "alice@pharmacy.test", "wrong")); err == nil || !strings.Contains(err.Error(), "535") {
			t.Errorf("a wrong password: %v", err)
		}
		if err := c.Auth(sasl.NewPlainClient("shop@pharmacy.test", "alice@pharmacy.test", "correct horse")); err != nil {
			t.Fatal(err)
		}
		if err := c.Mail("ben@pharmacy.test", nil); err == nil || !strings.Contains(err.Error(), "ben@pharmacy.test") {
			t.Errorf("somebody else's address: %v", err)
		}
		if err := c.Mail("alice@pharmacy.test", &client.MailOptions{Return: client.DSNReturnHeaders, EnvelopeID: "a+b"}); err != nil {
			t.Fatal(err)
		}
		opts := &client.RcptOptions{Notify: []client.DSNNotify{client.DSNNotifySuccess, client.DSNNotifyDelayed}, OriginalRecipientType: client.DSNAddressTypeRFC822, OriginalRecipient: "bob@surgery.test"}
		for _, to := range []string{"ben@pharmacy.test", "bob@surgery.test"} {
			if err := c.Rcpt(to, opts); err != nil {
				t.Fatal(err)
			}
		}
		w, err := c.Data()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		got := p.Only(p.Ben, mailbox.Inbox)
		if !strings.Contains(got, "with ESMTPSA id") || strings.Contains(got, "127.0.0.1") || strings.Contains(got, "Bcc") {
			t.Errorf("ben got %q", got)
		}
		if kept := p.Only(p.Alice, mailbox.Sent); !strings.Contains(kept, "Bcc: bob@surgery.test\r\n") {
			t.Errorf("Sent holds %q", kept)
		}
		q := p.Queue()
		if len(q) != 1 || q[0].Return != outbox.ReturnHeaders || q[0].EnvID != "a+2Bb" || q[0].To[0].Notify != outbox.NotifySuccess|outbox.NotifyDelay || q[0].To[0].ORcpt != "RFC822;bob@surgery.test" {
			t.Errorf("queued %+v", q)
		}
	})
}

func TestRefusalNamesTheAddress(t *testing.T) {
	t.Parallel()
	p := deliverytest.New(t, "sqlite", nil)
	c := dial(t, serve(t, p, true))
	if err := c.Auth(sasl.NewPlainClient("", "ben@pharmacy.test", "correct horse")); err != nil {
		t.Fatal(err)
	}
	err := c.SendMail("ben@pharmacy.test", []string{"shop@pharmacy.test"}, strings.NewReader(text))
	if err == nil || !strings.Contains(err.Error(), "550") || !strings.Contains(err.Error(), "alice@pharmacy.test") || !strings.Contains(err.Error(), "ask an owner") {
		t.Errorf("From of a colleague: %v", err)
	}
}

func TestSwaks(t *testing.T) {
	t.Parallel()
	path, err := exec.LookPath("swaks")
	if err != nil {
		t.Skip("swaks is not installed; `make test` installs it")
	}
	p := deliverytest.New(t, "sqlite", nil)
	clear, implicit := serve(t, p, false), serve(t, p, true)
	for i, args := range [][]string{
		{"--server", clear, "--tls", "--auth", "PLAIN"},
		{"--server", clear, "--tls", "--auth", "LOGIN"},
		{"--server", implicit, "--tls-on-connect", "--auth", "PLAIN"},
	} {
		args = append(args, "--auth-user", "alice@pharmacy.test", "--auth-password", "correct horse",
			"--from", "alice@pharmacy.test", "--to", "ben@pharmacy.test,bob@surgery.test", "--helo", "laptop")
		if out, err := exec.CommandContext(t.Context(), path, args...).CombinedOutput(); err != nil {
			t.Errorf("swaks %v: %v\n%s", args, err, out)
		}
		if got := len(p.Letters(p.Ben, mailbox.Inbox)); got != i+1 {
			t.Errorf("%d letters came, wanted %d", got, i+1)
		}
	}
	out, err := exec.CommandContext(t.Context(), path, "--server", clear, "--from", "alice@pharmacy.test", "--to", "ben@pharmacy.test").CombinedOutput()
	if err == nil || !strings.Contains(string(out), "530") {
		t.Errorf("without TLS and signing in: %v\n%s", err, out)
	}
}

func TestMSMTP(t *testing.T) {
	t.Parallel()
	path, err := exec.LookPath("msmtp")
	if err != nil {
		t.Skip("msmtp is not installed; `make test` installs it")
	}
	p := deliverytest.New(t, "sqlite", nil)
	host, port, err := net.SplitHostPort(serve(t, p, false))
	if err != nil {
		t.Fatal(err)
	}
	conf := filepath.Join(t.TempDir(), "msmtprc")
	settings := "account default\nhost " + host + "\nport " + port + "\ntls on\ntls_starttls on\ntls_certcheck off\nauth plain\nuser alice@pharmacy.test\npassword correct horse\nfrom alice@pharmacy.test\n"
	if err := os.WriteFile(conf, []byte(settings), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), path, "-C", conf, "-t")
	cmd.Stdin = strings.NewReader(strings.ReplaceAll(text, "\r\n", "\n"))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("msmtp: %v\n%s", err, out)
	}
	p.Only(p.Ben, mailbox.Inbox)
	if len(p.Queue()) != 1 {
		t.Error("the letter for the other server was not queued")
	}
}
