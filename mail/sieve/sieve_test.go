package sieve_test

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"haven"
	"haven/mail/mailbox/mailboxtest"
	"haven/mail/mime"
	"haven/mail/sieve"
	"haven/mail/sieve/lang"
	"haven/platform/audit"
	"haven/platform/db"
	"haven/platform/errs"
	"haven/platform/policy"
)

type house struct {
	*sieve.Service
	t      *testing.T
	store  *mailboxtest.Store
	me     haven.AccountNo
	factor error
}

// OwnIn is sieve.Owners'.
func (h *house) OwnIn(_ *db.Tx, _ haven.Actor, _ haven.AccountNo, forSafety bool) error {
	if forSafety {
		return nil
	}
	return h.factor
}

func each(t *testing.T, fn func(t *testing.T, h *house)) {
	t.Helper()
	mailboxtest.Each(t, func(t *testing.T, s *mailboxtest.Store) {
		h := &house{t: t, store: s, me: s.Account()}
		h.must(s.DB.Migrate(t.Context(), audit.Schema, sieve.Schema))
		h.Service = h.another()
		fn(t, h)
	})
}

// another is a process over the same database.
func (h *house) another() *sieve.Service {
	p, err := policy.Profile("")
	h.must(err)
	p.Sieve.Scripts, p.Sieve.ScriptOctets = 3, 200
	return sieve.New(sieve.Options{DB: h.store.DB, Access: h.store.Grants, Owners: h, Keys: h.store.Keys, Hub: h.store.Hub, Policy: p.Sieve, Clock: h.store.Clock})
}

func (h *house) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) v() sieve.Viewer { return sieve.Viewer{Person: h.me, Account: h.me, ID: id(h.me)} }

func (h *house) actor() haven.Actor { return haven.Actor{Person: id(h.me)} }

func id(no haven.AccountNo) (id haven.AccountID) {
	binary.BigEndian.PutUint64(id[8:], uint64(no))
	return id
}

func (h *house) put(name, text string) sieve.Script {
	h.t.Helper()
	one, err := h.Put(h.t.Context(), h.actor(), h.v(), sieve.ByName(name), text)
	h.must(err)
	return one
}

func (h *house) refused(what string, err error, rule haven.Rule) {
	h.t.Helper()
	var e *errs.Error
	if !errors.As(err, &e) || e.Rule != string(rule) {
		h.t.Errorf("%s: %v, want %s", what, err, rule)
	}
}

// A person keeps scripts: each has an id for good, one at most is active, and each change is of a new state.
func TestScripts(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		ctx := t.Context()
		if l, err := h.List(ctx, h.v()); err != nil || len(l.Scripts) != 0 || l.State != 0 {
			t.Fatalf("%+v, %v", l, err)
		}
		a, b := h.put("a", "keep;"), h.put("ß", "discard;")
		if a.ID == b.ID || a.Created >= b.Created {
			t.Errorf("%+v and %+v", a, b)
		}
		h.must(h.SetActive(ctx, h.actor(), h.v(), sieve.ByName("ß")))
		l, err := h.List(ctx, h.v())
		h.must(err)
		if len(l.Scripts) != 2 || l.Scripts[0].Active || !l.Scripts[1].Active || l.Scripts[1].Name != "ß" || l.Scripts[1].Octets != 8 {
			t.Fatalf("%+v", l)
		}
		before := l.State
		again, err := h.Rename(ctx, h.actor(), h.v(), sieve.ByID(a.ID), "c")
		if err != nil || again.ID != a.ID || again.Name != "c" {
			t.Errorf("%+v, %v", again, err)
		}
		if _, text, err := h.Get(ctx, h.v(), sieve.ByName("c")); err != nil || text != "keep;" {
			t.Errorf("%q, %v", text, err)
		}
		h.refused("the old name", func() error { _, _, err := h.Get(ctx, h.v(), sieve.ByName("a")); return err }(), sieve.RuleGone)
		_, err = h.Rename(ctx, h.actor(), h.v(), sieve.ByID(a.ID), "ß")
		h.refused("a name that is taken", err, sieve.RuleTaken)
		h.refused("the active one", h.Delete(ctx, h.actor(), h.v(), sieve.ByID(b.ID)), sieve.RuleActive)
		h.must(h.SetActive(ctx, h.actor(), h.v(), sieve.Ref{}))
		h.must(h.SetActive(ctx, h.actor(), h.v(), sieve.Ref{}))
		h.must(h.Delete(ctx, h.actor(), h.v(), sieve.ByID(b.ID)))
		d := h.put("d", "stop;")
		c, err := h.Changes(ctx, h.v(), before)
		if err != nil || !reflect.DeepEqual(c.Created, []string{d.ID}) || !reflect.DeepEqual(c.Changed, []string{a.ID}) || !reflect.DeepEqual(c.Gone, []string{b.ID}) || c.State <= before {
			t.Errorf("changes %+v, %v", c, err)
		}
		if c, err := h.Changes(ctx, h.v(), c.State); err != nil || len(c.Created)+len(c.Changed)+len(c.Gone) != 0 {
			t.Errorf("changes %+v, %v", c, err)
		}
		if c, err := h.Changes(ctx, h.v(), 0); err != nil || len(c.Created) != 2 || len(c.Gone) != 0 {
			t.Errorf("changes from the beginning %+v, %v", c, err)
		}
		h.store.Clock.Advance(31 * 24 * time.Hour)
		h.must(h.Sweep(ctx))
		_, err = h.Changes(ctx, h.v(), before)
		h.refused("a state of long ago", err, sieve.RuleState)
		_, err = h.Changes(ctx, h.v(), 1000)
		h.refused("a state that never was", err, sieve.RuleState)
	})
}

