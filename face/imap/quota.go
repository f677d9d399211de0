package imap

import (
	"strings"

	"haven/mail/mailbox"
	"haven/platform/errs"
)

// An account is one quota root. The own one is named "", a shared mailbox's is its name under Shared (RFC 9208 §3.1).

func getQuota(c *call) error {
	c.d.SP()
	root := c.decodeName(c.d.AString())
	if !c.end() {
		return nil
	}
	if root == "" {
		return c.writeQuota(root, c.viewer())
	}
	p, err := c.resolve(root)
	if err != nil {
		return err
	}
	if !p.shared || quotaRoot(p) != p.name {
		return errs.E(errs.NotFound, "There is no such quota root.")
	}
	return c.writeQuota(root, p.viewer)
}

func getQuotaRoot(c *call) error {
	c.d.SP()
	name := c.mailboxName()
	if !c.end() {
		return nil
	}
	p, _, err := c.folder(name)
	if err != nil {
		return err
	}
	root := quotaRoot(p)
	c.e.Raw("* QUOTAROOT ").Mailbox(p.name).SP().Mailbox(root).CRLF()
	return c.writeQuota(root, p.viewer)
}

func quotaRoot(p place) string {
	if !p.shared {
		return ""
	}
	parts := strings.SplitN(p.name, delimiter, 3)
	return strings.Join(parts[:2], delimiter)
}

// writeQuota tells use and limit; STORAGE counts units of 1,024 octets.
func (c *call) writeQuota(root string, v mailbox.Viewer) error {
	q, err := c.srv.mail.Quota(c.ctx, v)
	if err != nil {
		return err
	}
	c.e.Raw("* QUOTA ").Mailbox(root).Raw(" (")
	if q.LimitBytes > 0 {
		c.e.Raw("STORAGE ").Num(uint64(max(q.Bytes, 0)+1023) / 1024).SP().Num(uint64(q.LimitBytes) / 1024)
	}
	c.e.Byte(')').CRLF()
	return nil
}

// setQuota is refused: room is given by the policy and the helpdesk, not by a mail program.
func setQuota(c *call) error {
	c.d.SP()
	c.d.AString()
	c.d.SP()
	c.d.List(func() {
		c.d.Keyword()
		c.d.SP()
		c.d.Number64()
	})
	if !c.end() {
		return nil
	}
	return errs.E(errs.Denied, "Room can't be changed here. Ask the helpdesk.")
}
