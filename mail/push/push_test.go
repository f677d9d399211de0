package push_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"haven"
	"haven/mail/mailbox/mailboxtest"
	"haven/mail/push"
	"haven/platform/audit"
	"haven/platform/db"
	"haven/platform/db/dbtest"
	"haven/platform/errs"
	"haven/platform/job"
	"haven/platform/policy"
	"haven/platform/webpush/webpushtest"
)

// house is a mail store, a push service that a device is subscribed at, and what stands between.
type house struct {
	*mailboxtest.Store
	t       *testing.T
	outside *webpushtest.Service
	push    *push.Service
	sender  *push.Sender
	log     *lockedLog
	policy  policy.Push

	ann, ben, shop haven.AccountNo

	mu    sync.Mutex
	ended map[push.Credential]error
	opens map[haven.AccountNo][]haven.AccountNo
}

type lockedLog struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// Holds is push.Credentials'.
func (h *house) Holds(_ context.Context, of push.Holder) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.ended[of.Credential]
}

// Accounts is push.Accounts'.
func (h *house) Accounts(_ context.Context, of push.Holder) ([]haven.AccountNo, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.opens[of.Person], nil
}

// States is push.Stater's: the store's own numbers.
func (h *house) States(ctx context.Context, _ haven.AccountNo, accounts []haven.AccountNo) (push.States, error) {
	out := push.States{}
	err := h.Seqs(ctx, accounts, func(no haven.AccountNo, seq haven.Seq) {
		text := strconv.FormatInt(int64(seq), 10)
		out[name(no)] = map[string]string{"Email": text, "Mailbox": text, "Identity": "0"}
	})
	return out, err
}

func name(no haven.AccountNo) string { return "a" + strconv.FormatInt(int64(no), 10) }

func each(t *testing.T, fn func(t *testing.T, h *house), change ...func(*policy.Push)) {
	t.Helper()
	dbtest.EachEngine(t, func(t *testing.T, engine string) { fn(t, newHouse(t, engine, change...)) })
}

func newHouse(t *testing.T, engine string, change ...func(*policy.Push)) *house {
	t.Helper()
	p, err := policy.Profile("")
	if err != nil {
		t.Fatal(err)
	}
	for _, fn := range change {
		fn(&p.Push)
	}
	h := &house{Store: mailboxtest.New(t, engine), t: t, outside: webpushtest.New(t), policy: p.Push, log: &lockedLog{},
		ended: map[push.Credential]error{}, opens: map[haven.AccountNo][]haven.AccountNo{}}
	h.must(h.DB.Migrate(t.Context(), audit.Schema, job.Schema, push.Schema))
	h.ann, h.ben, h.shop = h.Account(), h.Account(), h.Account()
	h.opens[h.ann], h.opens[h.ben] = []haven.AccountNo{h.ann, h.shop}, []haven.AccountNo{h.ben}
	h.push = h.service()
	h.sender = h.newSender(h.push, nil)
	return h
}

