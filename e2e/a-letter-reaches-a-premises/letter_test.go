package letter_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/emersion/go-imap/v2"

	"haven/e2e/stage"
)

const practice = "reception@practice.example"

// scene is two pharmacies and a practice inside the service, and one elsewhere.
type scene struct {
	*stage.House
	aisha, ben, carys, dev, kira stage.Person
	pharmacy, other              string
	elsewhere                    *stage.Outside
}

func newScene(t *testing.T) *scene {
	out := stage.NewOutside(t)
	s := &scene{elsewhere: out, House: stage.Serve(t, stage.Setting{Table: "outbox", Lines: fmt.Sprintf("routes = [\"practice.example=%s\"]", out.Addr)})}
	s.aisha, s.ben, s.carys = s.Person("Aisha", "Rahman"), s.Person("Ben", "Whitlock"), s.Person("Carys", "Morgan")
	s.dev, s.kira = s.Person("Dev", "Anand"), s.Person("Kira", "Sandhu")
	s.pharmacy, s.other = s.Pharmacy("FAA01", s.aisha, s.ben), s.Pharmacy("FAA02", s.dev)
	return s
}

func TestLetter(t *testing.T) {
	stage.Need(t, "mbsync", "neomutt", "msmtp", "script")
	s := newScene(t)
	s.Receive(practice, stage.Letter(practice, s.pharmacy, "from elsewhere", "1@practice.example", "Please dispense."), s.pharmacy)
	s.Submit(s.kira, s.kira.Address, stage.Letter(s.kira.Address, s.pharmacy, "from inside", "2@practice.test", "Is it in stock?"), s.pharmacy)

	t.Run("both fetch it, and what one does the other sees", s.synced)
	t.Run("Ben reads it in neomutt and replies", s.readInNeomutt)
	t.Run("Aisha answers as the pharmacy", s.answeredAsPharmacy)
	t.Run("a program's own copy of what was sent", s.ownCopy)
	t.Run("nobody else sees it", s.nobodyElse)
}

// disk is a person's maildir, kept by mbsync.
type disk struct {
	stage.Program
	t    *testing.T
	home string
}

func (s *scene) disk(t *testing.T, p stage.Person) *disk {
	home := t.TempDir()
	config := stage.File(t, home, ".mbsyncrc", fmt.Sprintf(`
IMAPStore far
Host localhost
Port %s
User %s
Pass %s
SSLType IMAPS
CertificateFile %s

MaildirStore near
Path %s/mail/
Inbox %s/mail/INBOX
SubFolders Verbatim

Channel all
Far :far:
Near :near:
Patterns *
Create Both
Expunge Both
SyncState *
`, s.Port("imaps"), p.Address, p.Password, s.CA, home, home))
	if err := os.Mkdir(filepath.Join(home, "mail"), 0o700); err != nil {
		t.Fatal(err)
	}
	return &disk{stage.Program{Name: "mbsync", Args: []string{"-c", config, "-a"}, Home: home}, t, home}
}

func (d *disk) sync() {
	d.t.Helper()
	d.Must(d.t)
}

// file is the letter with that subject in a folder on the disk; "" where there is none.
func (d *disk) file(folder, subject string) string {
	d.t.Helper()
	found := ""
	for _, sub := range []string{"new", "cur"} {
		files, err := filepath.Glob(filepath.Join(d.home, "mail", folder, sub, "*"))
		if err != nil {
			d.t.Fatal(err)
		}
		for _, f := range files {
			text, err := os.ReadFile(f)
			if err != nil {
				d.t.Fatal(err)
			}
			if strings.Contains(string(text), "Subject: "+subject+"\n") || strings.Contains(string(text), "Subject: "+subject+"\r\n") {
				if found != "" {
					d.t.Errorf("%s is in %s twice", subject, folder)
				}
				found = f
			}
		}
	}
	return found
}