// What can't be a script, or is one too many, is refused and says why.
// A script gets another name and another text at once, or neither; whoever waits for the account is woken.
func TestChange(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		ctx := t.Context()
		a, b := h.put("a", "keep;"), h.put("b", "keep;")
		state, err := h.State(ctx, h.v())
		h.must(err)
		name, text, bad := "c", "discard;", "nonsense"
		woken := make(chan struct{}, 1)
		defer h.store.Hub.Subscribe(func(haven.AccountNo) { woken <- struct{}{} }, h.me).Close()
		one, err := h.Change(ctx, h.actor(), h.v(), sieve.ByID(a.ID), sieve.Edit{Name: &name, Text: &text})
		h.must(err)
		<-woken
		texts, err := h.Texts(ctx, h.v(), []string{a.ID, "s99"})
		h.must(err)
		now, err := h.State(ctx, h.v())
		h.must(err)
		if one.ID != a.ID || one.Name != "c" || one.Octets != 8 || len(texts) != 1 || texts[a.ID] != "discard;" || now != state+1 || one.Changed != now {
			t.Errorf("%+v, %q, state %d after %d", one, texts, now, state)
		}
		_, err = h.Change(ctx, h.actor(), h.v(), sieve.ByID(b.ID), sieve.Edit{Name: &name, Text: &text})
		h.refused("a name that is taken", err, sieve.RuleTaken)
		_, err = h.Change(ctx, h.actor(), h.v(), sieve.ByID(b.ID), sieve.Edit{Text: &bad})
		h.refused("no script", err, sieve.RuleScript)
		_, err = h.Change(ctx, h.actor(), h.v(), sieve.ByID("s99"), sieve.Edit{Text: &text})
		h.refused("one that there is not", err, sieve.RuleGone)
		if _, got, err := h.Get(ctx, h.v(), sieve.ByName("b")); err != nil || got != "keep;" {
			t.Errorf("what was refused left %q, %v", got, err)
		}
		other := h.v()
		other.Person = h.store.Account()
		if _, err := h.State(ctx, other); !errs.Is(err, errs.NotFound) {
			t.Errorf("a stranger: %v", err)
		}
	})
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		ctx := t.Context()
		put := func(ref sieve.Ref, text string) error {
			_, err := h.Put(ctx, h.actor(), h.v(), ref, text)
			return err
		}
		for _, name := range []string{"", "a\nb", "a\x7f", "a\u0085", "a\u2028b", "a\xff", strings.Repeat("x", 513)} {
			h.refused(name, put(sieve.ByName(name), "keep;"), sieve.RuleName)
		}
		err := put(sieve.ByName("a"), "keep;\nkeeep;\nstopp;")
		h.refused("wrong", err, sieve.RuleScript)
		if say := errs.Say(err); !strings.Contains(say, "line 2: ") || !strings.Contains(say, "line 3: ") {
			t.Errorf("says %q", say)
		}
		h.refused("long", put(sieve.ByName("a"), "#"+strings.Repeat("x", 300)), sieve.RuleOctets)
		_, err = h.Create(ctx, h.actor(), h.v(), "one", "keep;")
		h.must(err)
		_, err = h.Create(ctx, h.actor(), h.v(), "one", "discard;")
		h.refused("created twice", err, sieve.RuleTaken)
		h.must(h.Delete(ctx, h.actor(), h.v(), sieve.ByName("one")))
		h.refused("unknown id", put(sieve.ByID("s9"), "keep;"), sieve.RuleGone)
		for _, name := range []string{"a", "b", "c"} {
			h.put(name, "keep;")
		}
		h.refused("one too many", put(sieve.ByName("d"), "keep;"), sieve.RuleScripts)
		h.put("c", "stop;")
		h.must(h.HaveSpace(ctx, h.v(), "c", 200))
		h.refused("space for one more", h.HaveSpace(ctx, h.v(), "d", 1), sieve.RuleScripts)
		h.refused("space", h.HaveSpace(ctx, h.v(), "a", 1<<40), sieve.RuleOctets)
		h.refused("delete", h.Delete(ctx, h.actor(), h.v(), sieve.ByName("x")), sieve.RuleGone)
		h.refused("activate", h.SetActive(ctx, h.actor(), h.v(), sieve.ByName("x")), sieve.RuleGone)
	})
}

