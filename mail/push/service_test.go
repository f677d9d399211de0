package push_test

import (
	"bytes"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"haven/mail/push"
	"haven/platform/audit"
	"haven/platform/db"
	"haven/platform/errs"
	"haven/platform/policy"
	"haven/platform/webpush/webpushtest"
)

// An address gets a code and nothing else until the code came back; then how things stand, and from then on what changes.
func TestVerification(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		d := h.device(h.ann, "phone")
		made, err := d.subscribe()
		h.must(err)
		if made.Verified || made.Code != "" || !made.Expires.Equal(h.Clock.Now().Add(h.policy.Longest)) {
			t.Errorf("made %+v", made)
		}
		h.step()
		code := d.code()
		for range 3 {
			h.letter(h.ann)
			h.Clock.Advance(time.Minute)
			h.step()
		}
		h.silent("before the code came back")
		for _, wrong := range []string{"", "x", code + "x", strings.ToLower(code)} {
			_, err := h.push.Update(t.Context(), d.holder, d.id, push.Change{Code: &wrong})
			wantRule(t, "a wrong code", err, errs.Invalid, push.RuleCode)
		}
		h.step()
		h.silent("after wrong codes")
		got, err := h.push.Update(t.Context(), d.holder, d.id, push.Change{Code: &code})
		if err != nil || !got.Verified || got.Code != code {
			t.Fatalf("%+v, %v", got, err)
		}
		h.step()
		if all := d.told(); len(all) != 2 || len(all[name(h.ann)]) != 3 || len(all[name(h.shop)]) != 3 {
			t.Errorf("at first told %v", all)
		}
		h.Clock.Advance(time.Second)
		h.step()
		h.silent("nothing changed")
		h.letter(h.shop)
		h.letter(h.ben)
		h.step()
		if c := d.told(); len(c) != 1 || len(c[name(h.shop)]) != 2 || c[name(h.shop)]["Identity"] != "" {
			t.Errorf("told %v", c)
		}
		log, err := audit.About(t.Context(), h.DB, actor(h.ann).Person, 5)
		if err != nil || len(log) != 1 || log[0].What != "push.subscribed" {
			t.Errorf("the audit log says %+v, %v", log, err)
		}
	})
}

// One whose code does not come back ends.
func TestUnverified(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		d := h.device(h.ann, "phone")
		_, err := d.subscribe()
		h.must(err)
		h.step()
		code := d.code()
		h.Clock.Advance(h.policy.VerifyFor)
		_, err = h.push.Update(t.Context(), d.holder, d.id, push.Change{Code: &code})
		wantRule(t, "too late", err, errs.NotFound, push.RuleUnknown)
		h.must(h.push.Sweep(t.Context()))
		if n := h.subscriptions(); n != 0 {
			t.Errorf("%d are left", n)
		}
		h.step()
		h.silent("after its end")
	})
}

// Nobody sees or changes what was made with another credential, the own person's other one included.
func TestOwn(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		d := h.device(h.ann, "phone").verified()
		all, err := h.push.Of(t.Context(), d.holder)
		if err != nil || len(all) != 1 || all[0].ID != d.id || all[0].Device != "phone-of-phone" || !all[0].Verified {
			t.Errorf("%+v, %v", all, err)
		}
		for _, other := range []push.Holder{{Person: h.ann, Credential: "tablet"}, {Person: h.ben, Credential: "phone"}, {}} {
			if all, err := h.push.Of(t.Context(), other); err != nil || len(all) != 0 {
				t.Errorf("%+v sees %v, %v", other, all, err)
			}
			types := []string{"Email"}
			_, err := h.push.Update(t.Context(), other, d.id, push.Change{Types: &types})
			if other.Person == 0 {
				if !errs.Is(err, errs.NotFound) {
					t.Errorf("nobody changes it: %v", err)
				}
			} else {
				wantRule(t, "changed", err, errs.NotFound, push.RuleUnknown)
			}
			wantRule(t, "destroyed", h.push.Destroy(t.Context(), actor(other.Person), other, d.id), errs.NotFound, push.RuleUnknown)
		}
		h.must(h.push.Destroy(t.Context(), actor(h.ann), d.holder, d.id))
		h.letter(h.ann)
		h.step()
		h.silent("after it was destroyed")
		if n := h.sender.Watched(); n != 0 {
			t.Errorf("%d are watched", n)
		}
	})
}

