package mailbox_test

import (
	"slices"
	"sync"
	"testing"
	"time"

	"haven"
	"haven/mail/mailbox"
	"haven/mail/mailbox/mailboxtest"
)

// sender is a person who may send as a shared mailbox.
type sender struct {
	t          *testing.T
	s          *mailboxtest.Store
	person     haven.AccountNo
	shared     haven.AccountNo
	own, there mailbox.Viewer
}

func newSender(t *testing.T, s *mailboxtest.Store) *sender {
	t.Helper()
	p := &sender{t: t, s: s, person: s.Account(), shared: s.Account()}
	s.Grants.Set(p.person, p.shared, haven.Member)
	p.own = mailboxtest.Own(p.person)
	p.there = p.own.As(p.shared)
	return p
}

// file is what the service does when it accepts a submission.
func (p *sender) file(text string) mailbox.Filed {
	p.t.Helper()
	filed, err := p.s.File(p.t.Context(), []mailbox.Filing{{Account: p.shared, Letter: p.s.Letter(text), Role: mailbox.Sent, Flags: mailbox.Seen, SentBy: p.person}}, nil)
	must(p.t, err)
	return filed[0]
}

// add is what the person's program does.
func (p *sender) add(v mailbox.Viewer, text string) haven.UID {
	p.t.Helper()
	_, u, err := p.s.Append(p.t.Context(), v, sent, []mailbox.Append{{Letter: p.s.Letter(text), Flags: mailbox.Seen}})
	must(p.t, err)
	return u[0]
}

func (p *sender) want(what string, v mailbox.Viewer, want ...haven.UID) {
	p.t.Helper()
	if got := uids(rows(p.t, p.s, v, sent)); !slices.Equal(got, append([]haven.UID{}, want...)) {
		p.t.Errorf("%s: there are %v, want %v", what, got, want)
	}
}

const (
	bare  = "From: Cara <cara@haven.test>\nTo: x@y.test\nSubject: repeat\nDate: Sun, 22 Nov 2026 08:00:00 +0000\n"
	named = bare + "Message-ID: <made-by-the-service@haven.test>\n"
	body  = "\nTwo tablets.\n"
)

// A program that leaves the Message-ID to the service has a copy without one.
func TestSentCopyWithoutMessageID(t *testing.T) {
	t.Parallel()
	mailboxtest.Each(t, func(t *testing.T, s *mailboxtest.Store) {
		p := newSender(t, s)
		p.file(named + body)
		if uid := p.add(p.there, bare+body); uid != 2 {
			t.Errorf("told %d", uid)
		}
		p.want("after the submission", p.there, 2)
		// Before the submission, in the other Sent.
		early := "From: Cara <cara@haven.test>\nSubject: second\nDate: Sun, 22 Nov 2026 08:05:00 +0000\n"
		p.add(p.own, early+body)
		p.file(early + "Message-ID: <second@haven.test>\n" + body)
		p.want("before the submission", p.own)
		p.want("before the submission", p.there, 2, 3)
		// Letters with different Message-IDs are two, however alike.
		p.file(bare + "Message-ID: <third@haven.test>\n" + body)
		p.add(p.there, bare+"Message-ID: <other@haven.test>\n"+body)
		p.want("another letter", p.there, 2, 3, 4, 5)
		// Letters with neither Message-ID nor Date are nobody's copies.
		p.add(p.own, "From: cara@haven.test\nSubject: x\n"+body)
		p.add(p.own, "From: cara@haven.test\nSubject: x\n"+body)
		p.file("From: cara@haven.test\nSubject: x\n" + body)
		if n := len(rows(t, s, p.own, sent)); n != 2 {
			t.Errorf("%d of two undated letters stay", n)
		}
	})
}

// What the service filed is gone: the program's copy is the only one, and stays.
func TestSentCopyIsKeptWhenOursIsGone(t *testing.T) {
	t.Parallel()
	mailboxtest.Each(t, func(t *testing.T, s *mailboxtest.Store) {
		p := newSender(t, s)
		p.file(named + body)
		_, err := s.Move(t.Context(), p.there, sent, all, p.there, trash)
		must(t, err)
		p.add(p.own, named+body) // ours is in Trash still
		p.want("ours in Trash", p.own)
		expunge(t, s, p.there, trash, all)
		p.add(p.own, named+body)
		p.want("ours gone", p.own, 2)
		p.file(bare + "Message-ID: <b@haven.test>\n" + body)
		expunge(t, s, p.there, sent, all)
		uid := p.add(p.there, bare+"Message-ID: <b@haven.test>\n"+body)
		p.want("in the right folder", p.there, uid)
	})
}

// Who looks at the folder from which an early copy is taken is woken.
func TestEarlyCopyWakes(t *testing.T) {
	t.Parallel()
	s := mailboxtest.New(t, "sqlite")
	p := newSender(t, s)
	p.add(p.own, named+body)
	view, err := s.View(t.Context(), p.own, sent)
	must(t, err)
	woken := false
	once(t, s, p.person, func() { woken = true })
	p.file(named + body)
	ch, err := s.Changes(t.Context(), p.own, sent, view.Folder.HighestModSeq)
	if err != nil || !woken || !slices.Equal(ch.Vanished, only(1)) {
		t.Errorf("woken %v, changes %+v, %v", woken, ch, err)
	}
}

// UIDs that only passed by are one row, whatever their number.
func TestPassingUIDsAreOneRow(t *testing.T) {
	t.Parallel()
	mailboxtest.Each(t, func(t *testing.T, s *mailboxtest.Store) {
		p := newSender(t, s)
		p.file(named + body)
		for range 20 {
			p.add(p.own, named+body)
		}
		if n := count(t, s, `SELECT COUNT(*) FROM gone`); n != 1 {
			t.Errorf("%d rows", n)
		}
		got, err := s.Vanished(t.Context(), p.own, sent, 0, nil)
		if err != nil || !slices.Equal(got, []mailbox.Range{{Lo: 1, Hi: 20}}) {
			t.Errorf("vanished %v, %v", got, err)
		}
	})
}

// A program that stores its copy at the very moment of the submission leaves one letter, wherever it stores it.
func TestSentCopyRace(t *testing.T) {
	t.Parallel()
	mailboxtest.Each(t, func(t *testing.T, s *mailboxtest.Store) {
		p := newSender(t, s)
		for n := range 40 {
			v := p.own
			if n%2 == 0 {
				v = p.there
			}
			text := note(n)
			a, b := s.Letter(text), s.Letter(text)
			var group sync.WaitGroup
			group.Go(func() {
				if _, _, err := s.Append(t.Context(), v, sent, []mailbox.Append{{Letter: a}}); err != nil {
					t.Error(err)
				}
			})
			group.Go(func() {
				_, err := s.File(t.Context(), []mailbox.Filing{{Account: p.shared, Letter: b, Role: mailbox.Sent, SentBy: p.person}}, nil)
				if err != nil {
					t.Error(err)
				}
			})
			group.Wait()
			s.Clock.Advance(time.Hour)
		}
		if own, there := len(rows(t, s, p.own, sent)), len(rows(t, s, p.there, sent)); own != 0 || there != 40 {
			t.Errorf("%d in the own Sent and %d in the shared one, of 40 letters", own, there)
		}
	})
}
