package jmap

import (
	"haven"
	"haven/mail/mailbox"
)

// copy is a type's /copy (RFC 8620 §5.4). What onSuccessDestroyOriginal asks follows as the type's /set of the account that was copied from, by destroy.
func (c *call) copy(t copier, destroy string) (any, error) {
	from, v, err := c.between(haven.Read | haven.Write)
	if err != nil {
		return nil, err
	}
	s := newSetting(c)
	s.IfInState = c.args.String("ifInState")
	s.decodeCreate("create")
	after := deleting{after: c.args.Bool("onSuccessDestroyOriginal", false), state: c.args.String("destroyFromIfInState")}
	fromState := c.args.String("ifFromInState")
	if err := c.args.Done(); err != nil {
		return nil, err
	}
	if err := atMost(len(s.Create), c.srv.o.Policy.Set, "objects can be copied"); err != nil {
		return nil, err
	}
	if err := s.copyable(t, from, fromState); err != nil {
		return nil, err
	}
	result, err := s.perform(v, t, func() error { return t.Copy(c, from, v, s) })
	if err != nil {
		return nil, err
	}
	result.(record)["fromAccountId"] = c.args.String("fromAccountId")
	return s.copied(result.(record), after, destroy)
}

// between are the two accounts of a copy, which are not the same (RFC 8620 §5.4).
func (c *call) between(need haven.Rights) (from, to mailbox.Viewer, err error) {
	c.args.Require("fromAccountId", "accountId")
	source, target := c.args.String("fromAccountId"), c.args.String("accountId")
	if source == target {
		c.args.Bad("fromAccountId", "must be another account than accountId")
	}
	if err := c.args.Err(); err != nil {
		return from, to, err
	}
	a, err := c.find(source, haven.Read)
	if e := (*methodError)(nil); err != nil {
		e = asMethodError(err)
		if e.Type == "accountNotFound" || e.Type == "accountNotSupportedByMethod" {
			return from, to, &methodError{Type: "from" + "A" + e.Type[1:]} // RFC 8620 §5.4
		}
		return from, to, e
	}
	b, err := c.find(target, need)
	return c.viewer(a.No), c.viewer(b.No), err
}

// deleting is what is to become of originals.
type deleting struct {
	after bool
	state string
}

// copyable holds the state of where is copied from against ifFromInState, and takes from each object its id.
func (s *setting) copyable(t stater, from mailbox.Viewer, want string) error {
	for _, x := range s.Create {
		x.Object.Require("id")
		id, ok := s.c.resolve(x.Object.ID("id"))
		if err := x.Object.Err(); err != nil || !ok {
			s.notCreated[x.CID] = errNotFound.object()
			continue
		}
		s.originals = append(s.originals, original{x.CID, id})
	}
	if want == "" {
		return nil
	}
	state, err := t.State(s.c, from)
	if err == nil && state != want {
		err = errStateMismatch
	}
	return err
}

// original is what a copy is made of.
type original struct{ CID, ID string }

// Original is the id, in the account that is copied from, of what a creation id is to be a copy of.
func (s *setting) Original(cid string) string {
	for _, o := range s.originals {
		if o.CID == cid {
			return o.ID
		}
	}
	return ""
}

// copied gives the answer of a copy, and destroys the originals of what was copied where that was asked.
func (s *setting) copied(result record, d deleting, method string) (any, error) {
	for _, member := range []string{"updated", "destroyed", "notUpdated", "notDestroyed"} {
		delete(result, member)
	}
	var gone []string
	for _, o := range s.originals {
		if s.created[o.CID] != nil {
			gone = append(gone, o.ID)
		}
	}
	if d.after && len(gone) > 0 {
		args := record{"accountId": s.c.args.String("fromAccountId"), "destroy": gone}
		if d.state != "" {
			args["ifInState"] = d.state
		}
		s.c.then(method, args)
	}
	return result, nil
}