// What can't be meant is refused by the property that it is about.
func TestRefused(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		d := h.device(h.ann, "phone")
		for property, all := range map[string][]func(*push.New){
			"url": {func(n *push.New) { n.URL = "http://push.example.test/x" }, func(n *push.New) { n.URL = "https://10.0.0.1/x" }, func(n *push.New) { n.URL = "https://[::ffff:169.254.169.254]/x" },
				func(n *push.New) { n.URL += strings.Repeat("x", 2000) }, func(n *push.New) { n.URL = "" }, func(n *push.New) { n.URL = "https://localhost/x" }},
			"keys":           {func(n *push.New) { n.P256dh, n.Auth = "", "" }, func(n *push.New) { n.Auth = "x" }, func(n *push.New) { n.P256dh = strings.Repeat("A", 87) }},
			"deviceClientId": {func(n *push.New) { n.Device = "" }, func(n *push.New) { n.Device = strings.Repeat("x", 256) }, func(n *push.New) { n.Device = "a\x00b" }, func(n *push.New) { n.Device = "\xff" }},
			"types":          {func(n *push.New) { n.Types = make([]string, 51) }, func(n *push.New) { n.Types = []string{""} }},
			"expires":        {func(n *push.New) { n.Expires = h.Clock.Now() }},
		} {
			for i, change := range all {
				_, err := d.subscribe(change)
				if !errs.Is(err, errs.Invalid) || push.Property(err) != property || strings.Contains(errs.Say(err), d.path) {
					t.Errorf("%s %d: %v", property, i, err)
				}
			}
		}
		h.step()
		h.silent("nothing was made")
	})
}

// One person has so many subscriptions and makes so many within the hour, also in a race.
func TestLimits(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		var made sync.WaitGroup
		var mu sync.Mutex
		good := 0
		for range 12 {
			made.Go(func() {
				d := h.device(h.ann, "phone")
				_, err := d.subscribe()
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					good++
				} else if !errs.Is(err, errs.TooMany) {
					t.Error(err)
				}
			})
		}
		made.Wait()
		if good != 3 || h.subscriptions() != 3 {
			t.Errorf("%d of 3 are made", good)
		}
		d := h.device(h.ann, "phone")
		_, err := d.subscribe()
		wantRule(t, "a fourth", err, errs.TooMany, push.RuleMost)
		for range 20 {
			all, err := h.push.Of(t.Context(), d.holder)
			h.must(err)
			h.must(h.push.Destroy(t.Context(), actor(h.ann), d.holder, all[0].ID))
			if _, err = d.subscribe(); err != nil {
				wantRule(t, "made too often", err, errs.TooMany, push.RuleMade)
				break
			}
			good++
		}
		if good != 10 {
			t.Errorf("%d are made within the hour", good)
		}
		if _, err := h.device(h.ben, "phone").subscribe(); err != nil {
			t.Errorf("another person is kept from it: %v", err)
		}
		h.Clock.Advance(time.Hour)
		if _, err := d.subscribe(); err != nil {
			t.Errorf("an hour later: %v", err)
		}
	}, func(p *policy.Push) { p.Subscriptions, p.MadePerHour = 3, 10 })
}

// Once what it was made with has ended, is revoked or lets the person in no more, a subscription gets nothing and is no more.
func TestCredentialEnds(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		phone, tablet, pc := h.device(h.ann, "phone").verified(), h.device(h.ann, "tablet").verified(), h.device(h.ann, "pc").verified()
		for _, of := range []struct {
			d    *device
			kind errs.Kind
		}{{phone, errs.Denied}, {tablet, errs.Private}} {
			h.mu.Lock()
			h.ended[of.d.holder.Credential] = errs.E(of.kind, "")
			h.mu.Unlock()
		}
		h.must(h.DB.Write(t.Context(), func(tx *db.Tx) error { push.EndIn(tx, pc.holder.Credential); return nil }))
		h.letter(h.ann)
		h.step()
		h.silent("after the end")
		if n := h.subscriptions(); n != 0 {
			t.Errorf("%d are left", n)
		}
		later := h.device(h.ann, "later").verified()
		h.mu.Lock()
		h.ended["later"] = errs.E(errs.Transient, "")
		h.mu.Unlock()
		h.letter(h.ann)
		h.step()
		h.silent("while nobody can say")
		h.mu.Lock()
		delete(h.ended, "later")
		h.mu.Unlock()
		h.Clock.Advance(h.policy.Retry)
		h.step()
		later.told()
	})
}

// The sweep takes away what nobody wakes any more.
func TestSweep(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		h.device(h.ann, "phone").verified()
		h.device(h.ben, "tablet").verified()
		h.mu.Lock()
		h.ended["phone"] = errs.E(errs.Private, "")
		h.mu.Unlock()
		h.must(h.push.Sweep(t.Context()))
		if n := h.subscriptions(); n != 1 {
			t.Errorf("%d are left", n)
		}
		h.must(h.Keys.Destroy(t.Context(), h.ben))
		h.letter(h.shop)
		h.Hub.Announce(h.ben, 0)
		h.step()
		h.silent("of somebody whose key was destroyed")
		if n := h.subscriptions(); n != 0 {
			t.Errorf("%d are left", n)
		}
	})
}

