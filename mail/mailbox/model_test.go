package mailbox_test

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"haven"
	"haven/mail/mailbox"
	"haven/mail/mailbox/mailboxtest"
	"haven/platform/errs"
)

// The model is a mail store in plain maps, without steps, transactions, counters or caches. Random people do random
// things to it and to a real store; after each of them both must tell the same.

// letter is a message of the model.
type letter struct {
	id, thread haven.MessageID
	text       string
	refs       []string // its Message-ID first
	flags      mailbox.Flags
	keywords   map[string]bool
	left       time.Time // when it left its last folder
	folder     haven.MailboxNo
	uid        haven.UID // there
	away       bool      // it went on to another account
}

// place is where a letter lies.
type place struct {
	uid     haven.UID
	letter  *letter
	deleted bool
}

type folder struct {
	no       haven.MailboxNo
	path     []string
	validity uint32
	next     haven.UID
	places   []place
	gone     map[haven.UID]bool
}

// account is one account of the model.
type account struct {
	no       haven.AccountNo
	folders  map[haven.MailboxNo]*folder
	last     uint32 // newest UIDVALIDITY
	numbers  map[haven.MailboxNo]bool
	letters  map[haven.MessageID]*letter
	threads  map[string]haven.MessageID
	keywords []string // as first written
}

func (f *folder) at(uid haven.UID) int {
	return slices.IndexFunc(f.places, func(p place) bool { return p.uid == uid })
}

// put gives a letter a UID.
func (f *folder) put(l *letter, deleted bool) haven.UID {
	f.next++
	f.places = append(f.places, place{f.next - 1, l, deleted})
	return f.next - 1
}

// take takes a UID away.
func (a *account) take(f *folder, uid haven.UID, now time.Time) {
	i := f.at(uid)
	l := f.places[i].letter
	f.places = slices.Delete(f.places, i, i+1)
	f.gone[uid] = true
	if !a.holds(l) {
		l.left, l.folder, l.uid, l.away = now, f.no, uid, false
	}
}

func (a *account) holds(l *letter) bool {
	for _, f := range a.folders {
		if slices.ContainsFunc(f.places, func(p place) bool { return p.letter == l }) {
			return true
		}
	}
	return false
}

// add makes a letter known, with its thread: the oldest that any of its references belongs to, else its own.
func (a *account) add(l *letter) {
	for _, ref := range l.refs {
		if t := a.threads[ref]; t != 0 && (l.thread == 0 || t < l.thread) {
			l.thread = t
		}
	}
	if l.thread == 0 {
		l.thread = l.id
	}
	for _, ref := range l.refs {
		if a.threads[ref] == 0 {
			a.threads[ref] = l.thread
		}
	}
	a.letters[l.id] = l
}

// keyword is a keyword as the account first wrote it; with create it is made.
func (a *account) keyword(name string, create bool) string {
	for _, k := range a.keywords {
		if strings.EqualFold(k, name) {
			return k
		}
	}
	if create {
		a.keywords = append(a.keywords, name)
		return name
	}
	return ""
}

func (a *account) child(path []string) *folder {
	for _, f := range a.folders {
		if slices.Equal(f.path, path) {
			return f
		}
	}
	return nil
}

func (a *account) list() []*folder {
	return slices.SortedFunc(maps.Values(a.folders), func(x, y *folder) int { return int(x.no - y.no) })
}

// world is a store and its model.
type world struct {
	t        *testing.T
	s        *mailboxtest.Store
	accounts []*account
	people   []haven.AccountNo
	rights   map[[2]haven.AccountNo]haven.Rights
	clients  []*client
	touched  map[*account]bool // since the last comparison
	dice
	serial int
	step   string // what is being done, for messages
}

func (w *world) failf(format string, args ...any) {
	w.t.Helper()
	w.t.Fatalf("%s: %s", w.step, fmt.Sprintf(format, args...))
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.failf("%v", err)
	}
}

// allowed holds an error against what the rights say: not found without reading, denied without writing. It reports whether
// the call was to succeed.
func (w *world) allowed(err error, v mailbox.Viewer, need haven.Rights) bool {
	w.t.Helper()
	r := w.rights[[2]haven.AccountNo{v.Person, v.Account}]
	switch {
	case !r.Has(haven.Read):
		if !errs.Is(err, errs.NotFound) {
			w.failf("a stranger got %v", err)
		}
		return false
	case !r.Has(need):
		if !errs.Is(err, errs.Denied) {
			w.failf("a reader got %v", err)
		}
		return false
	}
	return true
}

// flags are those of a place: its letter's, and its own \Deleted.
func (p place) flags() mailbox.Flags {
	if p.deleted {
		return p.letter.flags | mailbox.Deleted
	}
	return p.letter.flags
}

// compare holds one account of the store against the model, as its owner sees it.
func (w *world) compare(a *account) {
	w.t.Helper()
	ctx, v := w.t.Context(), mailboxtest.Own(a.no)
	folders, err := w.s.Folders(ctx, v)
	w.must(err)
	if len(folders) != len(a.folders) {
		w.failf("account %d has %d folders, want %d", a.no, len(folders), len(a.folders))
	}
	names, err := w.s.Keywords(ctx, v)
	w.must(err)
	if !slices.Equal(names, a.keywords) {
		w.failf("keywords %q, want %q", names, a.keywords)
	}
	for _, f := range folders {
		m := a.folders[f.No]
		if m == nil {
			w.failf("folder %v is not in the model", f.Path)
		}
		w.compareFolder(a, m, f, names)
	}
	w.compareRoom(a)
}

