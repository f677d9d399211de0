package jmap

import (
	"crypto/rand"
	"encoding/hex"
	"strings"

	"haven/mail/mailbox"
	"haven/mail/mime"
)

// drafter makes a letter of an Email object. The first thing that can't be meant stays.
type drafter struct {
	c      *call
	v      mailbox.Viewer
	o      *object
	domain string
	fields []mime.HeaderField
	texts  map[string]string // body values by part
	files  []*attached
	lost   []string // blobs that there are not
	err    error
	parts  int
}

func (d *drafter) bad(property, say string) { d.o.Bad(property, "%s", say) }

// letter reads the object.
func (d *drafter) letter() *mime.Piece {
	for _, name := range []string{"id", "blobId", "threadId", "size", "headers", "preview", "hasAttachment"} {
		if d.o.Given(name) {
			d.bad(name, "can't be given")
		}
	}
	d.header()
	d.values()
	root := d.body()
	if len(d.lost) > 0 && d.err == nil {
		e := refuse("blobNotFound", "There is no such file any more. Attach it again.")
		e.extra = record{"notFound": d.lost}
		d.err = e
	}
	return root
}

// headerNames are the properties that stand for header fields (RFC 8621 §4.1.2.3).
var headerNames = []struct{ property, field, form string }{
	{"sentAt", "Date", "asDate"}, {"from", "From", "asAddresses"}, {"sender", "Sender", "asAddresses"}, {"replyTo", "Reply-To", "asAddresses"},
	{"to", "To", "asAddresses"}, {"cc", "Cc", "asAddresses"}, {"bcc", "Bcc", "asAddresses"}, {"subject", "Subject", "asText"},
	{"messageId", "Message-ID", "asMessageIds"}, {"inReplyTo", "In-Reply-To", "asMessageIds"}, {"references", "References", "asMessageIds"},
}

// header writes the letter's fields; one without a date or a Message-ID gets them.
func (d *drafter) header() {
	have := map[string]bool{}
	for _, n := range headerNames {
		if d.o.Given(n.property) {
			d.add(have, d.o, n.property, headerProperty{name: n.field, form: n.form})
		}
	}
	d.further(have, d.o, func(name string) bool { return strings.HasPrefix(name, "content-") })
	if !have["date"] {
		d.fields = append(d.fields, mime.HeaderField{Name: "Date", Body: mime.FormatDate(d.c.srv.now())})
	}
	if !have["message-id"] {
		d.fields = append(d.fields, mime.HeaderField{Name: "Message-ID", Body: "<" + randomText() + "@" + d.domain + ">"})
	}
}

// randomText is 128 bits that nobody can guess, for a name that nobody else gives.
func randomText() string {
	b := make([]byte, 16)
	_, _ = rand.Read(b) // it never fails
	return hex.EncodeToString(b)
}

// further adds header:Name properties; those that never may be given are refused.
func (d *drafter) further(have map[string]bool, o *object, never func(lower string) bool) {
	for _, name := range o.Names() {
		if !strings.HasPrefix(name, "header:") {
			continue
		}
		h, err := parseHeaderProperty(name)
		o.Allow(name)
		if err != nil || never(strings.ToLower(h.name)) || strings.EqualFold(h.name, "mime-version") {
			o.Bad(name, "can't be given")
			continue
		}
		d.add(have, o, name, h)
	}
}

// add writes one field, or several where the property is a list of values.
func (d *drafter) add(have map[string]bool, o *object, property string, h headerProperty) {
	if o.Raw(property) == nil {
		return
	}
	lower := strings.ToLower(h.name)
	if have[lower] {
		o.Bad(property, "is a second time the field "+h.name)
		return
	}
	have[lower] = true
	values, ok := headerValues(o, property, h)
	if !ok {
		return
	}
	for _, v := range values {
		d.fields = append(d.fields, mime.HeaderField{Name: h.name, Body: v})
	}
}

// close lets go of what a letter that was not written to its end left open.
func (d *drafter) close() {
	for _, f := range d.files {
		f.close()
	}
}

// write makes a letter of the fields and its parts, durable and in no folder yet.
func (d *drafter) write(root *mime.Piece) (*mailbox.Letter, error) {
	w, err := d.c.srv.o.Mail.NewLetter(d.c.ctx)
	if err != nil {
		return nil, err
	}
	if err := mime.Compose(w, d.fields, root, func() string { return "=_" + randomText() }); err != nil {
		w.Abort()
		return nil, err
	}
	return w.Finish(d.c.ctx)
}

// values reads bodyValues.
func (d *drafter) values() {
	d.texts = map[string]string{}
	all := d.o.Object("bodyValues")
	if all == nil {
		return
	}
	for _, m := range all.members {
		v, err := parseObject(m.value)
		if err != nil {
			d.bad("bodyValues/"+m.name, "is no text")
			continue
		}
		v.Require("value")
		d.texts[m.name] = v.String("value")
		if v.Bool("isEncodingProblem", false) || v.Bool("isTruncated", false) {
			d.bad("bodyValues/"+m.name, "was not read whole, and can't be written back")
		}
		d.o.Take("bodyValues/"+m.name, v)
	}
}
