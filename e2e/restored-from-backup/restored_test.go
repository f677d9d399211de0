package restored_test

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/emersion/go-imap/v2"

	"haven/e2e/stage"
)

const secretWord = "xylometazoline"

type scene struct {
	*stage.House
	t          *testing.T
	aisha, ben stage.Person
	pharmacy   string
	database   string // the line of the configuration that names it; "" for SQLite
	spare      string // that of the empty server in its place
	safe       string // where the operator keeps things
	home       string // Aisha's
	sent       map[string]string
}

func TestRestored(t *testing.T) {
	stage.Need(t, "mbsync")
	stage.EachEngine(t, restored)
}

func restored(t *testing.T, database stage.Setting) {
	spare := ""
	if database.Lines != "" {
		spare = stage.Postgres(stage.Server(t)).Lines
	}
	s := &scene{House: stage.Serve(t, database), t: t, database: database.Lines, spare: spare, safe: t.TempDir(), home: t.TempDir(), sent: map[string]string{}}
	s.aisha, s.ben = s.Person("Aisha", "Rahman"), s.Person("Ben", "Whitlock")
	s.pharmacy = s.Pharmacy("FAA01", s.aisha, s.ben)
	for _, subject := range []string{"one", "two", "three"} {
		s.letter(subject)
	}
	c := s.IMAP(s.ben, nil)
	if _, err := c.Select(stage.Shared(s.pharmacy, ""), nil).Wait(); err != nil {
		t.Fatal(err)
	}
	if err := c.Store(imap.SeqSetNum(2), &imap.StoreFlags{Op: imap.StoreFlagsAdd, Flags: []imap.Flag{imap.FlagFlagged}}, nil).Close(); err != nil {
		t.Fatal(err)
	}
	s.backup()
	s.letter("lost four")
	s.letter("lost five")
	s.mbsync("first")
	if got := s.onDisk("first"); len(got) != 5 {
		t.Fatalf("Aisha's disk holds %d letters", len(got))
	}
	s.disaster()
	s.asItWas()
	s.letter("new four")
	s.letter("new five")
	s.again()
}

func (s *scene) letter(subject string) {
	s.t.Helper()
	id := strings.ReplaceAll(subject, " ", "-") + "@ward.example"
	s.sent[id] = subject
	s.Receive("ward@outside.example", stage.Letter("ward@outside.example", s.pharmacy, subject, id, "About "+subject+": "+secretWord+"."), s.pharmacy)
}

func (s *scene) dirs() (mail, keys string) {
	return filepath.Join(s.safe, "mail"), filepath.Join(s.safe, "keys")
}

// backup is made while a sender goes on.
func (s *scene) backup() {
	s.t.Helper()
	mail, keys := s.dirs()
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
			}
			if c, err := s.SMTP(); err == nil {
				_ = c.SendMail("ward@outside.example", []string{s.ben.Address}, strings.NewReader(stage.Letter("ward@outside.example", s.ben.Address, "stream", fmt.Sprintf("%d@stream.example", i), secretWord)))
				_ = c.Close() // what becomes of it is no matter here
			}
		}
	}()
	out, err := s.Haven("backup", "--config", s.Conf, mail, keys)
	close(stop)
	<-done
	if err != nil {
		s.t.Fatalf("haven backup: %v\n%s", err, out)
	}
	master, err := os.ReadFile(filepath.Join(s.Dir, "master.key"))
	if err != nil {
		s.t.Fatal(err)
	}
	stage.File(s.t, s.safe, "master.key", string(master))
	for _, dir := range []string{mail, keys, s.Dir} {
		s.unreadable(dir)
	}
}

// unreadable wants no word of a letter in any file.
func (s *scene) unreadable(dir string) {
	s.t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		text, err := os.ReadFile(path)
		if bytes.Contains(bytes.ToLower(text), []byte(secretWord)) {
			s.t.Errorf("%s holds a word of a letter", path)
		}
		return err
	})
	if err != nil {
		s.t.Error(err)
	}
}

// disaster takes the disk away and brings the back-up back.
func (s *scene) disaster() {
	s.t.Helper()
	mail, keys := s.dirs()
	s.Kill()
	restore := func() (string, error) { return s.Haven("restore", "--config", s.Conf, mail, keys) }
	if _, err := restore(); err == nil {
		s.t.Error("a restore over a store that is there is done")
	}
	if err := os.RemoveAll(s.Dir); err != nil {
		s.t.Fatal(err)
	}
	if s.database != "" { // its server is lost too, and an empty one is there
		s.Reconfigure(s.database, s.spare)
	}
	if out, err := restore(); err == nil {
		s.t.Errorf("a restore without the master key is done: %s", out)
	}
	if err := os.MkdirAll(s.Dir, 0o700); err != nil {
		s.t.Fatal(err)
	}
	master, err := os.ReadFile(filepath.Join(s.safe, "master.key"))
	if err != nil {
		s.t.Fatal(err)
	}
	stage.File(s.t, s.Dir, "master.key", string(master))
	for _, dir := range []string{mail, keys} {
		manifest := filepath.Join(dir, "MANIFEST.json")
		if err := os.Rename(manifest, manifest+".away"); err != nil {
			s.t.Fatal(err)
		}
		if _, err := restore(); err == nil {
			s.t.Errorf("without %s it is restored", manifest)
		}
		if err := os.Rename(manifest+".away", manifest); err != nil {
			s.t.Fatal(err)
		}
	}
	if out, err := restore(); err != nil {
		s.t.Fatalf("haven restore: %v\n%s", err, out)
	}
	s.Check()
	s.Start()
}

