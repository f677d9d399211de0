package jmap

import (
	"crypto/rand"
	"encoding/hex"
	"io"
	"slices"
	"strings"
	"time"

	"haven"
	"haven/mail/mailbox"
	"haven/mail/mime"
	"haven/platform/errs"
)

// create makes one message of what a client says of it (RFC 8621 §4.6). It gives the state after it, where nothing else came between.
func (t emails) create(c *call, v mailbox.Viewer, s *setting, x creating, at mailbox.State) (mailbox.State, error) {
	own := c.accountID(v)
	p := placingOf(c, own, x.Object)
	d := drafter{c: c, v: v, o: x.Object, domain: c.session.Address.Domain}
	defer d.close()
	root := d.letter()
	err := x.Object.Done()
	if err == nil && d.err != nil {
		err = d.err
	}
	if err != nil {
		s.NotCreated(x.CID, err)
		return at, nil
	}
	letter, err := d.write(root)
	if err == nil {
		return t.put(c, v, s, x.CID, letter, p, at)
	}
	s.NotCreated(x.CID, letterError(err))
	return at, nil
}

// letterError is why a letter could not be kept.
func letterError(err error) error {
	if hasRule(err, mailbox.RuleSize) {
		return refuse("tooLarge", errs.Say(err))
	}
	return err
}

// put puts a letter into the account.
func (t emails) put(c *call, v mailbox.Viewer, s *setting, cid string, letter *mailbox.Letter, p placed, at mailbox.State) (mailbox.State, error) {
	it := mailbox.Append{Letter: letter, Flags: p.words.Flags, Keywords: p.words.Names, Received: p.received}
	im, before, after, err := c.srv.o.Mail.Import(c.ctx, v, p.folders, it, ifState(s, at))
	return told(s, cid, im, before, after, err, at)
}

// told tells what became of a new message, and in which state the account is then, where nothing else came between.
func told(s *setting, cid string, im mailbox.Imported, before, after mailbox.State, err error, at mailbox.State) (mailbox.State, error) {
	if hasRule(err, mailbox.RuleStateMismatch) {
		return at, errStateMismatch
	}
	if err != nil {
		s.NotCreated(cid, editError(err))
		return at, nil
	}
	s.Created(cid, emailID(im.Msg), record{"blobId": emailID(im.Msg), "threadId": threadID(im.Thread), "size": im.Size})
	if before == at {
		at = after
	}
	return at, nil
}

// placed is where a new message goes, and with what.
type placed struct {
	folders  []haven.MailboxNo
	words    mailbox.Keywords
	received time.Time
}

// placingOf reads mailboxIds, keywords and receivedAt.
func placingOf(c *call, own haven.AccountID, o *object) (p placed) {
	o.Require("mailboxIds")
	if raw := o.Raw("mailboxIds"); raw != nil {
		var err error
		if p.folders, err = c.folderSet(own, raw); err != nil {
			o.Bad("mailboxIds", "%s", asSetError(err).Description)
		}
	}
	if raw := o.Raw("keywords"); raw != nil {
		var err error
		if p.words, err = keywordSet(raw); err != nil {
			o.Bad("keywords", "%s", asSetError(err).Description)
		}
	}
	p.received = o.UTCDate("receivedAt")
	return p
}

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

// letter ends; write makes it durable.
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

// body makes the letter's parts: as bodyStructure says, or of texts and attachments (RFC 8621 §4.6).
func (d *drafter) body() *mime.Piece {
	structure := d.o.Object("bodyStructure")
	text, html, files := d.o.Objects("textBody"), d.o.Objects("htmlBody"), d.o.Objects("attachments")
	if structure != nil {
		for _, name := range []string{"textBody", "htmlBody", "attachments"} {
			if d.o.Has(name) {
				d.bad(name, "can't be given with bodyStructure")
			}
		}
		p := d.part("bodyStructure", structure, 1)
		d.o.Take("bodyStructure", structure)
		return p
	}
	var shown []*mime.Piece
	for _, x := range []struct {
		name, typ string
		list      []*object
	}{{"textBody", "text/plain", text}, {"htmlBody", "text/html", html}} {
		if x.list == nil {
			continue
		}
		if len(x.list) != 1 || x.list[0].String("type") != x.typ && x.list[0].Has("type") {
			d.bad(x.name, "is one part of type "+x.typ)
			continue
		}
		p := d.part(x.name, x.list[0], 1)
		d.o.Take(x.name, x.list[0])
		if p != nil {
			p.Type = x.typ
			shown = append(shown, p)
		}
	}
	return d.assemble(shown, files)
}

