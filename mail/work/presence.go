package work

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"slices"
	"sync"
	"time"

	"haven"
	"haven/mail/mailbox"
	"haven/platform/db"
	"haven/platform/errs"
)

// Who is at a thread now is kept in memory by the process to which the person speaks. Where several processes share a database
// (PostgreSQL), a small table with times has it for all of them; nothing of it outlives its time.

// presences are the rooms by account.
type presences struct {
	mu   sync.Mutex
	at   map[haven.AccountNo]*room
	left map[haven.AccountNo]bool // people whose session ended, who are still seated
}

// part notes that a person's session ended.
func (h *presences) part(person haven.AccountNo) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.left[person] = true
}

// accounts are those in which a person is at a thread.
func (h *presences) accounts(person haven.AccountNo) (all []haven.AccountNo) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for no, r := range h.at {
		for x := range r.seats {
			if x.person == person && !slices.Contains(all, no) {
				all = append(all, no)
			}
		}
	}
	return all
}

// parted are the people of whom that was noted since the last call.
func (h *presences) parted() []haven.AccountNo {
	h.mu.Lock()
	defer h.mu.Unlock()
	all := make([]haven.AccountNo, 0, len(h.left))
	for person := range h.left {
		all = append(all, person)
	}
	clear(h.left)
	return all
}

// seat is one tab of a person's browser: it is at one thread of an account at a time.
type seat struct {
	person haven.AccountNo
	tab    string
}

// room is who is at an account's threads, and who was, for those who ask what changed.
type room struct {
	seats map[seat]Presence
	past  []glance // the newest last
}

// glance is who was where at a moment, under the name of that state.
type glance struct {
	state string
	all   []Presence
}

const mostGlances = 64

// Here is who is at an account's threads now, each person once a thread, and the name of that state.
type Here struct {
	All   []Presence
	State string
}

// Arrive says that a person is at a thread, and does something there, for the policy's time from now on. A tab is at one thread of an account at
// a time. Others are woken where it is news to them. TooMany where the mailbox has as many already as the policy lets it.
func (s *Service) Arrive(ctx context.Context, v mailbox.Viewer, tab string, thread haven.MessageID, doing Doing) (Presence, error) {
	p := Presence{thread, v.Person, doing, s.o.Clock.Now().Add(s.o.Policy.PresenceFor)}
	if err := s.looked(ctx, v, thread, doing); err != nil { // which asks for the right to read
		return p, err
	}
	news, err := s.here.seat(v.Account, seat{v.Person, tab}, p, s.o.Clock.Now(), s.o.Policy.Presences)
	if err == nil && !news {
		news, err = s.differs(ctx, v, tab, p)
	}
	if err != nil {
		return p, err
	}
	err = s.spread(ctx, v, news, func(tx *db.Tx) {
		tx.Exec(sqlPutPresent, int64(v.Account), int64(v.Person), tab, int64(thread), int64(doing), db.Micros(p.Until))
	})
	return p, err
}

// Depart says that a person's tab is at no thread of an account any more.
func (s *Service) Depart(ctx context.Context, v mailbox.Viewer, tab string) error {
	news := s.here.leave(v.Account, func(x seat, _ Presence) bool { return x == seat{v.Person, tab} })
	if !news {
		var err error
		if news, err = s.differs(ctx, v, tab, Presence{}); err != nil {
			return err
		}
	}
	return s.spread(ctx, v, news, func(tx *db.Tx) { tx.Exec(sqlDropPresent, int64(v.Account), int64(v.Person), tab) })
}

// shares reports whether other processes may seat people too.
func (s *Service) shares() bool { return s.o.DB.Engine() == "postgres" }

// differs reports whether another process has said otherwise of a tab than p, of which this one knows; a zero p is nowhere.
func (s *Service) differs(ctx context.Context, v mailbox.Viewer, tab string, p Presence) (bool, error) {
	if !s.shares() {
		return false, nil
	}
	var said Presence
	err := s.o.DB.Read(ctx, func(tx *db.Tx) error {
		said = Presence{}
		return tx.Query(sqlSeat, []any{int64(v.Account), int64(v.Person), tab, db.Micros(s.o.Clock.Now())}, func(r db.Row) error {
			said = Presence{Thread: haven.MessageID(r.Int64(0)), Doing: Doing(r.Int64(1))}
			return nil
		})
	})
	return said.Thread != p.Thread || said.Doing != p.Doing, err
}

