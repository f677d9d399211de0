package push

import (
	"context"
	"encoding/json"
	"slices"

	"haven"
	"haven/platform/db"
	"haven/platform/errs"
	"haven/platform/webpush"
)

// topicAll marks a message that says how everything stands: one that waits at the push service is replaced by a newer one. What says a part replaces nothing.
const topicAll = "all"

// fly says to one subscription what there is to say: it asks whether the subscription goes on, whether the credential holds, and what the person may read, each
// time anew.
func (x *Sender) fly(ctx context.Context, w *watched) landing {
	ctx, cancel := context.WithTimeout(ctx, flightLimit)
	defer cancel()
	r, ok, err := x.s.find(ctx, w.id)
	if err != nil {
		return x.later(w, err)
	}
	if !ok {
		return landing{over: true}
	}
	rule := over(r.facts, x.s.o.Policy, x.clock.Now())
	if rule == "" {
		if err = x.s.o.Credentials.Holds(ctx, r.holder); ended(err) {
			rule = "push.credential"
		} else if err != nil {
			return x.later(w, err)
		}
	}
	if rule != "" {
		return x.end(ctx, w, r, rule)
	}
	k, err := x.s.open(ctx, r)
	if errs.Is(err, errs.NotFound) {
		return x.end(ctx, w, r, "push.credential")
	}
	if err != nil {
		return x.later(w, err)
	}
	to, err := x.target(k)
	switch {
	case err != nil: // as the configuration is now
		return x.end(ctx, w, r, "push.address")
	case !r.facts.verified:
		return x.verify(ctx, w, r, k, to)
	}
	return x.tell(ctx, w, r, k, to)
}

// later tries again, for a reason of ours.
func (x *Sender) later(w *watched, err error) landing {
	if !errs.Is(err, errs.Transient) {
		x.s.o.Logger.Error("push: a subscription can't be looked at", "err", err)
	}
	w.failed++
	return landing{after: retryWait(w.failed, x.s.o.Policy), again: true}
}

func (x *Sender) end(ctx context.Context, w *watched, r row, rule string) landing {
	if err := x.s.end(ctx, r, rule); err != nil {
		return x.later(w, err)
	}
	return landing{over: true}
}

func (x *Sender) target(k kept) (to webpush.Target, err error) {
	if to.Endpoint, err = x.s.o.Poster.Endpoint(k.URL); err == nil {
		to.Keys, err = webpush.ParseKeys(k.P256dh, k.Auth)
	}
	return to, err
}

// verify pushes the code that proves the address (RFC 8620 §7.2.2), until the push service has taken it once.
func (x *Sender) verify(ctx context.Context, w *watched, r row, k kept, to webpush.Target) landing {
	if r.told {
		return landing{}
	}
	text, err := json.Marshal(verification{"PushVerification", r.id.String(), k.Code})
	if err != nil {
		return x.later(w, err)
	}
	res := x.push(ctx, r, to, webpush.Message{Payload: text, Urgency: webpush.High})
	if res.Outcome != webpush.Delivered {
		return x.missed(ctx, w, r, to, res)
	}
	if err := x.note(ctx, sqlTold, int64(r.id)); err != nil {
		return x.later(w, err)
	}
	return x.arrived(ctx, w, r)
}

// tell pushes what changed since it did so last.
func (x *Sender) tell(ctx context.Context, w *watched, r row, k kept, to webpush.Target) landing {
	p := x.s.o.Policy
	accounts, err := x.s.o.Accounts.Accounts(ctx, r.holder)
	if err != nil {
		return x.later(w, err)
	}
	w.watch(accounts) // before the states are asked for: what changes after that wakes again
	states, err := x.o.States.States(ctx, r.holder, accounts)
	if err != nil {
		return x.later(w, err)
	}
	parts := messages(Changed(w.last, states, k.Types), webpush.MaxPayload)
	topic := ""
	if w.last == nil && len(parts) == 1 {
		topic = topicAll
	}
	for i, part := range parts {
		if i == partsAtOnce {
			return landing{after: p.Every, again: true}
		}
		if wait := x.rate.Take(r.id.String(), 1); wait > 0 {
			return landing{after: max(wait, p.Every), again: true}
		}
		if res := x.push(ctx, r, to, webpush.Message{Payload: part.text, Urgency: webpush.Normal, Topic: topic}); res.Outcome != webpush.Delivered {
			return x.missed(ctx, w, r, to, res)
		}
		if w.last == nil {
			w.last = States{}
		}
		w.last.note(part.says)
	}
	w.last = states
	if len(parts) == 0 && r.facts.failing.IsZero() {
		return landing{}
	}
	return x.arrived(ctx, w, r)
}

// watch has the accounts waited for that a person may read, and always the person, whose access may change.
func (w *watched) watch(accounts []haven.AccountNo) {
	now := append([]haven.AccountNo{w.holder.Person}, accounts...)
	w.wait.Add(now...)
	for _, no := range w.accounts {
		if !slices.Contains(now, no) {
			w.wait.Remove(no)
		}
	}
	w.accounts = now
}

func (x *Sender) push(ctx context.Context, r row, to webpush.Target, m webpush.Message) webpush.Result {
	m.Type = "application/json" // RFC 8620 §7.2; within what is encrypted
	m.TTL = min(x.s.o.Policy.Keep, r.facts.expires.Sub(x.clock.Now()))
	res := x.s.o.Poster.Push(ctx, to, m)
	x.counts[int(res.Outcome)%len(x.counts)].Add(1)
	return res
}

// arrived notes that a subscription takes what it is sent.
func (x *Sender) arrived(ctx context.Context, w *watched, r row) landing {
	w.failed = 0
	l := landing{after: x.s.o.Policy.Every}
	if !r.facts.failing.IsZero() {
		if err := x.note(ctx, sqlFailing, int64(r.id), int64(0)); err != nil {
			x.s.o.Logger.Warn("push: that a subscription works again can't be noted", "err", err)
			l.again = true
		}
	}
	return l
}

// missed ends a subscription that is gone, and tries others again later: then with the states as they are by then.
func (x *Sender) missed(ctx context.Context, w *watched, r row, to webpush.Target, res webpush.Result) landing {
	if ctx.Err() != nil {
		return landing{after: x.s.o.Policy.Retry, again: true}
	}
	x.s.o.Logger.Info("push: not taken", "outcome", res.Outcome.String(), "code", res.Code, "host", to.Endpoint.Host(), "err", res.Err)
	if res.Outcome == webpush.Gone {
		return x.end(ctx, w, r, "push.gone")
	}
	if r.facts.failing.IsZero() {
		if err := x.note(ctx, sqlFailing, int64(r.id), x.clock.Now().UnixMicro()); err != nil {
			return x.later(w, err)
		}
	}
	w.failed++
	return landing{after: max(res.Wait, retryWait(w.failed, x.s.o.Policy)), again: true}
}

func (x *Sender) note(ctx context.Context, sql string, args ...any) error {
	return x.s.o.DB.Write(ctx, func(tx *db.Tx) error { tx.Exec(sql, args...); return nil })
}

var _ Poster = (*webpush.Client)(nil)
