package notify

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"haven/platform/db"
	"haven/platform/errs"
)

// RuleKey is the rule of a gateway's error about our key, and the name of the alarm that it raises.
const RuleKey = "notify.key"

// lane is the notices of one channel. Each has a worker of its own, so that a slow gateway holds up its own kind alone.
type lane struct {
	channel Channel
	gateway Gateway // nil: notices are kept
	nudge   chan struct{}
	rest    atomic.Int64 // Unix microseconds; until then nothing is tried, since the key was refused. 0: it is good as far as is known
}

const (
	atOnce    = 20 // notices of one step
	lookEvery = 5 * time.Second
	leaseFor  = 2 * time.Minute
	sendTime  = 30 * time.Second
)

// Run sends what is due until ctx ends.
func (s *Service) Run(ctx context.Context) {
	var all sync.WaitGroup
	for _, l := range s.lanes {
		all.Go(func() { s.runLane(ctx, l) })
	}
	all.Wait()
}

func (s *Service) runLane(ctx context.Context, l *lane) {
	for ctx.Err() == nil {
		n, err := s.Step(ctx, l.channel)
		if err != nil && ctx.Err() == nil {
			s.o.Logger.Warn("notices can't be sent just now", "channel", l.channel.String(), "error", err)
		}
		if n == atOnce && err == nil {
			continue
		}
		wake, stop := context.WithCancel(ctx)
		go func() {
			select {
			case <-l.nudge:
			case <-wake.Done():
			}
			stop()
		}()
		_ = s.o.Clock.Sleep(wake, lookEvery) // woken early is no error
		stop()
	}
}

// pending is a notice that is due.
type pending struct {
	id       int64
	at       time.Time
	lapses   time.Time
	state    State
	template string
	tries    int64
	ref      string
	sealed   []byte
}

// Step sends or asks for what is due of a channel, a bounded number, and returns how many it dealt with. Several processes may do so at once: a notice
// is claimed for some minutes by whoever sends it, and sent again where that process died before it could note it. Nothing is due while the key rests.
func (s *Service) Step(ctx context.Context, ch Channel) (n int, err error) {
	l, now := s.lanes[ch], s.o.Clock.Now()
	if now.UnixMicro() < l.rest.Load() {
		return 0, nil
	}
	due, err := s.due(ctx, ch, now)
	if err != nil {
		return 0, err
	}
	for _, p := range due {
		if err := s.one(ctx, l, p); err != nil {
			return n, err
		}
		n++
		if s.o.Clock.Now().UnixMicro() < l.rest.Load() {
			break
		}
	}
	return n, nil
}

func (s *Service) due(ctx context.Context, ch Channel, now time.Time) (due []pending, err error) {
	err = s.o.DB.Read(ctx, func(tx *db.Tx) error {
		due = due[:0]
		return tx.Query(sqlDue, []any{int64(ch), now.UnixMicro(), int64(atOnce)}, func(r db.Row) error {
			due = append(due, pending{id: r.Int64(0), at: time.UnixMicro(r.Int64(1)), lapses: time.UnixMicro(r.Int64(2)), state: State(r.Int64(3)),
				template: r.Text(4), tries: r.Int64(5), ref: r.Text(6), sealed: append([]byte(nil), r.Bytes(7)...)})
			return nil
		})
	})
	return due, err
}

// result is what became of a try.
type result struct {
	state  State
	due    time.Time // zero: nothing more is done
	reason string
	ref    string
	tries  int64 // of this state
}

func (s *Service) one(ctx context.Context, l *lane, p pending) error {
	lease, err := s.claim(ctx, p)
	if err != nil || lease == 0 {
		return err
	}
	res := s.try(ctx, l, p)
	if res.state == Failed {
		s.o.Logger.Error("a notice will not arrive", "template", p.template, "channel", l.channel.String(), "reason", res.reason)
	}
	return s.record(ctx, l, p, lease, res)
}

