package jmap

import (
	"cmp"
	"errors"
	"slices"

	"haven"
	"haven/mail/mailbox"
	"haven/platform/errs"
)

// mailboxSet is Mailbox/set (RFC 8621 §2.5). Who may only read has subscriptions of the own.
func mailboxSet(c *call) (any, error) {
	return c.setAs(haven.Read, mailboxes{removeEmails: c.args.Bool("onDestroyRemoveEmails", false)})
}

func (mailboxes) Hold(_ *call, _ mailbox.Viewer, at mailbox.State) *mailbox.Held {
	return mailbox.HoldMail(at)
}

func (t mailboxes) Set(c *call, v mailbox.Viewer, s *setting) error {
	t.create(c, v, s)
	for _, u := range s.Update {
		if err := t.update(c, v, u); err != nil {
			s.NotUpdated(u.ID, folderError(err))
		} else {
			s.Updated(u.ID, nil)
		}
	}
	t.destroy(c, v, s)
	return nil
}

// create makes folders; one may lie in another that is made by the same call, in whatever order they are named.
func (t mailboxes) create(c *call, v mailbox.Viewer, s *setting) {
	left := s.Create
	for n := len(left) + 1; len(left) > 0 && len(left) < n; {
		n = len(left)
		left = slices.DeleteFunc(slices.Clone(left), func(x creating) bool {
			parent, ok := c.resolve(x.Object.String("parentId"))
			if !ok {
				return false
			}
			f, err := t.make(c, v, x.Object, parent)
			if err != nil {
				s.NotCreated(x.CID, folderError(err))
				return true
			}
			rights, err := c.srv.o.Mail.Rights(c.ctx, v)
			if err != nil {
				rights = 0
			}
			o := mailboxObject(c.accountID(v), f, mailbox.Counts{}, rights)
			for _, name := range x.Object.Names() {
				delete(o, name)
			}
			s.Created(x.CID, mailbox.MailboxID(c.accountID(v), f.No), o)
			return true
		})
	}
	for _, x := range left {
		s.NotCreated(x.CID, refuse("invalidProperties", "There is no such folder to put it into.", "parentId"))
	}
}

func (t mailboxes) make(c *call, v mailbox.Viewer, o *object, parent string) (mailbox.Folder, error) {
	o.Require("name")
	ch, err := t.change(c, v, o, parent)
	if err != nil {
		return mailbox.Folder{}, err
	}
	return c.srv.o.Mail.AddFolder(c.ctx, v, ch)
}

// change reads what a folder is to become from those members that are given.
func (t mailboxes) change(c *call, v mailbox.Viewer, o *object, parent string) (ch mailbox.FolderChange, err error) {
	if o.Given("name") {
		name := o.String("name")
		ch.Name = &name
	}
	if o.Given("parentId") {
		no := haven.MailboxNo(0)
		if parent != "" {
			if no = folderOf(c.accountID(v), parent); no == 0 {
				o.Bad("parentId", "is no folder of this account")
			}
		}
		ch.Parent = &no
	}
	if o.Given("role") {
		role := mailbox.Role(o.String("role"))
		if role != mailbox.NoRole && !slices.Contains(roles, role) {
			o.Bad("role", "must be one of those that the registry of IMAP mailbox name attributes has for JMAP, in lower case")
		}
		ch.Role = &role
	}
	if o.Given("sortOrder") {
		n, _ := o.OptUnsigned("sortOrder")
		ch.Sort = &n
	}
	if o.Given("isSubscribed") {
		on := o.Bool("isSubscribed", false)
		ch.Subscribed = &on
	}
	return ch, o.Done()
}

// roles are those of RFC 8621 §2 that a client may give.
var roles = []mailbox.Role{"all", mailbox.Archive, mailbox.Drafts, "flagged", "important", mailbox.Junk, mailbox.Sent, "subscribed", mailbox.Trash, "memos", "snoozed"}

// roleNames are all that a Mailbox may have: the Inbox and what waits to be sent too, which nobody gives.
func roleNames() (names []string) {
	for _, r := range append([]mailbox.Role{mailbox.Inbox, mailbox.Scheduled}, roles...) {
		names = append(names, string(r))
	}
	return names
}

func (t mailboxes) update(c *call, v mailbox.Viewer, u updating) error {
	no := folderOf(c.accountID(v), u.ID)
	if no == 0 {
		return errNotFound
	}
	var found *record
	err := t.Read(c, v, []string{u.ID}, wanting(mailboxProperties), func(_ string, o any) {
		r := o.(record)
		r["id"] = u.ID // which a client may give back
		found = &r
	})
	if err != nil {
		return err
	}
	if found == nil {
		return errNotFound
	}
	o, err := u.Patch.Apply(*found)
	if err != nil {
		return err
	}
	if o, err = onlyChanges(*found, o, u.Patch.Properties()); err != nil {
		return err
	}
	parent, ok := c.resolve(o.String("parentId"))
	if !ok {
		return refuse("invalidProperties", "There is no such folder to put it into.", "parentId")
	}
	ch, err := t.change(c, v, o, parent)
	if err != nil {
		return err
	}
	return c.srv.o.Mail.ChangeFolder(c.ctx, v, no, ch)
}

// folderError is why a folder was not made or changed, by the rule that refused it.
func folderError(err error) error {
	var e *errs.Error
	switch {
	case hasRule(err, mailbox.RuleRoleTaken):
		return refuse("invalidProperties", errs.Say(err), "role")
	case hasRule(err, mailbox.RuleFolderHolds):
		return refuse("mailboxHasChild", errs.Say(err))
	case hasRule(err, mailbox.RuleFolderMail):
		return refuse("mailboxHasEmail", errs.Say(err))
	case errs.Is(err, errs.Conflict):
		return refuse("invalidProperties", errs.Say(err), "name")
	case errs.Is(err, errs.TooMany):
		return refuse("overQuota", errs.Say(err))
	case errors.As(err, &e) && e.Kind == errs.Invalid:
		return refuse("invalidProperties", errs.Say(err), "name", "parentId")
	}
	return err
}

// destroy deletes folders, those that lie in others first.
func (t mailboxes) destroy(c *call, v mailbox.Viewer, s *setting) {
	if len(s.Destroy) == 0 {
		return
	}
	depth := map[haven.MailboxNo]int{}
	if fs, err := c.srv.o.Mail.Folders(c.ctx, v); err == nil {
		for _, f := range fs {
			depth[f.No] = len(f.Path)
		}
	}
	own := c.accountID(v)
	ids := slices.SortedStableFunc(slices.Values(s.Destroy), func(a, b string) int {
		return cmp.Compare(depth[folderOf(own, b)], depth[folderOf(own, a)])
	})
	for _, id := range ids {
		no := folderOf(own, id)
		err := error(errNotFound)
		if no != 0 {
			err = c.srv.o.Mail.RemoveFolder(c.ctx, v, no, t.removeEmails)
		}
		if err != nil {
			s.NotDestroyed(id, folderError(err))
		} else {
			s.Destroyed(id)
		}
	}
}
