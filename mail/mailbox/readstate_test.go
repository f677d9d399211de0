package mailbox_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"haven"
	"haven/mail/mailbox"
	"haven/mail/mailbox/mailboxtest"
	"haven/platform/db"
	"haven/platform/errs"
)

// readers is a shared mailbox with people.
type readers struct {
	*mailboxtest.Store
	t      testing.TB
	box    haven.AccountNo
	people []haven.AccountNo
}

func newReaders(t testing.TB, s *mailboxtest.Store, people int) *readers {
	r := &readers{Store: s, t: t, box: s.Account()}
	for range people {
		p := s.Account()
		r.people = append(r.people, p)
		s.Grants.Set(p, r.box, haven.Member)
	}
	return r
}

func (r *readers) as(i int) mailbox.Viewer { return mailboxtest.Own(r.people[i]).As(r.box) }

// readEach switches the mailbox; what is left to settle when it reads as one again stays so.
func (r *readers) readEach(on bool, people ...haven.AccountNo) {
	r.t.Helper()
	must(r.t, r.DB.Write(r.t.Context(), func(tx *db.Tx) error { return r.SetReadsEachIn(tx, r.box, on, people) }))
}

func (r *readers) seen(i int, op mailbox.FlagOp, uids ...haven.UID) mailbox.StoreResult {
	r.t.Helper()
	res, err := r.Store.Store(r.t.Context(), r.as(i), inbox, only(uids...), mailbox.FlagChange{Op: op, Flags: mailbox.Seen})
	must(r.t, err)
	return res
}

// unseen are the UIDs of a folder that a person has not read, by its rows; the counters and the view must say the same.
func (r *readers) unseen(i int, mb haven.MailboxNo) (out []haven.UID) {
	r.t.Helper()
	must(r.t, r.Rows(r.t.Context(), r.as(i), mb, all, 0, func(rows []mailbox.Row) error {
		for _, row := range rows {
			if row.Flags&mailbox.Seen == 0 {
				out = append(out, row.UID)
			}
		}
		return nil
	}))
	view, err := r.View(r.t.Context(), r.as(i), mb)
	must(r.t, err)
	first := haven.UID(0)
	if len(out) > 0 {
		first = out[0]
	}
	fs, err := r.Folders(r.t.Context(), r.as(i))
	must(r.t, err)
	k := slices.IndexFunc(fs, func(f mailbox.Folder) bool { return f.No == mb })
	if view.FirstUnseen != first || view.Folder.Unseen != int64(len(out)) || fs[k].Unseen != int64(len(out)) || fs[k].HighestModSeq != view.Folder.HighestModSeq {
		r.t.Errorf("person %d has not read %v of folder %d; first %d, counted %d and %d, modseq %d and %d", i, out, mb, view.FirstUnseen, view.Folder.Unseen, fs[k].Unseen,
			view.Folder.HighestModSeq, fs[k].HighestModSeq)
	}
	return out
}

func (r *readers) hold(what string, i int, want ...haven.UID) {
	r.t.Helper()
	if got := r.unseen(i, inbox); !slices.Equal(got, want) {
		r.t.Errorf("%s: person %d has not read %v, want %v", what, i, got, want)
	}
}

