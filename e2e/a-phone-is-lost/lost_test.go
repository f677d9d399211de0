package lost_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2/imapclient"

	"haven/e2e/stage"
)

func TestPhoneIsLost(t *testing.T) {
	t.Parallel()
	s := stage.Serve(t)
	aisha, ben := s.Person("Aisha", "Rahman"), s.Person("Ben", "Whitlock")
	pharmacy := s.Pharmacy("FAA01", aisha, ben)
	phone := stage.Person{Address: ben.Address, Password: appPassword(t, s, ben, "phone")}

	computer, stolen := s.IMAP(ben, nil), s.IMAP(phone, nil)
	for _, c := range []*imapclient.Client{computer, stolen} {
		if _, err := c.Select(stage.Shared(pharmacy, ""), nil).Wait(); err != nil {
			t.Fatal(err)
		}
	}
	outgoing, err := s.Submission(phone)
	if err != nil {
		t.Fatal(err)
	}
	defer outgoing.Close()
	if _, err := stolen.Idle(); err != nil {
		t.Fatal(err)
	}

	began := time.Now()
	s.Admin("account", "revoke-app-password", ben.Address, "1")
	select {
	case <-stolen.Closed():
	case <-time.After(stage.Patience):
		t.Fatal("the phone still waits for mail")
	}
	if took := time.Since(began); took > time.Second { // the whole of haven admin is in this second
		t.Errorf("the phone was ended after %s", took)
	}
	if err := outgoing.SendMail(ben.Address, []string{aisha.Address}, strings.NewReader(stage.Letter(ben.Address, aisha.Address, "x", "1@x.test", "x"))); stage.Answers(err)/100 != 5 {
		t.Errorf("the phone sends: %v", err)
	}
	if c, err := s.TryIMAP(phone.Address, phone.Password, nil); err == nil {
		c.Close()
		t.Error("the phone signs in again")
	}
	if err := computer.Noop().Wait(); err != nil {
		t.Errorf("the computer: %v", err)
	}
}

func appPassword(t *testing.T, s *stage.House, p stage.Person, name string) string {
	t.Helper()
	out := s.Admin("account", "app-password", p.Address, name)
	found := regexp.MustCompile(`password (\S+)`).FindStringSubmatch(out)
	if found == nil {
		t.Fatalf("no password in %q", out)
	}
	return found[1]
}
