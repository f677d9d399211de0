package work_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"haven"
	"haven/mail/mailbox"
	"haven/mail/mailbox/mailboxtest"
	"haven/mail/work"
	"haven/platform/audit"
	"haven/platform/db"
	"haven/platform/errs"
	"haven/platform/policy"
)

// crowd knows the people of a test, whose hours count whole, and hears what owners are told.
type crowd struct {
	mu     sync.Mutex
	people map[haven.AccountNo]work.Person
	told   []string
	late   []string
	fails  error // what telling the owners comes to the next time
}

func (c *crowd) Late(_ context.Context, _ haven.AccountNo, stage work.Stage) (func(*db.Tx, int, time.Time) (work.Reached, error), error) {
	return func(_ *db.Tx, threads int, _ time.Time) (work.Reached, error) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.late = append(c.late, fmt.Sprintf("%s of %d", stage, threads))
		return work.Reached{Texts: 1}, nil
	}, nil
}

func (c *crowd) Sent() {}

func (c *crowd) PersonIn(_ *db.Tx, no haven.AccountNo) (work.Person, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	p, ok := c.people[no]
	if !ok {
		return p, errs.E(errs.NotFound, "There is nobody.")
	}
	return p, nil
}

func (c *crowd) MembersIn(*db.Tx, haven.AccountNo) (nos []haven.AccountNo, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for no, p := range c.people {
		if !p.Shared {
			nos = append(nos, no)
		}
	}
	return nos, nil
}

func (c *crowd) NumberIn(_ *db.Tx, id haven.AccountID) (haven.AccountNo, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for no, p := range c.people {
		if p.ID == id {
			return no, nil
		}
	}
	return 0, errs.E(errs.NotFound, "There is nobody.")
}

func (c *crowd) WithinIn(_ *db.Tx, _ haven.AccountNo, from time.Time, d time.Duration) (time.Time, error) {
	return from.Add(d + 48*time.Hour), nil // a weekend is between
}

func (c *crowd) OpeningIn(*db.Tx, haven.AccountNo) (work.Opening, error) { return weekdays{}, nil }

func (c *crowd) Released(_ *db.Tx, box, person haven.AccountNo, n int) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.fails; err != nil {
		c.fails = nil
		return err
	}
	c.told = append(c.told, fmt.Sprintf("%s in %s: %d", c.people[person].Name, c.people[box].Name, n))
	return nil
}

// shop is a premises' mailbox with three people.
type shop struct {
	*mailboxtest.Store
	*work.Service
	crowd            *crowd
	t                *testing.T
	box              haven.AccountNo
	aisha, ben, cara mailbox.Viewer
	n                int
}

func open(t *testing.T, s *mailboxtest.Store) *shop {
	t.Helper()
	must(t, s.DB.Migrate(t.Context(), audit.Schema, work.Schema))
	c := &crowd{people: map[haven.AccountNo]work.Person{}}
	h := &shop{Store: s, crowd: c, t: t}
	h.Service = h.another()
	h.box = s.Account()
	c.people[h.box] = work.Person{ID: haven.NewAccountID(), Name: "The Pharmacy", Shared: true}
	for name, v := range map[string]*mailbox.Viewer{"Aisha Khan": &h.aisha, "Ben Okafor": &h.ben, "Cara Doyle": &h.cara} {
		no := s.Account()
		c.people[no] = work.Person{ID: haven.NewAccountID(), Name: name}
		s.Grants.Set(no, h.box, haven.Member)
		*v = mailbox.Viewer{Person: no, Account: h.box}
	}
	return h
}

// another is what a process has over the same database.
func (h *shop) another() *work.Service {
	p, err := policy.Profile("nhsmail-2017")
	must(h.t, err)
	s := h.Store
	return work.New(work.Options{DB: s.DB, Mail: s.Service, Access: s.Grants, People: h.crowd, Hours: h.crowd, Notices: h.crowd, Alarms: h.crowd, Keys: s.Keys, Hub: s.Hub, Policy: p.Work, Clock: s.Clock})
}