// A subscription ends by its time, unless it is renewed.
func TestExpires(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		soon := h.Clock.Now().Add(3 * time.Hour)
		d, other := h.device(h.ann, "phone").verified(func(n *push.New) { n.Expires = soon }), h.device(h.ann, "tablet").verified(func(n *push.New) { n.Expires = soon })
		far := h.Clock.Now().AddDate(1, 0, 0)
		got, err := h.push.Update(t.Context(), d.holder, d.id, push.Change{Expires: &far})
		if err != nil || !got.Expires.Equal(h.Clock.Now().Add(h.policy.Longest).Truncate(time.Second)) {
			t.Errorf("%+v, %v", got, err)
		}
		past := h.Clock.Now()
		_, err = h.push.Update(t.Context(), d.holder, d.id, push.Change{Expires: &past})
		wantRule(t, "past", err, errs.Invalid, push.RuleExpires)
		h.Clock.Set(soon)
		h.letter(h.ann)
		h.step()
		d.told()
		h.silent("after its end")
		if all, err := h.push.Of(t.Context(), other.holder); err != nil || len(all) != 0 {
			t.Errorf("%v, %v", all, err)
		}
	})
}

// Neither the database nor the log tells where anybody is woken, or by which device.
func TestNothingIsReadable(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		d := h.device(h.ann, "phone").verified()
		p256dh, auth := d.Keys()
		h.must(h.DB.Read(t.Context(), func(tx *db.Tx) error {
			return tx.Query(`SELECT sealed, cred FROM push_subscription`, nil, func(r db.Row) error {
				for _, word := range []string{"secret", "push.example", p256dh, auth, "phone-of"} {
					if bytes.Contains(r.Bytes(0), []byte(word)) || strings.Contains(r.Text(1), word) {
						t.Errorf("%q is readable", word)
					}
				}
				return nil
			})
		}))
		for _, answer := range []http.HandlerFunc{webpushtest.Code(403, "", ""), func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, webpushtest.Code(410, "", "")} {
			h.outside.Answer(answer)
			h.letter(h.ann)
			h.step()
			h.Clock.Advance(time.Hour)
		}
		log := h.log.String()
		if !strings.Contains(log, "push: not taken") || !strings.Contains(log, "push.gone") {
			t.Errorf("the log is %s", log)
		}
		for _, word := range []string{d.path, p256dh, auth, "phone-of", "Amoxicillin"} {
			if strings.Contains(log, word) {
				t.Errorf("%q is in the log: %s", word, log)
			}
		}
	})
}

// A store that was read back from a back-up wakes nobody.
func TestRestored(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		h.device(h.ann, "phone").verified()
		h.must(h.DB.Write(t.Context(), func(tx *db.Tx) error { push.Restored(tx); return nil }))
		h.push = h.service()
		h.sender = h.newSender(h.push, nil)
		h.letter(h.ann)
		h.step()
		h.silent("after a restore")
	})
}

func TestID(t *testing.T) {
	t.Parallel()
	for _, id := range []push.ID{1, 1 << 40, 1<<63 - 1} {
		if got, ok := push.ParseID(id.String()); !ok || got != id {
			t.Errorf("%s is read as %v, %t", id, got, ok)
		}
	}
	for _, s := range []string{"", "p", "p0", "p-1", "p+1", "1", "P1", "pZ", "p01", "pzzzzzzzzzzzzzzzzzzzz", "p1 "} {
		if id, ok := push.ParseID(s); ok {
			t.Errorf("%q is read as %v", s, id)
		}
	}
}

// Whose account is deleted for good is woken no more, and others are.
func TestForgetIn(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		for _, d := range []*device{h.device(h.ann, "phone"), h.device(h.ann, "tablet"), h.device(h.ben, "phone")} {
			_, err := d.subscribe()
			h.must(err)
		}
		h.must(h.DB.Write(t.Context(), func(tx *db.Tx) error { push.ForgetIn(tx, h.ann); return nil }))
		makers := 0
		h.must(h.DB.Read(t.Context(), func(tx *db.Tx) error {
			return tx.Query(`SELECT person FROM push_maker`, nil, func(db.Row) error { makers++; return nil })
		}))
		if n := h.subscriptions(); n != 1 || makers != 1 {
			t.Errorf("%d subscriptions of %d people are left", n, makers)
		}
	})
}
