package imap

import (
	"slices"
	"strings"
	"testing"

	"haven"
	"haven/mail/mailbox"
	"haven/platform/db"
)

// A letter that is sent later is seen by mail programs in a folder that says what it is; they can take it out, which calls it back, and put nothing in.
func TestScheduled(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	no := w.people.no[anna]
	var gone []haven.MessageID
	w.Withdrawn = func(_ *db.Tx, _ haven.AccountNo, msg haven.MessageID, _ haven.Seq) error {
		gone = append(gone, msg)
		return nil
	}
	msgs := []haven.MessageID{w.Deliver(no, letter(t, "hello")).Msg, w.Deliver(no, letter(t, "hello")).Msg}
	for _, msg := range msgs {
		if err := w.ChangeByItself(t.Context(), no, func(c *mailbox.Change) error { return c.Schedule(msg) }); err != nil {
			t.Fatal(err)
		}
	}
	c := w.signIn(t, anna)
	for _, x := range []struct{ command, want string }{
		{`LIST "" Scheduled`, `(\HasNoChildren \Scheduled) "/" Scheduled`},
		{`LIST (SPECIAL-USE) "" *`, `\Scheduled`},
		{`CREATE Later (USE (\Scheduled))`, "NO [USEATTR]"},
		{"APPEND Scheduled {1+}\r\nx", "NO [CANNOT]"},
		{"SELECT INBOX", "* 2 EXISTS"},
		{"COPY 1 Scheduled", "NO [CANNOT]"},
		{"MOVE 1 Scheduled", "NO [CANNOT]"},
		{"SELECT Scheduled", "* 2 EXISTS"},
		{`STORE 1 +FLAGS (\Flagged)`, "OK"},
		{`STORE 1 +FLAGS (\Deleted)`, "OK"},
		{"MOVE 2 Drafts", "OK"},
		{"RENAME Scheduled Later", "OK"},
		{`LIST "" Later`, `\Scheduled`},
		{"EXPUNGE", "OK"},
		{"CLOSE", "OK"},
		{"DELETE Later", "OK"},
	} {
		c.send("t " + x.command + "\r\n")
		if got := c.until("t"); !slices.ContainsFunc(got, func(line string) bool { return strings.Contains(line, x.want) }) {
			t.Errorf("%s says %q, want %q", x.command, got, x.want)
		}
	}
	if !slices.Equal(slices.Compact(gone), append(msgs, msgs[0])) {
		t.Errorf("called back are %v, want %v", gone, msgs)
	}
}
