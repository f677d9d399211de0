package jmap

import (
	"io"

	"haven"
	"haven/mail/mailbox"
	"haven/mail/mime"
	"haven/platform/errs"
)

// emailImport is Email/import (RFC 8621 §4.8).
func emailImport(c *call) (any, error) {
	v, err := c.account(haven.Read | haven.Write)
	if err != nil {
		return nil, err
	}
	c.args.Require("emails")
	s := newSetting(c)
	s.IfInState = c.args.String("ifInState")
	s.decodeCreate("emails")
	if err := c.args.Done(); err != nil {
		return nil, err
	}
	if err := atMost(len(s.Create), c.srv.o.Policy.Set, "messages can be imported"); err != nil {
		return nil, err
	}
	r, err := s.perform(v, emails{}, func() error { return emails{}.importAll(c, v, s) })
	if err != nil {
		return nil, err
	}
	out := r.(record)
	for _, name := range []string{"updated", "destroyed", "notUpdated", "notDestroyed"} {
		delete(out, name)
	}
	return out, nil
}

func (t emails) importAll(c *call, v mailbox.Viewer, s *setting) error {
	before, err := c.stateBefore(&v, s)
	if err != nil {
		return err
	}
	at := before
	for _, x := range s.Create {
		p := placingOf(c, c.accountID(v), x.Object)
		x.Object.Require("blobId")
		id := x.Object.String("blobId")
		if err := x.Object.Done(); err != nil {
			s.NotCreated(x.CID, err)
			continue
		}
		letter, err := c.letterOf(v, id)
		if err != nil {
			s.NotCreated(x.CID, letterError(err))
			continue
		}
		if at, err = t.put(c, v, s, x.CID, letter, p, at); err != nil {
			return err
		}
	}
	s.Between(stateAt(before.Seq, before.Epoch), stateAt(at.Seq, at.Epoch))
	return nil
}

// blobGone is a blob that an object was to be made of and that is not there (RFC 8621 §4.6).
func blobGone(id string) *setError {
	return with(refuse("blobNotFound", "There is no such file any more. Upload it again."), "notFound", []string{id})
}

// letterOf makes a letter of a blob. It is invalidEmail for what no program would take for one.
func (c *call) letterOf(v mailbox.Viewer, id string) (*mailbox.Letter, error) {
	b, err := c.openBlob(v, id)
	if errs.Is(err, errs.NotFound) {
		return nil, blobGone(id)
	}
	if err != nil {
		return nil, err
	}
	defer b.Close()
	w, err := c.srv.o.Mail.NewLetter(c.ctx)
	if err != nil {
		return nil, err
	}
	if _, err := io.Copy(w, newSection(c.ctx, b)); err != nil {
		w.Abort()
		return nil, err
	}
	if !isLetter(w.Parsed()) {
		w.Abort()
		return nil, refuse("invalidEmail", "The file is no message: it has no header.")
	}
	return w.Finish(c.ctx)
}

// isLetter reports whether something has a header by which a program would know a letter.
func isLetter(m *mime.Message) bool {
	for f := range m.Header.Fields() {
		if f.Name != "" && isFieldName(f.Name) {
			return true
		}
	}
	return false
}

// Copy is Email/copy (RFC 8621 §4.7): the same body, as a new message of the other account.
func (t emails) Copy(c *call, from, v mailbox.Viewer, s *setting) error {
	before, err := c.stateBefore(&v, s)
	if err != nil {
		return err
	}
	at := before
	for _, x := range s.Create {
		original := s.Original(x.CID)
		if original == "" {
			continue
		}
		if at, err = t.copyOne(c, from, v, s, x, original, at); err != nil {
			return err
		}
	}
	s.Between(stateAt(before.Seq, before.Epoch), stateAt(at.Seq, at.Epoch))
	return nil
}

func (t emails) copyOne(c *call, from, v mailbox.Viewer, s *setting, x creating, id string, at mailbox.State) (mailbox.State, error) {
	var b mailbox.Brief
	var names []string
	there := false
	err := c.overview(from, func(o *mailbox.Overview) error {
		found, ok := o.Find(messageOf(id, "M"))
		if there = ok; ok {
			b, names = *found, o.Keywords()
		}
		return nil
	})
	if err != nil {
		return at, err
	}
	if !there {
		s.NotCreated(x.CID, errNotFound)
		return at, nil
	}
	p := placingOf(c, c.accountID(v), x.Object)
	if !x.Object.Given("keywords") {
		for name := range keywordsOf(&b, names) {
			_ = addKeyword(&p.words, name) // it was one there
		}
	}
	if p.received.IsZero() {
		p.received = b.ReceivedAt()
	}
	x.Object.Allow("id")
	if err := x.Object.Done(); err != nil {
		s.NotCreated(x.CID, err)
		return at, nil
	}
	it := mailbox.Append{Flags: p.words.Flags, Keywords: p.words.Names, Received: p.received}
	im, before, after, err := c.srv.o.Mail.CopyMessage(c.ctx, from, b.Msg, v, p.folders, it)
	return told(s, x.CID, im, before, after, err, at)
}
