package jmap

import (
	"bytes"
	"errors"
	"io"

	"haven"
	"haven/mail/mailbox"
	"haven/mail/mime"
	"haven/platform/errs"
)

// emailParse is Email/parse (RFC 8621 §4.9).
func emailParse(c *call) (any, error) {
	v, err := c.account(haven.Read)
	if err != nil {
		return nil, err
	}
	c.args.Require("blobIds")
	ids := c.args.IDs("blobIds")
	t := emails{body: c.bodyAsking()}
	want := c.wanted("properties", parsedEmail{t})
	if err := c.args.Done(); err != nil {
		return nil, err
	}
	if err := atMost(len(ids), c.srv.o.Policy.Get, "files can be read"); err != nil {
		return nil, err
	}
	p, err := c.parseEach(ids, func(id string) (record, error) { return t.parse(c, v, id, want) })
	return record{"accountId": c.args.String("accountId"), "parsed": p.of, "notParsable": p.notParsable, "notFound": p.notFound}, err
}

// parsing is what became of blobs that were to be read as something.
type parsing struct {
	of                    record
	notParsable, notFound []string
}

// parseEach reads blobs, each once; errNoLetter is of one that is nothing of what it should be.
func (c *call) parseEach(ids []string, read func(id string) (record, error)) (parsing, error) {
	p, once, room := parsing{record{}, []string{}, []string{}}, map[string]bool{}, c.room()
	for _, id := range ids {
		if once[id] {
			continue
		}
		once[id] = true
		o, err := read(id)
		switch {
		case errs.Is(err, errs.NotFound):
			p.notFound = append(p.notFound, id)
		case errors.Is(err, errNoLetter):
			p.notParsable = append(p.notParsable, id)
		case err != nil:
			return p, err
		default:
			if p.of[id] = room.put(o); room.err != nil {
				return p, room.err
			}
		}
	}
	return p, nil
}

var errNoLetter = errors.New("jmap: the blob is no letter of that kind")

// parseUsual are the properties that a parsed letter has where a client names none (RFC 8621 §4.9).
var parseUsual = []string{"messageId", "inReplyTo", "references", "sender", "from", "to", "cc", "bcc", "replyTo", "subject", "sentAt", "hasAttachment",
	"preview", "bodyValues", "textBody", "htmlBody", "attachments"}

// parsedEmail is an Email that is in no account.
type parsedEmail struct{ emails }

func (parsedEmail) Properties() (all, usual []string) { return emailProperties, parseUsual }

func (t emails) parse(c *call, v mailbox.Viewer, id string, want properties) (record, error) {
	b, err := c.openBlob(v, id)
	if err != nil {
		return nil, err
	}
	defer b.Close()
	body, m, err := c.letterIn(b)
	if err != nil {
		return nil, err
	}
	if !isLetter(m) {
		return nil, errNoLetter
	}
	o := record{}
	for _, name := range want.names { // what a letter has in an account, one that is in none has not
		switch name {
		case "id", "mailboxIds", "keywords", "receivedAt", "threadId":
			o[name] = nil
		case "blobId":
			o[name] = id
		case "size":
			o[name] = b.Size()
		}
	}
	return o, t.fill(&letter{blob: id, meta: m.Meta(), body: body}, o, want)
}

// letterIn reads a blob as a letter (RFC 8621 §4.9), and gives what its parts are read from. They are read here and there: what would be decoded
// anew for each is held.
func (c *call) letterIn(b Blob) (letterBody, *mime.Message, error) {
	if !c.spend(b.Size()) {
		return nil, nil, errSpent
	}
	var body letterBody = b
	if p, ok := b.(*decodedPart); ok && p.part.IsEncoded() {
		text, err := io.ReadAll(newSection(c.ctx, b))
		if err != nil {
			return nil, nil, err
		}
		body = bytes.NewReader(text)
	}
	m, err := mime.Parse(newSection(c.ctx, body), mime.Limits{})
	return body, m, err
}