// Everybody begins with what was read, reads for oneself, and is not told of what others read; what somebody read stays read when it reads
// as one again.
func TestReadEach(t *testing.T) {
	t.Parallel()
	mailboxtest.Each(t, func(t *testing.T, s *mailboxtest.Store) {
		ctx := t.Context()
		r := newReaders(t, s, 3)
		deliver(t, s, r.box, 4)
		r.seen(0, mailbox.AddFlags, 1)
		r.readEach(true, r.people[0], r.people[1])
		deliver(t, s, r.box, 1)
		r.hold("at first", 0, 2, 3, 4, 5)
		r.hold("at first", 1, 2, 3, 4, 5)

		before, err := s.View(ctx, r.as(1), inbox)
		must(t, err)
		mine, err := s.View(ctx, r.as(0), inbox)
		must(t, err)
		res := r.seen(0, mailbox.AddFlags, 2, 5)
		r.hold("who reads", 0, 3, 4)
		r.hold("a colleague", 1, 2, 3, 4, 5)
		ch, err := s.Changes(ctx, r.as(1), inbox, before.Folder.HighestModSeq)
		if err != nil || len(ch.Changed)+len(ch.New) > 0 || ch.Folder.HighestModSeq != before.Folder.HighestModSeq {
			t.Errorf("a colleague is told %+v, %v", ch, err)
		}
		ch, err = s.Changes(ctx, r.as(0), inbox, mine.Folder.HighestModSeq)
		if err != nil || len(ch.Changed) != 2 || ch.Folder.HighestModSeq != res.Rows[1].Changed || ch.Changed[1].Changed != res.Rows[1].Changed {
			t.Errorf("who reads is told %+v, %v", ch, err)
		}

		r.hold("who comes later begins with what anyone read", 2, 3, 4)
		r.seen(1, mailbox.AddFlags, 3)
		r.hold("and is not told what is read then", 2, 3, 4)
		r.seen(0, mailbox.RemoveFlags, 1, 5)
		r.hold("unread again", 0, 1, 3, 4, 5)
		r.hold("unread again by a colleague", 1, 2, 4, 5)

		r.readEach(false)
		must(t, s.Settle(ctx, r.box))
		for i := range r.people {
			r.hold("as one", i, 4, 5)
		}
		if n := count(t, s, `SELECT (SELECT COUNT(*) FROM seen_by) + (SELECT COUNT(*) FROM reader) + (SELECT COUNT(*) FROM reader_count) + (SELECT COUNT(*) FROM placement WHERE flags & 262144 <> 0)`); n != 0 {
			t.Errorf("%d rows are left behind", n)
		}
	})
}

// A STORE that only applies to what is unchanged goes by what its person sees, and one of other flags is everybody's.
func TestReadEachUnchangedSince(t *testing.T) {
	t.Parallel()
	mailboxtest.Each(t, func(t *testing.T, s *mailboxtest.Store) {
		ctx := t.Context()
		r := newReaders(t, s, 2)
		deliver(t, s, r.box, 2)
		r.readEach(true, r.people...)
		view, err := s.View(ctx, r.as(0), inbox)
		must(t, err)
		since := view.Folder.HighestModSeq
		r.seen(1, mailbox.AddFlags, 1, 2)
		ch := mailbox.FlagChange{Op: mailbox.AddFlags, Flags: mailbox.Seen | mailbox.Flagged, UnchangedSince: &since}
		res, err := s.Store(ctx, r.as(0), inbox, only(1), ch)
		if err != nil || len(res.Modified) > 0 || res.Rows[0].Flags != mailbox.Seen|mailbox.Flagged {
			t.Errorf("after a colleague's mark: %+v, %v", res, err)
		}
		res, err = s.Store(ctx, r.as(0), inbox, only(1), ch)
		if err != nil || len(res.Modified) != 1 {
			t.Errorf("after the own mark: %+v, %v", res, err)
		}
		res = r.seen(1, mailbox.RemoveFlags, 1)
		if res.Rows[0].Flags != mailbox.Flagged {
			t.Errorf("a colleague sees %+v", res.Rows[0])
		}
		r.hold("who read", 0, 2)
	})
}

