package jmap

import (
	"errors"
	"maps"
	"slices"

	"haven"
	"haven/mail/mailbox"
)

// set is a type's /set (RFC 8620 §5.3).
func (c *call) set(t setter) (any, error) {
	v, err := c.account(haven.Read | haven.Write)
	if err != nil {
		return nil, err
	}
	return c.setIn(v, t)
}

// setAs is set for a type that asks for other rights than to write.
func (c *call) setAs(need haven.Rights, t setter) (any, error) {
	v, err := c.account(need)
	if err != nil {
		return nil, err
	}
	return c.setIn(v, t)
}

func (c *call) setIn(v mailbox.Viewer, t setter) (any, error) {
	s := newSetting(c)
	s.IfInState = c.args.String("ifInState")
	if err := s.decode(); err != nil {
		return nil, err
	}
	return s.perform(v, t, func() error { return s.held(v, t) })
}

// held has a type do what is asked, in the state that the client named.
func (s *setting) held(v mailbox.Viewer, t setter) error {
	if h, ok := t.(holder); ok && s.IfInState != "" {
		at, err := pointOf(s.IfInState)
		if err != nil {
			return errStateMismatch
		}
		v.Held = h.Hold(s.c, v, at.State)
	}
	err := t.Set(s.c, v, s)
	if err == nil && v.Held.Lost() {
		err = errStateMismatch
	}
	return err
}

// perform holds the state before against ifInState, has it done, and makes the answer.
func (s *setting) perform(v mailbox.Viewer, t stater, do func() error) (any, error) {
	before, err := t.State(s.c, v)
	if err != nil {
		return nil, err
	}
	if s.IfInState != "" && s.IfInState != before {
		return nil, errStateMismatch
	}
	if err := do(); err != nil {
		return nil, err
	}
	s.rest()
	if s.exact != nil {
		return s.answer(s.exact[0], s.exact[1]), nil
	}
	after, err := t.State(s.c, v)
	if err != nil { // it was done all the same, and has to be told
		s.c.srv.log.Error("a state could not be read after a change", "method", s.c.name, "error", err)
		after = before
	}
	if s.crossed(v, t, before) {
		return s.answer(nil, after), nil
	}
	return s.answer(before, after), nil
}

// crossed reports whether somebody else changed something since a state, or may have, as far as the type tells changes. Whoever goes on from the state after would
// never hear of it: RFC 8620 §5.3 has the state before unknown then, and the client asks what changed since its own.
func (s *setting) crossed(v mailbox.Viewer, t stater, since string) bool {
	tells, ok := t.(changer)
	if !ok {
		return false
	}
	ch, err := tells.Changes(s.c, v, since, 0)
	if err != nil {
		return true
	}
	own := make(map[string]bool, s.size())
	for _, made := range s.created {
		own[made.(record)["id"].(string)] = true
	}
	for id := range s.updated {
		own[id] = true
	}
	for _, id := range s.destroyed {
		own[id] = true
	}
	return slices.ContainsFunc(ch.all(), func(id string) bool { return !own[id] })
}

func newSetting(c *call) *setting {
	return &setting{c: c, created: record{}, updated: record{}, notCreated: record{}, notUpdated: record{}, notDestroyed: record{}}
}

// decode reads what a /set is to do, which is all that it has not read already, and refuses what can't be done at all.
func (s *setting) decode() error {
	s.decodeCreate("create")
	s.decodeUpdate(s.decodeDestroy())
	if err := s.c.args.Done(); err != nil {
		return err
	}
	if err := atMost(s.size(), s.c.srv.o.Policy.Set, "objects can be changed"); err != nil {
		return err
	}
	return nil
}

// decodeDestroy gives the ids that are to go, each once.
func (s *setting) decodeDestroy() (going map[string]bool) {
	going = map[string]bool{}
	for _, name := range s.c.args.IDs("destroy") {
		id, ok := s.c.resolve(name)
		switch {
		case !ok:
			s.notDestroyed[name] = errNotFound.object()
		case !going[id]:
			going[id], s.Destroy = true, append(s.Destroy, id)
		}
	}
	return going
}

func (s *setting) decodeCreate(argument string) {
	create := s.c.args.Object(argument)
	if create == nil {
		return
	}
	for _, m := range create.members {
		o, err := parseObject(m.value)
		switch {
		case !isID(m.name):
			s.c.args.Bad(argument, "has %q, which is no creation id", m.name)
		case err != nil:
			s.c.args.Bad(argument, "has an object %q that is none", m.name)
		default:
			s.Create = append(s.Create, creating{m.name, o})
		}
	}
}

