package removed_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"haven/e2e/stage"
)

// scene is a pharmacy with an owner, a colleague and one letter.
type scene struct {
	*stage.House
	aisha, ben stage.Person
	pharmacy   string
}

func newScene(t *testing.T) *scene {
	s := &scene{House: stage.Serve(t)}
	s.aisha, s.ben = s.Person("Aisha", "Rahman"), s.Person("Ben", "Whitlock")
	s.pharmacy = s.Pharmacy("FAA01", s.aisha, s.ben)
	s.Receive("surgery@outside.example", stage.Letter("surgery@outside.example", s.pharmacy, "Repeat", "1@outside.example", "Please dispense."), s.pharmacy)
	return s
}

func (s *scene) inbox() string { return stage.Shared(s.pharmacy, "") }

func (s *scene) remove() { s.Admin("member", "remove", s.pharmacy, s.ben.Address) }

// idle is a program of Ben's that waits in IDLE in the pharmacy's mailbox.
func (s *scene) idle() stage.Idler { return s.Idle(s.ben, s.inbox()) }

// bye awaits the end of the session, which comes a second after since at the latest.
func bye(t *testing.T, i stage.Idler, since time.Time) {
	t.Helper()
	i.Within(since, "* BYE")
	if _, err := i.ReadByte(); err == nil {
		t.Error("the connection goes on after BYE")
	}
}

func TestRemovedInIdle(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	program := s.idle()
	began := time.Now() // the whole of haven admin is in the second
	s.remove()
	bye(t, program, began)
}

func TestTheShiftIsOver(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	end := time.Now().Add(3 * time.Second)
	s.Admin("member", "set", s.pharmacy, s.ben.Address, "--until", end.Format(time.RFC3339Nano))
	bye(t, s.idle(), end)
	if time.Now().Before(end) {
		t.Error("BYE came before the end of the shift")
	}
}

func TestRemovedWithTheMailboxOpen(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	open, listing := s.IMAP(s.ben, nil), s.IMAP(s.ben, nil)
	if got := stage.Subjects(t, open, s.inbox()); len(got) != 1 {
		t.Fatalf("letters %q", got)
	}
	if !lists(t, listing, s.inbox()) {
		t.Fatal("a member does not see the mailbox")
	}
	s.remove()

	_, err := open.Fetch(imap.SeqSetNum(1), &imap.FetchOptions{Envelope: true}).Collect()
	wantCode(t, "FETCH in a mailbox that was open", err, imap.ResponseCodeNonExistent)
	_, err = open.Select(s.inbox(), nil).Wait()
	wantCode(t, "SELECT", err, imap.ResponseCodeNonExistent)
	_, err = listing.Status(s.inbox(), &imap.StatusOptions{NumMessages: true}).Wait()
	wantCode(t, "STATUS", err, imap.ResponseCodeNonExistent)
	if lists(t, listing, s.inbox()) {
		t.Error("LIST still shows it")
	}
	if _, err := open.Select("INBOX", nil).Wait(); err != nil {
		t.Errorf("the own Inbox: %v", err)
	}
	c, err := s.Submission(s.ben)
	must(t, err)
	defer c.Close()
	if err := c.SendMail(s.pharmacy, []string{s.aisha.Address}, strings.NewReader(stage.Letter(s.pharmacy, s.aisha.Address, "x", "2@x.test", "x"))); stage.Answers(err)/100 != 5 {
		t.Errorf("sending as the pharmacy answers %v", err)
	}

	s.Admin("member", "add", s.pharmacy, s.ben.Address)
	if !lists(t, listing, s.inbox()) {
		t.Error("linked again, LIST does not show it")
	}
	if got := stage.Subjects(t, open, s.inbox()); len(got) != 1 {
		t.Errorf("linked again, letters %q", got)
	}
}

func TestReducedToReading(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	c := s.IMAP(s.ben, nil)
	_, err := c.Select(s.inbox(), nil).Wait()
	must(t, err)
	must(t, store(c, imap.FlagFlagged))
	s.Admin("member", "set", s.pharmacy, s.ben.Address, "--rights", "read")
	wantCode(t, "STORE with the right to read", store(c, imap.FlagDeleted), imap.ResponseCodeNoPerm)
	_, err = c.Move(imap.SeqSetNum(1), "INBOX").Wait()
	wantCode(t, "MOVE with the right to read", err, imap.ResponseCodeNoPerm)
	if text := stage.Text(t, c, 1); !strings.Contains(text, "Please dispense.") {
		t.Errorf("reading gives %q", text)
	}
	wantCode(t, "APPEND with the right to read", stage.Append(c, s.inbox(), "Subject: x\r\n\r\nx\r\n"), imap.ResponseCodeNoPerm)
}

func store(c *imapclient.Client, flag imap.Flag) error {
	return c.Store(imap.SeqSetNum(1), &imap.StoreFlags{Op: imap.StoreFlagsAdd, Flags: []imap.Flag{flag}}, nil).Close()
}

func lists(t *testing.T, c *imapclient.Client, folder string) bool {
	t.Helper()
	all, err := c.List("", "*", nil).Collect()
	must(t, err)
	for _, l := range all {
		if l.Mailbox == folder {
			return true
		}
	}
	return false
}

func wantCode(t *testing.T, what string, err error, code imap.ResponseCode) {
	t.Helper()
	var e *imap.Error
	if !errors.As(err, &e) || e.Type != imap.StatusResponseTypeNo || e.Code != code {
		t.Errorf("%s answers %v, want NO [%s]", what, err, code)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
