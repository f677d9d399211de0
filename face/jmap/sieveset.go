package jmap

import (
	"cmp"
	"slices"
	"strconv"

	"haven"
	"haven/mail/mailbox"
	"haven/mail/sieve"
	"haven/platform/errs"
)

// scriptSet is SieveScript/set (RFC 9661 §2.4).
func scriptSet(c *call) (any, error) {
	t := scripts{activate: c.args.String("onSuccessActivateScript"), deactivate: c.args.Bool("onSuccessDeactivateScript", false)}
	return c.setAs(haven.Read|haven.Manage, t)
}

func (t scripts) Set(c *call, v mailbox.Viewer, s *setting) error {
	for _, x := range s.Create {
		if err := t.create(c, v, s, x); err != nil {
			s.NotCreated(x.CID, scriptError(err))
		}
	}
	for _, u := range s.Update {
		if err := t.update(c, v, s, u); err != nil {
			s.NotUpdated(u.ID, scriptError(err))
		}
	}
	actor, at := c.keeper(v)
	for _, id := range s.Destroy {
		if err := c.srv.o.Filters.Delete(c.ctx, actor, at, sieve.ByID(id)); err != nil {
			s.NotDestroyed(id, scriptError(err))
			continue
		}
		s.Destroyed(id)
	}
	if !s.Refused() {
		t.turn(c, v, s)
	}
	return nil
}

func (t scripts) create(c *call, v mailbox.Viewer, s *setting, x creating) error {
	x.Object.Require("blobId")
	blob := x.Object.ID("blobId")
	name, named := x.Object.OptString("name")
	if err := x.Object.Done(); err != nil {
		return err
	}
	text, err := c.scriptText(v, blob)
	if err != nil {
		return err
	}
	set := record{"isActive": false}
	if !named {
		if name, err = c.freeName(v); err != nil {
			return err
		}
		set["name"] = name
	}
	actor, at := c.keeper(v)
	made, err := c.srv.o.Filters.Create(c.ctx, actor, at, name, text)
	if err != nil {
		return c.taken(v, name, err)
	}
	set["blobId"] = scriptBlobID(made.ID, text)
	s.Created(x.CID, made.ID, set)
	return nil
}

// freeName is a name that no script has: the one that a script gets for which none was given (RFC 9661 §2.1).
func (c *call) freeName(v mailbox.Viewer) (string, error) {
	l, err := c.scripts(v)
	for n := 1; ; n++ {
		name := "Filter " + strconv.Itoa(n)
		if !slices.ContainsFunc(l.Scripts, func(one sieve.Script) bool { return one.Name == name }) {
			return name, err
		}
	}
}

// taken is err, and where that says that another script has the name, which one (RFC 8620 §5.4, RFC 9661 §2.4).
func (c *call) taken(v mailbox.Viewer, name string, err error) error {
	if !hasRule(err, string(sieve.RuleTaken)) {
		return err
	}
	l, fault := c.scripts(v)
	i := slices.IndexFunc(l.Scripts, func(one sieve.Script) bool { return one.Name == name })
	if fault != nil || i < 0 { // it went a moment ago
		return errs.Wrap(errs.Transient, err, "The scripts change at this moment. Try again.")
	}
	return with(refuse("alreadyExists", errs.Say(err)), "existingId", l.Scripts[i].ID)
}

func (t scripts) update(c *call, v mailbox.Viewer, s *setting, u updating) error {
	before := record(nil)
	err := t.Read(c, v, []string{u.ID}, wanting(scriptProperties), func(id string, o any) { before = o.(record) })
	if err != nil {
		return err
	}
	if before == nil {
		return errNotFound
	}
	before["id"] = u.ID
	after, err := u.Patch.Apply(before)
	if err != nil {
		return err
	}
	if after, err = onlyChanges(before, after, u.Patch.Properties()); err != nil {
		return err
	}
	e, set, err := c.scriptEdit(v, u.ID, after)
	if err != nil {
		return err
	}
	if e != (sieve.Edit{}) {
		actor, at := c.keeper(v)
		if _, err := c.srv.o.Filters.Change(c.ctx, actor, at, sieve.ByID(u.ID), e); err != nil {
			if e.Name != nil {
				err = c.taken(v, *e.Name, err)
			}
			return err
		}
	}
	s.Updated(u.ID, set)
	return nil
}

// scriptEdit reads what of a script is to change, and what the client is told of it; nil: nothing but what it said.
func (c *call) scriptEdit(v mailbox.Viewer, id string, o *object) (e sieve.Edit, set record, err error) {
	if o.Given("isActive") {
		o.Bad("isActive", "is changed with onSuccessActivateScript and onSuccessDeactivateScript")
	}
	name, named := o.OptString("name")
	blob := o.ID("blobId")
	if o.Given("blobId") {
		o.Require("blobId")
	}
	if err := o.Done(); err != nil {
		return e, nil, err
	}
	set = record{}
	if o.Given("name") {
		if !named {
			if name, err = c.freeName(v); err != nil {
				return e, nil, err
			}
			set["name"] = name
		}
		e.Name = &name
	}
	if blob != "" {
		text, err := c.scriptText(v, blob)
		if err != nil {
			return e, nil, err
		}
		e.Text, set["blobId"] = &text, scriptBlobID(id, text)
	}
	if len(set) == 0 {
		set = nil
	}
	return e, set, nil
}

// turn makes another script the active one, or none, once all else of the set is done.
func (t scripts) turn(c *call, v mailbox.Viewer, s *setting) {
	if t.activate == "" && !t.deactivate {
		return
	}
	l, err := c.scripts(v)
	was, to := "", ""
	asked, ok := c.resolve(t.activate)
	for _, one := range l.Scripts {
		if one.Active {
			was = one.ID
		}
		if ok && one.ID == asked {
			to = asked
		}
	}
	if to == "" && !t.deactivate { // there is no such script: the active one remains
		return
	}
	if err == nil && to != was {
		actor, at := c.keeper(v)
		err = c.srv.o.Filters.SetActive(c.ctx, actor, at, sieve.ByID(to))
	}
	if err != nil {
		s.NotUpdated(cmp.Or(to, was, asked), scriptError(err))
		return
	}
	if was != "" && was != to {
		tellActive(s, was, false)
	}
	if to != "" {
		tellActive(s, to, true)
	}
}

// tellActive says whether a script is active now, beside what else the set did with it.
func tellActive(s *setting, id string, active bool) {
	for _, made := range s.created {
		if r := made.(record); r["id"] == id {
			r["isActive"] = active
			return
		}
	}
	r, _ := s.updated[id].(record)
	if r == nil {
		r = record{}
	}
	r["isActive"] = active
	s.Updated(id, r)
}