func (h *house) service() *push.Service {
	return push.NewService(push.Options{DB: h.DB, Keys: h.Keys, Credentials: h, Accounts: h, Poster: h.outside.Client(h.t, h.Clock), Policy: h.policy, Clock: h.Clock,
		Logger: slog.New(slog.NewTextHandler(h.log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
}

func (h *house) newSender(s *push.Service, turn func(context.Context) (bool, error)) *push.Sender {
	return push.NewSender(push.SenderOptions{Service: s, Hub: h.Hub, States: h, Turn: turn})
}

func (h *house) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) step() { h.sender.Step(h.t.Context()) }

// device is one of a person, signed in by a credential.
type device struct {
	*webpushtest.Device
	h      *house
	holder push.Holder
	path   string
	id     push.ID
}

func (h *house) device(person haven.AccountNo, c push.Credential) *device {
	return &device{Device: webpushtest.NewDevice(h.t), h: h, holder: push.Holder{Person: person, Credential: c}, path: "/secret/" + string(c)}
}

func (d *device) asks() push.New {
	p256dh, auth := d.Keys()
	return push.New{Device: "phone-of-" + string(d.holder.Credential), URL: d.h.outside.URL(d.path), P256dh: p256dh, Auth: auth}
}

func actor(no haven.AccountNo) haven.Actor { return haven.Actor{Person: haven.AccountID{byte(no)}} }

func (d *device) subscribe(change ...func(*push.New)) (push.Subscription, error) {
	n := d.asks()
	for _, fn := range change {
		fn(&n)
	}
	s, err := d.h.push.Create(d.h.t.Context(), actor(d.holder.Person), d.holder, n)
	d.id = s.ID
	return s, err
}

// verified subscribes, brings the code back, and takes what is told at first.
func (d *device) verified(change ...func(*push.New)) *device {
	d.h.t.Helper()
	_, err := d.subscribe(change...)
	d.h.must(err)
	d.h.step()
	code := d.code()
	_, err = d.h.push.Update(d.h.t.Context(), d.holder, d.id, push.Change{Code: &code})
	d.h.must(err)
	d.h.Clock.Advance(d.h.policy.Every)
	d.h.step()
	d.told()
	d.h.Clock.Advance(d.h.policy.Every)
	return d
}

// code takes the verification that was pushed.
func (d *device) code() string {
	d.h.t.Helper()
	var v struct {
		Type string `json:"@type"`
		ID   string `json:"pushSubscriptionId"`
		Code string `json:"verificationCode"`
	}
	d.next(&v)
	if v.Type != "PushVerification" || v.ID != d.id.String() || len(v.Code) < 20 {
		d.h.t.Fatalf("verified by %+v", v)
	}
	return v.Code
}

// told takes the change that was pushed.
func (d *device) told() push.States {
	d.h.t.Helper()
	var c struct {
		Type    string      `json:"@type"`
		Changed push.States `json:"changed"`
	}
	d.next(&c)
	if c.Type != "StateChange" {
		d.h.t.Fatalf("told %+v", c)
	}
	return c.Changed
}

func (d *device) next(into any) {
	d.h.t.Helper()
	select {
	case p := <-d.h.outside.Pushes:
		text, err := d.Open(p.Body)
		if err == nil {
			decoder := json.NewDecoder(bytes.NewReader(text))
			decoder.DisallowUnknownFields()
			err = decoder.Decode(into)
		}
		if err != nil || p.Path != d.path {
			d.h.t.Fatalf("%s: %q, %v", p.Path, text, err)
		}
	case <-time.After(10 * time.Second):
		d.h.t.Fatal("nothing is pushed")
	}
}

// passes moves the clock on, little by little, until something is pushed.
func (h *house) passes() {
	for len(h.outside.Pushes) == 0 && h.t.Context().Err() == nil {
		h.Clock.Advance(h.policy.Every)
		time.Sleep(time.Millisecond)
	}
}

// silent holds where nothing was pushed.
func (h *house) silent(when string) {
	h.t.Helper()
	if n := len(h.outside.Pushes); n != 0 {
		h.t.Errorf("%s: %d pushes", when, n)
	}
}

func (h *house) letter(to haven.AccountNo) {
	h.Deliver(to, "From: bob@surgery.test\nTo: ann@pharmacy.test\nSubject: Amoxicillin\n\nHello.\n")
}

func (h *house) subscriptions() (n int64) {
	h.t.Helper()
	h.must(h.DB.Read(h.t.Context(), func(tx *db.Tx) error {
		return tx.Query(`SELECT COUNT(*) FROM push_subscription`, nil, func(r db.Row) error { n = r.Int64(0); return nil })
	}))
	return n
}

func wantRule(t *testing.T, what string, err error, kind errs.Kind, rule string) {
	t.Helper()
	var e *errs.Error
	if !errors.As(err, &e) || e.Kind != kind || e.Rule != rule {
		t.Errorf("%s: %v, want %s", what, err, rule)
	}
}

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
		for end := h.Clock.Now().Add(h.policy.FailFor - time.Minute); h.Clock.Now().Before(end); h.Clock.Advance(10 * time.Minute) {
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
