package imap

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"haven/mail/mailbox"
)

// TestMbsync lets Debian's isync mirror a mailbox both ways: what is new, flagged and deleted on either side reaches the
// other, and a second run finds nothing to do.
func TestMbsync(t *testing.T) {
	t.Parallel()
	program, err := exec.LookPath("mbsync")
	if err != nil {
		t.Skip("mbsync is not installed (Debian package isync)")
	}
	w := newWorld(t)
	for _, name := range []string{"hello", "report", "reply"} {
		w.Deliver(w.people.no[anna], letter(t, name))
	}
	dir := t.TempDir()
	host, port, _ := net.SplitHostPort(w.addr)
	config := filepath.Join(dir, "mbsyncrc")
	ok(t, os.WriteFile(config, []byte(fmt.Sprintf(`
IMAPStore far
Host %s
Port %s
User %s
Pass secret
SSLType None
AuthMechs LOGIN

MaildirStore near
Path %s/
Inbox %s/INBOX
SubFolders Verbatim

Channel all
Far :far:
Near :near:
Patterns INBOX Archive
Create Both
Expunge Both
SyncState *
`, host, port, anna, dir, dir)), 0o600))
	sync := func() string {
		t.Helper()
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		cmd := exec.CommandContext(ctx, program, "-c", config, "-V", "all")
		cmd.Env = append(os.Environ(), "HOME="+dir)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		return string(out)
	}
	files := func(sub string) []string {
		found, _ := filepath.Glob(filepath.Join(dir, "INBOX", sub, "*"))
		return found
	}
	sync()
	if got := files("new"); len(got) != 3 {
		t.Fatalf("%d messages came", len(got))
	}
	// There: one is read, one goes. Here: one is answered, one is written.
	_, err = w.Store.Store(t.Context(), w.viewer(anna), 1, []mailbox.Range{{Lo: 1, Hi: 1}}, mailbox.FlagChange{Op: mailbox.AddFlags, Flags: mailbox.Seen})
	ok(t, err)
	_, err = w.Store.Store(t.Context(), w.viewer(anna), 1, []mailbox.Range{{Lo: 2, Hi: 2}}, mailbox.FlagChange{Op: mailbox.AddFlags, Flags: mailbox.Deleted})
	ok(t, err)
	for _, f := range files("new") {
		b, _ := os.ReadFile(f)
		if strings.Contains(string(b), "Re: Hello") {
			name, _, _ := strings.Cut(filepath.Base(f), ":")
			ok(t, os.Rename(f, filepath.Join(dir, "INBOX", "cur", name+":2,RS")))
		}
	}
	ok(t, os.WriteFile(filepath.Join(dir, "INBOX", "new", "1.made.here"), []byte("Subject: mine\n\nHere.\n"), 0o600))
	sync()
	if got := len(files("new")) + len(files("cur")); got != 3 {
		t.Errorf("%d messages here", got)
	}
	k := w.signIn(t, anna)
	k.do("SELECT INBOX (CONDSTORE)")
	got := strings.Join(k.do("UID FETCH 1:* (FLAGS)"), "\n")
	if want := "* 1 FETCH (UID 1 FLAGS (\\Seen))\n* 2 FETCH (UID 3 FLAGS (\\Answered \\Seen))\n* 3 FETCH (UID 4 FLAGS ())\nt OK UID FETCH done."; got != want {
		t.Error(got)
	}
	before := k.do("STATUS INBOX (HIGHESTMODSEQ)")[0]
	sync()
	if after := k.do("STATUS INBOX (HIGHESTMODSEQ)")[0]; after != before {
		t.Errorf("a run with nothing to do: %s, then %s", before, after)
	}
}