func each(t *testing.T, fn func(t *testing.T, h *shop)) {
	mailboxtest.Each(t, func(t *testing.T, s *mailboxtest.Store) { fn(t, open(t, s)) })
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// letter is a letter with a Message-ID of its own, which refers to others.
func (h *shop) letter(re ...string) (text, id string) {
	h.n++
	id = fmt.Sprintf("<n%d@surgery.test>", h.n)
	text = fmt.Sprintf("From: Dr Lee <lee@surgery.test>\nTo: shop@pharmacy.test\nSubject: Repeat %d\nMessage-ID: %s\n", h.n, id)
	if len(re) > 0 {
		text += "In-Reply-To: " + re[len(re)-1] + "\nReferences: " + strings.Join(re, " ") + "\n"
	}
	return text + "\nHello.\n", id
}

// arrives files a letter into the shop's Inbox.
func (h *shop) arrives(re ...string) (f mailbox.Filed, id string) {
	h.t.Helper()
	text, id := h.letter(re...)
	return h.Deliver(h.box, text), id
}

// sends files a Sent copy of the mailbox.
func (h *shop) sends(by mailbox.Viewer, re ...string) (id string) {
	h.t.Helper()
	text, id := h.letter(re...)
	_, err := h.File(h.t.Context(), []mailbox.Filing{{Account: h.box, Letter: h.Letter(text), Role: mailbox.Sent, SentBy: by.Person}}, nil)
	must(h.t, err)
	return id
}

func (h *shop) item(thread haven.MessageID) (it work.Item) {
	h.t.Helper()
	must(h.t, h.Items(h.t.Context(), h.aisha, []haven.MessageID{thread}, func(x work.Item) { it = x }))
	return it
}

func claim(v mailbox.Viewer) work.Wish {
	return work.Wish{Move: true, Status: work.Handled, Holder: v.Person}
}

var done = work.Wish{Move: true, Status: work.Done}

func (h *shop) updates(v mailbox.Viewer, thread haven.MessageID, w work.Wish) work.Item {
	h.t.Helper()
	it, err := h.Update(h.t.Context(), v, thread, w)
	must(h.t, err)
	return it
}

// refused holds an error against a rule.
func refused(t *testing.T, err error, rule haven.Rule) {
	t.Helper()
	var e *errs.Error
	if !errors.As(err, &e) || e.Rule != string(rule) {
		t.Errorf("the error is %v, want %s", err, rule)
	}
}

// marks are the keywords of a message in the Inbox.
func (h *shop) marks(f mailbox.Filed) (names []string) {
	h.t.Helper()
	must(h.t, h.Overview(h.t.Context(), h.aisha, func(o *mailbox.Overview) error {
		b, ok := o.Find(f.Msg)
		if !ok {
			h.t.Fatal("the message is gone")
		}
		for i, name := range o.Keywords() {
			if b.Keywords&(1<<i) != 0 {
				names = append(names, name)
			}
		}
		return nil
	}))
	return names
}

func (h *shop) marked(f mailbox.Filed, want ...string) {
	h.t.Helper()
	if got := h.marks(f); !slices.Equal(got, want) {
		h.t.Errorf("the message shows %v, want %v", got, want)
	}
}

func TestClaimToDone(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *shop) {
		first, id := h.arrives()
		second, _ := h.arrives(id)
		thread := first.Msg
		if it := h.item(thread); it.Status != work.Unhandled || it.Created != 0 {
			t.Errorf("at first: %+v", it)
		}
		if it := h.updates(h.ben, thread, claim(h.ben)); it.Status != work.Handled || it.Holder != h.ben.Person || it.Since.IsZero() {
			t.Errorf("claimed: %+v", it)
		}
		h.marked(first, mailbox.KeywordHandled)
		h.marked(second, mailbox.KeywordHandled)
		_, err := h.Update(t.Context(), h.aisha, thread, claim(h.aisha))
		refused(t, err, work.RuleClaimed)
		if !strings.Contains(errs.Say(err), "Ben Okafor handles this since 09:00 on 22 November") {
			t.Errorf("a claim is told %q", errs.Say(err))
		}
		over := claim(h.aisha)
		over.TakeOver = true
		h.updates(h.aisha, thread, over)
		hand := claim(h.cara)
		hand.Note = "Please ring them after 3."
		h.updates(h.aisha, thread, hand)
		it := h.updates(h.cara, thread, done)
		if it.Status != work.Done || it.DoneBy != h.cara.Person || it.Holder != 0 {
			t.Errorf("done: %+v", it)
		}
		h.marked(second, mailbox.KeywordDone)
		h.marked(first, mailbox.KeywordDone)
		reply, _ := h.arrives(id)
		if it := h.item(thread); it.Status != work.Unhandled || it.DoneBy != 0 {
			t.Errorf("after a reply: %+v", it)
		}
		h.marked(first)
		h.marked(reply)
		notes, err := h.NotesOf(t.Context(), h.ben, []haven.MessageID{thread}, 0)
		must(t, err)
		must(t, h.Notes(t.Context(), h.ben, notes, func(n work.Note) {
			if n.Text != "Please ring them after 3." || n.Author != h.aisha.Person {
				t.Errorf("the note is %+v", n)
			}
		}))
		if len(notes) != 1 {
			t.Errorf("%d notes", len(notes))
		}
	})
}

// A message that a person puts into a thread shows who handles it, however it came: appended, imported, or copied from another account. It reopens nothing.
func TestWhatAPersonPutsIntoAThread(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *shop) {
		ctx := t.Context()
		first, id := h.arrives()
		h.updates(h.ben, first.Msg, done)
		text, _ := h.letter(id)
		im, _, _, err := h.Import(ctx, h.ben, []haven.MailboxNo{3}, mailbox.Append{Letter: h.Letter(text)})
		must(t, err)
		h.marked(mailbox.Filed{Msg: im.Msg}, mailbox.KeywordDone)
		text, _ = h.letter(id)
		own := h.Account()
		h.Grants.Set(h.ben.Person, own, haven.Own)
		f := h.Deliver(own, text)
		im, _, _, err = h.CopyMessage(ctx, h.ben.As(own), f.Msg, h.ben, []haven.MailboxNo{1}, mailbox.Append{})
		must(t, err)
		h.marked(mailbox.Filed{Msg: im.Msg}, mailbox.KeywordDone)
		if it := h.item(first.Msg); it.Status != work.Done {
			t.Errorf("it is %+v", it)
		}
	})
}

