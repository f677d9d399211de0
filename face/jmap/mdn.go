package jmap

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"slices"

	"haven"
	"haven/mail/mailbox"
	"haven/mail/mime"
	"haven/mail/sending"
	"haven/platform/errs"
)

const mdnURN = "urn:ietf:params:jmap:mdn"

// MDNs sends message disposition notifications; mail/sending is behind it.
type MDNs interface {
	SendMDN(ctx context.Context, by sending.By, m sending.MDN) (sending.MDN, error)
}

// mdnMethods are those of RFC 9007.
var mdnMethods = map[string]method{
	"MDN/send":  {mdnURN, mdnSend},
	"MDN/parse": {mdnURN, mdnParse},
}

// mdnCapability: whoever reads an account reads notifications there; as whom one may send them Identity/get says.
func mdnCapability(a Account) any {
	if !a.Rights.Has(haven.Read) {
		return nil
	}
	return record{}
}

// mdnAccount is account with the error that RFC 9007 §2.1 and §2.2 have for one that there is not.
func (c *call) mdnAccount() (mailbox.Viewer, error) {
	v, err := c.account(haven.Read)
	if errors.Is(err, errAccountNotFound) {
		err = badArgument("accountId", "There is no such account.")
	}
	return v, err
}

func badArgument(name, say string) error {
	e := fail("invalidArguments", "%s", say)
	e.extra = record{"arguments": []string{name}}
	return e
}

// mdnSend is MDN/send, with the Email/set that follows what was sent (RFC 9007 §2.1).
func mdnSend(c *call) (any, error) {
	if !c.run.using[mailURN] {
		return nil, errUnknownMethod
	}
	v, err := c.mdnAccount()
	if err != nil {
		return nil, err
	}
	c.args.Require("identityId", "send")
	t := mdns{c: c, v: v, sent: record{}, notSent: record{}, patches: record{}}
	t.identity, _ = sending.ParseIdentityID(c.theID(c.args, "identityId"))
	send, update := c.args.Object("send"), c.args.Object("onSuccessUpdateEmail")
	if err := c.args.Done(); err != nil {
		return nil, err
	}
	if err := t.begin(send, update); err != nil {
		return nil, err
	}
	for _, m := range send.members {
		if err := t.send(m, update.Raw("#"+m.name)); err != nil {
			t.notSent[m.name] = c.mdnError(err)
		}
	}
	if len(t.patches) > 0 {
		c.then("Email/set", record{"accountId": c.args.String("accountId"), "update": t.patches})
	}
	return record{"accountId": c.args.String("accountId"), "sent": orNull(t.sent), "notSent": orNull(t.notSent)}, nil
}

// mdns is a MDN/send under way.
type mdns struct {
	c             *call
	v             mailbox.Viewer
	identity      sending.ID
	sent, notSent record
	patches       record // by message
}

// begin refuses the call whole where RFC 9007 §2.1 does: for an identity that there is not, and where a message would not be marked.
func (t *mdns) begin(send, update *object) error {
	if most := t.c.srv.o.Policy.Set; len(send.members) > most {
		return fail("requestTooLarge", "At most %d notifications are sent with one call.", most)
	}
	for _, m := range send.members {
		if !isID(m.name) {
			return badArgument("send", "A notification has a name that is no creation id.")
		}
		if update == nil || !marksSent(update.Raw("#"+m.name)) {
			return badArgument("onSuccessUpdateEmail", "Each message has to be given the keyword $mdnsent, under \"#\" and the creation id.")
		}
	}
	all, _, err := t.c.srv.o.Identities.Identities(t.c.ctx, t.c.by(t.v))
	if err == nil && !slices.ContainsFunc(all, func(i sending.Identity) bool { return i.ID == t.identity }) {
		err = badArgument("identityId", "There is no such identity.")
	}
	return err
}

// marksSent reports whether a patch gives a message the keyword $mdnsent.
func marksSent(raw json.RawMessage) bool {
	o, err := parseObject(raw)
	if err != nil {
		return false
	}
	set := func(o *object, name string) bool { return o != nil && bytes.Equal(o.Raw(name), []byte("true")) }
	return set(o, "keywords/"+mailbox.KeywordMDNSent) || set(o.Object("keywords"), mailbox.KeywordMDNSent)
}

func (t *mdns) send(m member, patch json.RawMessage) error {
	o, err := parseObject(m.value)
	if err != nil {
		return refuse("invalidProperties", "A notification is an object.")
	}
	mdn := t.c.mdnOf(o)
	if err := o.Done(); err != nil {
		return err
	}
	mdn.Identity = t.identity
	sent, err := t.c.srv.o.MDNs.SendMDN(t.c.ctx, t.c.by(t.v), mdn)
	if err != nil {
		return err
	}
	all := mdnObject(sent)
	for _, given := range o.members {
		if o.Has(given.name) {
			delete(all, given.name)
		}
	}
	t.sent[m.name], t.patches[emailID(mdn.Msg)] = all, patch
	return nil
}

