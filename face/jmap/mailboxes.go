package jmap

import (
	"maps"
	"slices"

	"haven"
	"haven/mail/mailbox"
)

// mailboxes is the type Mailbox (RFC 8621 §2): a folder.
type mailboxes struct {
	removeEmails bool // onDestroyRemoveEmails
}

var mailboxShape = Shape{
	{"id", "MailboxId", ServerSet, ""},
	{"name", "string", Required, "without the names of those that it lies in"},
	{"parentId", "MailboxId | null", 0, "the one that it lies in"},
	{"role", "MailboxRole | null", 0, ""},
	{"sortOrder", "UnsignedInt", 0, "lower ones stand before others"},
	{"totalEmails", "UnsignedInt", ServerSet, ""},
	{"unreadEmails", "UnsignedInt", ServerSet, ""},
	{"totalThreads", "UnsignedInt", ServerSet, ""},
	{"unreadThreads", "UnsignedInt", ServerSet, ""},
	{"myRights", "MailboxRights", ServerSet, ""},
	{"isSubscribed", "boolean", 0, ""},
}

var mailboxProperties = mailboxShape.names()

// countProperties are those that change with the messages in a Mailbox (RFC 8621 §2.2).
var countProperties = []string{"totalEmails", "unreadEmails", "totalThreads", "unreadThreads"}

func (mailboxes) Properties() (all, usual []string) { return mailboxProperties, mailboxProperties }

func (mailboxes) State(c *call, v mailbox.Viewer) (string, error) {
	st, err := c.states(v)
	return stateAt(st.Mail, st.Epoch), err
}

func (mailboxes) All(c *call, v mailbox.Viewer) ([]string, error) {
	fs, err := c.srv.o.Mail.Folders(c.ctx, v)
	id := c.accountID(v)
	ids := make([]string, len(fs))
	for i, f := range fs {
		ids[i] = mailbox.MailboxID(id, f.No)
	}
	return ids, err
}

func (mailboxes) Read(c *call, v mailbox.Viewer, ids []string, want properties, add func(string, any)) error {
	fs, err := c.srv.o.Mail.Folders(c.ctx, v)
	if err != nil {
		return err
	}
	rights, err := c.srv.o.Mail.Rights(c.ctx, v)
	if err != nil {
		return err
	}
	var counts map[haven.MailboxNo]mailbox.Counts
	if slices.ContainsFunc(countProperties, want.Has) {
		err = c.overview(v, func(o *mailbox.Overview) error {
			counts = maps.Clone(o.Counts())
			return nil
		})
	}
	own := c.accountID(v)
	wanted := make(map[string]bool, len(ids))
	for _, id := range ids {
		wanted[id] = true
	}
	for _, f := range fs {
		if id := mailbox.MailboxID(own, f.No); wanted[id] {
			add(id, mailboxObject(own, f, counts[f.No], rights))
		}
	}
	return err
}

func mailboxObject(account haven.AccountID, f mailbox.Folder, n mailbox.Counts, r haven.Rights) record {
	o := record{"name": folderName(f), "parentId": nil, "role": nil, "sortOrder": f.Sort, "totalEmails": n.Emails, "unreadEmails": n.Unread,
		"totalThreads": n.Threads, "unreadThreads": n.UnreadThreads, "isSubscribed": f.Subscribed, "myRights": folderRights(f, r)}
	if f.Parent != 0 {
		o["parentId"] = mailbox.MailboxID(account, f.Parent)
	}
	if f.Role != mailbox.NoRole {
		o["role"] = string(f.Role)
	}
	return o
}

// folderName is a folder's name; IMAP's name for the Inbox is for programs.
func folderName(f mailbox.Folder) string {
	if f.Role == mailbox.Inbox {
		return "Inbox"
	}
	return f.Name
}

// folderRights is myRights (RFC 8621 §2). Rights cover a whole account; the folders that each has can't be renamed or deleted.
func folderRights(f mailbox.Folder, r haven.Rights) record {
	w := r.Has(haven.Write)
	return record{"mayReadItems": r.Has(haven.Read), "mayAddItems": w && f.Role != mailbox.Scheduled, "mayRemoveItems": w, "maySetSeen": w, "maySetKeywords": w,
		"mayCreateChild": w, "mayRename": w && !f.Kept(), "mayDelete": w && !f.Kept(), "maySubmit": r&(haven.SendAs|haven.SendOnBehalf) != 0}
}

func (mailboxes) Changes(c *call, v mailbox.Viewer, since string, most int) (changed, error) {
	from, err := pointOf(since)
	if err != nil || from.Origin != from.Seq {
		return changed{}, errCantCalculate
	}
	d, err := c.srv.o.Mail.FoldersSince(c.ctx, v, from.State)
	if err != nil {
		return changed{}, lostState(err)
	}
	counted, err := c.recounted(v, from, d)
	if err != nil {
		return changed{}, err
	}
	id := c.accountID(v)
	ch := changed{NewState: stateAt(d.Until.Seq, d.Until.Epoch), Created: folderIDs(id, d.Created), Updated: folderIDs(id, d.Updated),
		Destroyed: folderIDs(id, d.Destroyed), Extra: record{"updatedProperties": nil}}
	if len(d.Updated) == len(d.Counted) {
		ch.Extra["updatedProperties"] = countProperties
	}
	ch.Updated = append(ch.Updated, folderIDs(id, counted)...)
	if most > 0 && len(ch.Created)+len(ch.Updated)+len(ch.Destroyed) > most {
		return changed{}, errCantCalculate // states within one change of the folders are not kept
	}
	return ch, nil
}

// recounted are the folders beyond those of d whose counts may have changed, since a message of a thread that is in them did elsewhere.
func (c *call) recounted(v mailbox.Viewer, from mailbox.Point, d mailbox.FolderDelta) (more []haven.MailboxNo, err error) {
	if len(d.Counted) == 0 {
		return nil, nil
	}
	delta, err := c.srv.o.Mail.Since(c.ctx, v, from, 0)
	if err != nil {
		return nil, lostState(err)
	}
	named := map[haven.MailboxNo]bool{}
	for _, mb := range slices.Concat(d.Created, d.Updated, d.Destroyed) {
		named[mb] = true
	}
	changed := make(map[haven.MessageID]bool)
	for _, m := range slices.Concat(delta.Created, delta.Updated) {
		changed[m] = true
	}
	err = c.overview(v, func(o *mailbox.Overview) error {
		touched, _ := o.InThreads(func(b *mailbox.Brief) bool { return changed[b.Msg] })
		o.All(func(b *mailbox.Brief) {
			if !touched(b) && len(delta.Destroyed) == 0 {
				return
			}
			for _, mb := range append([]haven.MailboxNo{b.Folder}, b.More...) {
				if !named[mb] {
					named[mb], more = true, append(more, mb)
				}
			}
		})
		return nil
	})
	slices.Sort(more)
	return more, err
}

func folderIDs(account haven.AccountID, all []haven.MailboxNo) []string {
	ids := make([]string, len(all))
	for i, no := range all {
		ids[i] = mailbox.MailboxID(account, no)
	}
	return ids
}