func TestWhoMay(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *shop) {
		f, _ := h.arrives()
		stranger := mailbox.Viewer{Person: h.Account(), Account: h.box}
		_, err := h.Update(t.Context(), stranger, f.Msg, claim(stranger))
		if !errs.Is(err, errs.NotFound) {
			t.Errorf("a stranger's claim: %v", err)
		}
		if _, err := h.States(t.Context(), stranger); !errs.Is(err, errs.NotFound) {
			t.Errorf("a stranger's look: %v", err)
		}
		if _, err := h.Arrive(t.Context(), stranger, "a", f.Msg, work.Viewing); !errs.Is(err, errs.NotFound) {
			t.Errorf("a stranger's presence: %v", err)
		}
		_, err = h.Update(t.Context(), h.aisha, f.Msg, claim(stranger))
		refused(t, err, work.RuleNoAccess)
		h.Grants.Set(h.ben.Person, h.box, haven.Read)
		for _, err := range []error{
			func() error { _, err := h.Update(t.Context(), h.ben, f.Msg, claim(h.ben)); return err }(),
			func() error { _, err := h.AddNote(t.Context(), h.ben, f.Msg, "x"); return err }(),
			func() error {
				_, err := h.SetDeadline(t.Context(), h.ben, work.Start{Thread: f.Msg, Rule: "x", Within: time.Hour})
				return err
			}(),
			h.SetStops(t.Context(), h.aisha, false),
		} {
			if !errs.Is(err, errs.Denied) {
				t.Errorf("without the right: %v", err)
			}
		}
		if _, err := h.Update(t.Context(), h.aisha, 4711, done); !errs.Is(err, errs.NotFound) {
			t.Errorf("a thread that there is not: %v", err)
		}
	})
}

// Of those who claim a thread at the same moment one gets it, and the others are told who did.
func TestClaimRace(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *shop) {
		for range 10 {
			f, _ := h.arrives()
			all := []mailbox.Viewer{h.aisha, h.ben, h.cara}
			won := make([]error, len(all))
			var wg sync.WaitGroup
			for i, v := range all {
				wg.Go(func() { _, won[i] = h.Update(t.Context(), v, f.Msg, claim(v)) })
			}
			wg.Wait()
			it, winners := h.item(f.Msg), 0
			for i, err := range won {
				if err == nil {
					winners++
					if it.Holder != all[i].Person {
						t.Error("somebody else holds what was claimed")
					}
				} else {
					refused(t, err, work.RuleClaimed)
				}
			}
			if winners != 1 {
				t.Errorf("%d claims won", winners)
			}
		}
	})
}

// The service's keywords are what programs see, and nothing that they do changes them.
func TestKeywordsAreTheServices(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *shop) {
		f, _ := h.arrives()
		h.updates(h.ben, f.Msg, claim(h.ben))
		store := func(op mailbox.FlagOp, keywords ...string) {
			t.Helper()
			_, err := h.Store.Store(t.Context(), h.aisha, f.Mailbox, []mailbox.Range{{Lo: f.UID, Hi: f.UID}}, mailbox.FlagChange{Op: op, Keywords: keywords})
			must(t, err)
		}
		store(mailbox.AddFlags, "$havendone", "todo")
		h.marked(f, mailbox.KeywordHandled, "todo")
		store(mailbox.RemoveFlags, mailbox.KeywordHandled)
		h.marked(f, mailbox.KeywordHandled, "todo")
		store(mailbox.ReplaceFlags)
		h.marked(f, mailbox.KeywordHandled)
		for _, e := range []mailbox.Edit{
			{Msg: f.Msg, Set: mailbox.Keywords{Names: []string{mailbox.KeywordDone}}, Unset: mailbox.Keywords{Names: []string{mailbox.KeywordHandled}}},
			{Msg: f.Msg, Replace: true, Set: mailbox.Keywords{Names: []string{mailbox.KeywordDone}}},
		} {
			res, err := h.EditMessages(t.Context(), h.aisha, []mailbox.Edit{e})
			must(t, errors.Join(err, res.Errors[0]))
			h.marked(f, mailbox.KeywordHandled)
		}
		text, _ := h.letter()
		_, _, err := h.Append(t.Context(), h.aisha, f.Mailbox, []mailbox.Append{{Letter: h.Letter(text), Keywords: []string{mailbox.KeywordDone}}})
		must(t, err)
		if n, err := h.Count(t.Context(), h.aisha, 0); err != nil || n != (work.Counts{Unassigned: 1, Others: 1}) {
			t.Errorf("counts are %+v, %v", n, err)
		}
	})
}

func TestColleagues(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *shop) {
		f, _ := h.arrives()
		_, err := h.Arrive(t.Context(), h.ben, "tab", f.Msg, work.Viewing)
		must(t, err)
		h.Grants.Set(h.cara.Person, h.box, haven.Read)
		said := func(v mailbox.Viewer) (names []string) {
			all, err := h.Colleagues(t.Context(), v)
			must(t, err)
			for _, p := range all {
				names = append(names, fmt.Sprintf("%s %t", p.Name, p.Here))
			}
			return names
		}
		want := []string{"Aisha Khan false", "Ben Okafor true"}
		for _, v := range []mailbox.Viewer{h.aisha, h.cara} { // who reads alone handles nothing, and may ask
			if got := said(v); !slices.Equal(got, want) {
				t.Errorf("the colleagues are %q, want %q", got, want)
			}
		}
		if got := said(mailbox.Viewer{Person: h.ben.Person, Account: h.ben.Person}); !slices.Equal(got, []string{"Ben Okafor false"}) {
			t.Errorf("of a personal mailbox they are %q", got)
		}
		h.Grants.Set(h.cara.Person, h.box, 0)
		if _, err := h.Colleagues(t.Context(), h.cara); !errs.Is(err, errs.NotFound) {
			t.Errorf("who may not read it is told %v", err)
		}
	})
}

