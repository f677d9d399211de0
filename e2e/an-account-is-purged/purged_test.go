package purged_test

import (
	"slices"
	"strings"
	"testing"

	"haven/e2e/stage"
)

func TestAccountIsPurged(t *testing.T) {
	t.Parallel()
	s := stage.Serve(t)
	aisha, ben := s.Person("Aisha", "Rahman"), s.Person("Ben", "Whitlock")
	pharmacy := s.Pharmacy("FAA01", aisha, ben)
	s.Receive("friend@outside.example", stage.Letter("friend@outside.example", ben.Address, "Lunch", "1@outside.example", "At one?"), ben.Address)
	s.Submit(ben, pharmacy, stage.Letter(pharmacy, aisha.Address, "Rota", "2@outside.example", "Attached."), aisha.Address)
	open := s.IMAP(ben, nil)
	if got := stage.Subjects(t, open, "INBOX"); !slices.Contains(got, "Lunch") {
		t.Fatalf("letters %q", got)
	}

	purge := func(words ...string) (string, error) {
		return s.Haven(append([]string{"admin", "--config", s.Conf, "account", "purge"}, words...)...)
	}
	for what, words := range map[string][]string{
		"add --sure":           {ben.Address},
		"if that is meant":     {ben.Address, "--sure", aisha.Address},
		"premises' mailbox":    {pharmacy, "--sure", pharmacy},
		"at least one owner":   {aisha.Address, "--sure", aisha.Address},
		"there is no account ": {"nobody@" + strings.Split(ben.Address, "@")[1], "--sure", "x"},
	} {
		if out, err := purge(words...); err == nil || !strings.Contains(out, what) {
			t.Errorf("%v: %v, %s", words, err, out)
		}
	}
	if err := open.Noop().Wait(); err != nil {
		t.Fatalf("a purge that was refused ended a session: %v", err)
	}
	if out, err := purge(ben.Address, "--sure", ben.Address); err != nil || !strings.Contains(out, "final on ") {
		t.Fatalf("%v: %s", err, out)
	}

	if _, err := open.Select("INBOX", nil).Wait(); err == nil {
		t.Error("an open program still reads")
	}
	if c, err := s.TryIMAP(ben.Address, ben.Password, nil); err == nil {
		c.Close()
		t.Error("he signs in")
	}
	outside, err := s.SMTP()
	if err != nil {
		t.Fatal(err)
	}
	defer outside.Close()
	err = outside.SendMail("friend@outside.example", []string{ben.Address}, strings.NewReader(stage.Letter("friend@outside.example", ben.Address, "x", "3@outside.example", "x")))
	if stage.Answers(err)/100 != 5 {
		t.Errorf("a letter to him is answered %v", err)
	}
	if got := stage.Subjects(t, s.IMAP(aisha, nil), stage.Shared(pharmacy, "Sent")); len(got) != 1 {
		t.Errorf("the pharmacy's Sent holds %q", got)
	}
	s.Check()
	s.Stop()
	if out, err := s.Haven("check", "--repair", "--config", s.Conf); err != nil || !strings.Contains(out, "Everything is as it must be.") {
		t.Errorf("repair: %v, %s", err, out)
	}
}
