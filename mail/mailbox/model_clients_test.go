package mailbox_test

import (
	"slices"

	"haven"
	"haven/mail/mailbox"
	"haven/mail/mailbox/mailboxtest"
	"haven/platform/errs"
)

// known is what a client remembers of a message.
type known struct {
	flags    mailbox.Flags
	keywords uint64
}

// client remembers a folder and asks from time to time what changed: by QRESYNC (Vanished, then Rows changed since), or
// like a session (View once, then Changes).
type client struct {
	a       *account
	no      haven.MailboxNo
	session bool

	validity uint32
	seq      haven.Seq
	cache    map[haven.UID]known
	uids     *mailbox.Runs
}

// catchUp brings a client forward and holds it against the model. It reports false when the folder is gone.
func (w *world) catchUp(c *client) bool {
	w.t.Helper()
	m := c.a.folders[c.no]
	ctx, v := w.t.Context(), mailboxtest.Own(c.a.no)
	view, err := w.s.View(ctx, v, c.no)
	if m == nil {
		if !errs.Is(err, errs.NotFound) {
			w.failf("a folder that is gone: %v", err)
		}
		return false
	}
	w.must(err)
	w.holdView(m, view)
	switch {
	case c.validity != view.Folder.UIDValidity:
		w.readAll(c, view)
	case c.session:
		w.changes(c)
	default:
		w.resync(c, view)
	}
	if len(c.cache) != len(m.places) || c.session && c.uids.Len() != len(m.places) {
		w.failf("folder %v: the client knows %d messages, there are %d", m.path, len(c.cache), len(m.places))
	}
	for i, p := range m.places {
		if c.cache[p.uid].flags != p.flags() || c.session && c.uids.UID(i+1) != p.uid {
			w.failf("folder %v: the client has UID %d with %v, want %v", m.path, p.uid, c.cache[p.uid], p.flags())
		}
		if !sameKeywords(c.a.keywords, c.cache[p.uid].keywords, p.letter.keywords) {
			w.failf("folder %v: the client has UID %d with keywords %b", m.path, p.uid, c.cache[p.uid].keywords)
		}
	}
	return true
}

// holdView holds a view, which may come from the cache, against the model.
func (w *world) holdView(m *folder, view *mailbox.View) {
	w.t.Helper()
	first := haven.UID(0)
	want := make([]haven.UID, len(m.places))
	for i, p := range m.places {
		want[i] = p.uid
		if first == 0 && p.letter.flags&mailbox.Seen == 0 {
			first = p.uid
		}
	}
	var got []haven.UID
	view.UIDs.All(func(_ int, uid haven.UID) bool { got = append(got, uid); return true })
	if !slices.Equal(got, want) && len(got)+len(want) > 0 || view.FirstUnseen != first {
		w.failf("folder %v: view %v first unseen %d, want %v and %d", m.path, got, view.FirstUnseen, want, first)
	}
}

func (w *world) readAll(c *client, view *mailbox.View) {
	w.t.Helper()
	c.validity, c.seq, c.uids, c.cache = view.Folder.UIDValidity, view.Folder.HighestModSeq, view.UIDs, map[haven.UID]known{}
	w.must(w.s.Rows(w.t.Context(), mailboxtest.Own(c.a.no), c.no, all, 0, func(rs []mailbox.Row) error {
		for _, r := range rs {
			c.cache[r.UID] = known{r.Flags, r.Keywords}
		}
		return nil
	}))
}

// resync is SELECT with QRESYNC (RFC 7162 §3.2.5).
func (w *world) resync(c *client, view *mailbox.View) {
	w.t.Helper()
	ctx, v := w.t.Context(), mailboxtest.Own(c.a.no)
	gone, err := w.s.Vanished(ctx, v, c.no, c.seq, nil)
	w.must(err)
	for _, r := range gone {
		for uid := r.Lo; uid <= r.Hi; uid++ {
			delete(c.cache, uid)
		}
	}
	w.must(w.s.Rows(ctx, v, c.no, all, c.seq, func(rs []mailbox.Row) error {
		for _, r := range rs {
			if r.Changed <= c.seq {
				w.failf("row %+v didn't change since %d", r, c.seq)
			}
			c.cache[r.UID] = known{r.Flags, r.Keywords}
		}
		return nil
	}))
	c.seq = view.Folder.HighestModSeq
}

// changes is what a session does when it is woken.
func (w *world) changes(c *client) {
	w.t.Helper()
	ch, err := w.s.Changes(w.t.Context(), mailboxtest.Own(c.a.no), c.no, c.seq)
	w.must(err)
	for _, r := range ch.Vanished {
		for uid := r.Lo; uid <= r.Hi; uid++ {
			delete(c.cache, uid)
		}
	}
	c.uids = c.uids.Remove(ch.Vanished)
	for _, r := range ch.Changed {
		if _, ok := c.cache[r.UID]; !ok {
			w.failf("UID %d changed and is not known", r.UID)
		}
		c.cache[r.UID] = known{r.Flags, r.Keywords}
	}
	for _, r := range ch.New {
		if _, ok := c.cache[r.UID]; ok || r.UID <= c.uids.Last() {
			w.failf("UID %d is new and known", r.UID)
		}
		c.uids = c.uids.Append(r.UID)
		c.cache[r.UID] = known{r.Flags, r.Keywords}
	}
	c.seq = ch.Folder.HighestModSeq
}