// A letter that is sent as it lies in the mailbox is itself the Sent copy, and an answer as any other.
func TestAnswerIsTheDraftItself(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *shop) {
		f, id := h.arrives()
		text, _ := h.letter(id)
		draft := h.Deliver(h.box, text)
		_, err := h.File(t.Context(), []mailbox.Filing{{Account: h.box, Letter: h.Letter(text), Role: mailbox.Sent, SentBy: h.ben.Person, Of: &mailbox.Sending{Msg: draft.Msg, Same: true}}}, nil)
		must(t, err)
		if it := h.item(f.Msg); it.AnsweredBy != h.ben.Person {
			t.Errorf("it was answered by %d, want Ben", it.AnsweredBy)
		}
		refused(t, h.MaySend(t.Context(), work.Sending{Person: h.aisha.Person, Account: h.box, Refs: []string{id}}), work.RuleAnswered)
	})
}

func TestSecondReply(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *shop) {
		f, id := h.arrives()
		send := func(v mailbox.Viewer, refs ...string) error {
			return h.MaySend(t.Context(), work.Sending{Person: v.Person, Account: h.box, Refs: refs})
		}
		must(t, send(h.aisha, id))
		before := h.Clock.Now()
		h.Clock.Advance(time.Minute)
		answer := h.sends(h.ben, id)
		if who, when, err := h.Answered(t.Context(), h.aisha, f.Msg, before); who != h.ben.Person || !when.Equal(h.Clock.Now()) || err != nil {
			t.Errorf("answered by %d at %s, %v", who, when, err)
		}
		if who, _, _ := h.Answered(t.Context(), h.aisha, f.Msg, h.Clock.Now()); who != 0 {
			t.Error("it was answered after it was")
		}
		h.Clock.Advance(time.Minute)
		err := send(h.aisha, id)
		refused(t, err, work.RuleAnswered)
		if !strings.Contains(errs.Say(err), "Ben Okafor answered this at 09:01 on 22 November") {
			t.Errorf("it says %q", errs.Say(err))
		}
		must(t, send(h.ben, id))
		must(t, send(h.cara, id, answer)) // who replies to the answer has seen it
		must(t, send(h.aisha, id))        // once more
		h.Clock.Advance(11 * time.Minute)
		refused(t, send(h.aisha, id), work.RuleAnswered)
		h.Clock.Advance(11 * time.Minute)
		_, err = h.Arrive(t.Context(), h.aisha, "tab", f.Msg, work.Writing) // with the letter under her own text, and the answer out of sight
		must(t, err)
		refused(t, send(h.aisha, id), work.RuleAnswered)
		h.Clock.Advance(11 * time.Minute)
		_, err = h.Arrive(t.Context(), h.aisha, "tab", f.Msg, work.Viewing)
		must(t, err)
		must(t, send(h.aisha, id)) // having looked
		must(t, send(h.aisha, "<other@surgery.test>"))

		h.Grants.Set(h.cara.Person, h.box, haven.Owner)
		must(t, h.SetStops(t.Context(), h.cara, false))
		must(t, send(h.cara, id))
		must(t, h.SetStops(t.Context(), h.cara, true))
		refused(t, send(h.cara, id), work.RuleAnswered)
		if err := h.MaySend(t.Context(), work.Sending{Person: h.aisha.Person, Account: h.aisha.Person, Refs: []string{id}}); err != nil {
			t.Errorf("in a mailbox of one's own: %v", err)
		}
	})
}

func TestAccessEnds(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *shop) {
		a, _ := h.arrives()
		b, _ := h.arrives()
		c, _ := h.arrives()
		h.updates(h.ben, a.Msg, claim(h.ben))
		h.updates(h.ben, b.Msg, claim(h.ben))
		h.updates(h.cara, c.Msg, claim(h.cara))
		must(t, h.Step(t.Context()))
		if h.item(a.Msg).Holder != h.ben.Person {
			t.Error("who has access lost what was held")
		}
		h.Grants.Set(h.ben.Person, h.box, 0)
		must(t, h.Step(t.Context()))
		must(t, h.Step(t.Context()))
		for _, f := range []mailbox.Filed{a, b} {
			if it := h.item(f.Msg); it.Status != work.Unhandled || it.Holder != 0 {
				t.Errorf("after the access ended: %+v", it)
			}
			h.marked(f)
		}
		if h.item(c.Msg).Holder != h.cara.Person {
			t.Error("a colleague lost what was held")
		}
		if !slices.Equal(h.crowd.told, []string{"Ben Okafor in The Pharmacy: 2"}) {
			t.Errorf("owners are told %q", h.crowd.told)
		}
	})
}

