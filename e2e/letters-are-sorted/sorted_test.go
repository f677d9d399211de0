package sorted_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/emersion/go-imap/v2"

	"haven/e2e/stage"
)

const practice = "reception@practice.example"

const filter = `require ["fileinto", "mailbox", "imap4flags", "copy", "reject", "vacation"];
if header :contains "subject" "repeat" {
	fileinto :create "Repeats/New";
	stop;
}
if exists "list-id" {
	discard;
	stop;
}
if address :domain "from" "practice.example" {
	addflag "\\Flagged";
	redirect :copy "BEN";
}
`

type scene struct {
	*stage.House
	t                *testing.T
	aisha, ben, kira stage.Person
	pharmacy         string
}

func TestLettersAreSorted(t *testing.T) {
	t.Parallel()
	stage.Need(t, "sieve-connect", "swaks")
	s := &scene{House: stage.Serve(t), t: t}
	s.aisha, s.ben, s.kira = s.Person("Aisha", "Rahman"), s.Person("Ben", "Whitlock"), s.Person("Kira", "Sandhu")
	s.pharmacy = s.Pharmacy("FAA01", s.aisha, s.ben)
	text := strings.Replace(filter, "BEN", s.ben.Address, 1)
	s.upload(s.aisha, "", text)
	s.upload(s.aisha, s.pharmacy, text)
	if out := s.must(s.aisha, s.pharmacy, "--list"); !strings.Contains(out, `"main" ACTIVE`) {
		t.Errorf("listed %q", out)
	}
	if out, err := s.connect(s.ben, s.pharmacy, "--remotesieve", "main", "--delete"); err == nil || !strings.Contains(out, "Only an owner") {
		t.Errorf("Ben deletes the pharmacy's filter: %v, %q", err, out)
	}

	for _, to := range []string{s.aisha.Address, s.pharmacy} {
		s.deliver(to, "Subject: Repeat for Tuesday")
		s.deliver(to, "Subject: News\nList-Id: <news.practice.example>")
		s.deliver(to, "Subject: A question")
	}
	s.holds(s.aisha, "INBOX", "A question")
	s.holds(s.aisha, "Repeats/New", "Repeat for Tuesday")
	for _, who := range []stage.Person{s.aisha, s.ben} {
		s.holds(who, stage.Shared(s.pharmacy, ""), "A question")
		s.holds(who, stage.Shared(s.pharmacy, "Repeats/New"), "Repeat for Tuesday")
	}
	stage.Eventually(t, "Ben has both", func() bool { return len(s.subjects(s.ben, "INBOX")) == 2 })
	s.flagged(s.aisha, "INBOX")

	// A folder that is gone, and a refusal.
	s.upload(s.aisha, s.pharmacy, "require \"fileinto\";\nfileinto \"Gone\";\n")
	s.deliver(s.pharmacy, "Subject: Where to?")
	s.deliver(s.pharmacy, "Subject: Where to now?")
	s.holds(s.ben, stage.Shared(s.pharmacy, ""), "A filter of your mailbox could not be followed", "A question", "Where to now?", "Where to?")
	s.upload(s.aisha, "", "require \"reject\";\nreject \"I moved.\";\n")
	if out, err := s.swaks(s.aisha.Address, "Subject: Refused"); err == nil || !strings.Contains(out, "550 5.7.1 I moved.") {
		t.Errorf("refused: %v, %s", err, out)
	}

	// What a filter answers.
	s.upload(s.ben, "", "require \"vacation\";\nvacation :subject \"Away\" \"Back on Monday.\";\n")
	s.Submit(s.kira, s.kira.Address, stage.Letter(s.kira.Address, s.ben.Address, "Stock", "1@pc", "Is there any left?"), s.ben.Address)
	stage.Eventually(t, "an answer", func() bool { return slices.Contains(s.subjects(s.kira, "INBOX"), "Away") })
	s.must(s.ben, "", "--deactivate")
}

// connect runs sieve-connect for somebody, about the own filters or those of a shared mailbox.
func (s *scene) connect(p stage.Person, mailbox string, args ...string) (string, error) {
	s.t.Helper()
	home := s.t.TempDir()
	stage.File(s.t, home, "password", p.Password+"\n")
	words := []string{"--server", "localhost", "--port", s.Port("managesieve"), "--user", p.Address, "--tlscafile", s.CA, "--authmech", "PLAIN", "--passwordfd", "3"}
	if mailbox != "" {
		words = append(words, "--authzid", mailbox)
	}
	return stage.Program{Name: "sh", Home: home, Args: append([]string{"-c", `exec sieve-connect "$@" 3<password`, "sh"}, append(words, args...)...)}.Run(s.t)
}

func (s *scene) must(p stage.Person, mailbox string, args ...string) string {
	s.t.Helper()
	out, err := s.connect(p, mailbox, args...)
	if err != nil {
		s.t.Fatalf("sieve-connect %q: %v\n%s", args, err, out)
	}
	return out
}

func (s *scene) upload(p stage.Person, mailbox, text string) {
	s.t.Helper()
	file := filepath.Join(s.t.TempDir(), "main.sieve")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
	s.must(p, mailbox, "--remotesieve", "main", "--localsieve", file, "--upload")
	s.must(p, mailbox, "--remotesieve", "main", "--activate")
}

func (s *scene) swaks(to, header string) (string, error) {
	s.t.Helper()
	data := "From: " + practice + "\nTo: " + to + "\n" + header + "\n\nHello.\n"
	return stage.Program{Name: "swaks", Args: []string{"--server", "localhost", "--port", s.Port("smtp"), "--from", practice, "--to", to, "--data", "-"}, Input: data}.Run(s.t)
}

func (s *scene) deliver(to, header string) {
	s.t.Helper()
	if out, err := s.swaks(to, header); err != nil {
		s.t.Fatalf("swaks: %v\n%s", err, out)
	}
}

func (s *scene) subjects(p stage.Person, folder string) []string {
	s.t.Helper()
	c := s.IMAP(p, nil)
	defer func() { _ = c.Close() }()
	all := stage.Subjects(s.t, c, folder)
	slices.Sort(all)
	return all
}

func (s *scene) holds(p stage.Person, folder string, want ...string) {
	s.t.Helper()
	if got := s.subjects(p, folder); !slices.Equal(got, want) {
		s.t.Errorf("%s sees %q in %s, want %q", p.Name, got, folder, want)
	}
}

func (s *scene) flagged(p stage.Person, folder string) {
	s.t.Helper()
	c := s.IMAP(p, nil)
	defer func() { _ = c.Close() }()
	for _, m := range stage.Envelopes(s.t, c, folder) {
		if !slices.Contains(m.Flags, imap.FlagFlagged) {
			s.t.Errorf("%q has %v", m.Envelope.Subject, m.Flags)
		}
	}
}
