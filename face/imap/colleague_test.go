package imap

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"haven"
)

// A client that hushes its own change still hears of a colleague's to the same message.
func TestSilenceHushesNobodyElse(t *testing.T) {
	t.Parallel()
	for _, uid := range []string{"", "UID "} {
		t.Run(uid+"STORE", func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			for range 3 {
				w.Deliver(w.people.no[anna], letter(t, "hello"))
			}
			a, b := w.signIn(t, anna), w.signIn(t, anna)
			a.do("SELECT INBOX")
			b.do("SELECT INBOX")
			b.do(`STORE 1 +FLAGS (\Flagged)`)
			b.do(`STORE 3 +FLAGS (\Deleted)`)
			b.do("EXPUNGE")
			heard := a.do(uid + `STORE 1 +FLAGS.SILENT (\Seen)`)
			heard = append(heard, a.do("NOOP")...)
			if !slices.ContainsFunc(heard, func(l string) bool { return strings.HasPrefix(l, "* 1 FETCH ") && strings.Contains(l, `\Flagged`) }) {
				t.Errorf("heard %q", heard)
			}
		})
	}
}

// What vanished from the top of a mailbox is told to who asks up to "*".
func TestVanishedFromTheTop(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for range 4 {
		w.Deliver(w.people.no[anna], letter(t, "hello"))
	}
	k := w.signIn(t, anna)
	k.do("ENABLE QRESYNC")
	k.do("SELECT INBOX")
	k.do(`STORE 2,4 +FLAGS.SILENT (\Deleted)`)
	k.do("EXPUNGE")
	got := k.do("UID FETCH 1:* (FLAGS) (CHANGEDSINCE 1 VANISHED)")
	if !slices.Contains(got, "* VANISHED (EARLIER) 2,4") {
		t.Errorf("told %q", got)
	}
}

// A password that is revoked ends what was opened with it: a session that idles, and one in between commands.
func TestRevokedPassword(t *testing.T) {
	t.Parallel()
	for _, user := range []string{ben, ben + "/" + pharmacy} {
		t.Run(user, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			idling, busy, quiet := w.signIn(t, user), w.signIn(t, user), w.signIn(t, user)
			for _, k := range []*client{idling, busy} {
				k.do("SELECT INBOX")
			}
			idling.send("i IDLE\r\n")
			if l := idling.line(); l != "+ idling" {
				t.Fatal(l)
			}
			w.people.revoke()
			w.Hub.Announce(w.people.no[ben], haven.Seq(0))
			busy.send("t FETCH 1:* (FLAGS)\r\n")
			quiet.send("t LIST \"\" *\r\n")
			for _, k := range []*client{idling, busy, quiet} {
				for _, want := range []string{"* BYE Sign in again.", "EOF"} {
					if l := k.line(); l != want {
						t.Errorf("%s, want %s", l, want)
					}
				}
			}
		})
	}
	t.Run("nobody told", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		k := w.signIn(t, ben)
		k.do("NOOP")
		w.people.revoke()
		k.do("NOOP")
		w.Clock.Advance(proveAgain)
		k.send("t NOOP\r\n")
		if l := k.line(); l != "* BYE Sign in again." {
			t.Error(l)
		}
	})
	t.Run("before the first command", func(t *testing.T) { // it may have been revoked before anybody listened
		t.Parallel()
		w := newWorld(t)
		k := w.signIn(t, ben)
		w.people.revoke()
		k.send("t NOOP\r\n")
		if l := k.line(); l != "* BYE Sign in again." {
			t.Error(l)
		}
	})
	t.Run("while much is fetched", func(t *testing.T) {
		t.Parallel()
		const letters = 3 * bodyStep
		w := newWorld(t)
		long := letter(t, "hello") + strings.Repeat(strings.Repeat("x", 70)+"\r\n", 900)
		for range letters {
			w.Deliver(w.people.no[ben], long)
		}
		k := w.signIn(t, ben)
		k.do("SELECT INBOX")
		k.send("t UID FETCH 1:* BODY.PEEK[]\r\n")
		if l := k.line(); !strings.HasPrefix(l, "* 1 FETCH ") {
			t.Fatal(l)
		}
		w.people.revoke()
		w.Hub.Announce(w.people.no[ben], haven.Seq(0))
		told := 1
		for {
			l := k.line()
			if strings.HasPrefix(l, "* ") && strings.Contains(l, " FETCH ") {
				told++
			}
			if l == "* BYE Sign in again." || l == "EOF" || strings.HasPrefix(l, "t ") {
				if l != "* BYE Sign in again." || told == letters {
					t.Errorf("%s after %d of %d letters", l, told, letters)
				}
				return
			}
		}
	})
	t.Run("nobody told while idling", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		k := w.signIn(t, ben)
		k.do("SELECT INBOX")
		k.send("i IDLE\r\n")
		if l := k.line(); l != "+ idling" {
			t.Fatal(l)
		}
		w.people.revoke()
		w.Clock.Advance(proveAgain)
		k.send("DONE\r\n")
		if l := k.line(); l != "* BYE Sign in again." {
			t.Error(l)
		}
	})
}

