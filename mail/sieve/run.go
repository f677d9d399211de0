package sieve

import (
	"context"
	"sync"

	"haven"
	"haven/mail/sieve/lang"
	"haven/platform/db"
	"haven/platform/errs"
)

// Active are the active scripts of those of the accounts that have one. It asks one question however many accounts there are.
func (s *Service) Active(ctx context.Context, accounts []haven.AccountNo) (all map[haven.AccountNo]Active, err error) {
	err = s.o.DB.Read(ctx, func(tx *db.Tx) error {
		all = nil
		return db.QueryAmong(tx, sqlActive, accounts, func(r db.Row) error {
			if all == nil {
				all = map[haven.AccountNo]Active{}
			}
			no := haven.AccountNo(r.Int64(0))
			all[no] = Active{Account: no, state: r.Int64(1), id: r.Int64(2)}
			return nil
		})
	})
	return all, err
}

// Run runs an account's active script over a letter. An error of the script is a lang.Error or lang.Errors; any other may pass by itself.
func (s *Service) Run(ctx context.Context, a Active, f Facts, p Place) (lang.Result, error) {
	select {
	case s.turns <- struct{}{}:
		defer func() { <-s.turns }()
	case <-ctx.Done():
		return lang.Result{}, errs.Wrap(errs.Transient, ctx.Err(), "")
	}
	script, err := s.script(ctx, a, func(b *box) (int64, bool) { return a.id, true })
	if err != nil {
		return lang.Result{}, err
	}
	if script == nil { // it went a moment ago
		return lang.Result{Actions: []lang.Action{{Kind: lang.Keep}}}, nil
	}
	l := lang.Letter{Header: f.Header, Traced: f.Traced, From: f.From, To: f.To, Size: f.Size, Now: s.o.Clock.Now().In(s.o.Zone), Spam: f.Spam, Virus: f.Virus, Items: f.Items}
	return script.Run(l, &house{Place: p, ctx: ctx, s: s, a: a}, limits(s.o.Policy))
}

// script is one of an account's scripts, checked; nil: there is none. What was read is remembered by the state of the account's scripts, in whichever process they change.
func (s *Service) script(ctx context.Context, a Active, which func(*box) (int64, bool)) (script *lang.Script, err error) {
	name := compiledName{a.Account, a.state, a.id}
	if found, ok := s.known.get(name); ok && a.id != 0 {
		return found, nil
	}
	keys, err := s.o.Keys.Account(ctx, a.Account)
	if err != nil {
		return nil, err
	}
	text, found := "", false
	err = s.o.DB.Read(ctx, func(tx *db.Tx) error {
		b := &box{s: s, tx: tx, v: Viewer{Account: a.Account}, keys: keys}
		if err := b.load(); err != nil {
			return err
		}
		no, ok := which(b)
		if found = ok; !ok {
			return nil
		}
		for _, r := range b.rows {
			if r.no == no {
				text, err = b.text(no)
				return err
			}
		}
		found = false
		return nil
	})
	if err != nil || !found {
		return nil, err
	}
	if script, err = lang.Compile(text, limits(s.o.Policy)); err != nil { // the policy became stricter since it was put
		return nil, err
	}
	if a.id != 0 {
		s.known.put(name, script)
	}
	return script, nil
}

// house answers a running script.
type house struct {
	Place
	ctx      context.Context
	s        *Service
	a        Active
	included map[string]*lang.Script
}

// Include is lang.House's. A script is read once in a run.
func (h *house) Include(name string) (*lang.Script, error) {
	if script, ok := h.included[name]; ok {
		return script, nil
	}
	other := h.a
	other.id = 0
	script, err := h.s.script(h.ctx, other, func(b *box) (int64, bool) {
		if i := b.find(ByName(name)); i >= 0 {
			return b.rows[i].no, true
		}
		return 0, false
	})
	if err == nil {
		if h.included == nil {
			h.included = map[string]*lang.Script{}
		}
		h.included[name] = script
	}
	return script, err
}

// Seen is lang.House's.
func (h *house) Seen(mark string) (seen bool, err error) {
	key, err := h.s.mark(h.ctx, h.a.Account, mark)
	if err != nil {
		return false, err
	}
	err = h.s.o.DB.Read(h.ctx, func(tx *db.Tx) error {
		seen = false
		return tx.Query(sqlSeen, []any{int64(h.a.Account), key, h.s.o.Clock.Now().UnixMicro()}, func(db.Row) error { seen = true; return nil })
	})
	return seen, err
}

// mark is a mark as it is kept: it tells nothing to whoever has no key of the account.
func (s *Service) mark(ctx context.Context, no haven.AccountNo, mark string) ([]byte, error) {
	keys, err := s.o.Keys.Account(ctx, no)
	if err != nil {
		return nil, err
	}
	ref, err := keys.Ref([]byte("sieve.seen " + mark))
	return ref[:], err
}

// Remember prepares what has a run's marks remembered, in the commit of what the run decided.
func (s *Service) Remember(ctx context.Context, no haven.AccountNo, marks []Mark) (func(*db.Tx) error, error) {
	if len(marks) == 0 {
		return nil, nil
	}
	now := s.o.Clock.Now()
	keys := make([][]byte, len(marks))
	for i, m := range marks {
		key, err := s.mark(ctx, no, m.Key)
		if err != nil {
			return nil, err
		}
		keys[i] = key
	}
	return func(tx *db.Tx) error {
		kept := int64(0)
		if err := tx.Query(sqlMarked, []any{int64(no)}, func(r db.Row) error { kept = r.Int64(0); return nil }); err != nil {
			return err
		}
		for i, m := range marks {
			if kept++; kept <= int64(s.o.Policy.SeenMost) {
				tx.Exec(sqlMark, int64(no), keys[i], now.Add(m.For).UnixMicro())
			}
		}
		return nil
	}, nil
}

// MayTell reports whether an account's owner is to be told now that its script failed, and notes that it is done: once in Policy.FaultEvery.
func (s *Service) MayTell(tx *db.Tx, no haven.AccountNo) (bool, error) {
	now := s.o.Clock.Now()
	n, err := tx.Change(sqlTell, int64(no), now.UnixMicro(), now.Add(-s.o.Policy.FaultEvery).UnixMicro())
	return n == 1, err
}

// compiledName is a script at a state of its account's scripts.
type compiledName struct {
	account haven.AccountNo
	state   int64
	id      int64
}

// mostCompiled is the text, in octets, of the scripts that are remembered; checked they take up to some fifty times as much.
const mostCompiled = 1 << 20

// compiled remembers checked scripts, those that came last.
type compiled struct {
	mu     sync.Mutex
	by     map[compiledName]*lang.Script
	order  []compiledName
	octets int
}

func newCompiled() *compiled { return &compiled{by: map[compiledName]*lang.Script{}} }

func (c *compiled) get(name compiledName) (*lang.Script, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s, ok := c.by[name]
	return s, ok
}

func (c *compiled) put(name compiledName, s *lang.Script) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.by[name]; ok {
		return
	}
	c.by[name] = s
	c.order = append(c.order, name)
	for c.octets += s.Octets(); c.octets > mostCompiled; c.order = c.order[1:] {
		c.octets -= c.by[c.order[0]].Octets()
		delete(c.by, c.order[0])
	}
}