// One whose release fails keeps what is held, and holds up no other's.
func TestAccessEndsForOthersToo(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *shop) {
		for _, v := range []mailbox.Viewer{h.ben, h.cara} {
			f, _ := h.arrives()
			h.updates(v, f.Msg, claim(v))
			h.Grants.Set(v.Person, h.box, 0)
		}
		h.crowd.fails = errors.New("nobody can be told")
		if err := h.Step(t.Context()); err == nil || len(h.crowd.told) != 1 {
			t.Errorf("%v, told %q", err, h.crowd.told)
		}
		must(t, h.Step(t.Context()))
		if n, err := h.Count(t.Context(), h.aisha, 0); err != nil || n.Unassigned != 2 || len(h.crowd.told) != 2 {
			t.Errorf("%+v, %v, told %q", n, err, h.crowd.told)
		}
	})
}

// More than one commit takes are all made new again, and told of once.
func TestAccessEndsForMany(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *shop) {
		for range 60 {
			f, _ := h.arrives()
			h.updates(h.ben, f.Msg, claim(h.ben))
		}
		h.Grants.Set(h.ben.Person, h.box, 0)
		must(t, h.Step(t.Context()))
		if n, err := h.Count(t.Context(), h.aisha, 0); err != nil || n.Unassigned != 60 || !slices.Equal(h.crowd.told, []string{"Ben Okafor in The Pharmacy: 60"}) {
			t.Errorf("%+v, %v, told %q", n, err, h.crowd.told)
		}
	})
}

// The keeper of what ends does so by itself, as soon as it hears.
func TestRun(t *testing.T) {
	t.Parallel()
	h := open(t, mailboxtest.New(t, "sqlite"))
	f, _ := h.arrives()
	h.updates(h.ben, f.Msg, claim(h.ben))
	changed := make(chan struct{}, 16)
	sub := h.Store.Watch(func(haven.AccountNo) { changed <- struct{}{} }, h.box)
	defer sub.Close()
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() { h.Run(ctx) })
	wg.Go(func() { h.Service.Watch(ctx) })
	must(t, h.Clock.Await(t.Context(), 2))
	h.Grants.Set(h.ben.Person, h.box, 0)
	h.AccessChanged()
	<-changed
	cancel()
	wg.Wait()
	if it := h.item(f.Msg); it.Status != work.Unhandled {
		t.Errorf("%+v", it)
	}
}

func TestNotes(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *shop) {
		f, _ := h.arrives()
		n, err := h.AddNote(t.Context(), h.aisha, f.Msg, "Mrs Xyzzy rang about it.")
		must(t, err)
		st, err := h.States(t.Context(), h.ben)
		must(t, err)
		_, err = h.EditNote(t.Context(), h.ben, n.ID, "No.")
		refused(t, err, work.RuleNotYours)
		refused(t, h.RemoveNote(t.Context(), h.ben, n.ID), work.RuleNotYours)
		h.Clock.Advance(time.Minute)
		n, err = h.EditNote(t.Context(), h.aisha, n.ID, "Mrs Xyzzy rang twice.")
		must(t, err)
		if n.EditedAt.IsZero() || !n.EditedAt.After(n.At) {
			t.Errorf("edited: %+v", n)
		}
		must(t, h.DB.Read(t.Context(), func(tx *db.Tx) error {
			return tx.Query(`SELECT sealed FROM work_note`, nil, func(r db.Row) error {
				if strings.Contains(string(r.Bytes(0)), "Xyzzy") {
					t.Error("a note lies open")
				}
				return nil
			})
		}))
		from := mailbox.Point{State: mailbox.State{Seq: st.Seqs[work.Notes], Epoch: st.Epoch}, Origin: st.Seqs[work.Notes]}
		d, err := h.Changes(t.Context(), h.ben, work.Notes, from, 0)
		if must(t, err); !slices.Equal(d.Updated, []int64{int64(n.ID)}) {
			t.Errorf("changes are %+v", d)
		}
		must(t, h.RemoveNote(t.Context(), h.aisha, n.ID))
		d, err = h.Changes(t.Context(), h.ben, work.Notes, from, 0)
		if must(t, err); !slices.Equal(d.Destroyed, []int64{int64(n.ID)}) {
			t.Errorf("changes are %+v", d)
		}
		_, err = h.EditNote(t.Context(), h.aisha, n.ID, "again")
		if !errs.Is(err, errs.NotFound) {
			t.Errorf("a note that is gone: %v", err)
		}
		_, err = h.AddNote(t.Context(), h.aisha, f.Msg, strings.Repeat("x", 9000))
		refused(t, err, work.RuleNote)
		_, err = h.AddNote(t.Context(), h.aisha, 4711, "x")
		if !errs.Is(err, errs.NotFound) {
			t.Errorf("a note about nothing: %v", err)
		}
	})
}

