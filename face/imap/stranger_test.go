package imap

import (
	"io"
	"strings"
	"testing"
	"time"

	client2 "github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
)

// TestStranger lets a client library that we did not write go through a day's work.
func TestStranger(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Deliver(w.people.no[anna], letter(t, "hello"))
	w.Deliver(w.people.no[anna], letter(t, "report"))
	exists := make(chan uint32, 10)
	c, err := imapclient.DialInsecure(w.addr, &imapclient.Options{UnilateralDataHandler: &imapclient.UnilateralDataHandler{
		Mailbox: func(d *imapclient.UnilateralDataMailbox) {
			if d.NumMessages != nil {
				exists <- *d.NumMessages
			}
		},
	}})
	ok(t, err)
	defer func() { _ = c.Close() }()
	ok(t, c.Login(anna, "secret").Wait())
	boxes, err := c.List("", "*", &client2.ListOptions{ReturnStatus: &client2.StatusOptions{NumMessages: true, UIDNext: true}}).Collect()
	ok(t, err)
	if len(boxes) != 13 || boxes[0].Mailbox != "INBOX" || *boxes[0].Status.NumMessages != 2 {
		t.Errorf("%d mailboxes, first %+v", len(boxes), boxes[0])
	}
	ns, err := c.Namespace().Wait()
	ok(t, err)
	if len(ns.Shared) != 1 || ns.Shared[0].Prefix != "Shared/" {
		t.Errorf("%+v", ns)
	}
	sel, err := c.Select("INBOX", &client2.SelectOptions{CondStore: true}).Wait()
	ok(t, err)
	if sel.NumMessages != 2 || sel.UIDNext != 3 || sel.HighestModSeq == 0 {
		t.Errorf("%+v", sel)
	}
	strangerFetches(t, c)
	strangerChanges(t, c)

	idle, err := c.Idle()
	ok(t, err)
	w.Deliver(w.people.no[anna], letter(t, "reply"))
	select {
	case <-exists:
	case <-time.After(patience):
		t.Error("no word of new mail in IDLE")
	}
	ok(t, idle.Close())
	ok(t, idle.Wait())
	ok(t, c.Logout().Wait())
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func strangerFetches(t *testing.T, c *imapclient.Client) {
	t.Helper()
	section := &client2.FetchItemBodySection{Part: []int{3, 1}, Peek: true}
	binary := &client2.FetchItemBinarySection{Part: []int{2}, Peek: true}
	msgs, err := c.Fetch(client2.UIDSetNum(1, 2), &client2.FetchOptions{
		UID: true, Flags: true, Envelope: true, InternalDate: true, RFC822Size: true, ModSeq: true,
		BodyStructure: &client2.FetchItemBodyStructure{Extended: true},
		BodySection:   []*client2.FetchItemBodySection{section}, BinarySection: []*client2.FetchItemBinarySection{binary},
	}).Collect()
	ok(t, err)
	if len(msgs) != 2 {
		t.Fatalf("%d messages", len(msgs))
	}
	m := msgs[1]
	if m.Envelope.Subject != "R\u00e9sultats" || m.RFC822Size != 860 || m.UID != 2 || m.ModSeq == 0 {
		t.Errorf("%+v", m)
	}
	if got := string(m.FindBodySection(section)); got != "inner text" {
		t.Errorf("%q", got)
	}
	if got := string(m.FindBinarySection(binary)); got != "%PDF-1.4\n" {
		t.Errorf("%q", got)
	}
	if parts := m.BodyStructure.(*client2.BodyStructureMultiPart); len(parts.Children) != 3 || parts.Extended == nil {
		t.Errorf("%+v", parts)
	}
}

func strangerChanges(t *testing.T, c *imapclient.Client) {
	t.Helper()
	ok(t, c.Store(client2.SeqSetNum(1), &client2.StoreFlags{Op: client2.StoreFlagsAdd, Flags: []client2.Flag{client2.FlagFlagged}}, nil).Close())
	found, err := c.UIDSearch(&client2.SearchCriteria{Flag: []client2.Flag{client2.FlagFlagged}}, &client2.SearchOptions{ReturnAll: true, ReturnCount: true}).Wait()
	ok(t, err)
	if found.Count != 1 || len(found.AllUIDs()) != 1 {
		t.Errorf("%+v", found)
	}
	sorted, err := c.UIDSort(&imapclient.SortOptions{SortCriteria: []imapclient.SortCriterion{{Key: imapclient.SortKeySubject, Reverse: true}},
		SearchCriteria: &client2.SearchCriteria{}}).Wait()
	ok(t, err)
	if len(sorted) != 2 || sorted[0] != 2 {
		t.Errorf("%v", sorted)
	}
	copied, err := c.Copy(client2.SeqSetNum(1, 2), "Archive").Wait()
	ok(t, err)
	if copied.DestUIDs.String() != "1:2" {
		t.Errorf("%+v", copied)
	}
	_, err = c.Move(client2.UIDSetNum(2), "Shared/pharmacy@surgery.test").Wait()
	ok(t, err)
	const text = "Subject: draft\r\n\r\nText.\r\n"
	app := c.Append("Drafts", int64(len(text)), &client2.AppendOptions{Flags: []client2.Flag{client2.FlagDraft}, Time: time.Unix(1e9, 0)})
	_, err = io.Copy(app, strings.NewReader(text))
	ok(t, err)
	ok(t, app.Close())
	done, err := app.Wait()
	ok(t, err)
	if done.UID != 1 {
		t.Errorf("%+v", done)
	}
	ok(t, c.Create("Project", nil).Wait())
	ok(t, c.Rename("Project", "Projects/Flu", nil).Wait())
	ok(t, c.Delete("Projects/Flu").Wait())
	quota, err := c.GetQuotaRoot("INBOX").Wait()
	ok(t, err)
	if len(quota) != 1 {
		t.Errorf("%+v", quota)
	}
	rights, err := c.MyRights("Shared/pharmacy@surgery.test").Wait()
	ok(t, err)
	if !strings.Contains(string(rights.Rights), "a") {
		t.Errorf("%+v", rights)
	}
}