// What is copied, moved, expunged and put back takes everybody's marks along; into another account goes the mark of who carries it.
func TestReadEachMoves(t *testing.T) {
	t.Parallel()
	mailboxtest.Each(t, func(t *testing.T, s *mailboxtest.Store) {
		ctx := t.Context()
		const archive = 5
		r := newReaders(t, s, 3)
		deliver(t, s, r.box, 4)
		r.readEach(true, r.people...)
		r.seen(0, mailbox.AddFlags, 1, 2)
		r.seen(1, mailbox.AddFlags, 2)
		_, err := s.Copy(ctx, r.as(2), inbox, only(1), r.as(2), archive)
		must(t, err)
		_, err = s.Move(ctx, r.as(2), inbox, only(2), r.as(2), archive)
		must(t, err)
		for i, want := range [][]haven.UID{nil, {1}, {1, 2}} {
			if got := r.unseen(i, archive); !slices.Equal(got, want) {
				t.Errorf("in the archive person %d has not read %v, want %v", i, got, want)
			}
		}
		flag(t, s, r.as(1), archive, only(1), mailbox.Seen)
		r.hold("a copy is read where its original is", 1, 3, 4)
		expunge(t, s, r.as(2), archive, only(2))
		_, err = s.Undelete(ctx, r.box, mailbox.Expunged{Since: mailboxtest.Start, Until: mailboxtest.Start.Add(day)}, 0, func(*db.Tx, []mailbox.Filed) {})
		must(t, err)
		if got := r.unseen(2, archive); !slices.Equal(got, []haven.UID{1, 3}) {
			t.Errorf("put back: %v", got)
		}
		own := mailboxtest.Own(r.people[0])
		for i := range 2 {
			o := mailboxtest.Own(r.people[i])
			_, err := s.Copy(ctx, r.as(i), archive, only(3), o, inbox)
			must(t, err)
			_, err = s.Copy(ctx, r.as(i), inbox, only(3), o, inbox)
			must(t, err)
			f, err := s.FolderAt(ctx, o, []string{"INBOX"})
			if err != nil || f.Unseen != 1 {
				t.Errorf("person %d: %+v, %v", i, f, err)
			}
		}
		_, err = s.Move(ctx, own, inbox, only(1), r.as(0), inbox)
		must(t, err)
		r.hold("who brought it in has read it", 0, 3, 4)
		r.hold("nobody else has", 2, 1, 3, 4, 5)
		_, _, err = s.Append(ctx, r.as(1), inbox, []mailbox.Append{{Letter: s.Letter(note(9)), Flags: mailbox.Seen}})
		must(t, err)
		r.hold("appended", 1, 3, 4, 5)
		r.hold("appended by a colleague", 0, 3, 4, 6)
	})
}

// What is left of settling when the process ends is joined by upkeep, and meanwhile by whoever touches it.
func TestSettleGoesOn(t *testing.T) {
	t.Parallel()
	for _, engine := range []string{"sqlite", "postgres"} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			s := mailboxtest.NewSteps(t, engine, 2)
			r := newReaders(t, s, 2)
			deliver(t, s, r.box, 9)
			r.readEach(true, r.people...)
			r.seen(0, mailbox.AddFlags, 1, 2, 3, 4, 5, 6, 7, 8)
			r.seen(1, mailbox.AddFlags, 9)
			r.readEach(false)
			ctx, cancel := context.WithCancel(t.Context())
			once(t, s, r.box, cancel)
			if err := s.Settle(ctx, r.box); !errors.Is(err, context.Canceled) && errs.KindOf(err) == errs.Internal {
				t.Fatal(err)
			}
			if n := count(t, s, `SELECT COUNT(DISTINCT msg) FROM seen_by`); n == 0 || n == 9 {
				t.Fatalf("%d messages have marks", n)
			}
			r.seen(1, mailbox.RemoveFlags, 8)
			r.unseen(0, inbox)
			must(t, s.Check(t.Context(), func(f mailbox.Fault) { t.Error(f) }))
			if got := r.unseen(1, inbox); !slices.Contains(got, 8) {
				t.Errorf("person 1 has not read %v", got)
			}
			must(t, s.Maintain(t.Context()))
			r.hold("as one", 0, 8)
			r.hold("as one", 1, 8)
		})
	}
}

// reference is a mailbox in plain maps: who has read what.
type reference struct {
	*readers
	rand    *rand.Rand
	each    bool
	since   map[int]int // by person: the step from which others' reading no longer counts
	letters map[haven.MessageID]*refLetter
	seen    map[int]map[haven.MailboxNo]*refClient
	step    int
	serial  int
}

type refLetter struct {
	shared bool
	own    map[int]bool
	anyAt  int // the step at which somebody read it first; 0: never
}

