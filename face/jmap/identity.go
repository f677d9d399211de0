package jmap

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"

	"haven/mail/mailbox"
	"haven/mail/sending"
)

// Identities keeps as whom people write; mail/sending is behind it.
type Identities interface {
	Identities(ctx context.Context, by sending.By) ([]sending.Identity, mailbox.State, error)
	IdentitiesSince(ctx context.Context, by sending.By, from mailbox.State, most int) (sending.Changes, error)
	AddIdentity(ctx context.Context, by sending.By, email string, ch sending.IdentityChange) (sending.Identity, error)
	ChangeIdentity(ctx context.Context, by sending.By, id sending.ID, ch sending.IdentityChange) error
	RemoveIdentity(ctx context.Context, by sending.By, id sending.ID) error
}

// identities is the type Identity (RFC 8621 §6).
type identities struct{}

var identityShape = Shape{
	{"id", "IdentityId", ServerSet, ""},
	{"name", "string", 0, ""},
	{"email", "string", Required | Immutable, ""},
	{"replyTo", "EmailAddress[] | null", 0, ""},
	{"bcc", "EmailAddress[] | null", 0, ""},
	{"textSignature", "string", 0, ""},
	{"htmlSignature", "string", 0, ""},
	{"mayDelete", "boolean", ServerSet, ""},
}

var identityProperties = identityShape.names()

func (identities) Properties() (all, usual []string) { return identityProperties, identityProperties }

func (identities) State(c *call, v mailbox.Viewer) (string, error) {
	_, st, err := c.srv.o.Identities.Identities(c.ctx, c.by(v))
	return stateAt(st.Seq, st.Epoch), err
}

func (identities) All(c *call, v mailbox.Viewer) (ids []string, err error) {
	all, _, err := c.srv.o.Identities.Identities(c.ctx, c.by(v))
	for _, i := range all {
		ids = append(ids, sending.IdentityID(i.ID))
	}
	return ids, err
}

func (identities) Read(c *call, v mailbox.Viewer, ids []string, _ properties, add func(string, any)) error {
	all, _, err := c.srv.o.Identities.Identities(c.ctx, c.by(v))
	for _, i := range all {
		if id := sending.IdentityID(i.ID); slices.Contains(ids, id) {
			add(id, identityObject(i))
		}
	}
	return err
}

func identityObject(i sending.Identity) record {
	return record{"name": i.Name, "email": i.Email, "replyTo": namedObjects(i.ReplyTo), "bcc": namedObjects(i.Bcc), "textSignature": i.Text, "htmlSignature": i.HTML,
		"mayDelete": !i.Given}
}

// namedObjects are EmailAddress objects (RFC 8621 §4.1.2.3); null where there is none.
func namedObjects(list []sending.Named) any {
	if len(list) == 0 {
		return nil
	}
	out := make([]any, len(list))
	for i, n := range list {
		r := record{"name": nil, "email": n.Email}
		if n.Name != "" {
			r["name"] = n.Name
		}
		out[i] = r
	}
	return out
}

func (identities) Changes(c *call, v mailbox.Viewer, since string, most int) (changed, error) {
	from, err := pointOf(since)
	if err != nil || from.Origin != from.Seq {
		return changed{}, errCantCalculate
	}
	ch, err := c.srv.o.Identities.IdentitiesSince(c.ctx, c.by(v), from.State, most)
	return changesOf(ch, err, sending.IdentityID)
}

func (identities) Hold(_ *call, v mailbox.Viewer, at mailbox.State) *mailbox.Held {
	return sending.Hold(v.Account, v.Person, at)
}

// Set is Identity/set (RFC 8621 §6.3).
func (t identities) Set(c *call, v mailbox.Viewer, s *setting) error {
	for _, x := range s.Create {
		t.create(c, v, s, x)
	}
	for _, u := range s.Update {
		id, _ := sending.ParseIdentityID(u.ID)
		ch, err := t.change(c, v, u)
		if err == nil {
			err = c.srv.o.Identities.ChangeIdentity(c.ctx, c.by(v), id, ch)
		}
		if err != nil {
			s.NotUpdated(u.ID, submissionError(err))
			continue
		}
		s.Updated(u.ID, nil)
	}
	for _, name := range s.Destroy {
		id, _ := sending.ParseIdentityID(name)
		if err := c.srv.o.Identities.RemoveIdentity(c.ctx, c.by(v), id); err != nil {
			s.NotDestroyed(name, submissionError(err))
			continue
		}
		s.Destroyed(name)
	}
	return nil
}

func (identities) create(c *call, v mailbox.Viewer, s *setting, x creating) {
	x.Object.Require("email")
	email := x.Object.String("email")
	ch := identityChange(x.Object)
	if err := x.Object.Done(); err != nil {
		s.NotCreated(x.CID, err)
		return
	}
	made, err := c.srv.o.Identities.AddIdentity(c.ctx, c.by(v), email, ch)
	if err != nil {
		s.NotCreated(x.CID, submissionError(err))
		return
	}
	set := identityObject(made)
	for _, m := range x.Object.members {
		if m.name != "email" || made.Email == email {
			delete(set, m.name)
		}
	}
	s.Created(x.CID, sending.IdentityID(made.ID), set)
}

// change reads what an identity is to say. What nobody changes may be given back as it is.
func (t identities) change(c *call, v mailbox.Viewer, u updating) (ch sending.IdentityChange, err error) {
	current := record{}
	err = t.Read(c, v, []string{u.ID}, properties{}, func(id string, o any) {
		current = record{"id": id, "email": o.(record)["email"], "mayDelete": o.(record)["mayDelete"]}
	})
	if err != nil {
		return ch, err
	}
	p, err := u.Patch.Without(current)
	if err != nil {
		return ch, err
	}
	return identityPatch(p)
}

// identityPatch reads a patch; the address of an identity stays (RFC 8621 §6).
func identityPatch(p patch) (ch sending.IdentityChange, err error) {
	if err := p.Only("name", "replyTo", "bcc", "textSignature", "htmlSignature"); err != nil {
		return ch, err
	}
	o := &object{index: map[string]int{}, asked: map[string]bool{}}
	for _, name := range p.Properties() {
		raw := p.Whole(name)
		if raw == nil {
			return ch, refuse("invalidPatch", "A property of an identity is changed whole.", name)
		}
		if bytes.Equal(raw, []byte("null")) && name != "replyTo" && name != "bcc" {
			raw = json.RawMessage(`""`) // the default (RFC 8620 §5.3)
		}
		o.put(name, raw)
	}
	ch = identityChange(o)
	return ch, o.Done()
}

// identityChange reads what an identity is to say.
func identityChange(o *object) (ch sending.IdentityChange) {
	for name, to := range map[string]**string{"name": &ch.Name, "textSignature": &ch.Text, "htmlSignature": &ch.HTML} {
		if v, ok := o.OptString(name); ok {
			*to = &v
		}
	}
	for name, to := range map[string]**[]sending.Named{"replyTo": &ch.ReplyTo, "bcc": &ch.Bcc} {
		o.Allow(name)
		if !o.Given(name) {
			continue
		}
		list := []sending.Named{}
		for _, a := range o.Objects(name) {
			a.Require("email")
			list = append(list, sending.Named{Name: a.String("name"), Email: a.String("email")})
			o.Take(name, a)
		}
		*to = &list
	}
	return ch
}
