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

	"haven"
	"haven/mail/mailbox"
)

// isync is Debian's mbsync with a folder that mirrors anna's mailbox.
type isync struct {
	t                    *testing.T
	program, dir, config string
}

const isyncConfig = `
IMAPStore far
Host %s
Port %s
User %s
Pass secret
SSLType None
AuthMechs LOGIN

MaildirStore near
Path %[4]s/
Inbox %[4]s/INBOX
SubFolders Verbatim

Channel all
Far :far:
Near :near:
Patterns INBOX Archive
Create Both
Expunge Both
SyncState *
`

func newIsync(t *testing.T, addr string) *isync {
	t.Helper()
	program, err := exec.LookPath("mbsync")
	if err != nil {
		t.Skip("mbsync is not installed (Debian package isync)")
	}
	m := &isync{t: t, program: program, dir: t.TempDir()}
	m.config = filepath.Join(m.dir, "mbsyncrc")
	host, port, err := net.SplitHostPort(addr)
	ok(t, err)
	ok(t, os.WriteFile(m.config, fmt.Appendf(nil, isyncConfig, host, port, anna, m.dir), 0o600))
	return m
}

func (m *isync) sync() {
	m.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, m.program, "-c", m.config, "-V", "all")
	cmd.Env = append(os.Environ(), "HOME="+m.dir)
	if out, err := cmd.CombinedOutput(); err != nil {
		m.t.Fatalf("%v\n%s", err, out)
	}
}

func (m *isync) files(sub string) []string {
	found, err := filepath.Glob(filepath.Join(m.dir, "INBOX", sub, "*"))
	ok(m.t, err)
	return found
}

// answer marks the message that holds text as read and answered, as a mail program does by renaming it.
func (m *isync) answer(text string) {
	for _, f := range m.files("new") {
		b, err := os.ReadFile(f)
		ok(m.t, err)
		if strings.Contains(string(b), text) {
			name, _, _ := strings.Cut(filepath.Base(f), ":")
			ok(m.t, os.Rename(f, filepath.Join(m.dir, "INBOX", "cur", name+":2,RS")))
		}
	}
}

// TestMbsync: what is new, flagged and deleted on either side reaches the other, and a run with nothing to do changes
// nothing.
func TestMbsync(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := newIsync(t, w.addr)
	for _, name := range []string{"hello", "report", "reply"} {
		w.Deliver(w.people.no[anna], letter(t, name))
	}
	m.sync()
	if got := m.files("new"); len(got) != 3 {
		t.Fatalf("%d messages came", len(got))
	}
	// There: one is read, one goes. Here: one is answered, one is written.
	for uid, flag := range []mailbox.Flags{1: mailbox.Seen, 2: mailbox.Deleted} {
		_, err := w.Store.Store(t.Context(), w.viewer(anna), 1, []mailbox.Range{{Lo: haven.UID(uid), Hi: haven.UID(uid)}},
			mailbox.FlagChange{Op: mailbox.AddFlags, Flags: flag})
		ok(t, err)
	}
	m.answer("Re: Hello")
	ok(t, os.WriteFile(filepath.Join(m.dir, "INBOX", "new", "1.made.here"), []byte("Subject: mine\n\nHere.\n"), 0o600))
	m.sync()
	if got := len(m.files("new")) + len(m.files("cur")); got != 3 {
		t.Errorf("%d messages here", got)
	}
	k := w.signIn(t, anna)
	k.do("SELECT INBOX (CONDSTORE)")
	got := strings.Join(k.do("UID FETCH 1:* (FLAGS)"), "\n")
	if want := "* 1 FETCH (UID 1 FLAGS (\\Seen))\n* 2 FETCH (UID 3 FLAGS (\\Answered \\Seen))\n* 3 FETCH (UID 4 FLAGS ())\nt OK UID FETCH done."; got != want {
		t.Error(got)
	}
	before := k.do("STATUS INBOX (HIGHESTMODSEQ)")[0]
	m.sync()
	if after := k.do("STATUS INBOX (HIGHESTMODSEQ)")[0]; after != before {
		t.Errorf("a run with nothing to do: %s, then %s", before, after)
	}
}