// refClient is what a person's program knows of a folder, kept up by what changed.
type refClient struct {
	seq   haven.Seq
	flags map[haven.UID]mailbox.Flags
}

func (m *reference) sees(i int, l *refLetter) bool {
	if own, ok := l.own[i]; ok {
		return own
	}
	since, enrolled := m.since[i]
	return l.shared || l.anyAt > 0 && m.each && (!enrolled || l.anyAt <= since)
}

func (m *reference) mark(i int, l *refLetter, seen bool) {
	switch {
	case m.sees(i, l) == seen:
	case !m.each:
		l.shared = seen
	default:
		if l.own[i] = seen; seen && l.anyAt == 0 {
			l.anyAt = m.step
		}
	}
}

// opens is a person who opens the mailbox, for the first time maybe.
func (m *reference) opens(i int) {
	if _, ok := m.since[i]; m.each && !ok {
		m.since[i] = m.step
	}
}

// TestReadStateModel: three people, one of whom comes later, do random things in a mailbox whose owner changes the setting now and then; what
// each sees, counts and is told is held against the reference.
func TestReadStateModel(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		engine      string
		seed        uint64
		step, steps int
	}{{"sqlite", 11, 1, 700}, {"sqlite", 12, 0, 1200}, {"sqlite", 13, 5, 1200}, {"postgres", 14, 3, 250}, {"postgres", 15, 0, 250}} {
		t.Run(fmt.Sprint(c.engine, c.seed), func(t *testing.T) {
			t.Parallel()
			if testing.Short() || racing {
				c.steps /= 10
			}
			m := &reference{readers: newReaders(t, mailboxtest.NewSteps(t, c.engine, c.step), 3), rand: rand.New(rand.NewPCG(c.seed, 0)), since: map[int]int{},
				letters: map[haven.MessageID]*refLetter{}, seen: map[int]map[haven.MailboxNo]*refClient{0: {}, 1: {}, 2: {}}}
			for m.step = 1; m.step <= c.steps && !t.Failed(); m.step++ {
				what := m.do()
				for i := range m.people {
					m.compare(what, i)
				}
			}
		})
	}
}

func (m *reference) folder() haven.MailboxNo {
	return haven.MailboxNo([]int{1, 1, 5, 6}[m.rand.IntN(4)])
}

// some are UIDs at random.
func (m *reference) some() []mailbox.Range {
	var uids []haven.UID
	for range 1 + m.rand.IntN(6) {
		uids = append(uids, haven.UID(1+m.rand.IntN(40)))
	}
	return only(uids...)
}

func (m *reference) rows(i int, mb haven.MailboxNo, uids []mailbox.Range) (rows []mailbox.Row) {
	must(m.t, m.Rows(m.t.Context(), m.as(i), mb, uids, 0, func(rs []mailbox.Row) error { rows = append(rows, rs...); return nil }))
	return rows
}

func (m *reference) do() string {
	ctx, i, mb, uids := m.t.Context(), m.rand.IntN(len(m.people)), m.folder(), m.some()
	switch k := m.rand.IntN(40); {
	case k < 6:
		for _, f := range deliver(m.t, m.Store, m.box, 1+m.rand.IntN(2)) {
			m.letters[f.Msg] = &refLetter{own: map[int]bool{}}
		}
		return "deliver"
	case k < 20:
		return m.store(i, mb, uids)
	case k < 26:
		to := m.folder()
		move := m.rand.IntN(2) == 0
		fn := m.Copy
		if move {
			fn = m.Move
		}
		_, err := fn(ctx, m.as(i), mb, uids, m.as(i), to)
		must(m.t, err)
		return fmt.Sprint("transfer, move: ", move)
	case k < 29:
		expunge(m.t, m.Store, m.as(i), mb, uids)
		m.opens(i)
		return "expunge"
	case k < 31:
		_, err := m.Undelete(ctx, m.box, mailbox.Expunged{Since: mailboxtest.Start, Until: m.Clock.Now().Add(day)}, 0, func(*db.Tx, []mailbox.Filed) {})
		must(m.t, err)
		return "undelete"
	case k < 34:
		m.append(i, mb)
		return "append"
	case k < 36:
		return m.across(i, mb, uids)
	case k < 38:
		return m.change()
	}
	must(m.t, m.Maintain(ctx))
	return "maintain"
}

