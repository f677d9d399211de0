package imap

import (
	"context"

	"haven/mail/mailbox"
	"haven/platform/errs"
)

// uses are the special-use attributes of RFC 6154 by role.
var uses = map[mailbox.Role]string{
	mailbox.Sent:    `\Sent`,
	mailbox.Drafts:  `\Drafts`,
	mailbox.Trash:   `\Trash`,
	mailbox.Archive: `\Archive`,
	mailbox.Junk:    `\Junk`,

	mailbox.Scheduled: `\Scheduled`, // IANA, IMAP Mailbox Name Attributes
}

func roleOf(use string) (mailbox.Role, bool) {
	for role, name := range uses {
		if equalFold(name, use) {
			return role, true
		}
	}
	return mailbox.NoRole, false
}

// create is CREATE (RFC 9051 §6.3.4) with USE (RFC 6154 §3).
func create(c *call) error {
	c.d.SP()
	name := c.mailboxName()
	var want []string
	if c.d.Accept(' ') {
		c.d.List(func() {
			if c.d.Keyword() != "USE" {
				c.d.Bad("CREATE knows the parameter USE")
				return
			}
			c.d.SP()
			want = c.d.FlagList()
		})
	}
	if !c.end() {
		return nil
	}
	role := mailbox.NoRole
	if len(want) > 0 {
		var ok bool
		if role, ok = roleOf(want[0]); !ok || len(want) > 1 {
			return refuse(errs.Invalid, "imap.useattr", "A mailbox has one of the uses \\Sent, \\Drafts, \\Trash, \\Archive and \\Junk.")
		}
	}
	p, err := c.resolveNew(name)
	if err != nil {
		return err
	}
	f, err := c.srv.mail.CreateFolder(c.ctx, p.viewer, p.path, role)
	if err != nil {
		return err
	}
	c.code = "MAILBOXID (" + mailbox.MailboxID(p.account, f.No) + ")"
	return nil
}

// resolveNew is resolve for a name that is to be made.
func (c *call) resolveNew(name string) (place, error) {
	p, err := c.resolve(name)
	if errs.Is(err, errs.NotFound) {
		return p, errReserved
	}
	if err == nil && p.shared && len(p.path) == 1 && p.path[0] == "INBOX" {
		return p, errs.E(errs.Conflict, "There is a mailbox of that name already.")
	}
	return p, err
}

// deleteMailbox is DELETE (RFC 9051 §6.3.5).
func deleteMailbox(c *call) error {
	c.d.SP()
	name := c.mailboxName()
	if !c.end() {
		return nil
	}
	p, err := c.resolve(name)
	if err != nil {
		return err
	}
	return c.srv.mail.DeleteFolder(c.ctx, p.viewer, p.path)
}

// rename is RENAME (RFC 9051 §6.3.6). It stays within an account: mail goes between accounts by MOVE.
func rename(c *call) error {
	c.d.SP()
	from := c.mailboxName()
	c.d.SP()
	to := c.mailboxName()
	if !c.end() {
		return nil
	}
	src, err := c.resolve(from)
	if err != nil {
		return err
	}
	dst, err := c.resolveNew(to)
	if err != nil {
		return err
	}
	if src.viewer.Account != dst.viewer.Account {
		return errs.E(errs.Invalid, "A folder stays in its mailbox. Make one there, and move the messages.")
	}
	return c.srv.mail.RenameFolder(c.ctx, src.viewer, src.path, dst.path)
}

func subscribe(c *call) error   { return c.subscription(true) }
func unsubscribe(c *call) error { return c.subscription(false) }

func (c *call) subscription(on bool) error {
	c.d.SP()
	name := c.mailboxName()
	if !c.end() {
		return nil
	}
	p, err := c.resolve(name)
	if err != nil {
		return err
	}
	return c.srv.mail.Subscribe(c.ctx, p.viewer, p.path, on)
}

// namespace is NAMESPACE (RFC 2342): the own mail, nobody else's, and the shared mailboxes.
func namespace(c *call) error {
	if !c.end() {
		return nil
	}
	c.e.Raw(`* NAMESPACE (("" "/")) NIL `)
	if c.ownRoot() {
		c.e.Raw(`(("Shared/" "/"))`)
	} else {
		c.e.NIL()
	}
	c.e.CRLF()
	return nil
}

