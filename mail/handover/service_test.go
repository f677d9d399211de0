package handover_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"haven"
	"haven/mail/handover"
	"haven/mail/mailbox"
	"haven/mail/mailbox/mailboxtest"
	"haven/platform/audit"
	"haven/platform/db"
	"haven/platform/db/dbtest"
	"haven/platform/errs"
	"haven/platform/policy"
)

// house is a premises with Ann, who leaves, and Ben, who owns its mailbox.
type house struct {
	*mailboxtest.Store
	t       *testing.T
	service *handover.Service
	ann     handover.Who
	ben     haven.AccountNo
}

// Inside is handover.People's.
func (h *house) Inside(_ context.Context, _ haven.AccountNo, all []haven.Address) (map[string]bool, error) {
	in := map[string]bool{}
	for _, a := range all {
		in[a.Key()] = a.Domain == "us.test"
	}
	return in, nil
}

func each(t *testing.T, step int, fn func(t *testing.T, h *house), change ...func(*policy.Policy)) {
	t.Helper()
	dbtest.EachEngine(t, func(t *testing.T, engine string) {
		p, err := policy.Profile("nhsmail-2017")
		must(t, err)
		for _, c := range change {
			c(&p)
		}
		h := &house{t: t, Store: mailboxtest.NewSteps(t, engine, step, change...)}
		must(t, h.DB.Migrate(t.Context(), audit.Schema, handover.Schema))
		h.service = handover.New(handover.Options{DB: h.DB, Mail: h.Service, People: h, Policy: p, Clock: h.Clock})
		h.ann = handover.Who{Person: h.Account(), PersonID: haven.AccountID{1}, Name: "Ann Ross", Mailbox: h.Account(), MailboxID: haven.AccountID{2}}
		h.ben = h.Account()
		h.Grants.Set(h.ann.Person, h.ann.Mailbox, haven.Read|haven.Write)
		h.Grants.Set(h.ben, h.ann.Mailbox, haven.Own)
		fn(t, h)
	})
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// got files a letter that came, and moves the clock on.
func (h *house) got(to haven.AccountNo, id, from, rcpt string) mailbox.Filed {
	h.t.Helper()
	h.Clock.Advance(time.Minute)
	return h.Deliver(to, fmt.Sprintf("From: <%s.test>\nTo: <%s.test>\nMessage-ID: <%s@x.test>\nSubject: about %s\n\nHello.\n", from, rcpt, id, id))
}

func (h *house) by(id byte) haven.Actor { return haven.Actor{Person: haven.AccountID{id}} }

// folder are the subjects in the folder that has Ann's letters.
func (h *house) folder(t *testing.T) (all []string, rows []mailbox.Row) {
	t.Helper()
	v := mailbox.Viewer{Person: h.ben, Account: h.ann.Mailbox}
	f, err := h.FolderAt(t.Context(), v, []string{"Handed over by Ann Ross"})
	must(t, err)
	must(t, h.Rows(t.Context(), v, f.No, []mailbox.Range{{Lo: 1, Hi: mailbox.MaxUID}}, 0, func(r []mailbox.Row) error {
		rows = append(rows, r...)
		return nil
	}))
	var ids []haven.MessageID
	for _, r := range rows {
		ids = append(ids, r.Msg)
	}
	must(t, h.Infos(t.Context(), v, ids, func(_ int, info *mailbox.Info) error {
		all = append(all, strings.Clone(info.Meta.Envelope.Subject))
		return nil
	}))
	return all, rows
}

// recorded are the audit records of a kind, as rule and note.
func (h *house) recorded(t *testing.T, what string) (all []string) {
	t.Helper()
	found, err := audit.About(t.Context(), h.DB, h.ann.PersonID, 100)
	must(t, err)
	for _, e := range found {
		if e.What == what {
			all = append(all, strings.TrimSpace(string(e.Rule)+" "+e.Note))
		}
		for _, private := range []string{"gp@", "lab@", "about"} {
			if strings.Contains(e.Note, private) {
				t.Errorf("the record of %s says %q", e.What, e.Note)
			}
		}
	}
	return all
}

func TestHandOver(t *testing.T) {
	t.Parallel()
	each(t, 0, func(t *testing.T, h *house) {
		ctx, w := t.Context(), h.ann
		h.got(w.Mailbox, "p1", "gp@a", "rx@us")
		h.got(w.Mailbox, "p2", "lab@a", "rx@us")
		first := h.got(w.Person, "1", "gp@a", "ann@us")
		h.got(w.Person, "2", "mum@a", "ann@us")
		h.got(w.Person, "3", "lab@a", "ann@us")
		h.got(w.Person, "p1", "gp@a", "rx@us") // came to both
		must(t, second(h.Store.Store(ctx, mailboxtest.Own(w.Person), first.Mailbox, []mailbox.Range{{Lo: first.UID, Hi: first.UID}}, mailbox.FlagChange{Op: mailbox.AddFlags, Flags: mailbox.Seen | mailbox.Answered})))

		o, err := h.service.Offer(ctx, w)
		must(t, err)
		if len(o.Correspondents) != 2 || o.Correspondents[0].Address.String() != "lab@a.test" || o.Count() != (handover.Count{Letters: 2, Correspondents: 2}) {
			t.Fatalf("%+v", o)
		}
		for _, addresses := range [][]string{nil, {"mum@a.test"}} {
			if _, err := h.service.HandOver(ctx, h.by(1), w, addresses); !refused(err, "handover.nothing") {
				t.Errorf("%v: %v", addresses, err)
			}
		}
		if _, err := h.service.HandOver(ctx, h.by(3), w, []string{"gp@a.test"}); !refused(err, "handover.own") {
			t.Errorf("an owner handed somebody's letters over: %v", err)
		}
		c, err := h.service.HandOver(ctx, h.by(1), w, []string{"gp@a.test"})
		if err != nil || c != (handover.Count{Letters: 1, Correspondents: 1}) {
			t.Fatalf("%+v, %v", c, err)
		}
		subjects, rows := h.folder(t)
		if !slices.Equal(subjects, []string{"about 1"}) || rows[0].Flags&mailbox.Answered == 0 || !rows[0].Received.Equal(mailboxtest.Start.Add(3*time.Minute)) {
			t.Errorf("%v, %+v", subjects, rows)
		}
		if _, err := h.service.HandOver(ctx, h.by(1), w, []string{"gp@a.test"}); !refused(err, "handover.nothing") {
			t.Errorf("the same letters a second time: %v", err)
		}
		h.Clock.Advance(time.Minute)
		if c, err = h.service.HandOver(ctx, h.by(1), w, []string{"gp@a.test", "lab@a.test"}); err != nil || c != (handover.Count{Letters: 1, Correspondents: 1}) {
			t.Errorf("%+v, %v", c, err)
		}
		if subjects, _ = h.folder(t); !slices.Equal(subjects, []string{"about 1", "about 3"}) {
			t.Error(subjects)
		}
		if q, _ := h.Quota(ctx, mailboxtest.Own(w.Person)); q.Messages != 4 {
			t.Errorf("the own letters did not stay: %+v", q)
		}
		if got := h.recorded(t, "handover.done"); !slices.Equal(got, []string{"handover.own-letters 1 letter with 1 correspondent", "handover.own-letters 1 letter with 1 correspondent"}) {
			t.Error(got)
		}
		if got := h.recorded(t, "handover.refused"); len(got) != 3 {
			t.Error(got)
		}
		all, err := h.service.Handed(ctx, h.ben, w)
		if err != nil || len(all) != 2 || all[0].At.Before(all[1].At) || all[0].Count != (handover.Count{Letters: 1, Correspondents: 1}) {
			t.Errorf("%+v, %v", all, err)
		}
	})
}

func second[T any](_ T, err error) error { return err }

func refused(err error, rule string) bool {
	e, ok := err.(*errs.Error)
	return ok && e.Rule == rule && e.Say != ""
}

// Whoever may only read, has no access, or whose mailbox is full.
func TestHandOverRefused(t *testing.T) {
	t.Parallel()
	each(t, 0, func(t *testing.T, h *house) {
		ctx, w := t.Context(), h.ann
		h.got(w.Mailbox, "p1", "gp@a", "rx@us")
		h.got(w.Person, "1", "gp@a", "ann@us")
		h.Grants.Set(w.Person, w.Mailbox, haven.Read)
		if _, err := h.service.HandOver(ctx, h.by(1), w, []string{"gp@a.test"}); !refused(err, "handover.read-only") {
			t.Error(err)
		}
		h.Grants.Set(w.Person, w.Mailbox, 0)
		if _, err := h.service.HandOver(ctx, h.by(1), w, []string{"gp@a.test"}); !errs.Is(err, errs.NotFound) {
			t.Error(err)
		}
		if _, err := h.service.Offer(ctx, w); !errs.Is(err, errs.NotFound) {
			t.Error(err)
		}
		if _, err := h.service.Handed(ctx, w.Person, w); !errs.Is(err, errs.NotFound) {
			t.Error(err)
		}
		h.Grants.Set(w.Person, w.Mailbox, haven.Read|haven.Write)
		must(t, h.DB.Write(ctx, func(tx *db.Tx) error {
			tx.Exec(`UPDATE account_seq SET quota = 10 WHERE an = $1`, int64(w.Mailbox))
			return nil
		}))
		if _, err := h.service.HandOver(ctx, h.by(1), w, []string{"gp@a.test"}); !refused(err, "handover.no-room") {
			t.Error(err)
		}
		if got := h.recorded(t, "handover.refused"); len(got) != 2 {
			t.Error(got)
		}
		if got := h.recorded(t, "handover.done"); got != nil {
			t.Error(got)
		}
	})
}

// An owner sees numbers, and the person sees that the owner did.
func TestWaiting(t *testing.T) {
	t.Parallel()
	each(t, 0, func(t *testing.T, h *house) {
		ctx, w := t.Context(), h.ann
		h.got(w.Mailbox, "p1", "gp@a", "rx@us")
		h.got(w.Person, "1", "gp@a", "ann@us")
		h.got(w.Person, "2", "gp@a", "ann@us")
		if c, err := h.service.Waiting(ctx, h.by(3), h.ben, w); err != nil || c != (handover.Count{Letters: 2, Correspondents: 1}) {
			t.Errorf("%+v, %v", c, err)
		}
		if got := h.recorded(t, "handover.counted"); !slices.Equal(got, []string{"handover.count"}) {
			t.Error(got)
		}
		if _, err := h.service.Waiting(ctx, h.by(1), w.Person, w); !errs.Is(err, errs.Denied) {
			t.Errorf("a member who owns nothing: %v", err)
		}
		other := h.Account()
		if _, err := h.service.Waiting(ctx, h.by(4), other, w); !errs.Is(err, errs.NotFound) {
			t.Errorf("a stranger: %v", err)
		}
		// The owner of a mailbox learns nothing of somebody who has no access to it.
		stranger := handover.Who{Person: other, PersonID: haven.AccountID{4}, Mailbox: w.Mailbox, MailboxID: w.MailboxID}
		h.got(other, "3", "gp@a", "dan@us")
		if c, err := h.service.Waiting(ctx, h.by(3), h.ben, stranger); err != nil || c != (handover.Count{}) {
			t.Errorf("%+v, %v", c, err)
		}
		if got := h.recorded(t, "handover.counted"); len(got) != 1 {
			t.Error(got)
		}
	})
}

// Many letters are copied in steps, each of which is recorded; two who press at once copy nothing twice.
func TestHandOverInSteps(t *testing.T) {
	t.Parallel()
	each(t, 4, func(t *testing.T, h *house) {
		ctx, w := t.Context(), h.ann
		h.got(w.Mailbox, "p1", "gp@a", "rx@us")
		for i := range 9 {
			h.got(w.Person, fmt.Sprint(i), "gp@a", "ann@us")
		}
		f, err := h.CreateFolder(ctx, mailboxtest.Own(w.Person), []string{"Kept"}, mailbox.NoRole)
		must(t, err)
		must(t, second(h.Move(ctx, mailboxtest.Own(w.Person), 1, []mailbox.Range{{Lo: 2, Hi: 6}}, mailboxtest.Own(w.Person), f.No)))
		var wg sync.WaitGroup
		var mu sync.Mutex
		letters := 0
		for range 3 {
			wg.Go(func() {
				c, err := h.service.HandOver(ctx, h.by(1), w, []string{"gp@a.test"})
				if err != nil && !refused(err, "handover.busy") && !refused(err, "handover.nothing") {
					t.Error(err)
				}
				mu.Lock()
				letters += c.Letters
				mu.Unlock()
			})
		}
		wg.Wait()
		if subjects, _ := h.folder(t); len(subjects) != 9 || letters != 9 {
			t.Errorf("%d letters are there, %d were told: %v", len(subjects), letters, subjects)
		}
		if got := h.recorded(t, "handover.done"); len(got) != 3 {
			t.Error(got)
		}
		if all, err := h.service.Handed(ctx, w.Person, w); err != nil || len(all) != 1 || all[0].Count != (handover.Count{Letters: 9, Correspondents: 1}) {
			t.Errorf("%+v, %v", all, err)
		}
	})
}

// Only the newest letters are looked through, and what was handed over before is known also where it is none of those any more.
func TestOfferIsBounded(t *testing.T) {
	t.Parallel()
	each(t, 0, func(t *testing.T, h *house) {
		ctx, w := t.Context(), h.ann
		for i := range 5 {
			h.got(w.Person, fmt.Sprint(i), "gp@a", "ann@us")
		}
		h.got(w.Mailbox, "p1", "gp@a", "rx@us")
		if c, err := h.service.HandOver(ctx, h.by(1), w, []string{"gp@a.test"}); err != nil || c.Letters != 3 {
			t.Errorf("%+v, %v", c, err)
		}
		for i := range 4 {
			h.got(w.Mailbox, fmt.Sprint("later", i), "gp@a", "rx@us")
		}
		if o, err := h.service.Offer(ctx, w); err != nil || o.Count() != (handover.Count{}) {
			t.Errorf("%+v, %v", o, err)
		}
	}, func(p *policy.Policy) { p.Handover.Letters = 3 })
}

// Whoever hands over again copies what came since, whatever the name looks like in octets and however many letters the folder has.
func TestHandOverAgain(t *testing.T) {
	t.Parallel()
	each(t, 1, func(t *testing.T, h *house) {
		ctx, w := t.Context(), h.ann
		w.Name = "Jose\u0301 Ross"
		h.got(w.Mailbox, "p1", "gp@a", "rx@us")
		for round, n := range []int{3, 2, 1} {
			for i := range n {
				h.got(w.Person, fmt.Sprint(round, i), "gp@a", "ann@us")
			}
			if c, err := h.service.HandOver(ctx, h.by(1), w, []string{"gp@a.test"}); err != nil || c.Letters != n {
				t.Errorf("%+v, %v, want %d", c, err, n)
			}
			if o, err := h.service.Offer(ctx, w); err != nil || o.Count() != (handover.Count{}) {
				t.Errorf("after %d: %+v, %v", n, o, err)
			}
		}
	}, func(p *policy.Policy) { p.Handover.Letters = 3 })
}