func (m *reference) store(i int, mb haven.MailboxNo, uids []mailbox.Range) string {
	rows := m.rows(i, mb, uids)
	op := mailbox.FlagOp(1 + m.rand.IntN(3))
	flags := mailbox.Flags(0)
	if m.rand.IntN(5) > 0 {
		flags |= mailbox.Seen
	}
	if m.rand.IntN(3) == 0 {
		flags |= mailbox.Flagged
	}
	before := map[int]haven.Seq{}
	for k := range m.people {
		if _, ok := m.since[k]; m.each && !ok && k != i {
			continue // who has not opened it is told what anyone read
		}
		view, err := m.View(m.t.Context(), m.as(k), mb)
		must(m.t, err)
		before[k] = view.Folder.HighestModSeq
		m.opens(k)
	}
	_, err := m.Store.Store(m.t.Context(), m.as(i), mb, uids, mailbox.FlagChange{Op: op, Flags: flags})
	must(m.t, err)
	other := false
	for _, r := range rows {
		l := m.letters[r.Msg]
		switch {
		case op == mailbox.ReplaceFlags:
			m.mark(i, l, flags&mailbox.Seen != 0)
			other = other || (flags^r.Flags)&^mailbox.Seen != 0
		case flags&mailbox.Seen != 0:
			m.mark(i, l, op == mailbox.AddFlags)
		}
		other = other || flags&mailbox.Flagged != 0
	}
	for k := range before {
		ch, err := m.Changes(m.t.Context(), m.as(k), mb, before[k])
		must(m.t, err)
		if m.each && k != i && !other && (len(ch.Changed) > 0 || ch.Folder.HighestModSeq != before[k]) {
			m.t.Errorf("step %d: person %d is told what person %d read: %+v", m.step, k, i, ch)
		}
	}
	return fmt.Sprintf("store by %d: op %d flags %b", i, op, flags)
}

func (m *reference) append(i int, mb haven.MailboxNo) {
	m.serial++
	flags := mailbox.Flags(m.rand.IntN(2))
	v, err := m.FolderAt(m.t.Context(), m.as(i), path(mb))
	must(m.t, err)
	_, _, err = m.Append(m.t.Context(), m.as(i), mb, []mailbox.Append{{Letter: m.Letter(note(10_000 + m.serial)), Flags: flags}})
	must(m.t, err)
	m.born(i, mb, v.UIDNext, flags == mailbox.Seen)
}

func path(mb haven.MailboxNo) []string { return []string{mailbox.Provisioned[mb-1].Name} }

// born are messages from a UID on that a person put into a folder.
func (m *reference) born(i int, mb haven.MailboxNo, from haven.UID, seen bool) {
	for _, r := range m.rows(i, mb, []mailbox.Range{{Lo: from, Hi: mailbox.MaxUID}}) {
		l := &refLetter{own: map[int]bool{}}
		if m.letters[r.Msg] = l; seen {
			m.opens(i)
			m.mark(i, l, true)
		}
	}
}

// across copies one message into the person's own account and back.
func (m *reference) across(i int, mb haven.MailboxNo, uids []mailbox.Range) string {
	ctx, own := m.t.Context(), mailboxtest.Own(m.people[i])
	rows := m.rows(i, mb, uids[:1])
	c, err := m.Copy(ctx, m.as(i), mb, uids[:1], own, inbox)
	must(m.t, err)
	if len(c.To) == 0 {
		return "across, nothing"
	}
	v, err := m.FolderAt(ctx, m.as(i), path(mb))
	must(m.t, err)
	_, err = m.Move(ctx, own, inbox, only(c.To...), m.as(i), mb)
	must(m.t, err)
	m.born(i, mb, v.UIDNext, m.sees(i, m.letters[rows[0].Msg]))
	return "across"
}

