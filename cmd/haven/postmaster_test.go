package main

import (
	"strings"
	"testing"

	"github.com/emersion/go-smtp"
)

// TestPostmaster: a fresh service takes mail to postmaster at each of its domains, and the address can be given to somebody
// at any time.
func TestPostmaster(t *testing.T) {
	t.Parallel()
	i := install(t, "service: domains = [\""+testDomain+"\", \"branch.test\"]")
	i.serve()
	write := func() {
		t.Helper()
		for _, to := range []string{"postmaster@" + testDomain, "Postmaster@branch.test", "postmaster"} {
			c, err := smtp.Dial(i.at("smtp"))
			if err != nil {
				t.Fatal(err)
			}
			if err := c.SendMail("ward@hospital.test", []string{to}, strings.NewReader("From: ward@hospital.test\r\n\r\nx\r\n")); err != nil {
				t.Errorf("to %s: %v", to, err)
			}
			_ = c.Close() // it has quit
		}
	}
	write()
	warning := "give the address to somebody: haven admin account alias PERSON postmaster@" + testDomain
	if log := i.log.String(); !strings.Contains(log, warning) || !strings.Contains(log, "postmaster-letters@"+testDomain) {
		t.Errorf("nothing warns that nobody reads them:\n%s", log)
	}
	if out := i.admin("account", "list"); !strings.Contains(out, "application active    postmaster-letters@"+testDomain) {
		t.Errorf("the accounts are\n%s", out)
	}
	f := strings.Fields(i.admin("account", "app-password", "postmaster-letters@"+testDomain, "the operator"))
	if n := i.letters("postmaster-letters@"+testDomain, f[4]); n != 3 {
		t.Errorf("%d letters are kept, wanted 3", n)
	}
	address, password := i.person("Aisha", "Rahman")
	i.admin("account", "alias", address, "postmaster@"+testDomain)
	write()
	if n := i.letters(address, password); n != 3 {
		t.Errorf("%d letters came to who has the address, wanted 3", n)
	}
	i.stop()
	i.serve()
	if log := i.log.String(); strings.Contains(log, warning) {
		t.Errorf("it warns though somebody reads them:\n%s", log)
	}
	if out := i.admin("account", "list"); strings.Count(out, "\n") != 2 {
		t.Errorf("the accounts are\n%s", out)
	}
}