// The filters of a shared mailbox are its owners' to keep, with a second factor but for turning them off; nobody else sees any.
func TestOwners(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		ctx := t.Context()
		shop, member, stranger := h.store.Account(), h.store.Account(), h.store.Account()
		h.store.Grants.Set(h.me, shop, haven.Owner)
		h.store.Grants.Set(member, shop, haven.Member)
		owner := sieve.Viewer{Person: h.me, Account: shop, ID: id(shop), ByProgram: true}
		_, err := h.Put(ctx, h.actor(), owner, sieve.ByName("secret rota"), "discard; # confidential")
		h.must(err)
		h.must(h.SetActive(ctx, h.actor(), owner, sieve.ByName("secret rota")))
		for who, rule := range map[haven.AccountNo]haven.Rule{member: sieve.RuleOwners, stranger: "access.member"} {
			v := sieve.Viewer{Person: who, Account: shop}
			_, err := h.List(ctx, v)
			h.refused("list", err, rule)
			_, _, err = h.Get(ctx, v, sieve.ByName("secret rota"))
			h.refused("get", err, rule)
			_, err = h.Put(ctx, haven.Actor{}, v, sieve.ByName("x"), "keep;")
			h.refused("put", err, rule)
			h.refused("turn off", h.SetActive(ctx, haven.Actor{}, v, sieve.Ref{}), rule)
		}
		h.factor = errs.E(errs.Denied, "no factor")
		if _, err := h.Put(ctx, h.actor(), owner, sieve.ByName("y"), "keep;"); !errs.Is(err, errs.Denied) {
			t.Errorf("put without a factor: %v", err)
		}
		h.must(h.SetActive(ctx, h.actor(), owner, sieve.Ref{}))
		log, err := audit.About(ctx, h.store.DB, id(shop), 20)
		h.must(err)
		if len(log) != 3 {
			t.Errorf("%d records", len(log))
		}
		for _, e := range log {
			if strings.Contains(e.Note, "rota") || strings.Contains(e.Note, "confidential") {
				t.Errorf("the log says %q", e.Note)
			}
		}
		h.must(h.store.DB.Read(ctx, func(tx *db.Tx) error {
			return tx.Query(`SELECT name, sealed FROM sieve_script`, nil, func(r db.Row) error {
				if strings.Contains(string(r.Bytes(0))+string(r.Bytes(1)), "rota") || strings.Contains(string(r.Bytes(1)), "confidential") {
					t.Error("a script can be read in the database")
				}
				return nil
			})
		}))
	})
}

