package undelete_test

import (
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"haven/e2e/stage"
)

func TestDeletedLetterComesBack(t *testing.T) {
	t.Parallel()
	s := stage.Serve(t)
	aisha, ben := s.Person("Aisha", "Rahman"), s.Person("Ben", "Whitlock")
	pharmacy := s.Pharmacy("FAA01", aisha, ben)
	s.Receive("ward@outside.example", stage.Letter("ward@outside.example", pharmacy, "Discharge one", "1@outside.example", "apixaban"), pharmacy)
	s.Receive("ward@outside.example", stage.Letter("ward@outside.example", pharmacy, "Discharge two", "2@outside.example", "bisoprolol"), pharmacy)
	inbox := stage.Shared(pharmacy, "")

	b := s.IMAP(ben, nil)
	if got := stage.Subjects(t, b, inbox); len(got) != 2 {
		t.Fatalf("letters %q", got)
	}
	if _, err := b.Select(inbox, nil).Wait(); err != nil {
		t.Fatal(err)
	}
	must(t, b.Store(imap.SeqSetNum(1), &imap.StoreFlags{Op: imap.StoreFlagsAdd, Flags: []imap.Flag{imap.FlagAnswered, imap.FlagSeen}}, nil).Close())
	must(t, b.Store(imap.SeqSetNum(1, 2), &imap.StoreFlags{Op: imap.StoreFlagsAdd, Flags: []imap.Flag{imap.FlagDeleted}}, nil).Close())
	must(t, b.Expunge().Close())
	if got := stage.Subjects(t, b, inbox); len(got) != 0 {
		t.Fatalf("left after the expunge: %q", got)
	}

	arrived := make(chan uint32, 8)
	a := s.IMAP(aisha, &imapclient.Options{UnilateralDataHandler: &imapclient.UnilateralDataHandler{
		Mailbox: func(data *imapclient.UnilateralDataMailbox) {
			if data.NumMessages != nil {
				arrived <- *data.NumMessages
			}
		}}})
	if _, err := a.Select(inbox, nil).Wait(); err != nil {
		t.Fatal(err)
	}
	idle, err := a.Idle()
	must(t, err)

	preview := s.Admin("mailbox", "undelete", pharmacy, "--folder", "INBOX")
	if !strings.Contains(preview, "2 messages can come back") || strings.Contains(preview, "Discharge") || strings.Contains(preview, "ward@") {
		t.Errorf("the desk sees %q", preview)
	}
	if done := s.Admin("mailbox", "undelete", pharmacy, "--folder", "INBOX", "--apply"); !strings.Contains(done, "2 messages back in "+pharmacy) {
		t.Errorf("the desk is told %q", done)
	}
	deadline := time.After(10 * time.Second)
	for n := uint32(0); n != 2; {
		select {
		case n = <-arrived:
		case <-deadline:
			t.Fatal("the open program was not told")
		}
	}
	must(t, idle.Close())
	must(t, idle.Wait())

	letters := stage.Envelopes(t, a, inbox)
	if len(letters) != 2 || letters[0].Envelope.Subject != "Discharge one" || letters[0].UID != 3 || letters[1].UID != 4 {
		t.Fatalf("back are %+v", letters)
	}
	flags, err := a.Fetch(imap.SeqSetNum(1, 2), &imap.FetchOptions{Flags: true}).Collect()
	must(t, err)
	if got := flags[0].Flags; len(got) != 2 || len(flags[1].Flags) != 0 {
		t.Errorf("flags %v and %v, want the first seen and answered", got, flags[1].Flags)
	}
	if text := stage.Text(t, a, 2); !strings.Contains(text, "bisoprolol") {
		t.Errorf("the second reads %q", text)
	}
	found, err := a.Search(&imap.SearchCriteria{Body: []string{"apixaban"}}, nil).Wait()
	must(t, err)
	if got := found.AllSeqNums(); len(got) != 1 || got[0] != 1 {
		t.Errorf("a search finds %v", got)
	}
	if again := s.Admin("mailbox", "undelete", pharmacy, "--apply"); !strings.Contains(again, "0 messages back") {
		t.Errorf("a second time: %q", again)
	}
	if log := s.Admin("audit", "about", pharmacy); strings.Count(log, "mailbox.undeleted") != 1 {
		t.Errorf("the audit log says %q", log)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
