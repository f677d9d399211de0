package jmap

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"haven"
	"haven/mail/mailbox"
	"haven/mail/sending"
	"haven/platform/errs"
)

// submissionSet is EmailSubmission/set, with the Email/set that follows what went well (RFC 8621 §7.5).
func submissionSet(c *call) (any, error) {
	t := &submissions{done: map[string]sent{}}
	update, destroy := c.args.Object("onSuccessUpdateEmail"), c.args.IDs("onSuccessDestroyEmail")
	if update != nil {
		for _, m := range update.members {
			if _, err := parseObject(m.value); err != nil || !isID(strings.TrimPrefix(m.name, "#")) {
				c.args.Bad("onSuccessUpdateEmail", "has %q, which is no submission with a patch", m.name)
			}
		}
	}
	result, err := c.setAs(haven.Read, t)
	if err != nil {
		return nil, err
	}
	args := record{"accountId": c.args.String("accountId")}
	if patches := t.patches(c, update); len(patches) > 0 {
		args["update"] = patches
	}
	if gone := t.gone(c, destroy); len(gone) > 0 {
		args["destroy"] = gone
	}
	if len(args) > 1 {
		c.then("Email/set", args)
	}
	return result, nil
}

// patches are the patches of the messages whose submissions went well. One that waits in Scheduled is moved and ceases to be a draft when it goes, by the service:
// what a client says of that now would take it out of there, and so call it back.
func (t *submissions) patches(c *call, update *object) map[string]map[string]json.RawMessage {
	out := map[string]map[string]json.RawMessage{}
	if update == nil {
		return out
	}
	for _, m := range update.members {
		id, _ := c.resolve(m.name)
		done, ok := t.done[id]
		o, err := parseObject(m.value)
		if !ok || err != nil {
			continue
		}
		patch := map[string]json.RawMessage{}
		for _, p := range o.members {
			if !done.waits || !of(p.name, "mailboxIds") && p.name != "keywords" && !strings.EqualFold(p.name, "keywords/$draft") {
				patch[p.name] = p.value
			}
		}
		if len(patch) > 0 {
			out[done.email] = patch
		}
	}
	return out
}

// of reports whether a pointer leads to a property or into it.
func of(pointer, property string) bool {
	return pointer == property || strings.HasPrefix(pointer, property+"/")
}

// gone are the messages to be destroyed whose submissions went well. One that waits in Scheduled stays: it is what is sent.
func (t *submissions) gone(c *call, destroy []string) (out []string) {
	for _, name := range destroy {
		id, _ := c.resolve(name)
		if done, ok := t.done[id]; ok && !done.waits && !slices.Contains(out, done.email) {
			out = append(out, done.email)
		}
	}
	return out
}

func (*submissions) Hold(_ *call, v mailbox.Viewer, at mailbox.State) *mailbox.Held {
	return sending.Hold(v.Account, 0, at)
}

// Set is EmailSubmission/set (RFC 8621 §7.5).
func (t *submissions) Set(c *call, v mailbox.Viewer, s *setting) error {
	for _, x := range s.Create {
		t.create(c, v, s, x)
	}
	for _, u := range s.Update {
		id, _ := sending.ParseSubmissionID(u.ID)
		if err := t.update(c, v, id, u.Patch); err != nil {
			s.NotUpdated(u.ID, submissionError(err))
			continue
		}
		s.Updated(u.ID, nil)
	}
	for _, name := range s.Destroy {
		id, _ := sending.ParseSubmissionID(name)
		email := t.emailOf(c, v, id)
		if err := c.srv.o.Submissions.Destroy(c.ctx, c.by(v), id); err != nil {
			s.NotDestroyed(name, submissionError(err))
			continue
		}
		t.done[name] = sent{email: email}
		s.Destroyed(name)
	}
	return nil
}

// emailOf is the message of a submission; "" where there is none.
func (*submissions) emailOf(c *call, v mailbox.Viewer, id sending.ID) string {
	all, err := c.srv.o.Submissions.Get(c.ctx, v, []sending.ID{id})
	if err != nil || len(all) == 0 {
		return ""
	}
	return emailID(all[0].Msg)
}

func (t *submissions) create(c *call, v mailbox.Viewer, s *setting, x creating) {
	o := x.Object
	o.Require("identityId", "emailId")
	ident, email := c.theID(o, "identityId"), c.theID(o, "emailId")
	n := sending.New{Msg: messageOf(email, "M")}
	n.Identity, _ = sending.ParseIdentityID(ident)
	n.Envelope = envelopeOf(o)
	if err := o.Done(); err != nil {
		s.NotCreated(x.CID, err)
		return
	}
	made, err := c.srv.o.Submissions.Create(c.ctx, c.by(v), n)
	if err != nil {
		s.NotCreated(x.CID, c.refusedAs(submissionError(err)))
		return
	}
	all := submissionObject(made)
	set := record{}
	for _, name := range []string{"threadId", "sendAt", "undoStatus", "deliveryStatus", "dsnBlobIds", "mdnBlobIds"} {
		set[name] = all[name]
	}
	if n.Envelope == nil {
		set["envelope"] = all["envelope"]
	}
	id := sending.SubmissionID(made.ID)
	t.done[id] = sent{emailID(made.Msg), made.Scheduled}
	s.Created(x.CID, id, set)
}