func (s *setting) decodeUpdate(going map[string]bool) {
	update := s.c.args.Object("update")
	if update == nil {
		return
	}
	for _, m := range update.members {
		o, err := parseObject(m.value)
		if err != nil {
			s.c.args.Bad("update", "has an object %q that is none", m.name)
			continue
		}
		id, ok := s.c.resolve(m.name)
		p, err := decodePatch(o)
		switch {
		case !ok:
			s.notUpdated[m.name] = errNotFound.object()
		case going[id]:
			s.notUpdated[id] = errWillDestroy.object()
		case err != nil:
			s.NotUpdated(id, err)
		default:
			s.Update = append(s.Update, updating{id, p})
		}
	}
}

func (s *setting) size() int {
	return len(s.Create) + len(s.Update) + len(s.Destroy) + len(s.notUpdated) + len(s.notDestroyed)
}

// Created says that an object was made, with what the service set or changed of it; its creation id stands for its id from now on.
func (s *setting) Created(cid, id string, serverSet record) {
	r := record{"id": id}
	maps.Copy(r, serverSet)
	s.created[cid] = r
	delete(s.notCreated, cid)
	s.c.run.created[cid] = id
}

// NotCreated says why an object was not made.
func (s *setting) NotCreated(cid string, err error) { s.notCreated[cid] = s.because(err) }

// Updated says that an object was changed, with what changed beyond what was asked; nil: nothing.
func (s *setting) Updated(id string, serverSet record) {
	if serverSet == nil {
		s.updated[id] = nil
		return
	}
	s.updated[id] = serverSet
}

// NotUpdated says why an object was not changed.
func (s *setting) NotUpdated(id string, err error) { s.notUpdated[id] = s.because(err) }

// Destroyed says that an object is gone.
func (s *setting) Destroyed(id string) { s.destroyed = append(s.destroyed, id) }

// NotDestroyed says why an object is still there.
func (s *setting) NotDestroyed(id string, err error) { s.notDestroyed[id] = s.because(err) }

// because is a cause as it is told; what is ours to know goes to the log.
func (s *setting) because(err error) record {
	e := asSetError(err)
	if e.Type == "serverFail" {
		s.c.srv.log.Error("an object could not be changed", "method", s.c.name, "error", err)
	}
	return e.object()
}

// Refused reports whether anything was refused so far.
func (s *setting) Refused() bool { return len(s.notCreated)+len(s.notUpdated)+len(s.notDestroyed) > 0 }

var errUnsaid = errors.New("jmap: a type said nothing of an object")

// Between says in which states the account was right before and right after, where the type knows that nothing else happened between them.
func (s *setting) Between(before, after string) { s.exact = &[2]string{before, after} }

// rest answers for whatever the type said nothing of.
func (s *setting) rest() {
	for _, x := range s.Create {
		if s.created[x.CID] == nil && s.notCreated[x.CID] == nil {
			s.NotCreated(x.CID, errUnsaid)
		}
	}
	for _, x := range s.Update {
		if _, done := s.updated[x.ID]; !done && s.notUpdated[x.ID] == nil {
			s.NotUpdated(x.ID, errUnsaid)
		}
	}
	for _, id := range s.Destroy {
		if !slices.Contains(s.destroyed, id) && s.notDestroyed[id] == nil {
			s.NotDestroyed(id, errUnsaid)
		}
	}
}

// answer is what a /set gives back; before is a state, or nil where it is not known.
func (s *setting) answer(before any, after string) record {
	r := s.outcome()
	r["accountId"], r["oldState"], r["newState"] = s.c.args.String("accountId"), before, after
	return r
}

// outcome is what became of each object; what there is none of is null.
func (s *setting) outcome() record {
	r := record{"created": orNull(s.created), "updated": orNull(s.updated), "destroyed": nil, "notCreated": orNull(s.notCreated),
		"notUpdated": orNull(s.notUpdated), "notDestroyed": orNull(s.notDestroyed)}
	if len(s.destroyed) > 0 {
		r["destroyed"] = s.destroyed
	}
	maps.Copy(r, s.Extra)
	return r
}

func orNull(r record) any {
	if len(r) == 0 {
		return nil
	}
	return r
}
