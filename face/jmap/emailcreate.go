package jmap

import (
	"time"

	"haven"
	"haven/mail/mailbox"
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
	im, before, after, err := c.srv.o.Mail.Import(c.ctx, v, p.folders, it)
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