// assemble puts texts and files together: alternatives, with pictures that the HTML shows, and the rest beside it.
func (d *drafter) assemble(shown []*mime.Piece, files []*object) *mime.Piece {
	if len(shown) == 0 {
		shown = append(shown, &mime.Piece{Type: "text/plain"})
	}
	var within, beside []*mime.Piece
	for _, o := range files {
		p := d.part("attachments", o, 1)
		d.o.Take("attachments", o)
		switch {
		case p == nil:
		case p.ID != "" && p.Disposition == "inline" && shown[len(shown)-1].Type == "text/html":
			within = append(within, p)
		default:
			if p.Disposition == "" {
				p.Disposition = "attachment"
			}
			beside = append(beside, p)
		}
	}
	if n := len(shown) - 1; len(within) > 0 {
		shown[n] = multipart("related", append([]*mime.Piece{shown[n]}, within...))
	}
	root := shown[0]
	if len(shown) > 1 {
		root = multipart("alternative", shown)
	}
	if len(beside) > 0 {
		root = multipart("mixed", append([]*mime.Piece{root}, beside...))
	}
	return root
}

func multipart(subtype string, parts []*mime.Piece) *mime.Piece {
	return &mime.Piece{Type: "multipart/" + subtype, Children: parts}
}

// Bounds of what a client makes a letter of.
const (
	mostParts = 1000
	partDepth = 30
)

// part reads an EmailBodyPart to be written.
func (d *drafter) part(at string, o *object, depth int) *mime.Piece {
	if d.parts++; d.parts > mostParts || depth > partDepth {
		d.bad(at, "has too many parts, or parts too deep in each other")
		return nil
	}
	p := &mime.Piece{Type: strings.ToLower(o.String("type")), Disposition: strings.ToLower(o.String("disposition")), Name: o.String("name"),
		ID: o.String("cid"), Language: o.Strings("language"), Location: o.String("location")}
	o.Allow("size")
	if p.Type == "" {
		p.Type = "text/plain"
	}
	if !isMediaType(p.Type) || strings.ContainsAny(p.ID+p.Disposition, "<>\r\n \t;\"") {
		o.Bad("type", "or disposition or cid is not one")
	}
	rest := drafter{c: d.c, o: o}
	rest.further(map[string]bool{}, o, func(lower string) bool {
		return lower == "content-transfer-encoding" || slices.Contains([]string{"content-type", "content-disposition", "content-id", "content-language", "content-location"}, lower)
	})
	p.Fields = rest.fields
	if o.Has("headers") {
		o.Bad("headers", "can't be given")
	}
	d.content(p, o, depth)
	return p
}

// content reads what is in a part: parts, a text, or a blob.
func (d *drafter) content(p *mime.Piece, o *object, depth int) {
	subs, isMulti := o.Objects("subParts"), strings.HasPrefix(p.Type, "multipart/")
	partID, isText := o.OptString("partId")
	blobID, isFile := o.OptString("blobId")
	charset := o.String("charset")
	switch {
	case isMulti && (isText || isFile || len(subs) == 0):
		o.Bad("subParts", "is what a multipart has, and nothing else")
	case isMulti:
		for _, sub := range subs {
			if child := d.part("subParts", sub, depth+1); child != nil {
				p.Children = append(p.Children, child)
			}
			o.Take("subParts", sub)
		}
	case len(subs) > 0:
		o.Bad("subParts", "is for a multipart")
	case isText == isFile:
		o.Bad("partId", "or blobId is given, and not both")
	case isText:
		text, ok := d.texts[partID]
		if !ok {
			o.Bad("partId", "names no text of bodyValues")
		}
		if charset != "" {
			o.Bad("charset", "can't be given for a text: it is written as it has to be")
		}
		if !strings.HasPrefix(p.Type, "text/") {
			o.Bad("type", "of a text begins with text/")
		}
		p.Text = text
	default:
		if charset != "" {
			p.Params = append(p.Params, mime.Param{Name: "charset", Value: charset})
		}
		p.File = d.blob(blobID)
	}
}

// blob is a file that goes into the letter, which has to be there.
func (d *drafter) blob(id string) io.Reader {
	b, err := d.c.openBlob(d.v, id)
	switch {
	case errs.Is(err, errs.NotFound):
		if !slices.Contains(d.lost, id) {
			d.lost = append(d.lost, id)
		}
		return nil
	case err != nil:
		d.err = err
		return nil
	}
	b.Close()
	f := &attached{d: d, id: id}
	d.files = append(d.files, f)
	return f
}

// attached reads a file of a letter. It is open only while it is read: a letter may be made of many.
type attached struct {
	d    *drafter
	id   string
	open Blob
	r    io.Reader // nil: not begun
}

func (a *attached) Read(p []byte) (int, error) {
	if a.r == nil {
		b, err := a.d.c.openBlob(a.d.v, a.id)
		if errs.Is(err, errs.NotFound) { // it went a moment ago
			err = blobGone(a.id)
		}
		if err != nil {
			return 0, err
		}
		a.open, a.r = b, newSection(a.d.c.ctx, b)
	}
	n, err := a.r.Read(p)
	if err != nil {
		a.close()
	}
	return n, err
}

func (a *attached) close() {
	if a.open != nil {
		a.open.Close()
		a.open = nil
	}
}

func isMediaType(s string) bool {
	kind, sub, ok := strings.Cut(s, "/")
	token := func(s string) bool {
		return s != "" && !strings.ContainsFunc(s, func(c rune) bool { return c <= ' ' || c >= 127 || strings.ContainsRune(`()<>@,;:\"/[]?=`, c) })
	}
	return ok && token(kind) && token(sub)
}