func TestDeadline(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *shop) {
		f, id := h.arrives()
		start := h.Clock.Now()
		d, err := h.SetDeadline(t.Context(), h.aisha, work.Start{Thread: f.Msg, Rule: "discharge-referral", Within: 72 * time.Hour})
		must(t, err)
		if !d.Stages.Due.Equal(start.Add(120*time.Hour)) || !d.Stages.Warn.Equal(start.Add(96*time.Hour)) || !d.Stages.LocalTeam.Equal(start.Add(144*time.Hour)) {
			t.Errorf("the stages are %+v", d.Stages)
		}
		climb := func() (told string) {
			t.Helper()
			must(t, h.Climb(t.Context()))
			told, h.crowd.late = strings.Join(h.crowd.late, ", "), nil
			return told
		}
		step := func(what string, at time.Duration, do func(), want string) {
			t.Helper()
			h.Clock.Set(start.Add(at))
			do()
			if told := climb(); told != want {
				t.Errorf("%s: told %q, want %q", what, told, want)
			}
		}
		nothing := func() {}
		step("before", 95*time.Hour, nothing, "")
		step("claimed, which stops nothing", 97*time.Hour, func() { h.updates(h.ben, f.Msg, claim(h.ben)) }, "")
		step("once", 98*time.Hour, nothing, "")
		step("done by mistake, and reopened", 119*time.Hour, func() {
			h.updates(h.ben, f.Msg, done)
			h.updates(h.ben, f.Msg, work.Wish{Move: true})
		}, "")
		step("overdue", 125*time.Hour, nothing, "owners of 1, head-office of 1")
		step("done", 150*time.Hour, func() { h.updates(h.ben, f.Msg, done) }, "")
		step("a reply reopens the thread, not the deadline", 151*time.Hour, func() { h.arrives(id) }, "")
		ids, err := h.DeadlinesOf(t.Context(), h.aisha, nil, 10)
		must(t, err)
		must(t, h.Deadlines(t.Context(), h.aisha, ids, func(d work.Deadline) {
			if d.EndedAt.IsZero() || d.Told != 3 || len(d.Steps) != 3 || d.Steps[1].Texts != 1 || !d.Steps[0].At.Equal(start.Add(97*time.Hour)) {
				t.Errorf("in the end: %+v", d)
			}
		}))
	})
}

// Letters of one mailbox that are late together are one text, and what is late soon after waits for the next.
func TestOneTextForMany(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *shop) {
		start := h.Clock.Now()
		for i := range 4 {
			f, _ := h.arrives()
			_, err := h.SetDeadline(t.Context(), h.aisha, work.Start{Thread: f.Msg, Rule: "alert", Counts: work.AllHours, Within: time.Hour + time.Duration(i/2)*time.Minute})
			must(t, err)
		}
		for _, c := range []struct {
			after time.Duration
			want  string
		}{
			{59 * time.Minute, ""}, {time.Hour, "owners of 2"}, {61 * time.Minute, ""}, {74 * time.Minute, ""}, {75 * time.Minute, "owners of 2"}, {5 * time.Hour, "head-office of 2"},
			{5*time.Hour + time.Minute, ""}, {5*time.Hour + 15*time.Minute, "head-office of 2"}, {25*time.Hour + time.Minute, "local-team of 4"}, {90 * time.Hour, ""},
		} {
			h.Clock.Set(start.Add(c.after))
			must(t, h.Climb(t.Context()))
			if got := strings.Join(h.crowd.late, ", "); got != c.want {
				t.Errorf("after %s: told %q, want %q", c.after, got, c.want)
			}
			h.crowd.late = nil
		}
	})
}

// However many are late together, they are one text, which names all of them.
func TestOneTextForVeryMany(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *shop) {
		for range 7 {
			f, _ := h.arrives()
			for range h.Limits().Deadlines {
				_, err := h.SetDeadline(t.Context(), h.aisha, work.Start{Thread: f.Msg, Rule: "alert", Counts: work.AllHours, Within: time.Hour})
				must(t, err)
			}
		}
		h.Clock.Advance(2 * time.Hour)
		must(t, h.Climb(t.Context()))
		if got := strings.Join(h.crowd.late, ", "); got != "owners of 7" {
			t.Errorf("told %q", got)
		}
		ids, err := h.DeadlinesOf(t.Context(), h.aisha, nil, 100)
		must(t, err)
		must(t, h.Deadlines(t.Context(), h.aisha, ids, func(d work.Deadline) {
			if d.Told != int(work.Owners) || d.Steps[1].Texts != 1 {
				t.Errorf("one of %d: %+v", len(ids), d)
			}
		}))
	})
}

// What a filter says of a letter is so from the commit that files it: its category, and a deadline that later letters do not move. What can't be set loses no letter.
func TestFilterSaysWhatItIs(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *shop) {
		h.SetWork(h)
		files := func(d *mailbox.Duty, re ...string) (mailbox.Filed, string) {
			t.Helper()
			text, id := h.letter(re...)
			filed, err := h.File(t.Context(), []mailbox.Filing{{Account: h.box, Letter: h.Letter(text), Duty: d}}, nil)
			must(t, err)
			return filed[0], id
		}
		deadlines := func(thread haven.MessageID) (all []work.Deadline) {
			t.Helper()
			ids, err := h.DeadlinesOf(t.Context(), h.aisha, []haven.MessageID{thread}, 10)
			must(t, err)
			must(t, h.Deadlines(t.Context(), h.aisha, ids, func(d work.Deadline) { all = append(all, d) }))
			return all
		}
		category := func(thread haven.MessageID) (got string) {
			t.Helper()
			must(t, h.Items(t.Context(), h.aisha, []haven.MessageID{thread}, func(i work.Item) { got = i.Category }))
			return got
		}
		start := h.Clock.Now()
		f, id := files(&mailbox.Duty{Category: "discharge-referral", Within: 72 * time.Hour})
		d := deadlines(f.Msg)
		if len(d) != 1 || d[0].Rule != "discharge-referral" || !d[0].Stages.Due.Equal(start.Add(120*time.Hour)) || category(f.Msg) != "discharge-referral" {
			t.Fatalf("%q, %+v", category(f.Msg), d)
		}
		h.Clock.Advance(time.Hour)
		files(&mailbox.Duty{Category: "discharge-referral", Within: 72 * time.Hour}, id)
		files(&mailbox.Duty{Category: "query"}, id)
		files(nil, id)
		if now := deadlines(f.Msg); len(now) != 1 || !now[0].Stages.Due.Equal(d[0].Stages.Due) || category(f.Msg) != "query" {
			t.Errorf("after more letters: %q, %+v", category(f.Msg), now)
		}
		h.updates(h.ben, f.Msg, done)
		files(&mailbox.Duty{Category: "discharge-referral", Within: time.Hour, AllHours: true}, id)
		if now := deadlines(f.Msg); len(now) != 2 {
			t.Errorf("what was done comes again: %+v", now)
		}
		long, _ := files(&mailbox.Duty{Category: "x", Within: 10_000 * 24 * time.Hour})
		if category(long.Msg) != "x" || len(deadlines(long.Msg)) != 0 {
			t.Errorf("a deadline that can't be: %q, %+v", category(long.Msg), deadlines(long.Msg))
		}
	})
}