// theID reads an id of an object, or the creation id that stands for it.
func (c *call) theID(o *object, name string) string {
	id, ok := c.resolve(o.ID(name))
	if !ok {
		o.Bad(name, "was not created")
	}
	return id
}

// envelopeOf reads an Envelope object; nil where the message is to say.
func envelopeOf(o *object) *sending.Envelope {
	e := o.Object("envelope")
	if e == nil {
		return nil
	}
	e.Require("mailFrom", "rcptTo")
	out := &sending.Envelope{}
	if from := e.Object("mailFrom"); from != nil {
		out.From = partyOf(from)
		e.Take("mailFrom", from)
	}
	for _, to := range e.Objects("rcptTo") {
		out.To = append(out.To, partyOf(to))
		e.Take("rcptTo", to)
	}
	o.Take("envelope", e)
	return out
}

func partyOf(o *object) sending.Party {
	if !o.Given("email") {
		o.Bad("email", "is required")
	}
	p := sending.Party{Email: o.String("email")}
	params := o.Object("parameters")
	if params == nil {
		return p
	}
	p.Parameters = map[string]*string{}
	for _, m := range params.members {
		v, ok := params.OptString(m.name)
		if p.Parameters[strings.ToUpper(m.name)] = nil; ok {
			p.Parameters[strings.ToUpper(m.name)] = &v
		}
	}
	o.Take("parameters", params)
	return p
}

// update calls a letter back, which is all that can be changed.
func (t *submissions) update(c *call, v mailbox.Viewer, id sending.ID, p patch) error {
	if err := p.Only("undoStatus"); err != nil {
		return err
	}
	all, err := c.srv.o.Submissions.Get(c.ctx, v, []sending.ID{id})
	if err != nil {
		return err
	}
	if len(all) == 0 {
		return errNotFound
	}
	var to string
	if raw := p.Whole("undoStatus"); raw != nil && json.Unmarshal(raw, &to) != nil || raw == nil && len(p.steps) > 0 {
		to = "no status"
	}
	switch to {
	case sending.Canceled.String():
		if err := c.srv.o.Submissions.Cancel(c.ctx, c.by(v), id, c.accountID(v)); err != nil {
			return err
		}
	case "", all[0].Undo.String():
	default:
		return refuse("invalidProperties", "A letter can be canceled, and nothing else.", "undoStatus")
	}
	t.done[sending.SubmissionID(id)] = sent{email: emailID(all[0].Msg), waits: to != sending.Canceled.String() && all[0].Scheduled && all[0].Undo == sending.Pending}
	return nil
}

// submissionError is why a submission was not made, changed or destroyed (RFC 8621 §7.5).
func submissionError(err error) error {
	var no *sending.Refused
	if !errors.As(err, &no) {
		return err
	}
	switch no.Why {
	case sending.NoEmail:
		return refuse("invalidProperties", no.Say, "emailId")
	case sending.NoIdentity:
		return refuse("invalidProperties", no.Say, "identityId")
	case sending.BadEnvelope:
		return refuse("invalidProperties", no.Say, "envelope")
	case sending.BadEmail:
		return refuse("invalidEmail", no.Say, no.Properties...)
	case sending.TooLarge:
		return with(refuse("tooLarge", no.Say), "maxSize", no.Most)
	case sending.TooManyRecipients:
		return with(refuse("tooManyRecipients", no.Say), "maxRecipients", no.Most)
	case sending.BadRecipients:
		return with(refuse("invalidRecipients", no.Say), "invalidRecipients", no.Recipients)
	}
	return refuse(map[sending.Why]string{sending.NoRecipients: "noRecipients", sending.ForbiddenMailFrom: "forbiddenMailFrom", sending.ForbiddenFrom: "forbiddenFrom",
		sending.ForbiddenToSend: "forbiddenToSend", sending.CannotUnsend: "cannotUnsend", sending.Answered: "answeredByOther"}[no.Why], no.Say)
}

func with(e *setError, name string, value any) *setError {
	e.extra = record{name: value}
	return e
}

// refusedAs answers a person who may not send at all with what a program looks for then.
func (c *call) refusedAs(err error) error {
	if hasRule(err, "sending.senders") {
		return refuse("forbiddenToSend", errs.Say(err))
	}
	return err
}