// Two who put scripts at once both do, and the bound holds.
func TestPutAtOnce(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		var all sync.WaitGroup
		for _, name := range strings.Split("a b c d e f", " ") {
			all.Go(func() { _, _ = h.Put(t.Context(), h.actor(), h.v(), sieve.ByName(name), "keep;") })
		}
		all.Wait()
		l, err := h.List(t.Context(), h.v())
		if err != nil || len(l.Scripts) != 3 || l.Scripts[0].ID == l.Scripts[1].ID {
			t.Errorf("%+v, %v", l, err)
		}
	})
}

// place is where a letter is filed.
type place struct{}

func (place) Body() (*mime.Message, io.ReaderAt, error) {
	const text = "Subject: x\r\n\r\nHello\r\n"
	m, err := mime.Parse(strings.NewReader(text), mime.Limits{})
	return m, strings.NewReader(text), err
}
func (place) HasMailbox(string) (bool, error)     { return false, nil }
func (place) MailboxNamed(string) (string, error) { return "", nil }

func (h *house) run(s *sieve.Service) (lang.Result, error) {
	h.t.Helper()
	all, err := s.Active(context.Background(), []haven.AccountNo{h.me, h.me + 1})
	h.must(err)
	a, ok := all[h.me]
	if !ok || len(all) != 1 {
		h.t.Fatalf("active: %+v", all)
	}
	return s.Run(h.t.Context(), a, sieve.Facts{Header: "Message-ID: <1@x.test>\r\n\r\n", To: haven.MustAddress("me@x.test")}, place{})
}

func (h *house) does(s *sieve.Service, want lang.Kind) lang.Result {
	h.t.Helper()
	r, err := h.run(s)
	if err != nil || len(r.Actions) != 1 || r.Actions[0].Kind != want {
		h.t.Errorf("%+v, %v, want %d", r.Actions, err, want)
	}
	return r
}

// The active script runs as it is now, whichever process changed it, and includes its siblings.
func TestRun(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		ctx, other := t.Context(), h.another()
		h.put("main", `require "include"; include "more";`)
		h.must(h.SetActive(ctx, h.actor(), h.v(), sieve.ByName("main")))
		if _, err := h.run(h.Service); err == nil || !strings.Contains(err.Error(), "line 1") {
			t.Errorf("without what it includes: %v", err)
		}
		h.put("more", "discard;")
		h.does(h.Service, lang.Discard)
		h.does(other, lang.Discard)
		h.put("more", "keep;")
		h.does(h.Service, lang.Keep)
		h.does(other, lang.Keep)
		h.put("main", "discard;")
		h.does(other, lang.Discard)
		h.does(other, lang.Discard)
	})
}

// The duplicate test remembers what was done, and forgets it in its time; an owner is told of a failure once a day.
func TestMemory(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		ctx := t.Context()
		h.put("main", `require "duplicate"; if duplicate :seconds 60 { discard; }`)
		h.must(h.SetActive(ctx, h.actor(), h.v(), sieve.ByName("main")))
		r := h.does(h.Service, lang.Keep)
		h.does(h.Service, lang.Keep) // nothing was done
		remember, err := h.Remember(ctx, h.me, r.Marks)
		h.must(err)
		h.must(h.store.DB.Write(ctx, remember))
		h.does(h.Service, lang.Discard)
		h.store.Clock.Advance(2 * time.Minute)
		h.does(h.Service, lang.Keep)
		h.must(h.Sweep(ctx))
		for i, want := range []bool{true, false, true} {
			if i == 2 {
				h.store.Clock.Advance(25 * time.Hour)
			}
			h.must(h.store.DB.Write(ctx, func(tx *db.Tx) error {
				may, err := h.MayTell(tx, h.me)
				if may != want {
					t.Errorf("%d: told is %t", i, may)
				}
				return err
			}))
		}
	})
}