func TestList(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *shop) {
		var fs []mailbox.Filed
		for range 5 {
			f, _ := h.arrives()
			fs = append(fs, f)
			h.Clock.Advance(time.Second)
		}
		h.updates(h.aisha, fs[1].Msg, claim(h.aisha))
		h.updates(h.ben, fs[2].Msg, claim(h.ben))
		h.updates(h.ben, fs[3].Msg, done)
		label := "referral"
		h.updates(h.ben, fs[4].Msg, work.Wish{Category: &label})
		_, err := h.SetDeadline(t.Context(), h.aisha, work.Start{Thread: fs[0].Msg, Rule: "x", Within: time.Hour, Counts: work.AllHours})
		must(t, err)
		list := func(f work.Filter, want ...int) {
			t.Helper()
			l, err := h.List(t.Context(), h.aisha, f)
			must(t, err)
			var threads []haven.MessageID
			for _, i := range want {
				threads = append(threads, fs[i].Msg)
			}
			if !slices.Equal(l.Threads, threads) {
				t.Errorf("%+v finds %v, want %v", f, l.Threads, threads)
			}
		}
		list(work.Filter{}, 4, 3, 2, 1, 0)
		list(work.Filter{View: work.Unassigned}, 4, 0)
		list(work.Filter{View: work.Mine}, 1)
		list(work.Filter{View: work.Others}, 2)
		list(work.Filter{View: work.Finished}, 3)
		list(work.Filter{Category: "referral"}, 4)
		list(work.Filter{DueBy: h.Clock.Now().Add(time.Hour)}, 0)
		list(work.Filter{ByDue: true}, 0, 4, 3, 2, 1)
		list(work.Filter{Folder: 5})
		n, err := h.Count(t.Context(), h.aisha, 0)
		if must(t, err); n != (work.Counts{Unassigned: 2, Mine: 1, Others: 1, Done: 1}) {
			t.Errorf("counts are %+v", n)
		}
		h.updates(h.aisha, fs[1].Msg, done)
		n, err = h.Count(t.Context(), h.ben, 0)
		if must(t, err); n != (work.Counts{Unassigned: 2, Mine: 1, Done: 2}) {
			t.Errorf("counts are %+v", n)
		}
	})
}

// What is told bit by bit comes to the same as what is told at once.
func TestChanges(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *shop) {
		st, err := h.States(t.Context(), h.aisha)
		must(t, err)
		from := mailbox.Point{State: mailbox.State{Seq: st.Seqs[work.Items], Epoch: st.Epoch}, Origin: st.Seqs[work.Items]}
		var want []int64
		for range 5 {
			f, _ := h.arrives()
			h.updates(h.ben, f.Msg, claim(h.ben))
			want = append(want, int64(f.Msg))
		}
		var got []int64
		for p, more := from, true; more; {
			d, err := h.Changes(t.Context(), h.aisha, work.Items, p, 2)
			must(t, err)
			if len(d.Created) > 2 || len(d.Updated)+len(d.Destroyed) > 0 {
				t.Fatalf("a part is %+v", d)
			}
			got, p, more = append(got, d.Created...), d.Until, d.More
		}
		if !slices.Equal(got, want) {
			t.Errorf("%v, want %v", got, want)
		}
		for name, p := range map[string]mailbox.Point{
			"another epoch": {State: mailbox.State{Seq: from.Seq, Epoch: from.Epoch + 1}, Origin: from.Seq},
			"to come":       {State: mailbox.State{Seq: from.Seq + 10_000, Epoch: from.Epoch}, Origin: from.Seq},
		} {
			_, err := h.Changes(t.Context(), h.aisha, work.Items, p, 0)
			if refused(t, err, mailbox.RuleStateLost); t.Failed() {
				t.Fatal(name)
			}
		}
	})
}

