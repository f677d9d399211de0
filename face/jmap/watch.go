package jmap

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"hash/maphash"
	"maps"
	"slices"
	"sync"
	"time"

	"haven"
	"haven/platform/change"
	"haven/platform/clock"
	"haven/platform/errs"
)

// stateChange is a StateChange object (RFC 8620 §7.1). PushState stands for all states that the person can see (RFC 8887 §4.3.5).
type stateChange struct {
	Type      string                       `json:"@type"`
	Changed   map[string]map[string]string `json:"changed"`
	PushState string                       `json:"pushState,omitempty"`
}

// sessionType is a type of our own, in the person's account: its state is that of the session, so that a client learns at once that an account
// came or went, or that its rights did.
const sessionType = "Session"

// watcher tells a client what changes in the accounts of its session, for as long as it holds.
type watcher struct {
	srv     *Server
	session *Session
	wake    chan struct{} // something changed
	sub     *change.Subscription
	until   time.Time // the session locks or ends by itself; zero: it does not

	mu      sync.Mutex
	on      bool            // changes are sent
	types   map[string]bool // nil: all
	watched []haven.AccountNo
	sent    []sentState // what the client knows, by account and type
	known   bool        // sent is filled
}

// sentState is a state that a client was told, or had when it began: a hash of it, since there are many watchers.
type sentState struct {
	account haven.AccountNo
	typ     string
	hash    uint64
}

var stateSeed = maphash.MakeSeed()

func newWatcher(srv *Server, who *Session) *watcher {
	w := &watcher{srv: srv, session: who, wake: make(chan struct{}, 1)}
	w.sub = srv.o.Hub.Subscribe(func(haven.AccountNo) { w.stir() }, who.Person)
	w.watched = []haven.AccountNo{who.Person}
	return w
}

// stir has the watcher look; it never blocks.
func (w *watcher) stir() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// enable begins to send, from the push state that the client has, or from now where that is nil. What is to be sent at once it gives back.
func (w *watcher) enable(ctx context.Context, types []string, since *string) (ch stateChange, any bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.on, w.types = true, nil
	if types != nil {
		w.types = make(map[string]bool, len(types))
		for _, t := range types {
			w.types[t] = true
		}
	}
	return w.look(ctx, since)
}

func (w *watcher) disable() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.on = false
}

func (w *watcher) close() { w.sub.Close() }

// standsAgain is after how long what a session was opened with is asked again, though nobody told that it changed.
const standsAgain = 30 * time.Second

// stands asks whether the session still holds, and until when.
func (w *watcher) stands(ctx context.Context) (err error) {
	switch {
	case w.session.Lasts != nil:
		w.until, err = w.session.Lasts(ctx)
	case w.session.Holds != nil:
		err = w.session.Holds(ctx)
	}
	if errs.Is(err, errs.Transient) && ctx.Err() == nil {
		return nil // asked again soon
	}
	return err
}

// run calls send with changes until ctx ends, the session does, or send fails: at once after a quiet while, and from then on with all that changed within
// policy.JMAP.PushDelay. idle is called each time that every passed; 0: never.
func (w *watcher) run(ctx context.Context, every time.Duration, send func(stateChange) error, idle func() error) error {
	c := w.srv.o.Clock
	look := c.NewTimer(0)
	defer look.Stop()
	var beat clock.Timer
	if every > 0 {
		beat = c.NewTimer(every)
		defer beat.Stop()
	}
	var looked time.Time
	for {
		var beats <-chan time.Time
		if beat != nil {
			beats = beat.C()
		}
		select {
		case <-ctx.Done():
			return nil
		case <-beats:
			beat.Reset(every)
			if err := idle(); err != nil {
				return err
			}
			continue
		case <-w.wake:
			if c.Sleep(ctx, w.srv.o.Policy.PushDelay-c.Now().Sub(looked)) != nil {
				return nil
			}
		case <-look.C():
		}
		if err := w.once(ctx, send); err != nil {
			return err
		}
		looked = c.Now()
		look.Reset(w.next(c))
	}
}

// next is when to look again though nobody wakes.
func (w *watcher) next(c clock.Clock) time.Duration {
	d := standsAgain
	if !w.until.IsZero() {
		d = min(d, w.until.Sub(c.Now()))
	}
	return max(d, time.Millisecond)
}

// once asks whether the session holds, and sends what changed.
func (w *watcher) once(ctx context.Context, send func(stateChange) error) error {
	if err := w.stands(ctx); err != nil {
		return err
	}
	ch, any := w.changed(ctx)
	if !any {
		return nil
	}
	return send(ch)
}

