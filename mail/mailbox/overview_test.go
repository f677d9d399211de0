package mailbox_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"haven"
	"haven/mail/mailbox"
	"haven/mail/mailbox/mailboxtest"
	"haven/platform/db"
)

// shown is a message as an overview has it, in words.
func shown(b *mailbox.Brief, names []string) string {
	in := append([]haven.MailboxNo{b.Folder}, b.More...)
	slices.Sort(in)
	var kw []string
	for i, n := range names {
		if b.Keywords&(1<<i) != 0 {
			kw = append(kw, n)
		}
	}
	return fmt.Sprintf("thread %d size %d flags %x %s in %v", b.Thread, b.Size, uint32(b.Flags)&0xffff, kw, in)
}

func overview(t *testing.T, s *mailboxtest.Store, v mailbox.Viewer) (all map[haven.MessageID]string, st mailbox.States) {
	t.Helper()
	all = map[haven.MessageID]string{}
	must(t, s.Overview(t.Context(), v, func(o *mailbox.Overview) error {
		o.All(func(b *mailbox.Brief) { all[b.Msg] = shown(b, o.Keywords()) })
		st = o.State()
		return nil
	}))
	return all, st
}

// follower keeps a copy of an account by what it is told of changes.
type follower struct {
	t    *testing.T
	s    *mailboxtest.Store
	v    mailbox.Viewer
	at   mailbox.Point
	copy map[haven.MessageID]string
}

func follow(t *testing.T, s *mailboxtest.Store, v mailbox.Viewer) *follower {
	all, st := overview(t, s, v)
	return &follower{t, s, v, mailbox.Point{State: mailbox.State{Seq: st.Mail, Epoch: st.Epoch}, Origin: st.Mail}, all}
}

// catchUp asks for changes, at most so many messages at a time, until there are no more.
func (f *follower) catchUp(most int) {
	f.t.Helper()
	for more := true; more; {
		d, err := f.s.Since(f.t.Context(), f.v, f.at, most)
		must(f.t, err)
		if most > 0 && len(d.Created)+len(d.Updated)+len(d.Destroyed) > most {
			f.t.Errorf("asked for %d changes at most, told of %d", most, len(d.Created)+len(d.Updated)+len(d.Destroyed))
		}
		now, _ := overview(f.t, f.s, f.v)
		for _, m := range d.Created {
			if _, known := f.copy[m]; known {
				f.t.Errorf("message %d is told as new a second time", m)
			}
		}
		for _, m := range d.Destroyed {
			delete(f.copy, m)
		}
		for _, m := range slices.Concat(d.Created, d.Updated) {
			if text, ok := now[m]; ok {
				f.copy[m] = text
			}
		}
		f.at, more = d.Until, d.More
	}
}

// chance is random changes to one account by its person.
type chance struct {
	t   *testing.T
	s   *mailboxtest.Store
	v   mailbox.Viewer
	rng *rand.Rand
	mbs []haven.MailboxNo
	n   int
}

func (c *chance) folder() haven.MailboxNo { return c.mbs[c.rng.IntN(len(c.mbs))] }

func (c *chance) some() (haven.MailboxNo, []mailbox.Range) {
	mb := c.folder()
	var uids []haven.UID
	must(c.t, c.s.Rows(c.t.Context(), c.v, mb, []mailbox.Range{{Lo: 1, Hi: mailbox.MaxUID}}, 0, func(rows []mailbox.Row) error {
		for _, r := range rows {
			if c.rng.IntN(3) == 0 {
				uids = append(uids, r.UID)
			}
		}
		return nil
	}))
	return mb, only(uids...)
}

func (c *chance) messages() []haven.MessageID {
	now, _ := overview(c.t, c.s, c.v)
	ids := slices.Sorted(maps.Keys(now))
	return slices.DeleteFunc(ids, func(haven.MessageID) bool { return c.rng.IntN(4) > 0 })
}