// asItWas wants the mail, the members, the flags and the passwords of the back-up.
func (s *scene) asItWas() {
	s.t.Helper()
	for _, p := range []stage.Person{s.aisha, s.ben} {
		all := stage.Envelopes(s.t, s.IMAP(p, nil), stage.Shared(s.pharmacy, ""))
		if len(all) != 3 || all[2].Envelope.Subject != "three" {
			s.t.Errorf("%s has %d letters", p.Name, len(all))
			continue
		}
		if flags := fmt.Sprint(all[1].Flags); !strings.Contains(flags, `\Flagged`) {
			s.t.Errorf("the second letter's flags are %s", flags)
		}
	}
}

// again: Aisha's program meets the restored service with what it remembers.
func (s *scene) again() {
	s.t.Helper()
	c := s.IMAP(s.ben, nil)
	if _, err := c.Select(stage.Shared(s.pharmacy, ""), nil).Wait(); err != nil {
		s.t.Fatal(err)
	}
	if err := c.Store(imap.SeqSetNum(4), &imap.StoreFlags{Op: imap.StoreFlagsAdd, Flags: []imap.Flag{imap.FlagFlagged}}, nil).Close(); err != nil {
		s.t.Fatal(err)
	}
	out, err := s.tryMbsync("first")
	s.t.Logf("mbsync with what it remembers: %v %s", err, strings.TrimSpace(out))
	told := err != nil && strings.Contains(out, "UIDVALIDITY")
	if err != nil && !told {
		s.t.Errorf("mbsync fails for another reason: %v %s", err, out)
	}
	disk := s.onDisk("first")
	for id, flags := range disk {
		if strings.HasPrefix(s.sent[id], "lost") && strings.Contains(flags, "F") {
			s.t.Errorf("%s has the flag that was set on another letter", id)
		}
	}
	if !told {
		s.complete("first")
	}
	// The server's letters are whole and untouched by what the program remembered.
	all := stage.Envelopes(s.t, s.IMAP(s.aisha, nil), stage.Shared(s.pharmacy, ""))
	for i, want := range []string{"one", "two", "three", "new four", "new five"} {
		if i >= len(all) || all[i].Envelope.Subject != want {
			s.t.Errorf("letter %d is not %q on the server", i+1, want)
		}
	}
	s.mbsync("second") // as the person does who is told to fetch the folder anew
	s.complete("second")
}

// complete wants every letter of the server on a disk of Aisha's, with its own text.
func (s *scene) complete(disk string) {
	s.t.Helper()
	there := s.onDisk(disk)
	for _, subject := range []string{"one", "two", "three", "new four", "new five"} {
		id := strings.ReplaceAll(subject, " ", "-") + "@ward.example"
		if _, ok := there[id]; !ok {
			s.t.Errorf("%s disk: %q is not there", disk, subject)
		}
	}
}

func (s *scene) mbsync(disk string) {
	s.t.Helper()
	if out, err := s.tryMbsync(disk); err != nil {
		s.t.Fatalf("mbsync: %v\n%s", err, out)
	}
}

func (s *scene) tryMbsync(disk string) (string, error) {
	s.t.Helper()
	root := filepath.Join(s.home, disk)
	if err := os.MkdirAll(filepath.Join(root, "mail"), 0o700); err != nil {
		s.t.Fatal(err)
	}
	config := stage.File(s.t, root, ".mbsyncrc", fmt.Sprintf(`
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
Pattern "Shared/%s"
Create Near
Expunge Both
SyncState *
`, s.Port("imaps"), s.aisha.Address, s.aisha.Password, s.CA, root, root, s.pharmacy))
	return stage.Program{Name: "mbsync", Args: []string{"-c", config, "-a"}, Home: root}.Run(s.t)
}

// onDisk is what a disk holds: Message-ID to maildir flags. Each file has to be one letter as it was sent.
func (s *scene) onDisk(disk string) map[string]string {
	s.t.Helper()
	out := map[string]string{}
	for _, sub := range []string{"new", "cur"} {
		files, err := filepath.Glob(filepath.Join(s.home, disk, "mail", "Shared", s.pharmacy, sub, "*"))
		if err != nil {
			s.t.Fatal(err)
		}
		for _, f := range files {
			text, err := os.ReadFile(f)
			if err != nil {
				s.t.Fatal(err)
			}
			_, rest, _ := strings.Cut(string(text), "Message-ID: <")
			id, _, _ := strings.Cut(rest, ">")
			subject, ok := s.sent[id]
			if !ok || !strings.Contains(string(text), "Subject: "+subject) || !strings.Contains(string(text), "About "+subject+":") {
				s.t.Errorf("%s is no letter that was sent: %q", f, text)
			}
			if _, twice := out[id]; twice {
				s.t.Errorf("%s is on the disk twice", id)
			}
			_, out[id], _ = strings.Cut(filepath.Base(f), ":2,")
		}
	}
	return out
}
