package smtp_test

import (
	"context"
	"crypto/tls"
	"net"
	"os/exec"
	"strings"
	"testing"
	"time"

	client "github.com/emersion/go-smtp"

	"haven/face/smtp"
	"haven/mail/delivery/deliverytest"
	"haven/mail/mailbox"
)

// serveInbound opens port 25 of a place on a free port.
func serveInbound(t testing.TB, p *deliverytest.Place, s *smtp.Server) string {
	t.Helper()
	s.Name, s.Backend = "mx.pharmacy.test", smtp.Inbound{Delivery: p.Service}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(l) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := s.Shutdown(ctx); err != nil {
			t.Error(err)
		}
		<-ended
	})
	return l.Addr().String()
}

const text = "From: Bob <bob@surgery.test>\r\nTo: alice@pharmacy.test\r\nSubject: Repeat\r\n\r\n.Hello.\r\n"

func TestInboundByGoSMTP(t *testing.T) {
	t.Parallel()
	p := deliverytest.New(t, "sqlite", nil)
	addr := serveInbound(t, p, &smtp.Server{TLS: smtp.ServerTLS()})
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	c, err := client.NewClientStartTLS(conn, &tls.Config{InsecureSkipVerify: true})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Hello("mx.surgery.test"); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := c.SendMail("bob@surgery.test", []string{"alice@pharmacy.test", "postmaster@pharmacy.test"}, strings.NewReader(text)); err != nil {
			t.Fatal(err)
		}
	}
	for what, want := range map[string]string{"nobody@pharmacy.test": "550", "bob@surgery.test": "550"} {
		err := c.SendMail("bob@surgery.test", []string{what}, strings.NewReader(text))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, wanted %s", what, err, want)
		}
		if err := c.Reset(); err != nil {
			t.Error(err)
		}
	}
	got := p.Letters(p.Alice, mailbox.Inbox)
	if len(got) != 2 || !strings.HasSuffix(got[0], text) || !strings.Contains(got[0], "with ESMTPS id") {
		t.Errorf("the Inbox holds %q", got)
	}
}

func TestInboundBySwaks(t *testing.T) {
	t.Parallel()
	path, err := exec.LookPath("swaks")
	if err != nil {
		t.Skip("swaks is not installed; `make test` installs it")
	}
	p := deliverytest.New(t, "sqlite", nil)
	addr := serveInbound(t, p, &smtp.Server{TLS: smtp.ServerTLS()})
	for _, args := range [][]string{{}, {"--tls"}, {"--pipeline"}} {
		args = append([]string{"--server", addr, "--from", "bob@surgery.test", "--to", "alice@pharmacy.test", "--helo", "mx.surgery.test"}, args...)
		if out, err := exec.CommandContext(t.Context(), path, args...).CombinedOutput(); err != nil {
			t.Errorf("swaks %v: %v\n%s", args, err, out)
		}
	}
	if got := p.Letters(p.Alice, mailbox.Inbox); len(got) != 3 {
		t.Errorf("%d letters came", len(got))
	}
}