func TestPresence(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *shop) {
		f, _ := h.arrives()
		woken := make(chan time.Time, 64)
		sub := h.Hub.Subscribe(func(haven.AccountNo) { woken <- time.Now() }, h.box)
		defer sub.Close()
		news := func(what string, want bool) {
			t.Helper()
			if got := len(woken) > 0; got != want {
				t.Errorf("%s: others are woken %t, want %t", what, got, want)
			}
			for len(woken) > 0 {
				<-woken
			}
		}
		arrive := func(v mailbox.Viewer, tab string, d work.Doing) {
			t.Helper()
			_, err := h.Arrive(t.Context(), v, tab, f.Msg, d)
			must(t, err)
		}
		here := func(want ...string) work.Here {
			t.Helper()
			x, err := h.Present(t.Context(), h.cara)
			must(t, err)
			var got []string
			for _, p := range x.All {
				got = append(got, h.crowd.people[p.Person].Name+" "+p.Doing.String())
			}
			slices.Sort(got)
			if !slices.Equal(got, want) {
				t.Errorf("here are %q, want %q", got, want)
			}
			return x
		}
		empty := here()
		arrive(h.aisha, "1", work.Viewing)
		news("somebody comes", true)
		arrive(h.aisha, "1", work.Viewing)
		news("somebody stays", false)
		arrive(h.ben, "1", work.Viewing)
		two := here("Aisha Khan viewing", "Ben Okafor viewing")
		arrive(h.aisha, "2", work.Writing)
		news("somebody writes", true)
		here("Aisha Khan writing", "Ben Okafor viewing")
		m, err := h.Moves(t.Context(), h.cara, two.State)
		if must(t, err); len(m.Updated) != 1 || len(m.Created)+len(m.Destroyed) > 0 {
			t.Errorf("since two were here: %+v", m)
		}
		m, err = h.Moves(t.Context(), h.cara, empty.State)
		if must(t, err); len(m.Created) != 2 {
			t.Errorf("since nobody was here: %+v", m)
		}
		_, err = h.Moves(t.Context(), h.cara, "pnonsense")
		refused(t, err, mailbox.RuleStateLost)
		must(t, h.Depart(t.Context(), h.aisha, "2"))
		here("Aisha Khan viewing", "Ben Okafor viewing")
		h.SessionEnded(h.ben.Person)
		must(t, h.Step(t.Context()))
		here("Aisha Khan viewing")
		news("somebody leaves", true)
		h.Clock.Advance(30 * time.Second)
		here()
		must(t, h.Expire(t.Context()))
		news("the time is over", true)
		must(t, h.Expire(t.Context()))
		news("nobody was there", false)
	})
}

// Of several processes any one is told who comes and goes, and all hear of it by the account's number.
func TestPresenceInSeveralProcesses(t *testing.T) {
	t.Parallel()
	h := open(t, mailboxtest.New(t, "postgres"))
	f, _ := h.arrives()
	other := h.another()
	last := haven.Seq(0)
	number := func() (seq haven.Seq) {
		must(t, h.Seqs(t.Context(), []haven.AccountNo{h.box}, func(_ haven.AccountNo, n haven.Seq) { seq = n }))
		return seq
	}
	last = number()
	step := func(what string, news bool, there int, err error) {
		t.Helper()
		must(t, err)
		if seq := number(); seq > last != news {
			t.Errorf("%s: others hear of it %t, want %t", what, seq > last, news)
		} else {
			last = seq
		}
		for _, s := range []*work.Service{h.Service, other} {
			if x, err := s.Present(t.Context(), h.cara); err != nil || len(x.All) != there {
				t.Errorf("%s: here are %+v, %v, want %d", what, x.All, err, there)
			}
		}
	}
	arrive := func(s *work.Service, v mailbox.Viewer, d work.Doing) error {
		_, err := s.Arrive(t.Context(), v, "tab", f.Msg, d)
		return err
	}
	step("she comes by one", true, 1, arrive(h.Service, h.aisha, work.Viewing))
	step("she stays by the other, which has not seen her", true, 1, arrive(other, h.aisha, work.Viewing))
	step("she stays", false, 1, arrive(other, h.aisha, work.Viewing))
	step("she writes by the other", true, 1, arrive(other, h.aisha, work.Writing))
	step("she reads again by the one", true, 1, arrive(h.Service, h.aisha, work.Viewing))
	step("he comes", true, 2, arrive(h.Service, h.ben, work.Viewing))
	step("she goes by the other", true, 1, other.Depart(t.Context(), h.aisha, "tab"))
	step("who is gone goes", true, 1, h.Depart(t.Context(), h.aisha, "tab")) // of whom the one still knew
	step("who is nowhere goes", false, 1, h.Depart(t.Context(), h.aisha, "tab"))
	other.SessionEnded(h.ben.Person)
	step("his session ends at the other", true, 0, other.Step(t.Context()))
	step("he is back", true, 1, arrive(h.Service, h.ben, work.Viewing))
	other.SessionEnded(h.cara.Person)
	step("who was nowhere ends a session", false, 1, other.Step(t.Context()))
}

func TestPresenceHasRoomForSome(t *testing.T) {
	t.Parallel()
	h := open(t, mailboxtest.New(t, "sqlite"))
	f, _ := h.arrives()
	var err error
	for i := 0; i < 300 && err == nil; i++ {
		_, err = h.Arrive(t.Context(), h.aisha, fmt.Sprint(i), f.Msg, work.Viewing)
	}
	refused(t, err, work.RulePresences)
	h.Clock.Advance(time.Minute)
	_, err = h.Arrive(t.Context(), h.aisha, "new", f.Msg, work.Viewing)
	must(t, err)
}
