package push_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strconv"
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
func (h *house) States(ctx context.Context, _ push.Holder, accounts []haven.AccountNo) (push.States, error) {
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
	case <-time.After(30 * time.Second):
		d.h.t.Fatal("nothing is pushed")
	}
}

// passes moves the clock on, little by little, until something is pushed: as often as the sender waits for it.
func (h *house) passes() {
	h.t.Helper()
	for len(h.outside.Pushes) == 0 {
		h.must(h.Clock.Await(h.t.Context(), 1))
		h.Clock.Advance(h.policy.Every)
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
