package jmap

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"

	"haven"
	"haven/mail/mailbox"
	"haven/platform/errs"
)

// Set is Email/set (RFC 8621 §4.6). What is changed and destroyed goes in one commit, as far as the store's steps reach; each new message
// in one of its own before that.
func (t emails) Set(c *call, v mailbox.Viewer, s *setting) error {
	before, err := c.stateBefore(&v, s)
	if err != nil {
		return err
	}
	at := before
	for _, x := range s.Create {
		if at, err = t.create(c, v, s, x, at); err != nil {
			return err
		}
	}
	edits, of := t.edits(c, v, s)
	if len(edits) > 0 {
		res, err := c.srv.o.Mail.EditMessages(c.ctx, v, edits)
		if hasRule(err, mailbox.RuleStateMismatch) {
			return errStateMismatch
		}
		if err != nil && !anyDone(res.Errors) && len(s.created) == 0 {
			return err
		}
		tell(s, of, res.Errors, err)
		if res.Before == at {
			at = res.After
		}
	}
	s.Between(stateAt(before.Seq, before.Epoch), stateAt(at.Seq, at.Epoch))
	return nil
}

// stateBefore is the state of an account before a set begins, to which the viewer holds it where the client named one; errStateMismatch where it is another.
func (c *call) stateBefore(v *mailbox.Viewer, s *setting) (mailbox.State, error) {
	st, err := c.states(*v)
	at := mailbox.State{Seq: st.Mail, Epoch: st.Epoch}
	if err != nil || s.IfInState == "" {
		return at, err
	}
	if s.IfInState != stateAt(at.Seq, at.Epoch) {
		return at, errStateMismatch
	}
	v.Held = mailbox.HoldMail(at)
	return at, nil
}

func anyDone(all []error) bool { return slices.Contains(all, nil) }

// tell tells what became of edits.
func tell(s *setting, of []string, all []error, stopped error) {
	for i, id := range of {
		err := all[i]
		if err == nil && stopped != nil {
			continue // nobody knows; the answer says that it failed, and what is there can be read
		}
		destroyed := slices.Contains(s.Destroy, id)
		switch {
		case err == nil && destroyed:
			s.Destroyed(id)
		case err == nil:
			s.Updated(id, nil)
		case destroyed:
			s.NotDestroyed(id, editError(err))
		default:
			s.NotUpdated(id, editError(err))
		}
	}
}

// editError is why a message was not changed (RFC 8621 §4.6).
func editError(err error) error {
	switch {
	case hasRule(err, mailbox.RuleNoFolder), hasRule(err, mailbox.RuleNoFolders):
		return refuse("invalidProperties", errs.Say(err), "mailboxIds")
	case hasRule(err, "mailbox.keywords"):
		return refuse("tooManyKeywords", errs.Say(err))
	case errs.Is(err, errs.Invalid):
		return refuse("invalidProperties", errs.Say(err), "keywords")
	}
	return err
}

// edits are the updates and destroys, and which ids they are of; what can't be meant is answered at once.
func (t emails) edits(c *call, v mailbox.Viewer, s *setting) (edits []mailbox.Edit, of []string) {
	own := c.accountID(v)
	for _, u := range s.Update {
		e, err := t.edit(c, v, own, u)
		if err != nil {
			s.NotUpdated(u.ID, err)
			continue
		}
		edits, of = append(edits, e), append(of, u.ID)
	}
	for _, id := range s.Destroy {
		m := messageOf(id, "M")
		if m == 0 {
			s.NotDestroyed(id, errNotFound)
			continue
		}
		edits, of = append(edits, mailbox.Edit{Msg: m, Destroy: true}), append(of, id)
	}
	return edits, of
}

// edit is what a patch does to a message: only mailboxIds and keywords can be changed (RFC 8621 §4.6).
func (t emails) edit(c *call, v mailbox.Viewer, own haven.AccountID, u updating) (e mailbox.Edit, err error) {
	if e.Msg = messageOf(u.ID, "M"); e.Msg == 0 {
		return e, errNotFound
	}
	if u.Patch, err = t.news(c, v, u); err != nil {
		return e, err
	}
	if err := u.Patch.Only(changeableProperties...); err != nil {
		return e, err
	}
	if err := editFolders(c, own, u.Patch, &e); err != nil {
		return e, err
	}
	return e, editKeywords(u.Patch, &e)
}

var changeableProperties = []string{"mailboxIds", "keywords"}

