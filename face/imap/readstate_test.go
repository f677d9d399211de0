package imap

import (
	"slices"
	"strings"
	"testing"

	"haven"
	"haven/platform/db"
)

// Where each reads for oneself, two people in one mailbox see, search and count their own, a program that resumes by modseq hears of its own
// person's, and nobody hears of the other's.
func TestReadStateOfEach(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	box := w.people.no[pharmacy]
	for range 3 {
		w.Deliver(box, letter(t, "hello"))
	}
	err := w.DB.Write(t.Context(), func(tx *db.Tx) error {
		return w.SetReadsEachIn(tx, box, true, []haven.AccountNo{w.people.no[anna], w.people.no[ben]})
	})
	if err != nil {
		t.Fatal(err)
	}
	a, b := w.signIn(t, anna+"/"+pharmacy), w.signIn(t, ben+"/"+pharmacy)
	want := func(k *client, cmd string, lines ...string) {
		t.Helper()
		got := k.do(cmd)
		for _, l := range lines {
			if !slices.ContainsFunc(got, func(g string) bool { return strings.Contains(g, l) }) {
				t.Errorf("%s says %q, want %q", cmd, got, l)
			}
		}
	}
	hears := func(k *client, cmd string, fetched int) {
		t.Helper()
		n := 0
		got := k.do(cmd)
		for _, l := range got {
			if strings.HasPrefix(l, "* ") && strings.Contains(l, " FETCH (") {
				n++
			}
		}
		if n != fetched {
			t.Errorf("%s tells of %d messages, want %d: %q", cmd, n, fetched, got)
		}
	}
	for _, k := range []*client{a, b} {
		k.do("ENABLE QRESYNC")
		want(k, "SELECT INBOX", "* 3 EXISTS")
	}
	validity := validityOf(t, w, box)
	since := modSeq(t, b.do("STATUS INBOX (HIGHESTMODSEQ)"))
	hears(a, "FETCH 1 BODY[]", 1)
	hears(a, `STORE 2 +FLAGS (\Seen)`, 1)
	hears(b, "NOOP", 0)
	if now := modSeq(t, b.do("STATUS INBOX (HIGHESTMODSEQ)")); now != since {
		t.Errorf("a colleague's modseq went from %s to %s", since, now)
	}
	if now := modSeq(t, a.do("STATUS INBOX (HIGHESTMODSEQ)")); now == since {
		t.Errorf("the own modseq stays at %s", now)
	}
	want(a, "STATUS INBOX (UNSEEN)", "UNSEEN 1")
	want(b, "STATUS INBOX (UNSEEN)", "UNSEEN 3")
	want(a, "SEARCH UNSEEN", "3")
	want(b, "SEARCH RETURN (COUNT) SEEN", "COUNT 0")
	want(a, "FETCH 1 (FLAGS)", `FLAGS (\Seen)`)
	want(b, "FETCH 1 (FLAGS)", `FLAGS ()`)
	hears(a, "FETCH 1:3 (FLAGS) (CHANGEDSINCE "+since+")", 2)
	hears(b, "FETCH 1:3 (FLAGS) (CHANGEDSINCE "+since+")", 0)
	a.do("UNSELECT")
	hears(a, "SELECT INBOX (QRESYNC ("+validity+" "+since+"))", 2)
	b.do("UNSELECT")
	hears(b, "SELECT INBOX (QRESYNC ("+validity+" "+since+"))", 0)
	hears(b, `STORE 1 +FLAGS (\Flagged)`, 1)
	hears(a, "NOOP", 1)
	want(a, "FETCH 1 (FLAGS)", `\Flagged \Seen`)
}

// validityOf is the UIDVALIDITY of the Inbox.
func validityOf(t *testing.T, w *world, box haven.AccountNo) string {
	t.Helper()
	var n int64
	err := w.DB.Read(t.Context(), func(tx *db.Tx) error {
		return tx.Query(`SELECT validity FROM mailbox WHERE an = $1 AND mb = 1`, []any{int64(box)}, func(r db.Row) error { n = r.Int64(0); return nil })
	})
	if err != nil {
		t.Fatal(err)
	}
	return itoa(uint64(n))
}

// modSeq is the HIGHESTMODSEQ that STATUS told.
func modSeq(t *testing.T, lines []string) string {
	t.Helper()
	for _, l := range lines {
		if _, after, ok := strings.Cut(l, "(HIGHESTMODSEQ "); ok {
			return strings.TrimSuffix(after, ")")
		}
	}
	t.Fatalf("no modseq in %q", lines)
	return ""
}
