package sieve

import (
	"context"
	"log/slog"
	"time"

	"haven"
	"haven/mail/mailbox"
	"haven/mail/sieve/lang"
	"haven/platform/change"
	"haven/platform/clock"
	"haven/platform/db"
	"haven/platform/errs"
	"haven/platform/policy"
	"haven/platform/secret"
)

// Access says what a person may do with an account; people/access is behind it.
type Access interface {
	In(tx *db.Tx, person, account haven.AccountNo) (haven.Rights, haven.Verdict, error)
	InByProgram(tx *db.Tx, person, account haven.AccountNo) (haven.Rights, haven.Verdict, error)
}

// Owners says whether a person does now what only owners of a shared mailbox do, a second factor and all; where it ends a harm, also without one.
// people/sharedmailbox is behind it. It locks what it looks at, so it is asked before anything is written.
type Owners interface {
	OwnIn(tx *db.Tx, actor haven.Actor, mailbox haven.AccountNo, forSafety bool) error
}

// Keys give an account's data key.
type Keys interface {
	Account(ctx context.Context, no haven.AccountNo) (*secret.AccountKeys, error)
}

// Options are what the service stands on; every field but Hub, Zone and Logger is needed.
type Options struct {
	DB     *db.DB
	Access Access
	Owners Owners
	Keys   Keys
	Hub    *change.Hub // wakes whoever waits for an account to change; nil: nobody is woken
	Policy policy.Sieve
	Clock  clock.Clock
	Zone   *time.Location // of dates that name none; nil: UTC
	Logger *slog.Logger
}

// Service keeps scripts and runs them. It is safe for many goroutines.
type Service struct {
	o     Options
	turns chan struct{} // a token each letter that a script looks at
	known *compiled
}

// New makes the service over tables that Schema made.
func New(o Options) *Service {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Zone == nil {
		o.Zone = time.UTC
	}
	if o.Hub == nil {
		o.Hub = &change.Hub{}
	}
	return &Service{o: o, turns: make(chan struct{}, o.Policy.RunAtOnce), known: newCompiled()}
}

// manages is nil for whoever may see and keep the filters of an account.
func (s *Service) manages(tx *db.Tx, v Viewer) error {
	look := s.o.Access.In
	if v.ByProgram {
		look = s.o.Access.InByProgram
	}
	rights, verdict, err := look(tx, v.Person, v.Account)
	switch {
	case err != nil:
		return err
	case rights == 0:
		return refuse(errs.NotFound, verdict.Rule, "There is no such mailbox.")
	case !rights.Has(haven.Manage):
		return refuse(errs.Denied, RuleOwners, "Only an owner of the mailbox keeps its filters. Ask one of them.")
	}
	return nil
}

// read runs fn over the scripts as they are, for whoever manages them.
func (s *Service) read(ctx context.Context, v Viewer, fn func(b *box) error) error {
	keys, err := s.o.Keys.Account(ctx, v.Account)
	if err != nil {
		return err
	}
	return s.o.DB.Read(ctx, func(tx *db.Tx) error {
		b := &box{s: s, tx: tx, v: v, keys: keys}
		err := s.manages(tx, v)
		if err == nil {
			err = b.look()
		}
		if err == nil {
			err = b.load()
		}
		if err == nil {
			err = fn(b)
		}
		return err
	})
}

// write runs fn over the scripts, locked, for whoever manages them; what it changes is of a new state.
func (s *Service) write(ctx context.Context, actor haven.Actor, v Viewer, forSafety bool, fn func(b *box) error) error {
	keys, err := s.o.Keys.Account(ctx, v.Account)
	if err != nil {
		return err
	}
	var seq haven.Seq
	err = s.o.DB.Write(ctx, func(tx *db.Tx) error {
		if err := s.manages(tx, v); err != nil {
			return err
		}
		if v.Account != v.Person {
			if err := s.o.Owners.OwnIn(tx, actor, v.Account, forSafety); err != nil {
				return err
			}
		}
		if seq, err = mailbox.Number(tx, v.Account); err != nil { // by which other processes hear that the filters are others
			return err
		}
		if err := v.Held.Ask(tx, mailbox.Viewer{Person: v.Person, Account: v.Account}); err != nil {
			return err
		}
		b := &box{s: s, tx: tx, v: v, keys: keys}
		err := tx.Query(sqlLock, []any{int64(v.Account)}, func(r db.Row) error {
			b.state, b.next, b.active = r.Int64(0), r.Int64(1), r.Int64(2)
			return nil
		})
		if err == nil {
			err = b.load()
		}
		if err == nil {
			err = fn(b)
		}
		if err == nil {
			tx.Exec(sqlSettle, int64(v.Account), b.next, b.active)
		}
		return err
	})
	if err == nil {
		v.Held.Kept()
		s.o.Hub.Announce(v.Account, seq)
	}
	return err
}