// change is the owner's choice. Settling may be left undone, for the next choice, or upkeep, to find.
func (m *reference) change() string {
	ctx := m.t.Context()
	if m.each = !m.each; m.each {
		m.readEach(true, m.people[0], m.people[1])
		for _, i := range []int{0, 1} {
			m.opens(i)
		}
		return "each"
	}
	m.readEach(false)
	must(m.t, m.Settle(ctx, m.box))
	for _, l := range m.letters {
		for _, seen := range l.own {
			l.shared = l.shared || seen
		}
		clear(l.own)
		l.anyAt = 0
	}
	clear(m.since)
	return "as one"
}

// compare holds everything that a person sees against the reference, and what the person's program learns from what changed.
func (m *reference) compare(what string, i int) {
	m.t.Helper()
	ctx := m.t.Context()
	for _, mb := range []haven.MailboxNo{1, 5, 6} {
		want := map[haven.UID]bool{}
		n := int64(0)
		rows := m.rows(i, mb, all)
		for _, r := range rows {
			want[r.UID] = m.sees(i, m.letters[r.Msg])
			if !want[r.UID] {
				n++
			}
			if r.Flags&mailbox.Seen != 0 != want[r.UID] {
				m.t.Errorf("step %d, %s: folder %d: person %d has UID %d with %v, want seen %v", m.step, what, mb, i, r.UID, r.Flags, want[r.UID])
			}
		}
		f, err := m.FolderAt(ctx, m.as(i), path(mb))
		must(m.t, err)
		if f.Unseen != n {
			m.t.Errorf("step %d, %s: folder %d: person %d has %d unseen, want %d", m.step, what, mb, i, f.Unseen, n)
		}
		if m.rand.IntN(3) == 0 && (i < 2 || m.step%17 == 0) { // the third opens it seldom
			m.learn(what, i, mb, rows)
		}
	}
	if m.step%50 == 0 {
		must(m.t, m.Check(ctx, func(f mailbox.Fault) { m.t.Errorf("step %d, %s: %s", m.step, what, f) }))
	}
}

// learn brings a program's knowledge forward, by one of the two ways, and holds it against the rows.
func (m *reference) learn(what string, i int, mb haven.MailboxNo, rows []mailbox.Row) {
	m.t.Helper()
	ctx := m.t.Context()
	view, err := m.View(ctx, m.as(i), mb)
	must(m.t, err)
	m.opens(i)
	c := m.seen[i][mb]
	if c == nil {
		c = &refClient{flags: map[haven.UID]mailbox.Flags{}}
		m.seen[i][mb] = c
	}
	if m.rand.IntN(2) == 0 {
		ch, err := m.Changes(ctx, m.as(i), mb, c.seq)
		must(m.t, err)
		for _, r := range append(ch.New, ch.Changed...) {
			c.flags[r.UID] = r.Flags
		}
		c.seq = ch.Folder.HighestModSeq
	} else {
		must(m.t, m.Rows(ctx, m.as(i), mb, all, c.seq, func(rs []mailbox.Row) error {
			for _, r := range rs {
				if c.flags[r.UID] = r.Flags; r.Changed <= c.seq || r.Changed > view.Folder.HighestModSeq {
					m.t.Errorf("step %d: a row changed at %d between %d and %d", m.step, r.Changed, c.seq, view.Folder.HighestModSeq)
				}
			}
			return nil
		}))
		c.seq = view.Folder.HighestModSeq
	}
	first := haven.UID(0)
	for _, r := range rows {
		if c.flags[r.UID] != r.Flags {
			m.t.Errorf("step %d, %s: folder %d: the program of person %d has UID %d with %v, want %v", m.step, what, mb, i, r.UID, c.flags[r.UID], r.Flags)
		}
		if first == 0 && r.Flags&mailbox.Seen == 0 {
			first = r.UID
		}
	}
	if view.FirstUnseen != first {
		m.t.Errorf("step %d, %s: folder %d: person %d, first unseen %d, want %d", m.step, what, mb, i, view.FirstUnseen, first)
	}
}