// claim takes a notice for leaseFor and returns the lease; 0: another worker has it.
func (s *Service) claim(ctx context.Context, p pending) (lease int64, err error) {
	now := s.o.Clock.Now()
	err = s.o.DB.Write(ctx, func(tx *db.Tx) error {
		lease = 0
		n, err := tx.Change(sqlClaim, p.id, now.Add(leaseFor).UnixMicro(), now.UnixMicro(), int64(p.state))
		if n == 1 {
			lease = now.Add(leaseFor).UnixMicro()
		}
		return err
	})
	return lease, err
}

// record notes what became of a try, unless the lease ran out and another worker took the notice over: then that one knows better.
func (s *Service) record(ctx context.Context, l *lane, p pending, lease int64, res result) error {
	due := int64(0)
	if !res.due.IsZero() {
		due = res.due.UnixMicro()
	}
	return s.o.DB.Write(context.WithoutCancel(ctx), func(tx *db.Tx) error {
		n, err := tx.Change(sqlResult, p.id, int64(res.state), due, res.tries, res.reason, res.ref, lease)
		if err == nil && n == 0 {
			s.o.Logger.Warn("a notice was taken over while it was being sent; it may arrive twice", "template", p.template, "channel", l.channel.String())
		}
		return err
	})
}

// try sends one notice, or asks what became of it.
func (s *Service) try(ctx context.Context, l *lane, p pending) result {
	now := s.o.Clock.Now()
	ctx, cancel := context.WithTimeout(ctx, sendTime)
	defer cancel()
	switch {
	case l.gateway == nil && p.state == Waiting:
		return result{state: Kept}
	case l.gateway == nil:
		return result{state: p.state, reason: unknown}
	case p.state == Sent:
		return s.ask(ctx, l, p)
	case !now.Before(p.lapses):
		return result{state: Lapsed, reason: "it could not be sent while it was of use"}
	}
	c, err := s.content(p.id, p.sealed)
	if err != nil {
		return result{state: Failed, reason: "it can't be opened any more"}
	}
	c.Until = p.lapses
	name, err := l.gateway.Send(ctx, l.channel, c, refOf(p.id))
	switch {
	case s.rests(l, err):
		return result{state: Waiting, due: now, reason: reasonOf(err), tries: p.tries}
	case err == nil && name == "":
		return result{state: Sent}
	case err == nil:
		return result{state: Sent, due: now.Add(askAfter), ref: name}
	case errs.Is(err, errs.Transient):
		return result{state: Waiting, due: now.Add(sendWait(p.tries, jitter())), reason: reasonOf(err), tries: p.tries + 1}
	}
	return result{state: Failed, reason: reasonOf(err)}
}

// unknown is what is said of a notice that the gateway has, and of which nothing more is heard.
const unknown = "whether it arrived is not known"

func (s *Service) ask(ctx context.Context, l *lane, p pending) result {
	now := s.o.Clock.Now()
	state, reason, err := l.gateway.State(ctx, p.ref)
	again := now.Add(askWait(p.tries))
	switch {
	case s.rests(l, err):
		return result{state: Sent, ref: p.ref, due: now, tries: p.tries}
	case err == nil && state != Sent:
		return result{state: state, ref: p.ref, reason: reason}
	case err != nil && !errs.Is(err, errs.Transient), again.After(p.at.Add(s.o.Policy.AskFor)):
		return result{state: Sent, ref: p.ref, reason: unknown}
	}
	return result{state: Sent, ref: p.ref, due: again, tries: p.tries + 1}
}

// rests reports whether a gateway's answer is about our key, and has the lane stand still then: no notice would do better, and none loses a try. The alarm
// is raised once, and ends with the first answer that is about the notice: a gateway that is away says nothing of the key.
func (s *Service) rests(l *lane, err error) bool {
	if !aboutKey(err) {
		answered := err == nil || !errs.Is(err, errs.Transient)
		if answered && l.rest.Swap(0) != 0 {
			s.o.Logger.Info("the gateway takes our key again", "alarm", RuleKey, "channel", l.channel.String())
		}
		return false
	}
	if l.rest.Swap(s.o.Clock.Now().Add(s.o.Policy.KeyPause).UnixMicro()) == 0 {
		s.o.Logger.Error("the gateway refuses our key; nothing is sent until it takes it, and nothing is lost", "alarm", RuleKey, "channel", l.channel.String(), "reason", reasonOf(err))
	}
	return true
}