// spread tells the other processes, and wakes who waits for the account where it is news.
func (s *Service) spread(ctx context.Context, v mailbox.Viewer, news bool, fn func(tx *db.Tx)) error {
	if !s.shares() {
		if news {
			s.o.Hub.Announce(v.Account, 0)
		}
		return nil
	}
	if !news {
		return s.o.DB.Write(ctx, func(tx *db.Tx) error { fn(tx); return nil })
	}
	return s.o.Mail.ChangeByItself(ctx, v.Account, func(c *mailbox.Change) error {
		c.Seq() // by which other processes hear of it
		fn(c.Tx)
		return nil
	})
}

// seat puts a tab at a thread, and reports whether that is news.
func (h *presences) seat(account haven.AccountNo, x seat, p Presence, now time.Time, most int) (bool, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	r := h.at[account]
	if r == nil {
		r = &room{seats: map[seat]Presence{}}
		h.at[account] = r
	}
	was, there := r.seats[x]
	if !there && len(r.seats) >= most {
		if r.sweep(now); len(r.seats) >= most {
			return false, refusal(haven.Refuse(RulePresences, "Too many people look at this mailbox now for more to be shown."))
		}
	}
	r.seats[x] = p
	return !there || !was.Until.After(now) || was.Thread != p.Thread || was.Doing != p.Doing, nil
}

// sweep takes those away whose time is over.
func (r *room) sweep(now time.Time) (gone bool) {
	for x, p := range r.seats {
		if !p.Until.After(now) {
			delete(r.seats, x)
			gone = true
		}
	}
	return gone
}

// leave takes seats away, and reports whether there were any.
func (h *presences) leave(account haven.AccountNo, which func(seat, Presence) bool) (gone bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if r := h.at[account]; r != nil {
		for x, p := range r.seats {
			if which(x, p) {
				delete(r.seats, x)
				gone = true
			}
		}
	}
	return gone
}

// LeaveAll has a person be nowhere any more: the session has ended, whichever process it spoke to.
func (s *Service) LeaveAll(ctx context.Context, person haven.AccountNo) error {
	accounts := s.here.accounts(person)
	if s.shares() {
		err := s.o.DB.Read(ctx, func(tx *db.Tx) error {
			accounts = accounts[:0]
			return tx.Query(sqlPresentIn, []any{int64(person)}, func(r db.Row) error {
				accounts = append(accounts, haven.AccountNo(r.Int64(0)))
				return nil
			})
		})
		if err != nil {
			return err
		}
	}
	for _, no := range accounts {
		s.here.leave(no, func(x seat, _ Presence) bool { return x.person == person })
		err := s.spread(ctx, mailbox.Viewer{Person: person, Account: no}, true, func(tx *db.Tx) { tx.Exec(sqlDropAll, int64(no), int64(person)) })
		if err != nil {
			return err
		}
	}
	return nil
}

// Present is who is at an account's threads now.
func (s *Service) Present(ctx context.Context, v mailbox.Viewer) (Here, error) {
	now := s.o.Clock.Now()
	var all []Presence
	err := s.o.Mail.Look(ctx, v, func(tx *db.Tx, _ mailbox.States) error {
		all = all[:0]
		if !s.shares() {
			return nil
		}
		return tx.Query(sqlPresent, []any{int64(v.Account), db.Micros(now)}, func(r db.Row) error {
			all = append(all, Presence{haven.MessageID(r.Int64(0)), haven.AccountNo(r.Int64(1)), Doing(r.Int64(2)), db.Moment(r.Int64(3))})
			return nil
		})
	})
	if err != nil {
		return Here{}, err
	}
	return s.here.glance(v.Account, all, now, !s.shares()), nil
}

// glance remembers who is where under the name of that state; own says that it is known here, and not from elsewhere.
func (h *presences) glance(account haven.AccountNo, all []Presence, now time.Time, own bool) Here {
	h.mu.Lock()
	defer h.mu.Unlock()
	r := h.at[account]
	if own && r != nil {
		for _, p := range r.seats {
			if p.Until.After(now) {
				all = append(all, p)
			}
		}
	}
	all = merged(all)
	state := stateOf(all)
	if r == nil && len(all) > 0 {
		r = &room{seats: map[seat]Presence{}}
		h.at[account] = r
	}
	if r != nil {
		r.remember(glance{state, all})
	}
	return Here{all, state}
}

