package jmap

import (
	"slices"
	"strings"

	"haven"
	"haven/mail/mailbox"
	"haven/mail/mime"
)

// emails is the type Email (RFC 8621 §4).
type emails struct {
	body bodyAsking
}

var emailShape = Shape{
	{"id", "EmailId", ServerSet, ""},
	{"blobId", "BlobId", ServerSet, "of the whole message"},
	{"threadId", "ThreadId", ServerSet, ""},
	{"mailboxIds", "IdMap<MailboxId, true>", Required, "one at least"},
	{"keywords", "Record<string, true>", 0, "in lower case"},
	{"size", "UnsignedInt", ServerSet, "in octets"},
	{"receivedAt", "UTCDate", Immutable, ""},
	{"messageId", "string[] | null", Immutable, ""},
	{"inReplyTo", "string[] | null", Immutable, ""},
	{"references", "string[] | null", Immutable, ""},
	{"sender", "EmailAddress[] | null", Immutable, ""},
	{"from", "EmailAddress[] | null", Immutable, ""},
	{"to", "EmailAddress[] | null", Immutable, ""},
	{"cc", "EmailAddress[] | null", Immutable, ""},
	{"bcc", "EmailAddress[] | null", Immutable, ""},
	{"replyTo", "EmailAddress[] | null", Immutable, ""},
	{"subject", "string | null", Immutable, ""},
	{"sentAt", "JMAPDate | null", Immutable, ""},
	{"hasAttachment", "boolean", ServerSet, ""},
	{"preview", "string", ServerSet, "the beginning of what it says, up to 256 characters"},
	{"bodyStructure", "EmailBodyPart", Immutable, "instead of textBody, htmlBody and attachments when a message is made"},
	{"textBody", "EmailBodyPart[]", Immutable, ""},
	{"htmlBody", "EmailBodyPart[]", Immutable, ""},
	{"attachments", "EmailBodyPart[]", Immutable, ""},
	{"headers", "EmailHeader[]", ServerSet, ""},
	{"bodyValues", "Record<string, EmailBodyValue>", Immutable, "by partId"},
}

// Properties that stand in a message's row, and those for which its body is read. The others are sealed with it.
var (
	emailProperties = emailShape.names()
	rowProperties   = []string{"id", "blobId", "threadId", "mailboxIds", "keywords", "size", "receivedAt"}
	bodyProperties  = []string{"headers", "bodyValues"}
	// usualProperties are given where a client names none (RFC 8621 §4.2).
	usualProperties = []string{"id", "blobId", "threadId", "mailboxIds", "keywords", "size", "receivedAt", "messageId", "inReplyTo", "references",
		"sender", "from", "to", "cc", "bcc", "replyTo", "subject", "sentAt", "hasAttachment", "preview", "bodyValues", "textBody", "htmlBody", "attachments"}
)

func (emails) Properties() (all, usual []string) {
	return emailProperties, usualProperties
}

// Accepts takes header:Name and its forms (RFC 8621 §4.1.3).
func (emails) Accepts(property string) bool {
	_, err := parseHeaderProperty(property)
	return err == nil
}

func (emails) State(c *call, v mailbox.Viewer) (string, error) {
	st, err := c.states(v)
	return stateAt(st.Mail, st.Epoch), err
}

// All is refused where there are more messages than one answer holds.
func (emails) All(c *call, v mailbox.Viewer) (ids []string, err error) {
	err = c.overview(v, func(o *mailbox.Overview) error {
		if most := c.srv.o.Policy.Get; o.Len() > most {
			return fail("requestTooLarge", "There are %d messages; at most %d can be read with one call. Name them.", o.Len(), most)
		}
		o.All(func(b *mailbox.Brief) { ids = append(ids, emailID(b.Msg)) })
		return nil
	})
	return ids, err
}

// emailGet is Email/get (RFC 8621 §4.2).
func emailGet(c *call) (any, error) { return c.get(emails{body: c.bodyAsking()}) }

// emailRow is a message as far as it is read.
type emailRow struct {
	id    string
	brief mailbox.Brief
	out   record
}

func (t emails) Read(c *call, v mailbox.Viewer, ids []string, want properties, add func(string, any)) error {
	rows, err := t.rows(c, v, ids, want)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(want.names, isSealed) {
		return t.readSealed(c, v, rows, want, add)
	}
	for _, r := range rows {
		add(r.id, r.out)
	}
	return nil
}

func isSealed(property string) bool { return !slices.Contains(rowProperties, property) }

// rows are those of the messages that are there.
func (t emails) rows(c *call, v mailbox.Viewer, ids []string, want properties) (rows []emailRow, err error) {
	own := c.accountID(v)
	err = c.overview(v, func(o *mailbox.Overview) error {
		names := o.Keywords()
		for _, id := range ids {
			if b, ok := o.Find(messageOf(id, "M")); ok {
				rows = append(rows, emailRow{id, *b, rowObject(own, b, names, want)})
			}
		}
		return nil
	})
	return rows, err
}

func rowObject(account haven.AccountID, b *mailbox.Brief, names []string, want properties) record {
	o := make(record, len(want.names)+1)
	if want.Has("blobId") {
		o["blobId"] = emailID(b.Msg)
	}
	if want.Has("threadId") {
		o["threadId"] = threadID(b.Thread)
	}
	if want.Has("mailboxIds") {
		in := map[string]bool{mailbox.MailboxID(account, b.Folder): true}
		for _, mb := range b.More {
			in[mailbox.MailboxID(account, mb)] = true
		}
		o["mailboxIds"] = in
	}
	if want.Has("keywords") {
		o["keywords"] = keywordsOf(b, names)
	}
	if want.Has("size") {
		o["size"] = b.Size
	}
	if want.Has("receivedAt") {
		o["receivedAt"] = date(b.ReceivedAt())
	}
	return o
}