// Hold stands as long as the scripts of an account are in a state.
func Hold(account haven.AccountNo, at mailbox.State) *mailbox.Held {
	return mailbox.Hold(func(tx *db.Tx, st mailbox.States) (bool, error) {
		b := &box{tx: tx, v: Viewer{Account: account}}
		err := b.look()
		return mailbox.State{Seq: haven.Seq(b.state), Epoch: st.Epoch} == at, err
	})
}

// State is that of an account's scripts, for whoever manages them: another one after every change.
func (s *Service) State(ctx context.Context, v Viewer) (state int64, err error) {
	err = s.o.DB.Read(ctx, func(tx *db.Tx) error {
		if err := s.manages(tx, v); err != nil {
			return err
		}
		b := &box{tx: tx, v: v}
		err := b.look()
		state = b.state
		return err
	})
	return state, err
}

// List is all scripts of an account.
func (s *Service) List(ctx context.Context, v Viewer) (l Listing, err error) {
	err = s.read(ctx, v, func(b *box) error {
		l = Listing{State: b.state}
		for _, r := range b.rows {
			l.Scripts = append(l.Scripts, r.Script)
		}
		return nil
	})
	return l, err
}

// Get is a script and its text. NotFound (sieve.gone): there is none.
func (s *Service) Get(ctx context.Context, v Viewer, ref Ref) (one Script, text string, err error) {
	err = s.read(ctx, v, func(b *box) error {
		r, err := b.at(ref)
		if err == nil {
			one = r.Script
			text, err = b.text(r.no)
		}
		return err
	})
	return one, text, err
}

// Texts are what scripts say, by their ids; what there is no script of is left out.
func (s *Service) Texts(ctx context.Context, v Viewer, ids []string) (texts map[string]string, err error) {
	err = s.read(ctx, v, func(b *box) error {
		texts = map[string]string{}
		for _, id := range ids {
			i := b.find(ByID(id))
			if i < 0 {
				continue
			}
			if texts[id], err = b.text(b.rows[i].no); err != nil {
				return err
			}
		}
		return nil
	})
	return texts, err
}

// Changes are what happened after a state. Conflict (sieve.state): that is too long ago, or the state was never given.
func (s *Service) Changes(ctx context.Context, v Viewer, since int64) (c Changes, err error) {
	err = s.read(ctx, v, func(b *box) error {
		c = Changes{State: b.state}
		if since < b.forgotten || since > b.state {
			return refuse(errs.Conflict, RuleState, "Nobody knows what changed since then. Read all scripts again.")
		}
		for _, r := range b.rows {
			switch {
			case r.Created > since:
				c.Created = append(c.Created, r.ID)
			case r.Changed > since:
				c.Changed = append(c.Changed, r.ID)
			}
		}
		return b.tx.Query(sqlSince, []any{int64(v.Account), since}, func(r db.Row) error {
			c.Gone = append(c.Gone, scriptID(r.Int64(0)))
			return nil
		})
	})
	return c, err
}

// Check says what is wrong with a script: Invalid (sieve.script), with its lines in the sentence; OverQuota (sieve.octets).
func (s *Service) Check(text string) error {
	if err := fits(0, len(text), s.o.Policy); err != nil {
		return err
	}
	if _, err := lang.Compile(text, limits(s.o.Policy)); err != nil {
		return refuse(errs.Invalid, RuleScript, "%s", err.Error())
	}
	return nil
}

// HaveSpace says whether a script of so many octets can be put by a name: OverQuota (sieve.octets), TooMany (sieve.scripts).
func (s *Service) HaveSpace(ctx context.Context, v Viewer, name string, octets int64) error {
	if err := checkName(name, s.o.Policy); err != nil {
		return err
	}
	return s.read(ctx, v, func(b *box) error { return b.room(b.find(ByName(name)), int(min(octets, 1<<30))) })
}