// flag sets a letter's maildir flags, as a mail program does.
func (d *disk) flag(file, flags string) {
	d.t.Helper()
	name, _, _ := strings.Cut(filepath.Base(file), ":2,")
	if err := os.Rename(file, filepath.Join(filepath.Dir(filepath.Dir(file)), "cur", name+":2,"+flags)); err != nil {
		d.t.Fatal(err)
	}
}

func flagsOf(file string) string {
	_, flags, _ := strings.Cut(filepath.Base(file), ":2,")
	return flags
}

func (s *scene) synced(t *testing.T) {
	box := stage.Shared(s.pharmacy, "")
	aisha, ben := s.disk(t, s.aisha), s.disk(t, s.ben)
	aisha.sync()
	ben.sync()
	for who, d := range map[string]*disk{"Aisha": aisha, "Ben": ben} {
		for _, subject := range []string{"from elsewhere", "from inside"} {
			if d.file(box, subject) == "" {
				t.Fatalf("%s has no letter %q", who, subject)
			}
		}
	}
	aisha.flag(aisha.file(box, "from elsewhere"), "FS")
	aisha.sync()
	ben.sync()
	if got := flagsOf(ben.file(box, "from elsewhere")); got != "FS" {
		t.Errorf("Aisha's flags reach Ben's disk as %q", got)
	}
	ben.flag(ben.file(box, "from elsewhere"), "FRS")
	s.Receive(practice, stage.Letter(practice, s.pharmacy, "to throw away", "3@practice.example", "Lunch?"), s.pharmacy)
	ben.sync()
	aisha.sync()
	if got := flagsOf(aisha.file(box, "from elsewhere")); got != "FRS" {
		t.Errorf("Ben's flags reach Aisha's disk as %q", got)
	}
	if aisha.file(box, "to throw away") == "" {
		t.Error("the third letter did not come")
	}
	ben.flag(ben.file(box, "to throw away"), "ST")
	ben.sync()
	aisha.sync()
	if aisha.file(box, "to throw away") != "" || ben.file(box, "to throw away") != "" {
		t.Error("what Ben threw away is still on a disk")
	}
	// A draft that Ben begins on his disk, in the pharmacy's Drafts, is on Aisha's.
	draft := filepath.Join(ben.home, "mail", stage.Shared(s.pharmacy, "Drafts"), "cur", "1.draft:2,DS")
	if err := os.WriteFile(draft, []byte("From: <"+s.pharmacy+">\nSubject: begun by Ben\n\nDear practice,\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	ben.sync()
	aisha.sync()
	if got := aisha.file(stage.Shared(s.pharmacy, "Drafts"), "begun by Ben"); got == "" || !strings.Contains(flagsOf(got), "D") {
		t.Errorf("Ben's draft reaches Aisha's disk as %q", got)
	}
}

func (s *scene) readInNeomutt(t *testing.T) {
	home := t.TempDir()
	editor := stage.File(t, home, "editor", "#!/bin/sh\nsed -i '1i In stock, says Ben.' \"$1\"\n")
	if err := os.Chmod(editor, 0o700); err != nil {
		t.Fatal(err)
	}
	rc := stage.File(t, home, "rc", fmt.Sprintf(`set imap_user=%[1]q imap_pass=%[2]q ssl_ca_certificates_file=%[3]q ssl_force_tls=yes
set folder="imaps://localhost:%[4]s/" record="+Sent" postponed="+Drafts" from=%[1]q realname="Ben Whitlock" use_envelope_from=yes
set smtp_url="smtps://%[1]s@localhost:%[5]s/" smtp_pass=%[2]q hostname="ben.test" editor=%[6]q edit_headers=no fast_reply=yes include=yes copy=yes
set wait_key=no confirm_append=no quit=yes abort_unmodified=no confirm_create=no beep=no
push '<limit>~s inside<enter><first-entry><pipe-message>cat > letter<enter><reply><send-message><quit>'
`, s.ben.Address, s.ben.Password, s.CA, s.Port("imaps"), s.Port("submissions"), editor))
	out := stage.Terminal(t, home, "neomutt", "-n", "-F", rc, "-f", "imaps://localhost:"+s.Port("imaps")+"/"+stage.Shared(s.pharmacy, ""))
	text, err := os.ReadFile(filepath.Join(home, "letter"))
	if err != nil || !strings.Contains(string(text), "Is it in stock?") {
		t.Fatalf("neomutt shows %q, %v\n%q", text, err, out)
	}
	kira := s.IMAP(s.kira, nil)
	got := stage.Envelopes(t, kira, "INBOX")
	if len(got) != 1 || got[0].Envelope.Subject != "Re: from inside" || got[0].Envelope.From[0].Addr() != s.ben.Address {
		t.Fatalf("Kira has %d letters\n%q", len(got), out)
	}
	if body := stage.Text(t, kira, 1); !strings.Contains(body, "In stock, says Ben.") || !strings.Contains(body, "> Is it in stock?") {
		t.Errorf("Kira reads %q", body)
	}
	// neomutt put its own copy into Sent after the server had done so.
	ben := s.IMAP(s.ben, nil)
	if got := stage.Subjects(t, ben, "Sent"); len(got) != 1 || got[0] != "Re: from inside" {
		t.Errorf("Ben's Sent holds %q", got)
	}
	if got := stage.Subjects(t, ben, stage.Shared(s.pharmacy, "Sent")); len(got) != 0 {
		t.Errorf("what Ben sent as himself is in the pharmacy's Sent: %q", got)
	}
	for _, m := range stage.Envelopes(t, ben, stage.Shared(s.pharmacy, "")) {
		if m.Envelope.Subject == "from inside" && !has(m.Flags, imap.FlagAnswered) {
			t.Errorf("the letter is not marked as answered: %v", m.Flags)
		}
	}
}

func has(flags []imap.Flag, want imap.Flag) bool {
	for _, f := range flags {
		if strings.EqualFold(string(f), string(want)) {
			return true
		}
	}
	return false
}

// answer is Aisha's letter as the pharmacy.
func (s *scene) answer(bcc string) string {
	return "From: <" + s.pharmacy + ">\r\nTo: <" + practice + ">\r\nCc: <" + s.kira.Address + ">\r\n" + bcc +
		"Subject: Re: from elsewhere\r\nMessage-ID: <answer@aisha.test>\r\nDate: Mon, 02 Mar 2026 10:00:00 +0000\r\n\r\nDispensed today.\r\n"
}

func (s *scene) answeredAsPharmacy(t *testing.T) {
	home := t.TempDir()
	config := stage.File(t, home, "msmtprc", fmt.Sprintf("account default\nhost localhost\nport %s\nauth on\nuser %s\npassword %s\ntls on\ntls_starttls on\ntls_trust_file %s\nfrom %s\nundisclosed_recipients off\nremove_bcc_headers off\n",
		s.Port("submission"), s.aisha.Address, s.aisha.Password, s.CA, s.pharmacy))
	bcc := "Bcc: <" + s.carys.Address + ">\r\n"
	stage.Program{Name: "msmtp", Home: home, Args: []string{"-C", config, "--", practice, s.kira.Address, s.carys.Address}, Input: s.answer(bcc)}.Must(t)

	stage.Eventually(t, "the practice has the answer", func() bool { return len(s.elsewhere.Letters()) > 0 })
	taken := s.elsewhere.Letters()
	if len(taken) != 1 || taken[0].From != s.pharmacy || strings.Contains(taken[0].Text, "carys") || !strings.Contains(taken[0].Text, "DKIM-Signature:") {
		t.Errorf("the practice has %+v", taken)
	}
	for _, p := range []stage.Person{s.kira, s.carys} {
		c := s.IMAP(p, nil)
		all := stage.Envelopes(t, c, "INBOX")
		last := all[len(all)-1]
		if last.Envelope.Subject != "Re: from elsewhere" || last.Envelope.From[0].Addr() != s.pharmacy {
			t.Errorf("%s reads %+v", p.Name, last.Envelope)
		}
		text := stage.Text(t, c, uint32(len(all)))
		head, _, _ := strings.Cut(text, "\r\n\r\n")
		if strings.Contains(head, "Bcc:") || p != s.carys && strings.Contains(head, s.carys.Address) {
			t.Errorf("%s sees the hidden recipient: %s", p.Name, head)
		}
		if strings.Contains(head, s.aisha.Address) {
			t.Errorf("%s sees who of the pharmacy wrote: %s", p.Name, head)
		}
	}
	s.sentOnce(t)
	c := s.IMAP(s.ben, nil)
	stage.Envelopes(t, c, stage.Shared(s.pharmacy, "Sent"))
	if text := stage.Text(t, c, 1); !strings.Contains(text, "Bcc: <"+s.carys.Address+">") {
		t.Errorf("the copy in Sent does not name the hidden recipient: %s", text)
	}
}

// sentOnce wants the answer once in the pharmacy's Sent, and nowhere else.
func (s *scene) sentOnce(t *testing.T) {
	t.Helper()
	c := s.IMAP(s.aisha, nil)
	if got := stage.Subjects(t, c, stage.Shared(s.pharmacy, "Sent")); len(got) != 1 || got[0] != "Re: from elsewhere" {
		t.Errorf("the pharmacy's Sent holds %q", got)
	}
	if got := stage.Subjects(t, c, "Sent"); len(got) != 0 {
		t.Errorf("Aisha's own Sent holds %q", got)
	}
}

// ownCopy: programs put a copy into the Sent that they think right, or into the other; whichever, one stays, in the right one.
func (s *scene) ownCopy(t *testing.T) {
	c := s.IMAP(s.aisha, nil)
	for _, folder := range []string{"Sent", stage.Shared(s.pharmacy, "Sent"), "Sent"} {
		if err := stage.Append(c, folder, s.answer("")); err != nil {
			t.Errorf("copy into %s: %v", folder, err)
		}
		s.sentOnce(t)
	}
	// Kept elsewhere on purpose, it stays there.
	if err := stage.Append(c, "Archive", s.answer("")); err != nil {
		t.Fatal(err)
	}
	if got := stage.Subjects(t, c, "Archive"); len(got) != 1 {
		t.Errorf("Archive holds %q", got)
	}
}

func (s *scene) nobodyElse(t *testing.T) {
	for _, p := range []stage.Person{s.dev, s.carys, s.kira} {
		c := s.IMAP(p, nil)
		all, err := c.List("", "*", nil).Collect()
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range all {
			if strings.Contains(l.Mailbox, s.pharmacy) {
				t.Errorf("%s sees %s", p.Name, l.Mailbox)
			}
		}
		_, theirs := c.Select(stage.Shared(s.pharmacy, ""), nil).Wait()
		_, nobodys := c.Select(stage.Shared("nobody@"+stage.Domain, ""), nil).Wait()
		if theirs == nil || nobodys == nil || theirs.Error() != nobodys.Error() {
			t.Errorf("%s: a mailbox of others answers %v, one that is not there %v", p.Name, theirs, nobodys)
		}
		out, err := s.Submission(p)
		if err != nil {
			t.Fatal(err)
		}
		err = out.SendMail(s.pharmacy, []string{s.other}, strings.NewReader(stage.Letter(s.pharmacy, s.other, "forged", "f@x.test", "x")))
		if stage.Answers(err)/100 != 5 {
			t.Errorf("%s sends as the pharmacy: %v", p.Name, err)
		}
		_ = out.Close() // refused
		if _, err := s.TryIMAP(p.Address+"/"+s.pharmacy, p.Password, nil); err == nil {
			t.Errorf("%s signs in to the pharmacy", p.Name)
		}
	}
	if _, err := s.TryIMAP(s.pharmacy, s.aisha.Password, nil); err == nil {
		t.Error("somebody signed in as the pharmacy itself")
	}
	dev := s.IMAP(s.dev, nil)
	for _, folder := range []string{"INBOX", stage.Shared(s.other, "")} {
		if got := stage.Subjects(t, dev, folder); len(got) != 0 {
			t.Errorf("Dev reads %q in %s", got, folder)
		}
	}
}