// A name that begins like the Inbox's is no Inbox.
func TestFoldersThatBeginLikeTheInbox(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	k := w.signIn(t, anna)
	k.do("CREATE Inbox-old")
	k.do("CREATE INBOX/Later")
	for pattern, want := range map[string][]string{
		"Inbox-old": {"Inbox-old"}, "Inbox-%": {"Inbox-old"}, "Inbox%": {"INBOX", "Inbox-old"}, "inbox": {"INBOX"},
		"inbox*": {"INBOX", "INBOX/Later"}, "inbox/%": {"INBOX/Later"},
	} {
		var got []string
		for _, l := range k.do(fmt.Sprintf("LIST \"\" %q", pattern)) {
			if i := strings.LastIndex(l, `"/" `); i >= 0 {
				got = append(got, l[i+4:])
			}
		}
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", pattern, got, want)
		}
	}
}

// The worst pattern and the longest names cost little.
func TestListIsBounded(t *testing.T) {
	t.Parallel()
	worst := strings.Repeat("*a", maxPatternLen/2)
	name := strings.Repeat("a", 5000) + "b"
	began := time.Now()
	l := listing{}
	for range 2 {
		l.add(worst)
	}
	for range 20 {
		if l.matches(name) {
			t.Fatal("it matches")
		}
	}
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("20 names took %s", took)
	}
	for in, want := range map[string]string{strings.Repeat("*%", 500) + "x": "*x", "a%%b": "a%b", "%*a*": "*a*", "plain": "plain", "": ""} {
		if got := joinWildcards(in); got != want {
			t.Errorf("%.20q is kept as %q", in, got)
		}
	}
	w := newWorld(t)
	k := w.signIn(t, anna)
	k.send("t LIST \"\" (" + strings.Repeat(strings.Repeat("a", 900)+" ", 2) + strings.Repeat("b", 900) + ")\r\n")
	if got := k.until("t"); !strings.HasPrefix(got[len(got)-1], "t BAD ") {
		t.Errorf("answered %q", got)
	}
}

// Who signed in may send at once what a stranger may not.
func TestPipelinedLogIn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	k := dial(t, w.addr)
	k.line()
	set := make([]string, 150)
	for i := range set {
		set[i] = fmt.Sprint(2*i + 1)
	}
	k.send(fmt.Sprintf("a LOGIN %s secret\r\nb SELECT INBOX\r\nc UID FETCH %s (FLAGS)\r\n", anna, strings.Join(set, ",")))
	if got := k.until("c"); got[len(got)-1] != "c OK UID FETCH done." {
		t.Errorf("answered %q", got[len(got)-1])
	}
}