// news is what a patch has that is not what the message has already. Parts and texts are not looked at: whoever names them is refused.
func (t emails) news(c *call, v mailbox.Viewer, u updating) (patch, error) {
	passed := slices.Concat(changeableProperties, structureProperties, bodyProperties)
	named := slices.DeleteFunc(u.Patch.Properties(), func(name string) bool {
		return !slices.Contains(emailProperties, name) || slices.Contains(passed, name)
	})
	if len(named) == 0 {
		return u.Patch, nil
	}
	current := record{}
	err := t.Read(c, v, []string{u.ID}, wanting(named), func(id string, o any) { current = cut(o, id, wanting(named)).(record) })
	if err != nil {
		return patch{}, err
	}
	return u.Patch.Without(current)
}

func editFolders(c *call, own haven.AccountID, p patch, e *mailbox.Edit) error {
	if raw := p.Whole("mailboxIds"); raw != nil {
		folders, err := c.folderSet(own, raw)
		if err != nil {
			return err
		}
		e.Refile, e.Into = true, folders
		return nil
	}
	members, err := p.Members("mailboxIds")
	if err != nil {
		return err
	}
	for _, m := range members {
		on, err := isTrue("mailboxIds", m)
		if err != nil {
			return err
		}
		real, _ := c.resolve(m.name)
		no := folderOf(own, real)
		switch {
		case on && no == 0:
			return refuse("invalidProperties", "There is no such folder.", "mailboxIds")
		case on:
			e.Into = append(e.Into, no)
		default:
			e.OutOf = append(e.OutOf, no)
		}
	}
	return nil
}

// folderSet reads a whole mailboxIds.
func (c *call) folderSet(own haven.AccountID, raw json.RawMessage) (folders []haven.MailboxNo, err error) {
	o, err := parseObject(raw)
	if err != nil || len(o.members) == 0 {
		return nil, refuse("invalidProperties", "A message is in one folder at least.", "mailboxIds")
	}
	for _, m := range o.members {
		on, err := isTrue("mailboxIds", m)
		if err != nil || !on {
			return nil, refuse("invalidProperties", "A folder's value is true.", "mailboxIds")
		}
		real, _ := c.resolve(m.name)
		no := folderOf(own, real)
		if no == 0 {
			return nil, refuse("invalidProperties", "There is no such folder.", "mailboxIds")
		}
		folders = append(folders, no)
	}
	return folders, nil
}

// isTrue reads a member of a set: true puts it in, null takes it out (RFC 8620 §5.3).
func isTrue(property string, m member) (bool, error) {
	switch {
	case m.value == nil || bytes.Equal(m.value, []byte("null")):
		return false, nil
	case bytes.Equal(m.value, []byte("true")):
		return true, nil
	}
	return false, refuse("invalidProperties", "Members of "+property+" are true, or null to be taken away.", property)
}

func editKeywords(p patch, e *mailbox.Edit) error {
	if raw := p.Whole("keywords"); raw != nil {
		words, err := keywordSet(raw)
		e.Replace, e.Set = true, words
		return err
	}
	members, err := p.Members("keywords")
	if err != nil {
		return err
	}
	for _, m := range members {
		on, err := isTrue("keywords", m)
		if err != nil {
			return err
		}
		to := &e.Set
		if !on {
			to = &e.Unset
		}
		if err := addKeyword(to, m.name); err != nil {
			return err
		}
	}
	return nil
}

// keywordSet reads a whole keywords.
func keywordSet(raw json.RawMessage) (words mailbox.Keywords, err error) {
	if bytes.Equal(raw, []byte("null")) {
		return words, nil
	}
	o, err := parseObject(raw)
	if err != nil {
		return words, refuse("invalidProperties", "keywords is an object.", "keywords")
	}
	for _, m := range o.members {
		on, err := isTrue("keywords", m)
		if err != nil || !on {
			return words, refuse("invalidProperties", "A keyword's value is true.", "keywords")
		}
		if err := addKeyword(&words, m.name); err != nil {
			return words, err
		}
	}
	return words, nil
}

// addKeyword adds a keyword by the name that JMAP has for it (RFC 8621 §4.1.1).
func addKeyword(to *mailbox.Keywords, name string) error {
	name = strings.ToLower(name)
	if f := systemKeywords[name]; f != 0 {
		to.Flags |= f
		return nil
	}
	if !isKeyword(name) || name == "$recent" || name == "$deleted" {
		return refuse("invalidProperties", "A keyword is 1 to 100 of the signs that RFC 8621 allows.", "keywords")
	}
	to.Names = append(to.Names, name)
	return nil
}

func isKeyword(s string) bool {
	return s != "" && len(s) <= 100 && !strings.ContainsFunc(s, func(c rune) bool { return c <= ' ' || c >= 127 || strings.ContainsRune(`(){]%*"\`, c) })
}