// systemKeywords are the names that JMAP has for IMAP's system flags (RFC 8621 §4.1.1).
var systemKeywords = map[string]mailbox.Flags{"$seen": mailbox.Seen, "$answered": mailbox.Answered, "$flagged": mailbox.Flagged, "$draft": mailbox.Draft}

func keywordsOf(b *mailbox.Brief, names []string) map[string]bool {
	out := map[string]bool{}
	for name, f := range systemKeywords {
		if b.Flags&f != 0 {
			out[name] = true
		}
	}
	for i, name := range names {
		if b.Keywords&(1<<i) != 0 {
			out[strings.ToLower(name)] = true
		}
	}
	return out
}

// readSealed adds messages with what is sealed, one after the other, for they may be large; one that went meanwhile is left out.
func (t emails) readSealed(c *call, v mailbox.Viewer, rows []emailRow, want properties, add func(string, any)) error {
	msgs := make([]haven.MessageID, len(rows))
	for i := range rows {
		msgs[i] = rows[i].brief.Msg
	}
	read := letterProperties(want)
	return c.srv.o.Mail.Infos(c.ctx, v, msgs, func(i int, info *mailbox.Info) error {
		l := letter{blob: emailID(info.Msg), meta: &info.Meta}
		if read || t.body.reads(&info.Meta, want) {
			body, err := c.srv.o.Mail.Body(c.ctx, v, info.Msg)
			if err != nil {
				return err
			}
			defer body.Close()
			l.body = body
		}
		r := rows[i]
		rows[i].out = nil // it is held as it is sent
		if err := t.fill(&l, r.out, want); err != nil {
			return err
		}
		add(r.id, r.out)
		return c.room().err
	})
}

// letterProperties reports whether what is wanted is only in the letter itself.
func letterProperties(want properties) bool {
	return slices.ContainsFunc(want.names, func(name string) bool {
		return strings.HasPrefix(name, "header:") || slices.Contains(bodyProperties, name)
	})
}

func (emails) Changes(c *call, v mailbox.Viewer, since string, most int) (changed, error) {
	from, err := pointOf(since)
	if err != nil {
		return changed{}, err
	}
	d, err := c.srv.o.Mail.Since(c.ctx, v, from, most)
	if err != nil {
		return changed{}, lostState(err)
	}
	return changed{NewState: stateText(d.Until), More: d.More, Created: emailIDs(d.Created), Updated: emailIDs(d.Updated), Destroyed: emailIDs(d.Destroyed)}, nil
}

func emailIDs(msgs []haven.MessageID) []string {
	ids := make([]string, len(msgs))
	for i, m := range msgs {
		ids[i] = emailID(m)
	}
	return ids
}

// letter is a letter being shown, of the store or from a blob.
type letter struct {
	blob string // the id of the blob that it is
	meta *mime.Meta
	body letterBody // nil: not read
}

// letterBody is the octets of a letter.
type letterBody interface {
	ReadAt(p []byte, off int64) (int, error)
	Size() int64
}

// fill adds the properties that are sealed or in the body.
func (t emails) fill(l *letter, o record, want properties) error {
	var head mime.Header
	if letterProperties(want) && l.body != nil && l.meta.Root != nil {
		var err error
		if head, err = l.meta.Root.ReadHeader(l.body, mime.MaxHeader); err != nil {
			return err
		}
	}
	e := &l.meta.Envelope
	for _, name := range want.names {
		if strings.HasPrefix(name, "header:") {
			h, err := parseHeaderProperty(name)
			if err != nil {
				return err
			}
			o[name] = h.of(head)
			continue
		}
		if get, ok := envelopeProperties[name]; ok {
			o[name] = get(e)
		}
	}
	if want.Has("references") {
		o["references"] = listOrNull(l.meta.References)
	}
	if want.Has("preview") {
		o["preview"] = l.meta.Preview
	}
	if want.Has("headers") {
		o["headers"] = headersOf(head)
	}
	return t.body.fill(l, o, want)
}

// envelopeProperties are those that are parsed header fields of the envelope (RFC 8621 §4.1.2.3).
var envelopeProperties = map[string]func(e *mime.Envelope) any{
	"messageId": func(e *mime.Envelope) any { return listOrNull(mime.MessageIDs(e.MessageID)) },
	"inReplyTo": func(e *mime.Envelope) any { return listOrNull(mime.MessageIDs(e.InReplyTo)) },
	"sender":    func(e *mime.Envelope) any { return addressesOrNull(e.Sender) },
	"from":      func(e *mime.Envelope) any { return addressesOrNull(e.From) },
	"to":        func(e *mime.Envelope) any { return addressesOrNull(e.To) },
	"cc":        func(e *mime.Envelope) any { return addressesOrNull(e.Cc) },
	"bcc":       func(e *mime.Envelope) any { return addressesOrNull(e.Bcc) },
	"replyTo":   func(e *mime.Envelope) any { return addressesOrNull(e.ReplyTo) },
	"subject": func(e *mime.Envelope) any {
		if e.Subject == "" {
			return nil
		}
		return asText(e.Subject)
	},
	"sentAt": func(e *mime.Envelope) any { return asDate(e.Date) },
}

func addressesOrNull(list []mime.Address) any {
	if len(list) == 0 {
		return nil
	}
	return asAddresses(list)
}
