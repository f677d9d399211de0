package full_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/emersion/go-smtp"

	"haven/e2e/stage"
	"haven/platform/disktest"
)

const ballast = 16 << 20

// sender delivers numbered letters and remembers which were acknowledged.
type sender struct {
	*stage.House
	t    *testing.T
	to   stage.Person
	kind string // Content-Type of what they send
	n    int
	have map[string]bool
}

// deliver sends one letter of about so many octets, over a new connection, and returns the answer's code: 250, or 0 for a
// connection that broke.
func (s *sender) deliver(octets int) int {
	s.t.Helper()
	c, err := s.SMTP()
	if err != nil {
		return stage.Answers(err)
	}
	defer func() { _ = c.Close() }()
	s.n++
	id := fmt.Sprintf("%d@full.example", s.n)
	err = send(c, s.to.Address, strings.Replace(stage.Letter("ward@outside.example", s.to.Address, id, id, incompressible(s.n, octets)),
		"text/plain; charset=utf-8", s.kind, 1))
	if err != nil {
		return stage.Answers(err)
	}
	s.have[id] = true
	return 250
}

func send(c *smtp.Client, to, letter string) error {
	return c.SendMail("ward@outside.example", []string{to}, strings.NewReader(letter))
}

// incompressible is text that no compression makes small, different for each n.
func incompressible(n, octets int) string {
	var b strings.Builder
	x := uint64(n)*0x9e3779b97f4a7c15 + 1
	for b.Len() < octets {
		for range 60 {
			x ^= x << 13
			x ^= x >> 7
			x ^= x << 17
			b.WriteByte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"[x>>58])
		}
		b.WriteString("\r\n")
	}
	return b.String()
}

func TestDiskFull(t *testing.T) {
	for _, c := range []struct {
		name, kind string
		octets     int
		disk       int // MiB
	}{
		{"small pictures", "image/png", 8 << 10, 64},
		{"scans", "image/tiff", 3 << 20, 64},
		{"much text", "text/plain", 3 << 20, 64},
		{"much text, and room for a search index", "text/plain", 1 << 20, 192},
	} {
		t.Run(c.name, func(t *testing.T) { fill(t, c.kind, c.octets, c.disk) })
	}
}

func fill(t *testing.T, kind string, octets, disk int) {
	root := disktest.Small(t, disk)
	data := filepath.Join(root, "data")
	if err := os.Mkdir(data, 0o700); err != nil {
		t.Fatal(err)
	}
	h := stage.ServeIn(t, data, stage.Setting{Table: "policy.sending", Lines: "receive_per_hour = 0"})
	s := &sender{House: h, t: t, to: h.Person("Aisha", "Rahman"), kind: kind, have: map[string]bool{}}
	weight := filepath.Join(root, "ballast")
	if err := os.WriteFile(weight, make([]byte, ballast), 0o600); err != nil {
		t.Fatal(err)
	}
	reading := h.IMAP(s.to, nil)
	t.Cleanup(func() { s.sizes(root) })
	refused := s.untilRefused(octets)
	if st, err := os.Stat(filepath.Join(data, "search.db-wal")); err == nil {
		t.Logf("the index's log has %d MiB", st.Size()>>20)
	}
	t.Logf("%d letters taken, then %v; running: %v", len(s.have), refused, h.Running())
	for _, code := range refused { // 452: insufficient system storage (RFC 5321 §4.2.3)
		if code/100 != 4 && code != 0 {
			t.Errorf("on a full disk a sender is answered %d", code)
		}
	}
	if refused[0] != 452 {
		t.Errorf("the first letter that does not fit is answered %d", refused[0])
	}
	if h.Running() {
		s.compare(reading)           // who has the mailbox open reads on
		s.compare(h.IMAP(s.to, nil)) // and others can sign in to read
		h.Stop()                     // in good order, as ever
	}
	h.Check()
	h.Start()
	s.compare(h.IMAP(s.to, nil))
	if err := os.Remove(weight); err != nil {
		t.Fatal(err)
	}
	if h.Running() && s.deliver(octets) != 250 {
		// A pack whose write failed is closed for good, and the process ends so that its keeper starts it anew.
		stage.Eventually(t, "the service ends, or takes letters again", func() bool { return !h.Running() || s.deliver(octets) == 250 })
	}
	if !h.Running() {
		t.Log("the service ended by itself; it is started again")
		h.Start()
	}
	if code := s.deliver(octets); code != 250 {
		t.Errorf("with room on the disk a letter is answered %d", code)
	}
	s.compare(h.IMAP(s.to, nil))
}

// untilRefused fills the disk and returns the answers to the next ten letters.
func (s *sender) untilRefused(octets int) (refused []int) {
	s.t.Helper()
	for len(refused) < 10 && s.Running() {
		if s.n > 20_000 {
			s.t.Fatal("the disk does not fill")
		}
		if code := s.deliver(octets); code != 250 {
			refused = append(refused, code)
		}
	}
	return refused
}

// sizes tells of a test that failed what took up the disk.
func (s *sender) sizes(root string) {
	if !s.t.Failed() {
		return
	}
	_ = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			if st, err := d.Info(); err == nil && st.Size() > 1<<20 {
				s.t.Logf("%4d MiB %s", st.Size()>>20, strings.TrimPrefix(path, root))
			}
		}
		return nil // what is gone meanwhile takes up nothing
	})
}

// compare wants every acknowledged letter in the Inbox, once.
func (s *sender) compare(c *imapclient.Client) {
	s.t.Helper()
	there := map[string]int{}
	for _, m := range stage.Envelopes(s.t, c, "INBOX") {
		there[m.Envelope.MessageID]++
	}
	for id := range s.have {
		if there[id] != 1 {
			s.t.Errorf("%s was acknowledged and is there %d times", id, there[id])
		}
	}
	for id := range there {
		if !s.have[id] {
			s.t.Errorf("%s was refused and is there", id)
		}
	}
}
