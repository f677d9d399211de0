package push_test

import (
	"context"
	"net/http"
	"sync"
	"testing"
	"time"

	"haven"
	"haven/mail/push"
	"haven/platform/audit"
	"haven/platform/job"
	"haven/platform/policy"
	"haven/platform/webpush/webpushtest"
)

// What changes in a rush is told in one message, and only so many go in an hour.
func TestCoalesced(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		d := h.device(h.ann, "phone").verified()
		h.letter(h.ann)
		h.step()
		first := d.told()[name(h.ann)]["Email"]
		for range 5 {
			h.letter(h.ann)
			h.letter(h.shop)
			h.step()
		}
		h.silent("within the second")
		h.Clock.Advance(time.Second)
		h.step()
		if c := d.told(); len(c) != 2 || c[name(h.ann)]["Email"] == first {
			t.Errorf("told %v", c)
		}
		h.silent("after one message")
	})
}

func TestRate(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		d := h.device(h.ann, "phone").verified()
		n := 1
		for range 60 {
			h.letter(h.ann)
			h.step()
			h.Clock.Advance(time.Minute)
			if len(h.outside.Pushes) > 0 {
				d.told()
				n++
			}
		}
		if n > 30 || n < 20 {
			t.Errorf("%d messages within the hour", n)
		}
		h.Clock.Advance(time.Hour)
		h.step()
		h.letter(h.ann)
		h.step()
		for len(h.outside.Pushes) > 0 {
			d.told()
		}
	}, func(p *policy.Push) { p.PerHour = 20 })
}

// Who names types hears of these alone.
func TestTypes(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		d := h.device(h.ann, "phone").verified(func(n *push.New) { n.Types = []string{"Mailbox", "Calendar"} })
		h.letter(h.ann)
		h.step()
		if c := d.told(); len(c) != 1 || len(c[name(h.ann)]) != 1 || c[name(h.ann)]["Mailbox"] == "" {
			t.Errorf("told %v", c)
		}
		h.Clock.Advance(time.Second)
		none := []string{}
		_, err := h.push.Update(t.Context(), d.holder, d.id, push.Change{Types: &none})
		h.must(err)
		h.letter(h.ann)
		h.step()
		h.silent("no type is wanted")
		var all []string
		got, err := h.push.Update(t.Context(), d.holder, d.id, push.Change{Types: &all})
		if err != nil || got.Types != nil {
			t.Errorf("%+v, %v", got, err)
		}
		h.letter(h.ann)
		h.step()
		if c := d.told(); len(c[name(h.ann)]) != 2 {
			t.Errorf("told %v", c)
		}
	})
}

// A subscription that the push service knows no more ends at once.
func TestGone(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		d := h.device(h.ann, "phone").verified()
		h.outside.Answer(webpushtest.Code(http.StatusGone, "", ""))
		h.letter(h.ann)
		h.step()
		d.told()
		h.outside.Answer(nil)
		for range 3 {
			h.letter(h.ann)
			h.Clock.Advance(time.Hour)
			h.step()
		}
		h.silent("after it was gone")
		if n := h.subscriptions(); n != 0 {
			t.Errorf("%d are left", n)
		}
		log, err := audit.About(t.Context(), h.DB, actor(h.ann).Person, 5)
		if err != nil || len(log) != 2 || log[0].What != "push.ended" || log[0].Rule != "push.gone" || log[0].Actor.Program != "push" {
			t.Errorf("the audit log says %+v, %v", log, err)
		}
	})
}

// A push service that wants less gets nothing until it said so, and then hears how things stand by then.
func TestSlow(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		d := h.device(h.ann, "phone").verified()
		h.outside.Answer(webpushtest.Code(http.StatusTooManyRequests, "Retry-After", "600"))
		h.letter(h.ann)
		h.step()
		d.told()
		h.outside.Answer(nil)
		for range 9 {
			h.Clock.Advance(time.Minute)
			h.letter(h.ann)
			h.step()
		}
		h.silent("before its time")
		h.Clock.Advance(time.Minute)
		h.letter(h.shop)
		h.step()
		if c := d.told(); len(c) != 2 {
			t.Errorf("told %v", c)
		}
		h.silent("after one message")
	})
}

// What is not taken is tried again, less and less often, and a subscription that takes nothing for days ends. Redirects, refusals and silence are alike.
func TestFailing(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		d := h.device(h.ann, "phone").verified()
		h.outside.Answer(webpushtest.Code(http.StatusFound, "Location", h.outside.URL("/inside")))
		h.letter(h.ann)
		tries := 0
		for end := h.Clock.Now().Add(h.policy.FailFor - time.Minute); h.Clock.Now().Before(end); h.Clock.Advance(20 * time.Minute) {
			h.step()
			for len(h.outside.Pushes) > 0 {
				d.told()
				tries++
			}
		}
		if tries < 40 || tries > 90 || h.subscriptions() != 1 {
			t.Errorf("%d tries in three days, %d subscriptions", tries, h.subscriptions())
		}
		h.Clock.Advance(2 * time.Hour)
		h.step()
		if n := h.subscriptions(); n != 0 {
			t.Errorf("%d are left after three days", n)
		}
	})
}