func (w *watcher) changed(ctx context.Context) (ch stateChange, any bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.on {
		return ch, false
	}
	return w.look(ctx, nil)
}

// look reads the states of now, remembers them, and gives those that the client does not have: nothing, where it begins from now. A store that
// does not answer is asked again later.
func (w *watcher) look(ctx context.Context, since *string) (ch stateChange, any bool) {
	accounts, states, err := w.now(ctx)
	if err != nil {
		if ctx.Err() == nil {
			w.srv.log.Warn("jmap: what changed could not be read", "error", err)
		}
		return ch, false
	}
	ch = stateChange{"StateChange", map[string]map[string]string{}, pushState(accounts, states)}
	all := since != nil && *since != ch.PushState
	begins := !all && (since != nil || !w.known)
	before := make(map[sentState]bool, len(w.sent))
	for _, s := range w.sent {
		before[s] = true
	}
	w.sent, w.known = w.sent[:0], true
	for _, a := range accounts {
		for typ, state := range states[a.No] {
			s := sentState{a.No, typ, maphash.String(stateSeed, state)}
			w.sent = append(w.sent, s)
			if begins || !all && before[s] || w.types != nil && !w.types[typ] {
				continue
			}
			if ch.Changed[a.JMAP()] == nil {
				ch.Changed[a.JMAP()] = map[string]string{}
			}
			ch.Changed[a.JMAP()][typ] = state
		}
	}
	return ch, len(ch.Changed) > 0
}

// now is the accounts of the session and their states; from here on all of them are waited for.
func (w *watcher) now(ctx context.Context) ([]Account, map[haven.AccountNo]map[string]string, error) {
	accounts, err := w.srv.o.People.Accounts(ctx, w.session)
	if err != nil {
		return nil, nil, err
	}
	w.follow(accounts)
	states, err := w.srv.states(ctx, w.session, accounts)
	return accounts, states, err
}

// follow waits for the accounts that the session has now.
func (w *watcher) follow(accounts []Account) {
	now := []haven.AccountNo{w.session.Person}
	for _, a := range accounts {
		if a.No != w.session.Person {
			now = append(now, a.No)
		}
	}
	for _, no := range w.watched {
		if !slices.Contains(now, no) {
			w.sub.Remove(no)
		}
	}
	w.sub.Add(now...)
	w.watched = now
}

// states are the states of all types in some accounts, and in the first of them that of the session.
func (s *Server) states(ctx context.Context, who *Session, accounts []Account) (map[haven.AccountNo]map[string]string, error) {
	all := map[haven.AccountNo]map[string]string{}
	if s.o.States != nil {
		of, err := s.o.States.States(ctx, who, accounts)
		if err != nil {
			return nil, err
		}
		maps.Copy(all, of)
	}
	if len(accounts) > 0 {
		first := maps.Clone(all[accounts[0].No])
		if first == nil {
			first = map[string]string{}
		}
		first[sessionType] = s.stateOf(who, accounts)
		all[accounts[0].No] = first
	}
	return all, nil
}

// StatesOf are the states that a session is told of through a push service, as over an event source, by account and type as they are called here: those of some
// accounts of the session.
func (s *Server) StatesOf(ctx context.Context, who *Session, of []haven.AccountNo) (map[string]map[string]string, error) {
	accounts, err := s.o.People.Accounts(ctx, who)
	if err != nil {
		return nil, err
	}
	states, err := s.states(ctx, who, accounts)
	if err != nil {
		return nil, err
	}
	all := make(map[string]map[string]string, len(of))
	for _, a := range accounts {
		if slices.Contains(of, a.No) && len(states[a.No]) > 0 {
			all[a.JMAP()] = states[a.No]
		}
	}
	return all, nil
}

// pushState stands for all states together.
func pushState(accounts []Account, states map[haven.AccountNo]map[string]string) string {
	h := sha256.New()
	for _, a := range accounts {
		h.Write([]byte(a.JMAP()))
		for _, typ := range slices.Sorted(maps.Keys(states[a.No])) {
			h.Write([]byte("\x00" + typ + "\x00" + states[a.No][typ]))
		}
	}
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil)[:12])
}

// enlist counts a socket for its person and in all; it is a problem where there are too many. done ends it.
func (s *Server) enlist(who *Session) (done func(), err error) {
	leave, err := s.sockets.take(who.Person)
	if err != nil || s.o.Metrics.Sockets == nil {
		return leave, err
	}
	s.o.Metrics.Sockets(1)
	return func() {
		s.o.Metrics.Sockets(-1)
		leave()
	}, nil
}