// Create makes a script of a name. Conflict (sieve.taken): there is one.
func (s *Service) Create(ctx context.Context, actor haven.Actor, v Viewer, name, text string) (Script, error) {
	return s.put(ctx, actor, v, ByName(name), text, true)
}

// Put makes a script of a name, or gives the one that is there another text. A script by id is there already.
func (s *Service) Put(ctx context.Context, actor haven.Actor, v Viewer, ref Ref, text string) (Script, error) {
	return s.put(ctx, actor, v, ref, text, false)
}

func (s *Service) put(ctx context.Context, actor haven.Actor, v Viewer, ref Ref, text string, fresh bool) (one Script, err error) {
	if err := s.Check(text); err != nil {
		return one, err
	}
	if ref.ID == "" {
		if err := checkName(ref.Name, s.o.Policy); err != nil {
			return one, err
		}
	}
	err = s.write(ctx, actor, v, false, func(b *box) error {
		i := b.find(ref)
		switch {
		case i < 0 && ref.ID != "":
			return refuse(errs.NotFound, RuleGone, "There is no such script.")
		case i >= 0 && fresh:
			return errTaken()
		}
		if err := b.room(i, len(text)); err != nil {
			return err
		}
		if i < 0 {
			one, err = b.insert(ref.Name, text)
		} else {
			err = b.replace(&b.rows[i], text)
			one = b.rows[i].Script
		}
		b.wrote(actor, one)
		return err
	})
	return one, err
}

func errTaken() error {
	return refuse(errs.Conflict, RuleTaken, "There is a script of that name already.")
}

// Rename gives a script another name. Conflict (sieve.taken): another one has it.
func (s *Service) Rename(ctx context.Context, actor haven.Actor, v Viewer, ref Ref, to string) (Script, error) {
	return s.Change(ctx, actor, v, ref, Edit{Name: &to})
}

// Change gives a script that is there another name, another text, or both at once, as Rename and Put do.
func (s *Service) Change(ctx context.Context, actor haven.Actor, v Viewer, ref Ref, e Edit) (one Script, err error) {
	if e.Name != nil {
		err = checkName(*e.Name, s.o.Policy)
	}
	if err == nil && e.Text != nil {
		err = s.Check(*e.Text)
	}
	if err != nil {
		return one, err
	}
	err = s.write(ctx, actor, v, false, func(b *box) error {
		r, err := b.at(ref)
		if err == nil && e.Text != nil {
			err = b.replace(&r, *e.Text)
			b.wrote(actor, r.Script)
		}
		if err == nil && e.Name != nil {
			err = b.rename(&r, *e.Name)
			b.record(actor, "sieve.renamed", "script "+r.ID)
		}
		one = r.Script
		return err
	})
	return one, err
}

// Delete takes a script away. Denied (sieve.active): it is the active one.
func (s *Service) Delete(ctx context.Context, actor haven.Actor, v Viewer, ref Ref) error {
	return s.write(ctx, actor, v, false, func(b *box) error {
		r, err := b.at(ref)
		switch {
		case err != nil:
			return err
		case r.Active:
			return refuse(errs.Denied, RuleActive, "This script is active. Turn it off first.")
		}
		b.tx.Exec(sqlDelete, int64(v.Account), r.no)
		b.tx.Exec(sqlGone, int64(v.Account), r.no, r.Created, b.state, s.o.Clock.Now().UnixMicro())
		b.record(actor, "sieve.deleted", "script "+r.ID)
		return nil
	})
}

// SetActive makes a script the active one; none for the zero Ref. To turn filters off ends a harm, so an owner of a shared mailbox may without a second factor.
func (s *Service) SetActive(ctx context.Context, actor haven.Actor, v Viewer, ref Ref) error {
	off := ref == Ref{}
	return s.write(ctx, actor, v, off, func(b *box) error {
		var to row
		if !off {
			var err error
			if to, err = b.at(ref); err != nil {
				return err
			}
		}
		if to.no == b.active {
			return nil
		}
		for _, no := range []int64{b.active, to.no} {
			if no != 0 {
				b.tx.Exec(sqlTouch, int64(v.Account), no, b.state)
			}
		}
		b.active = to.no
		note := "none"
		if !off {
			note = "script " + to.ID
		}
		b.record(actor, "sieve.active", note)
		return nil
	})
}
