package imap

import (
	"haven/face/imap/wire"
	"haven/mail/mailbox"
)

func copyMessages(c *call) error { return c.transfer(false) }
func moveMessages(c *call) error { return c.transfer(true) }

// transfer is COPY (RFC 9051 §6.4.7) and MOVE (RFC 6851), also between accounts.
func (c *call) transfer(move bool) error {
	c.d.SP()
	set := c.d.NumSet()
	c.d.SP()
	name := c.mailboxName()
	if !c.end() {
		return nil
	}
	uids, ok := c.uidsOf(set)
	if !ok {
		return nil
	}
	if move && c.sel.readOnly {
		return errReadOnly
	}
	p, f, err := c.folder(name)
	if err != nil {
		c.tryCreate = p.name != ""
		return err
	}
	if len(uids) == 0 {
		return nil
	}
	do := c.srv.mail.Copy
	if move {
		do = c.srv.mail.Move
	}
	done, err := do(c.ctx, c.sel.viewer, c.sel.no, uids, p.viewer, f.No)
	if err == nil && len(done.From) == 0 {
		c.text = "There is nothing left of what was asked for."
		return nil
	}
	c.moved = true
	code := "COPYUID " + itoa(uint64(done.UIDValidity)) + " " +
		string(wire.AppendRanges(nil, ranges(done.From))) + " " + string(wire.AppendRanges(nil, ranges(done.To)))
	switch {
	case err != nil && move && len(done.From) > 0:
		c.e.Raw("* OK [").Raw(code).Raw("] Moved so far.").CRLF()
		return err
	case err != nil:
		return err
	case move: // before the EXPUNGEs, RFC 6851 §4.3
		c.e.Raw("* OK [").Raw(code).Raw("] Moved.").CRLF()
		c.highest = c.condstore
	default:
		c.code = code
	}
	return nil
}

// expunge is EXPUNGE (RFC 9051 §6.4.3); the look at its end tells what went.
func expunge(c *call) error {
	if !c.end() {
		return nil
	}
	return c.expunge(nil)
}

// uidExpunge is UID EXPUNGE (RFC 4315 §2.1).
func uidExpunge(c *call) error {
	c.d.SP()
	set := c.d.NumSet()
	if !c.end() {
		return nil
	}
	uids, ok := c.uidsOf(set)
	if !ok || len(uids) == 0 {
		return nil
	}
	return c.expunge(uids)
}

func (c *call) expunge(uids []mailbox.Range) error {
	if c.sel.readOnly {
		return errReadOnly
	}
	if uids == nil { // what the client doesn't know of yet stays
		uids = c.sel.uids.Ranges()
	}
	if len(uids) == 0 {
		return nil
	}
	gone, err := c.srv.mail.Expunge(c.ctx, c.sel.viewer, c.sel.no, uids)
	if err != nil {
		return err
	}
	if c.condstore && len(gone) > 0 { // RFC 7162 §3.2.7 wants the new HIGHESTMODSEQ in the answer
		c.highest = true
	}
	return nil
}