func (w *world) compareFolder(a *account, m *folder, f mailbox.Folder, names []string) {
	w.t.Helper()
	ctx, v := w.t.Context(), mailboxtest.Own(a.no)
	var unseen, deleted, bytes int64
	for _, p := range m.places {
		if p.letter.flags&mailbox.Seen == 0 {
			unseen++
		}
		if p.deleted {
			deleted++
		}
		bytes += int64(len(p.letter.text))
	}
	if !slices.Equal(f.Path, m.path) || f.UIDNext != m.next || f.UIDValidity != m.validity || f.Total != int64(len(m.places)) ||
		f.Unseen != unseen || f.Deleted != deleted || f.Bytes != bytes {
		w.failf("account %d: folder %+v, want %+v unseen %d deleted %d bytes %d", a.no, f, m, unseen, deleted, bytes)
	}
	i := 0
	w.must(w.s.Rows(ctx, v, m.no, all, 0, func(rs []mailbox.Row) error {
		for _, r := range rs {
			if i >= len(m.places) {
				w.failf("folder %v: row %+v is too many", m.path, r)
			}
			p := m.places[i]
			i++
			if r.UID != p.uid || r.Msg != p.letter.id || r.Flags != p.flags() || r.Size != int64(len(p.letter.text)) || !sameKeywords(names, r.Keywords, p.letter.keywords) {
				w.failf("folder %v: row %+v keywords %b, want %+v of %+v", m.path, r, r.Keywords, p, p.letter)
			}
			if r.Changed > f.HighestModSeq || r.Created > r.Changed {
				w.failf("folder %v at %d: row %+v", m.path, f.HighestModSeq, r)
			}
		}
		return nil
	}))
	if i != len(m.places) {
		w.failf("folder %v: %d rows, want %d", m.path, i, len(m.places))
	}
	gone, err := w.s.Vanished(ctx, v, m.no, 0, nil)
	w.must(err)
	n := 0
	for _, r := range gone {
		for uid := r.Lo; uid <= r.Hi; uid++ {
			if n++; !m.gone[uid] {
				w.failf("folder %v: UID %d vanished, says the store", m.path, uid)
			}
		}
	}
	if n != len(m.gone) {
		w.failf("folder %v: %d UIDs vanished, want %d", m.path, n, len(m.gone))
	}
}

func sameKeywords(names []string, bits uint64, want map[string]bool) bool {
	n := 0
	for i, name := range names {
		if bits&(1<<i) != 0 {
			if n++; !want[name] {
				return false
			}
		}
	}
	return n == len(want)
}

func (w *world) compareRoom(a *account) {
	w.t.Helper()
	q, err := w.s.Quota(w.t.Context(), mailboxtest.Own(a.no))
	w.must(err)
	var bytes, messages int64
	for _, l := range a.letters {
		if a.holds(l) {
			bytes, messages = bytes+int64(len(l.text)), messages+1
		}
	}
	if q.Bytes != bytes || q.Messages != messages {
		w.failf("account %d: room %+v, want %d octets in %d messages", a.no, q, bytes, messages)
	}
}

// compareContent reads every message: thread and octets of those in folders or restorable, nothing of the others.
func (w *world) compareContent(a *account) {
	w.t.Helper()
	v := mailboxtest.Own(a.no)
	var ids []haven.MessageID
	for id, l := range a.letters {
		keep := a.holds(l) || !w.s.Clock.Now().After(l.left.Add(30*day))
		b, err := w.s.Body(w.t.Context(), v, id)
		if !keep {
			if err == nil {
				b.Close() // Maintain may not have come by
			}
			continue
		}
		w.must(err)
		var out strings.Builder
		if _, err := b.WriteTo(&out); err != nil || out.String() != l.text {
			w.failf("message %d reads %q, %v; want %q", id, out.String(), err, l.text)
		}
		b.Close()
		ids = append(ids, id)
	}
	n := 0
	w.must(w.s.Infos(w.t.Context(), v, ids, func(i int, info *mailbox.Info) error {
		if n++; info.Thread != a.letters[ids[i]].thread {
			w.failf("message %d is in thread %d, want %d", ids[i], info.Thread, a.letters[ids[i]].thread)
		}
		return nil
	}))
	w.must(w.s.Bodies(w.t.Context(), v, ids, func(i int, m []byte) error {
		if n++; string(m) != a.letters[ids[i]].text {
			w.failf("message %d reads %q", ids[i], m)
		}
		return nil
	}))
	if n != 2*len(ids) {
		w.failf("%d answers for %d messages", n, len(ids))
	}
}

// compareForgotten holds what Maintain has ended, and what it has left, against the model.
func (w *world) compareForgotten() {
	w.t.Helper()
	for _, a := range w.accounts {
		w.compareContent(a)
		for id, l := range a.letters {
			if a.holds(l) || !w.s.Clock.Now().After(l.left.Add(30*day)) {
				continue
			}
			b, err := w.s.Body(w.t.Context(), mailboxtest.Own(a.no), id)
			if err == nil {
				_, _ = b.WriteTo(io.Discard)
				b.Close()
			}
			if !errs.Is(err, errs.NotFound) {
				w.failf("message %d left its last folder on %v and is there still: %v", id, l.left, err)
			}
			delete(a.letters, id)
		}
	}
}
