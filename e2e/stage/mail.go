package stage

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/textproto"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// Letter is a plain letter; ID goes into Message-ID.
func Letter(from, to, subject, id, text string) string {
	return fmt.Sprintf("From: <%s>\r\nTo: <%s>\r\nSubject: %s\r\nMessage-ID: <%s>\r\nDate: %s\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n%s\r\n",
		from, to, subject, id, time.Now().Format(time.RFC1123Z), text)
}

// SMTP is a connection to the port for other servers.
func (h *House) SMTP() (*smtp.Client, error) { return h.client("smtp") }

// Submission is a connection to the port for mail programs, signed in.
func (h *House) Submission(p Person) (*smtp.Client, error) {
	c, err := h.client("submission")
	if err != nil {
		return nil, err
	}
	if err := c.Auth(sasl.NewPlainClient("", p.Address, p.Password)); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

func (h *House) client(port string) (*smtp.Client, error) {
	conn, err := net.DialTimeout("tcp", h.Addr(port), Patience)
	if err != nil {
		return nil, err
	}
	c, err := smtp.NewClientStartTLS(conn, h.TLS())
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	c.CommandTimeout, c.SubmissionTimeout = Patience, Patience
	return c, nil
}

// Receive brings a letter from outside, which has to be taken.
func (h *House) Receive(from, letter string, to ...string) {
	h.t.Helper()
	c, err := h.SMTP()
	if err == nil {
		err = errors.Join(c.SendMail(from, to, strings.NewReader(letter)), c.Quit())
	}
	if err != nil {
		h.t.Fatalf("letter from %s to %s: %v", from, to, err)
	}
}

// Submit sends a letter as a mail program does, which has to be taken.
func (h *House) Submit(p Person, from, letter string, to ...string) {
	h.t.Helper()
	c, err := h.Submission(p)
	if err == nil {
		err = errors.Join(c.SendMail(from, to, strings.NewReader(letter)), c.Quit())
	}
	if err != nil {
		h.t.Fatalf("letter of %s as %s to %s: %v", p.Name, from, to, err)
	}
}

// IMAP is a session of a person, or of a person in a shared mailbox where user names one, closed when the test ends.
func (h *House) IMAP(p Person, options *imapclient.Options) *imapclient.Client {
	h.t.Helper()
	c, err := h.TryIMAP(p.Address, p.Password, options)
	if err != nil {
		h.t.Fatalf("%s can't sign in: %v", p.Name, err)
	}
	limit := time.AfterFunc(4*Patience, func() { _ = c.Close() }) // whoever waits on it is told
	h.t.Cleanup(func() {
		limit.Stop()
		_ = c.Close() // it may be closed already
	})
	return c
}

// TryIMAP is a session under a user name, where the server has it.
func (h *House) TryIMAP(user, password string, options *imapclient.Options) (*imapclient.Client, error) {
	if options == nil {
		options = &imapclient.Options{}
	}
	options.TLSConfig = h.TLS()
	options.Dialer = &net.Dialer{Timeout: Patience}
	c, err := imapclient.DialTLS(h.Addr("imaps"), options)
	if err != nil {
		return nil, err
	}
	if err := c.Login(user, password).Wait(); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

// Subjects are those of a folder's letters, in their order.
func Subjects(t testing.TB, c *imapclient.Client, folder string) []string {
	t.Helper()
	var out []string
	for _, m := range Envelopes(t, c, folder) {
		out = append(out, m.Envelope.Subject)
	}
	return out
}

// Envelopes are all letters of a folder, which is open read-only afterwards.
func Envelopes(t testing.TB, c *imapclient.Client, folder string) []*imapclient.FetchMessageBuffer {
	t.Helper()
	sel, err := c.Select(folder, &imap.SelectOptions{ReadOnly: true}).Wait()
	if err != nil {
		t.Fatalf("open %s: %v", folder, err)
	}
	if sel.NumMessages == 0 {
		return nil
	}
	msgs, err := c.Fetch(imap.SeqSet{{Start: 1}}, &imap.FetchOptions{UID: true, Flags: true, Envelope: true}).Collect()
	if err != nil {
		t.Fatalf("read %s: %v", folder, err)
	}
	return msgs
}

// Text is a letter whole, by its place in an open folder.
func Text(t testing.TB, c *imapclient.Client, place uint32) string {
	t.Helper()
	section := &imap.FetchItemBodySection{Peek: true}
	msgs, err := c.Fetch(imap.SeqSetNum(place), &imap.FetchOptions{BodySection: []*imap.FetchItemBodySection{section}}).Collect()
	if err != nil || len(msgs) != 1 {
		t.Fatalf("fetch %d: %d letters, %v", place, len(msgs), err)
	}
	return string(msgs[0].FindBodySection(section))
}

// Append puts a letter into a folder.
func Append(c *imapclient.Client, folder, letter string) error {
	cmd := c.Append(folder, int64(len(letter)), nil)
	_, err := cmd.Write([]byte(letter))
	err = errors.Join(err, cmd.Close())
	_, answer := cmd.Wait()
	return errors.Join(answer, err)
}

// Answers is the code of an SMTP error; 0 where it is none, as for a connection that ended.
func Answers(err error) int {
	var s *smtp.SMTPError
	var p *textproto.Error
	switch {
	case errors.As(err, &s):
		return s.Code
	case errors.As(err, &p):
		return p.Code
	}
	return 0
}

// Eventually waits until something is so that nothing announces.
func Eventually(t testing.TB, what string, so func() bool) {
	t.Helper()
	EventuallyWithin(t, Patience, what, so)
}

// EventuallyWithin is Eventually for what takes longer by design.
func EventuallyWithin(t testing.TB, limit time.Duration, what string, so func() bool) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(limit); !so(); <-tick.C {
		if time.Now().After(deadline) {
			t.Fatalf("after %s still not: %s", limit, what)
		}
	}
}

// Program is another's program, run in a home folder of its own.
type Program struct {
	Name  string
	Args  []string
	Input string
	Home  string   // "" is a new one
	Env   []string // further
}

// Need skips the test where a program is not installed.
func Need(t testing.TB, programs ...string) {
	t.Helper()
	for _, p := range programs {
		if _, err := exec.LookPath(p); err != nil {
			t.Skipf("%s is not installed; make test installs it", p)
		}
	}
}

// Run runs a program to its end and returns what it printed, and its error.
func (p Program) Run(t testing.TB) (string, error) {
	t.Helper()
	Need(t, p.Name)
	home := p.Home
	if home == "" {
		home = t.TempDir()
	}
	ctx, cancel := context.WithTimeout(context.Background(), Patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, p.Name, p.Args...)
	cmd.Dir, cmd.Stdin = home, strings.NewReader(p.Input)
	cmd.Env = append([]string{"HOME=" + home, "PATH=" + os.Getenv("PATH"), "LANG=C.UTF-8", "TERM=dumb"}, p.Env...)
	var out output
	out.said = true
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.SysProcAttr, cmd.Cancel = ownGroup(), func() error { return killGroup(cmd.Process.Pid) }
	cmd.WaitDelay = time.Second
	err := runLocked(cmd)
	if ctx.Err() != nil {
		err = fmt.Errorf("%s did not end within %s", p.Name, Patience)
	}
	return string(out.text), err
}

// Must is Run of a program that has to succeed.
func (p Program) Must(t testing.TB) string {
	t.Helper()
	out, err := p.Run(t)
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", p.Name, strings.Join(p.Args, " "), err, out)
	}
	return out
}