func (c *chance) step() {
	ctx := c.t.Context()
	switch c.rng.IntN(9) {
	case 0, 1:
		c.n++
		ref := ""
		if c.n > 3 && c.rng.IntN(2) == 0 {
			ref = fmt.Sprintf("References: <m%d@x.example>\n", c.rng.IntN(c.n))
		}
		c.s.Deliver(c.v.Account, fmt.Sprintf("Message-ID: <m%d@x.example>\n%sSubject: note %d\n\nText.\n", c.n, ref, c.n))
	case 2:
		mb, uids := c.some()
		if len(uids) > 0 {
			_, err := c.s.Store(ctx, c.v, mb, uids, mailbox.FlagChange{Op: mailbox.FlagOp(1 + c.rng.IntN(3)),
				Flags: mailbox.Flags(c.rng.IntN(32)), Keywords: []string{"$a", "b"}[:c.rng.IntN(3)]})
			must(c.t, err)
		}
	case 3:
		mb, uids := c.some()
		if len(uids) > 0 {
			_, err := c.s.Move(ctx, c.v, mb, uids, c.v, c.folder())
			must(c.t, err)
		}
	case 4:
		mb, uids := c.some()
		if len(uids) > 0 {
			_, err := c.s.Copy(ctx, c.v, mb, uids, c.v, c.folder())
			must(c.t, err)
		}
	case 5:
		_, err := c.s.Expunge(ctx, c.v, c.folder(), nil)
		must(c.t, err)
	default:
		var edits []mailbox.Edit
		for _, m := range c.messages() {
			edits = append(edits, c.edit(m))
		}
		res, err := c.s.EditMessages(ctx, c.v, edits)
		must(c.t, err)
		for i, err := range res.Errors {
			if err != nil {
				c.t.Errorf("edit %+v: %v", edits[i], err)
			}
		}
	}
}

func (c *chance) edit(m haven.MessageID) mailbox.Edit {
	e := mailbox.Edit{Msg: m}
	words := mailbox.Keywords{Flags: mailbox.Flags(c.rng.IntN(32)), Names: []string{"$a", "c"}[:c.rng.IntN(3)]}
	switch c.rng.IntN(6) {
	case 0:
		e.Destroy = true
	case 1:
		e.Set = words
	case 2:
		e.Unset = words
	case 3:
		e.Replace, e.Set = true, words
	case 4:
		e.Refile, e.Into = true, []haven.MailboxNo{c.folder(), c.folder()}
	default:
		e.Into, e.OutOf = []haven.MailboxNo{c.folder()}, []haven.MailboxNo{c.folder()}
	}
	return e
}

// What an overview shows and what is told of changes is what the places say, whatever happens in whatever order, and however few changes are asked for at a time.
func TestOverviewFollows(t *testing.T) {
	t.Parallel()
	for _, eachReads := range []bool{false, true} {
		t.Run(fmt.Sprintf("each=%v", eachReads), func(t *testing.T) {
			t.Parallel()
			mailboxtest.Each(t, func(t *testing.T, s *mailboxtest.Store) {
				r := newReaders(t, s, 2)
				if eachReads {
					r.readEach(true, r.people...)
				}
				seed := rand.Uint64()
				t.Logf("seed %d", seed)
				rng := rand.New(rand.NewPCG(seed, 1))
				mine := &chance{t: t, s: s, v: r.as(0), rng: rng, mbs: []haven.MailboxNo{1, 2, 3, 4}}
				theirs := &chance{t: t, s: s, v: r.as(1), rng: rng, mbs: mine.mbs, n: 1000}
				all, few := follow(t, s, r.as(0)), follow(t, s, r.as(1))
				for i := range 120 {
					mine.step()
					theirs.step()
					if i%3 == 0 {
						all.catchUp(0)
						few.catchUp(40)
					}
				}
				all.catchUp(0)
				few.catchUp(40)
				for _, f := range []*follower{all, few} {
					want := fromPlaces(t, s, f.v)
					now, _ := overview(t, s, f.v)
					if !maps.Equal(want, now) {
						t.Errorf("the overview has\n%v\nthe places say\n%v", now, want)
					}
					if !maps.Equal(f.copy, now) {
						t.Errorf("who follows has\n%v\nthere is\n%v", f.copy, now)
					}
				}
				holdCounts(t, s, r.as(1))
			})
		})
	}
}

