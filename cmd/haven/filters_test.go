package main

import (
	"bufio"
	"encoding/base64"
	"fmt"
	"net"
	"strings"
	"testing"

	"github.com/emersion/go-smtp"

	"haven"
	"haven/face/jmap/jmapclient"
	"haven/mail/sieve"
)

// sieveProgram is a program that speaks ManageSieve (RFC 5804).
type sieveProgram struct {
	t    *testing.T
	conn net.Conn
	in   *bufio.Reader
}

func (i *installation) sieve(t *testing.T, user, password string) *sieveProgram {
	t.Helper()
	conn, err := net.Dial("tcp", i.at("managesieve"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	p := &sieveProgram{t, conn, bufio.NewReader(conn)}
	p.answer()
	p.do(`AUTHENTICATE "PLAIN" "` + base64.StdEncoding.EncodeToString([]byte("\x00"+user+"\x00"+password)) + `"`)
	return p
}

// answer reads up to the line that ends an answer.
func (p *sieveProgram) answer() (out string) {
	p.t.Helper()
	for {
		line, err := p.in.ReadString('\n')
		if err != nil {
			p.t.Fatal(err)
		}
		switch word, _, _ := strings.Cut(strings.TrimSpace(line), " "); word {
		case "OK":
			return out
		case "NO", "BYE":
			p.t.Fatal(line)
		}
		out += line
	}
}

// do gives a command, which has to succeed.
func (p *sieveProgram) do(command string) string {
	p.t.Helper()
	if _, err := fmt.Fprintf(p.conn, "%s\r\n", command); err != nil {
		p.t.Fatal(err)
	}
	return p.answer()
}

// arrive hands a letter in from outside.
func (i *installation) arrive(from, to, text string) {
	i.t.Helper()
	c, err := smtp.Dial(i.at("smtp"))
	if err != nil {
		i.t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	if err := c.SendMail(from, []string{to}, strings.NewReader(text)); err != nil {
		i.t.Fatal(err)
	}
}

type scriptList struct {
	State string
	List  []struct {
		ID, Name, BlobID string
		IsActive         bool
	}
}

// TestRFC9661_OneSetOfFilters: a script that is put by JMAP filters what arrives by SMTP, and ManageSieve has the same one; what ManageSieve puts JMAP tells of.
func TestRFC9661_OneSetOfFilters(t *testing.T) {
	t.Parallel()
	i := install(t, "listen: pages_on_http = true", "listen: allow_plaintext_login = true").founded()
	aisha, secret := i.person("Aisha", "Rahman")
	i.serve()
	c := i.program(aisha, secret)
	c.Using = append(c.Using, "urn:ietf:params:jmap:sieve")
	up, err := c.Upload(t.Context(), c.Session.Own(), "application/sieve", strings.NewReader("require [\"fileinto\", \"mailbox\"];\r\nfileinto :create \"Repeats\";\r\n"))
	if err != nil {
		t.Fatal(err)
	}
	var made struct {
		Created map[string]struct{ ID string }
	}
	i.jmap(c, "SieveScript/set", jmapclient.Args{"create": jmapclient.Args{"f": jmapclient.Args{"name": "repeats", "blobId": up.Blob}}, "onSuccessActivateScript": "#f"}, &made)
	if made.Created["f"].ID == "" {
		t.Fatal("the filter was not made")
	}

	i.arrive("reception@practice.example", aisha, "From: reception@practice.example\r\nTo: "+aisha+"\r\nSubject: Repeat\r\n\r\nHello.\r\n")
	var folders struct {
		List []struct {
			Name        string
			TotalEmails int
		}
	}
	i.jmap(c, "Mailbox/get", jmapclient.Args{"ids": nil}, &folders)
	if got := fmt.Sprint(folders.List); !strings.Contains(got, "{Repeats 1}") || !strings.Contains(got, "{Inbox 0}") {
		t.Errorf("the letter is not where the filter files it: %s", got)
	}

	p := i.sieve(t, aisha, secret)
	if got := p.do("LISTSCRIPTS"); got != "\"repeats\" ACTIVE\r\n" {
		t.Errorf("ManageSieve lists %q", got)
	}
	if got := p.do(`GETSCRIPT "repeats"`); !strings.Contains(got, "fileinto :create") {
		t.Errorf("ManageSieve has %q", got)
	}
	var before, after scriptList
	i.jmap(c, "SieveScript/get", jmapclient.Args{"ids": nil}, &before)
	p.do(`PUTSCRIPT "other" "keep;"`)
	p.do(`SETACTIVE "other"`)
	i.jmap(c, "SieveScript/get", jmapclient.Args{"ids": nil}, &after)
	if len(before.List) != 1 || len(after.List) != 2 || before.State == after.State || after.List[1].Name != "other" || !after.List[1].IsActive || after.List[0].IsActive {
		t.Errorf("JMAP has %+v, and before %+v", after, before)
	}
}

// What another process does with filters is heard of by those who wait here, once.
func TestFiltersOfAnotherProcess(t *testing.T) {
	t.Parallel()
	w := newJMAPWorld(t)
	other := sieve.New(sieve.Options{DB: w.db, Access: w.access, Owners: owners{w.house}, Keys: w.keys, Policy: w.conf.Policy.Sieve, Clock: w.clock})
	woken := 0
	defer w.hub.Subscribe(func(haven.AccountNo) { woken++ }, w.ann.No).Close()
	hear := func(want int) {
		t.Helper()
		woken = 0
		if err := w.hub.Poll(t.Context(), versions{w.mail, w.accounts}); err != nil {
			t.Fatal(err)
		}
		if woken != want {
			t.Errorf("woken %d times, want %d", woken, want)
		}
	}
	hear(2) // it asks for the first time: of mail, and of the rest
	hear(0)
	v := sieve.Viewer{Person: w.ann.No, Account: w.ann.No, ID: w.ann.ID}
	for _, text := range []string{"keep;", "discard;"} {
		if _, err := other.Put(t.Context(), haven.Actor{Person: w.ann.ID}, v, sieve.ByName("a"), text); err != nil {
			t.Fatal(err)
		}
		hear(1)
	}
	hear(0)
}