func (r *room) remember(g glance) {
	r.past = slices.DeleteFunc(r.past, func(old glance) bool { return old.state == g.state })
	if len(r.past) >= mostGlances {
		r.past = slices.Delete(r.past, 0, 1)
	}
	r.past = append(r.past, g)
}

// merged is each person once a thread, writing before viewing, in an order.
func merged(all []Presence) []Presence {
	slices.SortFunc(all, func(a, b Presence) int {
		return cmp.Or(cmp.Compare(a.Thread, b.Thread), cmp.Compare(a.Person, b.Person), cmp.Compare(b.Doing, a.Doing), b.Until.Compare(a.Until))
	})
	return slices.CompactFunc(all, func(a, b Presence) bool { return a.Thread == b.Thread && a.Person == b.Person })
}

// stateOf names who is where: the same for the same, in every process.
func stateOf(all []Presence) string {
	h := sha256.New()
	for _, p := range all {
		var b [17]byte
		binary.LittleEndian.PutUint64(b[:], uint64(p.Thread))
		binary.LittleEndian.PutUint64(b[8:], uint64(p.Person))
		b[16] = byte(p.Doing)
		h.Write(b[:])
	}
	return "p" + base64.RawURLEncoding.EncodeToString(h.Sum(nil)[:12])
}

// Moved is what changed of who is at an account's threads.
type Moved struct {
	State                       string
	Created, Updated, Destroyed []Presence
}

// Moves are what changed since a state; with the rule mailbox.RuleStateLost where that is forgotten.
func (s *Service) Moves(ctx context.Context, v mailbox.Viewer, since string) (m Moved, err error) {
	here, err := s.Present(ctx, v)
	if err != nil {
		return m, err
	}
	m.State = here.State
	if since == here.State {
		return m, nil
	}
	was, ok := s.here.past(v.Account, since)
	if !ok {
		return m, &errs.Error{Kind: errs.Invalid, Rule: mailbox.RuleStateLost, Say: "Who was here then is forgotten. Read it anew."}
	}
	for _, p := range here.All {
		switch i := find(was, p); {
		case i < 0:
			m.Created = append(m.Created, p)
		case was[i].Doing != p.Doing:
			m.Updated = append(m.Updated, p)
		}
	}
	for _, p := range was {
		if find(here.All, p) < 0 {
			m.Destroyed = append(m.Destroyed, p)
		}
	}
	return m, nil
}

func find(all []Presence, p Presence) int {
	return slices.IndexFunc(all, func(x Presence) bool { return x.Thread == p.Thread && x.Person == p.Person })
}

// past is who was where at a state. That nobody is there is known always.
func (h *presences) past(account haven.AccountNo, state string) ([]Presence, bool) {
	if state == stateOf(nil) {
		return nil, true
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if r := h.at[account]; r != nil {
		for _, g := range r.past {
			if g.state == state {
				return g.all, true
			}
		}
	}
	return nil, false
}

// Watch lets go of those whose time is over, and wakes who sees it, until ctx ends.
func (s *Service) Watch(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.o.Clock.After(s.o.Policy.PresenceFor / 30):
		}
		if err := s.Expire(ctx); err != nil && ctx.Err() == nil {
			s.o.Logger.Error("work: who left is not told", "err", err)
		}
	}
}

// Expire does now what Watch does.
func (s *Service) Expire(ctx context.Context) error {
	now := s.o.Clock.Now()
	var left []haven.AccountNo
	s.here.mu.Lock()
	for no, r := range s.here.at {
		if r.sweep(now) {
			left = append(left, no)
		} else if len(r.seats) == 0 {
			delete(s.here.at, no)
		}
	}
	s.here.mu.Unlock()
	for _, no := range left {
		if err := s.spread(ctx, mailbox.Viewer{Account: no}, true, func(tx *db.Tx) { tx.Exec(sqlPresentOver, db.Micros(now)) }); err != nil {
			return err
		}
	}
	return nil
}