// fromPlaces is what a reader of every folder sees, put together anew.
func fromPlaces(t *testing.T, s *mailboxtest.Store, v mailbox.Viewer) map[haven.MessageID]string {
	t.Helper()
	names, err := s.Keywords(t.Context(), v)
	must(t, err)
	briefs := map[haven.MessageID]*mailbox.Brief{}
	fs, err := s.Folders(t.Context(), v)
	must(t, err)
	for _, f := range fs {
		must(t, s.Rows(t.Context(), v, f.No, []mailbox.Range{{Lo: 1, Hi: mailbox.MaxUID}}, 0, func(rows []mailbox.Row) error {
			for _, row := range rows {
				b := briefs[row.Msg]
				switch {
				case row.Flags&mailbox.Deleted != 0:
				case b == nil:
					briefs[row.Msg] = &mailbox.Brief{Msg: row.Msg, Thread: row.Thread, Size: row.Size, Flags: row.Flags, Keywords: row.Keywords, Folder: f.No}
				case !b.In(f.No):
					b.More = append(b.More, f.No)
				}
			}
			return nil
		}))
	}
	out := map[haven.MessageID]string{}
	for m, b := range briefs {
		out[m] = shown(b, names)
	}
	return out
}

// holdCounts counts folders by their definition (RFC 8621 §2).
func holdCounts(t *testing.T, s *mailboxtest.Store, v mailbox.Viewer) {
	t.Helper()
	const trash = 4
	must(t, s.Overview(t.Context(), v, func(o *mailbox.Overview) error {
		var all []*mailbox.Brief
		o.All(func(b *mailbox.Brief) { all = append(all, b) })
		for mb := haven.MailboxNo(1); mb <= 6; mb++ {
			var want mailbox.Counts
			threads, unread := map[haven.MessageID]bool{}, map[haven.MessageID]bool{}
			for _, b := range all {
				if !b.In(mb) {
					continue
				}
				want.Emails++
				if b.Unread() {
					want.Unread++
				}
				threads[b.Thread] = true
			}
			for _, b := range all {
				onlyTrash := b.Folder == trash && len(b.More) == 0
				counts := !onlyTrash
				if mb == trash {
					counts = b.In(trash)
				}
				if counts && b.Unread() && threads[b.Thread] {
					unread[b.Thread] = true
				}
			}
			want.Threads, want.UnreadThreads = int64(len(threads)), int64(len(unread))
			if got := o.Counts()[mb]; got != want {
				t.Errorf("folder %d counts %+v, want %+v", mb, got, want)
			}
		}
		return nil
	}))
}

// A point from before the restore window, or from another life of the store, is one from which nobody can go on.
func TestSinceLost(t *testing.T) {
	t.Parallel()
	mailboxtest.Each(t, func(t *testing.T, s *mailboxtest.Store) {
		ctx := t.Context()
		an := s.Account()
		v := mailboxtest.Own(an)
		deliver(t, s, an, 2)
		f := follow(t, s, v)
		expunge(t, s, v, inbox, only(1))
		f.catchUp(0)
		old := f.at
		old.Seq, old.Origin = old.Seq-2, old.Seq-2
		if _, err := s.Since(ctx, v, old, 0); err != nil {
			t.Errorf("a minute ago is lost: %v", err)
		}
		s.Clock.Advance(31 * 24 * 3600e9)
		must(t, s.Maintain(ctx))
		if _, err := s.Since(ctx, v, old, 0); err == nil {
			t.Error("what was expunged 31 days ago is told")
		}
		f.catchUp(0)
		must(t, s.DB.Write(ctx, func(tx *db.Tx) error { mailbox.Restored(tx, s.Clock.Now().Unix()); return nil }))
		if _, err := s.Since(ctx, v, f.at, 0); err == nil {
			t.Error("a point of before a restore is good")
		}
	})
}