// A subscription that fails and then takes what it is sent goes on.
func TestWorksAgain(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		d := h.device(h.ann, "phone").verified()
		for range 3 {
			h.outside.Answer(webpushtest.Code(http.StatusServiceUnavailable, "", ""))
			h.letter(h.ann)
			h.step()
			d.told()
			h.Clock.Advance(36 * time.Hour)
			h.outside.Answer(nil)
			h.step()
			d.told()
			h.Clock.Advance(h.policy.Every)
		}
		for h.Clock.Advance(time.Minute); h.subscriptions() == 1; h.Clock.Advance(12 * time.Hour) {
			h.outside.Answer(webpushtest.Code(http.StatusForbidden, "", ""))
			h.letter(h.ann)
			h.step()
		}
		log, err := audit.About(t.Context(), h.DB, actor(h.ann).Person, 5)
		if err != nil || log[0].Rule != "push.failing" {
			t.Errorf("the audit log says %+v, %v", log, err)
		}
	}, func(p *policy.Push) { p.Longest = 30 * 24 * time.Hour })
}

// What a person may not read any more is not told of, and what is new is.
func TestAccess(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		d := h.device(h.ann, "phone").verified()
		h.mu.Lock()
		h.opens[h.ann] = []haven.AccountNo{h.ann, h.ben}
		h.mu.Unlock()
		h.Hub.Announce(h.ann, 0) // as whoever changes access does
		h.step()
		if c := d.told(); len(c) != 1 || len(c[name(h.ben)]) != 3 {
			t.Errorf("told %v", c)
		}
		h.Clock.Advance(time.Second)
		h.letter(h.shop)
		h.step()
		h.silent("of a mailbox that was left")
		h.letter(h.ben)
		h.step()
		if c := d.told(); len(c) != 1 || c[name(h.ben)]["Email"] == "" {
			t.Errorf("told %v", c)
		}
	})
}

// After a restart each is told once how things stand; what was there is not proven again.
func TestRestart(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		d := h.device(h.ann, "phone").verified()
		h.push = h.service()
		h.sender = h.newSender(h.push, nil)
		h.letter(h.ann)
		h.step()
		if all := d.told(); len(all) != 2 || len(all[name(h.ann)]) != 3 {
			t.Errorf("told %v", all)
		}
		h.Clock.Advance(time.Second)
		h.step()
		h.silent("nothing changed")
	})
}

// Of several processes one pushes, and another when that one has gone.
func TestTurns(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		leases := [2]*job.Leases{job.NewLeases(h.DB, h.Clock, "one"), job.NewLeases(h.DB, h.Clock, "two")}
		one := h.newSender(h.service(), leases[0].Turn("push", push.TurnFor))
		two := h.newSender(h.service(), leases[1].Turn("push", push.TurnFor))
		h.sender = one
		d := h.device(h.ann, "phone").verified()
		h.letter(h.ann)
		one.Step(t.Context())
		two.Step(t.Context())
		d.told()
		h.silent("from the other process")
		if one.Watched() != 1 || two.Watched() != 0 {
			t.Errorf("%d and %d are watched", one.Watched(), two.Watched())
		}
		h.must(leases[0].Release(t.Context(), "push"))
		h.Clock.Advance(push.TurnFor)
		two.Step(t.Context())
		if all := d.told(); len(all) != 2 {
			t.Errorf("told %v", all)
		}
		one.Step(t.Context())
		h.silent("from the first process")
		if one.Watched() != 0 || two.Watched() != 1 {
			t.Errorf("%d and %d are watched", one.Watched(), two.Watched())
		}
	})
}

// A push service that never answers holds up nobody but its own person.
func TestHangingServiceHoldsUpNobody(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		var hanging []*device
		for _, c := range []push.Credential{"a", "b", "c", "d"} {
			hanging = append(hanging, h.device(h.ann, c).verified())
		}
		d := h.device(h.ben, "phone").verified()
		release := make(chan struct{})
		h.outside.Answer(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != d.path {
				select {
				case <-release:
				case <-r.Context().Done():
				}
			}
			w.WriteHeader(http.StatusCreated)
		})
		ctx, cancel := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { h.sender.Run(ctx) })
		h.letter(h.ann)
		paths := map[string]bool{}
		for range 2 {
			p := <-h.outside.Pushes
			paths[p.Path] = true
		}
		h.letter(h.ben)
		if c := d.told(); len(c) != 1 {
			t.Errorf("told %v", c)
		}
		h.silent("more than two of one person at once")
		close(release)
		for range 2 {
			p := <-h.outside.Pushes
			paths[p.Path] = true
		}
		if len(paths) != len(hanging) {
			t.Errorf("pushed to %v", paths)
		}
		cancel()
		running.Wait()
		if n := h.sender.Watched(); n != 0 {
			t.Errorf("%d are watched after the end", n)
		}
	}, func(p *policy.Push) { p.AtOnce, p.PerPerson = 3, 2 })
}

// Run pushes by itself when something changes, and takes up a subscription as it is made.
func TestRun(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		ctx, cancel := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { h.sender.Run(ctx) })
		d := h.device(h.ann, "phone")
		_, err := d.subscribe()
		h.must(err)
		code := d.code()
		_, err = h.push.Update(t.Context(), d.holder, d.id, push.Change{Code: &code})
		h.must(err)
		h.passes()
		if all := d.told(); len(all) != 2 {
			t.Errorf("told %v", all)
		}
		h.letter(h.shop)
		h.passes()
		if c := d.told(); len(c) != 1 {
			t.Errorf("told %v", c)
		}
		cancel()
		running.Wait()
	})
}