// File writes a file that only its owner may read, as programs ask of one with a password.
func File(t testing.TB, dir, name, text string) string {
	t.Helper()
	file := filepath.Join(dir, name)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// Outside is a mail server of somebody else, which takes everything.
type Outside struct {
	Addr string

	mu      sync.Mutex
	letters []Taken
}

// Taken is a letter that an outside server took, for one recipient.
type Taken struct{ From, To, Text string }

// NewOutside starts a mail server that the house can be told to route to.
func NewOutside(t testing.TB) *Outside {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	o := &Outside{Addr: l.Addr().String()}
	srv := smtp.NewServer(o)
	srv.Domain, srv.EnableSMTPUTF8 = "mx.outside.example", true
	srv.ErrorLog = log.New(io.Discard, "", 0) // lines that a killed house leaves dead are part of the play
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = srv.Serve(l) // it ends with Close
	}()
	t.Cleanup(func() {
		_ = srv.Close()
		<-done
	})
	return o
}

// Letters are those taken so far.
func (o *Outside) Letters() []Taken {
	o.mu.Lock()
	defer o.mu.Unlock()
	return append([]Taken(nil), o.letters...)
}

// NewSession implements smtp.Backend.
func (o *Outside) NewSession(*smtp.Conn) (smtp.Session, error) { return &outsideSession{o: o}, nil }

type outsideSession struct {
	o    *Outside
	from string
	to   []string
}

func (s *outsideSession) Mail(from string, _ *smtp.MailOptions) error { s.from = from; return nil }
func (s *outsideSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.to = append(s.to, to)
	return nil
}
func (s *outsideSession) Reset()        { s.from, s.to = "", nil }
func (s *outsideSession) Logout() error { return nil }

func (s *outsideSession) Data(r io.Reader) error {
	text, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	s.o.mu.Lock()
	defer s.o.mu.Unlock()
	for _, to := range s.to {
		s.o.letters = append(s.o.letters, Taken{s.from, to, string(text)})
	}
	return nil
}

// Terminal runs a program that wants a terminal, on one of its own, and returns what it drew.
func Terminal(t testing.TB, home, name string, args ...string) string {
	t.Helper()
	Need(t, name, "script")
	quoted := []string{name}
	for _, a := range args {
		quoted = append(quoted, "'"+strings.ReplaceAll(a, "'", `'\''`)+"'")
	}
	out, err := Program{Name: "script", Home: home, Env: []string{"TERM=xterm", "SHELL=/bin/sh"},
		Args: []string{"-q", "-e", "-c", "stty rows 40 cols 120; exec " + strings.Join(quoted, " "), "/dev/null"}}.Run(t)
	if err != nil {
		t.Errorf("%s: %v\n%s", name, err, out)
	}
	return out
}