// statusItems are the items of STATUS that a client asked for.
type statusItems []string

// readStatusItems reads them in parentheses.
func (c *call) readStatusItems() statusItems {
	var items statusItems
	c.d.List(func() {
		item := c.d.Keyword()
		switch item {
		case "MESSAGES", "RECENT", "UIDNEXT", "UIDVALIDITY", "UNSEEN", "DELETED", "DELETED-STORAGE", "SIZE", "HIGHESTMODSEQ", "APPENDLIMIT", "MAILBOXID":
		case "":
		default:
			c.d.Bad("STATUS doesn't know an item that was asked for")
		}
		if len(items) == 20 {
			c.d.Bad("too many items")
		}
		items = append(items, item)
	})
	return items
}

// status is STATUS (RFC 9051 §6.3.11). Asking for HIGHESTMODSEQ turns CONDSTORE on (RFC 7162 §3.1).
func status(c *call) error {
	c.d.SP()
	name := c.mailboxName()
	c.d.SP()
	items := c.readStatusItems()
	if !c.end() {
		return nil
	}
	p, f, err := c.folder(name)
	if err != nil {
		return err
	}
	return c.writeStatus(p, &f, items)
}

func (c *call) writeStatus(p place, f *mailbox.Folder, items statusItems) error {
	var stored int64
	for _, item := range items {
		if item == "HIGHESTMODSEQ" {
			c.turnOnCondstore()
		}
		if item == "DELETED-STORAGE" && f.Deleted > 0 {
			var err error
			if stored, err = c.deletedBytes(c.ctx, p.viewer, f); err != nil {
				return err
			}
		}
	}
	c.e.Raw("* STATUS ").Mailbox(p.name).Raw(" (")
	for i, item := range items {
		if i > 0 {
			c.e.SP()
		}
		c.e.Raw(item).SP()
		if item == "MAILBOXID" {
			c.e.Byte('(').Raw(mailbox.MailboxID(p.account, f.No)).Byte(')')
			continue
		}
		c.e.Num(uint64(c.statusValue(item, f, stored)))
	}
	c.e.Byte(')').CRLF()
	return nil
}

func (c *call) statusValue(item string, f *mailbox.Folder, stored int64) int64 {
	switch item {
	case "MESSAGES":
		return f.Total
	case "UIDNEXT":
		return int64(f.UIDNext)
	case "UIDVALIDITY":
		return int64(f.UIDValidity)
	case "UNSEEN":
		return f.Unseen
	case "DELETED":
		return f.Deleted
	case "DELETED-STORAGE":
		return stored
	case "SIZE":
		return f.Bytes
	case "HIGHESTMODSEQ":
		return int64(f.HighestModSeq)
	case "APPENDLIMIT":
		return c.srv.limits.Message
	}
	return 0 // RECENT: nothing is ever recent here (RFC 9051 dropped it)
}

// deletedBytes adds up what carries \Deleted; the store keeps no counter of it, and few ask.
func (c *call) deletedBytes(ctx context.Context, v mailbox.Viewer, f *mailbox.Folder) (sum int64, err error) {
	err = c.srv.mail.Rows(ctx, v, f.No, []mailbox.Range{{Lo: 1, Hi: mailbox.MaxUID}}, 0, func(rows []mailbox.Row) error {
		for i := range rows {
			if rows[i].Flags&mailbox.Deleted != 0 {
				sum += rows[i].Size
			}
		}
		return nil
	})
	return sum, err
}

// turnOnCondstore is what the first CONDSTORE command of a session does (RFC 7162 §3.1); one in a selected mailbox is
// told its HIGHESTMODSEQ.
func (c *call) turnOnCondstore() {
	if c.condstore {
		return
	}
	c.condstore = true
	if c.sel != nil {
		c.e.Raw("* OK [HIGHESTMODSEQ ").Num(uint64(c.sel.seq)).Raw("] Mod-sequences are on.").CRLF()
	}
}