// mdnOf reads an MDN object (RFC 9007 §2) without what is the service's to say.
func (c *call) mdnOf(o *object) (m sending.MDN) {
	o.Require("forEmailId", "disposition")
	for _, name := range []string{"mdnGateway", "originalRecipient", "originalMessageId", "error"} {
		if o.Has(name) {
			o.Bad(name, "can't be given")
		}
		o.Allow(name)
	}
	m.Msg, m.Whole = messageOf(c.theID(o, "forEmailId"), "M"), o.Bool("includeOriginalMessage", false)
	for name, to := range map[string]**string{"subject": &m.Subject, "textBody": &m.Text} {
		if text, ok := o.OptString(name); ok {
			*to = &text
		}
	}
	d := &m.Disposition
	d.Agent, d.Final = o.String("reportingUA"), o.String("finalRecipient")
	if how := o.Object("disposition"); how != nil {
		how.Require("actionMode", "sendingMode", "type")
		d.Action, d.Sending, d.Type = how.String("actionMode"), how.String("sendingMode"), how.String("type")
		o.Take("disposition", how)
	}
	if more := o.Object("extensionFields"); more != nil {
		for _, f := range more.members {
			d.Extension = append(d.Extension, mime.HeaderField{Name: f.name, Body: more.String(f.name)})
		}
		o.Take("extensionFields", more)
	}
	return m
}

// mdnObject is an MDN object without forEmailId.
func mdnObject(m sending.MDN) record {
	d := m.Disposition
	r := record{"subject": nil, "textBody": nil, "includeOriginalMessage": m.Whole, "reportingUA": orNullText(d.Agent), "mdnGateway": orNullText(d.Gateway),
		"originalRecipient": orNullText(d.Original), "finalRecipient": orNullText(d.Final), "originalMessageId": orNullText(d.MessageID), "error": nil, "extensionFields": nil,
		"disposition": record{"actionMode": d.Action, "sendingMode": d.Sending, "type": d.Type}}
	if m.Subject != nil {
		r["subject"] = *m.Subject
	}
	if m.Text != nil {
		r["textBody"] = *m.Text
	}
	if len(d.Errors) > 0 {
		r["error"] = d.Errors
	}
	if len(d.Extension) > 0 {
		more := record{}
		for _, f := range d.Extension {
			more[f.Name] = f.Body
		}
		r["extensionFields"] = more
	}
	return r
}

// mdnError is why a notification was not sent (RFC 9007 §2.1).
func (c *call) mdnError(err error) record {
	var no *sending.Refused
	e := asSetError(err)
	switch {
	case errors.As(err, &no):
		types := map[sending.Why]string{sending.NoEmail: "notFound", sending.NotAsked: "notFound", sending.AlreadySent: "mdnAlreadySent", sending.BadMDN: "invalidProperties",
			sending.TooLarge: "tooLarge", sending.ForbiddenFrom: "forbiddenFrom", sending.ForbiddenToSend: "forbidden", sending.NoIdentity: "forbidden"}
		e = refuse(types[no.Why], no.Say, no.Properties...)
		if e.Type == "" {
			e.Type = "forbidden"
		}
	case hasRule(err, "mailbox.keywords"):
		e = refuse("tooManyKeywords", errs.Say(err))
	}
	if e.Type == "serverFail" {
		c.srv.log.Error("a notification could not be sent", "method", c.name, "error", err)
	}
	return e.object()
}

// mdnParse is MDN/parse (RFC 9007 §2.2).
func mdnParse(c *call) (any, error) {
	v, err := c.mdnAccount()
	if err != nil {
		return nil, err
	}
	c.args.Require("blobIds")
	ids := c.args.IDs("blobIds")
	if err := c.args.Done(); err != nil {
		return nil, err
	}
	if err := atMost(len(ids), c.srv.o.Policy.Get, "files can be read"); err != nil {
		return nil, err
	}
	p, err := c.parseEach(ids, func(id string) (record, error) { return c.readMDN(v, id) })
	return record{"accountId": c.args.String("accountId"), "parsed": orNull(p.of), "notParsable": listOrNull(p.notParsable), "notFound": listOrNull(p.notFound)}, err
}

// readMDN reads what is in a blob as a notification.
func (c *call) readMDN(v mailbox.Viewer, id string) (record, error) {
	b, err := c.openBlob(v, id)
	if err != nil {
		return nil, err
	}
	defer b.Close()
	body, m, err := c.letterIn(b)
	if err != nil {
		return nil, err
	}
	d, text, is := mime.ReadDisposition(body, m)
	if !is {
		return nil, errNoLetter
	}
	subject := mime.DecodeHeader(m.Envelope.Subject)
	whole := slices.ContainsFunc(m.Root.Children, func(p *mime.Part) bool { return p.Envelope != nil })
	r := mdnObject(sending.MDN{Subject: &subject, Text: &text, Whole: whole, Disposition: d})
	r["forEmailId"], err = c.mdnFor(v, d.MessageID)
	return r, err
}

// mdnFor is the message that a notification is about; null where there is none, or several.
func (c *call) mdnFor(v mailbox.Viewer, messageID string) (any, error) {
	ids := mime.MessageIDs(messageID)
	if len(ids) != 1 {
		return nil, nil
	}
	found, err := c.srv.o.Mail.WithMessageID(c.ctx, v, ids[0])
	if err != nil || len(found) != 1 {
		return nil, err
	}
	return emailID(found[0]), nil
}
